"""White space: what a model may have otherwise, and what becomes of its new lines."""

from __future__ import annotations

import pytest

from bot.core.indenting import respaced
from bot.core.spacing import differs_in_spacing_only, merge_spacing


@pytest.mark.parametrize(
    ("base", "real", "new", "merged"),
    [
        pytest.param("x=f(a)", "x = f(a)", "x = g(a)", "x = g(a)", id="the new line is as it is"),
        pytest.param("x=f(a)", "x = f(a)", "x=g(a)", None, id="the same slip in both may be meant"),
        pytest.param("f(a,b)", "f(a, b)", "f(a,c)", None, id="beside a word of the same kind, too"),
        pytest.param("f(a,b)", "f(a, b)", "f[b]", "f[b]", id="beside another sign it is another gap"),
        pytest.param("a  b", "a b", "a b c", "a b c", id="two spaces"),
        pytest.param(
            'say("hi") +1',
            "say(\u201chi\u201d) + 1",
            'say("ho") + 1',
            "say(\u201cho\u201d) + 1",
            id="real typography stays",
        ),
        pytest.param("f(a,b)", "f(a, b)", "f(\n  a,\n  b)", "f(\n  a,\n  b)", id="line breaks are no gaps"),
    ],
)
def test_changed_lines_whose_quoted_form_had_other_spaces(base: str, real: str, new: str, merged: str | None) -> None:
    assert differs_in_spacing_only(base, real)
    assert merge_spacing(base, real, new) == merged


def test_other_words_are_more_than_spacing() -> None:
    assert not differs_in_spacing_only("a b", "a c")
    assert not differs_in_spacing_only("ab", "a b")


@pytest.mark.parametrize(
    ("window", "old", "new", "wanted"),
    [
        pytest.param("    a|      b", "a|  b", "a|  c", "    a|      c", id="deeper"),
        pytest.param("a|  b", "    a|      b", "    a|      c", "a|  c", id="less deep"),
        pytest.param("    a|        b", "\ta|\t\tb", "\ta|\t\t\tc", "    a|            c", id="tabs for spaces"),
        pytest.param("\ta|\t\tb", "    a|        b", "    a|        c", "\ta|\t\tc", id="spaces for tabs"),
        pytest.param("\ta|\t\tb", "  a|    b", "  a|    c", "\ta|\t\tc", id="two spaces a tab"),
        pytest.param("    a|  b", "a|b", "a|c", None, id="no one way"),
        pytest.param("    a", "  a", "    c", None, id="new lines that may be in place already"),
        pytest.param("a|b", "  a|  b", "  a| c", None, id="a new line that is not that deep"),
        pytest.param("a|b", "a|b", "a|  c", "a|  c", id="the same depth"),
    ],
)
def test_new_lines_follow_the_depth_of_the_old_ones(window: str, old: str, new: str, wanted: str | None) -> None:
    split = respaced(window.split("|"), tuple(old.split("|")), tuple(new.split("|")))
    assert (split and "|".join(split[1])) == wanted
