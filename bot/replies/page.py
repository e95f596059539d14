"""A reply as lines, and what every format needs to know of the place where it begins to read."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

from bot.replies.paths import info_path, mentioned, path_line

if TYPE_CHECKING:
    from collections.abc import Sequence

    from bot.core.edits import FileEdit
    from bot.replies.paths import KnownPaths

LOOK_BACK: Final = 3
"""Lines before a block, blank ones and fences aside, on which its path may stand."""
_FENCE = re.compile(r"( {0,3})(`{3,}|~{3,})[ \t]*([^`]*)")


@dataclass(frozen=True, slots=True)
class Fence:
    """A line that opens or closes a fenced block; only one without `info` can close."""

    indent: int
    mark: str
    info: str

    def closes(self, opener: Fence) -> bool:
        """Whether this line is at least as long a fence of the same kind, with nothing else on it."""
        return not self.info and self.mark.startswith(opener.mark)


def fence_on(line: str) -> Fence | None:
    """The fence on a line, if there is one."""
    match = _FENCE.fullmatch(line)
    return Fence(len(match[1]), match[2], match[3].strip()) if match else None


@dataclass(frozen=True, slots=True)
class Place:
    """Where a format is asked to read: line `at` of the reply.

    `before` are the lines since the last block that no format claimed, `last_path` is the path of that block or empty,
    `wrapper` is the innermost fence that encloses the place.
    """

    lines: Sequence[str]
    at: int
    before: Sequence[int]
    last_path: str
    known: KnownPaths
    wrapper: Fence | None = None


@dataclass(frozen=True, slots=True)
class Taken:
    """What a format read: the lines up to `stop`, and of those before, the ones in `used`, are no explanation.

    `is_prose` takes the lines as part of the explanation instead (an illustration). `wrapper` is a fence that encloses
    the blocks to come: the lines up to `stop` stay in sight of them, and the fence's end is no beginning.
    """

    stop: int
    edits: tuple[FileEdit, ...] = ()
    errors: tuple[str, ...] = ()
    used: frozenset[int] = frozenset()
    is_prose: bool = False
    wrapper: Fence | None = None


@dataclass(frozen=True, slots=True)
class Hint:
    """A path found before a block, and the lines that said nothing else."""

    path: str | None
    used: frozenset[int]


def hint_before(place: Place, *, in_sentences: bool) -> Hint:
    """The path that the nearest of the lines before names: alone on its line, on a fence, or in a sentence."""
    fences: set[int] = set()
    seen = 0
    for at in reversed(place.before):
        line = place.lines[at]
        if not line.strip():
            continue
        if fence := fence_on(line):
            fences.add(at)
            if path := info_path(fence.info, place.known):
                return Hint(path, frozenset(fences))
            continue
        seen += 1
        if seen > LOOK_BACK:
            break
        if path := path_line(line, place.known):
            # a fence above the path's own line wraps both
            return Hint(path, frozenset(fences | {at} | _wrapper_above(place, at)))
        if in_sentences and (path := mentioned(line, place.known)):
            return Hint(path, frozenset(fences))
    return Hint(None, frozenset(fences))


def _wrapper_above(place: Place, at: int) -> set[int]:
    above = next((i for i in reversed(place.before) if i < at and place.lines[i].strip()), None)
    return {above} if above is not None and fence_on(place.lines[above]) else set()


def at_line(place: Place, problem: str) -> str:
    """A problem with the block that begins here, for the model and for people."""
    return f"line {place.at + 1} of the reply: {problem}"


def text_of(lines: Sequence[str]) -> str:
    """Lines as a file's text."""
    return "".join(line + "\n" for line in lines)
