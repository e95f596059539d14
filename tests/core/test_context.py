from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.core.context import CHARACTERS_A_TOKEN, Ranked, Snippet, select

AMPLE = 100_000


def numbered(count: int) -> str:
    return "\n".join(f"line {number}" for number in range(1, count + 1))


def ranked(path: str, *windows: tuple[int, int]) -> Ranked:
    return Ranked(path, windows or ((1, 1),), ("named",))


def test_a_short_file_is_shown_whole_whatever_its_windows() -> None:
    context = select([ranked("a.py", (2, 3))], {"a.py": numbered(5)}, AMPLE)
    assert context.snippets == (Snippet("a.py", 1, 5, numbered(5), whole=True),)
    assert context.whole == {"a.py"}


@pytest.mark.parametrize(("spare", "whole"), [(0, True), (-1, False)])
def test_a_file_is_shown_whole_just_when_it_fits_into_half_the_budget(spare: int, whole: bool) -> None:
    text = "x" * 69 + "\n" + "y" * 70
    context = select([ranked("a.py", (2, 2))], {"a.py": text}, 2 * 40 + spare)
    assert ("a.py" in context.whole) is whole


def test_windows_grow_alike_until_the_share_is_full() -> None:
    text = numbered(900)
    tokens = round(100 * len("line 123\n") / CHARACTERS_A_TOKEN * 2)
    context = select([ranked("a.py", (200, 203), (600, 603))], {"a.py": text}, tokens)
    assert [(one.first, one.last) for one in context.snippets] == [(180, 223), (580, 623)]


def test_windows_that_grow_into_each_other_become_one() -> None:
    text = numbered(900)
    tokens = round(100 * len("line 123\n") / CHARACTERS_A_TOKEN * 2)
    context = select([ranked("a.py", (200, 203), (240, 243))], {"a.py": text}, tokens)
    assert [(one.first, one.last) for one in context.snippets] == [(180, 263)]


def test_each_file_fills_at_most_half_of_what_the_better_ones_left() -> None:
    names = [f"{number}.py" for number in range(5)]
    context = select([ranked(name, (400, 401)) for name in names], dict.fromkeys(names, numbered(900)), 2_000)
    shown = [sum(len(one.text) for one in context.snippets if one.path == name) for name in names]
    room = 2_000 * CHARACTERS_A_TOKEN
    for size in shown:
        assert 0 < size <= room / 2
        room -= size
    assert shown == sorted(shown, reverse=True)


def test_a_window_past_the_end_is_cut_and_one_behind_the_end_is_dropped() -> None:
    text = numbered(1_500)
    tokens = round(60 / CHARACTERS_A_TOKEN)
    context = select([ranked("a.py", (1_499, 1_700), (1_600, 1_700))], {"a.py": text}, tokens)
    assert [(one.first, one.last) for one in context.snippets] == [(1_499, 1_500)]


def test_a_window_over_everything_is_the_whole_file() -> None:
    context = select([ranked("a.py", (1, 1_500))], {"a.py": numbered(1_500)}, AMPLE)
    assert context.whole == {"a.py"}


def test_a_file_too_large_for_its_share_gives_way_to_a_window() -> None:
    text = numbered(300)
    context = select([ranked("a.py", (5, 6))], {"a.py": text}, round(len(text) / CHARACTERS_A_TOKEN))
    assert "a.py" not in context.whole
    assert [one.first <= 5 < one.last for one in context.snippets] == [True]
    assert not context.omitted


def test_windows_that_do_not_all_fit_are_shown_as_far_as_they_do() -> None:
    text = "\n".join(["short"] * 50 + ["x" * 4_000] + ["short"] * 2_000)
    context = select([ranked("a.py", (10, 11), (51, 51), (80, 81))], {"a.py": text}, 200)
    shown = [(one.first, one.last) for one in context.snippets]
    assert len(shown) == 2
    assert shown[0][0] <= 10 < shown[0][1] < 51 < shown[1][0] <= 80 < shown[1][1]


def test_what_does_not_fit_at_all_is_named_and_the_next_one_still_gets_its_chance() -> None:
    texts = {"big.py": "x" * 5000, "small.py": "y = 1\n"}
    context = select([ranked("big.py", (1, 1)), ranked("small.py")], texts, 100)
    assert context.omitted == ("big.py",)
    assert [one.path for one in context.snippets] == ["small.py"]


@pytest.mark.parametrize("texts", [{}, {"a.bin": ""}])
def test_files_without_text_are_named_only(texts: dict[str, str]) -> None:
    context = select([ranked("a.bin")], texts, AMPLE)
    assert context.snippets == ()
    assert context.omitted == ("a.bin",)


files = st.dictionaries(st.sampled_from("abcdefghij"), st.text("ab\n", max_size=3000), max_size=10)


@given(files, st.integers(0, 800), st.lists(st.tuples(st.integers(1, 50), st.integers(1, 90)), min_size=1, max_size=3))
def test_the_budget_holds_and_each_piece_is_what_stands_there(
    texts: dict[str, str], tokens: int, windows: list[tuple[int, int]]
) -> None:
    context = select([Ranked(path, tuple(windows), ()) for path in texts], texts, tokens)
    assert sum(len(one.text) for one in context.snippets) <= tokens * CHARACTERS_A_TOKEN
    for one in context.snippets:
        assert one.text == "\n".join(texts[one.path].split("\n")[one.first - 1 : one.last])
        assert not one.whole or one.text == texts[one.path]
    assert {one.path for one in context.snippets} | set(context.omitted) == set(texts)
    assert not {one.path for one in context.snippets} & set(context.omitted)
