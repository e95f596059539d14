"""Unified diffs, as `git diff` and `diff -u` write them and as models remember them.

    --- a/src/app.py
    +++ b/src/app.py
    @@ -1,3 +1,3 @@ def add(a, b):
     def add(a, b):
    -    return a - b
    +    return a + b

Numbers, counts, headers of git, and the prefixes `a/` and `b/` may be wrong or missing; so may the file's header where
a path stands before the block.
"""

from __future__ import annotations

import re
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Final

from bot.core.edit_types import DeleteFile, Hunk, MoveFile
from bot.core.marks import sides
from bot.core.paths import shown
from bot.replies import search_replace, v4a
from bot.replies.hunks import chatter_after, is_hunk_header, read_hunks
from bot.replies.page import Taken, at_line, fence_on, hint_before, text_of
from bot.replies.paths import Problem, path_line

if TYPE_CHECKING:
    from collections.abc import Sequence

    from bot.core.edit_types import FileEdit
    from bot.replies.page import Fence, Place
    from bot.replies.paths import KnownPaths

_LANGUAGES: Final = frozenset({"diff", "patch", "udiff", "unified", "unidiff"})
_GIT = re.compile(r"diff --git (?:\"?a/)?(.+?)\"? \"?(?:b/)?(.+?)\"?\s*")
_OLD = re.compile(r"-{3} (\S.*)")
_NEW = re.compile(r"\+{3} (\S.*)")
_EXTENDED = re.compile(
    r"index [0-9a-f]+|(?:new|deleted) file mode|(?:old|new) mode|(?:dis)?similarity index"
    r"|(?:rename|copy) (?:from|to) |Index: |={20,}\Z"
)
_BINARY = re.compile(r"Binary files |GIT binary patch")
_STAMP = re.compile(r"\t.*|\s+\d{4}-\d\d-\d\d[ T]\d\d:\d\d.*|\s+\(.{0,60}\)\Z")
_NOTHING: Final = "/dev/null"


def is_diff_fence(fence: Fence) -> bool:
    """Whether a fence says that it holds a diff."""
    words = re.split(r"[\s:]", fence.info, maxsplit=1)
    return words[0].casefold() in _LANGUAGES


def starts_block(lines: Sequence[str], at: int) -> bool:
    """Whether the line opens a file's header or, with numbers, a hunk."""
    line = lines[at]
    following = lines[at + 1] if at + 1 < len(lines) else ""
    if line.startswith("diff --git "):
        return True
    if line.startswith("--- "):
        return following.startswith("+++ ") or is_hunk_header(following)
    if line.startswith("+++ "):
        return is_hunk_header(following)
    return line.startswith("@@") and is_hunk_header(line)


def read(place: Place) -> Taken | None:
    """Read the part of a diff that is for one file, if one begins here."""
    lines, at = place.lines, place.at
    if not starts_block(lines, at) and not _is_bare_body(place):
        return None
    header = _header(lines, at)
    stop, closed = _stop(place, header.stop)
    if not closed:
        stop -= chatter_after(lines[header.stop : stop])
    hint = hint_before(place, in_sentences=True)
    edits = _edits(place, header, lines[header.stop : stop], hint.path or place.last_path)
    if isinstance(edits, Problem):
        return Taken(stop, errors=(at_line(place, edits.text),), used=hint.used)
    return Taken(stop, tuple(edits), used=hint.used)


def _is_bare_body(place: Place) -> bool:
    """Whether a fence that says that it holds a diff has hunks without any header here, first of all."""
    line = place.lines[place.at]
    if place.wrapper is None or not is_diff_fence(place.wrapper) or line[:1] not in {" ", "+", "-"} or not line.strip():
        return False
    for at in reversed(place.before):
        if fence_on(place.lines[at]):
            return path_line(line, place.known) is None
        if place.lines[at].strip() and path_line(place.lines[at], place.known) is None:
            return False
    return False


@dataclass(frozen=True, slots=True)
class _Header:
    """What stands before the first hunk; paths as written, without their prefixes and time stamps, or empty."""

    stop: int
    old: str = ""
    new: str = ""
    renamed: tuple[str, str] = ("", "")
    made: bool = False
    deleted: bool = False
    problem: str = ""


