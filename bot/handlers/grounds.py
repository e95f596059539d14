"""Which commit a draft stands on, and why it may stand on none."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from bot.core.review_threads import waiting
from bot.together import together

if TYPE_CHECKING:
    from bot.core.forge import Pull
    from bot.core.intents import Request
    from bot.core.review_threads import ReviewThread
    from bot.ports import ForgeReader


@dataclass(frozen=True, slots=True)
class Ground:
    """The commit to draft on, the ref it can be fetched by, and the default branch's tip, whose configuration holds.

    `trouble` says why nothing can be drafted on it, with what to do instead. `threads` are the review threads that
    wait, where they were asked for.
    """

    base: str
    base_ref: str
    default_tip: str
    trouble: tuple[str, str] | None = None
    threads: tuple[ReviewThread, ...] = ()


def find_ground(request: Request, reader: ForgeReader, *, threads: bool = False) -> Ground:
    """The default branch's tip for an issue, the head for a pull request, with its `threads` where they are wanted."""
    default = f"heads/{request.default_branch}"
    if not request.thread.is_pull:
        tip = reader.ref(default) or ""
        empty = ("the repository has no commit on its default branch yet", "Push a first commit, then ask again.")
        return Ground(tip, f"refs/{default}", tip, None if tip else empty)
    (pull, open_threads), tip = together(
        lambda: pull_now(request, reader, threads=threads), lambda: reader.ref(default) or ""
    )
    return Ground(pull.head_sha, pull_ref(pull.number), tip, pull_trouble(pull), open_threads)


def pull_now(request: Request, reader: ForgeReader, *, threads: bool) -> tuple[Pull, tuple[ReviewThread, ...]]:
    """The pull request as it stands, and, where wanted, the review threads that wait for an answer; one request."""
    if not threads:
        return reader.pull(request.thread.number), ()
    grounds = reader.review_grounds(request.thread.number, request.default_branch)
    return grounds.pull, waiting(grounds.threads)


def pull_ref(number: int) -> str:
    """The ref that a pull request's head can be fetched by, whoever's branch it is, and also when that is gone."""
    return f"refs/pull/{number}/head"


def pull_trouble(pull: Pull) -> tuple[str, str] | None:
    """Why no proposal can be made on a pull request, with what to do instead; None when one can."""
    if pull.is_fork:
        remedy = "Nothing of a fork is run or pushed to. `/suggest` drafts suggestions that its author can commit."
        return "this pull request comes from a fork", remedy
    if not pull.is_open:
        return "this pull request is closed", "Reopen it, or ask on an issue."
    return None
