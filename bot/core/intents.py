"""What an event asks of Draftgate: the event and its command become one `Intent`, or a reason why there is none."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from bot.core import commands, events
from bot.core.commands import COMMANDS, CommandError, parse_command
from bot.core.events import Ignored
from bot.core.precheck import DEFAULT_LABEL
from bot.core.refresh_intents import RefreshManifests
from bot.core.review_intents import ReviewPull, SuggestChange

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from bot.core.commands import Command, Kind, Place
    from bot.core.events import Anchor, Comment, Event, Origin, Subject
    from bot.core.refs import Actor, RepoName, Thread


@dataclass(frozen=True, slots=True)
class Request:
    """Who asked, where, and the texts as they stood at that moment.

    `title`, `text` and `author` are the issue's or pull request's. `comment` is None for a label, `anchor` is there for
    a review comment alone, which also says where the comment is to be re-read.
    """

    repository: RepoName
    default_branch: str
    thread: Thread
    trigger: str
    requester: Actor
    title: str
    text: str
    author: Actor
    comment: Comment | None = None
    anchor: Anchor | None = None

    @property
    def comment_id(self) -> int | None:
        """The comment's number, None for a label."""
        return self.comment.id if self.comment else None

    @property
    def root(self) -> int | None:
        """The comment that began the review thread in which this was asked, None outside of one."""
        return (self.anchor.reply_to or self.comment_id) if self.anchor else None


@dataclass(frozen=True, slots=True)
class GenerateChange:
    """Draft a change; `kind` None lets the drafter choose."""

    request: Request
    kind: Kind | None
    words: str


@dataclass(frozen=True, slots=True)
class ReviseProposal:
    """Draft again with `words`, replacing the proposal whose commit id begins with `sha`."""

    request: Request
    sha: str
    words: str


@dataclass(frozen=True, slots=True)
class ApproveProposal:
    """Push the proposal whose commit id begins with `sha`, if the gates grant it."""

    request: Request
    sha: str


@dataclass(frozen=True, slots=True)
class RejectProposal:
    """Close the proposal whose commit id begins with `sha`; `why` may be empty."""

    request: Request
    sha: str
    why: str


@dataclass(frozen=True, slots=True)
class RetryProposal:
    """Rebuild the proposal whose commit id begins with `sha` on the moved head."""

    request: Request
    sha: str


@dataclass(frozen=True, slots=True)
class ExplainProposal:
    """Say why a proposal is right and what to check; `sha` None means the open one."""

    request: Request
    sha: str | None


@dataclass(frozen=True, slots=True)
class GiveHint:
    """Give guidance instead of code."""

    request: Request
    words: str


@dataclass(frozen=True, slots=True)
class ShowHelp:
    """Show the command table."""

    request: Request


@dataclass(frozen=True, slots=True)
class ExplainMistake:
    """Say what is wrong with a mistyped command."""

    request: Request
    error: CommandError


Intent = (
    GenerateChange
    | ReviseProposal
    | ApproveProposal
    | RejectProposal
    | RetryProposal
    | ExplainProposal
    | GiveHint
    | ReviewPull
    | SuggestChange
    | RefreshManifests
    | ShowHelp
    | ExplainMistake
)


@dataclass(frozen=True, slots=True)
class Refused:
    """A command that is not carried out whoever gave it; `reason` is one sentence without a final full stop."""

    request: Request
    reason: str


@dataclass(frozen=True, slots=True)
class _Run:
    """What the workflow run adds to the event: who GitHub says started it, and the label that asks for a draft."""

    actor_login: str
    label: str


def resolve(event: Event, actor_login: str, label: str = DEFAULT_LABEL) -> Intent | Ignored | Refused:
    """Decide what an event asks for, as far as that needs no look at GitHub.

    Args:
        event: what happened.
        actor_login: `GITHUB_ACTOR`, which a re-run by somebody else leaves as it was; empty where nothing gives it.
        label: the label whose setting asks for a draft; upper and lower case are the same, as on GitHub.
    """
    return _EVENTS[type(event)](event, _Run(actor_login, label))


def _from_comment(event: events.CommentCreated, run: _Run) -> Intent | Ignored | Refused:
    place: Place = "pull" if event.subject.thread.is_pull else "issue"
    return _from_body(_request(event.origin, event.subject, event.comment), event.origin.sender, run, place)


def _from_review_comment(event: events.ReviewCommentCreated, run: _Run) -> Intent | Ignored | Refused:
    if event.tips.is_fork:  # GitHub gives these runs a token that can only read, and no secrets
        return Ignored("a review comment on a fork's pull request cannot be answered; its conversation can")
    request = _request(event.origin, event.subject, event.comment, event.anchor)
    return _from_body(request, event.origin.sender, run, "review")


