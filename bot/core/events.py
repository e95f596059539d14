"""What GitHub told us, as types: one webhook payload in, one `Event` or `Ignored` out.

Payloads are hostile: nothing is used that was not looked at. What needs no answer is told in `bot.core.precheck`.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from bot.core.payloads import Payload, unusable
from bot.core.precheck import ignored_event
from bot.core.refs import Actor, RepoName, Thread
from bot.errors import UserError

if TYPE_CHECKING:
    from collections.abc import Callable

GHOST = Actor("ghost", 10137, "User")
"""GitHub's own stand-in for the author of a thread whose account is gone (`user: null` in the payload)."""

_RUN_ID = re.compile(r"[0-9]{1,20}")
_MANY_LABELS = 100
"""Labels that GitHub allows on one issue."""


@dataclass(frozen=True, slots=True)
class Ignored:
    """Nothing to do, nothing to answer; `reason` goes to the log."""

    reason: str


@dataclass(frozen=True, slots=True)
class Origin:
    """What every event on a thread or repository shares.

    `trigger` is the idempotence key of design 4.1, `<event>/<comment id>`, with the run's id where no comment is.
    """

    repository: RepoName
    default_branch: str
    trigger: str
    sender: Actor


@dataclass(frozen=True, slots=True)
class Subject:
    """The issue or pull request, frozen as it was when the event happened; `text` is its body, empty for none."""

    thread: Thread
    title: str
    text: str
    author: Actor
    is_open: bool
    locked: bool
    labels: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Comment:
    """A new comment as the event has it; the times are GitHub's ISO 8601 texts, kept for comparison with a re-read."""

    id: int
    body: str
    author: Actor
    created_at: str
    updated_at: str

    @property
    def edited(self) -> bool:
        """Whether the two times differ.

        A review comment that waited in a pending review may show two times without any edit.
        """
        return self.created_at != self.updated_at


@dataclass(frozen=True, slots=True)
class Tip:
    """One end of a pull request: branch name and commit id."""

    ref: str
    sha: str


@dataclass(frozen=True, slots=True)
class PullTips:
    """Both ends of a pull request; `is_fork` also where the head's repository is gone."""

    head: Tip
    base: Tip
    is_fork: bool


@dataclass(frozen=True, slots=True)
class Anchor:
    """Where a review comment hangs in the diff of `commit_id`.

    `line` is None when the line has left the diff or the comment is on the whole file, `start_line` when it is on one
    line; `side` is `LEFT` (old text) or `RIGHT`. `reply_to` is the comment that began the thread, None for that one.
    """

    path: str
    line: int | None
    start_line: int | None
    side: str
    commit_id: str
    diff_hunk: str
    reply_to: int | None = None


@dataclass(frozen=True, slots=True)
class CommentCreated:
    """Somebody commented in the conversation of an issue or pull request."""

    origin: Origin
    subject: Subject
    comment: Comment


@dataclass(frozen=True, slots=True)
class ReviewCommentCreated:
    """Somebody commented on a line of a pull request."""

    origin: Origin
    subject: Subject
    comment: Comment
    anchor: Anchor
    tips: PullTips


@dataclass(frozen=True, slots=True)
class IssueLabeled:
    """An issue got `label`; who set it is the origin's sender, not the issue's author."""

    origin: Origin
    subject: Subject
    label: str


@dataclass(frozen=True, slots=True)
class PullRequestChanged:
    """A pull request has something new to look at; `action` is one of `precheck.PULL_ACTIONS`."""

    origin: Origin
    subject: Subject
    action: str
    tips: PullTips
    draft: bool


@dataclass(frozen=True, slots=True)
class ScheduleFired:
    """The workflow's clock; its payload need not name a repository or a person."""

    trigger: str
    cron: str


@dataclass(frozen=True, slots=True)
class ManualRun:
    """Somebody pressed the button; `inputs` as texts, `true`/`false` for tick boxes, empty for none."""

    origin: Origin
    inputs: Mapping[str, str]


Event = CommentCreated | ReviewCommentCreated | IssueLabeled | PullRequestChanged | ScheduleFired | ManualRun


def parse_event(name: str, payload: Mapping[str, Any], run_id: str) -> Event | Ignored:
    """Read one event.

    Args:
        name: the event's name as in `GITHUB_EVENT_NAME`.
        payload: the decoded JSON of the event file.
        run_id: the workflow run's number as in `GITHUB_RUN_ID`; used where the event has no comment.

    Raises:
        UserError: a part that is needed is missing or of another type; the text names it.
    """
    reason = ignored_event(name, payload)
    return Ignored(reason) if reason else _READERS[name](Payload(payload), run_id)


def _comment_created(payload: Payload, _run_id: str) -> Event:
    comment = _comment(payload)
    origin = _origin(payload, f"issue_comment/{comment.id}")
    is_pull = payload.find("issue.pull_request") is not None
    return CommentCreated(origin, _subject(payload, "issue", is_pull=is_pull), comment)


