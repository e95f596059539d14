"""Names and counts out of real outputs, which `outputs/` holds: pytest 9.2, unittest, go, jest, vitest, cargo, node."""

from __future__ import annotations

import time
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.core.testreports import JEST_ARROW, read_outcomes, read_report

OUTPUTS = Path(__file__).parent / "outputs"
PYTEST = {
    "test_calc.py::TestIn::test_deep",
    "test_calc.py::test_add",
    "test_calc.py::test_fix",
    "test_calc.py::test_text[a - b]",
    "test_calc.py::test_text[x]y]",
}
GO = {"example.com/calc/a.TestSum", "example.com/calc/a.TestTable", "example.com/calc/a.TestTable/one_case"}
JEST = {f"./sum.test.js{JEST_ARROW}sum{JEST_ARROW}adds 1 + 2{JEST_ARROW}odd", f"./sum.test.js{JEST_ARROW}top"}
JEST_BROKEN = f"./bad.test.js{JEST_ARROW}Test suite failed to run"
CARGO = {"src/lib.rs - add", "tests::adds", "tests::panics"}
UNITTEST = {
    "unittest.loader._FailedTest.missing_mod",
    "ut.T.test_a",
    "ut.T.test_b",
    "ut.T.test_c (i=0)",
    "ut.T.test_c (i=2)",
    "ut.U.setUpClass",
}


@pytest.mark.parametrize(
    ("output", "names", "ran", "failed", "stopped_early"),
    [
        ("pytest", PYTEST, 6, 5, False),
        ("pytest-verbose", PYTEST, 6, 5, False),
        ("pytest-collect", {"test_imp.py"}, 1, 1, True),
        ("pytest-colour-stop", {"test_calc.py::test_add"}, 1, 1, True),
        ("unittest", UNITTEST, 5, 6, True),
        ("go", {*GO, "example.com/calc/b [build failed]"}, None, None, True),
        ("go-panic", {*GO, "example.com/calc/b.TestSum"}, None, None, True),
        ("jest", {*JEST, JEST_BROKEN}, 4, 2, True),
        ("jest-verbose", JEST, 3, 2, False),
        ("vitest", {"a.test.js > sum > adds > two", "a.test.js > top", "bad.test.js [ bad.test.js ]"}, 3, 2, True),
        ("cargo", CARGO, 4, 3, False),
        ("cargo-build", {"could not compile `calc` (lib test)", "could not compile `calc` (lib)"}, None, None, True),
        ("node-tap", {"one"}, None, None, False),
    ],
)
def test_a_recorded_output_is_read(
    output: str, names: set[str], ran: int | None, failed: int | None, stopped_early: bool
) -> None:
    report = read_report((OUTPUTS / f"{output}.txt").read_text(encoding="utf-8"))
    assert report.failing == names
    assert (report.ran, report.failed, report.stopped_early) == (ran, failed, stopped_early)


@pytest.mark.parametrize(
    ("line", "names"),
    [
        ("FAILED tests/a b/test_x.py::test_y - no", {"tests/a b/test_x.py::test_y"}),
        ("FAILED README.rst::README.rst", {"README.rst::README.rst"}),
        ("SUBFAILED[msg] (i=0) t.py::T::test_c - AssertionError: 0 != 1", {"t.py::T::test_c [msg] (i=0)"}),
        ("SUBFAILED[my msg] t.py::test_p - assert 0", {"t.py::test_p [my msg]"}),
        ("[gw1] [ 50%] FAILED t.py::test_a ", {"t.py::test_a"}),
        ("ERROR could not connect - retrying", set()),
        ("ERROR    root:app.py:3 FAILED a::b", set()),
        ("FAIL: test_a (mod.Class)", {"mod.Class.test_a"}),
        ("ERROR: no such table (sqlite)", set()),
        ("--- FAIL: TestAlone (0.00s)", {"TestAlone"}),
        ("FAIL\texample.com/x\t0.1s", {"example.com/x.(no test named)"}),
        ("ok  \texample.com/x\t0.1s", set()),
        ("FAIL src/a.test.ts (5.2 s)", {"src/a.test.ts"}),
        ("PASS src/a.test.ts\n  ● Console", set()),
        ("test a::b ... FAILED", {"a::b"}),
        ("test a::b ... ok", set()),
        ("        FAIL [   0.005s] calc tests::adds", {"calc tests::adds"}),
        ("not ok 3 - adds # time=2ms", {"adds"}),
        ("    ✖ adds (1.2ms)", {"adds"}),
        ("  ✓ adds", set()),
    ],
)
def test_a_line_names_a_failing_test_or_none(line: str, names: set[str]) -> None:
    assert read_report(line).failing == names


