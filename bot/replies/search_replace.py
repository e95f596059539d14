"""Search and replace blocks, the format for changes in files that exist.

    src/app.py
    <<<<<<< SEARCH
    lines as they are
    =======
    lines as they shall be
    >>>>>>> REPLACE

The path stands on one of the three lines before, on the fence's line, or after the word SEARCH; a block without one
goes on in the file of the block before. Markers are of 5 to 9 characters; where the text itself holds a line of equal
signs, markers of another length tell them apart. An empty upper half makes a new file. A file is deleted by one line:

    <<<<<<< DELETE src/old.py
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

from bot.core.edits import DeleteFile, ReplaceText
from bot.replies.page import Taken, at_line, fence_on, hint_before, text_of
from bot.replies.paths import Problem, path_line

if TYPE_CHECKING:
    from collections.abc import Sequence

    from bot.core.edits import FileEdit
    from bot.replies.page import Place

_SEARCH = re.compile(r"( {0,3})(<{5,9}) ?(?:SEARCH|ORIGINAL)\b>?[ :]*(.*?)\s*", re.IGNORECASE)
_DIVIDER = re.compile(r" {0,3}(={5,9})\s*")
_REPLACE = re.compile(r" {0,3}(>{5,9})(?: ?(?:REPLACE|UPDATED)\b.*)?\s*", re.IGNORECASE)
_DELETE = re.compile(r" {0,3}<{5,9} ?DELETE\b>?[ :]*(.*?)\s*")
_DELETE_END = re.compile(r" {0,3}(?:>{5,9}(?: ?DELETE)?|={5,9})\s*")
_STRAY = re.compile(r" {0,3}(?:<{5,9} ?[A-Z].*|>{5,9}(?: ?[A-Z].*)?)", re.IGNORECASE)
_ANY: Final = range(5, 10)


def starts_block(line: str) -> bool:
    """Whether the line opens a block of this format."""
    return line.lstrip(" ").startswith("<<<<<") and bool(_SEARCH.fullmatch(line) or _DELETE.fullmatch(line))


def read(place: Place) -> Taken | None:
    """Read the block that begins here, if one does."""
    line = place.lines[place.at]
    if not line.lstrip(" ").startswith(("<<<<<", ">>>>>")):
        return None
    if match := _DELETE.fullmatch(line):
        return _read_delete(place, match[1])
    if match := _SEARCH.fullmatch(line):
        return _read_replace(place, len(match[2]), match[3])
    if _STRAY.fullmatch(line):
        return Taken(place.at + 1, errors=(at_line(place, "a marker that belongs to no block"),))
    return None


def _read_delete(place: Place, written: str) -> Taken:
    stop = place.at + 1
    if stop < len(place.lines) and _DELETE_END.fullmatch(place.lines[stop]):
        stop += 1
    return _taken(place, stop, written, None)


@dataclass(frozen=True, slots=True)
class _Halves:
    old: tuple[str, ...]
    new: tuple[str, ...]
    stop: int


def _read_replace(place: Place, length: int, written: str) -> Taken:
    # markers as long as the first one come first: shorter or longer ones may be text
    halves = _halves(place, range(length, length + 1))
    if isinstance(halves, _Fault):
        halves = _halves(place, _ANY)
    if isinstance(halves, _Fault):
        return Taken(halves.stop, errors=(at_line(place, halves.text),))
    return _taken(place, halves.stop, written, halves)


@dataclass(frozen=True, slots=True)
class _Fault:
    text: str
    stop: int


def _halves(place: Place, lengths: range) -> _Halves | _Fault:
    """The two halves of the block, looking only at markers of those lengths."""
    lines, dividers = place.lines, list[int]()
    for at in range(place.at + 1, len(lines)):
        line = lines[at]
        if not line.lstrip(" ").startswith(("<<<<<", "=====", ">>>>>")):
            continue
        if (match := _SEARCH.fullmatch(line)) and len(match[2]) >= lengths.start:
            return _Fault("a block has no >>>>>>> REPLACE line", at)
        if (match := _DIVIDER.fullmatch(line)) and len(match[1]) in lengths:
            dividers.append(at)
        elif (match := _REPLACE.fullmatch(line)) and len(match[1]) in lengths:
            return _between(place, dividers, at, at + 1)
    return _unended(place, dividers, lengths)


def _between(place: Place, dividers: Sequence[int], end: int, stop: int) -> _Halves | _Fault:
    if not dividers:
        return _Fault("a block has no ======= line", stop)
    if len(dividers) > 1:
        return _Fault("a block has several ======= lines; write its own markers with nine characters each", stop)
    lines = place.lines
    return _Halves(tuple(lines[place.at + 1 : dividers[0]]), tuple(lines[dividers[0] + 1 : end]), stop)


def _unended(place: Place, dividers: Sequence[int], lengths: range) -> _Halves | _Fault:
    """A last block without its end marker: accepted where nothing but the block can be meant by what follows."""
    lines, stop = place.lines, len(place.lines)
    fault = _Fault("the last block has no >>>>>>> REPLACE line", stop)
    if not dividers or lengths != _ANY:
        return fault
    end = stop
    while end > dividers[-1] + 1 and not lines[end - 1].strip():
        end -= 1
    fences = [at for at in range(dividers[-1] + 1, end) if fence_on(lines[at])]
    wrapped = any(fence_on(lines[at]) for at in place.before)
    if wrapped and fences == [end - 1]:
        return _between(place, dividers, end - 1, stop)
    # after a blank line, prose cannot be told from code
    if fences or (not wrapped and not all(line.strip() for line in lines[dividers[-1] + 1 : end])):
        return fault
    return _between(place, dividers, end, stop)


def _taken(place: Place, stop: int, written: str, halves: _Halves | None) -> Taken:
    hint = hint_before(place, in_sentences=True)
    path = (path_line(written, place.known) or written) if written else hint.path or place.last_path
    if not path:
        return Taken(stop, errors=(at_line(place, "the block does not say which file it is for"),), used=hint.used)
    resolved = place.known.resolve(path, new=halves is not None and not halves.old)
    if isinstance(resolved, Problem):
        return Taken(stop, errors=(at_line(place, resolved.text),), used=hint.used)
    edit: FileEdit = DeleteFile(resolved)
    if halves is not None:
        edit = ReplaceText(resolved, text_of(halves.old), text_of(halves.new))
    return Taken(stop, (edit,), used=hint.used)
