"""Only what a change brings in is its own: the text before against the text after."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.checks import check_change, check_text

BROKEN = "def f(:\n"
REPEATED = "a: 1\na: 2\n"
CONFLICT = "<<<<<<< HEAD\na\n=======\nb\n>>>>>>> topic\n"


@pytest.mark.parametrize(
    ("path", "before", "after", "checks"),
    [
        pytest.param("a.py", "x = 1\n", "x = 2\n", [], id="sound"),
        pytest.param("a.py", None, BROKEN, ["python-syntax"], id="new and broken"),
        pytest.param("a.py", "x = 1\n", BROKEN, ["python-syntax"], id="was sound"),
        pytest.param("a.py", 'print "x"\n', 'print "y"\n', [], id="Python 2 stays Python 2"),
        pytest.param("a.py", BROKEN, None, [], id="deleted"),
        pytest.param("a.py", None, None, [], id="never there"),
        pytest.param("a.py", 'print "x"\n', CONFLICT, ["conflict-marker"], id="a conflict in what was broken"),
        pytest.param("a.py", CONFLICT, BROKEN, [], id="out of a conflict, but not yet well"),
        pytest.param("a.py", CONFLICT, CONFLICT + "\n", [], id="the old conflict"),
        pytest.param("a.py", CONFLICT, CONFLICT * 2, ["conflict-marker"], id="one more like it"),
        pytest.param("a.yaml", REPEATED, "# moved\n" + REPEATED, [], id="an old finding on another line"),
        pytest.param("a.yaml", REPEATED, REPEATED + "a: 3\n", ["yaml-duplicate-key"], id="once more"),
        pytest.param("a.yaml", REPEATED, REPEATED + "b: 1\nb: 1\n", ["yaml-duplicate-key"], id="another beside it"),
        pytest.param("a.yaml", REPEATED, "a: [\n", ["yaml-syntax"], id="from untidy to broken"),
        pytest.param("a.yaml", "a: [\n", REPEATED, [], id="what could not be read is not blamed for what is read now"),
    ],
)
def test_only_new_findings_count(path: str, before: str | None, after: str | None, checks: list[str]) -> None:
    assert [finding.check for finding in check_change({path: (before, after)})] == checks


def test_findings_come_file_by_file_with_their_severity() -> None:
    found = check_change({"b.py": (None, BROKEN), "a.json": ("{}", '{"a": 1, "a": 2}')})
    assert [(finding.path, finding.severity) for finding in found] == [("b.py", "error"), ("a.json", "warning")]


@given(st.sampled_from(["a.py", "a.json", "a.yaml", "a.toml", "a.md"]), st.text(), st.text())
def test_a_change_is_blamed_for_nothing_that_its_result_does_not_have(path: str, before: str, after: str) -> None:
    assert set(check_change({path: (before, after)})) <= set(check_text(path, after))
    assert check_change({path: (after, after)}) == []
