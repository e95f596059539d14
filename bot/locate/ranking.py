"""The ranking: which files an issue is about, from all the evidence together."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from bot.locate import evidence
from bot.locate.paths import Kind, kind_of
from bot.locate.query import Query, read_issue
from bot.locate.scan import FileTable, Reading, contents, presence, readings
from bot.locate.windows import Window, windows

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping, Sequence

_KEPT, _KEPT_BYTES = 400, 4_000_000
"""Files read closely, and their bytes: the right ones are among them unless they share hardly a word with the issue."""
_SIEVE_TERMS = 10
"""Terms looked for in every file; each costs half a nanosecond a byte."""
_SAMPLE = 100
"""Files from which it is estimated how common a term is."""
_MOST_BYTES = 32_000_000
"""Bytes scanned at most, about a third of a second; beyond that, foreign files, documents and tests go first."""
_OF_THE_ISSUE = 1.5
"""How much likelier a file is whose path holds a term of the issue, when not all can be scanned."""
_PEAK_TERMS = 10
_REASONS = 6


@dataclass(frozen=True, slots=True)
class Located:
    """A file that the issue is probably about.

    `score` has no unit: it orders the files of one answer, and 1.0 is about the best match by words alone. `lines` are
    the windows worth showing, 1-based and inclusive, ascending. `why` are short reasons for people, strongest first.
    """

    path: str
    score: float
    lines: tuple[Window, ...]
    why: tuple[str, ...]

    def as_json(self) -> dict[str, Any]:
        """The value that `draftgate locate --json` prints."""
        return {
            "path": self.path,
            "score": round(self.score, 4),
            "lines": [list(window) for window in self.lines],
            "why": list(self.why),
        }


def locate(issue: str, files: FileTable, limit: int = 30) -> list[Located]:
    """The files that an issue is about, best first, at most `limit`.

    Files without any evidence are left out, so the answer can be shorter, or empty. Time and memory are bounded for any
    issue and any tree: long issues are cut, huge and binary files are not read, and only so many bytes of the
    others.
    """
    query = read_issue(issue)
    sizes = files.sizes
    kinds = {path: kind for path, size in sizes.items() if (kind := kind_of(path, size)) is not Kind.LEFT_OUT}
    found = evidence.merge(evidence.named(query, kinds))
    sample, chosen = _sieve(files, kinds, query, found)
    read = readings(files, chosen, query)
    idf = evidence.rarities(query, read.values(), sample, len(kinds))
    for path, piece in (*evidence.words(query, read, idf), *evidence.definitions(query, read), *evidence.phrases(read)):
        found[path].append(piece)
    scores = {path: sum(piece.score for piece in found[path]) * kinds[path].value for path in read if found[path]}
    best = sorted(scores, key=lambda path: (-scores[path], path))[: max(0, limit)]
    lines = _lines(files, best, found, {term: weight * idf[term] for term, weight in query.terms.items()})
    return [Located(path, scores[path], lines.get(path, ()), _why(found[path])) for path in best]


def _lines(
    files: FileTable, paths: Sequence[str], found: evidence.Found, words: Mapping[str, float]
) -> dict[str, tuple[Window, ...]]:
    """The windows worth showing of each file: around what the evidence points at, and where the best words gather."""
    strongest = dict(sorted(words.items(), key=lambda item: -item[1])[:_PEAK_TERMS])
    places = {path: [line for piece in _strongest_first(found[path]) for line in piece.lines] for path in paths}
    return {path: windows(data, places[path], strongest) for path, data in contents(files, paths)}


def _why(pieces: Sequence[evidence.Evidence]) -> tuple[str, ...]:
    return tuple(dict.fromkeys(piece.why for piece in _strongest_first(pieces)))[:_REASONS]


def _strongest_first(pieces: Sequence[evidence.Evidence]) -> list[evidence.Evidence]:
    return sorted(pieces, key=lambda piece: -piece.score)


def _sieve(
    files: FileTable, kinds: Mapping[str, Kind], query: Query, found: evidence.Found
) -> tuple[list[Reading], list[str]]:
    """A sample of the tree, and the files to read closely: all of a small tree, the promising ones of a large one."""
    sizes = files.sizes
    if len(kinds) <= _KEPT and sum(sizes[path] for path in kinds) <= _KEPT_BYTES:
        return [], list(kinds)
    paths = _scanned(sizes, kinds, query)
    sample = list(readings(files, paths[:: max(1, len(paths) // _SAMPLE)], query).values())
    idf = evidence.rarities(query, (), sample, len(kinds))
    worth = {term: weight * idf[term] for term, weight in query.terms.items()}
    sought = sorted(worth, key=lambda term: -worth[term])[:_SIEVE_TERMS]
    scores = {
        path: kinds[path].value * sum(worth[term] for term in present)
        for path, present in presence(files, paths, sought).items()
    }
    named = sorted(found, key=lambda path: -sum(piece.score for piece in found[path]))
    likely = sorted(scores, key=lambda path: -scores[path])[:_KEPT]
    return sample, list(_within(sizes, dict.fromkeys([*named, *likely]), _KEPT_BYTES))


def _scanned(sizes: Mapping[str, int], kinds: Mapping[str, Kind], query: Query) -> list[str]:
    """All files, or of a very large tree the likeliest ones that the limit on bytes allows."""
    if sum(sizes[path] for path in kinds) <= _MOST_BYTES:
        return list(kinds)
    of_the_issue = re.compile("|".join(re.escape(term) for term in query.terms if " " not in term) or "(?!)")
    likelihood = {
        path: kind.value * (_OF_THE_ISSUE if of_the_issue.search(path.lower()) else 1.0) for path, kind in kinds.items()
    }
    return sorted(_within(sizes, sorted(kinds, key=lambda path: -likelihood[path]), _MOST_BYTES))


def _within(sizes: Mapping[str, int], paths: Iterable[str], most: int) -> Iterator[str]:
    """The first of the paths, as far as their bytes together stay within a limit."""
    total = 0
    for path in paths:
        total += sizes[path]
        if total > most:
            return
        yield path
