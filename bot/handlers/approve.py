"""`/approve`: gather every fact anew, let the gate decide, plan the push."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, assert_never

from bot.core import texts
from bot.core.changes import both_sides
from bot.core.commands import Approve, parse_command
from bot.core.gates import Approval, Case, Denied, Grant, Pending, Permission, decide
from bot.core.markdown import sticky
from bot.core.memory import parse_memory
from bot.core.plans import Close, Plan, Push, Remember
from bot.core.proposals import branch_name, open_ref
from bot.handlers.answers import look, refuse, say
from bot.handlers.grounds import pull_trouble
from bot.intake import was_edited
from bot.kept import Moved, movement, read_kept
from bot.rules import gate_policy
from bot.together import each, together

if TYPE_CHECKING:
    from collections.abc import Iterator

    from bot.core.forge import Comment, Pull
    from bot.core.gates import GatePolicy
    from bot.core.intents import ApproveProposal, Request
    from bot.core.markdown import Shown
    from bot.core.memory import Memory
    from bot.core.plans import Effect
    from bot.handlers.deps import Deps
    from bot.intake import Intake
    from bot.kept import Kept

_MOST_APPROVALS = 10
"""Earlier approvals that are looked at; more people than that are never needed."""


@dataclass(frozen=True, slots=True)
class _Facts:
    """What GitHub says now: the kept commit, how its branch moved, the pull request if it is one, the policy.

    `altered` says in words how the proposal's comment is not as it should be, `edited` whether somebody else's hand was
    at the approving one.
    """

    intake: Intake
    policy: GatePolicy
    kept: Kept | None
    moved: Moved
    pull: Pull | None
    altered: str
    edited: bool
    environment: str


def handle(intent: ApproveProposal, deps: Deps) -> Iterator[Plan]:
    """Push exactly the commit that was approved, or say why not."""
    request = intent.request
    looked = look(request, deps)
    if looked.plan is not None:
        yield looked.plan
        return
    intake, policy = looked.intake, gate_policy(looked.config)
    memory = intake.memory
    if memory is not None and memory.state == "pushed" and memory.sha.startswith(intent.sha):
        yield _finish(request, memory, deps)
        return
    facts = _gather(request, intake, policy, deps)
    trouble = pull_trouble(facts.pull) if facts.pull else None
    yield refuse(request, intake, *trouble) if trouble else _plan(intent, facts, deps)


def _finish(request: Request, memory: Memory, deps: Deps) -> Plan:
    """It is pushed already: close what a crash may have left open, and change nothing else."""
    left = deps.reader.ref(open_ref(request.thread.number, memory.sha)) is not None
    outputs = {"proposal-sha": memory.sha} | ({"pull-request-number": str(memory.pull)} if memory.pull else {})
    return Plan("pushed", (Close(request.thread, memory.sha),) if left else (), outputs)


def _gather(request: Request, intake: Intake, policy: GatePolicy, deps: Deps) -> _Facts:
    memory, reader = intake.memory, deps.reader
    if memory is None or not memory.sha:
        return _Facts(intake, policy, None, _nowhere(), None, "", edited=False, environment="")
    kept, pull, tip, (altered, edited) = together(
        lambda: _read(request, memory, deps),
        lambda: reader.pull(request.thread.number) if request.thread.is_pull else None,
        lambda: reader.ref(f"heads/{request.default_branch}") or "",
        lambda: _edited_by_others(intake, deps),
    )
    onto = pull.head_sha if pull else tip
    moved = _moved(kept, onto, deps)
    shown = kept.shown() if kept else None
    altered = altered or (_differs(intake, memory, shown, deps) if shown else "")
    environment = _environment(policy, deps)
    return _Facts(intake, policy, kept, moved, pull, altered, edited=edited, environment=environment)


def _nowhere() -> Moved:
    return Moved("foreign", 0, "")


def _moved(kept: Kept | None, tip: str, deps: Deps) -> Moved:
    """How the branch has moved; one that stands at the proposal was brought there by a run that did not end."""
    if kept is None or not tip:
        return _nowhere()
    if tip == kept.commit.sha:
        return Moved("still", 0, tip, kept.changes)
    return movement(deps.reader, kept, tip)


def _read(request: Request, memory: Memory, deps: Deps) -> Kept | None:
    """The proposal as its ref keeps it; a ref that points elsewhere counts as gone."""
    ref, kept = together(
        lambda: deps.reader.ref(open_ref(request.thread.number, memory.sha)), lambda: read_kept(deps.reader, memory.sha)
    )
    return kept if ref == memory.sha else None


def _edited_by_others(intake: Intake, deps: Deps) -> tuple[str, bool]:
    """By GraphQL's word, if there is one: how the proposal's comment is not ours alone; was the approval edited."""
    comments = [one for one in (intake.sticky, intake.comment) if one is not None and one.node]
    said = deps.reader.editing([one.node for one in comments]) if comments else None
    altered, edited = "", False
    for comment, editing in zip(comments, said or [], strict=False):
        foreign = bool(editing.editor) and _bare(editing.editor) != _bare(editing.author)
        if comment is not intake.sticky:
            edited = foreign
        elif _bare(editing.author) != _bare(editing.viewer):
            altered = "the proposal's comment was not written by this bot"
        elif foreign:
            altered = f"the proposal's comment was edited by {editing.editor}"
    return altered, edited


def _bare(login: str) -> str:
    return login.removesuffix("[bot]").lower()


def _differs(intake: Intake, memory: Memory, shown: Shown, deps: Deps) -> str:
    """Whether the comment shows anything else than the commit, its trailers and its own marker make of it."""
    if shown.provenance.evidence != memory.evidence.digest():
        return "the evidence in the proposal's comment is not what was recorded with the commit"
    stands = (intake.sticky.body if intake.sticky else "").replace("\r\n", "\n").rstrip()
    if stands != sticky(memory, shown, deps.site).rstrip():
        return "the proposal's comment does not show this commit as it is"
    return ""


def _environment(policy: GatePolicy, deps: Deps) -> str:
    """The environment that holds: named by the job and the configuration, and asking for reviewers by GitHub's word."""
    wanted = policy.environment
    if not wanted or deps.environment != wanted:
        return ""
    return wanted if deps.reader.environment_has_reviewers(wanted) else ""


