"""`/suggest`, and `/generate` in a review thread: a change to be committed from the diff, else a proposal."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

from bot.core import quiet, suggest_texts, texts
from bot.core.bundle import Made
from bot.core.diffs import read_diff
from bot.core.gates import Permission
from bot.core.memory import parse_memory
from bot.core.offers import offer, offer_in_thread
from bot.core.plans import Plan, Reply
from bot.core.results import Drafted, Failed, NotDrafted
from bot.core.review_threads import waiting
from bot.core.reviews import PostReview, checked
from bot.core.suggestions import Suggestion
from bot.core.thread_prompts import ALONE, thread_task, threads_task
from bot.errors import ForgeError, UserError, WorktreeError
from bot.handlers.answers import answer, first_line, refuse, say, turn_away
from bot.handlers.drafting import Job, again, attempt, figures_out, settle, without_secrets
from bot.handlers.grounds import pull_ref
from bot.handlers.verifying import verify
from bot.intake import Intake, find_sticky, reread
from bot.rules import gate_policy, read_config
from bot.settings.config import RepoConfig
from bot.together import together

if TYPE_CHECKING:
    from collections.abc import Iterator

    from bot.core.bundle import Bundle
    from bot.core.diffs import DiffFile
    from bot.core.forge import LineNote, Pull
    from bot.core.plans import Effect, Outcome
    from bot.core.results import Result
    from bot.core.review_intents import ReviewGrounds, SuggestChange
    from bot.handlers.deps import Deps

_LEAST_WORDS = 3
"""Fewer words than this in all that was said are nothing to draft from."""
_LOST = Failed("the draft job ended without a result", "Its log says why; give the command again.")
_POINTER = "The proposal, with its diff and evidence, waits for a decision."


@dataclass(frozen=True, slots=True)
class _Case:
    """A request that may be drafted; `note` is the comment that began its review thread, None in the conversation."""

    intent: SuggestChange
    grounds: ReviewGrounds
    config: RepoConfig
    intake: Intake
    note: LineNote | None

    def job(self, base: str = "") -> Job:
        """The draft, on the head or on the commit that a bundle names."""
        intent, pull = self.intent, self.grounds.pull
        kind = intent.kind or "fix"
        return Job(intent.request, kind, intent.words, base or pull.head_sha, self.config, runs=not pull.is_fork)


def handle(intent: SuggestChange, deps: Deps) -> Iterator[Plan]:
    """Draft, and offer the draft, in one process."""
    with deps.watch.phase("set-up"):
        case = _open(intent, deps)
    if isinstance(case, Plan):
        yield case
        return
    yield _settle(case, case.job(), _attempt(case, deps), None, deps)


def draft_only(intent: SuggestChange, deps: Deps) -> Made | Plan:
    """The draft job's half: the change without its publication."""
    with deps.watch.phase("set-up"):
        case = _open(intent, deps)
    if isinstance(case, Plan):
        return case
    job = case.job()
    return Made(intent.request.trigger, job.base, job.kind, without_secrets(_attempt(case, deps), deps.redact))


def publish(intent: SuggestChange, bundle: Bundle | UserError | None, deps: Deps) -> Iterator[Plan]:
    """The publish job's half: ask everything again, and cut the suggestions anew from GitHub's own copies."""
    case = _open(intent, deps)
    if isinstance(case, Plan):
        yield case
    elif bundle is None:
        yield _failed(case, _LOST)
    elif isinstance(bundle, UserError):
        yield _failed(case, Failed(bundle.what, bundle.remedy))
    else:
        job, pull = case.job(bundle.base), case.grounds.pull
        yield _settle(case, job, verify(bundle, job, deps.reader, pull), pull, deps)


