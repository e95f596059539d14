"""What the forge (GitHub) says, as values: comments, pull requests, commits, trees."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Literal

if TYPE_CHECKING:
    from collections.abc import Mapping

    from bot.core.refs import Actor


@dataclass(frozen=True, slots=True)
class Comment:
    """A comment as it stands now; the times are ISO 8601 texts, `node` is its GraphQL id."""

    id: int
    body: str
    author: Actor
    created_at: str
    updated_at: str
    node: str
    url: str


@dataclass(frozen=True, slots=True)
class LineNote:
    """A comment of a review thread as it stands now, on the lines `start` to `line` (from 1) of the present head.

    `root` is the comment that began the thread (its own number for that one). `line` is None when the lines are gone
    or the comment is on the whole file, `start` for a single line; `side` is `LEFT` (old text) or `RIGHT`; `hunk` is
    the part of the diff above and with the lines.
    """

    comment: Comment
    root: int
    path: str
    line: int | None
    start: int | None
    side: str
    hunk: str


@dataclass(frozen=True, slots=True)
class Editing:
    """Who wrote a comment and who edited it last, by GraphQL's logins (a bot's has no `[bot]` there).

    `editor` is empty when nobody edited it; `viewer` is the login of the token that asked.
    """

    author: str
    editor: str
    viewer: str


@dataclass(frozen=True, slots=True)
class Pull:
    """A pull request: its head and base branches and whether the head lies in another repository."""

    number: int
    url: str
    is_open: bool
    head_sha: str
    head_ref: str
    base_ref: str
    is_fork: bool


@dataclass(frozen=True, slots=True)
class Commit:
    """A git commit; `tree` and `parents` are object ids."""

    sha: str
    tree: str
    parents: tuple[str, ...]
    message: str


@dataclass(frozen=True, slots=True)
class TreeEntry:
    """One name in one git tree: `kind` is `blob`, `tree` or `commit` (a submodule)."""

    mode: str
    kind: str
    sha: str


@dataclass(frozen=True, slots=True)
class Comparison:
    """How `head` stands to `base`: commits ahead and behind, and the files that changed since their merge base.

    `files` maps each path touched (both names of a rename) to its status; None when there are too many to be listed.
    """

    ahead: int
    behind: int
    files: Mapping[str, str] | None


CommentKind = Literal["issue", "review"]
EMPTY_TREE = "4b825dc642cb6eb9a060e54bf8d69288fbee4904"
"""Git's id of the tree without entries."""
