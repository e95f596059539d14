"""Whole files, the format for new and for short ones: a path, then a fenced block with all of the file.

The path stands alone on one of the three lines before the fence, on the fence's own line, or alone on the first line
inside. Text that holds fences itself needs a longer fence round it.
"""

from __future__ import annotations

import re
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Final

from bot.core.edits import WriteFile
from bot.replies.page import LOOK_BACK, Hint, Taken, at_line, fence_on, hint_before, text_of
from bot.replies.paths import Problem, info_path, path_line
from bot.replies.search_replace import starts_block
from bot.replies.unified_diff import is_diff_fence
from bot.replies.unified_diff import starts_block as starts_diff
from bot.replies.v4a import is_marker

if TYPE_CHECKING:
    from collections.abc import Sequence

    from bot.replies.page import Fence, Place
    from bot.replies.paths import KnownPaths

_CONSOLE: Final = frozenset(
    {"bash", "console", "log", "output", "pytb", "sh", "shell", "shell-session", "shellsession", "terminal", "zsh"}
)
_SCRIPTS: Final = (".sh", ".bash", ".zsh", ".bats", ".command")
_MARKUP: Final = (".md", ".markdown", ".mdx", ".rst", ".txt", ".adoc", ".qmd")
_POSITION = re.compile(r":\d")
_DIFF = re.compile(r"diff --git |--- (?:a/|/dev/null)|@@ |\*\*\* Begin Patch")


def read(place: Place) -> Taken | None:
    """Read the fenced block that opens here, if one does: a file, an illustration, or a wrapper of other blocks."""
    opener = fence_on(place.lines[place.at])
    if opener is None:
        return None
    if is_diff_fence(opener) and not _is_patch_file(place, opener):
        return Taken(place.at + 1, wrapper=opener)
    end = _end(place, opener)
    return _wrapper(place, opener, end.at) if end.wraps else _file(place, opener, end)


def _file(place: Place, opener: Fence, end: _End) -> Taken:
    content = _inside(place.lines[place.at + 1 : end.at], opener)
    stop = min(end.at + 1, len(place.lines))
    named = _named(place, opener, content)
    if named.path is None:
        return Taken(stop, is_prose=True)
    path = place.known.resolve(named.path)
    if isinstance(path, Problem):
        return Taken(stop, errors=(at_line(place, path.text),), used=named.used)
    if problem := _doubt(place, opener, end, path):
        return Taken(stop, errors=(at_line(place, f"{path}: {problem}"),), used=named.used)
    label = _label(content, path, place.known)
    return Taken(stop, (WriteFile(path, text_of(content[len(label) :]), "".join(label)),), used=named.used)


@dataclass(frozen=True, slots=True)
class _End:
    """Where a fenced block ends: at its closing fence, at a block of another format inside, or nowhere."""

    at: int
    wraps: bool = False
    closed: bool = True


def _is_patch_file(place: Place, opener: Fence) -> bool:
    path = info_path(opener.info, place.known) or hint_before(place, in_sentences=False).path
    return path is not None and path.endswith((".diff", ".patch"))


def _end(place: Place, opener: Fence) -> _End:
    """Find the end; a fence with an info string inside opens a nested block, which the next bare one closes.

    Further down a diff is a file's text, such as a test of a tool that reads them.
    """
    lines, diffs = place.lines, not _is_patch_file(place, opener)
    named_inside = _wraps_named_file(place, opener)
    depth = seen = 0
    for at in range(place.at + 1, len(lines)):
        if starts_block(lines[at]) or (diffs and seen <= LOOK_BACK and _starts_diff(lines, at)):
            return _End(at, wraps=True)
        inner = fence_on(lines[at]) if seen == 1 else None
        if inner is not None and len(inner.mark) < len(opener.mark) and named_inside:
            return _End(at, wraps=True)
        seen += bool(lines[at].strip())
        fence = fence_on(lines[at])
        if fence is None or not fence.mark.startswith(opener.mark):
            continue
        if fence.info:
            depth += 1
        elif not depth:
            return _End(at)
        else:
            depth -= 1
    return _End(len(lines), closed=False)


