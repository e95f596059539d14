"""Unified diffs: rendering them from two texts, and reading them back (the only unidiff import)."""

from __future__ import annotations

import difflib
import re
from dataclasses import dataclass
from typing import TYPE_CHECKING, Literal

from bot.core.lines import join_file, split_file

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from bot.core.changes import FileChange

NO_NEWLINE = "\\ No newline at end of file\n"
Status = Literal["added", "removed", "modified", "renamed"]
_GIT_HEADER = re.compile(r"^diff --git ", re.MULTILINE)
_FACTS = (
    "new file mode",
    "deleted file mode",
    "new mode",
    "rename from",
    "rename to",
    "copy from",
    "copy to",
    "index",
    "---",
    "+++",
    "Binary files",
    "GIT binary patch",
)
_ESCAPE = re.compile(r"\\([0-7]{3}|[abtnvfr\"\\])")
_ESCAPES = {"a": "\a", "b": "\b", "t": "\t", "n": "\n", "v": "\v", "f": "\f", "r": "\r", '"': '"', "\\": "\\"}


@dataclass(frozen=True, slots=True)
class DiffStat:
    """The size of a change in files and lines."""

    files: int
    added: int
    removed: int

    def __str__(self) -> str:
        noun = "file" if self.files == 1 else "files"
        return f"{self.files} {noun}, +{self.added} −{self.removed}"  # noqa: RUF001 - a true minus sign, as wide as the plus


@dataclass(frozen=True, slots=True)
class DiffLine:
    """One line of a hunk: `mark` is a space, `+` or `-`; `old` and `new` are its numbers where it stands on that side.

    `text` has neither mark nor line end.
    """

    mark: str
    old: int | None
    new: int | None
    text: str


@dataclass(frozen=True, slots=True)
class Hunk:
    """A hunk: the line numbers that it covers before (`old`) and after (`new`), both without a gap.

    On GitHub exactly these lines can carry a comment, `old` on the side LEFT and `new` on the side RIGHT. `section` is
    what git put after the header.
    """

    old: range
    new: range
    section: str
    lines: tuple[DiffLine, ...]

    @property
    def added(self) -> list[int]:
        """The numbers, after the change, of the lines that it brought in."""
        return [line.new for line in self.lines if line.mark == "+" and line.new is not None]

    @property
    def removed(self) -> list[int]:
        """The numbers, before the change, of the lines that it took out."""
        return [line.old for line in self.lines if line.mark == "-" and line.old is not None]


@dataclass(frozen=True, slots=True)
class DiffFile:
    """One file of a diff: `path` after the change (before it, for a removed file), `previous` where it was renamed.

    `mode` is git's octal text, empty where the diff does not say. A binary file, a change of the mode alone and a pure
    rename have no hunks; `unreadable` says that hunks were there but are damaged.
    """

    path: str
    previous: str | None
    status: Status
    mode: str
    hunks: tuple[Hunk, ...]
    binary: bool = False
    unreadable: bool = False


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


def read_diff(text: str) -> tuple[DiffFile, ...]:
    """A git-style unified diff, file by file; never raises: a file whose part is damaged is marked as unreadable.

    No line of a file's content can begin with `diff --git`, since content lines begin with a mark.
    """
    parts = _GIT_HEADER.split(text)
    return tuple(file for part in parts[1:] if (file := _read_file(part)) is not None)


def text_before(file: DiffFile, text: str) -> str | None:
    """The file's text before the change, from the one after it; None for a file that the change made.

    Line ends and the final newline are those of the text after: a diff that a server sent need not keep them.
    """
    if file.status == "added":
        return None
    lines = split_file(text)
    for hunk in reversed(file.hunks):
        old = [line.text for line in hunk.lines if line.mark != "+"]
        lines = lines.with_window(hunk.new.start - 1, hunk.new.stop - 1, old)
    return join_file(lines)


def _read_file(part: str) -> DiffFile | None:
    first = re.search(r"^@@ -", part, re.MULTILINE)
    head = part[: first.start()] if first else part
    names, *facts = head.split("\n")
    told = {key: value for key, value in map(_fact, facts) if key}
    path, previous = _paths(names, told)
    if not path:
        return None
    hunks = _read_hunks(part[first.start() :]) if first else ()
    status: Status = "modified"
    if "new file mode" in told:
        status = "added"
    elif "deleted file mode" in told:
        status = "removed"
    elif previous is not None:
        status = "renamed"
    modes = (told[key] for key in ("new file mode", "new mode", "deleted file mode") if key in told)
    return DiffFile(
        path=path,
        previous=previous,
        status=status,
        mode=next(modes, told.get("index", "").rpartition(" ")[2]),
        hunks=hunks or (),
        binary="Binary files" in told or "GIT binary patch" in told,
        unreadable=hunks is None,
    )


def _fact(line: str) -> tuple[str, str]:
    """A line of a file's header as its name and the rest."""
    key = next((key for key in _FACTS if line.startswith(key)), "")
    return key, line[len(key) + 1 :]


def _paths(names: str, told: Mapping[str, str]) -> tuple[str, str | None]:
    """The path now and, for a renamed or copied file, the path before; empty when the header does not say."""
    if "rename to" in told or "copy to" in told:
        now, before = (told.get(f"rename {end}", told.get(f"copy {end}", "")) for end in ("to", "from"))
        return _unquoted(now), _unquoted(before)
    for key in ("+++", "---"):
        side = _unquoted(told.get(key, "").removesuffix("\t"))
        if side and side != "/dev/null":
            return side[2:], None
    if names.endswith('"'):
        return _unquoted(names[names.rfind(' "') + 1 :])[2:], None
    # both names are the same here, and so are the halves of the line
    return names[len(names) // 2 + 3 :], None


def _unquoted(name: str) -> str:
    """A path as git quotes it: in double quotes, with C's escapes, bytes beyond ASCII in octal."""
    if len(name) < 2 or not (name.startswith('"') and name.endswith('"')):
        return name
    raw = _ESCAPE.sub(lambda match: _ESCAPES.get(match[1]) or chr(int(match[1], 8) & 0xFF), name[1:-1])
    try:
        return raw.encode("latin-1").decode()
    except UnicodeError:  # quoted by somebody who leaves Unicode as it is
        return raw


def _read_hunks(body: str) -> tuple[Hunk, ...] | None:
    """The hunks of one file; None when they contradict their headers."""
    from unidiff.errors import UnidiffParseError  # noqa: PLC0415 - as in `paths_in_patch`
    from unidiff.patch import PatchSet  # noqa: PLC0415 - as above

    try:
        # neutral names: unidiff would stumble over some that git allows
        found = PatchSet(f"--- a/file\n+++ b/file\n{body}")
    except (UnidiffParseError, ValueError):
        return None
    return tuple(
        Hunk(
            old=_span(hunk.source_start, hunk.source_length),
            new=_span(hunk.target_start, hunk.target_length),
            section=hunk.section_header.strip(),
            lines=tuple(
                DiffLine(line.line_type or " ", line.source_line_no, line.target_line_no, _text_of(line.value))
                for line in hunk
                if line.line_type in {"", " ", "+", "-"}
            ),
        )
        for file in found
        for hunk in file
    )


def _span(start: int, count: int) -> range:
    # an empty side names the line before it
    return range(start, start + count) if count else range(start + 1, start + 1)


def _text_of(value: str) -> str:
    return value.removesuffix("\n").removesuffix("\r")
