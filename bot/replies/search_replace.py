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
    from bot.replies.page import Fence, Place

_SEARCH = re.compile(r"( {0,3}\\?)(<{5,9}) ?(?:SEARCH|ORIGINAL)\b>?[ :]*(.*?)\s*", re.IGNORECASE)
_DIVIDER = re.compile(r" {0,3}\\?(={5,9})\s*")
_REPLACE = re.compile(r" {0,3}\\?(>{5,9})(?: ?(?:REPLACE|UPDATED)\b.*)?\s*", re.IGNORECASE)
_ESCAPED = re.compile(r"\\(?=<{5,9}(?: |$)|={5,9}$|>{5,9}(?: |$))")
_START_LINE = re.compile(r"\s*:start_line:\s*(\d{1,9})\s*")
_RULE = re.compile(r"-{5,9}\s*")
_DELETE = re.compile(r" {0,3}<{5,9} ?DELETE\b>?[ :]*(.*?)\s*")
_DELETE_END = re.compile(r" {0,3}(?:>{5,9}(?: ?DELETE)?|={5,9})\s*")
_STRAY = re.compile(r" {0,3}(?:<{5,9} ?[A-Z].*|>{5,9}(?: ?[A-Z].*)?)", re.IGNORECASE)
_ANY: Final = range(5, 10)


def starts_block(line: str) -> bool:
    """Whether the line opens a block of this format."""
    return line.lstrip(" \\").startswith("<<<<<") and bool(_SEARCH.fullmatch(line) or _DELETE.fullmatch(line))


def read(place: Place) -> Taken | None:
    """Read the block that begins here, if one does."""
    line = place.lines[place.at]
    if not line.lstrip(" \\").startswith(("<<<<<", ">>>>>")):
        return None
    if match := _DELETE.fullmatch(line):
        return _read_delete(place, match[1])
    if match := _SEARCH.fullmatch(line):
        return _read_replace(place, match)
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
    line: int | None = None


def _read_replace(place: Place, opener: re.Match[str]) -> Taken:
    length, escaped = len(opener[2]), opener[1].endswith("\\")
    # markers as long as the first one come first: shorter or longer ones may be text
    halves = _halves(place, range(length, length + 1), escaped=escaped)
    if isinstance(halves, _Fault):
        halves = _halves(place, _ANY, escaped=escaped)
    if isinstance(halves, _Fault):
        return Taken(halves.stop, errors=(at_line(place, halves.text),))
    return _taken(place, halves.stop, opener[3], halves)


@dataclass(frozen=True, slots=True)
class _Fault:
    text: str
    stop: int


def _halves(place: Place, lengths: range, *, escaped: bool) -> _Halves | _Fault:
    """The two halves of the block, looking only at markers of those lengths.

    Where the first marker has a backslash before it, the others do too; else such lines are text.
    """
    lines, dividers = place.lines, list[int]()
    for at in range(place.at + 1, len(lines)):
        line = lines[at]
        if not line.lstrip(" \\").startswith(("<<<<<", "=====", ">>>>>")) or ("\\" in line[:4]) != escaped:
            continue
        if (match := _SEARCH.fullmatch(line)) and len(match[2]) >= lengths.start:
            return _cut_short(place, dividers, at)
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
    old, new = place.lines[place.at + 1 : dividers[0]], place.lines[dividers[0] + 1 : end]
    line = None
    if old and (match := _START_LINE.fullmatch(old[0])):
        line = int(match[1])
        rule = next((at for at, one in enumerate(old[:3]) if _RULE.fullmatch(one)), 0)
        old = old[rule + 1 :]
    return _Halves(_unescaped(old), _unescaped(new), stop, line)


def _unescaped(lines: Sequence[str]) -> tuple[str, ...]:
    """Lines that look like markers are text when a backslash stands before them; it is not part of the text."""
    return tuple(_ESCAPED.sub("", line, count=1) if line.startswith("\\") else line for line in lines)


def _cut_short(place: Place, dividers: Sequence[int], following: int) -> _Halves | _Fault:
    """A block without its end marker before another block: it ends at its fence, or at the other's path."""
    fault = _Fault("a block has no >>>>>>> REPLACE line", following)
    if len(dividers) != 1:
        return fault
    lines, start = place.lines, dividers[0] + 1
    opener = _opener(place)
    ends = [at for at in range(start, following) if opener and (fence := fence_on(lines[at])) and fence.closes(opener)]
    if ends and all(_says_path_only(place, lines[at]) for at in range(ends[0], following)):
        return _between(place, dividers, ends[0], ends[0])
    last = following - 1
    if ends or last <= start or path_line(lines[last], place.known) is None or not lines[last - 1].strip():
        return fault
    return _between(place, dividers, last, last)


def _says_path_only(place: Place, line: str) -> bool:
    return not line.strip() or fence_on(line) is not None or path_line(line, place.known) is not None


def _opener(place: Place) -> Fence | None:
    """The fence that the block is in, as far as can be seen."""
    fences = [fence for at in reversed(place.before) if (fence := fence_on(place.lines[at]))]
    return fences[0] if fences else place.wrapper


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
    wrapped = _opener(place) is not None
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
    quoted = text_of(halves.old) if halves else ""
    resolved = place.known.resolve(path, new=halves is not None and not halves.old, quoted=quoted)
    if isinstance(resolved, Problem):
        return Taken(stop, errors=(at_line(place, resolved.text),), used=hint.used)
    edit: FileEdit = DeleteFile(resolved)
    if halves is not None:
        edit = ReplaceText(resolved, text_of(halves.old), text_of(halves.new), halves.line)
    return Taken(stop, (edit,), used=hint.used)
