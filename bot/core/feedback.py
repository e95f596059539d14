"""A file's real lines, numbered, for a message that says where an edit went wrong."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from bot.core.aligning import bare
from bot.core.lines import printable

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

_ROUND: Final = 3
_MOST_LINES: Final = 40
_MOST_PLACES: Final = 3
_LONGEST: Final = 200


def window_shown(real: Sequence[str], old: Sequence[str], start: int, pairs: Sequence[int | None]) -> str:
    """The lines round the window at `start`, the first one that differs from the quoted lines marked with `>`.

    `pairs` says which line of the window each quoted line stands for.
    """
    wrong, quoted = _first_difference(real, old, start, pairs)
    stop = start + max((at for at in pairs if at is not None), default=0) + 1
    low = max(0, start - _ROUND, wrong - _MOST_LINES // 2)
    high = min(len(real), stop + _ROUND, low + _MOST_LINES)
    said = f"The nearest lines of the file as it is now; the first that differs is marked (quoted was: {quoted}):"
    return "\n".join([said, *_numbered(real, range(low, high), wrong)])


def _first_difference(
    real: Sequence[str], old: Sequence[str], start: int, pairs: Sequence[int | None]
) -> tuple[int, str]:
    expected = start
    for line, at in zip(old, pairs, strict=True):
        there = expected if at is None else start + at
        if at is None or there != expected or bare(real[there]) != bare(line):
            return min(expected, len(real) - 1), printable(line, _LONGEST) or "an empty line"
        expected = there + 1
    return start, printable(old[0], _LONGEST)


def places_shown(real: Sequence[str], starts: Sequence[int], size: int) -> str:
    """The lines round the first few of several places."""
    blocks = [
        "\n".join(_numbered(real, range(max(0, at - 2), min(len(real), at + min(size, 5) + 2)), -1))
        for at in starts[:_MOST_PLACES]
    ]
    count = f"{len(starts)} places" if len(starts) < 64 else "64 places or more"
    numbers = ", ".join(str(at + 1) for at in starts[:10])
    return "\n".join([f"They fit {count}, at lines {numbers}:", "\n  ...\n".join(blocks)])


def _numbered(real: Sequence[str], shown: Iterable[int], marked: int) -> list[str]:
    return [f"{'>' if at == marked else ' '} {at + 1:>5} | {printable(real[at], _LONGEST)}".rstrip() for at in shown]
