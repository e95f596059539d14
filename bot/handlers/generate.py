"""`/generate`, `/revise` and the label: draft a change and propose it."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

from bot.core.bundle import Made
from bot.core.commands import KINDS
from bot.core.diffs import render_diff
from bot.core.intents import GenerateChange, ReviseProposal
from bot.core.plans import Plan
from bot.core.results import Drafted, Failed, NotDrafted
from bot.core.thread_answers import answered
from bot.core.thread_prompts import threads_task
from bot.errors import UserError, WorktreeError
from bot.handlers.answers import not_this_one, refuse, turn_away
from bot.handlers.drafting import Job, again, announce, attempt, settle, without_secrets
from bot.handlers.grounds import find_ground, pull_now, pull_trouble
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
    from bot.core.forge import Pull
    from bot.core.intents import Request
    from bot.core.results import Result
    from bot.core.review_threads import ReviewThread
    from bot.handlers.deps import Deps
    from bot.handlers.grounds import Ground
    from bot.intake import Intake
    from bot.ports import ForgeReader

_LEAST_WORDS = 3
"""Fewer words than this in title, text and command together say nothing to draft from."""


def handle(intent: GenerateChange | ReviseProposal, deps: Deps) -> Iterator[Plan]:
    """Draft and propose in one process."""
    with deps.watch.phase("set-up"):
        opened = _open_job(intent, deps)
    if isinstance(opened, Plan):
        yield opened
        return
    job, intake, obstacle, threads = opened.job, opened.intake, opened.obstacle, opened.threads
    early = None if obstacle else announce(job, intake, deps)
    if early is not None:
        yield early
    result: Result = Failed("Draftgate itself failed", "The log says where; please report it.")
    try:
        result = obstacle or _attempt(job, deps)
        result = _with_threads(result, threads)
        result = _if_open(job, result, deps.reader)
    finally:  # an error of ours goes on to the log, but the thread is not left at "Drafting"
        yield settle(job, result, intake, deps)


def draft_only(intent: GenerateChange | ReviseProposal, deps: Deps) -> Made | Plan:
    """The draft job's half: the result without its publication; a Plan where nothing was to be drafted."""
    with deps.watch.phase("set-up"):
        opened = _open_job(intent, deps)
    if isinstance(opened, Plan):
        return opened
    job = opened.job
    result = without_secrets(opened.obstacle or _attempt(job, deps), deps.redact)
    return Made(job.request.trigger, job.base, job.kind, result)


def publish(intent: GenerateChange | ReviseProposal, bundle: Bundle | UserError | None, deps: Deps) -> Iterator[Plan]:
    """The publish job's half: ask everything again, check the bundle, show it."""
    request = intent.request
    intake, config, (pull, threads) = together(
        lambda: take_in(request, deps.reader),
        lambda: _remote_config(request, deps),
        lambda: _pull_now(intent, deps.reader),
    )
    admitted = _admit(intent, intake, config, threads) or _unfit(request, intake, pull)
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
        yield settle(job, _with_threads(verify(bundle, job, deps.reader, pull), threads), intake, deps)


def _failed(error: UserError) -> Failed:
    return Failed(error.what, error.remedy)


@dataclass(frozen=True, slots=True)
class _Opened:
    """A request that may be drafted; `obstacle` is what a person must mend first, `threads` what it shall answer."""

    job: Job
    intake: Intake
    obstacle: Failed | None
    threads: tuple[ReviewThread, ...] = ()


def _open_job(intent: GenerateChange | ReviseProposal, deps: Deps) -> _Opened | Plan:
    """Everything before the model is asked: may they, is it new, is there enough to go by, and on which commit."""
    request = intent.request
    asked = _takes_threads(intent)
    intake, ground = together(
        lambda: take_in(request, deps.reader), lambda: find_ground(request, deps.reader, threads=asked)
    )
    config = _local_config(ground, deps)
    refusal = _admit(intent, intake, config, ground.threads)
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
    if ground.threads:
        told = threads_task(request.title, request.text, ground.threads, request.requester)
        job = replace(job, told=told)
    return _Opened(job, intake, None, ground.threads)


def _takes_threads(intent: GenerateChange | ReviseProposal) -> bool:
    """Whether the review threads that wait are the task: nothing else was said."""
    return isinstance(intent, GenerateChange) and intent.request.thread.is_pull and not intent.words


def _pull_now(
    intent: GenerateChange | ReviseProposal, reader: ForgeReader
) -> tuple[Pull | None, tuple[ReviewThread, ...]]:
    if not intent.request.thread.is_pull:
        return None, ()
    return pull_now(intent.request, reader, threads=_takes_threads(intent))


def _if_open(job: Job, result: Result, reader: ForgeReader) -> Result:
    """The result, unless the pull request was closed or merged while it was made; then it is shown, not proposed."""
    if not (job.request.thread.is_pull and isinstance(result, Drafted)):
        return result
    if reader.pull(job.request.thread.number).is_open:
        return result
    why, remedy = "the pull request was closed while it was drafted", "Reopen it and ask again."
    return NotDrafted(why, remedy, result.changes, result.evidence, result.figures)


def _with_threads(result: Result, threads: tuple[ReviewThread, ...]) -> Result:
    """The draft with a list of which thread each of its places answers."""
    if not (threads and isinstance(result, Drafted)):
        return result
    return replace(result, summary=f"{result.summary}\n\n{answered(threads, result.changes)}".strip())


def _admit(
    intent: GenerateChange | ReviseProposal,
    intake: Intake,
    config: RepoConfig | UserError,
    threads: tuple[ReviewThread, ...],
) -> Plan | None:
    """The plan for a request that goes no further; None for one that is drafted."""
    request = intent.request
    policy = gate_policy(RepoConfig() if isinstance(config, UserError) else config)
    refusal = turn_away(request, intake, policy.request)
    if refusal is not None:
        return refusal
    if intake.answer_id(request.trigger) is not None:
        return Plan("nothing-to-do")
    if intake.memory is not None and intake.memory.knows(request.trigger):
        return again(request, intake.memory)
    if isinstance(intent, ReviseProposal):
        wrong = not_this_one(request, intake, intent.sha)
        if wrong is not None:
            return wrong
    if not threads and len(f"{request.title} {request.text} {intent.words}".split()) < _LEAST_WORDS:
        return refuse(request, intake, "there is too little to go by", "Say what should change, and where.")
    return None


def _unfit(request: Request, intake: Intake, pull: Pull | None) -> Plan | None:
    trouble = pull_trouble(pull) if pull else None
    return refuse(request, intake, *trouble) if trouble else None


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
