"""Which commit a draft stands on, and why it may stand on none."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from bot.together import together

if TYPE_CHECKING:
    from bot.core.forge import Pull
    from bot.core.intents import Request
    from bot.ports import ForgeReader


@dataclass(frozen=True, slots=True)
class Ground:
    """The commit to draft on, the ref it can be fetched by, and the default branch's tip, whose configuration holds.

    `trouble` says why nothing can be drafted on it, with what to do instead.
    """

    base: str
    base_ref: str
    default_tip: str
    trouble: tuple[str, str] | None = None


def find_ground(request: Request, reader: ForgeReader) -> Ground:
    """The default branch's tip for an issue, the head for a pull request."""
    default = f"heads/{request.default_branch}"
    if not request.thread.is_pull:
        tip = reader.ref(default) or ""
        empty = ("the repository has no commit on its default branch yet", "Push a first commit, then ask again.")
        return Ground(tip, f"refs/{default}", tip, None if tip else empty)
    pull, tip = together(lambda: reader.pull(request.thread.number), lambda: reader.ref(default) or "")
    return Ground(pull.head_sha, f"refs/heads/{pull.head_ref}", tip, pull_trouble(pull))


def pull_trouble(pull: Pull) -> tuple[str, str] | None:
    """Why no proposal can be made on a pull request, with what to do instead; None when one can."""
    if pull.is_fork:
        remedy = "Nothing of a fork is run or pushed to. Ask on an issue, or push the branch to this repository."
        return "this pull request comes from a fork", remedy
    if not pull.is_open:
        return "this pull request is closed", "Reopen it, or ask on an issue."
    return None
