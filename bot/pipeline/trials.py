"""Runs the repository's own checks on the pristine tree and on the changed one, so that only new failures count."""

from __future__ import annotations

import os
import tempfile
import threading
from contextlib import contextmanager
from dataclasses import replace
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING, Self, TypeVar

from bot.core.baseline import CommandResult, broken_baseline, compare
from bot.core.changes import matching
from bot.core.nearby import near_tests
from bot.core.runners import Layout, narrowed, scripts_of

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping, Sequence
    from concurrent.futures import Future, ThreadPoolExecutor
    from types import TracebackType

    from bot.core.baseline import CheckOutcome
    from bot.core.changes import FileChange
    from bot.pipeline.values import ConfiguredCheck, Tools
    from bot.ports import BaselineStore

T = TypeVar("T")

_AT_ONCE = max(2, min(4, os.cpu_count() or 2))
"""Commands that run at the same time, whoever asks; a runner of GitHub's has two to four processors."""
_QUICK = 3.0
"""Seconds of a whole run below which running the near tests first is not worth it."""

Judged = list[tuple["CheckOutcome", str]]


class Trials:
    """The configured checks over one base commit.

    The baseline runs in the background while the model writes, for the checks that the located paths make likely; a
    check that turns out to be needed without one gets its baseline then. All commands together end within `seconds`.
    Every method may be called from several threads; however many do, few commands run at once.
    """

    def __init__(
        self,
        tools: Tools,
        base: str,
        checks: Sequence[ConfiguredCheck],
        seconds: float = 300.0,
        store: BaselineStore | None = None,
    ) -> None:
        from concurrent.futures import ThreadPoolExecutor  # noqa: PLC0415 - only drafts need threads

        self.checks = checks
        self._tools = tools
        self._base = base
        self._store = store
        # Its clean-up also removes what commands made read-only, as Go does with its modules.
        self._scratch = tempfile.TemporaryDirectory(prefix="draftgate-", ignore_cleanup_errors=True)
        self._folder = Path(self._scratch.name)
        self._pool: ThreadPoolExecutor = ThreadPoolExecutor(max_workers=_AT_ONCE)
        self._lock = threading.Lock()
        self._slots = threading.BoundedSemaphore(_AT_ONCE)
        self._baseline: dict[tuple[str, str], Future[CommandResult]] = {}
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
        for check in self.due(likely):
            self._begin(check)

    def meanwhile(self, act: Callable[[], T]) -> Future[T]:
        """Do something else in the background while the model writes."""
        return self._pool.submit(act)

    def judge(self, changes: Sequence[FileChange]) -> Judged:
        """Run the checks that the change calls for on the changed tree and hold them against the pristine one.

        Each outcome comes with the command's output on the changed tree. Where a whole run takes long, the tests near
        the change run first, and a new failure among them is the verdict.
        """
        due = self.due([change.path for change in changes])
        for check in due:
            self._begin(check)
        near: Judged = []
        for check in due:
            near += self._near(check, changes)
            if near and near[-1][0].is_failure:
                return near[-1:]
        if not due:
            return []
        with self.tree(contents(changes)) as tree:
            return [row for check in due for row in self._whole(check, tree, near)]

    def level(self) -> str:
        """How well commands are cut off on this machine, for the evidence."""
        return self._tools.runner.level()

    def why_none(self) -> str:
        """Why a change ran no check at all, for the evidence."""
        return "none is for these paths" if self.checks else "none configured, so none were run"

    def due(self, paths: Sequence[str]) -> list[ConfiguredCheck]:
        """The checks that a change to those paths calls for."""
        return [check for check in self.checks if not check.paths or matching(paths, check.paths)]

    @property
    def left(self) -> float:
        """Seconds until the draft's time for commands is over; may be negative."""
        return self._deadline - self._tools.clock.monotonic()

    @cached_property
    def paths(self) -> frozenset[str]:
        """The paths of the pristine tree."""
        return frozenset(self._tools.worktree.list_files(self._base))

    def texts(self, paths: Sequence[str]) -> dict[str, str]:
        """The pristine files at those paths; what is not there or no UTF-8 text is left out."""
        found = self._tools.worktree.read(self._base, [path for path in paths if path in self.paths])
        return {path: text for path, content in found.items() if (text := _text(content)) is not None}

    def layout(self, changes: Sequence[FileChange] = ()) -> Layout:
        """The tree as a command finds it after the change."""
        package = next((change.after for change in changes if change.path == "package.json"), None)
        if package is None:
            package = self.texts(["package.json"]).get("package.json", "")
        gone = {change.path for change in changes if change.after is None}
        return Layout(self.paths.union(change.path for change in changes) - gone, scripts_of(package))

    @contextmanager
    def tree(self, files: Mapping[str, bytes | None]) -> Iterator[Path]:
        """A copy of the pristine tree with `files` laid over it (None deletes), gone afterwards."""
        with tempfile.TemporaryDirectory(prefix="copy-", dir=self._folder, ignore_cleanup_errors=True) as folder:
            tree = Path(folder, "tree")
            tree.mkdir()
            self._tools.worktree.export(self._base, files, tree)
            yield tree

    def run(self, tree: Path, check: ConfiguredCheck, line: str = "") -> CommandResult:
        """Run a check, or another command `line` in its place, for as long as it may take and the draft has left.

        Waits for a free slot first.
        """
        with self._slots:
            seconds = min(check.command.seconds, max(1.0, self.left))
            command = replace(check.command, run=line or check.command.run, seconds=seconds)
            return self._tools.runner.run(tree, command)

    def _begin(self, check: ConfiguredCheck, line: str = "") -> Future[CommandResult]:
        """The baseline of a check, or of another command in its place; begun once, whoever asks first."""
        key = (check.command.name, line or check.command.run)
        with self._lock:
            if key not in self._baseline:
                self._baseline[key] = self._pool.submit(self._run_pristine, check, line)
            return self._baseline[key]

    def _run_pristine(self, check: ConfiguredCheck, line: str) -> CommandResult:
        command = replace(check.command, run=line or check.command.run)
        tree_id = self._tools.worktree.tree_of(self._base) if self._store else ""
        known = self._store.get(tree_id, command) if self._store else None
        if known is not None:
            return known
        with self.tree({}) as tree:
            result = self.run(tree, check, line)
        if self._store:
            self._store.put(tree_id, command, result)
        return result

    def _near(self, check: ConfiguredCheck, changes: Sequence[FileChange]) -> Judged:
        """What the tests near the change say, in one row; nothing where the whole is as quick or none is known."""
        whole = self._begin(check)
        if whole.done() and whole.result().code is not None and whole.result().seconds < _QUICK:
            return []
        layout = self.layout(changes)
        tests = near_tests([change.path for change in changes], layout.paths)
        line = narrowed(check.command.run, tests, layout)
        if line is None:
            return []
        with self.tree(contents(changes)) as tree:
            after = self.run(tree, check, line)
        if after.code == 0 and not _timed_out(whole):
            return []
        return [(compare(self._before_near(check, tests), _named_near(after)), after.output)]

    def _before_near(self, check: ConfiguredCheck, tests: Sequence[str]) -> CommandResult:
        """The near tests on the pristine tree; those that the change brings in had nothing to fail there."""
        line = narrowed(check.command.run, [path for path in tests if path in self.paths], self.layout())
        return self._begin(check, line).result() if line else CommandResult(check.command.name, 0, "", 0.0)

    def _whole(self, check: ConfiguredCheck, tree: Path, near: Judged) -> Judged:
        """The whole check, unless its baseline is known to take longer than there is: that is not paid for again."""
        before = self._begin(check)
        if _timed_out(before):
            said = [row for row in near if row[0].name == _near_name(check.command.name)]
            return [*said, (broken_baseline(before.result()), before.result().output)]
        after = self.run(tree, check)
        return [(compare(before.result(), after), after.output)]


def contents(changes: Sequence[FileChange]) -> dict[str, bytes | None]:
    """The changed files as bytes, None for what is deleted."""
    return {change.path: None if change.after is None else change.after.encode() for change in changes}


def _timed_out(baseline: Future[CommandResult]) -> bool:
    return baseline.done() and baseline.result().code is None


def _near_name(name: str) -> str:
    return f"{name}, near the change"


def _named_near(result: CommandResult) -> CommandResult:
    return replace(result, name=_near_name(result.name))


def _text(content: bytes) -> str | None:
    try:
        return None if b"\0" in content else content.decode()
    except UnicodeDecodeError:
        return None
