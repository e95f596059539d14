"""How a draft ended."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from bot.core.changes import FileChange
    from bot.core.proposals import Evidence, Figures


@dataclass(frozen=True, slots=True)
class Drafted:
    """A change that applied and passed, with its evidence; `model` is the name that the endpoint says it ran."""

    title: str
    summary: str
    changes: tuple[FileChange, ...]
    model: str
    evidence: Evidence
    figures: Figures


@dataclass(frozen=True, slots=True)
class NotDrafted:
    """Nothing was good enough: why, what a person can do, and the nearest draft there was.

    `nearest` may be a part of a change, where only some of its edits fitted; `reply` is the model's text it came from.
    """

    why: str
    remedy: str
    nearest: tuple[FileChange, ...]
    evidence: Evidence
    figures: Figures
    reply: str = ""


@dataclass(frozen=True, slots=True)
class Failed:
    """It could not be tried: a person must mend something (a key, an endpoint, the configuration, the checkout)."""

    why: str
    remedy: str


Result = Drafted | NotDrafted | Failed
