"""Reading files for a query: a sieve over everything that keeps the promising ones, and exact counts for those."""

from __future__ import annotations

import re
from collections import Counter
from dataclasses import dataclass
from itertools import chain
from math import log
from typing import TYPE_CHECKING, Protocol

from bot.locate.definitions import definitions
from bot.locate.words import parts, stem

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence

    from bot.locate.query import Query

_CHUNK = 8_000_000
"""Bytes asked for at once, so that memory stays flat whatever the tree's size."""
_SEPARATED = bytes(byte if byte >= 128 or chr(byte).isalnum() or byte == ord("_") else ord(" ") for byte in range(256))
_MOST_VOCABULARY = 300_000
"""Distinct identifiers remembered; a tree of random data would otherwise fill the memory."""
_LONGEST_TOKEN = 80
_HEAD = 3
"""Letters that stemming never touches: a word with another head than all terms need not be stemmed."""
_BINARY_HEAD = 4_000


class FileTable(Protocol):
    """A tree of files, as `locate` needs it: what there is, and a way to read some of it."""

    @property
    def sizes(self) -> Mapping[str, int]:
        """The size in bytes of every regular file, by path from the root, with `/` between parts."""

    def read(self, paths: Sequence[str]) -> Mapping[str, bytes]:
        """The contents of those files; what cannot be read is left out."""


@dataclass(frozen=True, slots=True)
class Reading:
    """What one file says about a query.

    `length` in bytes; `counts`: occurrences of each term; `defined`: lines on which asked names are defined;
    `phrases`: the quoted phrases that stand in it.
    """

    length: int
    counts: Mapping[str, int]
    defined: Mapping[str, Sequence[int]]
    phrases: Sequence[str]


def contents(files: FileTable, paths: Sequence[str]) -> Iterator[tuple[str, bytes]]:
    """The text files among the paths with their contents, a bounded number of bytes in memory at a time."""
    for chunk in _chunks(files.sizes, paths):
        for path, data in files.read(chunk).items():
            if b"\0" not in data[:_BINARY_HEAD]:
                yield path, data


def _chunks(sizes: Mapping[str, int], paths: Sequence[str]) -> Iterator[list[str]]:
    chunk: list[str] = []
    size = 0
    for path in paths:
        if chunk and size + sizes[path] > _CHUNK:
            yield chunk
            chunk, size = [], 0
        chunk.append(path)
        size += sizes[path]
    if chunk:
        yield chunk


def presence(files: FileTable, paths: Sequence[str], terms: Sequence[str]) -> dict[str, list[str]]:
    """For each file the terms that it or its path contains, as plain substrings: quick, and never too few."""
    needles = [(term, term.encode()) for term in terms]
    found = {}
    for path, data in contents(files, paths):
        lowered = data.lower() + path.lower().encode(errors="replace")
        found[path] = [term for term, needle in needles if needle in lowered]
    return found


def readings(files: FileTable, paths: Sequence[str], query: Query) -> dict[str, Reading]:
    """Exact counts, definitions and phrases for each of the files."""
    terms_of = _Vocabulary(query.terms)
    names = [name.encode() for name in query.names]
    phrases = [phrase.encode() for phrase in query.phrases]
    return {path: _reading(data, terms_of, names, phrases) for path, data in contents(files, paths)}


def _reading(data: bytes, terms_of: _Vocabulary, names: Sequence[bytes], phrases: Sequence[bytes]) -> Reading:
    tokens = data.translate(_SEPARATED).split()
    return Reading(
        length=len(data),
        counts=Counter(chain.from_iterable(map(terms_of.__getitem__, tokens))),
        defined={name.decode(): lines for name, lines in definitions(data, names).items()},
        phrases=[phrase.decode() for phrase in phrases if phrase in data],
    )


class _Vocabulary(dict[bytes, tuple[str, ...]]):
    """The query terms that each identifier holds; worked out once per distinct identifier, which is what makes it fast."""

    def __init__(self, terms: Mapping[str, float]) -> None:
        super().__init__()
        self._terms = frozenset(terms)
        self._heads = frozenset(term[:_HEAD] for term in terms)

    def __missing__(self, token: bytes) -> tuple[str, ...]:
        if len(self) >= _MOST_VOCABULARY:
            self.clear()
        found = self[token] = self._terms_in(token) if len(token) <= _LONGEST_TOKEN else ()
        return found

    def _terms_in(self, token: bytes) -> tuple[str, ...]:
        text = token.decode(errors="replace")
        whole = text.lower()
        found = {stem(part) for part in parts(text) if part[:_HEAD] in self._heads} & self._terms
        return tuple(found | {whole} if whole in self._terms else found)


def rarity(holders: float, total: float) -> float:
    """Inverse document frequency as in BM25: a term in few files says more; never negative."""
    return log(1 + (total - holders + 0.5) / (holders + 0.5))
