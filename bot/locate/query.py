"""What an issue's text says about places in the code: weighted words, names, paths, stack frames, quoted messages."""

from __future__ import annotations

import re
from collections import Counter
from dataclasses import dataclass
from typing import TYPE_CHECKING

from bot.locate.frames import Frame, frames
from bot.locate.words import STOP_WORDS, is_compound, parts, stem, whole

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

_MOST_TEXT = 100_000
"""Characters read of an issue; what matters stands before that, the rest is logs."""
_MOST_TERMS = 48
_MOST_NAMES = 24
_MOST_MENTIONS = 40
_MOST_PHRASES = 12

# How much a word counts by where it stands: the title is the summary, code spans hold chosen names, while a code block
# is mostly the reporter's own program and its output.
_TITLE, _PROSE, _SPAN, _BLOCK = 3.0, 1.0, 2.0, 0.5

_HTML_COMMENT = re.compile(r"<!--.*?(?:-->|\Z)", re.DOTALL)
_FENCE = re.compile(r"^[ \t]{0,3}(?:>[ \t]?)?(```+|~~~+)", re.MULTILINE)
_SPAN_TEXT = re.compile(r"(`{1,2})([^`\n]{1,300})\1")
_URL = re.compile(r"https?://\S+")
_IDENTIFIER = re.compile(r"[^\W\d]\w{1,79}")
_DOTTED = re.compile(r"(?<!\w)[A-Za-z_]\w{0,79}(?:(?:\.|::|\\|#)[A-Za-z_]\w{0,79}){1,9}")
_CALL = re.compile(r"(?<!\w)([A-Za-z_]\w{2,79})\(")
_KEBAB = re.compile(r"(?<![\w-])[A-Za-z][a-z0-9]+(?:-[a-z0-9]+){1,6}(?![\w-])")
_LONG_OPTION = re.compile(r"(?<![\w-])--[A-Za-z][\w-]{1,60}")
_PATH = re.compile(r"(?<![^\s\"'`()<>,;:=\[\]])(?:[A-Za-z]:)?[\w@.+~-]*(?:[/\\][\w@.+~-]+)*\.[A-Za-z]\w{0,9}(?!\w)")
_FOLDER_PATH = re.compile(r"(?<![^\s\"'`()<>,;:=\[\]])(?:[\w@.+~-]+/){1,12}[\w@.+~-]+")
_OWN = re.compile(r"\b(?:def|class|function|func|fn|struct|interface)[ \t]+([A-Za-z_]\w*)")
_QUOTED = re.compile(r"(?<!\w)(?:\"([^\"\n]{12,300})\"|'([^'\n]{12,300})')(?!\w)")
_ERROR_LINE = re.compile(
    r"^[>E \t]{0,12}[\w.]{0,100}(?:Error|Exception|Warning|panic|fatal)\w{0,20}: *([^\n]{8,400})", re.MULTILINE
)


@dataclass(frozen=True, slots=True)
class Query:
    """An issue, reduced to what can be looked for in files.

    `terms`: stems of words with their weights; `surface`: the word as written for each stem; `names`: exact identifiers
    and option names with their weights; `dotted`: qualified names; `paths`: file paths as written; `stack`: frames,
    crash first; `phrases`: runs of words that a program printed.
    """

    terms: Mapping[str, float]
    surface: Mapping[str, str]
    names: Mapping[str, float]
    dotted: tuple[str, ...]
    paths: tuple[str, ...]
    stack: tuple[Frame, ...]
    phrases: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class _Segment:
    """A piece of the issue with the weight of its words; in a code span even a plain word is a chosen name."""

    text: str
    weight: float
    is_span: bool = False


def read_issue(text: str) -> Query:
    """Take an issue's text (title first) apart; bounded for any input."""
    whole_characters = text[:_MOST_TEXT].encode(errors="replace").decode()
    text = _HTML_COMMENT.sub(" ", whole_characters)
    bare = _URL.sub(" ", text)
    segments = list(_segments(bare))
    terms, surface = _terms(segments)
    return Query(
        terms=terms,
        surface=surface,
        names=_names(segments, frozenset(_OWN.findall(text))),
        dotted=_unique(_DOTTED.findall(bare), _MOST_MENTIONS),
        paths=_unique(_PATH.findall(text) + _FOLDER_PATH.findall(bare), _MOST_MENTIONS),
        stack=tuple(frames(text)),
        phrases=_phrases(bare),
    )