def _wraps_named_file(place: Place, opener: Fence) -> bool:
    """Whether the fence has no path of its own and its first line is the path of a file."""
    if info_path(opener.info, place.known) or hint_before(place, in_sentences=False).path:
        return False
    first = next((line for line in place.lines[place.at + 1 : place.at + 1 + LOOK_BACK] if line.strip()), "")
    return path_line(first, place.known) is not None


def _starts_diff(lines: Sequence[str], at: int) -> bool:
    return is_marker(lines[at]) or starts_diff(lines, at)


def _wrapper(place: Place, opener: Fence, first: int) -> Taken:
    """The lines between a fence and the first block inside: a path and little more, or else the fence never closed."""
    if sum(bool(line.strip()) for line in place.lines[place.at + 1 : first]) > LOOK_BACK:
        return Taken(first, errors=(at_line(place, "a fenced block is not closed before the next edit begins"),))
    inner = (at for at in range(place.at + 1, first) if fence_on(place.lines[at]))
    return Taken(next(inner, first), wrapper=opener)


def _inside(lines: Sequence[str], opener: Fence) -> tuple[str, ...]:
    margin = " " * opener.indent
    return tuple(line.removeprefix(margin) for line in lines)


def _named(place: Place, opener: Fence, content: Sequence[str]) -> Hint:
    """The path that the block is for, and the lines that say so; no path for an illustration."""
    named = Hint(info_path(opener.info, place.known), frozenset())
    if named.path is None:
        named = hint_before(place, in_sentences=False)
    if named.path is None:
        named = Hint(_first_line_path(content, place.known), frozenset())
    language = opener.info.split(maxsplit=1)[0].casefold() if opener.info else ""
    if named.path is not None and language in _CONSOLE and not named.path.endswith(_SCRIPTS):
        return Hint(None, frozenset())
    return named


def _first_line_path(content: Sequence[str], known: KnownPaths) -> str | None:
    """The path alone on the first line, unless the block looks like a list of paths or a tool's output."""
    rest = next((line for line in content[1:] if line.strip()), None)
    if rest is None or path_line(rest, known):
        return None
    path = path_line(content[0], known)
    return None if path is None or _POSITION.search(path) else path


def _label(content: Sequence[str], path: str, known: KnownPaths) -> Sequence[str]:
    """The first line, when all it says is the file's path."""
    first = path_line(content[0], known) if content else None
    return content[:1] if first is not None and known.resolve(first) == path else ()


def _doubt(place: Place, opener: Fence, end: _End, path: str) -> str | None:
    """Why the block may not be all of the file, or no file at all."""
    if not end.closed:
        return "the fence round the whole file is not closed"
    if path.endswith(_MARKUP) and _ends_too_early(place, opener, end.at + 1):
        return "its text holds fences itself; put a fence of more backticks round the whole file"
    first = next((line for line in place.lines[place.at + 1 : end.at] if line.strip()), "")
    if _DIFF.match(first) and not path.endswith((".diff", ".patch")):
        return "a diff stands where the whole file is expected"
    return None


def _ends_too_early(place: Place, opener: Fence, start: int) -> bool:
    """Whether the next fence after the block is a bare one that belongs to no path: it may be the block's own end."""
    for at in range(start, len(place.lines)):
        fence = fence_on(place.lines[at])
        if fence is not None and place.wrapper is not None and fence.closes(place.wrapper):
            return False
        if fence is not None and fence.mark.startswith(opener.mark):
            after = replace(place, at=at, before=range(max(start, at - 2 * LOOK_BACK), at))
            return not fence.info and hint_before(after, in_sentences=True).path is None
        if starts_block(place.lines[at]):
            return False
    return False
