from __future__ import annotations

import os
from concurrent.futures import ThreadPoolExecutor
from typing import TYPE_CHECKING

import pytest

from bot.adapters.sandbox import Sandbox
from bot.adapters.sandbox_store import FolderStore
from bot.core.baseline import summarise
from bot.core.changes import FileChange
from bot.pipeline.trials import Trials
from bot.pipeline.values import Tools
from tests.pipeline.bench import CART, FILES, TEST, UNITTEST, Bench, bench_of, check

if TYPE_CHECKING:
    from pathlib import Path

    from bot.core.baseline import CommandResult, CommandSpec

FIX = FileChange("shop/cart.py", "100644", CART, CART.replace("[1:]", ""))
WORSE = FileChange("shop/cart.py", "100644", CART, CART.replace("return result", "return missing"))


class CountingSandbox(Sandbox):
    """Keeps the names of the commands that it ran, and their folders."""

    def __init__(self) -> None:
        super().__init__(os.environ)
        self.ran: list[str] = []
        self.lines: list[str] = []
        self.trees: list[Path] = []
        self.at_once, self.most_at_once = 0, 0

    def run(self, tree: Path, command: CommandSpec) -> CommandResult:
        self.ran.append(command.name)
        self.lines.append(command.run)
        self.trees.append(tree)
        self.at_once += 1
        self.most_at_once = max(self.most_at_once, self.at_once)
        try:
            return super().run(tree, command)
        finally:
            self.at_once -= 1


@pytest.fixture
def bench(tmp_path: Path) -> Bench:
    return bench_of(tmp_path / "repo")


@pytest.fixture
def runner() -> CountingSandbox:
    return CountingSandbox()


@pytest.fixture
def tools(bench: Bench, runner: CountingSandbox) -> Tools:
    return Tools(bench.tools().worktree, bench.model, runner, bench.clock)


def test_a_change_that_mends_a_test_is_seen_to_do_so(bench: Bench, tools: Tools) -> None:
    with Trials(tools, bench.base, [UNITTEST]) as trials:
        ((outcome, output),) = trials.judge([FIX])
    assert outcome.verdict == "fixed"
    assert any("test_total" in name for name in outcome.fixed)
    assert "OK" in output


def test_what_failed_before_in_the_same_way_is_no_new_failure(bench: Bench, tools: Tools) -> None:
    other = FileChange("docs.md", "100644", None, "new\n")
    with Trials(tools, bench.base, [UNITTEST]) as trials:
        ((outcome, output),) = trials.judge([other])
    assert (outcome.verdict, outcome.is_failure) == ("no_new_failure", False)
    assert "AssertionError: 5 != 6" in output


def test_a_command_that_only_the_change_breaks_is_a_failure_with_its_output(bench: Bench, tools: Tools) -> None:
    compiles = check("compiles", "python3 -c 'import shop.cart; assert shop.cart.total([0, 1]) == 1'")
    with Trials(tools, bench.base, [compiles]) as trials:
        ((outcome, output),) = trials.judge([WORSE])
    assert outcome.is_failure
    assert "NameError: name 'missing' is not defined" in output


def test_the_baseline_runs_once_however_often_it_is_compared_with(
    bench: Bench, tools: Tools, runner: CountingSandbox
) -> None:
    with Trials(tools, bench.base, [UNITTEST]) as trials:
        trials.start(["shop/cart.py"])
        trials.start(["shop/cart.py"])
        trials.judge([WORSE])
        trials.judge([FIX])
    assert runner.lines.count("python3 -m unittest -q") == 3


@pytest.mark.parametrize(
    ("globs", "path", "ran"),
    [((), "x.md", 2), (("*.py",), "x.md", 0), (("*.py",), "a/x.py", 2), (("/shop/**",), "shop/x", 2)],
)
def test_a_check_runs_only_for_its_paths(
    bench: Bench, tools: Tools, runner: CountingSandbox, globs: tuple[str, ...], path: str, ran: int
) -> None:
    with Trials(tools, bench.base, [check("one", "true", *globs)]) as trials:
        outcomes = trials.judge([FileChange(path, "100644", None, "x\n")])
    assert len(runner.ran) == ran
    assert len(outcomes) == ran // 2


def test_checks_come_back_in_the_order_of_the_configuration(bench: Bench, tools: Tools) -> None:
    checks = [check(name, "true") for name in ("z", "a", "m")]
    with Trials(tools, bench.base, checks) as trials:
        assert [outcome.name for outcome, _ in trials.judge([FIX])] == ["z", "a", "m"]


def test_new_changed_and_deleted_files_are_what_the_command_finds(bench: Bench, tools: Tools) -> None:
    changes = [
        FIX,
        FileChange("new/deep/file.txt", "100644", None, "é\r\n"),
        FileChange("tests/test_cart.py", "100644", TEST, None),
    ]
    look = "cat new/deep/file.txt; ls tests; grep -c 'in prices:' shop/cart.py; ls .git"
    with Trials(tools, bench.base, [check("look", look)]) as trials:
        ((_, output),) = trials.judge(changes)
    lines = output.splitlines()
    assert lines[:3] == ["é", "__init__.py", "1"]
    assert "é\r\n" in output or lines[0] == "é"
    assert ".git" in lines[3]


