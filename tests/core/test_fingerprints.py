from __future__ import annotations

from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.core.fingerprints import Fingerprint, Said, Spot, fingerprint, read_marker, together, unsaid

CODE = [
    "def total(prices):",
    "    result = 0",
    "    for price in prices[1:]:",
    "        result += price",
    "    return result",
]


def of(texts: list[str], at: int = 2, path: str = "a.py", category: str = "bug", fix: str | None = "x") -> Fingerprint:
    return fingerprint(Spot(path, texts, at, at + 1), category, None if fix is None else [fix])


FIRST = of(CODE)


@pytest.mark.parametrize(
    "now",
    [
        of(["import os", "", *CODE], 4),
        of([*CODE, "", "print(1)"]),
        of(["    " + line for line in CODE]),
        of([line.replace("    ", "\t") for line in CODE]),
        of([CODE[0], "", *CODE[1:]], 3),
        of(["x", "y", CODE[2], "z"]),
        of(CODE, category="performance"),
        of(CODE, fix="y"),
    ],
    ids=[
        "pushed down",
        "more below",
        "deeper",
        "tabs",
        "a blank line more",
        "moved away",
        "other category",
        "other fix",
    ],
)
def test_a_finding_is_known_again(now: Fingerprint) -> None:
    assert unsaid([now], [Said(FIRST)]) == [False]


@pytest.mark.parametrize(
    "now",
    [
        of(CODE, 3),
        of(CODE, path="b.py"),
        of(CODE, category="performance", fix="y"),
        of(CODE, category="tests", fix=None),
    ],
    ids=["another line", "another file", "another matter", "another matter without a fix"],
)
def test_another_finding_is_new(now: Fingerprint) -> None:
    assert unsaid([now], [Said(FIRST)]) == [True]


def test_of_equal_lines_only_as_many_are_known_as_were_said() -> None:
    texts = [*CODE, "def other(prices):", "    result = 1", *CODE[2:]]
    upper, lower = of(texts, 2), of(texts, 7)
    assert unsaid([upper, lower], [Said(lower)]) == [True, False]
    assert unsaid([upper, lower], [Said(upper)]) == [False, True]
    assert unsaid([upper, lower], [Said(upper), Said(lower)]) == [False, False]
    assert unsaid([of(["moved", CODE[2], "away"], 1)], [Said(upper)]) == [False]


def test_what_was_declined_silences_all_about_that_code() -> None:
    others = [of(CODE, category="tests", fix="y"), of(["x", CODE[2]], 1, category="clarity", fix=None)]
    assert unsaid(others, [Said(FIRST)]) == [True, True]
    assert unsaid(others, [Said(FIRST, declined=True)]) == [False, False]


def test_twenty_pushes_that_move_the_code_say_it_once() -> None:
    said: list[Said] = []
    posted = 0
    for push in range(20):
        now = of([f"line {push}"] * push + ["", *CODE], push + 3)
        posted += unsaid([now], said).count(True)
        said.append(Said(now)) if posted and not said else None
    assert posted == 1


def test_threads_and_memory_do_not_count_one_finding_twice() -> None:
    other = of(CODE, 3)
    assert together([Said(FIRST, declined=True)], [FIRST, other]) == [Said(FIRST, declined=True), Said(other)]
    assert together([], [FIRST, FIRST]) == [Said(FIRST), Said(FIRST)]


def test_the_marker_is_read_back() -> None:
    assert read_marker(f"{FIRST.marker()}\nsome text") == FIRST


@pytest.mark.parametrize(
    "body", ["", "text", f"x\n{FIRST.marker()}", FIRST.marker().replace(FIRST.code, "zz"),
             "<!-- draftgate:finding {} -->", '<!-- draftgate:finding {"is":7} -->',
             FIRST.marker().replace("finding", "sticky")]
)  # fmt: skip
def test_anything_else_is_no_marker(body: str) -> None:
    assert read_marker(body) is None


@given(st.lists(st.text(max_size=9), min_size=1, max_size=6), st.data())
def test_every_text_has_a_fingerprint_that_survives_its_marker(texts: list[str], data: st.DataObject) -> None:
    at = data.draw(st.integers(0, len(texts) - 1))
    print_ = of(texts, at, path=data.draw(st.text(max_size=5)))
    assert read_marker(print_.marker()) == print_


def test_neighbours_tell_equal_lines_apart() -> None:
    prints = [of(["a", "x", "b", "x", "c"], at) for at in (1, 3)]
    assert all(one.code == other.code and one.near != other.near for one, other in pairwise(prints))
