"""What a check says: the value type that all checks of this folder return."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

Severity = Literal["error", "warning", "note"]

RISK = "risk-"
"""How the names of checks for risks to infrastructure begin: what `gates.risk` asks a second person about."""


@dataclass(frozen=True, slots=True)
class Finding:
    """One thing that a check found in one file.

    `line` counts from 1 and is None where the whole file is meant; `check` is the name that people switch off or search
    for; an `error` stops a proposal, a `warning` is shown in its evidence, a `note` is worth a look or says what was
    not checked. `key` tells two findings apart whose messages are the same (two secrets, of which neither is quoted);
    it is never shown.
    """

    path: str
    line: int | None
    check: str
    severity: Severity
    message: str
    key: str = ""

    @property
    def is_risk(self) -> bool:
        """Whether this is a risk to infrastructure, for which a second person may have to approve."""
        return self.check.startswith(RISK)

    @property
    def risk(self) -> str:
        """The risk in words, such as `open to world`; only for one that is a risk."""
        return self.check.removeprefix(RISK).replace("-", " ")


def as_json(finding: Finding) -> dict[str, str | int | None]:
    """The finding as `draftgate check --json` prints it."""
    return {
        "path": finding.path,
        "line": finding.line,
        "check": finding.check,
        "severity": finding.severity,
        "message": finding.message,
    }
