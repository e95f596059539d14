"""Marks that a merge left behind, or that a model's search/replace reply left in the file."""

from __future__ import annotations

import re

from bot.checks.findings import Finding, Severity

CONFLICT = "conflict-marker"

_MARK = re.compile(r"^(?P<sign><{7}|\|{7}|={7}|>{7})(?P<label> [^\n]*)?\r?$", re.MULTILINE)
# Places where a text about conflicts is the usual reason for their marks.
_PROSE = (".md", ".markdown", ".rst", ".txt", ".adoc", ".diff", ".patch", ".html")


def check(path: str, text: str) -> list[Finding]:
    """One finding for each conflict, at its first mark; a lone opening or closing mark counts as one.

    `=======` alone is a heading's underline in several formats and is not reported.
    """
    if "<<<<<<<" not in text and ">>>>>>>" not in text:
        return []
    severity: Severity = "warning" if path.lower().endswith(_PROSE) else "error"
    found: list[Finding] = []
    line, counted, opened = 1, 0, False
    for mark in _MARK.finditer(text):
        line, counted = line + text.count("\n", counted, mark.start()), mark.start()
        if mark["sign"] == "<" * 7 or (mark["sign"] == ">" * 7 and not opened):
            message = f"a conflict mark was left here: {mark[0].strip()[:60]}"
            found.append(Finding(path, line, CONFLICT, severity, message))
        if mark["sign"][0] in "<>":
            opened = mark["sign"][0] == "<"
    return found
