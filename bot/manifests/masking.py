"""Templates made readable: each action (`{{ … }}`, `{% … %}`) is covered by as many harmless characters.

The covered text parses as YAML where the template is laid out like its result, and every position in it is one in the
template itself. What the actions do is unknown: a condition's two branches both stand there.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterator

_OPEN = re.compile(r"\{\{|\{%|\{#")
_CLOSE = {"{{": "}}", "{%": "%}", "{#": "#}"}
_INK = re.compile(r"[^\r\n]")
_COVER, _COMMENT = "x", "#"


def mask(text: str) -> str:
    """The text with its actions covered: by a comment where they fill their lines, else by a word of that length."""
    pieces: list[str] = []
    done = 0
    for start, end in _groups(text):
        cover = _COMMENT if _fills_lines(text, start, end) else _COVER
        pieces += (text[done:start], _INK.sub(cover, text[start:end]))
        done = end
    return "".join((*pieces, text[done:]))


def _groups(text: str) -> Iterator[tuple[int, int]]:
    """Spans of actions; those with nothing but blanks between them are one."""
    start = end = -1
    for first, last in _actions(text):
        if end >= 0 and not text[end:first].strip(" \t"):
            end = last
            continue
        if end >= 0:
            yield start, end
        start, end = first, last
    if end >= 0:
        yield start, end


def _actions(text: str) -> Iterator[tuple[int, int]]:
    position = 0
    while found := _OPEN.search(text, position):
        close = text.find(_CLOSE[found[0]], found.end())
        if close < 0:
            return
        position = close + 2
        yield found.start(), position


def _fills_lines(text: str, start: int, end: int) -> bool:
    before = text[text.rfind("\n", 0, start) + 1 : start]
    stop = text.find("\n", end)
    after = text[end : stop if stop >= 0 else len(text)]
    return not before.strip() and not after.strip()