def _header(lines: Sequence[str], start: int) -> _Header:
    at, found = start, {"old": "", "new": "", "git old": "", "git new": "", "rename from": "", "rename to": ""}
    seen: list[str] = []
    while at < len(lines) and not is_hunk_header(lines[at]):
        line = lines[at]
        if match := _GIT.fullmatch(line):
            if at > start:
                break
            found["git old"], found["git new"] = match[1], match[2]
        elif not found["old"] and not found["new"] and (match := _OLD.fullmatch(line)) and starts_block(lines, at):
            found["old"] = _path(match[1])
        elif not found["new"] and (match := _NEW.fullmatch(line)):
            found["new"] = _path(match[1])
        elif line.startswith(("rename from ", "rename to ")):
            found[" ".join(line.split()[:2])] = line.split(maxsplit=2)[2].strip()
        elif _BINARY.match(line):
            return _Header(at + 1, problem="binary files cannot be changed")
        elif not _EXTENDED.match(line):
            break
        seen.append(line)
        at += 1
    modes = [line.split(" mode")[0] for line in seen if " mode" in line]
    made, deleted = "new file" in modes or found["old"] == _NOTHING, "deleted file" in modes or found["new"] == _NOTHING
    renamed = (found["rename from"], found["rename to"])
    problem = "the mode of a file cannot be changed" if "new" in modes else ""
    old, new = found["old"] or found["git old"], found["new"] or found["git new"]
    return _Header(at, old, new, renamed, made, deleted, problem)


def _path(written: str) -> str:
    return _STAMP.sub("", written).strip().strip("\"'`")


def _stop(place: Place, start: int) -> tuple[int, bool]:
    """Where the hunks end, and whether it is a fence that ends them."""
    lines = place.lines
    for at in range(start, len(lines)):
        # nearly every line of a diff
        if lines[at][:1] in {" ", "", "+"} and not lines[at].startswith("+++ "):
            continue
        fence = fence_on(lines[at])
        if fence is not None and not fence.indent and (place.wrapper is None or fence.closes(place.wrapper)):
            return at, place.wrapper is not None
        if at > start and (ends_hunks(lines, at) or _is_path_of_hunk(place, at)):
            return at, False
    return len(lines), False


def _is_path_of_hunk(place: Place, at: int) -> bool:
    """Whether the line says for which file the hunk after it is."""
    lines = place.lines
    if at + 1 >= len(lines) or not is_hunk_header(lines[at + 1]) or lines[at][:1] in {" ", "+", "-"}:
        return False
    path = path_line(lines[at], place.known)
    return path is not None and place.known.knows(path)


def ends_hunks(lines: Sequence[str], at: int) -> bool:
    """Whether the line begins something else than a further hunk."""
    line = lines[at]
    if line.startswith("<<<<<"):
        return search_replace.starts_block(line)
    return v4a.is_marker(line) or (not line.startswith("@@") and starts_block(lines, at))


def _edits(place: Place, header: _Header, lines: Sequence[str], hint: str) -> list[FileEdit] | Problem:
    if header.problem:
        return Problem(header.problem)
    hunks = read_hunks("", lines)
    path = _resolved(place.known, header, hint, max((hunk.old for hunk in hunks), key=len, default=""))
    if isinstance(path, Problem):
        return path
    if header.deleted:
        return [DeleteFile(path)]
    edits: list[FileEdit] = [_whole(hunks, path)] if header.made else [replace(hunk, path=path) for hunk in hunks]
    if all(header.renamed) and header.renamed[0] != header.renamed[1]:
        target = place.known.free(header.renamed[1])
        if isinstance(target, Problem):
            return target
        edits.append(MoveFile(path, target))
    return edits or Problem(f"the diff of {path} changes nothing")


def _whole(hunks: Sequence[Hunk], path: str) -> Hunk:
    """A new file: all its lines, whatever marks they have."""
    texts = [text_of(sides(hunk.body)[1]) for hunk in hunks]
    last = [hunk.final_newline for hunk in hunks]
    return Hunk(path, "", "".join(texts), final_newline=last[-1] if last else None)


def _resolved(known: KnownPaths, header: _Header, hint: str, quoted: str) -> str | Problem:
    if header.made:
        return known.resolve(_unprefixed(header.new, "b/", known), new=True)
    if header.renamed[0]:
        return known.resolve(header.renamed[0])
    names = [name for name in (header.old, header.new) if name and name != _NOTHING]
    if not names:
        return known.resolve(hint, quoted=quoted) if hint else Problem("the diff does not say which file it is for")
    good = dict.fromkeys(path for name in names if known.knows(name) and isinstance(path := known.resolve(name), str))
    if len(good) > 1:
        return Problem(f"the diff names two files: {', '.join(map(shown, good))}")
    if good:
        return next(iter(good))
    return known.resolve(_unprefixed(names[-1], "b/" if header.new else "a/", known), quoted=quoted)


def _unprefixed(name: str, prefix: str, known: KnownPaths) -> str:
    return name if known.has_folder(prefix) else name.removeprefix(prefix)
