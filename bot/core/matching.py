"""The ladder: which lines of a file a model meant by the lines it remembered.

Each rung forgives one kind of slip more than the rung above, and the first that finds anything decides: one place is a
match, several are for hints to choose from. A new rung is one more function in `RUNGS`.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from itertools import pairwise
from typing import TYPE_CHECKING, Final

from bot.core.aligning import ENOUGH, MAX_OLD_LINES, Alignment, bare, fold
from bot.core.haystack import MOST_PLACES, squeezed, stripped
from bot.core.indenting import respaced
from bot.core.marks import by_lost_marks, marked_changes, unmarked_lines

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from bot.core.differences import Change
    from bot.core.edit_types import Hunk
    from bot.core.haystack import Haystack

MARGIN: Final = 0.05
"""How much more alike the best window must be than any other place."""
_LONG_ENOUGH: Final = 30
_LINES_A_GAP: Final = 4
_MOST_GAPS: Final = 2


@dataclass(frozen=True, slots=True)
class Match:
    """The change belongs at file lines `start` to `stop`.

    `old` and `new` are the model's lines in the file's indentation; line k of `old` stands for line `pairs[k]` of the
    window, or for none that is there. `changes` are those that a diff's marks name between the two, if it was a diff,
    and `unmarked` are its old lines that stood there without a mark.
    """

    start: int
    stop: int
    old: tuple[str, ...]
    new: tuple[str, ...]
    pairs: tuple[int | None, ...]
    changes: tuple[Change, ...] | None = None
    unmarked: frozenset[int] = frozenset()


@dataclass(frozen=True, slots=True)
class Places:
    """Where the change may belong; of several `choosable` ones, hints may tell the right one."""

    matches: tuple[Match, ...] = ()
    choosable: bool = True


@dataclass(frozen=True, slots=True)
class Wanted:
    """What is looked for: the file, the model's remembered lines and what it wants in their place; the hunk, if one."""

    hay: Haystack
    old: tuple[str, ...]
    new: tuple[str, ...]
    hunk: Hunk | None = None

    def match(self, start: int, stop: int, pairs: Sequence[int | None]) -> Match:
        """The lines as they are, put at that place."""
        if self.hunk is None:
            return Match(start, stop, self.old, self.new, tuple(pairs))
        body = self.hunk.body
        return Match(start, stop, self.old, self.new, tuple(pairs), marked_changes(body), unmarked_lines(body))


def find(wanted: Wanted, *, forgiving: bool) -> Places:
    """The places that `wanted.old` (not empty) may mean, by the first rung that finds any; exact unless `forgiving`."""
    # a search for blank lines would find one anywhere
    for rung in RUNGS if forgiving and any(map(str.strip, wanted.old)) else RUNGS[:1]:
        places = rung(wanted)
        if places.matches:
            cleaned = tuple(_without_noise(wanted.hay.lines, match) for match in places.matches)
            return Places(cleaned, places.choosable and len(cleaned) < MOST_PLACES)
    return Places()


def _without_noise(real: Sequence[str], match: Match) -> Match:
    """The match without trailing space or typography that its lines have where the file has none: copying put it in."""
    pairs = [(real[match.start + at], line) for at, line in zip(match.pairs, match.old, strict=True) if at is not None]
    for clean in (str.rstrip, fold):
        if any(clean(line) != line for _, line in pairs) and all(clean(there) == there for there, _ in pairs):
            quoted = set(match.old)
            # new lines have it too only if all do that can: what stands on one of them alone may be meant
            added = [line for line in match.new if line.strip() and line not in quoted]
            spread = any(fold(line) != line for line in added) if clean is fold else all(map(_has_tail, added))
            new = tuple(clean(line) if spread or line in quoted else line for line in match.new)
            match = replace(match, old=tuple(map(clean, match.old)), new=new)
    return match


def _has_tail(line: str) -> bool:
    return line != line.rstrip()


def _by_key(key: Callable[[str], str]) -> Callable[[Wanted], Places]:
    def rung(wanted: Wanted) -> Places:
        if wanted.hunk is not None and wanted.hunk.is_unsettled:
            return Places()
        return Places(tuple(_match(wanted, start) for start in wanted.hay.occurrences(key, wanted.old)))

    return rung


def _match(wanted: Wanted, start: int) -> Match:
    size = len(wanted.old)
    return wanted.match(start, start + size, range(size))


def _marked(wanted: Wanted) -> Places:
    """The lines of a hunk stand just so, but for lost marks."""
    if wanted.hunk is None:
        return Places()
    fits = by_lost_marks(wanted.hay, wanted.hunk)
    return Places(tuple(Match(at, at + len(old), old, new, tuple(range(len(old)))) for at, old, new in fits))


