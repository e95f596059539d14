"""Edits of one file, each put where it belongs: found, chosen among equals, merged with what really stands there."""

from __future__ import annotations

from dataclasses import dataclass, replace
from itertools import pairwise
from typing import TYPE_CHECKING, Final, NamedTuple

from bot.core.edit_types import Hunk, Refusal
from bot.core.elisions import hunks_of, pieces_of
from bot.core.feedback import places_shown, window_shown
from bot.core.haystack import Haystack
from bot.core.hints import Hints, choose, hints_of, in_order
from bot.core.lines import BOM, FileLines, split_block
from bot.core.marks import by_lost_marks
from bot.core.matching import Match, Places, Wanted, find
from bot.core.merging import merge

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Sequence

    from bot.core.edit_types import ReplaceText
    from bot.core.lines import Piece

_DISTINCTIVE: Final = 8
_LONG: Final = 40
_SWAP: Final = str.maketrans("+-", "-+")
_LIKELY: Final = 0.6
_MOST_STEPWISE: Final = 2_000_000
_MAY_SEARCH: Final = "too many lines were quoted wrongly to search for them all"


_NOT_YET: Final = Refusal("the quoted lines are not in the file")


class Region(NamedTuple):
    """The file's lines from `start` to `stop`, and what shall stand there."""

    start: int
    stop: int
    pieces: tuple[Piece, ...]


@dataclass(frozen=True, slots=True)
class _Link:
    """An edit, or a piece of one between elisions, with the places where it may belong."""

    wanted: Wanted
    hints: Hints
    places: Places


def place_edits(
    lines: FileLines, edits: Sequence[ReplaceText], may_search: Callable[[int], bool]
) -> FileLines | dict[int, Refusal]:
    """The file with all the edits in it, or why which of them (by number) cannot be made.

    The edits are placed in the file as it is, the hunks of a diff in their order. Where that fails, each is placed in
    what the ones before left. `may_search` is asked before each search that is not for exactly the quoted lines, with
    the number of lines to search.
    """
    one_by_one = 1 < len(edits) <= _MOST_STEPWISE // (len(lines.texts) + 1)
    at_once = _at_once(lines, edits, may_search, is_last=not one_by_one)
    if isinstance(at_once, FileLines) or not one_by_one:
        return at_once
    refusals: dict[int, Refusal] = {}
    for number, edit in enumerate(edits):
        # what an earlier edit moved is no longer where the line number says
        alone = _at_once(lines, [replace(edit, line=None)], may_search, is_last=True)
        if isinstance(alone, FileLines):
            lines = alone
        else:
            refusals[number] = alone[0]
    return refusals or lines


def _at_once(
    lines: FileLines, edits: Sequence[ReplaceText], may_search: Callable[[int], bool], *, is_last: bool
) -> FileLines | dict[int, Refusal]:
    hay = Haystack(lines.texts)
    chains = [_links(hay, edit, may_search) for edit in edits]
    refusals = {number: chain for number, chain in enumerate(chains) if isinstance(chain, Refusal)}
    found = [chain for chain in chains if not isinstance(chain, Refusal)]
    if refusals:
        return refusals
    is_diff = all(isinstance(edit, Hunk) for edit in edits)
    # what is not there may be there once an edit before was made
    if not (is_last or is_diff or all(link.places.matches for links in found for link in links)):
        return {0: _NOT_YET}
    chosen = _chosen(hay, found, as_one=is_diff)
    regions: list[Region] = []
    for number, links in enumerate(chosen):
        placed = _regions(lines, links)
        if isinstance(placed, Refusal):
            refusals[number] = placed
        else:
            regions += placed
    if refusals:
        return refusals
    made = _with_regions(lines, regions)
    if made is None:
        return dict.fromkeys(range(len(edits)), Refusal("the changes of two edits overlap"))
    return with_final_newline(made, edits)


