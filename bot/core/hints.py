"""Which of several equally good places is meant: told by line numbers, by the enclosing symbol, and by the order."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

from bot.core.aligning import indentation
from bot.core.edit_types import Hunk
from bot.core.haystack import stripped

if TYPE_CHECKING:
    from collections.abc import Sequence

    from bot.core.edit_types import ReplaceText
    from bot.core.matching import Match

_MOST_SLACK: Final = 3
_MOST_HEADINGS: Final = 50
_NO_END: Final = ("{", ")", "]", "}", ":", "#", "//", "/*", "*", "else", "elif", "except", "finally", "end")


@dataclass(frozen=True, slots=True)
class Hints:
    """Where a change should be: at `line` (from 1) or up to `slack` lines further, in `scopes`, at the file's end."""

    line: int | None = None
    slack: int = 0
    scopes: tuple[str, ...] = ()
    at_end: bool = False


def hints_of(edit: ReplaceText) -> Hints:
    """What the edit says of its place beyond the lines themselves."""
    if not isinstance(edit, Hunk):
        return Hints(edit.line)
    old = sum(line[0] != "+" for line in edit.body)
    # lines that the header counts and the body lacks may have stood before the first
    slack = min(max(edit.counts[0] - old, 0), _MOST_SLACK) if edit.counts else 0
    return Hints(edit.line, slack, edit.scopes, edit.at_end)


def choose(real: Sequence[str], matches: Sequence[Match], hints: Hints) -> Sequence[Match]:
    """The matches that the hints speak for; all of them when the hints say nothing or contradict each other."""
    if len(matches) < 2:
        return matches
    chosen = [set[int]() for _ in range(3)]
    for number, match in enumerate(matches):
        if hints.line is not None and 0 <= match.start - (hints.line - 1) <= hints.slack:
            chosen[0].add(number)
        if hints.at_end and not any(map(str.strip, real[match.stop :])):
            chosen[1].add(number)
    chosen[2] = _enclosed(real, matches, hints.scopes)
    spoken = [numbers for numbers in chosen if numbers]
    agreed = set.intersection(*spoken) if spoken else set()
    return [matches[number] for number in sorted(agreed)] if agreed else matches


def _enclosed(real: Sequence[str], matches: Sequence[Match], scopes: Sequence[str]) -> set[int]:
    spans: list[tuple[int, int]] | None = None
    for scope in scopes:
        spans = _scope_spans(real, scope, spans)
    return {
        number
        for number, match in enumerate(matches)
        if any(first < match.stop and match.start < stop for first, stop in spans or ())
    }


def _scope_spans(real: Sequence[str], scope: str, outer: Sequence[tuple[int, int]] | None) -> list[tuple[int, int]]:
    """The first line of each symbol with that heading and one past its last, within the outer ones."""
    wanted = stripped(scope).rstrip(":{ ")
    if not wanted:
        return list(outer or ())
    # git cuts long headings off
    starts = [at for at, line in enumerate(real) if stripped(line).startswith(wanted)]
    starts = [at for at in starts if stripped(real[at]).rstrip(":{ ") == wanted] or starts
    if outer is not None:
        starts = [at for at in starts if any(first < at < stop for first, stop in outer)]
    return [(at, _scope_end(real, at)) for at in starts[:_MOST_HEADINGS]]


def _scope_end(real: Sequence[str], heading: int) -> int:
    """The next line that is not deeper than the heading, brackets and comments aside."""
    depth = len(indentation(real[heading]).expandtabs())
    for at in range(heading + 1, len(real)):
        line = real[at]
        if line.strip() and len(indentation(line).expandtabs()) <= depth and not line.lstrip().startswith(_NO_END):
            return at
    return len(real)


def in_order(spans: Sequence[Sequence[Match]]) -> list[Sequence[Match]]:
    """Those matches of each that leave room for the ones before and after; as they were when some have none.

    Neighbours may overlap in lines that both keep, but each begins and ends after the one before.
    """
    forward = _after_each(spans)
    backward = [list(reversed(one)) for one in reversed(forward)]
    kept: list[Sequence[Match]] = []
    first = last = float("inf")
    for matches in backward:
        fitting = [match for match in matches if match.start < first and match.stop < last]
        if not fitting and matches:
            return list(spans)
        if fitting:
            first, last = max((match.start, match.stop) for match in fitting)
        kept.append(fitting[::-1])
    return kept[::-1]


def _after_each(spans: Sequence[Sequence[Match]]) -> list[Sequence[Match]]:
    kept: list[Sequence[Match]] = []
    first = last = -1
    for matches in spans:
        fitting = [match for match in matches if match.start > first and match.stop > last]
        if not fitting and matches:
            return list(spans)
        if fitting:
            first, last = min((match.start, match.stop) for match in fitting)
        kept.append(fitting)
    return kept
