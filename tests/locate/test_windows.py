from __future__ import annotations

from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.locate.windows import windows
from tests.locate.trees import function


def text_of(count: int) -> bytes:
    return b"".join(b"line\n" for _ in range(count))


PYTHON = "\n".join(
    ["import os", "", "", function("first", "return 1", lines=12), "", function("second", "return 2", lines=12)]
)
BRACES = """package cart

func first() int {
    if ready {
        return 1
    }
    return 2
}

func second() int {
%s    return 2
}
""" % ("    step()\n" * 9)


@pytest.mark.parametrize(
    ("text", "place", "expected"),
    [
        pytest.param(PYTHON, 8, ((4, 15),), id="the function around a line"),
        pytest.param(PYTHON, 4, ((4, 15),), id="the function that a line opens"),
        pytest.param(BRACES, 12, ((10, 21),), id="a block with its closing brace"),
        pytest.param("x = 1\n" * 100, 50, ((40, 60),), id="the lines nearby where there are no blocks"),
        pytest.param("x = 1\n" * 100, 2, ((1, 12),), id="not above the file"),
        pytest.param("x = 1\n" * 100, 99, ((89, 100),), id="not below the file"),
        pytest.param(function("long", "return 1", lines=300), 1, ((1, 21),), id="the head of a long function"),
        pytest.param(function("long", "return 1", lines=300), 150, ((140, 160),), id="lines inside a long function"),
    ],
)
def test_a_place_is_shown_with_the_block_around_it(text: str, place: int, expected: object) -> None:
    assert windows(text.encode(), [place], {}) == expected


def test_near_windows_become_one_and_far_ones_stay_apart() -> None:
    assert windows(text_of(200), [20, 42, 150], {}) == ((10, 52), (140, 160))


def test_places_outside_the_file_are_ignored() -> None:
    assert windows(text_of(3), [0, -5, 99], {}) == ((1, 3),)


def test_the_densest_gathering_of_distinct_words_is_shown() -> None:
    lines = ["mount"] * 20 + ["x"] * 60 + ["mount", "adapter", "prefix"] + ["x"] * 60
    found = windows("\n".join(lines).encode(), [], {"mount": 1.0, "adapter": 1.0, "prefix": 1.0})

    assert any(start <= 81 and end >= 83 for start, end in found)


def test_without_any_place_or_word_the_head_is_shown() -> None:
    assert windows(text_of(500), [], {"zebra": 1.0}) == ((1, 60),)
    assert windows(b"", [], {"zebra": 1.0}) == ()


@given(
    st.binary(max_size=400), st.lists(st.integers(-3, 60), max_size=12), st.sampled_from([{}, {"a": 1.0, "bc": 2.0}])
)
def test_windows_are_inside_the_file_ascending_and_apart(
    data: bytes, places: list[int], words: dict[str, float]
) -> None:
    found = windows(data, places, words)
    last = data.count(b"\n") + (not data.endswith(b"\n"))
    flat = [line for window in found for line in window]

    assert flat == sorted(flat)
    assert all(1 <= line <= last for line in flat)
    assert all(after[0] - before[1] > 1 for before, after in pairwise(found))
