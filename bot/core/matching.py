"""The ladder: which lines of a file a model meant by the lines it remembered.

Each rung forgives one kind of slip more than the rung above, and the first that finds anything decides: one place is a
match, several are ambiguous. A new rung is one more function in `RUNGS`.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Final

from bot.core.aligning import ENOUGH, Alignment, align, bare, fold, indentation

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

MARGIN: Final = 0.05
"""How much more alike the best window must be than any other place."""
_LONG_ENOUGH: Final = 30
_MOST_PLACES: Final = 64


@dataclass(frozen=True, slots=True)
class Match:
    """The change belongs at file lines `start` to `stop`.

    `old` and `new` are the model's lines in the file's indentation; line k of `old` stands for line `pairs[k]` of the
    window, or for none that is there.
    """

    start: int
    stop: int
    old: tuple[str, ...]
    new: tuple[str, ...]
    pairs: tuple[int | None, ...]


@dataclass(frozen=True, slots=True)
class Ambiguous:
    """Several places fit equally well; `starts` are the first lines of some of them, counted from 0."""

    starts: tuple[int, ...]


@dataclass(frozen=True, slots=True)
class Missing:
    """No place fits."""


Found = Match | Ambiguous | Missing


@dataclass(frozen=True, slots=True)
class Wanted:
    """What is looked for: the file's lines, the model's remembered lines and what it wants in their place."""

    real: Sequence[str]
    old: tuple[str, ...]
    new: tuple[str, ...]


def find(wanted: Wanted, *, forgiving: bool) -> Found:
    """The place that `wanted.old` (not empty) means, by the first rung that finds any; unless `forgiving`, exactly."""
    found: Found = Missing()
    # a search for blank lines would find one anywhere
    for rung in RUNGS if forgiving and any(map(str.strip, wanted.old)) else RUNGS[:1]:
        found = rung(wanted)
        if isinstance(found, Match):
            return _without_noise(wanted.real, found)
        if isinstance(found, Ambiguous):
            return found
    return found


def _without_noise(real: Sequence[str], match: Match) -> Match:
    """The match without trailing space or typography that its lines have where the file has none: copying put it in."""
    pairs = [(real[match.start + at], line) for at, line in zip(match.pairs, match.old, strict=True) if at is not None]
    for clean in (str.rstrip, fold):
        if any(clean(line) != line for _, line in pairs) and all(clean(there) == there for there, _ in pairs):
            match = replace(match, old=tuple(map(clean, match.old)), new=tuple(map(clean, match.new)))
    return match


def occurrences(lines: Sequence[str], block: Sequence[str], most: int = _MOST_PLACES) -> list[int]:
    """Where the block's lines stand in a row, the first `most` places; overlapping ones count.

    Searched as one text: `str.find` is linear even where every line is the same.
    """
    if not block:
        return []
    text, part = "\n".join(["", *lines, ""]), "\n".join(["", *block, ""])
    starts: list[int] = []
    at, counted, line = text.find(part), 0, 0
    while at >= 0 and len(starts) < most:
        line += text.count("\n", counted, at)
        counted = at
        starts.append(line)
        at = text.find(part, at + 1)
    return starts


def _by_key(key: Callable[[str], str]) -> Callable[[Wanted], Found]:
    def rung(wanted: Wanted) -> Found:
        starts = occurrences([key(line) for line in wanted.real], [key(line) for line in wanted.old])
        return _only([_match(wanted, start) for start in starts])

    return rung


def _match(wanted: Wanted, start: int) -> Match:
    size = len(wanted.old)
    return Match(start, start + size, wanted.old, wanted.new, tuple(range(size)))


def _only(matches: Sequence[Match]) -> Found:
    match matches:
        case []:
            return Missing()
        case [one]:
            return one
        case _:
            return Ambiguous(tuple(match.start for match in matches))


def _shifted(wanted: Wanted) -> Found:
    """All lines stand deeper, or all less deep, by the same white space."""
    starts = occurrences([fold(line).strip() for line in wanted.real], [fold(line).strip() for line in wanted.old])
    matches = [_shifted_match(wanted, start) for start in starts]
    if len(starts) == _MOST_PLACES:
        return Ambiguous(tuple(starts))
    return _only([match for match in matches if match is not None])


def _shifted_match(wanted: Wanted, start: int) -> Match | None:
    match = _match(wanted, start)
    window = wanted.real[match.start : match.stop]
    first = next(at for at, line in enumerate(wanted.old) if line.strip())
    there, here = indentation(window[first]), indentation(wanted.old[first])
    # a REPLACE whose own depth differs may already stand where it belongs: no telling
    if not (there.endswith(here) or here.endswith(there)) or _depth(wanted.new, wanted.old):
        return None
    old, new = (_shift(lines, here, there) for lines in (wanted.old, wanted.new))
    if old is None or new is None or any(bare(a) != bare(b) for a, b in zip(window, old, strict=True)):
        return None
    return Match(match.start, match.stop, old, new, match.pairs)


def _depth(new: Sequence[str], old: Sequence[str]) -> bool:
    depths = [min((len(indentation(line)) for line in lines if line.strip()), default=-1) for lines in (new, old)]
    return depths[0] not in {-1, depths[1]}


def _shift(lines: Sequence[str], here: str, there: str) -> tuple[str, ...] | None:
    """The lines with the depth `here` exchanged for `there`; None when one of them is not that deep."""
    added, removed = there.removesuffix(here), here.removesuffix(there)
    if len(there) < len(here):
        added = ""
    else:
        removed = ""
    if any(line.strip() and not line.startswith(removed) for line in lines):
        return None
    return tuple(added + line.removeprefix(removed) if line.strip() else line for line in lines)


def _alike(wanted: Wanted) -> Found:
    """The window most like the remembered lines, if it is alike enough and nothing else nearly is."""
    places = align(wanted.real, wanted.old, strict=True)
    if not places or places[0].ratio < ENOUGH or not _has_hold(wanted, places[0]):
        return Missing()
    best = places[0]
    # a rival need not be a place that could be changed: being as like is enough to cast doubt
    doubtful = align(wanted.real, wanted.old, strict=False)
    rivals = [place for place in doubtful if place.ratio > best.ratio - MARGIN and not place.shares_a_line_with(best)]
    if rivals:
        return Ambiguous(tuple(sorted(place.start for place in (best, *rivals))))
    pairs = tuple(None if at is None else at - best.start for at in best.pairs)
    return Match(best.start, best.stop, wanted.old, wanted.new, pairs)


def _has_hold(wanted: Wanted, place: Alignment) -> bool:
    """Whether a line of the place stands just as it was remembered; one line alone must be long to be sure of."""
    lines = [(line, at) for line, at in zip(wanted.old, place.pairs, strict=True) if line.strip()]
    if len(lines) == 1:
        return len(lines[0][0].strip()) >= _LONG_ENOUGH
    return any(at is not None and bare(wanted.real[at]) == bare(line) for line, at in lines)


RUNGS: Final[tuple[Callable[[Wanted], Found], ...]] = (
    _by_key(str),
    _by_key(str.rstrip),
    _by_key(bare),
    _shifted,
    _alike,
)
"""From strict to forgiving; the first is the exact one."""
