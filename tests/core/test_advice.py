from __future__ import annotations

from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.core.advice import LONGEST_ADVICE, Advice, checklist, explanation, hint, without_code
from bot.core.context import Ranked
from bot.core.proposals import Figures
from tests.samples import CHANGE, FIGURES, SHA

PLACES = (
    Ranked("shop/cart.py", ((3, 9), (20, 31), (40, 41)), ("words: cart, total", "defines total", "path", "more")),
    Ranked("odd `name`.py", (), ("words: @maria",)),
)
SAID = "**Where**: start at `total` in shop/cart.py.\n\n**Idea**: the slice drops one.\n\n**First test**: three prices."


@pytest.mark.parametrize(
    ("said", "kept"),
    [
        ("a\n```python\nx = 1\n```\nb", "a\nb"),
        ("a\n~~~\nx = 1\n```\n~~~\nb", "a\nb"),
        ("a\n```\nnever closed", "a"),
        ("a\n````\n```\nx\n```\n````\nb", "a\nb"),
        ("a\n\n    x = 1\n\nb", "a\n\nb"),
        ("a\n\tx = 1\nb", "a\nb"),
        ("- a\n    - below it\n    1. and this", "- a\n    - below it\n    1. and this"),
        ("use `total()` there", "use `total()` there"),
        ("```\nx\n```", ""),
        ("", ""),
    ],
)
def test_a_hint_has_no_code(said: str, kept: str) -> None:
    assert without_code(said) == kept


@given(st.text(alphabet="a`~ \n\t", max_size=60))
def test_no_fence_is_left_however_the_text_is_made(text: str) -> None:
    kept = without_code(text)
    assert without_code(kept) == kept
    assert not any(line.startswith(("```", "~~~")) for line in kept.split("\n"))


def test_the_hint_says_where_to_look_and_then_what_the_model_said(snapshot: object) -> None:
    assert hint(Advice(SAID, PLACES, FIGURES)) == snapshot


def test_a_hint_without_a_model_still_says_where_to_look(snapshot: object) -> None:
    assert hint(Advice("", PLACES, Figures(), "the endpoint answered 503")) == snapshot


def test_a_model_that_writes_code_all_the_same_is_told_of() -> None:
    text = hint(Advice("```python\nresult = sum(prices)\n```", (), Figures()))
    assert "answered with code alone" in text
    assert "sum(prices)" not in text


def test_an_explanation_ends_with_what_the_diff_itself_raises(snapshot: object) -> None:
    assert explanation(Advice(SAID, (), FIGURES), SHA, [CHANGE]) == snapshot


@pytest.mark.parametrize("show", [hint, lambda advice: explanation(advice, SHA, [CHANGE])])
def test_a_models_words_are_nothing_but_text(show: object) -> None:
    text = show(Advice("@maria see https://evil.test ![x](y) <img src=x> Fixes #3" + "x" * 9000, (), FIGURES))  # type: ignore[operator]
    assert "@maria" not in text
    assert "![" not in text
    assert "<img" not in text
    assert len(text) < LONGEST_ADVICE + 2000


@pytest.mark.parametrize(
    ("path", "before", "after", "point"),
    [
        ("app.py", "x\n", "x\ncheck_permission(user)\n", "who may do what"),
        ("app.py", "with lock:\n", "pass\n", "two at once"),
        ("main.tf", "a\n", "b\n", "replaced or destroyed"),
        ("app.py", "a\n", "b\n", "no test changes with it"),
        ("tests/test_app.py", "a\n", None, "who else reads it"),
        ("app.py", "a\n", "except ValueError:\n", "swallowed"),
    ],
)
def test_the_checklist_comes_from_what_changes(path: str, before: str, after: str | None, point: str) -> None:
    points = checklist([replace(CHANGE, path=path, before=before, after=after)])
    assert any(point in one for one in points)


def test_lines_that_stay_raise_nothing() -> None:
    text = "password = 1\nlock = 2\n"
    test = replace(CHANGE, path="tests/test_a.py", before="a = 1\n", after="a = 2\n")
    assert checklist([replace(CHANGE, before=text, after=f"{text}y = 1\n"), test]) == ()
