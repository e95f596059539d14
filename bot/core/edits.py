"""A change to files as data, and its application to their texts in memory: all of it or nothing."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Final, assert_never

from bot.core.aligning import align
from bot.core.feedback import places_shown, window_shown
from bot.core.leftovers import leftover, shrinks_too_far
from bot.core.lines import BOM, FileLines, join_file, split_block, split_file
from bot.core.matching import Ambiguous, Match, Missing, Wanted, find, occurrences
from bot.core.merging import merge, rewrite
from bot.core.paths import case_collisions, check_path, folder_conflicts, shown

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence

MAX_EDITS: Final = 500
"""Edits in one reply; a person would not read more."""
MAX_FAILURES: Final = 10
"""Failures after which the rest is not tried: they are told to a model, and each costs a search."""
_SEARCHED: Final = 2_000_000
_SEARCH_COST: Final = 40_000
_DISTINCTIVE: Final = 8
_LONG: Final = 40
_LIKELY: Final = 0.6


@dataclass(frozen=True, slots=True)
class ReplaceText:
    """Exchange `old` for `new` in the file at `path`; both are whole lines as the model wrote them.

    An empty `old` makes a new file, or fills an empty one.
    """

    path: str
    old: str
    new: str


@dataclass(frozen=True, slots=True)
class WriteFile:
    """The whole new content of the file at `path`, which may or may not exist.

    `label` is a first line that was read as the file's name and is not in `content`: it belongs to the text after all
    when the file starts with it already.
    """

    path: str
    content: str
    label: str = ""


@dataclass(frozen=True, slots=True)
class DeleteFile:
    """Remove the file at `path`."""

    path: str


FileEdit = ReplaceText | WriteFile | DeleteFile


@dataclass(frozen=True, slots=True)
class EditFailure:
    """Why edit number `index` (from 0) cannot be applied, for the model and for people.

    `nearest` shows the file's numbered lines round the place most like the wanted one, or is empty.
    """

    path: str
    index: int
    reason: str
    nearest: str = ""


@dataclass(frozen=True, slots=True)
class Applied:
    """The files that changed, path to new text (None: deleted). When anything failed, none did."""

    files: dict[str, str | None]
    failures: tuple[EditFailure, ...] = ()


@dataclass(frozen=True, slots=True)
class _Refusal:
    reason: str
    nearest: str = ""


def apply_edits(files: Mapping[str, str], edits: Sequence[FileEdit]) -> Applied:
    """Apply the edits in order, later ones on the results of earlier ones, to the texts by path in `files`.

    What is kept: line ends, byte order mark and final newline of each file, and every line that no edit changed. What
    is refused: a place that is not clear, a change that collides with what really stands there, and results that
    cannot be meant (`leftovers`). An edit that was made already counts as done.
    """
    if len(edits) > MAX_EDITS:
        return Applied({}, (EditFailure("", MAX_EDITS, f"more than {MAX_EDITS} edits in one reply"),))
    session = _Session(files)
    failures: list[EditFailure] = []
    for index, edit in enumerate(edits):
        refusal = session.apply(edit)
        if refusal is not None:
            failures.append(EditFailure(edit.path, index, refusal.reason, refusal.nearest))
        if len(failures) == MAX_FAILURES:
            break
    changed = session.changed()
    failures += [] if failures else _judge(files, changed, edits)
    return Applied({} if failures else changed, tuple(failures))


def describe_failures(failures: Sequence[EditFailure]) -> str:
    """The failures as plain text for the model or a terminal, with the real lines; empty for none."""
    return "\n\n".join(describe_failure(failure) for failure in failures)


def describe_failure(failure: EditFailure) -> str:
    """One failure as plain text: a sentence, then the file's lines."""
    head = f"Edit {failure.index + 1}, {shown(failure.path)}: {failure.reason}"
    return f"{head}\n{failure.nearest}" if failure.nearest else head


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

    def apply(self, edit: FileEdit) -> _Refusal | None:
        """Make one edit, or say why not."""
        if problem := check_path(edit.path):
            return _Refusal(f"the path {problem}")
        lines = self._lines(edit.path)
        result: FileLines | _Refusal | None
        match edit:
            case ReplaceText(old=old, new=new):
                result = self._replaced(lines, split_block(old.removeprefix(BOM)), split_block(new.removeprefix(BOM)))
            case WriteFile():
                result = _written(lines, edit)
            case DeleteFile():
                result = _Refusal("there is no such file to delete") if lines is None else None
            case _:
                assert_never(edit)
        if isinstance(result, _Refusal):
            return result
        self._now[edit.path] = result
        return None

    def _lines(self, path: str) -> FileLines | None:
        if path not in self._now:
            return split_file(self._before[path]) if path in self._before else None
        return self._now[path]

    def _replaced(self, lines: FileLines | None, old: tuple[str, ...], new: tuple[str, ...]) -> FileLines | _Refusal:
        if not old:
            return _filled(lines, new)
        if lines is None:
            return _Refusal("there is no such file among those given")
        found = find(Wanted(lines.texts, old, new), forgiving=False)
        if isinstance(found, Missing):
            self._left -= len(lines.texts) + _SEARCH_COST
            if self._left < 0:
                return _Refusal("too many lines were quoted wrongly to search for them all")
            found = find(Wanted(lines.texts, old, new), forgiving=True)
        return _placed(lines, Wanted(lines.texts, old, new), found)


