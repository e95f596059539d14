"""From what several passes said to the few remarks worth saying."""

from __future__ import annotations

from collections import defaultdict
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

from bot.core.findings import SEVERITIES
from bot.core.remarks import as_remark_only

if TYPE_CHECKING:
    from collections.abc import Hashable, Iterable, Sequence

    from bot.core.remarks import Remark

ENOUGH: Final = 2
"""Passes that have to say the same for it to count without a check or a test."""
_DISAGREED = "the passes agreed on the problem and not on the remedy"


@dataclass(frozen=True, slots=True)
class Heard:
    """A remark, and the number of the pass that made it."""

    remark: Remark
    by: int


@dataclass(frozen=True, slots=True)
class Kept:
    """A remark with what speaks for it: how many of how many passes made it, and what `proofs` beside that.

    `diff` shows its change to people; it is made only for what is said in the end.
    """

    remark: Remark
    votes: int
    passes: int
    proofs: tuple[str, ...] = ()
    diff: str = ""

    @property
    def is_backed(self) -> bool:
        """Whether more than one pass, a check or a test stands behind it."""
        return bool(self.proofs) or self.votes >= ENOUGH


def agree(heard: Sequence[Heard], passes: int) -> list[Kept]:
    """Count what was said how often: the same change, or without one the same kind of remark on the same lines.

    Where passes agree on the lines and the kind and not on the change, the remark is kept without one, unless it is of
    low severity. What a single pass said is kept too, with its one vote.
    """
    groups: dict[Hashable, list[Heard]] = defaultdict(list)
    for one in heard:
        groups[_key(one.remark)].append(one)
    kept = [Kept(_best(group), _votes(group), passes) for group in groups.values()]
    agreed = [one for one in kept if one.votes >= ENOUGH]
    alone = [one for one in heard if not any(_same_matter(one.remark, other.remark) for other in agreed)]
    return [*kept, *_on_the_problem_alone(alone, passes)]


def _key(remark: Remark) -> Hashable:
    if remark.change is not None:
        return remark.path, remark.change.after
    return remark.path, remark.side, remark.first, remark.last, remark.finding.category


def _votes(group: Iterable[Heard]) -> int:
    return len({one.by for one in group})


def _best(group: Sequence[Heard]) -> Remark:
    return min(group, key=lambda one: (_rank(one.remark), one.by)).remark


def _rank(remark: Remark) -> int:
    return SEVERITIES.index(remark.finding.severity)


def _same_matter(one: Remark, other: Remark) -> bool:
    return one.overlaps(other) and one.finding.category == other.finding.category


def _on_the_problem_alone(heard: Sequence[Heard], passes: int) -> list[Kept]:
    """One remark without a change for each place of which several passes said the same kind of thing."""
    found: list[Kept] = []
    left = list(heard)
    while left:
        first = left[0]
        group = [one for one in left if _same_matter(one.remark, first.remark)]
        left = [one for one in left if one not in group]
        best = _best(group)
        if _votes(group) >= ENOUGH and _rank(best) < len(SEVERITIES) - 1:
            found.append(Kept(as_remark_only(best, _DISAGREED), _votes(group), passes))
    return found


def choose(kept: Iterable[Kept]) -> list[Kept]:
    """The backed ones, the best first, and one for each place: two changes of the same lines cannot both be taken."""
    chosen: list[Kept] = []
    for one in sorted((one for one in kept if one.is_backed), key=_order):
        if not any(one.remark.overlaps(other.remark) for other in chosen):
            chosen.append(one)
    return chosen


def _order(kept: Kept) -> tuple[int, int, int, int, str, int]:
    remark = kept.remark
    without = 0 if remark.suggestion else 1 if remark.change else 2
    return _rank(remark), -len(kept.proofs), without, -kept.votes, remark.path, remark.first
