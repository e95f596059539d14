"""Definitions whose names share words with the issue: `save_session` for one about sessions that are not saved."""

from __future__ import annotations

import re
from collections import Counter
from typing import TYPE_CHECKING

from bot.locate.evidence import SATURATION, Evidence
from bot.locate.words import stems

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

LIKE = 0.12
_NEARLY = 0.6
"""Definitions that share this much of what the best one shares are worth showing too."""
_MOST_LINES = 3
_MOST_DEFINITIONS = 5_000
_DEFINITION = re.compile(
    rb"^[ \t]{0,12}(?:(?:export|default|public|private|protected|static|final|abstract|async|pub(?:\([a-z]{1,9}\))?"
    rb"|unsafe|const|override|inline|virtual)[ \t]+){0,5}"
    rb"(?:def|class|func|fn|fun|function|interface|struct|enum|trait|type|module|impl|macro_rules!)[ \t]+"
    rb"(?:\([^)\n]{0,80}\)[ \t]*)?([\w.:]{2,80})|^([A-Z_][A-Z0-9_]{3,60})(?=[ \t]*[:=])",
    re.MULTILINE,
)


def like(worth: Mapping[str, float], texts: Mapping[str, bytes]) -> Iterator[tuple[str, Evidence]]:
    """Files by what their definitions' names share with the issue; the best is worth LIKE.

    `worth` is the weight of each term; terms of several words are no part of a name.
    """
    shares = {path: list(_shared(worth, data)) for path, data in texts.items()}
    totals = {path: _total(worth, found) for path, found in shares.items()}
    most = max(totals.values(), default=0.0)
    for path, found in shares.items():
        if not found:
            continue
        ranked = sorted(found, key=lambda one: -sum(worth[term] for term in one[2]))
        enough = _NEARLY * sum(worth[term] for term in ranked[0][2])
        near = [one for one in ranked[:_MOST_LINES] if sum(worth[term] for term in one[2]) >= enough]
        lines = tuple(texts[path].count(b"\n", 0, at) + 1 for at, _, _ in near)
        yield path, Evidence(LIKE * totals[path] / most, f"defines {near[0][1]}", lines)


def _shared(worth: Mapping[str, float], data: bytes) -> Iterator[tuple[int, str, frozenset[str]]]:
    """Place, name and shared terms of each definition that shares any."""
    for count, match in enumerate(_DEFINITION.finditer(data)):
        if count == _MOST_DEFINITIONS:
            return
        group = 1 if match[1] else 2
        name = match[group].decode(errors="replace")
        if terms := worth.keys() & set(stems(name)):
            yield match.start(group), name, frozenset(terms)


def _total(worth: Mapping[str, float], found: list[tuple[int, str, frozenset[str]]]) -> float:
    counts = Counter(term for _, _, terms in found for term in terms)
    return sum(worth[term] * count * (SATURATION + 1) / (count + SATURATION) for term, count in counts.items())
