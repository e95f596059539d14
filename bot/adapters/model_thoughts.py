"""Takes a model's reasoning out of its answer where an endpoint sends it in the text, as it streams. Pure.

Only blocks before the answer's first word are reasoning for certain, closed or not; what a tag in the middle of it
means depends on the edit around it, so that is for `bot.replies` to tell.
"""

from __future__ import annotations

import re
from dataclasses import dataclass

_BEGIN = re.compile(r"\s*(?:<(?:think|thinking|reasoning|thought)>|\[THINK\]|◁think▷)", re.IGNORECASE)
_END = re.compile(r"(?:</(?:think|thinking|reasoning|thought)>|\[/THINK\]|◁/think▷)", re.IGNORECASE)
_TAGS = ("<think>", "<thinking>", "<reasoning>", "<thought>", "[think]", "◁think▷")
_LONGEST = max(map(len, _TAGS)) + 1


@dataclass(slots=True)
class Listener:
    """Gets an answer's text piece by piece, and hands on what is not reasoning."""

    _held: str = ""
    _inside: bool = False
    _answering: bool = False
    _thought: bool = False

    def hear(self, piece: str) -> str:
        """What there is to hand on after this piece; what may still become a tag is held back."""
        if self._answering:
            return piece
        self._held += piece
        while True:
            if self._inside:
                if not (end := _END.search(self._held)):
                    self._held = self._held[-_LONGEST:]
                    return ""
                self._inside, self._held = False, self._held[end.end() :]
            if begin := _BEGIN.match(self._held):
                self._inside, self._thought, self._held = True, True, self._held[begin.end() :]
                continue
            return "" if _may_begin(self._held) else self.rest()

    def rest(self) -> str:
        """What was held back and turned out to be no reasoning; the end of listening for tags."""
        held = "" if self._inside else self._held
        held = held.lstrip() if self._thought else held  # blank lines part the reasoning from the answer
        self._held, self._answering = "", not self._inside
        return held


def _may_begin(text: str) -> bool:
    word = text.lstrip().lower()
    return len(text) < 1000 and any(tag.startswith(word) for tag in _TAGS)
