"""What GitHub keeps beside git, as plain mutable records: users, tokens, issues, comments, pull requests, reviews."""

from __future__ import annotations

import itertools
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Literal

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping
    from datetime import datetime

    from bot.rehearsal.github_repository import Repository

FIRST_ID = 1_000_000_001  # as long as GitHub's own are, and so never by chance a number in a text
BODY_LIMIT = 65_536  # characters, in every text field
ROLES = ("none", "read", "triage", "write", "maintain", "admin")
REACTIONS = ("+1", "-1", "laugh", "confused", "heart", "hooray", "rocket", "eyes")


@dataclass(slots=True)
class User:
    """An account; `kind` is User, Bot or Organization, and a Bot's login ends in `[bot]` in REST only."""

    id: int
    login: str
    kind: str
    created: datetime


@dataclass(slots=True)
class Token:
    """A credential. `permissions` None is a person's own token, otherwise it is an app installation's."""

    secret: str
    user: User
    permissions: Mapping[str, str] | None
    limit: int = 5_000  # requests an hour
    used: int = 0
    reset: float = 0.0  # POSIX seconds at which `used` starts again
    repositories: frozenset[str] | None = None  # full names; None is all
    created_content: list[float] = field(default_factory=list)  # POSIX seconds, for the secondary limit

    @property
    def is_app(self) -> bool:
        """Whether it is an installation's token, as the one of a workflow job."""
        return self.permissions is not None

    def allows(self, permission: str, level: str) -> bool:
        """Whether an installation's token has that permission at that level (`read` or `write`)."""
        granted = "write" if self.permissions is None else self.permissions.get(permission, "none")
        return granted in {"write", level}


@dataclass(slots=True)
class Label:
    """A label of a repository."""

    id: int
    name: str
    color: str = "ededed"
    description: str | None = None


@dataclass(slots=True)
class Reaction:
    """One person's reaction to something."""

    id: int
    user: User
    content: str
    created: datetime


@dataclass(slots=True)
class Post:
    """What issues, comments, reviews and review comments have in common; `editor` is None until somebody edits."""

    id: int
    author: User
    body: str
    created: datetime
    updated: datetime
    editor: User | None = None
    edited: datetime | None = None
    reactions: list[Reaction] = field(default_factory=list)


@dataclass(slots=True)
class Comment(Post):
    """A comment in the conversation of an issue or a pull request."""

    number: int = 0


@dataclass(slots=True)
class Issue(Post):
    """An issue, or the issue side of a pull request."""

    number: int = 0
    title: str = ""
    state: Literal["open", "closed"] = "open"
    state_reason: str | None = None
    closed: datetime | None = None
    closed_by: User | None = None
    locked: bool = False
    labels: list[str] = field(default_factory=list)
    assignees: list[User] = field(default_factory=list)
    pull: Pull | None = None


@dataclass(slots=True)
class Pull:
    """The git side of a pull request; `head_repository` is None once the fork is gone."""

    id: int
    head_repository: Repository | None
    head_label: str
    head_ref: str
    head_sha: str
    base_ref: str
    base_sha: str
    draft: bool = False
    merged: datetime | None = None
    merged_by: User | None = None
    merge_sha: str | None = None
    unknown_answers: int = 0  # how many more reads say that mergeability is still being computed
    reviewers: list[User] = field(default_factory=list)


@dataclass(slots=True)
class Review(Post):
    """A review; PENDING ones are seen by nobody but their author."""

    number: int = 0
    state: str = "PENDING"
    commit: str = ""
    submitted: datetime | None = None


@dataclass(slots=True)
class ReviewComment(Post):
    """A comment on lines of a diff, as it was made; what it means now follows from the head.

    `resolved` is the thread's, kept at the comment that began it.
    """

    number: int = 0
    review: int | None = None
    path: str = ""
    commit: str = ""
    side: str = "RIGHT"
    line: int | None = None
    start_line: int | None = None
    start_side: str | None = None
    position: int | None = None
    hunk: str = ""
    subject: str = "line"
    reply_to: int | None = None
    resolved: bool = False


@dataclass(slots=True)
class Environment:
    """A deployment environment and who must let a job into it."""

    id: int
    name: str
    reviewers: list[User]
    prevent_self_review: bool
    created: datetime


@dataclass(slots=True)
class World:
    """What all repositories of one stage share: accounts, ids and time."""

    clock: Callable[[], datetime]
    server_url: str = "http://github.invalid"
    users: dict[str, User] = field(default_factory=dict)
    ids: itertools.count[int] = field(default_factory=lambda: itertools.count(FIRST_ID))

    @property
    def api_url(self) -> str:
        """Where REST lives, as an enterprise server has it."""
        return f"{self.server_url}/api/v3"

    def now(self) -> datetime:
        """The time, in whole seconds as GitHub keeps it."""
        return self.clock().replace(microsecond=0)

    def next_id(self) -> int:
        """A fresh id."""
        return next(self.ids)

    def user(self, login: str) -> User:
        """An account by its login, made as a person's (or a bot's, for `…[bot]`) where it is new."""
        known = self.users.get(login.lower())
        if known is None:
            kind = "Bot" if login.endswith("[bot]") else "User"
            fresh = User(self.next_id(), login, kind, self.now())
            known = self.users.setdefault(login.lower(), fresh)  # one step, as many threads may meet the same stranger
        return known
