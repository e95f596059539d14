from __future__ import annotations

import json
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.core.advice import Advice
from bot.core.bundle import Bundle, Made, NewFile, pack, unpack
from bot.core.context import Ranked
from bot.core.proposals import Figures
from bot.core.results import Drafted, Failed, NotDrafted
from bot.errors import UserError
from tests.samples import BASE, CHANGE, EVIDENCE, FIGURES

DRAFTED = Drafted("Title", "Summary", (CHANGE,), "fast-1", EVIDENCE, FIGURES)


def test_a_draft_comes_back_with_its_new_contents_and_without_its_old_ones() -> None:
    read = unpack(pack(Made("issue_comment/5", BASE, "fix", DRAFTED)))
    expected = Drafted("Title", "Summary", (), "fast-1", EVIDENCE, FIGURES)
    file = NewFile("shop/cart.py", "100644", "a = 1\nb = 3\n")
    assert read == Bundle("issue_comment/5", BASE, "fix", expected, (file,))


def test_nothing_comes_back_with_the_nearest_draft() -> None:
    read = unpack(pack(Made("t/1", BASE, "fix", NotDrafted("why", "what next", (CHANGE,), EVIDENCE, Figures()))))
    assert read.result == NotDrafted("why", "what next", (), EVIDENCE, Figures())
    assert [file.path for file in read.files] == ["shop/cart.py"]


def test_a_reply_that_fitted_nowhere_is_kept() -> None:
    nothing = NotDrafted("why", "what next", (), EVIDENCE, Figures(), "the model's words")
    assert unpack(pack(Made("t/1", BASE, "fix", nothing))).result == nothing


def test_a_failure_needs_no_base() -> None:
    assert unpack(pack(Made("t/1", "", "fix", Failed("no key", "set one")))).result == Failed("no key", "set one")


ADVICE = Advice("Look at the loop.", (Ranked("shop/cart.py", ((1, 4),), ("words: cart",)),), FIGURES)


def test_advice_comes_back_as_it_was() -> None:
    read = unpack(pack(Made("t/1", BASE, "hint", ADVICE)))
    assert read == Bundle("t/1", BASE, "hint", ADVICE, ())


@pytest.mark.parametrize(
    "change",
    [
        {"text": None},
        {"text": "x" * 30_000},
        {"places": 5},
        {"places": [{"path": 5, "lines": [], "why": []}]},
        {"places": [{"path": "a", "lines": [[1]], "why": []}]},
        {"places": [{"path": "a", "lines": [["1; rm", 2]], "why": []}]},
        {"why": 5},
        {"figures": {}},
    ],
)
def test_one_wrong_part_refuses_the_whole_advice(change: dict[str, Any]) -> None:
    value = json.loads(pack(Made("t/1", BASE, "hint", ADVICE)))
    with pytest.raises(UserError, match="bundle cannot be read"):
        unpack(json.dumps({**value, **change}))


@pytest.mark.parametrize(
    "change",
    [
        {"version": 2},
        {"base": "HEAD"},
        {"base": BASE.upper()},
        {"trigger": 5},
        {"result": "pushed"},
        {"result": []},
        {"title": None},
        {"title": "x" * 30_000},
        {"title": "\ud800"},
        {"files": [{"path": "a", "mode": "100644", "content": "\udfff"}]},
        {"files": "all"},
        {"files": [{"path": "a"}]},
        {"files": [{"path": "a", "mode": "100644", "content": 7}]},
        {"files": [{"path": "a", "mode": 644, "content": ""}]},
        {"files": [{"path": "a", "mode": "100644", "content": ""}] * 1001},
        {"evidence": None},
        {"evidence": {"proofs": [{"name": "x" * 99, "outcome": "y"}] * 300, "look_at": [], "making": ""}},
        {"figures": {"phases": [], "model_seconds": "1"}},
    ],
)
def test_one_wrong_part_refuses_the_whole_bundle(change: dict[str, Any]) -> None:
    value = json.loads(pack(Made("t/1", BASE, "fix", DRAFTED)))
    with pytest.raises(UserError, match="bundle cannot be read"):
        unpack(json.dumps({**value, **change}))


@pytest.mark.parametrize("part", ["version", "trigger", "base", "kind", "result", "title", "evidence", "figures"])
def test_a_missing_part_refuses_the_whole_bundle(part: str) -> None:
    value = json.loads(pack(Made("t/1", BASE, "fix", DRAFTED)))
    del value[part]
    with pytest.raises(UserError):
        unpack(json.dumps(value))


@pytest.mark.parametrize("text", ["", "null", "[]", "7", '"x"', "{", "[" * 100_000])
def test_what_is_no_bundle_is_refused(text: str) -> None:
    with pytest.raises(UserError):
        unpack(text)


@given(st.recursive(st.none() | st.text() | st.integers(), lambda x: st.lists(x) | st.dictionaries(st.text(), x)))
def test_any_json_is_refused_in_the_same_way(value: Any) -> None:
    with pytest.raises(UserError):
        unpack(json.dumps(value))
