"""`/generate`, `/revise` and the label: draft a change and propose it."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from bot.core.commands import KINDS
from bot.core.diffs import render_diff
from bot.core.intents import GenerateChange, ReviseProposal
from bot.core.plans import Keep, Plan
from bot.core.results import Failed
from bot.errors import UserError, WorktreeError
from bot.handlers.answers import not_this_one, refuse, turn_away
from bot.handlers.drafting import Job, announce, attempt, settle
from bot.handlers.grounds import find_ground, pull_trouble
from bot.handlers.verifying import verify
from bot.intake import take_in
from bot.kept import read_kept
from bot.rules import fetch_config, gate_policy, read_config
from bot.settings.config import CONFIG_PATH, RepoConfig
from bot.together import together

if TYPE_CHECKING:
    from collections.abc import Iterator

    from bot.core.bundle import Bundle
    from bot.core.commands import Kind
    from bot.core.intents import Request
    from bot.core.memory import Memory
    from bot.core.results import Result
    from bot.handlers.deps import Deps
    from bot.handlers.grounds import Ground
    from bot.intake import Intake

_LEAST_WORDS = 3
"""Fewer words than this in title, text and command together say nothing to draft from."""


def handle(intent: GenerateChange | ReviseProposal, deps: Deps) -> Iterator[Plan]:
    """Draft and propose in one process."""
    with deps.watch.phase("set-up"):
        opened = _open_job(intent, deps)
    if isinstance(opened, Plan):
        yield opened
        return
    job, intake, obstacle = opened.job, opened.intake, opened.obstacle
    early = None if obstacle else announce(job, intake, deps)
    if early is not None:
        yield early
    result: Result = Failed("Draftgate itself failed", "The log says where; please report it.")
    try:
        result = obstacle or _attempt(job, deps)
    finally:  # an error of ours goes on to the log, but the thread is not left at "Drafting"
        yield settle(job, result, intake, deps)


def draft_only(intent: GenerateChange | ReviseProposal, deps: Deps) -> tuple[Job, Result] | Plan:
    """The draft job's half: the result without its publication; a Plan where nothing was to be drafted."""
    with deps.watch.phase("set-up"):
        opened = _open_job(intent, deps)
    return opened if isinstance(opened, Plan) else (opened.job, opened.obstacle or _attempt(opened.job, deps))


def publish(intent: GenerateChange | ReviseProposal, bundle: Bundle | UserError | None, deps: Deps) -> Iterator[Plan]:
    """The publish job's half: ask everything again, check the bundle, show it."""
    request = intent.request
    intake, config = together(lambda: take_in(request, deps.reader), lambda: _remote_config(request, deps))
    admitted = _admit(intent, intake, config) or _no_fork(request, intake, deps)
    if admitted is not None:
        yield admitted
        return
    if bundle is None:
        bundle = UserError("the draft job ended without a result", "Its log says why; `/generate` asks again.")
    kind = _kind_of(intent, intake)
    if isinstance(config, UserError):
        yield settle(Job(request, kind, intent.words, "", RepoConfig()), _failed(config), intake, deps)
    elif isinstance(bundle, UserError):
        yield settle(Job(request, kind, intent.words, "", config), _failed(bundle), intake, deps)
    else:
        job = Job(request, kind, intent.words, bundle.base, config)
        yield settle(job, verify(bundle, job, deps.reader), intake, deps)


def _failed(error: UserError) -> Failed:
    return Failed(error.what, error.remedy)


@dataclass(frozen=True, slots=True)
class _Opened:
    """A request that may be drafted; `obstacle` is what a person must mend first."""

    job: Job
    intake: Intake
    obstacle: Failed | None


