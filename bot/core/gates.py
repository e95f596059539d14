"""The gate: whether a commit may be pushed. The only place that builds a `Grant`."""

from __future__ import annotations

from dataclasses import dataclass, field
from enum import IntEnum
from typing import TYPE_CHECKING, Literal

from bot.core.changes import ChangeRules, FileChange, judge, matching
from bot.core.refs import short

if TYPE_CHECKING:
    from collections.abc import Callable
    from datetime import datetime

    from bot.core.memory import Memory
    from bot.core.proposals import Provenance


class Permission(IntEnum):
    """A person's role in the repository, in GitHub's order."""

    NONE = 0
    READ = 1
    TRIAGE = 2
    WRITE = 3
    MAINTAIN = 4
    ADMIN = 5

    @classmethod
    def parse(cls, text: str) -> Permission:
        """Read GitHub's role name; a name it does not know (a custom role) counts as none."""
        return cls.__members__.get(text.upper(), cls.NONE)


@dataclass(frozen=True, slots=True)
class GatePolicy:
    """The gates in force: the default branch's configuration, with its digest.

    `risk` is what a danger to the infrastructure asks for: `second-approver`, `warn` or `off`.
    """

    digest: str
    request: Permission = Permission.WRITE
    approve: Permission = Permission.WRITE
    approver_differs: bool = False
    second_approver: tuple[str, ...] = ()
    risk: str = "second-approver"
    environment: str = ""
    rules: ChangeRules = field(default_factory=ChangeRules)


@dataclass(frozen=True, slots=True)
class Approval:
    """One person's `/approve`, with what GitHub says of it at this moment."""

    login: str
    is_person: bool
    permission: Permission
    edited: bool


Movement = Literal["still", "clean", "conflict", "foreign"]
"""How the branch under a proposal stands to the commit it was drafted on: the same; moved, but it merges cleanly; moved
in the same places; or that commit is not in the branch's history at all."""


@dataclass(frozen=True, slots=True)
class Case:
    """All that is known, live, when somebody approves.

    `claim` is what the approver typed (12 to 40 digits), `kept` the commit that the proposal's ref points to (empty
    when there is none), `provenance` None when that commit is not a proposal, `altered` says in words how the comment
    differs from what it should show (empty when it does not), `approvals` holds the present one first, `risks` names
    the dangers to the infrastructure that the change brings in.
    """

    claim: str
    memory: Memory | None
    kept: str
    provenance: Provenance | None
    changes: tuple[FileChange, ...]
    tree: tuple[str, ...]
    approvals: tuple[Approval, ...]
    movement: Movement
    is_pull: bool
    altered: str
    environment: str
    now: datetime
    risks: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Grant:
    """Leave to push exactly this commit; `approvers` are the logins that gave it."""

    sha: str
    thread: int
    approvers: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Pending:
    """Good so far, but another approval is needed; `why` says which rule asks for it."""

    approvers: tuple[str, ...]
    why: str


@dataclass(frozen=True, slots=True)
class Denied:
    """No: one sentence why, one what to do."""

    why: str
    remedy: str


Decision = Grant | Pending | Denied


def decide(case: Case, policy: GatePolicy) -> Decision:
    """Judge one approval by all rules, the first that fails speaking."""
    for rule in _RULES:
        denied = rule(case, policy)
        if denied is not None:
            return denied
    approvers = tuple(dict.fromkeys(one.login for one in case.approvals if _objection(one, case, policy) is None))
    why = _second_needed(case, policy)
    if why and len(approvers) < 2:
        return Pending(approvers, why)
    return Grant(case.kept, case.provenance.thread if case.provenance else 0, approvers)


def _is_open(case: Case, _policy: GatePolicy) -> Denied | None:
    memory = case.memory
    if memory is None or not memory.sha:
        return Denied("there is no proposal on this thread", "`/generate` drafts one.")
    if not memory.sha.startswith(case.claim):
        if any(sha.startswith(case.claim) for sha in memory.earlier):
            return Denied("it was superseded", f"The open proposal is `{short(memory.sha)}`.")
        return Denied("it is not a proposal of this thread", f"The latest one is `{short(memory.sha)}`.")
    if memory.state != "open":
        ended = {"pushed": "it has been pushed already", "rejected": "it was rejected", "expired": "it has expired"}
        return Denied(ended.get(memory.state, "it is not open"), "`/generate` drafts a new one.")
    return None


