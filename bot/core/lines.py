"""A text file as lines that remember their ends, so that an edit changes nothing it was not asked to change."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

BOM = "\ufeff"

Piece = int | str
"""One line of a new text: the number of a line to keep as it stands (its end included), or a new line's text."""


@dataclass(frozen=True, slots=True)
class FileLines:
    """A file's lines: in `texts` without their ends, in `ends` the ends (LF, CRLF, or none after the last line)."""

    texts: tuple[str, ...]
    ends: tuple[str, ...]
    has_bom: bool = False

    @property
    def newline(self) -> str:
        """The line end that most lines have; LF when there is none to go by."""
        counts = Counter(self.ends)
        return "\r\n" if counts["\r\n"] > counts["\n"] else "\n"

    def with_window(self, start: int, stop: int, pieces: Sequence[Piece]) -> FileLines:
        """These lines with `texts[start:stop]` exchanged for the pieces, whose numbers count from `start`.

        New lines get the file's usual line end; the file keeps its final newline, or its want of one.
        """
        counted = [start + piece if isinstance(piece, int) else piece for piece in pieces]
        return self.with_windows([(start, stop, counted)])

    def with_windows(self, windows: Iterable[tuple[int, int, Sequence[Piece]]]) -> FileLines:
        """The same for several windows, in order and apart from each other; numbers count from the file's start."""
        newline = self.newline
        texts: list[str] = []
        ends: list[str] = []
        done = 0
        for start, stop, pieces in windows:
            texts += self.texts[done:start]
            ends += self.ends[done:start]
            texts += [self.texts[piece] if isinstance(piece, int) else piece for piece in pieces]
            ends += [self.ends[piece] if isinstance(piece, int) else newline for piece in pieces]
            done = stop
        texts += self.texts[done:]
        ends += self.ends[done:]
        final = not self.ends or bool(self.ends[-1])
        return FileLines(tuple(texts), tuple(_ended(ends, newline, final=final)), self.has_bom)


def _ended(ends: list[str], newline: str, *, final: bool) -> list[str]:
    if not ends:
        return ends
    if "" in ends[:-1]:
        ends = [end or newline for end in ends]
    return [*ends[:-1], (ends[-1] or newline) if final else ""]


def split_file(text: str) -> FileLines:
    """Take a file's text apart at LF and CRLF only; `join_file` gives back exactly the same text."""
    body = text.removeprefix(BOM)
    raw = body.split("\n")
    last = raw.pop()
    texts = [line.removesuffix("\r") for line in raw]
    ends = ["\r\n" if line.endswith("\r") else "\n" for line in raw]
    if last:
        texts.append(last)
        ends.append("")
    return FileLines(tuple(texts), tuple(ends), text.startswith(BOM))


def join_file(lines: FileLines) -> str:
    """The file's text again."""
    body = "".join(text + end for text, end in zip(lines.texts, lines.ends, strict=True))
    return BOM + body if lines.has_bom else body


def split_block(text: str) -> tuple[str, ...]:
    """The lines of a text that a model wrote: which line ends it used means nothing, the last one is optional."""
    return split_file(text.replace("\r\n", "\n")).texts


def printable(text: str, most: int) -> str:
    """The text for a message, at most so many characters: what a terminal would obey, or nobody see, is escaped."""
    cut = text if len(text) <= most else text[:most] + "…"
    return "".join(c if c.isprintable() or c in "\t\n" else c.encode("unicode_escape").decode() for c in cut)
