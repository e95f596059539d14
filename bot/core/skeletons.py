"""Outlines of files for a reader with little room: the lines that define something, in any language.

Recognised by the line alone, without parsers: an outline has to work for every language, for files that do not parse,
and within a millisecond a file; a missed line costs little.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from itertools import islice
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

_LONGEST_LINE = 160
_MOST_LINES = 20_000
"""Lines of a file looked at; what stands behind is data."""
_DEEPEST = 8
"""Columns of indentation up to which a definition is one of a type or module, not a helper inside a function."""
_TAB = 4
_MOST_HEADINGS = 200

_MODIFIERS = (
    r"(?:(?:export|default|public|private|protected|internal|static|final|abstract|async|unsafe|const|override|virtual"
    r"|inline|extern|sealed|partial|readonly|open|data|suspend|pub(?:\([a-z]{1,9}\))?)[ \t]+){0,6}"
)
_KEYWORD = (
    r"(?:def|class|func|fn|fun|function\*?|interface|struct|enum|trait|type|module|namespace|object|record|union"
    r"|protocol|impl|mod|macro_rules!|defmodule|defp|sub|proc|resource|provider|message|service|rpc|CREATE TABLE"
    r"|create table|#define)"
)
_NAME = r"(?:\([^()]{0,80}\)[ \t]*)?(?:<[^<>]{0,40}>[ \t]*)?\"?(?P<name>[A-Za-z_$][\w$.:!?]{0,80})"
_DEFINITION = re.compile(rf"[ \t]*{_MODIFIERS}{_KEYWORD}(?:<[^<>]{{0,40}}>)?[ \t]+{_NAME}")
_TYPED = re.compile(
    r"[ \t]*(?:[A-Za-z_<][\w<>\[\],.:?]{0,60}[*&]{0,2}[ \t]+){1,5}[*&]{0,2}(?P<name>[\w:~]{1,80})\([^;]{0,120}$"
)
_METHOD = re.compile(r"[ \t]*(?:async[ \t]+)?(?P<name>[A-Za-z_$][\w$]{0,80})[ \t]*\([^;]{0,120}\)[^;()]{0,40}\{$")
_BOUND = re.compile(
    r"[ \t]*(?:export[ \t]+)?(?:(?:const|let|var)[ \t]+|(?:module\.)?exports\.|[\w$]{1,40}\.prototype\.)"
    r"(?P<name>[A-Za-z_$][\w$]{0,80})[ \t]*[=:]"
)
_CONSTANT = re.compile(r"(?P<name>[A-Za-z_][\w.-]{0,80})(?::[^=\n]{1,60})?[ \t]*(?:=(?!=)|:(?=[ \t]|$))")
_SECTION = re.compile(r"\[{1,2}(?P<name>[^\[\]]{1,80})\]{1,2}$")
_HEADING = re.compile(r"^(?:#{1,4}|={1,4})[ \t]+(?P<name>\S.{0,100})$", re.MULTILINE)
_STATEMENT = re.compile(
    r"[ \t]*(?:return|new|await|throw|raise|yield|else|case|if|elif|for|while|switch|catch|with|assert|print|do|try|in"
    r"|not|using)\b"
)
_TYPES_AND_FUNCTIONS = (_DEFINITION, _METHOD, _TYPED)
_VALUES_ANYWHERE = (_BOUND,)
_VALUES = (_BOUND, _CONSTANT, _SECTION)
_VALUE = 6
"""Columns by which a named value counts as standing further in: it says less than a function beside it."""


@dataclass(frozen=True, slots=True)
class Entry:
    """One line of an outline: its number (1-based), the name it defines, its text; `level` 0 matters most."""

    line: int
    name: str
    text: str
    level: int = 0


def entries(text: str) -> Iterator[Entry]:
    """The lines that define something, in order."""
    start = 0
    for number in range(1, _MOST_LINES + 1):
        end = text.find("\n", start)
        entry = _entry(number, text[start : min(start + _LONGEST_LINE, end if end >= 0 else len(text))].rstrip())
        if entry:
            yield entry
        if end < 0:
            return
        start = end + 1


def _entry(number: int, line: str) -> Entry | None:
    depth = _depth(line)
    if not line or depth > _DEEPEST or _STATEMENT.match(line):
        return None
    for forms, level in ((_TYPES_AND_FUNCTIONS, depth), (_VALUES_ANYWHERE if depth else _VALUES, depth + _VALUE)):
        match = next((found for form in forms if (found := form.match(line))), None)
        if match:
            return Entry(number, match["name"].rstrip(":"), line, level)
    return None


def _depth(line: str) -> int:
    head = line[: len(line) - len(line.lstrip(" \t"))]
    return len(head) + head.count("\t") * (_TAB - 1)


def skeleton(text: str, windows: Sequence[tuple[int, int]], characters: int) -> str:
    """The outline of a file within so many characters, its lines numbered.

    Where not all fits, the definitions in and right above the windows (1-based, inclusive) come first, then the outer
    ones before the inner ones. A file that defines nothing shows its headings, or the beginnings of its windows.
    """
    found = list(entries(text)) or list(_headings(text)) or list(_beginnings(text, windows))
    inside = {entry.line for entry in found if any(first <= entry.line <= last for first, last in windows)}
    inside |= {max(above) for first, _ in windows if (above := [entry.line for entry in found if entry.line <= first])}
    kept: list[Entry] = []
    room = characters
    for entry in sorted(found, key=lambda entry: (entry.line not in inside, entry.level, entry.line)):
        room -= len(_shown(entry)) + 1
        if room < 0:
            break
        kept.append(entry)
    return "\n".join(_shown(entry) for entry in sorted(kept, key=lambda entry: entry.line))


def _shown(entry: Entry) -> str:
    return f"{entry.line}: {entry.text}"


def _headings(text: str) -> Iterator[Entry]:
    for match in islice(_HEADING.finditer(text), _MOST_HEADINGS):
        yield Entry(text.count("\n", 0, match.start()) + 1, match["name"], match[0])


def _beginnings(text: str, windows: Sequence[tuple[int, int]]) -> Iterator[Entry]:
    lines = text.split("\n")
    for first, last in windows:
        said = (number for number in range(first, min(last, len(lines)) + 1) if lines[number - 1].strip())
        yield from (Entry(number, "", lines[number - 1][:_LONGEST_LINE]) for number in islice(said, 4))
