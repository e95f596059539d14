"""A review, asked for or not: look, have it made, say what is new in one request, remember it in one comment."""

from __future__ import annotations

from contextlib import suppress
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

from bot.core.fingerprints import together as said_before
from bot.core.gates import Permission
from bot.core.plans import Answer, Plan, Remember
from bot.core.prompts import mark_for
from bot.core.results import Failed
from bot.core.review_bundle import ReviewMade
from bot.core.review_memory import ReviewMemory, parse_review_memory
from bot.core.review_results import Reviewed
from bot.core.review_texts import line_comment, report, review_key, review_request, summary
from bot.core.review_threads import said_in
from bot.core.reviews import PostReview, checked
from bot.errors import ModelError, UserError, WorktreeError
from bot.handlers.answers import first_line, refuse, say, turn_away
from bot.handlers.grounds import pull_ref
from bot.intake import Intake
from bot.pipeline.review import ReviewOrder, review
from bot.rules import gate_policy, limits, read_config
from bot.settings.config import RepoConfig
from bot.together import together

if TYPE_CHECKING:
    from collections.abc import Iterator

    from bot.core.forge import Comment
    from bot.core.review_intents import ReviewGrounds, ReviewPull
    from bot.handlers.deps import Deps
    from bot.ports import ForgeReader

_LOST = Failed("the draft job ended without a review", "Its log says why; `/review` asks again.")
_AGAIN = "Mend that, then ask with `/review`."


@dataclass(frozen=True, slots=True)
class _Case:
    """A review that may be made: of what, under which configuration, and what was said before."""

    intent: ReviewPull
    grounds: ReviewGrounds
    config: RepoConfig
    intake: Intake
    memory: ReviewMemory
    comment_id: int | None

    @property
    def head(self) -> str:
        """The commit to be reviewed."""
        return self.grounds.pull.head_sha


def handle(intent: ReviewPull, deps: Deps) -> Iterator[Plan]:
    """Review and say it in one process."""
    with deps.watch.phase("set-up"):
        case = _open(intent, deps)
    yield case if isinstance(case, Plan) else _settle(case, _attempt(case, deps), deps)


def draft_only(intent: ReviewPull, deps: Deps) -> ReviewMade | Plan:
    """The draft job's half: the review without its publication."""
    with deps.watch.phase("set-up"):
        case = _open(intent, deps)
    return case if isinstance(case, Plan) else ReviewMade(intent.request.trigger, case.head, _attempt(case, deps))


def publish(intent: ReviewPull, bundle: ReviewMade | UserError | None, deps: Deps) -> Iterator[Plan]:
    """The publish job's half: ask everything again, hold the review against the diff, say it."""
    case = _open(intent, deps)
    if isinstance(case, Plan):
        yield case
    elif bundle is None:
        yield _failed(case, _LOST)
    elif isinstance(bundle, UserError):
        yield _failed(case, Failed(bundle.what, bundle.remedy))
    elif bundle.trigger != intent.request.trigger:
        yield _failed(case, Failed("the draft job's review belongs to another request", _AGAIN))
    elif isinstance(bundle.result, Reviewed) and bundle.head != case.head:
        yield Plan("nothing-to-do", summary="The head has moved on since; its own run reviews it.")
    else:
        yield _settle(case, _with_files(bundle.result, case, deps), deps)


def _open(intent: ReviewPull, deps: Deps) -> _Case | Plan:
    """Everything before the model is asked: may it be, is it wanted, is it new."""
    request = intent.request
    number = request.thread.number
    grounds, _ = together(
        lambda: deps.reader.review_grounds(number, request.default_branch), lambda: _fetch_early(intent, deps)
    )
    sticky = _summary_comment(grounds)
    memory = (parse_review_memory(sticky.body) if sticky else None) or ReviewMemory()
    intake = _intake(intent, grounds, deps.reader)
    try:
        config = read_config(grounds.config)
    except UserError as error:
        case = _Case(intent, grounds, RepoConfig(), intake, memory, None)
        return _refusal(case) or _failed(case, Failed(error.what, error.remedy))
    case = _Case(intent, grounds, config, intake, memory, sticky.id if sticky else None)
    return _refusal(case) or _unwanted(case) or case


