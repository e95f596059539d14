"""Hunks with lost marks: what the file and the header's counts make of them."""

from __future__ import annotations

import pytest

from bot.core.edit_types import Hunk
from bot.core.haystack import Haystack
from bot.core.marks import by_lost_marks, marked_changes, settled, sides, unmarked_lines

FILE = ("def f():", "    one()", "    two()", "", "- item", "++++", "end()")

MORE = ["    one()", "    x()", "    y()", "    two()"]


def fits(body: str, counts: tuple[int, int] | None = None, file: tuple[str, ...] = FILE) -> list[tuple[int, list[str]]]:
    hunk = Hunk("f", "", "", body=tuple(body.split("|")), counts=counts)
    return [(start, list(after)) for start, _, after in by_lost_marks(Haystack(file), hunk)]


@pytest.mark.parametrize(
    ("body", "counts", "wanted"),
    [
        pytest.param(
            "?def f():|    one()|+    new()", None, (0, ["def f():", "    one()", "    new()"]), id="kept lines"
        ),
        pytest.param(
            "?def f():|    one()|+    x()", (2, 3), (0, ["def f():", "    one()", "    x()"]), id="counts agree"
        ),
        pytest.param("     one()|?    two()|+    x()", (2, 2), (1, ["    one()", "    x()"]), id="a lost minus"),
        pytest.param(
            "     one()|+    x()|?    y()|     two()", (2, 4), (1, MORE), id="a lost plus that the counts tell"
        ),
        pytest.param("     one()|+    x()|?    y()|     two()", None, (1, MORE), id="a lost plus without counts"),
        pytest.param("~|- item|?end()", None, None, id="a line between was left out"),
        pytest.param(
            "?|- item|++++|?end()", None, (3, ["", "- item", "++++", "end()"]), id="kept lines that look marked"
        ),
        pytest.param("++++|?end()|+more()", None, (5, ["++++", "end()", "more()"]), id="the first of them"),
        pytest.param(
            "     one()|+    x()|?    tvo()", None, None, id="a misspelt last line is not taken for a new one"
        ),
        pytest.param("     one()|-    gone()|?    y()", None, None, id="a line to be removed must be there"),
    ],
)
def test_lines_without_marks(body: str, counts: tuple[int, int] | None, wanted: tuple[int, list[str]] | None) -> None:
    assert fits(body, counts) == ([] if wanted is None else [wanted])


def test_several_places_are_all_given() -> None:
    assert [start for start, _ in fits("?a|+b", None, ("a", "c", "a"))] == [0, 2]


def test_the_counts_leave_one_way_or_none() -> None:
    body = (" a", "?b", "+c")
    assert settled(body, (2, 2)) == (" a", "-b", "+c")
    assert settled(body, (1, 3)) == (" a", "+b", "+c")
    assert settled(body, (2, 3)) == body
    assert settled(body, (9, 9)) == body
    assert settled(body, None) == body


def test_the_marks_name_the_changes() -> None:
    body = (" a", "-b", "-c", "+d", "~", "+e", " f", "?g")
    assert sides(body) == (["a", "b", "c", "", "f", "g"], ["a", "d", "", "e", "f", "g"])
    assert marked_changes(body) == ((1, 3, 1, 2), (4, 4, 3, 4))
    assert unmarked_lines(body) == {3, 5}
