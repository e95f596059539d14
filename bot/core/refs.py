"""The small value types that everything else is said in: repositories, threads, commits, people, paths."""

from __future__ import annotations

import re
from dataclasses import dataclass

from bot.errors import UserError

_NAME = re.compile(r"[A-Za-z0-9][A-Za-z0-9-]{0,38}/[A-Za-z0-9._-]{1,100}")
_SHA = re.compile(r"[0-9a-f]{40}")
SHORT = 12
"""Digits of a commit id in text and commands: the least that a person has to type."""


@dataclass(frozen=True, slots=True)
class RepoName:
    """`owner/name` on the forge.

    Raises:
        UserError: when the text is not of that form.
    """

    full: str

    def __post_init__(self) -> None:
        if not _NAME.fullmatch(self.full) or self.full.endswith(("/.", "/..")):
            raise UserError(f"'{self.full}' is not a repository name", "Give it as owner/name.")

    @property
    def owner(self) -> str:
        """The part before the slash."""
        return self.full.partition("/")[0]

    @property
    def name(self) -> str:
        """The part after the slash."""
        return self.full.partition("/")[2]


@dataclass(frozen=True, slots=True)
class Thread:
    """One conversation: an issue or a pull request, which share their numbers."""

    number: int
    is_pull: bool


@dataclass(frozen=True, slots=True)
class Actor:
    """Who did something: `kind` is GitHub's account type (`User`, `Bot`, `Organization`, `Mannequin`)."""

    login: str
    id: int
    kind: str

    @property
    def is_person(self) -> bool:
        """Whether GitHub says that a human owns the account; names prove nothing."""
        return self.kind == "User" and not self.login.endswith("[bot]")


def is_sha(text: str) -> bool:
    """Whether the text is a whole commit id (40 lower-case hex digits)."""
    return _SHA.fullmatch(text) is not None


def short(sha: str) -> str:
    """The commit id as shown to people, 12 digits."""
    return sha[:SHORT]
