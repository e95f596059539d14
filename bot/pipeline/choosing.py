"""Which candidate is the best, by evidence, and why in words for people."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from bot.core.proposals import one_line

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from bot.pipeline.assess import Assessment
    from bot.pipeline.candidates import Candidate

Result = tuple[tuple[str, str | None], ...]
_MOST_RANKED = 6


@dataclass(frozen=True, slots=True)
class Cluster:
    """Candidates that come to the same files; `members` in the order of their numbers, the first stands for all.

    `ran` says that the repository's own commands were run on it.
    """

    members: tuple[Candidate, ...]
    ran: bool = False

    @property
    def leader(self) -> Candidate:
        """The one that is tried and shown."""
        return self.members[0]

    @property
    def alike(self) -> int:
        """How many candidates agree on this result."""
        return len(self.members)


def result_of(found: Assessment) -> Result:
    """What a change comes to, for comparing: trailing space and blank lines make no difference."""
    return tuple((one.path, None if one.after is None else _normal(one.after)) for one in found.changes)


def _normal(text: str) -> str:
    return "\n".join(stripped for line in text.split("\n") if (stripped := line.rstrip()))


def clusters(candidates: Iterable[Candidate]) -> list[Cluster]:
    """Those that hold in memory, equal results together, the most promising first."""
    found: dict[Result, list[Candidate]] = {}
    for candidate in sorted(candidates, key=lambda one: one.opening.number):
        if candidate.found.holds:
            found.setdefault(result_of(candidate.found), []).append(candidate)
    return ranked(Cluster(tuple(members)) for members in found.values())


def ranked(found: Iterable[Cluster]) -> list[Cluster]:
    """The clusters by their leaders' evidence, best first."""
    return sorted(found, key=_merit)


def _merit(cluster: Cluster) -> tuple[int, ...]:
    found = cluster.leader.found
    evidence = (-found.stage, -found.mended, found.unmended, -found.proven, found.warnings)
    return (*evidence, -cluster.alike, found.lines, cluster.leader.opening.number)


def most_alike(candidates: Iterable[Candidate]) -> int:
    """How many candidates agree on the result that most of them agree on."""
    return max((cluster.alike for cluster in clusters(candidates)), default=0)


def worth_repairing(candidates: Sequence[Candidate], most: int) -> list[Candidate]:
    """The failed candidates that came furthest, no two with the same problems."""
    furthest = sorted(candidates, key=lambda one: (-one.found.stage, len(one.found.misfits), one.opening.number))
    different = {candidate.found.problems: candidate for candidate in reversed(furthest)}
    return [candidate for candidate in furthest if different[candidate.found.problems] is candidate][:most]


def because(found: Sequence[Cluster]) -> str:
    """Why the first of the ranked clusters is the best, in a few words; what was not tried is not compared."""
    if len(found) == 1:
        return "all that hold agree" if found[0].alike > 1 else "the only one that holds"
    best, next_one = found[0], found[1]
    if best.ran and not next_one.ran:
        reason = _first(_without_commands(best, next_one)) or "it came first"
        return f"tried first ({reason}), and nothing was left to mend"
    reasons = [*(_by_commands(best, next_one) if best.ran else ()), *_without_commands(best, next_one)]
    return _first(reasons) or "it came first; nothing tells it from the next one"


def _first(reasons: Sequence[tuple[bool, str]]) -> str:
    return next((text for differs, text in reasons if differs), "")


def _by_commands(cluster: Cluster, other: Cluster) -> list[tuple[bool, str]]:
    best, next_one = cluster.leader.found, other.leader.found
    return [
        (best.stage != next_one.stage, f"the next one fails: {next_one.why}"),
        (best.mended != next_one.mended, f"{_counted(best.mended, 'test')} mended, {next_one.mended} by the next one"),
        (best.unmended != next_one.unmended, f"{best.unmended} still failing, {next_one.unmended} with the next one"),
        (best.proven != next_one.proven, f"{_counted(best.proven, 'test')} proven, {next_one.proven} of the next one"),
    ]


def _without_commands(cluster: Cluster, other: Cluster) -> list[tuple[bool, str]]:
    best, next_one = cluster.leader.found, other.leader.found
    warned = f"{_counted(best.warnings, 'warning')}, {next_one.warnings} for the next one"
    agreed = f"{_counted(cluster.alike, 'candidate')} {'agrees' if cluster.alike == 1 else 'agree'} on it"
    return [
        (best.warnings != next_one.warnings, warned),
        (cluster.alike != other.alike, f"{agreed}, {other.alike} on the next one"),
        (best.lines != next_one.lines, f"{_counted(best.lines, 'changed line')}, {next_one.lines} of the next one"),
    ]


def _counted(number: int, what: str) -> str:
    return f"{number} {what}" if number == 1 else f"{number} {what}s"


def ranking(found: Sequence[Cluster]) -> str:
    """The ranked clusters in one sentence each."""
    rows = []
    for place, cluster in enumerate(found[:_MOST_RANKED], 1):
        one = cluster.leader.found
        who = ", ".join(f"#{member.opening.number}" for member in cluster.members)
        said = _counted(one.lines, "changed line") if one.holds else one_line(one.why, 120)
        mended = f"{_counted(one.mended, 'test')} mended, " if one.mended else ""
        spared = ", not run" if found[0].ran and not cluster.ran else ""
        rows.append(f"{place}. {who}: {mended}{said}{spared}")
    more = f"; {len(found) - _MOST_RANKED} more" if len(found) > _MOST_RANKED else ""
    return "; ".join(rows) + more
