from __future__ import annotations

import math
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.core.endpoints import UNLIMITED, Offer, Profile, Window, duration, nearest, offers, reset_wait, slots, windows

OPENAI = {
    "x-ratelimit-limit-requests": "500",
    "x-ratelimit-remaining-requests": "499",
    "x-ratelimit-reset-requests": "120ms",
    "x-ratelimit-limit-tokens": "30000",
    "x-ratelimit-remaining-tokens": "24500",
    "x-ratelimit-reset-tokens": "6m0s",
    "content-type": "text/event-stream",
}
CEREBRAS = {
    "x-ratelimit-limit-requests-day": "1000",
    "x-ratelimit-remaining-requests-day": "3",
    "x-ratelimit-reset-requests-day": "33011.382867",
    "x-ratelimit-remaining-tokens-minute": "59900",
    "x-ratelimit-limit-tokens-minute": "60000",
    "x-ratelimit-reset-tokens-minute": "11.38",
}


@pytest.mark.parametrize(
    ("headers", "tokens", "elapsed", "unseen", "room"),
    [
        (OPENAI, 1000, 0, 0, 24),
        (OPENAI, 1000, 0, 4, 20),
        (OPENAI, 1000, 0, 40, 0),
        (OPENAI, 30_000, 0, 0, 0),
        (OPENAI, 30_000, 361, 0, 1),
        (OPENAI, 0, 0, 0, 499),
        (OPENAI, 0, 0.2, 0, 500),
        (CEREBRAS, 24_000, 0, 0, 2),
        (CEREBRAS, 10_000, 0, 0, 3),
        (CEREBRAS, 60_000, 12, 0, 1),
        ({"x-ratelimit-limit": "20", "x-ratelimit-remaining": "5", "x-ratelimit-reset": "1741305600000"}, 9, 99, 0, 5),
        ({"x-ratelimit-remaining-tokens": "10", "x-ratelimit-reset-tokens": "1s"}, 100, 2, 8, UNLIMITED),
        ({"x-ratelimit-remaining-requests": "soon", "x-ratelimit-limit-requests": "9"}, 1, 0, 0, UNLIMITED),
        ({"x-ratelimit-remaining-requests": "-1"}, 1, 0, 0, UNLIMITED),
        ({}, 1_000_000, 0, 50, UNLIMITED),
    ],
)
def test_as_many_requests_fit_as_the_tightest_limit_allows(
    headers: dict[str, str], tokens: int, elapsed: float, unseen: int, room: int
) -> None:
    assert slots(windows(headers), tokens, elapsed, unseen) == room


@pytest.mark.parametrize(
    ("text", "seconds"),
    [
        ("6m0s", 360),
        ("1h2m3.5s", 3723.5),
        ("20ms", 0.02),
        ("1d", 86400),
        ("0.5", 0.5),
        ("1741305600", math.inf),
        ("", math.inf),
        ("soon", math.inf),
        ("1s later", math.inf),
        ("-1s", math.inf),
        ("9" * 40, math.inf),
    ],
)
def test_durations_are_read_in_every_spelling_seen(text: str, seconds: float) -> None:
    assert duration(text) == seconds


@given(st.dictionaries(st.sampled_from([*OPENAI, *CEREBRAS, "x-ratelimit-remaining-a-b"]), st.text(max_size=12)))
def test_no_header_breaks_the_arithmetic(headers: dict[str, str]) -> None:
    assert 0 <= slots(windows(headers), 100, 1.0, 3) <= UNLIMITED
    assert reset_wait(windows(headers)) < math.inf


def test_one_waits_for_the_limits_that_are_used_up() -> None:
    spent = Window("tokens", 0, 100, 2.5)
    assert reset_wait([spent, Window("requests", 1, 9, 60), Window("requests", 0, 9, math.inf)]) == 2.5
    assert reset_wait([Window("requests", 1, 9, 60)]) == 0


LIMIT = {"max_completion_tokens": 4000}
TEMPERATURE = {"temperature": 0.3}


@pytest.mark.parametrize(
    ("said", "named", "sent", "expected"),
    [
        ("max_tokens is too large: 4000. This model supports at most 512 completion tokens.", "max_tokens", LIMIT, 512),
        ("`max_completion_tokens` must be less than or equal to `1024`, the maximum value", "", LIMIT, 1024),
        (
            "This model's maximum context length is 8192 tokens. However, you requested 9000 (5000 in the messages).",
            "messages",
            LIMIT,
            8192 - 5000 - 64,
        ),
        (
            "max_tokens is too large: 4000. Its context length is 4096 and your request has 3000 input tokens.",
            "max_tokens",
            LIMIT,
            4096 - 3000 - 64,
        ),
    ],
)
def test_a_limit_that_a_refusal_names_is_kept_to(said: str, named: str, sent: dict[str, Any], expected: int) -> None:
    prompt = 20_000
    learned = Profile().learned(said, said, named, sent, prompt)
    assert learned is not None
    parameters = learned.parameters(prompt, 4000, 0.3)
    assert abs(parameters["max_completion_tokens"] - expected) <= 1
    assert learned.parameters(prompt, 300, 0.3)["max_completion_tokens"] == 300


