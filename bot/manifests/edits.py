"""Edits by place: a span of the text and what stands there afterwards."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

if TYPE_CHECKING:
    from collections.abc import Iterable


class Edit(NamedTuple):
    """Characters `start` to `end` (not included) of the text give way to `text`; an insertion has `start == end`."""

    start: int
    end: int
    text: str


def apply(text: str, edits: Iterable[Edit]) -> str:
    """The text with all edits made; insertions at one place keep the order in which they are given.

    Raises:
        ValueError: when two edits overlap or one lies outside the text.
    """
    pieces: list[str] = []
    done = 0
    for edit in sorted(edits, key=lambda one: one[:2]):
        if not done <= edit.start <= edit.end <= len(text):
            raise ValueError(f"overlaps or lies outside the text: {edit}")
        pieces += (text[done : edit.start], edit.text)
        done = edit.end
    return "".join((*pieces, text[done:]))
