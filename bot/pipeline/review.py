"""A review from diff to remarks: divide, ask, find the places, check, let passes and proofs decide, choose."""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING, Final

from bot.core.agreement import Heard, Kept, agree, choose
from bot.core.context import CHARACTERS_A_TOKEN
from bot.core.diffs import read_diff
from bot.core.fingerprints import unsaid
from bot.core.portions import LeftOut, divide, is_generated, new_since, sift
from bot.core.review_prompts import Subject
from bot.core.review_results import Coverage, Reviewed
from bot.core.review_texts import with_diff
from bot.pipeline.account import Account
from bot.pipeline.gather import Tree
from bot.pipeline.review_passes import Interview
from bot.pipeline.values import Limits

if TYPE_CHECKING:
    from collections.abc import Sequence

    from bot.core.context import Trust
    from bot.core.diffs import DiffFile
    from bot.core.fingerprints import Said
    from bot.core.portions import Portion
    from bot.core.remarks import Remark
    from bot.pipeline.review_passes import Asked
    from bot.pipeline.stopwatch import Stopwatch
    from bot.pipeline.values import Tools

_LARGEST_DIFF: Final = 40_000_000
_ENOUGH_PASSES: Final = 2
_MOST_PROVEN: Final = 12


@dataclass(frozen=True, slots=True)
class ReviewOrder:
    """One review to be made.

    Attributes:
        head: the commit to be reviewed; it has to be readable in the worktree.
        diff: the unified diff from the merge base to it, GitHub's own where there is one: it says which lines can carry
            a comment.
        mark: fences off foreign text in the prompts.
        title, text, author: the pull request's, all foreign.
        since: the diff from the commit reviewed last to the head; None for a review of everything.
        said: what earlier reviews said.
        paths: globs that narrow the review, none means all.
        most: findings to be said at most.
        passes: how often each portion is asked about.
        runs_commands: whether `limits.checks` may be run on the head's code; never for a fork's.
    """

    head: str
    diff: str
    mark: str
    title: str = ""
    text: str = ""
    author: Trust = "stranger"
    since: str | None = None
    said: tuple[Said, ...] = ()
    paths: tuple[str, ...] = ()
    most: int = 6
    passes: int = 2
    runs_commands: bool = False
    limits: Limits = field(default_factory=Limits)


def review(order: ReviewOrder, tools: Tools, watch: Stopwatch) -> Reviewed:
    """Review a change; says nothing where there is nothing to say.

    Raises:
        ModelError: when the model could not be asked at all.
        WorktreeError: when the head cannot be read.
    """
    account = Account(order.limits, tools.clock)
    with watch.phase("diff"):
        scope = _scope(order, tools)
        portions = divide(scope.files, scope.texts, int(order.limits.context_tokens * CHARACTERS_A_TOKEN))
    asked, heard = None, list[Heard]()
    if portions:
        from bot.pipeline.review_reading import own_findings, read_answers  # noqa: PLC0415 - not for an empty diff

        with watch.phase("model"):
            subject = Subject(order.title, order.text, order.author, tuple(scope.all), order.mark)
            asked = Interview(tools.model, tools.clock, account, order.passes).ask(subject, portions, scope.texts)
        with watch.phase("checks"):
            heard = read_answers(asked.answers, portions, scope.all, scope.texts)
            sound = agree(_harmless(heard, order), order.passes)
            kept = [*own_findings(scope.files, scope.texts, scope.all, order.passes), *sound]
            kept = _proven(kept, order, tools, account)
    else:
        kept = []
    return replace(
        _chosen(kept, len(heard), order),
        coverage=_coverage(scope, portions, asked, order),
        figures=account.figures(watch),
        files=scope.all,
    )


@dataclass(frozen=True, slots=True)
class _Scope:
    """The whole diff by path, the files to be reviewed with the hunks that are new, their texts at the head."""

    all: dict[str, DiffFile]
    files: list[DiffFile]
    texts: dict[str, str]
    skipped: list[LeftOut]


def _scope(order: ReviewOrder, tools: Tools) -> _Scope:
    whole = read_diff(order.diff[:_LARGEST_DIFF])
    files, skipped = sift(whole, order.paths)
    if order.since is not None:
        files = new_since(files, read_diff(order.since[:_LARGEST_DIFF]))
    found = Tree(tools.worktree, order.head).texts([file.path for file in files]) if files else {}
    texts = {path: text for path, text in found.items() if not is_generated(text)}
    for file in files:
        if file.path not in texts:
            why = "says that it is generated" if file.path in found else "is not UTF-8 text, or is not at the head"
            skipped.append(LeftOut(file.path, why))
    kept = [file for file in files if file.path in texts]
    return _Scope({file.path: file for file in whole}, kept, texts, skipped)


def _harmless(heard: Sequence[Heard], order: ReviewOrder) -> list[Heard]:
    """Without changes that would break a check, or that may not be made at all."""
    from bot.pipeline.review_proofs import harmless  # noqa: PLC0415 - not for an empty diff

    return harmless(heard, order.limits.rules)


def _proven(kept: Sequence[Kept], order: ReviewOrder, tools: Tools, account: Account) -> list[Kept]:
    from bot.pipeline.review_proofs import backed_by_checks, backed_by_commands  # noqa: PLC0415 - as above

    backed = backed_by_checks(kept)
    if not (order.runs_commands and order.limits.checks) or account.left() <= 0:
        return backed
    first = sorted(backed, key=lambda one: (not one.is_backed, -one.votes))[:_MOST_PROVEN]
    return backed_by_commands(backed, first, order, tools, account.left())


def _chosen(kept: Sequence[Kept], heard: int, order: ReviewOrder) -> Reviewed:
    good = choose(kept)
    new = unsaid([one.remark.fingerprint for one in good], order.said)
    fresh = [one for one, is_new in zip(good, new, strict=True) if is_new]
    matters = {_matter(one.remark) for one in kept}
    unbacked = len(matters - {_matter(one.remark) for one in good}) if heard else 0
    return Reviewed(
        kept=tuple(with_diff(one) for one in fresh[: order.most]),
        known=len(good) - len(fresh),
        beyond=max(0, len(fresh) - order.most),
        unbacked=unbacked,
    )


def _matter(remark: Remark) -> tuple[str, str, str]:
    return remark.path, remark.fingerprint.code, remark.finding.category


def _coverage(scope: _Scope, portions: Sequence[Portion], asked: Asked | None, order: ReviewOrder) -> Coverage:
    """A file was reviewed when each portion with a part of it had as many answers as agreement takes."""
    enough = min(_ENOUGH_PASSES, order.passes)
    short = {
        path
        for at, portion in enumerate(portions)
        if asked is None or asked.passes_of(at) < enough
        for path in portion.paths
    }
    why = (asked.stopped if asked else "") or "there was no answer"
    reviewed = [file for file in scope.files if file.path not in short]
    return Coverage(
        reviewed=tuple(file.path for file in reviewed),
        skipped=tuple(scope.skipped),
        left=tuple(LeftOut(file.path, f"was not answered for: {why}") for file in scope.files if file.path in short),
        lines=sum(len(hunk.added) + len(hunk.removed) for file in reviewed for hunk in file.hunks),
    )
