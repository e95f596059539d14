"""What an edit must not leave behind: merge markers, stand-ins for code left out, what is no text, a file cut short."""

from __future__ import annotations

import re
from collections import Counter
from typing import TYPE_CHECKING, Final

from bot.core.lines import printable, split_file

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Sequence

LONG_FILE: Final = 50
"""Lines beyond which a whole file may not shrink below `LEAST_KEPT`."""
LEAST_KEPT: Final = 0.3

_LONGEST = 160
_MARKER = re.compile(
    r"(?:<{7}|>{7}|\|{7})(?:\s.*)?"
    r"|<{5,9} ?(?:SEARCH|ORIGINAL|DELETE)\b.*"
    r"|>{5,9} ?(?:REPLACE|UPDATED)\b.*"
)
_SURROGATE = re.compile("[\ud800-\udfff]")
_COMMENT = re.compile(r"(?:#+|//+|--+|/?\*+|<!--|\{/\*|;+|%+|\"{3}|'{3})\s*")
_COMMENT_END = re.compile(r"\s*(?:\*/\}?|-->|\"{3}|'{3})?\s*\Z")
_DOTS = re.compile(r"\.{3,}|…")
_CODE = (
    r"(?:code|file|class|function|method|module|implementation|content|script|body|logic|definition|import|test|line)s?"
)
_STAYS = (
    r"(?:(?:is|are|remains?|stays?|goes|go|continues?|kept) )?"
    r"(?:(?:the )?same(?: as (?:before|above))?|unchanged|as before|as is|as-is|intact|omitted|elided)"
)
_HERE = rf"(?:{_STAYS}|(?:goes |go |stays? |continues? )?here)"
_STAND_INS = tuple(
    re.compile(pattern)
    for pattern in (
        rf"(?:the )?(?:rest|remainder) of (?:the |this |your )?(?:\w+ )?{_CODE}(?: {_HERE})?",
        rf"(?:the |your |all )?(?:other|rest|remaining|existing|previous|original) (?:\w+ )?{_CODE} {_HERE}",
        r"(?:the |your )?(?:existing|unchanged) (?:code|implementation|logic|methods|functions)",
        r"your (?:code|implementation|logic) here",
        rf"(?:the )?{_CODE} {_STAYS}",
        r"(?:\w+ ){0,4}(?:omitted|truncated|shortened|elided|abbreviated) for brevity",
    )
)
# after leading dots only: "Loading the rest..." is an honest comment
_AFTER_DOTS = re.compile(
    r"(?:the |your |all |keep )?(?:rest|remaining|existing|previous|unchanged|omitted|other)(?: [\w-]+){0,6}"
)


def leftover(before: str, after: str) -> str | None:
    """Why the new text of a file cannot be what was meant, or None; `before` is empty for a new file.

    Only lines that the edit brought in are judged.
    """
    if "\0" in after or (not after.isascii() and _SURROGATE.search(after)):
        return "the new text holds characters that no text file holds"
    new = _brought_in(split_file(before).texts, split_file(after).texts)
    if marker := _first(new, is_marker):
        return f"a conflict or edit marker would be left in the file: {marker}"
    if placeholder := _first(new, is_stand_in):
        return f"a line stands in for code that was left out, write that code: {placeholder}"
    return None


def _brought_in(before: Sequence[str], after: Sequence[str]) -> Counter[str]:
    """The lines of the new text that the old one has not, or not as often."""
    shorter = min(len(before), len(after))
    head = next((at for at in range(shorter) if before[at] != after[at]), shorter)
    tail = next((at for at in range(shorter - head) if before[-1 - at] != after[-1 - at]), shorter - head)
    return Counter(after[head : len(after) - tail]) - Counter(before[head : len(before) - tail])


def shrinks_too_far(before: str, after: str) -> str | None:
    """Why a whole new text may not take the place of the old one, or None."""
    old, new = len(split_file(before).texts), len(split_file(after).texts)
    if before.strip() and not after.strip():
        return "the file would be empty; delete it if that is meant"
    if old > LONG_FILE and new < old * LEAST_KEPT:
        return f"the whole file was given in {new} lines, but it has {old}; change only the lines that need it"
    return None


def is_marker(line: str) -> bool:
    """Whether the line is a merge conflict's, or one of the reply formats' own."""
    return _MARKER.fullmatch(line.rstrip()) is not None


def is_stand_in(line: str) -> bool:
    """Whether the line is a comment, or dots, in the place of code: `# ... rest of the code unchanged`."""
    text = line.strip()
    if len(text) > _LONGEST:
        return False
    words = _COMMENT_END.sub("", _COMMENT.sub("", text, count=1) if _COMMENT.match(text) else text)
    commented, dots = _COMMENT.match(text) is not None, _DOTS.search(words)
    plain = " ".join(_DOTS.sub(" ", words).strip("()[]{}<>.:!*- \t").casefold().split())
    if any(pattern.fullmatch(plain) for pattern in _STAND_INS):
        return commented or dots is not None
    leading = dots is not None and not words[: dots.start()].strip("([{<*- ")
    return commented and leading and _AFTER_DOTS.fullmatch(plain) is not None


def _first(lines: Iterable[str], judge: Callable[[str], bool]) -> str | None:
    return next((printable(line.strip(), _LONGEST) for line in lines if judge(line)), None)