def _spaced(key: Callable[[str], str]) -> Callable[[Wanted], Places]:
    """The lines agree but for white space: all stand deeper or less deep, tabs for spaces, or as `key` has it."""

    def rung(wanted: Wanted) -> Places:
        starts = wanted.hay.occurrences(key, wanted.old)
        if len(starts) == MOST_PLACES:
            return Places(tuple(_match(wanted, start) for start in starts), choosable=False)
        return Places(tuple(match for start in starts if (match := _respaced(wanted, start)) is not None))

    return rung


def _respaced(wanted: Wanted, start: int) -> Match | None:
    match = _match(wanted, start)
    lines = respaced(wanted.hay.lines[match.start : match.stop], wanted.old, wanted.new)
    return None if lines is None else replace(match, old=lines[0], new=lines[1])


def _left_out(wanted: Wanted) -> Places:
    """All lines stand there in order but for blank ones, or else with a line or two between that were left out."""
    old = [(at, bare(line)) for at, line in enumerate(wanted.old) if line.strip()]
    full = [(at, bare(line)) for at, line in enumerate(wanted.hay.lines) if line.strip()]
    if not 1 < len(old) <= MAX_OLD_LINES:
        return Places()
    starts = [number for number, (_, line) in enumerate(full) if line == old[0][1]][:MOST_PLACES]
    for most in range(1 + min(len(old) // _LINES_A_GAP, _MOST_GAPS)):
        rows = [row for start in starts if (row := _row(full, start, old, most)) is not None]
        if rows:
            return Places(tuple(_with_blanks(wanted, [at for at, _ in old], row) for row in rows))
    return Places()


def _row(full: Sequence[tuple[int, str]], start: int, old: Sequence[tuple[int, str]], most: int) -> list[int] | None:
    """The file lines that the remembered ones stand for, beginning with `start`, at most so many others between."""
    row: list[int] = []
    number = start
    for _, line in old:
        while number < len(full) and full[number][1] != line and number - start - len(row) < most:
            number += 1
        if number >= len(full) or full[number][1] != line:
            return None
        row.append(full[number][0])
        number += 1
    return row


def _with_blanks(wanted: Wanted, old: Sequence[int], real: Sequence[int]) -> Match:
    """The match in which each remembered blank line stands for one of those in the same gap, as long as there are."""
    lines = wanted.hay.lines
    pairs: dict[int, int] = dict(zip(old, real, strict=True))
    for low, high in pairwise(old):
        there = [at for at in range(pairs[low] + 1, pairs[high]) if not lines[at].strip()]
        pairs |= dict(zip(range(low + 1, high), there, strict=False))
    pairs |= dict(zip(range(old[-1] + 1, len(wanted.old)), _blanks_from(lines, real[-1] + 1, 1), strict=False))
    pairs |= dict(zip(reversed(range(old[0])), _blanks_from(lines, real[0] - 1, -1), strict=False))
    start, stop = min(pairs.values()), max(pairs.values()) + 1
    return wanted.match(start, stop, [pairs[at] - start if at in pairs else None for at in range(len(wanted.old))])


def _blanks_from(lines: Sequence[str], at: int, step: int) -> list[int]:
    found: list[int] = []
    while 0 <= at < len(lines) and not lines[at].strip():
        found.append(at)
        at += step
    return found


def _alike(wanted: Wanted) -> Places:
    """The window most like the remembered lines, if it is alike enough and nothing else nearly is."""
    places = wanted.hay.alignments(wanted.old, strict=True)
    if not places or places[0].ratio < ENOUGH or not _has_hold(wanted, places[0]):
        return Places()
    best = places[0]
    # a rival need not be a place that could be changed: being as like is enough to cast doubt
    doubtful = wanted.hay.alignments(wanted.old, strict=False)
    rivals = [place for place in doubtful if place.ratio > best.ratio - MARGIN and not place.shares_a_line_with(best)]
    chosen = [_aligned(wanted, place) for place in sorted((best, *rivals), key=lambda place: place.start)]
    return Places(tuple(chosen), choosable=False)


def _aligned(wanted: Wanted, place: Alignment) -> Match:
    return wanted.match(place.start, place.stop, [None if at is None else at - place.start for at in place.pairs])


def _has_hold(wanted: Wanted, place: Alignment) -> bool:
    """Whether a line of the place stands just as it was remembered; one line alone must be long to be sure of."""
    lines = [(line, at) for line, at in zip(wanted.old, place.pairs, strict=True) if line.strip()]
    if len(lines) == 1:
        return len(lines[0][0].strip()) >= _LONG_ENOUGH
    return any(at is not None and bare(wanted.hay.lines[at]) == bare(line) for line, at in lines)


RUNGS: Final[tuple[Callable[[Wanted], Places], ...]] = (
    _by_key(str),
    _by_key(str.rstrip),
    _by_key(bare),
    _marked,
    _spaced(stripped),
    _spaced(squeezed),
    _left_out,
    _alike,
)
"""From strict to forgiving; the first is the exact one."""
