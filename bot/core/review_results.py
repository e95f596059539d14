"""How a review ended."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from bot.core.proposals import Figures

if TYPE_CHECKING:
    from bot.core.agreement import Kept
    from bot.core.diffs import DiffFile
    from bot.core.portions import LeftOut


@dataclass(frozen=True, slots=True)
class Coverage:
    """What of the diff was looked at: the files `reviewed` whole, and those that were not, each with its reason.

    `skipped` are files that no review looks at (lock files, binaries, ...), `left` those for which time, money or the
    model did not suffice. `lines` counts the changed lines of the reviewed files.
    """

    reviewed: tuple[str, ...] = ()
    skipped: tuple[LeftOut, ...] = ()
    left: tuple[LeftOut, ...] = ()
    lines: int = 0


@dataclass(frozen=True, slots=True)
class Reviewed:
    """What there is to say, the best first, and what was not said.

    `known` counts good findings that were said before, `beyond` those above the configured number, `unbacked` what
    only a single pass found or a check spoke against. `files` is the whole diff by path.
    """

    kept: tuple[Kept, ...] = ()
    known: int = 0
    beyond: int = 0
    unbacked: int = 0
    coverage: Coverage = field(default_factory=Coverage)
    figures: Figures = field(default_factory=Figures)
    files: dict[str, DiffFile] = field(default_factory=dict)
