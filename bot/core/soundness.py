"""What a reply's edits came to, looked at as a whole: results that nobody can have meant."""

from __future__ import annotations

from typing import TYPE_CHECKING

from bot.core.edit_types import EditFailure, MoveFile, WriteFile
from bot.core.leftovers import leftover, shrinks_too_far
from bot.core.paths import case_collisions, folder_conflicts, shown
from bot.core.typography import brings_first_quotes

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from bot.core.edit_types import FileEdit


def judge(files: Mapping[str, str], changed: Mapping[str, str | None], edits: Sequence[FileEdit]) -> list[EditFailure]:
    """What is wrong with the changed files, path to new text (None: deleted); one failure a file."""
    problems: dict[str, str] = {}
    for path, text in changed.items():
        if text is not None and (problem := _text_problem(files.get(path, ""), text, path, edits)):
            problems[path] = problem
    made = {path for path, text in changed.items() if text is not None and path not in files}
    if made:
        problems |= _tree_problems({*files, *made} - {p for p, text in changed.items() if text is None}, made)
    first = {path: index for index, edit in reversed(list(enumerate(edits))) for path in _touched(edit)}
    return [EditFailure(path, first[path], problem) for path, problem in problems.items()]


def _touched(edit: FileEdit) -> tuple[str, ...]:
    return (edit.path, edit.target) if isinstance(edit, MoveFile) else (edit.path,)


def _text_problem(before: str, after: str, path: str, edits: Sequence[FileEdit]) -> str | None:
    whole = any(isinstance(edit, WriteFile) for edit in edits if edit.path == path)
    if brings_first_quotes(before, after):
        return "typographic quotes would be the first in this file; write plain ones"
    return leftover(before, after) or (shrinks_too_far(before, after) if whole else None)


def _tree_problems(paths: set[str], made: set[str]) -> dict[str, str]:
    problems = {}
    for one, other in case_collisions(sorted(paths)):
        for path in made & {one, other}:
            problems[path] = f"{shown(one)} and {shown(other)} differ in upper and lower case only"
    folders = folder_conflicts(paths)
    for folder in folders:
        for path in made:
            if path == folder or path.startswith(folder + "/"):
                problems[path] = f"{shown(folder)} would be a file and a folder at once"
    return problems