def _review_comment_created(payload: Payload, _run_id: str) -> Event:
    comment = _comment(payload)
    return ReviewCommentCreated(
        origin=_origin(payload, f"pull_request_review_comment/{comment.id}"),
        subject=_subject(payload, "pull_request", is_pull=True),
        comment=comment,
        anchor=_anchor(payload),
        tips=_tips(payload),
    )


def _issue_labeled(payload: Payload, run_id: str) -> Event:
    origin = _origin(payload, f"issues/{_run(run_id)}")
    return IssueLabeled(origin, _subject(payload, "issue", is_pull=False), payload.need("label.name", str))


def _pull_request_changed(payload: Payload, run_id: str) -> Event:
    return PullRequestChanged(
        origin=_origin(payload, f"pull_request/{_run(run_id)}"),
        subject=_subject(payload, "pull_request", is_pull=True),
        action=payload.need("action", str),
        tips=_tips(payload),
        draft=payload.need("pull_request.draft", bool),
    )


def _schedule_fired(payload: Payload, run_id: str) -> Event:
    return ScheduleFired(f"schedule/{_run(run_id)}", payload.need("schedule", str))


def _manual_run(payload: Payload, run_id: str) -> Event:
    origin = _origin(payload, f"workflow_dispatch/{_run(run_id)}")
    inputs = payload.find("inputs")
    if not isinstance(inputs, Mapping | None):
        raise unusable("inputs")
    return ManualRun(origin, {str(key): _input_text(value) for key, value in (inputs or {}).items()})


_READERS: Mapping[str, Callable[[Payload, str], Event]] = {
    "issue_comment": _comment_created,
    "pull_request_review_comment": _review_comment_created,
    "issues": _issue_labeled,
    "pull_request": _pull_request_changed,
    "pull_request_target": _pull_request_changed,
    "schedule": _schedule_fired,
    "workflow_dispatch": _manual_run,
}


def _comment(payload: Payload) -> Comment:
    return Comment(
        id=payload.number("comment.id"),
        body=payload.need("comment.body", str),
        author=payload.actor("comment.user"),
        created_at=payload.need("comment.created_at", str),
        updated_at=payload.need("comment.updated_at", str),
    )


def _origin(payload: Payload, trigger: str) -> Origin:
    return Origin(
        repository=RepoName(payload.need("repository.full_name", str)),
        default_branch=payload.filled("repository.default_branch"),
        trigger=trigger,
        sender=payload.actor("sender"),
    )


def _subject(payload: Payload, key: str, *, is_pull: bool) -> Subject:
    nobody = payload.find(f"{key}.user") is None
    return Subject(
        thread=Thread(payload.number(f"{key}.number"), is_pull),
        title=payload.need(f"{key}.title", str),
        text=payload.optional(f"{key}.body", str) or "",
        author=GHOST if nobody else payload.actor(f"{key}.user"),
        is_open=payload.need(f"{key}.state", str) == "open",
        locked=payload.optional(f"{key}.locked", bool) or False,
        labels=_labels(payload, f"{key}.labels"),
    )


def _labels(payload: Payload, path: str) -> tuple[str, ...]:
    found = payload.items(path)[:_MANY_LABELS]
    return tuple(Payload({"labels": label}).need("labels.name", str) for label in found)


def _anchor(payload: Payload) -> Anchor:
    return Anchor(
        path=payload.filled("comment.path"),
        line=payload.optional("comment.line", int),
        start_line=payload.optional("comment.start_line", int),
        side=payload.optional("comment.side", str) or "RIGHT",
        commit_id=payload.commit("comment.commit_id"),
        diff_hunk=payload.need("comment.diff_hunk", str),
        reply_to=payload.optional("comment.in_reply_to_id", int),
    )


def _tips(payload: Payload) -> PullTips:
    away = payload.optional("pull_request.head.repo.id", int)  # ids: a name can come to mean another repository
    return PullTips(
        head=_tip(payload, "pull_request.head"),
        base=_tip(payload, "pull_request.base"),
        is_fork=away != payload.number("pull_request.base.repo.id"),
    )


def _tip(payload: Payload, path: str) -> Tip:
    return Tip(ref=payload.filled(f"{path}.ref"), sha=payload.commit(f"{path}.sha"))


def _run(run_id: str) -> str:
    if not _RUN_ID.fullmatch(run_id):  # it becomes part of a commit trailer
        raise UserError("GITHUB_RUN_ID is not the number of a workflow run", "Start Draftgate from a workflow.")
    return run_id


def _input_text(value: object) -> str:
    if not isinstance(value, str | bool | None):
        raise unusable("inputs")
    if isinstance(value, bool):
        return "true" if value else "false"
    return value or ""
