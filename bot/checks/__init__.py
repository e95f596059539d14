"""In-memory checks of a change: one file for each kind of file, and here the list of them.

Nothing here runs a process, opens a file or executes what it reads; every check ends in bounded time on any text.
"""

from __future__ import annotations

import re
from collections import Counter
from dataclasses import replace
from typing import TYPE_CHECKING, Protocol

from bot.checks import json_text, markers, python, toml_text, yaml_text
from bot.checks.findings import Finding, Severity, as_json

if TYPE_CHECKING:
    from collections.abc import Mapping

__all__ = ["KINDS", "Finding", "Kind", "Severity", "as_json", "check_change", "check_text"]


class Kind(Protocol):
    """What each module of this folder offers for its kind of file."""

    @property
    def SYNTAX(self) -> str:  # noqa: N802 - a module's constant
        """The check's name for a file that its reader cannot take at all."""

    def matches(self, path: str) -> bool:
        """Whether the path is a file of this kind."""

    def check(self, path: str, text: str) -> list[Finding]:
        """What is wrong with the text."""


KINDS: tuple[Kind, ...] = (python, json_text, yaml_text, toml_text)

SIZE = "size"
LONGEST = 2_000_000
"""Characters of the longest text that is read; generated data beyond it would only cost time."""

_LINE = re.compile(r"\bline \d+")


def check_text(path: str, text: str) -> list[Finding]:
    """All findings for one file as it stands, in the order of its lines; never raises, whatever the text is."""
    if len(text) > LONGEST:
        return [Finding(path, None, SIZE, "note", f"not checked: longer than {LONGEST:,} characters")]
    kind = next((kind for kind in KINDS if kind.matches(path)), None)
    return _merged(markers.check(path, text), kind.check(path, text) if kind else [], read=kind is not None)


def check_change(changes: Mapping[str, tuple[str | None, str | None]]) -> list[Finding]:
    """The findings that a change brings in: path → (text before, text after), None where there is no file.

    A finding that stood there before, wherever its line is now, is not the change's; and a file that its reader could
    not take before is not blamed for what the reader says now.
    """
    found: list[Finding] = []
    for path, (before, after) in changes.items():
        findings = [] if after is None else check_text(path, after)
        found += _new(check_text(path, before), findings) if findings and before is not None else findings
    return found


def _merged(marks: list[Finding], others: list[Finding], *, read: bool) -> list[Finding]:
    """Marks explain why a file cannot be read; in one that can, they stand in a string and are only worth a warning."""
    broken = any(finding.severity == "error" for finding in others)
    if marks and broken:
        return marks
    if marks and read:
        marks = [replace(mark, severity="warning") for mark in marks]
    return sorted(marks + others, key=lambda finding: finding.line or 0)


def _new(before: list[Finding], after: list[Finding]) -> list[Finding]:
    fatal = {markers.CONFLICT, *(kind.SYNTAX for kind in KINDS)}
    unreadable = any(finding.check in fatal and finding.severity == "error" for finding in before)
    known = Counter(map(_identity, before))
    kept: list[Finding] = []
    for finding in after:
        known[_identity(finding)] -= 1
        if known[_identity(finding)] < 0 and (not unreadable or finding.check == markers.CONFLICT):
            kept.append(finding)
    return kept


def _identity(finding: Finding) -> tuple[str, str]:
    """The same for a finding that only moved."""
    return finding.check, _LINE.sub("line", finding.message)
