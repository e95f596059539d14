"""`draftgate review`: the review of what a branch changes, on a laptop; it says what it found and writes nothing."""

from __future__ import annotations

import json
import os
import sys
from typing import TYPE_CHECKING, Any

from bot.core.lines import printable
from bot.core.prompts import mark_for
from bot.core.review_texts import plain
from bot.core.sarif import sarif
from bot.errors import ModelError, UserError, WorktreeError

if TYPE_CHECKING:
    import argparse
    from pathlib import Path

    from bot.adapters.worktree import GitWorktree
    from bot.cli.screen import Screen
    from bot.core.agreement import Kept
    from bot.core.review_results import Coverage, Reviewed

_BASES = ("origin/HEAD", "origin/main", "origin/master", "main", "master")
_NONE = "no revision to compare with: there is none of " + ", ".join(_BASES)


def review(options: argparse.Namespace, _began: float) -> int:
    """Review what HEAD has that the base has not, and print the findings as text or JSON."""
    from bot.adapters.worktree import GitWorktree  # noqa: PLC0415 - GitPython is slow to import
    from bot.cli.screen import Screen  # noqa: PLC0415 - rich is

    worktree = GitWorktree(options.repo)
    screen = Screen(quiet=options.json)
    head = worktree.head()
    if worktree.has_local_changes():
        screen.note("uncommitted changes are not seen: HEAD is reviewed")
    base = _base(worktree, options.base)
    reviewed = _review(options.repo, worktree, base, head, screen)
    if options.sarif is not None:
        _write_sarif(options.sarif, reviewed.kept)
    if options.json:
        sys.stdout.write(json.dumps(as_json(reviewed), indent=1) + "\n")
    else:
        _print(reviewed)
    return 0


def _base(worktree: GitWorktree, wanted: str | None) -> str:
    """The commit to compare with: the one asked for, or the tip of the default branch.

    Raises:
        UserError: when there is no such commit.
    """
    for name in (wanted,) if wanted else _BASES:
        try:
            return worktree.resolve(name)
        except WorktreeError as error:
            if wanted:
                raise UserError(f"there is no commit {printable(wanted, 80)!r} here", "Check `--base`.") from error
    raise UserError(_NONE, "Say with `--base` what to compare with.")


def _review(folder: Path, worktree: GitWorktree, tip: str, head: str, screen: Screen) -> Reviewed:
    from bot.adapters.git_diffs import GitDiffs  # noqa: PLC0415 - after the options have been read
    from bot.adapters.model import ModelProcess  # noqa: PLC0415 - as above
    from bot.adapters.sandbox import Sandbox  # noqa: PLC0415 - as above
    from bot.adapters.sandbox_view import guard_memory  # noqa: PLC0415 - as above
    from bot.app import SystemClock  # noqa: PLC0415 - as above
    from bot.pipeline.review import ReviewOrder, review  # noqa: PLC0415 - as above
    from bot.pipeline.stopwatch import Stopwatch  # noqa: PLC0415 - as above
    from bot.pipeline.values import Tools  # noqa: PLC0415 - as above
    from bot.rules import limits, read_config  # noqa: PLC0415 - as above
    from bot.settings.config import CONFIG_PATH  # noqa: PLC0415 - as above
    from bot.settings.environ import Settings  # noqa: PLC0415 - as above

    diffs = GitDiffs(folder)
    base = diffs.merge_base(tip, head) or tip
    config = read_config(worktree.read(base, [CONFIG_PATH]).get(CONFIG_PATH))
    order = ReviewOrder(
        head=head,
        diff=diffs.between(base, head),
        mark=mark_for(head, base),
        author="requester",
        paths=config.review.paths,
        most=config.review.max_comments,
        runs_commands=True,
        limits=limits(config),
    )
    guard_memory()
    settings = Settings.from_environ(os.environ)
    model = ModelProcess(settings.endpoints(config.model.name), os.environ, settings.reasoning_effort)
    clock = SystemClock()
    watch = Stopwatch(clock, screen.phase)
    try:
        model.warm()
        return review(order, Tools(worktree, model, Sandbox(os.environ), clock), watch)
    except ModelError as error:
        raise UserError(f"the model gave no answer: {error}", "Check DRAFTGATE_BASE_URL, DRAFTGATE_API_KEY.") from error
    finally:
        model.close()
        screen.done(watch.phases())


def as_json(reviewed: Reviewed) -> dict[str, Any]:
    """The review as `--json` prints it."""
    coverage = reviewed.coverage
    return {
        "findings": [_finding(one) for one in reviewed.kept],
        "beyond": reviewed.beyond,
        "unbacked": reviewed.unbacked,
        "reviewed": list(coverage.reviewed),
        "left": [{"path": one.path, "why": one.why} for one in coverage.left],
        "skipped": [{"path": one.path, "why": one.why} for one in coverage.skipped],
        "seconds": round(reviewed.figures.seconds, 3),
        "cost": reviewed.figures.cost,
    }


def _finding(kept: Kept) -> dict[str, Any]:
    remark = kept.remark
    suggestion = remark.suggestion
    return {
        "path": remark.path,
        "line": remark.first,
        "end_line": remark.last,
        "side": remark.side,
        "severity": remark.finding.severity,
        "category": remark.finding.category,
        "title": remark.finding.title,
        "reason": remark.finding.reason,
        "suggestion": None
        if suggestion is None
        else {"line": suggestion.first, "end_line": suggestion.last, "lines": list(suggestion.lines)},
        "needs_proposal": remark.needs_proposal,
        "votes": kept.votes,
        "proofs": list(kept.proofs),
        "fingerprint": str(remark.fingerprint),
    }


def _write_sarif(path: Path, kept: tuple[Kept, ...]) -> None:
    from bot import __version__  # noqa: PLC0415 - beside its use

    try:
        path.write_text(json.dumps(sarif(kept, __version__), indent=1) + "\n", encoding="utf-8")
    except OSError as error:
        raise UserError(f"{path} cannot be written: {error.strerror}", "Give another file to `--sarif`.") from error


def _print(reviewed: Reviewed) -> None:
    parts = [plain(one) for one in reviewed.kept]
    count = len(reviewed.kept)
    told = f"{count or 'no'} finding{'' if count == 1 else 's'}"
    beyond = [f"{reviewed.beyond} more beyond the limit"] if reviewed.beyond else []
    last = "; ".join([told, *beyond, _covered(reviewed.coverage)])
    sys.stdout.write("\n\n".join([*parts, last]) + "\n")
    for one in reviewed.coverage.left:
        sys.stdout.write(f"left: {printable(one.path, 200)} {one.why}\n")


def _covered(coverage: Coverage) -> str:
    total = len(coverage.reviewed) + len(coverage.left)
    skipped = f", {len(coverage.skipped)} not for review" if coverage.skipped else ""
    return f"{len(coverage.reviewed)} of {total} files reviewed{skipped}"
