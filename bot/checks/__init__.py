"""In-memory checks of a change: one file for each kind of file, and here what is asked of them all.

Nothing here runs a process, opens a file of the user's or executes what it reads; every check ends in bounded time and
memory on any text.
"""

from __future__ import annotations

import re
from collections import Counter
from dataclasses import replace
from typing import TYPE_CHECKING

from bot.checks import kinds, markers
from bot.checks.findings import RISK, Finding, Severity, as_json

if TYPE_CHECKING:
    from collections.abc import Collection, Iterable, Mapping

__all__ = ["RISK", "Finding", "Severity", "as_json", "check_change", "check_files", "check_text", "wanted_beside"]

SIZE = "size"
LONGEST = 2_000_000
"""Characters of the longest text that is read; generated data beyond it would only cost time."""

_LINE = re.compile(r"\bline \d+|:\d+\b")
_MODULE = (".tf", ".tofu", ".tf.json", ".tofu.json")
_OBJECTS = (".yaml", ".yml", ".json")


def check_text(path: str, text: str, kubernetes: str = "") -> list[Finding]:
    """All findings for one file as it stands by itself, in the order of its lines; never raises, whatever the text is.

    `kubernetes` is the release (`1.33`) that manifests are held against; empty is the newest known.
    """
    return _in_order(_read(path, text, kubernetes) + _secrets(path, text))


def check_files(
    files: Mapping[str, str], beside: Mapping[str, str] | None = None, kubernetes: str = ""
) -> list[Finding]:
    """All findings for files as they stand, by path and text, with those that only show in several files together.

    `beside` are more files of the same folders (see `wanted_beside`), in which nothing is looked for; None means that
    `files` is all that there is.
    """
    found = [finding for path, text in files.items() for finding in check_text(path, text, kubernetes)]
    return found + [one for one in _module_findings({**(beside or {}), **files}) if one.path in files]


def check_change(
    changes: Mapping[str, tuple[str | None, str | None]],
    beside: Mapping[str, str] | None = None,
    kubernetes: str = "",
) -> list[Finding]:
    """The findings that a change brings in: path → (text before, text after), None where there is no file.

    A finding that stood there before, wherever its line is now, is not the change's; and a file that its reader could
    not take before is not blamed for what the reader says now. `beside` holds the unchanged files that `wanted_beside`
    names; without it (None) what needs them is not checked.
    """
    found = [
        finding
        for path, (before, after) in changes.items()
        if before != after
        for finding in _of_the_file(path, before, after, kubernetes)
    ]
    return found + _of_the_whole(changes, beside)


def wanted_beside(changed: Collection[str], tree: Iterable[str]) -> list[str]:
    """The paths of a tree whose texts `check_change` and `check_files` want to see beside the changed ones.

    These are the other files of each Terraform module that is changed: what one refers to, another declares.
    """
    folders = {_folder(path) for path in changed if path.endswith(_MODULE)}
    known = set(changed)
    return [path for path in tree if path.endswith(_MODULE) and path not in known and _folder(path) in folders]


def _of_the_file(path: str, before: str | None, after: str | None, kubernetes: str) -> list[Finding]:
    from bot.checks import made  # noqa: PLC0415 - see _secrets

    found = made.check(path, before, after)
    if after is None:
        return found
    findings = _read(path, after, kubernetes)
    if findings and before is not None:
        findings = _new(_read(path, before, kubernetes), findings)
    return found + _in_order(findings + _secrets(path, _added(before or "", after)))


def _read(path: str, text: str, kubernetes: str) -> list[Finding]:
    """What is said of a text by those who read it as what it is."""
    if len(text) > LONGEST:
        return [Finding(path, None, SIZE, "note", f"not checked: longer than {LONGEST:,} characters")]
    lowered = path.lower()
    reader = next((reader for reader in kinds.READERS if reader.matches(lowered)), None)
    found = reader.check(path, text) if reader else []
    if not any(finding.check in kinds.SYNTAX and finding.severity == "error" for finding in found):
        found = found + [one for more in kinds.MORE if more.matches(lowered) for one in more.check(path, text)]
        found += kinds.kubernetes(path, text, kubernetes)
    return _merged(markers.check(path, text), found, read=reader is not None)


def _secrets(path: str, text: str) -> list[Finding]:
    from bot.checks import secret_text  # noqa: PLC0415 - its rules are not needed by runs that check nothing

    return secret_text.check(path, text) if len(text) <= LONGEST else []


def _added(before: str, after: str) -> str:
    """The text after with only the lines that are new in it, each where it stands."""
    if not before:
        return after
    known = set(before.split("\n"))
    return "\n".join("" if line in known else line for line in after.split("\n"))


def _in_order(findings: list[Finding]) -> list[Finding]:
    return sorted(findings, key=lambda finding: finding.line or 0)


def _of_the_whole(
    changes: Mapping[str, tuple[str | None, str | None]], beside: Mapping[str, str] | None
) -> list[Finding]:
    """What only shows when all files of the change are seen together, before and after."""
    found: list[Finding] = []
    if any(path.endswith(_MODULE) for path in changes):
        from bot.checks import risk_terraform  # noqa: PLC0415 - see _secrets

        found += risk_terraform.check_change(changes)
        if beside is not None:
            old, new = (
                {path: text for path, texts in changes.items() if (text := texts[side]) is not None} for side in (0, 1)
            )
            found += _new(_module_findings({**beside, **old}), _module_findings({**beside, **new}))
    if any(path.lower().endswith(_OBJECTS) for path in changes):
        from bot.checks import risk_containers  # noqa: PLC0415 - see _secrets

        found += risk_containers.check_change(changes)
    return found


def _module_findings(files: Mapping[str, str]) -> list[Finding]:
    if not any(path.endswith(_MODULE) for path in files):
        return []
    from bot.checks import terraform  # noqa: PLC0415 - see _secrets

    return terraform.check_modules(files)


def _folder(path: str) -> str:
    return path.rpartition("/")[0]


def _merged(marks: list[Finding], others: list[Finding], *, read: bool) -> list[Finding]:
    """Marks explain why a file cannot be read; in one that can, they stand in a string and are only worth a warning."""
    broken = any(finding.severity == "error" or finding.check in kinds.SYNTAX for finding in others)
    if marks and broken:
        return marks
    if marks and read:
        marks = [replace(mark, severity="warning") for mark in marks]
    return marks + others


def _new(before: list[Finding], after: list[Finding]) -> list[Finding]:
    unreadable = any(finding.check in kinds.SYNTAX or _is_conflict(finding) for finding in before)
    known = Counter(map(_identity, before))
    kept: list[Finding] = []
    for finding in after:
        known[_identity(finding)] -= 1
        if known[_identity(finding)] < 0 and (not unreadable or _stands_alone(finding)):
            kept.append(finding if unreadable or finding.check != "source-syntax" else _blamed(finding))
    return kept


def _blamed(finding: Finding) -> Finding:
    from bot.checks import source_code  # noqa: PLC0415 - see _secrets

    return source_code.blame(finding)


def _is_conflict(finding: Finding) -> bool:
    return finding.check == markers.CONFLICT and finding.severity == "error"


def _stands_alone(finding: Finding) -> bool:
    """Whether a finding means the same though the file could not be read before."""
    return finding.is_risk or finding.check == markers.CONFLICT


def _identity(finding: Finding) -> tuple[str, str, str, str]:
    """The same for a finding that only moved."""
    return finding.path, finding.check, _LINE.sub("line", finding.message), finding.key