def _segments(text: str) -> Iterator[_Segment]:
    """The text in pieces, each with the weight of its words."""
    title, _, body = text.lstrip().partition("\n")
    yield from _prose(title, _TITLE)
    inside = False
    start = 0
    for fence in _FENCE.finditer(body):
        yield from _piece(body[start : fence.start()], inside=inside)
        inside, start = not inside, fence.end()
    yield from _piece(body[start:], inside=inside)


def _piece(text: str, *, inside: bool) -> Iterator[_Segment]:
    if inside:
        yield _Segment(text, _BLOCK)
    else:
        yield from _prose(text, _PROSE)


def _prose(text: str, weight: float) -> Iterator[_Segment]:
    for span in _SPAN_TEXT.finditer(text):
        yield _Segment(span[2], max(weight, _SPAN), is_span=True)
    yield _Segment(_SPAN_TEXT.sub(" ", text), weight)


def _terms(segments: list[_Segment]) -> tuple[dict[str, float], dict[str, str]]:
    """Stems with the weight of their best place, and the root of how often they stand there on top."""
    weight: dict[str, float] = {}
    count: Counter[str] = Counter()
    surface: dict[str, str] = {}
    for segment in segments:
        for word, key in _words(segment.text):
            surface.setdefault(key, word)
            weight[key] = max(weight.get(key, 0.0), segment.weight)
            count[key] += 1
    scored = {key: value * count[key] ** 0.5 for key, value in weight.items()}
    kept = sorted(scored, key=lambda key: -scored[key])[:_MOST_TERMS]
    return {key: scored[key] for key in kept}, surface


def _words(text: str) -> Iterator[tuple[str, str]]:
    """The words of a text as (as written, term): each identifier's parts, and the whole of a compound one."""
    for compound in (*_KEBAB.findall(text), *filter(is_compound, _IDENTIFIER.findall(text))):
        yield compound, whole(compound)
    for identifier in _IDENTIFIER.findall(text):
        if identifier.lower() not in STOP_WORDS:
            found = [part for part in parts(identifier) if part not in STOP_WORDS]
            yield from ((identifier if len(found) == 1 else part, stem(part)) for part in found)


def _names(segments: list[_Segment], own: frozenset[str]) -> dict[str, float]:
    """Exact names worth finding the definition of; what the issue's own snippets define is not in the repository."""
    found: dict[str, float] = {}
    for segment in segments:
        for name in _named(segment.text, everything=segment.is_span):
            if len(name) > 2 and name not in own and name.lower() not in STOP_WORDS:
                found[name] = max(found.get(name, 0.0), min(segment.weight, _SPAN))
    kept = sorted(found, key=lambda name: -found[name])[:_MOST_NAMES]
    return {name: found[name] for name in kept}


def _named(text: str, *, everything: bool) -> Iterator[str]:
    yield from (name for name in _IDENTIFIER.findall(text) if everything or is_compound(name))
    yield from _CALL.findall(text)
    yield from _LONG_OPTION.findall(text)
    yield from (name for name in _KEBAB.findall(text) if everything or name.count("-") > 1)
    for dotted in _DOTTED.findall(text):
        yield from re.split(r"\W+", dotted)


def _phrases(text: str) -> tuple[str, ...]:
    """Four-word runs of what a program printed: so short that some survive line breaks and filled-in values."""
    messages = [double or single for double, single in _QUOTED.findall(text)]
    messages += [span for _, span in _SPAN_TEXT.findall(text)] + _ERROR_LINE.findall(text)
    found = []
    for message in messages:
        for run in re.split(r"[^A-Za-z ,']+", message):
            words = run.split()
            found += [" ".join(words[at : at + 4]) for at in range(max(0, len(words) - 3))]
    return _unique(found, _MOST_PHRASES)


def _unique(found: list[str], most: int) -> tuple[str, ...]:
    return tuple(dict.fromkeys(found))[:most]
