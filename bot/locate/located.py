"""The answer of a search: a file with its windows and reasons; apart from the search, which is slow to import."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

Window = tuple[int, int]
"""First and last line of a piece of a file, 1-based and inclusive."""


@dataclass(frozen=True, slots=True)
class Located:
    """A file that the issue is probably about.

    `score` has no unit: it orders the files of one answer, and 1.0 is about the best match by words alone. `lines` are
    the windows worth showing, ascending. `why` are short reasons for people, strongest first.
    """

    path: str
    score: float
    lines: tuple[Window, ...]
    why: tuple[str, ...]

    def as_json(self) -> dict[str, Any]:
        """The value that `draftgate locate --json` prints."""
        return {
            "path": self.path,
            "score": round(self.score, 4),
            "lines": [list(window) for window in self.lines],
            "why": list(self.why),
        }