def _is_kept(case: Case, _policy: GatePolicy) -> Denied | None:
    memory = case.memory
    if memory is None or case.kept != memory.sha:
        return Denied("its commit is no longer kept where it was", "`/generate` drafts a new one.")
    if case.provenance is None:
        return Denied("its commit is not one that Draftgate made", "`/generate` drafts a new one.")
    return None


def _is_fresh(case: Case, _policy: GatePolicy) -> Denied | None:
    if case.provenance and case.now >= case.provenance.expires:
        return Denied("it has expired", f"`/retry {short(case.kept)}` makes it anew on the current branch.")
    return None


def _policy_stands(case: Case, policy: GatePolicy) -> Denied | None:
    if case.provenance and case.provenance.policy != policy.digest:
        remedy = f"`/retry {short(case.kept)}` checks it again under the new one."
        return Denied("the configuration has changed since it was drafted", remedy)
    return None


def _is_as_shown(case: Case, _policy: GatePolicy) -> Denied | None:
    if case.altered:
        return Denied(case.altered, "It is shown anew above: read it, then approve again.")
    return None


def _is_permitted(case: Case, policy: GatePolicy) -> Denied | None:
    problems = judge(case.changes, policy.rules, case.tree)
    if problems:
        return Denied("; ".join(problems[:5]), f"`/revise {short(case.kept)} <words>` can ask for another change.")
    return None


def _base_holds(case: Case, _policy: GatePolicy) -> Denied | None:
    retry = f"`/retry {short(case.kept)}` rebuilds it there, without a model call if it merges cleanly."
    if case.movement == "still" or (case.movement == "clean" and not case.is_pull):
        return None
    if case.movement == "foreign":
        return Denied("the commit it was drafted on is not in the branch's history", retry)
    if case.is_pull:
        return Denied("the branch has moved since it was drafted", retry)
    return Denied("the branch has changed in the same places since it was drafted", retry)


def _environment_holds(case: Case, policy: GatePolicy) -> Denied | None:
    if policy.environment and case.environment != policy.environment:
        why = f"the configuration asks for the environment `{policy.environment}` and its reviewers"
        remedy = "Create it with required reviewers, and name it in the job and in the action's `environment` input."
        return Denied(why, remedy)
    return None


def _approval_counts(case: Case, policy: GatePolicy) -> Denied | None:
    return _objection(case.approvals[0], case, policy)


def _objection(approval: Approval, case: Case, policy: GatePolicy) -> Denied | None:
    if not approval.is_person:
        return Denied("only a person can approve", "Somebody with the permission has to comment.")
    if approval.permission < policy.approve:
        needed = policy.approve.name.lower()
        return Denied(f"approving needs the {needed} permission", "Somebody who has it has to comment.")
    if approval.edited:
        return Denied("the comment was edited", "Write a new one: edited comments never count.")
    requester = case.provenance.requested_by if case.provenance else ""
    if policy.approver_differs and approval.login.lower() == requester.lower():
        return Denied("the person who asked for it cannot approve it here", "Somebody else has to comment.")
    return None


def _second_needed(case: Case, policy: GatePolicy) -> str:
    held = matching([change.path for change in case.changes], policy.second_approver)
    if held:
        return f"`{held[0]}` needs two approvers"
    if case.risks and policy.risk == "second-approver":
        return f"it brings in a risk for the infrastructure ({case.risks[0]})"
    return ""


_RULES: tuple[Callable[[Case, GatePolicy], Denied | None], ...] = (
    _is_open,
    _approval_counts,
    _is_kept,
    _is_fresh,
    _policy_stands,
    _is_as_shown,
    _is_permitted,
    _base_holds,
    _environment_holds,
)
