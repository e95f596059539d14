"""V4A patches, the format of `apply_patch`: an envelope with sections, one for each file.

    *** Begin Patch
    *** Update File: src/app.py
    @@ def add(a, b):
    -    return a - b
    +    return a + b
    *** Add File: src/new.py
    +X = 1
    *** Delete File: src/old.py
    *** End Patch

The lines after `@@` are headings that enclose the place. The envelope may be missing, wholly or in part.
"""

from __future__ import annotations

import re
from dataclasses import replace
from typing import TYPE_CHECKING, Final

from bot.core.edit_types import DeleteFile, Hunk, MoveFile
from bot.replies.hunks import chatter_after, read_hunks
from bot.replies.page import Taken, at_line, fence_on, text_of
from bot.replies.paths import Problem

if TYPE_CHECKING:
    from collections.abc import Sequence

    from bot.core.edit_types import FileEdit
    from bot.replies.page import Place

_MARKER = re.compile(
    r"\*{3} ?(?:Begin Patch|End Patch|(?:Update|Modify|Edit|Add|Create|New|Delete|Remove) File: ?)", re.IGNORECASE
)
_ENVELOPE = re.compile(r"\*{3} ?(?:Begin|End) Patch\b.*", re.IGNORECASE)
_SECTION = re.compile(r"\*{3} ?(Update|Modify|Edit|Add|Create|New|Delete|Remove) File: ?(.*?)\s*", re.IGNORECASE)
_MOVE = re.compile(r"\*{3} ?(?:Move|Rename)(?: File)? to: ?(.*?)\s*", re.IGNORECASE)
_ADD: Final = frozenset({"add", "create", "new"})
_DELETE: Final = frozenset({"delete", "remove"})
_HEADER = re.compile(r"(?:-{3}|\+{3}) \S")


def is_marker(line: str) -> bool:
    """Whether the line opens or closes the envelope or a section."""
    return line.startswith("***") and _MARKER.match(line) is not None


def read(place: Place) -> Taken | None:
    """Read the section that begins here, or a line of the envelope."""
    line = place.lines[place.at]
    if not is_marker(line):
        return None
    if _ENVELOPE.fullmatch(line):
        return Taken(place.at + 1)
    section = _SECTION.fullmatch(line)
    if section is None:
        return Taken(place.at + 1, errors=(at_line(place, "a marker that is not understood"),))
    stop, closed = _stop(place)
    if not closed:
        stop -= chatter_after(place.lines[place.at + 1 : stop])
    edits = _edits(place, section[1].casefold(), _unquoted(section[2]), place.lines[place.at + 1 : stop])
    if isinstance(edits, Problem):
        return Taken(stop, errors=(at_line(place, edits.text),))
    deletes = isinstance(edits[0], DeleteFile) and not isinstance(edits[0], MoveFile)
    return Taken(place.at + 1 if deletes else stop, tuple(edits))


def _unquoted(written: str) -> str:
    return written.strip("`'\"* ")


def _edits(place: Place, kind: str, written: str, body: Sequence[str]) -> list[FileEdit] | Problem:
    moves = [match[1] for line in body if (match := _MOVE.fullmatch(line))]
    lines = [line for line in body if not _MOVE.fullmatch(line)]
    hunks = [] if kind in _ADD | _DELETE else read_hunks("", _from_first_hunk(lines))
    quoted = max((hunk.old for hunk in hunks), key=len, default="")
    path = place.known.resolve(written, new=kind in _ADD, quoted=quoted)
    target = place.known.free(_unquoted(moves[0])) if moves else ""
    for resolved in (path, target):
        if isinstance(resolved, Problem):
            return resolved
    if kind in _DELETE:
        return [DeleteFile(str(path))]
    if kind in _ADD:
        return [_added(str(path), lines)]
    edits: list[FileEdit] = [replace(hunk, path=str(path)) for hunk in hunks]
    edits += [MoveFile(str(path), str(target))] if moves else []
    return edits or Problem(f"the section for {path} changes nothing")


def _from_first_hunk(lines: Sequence[str]) -> Sequence[str]:
    """The lines without a unified diff's header, which some models put there too."""
    start = 0
    while start < len(lines) and (not lines[start] or _HEADER.match(lines[start])):
        start += 1
    return lines[start:]


def _stop(place: Place) -> tuple[int, bool]:
    """Where the section ends, and whether something ends it that is no text."""
    for at in range(place.at + 1, len(place.lines)):
        line = place.lines[at]
        if is_marker(line):
            return at, True
        fence = fence_on(line)
        if fence is not None and not fence.indent and (place.wrapper is None or fence.closes(place.wrapper)):
            return at, place.wrapper is not None
        if line.strip() == "EOF" and at + 1 < len(place.lines) and not line.startswith(" "):
            return at, True
    return len(place.lines), False


def _added(path: str, body: Sequence[str]) -> Hunk:
    """A new file; the pluses may have been forgotten, throughout or here and there."""
    lines = list(body)
    while lines and not lines[-1]:
        lines.pop()
    return Hunk(path, "", text_of([line.removeprefix("+") for line in lines]))
