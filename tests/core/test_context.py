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


@pytest.mark.parametrize(("lines", "whole"), [(400, True), (401, False)])
def test_a_file_beyond_400_lines_is_shown_by_its_windows(lines: int, whole: bool) -> None:
    context = select([ranked("a.py", (10, 12), (300, 301))], {"a.py": numbered(lines)}, AMPLE)
    assert ("a.py" in context.whole) is whole
    if not whole:
        assert [(one.first, one.last, one.text) for one in context.snippets] == [
            (10, 12, "line 10\nline 11\nline 12"),
            (300, 301, "line 300\nline 301"),
        ]


def test_only_the_first_six_files_are_shown_whole() -> None:
    names = [f"{number}.py" for number in range(8)]
    context = select([ranked(name, (2, 3)) for name in names], dict.fromkeys(names, numbered(9)), AMPLE)
    assert context.whole == set(names[:6])
    assert [one.text for one in context.snippets[6:]] == ["line 2\nline 3"] * 2


def test_a_window_past_the_end_is_cut_and_one_behind_the_end_is_dropped() -> None:
    context = select([ranked("a.py", (499, 700), (600, 700))], {"a.py": numbered(500)}, AMPLE)
    assert [(one.first, one.last) for one in context.snippets] == [(499, 500)]


def test_a_window_over_everything_is_the_whole_file() -> None:
    context = select([ranked("a.py", (1, 500))], {"a.py": numbered(500)}, AMPLE)
    assert context.whole == {"a.py"}


def test_a_file_too_large_for_what_is_left_gives_way_to_its_windows() -> None:
    text = numbered(300)
    context = select([ranked("a.py", (5, 6))], {"a.py": text}, round(len(text) / CHARACTERS_A_TOKEN / 2))
    assert [one.text for one in context.snippets] == ["line 5\nline 6"]
    assert not context.omitted


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
