"""A change to files as data, and its application to their texts in memory: all of it or nothing."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Final, assert_never

from bot.core.edit_types import (
    DeleteFile,
    EditFailure,
    FileEdit,
    Hunk,
    MoveFile,
    Refusal,
    ReplaceText,
    WriteFile,
)
from bot.core.lines import BOM, FileLines, join_file, split_block, split_file
from bot.core.merging import rewrite
from bot.core.paths import check_path, shown
from bot.core.placing import place_edits, with_final_newline
from bot.core.soundness import judge
from bot.core.typography import without_noise

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

__all__ = [
    "MAX_EDITS",
    "MAX_FAILURES",
    "Applied",
    "DeleteFile",
    "EditFailure",
    "FileEdit",
    "Hunk",
    "MoveFile",
    "ReplaceText",
    "WriteFile",
    "apply_edits",
    "ask_again",
    "describe_failure",
    "describe_failures",
    "mended",
]

MAX_EDITS: Final = 500
"""Edits in one reply; a person would not read more."""
MAX_FAILURES: Final = 10
"""Failures after which the rest is not tried: they are told to a model, and each costs a search."""
_SEARCHED: Final = 1_200_000
_SEARCH_COST: Final = 40_000


@dataclass(frozen=True, slots=True)
class Applied:
    """The files that changed, path to new text (None: deleted). When anything failed, none did."""

    files: dict[str, str | None]
    failures: tuple[EditFailure, ...] = ()


def apply_edits(files: Mapping[str, str], edits: Sequence[FileEdit]) -> Applied:
    """Apply the edits in order, later ones on the results of earlier ones, to the texts by path in `files`.

    Edits of one file that follow each other are placed in it as it was before them, as a model that has only seen that
    means them, and on each other's results only where that fails. What is kept: line ends, byte order mark and final
    newline of each file, and every line that no edit changed. What is refused: a place that is not clear, a change that
    collides with what really stands there, and results that cannot be meant. An edit that was made already counts as
    done.
    """
    if len(edits) > MAX_EDITS:
        return Applied({}, (EditFailure("", MAX_EDITS, f"more than {MAX_EDITS} edits in one reply"),))
    edits = without_noise(files, edits)
    session = _Session(files)
    failures: list[EditFailure] = []
    for first, group in _groups(edits):
        refusals = session.apply(group)
        failures += [
            EditFailure(group[number].path, first + number, refusal.reason, refusal.nearest)
            for number, refusal in sorted(refusals.items())
        ]
        if len(failures) >= MAX_FAILURES:
            break
    changed = session.changed()
    failures += [] if failures else judge(files, changed, edits)
    return Applied({} if failures else changed, tuple(failures[:MAX_FAILURES]))


def _groups(edits: Sequence[FileEdit]) -> list[tuple[int, list[FileEdit]]]:
    """The edits, those together that replace text in one file and follow each other, and each group's first number."""
    groups: list[tuple[int, list[FileEdit]]] = []
    for number, edit in enumerate(edits):
        last = groups[-1][1][-1] if groups else None
        if last is not None and type(last) is type(edit) and isinstance(edit, ReplaceText) and last.path == edit.path:
            groups[-1][1].append(edit)
        else:
            groups.append((number, [edit]))
    return groups


def describe_failures(failures: Sequence[EditFailure]) -> str:
    """The failures as plain text for the model or a terminal, with the real lines; empty for none."""
    return "\n\n".join(describe_failure(failure) for failure in failures)


def describe_failure(failure: EditFailure) -> str:
    """One failure as plain text: a sentence, then the file's lines."""
    head = f"Edit {failure.index + 1}, {shown(failure.path)}: {failure.reason}"
    return f"{head}\n{failure.nearest}" if failure.nearest else head


def ask_again(edits: Sequence[FileEdit], failures: Sequence[EditFailure], *, whole: bool = False) -> str:
    """The failures and the request for these edits alone; with `whole` for their files in full instead.

    What comes back goes with the rest into `mended`.
    """
    numbers = sorted({failure.index + 1 for failure in failures})
    paths = list(dict.fromkeys(shown(failure.path) for failure in failures))
    if whole:
        failed = {failure.path for failure in failures}
        fitting = sum(edit.path not in failed for edit in edits)
        wanted = f"Write these files again, each as a whole with all of its changes: {', '.join(paths)}."
    else:
        fitting = len(edits) - len(numbers)
        wanted = f"Write only these edits again, for the lines as they are: {', '.join(map(str, numbers))}."
    rest = f" The other edits ({fitting}) fit: do not repeat them." if fitting > 0 else ""
    return f"{describe_failures(failures)}\n\n{wanted}{rest}"


