"""What speaks for or against the change that a remark asks for: the checks in memory, and the repository's own."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

from bot.checks import check_change
from bot.core.changes import judge
from bot.core.remarks import as_remark_only

if TYPE_CHECKING:
    from collections.abc import Sequence

    from bot.checks import Finding
    from bot.core.agreement import Heard, Kept
    from bot.core.baseline import CheckOutcome
    from bot.core.changes import ChangeRules, FileChange
    from bot.pipeline.review import ReviewOrder
    from bot.pipeline.values import Tools


def harmless(heard: Sequence[Heard], rules: ChangeRules) -> list[Heard]:
    """Without the changes that bring an error or a warning; a change that may not be made leaves the remark alone."""
    kept: list[Heard] = []
    # several passes ask for the same change, and each check reads whole files
    harmful: dict[FileChange, bool] = {}
    for one in heard:
        change = one.remark.change
        if change is not None and change not in harmful:
            harmful[change] = bool(_complaints(change.path, change.before, change.after))
        if change is None or not harmful[change]:
            forbidden = change is not None and judge([change], rules, [])
            kept.append(replace(one, remark=as_remark_only(one.remark, forbidden[0])) if forbidden else one)
    return kept


def _complaints(path: str, before: str | None, after: str | None) -> list[Finding]:
    return [one for one in check_change({path: (before, after)}) if one.severity != "note"]


def backed_by_checks(kept: Sequence[Kept]) -> list[Kept]:
    """With a proof for each that has nothing else behind it, and whose change makes a finding of ours go away."""
    troubled: dict[str, bool] = {}
    backed: list[Kept] = []
    for one in kept:
        change = one.remark.change
        if one.is_backed or change is None:
            backed.append(one)
            continue
        if change.path not in troubled:
            troubled[change.path] = bool(_complaints(change.path, None, change.before))
        cured = _complaints(change.path, change.after, change.before) if troubled[change.path] else []
        backed.append(replace(one, proofs=(*one.proofs, f"cures {cured[0].check}")) if cured else one)
    return backed


def backed_by_commands(
    kept: Sequence[Kept], first: Sequence[Kept], order: ReviewOrder, tools: Tools, seconds: float
) -> list[Kept]:
    """The remarks after the repository's own checks were run on the changes of the `first` ones.

    A change that makes something fail is dropped with its remark; one that makes something pass has its proof.
    """
    from bot.pipeline.trials import Trials  # noqa: PLC0415 - only where commands may be run

    changes = {one.remark.change: one for one in first if one.remark.change is not None}
    verdicts: dict[FileChange, list[CheckOutcome]] = {}
    with Trials(tools, order.head, order.limits.checks, seconds) as trials:
        trials.start([change.path for change in changes])
        for change in changes:
            verdicts[change] = [outcome for outcome, _ in trials.judge([change])]
    judged = (_judged(one, verdicts.get(one.remark.change, []) if one.remark.change else []) for one in kept)
    return [one for one in judged if one is not None]


def _judged(kept: Kept, outcomes: Sequence[CheckOutcome]) -> Kept | None:
    if any(outcome.is_failure for outcome in outcomes):
        return None
    proofs = [f"{one.name}: fails without it" for one in outcomes if one.fixed or one.verdict == "fixed"]
    proofs += [f"{one.name}: passes with it" for one in outcomes if one.verdict == "passed"]
    fixed = any(one.fixed or one.verdict == "fixed" for one in outcomes)
    # a check that passes either way proves nothing, but is worth telling of a remark that has other backing
    return replace(kept, proofs=(*kept.proofs, *proofs)) if fixed or kept.is_backed else kept
