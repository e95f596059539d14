"""What of the repository a prompt shows: pieces of files within a budget, each with the reason and a trust label."""

from __future__ import annotations

from dataclasses import dataclass
from itertools import accumulate
from typing import TYPE_CHECKING, Literal

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence

Window = tuple[int, int]
Trust = Literal["repository", "requester", "stranger"]
CHARACTERS_A_TOKEN = 3.5
"""A cautious estimate for code, so that a budget in tokens is kept without a tokeniser."""
_SHARE = 0.5
"""On 130 real changes this showed all changed places in 64 %; six short files whole and windows of 24 more, in 48 %."""
_MARGINS = (2, 2, 4, 4, 8, 8, 16, 32, 64, 128, 256, 512)
"""Lines by which windows grow on either side, one step after the other."""


@dataclass(frozen=True, slots=True)
class Ranked:
    """A located file: the line windows (1-based, inclusive) worth showing, and why.

    `score` compares files of one search; it has no unit.
    """

    path: str
    lines: tuple[Window, ...]
    why: tuple[str, ...]
    score: float = 0.0


@dataclass(frozen=True, slots=True)
class Snippet:
    """A piece of a file: lines `first` to `last`; `whole` says that it is the file from end to end."""

    path: str
    first: int
    last: int
    text: str
    whole: bool


@dataclass(frozen=True, slots=True)
class Context:
    """The chosen pieces in order of rank, and the paths that did not fit."""

    snippets: tuple[Snippet, ...]
    omitted: tuple[str, ...]

    @property
    def whole(self) -> frozenset[str]:
        """The paths shown from end to end: the only existing files that a reply may rewrite as a whole."""
        return frozenset(snippet.path for snippet in self.snippets if snippet.whole)


def select(ranked: Sequence[Ranked], texts: Mapping[str, str], tokens: int) -> Context:
    """Choose pieces by rank until the budget is full; each file may fill a half of what the better ones left.

    A file that fits into its share is shown whole, of others the windows, with as many lines around them as the share
    allows: a change rarely keeps to the lines that the issue speaks of.
    """
    room = tokens * CHARACTERS_A_TOKEN
    chosen: list[Snippet] = []
    omitted: list[str] = []
    for one in ranked:
        pieces = _pieces(one, texts.get(one.path, ""), room * _SHARE)
        room -= sum(len(piece.text) for piece in pieces)
        chosen += pieces
        if not pieces:
            omitted.append(one.path)
    return Context(tuple(chosen), tuple(omitted))


def _pieces(one: Ranked, text: str, most: float) -> list[Snippet]:
    """The pieces of one file in at most so many characters; none where not even one window fits."""
    if not text or not one.lines:
        return []
    lines = text.split("\n")
    if len(text) <= most:
        return [Snippet(one.path, 1, len(lines), text, whole=True)]
    ends = [0, *accumulate(len(line) + 1 for line in lines)]
    windows = _fitting([(first, min(last, len(lines))) for first, last in one.lines if first <= len(lines)], ends, most)
    return [
        Snippet(one.path, first, last, text[ends[first - 1] : ends[last] - 1], whole=(first, last) == (1, len(lines)))
        for first, last in windows
    ]


def _fitting(windows: Iterable[Window], ends: Sequence[int], most: float) -> list[Window]:
    """As many of the windows as fit, grown by the largest margin with which they still do.

    `ends[n]` is where line n ends in the text.
    """
    kept: list[Window] = []
    for window in windows:
        more = _joined([*kept, window])
        if _size(more, ends) <= most:
            kept = more
    for margin in _MARGINS:
        grown = _joined((max(1, first - margin), min(len(ends) - 1, last + margin)) for first, last in kept)
        if _size(grown, ends) > most:
            break
        kept = grown
    return kept


def _size(windows: Iterable[Window], ends: Sequence[int]) -> int:
    return sum(ends[last] - ends[first - 1] for first, last in windows)


def _joined(windows: Iterable[Window]) -> list[Window]:
    """The windows in order, those that touch made one."""
    result: list[Window] = []
    for first, last in sorted(windows):
        if result and first <= result[-1][1] + 1:
            result[-1] = (result[-1][0], max(last, result[-1][1]))
        else:
            result.append((first, last))
    return result