@pytest.mark.parametrize(
    "said",
    [
        "max_tokens is too large: 4000",
        "max_tokens must be at most 12 completion tokens",
        "maximum context length is 8192 tokens, you passed 9000 input tokens",
        "'messages' must alternate",
        "",
    ],
)
def test_a_refusal_that_teaches_nothing_is_not_answered_by_asking_again(said: str) -> None:
    assert (
        Profile(refused=frozenset({"max_completion_tokens"})).learned(said, said, "", {"max_tokens": 4000}, 9) is None
    )


@pytest.mark.parametrize(
    ("said", "named", "refused"),
    [
        ("Unsupported value", "temperature", "temperature"),
        ("unknown field reasoning_effort", "", "reasoning_effort"),
        ("Unsupported parameter: 'max_completion_tokens'", "max_completion_tokens", "max_completion_tokens"),
    ],
)
def test_a_parameter_that_a_refusal_names_is_not_sent_again(said: str, named: str, refused: str) -> None:
    profile = Profile(effort="low")
    sent = profile.parameters(10, 4000, 0.3)
    assert sent.keys() >= {"reasoning_effort", "temperature", "stream_options", "max_completion_tokens"}
    learned = profile.learned(said, said, named, sent, 10)
    assert learned is not None
    later = learned.parameters(10, 4000, 0.3)
    assert refused not in later
    assert later.get("max_tokens") == (4000 if refused == "max_completion_tokens" else None)
    assert learned.learned(said, said, named, later, 10) is None


@given(st.text(max_size=80), st.text(max_size=10))
def test_learning_from_any_refusal_comes_to_an_end(said: str, named: str) -> None:
    profile: Profile | None = Profile(effort="low")
    for _ in range(20):
        assert profile is not None
        said_now = f"max_tokens context length 5000 {said}"
        profile = profile.learned(said_now, said_now, named, profile.parameters(10, 4000, 0.3), 10)
        if profile is None:
            return
    pytest.fail("it goes on for ever")


def test_an_answer_is_asked_for_that_the_context_has_room_for() -> None:
    profile = Profile().offered(Offer("m", 8192, 4096))
    assert profile.answer_tokens(300, 10_000) == 4096
    assert profile.answer_tokens(15_000, 10_000) == 8192 - 5000 - 64
    assert profile.answer_tokens(60_000, 1000) == 1000, "what cannot fit is for the endpoint to refuse"
    assert Profile().answer_tokens(60_000, 1000) == 1000


@pytest.mark.parametrize(
    ("listed", "found"),
    [
        ({"data": [{"id": "a"}, {"id": "b", "max_model_len": 8192}]}, [Offer("a"), Offer("b", 8192)]),
        ([{"id": "t", "context_length": 4096}], [Offer("t", 4096)]),
        (
            {"data": [{"id": "g", "context_window": 131072, "max_completion_tokens": 65536}]},
            [Offer("g", 131072, 65536)],
        ),
        (
            {"data": [{"id": "o", "context_length": 9000, "top_provider": {"max_completion_tokens": 4096}}]},
            [Offer("o", 9000, 4096)],
        ),
        ({"data": [{"id": "x\x1b[31m", "context_length": "many", "max_output_tokens": True}]}, [Offer("x[31m")]),
        ({"data": [1, None, {}, {"id": 3}, {"id": ""}]}, []),
        ({"data": "none"}, []),
        (None, []),
        ({"data": [{"id": str(at)} for at in range(9999)]}, [Offer(str(at)) for at in range(2000)]),
    ],
)
def test_what_an_endpoint_lists_is_read_in_every_shape_seen(listed: Any, found: list[Offer]) -> None:
    assert list(offers(listed)) == found


def test_the_nearest_names_come_first() -> None:
    many = [f"other-{at}" for at in range(2000)]
    assert nearest("gpt-oss-120", ["llama", "gpt-oss-120b"]) == ["gpt-oss-120b", "llama"]
    assert nearest("gpt-oss-120", [*many, "gpt-oss-120b"])[0] == "gpt-oss-120b"
    assert nearest("gpt-oss-120", [*many, "gpt-oss-120b"])[-1] == "and 1,993 more"
