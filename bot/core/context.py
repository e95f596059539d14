"""What of the repository a prompt shows: pieces of files within a budget, each with the reason and a trust label."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Literal

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence

Trust = Literal["repository", "requester", "stranger"]
CHARACTERS_A_TOKEN = 3.5
"""A cautious estimate for code, so that a budget in tokens is kept without a tokeniser."""
_WHOLE_FILES = 6
_WHOLE_LINES = 400


@dataclass(frozen=True, slots=True)
class Ranked:
    """A located file: the line windows (1-based, inclusive) worth showing, and why."""

    path: str
    lines: tuple[tuple[int, int], ...]
    why: tuple[str, ...]


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
    """Choose pieces by rank until the budget is full: the first few short files whole, windows of the others."""
    room = tokens * CHARACTERS_A_TOKEN
    chosen: list[Snippet] = []
    omitted: list[str] = []
    for place, one in enumerate(ranked):
        pieces = list(_pieces(one, texts.get(one.path, ""), whole=place < _WHOLE_FILES))
        size = sum(len(piece.text) for piece in pieces)
        if size > room:
            pieces = list(_pieces(one, texts.get(one.path, ""), whole=False))
            size = sum(len(piece.text) for piece in pieces)
        if not pieces or size > room:
            omitted.append(one.path)
            continue
        room -= size
        chosen.extend(pieces)
    return Context(tuple(chosen), tuple(omitted))


def _pieces(one: Ranked, text: str, *, whole: bool) -> Iterable[Snippet]:
    lines = text.split("\n")
    if not text or not one.lines:
        return
    if whole and len(lines) <= _WHOLE_LINES:
        yield Snippet(one.path, 1, len(lines), text, whole=True)
        return
    for first, last in one.lines:
        last = min(last, len(lines))  # noqa: PLW2901 - a window may have been asked for past the end
        if first <= last:
            piece = "\n".join(lines[first - 1 : last])
            yield Snippet(one.path, first, last, piece, whole=first == 1 and last == len(lines))
