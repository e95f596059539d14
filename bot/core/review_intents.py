"""The wishes for a review and for suggestions, and what GitHub says of the pull request when it is considered."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from bot.core.commands import Kind
    from bot.core.forge import Comment, Pull
    from bot.core.intents import Request
    from bot.core.refs import Actor
    from bot.core.review_threads import ReviewThread


@dataclass(frozen=True, slots=True)
class ReviewPull:
    """Review a pull request; `asked` says that a person gave the command, otherwise an event did.

    `head` is the commit that the event told of, empty for a command.
    """

    request: Request
    asked: bool
    head: str = ""


@dataclass(frozen=True, slots=True)
class SuggestChange:
    """Draft a change of a pull request as suggestions; where these cannot say it, as a proposal on its head.

    Given in a review thread (the request has an anchor) or in the conversation; `kind` None lets the drafter choose.
    """

    request: Request
    kind: Kind | None
    words: str


@dataclass(frozen=True, slots=True)
class ReviewGrounds:
    """A pull request as it stands now, with all that a review has to know of it.

    `us` is the account of our token, None where it may not ask; `comments` are those of the conversation, `threads`
    those on lines, both oldest first; `config` is the configuration file on the default branch, None for none.
    """

    pull: Pull
    is_draft: bool
    is_locked: bool
    title: str
    text: str
    author: Actor
    us: Actor | None
    comments: tuple[Comment, ...]
    threads: tuple[ReviewThread, ...]
    config: bytes | None
