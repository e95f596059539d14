"""The ranking: which files an issue is about, from all the evidence together."""

from __future__ import annotations

import re
from itertools import islice
from typing import TYPE_CHECKING

from bot.locate import evidence, history, neighbours, outlines
from bot.locate.located import Located
from bot.locate.paths import Kind, kind_of
from bot.locate.query import Query, read_issue
from bot.locate.scan import FileTable, Reading, contents, presence, readings
from bot.locate.windows import windows

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping, Sequence

    from bot.locate.history import PastChange
    from bot.locate.located import Window

_KEPT, _KEPT_BYTES = 400, 4_000_000
"""Files read closely, and their bytes: the right ones are among them unless they share hardly a word with the issue."""
_NAMED = 60
"""Of these, files that the issue names or that similar changes touched, whatever words are in them."""
_SIEVE_TERMS = 10
"""Terms looked for in every file; each costs half a nanosecond a byte."""
_SAMPLE = 100
"""Files from which it is estimated how common a term is."""
_MOST_BYTES = 24_000_000
"""Bytes scanned at most, about a quarter of a second; beyond that, foreign files, documents and tests go first."""
_OF_THE_ISSUE = 1.5
"""How much likelier a file is whose path holds a term of the issue, when not all can be scanned."""
_NEAR = 45
"""Files whose definitions are looked at, and among which the last word about the order is said."""
_PEAK_TERMS = 10
_REASONS = 6
_WORTH_TELLING = 0.03
"""The share of a file's score below which a reason is not worth a person's time."""


def locate(issue: str, files: FileTable, limit: int = 30, past: Iterable[PastChange] = ()) -> list[Located]:
    """The files that an issue is about, best first, at most `limit`; `past` are the latest changes, where known.

    Files without any evidence are left out, so the answer can be shorter, or empty. Time and memory are bounded for any
    issue and any tree: long issues are cut, huge and binary files are not read, and only so many bytes of the
    others.
    """
    query = read_issue(issue)
    sizes = files.sizes
    kinds = {path: kind for path, size in sizes.items() if (kind := kind_of(path, size)) is not Kind.LEFT_OUT}
    changes = tuple(islice(past, history.MOST_CHANGES))
    found = evidence.merge(evidence.named(query, kinds), history.similar(query, changes, kinds))
    sample, chosen = _sieve(files, kinds, query, found)
    read = readings(files, chosen, query)
    idf = evidence.rarities(query, read.values(), sample, len(kinds))
    _weigh(query, read, idf, kinds, found)
    for path, piece in history.together(_scores(read, kinds, found), changes):
        found[path].append(piece)
    near = _best(_scores(read, kinds, found), max(_NEAR, limit))
    texts = dict(contents(files, near))
    worth = {term: weight * idf[term] for term, weight in query.terms.items()}
    for path, piece in outlines.like(worth, texts):
        found[path].append(piece)
    scores = _scores(near, kinds, found)
    strongest = dict(sorted(worth.items(), key=lambda item: -item[1])[:_PEAK_TERMS])
    return [
        Located(path, scores[path], _windows(found[path], texts.get(path, b""), strongest), _why(found[path]))
        for path in _best(scores, max(0, limit))
    ]


def _weigh(
    query: Query,
    read: Mapping[str, Reading],
    idf: Mapping[str, float],
    kinds: Mapping[str, Kind],
    found: evidence.Found,
) -> None:
    """Add the evidence of the files that were read closely."""
    of_words = list(evidence.words(query, read, idf))
    words = {path: piece.score for path, piece in of_words}
    for path, piece in (
        *of_words,
        *evidence.definitions(query, read),
        *evidence.phrases(read),
        *neighbours.folder_names(query, words),
        *neighbours.folder_files(words, kinds),
        *neighbours.tested(words, kinds, read),
    ):
        found[path].append(piece)


def _best(scores: Mapping[str, float], most: int) -> list[str]:
    return sorted(scores, key=lambda path: (-scores[path], path))[:most]


def _scores(paths: Iterable[str], kinds: Mapping[str, Kind], found: evidence.Found) -> dict[str, float]:
    return {path: sum(piece.score for piece in found[path]) * kinds[path].value for path in paths if found[path]}


def _windows(pieces: Sequence[evidence.Evidence], data: bytes, words: Mapping[str, float]) -> tuple[Window, ...]:
    """The windows worth showing: around what the evidence points at, and where the best words gather."""
    return windows(data, [line for piece in _strongest_first(pieces) for line in piece.lines], words)


def _why(pieces: Sequence[evidence.Evidence]) -> tuple[str, ...]:
    enough = _WORTH_TELLING * sum(piece.score for piece in pieces)
    told = [piece.why for piece in _strongest_first(pieces) if piece.score >= enough]
    return tuple(dict.fromkeys(told))[:_REASONS]


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
    promised = {path: kinds[path].value * sum(piece.score for piece in pieces) for path, pieces in found.items()}
    named = sorted(promised, key=lambda path: -promised[path])[:_NAMED]
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