def _open(intent: SuggestChange, deps: Deps) -> _Case | Plan:
    """Everything before the model is asked: may they, is it new, is there something to go by."""
    request, reader = intent.request, deps.reader
    role, grounds, (comment, notes) = together(
        lambda: reader.permission(request.requester.login),
        lambda: reader.review_grounds(request.thread.number, request.default_branch),
        lambda: reread(request, reader) if request.anchor else (None, ()),
    )
    if request.anchor is None:
        comment = next((one for one in grounds.comments if one.id == request.comment_id), None)
    sticky = find_sticky(grounds.comments, reader)
    memory = parse_memory(sticky.body) if sticky else None
    intake = Intake(Permission.parse(role), comment, grounds.comments, sticky, memory, notes)
    note = next((one for one in notes if one.comment.id == request.root), None)
    try:
        case = _Case(intent, grounds, read_config(grounds.config), intake, note)
    except UserError as error:
        case = _Case(intent, grounds, RepoConfig(), intake, note)
        return _refusal(case) or _failed(case, Failed(error.what, error.remedy))
    return _refusal(case) or _done(case) or _nothing_to_go_by(case) or case


def _refusal(case: _Case) -> Plan | None:
    request = case.intent.request
    refused = turn_away(request, case.intake, gate_policy(case.config).request)
    if refused is not None:
        return refused
    if not case.grounds.pull.is_open:
        return refuse(request, case.intake, "this pull request is closed", "Reopen it, or ask on an issue.")
    return None


def _done(case: _Case) -> Plan | None:
    """The plan for a request that was answered before; what a crash left undone is done."""
    request, intake, grounds = case.intent.request, case.intake, case.grounds
    if intake.memory is not None and intake.memory.knows(request.trigger):
        plan = again(request, intake.memory)
        told = request.root is None or intake.answer_id(request.trigger) is not None
        if told or intake.sticky is None:
            return plan
        pointer = f"{suggest_texts.beside(review=False)}\n[{_POINTER}]({intake.sticky.url})"
        return replace(plan, effects=(*plan.effects, answer(request, intake, pointer)))
    if intake.answer_id(request.trigger) is not None:
        return Plan("nothing-to-do")
    if not suggest_texts.was_suggested(grounds.threads, grounds.us, request.trigger):
        return None
    untold = (answer(request, intake, suggest_texts.beside(review=True)),) if request.root is not None else ()
    return Plan("suggested", untold)


def _nothing_to_go_by(case: _Case) -> Plan | None:
    request = case.intent.request
    said = f"{case.grounds.title} {case.grounds.text} {case.intent.words}"
    if case.note is not None or waiting(case.grounds.threads) or len(said.split()) >= _LEAST_WORDS:
        return None
    return refuse(request, case.intake, "there is too little to go by", "Say what should change, and where.")


def _attempt(case: _Case, deps: Deps) -> Result:
    request, worktree = case.intent.request, deps.worktree
    if deps.tools is None or worktree is None:
        return Failed("this job has no model to ask", "Run it with `entry: run` or `entry: draft`.")
    try:
        worktree.ensure(case.grounds.pull.head_sha, pull_ref(request.thread.number))
        job = replace(case.job(), told=_told(case, deps))
        return attempt(job, deps.tools(case.config), deps)
    except UserError as error:
        return Failed(error.what, error.remedy)
    except WorktreeError as error:
        return Failed(f"the checkout cannot be used: {error}", "Check the default branch out before this step.")


def _told(case: _Case, deps: Deps) -> str:
    """The task: the review thread, or all threads that wait where nothing else was said, or the pull request's text."""
    request, grounds, note = case.intent.request, case.grounds, case.note
    if note is not None:
        notes = [one for one in case.intake.notes if one.root == note.root]
        told = thread_task(notes, _commented(case, note, deps), request.requester, request.comment_id)
        return f"{told}\n\n{ALONE}"
    threads = () if case.intent.words else waiting(grounds.threads)
    return threads_task(grounds.title, grounds.text, threads, request.requester) if threads else ""


def _commented(case: _Case, note: LineNote, deps: Deps) -> list[str]:
    """The lines that the thread hangs on, as they stand in the head."""
    if deps.worktree is None or note.line is None or note.side != "RIGHT":
        return []
    found = deps.worktree.read(case.grounds.pull.head_sha, [note.path]).get(note.path, b"")
    lines = found.decode(errors="replace").split("\n")
    return lines[(note.start or note.line) - 1 : note.line]