def _fetch_early(intent: ReviewPull, deps: Deps) -> None:
    """Fetch the head that an event told of while GitHub is asked; what goes wrong is said once the head is needed."""
    if deps.worktree is not None and intent.head:
        with suppress(WorktreeError):
            deps.worktree.ensure(intent.head, pull_ref(intent.request.thread.number))


def _intake(intent: ReviewPull, grounds: ReviewGrounds, reader: ForgeReader) -> Intake:
    request = intent.request
    comment = next((one for one in grounds.comments if one.id == request.comment_id), None)
    permission = Permission.parse(reader.permission(request.requester.login)) if intent.asked else Permission.NONE
    return Intake(permission, comment, grounds.comments, None, None)


def _refusal(case: _Case) -> Plan | None:
    """The plan for a person who is not served; events ask for nobody."""
    request = case.intent.request
    if not case.intent.asked:
        return None
    refused = turn_away(request, case.intake, gate_policy(case.config).request)
    if refused is not None:
        return refused
    if not case.grounds.pull.is_open:
        return refuse(request, case.intake, "this pull request is closed", "Reopen it to have it reviewed.")
    return None


def _unwanted(case: _Case) -> Plan | None:
    """The plan for a review that nobody waits for, or that was made already."""
    intent, grounds = case.intent, case.grounds
    if intent.request.trigger in case.memory.triggers or case.intake.answer_id(intent.request.trigger):
        return Plan("nothing-to-do")
    if intent.asked:
        return None
    reasons = (
        (not case.config.review.auto, "`review.auto` is off"),
        (not grounds.pull.is_open, "the pull request is closed"),
        (grounds.is_locked, "the conversation is locked"),
        (grounds.is_draft, "drafts are reviewed when somebody asks"),
        (not grounds.author.is_person, "pull requests of bots are reviewed when somebody asks"),
        (intent.head not in {"", case.head}, "the head has moved on since; its own run reviews it"),
        (case.memory.reviewed == case.head, "this commit was reviewed already"),
    )
    why = next((why for holds, why in reasons if holds), None)
    return Plan("ignored", summary=f"Not reviewed: {why}.") if why else None


def _summary_comment(grounds: ReviewGrounds) -> Comment | None:
    """Our own summary comment; a person's imitation of it does not count."""
    us = grounds.us
    for comment in grounds.comments:
        ours = comment.author.id == us.id if us is not None else comment.author.kind == "Bot"
        if ours and parse_review_memory(comment.body) is not None:
            return comment
    return None


def _attempt(case: _Case, deps: Deps) -> Reviewed | Failed:
    if deps.tools is None or deps.worktree is None:
        return Failed("this job has no model to ask", "Run it with `entry: run` or `entry: draft`.")
    number, worktree = case.intent.request.thread.number, deps.worktree
    try:
        _, told, _ = together(
            lambda: worktree.ensure(case.head, pull_ref(number)), lambda: deps.reader.diff(number), _get_ready
        )
        return review(_order(case, told, deps), deps.tools(case.config), deps.watch)
    except UserError as error:
        return Failed(error.what, error.remedy)
    except (ModelError, WorktreeError) as error:
        return Failed(str(error), _AGAIN)


def _get_ready() -> None:
    """Import what the review is going to need, while git and GitHub are waited for."""
    from bot.pipeline import review_proofs, review_reading  # noqa: F401, PLC0415 - nobody waits for these 0.1 s here


def _order(case: _Case, told: str | None, deps: Deps) -> ReviewOrder:
    request, grounds = case.intent.request, case.grounds
    asker = case.intent.asked and grounds.author.id == request.requester.id
    return ReviewOrder(
        head=case.head,
        diff=_local_diff(case, deps) if told is None else told,
        mark=mark_for(request.trigger, case.head),
        title=deps.redact(grounds.title),
        text=deps.redact(grounds.text),
        author="requester" if asker else "stranger",
        since=None if case.intent.asked else _since(case, deps),
        said=tuple(said_before(said_in(grounds.threads, grounds.us), case.memory.said)),
        paths=case.config.review.paths,
        most=case.config.review.max_comments,
        runs_commands=not grounds.pull.is_fork,
        limits=limits(case.config),
    )


