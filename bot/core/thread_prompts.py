"""What the model is told of review threads: each foreign line quoted, so that none can pass for a line of ours."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Final

from bot.core.quiet import visible

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from bot.core.forge import LineNote
    from bot.core.refs import Actor
    from bot.core.review_threads import ReviewThread

_HIDDEN: Final = re.compile(r"<!--.*?(?:-->|\Z)", re.DOTALL)
_OPENING: Final = "<!--"
_KEPT_OPENING: Final = "<\u200b!--"
"""Code may hold what begins an HTML comment; an invisible sign saves it from being taken out, and goes itself later."""
_LONGEST_COMMENT: Final = 2_000
_LONGEST_HUNK: Final = 4_000
_LONGEST_TALK: Final = 8_000
_MOST_THREADS: Final = 20
_MOST_LINES: Final = 40
ALONE: Final = "Change these lines alone, if what is asked for can be done so."
"""For a change in one thread, since a suggestion there can replace nothing else."""


def thread_task(notes: Sequence[LineNote], lines: Sequence[str], asker: Actor, command: int | None) -> str:
    """The task of a command given in a review thread: where it hangs, what was said, the hunk, the commented lines.

    Args:
        notes: the thread's comments, oldest first; there is at least one.
        lines: the commented lines as they stand in the head; none where they are gone.
        asker: who gave the command; their other comments are labelled as a requester's.
        command: the number of the comment that holds the command, whose words are told elsewhere.
    """
    first = notes[0]
    said = [(note.comment.author, note.comment.body) for note in notes if note.comment.id != command]
    parts = [f"A review comment on {_place(first.path, first.start, first.line, first.side)}."]
    parts += ["What was said there:\n" + talk for talk in [_talk(said, asker)] if talk]
    if first.hunk:
        parts.append(f"The part of the diff that it hangs on:\n{_quoted(first.hunk[-_LONGEST_HUNK:])}")
    if lines:
        text = "\n".join(lines[:_MOST_LINES])
        parts.append(f"The commented lines as they are now:\n{_quoted(text)}")
    return "\n\n".join(parts)


def threads_task(title: str, text: str, threads: Sequence[ReviewThread], asker: Actor) -> str:
    """The task of answering the threads that wait: the pull request's own words, then each thread with its place."""
    subject = f"{visible(title)}\n\n{_shown(text)}".strip()
    parts = [f"The pull request:\n{_quoted(subject)}"]
    room = _LONGEST_TALK
    for number, thread in enumerate(threads[:_MOST_THREADS], 1):
        said = [(one.author, one.body) for one in thread.comments]
        talk = _talk(said, asker, room)
        room -= len(talk)
        where = _place(thread.path, thread.start, thread.line, thread.side)
        if talk:
            parts.append(f"Review thread {number}, on {where}:\n{talk}")
    return "\n\n".join(parts)


def _place(path: str, start: int | None, line: int | None, side: str) -> str:
    name = " ".join(visible(path).split())
    if line is None:
        return f"`{name}`, at lines that have changed since"
    gone = ", which the pull request took out" if side == "LEFT" else ""
    lines = f"line {line}" if start in {None, line} else f"lines {start} to {line}"
    return f"`{name}`, {lines} ({name}:{start or line}){gone}"


def _talk(said: Iterable[tuple[Actor, str]], asker: Actor, room: int = _LONGEST_TALK) -> str:
    """The comments, each with who wrote it; the oldest and as many of the others as there is room for."""
    parts = [f"{_writer(author, asker)}:\n{_quoted(_shown(body))}" for author, body in said if _shown(body)]
    kept: list[str] = []
    for part in [*parts[:1], *reversed(parts[1:])]:
        if sum(map(len, kept)) + len(part) <= room:
            kept.append(part)
    return "\n".join([*kept[:1], *reversed(kept[1:])])


def _writer(author: Actor, asker: Actor) -> str:
    if not author.is_person:
        return "a bot"
    return "the requester" if author.id == asker.id else "a stranger"


def _shown(body: str) -> str:
    return visible(_HIDDEN.sub("", body[: 4 * _LONGEST_COMMENT])).strip()[:_LONGEST_COMMENT]


def _quoted(text: str) -> str:
    lines = text.replace("\r\n", "\n").replace(_OPENING, _KEPT_OPENING).splitlines()
    return "\n".join(f"| {line}" for line in lines)
