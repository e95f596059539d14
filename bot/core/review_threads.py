"""The threads that earlier reviews opened, as GitHub tells of them, and what people made of them."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import TYPE_CHECKING

from bot.core.aligning import fold
from bot.core.fingerprints import Said, read_marker

if TYPE_CHECKING:
    from collections.abc import Iterable

    from bot.core.refs import Actor

_QUOTE = re.compile(r"^ {0,3}>.*$", re.MULTILINE)
_NO = re.compile(
    r"\W*(?:no(?! (?:problem|worries|objection|idea))|nope|nah|(?:i )?disagree|false positive|won'?t ?fix"
    r"|not an? (?:issue|bug|problem)|by design|as designed|intended|intentional|working as intended"
    r"|(?:this|that|it)(?: is|'s) (?:intended|intentional|fine|by design|not an? (?:issue|bug|problem))"
    r"|👎|:-1:|:thumbsdown:)(?![\w-])",
    re.IGNORECASE,
)


@dataclass(frozen=True, slots=True)
class ThreadComment:
    """One comment of a thread; `thumbs_down` counts the 👎 under it."""

    author: Actor
    body: str
    thumbs_down: int = 0


@dataclass(frozen=True, slots=True)
class ReviewThread:
    """A thread on the lines `start` to `line` (from 1) of a file of a pull request, its comments oldest first.

    `line` is None where these lines are gone or the thread is on the whole file; `start` is None for one line.
    """

    comments: tuple[ThreadComment, ...]
    resolved: bool = False
    outdated: bool = False
    path: str = ""
    line: int | None = None
    start: int | None = None
    side: str = "RIGHT"


def waiting(threads: Iterable[ReviewThread]) -> tuple[ReviewThread, ...]:
    """The threads that still ask for something: not resolved, and no remark of a bot that a person turned down."""
    return tuple(one for one in threads if one.comments and not one.resolved and not _turned_down(one))


def _turned_down(thread: ReviewThread) -> bool:
    first, *others = thread.comments
    answers = (one.body for one in others if one.author.is_person)
    return not first.author.is_person and (first.thumbs_down > 0 or any(map(is_no, answers)))


def is_no(text: str) -> bool:
    """Whether an answer begins by turning the remark down."""
    return _NO.match(fold(_QUOTE.sub("", text[:2000]).strip())) is not None


def said_in(threads: Iterable[ReviewThread], us: Actor | None) -> list[Said]:
    """What our own comments in these threads have said.

    A marker in somebody else's comment counts for nothing: otherwise anybody could silence the review. `us` None takes
    any bot's word for it, since an installation token cannot ask who it is.
    """
    found = []
    for thread in threads:
        first = thread.comments[0] if thread.comments else None
        mark = read_marker(first.body) if first and is_ours(first.author, us) else None
        if first is not None and mark is not None:
            answers = (one for one in thread.comments[1:] if one.author.is_person)
            turned_down = thread.resolved or first.thumbs_down > 0 or any(is_no(one.body) for one in answers)
            found.append(Said(mark, turned_down))
    return found


def is_ours(author: Actor, us: Actor | None) -> bool:
    """Whether a comment's author is our own account; `us` None takes any bot for it."""
    return author.id == us.id if us is not None else author.kind == "Bot"
