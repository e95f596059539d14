from __future__ import annotations

import pytest

from bot.core.anchors import Place, Unplaced, place
from bot.core.changes import FileChange
from bot.core.diffs import Hunk, read_diff, render_diff
from bot.core.lines import split_block, split_file
from bot.core.suggestions import Window

BEFORE = """\
def first(items):
    total = 0
    for item in items:
        total += item.price
    return total


def second(items):
    total = 0
    for item in items:
        total += item.weight
    return total


def third(items):
    names = []
    for item in items:
        names.append(item.name)
    return names
"""
HEAD = BEFORE.replace("total += item.weight\n", "total += item.weight * item.count\n")


def hunks_of(before: str, after: str) -> tuple[Hunk, ...]:
    return read_diff(render_diff([FileChange("f", "100644", before, after)]))[0].hunks


HUNKS = hunks_of(BEFORE, HEAD)
"""One hunk: the lines 8 to 14, of which the 11th is new."""
WEIGHT = "        total += item.weight * item.count\n"


def found(old: str, new: str | None, head: str = HEAD, hunks: tuple[Hunk, ...] = HUNKS) -> Place | Unplaced:
    return place(split_file(head), split_block(old), None if new is None else split_block(new), hunks)


@pytest.mark.parametrize(
    ("old", "new"),
    [
        (WEIGHT, WEIGHT.replace("count", "number")),
        (WEIGHT.strip(), WEIGHT.strip().replace("count", "number")),
        ("    " + WEIGHT, "    " + WEIGHT.replace("count", "number")),
        (WEIGHT.rstrip("\n") + "   \n", WEIGHT.rstrip("\n").replace("count", "number") + "   \n"),
        ("+" + WEIGHT, "+" + WEIGHT.replace("count", "number")),
        ("+" + WEIGHT, WEIGHT.replace("count", "number")),
        (WEIGHT.replace("\n", "\r\n"), WEIGHT.replace("count", "number").replace("\n", "\r\n")),
    ],
    ids=["exact", "bare", "deeper", "trailing space", "marked", "marked in one half", "CRLF"],
)
def test_a_quote_with_a_usual_slip_is_found(old: str, new: str) -> None:
    assert found(old, new) == Place("RIGHT", 11, 11, Window(10, 11, (WEIGHT[:-1].replace("count", "number"),)))


def test_a_quote_that_asks_for_nothing_is_only_found() -> None:
    assert found(WEIGHT, WEIGHT) == found(WEIGHT, None) == Place("RIGHT", 11, 11)


def test_of_two_places_the_one_in_the_diff_is_meant() -> None:
    place = found("    for item in items:\n", "    for item in sorted(items):\n")
    assert place == Place("RIGHT", 10, 10, Window(9, 10, ("    for item in sorted(items):",)))


def test_of_two_places_in_the_diff_the_new_one_is_meant() -> None:
    before = "a = 1\nlog(a)\nb = 2\n"
    head = "a = 1\nlog(a)\nb = 2\nlog(a)\n"
    assert found("log(a)", "log(b)", head, hunks_of(before, head)) == Place("RIGHT", 4, 4, Window(3, 4, ("log(b)",)))


@pytest.mark.parametrize(
    ("before", "head", "quote"),
    [
        ("a\n", "x(1)\na\nx(1)\n", "x(1)"),
        ("x(1)\na\nx(1)\n" + "f\n" * 9, "x(1)\na\nx(1)\n" + "f\n" * 9 + "g\n", "x(1)"),
        ("if a:\n    pass\n", "if a:\n    go(1)\n    pass\ngo(1)\n", "go(1)"),
    ],
    ids=["two new ones", "two outside of the diff", "the same line in another depth"],
)
def test_where_nothing_decides_a_place_is_only_named(before: str, head: str, quote: str) -> None:
    place = found(quote, "y(2)", head, hunks_of(before, head))
    assert isinstance(place, Place)
    assert place.doubt
    assert place.change is None


def test_a_quote_from_elsewhere_that_is_much_like_a_line_of_the_diff_is_in_doubt() -> None:
    head = "total = compute(prices, discounts, taxes)\n" + "f\n" * 9 + "    total = compute(prices, discounts, taxes)\n"
    hunks = hunks_of("total = compute(prices, discounts, taxes)\n" + "f\n" * 9, head)
    place = found("total = compute(prices, discounts, taxes)", "total = 0", head, hunks)
    assert isinstance(place, Place)
    assert place.doubt == "lines much like these stand in the diff"


def test_a_line_outside_of_the_diff_is_found_too() -> None:
    assert found("        names.append(item.name)", "        names += [item.name]") == Place(
        "RIGHT", 18, 18, Window(17, 18, ("        names += [item.name]",))
    )


def test_lines_that_were_taken_out_are_found_on_the_left() -> None:
    assert found("        total += item.weight\n", None) == Place("LEFT", 11, 11)
    assert found("-        total += item.weight\n", None) == Place("LEFT", 11, 11)


def test_one_line_too_few_in_both_halves_does_not_lose_it() -> None:
    old = "def second(items):\n    total = 0\n        total += item.weight * item.count\n    return total\n"
    place = found(old, old.replace("total = 0", "total = 0.0"))
    assert isinstance(place, Unplaced | Place)
    if isinstance(place, Place) and place.change:
        assert "    for item in items:" in place.change.lines


@pytest.mark.parametrize(
    ("old", "new", "why"),
    [
        ("this stands nowhere at all", "x", "not in the file"),
        ("        total += item.weight\n", WEIGHT, "has that change already"),
        ("", "x", "not in the file"),
        ("\n\n", "x", "not in the file"),
    ],
)
def test_what_cannot_be_placed_says_why(old: str, new: str, why: str) -> None:
    place = found(old, new)
    assert isinstance(place, Unplaced)
    assert why in place.why


def test_trailing_space_that_the_quote_brought_along_is_left_out() -> None:
    head = "a = 1\n  \nb = call(2)\n"
    place = found("a = 1  \n  \nb = call(2)  \n", "a = 1  \n  \nb = call(3)  \n", head, hunks_of("", head))
    assert isinstance(place, Place)
    assert place.change
    assert place.change.lines == ("a = 1", "  ", "b = call(3)")


def test_a_stand_in_for_code_is_no_change() -> None:
    place = found(WEIGHT, "        # ... rest of the code unchanged\n")
    assert place == Place("RIGHT", 11, 11)


def test_a_file_with_crlf_keeps_it() -> None:
    head = HEAD.replace("\n", "\r\n")
    place = found(WEIGHT, WEIGHT.replace("count", "number"), head)
    assert isinstance(place, Place)
    assert place.change
    assert "\r\n".join(place.change.changed(split_file(head)).texts) + "\r\n" == head.replace(
        "item.count", "item.number"
    )
