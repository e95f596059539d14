"""A file's lines as something to search in, with what many searches need computed only once."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from bot.core.aligning import align, bare, diagonals_of, fold, indentation

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from bot.core.aligning import Alignment

MOST_PLACES: Final = 1000
"""Places of one block of lines that are told apart; where it stands more often, none is the one that is meant."""


class Haystack:
    """The lines of a file; `lines` are without their ends."""

    def __init__(self, lines: Sequence[str]) -> None:
        self.lines = lines
        self._texts: dict[Callable[[str], str], str] = {}
        self._sets: dict[Callable[[str], str], frozenset[str]] = {}
        self._indentations: frozenset[str] | None = None
        self._diagonals: dict[tuple[str, ...], list[int]] = {}

    def occurrences(self, key: Callable[[str], str], block: Sequence[str], most: int = MOST_PLACES) -> list[int]:
        """Where the block's lines stand in a row as far as `key` tells lines apart, the first `most` places."""
        if key not in self._texts:
            self._texts[key] = _joined([key(line) for line in self.lines])
        return _places(self._texts[key], [key(line) for line in block], most)

    def alignments(self, old: tuple[str, ...], *, strict: bool) -> list[Alignment]:
        """The places most like the remembered lines, as `align` has them."""
        if old not in self._diagonals:
            self._diagonals[old] = diagonals_of(self.lines, old)
        return align(self.lines, old, self._diagonals[old], strict=strict)

    def holds(self, key: Callable[[str], str], line: str) -> bool:
        """Whether the line stands anywhere, as far as `key` tells lines apart."""
        return key(line) in self.distinct(key)

    def distinct(self, key: Callable[[str], str]) -> frozenset[str]:
        """What `key` makes of all the lines."""
        if key not in self._sets:
            self._sets[key] = frozenset(map(key, self.lines))
        return self._sets[key]

    def indentations(self) -> frozenset[str]:
        """The white space that the file's lines start with, blank lines aside."""
        if self._indentations is None:
            self._indentations = frozenset(indentation(line) for line in self.distinct(bare) if line)
        return self._indentations


def stripped(line: str) -> str:
    """The line without typography and without white space round it."""
    return fold(line).strip()


def squeezed(line: str) -> str:
    """The line without typography and without any white space."""
    return "".join(fold(line).split())


def _joined(lines: Sequence[str]) -> str:
    return "\n".join(["", *lines, ""])


def _places(text: str, block: Sequence[str], most: int) -> list[int]:
    """Searched as one text: `str.find` is linear even where every line is the same."""
    if not block:
        return []
    part = _joined(block)
    starts: list[int] = []
    at, counted, line = text.find(part), 0, 0
    while at >= 0 and len(starts) < most:
        line += text.count("\n", counted, at)
        counted = at
        starts.append(line)
        at = text.find(part, at + 1)
    return starts
