"""Reading files for a query: which terms are in them and how often, which names they define.

Terms are counted as plain substrings of the normalised text, not by splitting it into words: it is ten times as fast in
Python, finds `mount` in `remountAll` and `mount_point` alike, and ranks no worse.
"""

from __future__ import annotations

from dataclasses import dataclass
from math import log
from typing import TYPE_CHECKING, Protocol

from bot.locate.definitions import definitions

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping, Sequence

    from bot.locate.query import Query

_NORMAL = bytes(byte if byte >= 128 else ord(chr(byte).lower() if chr(byte).isalnum() else " ") for byte in range(256))
"""ASCII letters in lower case, digits and non-ASCII bytes as they are, a space for everything else."""
_SHORT = 3
"""Terms of so few letters are in too many words by chance: they count at the start of a word only."""
_BINARY_HEAD = 4_000


class FileTable(Protocol):
    """A tree of files, as `locate` needs it: what there is, and a way to read some of it."""

    @property
    def sizes(self) -> Mapping[str, int]:
        """The size in bytes of every regular file, by path from the root, with `/` between parts."""

    def read(self, paths: Sequence[str]) -> Iterable[tuple[str, bytes]]:
        """Those files with their contents, in any order; what cannot be read is left out.

        Asked for thousands of files at once and always read to the end, so it should yield them as they come: whatever
        reads them (git, another thread) then works while the last one is scanned, and few are in memory.
        """


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
    """The text files among the paths, with their contents."""
    for path, data in files.read(paths):
        if b"\0" not in data[:_BINARY_HEAD]:
            yield path, data


def normal(data: bytes) -> bytes:
    """Text as terms are looked for in it; lines and positions stay, but for one space put in front."""
    return b" " + data.translate(_NORMAL)


def needles(terms: Iterable[str]) -> list[tuple[str, bytes]]:
    """Each term with the bytes that stand for it in normalised text."""
    return [(term, b" " * (len(term) <= _SHORT) + normal(term.encode())[1:]) for term in terms]


def presence(files: FileTable, paths: Sequence[str], terms: Iterable[str]) -> dict[str, list[str]]:
    """For each file the terms that it or its path contains."""
    sought = needles(terms)
    found = {}
    for path, data in contents(files, paths):
        text = normal(data) + normal(path.encode(errors="replace"))
        found[path] = [term for term, needle in sought if needle in text]
    return found


def readings(files: FileTable, paths: Sequence[str], query: Query) -> dict[str, Reading]:
    """Counts, definitions and phrases for each of the files."""
    terms = needles(query.terms)
    names = [(name, name.encode()) for name in query.names]
    phrases = [(phrase, phrase.encode()) for phrase in query.phrases]
    found = {}
    for path, data in contents(files, paths):
        text = normal(data)
        found[path] = Reading(
            length=len(data),
            counts={term: count for term, needle in terms if (count := text.count(needle))},
            defined={name: lines for name, needle in names if (lines := definitions(data, needle))},
            phrases=[phrase for phrase, needle in phrases if needle in data],
        )
    return found


def rarity(holders: float, total: float) -> float:
    """Inverse document frequency as in BM25: a term in few files says more; never negative."""
    return log(1 + max(0.0, total - holders + 0.5) / (holders + 0.5))
