"""The reasons for a file, each with its worth and the words in which a person is told."""

from __future__ import annotations

from collections import Counter, defaultdict
from dataclasses import dataclass
from math import sqrt
from posixpath import basename, dirname
from typing import TYPE_CHECKING

from bot.locate.paths import PathIndex
from bot.locate.scan import Reading, rarity
from bot.locate.words import stems

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping, Sequence

    from bot.locate.query import Query

# The unit of worth is the best word score of the tree: 1.0 lifts a file as much as being the best by words.
NAMED_PATH = 0.8
NAMED_BASE = 0.3
NAMED_MODULE = 0.35
FRAME = 0.6
DEFINITION = 0.35
PHRASE = 0.3

SATURATION, LENGTH_SHARE = 1.2, 0.4
"""BM25's k1 and b; b is below the usual .75 since long files are long for a reason and get changed more often."""
BASE_WORD, FOLDER_WORD = 1.2, 0.5
"""What a term in the file's name, or in its folders, adds, as a share of the term's rarity."""
_MOST_FITTING = 12
"""A name that fits more files than this (`__init__.py`) names none of them."""
_WORDS_TOLD = 4
_TOLD = 80
"""Characters of a mention repeated in a reason."""


@dataclass(frozen=True, slots=True)
class Evidence:
    """One reason for a file, worth `score`; `lines` are the places that it points at."""

    score: float
    why: str
    lines: tuple[int, ...] = ()


Found = dict[str, list[Evidence]]


def merge(*sources: Iterable[tuple[str, Evidence]]) -> Found:
    """All evidence by file."""
    found: Found = defaultdict(list)
    for source in sources:
        for path, piece in source:
            found[path].append(piece)
    return found


def named(query: Query, paths: Iterable[str]) -> Iterator[tuple[str, Evidence]]:
    """Files that the issue names: by path, by base name, by module, on a stack."""
    if not (query.paths or query.dotted or query.stack):
        return
    index = PathIndex(paths)
    for mention in query.paths:
        agreed, fitting = index.files(mention)
        yield from _shared(fitting, NAMED_PATH if agreed > 1 else NAMED_BASE, f"named in the issue: {mention[:_TOLD]}")
    for dotted in query.dotted:
        agreed, fitting = index.modules(dotted)
        worth = NAMED_MODULE if agreed > 1 else NAMED_MODULE / 2
        yield from _shared(fitting, worth, f"named in the issue: {dotted[:_TOLD]}")
    yield from _on_stack(query, index)


def _shared(
    fitting: Sequence[str], worth: float, why: str, lines: tuple[int, ...] = ()
) -> Iterator[tuple[str, Evidence]]:
    """The same evidence for each file that fits; the more fit, the less it says."""
    if len(fitting) <= _MOST_FITTING:
        yield from ((path, Evidence(worth / len(fitting), why, lines)) for path in fitting)


def _on_stack(query: Query, index: PathIndex) -> Iterator[tuple[str, Evidence]]:
    """Files on the stack: the one nearest to the crash counts whole, those further away ever less."""
    depth = 0
    for frame in query.stack:
        _, fitting = index.files(frame.path)
        depth += bool(fitting)
        inside = f" in {frame.function}" if frame.function else ""
        yield from _shared(fitting, FRAME / max(1, depth), f"stack frame line {frame.line}{inside}", (frame.line,))


def words(query: Query, read: Mapping[str, Reading], idf: Mapping[str, float]) -> Iterator[tuple[str, Evidence]]:
    """BM25 over the terms of the text, plus the terms in the path; the best file's worth is 1.0."""
    usual = sum(reading.length for reading in read.values()) / max(1, len(read))
    by_file = {path: _term_scores(path, reading, query, idf, usual) for path, reading in read.items()}
    totals = {path: sum(scores.values()) for path, scores in by_file.items()}
    best = max(totals.values(), default=0.0)
    for path, scores in by_file.items():
        if totals[path] > 0:
            told = sorted(scores, key=lambda term: -scores[term])[:_WORDS_TOLD]
            yield path, Evidence(totals[path] / best, "words: " + ", ".join(query.surface[term] for term in told))


def _term_scores(path: str, reading: Reading, query: Query, idf: Mapping[str, float], usual: float) -> dict[str, float]:
    slack = SATURATION * (1 - LENGTH_SHARE + LENGTH_SHARE * reading.length / usual)
    scores = {
        term: query.terms[term] * idf[term] * count * (SATURATION + 1) / (count + slack)
        for term, count in reading.counts.items()
    }
    for term, share in path_terms(path).items():
        if term in query.terms:
            scores[term] = scores.get(term, 0.0) + share * query.terms[term] * idf[term]
    return scores


def path_terms(path: str) -> dict[str, float]:
    """The terms in a path with what each adds."""
    return dict.fromkeys(stems(dirname(path)), FOLDER_WORD) | dict.fromkeys(
        stems(basename(path).partition(".")[0]), BASE_WORD
    )


def definitions(query: Query, read: Mapping[str, Reading]) -> Iterator[tuple[str, Evidence]]:
    """Files that define a name of the issue; a name that many files define says little."""
    definers = Counter(name for reading in read.values() for name in reading.defined)
    for path, reading in read.items():
        for name, lines in reading.defined.items():
            worth = DEFINITION * query.names[name] / sqrt(definers[name]) / 2
            yield path, Evidence(worth, f"defines {name}", tuple(lines[:2]))


def phrases(read: Mapping[str, Reading]) -> Iterator[tuple[str, Evidence]]:
    """Files that hold words which the issue quotes: of several such phrases only the rarest counts."""
    holders = Counter(phrase for reading in read.values() for phrase in reading.phrases)
    for path, reading in read.items():
        if reading.phrases:
            rarest = min(reading.phrases, key=lambda phrase: holders[phrase])
            yield path, Evidence(PHRASE / sqrt(holders[rarest]), f'contains "{rarest}"')


def rarities(query: Query, read: Iterable[Reading], sample: Sequence[Reading], total: int) -> dict[str, float]:
    """The rarity of each term in a tree of `total` files.

    A rare term's files have all been read; how common a common one is, only the sample tells, because the others were
    chosen. One hit in the sample is chance and tells nothing.
    """
    seen = Counter(term for reading in read for term in reading.counts)
    sampled = Counter(term for reading in sample for term in reading.counts)
    scale = total / max(1, len(sample))
    estimated = {term: count * scale for term, count in sampled.items() if count > 1}
    return {term: rarity(max(seen[term], estimated.get(term, 0.0)), total) for term in query.terms}