def _from_label(event: events.IssueLabeled, run: _Run) -> Intent | Ignored | Refused:
    if event.label.casefold() != run.label.casefold():
        return Ignored("the label does not ask for a draft")
    request = _request(event.origin, event.subject)
    reason = _foreign_hand(request, event.origin.sender, run)
    return Refused(request, reason) if reason else GenerateChange(request, None, "")


def _from_pull(event: events.PullRequestChanged, _run: _Run) -> Intent:
    """A push asks for nobody: whoever sent it, what is reviewed is the pull request as it stands."""
    return ReviewPull(_request(event.origin, event.subject), asked=False, head=event.tips.head.sha)


def _from_clock(event: events.ScheduleFired, _run: _Run) -> Intent:
    return RefreshManifests(event.trigger)


def _from_button(event: events.ManualRun, _run: _Run) -> Intent:
    return RefreshManifests(event.origin.trigger, event.inputs.get("group", ""), origin=event.origin)


_EVENTS: Mapping[type[Event], Callable[[Any, _Run], Intent | Ignored | Refused]] = {
    events.CommentCreated: _from_comment,
    events.ReviewCommentCreated: _from_review_comment,
    events.IssueLabeled: _from_label,
    events.PullRequestChanged: _from_pull,
    events.ScheduleFired: _from_clock,
    events.ManualRun: _from_button,
}


def _request(origin: Origin, subject: Subject, comment: Comment | None = None, anchor: Anchor | None = None) -> Request:
    return Request(
        repository=origin.repository,
        default_branch=origin.default_branch,
        thread=subject.thread,
        trigger=origin.trigger,
        requester=comment.author if comment else origin.sender,
        title=subject.title,
        text=subject.text,
        author=subject.author,
        comment=comment,
        anchor=anchor,
    )


def _from_body(request: Request, sender: Actor, run: _Run, place: Place) -> Intent | Ignored | Refused:
    command = parse_command(request.comment.body if request.comment else "")
    if command is None:
        return Ignored("the comment gives no command")
    reason = _foreign_hand(request, sender, run)
    if reason:
        return Refused(request, reason)
    if isinstance(command, CommandError):
        return ExplainMistake(request, command)
    if place not in _PLACES[command.word]:
        return ExplainMistake(request, _misplaced(command.word))
    return _COMMANDS[type(command)](request, command)


def _foreign_hand(request: Request, sender: Actor, run: _Run) -> str:
    """Why the run does not come from the person who asked; empty when it does."""
    if (sender.id, sender.login) != (request.requester.id, request.requester.login):
        return "the event was not sent by the comment's author"
    if run.actor_login and run.actor_login.casefold() != sender.login.casefold():
        return "the run was not started by the person who asked"
    return ""


_PLACES = {row.word: row.where for row in COMMANDS}
_PLACE_NAMES: Mapping[Place, str] = {
    "issue": "an issue",
    "pull": "a pull request's conversation",
    "review": "a comment on its diff",
}


def _misplaced(word: str) -> CommandError:
    places = " or ".join(name for place, name in _PLACE_NAMES.items() if place in _PLACES[word])
    return CommandError(f"/{word}", f"this command works in {places}", "")


def _generate(request: Request, command: commands.Generate) -> Intent:
    """In a review thread both commands mean the same: an answer for the commented lines."""
    if request.anchor is not None:
        return SuggestChange(request, command.kind, command.words)
    return GenerateChange(request, command.kind, command.words)


_COMMANDS: Mapping[type[Command], Callable[[Request, Any], Intent]] = {
    commands.Generate: _generate,
    commands.Revise: lambda request, command: ReviseProposal(request, command.sha, command.words),
    commands.Approve: lambda request, command: ApproveProposal(request, command.sha),
    commands.Reject: lambda request, command: RejectProposal(request, command.sha, command.why),
    commands.Retry: lambda request, command: RetryProposal(request, command.sha),
    commands.Help: lambda request, _command: ShowHelp(request),
    commands.Suggest: lambda request, command: SuggestChange(request, None, command.words),
    commands.Review: lambda request, _command: ReviewPull(request, asked=True),
    commands.Explain: lambda request, command: ExplainProposal(request, command.sha),
    commands.Hint: lambda request, command: GiveHint(request, command.words),
    commands.Refresh: lambda request, command: RefreshManifests(request.trigger, command.group or "", request),
}