def _placed(lines: FileLines, wanted: Wanted, found: Match | Ambiguous | Missing) -> FileLines | _Refusal:
    match found:
        case Match(start=start, stop=stop):
            pieces = merge(lines.texts[start:stop], found)
            if pieces is not None:
                return _unless_empty(lines, lines.with_window(start, stop, pieces))
            if _stands_once(wanted, start, stop, _DISTINCTIVE):
                return lines
            reason = "the quoted lines differ from the file in the very lines that are to change"
            return _Refusal(reason, window_shown(lines.texts, wanted.old, start, found.pairs))
        case Ambiguous(starts=starts):
            return _Refusal(
                "the quoted lines stand in several places; quote more lines round them",
                places_shown(lines.texts, starts, len(wanted.old)),
            )
        case Missing():
            return _missing(lines, wanted)
        case _:
            assert_never(found)


def _missing(lines: FileLines, wanted: Wanted) -> FileLines | _Refusal:
    # to show a place, less likeness will do than to change it
    places = align(lines.texts, wanted.old, strict=False)
    if not places or places[0].ratio < _LIKELY:
        if _stands_once(wanted, 0, len(lines.texts), _LONG):
            return lines
    elif _stands_once(wanted, places[0].start, places[0].stop, _DISTINCTIVE):
        return lines
    if not places:
        return _Refusal("the quoted lines are not in the file, nor any found that are like them")
    nearest = places[0]
    pairs = tuple(None if at is None else at - nearest.start for at in nearest.pairs)
    return _Refusal("the quoted lines are not in the file", window_shown(lines.texts, wanted.old, nearest.start, pairs))


def _stands_once(wanted: Wanted, start: int, stop: int, least: int) -> bool:
    """Whether the change was made before: the new lines stand once, between there, and are no everyday lines."""
    starts = occurrences([line.rstrip() for line in wanted.real], [line.rstrip() for line in wanted.new], most=2)
    if len(starts) != 1 or starts[0] >= stop or starts[0] + len(wanted.new) <= start:
        return False
    return _size(line for line in wanted.new if line not in wanted.old) >= least or _size(wanted.new) >= _LONG


def _unless_empty(before: FileLines, after: FileLines) -> FileLines | _Refusal:
    if any(map(str.strip, before.texts)) and not any(map(str.strip, after.texts)):
        return _Refusal("the file would be empty; delete it if that is meant")
    return after


def _filled(lines: FileLines | None, new: tuple[str, ...]) -> FileLines | _Refusal:
    if lines is None:
        return split_file("".join(line + "\n" for line in new))
    if any(map(str.strip, lines.texts)):
        return _Refusal("nothing is quoted to be replaced, but the file exists; quote the lines that are to change")
    return lines.with_window(0, len(lines.texts), list(new))


def _written(lines: FileLines | None, edit: WriteFile) -> FileLines | _Refusal:
    new = split_block(edit.content.removeprefix(BOM))
    if lines is None:
        return split_file(edit.content.replace("\r\n", "\n"))
    if edit.label and lines.texts[:1] == (edit.label,):
        new = (edit.label, *new)
    return lines.with_window(0, len(lines.texts), rewrite(lines.texts, new))


def _judge(files: Mapping[str, str], changed: Mapping[str, str | None], edits: Sequence[FileEdit]) -> list[EditFailure]:
    """What the edits came to, looked at as a whole."""
    problems: dict[str, str] = {}
    for path, text in changed.items():
        if text is not None and (problem := _text_problem(files.get(path, ""), text, path, edits)):
            problems[path] = problem
    made = {path for path, text in changed.items() if text is not None and path not in files}
    if made:
        problems |= _tree_problems({*files, *made} - {p for p, text in changed.items() if text is None}, made)
    first = {edit.path: index for index, edit in reversed(list(enumerate(edits)))}
    return [EditFailure(path, first[path], problem) for path, problem in problems.items()]


def _text_problem(before: str, after: str, path: str, edits: Sequence[FileEdit]) -> str | None:
    whole = any(isinstance(edit, WriteFile) for edit in edits if edit.path == path)
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


def _size(lines: Iterable[str]) -> int:
    return sum(len("".join(line.split())) for line in lines)
