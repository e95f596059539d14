"""The hunks of a diff, as unified diffs and V4A patches both have them: from lines to edits."""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Final

from bot.core.edit_types import EMPTY, UNMARKED, Hunk
from bot.core.elisions import is_elision
from bot.core.marks import settled, sides
from bot.replies.page import text_of

if TYPE_CHECKING:
    from collections.abc import Sequence

_NUMBERS = re.compile(r"@@+ -(\d{1,9})(?:,(\d{1,9}))?(?: \+\d{1,9}(?:,(\d{1,9}))?)? ?(?:@@+|\Z)(.*)")
_HEADER = re.compile(r"@@+(?: +(.*?))?(?: *@@+)?\s*")
_NO_NEWLINE = re.compile(r"\\ ?No newline.*", re.IGNORECASE)
_END_OF_FILE: Final = "*** End of File"
_BULLET = re.compile(r"[-+*] \S|-{3,}\s*\Z")


def is_hunk_header(line: str) -> bool:
    """Whether the line opens a hunk, with or without numbers."""
    return line.startswith("@@") and (_NUMBERS.match(line) or _HEADER.fullmatch(line)) is not None


@dataclass(slots=True)
class _Draft:
    """A hunk while its lines are read."""

    line: int | None = None
    counts: tuple[int, int] | None = None
    scopes: list[str] = field(default_factory=list)
    lines: list[str] = field(default_factory=list)


def read_hunks(path: str, lines: Sequence[str]) -> list[Hunk]:
    """The hunks in the lines after a file's header; none when all of them together change nothing.

    One that changes nothing by itself may have lost the only plus that it had.
    """
    hunks = [_hunk(path, draft) for draft in _drafts(lines)]
    changing = any(hunk.old != hunk.new or hunk.final_newline is not None or hunk.is_unsettled for hunk in hunks)
    return [hunk for hunk in hunks if hunk.old.strip() or hunk.new.strip() or hunk.old != hunk.new] if changing else []


def chatter_after(lines: Sequence[str]) -> int:
    """How many of the lines at the end of a diff that no fence closes are an explanation.

    It begins after a blank line, or where the counts of the header are reached, and no line of it looks like a diff's
    except the items of a list.
    """
    drafts = _drafts(lines)
    return len(drafts[-1].lines) - _end_of_hunk(drafts[-1]) if drafts else 0


def _drafts(lines: Sequence[str]) -> list[_Draft]:
    drafts = [_Draft()]
    for line in lines:
        if not is_hunk_header(line):
            drafts[-1].lines.append(line)
            continue
        # headings that follow each other each narrow the place down
        if any(drafts[-1].lines) or not drafts[-1].scopes:
            drafts.append(_Draft())
        _read_header(drafts[-1], line)
    return [draft for draft in drafts if any(draft.lines)]


def _read_header(draft: _Draft, line: str) -> None:
    if numbers := _NUMBERS.match(line):
        draft.line = int(numbers[1])
        if numbers[3] is not None or numbers[2] is not None:
            draft.counts = (int(numbers[2] or 1), int(numbers[3] or 1))
        heading = numbers[4]
    else:
        named = _HEADER.fullmatch(line)
        heading = (named[1] or "") if named else ""
    if heading.strip(" .\u2026-+,0123456789"):
        draft.scopes.append(heading.strip())


def _end_of_hunk(draft: _Draft) -> int:
    lines, counted = draft.lines, _counted(draft)
    first = len(lines)
    while first and (not lines[first - 1].strip() or _is_prose(lines[first - 1]) or _BULLET.match(lines[first - 1])):
        first -= 1
    gap = None
    for at in range(first, len(lines)):
        if at == counted:
            return at
        if lines[at]:
            if gap is not None and _is_prose(lines[at]):
                return gap
            gap = None
        elif gap is None:
            gap = at
    return len(lines)


def _is_prose(line: str) -> bool:
    return bool(line) and line[0] not in " +-\\\t@" and not is_elision(line)


def _counted(draft: _Draft) -> int:
    """After how many lines the header's counts are reached; -1 when they never are."""
    old = new = 0
    for at, line in enumerate(draft.lines):
        if (old, new) == draft.counts:
            return at
        old += not line.startswith(("+", "\\"))
        new += not line.startswith(("-", "\\"))
    return -1


def _hunk(path: str, draft: _Draft) -> Hunk:
    lines = list(draft.lines)
    at_end = any(line.startswith(_END_OF_FILE) for line in lines)
    lines = [line for line in lines if not line.startswith(_END_OF_FILE)]
    final_newline = _final_newline(lines)
    body = [_marked(line) for line in lines if not _NO_NEWLINE.fullmatch(line)]
    # an empty line at the end may be a kept one without its mark, or only set hunks apart
    while body and body[-1] == EMPTY and not _needs_last(body, draft.counts):
        body.pop()
    marked = settled(body, draft.counts)
    old, new = sides(marked)
    return Hunk(
        path,
        text_of(old),
        text_of(new),
        draft.line,
        body=marked,
        counts=draft.counts,
        scopes=tuple(draft.scopes),
        at_end=at_end,
        final_newline=final_newline,
    )


def _needs_last(body: Sequence[str], counts: tuple[int, int] | None) -> bool:
    return counts is not None and sum(line[0] != "-" for line in body) == counts[1]


def _marked(line: str) -> str:
    if not line:
        return EMPTY
    return line if line[0] in " +-" else UNMARKED + line


def _final_newline(lines: Sequence[str]) -> bool | None:
    """What the remarks on a missing newline say: whether the file shall have one where that changes."""
    without = {lines[at - 1][:1] for at, line in enumerate(lines) if at and _NO_NEWLINE.fullmatch(line)}
    return without == {"-"} if without in ({"-"}, {"+"}) else None