def _settle(case: _Case, job: Job, result: Result, pull: Pull | None, deps: Deps) -> Plan:
    """The plan for a result; `pull` is the pull request as it stands now, None where it has to be asked for."""
    match without_secrets(result, deps.redact):
        case Failed() as failed:
            return _failed(case, failed)
        case NotDrafted() as left:
            text = suggest_texts.undrafted(left.why, left.remedy, left.nearest)
            plan = say(case.intent.request, case.intake, text, "nothing-to-do")
            kept = "" if left.nearest else texts.kept_reply(left.reply)
            return replace(plan, outputs=figures_out(left.figures), summary=f"{plan.summary}\n\n{kept}".strip())
        case Drafted() as drafted:
            try:
                now = pull or deps.reader.pull(case.intent.request.thread.number)
                plan = _offer(case, job, drafted, now, deps)
            except ForgeError as error:  # the draft was paid for, so it is told all the same
                why = f"GitHub could not be asked about the pull request: {error}."
                plan = _unsuggested(case, drafted, why, "Run the workflow again.", "failed")
            return replace(plan, outputs=figures_out(drafted.figures))


def _offer(case: _Case, job: Job, drafted: Drafted, pull: Pull, deps: Deps) -> Plan:
    """The draft in the thread, else as a review, else as a proposal; where none of them can be, in words."""
    if not pull.is_open:
        return _unsuggested(case, drafted, "The pull request was closed while this was drafted.", "")
    stays = pull.head_sha == job.base
    files = _files(case, deps) if stays else {}
    if case.note is not None and stays:
        found = offer_in_thread(drafted.changes, case.note, files)
        if isinstance(found, Suggestion):
            return say(case.intent.request, case.intake, suggest_texts.in_thread(found, drafted), "suggested")
    offers = offer(drafted.changes, files)
    if offers.whole or (pull.is_fork and offers.made):
        request = case.intent.request
        review = suggest_texts.review_of(offers, drafted, job.base, request.trigger, drafted.changes)
        post = PostReview(request.thread, checked(review, files), suggest_texts.review_key(job.base, request.trigger))
        return Plan("suggested", (post, *_beside(case, review=True)), summary=review.body)
    if not pull.is_fork:
        plan = settle(job, drafted, case.intake, deps)
        return replace(plan, effects=(*plan.effects, *_beside(case, review=False)))
    why = suggest_texts.moved(job.base, pull.head_sha) if not stays else "Nothing of it lies within the diff."
    remedy = "Nothing is pushed to a fork, so it is no proposal either; its author can take it from here."
    return _unsuggested(case, drafted, why, remedy)


def _files(case: _Case, deps: Deps) -> dict[str, DiffFile]:
    """The pull request's diff by path; none of it where GitHub finds it too large, and then nothing can hang on it."""
    told = deps.reader.diff(case.intent.request.thread.number)
    return {file.path: file for file in read_diff(told or "")}


def _beside(case: _Case, *, review: bool) -> tuple[Effect, ...]:
    """The line in the review thread that says where the change is; nothing in the conversation, where it stands."""
    told = answer(case.intent.request, case.intake, suggest_texts.beside(review=review))
    if not isinstance(told, Reply):
        return ()
    return (told if review else replace(told, pointer=_POINTER),)


def _unsuggested(case: _Case, drafted: Drafted, why: str, remedy: str, outcome: Outcome = "nothing-to-do") -> Plan:
    text = suggest_texts.unsuggested(drafted, why, remedy)
    return say(case.intent.request, case.intake, text, outcome)


def _failed(case: _Case, result: Failed) -> Plan:
    text = texts.refusal(first_line(case.intent.request), quiet.prose(result.why), result.remedy)
    return say(case.intent.request, case.intake, text, "failed")