def _open_job(intent: GenerateChange | ReviseProposal, deps: Deps) -> _Opened | Plan:
    """Everything before the model is asked: may they, is it new, is there enough to go by, and on which commit."""
    request = intent.request
    intake, ground = together(lambda: take_in(request, deps.reader), lambda: find_ground(request, deps.reader))
    config = _local_config(ground, deps)
    refusal = _admit(intent, intake, config)
    if refusal is not None:
        return refusal
    if request.thread.is_pull and ground.trouble:
        return refuse(request, intake, *ground.trouble)
    kind = _kind_of(intent, intake)
    if isinstance(config, UserError) or ground.trouble:
        what, remedy = (config.what, config.remedy) if isinstance(config, UserError) else ground.trouble or ("", "")
        job = Job(request, kind, intent.words, ground.base, RepoConfig())
        return _Opened(job, intake, Failed(what, remedy))
    tree = deps.worktree.tree_of(ground.base) if deps.worktree else ""
    job = Job(request, kind, intent.words, ground.base, config, _former(intent, intake, deps), tree)
    return _Opened(job, intake, None)


def _admit(intent: GenerateChange | ReviseProposal, intake: Intake, config: RepoConfig | UserError) -> Plan | None:
    """The plan for a request that goes no further; None for one that is drafted."""
    request = intent.request
    policy = gate_policy(RepoConfig() if isinstance(config, UserError) else config)
    refusal = turn_away(request, intake, policy.request)
    if refusal is not None:
        return refusal
    if intake.answer_id(request.trigger) is not None:
        return Plan("nothing-to-do")
    if intake.memory is not None and intake.memory.knows(request.trigger):
        return _again(request, intake.memory)
    if isinstance(intent, ReviseProposal):
        wrong = not_this_one(request, intake, intent.sha)
        if wrong is not None:
            return wrong
    if len(f"{request.title} {request.text} {intent.words}".split()) < _LEAST_WORDS:
        return refuse(request, intake, "there is too little to go by", "Say what should change, and where.")
    return None


def _no_fork(request: Request, intake: Intake, deps: Deps) -> Plan | None:
    if not request.thread.is_pull:
        return None
    trouble = pull_trouble(deps.reader.pull(request.thread.number))
    return refuse(request, intake, *trouble) if trouble else None


def _again(request: Request, memory: Memory) -> Plan:
    """The same trigger once more: nothing new, but what a crash left undone is done."""
    if memory.state == "open" and memory.trigger == request.trigger:
        return Plan("proposed", (Keep(request.thread, memory.sha),), {"proposal-sha": memory.sha})
    return Plan("nothing-to-do")


def _attempt(job: Job, deps: Deps) -> Result:
    if deps.tools is None:
        return Failed("this job has no model to ask", "Run it with `entry: run` or `entry: draft`.")
    try:
        tools = deps.tools(job.config)
    except UserError as error:
        return _failed(error)
    return attempt(job, tools, deps)


def _local_config(ground: Ground, deps: Deps) -> RepoConfig | UserError:
    """The default branch's configuration from git, which also brings the commits here; an error is told, not raised."""
    worktree = deps.worktree
    if worktree is None:
        return UserError("there is no checkout to draft on", "Check the default branch out before this step.")
    try:
        for sha, ref in ((ground.base, ground.base_ref), (ground.default_tip, ground.base_ref)):
            if sha:
                worktree.ensure(sha, ref)
        found = worktree.read(ground.default_tip, [CONFIG_PATH]) if ground.default_tip else {}
        return read_config(found.get(CONFIG_PATH))
    except WorktreeError as error:
        return UserError(f"the checkout cannot be used: {error}", "Check the default branch out before this step.")
    except UserError as error:
        return error


def _remote_config(request: Request, deps: Deps) -> RepoConfig | UserError:
    try:
        return fetch_config(deps.reader, request.default_branch)
    except UserError as error:
        return error


def _former(intent: GenerateChange | ReviseProposal, intake: Intake, deps: Deps) -> str:
    """The diff of the proposal that is to be revised."""
    if not isinstance(intent, ReviseProposal) or intake.memory is None:
        return ""
    kept = read_kept(deps.reader, intake.memory.sha)
    return render_diff(kept.changes) if kept else ""


def _kind_of(intent: GenerateChange | ReviseProposal, intake: Intake) -> Kind:
    """The kind asked for, a fix where nothing is said; a revision stays of the kind that the former proposal was."""
    known: dict[str, Kind] = {kind: kind for kind in KINDS}
    if isinstance(intent, ReviseProposal) and intake.memory is not None:
        return known.get(intake.memory.kind, "fix")
    return (intent.kind or "fix") if isinstance(intent, GenerateChange) else "fix"
