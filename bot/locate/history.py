"""What past changes tell: a change is likely to touch the files that a change with similar words has touched before.

Commit messages speak the language of issues where code does not. A clone without history (depth 1) simply has nothing
to tell.
"""

from __future__ import annotations

from collections import Counter, defaultdict
from dataclasses import dataclass
from typing import TYPE_CHECKING

from bot.locate.evidence import Evidence
from bot.locate.scan import needles, normal, rarity

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence

    from bot.locate.query import Query

MOST_CHANGES = 1_000
"""Past changes worth looking at; older ones speak of other code."""
SIMILAR = 0.1
TOGETHER = 0.05
_SPREAD = 30
"""A change of more files than this is a sweep, and tells nothing of any of them."""
_LONGEST_MESSAGE = 1_500
_USUAL_MESSAGE = 600
"""Bytes from which on a message matches by its length alone."""
_ANCHORS = 3
_TOLD = 60


@dataclass(frozen=True, slots=True)
class PastChange:
    """One commit: its message as bytes, and the paths that it changed."""

    message: bytes
    paths: tuple[str, ...]


def similar(query: Query, changes: Sequence[PastChange], files: Mapping[str, object]) -> Iterator[tuple[str, Evidence]]:
    """Files of today that past changes touched whose messages share words with the issue; the best is worth SIMILAR."""
    likeness = _likeness(query, [change.message for change in changes])
    nearest: dict[str, tuple[float, bytes]] = {}
    for change, like in zip(changes, likeness, strict=True):
        paths = [path for path in change.paths if path in files]
        if not paths or len(change.paths) > _SPREAD or like <= 0:
            continue
        for path in paths:
            nearest[path] = max(nearest.get(path, (0.0, b"")), (like / len(paths) ** 0.5, change.message))
    best = max((like for like, _ in nearest.values()), default=0.0)
    for path, (like, message) in nearest.items():
        yield path, Evidence(SIMILAR * like / best, f"similar change: {_subject(message)}")


def _likeness(query: Query, messages: Sequence[bytes]) -> list[float]:
    """How much of the issue's words, weighted by their rarity among the messages, each message holds."""
    sought = needles(query.terms)
    texts = [normal(message[:_LONGEST_MESSAGE]) for message in messages]
    held = [[term for term, needle in sought if needle in text] for text in texts]
    holders = Counter(term for terms in held for term in terms)
    worth = {term: query.terms[term] * rarity(count, len(messages)) for term, count in holders.items()}
    return [
        sum(worth[term] for term in terms) / (1 + len(text) / _USUAL_MESSAGE) ** 0.5
        for terms, text in zip(held, texts, strict=True)
    ]


def _subject(message: bytes) -> str:
    words = message[:_LONGEST_MESSAGE].decode(errors="replace").split("\n", 1)[0].split()
    subject = " ".join(words)
    return subject if len(subject) <= _TOLD else f"{subject[: _TOLD - 1]}…"


def together(scores: Mapping[str, float], changes: Sequence[PastChange]) -> Iterator[tuple[str, Evidence]]:
    """Files that were often changed together with the best ones so far."""
    anchors = sorted(scores, key=lambda path: -scores[path])[:_ANCHORS]
    narrow = [change for change in changes if 1 < len(change.paths) <= _SPREAD]
    for anchor in anchors:
        shared: dict[str, float] = defaultdict(float)
        changed = [change for change in narrow if anchor in change.paths]
        for change in changed:
            for path in change.paths:
                shared[path] += 1 / (len(change.paths) - 1)
        for path in shared.keys() - {anchor}:
            # two more changes than there were, so that a single one proves little
            worth = TOGETHER * scores[anchor] * shared[path] / (len(changed) + 2)
            yield path, Evidence(worth, f"often changed with {anchor}")