@pytest.mark.parametrize(
    ("output", "ran", "failed"),
    [
        ("12 passed in 0.10s", 12, 0),
        ("=== 1 failed, 3 passed, 2 skipped, 1 xfailed, 4 warnings in 61.00s (0:01:01) ===", 4, 1),
        ("2 passed in 0.1s\n3 passed, 1 error in 0.1s", 6, 1),
        ("Ran 5 tests in 0.002s\n\nOK (skipped=2)", 3, 0),
        ("Ran 1 test in 0.002s\n\nFAILED (failures=1)", 1, 1),
        ("Tests:       1 skipped, 7 passed, 8 total", 7, 0),
        ("test result: ok. 3 passed; 0 failed; 9 ignored; 0 measured; 0 filtered out", 3, 0),
        ("the bird passed", None, None),
    ],
)
def test_skipped_tests_are_not_counted_as_run(output: str, ran: int | None, failed: int | None) -> None:
    assert (read_report(output).ran, read_report(output).failed) == (ran, failed)


@given(
    st.text()
    | st.lists(st.sampled_from(["FAILED ", "a::", "[", "]", " - ", "\x1b[", "● ", "FAIL", "\n", "1 passed"])).map(
        "".join
    )
)
def test_any_output_can_be_read(output: str) -> None:
    report = read_report(output)
    assert all(report.failing)


@pytest.mark.parametrize(
    "piece", ["a::", "SUBFAILED( a:", "FAILED a::b[", "] - [", "1 passed in 1.", "\x1b[", "\x1b]", "✖ 1 "]
)
def test_a_hostile_output_takes_no_long_time(piece: str) -> None:
    started = time.perf_counter()
    read_report(((piece * 2000)[:1999] + "\n") * 33 + piece * 20000)
    assert time.perf_counter() - started < 5


VERBOSE = """\
test_bad (tests.t.A.test_bad) ... FAIL
test_doc (tests.t.A.test_doc)
Doc here. ... ok
test_skip (tests.t.A.test_skip) ... skipped 'x'
test_warns (tests.t.A.test_warns) ... /a.py:1: ResourceWarning: unclosed file
ok
test_x (tests.t.A.test_x) ... ok
======
FAIL: test_bad (tests.t.A.test_bad)
"""


@pytest.mark.parametrize(
    ("output", "outcomes"),
    [
        (VERBOSE, {"tests.t.A.test_bad": False, "tests.t.A.test_doc": True, "tests.t.A.test_warns": True,
                   "tests.t.A.test_x": True}),
        ("PASSED t.py::test_a[x - y]\nFAILED t.py::test_b - assert 0\n",
         {"t.py::test_a[x - y]": True, "t.py::test_b": False}),
        ("PASSED t.py::test_a\nERROR t.py::test_a - teardown\n", {"t.py::test_a": False}),
        ("--- PASS: TestA (0.00s)\n    --- PASS: TestA/b (0.00s)\nok  \tx/y\t0.1s\n",
         {"x/y.TestA": True, "x/y.TestA/b": True}),
        ("--- PASS: TestA (0.00s)\n--- FAIL: TestB (0.00s)\nFAIL\tx\t0.1s\n", {"x.TestA": True, "x.TestB": False}),
        ("test tests::adds ... ok\ntest tests::dies ... FAILED\ntest x ... ignored\n",
         {"tests::adds": True, "tests::dies": False}),
        ("ok 1 - one\n    not ok 1 - two\n    ok 2 - three # SKIP\n", {"one": True, "two": False}),
        ("  ✓ adds (3 ms)\n  ✔ sums 1.5ms\n  ✕ fails (1 ms)\n", {"adds": True, "sums": True, "fails": False}),
        ("nothing here", {}),
    ],
)  # fmt: skip
def test_each_named_test_has_its_outcome(output: str, outcomes: dict[str, bool]) -> None:
    assert read_outcomes(output) == outcomes
