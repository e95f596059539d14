from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.adapters.model_thoughts import Listener

CASES = {
    "plain answer": "plain answer",
    "  \n plain": "  \n plain",
    "<think>hm</think>\n\nanswer": "answer",
    "\n<THINKING>\nhm\n</thinking>answer": "answer",
    "<think>a</think> <think>b</think> c": "c",
    "<think>never closed <b>": "",
    "<think></think>": "",
    "[THINK]hm[/THINK]answer": "answer",
    "◁think▷hm◁/think▷answer": "answer",
    "<thi": "<thi",
    "<thinker>x": "<thinker>x",
    "<a>x</a>": "<a>x</a>",
    "x <think>y</think>": "x <think>y</think>",
    "": "",
    " " * 2000 + "x": " " * 2000 + "x",
}


def heard(pieces: list[str]) -> str:
    listener = Listener()
    return "".join([*map(listener.hear, pieces), listener.rest()])


@pytest.mark.parametrize("text", CASES)
def test_reasoning_before_the_answer_is_not_part_of_it(text: str) -> None:
    assert heard([text]) == heard(list(text)) == CASES[text]


@given(st.sampled_from(sorted(CASES)), st.data())
def test_it_does_not_matter_where_the_pieces_are_cut(text: str, data: st.DataObject) -> None:
    cuts = sorted(data.draw(st.lists(st.integers(0, len(text)), max_size=5)))
    pieces = [text[a:b] for a, b in zip([0, *cuts], [*cuts, len(text)], strict=True)]
    assert heard(pieces) == CASES[text]


@given(st.text().filter(lambda text: "<" not in text and "[" not in text and "◁" not in text))
def test_an_answer_without_tags_comes_through_unchanged(text: str) -> None:
    assert heard(list(text)) == text


def test_endless_reasoning_takes_no_memory() -> None:
    listener = Listener()
    listener.hear("<think>")
    for _ in range(100):
        assert listener.hear("hm " * 1000) == ""
    assert len(listener._held) < 100
    assert listener.hear("</thi") + listener.hear("nk>answer") == "answer"
