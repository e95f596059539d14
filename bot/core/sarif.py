"""A review as SARIF 2.1.0 (OASIS, "Static Analysis Results Interchange Format"), for code scanning and editors."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

from bot.core.findings import CATEGORIES

if TYPE_CHECKING:
    from collections.abc import Sequence

    from bot.core.agreement import Kept
    from bot.core.findings import Category, Severity
    from bot.core.remarks import Remark

SCHEMA: Final = "https://docs.oasis-open.org/sarif/sarif/v2.1.0/errata01/os/schemas/sarif-schema-2.1.0.json"
_HOME: Final = "https://github.com/draftgate/draftgate"
_LEVELS: Final[dict[Severity, str]] = {"high": "error", "medium": "warning", "low": "note"}
_MEANINGS: Final[dict[Category, str]] = {
    "bug": "The code does something else than it should.",
    "security": "The code can be made to do harm.",
    "performance": "The code takes more time or memory than it has to.",
    "tests": "A test is missing or proves nothing.",
    "compatibility": "Something that used to work for others stops working.",
    "clarity": "The code says something else than it does.",
}


def sarif(kept: Sequence[Kept], version: str) -> dict[str, Any]:
    """The log with one run; `version` is Draftgate's own."""
    rules = [{"id": name, "shortDescription": {"text": _MEANINGS[name]}} for name in CATEGORIES]
    driver = {"name": "Draftgate", "version": version, "informationUri": _HOME, "rules": rules}
    run = {
        "tool": {"driver": driver},
        "columnKind": "unicodeCodePoints",
        "results": [_result(one) for one in kept],
    }
    return {"$schema": SCHEMA, "version": "2.1.0", "runs": [run]}


def _result(kept: Kept) -> dict[str, Any]:
    remark = kept.remark
    finding = remark.finding
    text = "\n\n".join(part for part in (finding.title, finding.reason) if part) or finding.category
    fixes = {"fixes": [_fix(remark)]} if remark.suggestion is not None else {}
    return {
        "ruleId": finding.category,
        "ruleIndex": CATEGORIES.index(finding.category),
        "level": _LEVELS[finding.severity],
        "message": {"text": text},
        "locations": [{"physicalLocation": {"artifactLocation": _artifact(remark), **_region(remark)}}],
        "partialFingerprints": {"draftgate/v1": str(remark.fingerprint)},
        "properties": {"votes": kept.votes, "passes": kept.passes, "proofs": list(kept.proofs)},
        **fixes,
    }


def _artifact(remark: Remark) -> dict[str, str]:
    from urllib.parse import quote  # noqa: PLC0415 - only a written log needs it

    return {"uri": quote(remark.path), "uriBaseId": "%SRCROOT%"}


def _region(remark: Remark) -> dict[str, Any]:
    """The lines; none for what the change took out, which the file as it stands does not have."""
    if remark.side == "LEFT":
        return {}
    return {"region": {"startLine": remark.first, "endLine": remark.last}}


def _fix(remark: Remark) -> dict[str, Any]:
    """The suggestion as a replacement of whole lines: the region ends where the line after them begins."""
    suggestion, change = remark.suggestion, remark.change
    if suggestion is None or change is None:
        raise TypeError(remark)
    before = change.before or ""
    newline = "\r\n" if "\r\n" in before else "\n"
    ended = suggestion.last < len(before.split("\n"))
    text = newline.join(suggestion.lines) + (newline if ended and suggestion.lines else "")
    end = {"endLine": suggestion.last + 1, "endColumn": 1} if ended else {"endLine": suggestion.last}
    replacement = {
        "deletedRegion": {"startLine": suggestion.first, "startColumn": 1, **end},
        "insertedContent": {"text": text},
    }
    return {"artifactChanges": [{"artifactLocation": _artifact(remark), "replacements": [replacement]}]}
