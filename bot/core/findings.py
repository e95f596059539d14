"""What a reviewing model says: findings as text, read with forgiveness; the code in them is read by `bot.replies`."""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Final, Literal, TypeVar

if TYPE_CHECKING:
    from bot.core.edits import FileEdit

T = TypeVar("T")
Severity = Literal["high", "medium", "low"]
Category = Literal["bug", "security", "performance", "tests", "compatibility", "clarity"]
SEVERITIES: tuple[Severity, ...] = ("high", "medium", "low")
CATEGORIES: tuple[Category, ...] = ("bug", "security", "performance", "tests", "compatibility", "clarity")
MOST_SECTIONS: Final = 20
"""Findings of one answer that are looked at: who finds more has found nothing."""
_LONGEST_REPLY: Final = 400_000
_LONGEST_HEADER: Final = 300
_LONGEST_TITLE: Final = 120
_LONGEST_REASON: Final = 1500

_SEVERITY_WORDS: dict[str, Severity] = {
    "critical": "high",
    "blocker": "high",
    "severe": "high",
    "error": "high",
    "major": "high",
    "high": "high",
    "medium": "medium",
    "moderate": "medium",
    "warning": "medium",
    "low": "low",
    "minor": "low",
    "nit": "low",
    "info": "low",
}
_CATEGORY_WORDS: dict[str, Category] = {
    "bug": "bug",
    "correctness": "bug",
    "logic": "bug",
    "security": "security",
    "vulnerability": "security",
    "performance": "performance",
    "efficiency": "performance",
    "test": "tests",
    "tests": "tests",
    "testing": "tests",
    "compatibility": "compatibility",
    "breaking": "compatibility",
    "api": "compatibility",
    "clarity": "clarity",
    "style": "clarity",
    "readability": "clarity",
    "maintainability": "clarity",
    "documentation": "clarity",
}
_KEYS: dict[str, str] = {
    "file": "file",
    "path": "file",
    "filename": "file",
    "severity": "severity",
    "category": "category",
    "type": "category",
    "kind": "category",
    "title": "title",
    "summary": "title",
    "reason": "reason",
    "why": "reason",
    "problem": "reason",
    "explanation": "reason",
}
_HEADER = re.compile(r" {0,3}(?:#{1,6} *|\*\*)finding\b[ #\d.:)-]*(.*?)[* ]*", re.IGNORECASE)
_FIELD = re.compile(rf"[ >*_-]{{0,6}}({'|'.join(_KEYS)})[*_`]{{0,3}} ?[:=][*_`]{{0,3}} ?(.*)", re.IGNORECASE)
_SEARCH = re.compile(r" {0,3}<{5,9} ?(?:SEARCH|ORIGINAL)\b.*", re.IGNORECASE)
_REPLACE = re.compile(r" {0,3}>{5,9}(?: ?(?:REPLACE|UPDATED)\b.*)?\s*", re.IGNORECASE)
_LINES = re.compile(r"(?::| *\(?lines? )L?\d+(?:[-:,–]L?\d+)*\)?\Z", re.IGNORECASE)  # noqa: RUF001 - models write ranges with it
_FENCE = re.compile(r" {0,3}(?:`{3,}|~{3,})[^`]*")


@dataclass(frozen=True, slots=True)
class Finding:
    """One thing that a reviewer says of one file; `edits` quote the code and give what should stand there.

    An edit whose halves are the same quotes without asking for a change. `title` and `reason` are foreign prose.
    """

    path: str
    title: str
    reason: str
    severity: Severity
    category: Category
    edits: tuple[FileEdit, ...]


@dataclass(slots=True)
class Section:
    """One finding as text: its fields by name, and the lines of its code blocks."""

    fields: dict[str, str] = field(default_factory=dict)
    code: list[str] = field(default_factory=list)

    def reply(self) -> str:
        """The code as a reply of its own, whose path stands before it."""
        return "\n".join([self.path, *self.code])

    def finding(self, path: str, edits: tuple[FileEdit, ...]) -> Finding:
        """The finding, once its code has been read."""
        reason = self.fields.get("reason", "").strip()
        title = " ".join((self.fields.get("title") or reason.partition(". ")[0]).split())
        return Finding(
            path=path,
            title=_cut(title.strip("*_# "), _LONGEST_TITLE),
            reason=_cut(reason, _LONGEST_REASON),
            severity=_word(self.fields.get("severity", ""), _SEVERITY_WORDS, "low"),
            category=_word(self.fields.get("category", ""), _CATEGORY_WORDS, "clarity"),
            edits=edits,
        )

    @property
    def path(self) -> str:
        """The file as the model wrote it, or empty."""
        return _LINES.sub("", self.fields.get("file", "").strip().strip("`*\"' "))


def _cut(text: str, most: int) -> str:
    return text if len(text) <= most else text[:most].rstrip() + "…"


def _word(text: str, words: dict[str, T], other: T) -> T:
    found = (words[word] for word in re.findall(r"[a-z]+", text.lower()[:200]) if word in words)
    return next(found, other)


def sections(reply: str) -> list[Section]:
    """The findings of an answer in its order, as far as they have a file and code; none for anything else."""
    reader = _Reader()
    for line in reply[:_LONGEST_REPLY].replace("\r\n", "\n").split("\n"):
        reader.read(line)
    found = [section for section in reader.sections if section.path and section.code]
    return found[:MOST_SECTIONS]


class _Reader:
    """Goes through the lines once; what stands between the marks of a block is code and nothing else."""

    def __init__(self) -> None:
        self.sections: list[Section] = [Section()]
        self._key = ""
        self._in_block = False
        self._in_fence = False

    def read(self, line: str) -> None:
        """Take the next line."""
        section = self.sections[-1]
        if self._in_block:
            section.code.append(line)
            self._in_block = not _REPLACE.fullmatch(line)
        elif _SEARCH.fullmatch(line):
            section.code.append(line)
            self._in_block, self._key = True, ""
        elif len(line) <= _LONGEST_HEADER and (header := _HEADER.fullmatch(line)):
            self._begin()
            self._set("title", header[1])
        elif _FENCE.fullmatch(line):
            self._fence(line)
        elif self._in_fence:
            section.code.append(line)
        else:
            self._read_prose(line)

    def _begin(self) -> None:
        self.sections.append(Section())
        self._in_fence = False

    def _fence(self, line: str) -> None:
        # one round the whole answer stands before anything was said
        if self.sections[-1].fields:
            self.sections[-1].code.append(line)
            self._in_fence, self._key = not self._in_fence, ""

    def _read_prose(self, line: str) -> None:
        match = _FIELD.fullmatch(line)
        if match:
            key = _KEYS[match[1].lower()]
            if key == "file" and self.sections[-1].code:
                self._begin()
            self._set(key, match[2])
        elif self._key == "reason" and not self.sections[-1].code:
            self.sections[-1].fields["reason"] += f"\n{line}"
        elif line.strip() and not self.sections[-1].code and self.sections[-1].fields:
            self._set("reason", line)

    def _set(self, key: str, value: str) -> None:
        self._key = key
        if value.strip():
            self.sections[-1].fields.setdefault(key, value.strip())
        elif key == "reason":
            self.sections[-1].fields.setdefault(key, "")