def test_what_one_run_leaves_behind_the_next_does_not_find(bench: Bench, tools: Tools) -> None:
    litter = check("litter", "test ! -e litter && touch litter shop/cart.py && rm -r tests")
    with Trials(tools, bench.base, [litter]) as trials:
        verdicts = [outcome.verdict for _ in range(2) for outcome, _ in trials.judge([FIX])]
    assert verdicts == ["passed", "passed"]
    assert (bench.folder / "tests").is_dir()


def test_a_command_that_does_not_end_is_stopped(bench: Bench, tools: Tools) -> None:
    slow = check("slow", "grep -q 'in prices:' shop/cart.py && sleep 60; true", seconds=1)
    with Trials(tools, bench.base, [slow]) as trials:
        ((outcome, _),) = trials.judge([FIX])
    assert outcome.verdict == "timed_out"


def test_a_command_that_cannot_be_run_at_all_has_nothing_to_compare_with(bench: Bench, tools: Tools) -> None:
    with Trials(tools, bench.base, [check("typo", "no-such-command")]) as trials:
        ((outcome, _),) = trials.judge([FIX])
    assert (outcome.verdict, outcome.is_failure) == ("broken_baseline", False)


def test_nothing_is_left_when_it_is_over(bench: Bench, tools: Tools, runner: CountingSandbox) -> None:
    with Trials(tools, bench.base, [check("one", "mkdir -p a/b && touch a/b/c && chmod -w a/b")]) as trials:
        trials.judge([FIX])
        trials.judge([FIX])
        left = [tree for tree in runner.trees if tree.exists()]
    assert (len(runner.trees), left) == (3, [])
    assert not any(tree.parent.parent.exists() for tree in runner.trees)


SLOW = "sleep 0.5 && python3 -m unittest -q"
NEAR = "sleep 0.5 && python3 -m unittest -q tests/test_cart.py"
BREAKS = FileChange("shop/cart.py", "100644", CART, CART.replace("result = 0", "result = None"))
OTHER = b"import unittest\n\nimport shop.other\n\n\nclass T(unittest.TestCase):\n    def test_it(self):\n        pass\n"
MORE = {**FILES, "shop/other.py": b"", "tests/test_misc.py": OTHER, "shop/cart.py": CART.replace("[1:]", "").encode()}


def more_tools(tmp_path: Path, runner: CountingSandbox) -> tuple[Bench, Tools]:
    bench = bench_of(tmp_path / "more", MORE)
    return bench, Tools(bench.tools().worktree, bench.model, runner, bench.clock)


def test_a_new_failure_near_the_change_is_the_verdict_without_the_whole(
    tmp_path: Path, runner: CountingSandbox
) -> None:
    bench, tools = more_tools(tmp_path, runner)
    with Trials(tools, bench.base, [check("tests", SLOW)]) as trials:
        ((outcome, output),) = trials.judge([BREAKS])
    assert (outcome.name, outcome.verdict) == ("tests, near the change", "new_failure")
    assert any("test_total" in name for name in outcome.new)
    assert "TypeError" in output
    assert sorted(runner.lines) == sorted([SLOW, NEAR, NEAR])  # the whole as baseline only


def test_what_passes_near_the_change_is_judged_by_the_whole(tmp_path: Path, runner: CountingSandbox) -> None:
    bench, tools = more_tools(tmp_path, runner)
    gone = FileChange("shop/other.py", "100644", "", None)
    same = FileChange("shop/cart.py", "100644", CART.replace("[1:]", ""), CART.replace("[1:]", "") + "\n")
    with Trials(tools, bench.base, [check("tests", SLOW)]) as trials:
        ((outcome, _),) = trials.judge([same, gone])
    assert (outcome.name, outcome.verdict) == ("tests", "new_failure")


def test_a_whole_that_takes_too_long_is_reported_and_not_paid_for_again(
    tmp_path: Path, runner: CountingSandbox
) -> None:
    bench, tools = more_tools(tmp_path, runner)
    endless = "python3 -m unittest -q && [ -e tests/near ] || sleep 60"
    with Trials(tools, bench.base, [check("tests", endless, seconds=1)]) as trials:
        first = trials.judge([FileChange("docs.md", "100644", None, "x")])
        again = trials.judge([FileChange("docs.md", "100644", None, "y")])
    assert [outcome.verdict for outcome, _ in (*first, *again)].count("broken_baseline") == 2
    assert not any(outcome.is_failure for outcome, _ in again)
    assert len(runner.lines) <= 3
    assert summarise(again[0][0]).startswith("fails before the change too: stopped after")


def test_many_threads_share_one_baseline_and_few_commands_run_at_once(
    bench: Bench, tools: Tools, runner: CountingSandbox
) -> None:
    with Trials(tools, bench.base, [check("one", "sleep 0.1")]) as trials, ThreadPoolExecutor(12) as pool:
        found = list(pool.map(trials.judge, [[FIX]] * 12))
    assert [outcome.verdict for ((outcome, _),) in found] == ["passed"] * 12
    assert len(runner.ran) == 13
    assert 1 < runner.most_at_once <= 4


def test_a_baseline_is_taken_from_the_store_of_an_earlier_run(
    tmp_path: Path, bench: Bench, tools: Tools, runner: CountingSandbox
) -> None:
    store = FolderStore(tmp_path / "cache", os.environ, runner.level())
    for _ in range(2):
        with Trials(tools, bench.base, [check("one", "echo well")], store=store) as trials:
            ((outcome, _),) = trials.judge([FIX])
        assert outcome.verdict == "passed"
    assert len(runner.ran) == 3
