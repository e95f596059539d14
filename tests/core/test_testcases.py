from __future__ import annotations

import ast

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.core.testcases import Case, cases_in, not_loaded, touched_cases, verdict, without_cases

TEXT = """\
import unittest

X = 1


@mark
def test_a():
    assert X


def helper():
    pass


class CartTest(unittest.TestCase):
    def test_b(self):
        assert X

    async def test_c(self):
        assert X


class OneTest:
    @one
    @two
    def test_d(self):
        pass
"""
CASE = Case("tests/test_cart.py", "CartTest", "test_b", 1, 2, "")
PLAIN = Case("tests/test_cart.py", "", "test_a", 1, 2, "")


def named(*titles: str) -> list[Case]:
    return [case for case in cases_in("t.py", TEXT) if case.title in titles]


def test_tests_are_found_by_their_names_with_their_decorators() -> None:
    found = [(case.title, case.first, case.last) for case in cases_in("t.py", TEXT)]
    assert found == [
        ("test_a", 6, 8), ("CartTest.test_b", 16, 17), ("CartTest.test_c", 19, 20), ("OneTest.test_d", 24, 27),
    ]  # fmt: skip
    assert cases_in("t.js", TEXT) == cases_in("t.py", "def (") == ()


def test_a_test_is_touched_when_it_does_something_else_not_when_it_moves() -> None:
    assert touched_cases("t.py", TEXT, "# moved\n\n" + TEXT) == ()
    changed = TEXT.replace("test_b", "test_new").replace(
        "def test_d(self):\n        pass", "def test_d(self):\n        x"
    )
    assert [case.title for case in touched_cases("t.py", TEXT, changed)] == ["CartTest.test_new", "OneTest.test_d"]
    assert len(touched_cases("t.py", None, TEXT)) == 4


@pytest.mark.parametrize(
    ("case", "outcomes", "expected"),
    [
        (CASE, {"tests/test_cart.py::CartTest::test_b": True}, True),
        (
            CASE,
            {"tests/test_cart.py::CartTest::test_b[1]": True, "tests/test_cart.py::CartTest::test_b[2]": False},
            False,
        ),
        (CASE, {"sub/tests/test_cart.py::CartTest::test_b": True}, True),
        (CASE, {"tests/test_cart.py::Other::test_b": True, "tests/test_other.py::CartTest::test_b": True}, None),
        (CASE, {"tests.test_cart.CartTest.test_b": True}, True),
        (CASE, {"test_cart.CartTest.test_b (i=0)": False}, False),
        (CASE, {"tests.test_cart.CartTest.setUpClass": False}, False),
        (CASE, {"tests.test_cart.CartTest.test_bb": True, "CartTest.test_b": True}, None),
        (CASE, {"unittest.loader._FailedTest.tests.test_cart": False}, False),
        (CASE, {"tests/test_cart.py": False}, False),
        (PLAIN, {"tests/test_cart.py::test_a": True}, True),
        (PLAIN, {"tests/test_cart.py::CartTest::test_a": True}, None),
        (PLAIN, {}, None),
    ],
)
def test_a_runner_s_name_is_told_to_be_a_test_s(case: Case, outcomes: dict[str, bool], expected: bool | None) -> None:
    assert verdict(case, outcomes) is expected
    assert not_loaded(case, outcomes) is any("_FailedTest" in name or name.endswith(".py") for name in outcomes)


def test_tests_are_taken_out_and_all_else_stays() -> None:
    left = without_cases(TEXT, named("test_a", "CartTest.test_c"))
    assert left is not None
    assert [case.title for case in cases_in("t.py", left)] == ["CartTest.test_b", "OneTest.test_d"]
    assert "def helper():\n    pass\n" in left
    assert "@mark" not in left


def test_a_class_without_any_test_left_goes_as_well() -> None:
    left = without_cases(TEXT, named("OneTest.test_d"))
    assert left is not None
    assert "OneTest" not in left
    assert left.endswith("assert X\n")


def test_a_file_without_any_test_left_is_none() -> None:
    assert without_cases(TEXT, cases_in("t.py", TEXT)) is None
    assert without_cases("def (", []) is None


@given(st.sets(st.sampled_from(["test_a", "CartTest.test_b", "CartTest.test_c", "OneTest.test_d"])))
def test_whatever_is_taken_out_the_rest_parses_and_is_there(titles: set[str]) -> None:
    left = without_cases(TEXT, named(*titles))
    if left is None:
        assert len(titles) == 4
    else:
        ast.parse(left)
        assert {case.title for case in cases_in("t.py", left)} == {
            case.title for case in cases_in("t.py", TEXT)
        } - titles