def _links(hay: Haystack, edit: ReplaceText, may_search: Callable[[int], bool]) -> list[_Link] | Refusal:
    """The edit as one link, or as several when it leaves lines out."""
    wanted = _wanted(hay, edit)
    if not wanted.old:
        return _insertion(hay, wanted, edit)
    places = find(wanted, forgiving=False)
    if places.matches:
        return [_Link(wanted, hints_of(edit), places)]
    if not may_search(len(hay.lines)):
        return Refusal(_MAY_SEARCH)
    parts = [(_wanted(hay, hunk), hints_of(hunk)) for hunk in hunks_of(hay, edit)] if isinstance(edit, Hunk) else []
    parts = parts or [(Wanted(hay, old, new), Hints()) for old, new in pieces_of(hay, wanted.old, wanted.new)]
    parts = parts or [(wanted, hints_of(edit))]
    return [_Link(part, hints, find(part, forgiving=True)) for part, hints in parts]


def _wanted(hay: Haystack, edit: ReplaceText) -> Wanted:
    old, new = split_block(edit.old.removeprefix(BOM)), split_block(edit.new.removeprefix(BOM))
    return Wanted(hay, old, new, edit if isinstance(edit, Hunk) else None)


def _insertion(hay: Haystack, wanted: Wanted, edit: ReplaceText) -> list[_Link] | Refusal:
    """Lines for which no place is quoted: they fill an empty file, or follow the last line where the edit says so."""
    size = len(hay.lines)
    if not any(map(str.strip, hay.lines)):
        return [_Link(wanted, Hints(), Places((Match(0, size, tuple(hay.lines), wanted.new, tuple(range(size))),)))]
    if tuple(hay.lines) == wanted.new:
        return []
    if isinstance(edit, Hunk) and edit.at_end:
        return [_Link(wanted, Hints(), Places((Match(size, size, (), wanted.new, ()),)))]
    return Refusal("nothing is quoted to be replaced, but the file exists; quote the lines that are to change")


def _chosen(hay: Haystack, chains: Sequence[list[_Link]], *, as_one: bool) -> list[list[_Link]]:
    """The links with those places only that order and hints leave; links of one chain stand in their order."""
    if not as_one:
        return [_narrowed(hay, chain) for chain in chains]
    narrowed = iter(_narrowed(hay, [link for chain in chains for link in chain]))
    return [[next(narrowed) for _ in chain] for chain in chains]


def _narrowed(hay: Haystack, links: Sequence[_Link]) -> list[_Link]:
    spans: list[Sequence[Match]] = [link.places.matches for link in links]
    for _ in range(2):
        spans = in_order(spans) if len(spans) > 1 else spans
        spans = [
            choose(hay.lines, span, link.hints) if link.places.choosable else link.places.matches
            for link, span in zip(links, spans, strict=True)
        ]
    return [
        replace(link, places=Places(tuple(span), link.places.choosable))
        for link, span in zip(links, spans, strict=True)
    ]


def _regions(lines: FileLines, links: Iterable[_Link]) -> list[Region] | Refusal:
    regions: list[Region] = []
    for link in links:
        placed = _region(lines, link.wanted, link.places.matches)
        if isinstance(placed, Refusal):
            return placed
        if placed is not None:
            regions.append(placed)
    return regions


def _region(lines: FileLines, wanted: Wanted, matches: Sequence[Match]) -> Region | Refusal | None:
    if not matches:
        return _missing(wanted)
    # lines that only say where others are need not be found in one place only
    if all(match.old == match.new for match in matches):
        return None
    if len(matches) > 1:
        reason = "the quoted lines stand in several places; quote more lines round them"
        return Refusal(reason, places_shown(lines.texts, [match.start for match in matches], len(wanted.old)))
    return _merged(lines, wanted, matches[0])


def _merged(lines: FileLines, wanted: Wanted, match: Match) -> Region | Refusal | None:
    if _inserted_before(lines.texts, match):
        return None
    pieces = merge(lines.texts[match.start : match.stop], match)
    if pieces is not None:
        return _trimmed(match.start, match.stop, pieces)
    if _stands_once(wanted, match.start, match.stop, _DISTINCTIVE):
        return None
    reason = "the quoted lines differ from the file in the very lines that are to change"
    return Refusal(reason, window_shown(lines.texts, wanted.old, match.start, match.pairs))


