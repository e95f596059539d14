"""Where names are defined, for any language: judged by the one line that a name stands on."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterator

_LONGEST_LINE = 400
_MOST_PLACES = 24
"""Occurrences of one name looked at in one file."""

_KEYWORD = re.compile(
    rb"(?:^|[\s(])(?:def|class|func|fn|fun|function|function\*|interface|struct|enum|trait|type|module|namespace|object|record|union"
    rb"|protocol|impl|mod|macro_rules!|const|let|var|val|static|defmodule|defp|sub|proc|resource|data|variable|output|#define)"
    rb"[ \t]+(?:\([^()]{0,80}\)[ \t]*)?(?:\"\w+\"[ \t]+\"?)?(?:[\w:]{1,80}(?:\.|::))?[\"&*]?$"
)
_TYPED = re.compile(rb"^[ \t]*(?:[A-Za-z_][\w<>\[\],.:?]*[*&]*[ \t]+){1,6}[*&]*(?:[\w:]{1,80}::)?$")
_STATEMENT = re.compile(
    rb"^[ \t]*(?:return|new|await|throw|raise|yield|else|case|not|and|or|if|elif|in|is|print|echo|import|from|del"
    rb"|assert|go|defer|export default|using|use|with)\b"
)
_QUOTE_BEFORE = re.compile(rb"[\"'`]-{0,2}$")
_QUOTE_AFTER = re.compile(rb"[\"'`=, ]")
_PARAMETERS = re.compile(rb"[ \t]*\([^;]*$")
_BRACED = re.compile(rb"[ \t]*\([^;]{0,200}\)[^;(]{0,60}\{[ \t]*\r?$")
_ASSIGNED = re.compile(rb"[ \t]*(?::[^=\n]{1,80})?=[^=]|[ \t]*:(?:[ \t]|$)")
_SHALLOW = re.compile(rb"^(?: {0,4}|\t?)(?:export[ \t]+)?(?:self\.|this\.|exports\.)?[\"']?$")


def definitions(data: bytes, name: bytes) -> list[int]:
    """The lines (1-based) on which a name is defined in a file.

    Option names (`--jobs`) and hyphenated ones (`used-before-assignment`) are defined where they stand quoted.
    """
    return [data.count(b"\n", 0, at) + 1 for at in _defined_at(data, name)]


def _defined_at(data: bytes, name: bytes) -> Iterator[int]:
    bare = name.lstrip(b"-")
    defines = _defines_word if b"-" in name else _defines_name
    at = data.find(bare)
    for _ in range(_MOST_PLACES):
        if at < 0:
            return
        before, after = _line_around(data, at, at + len(bare))
        if defines(before, after):
            yield at
        at = data.find(bare, at + len(bare))


def _line_around(data: bytes, start: int, end: int) -> tuple[bytes, bytes]:
    """What stands on the line before and after a place, the far ends of very long lines left out."""
    first = max(0, start - _LONGEST_LINE)
    before = data[first:start]
    after = data[end : end + _LONGEST_LINE]
    return before[before.rfind(b"\n") + 1 :], after.partition(b"\n")[0]


def _defines_word(before: bytes, after: bytes) -> bool:
    return _QUOTE_BEFORE.search(before) is not None and _QUOTE_AFTER.match(after) is not None


def _continues(char: bytes) -> bool:
    return char.isalnum() or char in {b"_", b"-"} or char >= b"\x80"


def _defines_name(before: bytes, after: bytes) -> bool:
    if _continues(before[-1:]) or _continues(after[:1]):
        return False
    if _KEYWORD.search(before):
        return True
    if _SHALLOW.match(before) and _ASSIGNED.match(after):
        return True
    if not before.strip():
        return _BRACED.match(after) is not None
    return _TYPED.match(before) is not None and not _STATEMENT.match(before) and _PARAMETERS.match(after) is not None
