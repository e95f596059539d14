"""GitHub workflows and actions: their schemas, their expressions, and jobs that wait for jobs that are not there."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any

from bot.checks.documents import read_documents, strings
from bot.checks.expressions import complaint, expressions_in
from bot.checks.findings import Finding
from bot.checks.schema import against_schema

if TYPE_CHECKING:
    from collections.abc import Iterator

    from bot.checks.documents import Document

SCHEMA = "workflow-schema"
EXPRESSION = "workflow-expression"
NEEDS = "workflow-needs"

_WORKFLOW = re.compile(r"(?:^|/)\.(?:github|gitea|forgejo)/workflows/[^/]+\.ya?ml$")
_ACTION = re.compile(r"(?:^|/)action\.ya?ml$")
_MOST_EXPRESSIONS = 2_000


def matches(path: str) -> bool:
    """Files that GitHub reads as a workflow or an action."""
    return _WORKFLOW.search(path) is not None or _ACTION.search(path) is not None


def check(path: str, text: str) -> list[Finding]:
    """Everything for which GitHub would refuse the file, as errors."""
    documents = read_documents(text)
    if len(documents) != 1 or not isinstance(documents[0].value, dict):
        return []
    document = documents[0]
    if _WORKFLOW.search(path):
        found = against_schema(path, text, document, "github-workflow.schema", SCHEMA)
        found += _unknown_needs(path, document)
    elif "runs" in document.value:
        found = against_schema(path, text, document, "github-action.schema", SCHEMA)
    else:
        return []
    return found + list(_expressions(path, document))


def _unknown_needs(path: str, document: Document) -> Iterator[Finding]:
    found = document.value.get("jobs")
    jobs: dict[str, Any] = found if isinstance(found, dict) else {}
    known = {name.lower() for name in jobs}
    for name, job in jobs.items():
        needs = job.get("needs") if isinstance(job, dict) else None
        for need in [needs] if isinstance(needs, str) else needs if isinstance(needs, list) else []:
            if isinstance(need, str) and need.lower() not in known:
                line = document.line(["jobs", name, "needs"])
                yield Finding(path, line, NEEDS, "error", f"job `{name}` needs `{need[:80]}`, which is no job here")


def _expressions(path: str, document: Document) -> Iterator[Finding]:
    left = _MOST_EXPRESSIONS
    for place, text in strings(document.value):
        bare = bool(place) and place[-1] == "if" and "${{" not in text
        for at, expression, closed in [(0, text, True)] if bare else expressions_in(text):
            left -= 1
            said = complaint(expression) if closed else "`${{` is never closed"
            if said is not None:
                line = document.line(place) + _rows(text, at, document, place)
                yield Finding(path, line, EXPRESSION, "error", f"`{expression.strip()[:60]}`: {said}")
            if left <= 0:
                return


def _rows(text: str, at: int, document: Document, place: tuple[Any, ...]) -> int:
    """How many lines below the start of its scalar a place stands; a block scalar starts a line above its text."""
    rows = text.count("\n", 0, at)
    return rows + 1 if "\n" in text and document.is_block(place) else rows
