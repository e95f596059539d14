"""A drafted change cut into suggestions: for the lines of one review thread, or wherever the diff takes them."""

from __future__ import annotations

from dataclasses import dataclass, field
from difflib import SequenceMatcher
from itertools import pairwise
from typing import TYPE_CHECKING, Final

from bot.core.lines import join_file, split_file
from bot.core.suggestions import Inexpressible, Suggestion, Window, express, on_lines

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from bot.core.changes import FileChange
    from bot.core.diffs import DiffFile
    from bot.core.forge import LineNote
    from bot.core.lines import FileLines

_EXACT: Final = 800
"""Lines up to which common ones are compared like all others; with more of them that would take for ever."""


@dataclass(frozen=True, slots=True)
class Offer:
    """A suggestion for one file."""

    path: str
    suggestion: Suggestion


@dataclass(frozen=True, slots=True)
class Offers:
    """A change as far as suggestions can say it; `rest` holds what they cannot, by path, with the reason."""

    made: tuple[Offer, ...] = ()
    rest: Mapping[str, str] = field(default_factory=dict)

    @property
    def whole(self) -> bool:
        """Whether they say all of the change."""
        return bool(self.made) and not self.rest


def windows(change: FileChange) -> tuple[Window, ...]:
    """The places that a change of an existing file touches, in order; none for a file that comes or goes."""
    if change.before is None or change.after is None:
        return ()
    texts = split_file(change.before).texts
    whole = Window(0, len(texts), split_file(change.after).texts).narrowed(texts)
    old, new, at = texts[whole.start : whole.stop], whole.lines, whole.start
    steps = SequenceMatcher(None, old, new, autojunk=len(old) + len(new) > _EXACT).get_opcodes()
    return tuple(Window(at + i1, at + i2, new[j1:j2]) for kind, i1, i2, j1, j2 in steps if kind != "equal")


def offer(changes: Sequence[FileChange], files: Mapping[str, DiffFile]) -> Offers:
    """Suggestions for each place that the change touches; a file is offered as a whole or not at all.

    Args:
        changes: what was drafted on the pull request's head.
        files: the pull request's diff by path.
    """
    made: list[Offer] = []
    rest: dict[str, str] = {}
    for change in changes:
        found = _of_file(change, files.get(change.path))
        if isinstance(found, Inexpressible):
            rest[change.path] = found.why
        else:
            made += [Offer(change.path, one) for one in found]
    return Offers(tuple(made), rest)


def offer_in_thread(
    changes: Sequence[FileChange], note: LineNote, files: Mapping[str, DiffFile]
) -> Suggestion | Inexpressible:
    """The whole change as one suggestion in the thread of that comment.

    GitHub puts a suggestion in the place of the lines that its thread hangs on, whatever answer of it holds it.
    """
    if len(changes) != 1 or changes[0].path != note.path:
        return Inexpressible("it reaches beyond the commented lines")
    if note.line is None or note.side != "RIGHT":
        return Inexpressible("the commented lines are not in the head any more")
    first, file = note.start or note.line, files.get(note.path)
    held = file is not None and any(first in hunk.new and note.line in hunk.new for hunk in file.hunks)
    places = windows(changes[0])
    if not held or not places or not 1 <= first <= note.line:
        return Inexpressible("the commented lines are not in the diff")
    head = split_file(changes[0].before or "")
    if not _says(head, places, changes[0]):
        return Inexpressible("it changes more than the text of lines")
    return on_lines(head, _as_one(head, places), first, note.line)


def _of_file(change: FileChange, file: DiffFile | None) -> tuple[Suggestion, ...] | Inexpressible:
    if file is None:
        return Inexpressible("the file is not in the diff")
    places = windows(change)
    if not places:
        return Inexpressible("a suggestion can neither add nor delete a file")
    head = split_file(change.before or "")
    if not _says(head, places, change):
        return Inexpressible("it changes more than the text of lines")
    found = [express(head, place, file.hunks) for place in places]
    wrong = next((one for one in found if isinstance(one, Inexpressible)), None)
    if wrong is not None:
        return wrong
    return _apart([one for one in found if isinstance(one, Suggestion)])


def _apart(found: list[Suggestion]) -> tuple[Suggestion, ...] | Inexpressible:
    """The suggestions, where no two are about the same line: committing one would make the other wrong."""
    if any(one.last >= other.first for one, other in pairwise(found)):
        return Inexpressible("its places lie too close together")
    return tuple(found)


def _says(head: FileLines, places: Sequence[Window], change: FileChange) -> bool:
    """Whether the places are all that changes: line ends and the final newline are nothing that lines can say."""
    return join_file(_as_one(head, places).changed(head)) == change.after


def _as_one(head: FileLines, places: Sequence[Window]) -> Window:
    lines: list[str] = []
    done = places[0].start
    for place in places:
        lines += [*head.texts[done : place.start], *place.lines]
        done = place.stop
    return Window(places[0].start, done, tuple(lines))
