"""Looks at a thread before anything is decided: may this person ask, and what does the thread's comment remember."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from bot.core.gates import Permission
from bot.core.memory import Memory, parse_marker, parse_memory
from bot.together import together

if TYPE_CHECKING:
    from collections.abc import Sequence

    from bot.core.forge import Comment, LineNote
    from bot.core.intents import Request
    from bot.ports import ForgeReader


@dataclass(frozen=True, slots=True)
class Intake:
    """The thread as it stands: the asker's permission, their comment re-read, all comments, and what was remembered.

    `sticky` is the bot's own comment that carries the thread's state, with its `memory`; both None before the first
    draft. `comment` is None for a label, and for a comment that is gone. `notes` are the review threads' comments where
    the command was given in one of them.
    """

    permission: Permission
    comment: Comment | None
    comments: tuple[Comment, ...]
    sticky: Comment | None
    memory: Memory | None
    notes: tuple[LineNote, ...] = ()

    @property
    def sticky_id(self) -> int | None:
        """The sticky comment's number, None while there is none."""
        return self.sticky.id if self.sticky else None

    def answer_id(self, key: str) -> int | None:
        """The number of an earlier answer of ours with this key."""
        for comment in (*self.comments, *(note.comment for note in self.notes)):
            marker = parse_marker(comment.body, "answer")
            if marker is not None and marker.get("key") == key and self._is_ours(comment):
                return comment.id
        return None

    def _is_ours(self, comment: Comment) -> bool:
        same = self.sticky is not None and comment.author.id == self.sticky.author.id
        return same or comment.author.kind == "Bot"


def take_in(request: Request, reader: ForgeReader) -> Intake:
    """Ask GitHub, all at once, what has to be known of the thread."""
    permission, (comment, notes), comments = together(
        lambda: Permission.parse(reader.permission(request.requester.login)),
        lambda: reread(request, reader),
        lambda: reader.comments(request.thread.number),
    )
    sticky = find_sticky(comments, reader)
    memory = parse_memory(sticky.body) if sticky else None
    return Intake(permission, comment, tuple(comments), sticky, memory, notes)


def reread(request: Request, reader: ForgeReader) -> tuple[Comment | None, tuple[LineNote, ...]]:
    """The command's comment as it stands now, and, for one in a review thread, the comments of all such threads."""
    if request.comment_id is None:
        return None, ()
    if request.anchor is None:
        return reader.comment(request.comment_id, "issue"), ()
    notes = tuple(reader.line_notes(request.thread.number))
    return next((note.comment for note in notes if note.comment.id == request.comment_id), None), notes


def find_sticky(comments: Sequence[Comment], reader: ForgeReader) -> Comment | None:
    """The bot's own state comment among a thread's: a person's imitation of it does not count.

    Only where the marker stands in a person's comment the token's own login is asked for, since a bot may run under a
    personal access token.
    """
    marked = [comment for comment in comments if parse_memory(comment.body) is not None]
    ours = [comment for comment in marked if comment.author.kind == "Bot"]
    if marked and not ours:
        login = reader.login()
        ours = [comment for comment in marked if login and comment.author.login == login]
    return ours[0] if ours else None


@dataclass(frozen=True, slots=True)
class Objection:
    """Why the asker is not served: `gone` needs no answer, `permission` gets one line a thread."""

    kind: str
    why: str
    remedy: str = ""


def objection(request: Request, intake: Intake, least: Permission) -> Objection | None:
    """Why this request is not carried out, by what GitHub says now; None when it may be."""
    if intake.permission < least:
        return Objection("permission", f"it needs the {least.name.lower()} permission in this repository")
    if request.comment is None:
        return None
    if intake.comment is None:
        return Objection("gone", "the comment is gone")
    if was_edited(intake.comment, request):
        return Objection("edited", "the comment was edited", "Write a new comment: edited ones never count.")
    return None


def was_edited(now: Comment, request: Request) -> bool:
    """Whether the comment is not the one that the event told of.

    The two times of a review comment may differ without an edit (it waited in a pending review), so there only the
    text speaks.
    """
    told = request.comment.body if request.comment else ""
    changed = now.body.replace("\r\n", "\n") != told.replace("\r\n", "\n")
    return (
        changed
        or now.author.id != request.requester.id
        or (request.anchor is None and now.created_at != now.updated_at)
    )
