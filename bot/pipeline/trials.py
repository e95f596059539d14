"""Runs the repository's own checks on the pristine tree and on the changed one, so that only new failures count."""

from __future__ import annotations

import tempfile
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Self, TypeVar

from bot.core.baseline import compare
from bot.core.changes import matching

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence
    from concurrent.futures import Future, ThreadPoolExecutor
    from types import TracebackType

    from bot.core.baseline import CheckOutcome, CommandResult
    from bot.core.changes import FileChange
    from bot.pipeline.values import ConfiguredCheck, Tools

T = TypeVar("T")


class Trials:
    """The configured checks over one base commit.

    The baseline runs in the background while the model writes, for the checks that the located paths make likely; a
    check that turns out to be needed without one gets its baseline then. All commands together end within `seconds`.
    """

    def __init__(self, tools: Tools, base: str, checks: Sequence[ConfiguredCheck], seconds: float = 300.0) -> None:
        from concurrent.futures import ThreadPoolExecutor  # noqa: PLC0415 - only drafts need threads

        self._tools = tools
        self._base = base
        self._checks = checks
        # Its clean-up also removes what commands made read-only, as Go does with its modules.
        self._scratch = tempfile.TemporaryDirectory(prefix="draftgate-", ignore_cleanup_errors=True)
        self._folder = Path(self._scratch.name)
        self._pool: ThreadPoolExecutor = ThreadPoolExecutor(max_workers=2)
        self._baseline: dict[str, Future[CommandResult]] = {}
        self._copies = 0
        self._deadline = tools.clock.monotonic() + seconds

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._pool.shutdown(wait=True, cancel_futures=True)
        self._scratch.cleanup()

    def start(self, likely: Sequence[str]) -> None:
        """Begin the baseline of the checks that a change to those paths would run."""
        for check in self._for(likely):
            self._begin(check)

    def meanwhile(self, act: Callable[[], T]) -> Future[T]:
        """Do something else in the background while the model writes."""
        return self._pool.submit(act)

    def judge(self, changes: Sequence[FileChange]) -> list[tuple[CheckOutcome, str]]:
        """Run the checks that the change calls for on the changed tree and hold them against the pristine one.

        Each outcome comes with the command's output on the changed tree.
        """
        due = self._for([change.path for change in changes])
        for check in due:
            self._begin(check)
        if not due:
            return []
        tree = self._copy({change.path: None if change.after is None else change.after.encode() for change in changes})
        after = [self._run(tree, check) for check in due]
        return [(compare(self._baseline[result.name].result(), result), result.output) for result in after]

    def why_none(self) -> str:
        """Why a change ran no check at all, for the evidence."""
        return "none is for these paths" if self._checks else "none configured, so none were run"

    def _for(self, paths: Sequence[str]) -> list[ConfiguredCheck]:
        return [check for check in self._checks if not check.paths or matching(paths, check.paths)]

    def _begin(self, check: ConfiguredCheck) -> None:
        if check.command.name not in self._baseline:
            self._baseline[check.command.name] = self._pool.submit(self._run_pristine, check)

    def _run_pristine(self, check: ConfiguredCheck) -> CommandResult:
        return self._run(self._copy({}), check)

    def _run(self, tree: Path, check: ConfiguredCheck) -> CommandResult:
        """Run a check for as long as it may take and the draft has left."""
        left = max(1.0, self._deadline - self._tools.clock.monotonic())
        return self._tools.runner.run(tree, replace(check.command, seconds=min(check.command.seconds, left)))

    def _copy(self, changes: Mapping[str, bytes | None]) -> Path:
        self._copies += 1
        tree = self._folder / f"copy-{self._copies}" / "tree"
        tree.mkdir(parents=True)
        self._tools.worktree.export(self._base, changes, tree)
        return tree
