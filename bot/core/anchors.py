"""Where a quote of a reviewer's belongs: searched in the file as it stands, with the ladder that replies are read with.

A model is never asked for a line number. What it quotes is looked for in the whole file; the hunks of the diff, which
are what it was shown, decide between places that fit equally well, and nothing else does.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Final, Literal

from bot.core.haystack import Haystack, stripped
from bot.core.leftovers import leftover
from bot.core.lines import join_file
from bot.core.matching import Wanted, find
from bot.core.merging import merge
from bot.core.suggestions import Window

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from bot.core.diffs import Hunk
    from bot.core.lines import FileLines
    from bot.core.matching import Match

Side = Literal["LEFT", "RIGHT"]
_MADE: Final = "the file has that change already"


@dataclass(frozen=True, slots=True)
class Place:
    """The lines `first` to `last` (from 1) of the file, after the change (`RIGHT`) or before it (`LEFT`).

    `change` is what is to become of them; None where nothing was asked for, or it does not fit what stands there.
    `doubt` says, as the end of a sentence, why this need not be the place; a comment may name it, not hang on it.
    """

    side: Side
    first: int
    last: int
    change: Window | None = None
    doubt: str = ""


@dataclass(frozen=True, slots=True)
class Unplaced:
    """No place is certain enough; `why` ends a sentence."""

    why: str


def place(
    head: FileLines, old: tuple[str, ...], new: tuple[str, ...] | None, hunks: Sequence[Hunk]
) -> Place | Unplaced:
    """Find the quoted lines `old`, and what they become when `new` is put in their stead (None: nothing is asked).

    Args:
        head: the file as it stands.
        old: the quote, in the model's words.
        new: the replacement, in the model's words.
        hunks: those that the model was shown of this file.
    """
    hay = Haystack(head.texts)
    for quoted, wanted in _readings(old, new):
        if any(map(str.strip, quoted)):
            found = _place_right(head, Wanted(hay, quoted, quoted if wanted is None else wanted), hunks)
            if found is not None:
                return found
    if new and old != new and hay.occurrences(str, new):
        return Unplaced(_MADE)
    return _place_left(old, hunks) or Unplaced("the quoted lines are not in the file")


def _readings(
    old: tuple[str, ...], new: tuple[str, ...] | None
) -> Iterator[tuple[tuple[str, ...], tuple[str, ...] | None]]:
    """The quote as it was written, and without the marks of a diff that was copied with them."""
    yield old, new
    if _is_marked(old) and (new is None or _is_marked(new)):
        yield _unmarked(old), None if new is None else _unmarked(new)
    elif _is_marked(old):
        yield _unmarked(old), new


def _is_marked(lines: Sequence[str]) -> bool:
    marks = {line[:1] for line in lines if line.strip()}
    return marks <= {"+", " "} and "+" in marks


def _unmarked(lines: Sequence[str]) -> tuple[str, ...]:
    return tuple(line[1:] for line in lines)


def _place_right(head: FileLines, wanted: Wanted, hunks: Sequence[Hunk]) -> Place | Unplaced | None:
    places = find(wanted, forgiving=True)
    match places.matches:
        case []:
            return None
        case [match]:
            doubtful = _has_twin(wanted, match, hunks) if _touched(hunks, match) else _is_doubtful(wanted, hunks)
            return _doubted(match, "lines much like these stand in the diff") if doubtful else _placed(head, match)
        case matches:
            chosen = _chosen(matches, hunks) if places.choosable else None
            if chosen is not None:
                return _placed(head, chosen)
            first = next((match for match in matches if _touched(hunks, match)), matches[0])
            return _doubted(first, "the same lines stand in several places")


def _doubted(match: Match, why: str) -> Place:
    return Place("RIGHT", match.start + 1, match.stop, doubt=why)


def _touched(hunks: Sequence[Hunk], match: Match, moved: int = 0) -> bool:
    start, stop = match.start + moved, match.stop + moved
    return any(start < hunk.new.stop - 1 and hunk.new.start - 1 < stop for hunk in hunks)


def _has_twin(wanted: Wanted, match: Match, hunks: Sequence[Hunk]) -> bool:
    """Whether the diff holds the same lines again but for white space: that is what a quote gets wrong most often."""
    lines = wanted.hay.lines
    full = [at for at, line in enumerate(lines) if line.strip()]
    quoted = [line for line in wanted.old if line.strip()]
    for start in Haystack([lines[at] for at in full]).occurrences(stripped, quoted):
        first, stop = full[start], full[start + len(quoted) - 1] + 1
        apart = stop <= match.start or match.stop <= first
        if apart and _touched(hunks, replace(match, start=first, stop=stop)):
            return True
    return False


def _is_doubtful(wanted: Wanted, hunks: Sequence[Hunk]) -> bool:
    """Whether a hunk, which the model had before its eyes, holds lines that could be meant as well."""
    margin = len(wanted.old) - 1
    for hunk in hunks:
        start, stop = max(0, hunk.new.start - 1 - margin), hunk.new.stop - 1 + margin
        near = find(Wanted(Haystack(wanted.hay.lines[start:stop]), wanted.old, wanted.new), forgiving=True)
        if any(_touched([hunk], match, start) for match in near.matches):
            return True
    return False


def _chosen(matches: Sequence[Match], hunks: Sequence[Hunk]) -> Match | None:
    """The one place among several that lies in the diff, or else the one that the change brought in."""
    seen = [match for match in matches if _touched(hunks, match)]
    added = {line - 1 for hunk in hunks for line in hunk.added}
    new = [match for match in seen if not added.isdisjoint(range(match.start, match.stop))]
    only = seen if len(seen) == 1 else new
    return only[0] if len(only) == 1 else None


def _placed(head: FileLines, match: Match) -> Place | Unplaced:
    start, stop = _without_blank_ends(head.texts, match.start, match.stop)
    if match.old == match.new:
        return Place("RIGHT", start + 1, stop)
    pieces = merge(head.texts[match.start : match.stop], match)
    if pieces is None:
        return Place("RIGHT", start + 1, stop)
    lines = tuple(head.texts[match.start + piece] if isinstance(piece, int) else piece for piece in pieces)
    lines = _without_noise(head.texts[match.start : match.stop], match, lines)
    if lines == tuple(head.texts[match.start : match.stop]):
        return Unplaced(_MADE)
    change = Window(match.start, match.stop, lines)
    unfit = leftover(join_file(head), join_file(change.changed(head)))
    return Place("RIGHT", start + 1, stop, None if unfit else change)


def _without_noise(window: Sequence[str], match: Match, lines: tuple[str, ...]) -> tuple[str, ...]:
    """The new lines without trailing space, where the quote has such space that the file has not."""
    pairs = ((window[at], line) for at, line in zip(match.pairs, match.old, strict=True) if at is not None)
    noisy = any(line.strip() and line != line.rstrip() and real == real.rstrip() for real, line in pairs)
    return tuple(line if line in window else line.rstrip() for line in lines) if noisy else lines


def _without_blank_ends(texts: Sequence[str], start: int, stop: int) -> tuple[int, int]:
    filled = [at for at in range(start, stop) if texts[at].strip()]
    return (filled[0], filled[-1] + 1) if filled else (start, stop)


def _place_left(old: tuple[str, ...], hunks: Sequence[Hunk]) -> Place | None:
    """Lines that the change took out: they can be talked about, but not be changed any more."""
    quote = tuple(line[1:] for line in old) if all(line[:1] == "-" for line in old if line.strip()) else old
    if not any(map(str.strip, quote)):
        return None
    places: list[Place] = []
    for hunk in hunks:
        before = [line for line in hunk.lines if line.mark != "+"]
        hay = Haystack([line.text for line in before])
        found = find(Wanted(hay, quote, quote), forgiving=True).matches
        if len(found) > 1:
            return None
        if found and any(line.mark == "-" for line in before[found[0].start : found[0].stop]):
            first = hunk.old.start + found[0].start
            places.append(Place("LEFT", first, hunk.old.start + found[0].stop - 1))
    return places[0] if len(places) == 1 else None
