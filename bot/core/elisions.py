"""Lines of dots where a model left out lines that stay: `...` in both halves of a block, or between a hunk's lines."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, Final

from bot.core.aligning import bare
from bot.core.leftovers import is_stand_in
from bot.core.marks import sides

if TYPE_CHECKING:
    from collections.abc import Sequence

    from bot.core.edit_types import Hunk
    from bot.core.haystack import Haystack

_DOTS: Final = frozenset(("...", "\u2026", "# ...", "// ...", "/* ... */", "<!-- ... -->", "[...]", "-- ...", "; ..."))
_MOST_PIECES: Final = 20

Piece = tuple[tuple[str, ...], tuple[str, ...]]


def is_elision(line: str) -> bool:
    """Whether the line says that others were left out."""
    return line.strip() in _DOTS or is_stand_in(line)


def pieces_of(hay: Haystack, old: Sequence[str], new: Sequence[str]) -> list[Piece]:
    """The change in pieces, between which `old` and `new` leave out the same lines; empty when they do not.

    Dots that the file itself has are text.
    """
    halves = [_split(hay, old), _split(hay, new)]
    if not 1 < len(halves[0]) == len(halves[1]) <= _MOST_PIECES:
        return []
    pieces = list(zip(*halves, strict=True))
    # where nothing was quoted, nothing can be put in its place
    if any(after and not any(map(str.strip, before)) for before, after in pieces):
        return []
    return [(before, after) for before, after in pieces if any(map(str.strip, before))]


def hunks_of(hay: Haystack, hunk: Hunk) -> list[Hunk]:
    """The hunk in several, between which kept lines are left out; empty when none are."""
    bodies: list[list[str]] = [[]]
    for line in hunk.body:
        if line[0] not in "+-" and is_elision(line[1:]) and not hay.holds(bare, line[1:]):
            bodies.append([])
        else:
            bodies[-1].append(line)
    parts = [body for body in bodies if body]
    if not parts or not 1 < len(bodies) <= _MOST_PIECES or not all(map(_has_hold, parts)):
        return []
    first, *rest = parts
    return [_part(hunk, first, hunk.line), *(_part(hunk, body, None) for body in rest)]


def _part(hunk: Hunk, body: Sequence[str], line: int | None) -> Hunk:
    old, new = ("".join(f"{line}\n" for line in lines) for lines in sides(body))
    return replace(hunk, old=old, new=new, body=tuple(body), line=line, counts=None)


def _has_hold(body: Sequence[str]) -> bool:
    return any(line[0] != "+" and line[1:].strip() for line in body)


def _split(hay: Haystack, lines: Sequence[str]) -> list[tuple[str, ...]]:
    parts: list[list[str]] = [[]]
    for line in lines:
        if is_elision(line) and not hay.holds(bare, line):
            parts.append([])
        else:
            parts[-1].append(line)
    return [tuple(part) for part in parts]