def mended(
    edits: Sequence[FileEdit], failures: Sequence[EditFailure], again: Sequence[FileEdit]
) -> tuple[FileEdit, ...]:
    """The edits that did not fail, then those that came instead of the others.

    Of a file that comes as a whole, or goes, now, the former edits are left out; so are edits that came before.
    """
    failed = {failure.index for failure in failures}
    whole = {edit.path for edit in again if not isinstance(edit, ReplaceText)}
    kept = [edit for number, edit in enumerate(edits) if number not in failed and edit.path not in whole]
    return (*kept, *(edit for edit in again if edit not in kept))


class _Session:
    """The files while edits are being applied; `left` lines may still be searched other than exactly."""

    def __init__(self, files: Mapping[str, str]) -> None:
        self._before = files
        self._now: dict[str, FileLines | None] = {}
        self._left = _SEARCHED

    def changed(self) -> dict[str, str | None]:
        """What differs from the files as they were."""
        texts = {path: None if lines is None else join_file(lines) for path, lines in self._now.items()}
        return {path: text for path, text in texts.items() if text != self._before.get(path)}

    def apply(self, edits: Sequence[FileEdit]) -> dict[int, Refusal]:
        """Make one edit, or several replacements in one file; what cannot be made, by number."""
        first = edits[0]
        if problem := check_path(first.path):
            return dict.fromkeys(range(len(edits)), Refusal(f"the path {problem}"))
        match first:
            case ReplaceText():
                return self._replace([edit for edit in edits if isinstance(edit, ReplaceText)])
            case WriteFile():
                self._now[first.path] = _written(self._lines(first.path), first)
                return {}
            case DeleteFile():
                refusal = self._delete(first)
                return {} if refusal is None else {0: refusal}
            case _:
                assert_never(first)

    def _lines(self, path: str) -> FileLines | None:
        if path not in self._now:
            return split_file(self._before[path]) if path in self._before else None
        return self._now[path]

    def _replace(self, edits: Sequence[ReplaceText]) -> dict[int, Refusal]:
        path = edits[0].path
        lines = self._lines(path)
        if lines is None:
            first = edits[0]
            if first.old:
                return dict.fromkeys(range(len(edits)), Refusal("there is no such file among those given"))
            lines = split_file("".join(line + "\n" for line in split_block(first.new.removeprefix(BOM))))
            self._now[path] = with_final_newline(lines, [first])
            if not edits[1:]:
                return {}
            return {number + 1: refusal for number, refusal in self._replace(edits[1:]).items()}
        placed = place_edits(lines, edits, self._may_search)
        if not isinstance(placed, FileLines):
            return placed
        if any(map(str.strip, lines.texts)) and not any(map(str.strip, placed.texts)):
            return {0: Refusal("the file would be empty; delete it if that is meant")}
        self._now[path] = placed
        return {}

    def _may_search(self, lines: int) -> bool:
        self._left -= lines + _SEARCH_COST
        return self._left >= 0

    def _delete(self, edit: DeleteFile) -> Refusal | None:
        lines = self._lines(edit.path)
        if lines is None:
            return Refusal("there is no such file to delete")
        if isinstance(edit, MoveFile):
            if problem := check_path(edit.target):
                return Refusal(f"the path {shown(edit.target)} {problem}")
            if self._lines(edit.target) is not None:
                return Refusal(f"it cannot be moved: {shown(edit.target)} is there already")
            self._now[edit.target] = lines
        self._now[edit.path] = None
        return None


def _written(lines: FileLines | None, edit: WriteFile) -> FileLines:
    new = split_block(edit.content.removeprefix(BOM))
    if lines is None:
        return split_file(edit.content.replace("\r\n", "\n"))
    if edit.label and lines.texts[:1] == (edit.label,):
        new = (edit.label, *new)
    return lines.with_window(0, len(lines.texts), rewrite(lines.texts, new))
