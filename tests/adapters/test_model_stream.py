from __future__ import annotations

import json
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.adapters.model_stream import (
    MAX_LINE,
    MAX_TEXT,
    Answer,
    BrokenAnswerError,
    error_text,
    events,
    printable,
    whole,
)


def chunk(delta: Any, **more: Any) -> bytes:
    return json.dumps({"choices": [{"index": 0, "delta": delta, **more}]}).encode()


@given(st.lists(st.text(), max_size=8), st.data())
def test_events_are_found_wherever_the_network_cuts_them(texts: list[str], data: st.DataObject) -> None:
    sent = [json.dumps(text).encode() for text in texts]
    end = data.draw(st.sampled_from([b"\n\n", b"\r\n\r\n", b"\n"]))
    stream = (
        b": hello" + end + b"".join(b"data: " + event + end for event in sent) + b"data: [DONE]" + end + b"data: 1\n"
    )
    cuts = sorted(data.draw(st.lists(st.integers(0, len(stream)), max_size=6)))
    pieces = [stream[a:b] for a, b in zip([0, *cuts], [*cuts, len(stream)], strict=True)]
    assert list(events(pieces)) == sent


def test_a_stream_that_just_ends_gives_its_last_event_too() -> None:
    assert list(events([b"event: x\nid: 3\ndata:{}\n\nretry: 1\ndata: [1", b"]"])) == [b"{}", b"[1]"]


def test_a_line_without_end_is_refused() -> None:
    with pytest.raises(BrokenAnswerError, match="without a line break"):
        list(events(b"x" * 1_000_000 for _ in range(MAX_LINE // 1_000_000 + 2)))


def test_a_body_without_end_is_refused() -> None:
    with pytest.raises(BrokenAnswerError, match="sent more than"):
        whole(b"x" * 1_000_000 for _ in range(MAX_LINE // 1_000_000 + 2))


def test_a_text_without_end_is_refused() -> None:
    answer = Answer()
    for _ in range(MAX_TEXT // 1_000_000):
        answer.add(chunk({"content": "x" * 1_000_000}))
    with pytest.raises(BrokenAnswerError, match="went on for more than 4,000,000 characters"):
        answer.add(chunk({"content": "x"}))
    assert len(answer.text) <= MAX_TEXT


def test_endless_reasoning_takes_no_memory() -> None:
    answer = Answer()
    for _ in range(10):
        answer.add(chunk({"reasoning": "x" * 1_000_000, "reasoning_content": "y" * 1_000_000}))
    assert (answer.text, answer.characters, answer.begun) == ("", 0, True)


def test_an_answer_is_gathered_from_its_events() -> None:
    answer = Answer()
    answer.add(chunk({"role": "assistant", "content": ""}))
    assert not answer.begun
    answer.add(chunk({"content": "a"}))
    answer.add(chunk({"content": "b", "reasoning": "hm"}, finish_reason="stop"))
    usage = {"prompt_tokens": 3, "completion_tokens": 2, "prompt_tokens_details": {"cached_tokens": 1}}
    answer.add(json.dumps({"model": "m", "choices": [], "usage": usage}).encode())
    assert (answer.text, answer.finish_reason, answer.model) == ("ab", "stop", "m")
    assert (answer.tokens_in, answer.tokens_out, answer.tokens_cached) == (3, 2, 1)


@pytest.mark.parametrize(
    "usage",
    [None, [], {}, {"prompt_tokens": -1}, {"prompt_tokens": True}, {"prompt_tokens": "9"}, {"prompt_tokens": 1e9}],
)
def test_figures_that_make_no_sense_are_none(usage: Any) -> None:
    answer = Answer()
    answer.add(json.dumps({"choices": [], "usage": usage}).encode())
    assert answer.tokens_in is None


@pytest.mark.parametrize(
    ("event", "words"),
    [
        (b"", "not JSON: check the base-url input"),
        (b"<html>", "not JSON"),
        (b"\xff", "not JSON"),
        (b"[" * 100_000, "not JSON"),
        (b"9" * 5_000, "not JSON"),
        (b"[]", "no answer"),
        (b'{"error": {"message": "boom\\nboom"}}', "failed while answering: boom boom"),
        (b'{"error": "boom"}', "failed while answering: boom"),
    ],
)
def test_what_is_no_answer_says_why(event: bytes, words: str) -> None:
    with pytest.raises(BrokenAnswerError, match=words):
        Answer().add(event)


JSON: st.SearchStrategy[Any] = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=5),
    lambda inner: (
        st.lists(inner, max_size=3)
        | st.dictionaries(
            st.sampled_from(
                ["choices", "delta", "message", "content", "refusal", "usage", "model", "finish_reason", "error"]
            ),
            inner,
            max_size=4,
        )
    ),
    max_leaves=12,
)


@given(JSON)
def test_any_json_is_an_answer_or_broken(data: Any) -> None:
    answer = Answer()
    try:
        answer.add(json.dumps(data).encode())
    except BrokenAnswerError as error:
        assert len(str(error)) < 300  # noqa: PT017  both ways are right
    assert answer.characters == len(answer.text)


@pytest.mark.parametrize(
    ("data", "text"),
    [
        ({"error": {"message": "nested"}}, "nested"),
        ({"message": "flat", "type": "x"}, "flat"),
        ({"detail": [{"loc": ["body"], "msg": "bad"}]}, '[{"loc": ["body"], "msg": "bad"}]'),
        ("text", "text"),
        ({"error": {}}, '{"error": {}}'),
        (None, "null"),
    ],
)
def test_an_error_is_put_into_one_line_whatever_its_shape(data: Any, text: str) -> None:
    assert error_text(data) == text


def test_foreign_text_cannot_act_in_a_log() -> None:
    assert printable("\x1b[31mred\n::error::x\u202e\u0000", 100) == "[31mred ::error::x"
    assert printable("a" * 300, 10) == "aaaaaaaaaa…"
