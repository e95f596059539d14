"""Unified diffs: rendering them from two texts, and reading them back (the only unidiff import)."""

from __future__ import annotations

import difflib
from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Sequence

    from bot.core.changes import FileChange

NO_NEWLINE = "\\ No newline at end of file\n"


@dataclass(frozen=True, slots=True)
class DiffStat:
    """The size of a change in files and lines."""

    files: int
    added: int
    removed: int

    def __str__(self) -> str:
        noun = "file" if self.files == 1 else "files"
        return f"{self.files} {noun}, +{self.added} −{self.removed}"  # noqa: RUF001 - a true minus sign, as wide as the plus


def render_diff(changes: Sequence[FileChange]) -> str:
    """The change as one git-style unified diff, files in path order, three lines of context."""
    return "".join(_render_file(change) for change in sorted(changes, key=lambda change: change.path))


def _render_file(change: FileChange) -> str:
    lines = [f"diff --git a/{change.path} b/{change.path}\n"]
    if change.before is None:
        lines.append(f"new file mode {change.mode}\n")
    if change.after is None:
        lines.append(f"deleted file mode {change.mode}\n")
    old = "/dev/null" if change.before is None else f"a/{change.path}"
    new = "/dev/null" if change.after is None else f"b/{change.path}"
    body = difflib.unified_diff(_lines(change.before), _lines(change.after), old, new)
    lines.extend(line if line.endswith("\n") else f"{line}\n{NO_NEWLINE}" for line in body)
    return "".join(lines)


def _lines(text: str | None) -> list[str]:
    """Split at line feeds alone, as git does; `str.splitlines` would also split at form feeds and friends."""
    if not text:
        return []
    lines = [line + "\n" for line in text.split("\n")]
    lines[-1] = lines[-1][:-1]
    return lines if lines[-1] else lines[:-1]


def measure(changes: Sequence[FileChange]) -> DiffStat:
    """Count files and changed lines."""
    added = removed = 0
    for change in changes:
        body = list(difflib.unified_diff(_lines(change.before), _lines(change.after), n=0))[2:]
        added += sum(line.startswith("+") for line in body)
        removed += sum(line.startswith("-") for line in body)
    return DiffStat(len(changes), added, removed)


def paths_in_patch(patch: str) -> frozenset[str]:
    """The paths that a unified diff changes, as written in its headers without `a/` and `b/`.

    Raises:
        ValueError: when the text is not a well-formed diff.
    """
    from unidiff.errors import UnidiffParseError  # noqa: PLC0415 - as above
    from unidiff.patch import PatchSet  # noqa: PLC0415 - 40 ms that only the publish job needs

    try:
        return frozenset(file.path for file in PatchSet(patch))
    except UnidiffParseError as error:
        raise ValueError(str(error)) from error