def _plan(intent: ApproveProposal, facts: _Facts, deps: Deps) -> Plan:
    request, intake, kept = intent.request, facts.intake, facts.kept
    case = Case(
        claim=intent.sha,
        memory=intake.memory,
        kept=kept.commit.sha if kept else "",
        provenance=kept.message.provenance if kept and kept.message else None,
        changes=kept.changes if kept else (),
        tree=kept.tree if kept else (),
        approvals=_approvals(intent, facts, deps),
        movement=facts.moved.movement,
        is_pull=request.thread.is_pull,
        altered=facts.altered,
        environment=facts.environment,
        now=deps.clock.now(),
        risks=_risks(kept) if facts.policy.risk == "second-approver" else (),
    )
    decision = decide(case, facts.policy)
    shown = kept.shown() if kept else None
    match decision:
        case Grant() if shown is not None and intake.memory is not None and intake.sticky_id is not None:
            return _push(request, decision, shown, facts, intake.memory)
        case Pending():
            text = texts.pending(case.kept, decision.approvers, decision.why)
            return say(request, intake, text, "pending")
        case Denied():
            return _deny(request, facts, decision, shown, deps)
        case Grant():
            return refuse(request, intake, "there is no proposal on this thread", "`/generate` drafts one.")
        case _:
            assert_never(decision)


def _risks(kept: Kept | None) -> tuple[str, ...]:
    """The dangers to the infrastructure that the commit brings in, found anew: what was drafted says nothing here."""
    from bot.checks import check_change  # noqa: PLC0415 - its checkers are loaded as the files call for them

    found = check_change(both_sides(kept.changes)) if kept else []
    return tuple(dict.fromkeys(one.risk for one in found if one.is_risk))


def _push(request: Request, grant: Grant, shown: Shown, facts: _Facts, memory: Memory) -> Plan:
    pull = facts.pull
    effect = Push(
        grant=grant,
        thread=request.thread,
        shown=shown,
        memory=memory,
        branch=pull.head_ref if pull else branch_name(request.thread.number, shown.title),
        base=pull.base_ref if pull else request.default_branch,
        moved=facts.moved.commits,
        comment_id=facts.intake.sticky_id or 0,
    )
    return Plan("pushed", (effect,), summary=f"`{grant.sha}` was approved by {', '.join(grant.approvers)}.")


def _deny(request: Request, facts: _Facts, denied: Denied, shown: Shown | None, deps: Deps) -> Plan:
    """The refusal, after what it calls for: an altered comment is shown anew, an expired proposal is closed."""
    plan = refuse(request, facts.intake, denied.why, denied.remedy)
    memory = facts.intake.memory
    if shown is None or memory is None or shown.provenance.evidence != memory.evidence.digest():
        return plan
    expired = memory.state == "open" and deps.clock.now() >= shown.provenance.expires
    after: Memory = replace(memory, state="expired") if expired else memory
    effects: tuple[Effect, ...] = plan.effects
    if facts.altered or expired:
        effects = (Remember(request.thread, sticky(after, shown, deps.site), facts.intake.sticky_id), *effects)
    if expired:
        effects = (*effects, Close(request.thread, memory.sha))
    return replace(plan, effects=effects)


def _approvals(intent: ApproveProposal, facts: _Facts, deps: Deps) -> tuple[Approval, ...]:
    """The present approval first, then the earlier ones of other people for the same commit, with their permissions."""
    request, intake = intent.request, facts.intake
    edited = facts.edited or (intake.comment is not None and was_edited(intake.comment, request))
    mine = Approval(request.requester.login, request.requester.is_person, intake.permission, edited)
    earlier = {one.author.login: one for one in intake.comments if _approves(one, intake, request)}
    logins = list(earlier)[:_MOST_APPROVALS]
    permissions = each([lambda login=login: deps.reader.permission(login) for login in logins])  # type: ignore[misc]
    others = (
        Approval(login, earlier[login].author.is_person, Permission.parse(permission), edited=False)
        for login, permission in zip(logins, permissions, strict=True)
    )
    return (mine, *others)


def _approves(comment: Comment, intake: Intake, request: Request) -> bool:
    memory = intake.memory
    if comment.author.login == request.requester.login or comment.created_at != comment.updated_at or memory is None:
        return False
    command = parse_command(comment.body) if parse_memory(comment.body) is None else None
    return isinstance(command, Approve) and bool(memory.sha) and memory.sha.startswith(command.sha)
