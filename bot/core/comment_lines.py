"""Finds the command in a comment's lines; everything that Markdown shows as something else is deaf.

Every ignored comment passes through here, so nothing but `re` is imported and no dataclass is made.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterator

WORDS = (
    "generate",
    "suggest",
    "review",
    "revise",
    "approve",
    "reject",
    "retry",
    "explain",
    "hint",
    "refresh",
    "help",
)
"""The commands there are; `bot.core.commands` says what each means."""

FOREIGN = frozenset(
    ("improve", "lint", "preview", "react", "rebase", "reset", "retest", "revert", "revive", "unapprove")
)
"""Words of other widely used bots that are within two letters of ours and yet no slip of the pen."""

_LINE_END = re.compile(r"\r\n|\n|\r")
_FENCE = re.compile(r" {0,3}(`{3,}(?=[^`]*$)|~{3,})")
_FENCE_END = re.compile(r" {0,3}(`{3,}|~{3,})[ \t]*$")
_QUOTE_OR_CODE = re.compile(r" {0,3}>| {0,3}\t| {4}")
_WORD = re.compile(r" {0,3}/([A-Za-z][A-Za-z0-9_-]{0,30}[:,.;!?]?)(?=\s|$)")
_GAP = "<!-- -->"


def split_lines(text: str) -> list[str]:
    """The lines as Markdown has them: only CR and LF end one, not the further characters of `str.splitlines`."""
    return _LINE_END.split(text)


def find_command(lines: list[str]) -> tuple[int, str, bool] | None:
    """The command line's index, its word in lower case as typed, and whether a later line gives a command too.

    None when the first line that can carry a command does not begin with one of ours or a near miss of one. Up to three
    spaces before the slash do not count, as in Markdown.
    """
    live = _live_lines(lines)
    index, line = next(live, (0, ""))
    typed = _word(line)
    if nearest(typed) is None:
        return None
    return index, typed, any(_word(later) in WORDS for _, later in live)


def nearest(typed: str) -> str | None:
    """The command word that was meant: at most two letters and a third of the right word away."""
    if not typed or typed in FOREIGN:
        return None
    away, word = min((_distance(typed, word), word) for word in WORDS)
    return word if away <= min(2, len(word) // 3) else None


def _live_lines(lines: list[str]) -> Iterator[tuple[int, str]]:
    """The lines that can carry a command, with their index; a gap stands for what Markdown hides in them."""
    fence, hidden = "", False
    for index, line in enumerate(lines):
        if fence:
            end = _FENCE_END.match(line)
            fence = "" if end and end[1].startswith(fence) else fence
            continue
        start = None if hidden else _FENCE.match(line)
        if start:
            fence = start[1]
            continue
        shown, hidden = _without_hidden(line, hidden=hidden)
        if shown.replace(_GAP, "").strip() and not _QUOTE_OR_CODE.match(shown):
            yield index, shown


def _without_hidden(line: str, *, hidden: bool) -> tuple[str, bool]:
    """The line with a gap for every HTML comment in it, and whether one is still open at its end."""
    parts: list[str] = []
    at = 0
    while True:
        mark = "-->" if hidden else "<!--"
        found = line.find(mark, at)
        end = len(line) if found < 0 else found
        parts.append(_GAP if hidden else line[at:end])
        if found < 0:
            return "".join(parts), hidden
        at = end + len(mark)
        hidden = not hidden


def _word(line: str) -> str:
    match = _WORD.match(line)
    return match[1].lower() if match else ""


def _distance(one: str, other: str) -> int:
    """Letters to insert, delete, exchange or swap with their neighbour (optimal string alignment)."""
    before: list[int] = []
    row = list(range(len(other) + 1))
    for i, letter in enumerate(one, 1):
        earlier, before = before, row
        row = [i]
        for j, against in enumerate(other, 1):
            cost = min(before[j] + 1, row[-1] + 1, before[j - 1] + (letter != against))
            if i > 1 and j > 1 and letter == other[j - 2] and one[i - 2] == against:
                cost = min(cost, earlier[j - 2] + 1)
            row.append(cost)
    return row[-1]
