"""Reading hostile JSON by dotted path: a value of the type that was asked for, or an error that names the path."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, TypeVar

from bot.core.precheck import find
from bot.core.refs import Actor, is_sha
from bot.errors import UserError

if TYPE_CHECKING:
    from collections.abc import Mapping

_LOGIN = re.compile(r"[A-Za-z0-9_-]{1,100}(?:\[bot\])?")
_T = TypeVar("_T", str, int, bool)


@dataclass(frozen=True, slots=True)
class Payload:
    """A decoded JSON object of a webhook.

    Every method but `find` raises `UserError` when what stands at the path is not what its name says.
    """

    data: Mapping[str, Any]

    def find(self, path: str) -> object:
        """What stands at the path, whatever it is; None also where the way there ends early."""
        found: object = find(self.data, path)
        return found

    def need(self, path: str, kind: type[_T]) -> _T:
        """The value of that type; a truth value does not pass for a number."""
        value = self.find(path)
        if not isinstance(value, kind) or (kind is int and isinstance(value, bool)):
            raise unusable(path)
        return value

    def optional(self, path: str, kind: type[_T]) -> _T | None:
        """The value of that type; None where nothing or null is."""
        return None if self.find(path) is None else self.need(path, kind)

    def filled(self, path: str) -> str:
        """A text that is not empty."""
        text = self.need(path, str)
        if not text:
            raise unusable(path)
        return text

    def number(self, path: str) -> int:
        """An id or number: above zero."""
        number = self.need(path, int)
        if number <= 0:
            raise unusable(path)
        return number

    def commit(self, path: str) -> str:
        """A whole commit id."""
        sha = self.need(path, str)
        if not is_sha(sha):
            raise unusable(path)
        return sha

    def actor(self, path: str) -> Actor:
        """An account; its login has the form that GitHub gives out, so it is safe in trailers and addresses."""
        login = self.need(f"{path}.login", str)
        if not _LOGIN.fullmatch(login):
            raise unusable(f"{path}.login")
        return Actor(login, self.number(f"{path}.id"), self.need(f"{path}.type", str))

    def items(self, path: str) -> list[Any]:
        """A list; empty where nothing or null is."""
        found = self.find(path)
        if found is None:
            return []
        if not isinstance(found, list):
            raise unusable(path)
        return found


def unusable(path: str) -> UserError:
    """The error for a missing or wrong value at the path."""
    return UserError(
        f"the event's payload has no usable '{path}'", "Run Draftgate on the event file that GitHub wrote, unchanged."
    )
