"""Risks in GitHub workflows and actions: foreign code that can change under one's feet, and every right at once."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any

from bot.checks.documents import Document, read_documents
from bot.checks.risk_words import UNPINNED, WILDCARD, risk

if TYPE_CHECKING:
    from collections.abc import Iterator

    from bot.checks.findings import Finding

_SHA = re.compile(r"[0-9a-f]{40}")
_VERSION = re.compile(r"v?\d+(?:\.\d+)*(?:[-+][\w.]+)?")
# zizmor's default policy: a version tag is enough from GitHub itself, others need the commit.
_TRUSTED = ("actions/", "github/")


def check(path: str, text: str) -> list[Finding]:
    """The risks of one file as it stands."""
    return [finding for document in read_documents(text)[:1] for finding in _document(path, document)]


def _document(path: str, document: Document) -> Iterator[Finding]:
    value = document.value
    if not isinstance(value, dict):
        return
    found = value.get("jobs")
    jobs: dict[str, Any] = found if isinstance(found, dict) else {}
    if value.get("permissions") == "write-all":
        yield risk(path, document.line(["permissions"]), WILDCARD, "every job may write everything", "workflow")
    for name, job in jobs.items():
        if not isinstance(job, dict):
            continue
        if job.get("permissions") == "write-all":
            message = f"job `{name[:60]}` may write everything"
            yield risk(path, document.line(["jobs", name, "permissions"]), WILDCARD, message, name)
        yield from _use(path, document, ("jobs", name, "uses"), job.get("uses"))
        yield from _steps(path, document, ("jobs", name, "steps"), job.get("steps"))
    runs = value.get("runs")
    if isinstance(runs, dict):
        yield from _steps(path, document, ("runs", "steps"), runs.get("steps"))


def _steps(path: str, document: Document, place: tuple[str | int, ...], steps: Any) -> Iterator[Finding]:
    for at, step in enumerate(steps if isinstance(steps, list) else ()):
        if isinstance(step, dict):
            yield from _use(path, document, (*place, at, "uses"), step.get("uses"))


def _use(path: str, document: Document, place: tuple[str | int, ...], uses: Any) -> Iterator[Finding]:
    if not isinstance(uses, str) or uses.startswith(("./", "docker://")):
        return
    action, _, version = uses.partition("@")
    if _SHA.fullmatch(version) or (action.lower().startswith(_TRUSTED) and _VERSION.fullmatch(version)):
        return
    message = f"`{uses[:120]}` can change under its name; name its commit"
    yield risk(path, document.line(place), UNPINNED, message, uses[:200])
