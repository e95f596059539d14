"""Proposals: what was drafted, and the commit message that carries it, printed and parsed by the same types."""

from __future__ import annotations

import hashlib
import json
import re
from dataclasses import asdict, dataclass
from datetime import datetime
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from bot.core.changes import FileChange
    from bot.core.refs import Thread

OWN_CHECKS = "your own checks"
"""The row of the evidence that says why no command of the repository was run."""
OPEN_REFS = "draftgate/proposals"
CLOSED_REFS = "draftgate/closed"
_TIME = "%Y-%m-%dT%H:%M:%SZ"
_TRAILER = re.compile(r"Draftgate-([A-Za-z-]+): (.*)")


@dataclass(frozen=True, slots=True)
class Proof:
    """One row of evidence: what was looked at and how it came out, in plain words."""

    name: str
    outcome: str


@dataclass(frozen=True, slots=True)
class Figures:
    """What a draft took: seconds by phase in order, tokens and their price.

    `model_seconds` is the time in which a model call was under way, `writing_seconds` the part of it after the first
    token; `cost` is in USD, None where no price is known.
    """

    phases: tuple[tuple[str, float], ...] = ()
    model_seconds: float = 0.0
    writing_seconds: float = 0.0
    tokens_in: int = 0
    tokens_out: int = 0
    cost: float | None = None

    @property
    def seconds(self) -> float:
        """All phases together."""
        return sum(seconds for _, seconds in self.phases)


@dataclass(frozen=True, slots=True)
class Evidence:
    """What speaks for a proposal and how it was made: everything the comment shows that the commit does not say."""

    proofs: tuple[Proof, ...] = ()
    look_at: tuple[str, ...] = ()
    making: str = ""

    def digest(self) -> str:
        """SHA-256 over the canonical JSON; a trailer binds it to the commit, so that nobody can edit the evidence."""
        text = json.dumps(asdict(self), sort_keys=True, separators=(",", ":"))
        return hashlib.sha256(text.encode()).hexdigest()


@dataclass(frozen=True, slots=True)
class Provenance:
    """Where a proposal comes from, as its commit trailers say.

    `thread` is the issue's or pull request's number, `trigger` the idempotence key `<event>/<comment or run id>`,
    `policy` the digest of the configuration in force, `expires` the moment after which nobody can approve it.
    """

    thread: int
    trigger: str
    requested_by: str
    model: str
    policy: str
    expires: datetime
    evidence: str

    def trailers(self) -> str:
        """The commit message's last paragraph."""
        rows = (
            ("Thread", str(self.thread)),
            ("Trigger", self.trigger),
            ("Requested-By", self.requested_by),
            ("Model", self.model),
            ("Policy", self.policy),
            ("Expires", self.expires.strftime(_TIME)),
            ("Evidence", self.evidence),
        )
        return "\n".join(f"Draftgate-{name}: {' '.join(value.split())}" for name, value in rows)


@dataclass(frozen=True, slots=True)
class Proposal:
    """A checked change that waits to become a commit; `base` is the commit it was drafted on."""

    thread: Thread
    base: str
    kind: str
    title: str
    summary: str
    changes: tuple[FileChange, ...]
    provenance: Provenance
    evidence: Evidence
    figures: Figures

    def message(self) -> str:
        """The whole commit message."""
        return commit_message(self.title, self.summary, self.provenance)


def commit_message(title: str, summary: str, provenance: Provenance) -> str:
    """Title, summary and trailers; neither of the first two can smuggle in a trailer or a comment of their own."""
    parts = [one_line(title, 72), _without_trailers(summary), provenance.trailers()]
    return "\n\n".join(part for part in parts if part) + "\n"


def one_line(text: str, longest: int) -> str:
    """The text with its white space folded, cut at a word to at most `longest` characters."""
    folded = " ".join(text.split())
    if len(folded) <= longest:
        return folded
    return folded[: longest - 1].rsplit(" ", 1)[0].rstrip(" ,.;:") + "…"


def _without_trailers(summary: str) -> str:
    lines = (line.rstrip() for line in summary.strip().splitlines())
    return "\n".join(line for line in lines if not line.lower().startswith("draftgate-"))


@dataclass(frozen=True, slots=True)
class ParsedMessage:
    """A proposal's commit message, taken apart again."""

    title: str
    summary: str
    provenance: Provenance


def parse_message(message: str) -> ParsedMessage | None:
    """Read a proposal's commit message; None when it is not one (a trailer is missing, doubled or malformed)."""
    body, _, last = message.rstrip("\n").rpartition("\n\n")
    matches = [match for line in last.split("\n") if (match := _TRAILER.fullmatch(line))]
    values = {match.group(1): match.group(2) for match in matches}
    names = {"Thread", "Trigger", "Requested-By", "Model", "Policy", "Expires", "Evidence"}
    if not body or set(values) != names or len(matches) != len(names):
        return None
    expires = _parse_time(values["Expires"])
    if expires is None or not values["Thread"].isdecimal():
        return None
    title, _, summary = body.partition("\n\n")
    provenance = Provenance(
        thread=int(values["Thread"]),
        trigger=values["Trigger"],
        requested_by=values["Requested-By"],
        model=values["Model"],
        policy=values["Policy"],
        expires=expires,
        evidence=values["Evidence"],
    )
    return ParsedMessage(title, summary, provenance)


def _parse_time(text: str) -> datetime | None:
    try:
        return datetime.fromisoformat(text) if text.endswith("Z") else None
    except ValueError:
        return None


def open_ref(thread: int, sha: str) -> str:
    """The ref (without `refs/`) that keeps an open proposal's commit."""
    return f"{OPEN_REFS}/{thread}/{sha}"


def closed_ref(thread: int, sha: str) -> str:
    """The ref (without `refs/`) under which a decided or superseded proposal is remembered."""
    return f"{CLOSED_REFS}/{thread}/{sha}"


def branch_name(thread: int, title: str) -> str:
    """The branch an approved issue proposal is pushed to: `draftgate/<issue>-<slug of the commit title>`."""
    words = re.sub(r"[^a-z0-9]+", "-", title.lower()).strip("-")
    slug = words[:40].rstrip("-") or "change"
    return f"draftgate/{thread}-{slug}"
