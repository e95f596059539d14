"""The reply formats, in the order in which they are asked whether a block is theirs."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from bot.replies import search_replace, unified_diff, v4a, whole_file

if TYPE_CHECKING:
    from collections.abc import Callable

    from bot.replies.page import Place, Taken

FORMATS: Final[tuple[tuple[str, Callable[[Place], Taken | None]], ...]] = (
    ("search/replace", search_replace.read),
    ("V4A", v4a.read),
    ("unified diff", unified_diff.read),
    # last: it takes any fenced block for a file or an illustration
    ("whole file", whole_file.read),
)
"""Each by name. A format reads the block that begins at a place, or says None; the first that reads it has it."""


def read_block(place: Place) -> Taken | None:
    """What the first format that knows the block here makes of it; None when it is no block."""
    for _, read in FORMATS:
        taken = read(place)
        if taken is not None:
            return taken
    return None
