"""A model's reasoning, which some endpoints leave in the reply between tags."""

from __future__ import annotations

import re
from dataclasses import dataclass

_TAG = re.compile(r"(?<!`)<(/?)(?:think|thinking|reasoning|thought)>", re.IGNORECASE)


@dataclass(frozen=True, slots=True)
class Spoken:
    """A line without reasoning: its `text`, whether the reasoning goes on, and whether some ended that never began."""

    text: str
    inside: bool
    orphan: bool = False


def spoken(line: str, *, inside: bool) -> Spoken:
    """What of the line is not reasoning; `inside` says whether it begins within some."""
    if "<" not in line:
        return Spoken("" if inside else line, inside)
    parts: list[str] = []
    orphan, done = False, 0
    for tag in _TAG.finditer(line):
        if not inside:
            parts.append(line[done : tag.start()])
        if tag[1] and not inside:
            orphan, parts = True, []
        inside, done = not tag[1], tag.end()
    if not inside:
        parts.append(line[done:])
    return Spoken("".join(parts), inside, orphan)
