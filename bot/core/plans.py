"""What a handler wants done, as data; one publisher does it."""

from __future__ import annotations

from dataclasses import dataclass, field
from enum import IntEnum
from typing import TYPE_CHECKING, Literal

from bot.core.refresh_pulls import RefreshPull, RetirePull
from bot.core.reviews import PostReview

if TYPE_CHECKING:
    from bot.core.gates import Grant
    from bot.core.markdown import Shown
    from bot.core.memory import Memory
    from bot.core.proposals import Proposal
    from bot.core.refs import Thread

Outcome = Literal[
    "proposed",
    "suggested",
    "pushed",
    "rejected",
    "answered",
    "pending",
    "refused",
    "ignored",
    "nothing-to-do",
    "failed",
]


class PublishLevel(IntEnum):
    """How far a plan may be carried out; each level permits all that the ones before it do."""

    NOTHING = 0
    COMMENT = 1
    PROPOSE = 2
    PUSH = 3


@dataclass(frozen=True, slots=True)
class Remember:
    """Bring the thread's sticky comment to this text, whose first line is the memory's marker.

    `comment_id` is the sticky comment, None while the thread has none.
    """

    thread: Thread
    text: str
    comment_id: int | None


@dataclass(frozen=True, slots=True)
class Answer:
    """One short reply of its own, found again by `key` so that a repeated event edits it in place."""

    thread: Thread
    key: str
    text: str
    comment_id: int | None


@dataclass(frozen=True, slots=True)
class Reply:
    """One answer in the review thread that the comment `root` began, found again by `key` as an `Answer` is.

    `pointer` is the text of a link to the sticky comment, which an effect before this one makes; empty for none.
    """

    thread: Thread
    root: int
    key: str
    text: str
    comment_id: int | None
    pointer: str = ""


@dataclass(frozen=True, slots=True)
class Propose:
    """Make the proposal's commit, show it in the sticky comment, keep it under its ref, close the earlier one.

    `before` is the memory that the thread has now; `base_tree` is the git tree of `proposal.base`, empty where the
    publisher has to ask for it.
    """

    proposal: Proposal
    before: Memory | None
    comment_id: int | None
    base_tree: str = ""


@dataclass(frozen=True, slots=True)
class Keep:
    """See to it that the thread's open ref is this proposal and no other: what a crash may have left undone."""

    thread: Thread
    sha: str


@dataclass(frozen=True, slots=True)
class Push:
    """Push the granted commit, record it in the sticky comment, close the proposal.

    For an issue `branch` is the new branch's name and `base` the branch that the draft pull request goes into; for a
    pull request `branch` is its head, and there is no other to open. `moved` counts the commits that `base` has gained.
    """

    grant: Grant
    thread: Thread
    shown: Shown
    memory: Memory
    branch: str
    base: str
    moved: int
    comment_id: int


@dataclass(frozen=True, slots=True)
class Close:
    """Move the proposal's ref from the open to the closed ones."""

    thread: Thread
    sha: str


Effect = Remember | Answer | Reply | Propose | Keep | Push | Close | PostReview | RefreshPull | RetirePull


@dataclass(frozen=True, slots=True)
class Plan:
    """Effects in order and the outcome that stands when all are done.

    `outputs` are further outputs of the Action, `summary` is markdown for the step summary. `early` says that another
    plan of the same handler follows, so that this one can be carried out while that one is in the making.
    """

    outcome: Outcome
    effects: tuple[Effect, ...] = ()
    outputs: dict[str, str] = field(default_factory=dict)
    summary: str = ""
    early: bool = False
