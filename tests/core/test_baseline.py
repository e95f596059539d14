"""How a command's end before a change and after it become one verdict, and the words for it."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.core.baseline import CheckOutcome, CommandResult, Verdict, compare, left_out, masked, summarise

if TYPE_CHECKING:
    from syrupy.assertion import SnapshotAssertion

OUTPUTS = Path(__file__).parent / "outputs"
FAILURES = {"new_failure", "timed_out", "unclear"}


def ended(code: int | None, output: str = "", seconds: float = 3.0) -> CommandResult:
    return CommandResult("tests", code, output, seconds)


def pytest_run(*failing: str, passed: int = 1, code: int = 1) -> CommandResult:
    lines = [f"FAILED t.py::{name} - assert 0" for name in failing]
    return ended(code if failing else 0, "\n".join([*lines, f"{len(failing)} failed, {passed} passed in 0.1s"]))


def recorded(name: str, code: int) -> CommandResult:
    return ended(code, (OUTPUTS / f"{name}.txt").read_text(encoding="utf-8"))


LINT = "a.py:12:5: F401 unused import\nb.py:3:1: E501 too long\nFound 2 errors.\n"


@pytest.mark.parametrize(
    ("before", "after", "verdict", "text"),
    [
        pytest.param(ended(0), ended(0), "passed", "passed", id="passes both times"),
        pytest.param(pytest_run("a", "b"), pytest_run(), "fixed", "fixed: a, b; 1 tests ran, 3 before", id="deleted"),
        pytest.param(pytest_run("a"), pytest_run(passed=2), "fixed", "fixed: a", id="fixed"),
        pytest.param(ended(2, "boom"), ended(0), "fixed", "fixed: failed before, passes now", id="fixed without names"),
        pytest.param(
            ended(None, seconds=60),
            ended(0),
            "fixed",
            "fixed: stopped after 60 s before, passes now",
            id="no longer hangs",
        ),
        pytest.param(
            ended(127), ended(0), "fixed", "fixed: command not found before, passes now", id="the command came with it"
        ),
        pytest.param(pytest_run(), pytest_run("c"), "new_failure", "new failure: c", id="newly failing"),
        pytest.param(
            ended(0), ended(3, "?"), "new_failure", "new failure: passed before, now exit code 3", id="without names"
        ),
        pytest.param(
            ended(0),
            ended(127),
            "new_failure",
            "new failure: passed before, now command not found",
            id="the command is gone",
        ),
        pytest.param(pytest_run("a", "b"), pytest_run("b", "c"), "new_failure", "new failure: c", id="one for another"),
        pytest.param(
            pytest_run("a", "b"),
            pytest_run("a", "b"),
            "no_new_failure",
            "no new failure (2 failed before too)",
            id="the same",
        ),
        pytest.param(
            pytest_run("a", "b"),
            pytest_run("b", passed=2),
            "no_new_failure",
            "no new failure (1 failed before too); fixed: a",
            id="one less",
        ),
        pytest.param(
            recorded("pytest-colour-stop", 1),
            recorded("pytest-colour-stop", 1),
            "no_new_failure",
            "no new failure (1 failed before too, the run stops early)",
            id="stops at the first",
        ),
        pytest.param(
            ended(None, seconds=60),
            ended(None, seconds=61),
            "broken_baseline",
            "fails before the change too: stopped after 60 s",
            id="hangs both times",
        ),
        pytest.param(
            ended(127),
            pytest_run("a"),
            "broken_baseline",
            "fails before the change too: command not found",
            id="could not be run before",
        ),
        pytest.param(
            ended(126),
            ended(126),
            "broken_baseline",
            "fails before the change too: not executable",
            id="not executable",
        ),
        pytest.param(
            ended(0),
            ended(None, seconds=60),
            "timed_out",
            "new failure: stopped after 60 s, 3 s before",
            id="hangs now",
        ),
        pytest.param(
            pytest_run("a"),
            ended(None, "FAILED t.py::b - x", seconds=60),
            "timed_out",
            "new failure: stopped after 60 s, 3 s before",
            id="hangs now, failed before",
        ),
    ],
)
def test_the_end_before_and_after_make_a_verdict(
    before: CommandResult, after: CommandResult, verdict: Verdict, text: str
) -> None:
    outcome = compare(before, after)
    assert outcome.verdict == verdict
    assert summarise(outcome) == text
    assert outcome.is_failure is (verdict in FAILURES)


@pytest.mark.parametrize(
    ("before", "after", "reason"),
    [
        pytest.param(ended(1, "boom"), pytest_run("a"), "named only after", id="named after alone"),
        pytest.param(pytest_run("a"), ended(1, "boom"), "named only before", id="crashed before any name"),
        pytest.param(ended(1, "one"), ended(1, "two"), "with another output", id="another output"),
        pytest.param(ended(1, "one"), ended(2, "one"), "does not say at what", id="same output, another code"),
        pytest.param(pytest_run("a"), pytest_run("a", code=3), "the exit code is 3, 1 before", id="another code"),
        pytest.param(
            pytest_run("a"),
            ended(1, "FAILED t.py::a - x\n2 failed, 1 passed in 0.1s"),
            "2 fail, 1 before, and the output does not name all",
            id="one is not named",
        ),
        pytest.param(
            recorded("pytest-collect", 1),
            pytest_run("a"),
            "the run before the change stopped early",
            id="hidden before",
        ),
        pytest.param(
            recorded("pytest-colour-stop", 1), pytest_run("b"), "stopped early", id="behind the first failure"
        ),
        pytest.param(
            ended(1, "FAILED t.py::a - x"),
            ended(1, "FAILED t.py::a - x\n!!!! stopping after 1 failures !!!!"),
            "before the change it did not",
            id="stops early only now",
        ),
        pytest.param(
            ended(1, "--- FAIL: TestA (0.0s)"),
            ended(1, f"--- FAIL: TestA (0.0s)\n{left_out(70000)}\nend"),
            "too long to have every name",
            id="names may be lost",
        ),
        pytest.param(
            ended(1, f"a\n{left_out(5)}\nb"),
            ended(1, f"a\n{left_out(5)}\nb"),
            "does not say at what",
            id="text is lost",
        ),
        pytest.param(
            ended(1, LINT), ended(1, LINT + "c.py:1:1: F821 name\n"), "another output", id="one more complaint"
        ),
        pytest.param(
            ended(1, LINT + "all done\n"), ended(1, LINT), "another output", id="a line less that is no complaint"
        ),
    ],
)
def test_what_the_outputs_do_not_settle_counts_as_a_failure(
    before: CommandResult, after: CommandResult, reason: str
) -> None:
    outcome = compare(before, after)
    assert (outcome.verdict, outcome.is_failure) == ("unclear", True)
    assert reason in outcome.reason
    assert summarise(outcome).startswith("unclear, counts as a failure: ")


@pytest.mark.parametrize(
    ("before", "after", "text"),
    [
        ("boom at 0x7f3a1c after 0.12s", "boom at 0x7ffee0 after 3.4s", "with the same output"),
        (
            "/srv/draftgate-a1/copy-1/tree/a.py:3: no",
            "/srv/draftgate-zz/copy-2/tree/a.py:14: no",
            "with the same output",
        ),
        ("b: no\na: no", "a: no\nb: no\n", "with the same output"),
        ("commit 3fa1b2c99", "commit 00aa11bb22", "with the same output"),
        ("====== 3 s ======", "===== 12 s =====", "with the same output"),
        ("\x1b[31mno\x1b[0m", "no", "with the same output"),
        (LINT, "b.py:4:1: E501 too long\nFound 1 error.\n".replace("error", "errors"), "same output less 1 line"),
    ],
)
def test_without_names_the_same_output_is_nothing_new(before: str, after: str, text: str) -> None:
    outcome = compare(ended(1, before), ended(1, after))
    assert outcome.verdict == "no_new_failure"
    assert text in summarise(outcome)


@pytest.mark.parametrize(
    ("name", "code"),
    [
        ("pytest", 1),
        ("pytest-verbose", 1),
        ("unittest", 1),
        ("go-panic", 1),
        ("jest", 1),
        ("vitest", 1),
        ("cargo", 101),
    ],
)
def test_a_recorded_run_is_no_news_to_itself_and_all_news_to_a_pass(name: str, code: int) -> None:
    run = recorded(name, code)
    again, worse, mended = compare(run, run), compare(ended(0), run), compare(run, ended(0))
    assert (again.verdict, worse.verdict, mended.verdict) == ("no_new_failure", "new_failure", "fixed")
    assert again.remaining == worse.new == mended.fixed != ()
    assert again.new == again.fixed == ()


def test_a_run_that_stopped_early_fixes_nothing_that_it_did_not_reach() -> None:
    after = ended(1, "FAILED t.py::a - x\n!!!! stopping after 1 failures !!!!\n1 failed in 0.1s")
    assert compare(pytest_run("a", "b"), after).fixed == ()


def test_fewer_tests_than_before_are_told_and_more_are_not() -> None:
    fewer = compare(pytest_run(passed=12), pytest_run(passed=11))
    assert (fewer.verdict, fewer.lost_tests) == ("passed", 1)
    assert summarise(fewer) == "passed; 11 tests ran, 12 before"
    assert summarise(compare(pytest_run(passed=11), pytest_run(passed=12))) == "passed"


def test_many_long_and_hostile_names_make_one_plain_line(snapshot: SnapshotAssertion) -> None:
    outcomes = [
        CheckOutcome("t", "new_failure", new=tuple(f"tests/test_a.py::test_{n}" for n in range(8))),
        CheckOutcome("t", "fixed", fixed=("a.py::test_x", "b.py::test_x", "c.py::T::test_y[a::b]")),
        CheckOutcome("t", "fixed", fixed=("x" * 400, "evil\n@everyone\x1b[31m")),
        CheckOutcome("t", "unclear", new=("pkg.TestA",), reason="the run before the change stopped early"),
        CheckOutcome("t", "no_new_failure", fixed=("s.js > sum > adds",), remaining=("s.js > top",)),
    ]
    texts = [summarise(outcome) for outcome in outcomes]
    assert all(text.isprintable() for text in texts)
    assert texts == snapshot


@given(st.text(), st.text(), st.none() | st.integers(0, 255), st.none() | st.integers(0, 255))
def test_any_two_ends_have_a_verdict_and_a_line(before: str, after: str, was: int | None, now: int | None) -> None:
    outcome = compare(ended(was, before), ended(now, after))
    assert summarise(outcome)
    assert outcome.is_failure or now == 0 or was in {None, 126, 127} or outcome.verdict == "no_new_failure"


@given(st.text(), st.lists(st.integers(0, 10**9)))
def test_masking_hides_every_number(text: str, numbers: list[int]) -> None:
    lines = [f"took {number} s at line {number}" for number in numbers]
    assert masked("\n".join(lines)).keys() <= {"took N s at line N"}
    assert not any(character in "0123456789" for line in masked(text) for character in line)
