"""`/retry`: the same change rebuilt on the branch as it is now, without a model call, for a new decision."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

from bot.checks import check_change
from bot.core.changes import both_sides, judge
from bot.core.plans import Keep, Plan, Propose
from bot.core.proposals import Evidence, Figures, Proof, Proposal
from bot.core.refs import short
from bot.handlers.answers import look, refuse
from bot.handlers.grounds import pull_trouble
from bot.kept import movement, read_kept, tree_beside
from bot.rules import change_rules
from bot.together import together

if TYPE_CHECKING:
    from collections.abc import Iterator

    from bot.core.changes import FileChange
    from bot.core.intents import RetryProposal
    from bot.core.memory import Memory
    from bot.handlers.deps import Deps
    from bot.intake import Intake
    from bot.kept import Kept, Moved
    from bot.settings.config import RepoConfig

_RETRIABLE = ("open", "expired")


@dataclass(frozen=True, slots=True)
class _Case:
    """The proposal to rebuild, and how its branch has moved."""

    intent: RetryProposal
    intake: Intake
    memory: Memory
    config: RepoConfig
    kept: Kept
    moved: Moved


def handle(intent: RetryProposal, deps: Deps) -> Iterator[Plan]:
    """Rebuild the proposal on the moved branch as a new commit that needs its own approval, or say why not."""
    request = intent.request
    looked = look(request, deps)
    if looked.plan is not None:
        yield looked.plan
        return
    intake, config = looked.intake, looked.config
    memory = intake.memory
    if memory is not None and memory.knows(request.trigger):
        effects = (Keep(request.thread, memory.sha),) if memory.state == "open" else ()
        yield Plan("proposed" if effects else "nothing-to-do", effects)
        return
    if memory is None or not memory.sha.startswith(intent.sha) or memory.state not in _RETRIABLE:
        yield refuse(request, intake, "it is not the open proposal of this thread", "`/generate` drafts a new one.")
        return
    yield _rebuild(intent, intake, memory, config, deps)


def _rebuild(intent: RetryProposal, intake: Intake, memory: Memory, config: RepoConfig, deps: Deps) -> Plan:
    request, reader = intent.request, deps.reader
    pull = reader.pull(request.thread.number) if request.thread.is_pull else None
    trouble = pull_trouble(pull) if pull else None
    kept, tip = together(
        lambda: read_kept(reader, memory.sha),
        lambda: pull.head_sha if pull else reader.ref(f"heads/{request.default_branch}"),
    )
    if trouble or kept is None or kept.message is None or tip is None:
        why, remedy = trouble or ("its commit cannot be read any more", "`/generate` drafts a new one.")
        return refuse(request, intake, why, remedy)
    moved = movement(reader, kept, tip)
    if moved.movement in {"conflict", "foreign"}:
        remedy = f"`/revise {short(memory.sha)} <words>` drafts it anew."
        return refuse(request, intake, "it does not merge cleanly with the branch as it is now", remedy)
    if not moved.merged:
        remedy = f"Nothing is left to propose: `/reject {short(memory.sha)}` closes it."
        return refuse(request, intake, "the branch has this change already", remedy)
    return _propose(_Case(intent, intake, memory, config, kept, moved), deps)


def _propose(case: _Case, deps: Deps) -> Plan:
    request = case.intent.request
    changes = case.moved.merged
    beside = tree_beside(deps.reader, case.moved.tip, [change.path for change in changes])
    problems = judge(changes, change_rules(case.config), beside) + _errors(changes)
    if problems:
        return refuse(request, case.intake, problems[0].rstrip("."), "`/generate` drafts a new one.")
    proposal = _proposal(case, deps)
    return Plan("proposed", (Propose(proposal, case.memory, case.intake.sticky_id),), summary=proposal.title)


def _errors(changes: tuple[FileChange, ...]) -> list[str]:
    found = check_change(both_sides(changes))
    return [f"`{one.path}`: {one.message}" for one in found if one.severity == "error"]


def _proposal(case: _Case, deps: Deps) -> Proposal:
    message = case.kept.message
    if message is None:
        raise TypeError(case.kept)
    old = case.memory.evidence
    rebuilt = f"rebuilt from {short(case.memory.sha)} on {short(case.moved.tip)}"
    proofs = (Proof("since then", f"{rebuilt}; syntax and paths checked again, commands not run again"), *old.proofs)
    evidence = Evidence(proofs, old.look_at, old.making)
    provenance = replace(
        message.provenance,
        trigger=case.intent.request.trigger,
        policy=case.config.digest,
        expires=deps.clock.now().replace(microsecond=0) + case.config.gates.expires,
        evidence=evidence.digest(),
    )
    return Proposal(
        thread=case.intent.request.thread,
        base=case.moved.tip,
        kind=case.memory.kind,
        title=message.title,
        summary=message.summary,
        changes=case.moved.merged,
        provenance=provenance,
        evidence=evidence,
        figures=Figures(),
    )