def _local_diff(case: _Case, deps: Deps) -> str:
    """Git's diff from the merge base, for one that GitHub finds too large to tell."""
    pull, diffs = case.grounds.pull, deps.diffs
    base = deps.reader.merge_base(pull.base_ref, pull.head_sha)
    if base is None or diffs is None or deps.worktree is None:
        raise WorktreeError("the diff is too large for GitHub, and the commit that it starts from is not known")
    deps.worktree.ensure(base, f"refs/heads/{pull.base_ref}")
    return diffs.between(base, case.head)


def _since(case: _Case, deps: Deps) -> str | None:
    """The diff since the last review; None for all of it: the first time, and after a force push."""
    last, diffs = case.memory.reviewed, deps.diffs
    if not last or diffs is None or deps.worktree is None:
        return None
    stands = deps.reader.compare(last, case.head)
    if stands is None or stands.behind:
        return None
    try:
        deps.worktree.ensure(last, case.head)
        return diffs.between(last, case.head)
    except WorktreeError:
        return None


def _with_files(result: Reviewed | Failed, case: _Case, deps: Deps) -> Reviewed | Failed:
    """The bundle's review with the diff as GitHub tells it, so that its lines can be checked.

    Of a diff that is too large no file is known; then GitHub itself is the first to check.
    """
    from bot.core.diffs import read_diff  # noqa: PLC0415 - only the publish job reads it here

    if isinstance(result, Failed) or not result.kept:
        return result
    told = deps.reader.diff(case.intent.request.thread.number)
    return replace(result, files={file.path: file for file in read_diff(told or "")})


def _settle(case: _Case, result: Reviewed | Failed, deps: Deps) -> Plan:
    if isinstance(result, Failed):
        return _failed(case, result)
    reviewed = _without_secrets(case, result, deps)
    request = case.intent.request
    said = [one.remark.fingerprint for one in reviewed.kept]
    text = deps.redact(report(case.head, reviewed))
    memory = case.memory.after(case.head, said, request.trigger)
    remember = Remember(request.thread, deps.redact(summary(memory, reviewed)), case.comment_id)
    if reviewed.kept:
        post = _post(case, reviewed, deps)
        return Plan("suggested", (post, remember), summary=text)
    known = (remember,) if case.comment_id is not None else ()
    if case.intent.asked:
        answer = Answer(request.thread, request.trigger, text, case.intake.answer_id(request.trigger))
        return Plan("answered", (*known, answer), summary=text)
    return Plan("nothing-to-do", known, summary=text)


def _post(case: _Case, reviewed: Reviewed, deps: Deps) -> PostReview:
    request = case.intent.request
    whole = review_request(reviewed.kept, case.head, request.trigger, deps.site)
    sure = checked(whole, reviewed.files) if reviewed.files else whole
    return PostReview(request.thread, sure, review_key(case.head, request.trigger))


def _without_secrets(case: _Case, reviewed: Reviewed, deps: Deps) -> Reviewed:
    """Without the findings that hold a secret of this run: what is taken out of a suggestion would be committed."""
    texts = {one: line_comment(one, case.head, deps.site) for one in reviewed.kept}
    clean = [
        one
        for one, comment in texts.items()
        if all(deps.redact(text) == text for text in (one.diff, comment.body if comment else one.remark.finding.reason))
    ]
    return replace(reviewed, kept=tuple(clean))


def _failed(case: _Case, result: Failed) -> Plan:
    """A person who asked is told; otherwise the run's summary says it, and the run is red."""
    from bot.core import quiet, texts  # noqa: PLC0415 - only a failure is told in these words

    why, remedy = quiet.prose(result.why), result.remedy
    if case.intent.asked:
        told = texts.refusal(first_line(case.intent.request), why, remedy)
        return say(case.intent.request, case.intake, told, "failed")
    return Plan("failed", summary=f"Not reviewed: {why}. {remedy}")