def _inserted_before(real: Sequence[str], match: Match) -> bool:
    """Whether telling lines that are to follow, or precede, all the quoted ones do so already."""
    more, size = len(match.new) - len(match.old), len(match.old)
    if more <= 0 or not size:
        return False
    only = match.changes[0] if match.changes is not None and len(match.changes) == 1 else None
    added: tuple[str, ...] = ()
    there: tuple[str, ...] = ()
    if match.new[:size] == match.old and (match.changes is None or (only is not None and only[0] == size)):
        added, there = match.new[size:], tuple(real[match.stop : match.stop + more])
    elif match.new[more:] == match.old and (match.changes is None or (only is not None and only[1] == 0)):
        added, there = match.new[:more], tuple(real[max(match.start - more, 0) : match.start])
    telling = any(sum(map(str.isalnum, line)) >= _DISTINCTIVE for line in added)
    return telling and tuple(map(str.rstrip, added)) == tuple(map(str.rstrip, there))


def _trimmed(start: int, stop: int, pieces: Sequence[Piece]) -> Region | None:
    """The region without the lines at its edges that stay; None when all do."""
    low, high = 0, len(pieces)
    while low < high and pieces[low] == low:
        low += 1
    while low < high and pieces[high - 1] == stop - start - (len(pieces) - high) - 1:
        high -= 1
    first, last = start + low, stop - (len(pieces) - high)
    if low == high and first == last:
        return None
    return Region(first, last, tuple(piece + start if isinstance(piece, int) else piece for piece in pieces[low:high]))


def _missing(wanted: Wanted) -> Refusal | None:
    real = wanted.hay.lines
    if wanted.hunk is not None and _stands_unmarked(wanted, wanted.hunk):
        return None
    # to show a place, less likeness will do than to change it
    places = wanted.hay.alignments(wanted.old, strict=False)
    if not places or places[0].ratio < _LIKELY:
        if _stands_once(wanted, 0, len(real), _LONG):
            return None
    elif _stands_once(wanted, places[0].start, places[0].stop, _DISTINCTIVE):
        return None
    if not places:
        return Refusal("the quoted lines are not in the file, nor any found that are like them")
    nearest = places[0]
    pairs = tuple(None if at is None else at - nearest.start for at in nearest.pairs)
    return Refusal("the quoted lines are not in the file", window_shown(real, wanted.old, nearest.start, pairs))


def _stands_once(wanted: Wanted, start: int, stop: int, least: int) -> bool:
    """Whether the change was made before: the new lines stand once, between there, and are no everyday lines."""
    starts = wanted.hay.occurrences(str.rstrip, wanted.new)
    if len(starts) != 1 or starts[0] >= stop or starts[0] + len(wanted.new) <= start:
        return False
    return _size(line for line in wanted.new if line not in wanted.old) >= least or _size(wanted.new) >= _LONG


def _stands_unmarked(wanted: Wanted, hunk: Hunk) -> bool:
    """Whether a hunk that lost marks was applied before."""
    if _size(line for line in wanted.new if line not in wanted.old) < _DISTINCTIVE:
        return False
    body = tuple(line[0].translate(_SWAP) + line[1:] for line in hunk.body)
    return len(by_lost_marks(wanted.hay, replace(hunk, body=body, counts=hunk.counts and hunk.counts[::-1]))) == 1


def _size(lines: Iterable[str]) -> int:
    return sum(len("".join(line.split())) for line in lines)


def _with_regions(lines: FileLines, regions: Iterable[Region]) -> FileLines | None:
    """The file with all regions exchanged; None when two of them overlap."""
    ordered = sorted(regions, key=lambda region: (region.start, region.stop))
    if any(one.stop > other.start for one, other in pairwise(ordered)):
        return None
    return lines.with_windows(ordered) if ordered else lines


def with_final_newline(lines: FileLines, edits: Iterable[ReplaceText]) -> FileLines:
    """The file ending as the last of the edits that says so has it."""
    said = [edit.final_newline for edit in edits if isinstance(edit, Hunk) and edit.final_newline is not None]
    if not said or not lines.ends:
        return lines
    return replace(lines, ends=(*lines.ends[:-1], (lines.ends[-1] or lines.newline) if said[-1] else ""))
