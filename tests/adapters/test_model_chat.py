"""Retries, fallbacks and parameters by table, over real HTTP; `test_model.py` does the same through the process."""

from __future__ import annotations

import time
from typing import TYPE_CHECKING, Any

import pytest

from bot.adapters.model_chat import Chat
from bot.adapters.model_errors import ModelFailure
from bot.adapters.model_request import Request
from bot.adapters.model_target import Target
from bot.rehearsal.answers import NAMED, Answer, HttpError, Reply, rate_limited, unsupported
from bot.rehearsal.model import SimulatedModel

if TYPE_CHECKING:
    from collections.abc import Iterator

NOBODY = "http://127.0.0.1:9/v1"


@pytest.fixture(scope="module", autouse=True)
def _imported() -> None:
    """Importing the SDK takes longer than any of these tests may."""
    Chat([target(NOBODY)]).warm()


def request(seconds: float = 5.0) -> Request:
    return Request([{"role": "user", "content": "Why?"}], 1000, 0.3, time.monotonic() + seconds)


_made: list[Target] = []


@pytest.fixture(autouse=True)
def _closed() -> Iterator[None]:
    """The process under test keeps its connections to the end; a test may not."""
    yield
    while _made:
        _made.pop().client.close()


def target(url: str, key: str = "sk-test", model: str = "simulated-1") -> Target:
    _made.append(Target(url, key, model))
    return _made[-1]


@pytest.mark.parametrize(
    ("faults", "seconds"),
    [
        ([NAMED["quota"]], 5),
        ([NAMED["rate-limited-long"]], 5),
        ([rate_limited("3")], 20),
        ([NAMED["overloaded"]] * 2, 5),
        ([NAMED["reset"]] * 2, 5),
        ([NAMED["cut"]] * 2, 5),
        ([NAMED["hang"]], 2),
        ([HttpError(402, "pay first")], 5),
    ],
    ids=["quota", "rate for an hour", "rate for 3 s", "overloaded", "reset", "cut", "hang", "unpaid"],
)
def test_the_next_endpoint_answers_where_the_first_does_not(faults: list[Answer], seconds: float) -> None:
    first = SimulatedModel(first_token=0)
    first.queue(*faults, Reply("again"))
    second = SimulatedModel(model="simulated-2", first_token=0)
    second.queue(Reply("one"), Reply("two"))
    with first.serve() as here, second.serve() as there:
        chat = Chat([target(here), target(there, model="simulated-2")])
        begun = time.monotonic()
        answer = chat.ask(request(seconds))
        took = time.monotonic() - begun
        again = chat.ask(request(seconds))
    assert (answer["text"], answer["model"], answer["attempts"]) == ("one", "simulated-2", len(faults) + 1)
    assert again["text"] == "two", "an endpoint that was down is not asked first again at once"
    assert took < 2.5, "a fallback is not kept waiting"


def test_an_endpoint_that_was_down_is_still_asked_when_the_others_are_down_too() -> None:
    endpoint = SimulatedModel(first_token=0)
    endpoint.queue(*[NAMED["quota"]] * 2, Reply("back"))
    with endpoint.serve() as url:
        chat = Chat([target(url), target(url)])
        with pytest.raises(ModelFailure, match=r"the quota at .*; the quota at "):
            chat.ask(request())
        assert chat.ask(request())["text"] == "back"


def test_where_all_are_down_each_is_named() -> None:
    endpoint = SimulatedModel(first_token=0)
    endpoint.queue(NAMED["quota"])
    with endpoint.serve() as url, pytest.raises(ModelFailure) as caught:
        Chat([target(NOBODY), target(url)]).ask(request())
    assert str(caught.value).startswith("127.0.0.1:9 cannot be reached (")
    assert "Connection refused): check the base-url input; the quota at 127.0.0.1" in str(caught.value)


@pytest.mark.parametrize("shape", ["nested", "flat", "detail", "html"])
@pytest.mark.parametrize(
    ("name", "left"),
    [
        ("max_completion_tokens", {"max_tokens", "stream_options", "temperature"}),
        ("stream_options", {"max_completion_tokens", "temperature"}),
        ("temperature", {"max_completion_tokens", "stream_options"}),
    ],
)
def test_a_parameter_is_left_out_however_the_endpoint_names_it(shape: Any, name: str, left: set[str]) -> None:
    endpoint = SimulatedModel(first_token=0)
    endpoint.queue(unsupported(name, shape), Reply("one"), Reply("two"))
    with endpoint.serve() as url:
        chat = Chat([target(url)])
        assert [chat.ask(request())["attempts"], chat.ask(request())["attempts"]] == [2, 1]
    assert endpoint.requests[-1].body.keys() == {"model", "messages", "stream"} | left


def test_a_parameter_that_no_endpoint_can_do_without_is_an_error() -> None:
    endpoint = SimulatedModel(first_token=0, unsupported=("messages",))
    with endpoint.serve() as url, pytest.raises(ModelFailure, match=r"refused the request .* \(400\).*'messages'"):
        Chat([target(url)]).ask(request())
    assert len(endpoint.requests) == 1


def test_a_limit_that_is_too_large_ends_after_one_more_try() -> None:
    too_large = HttpError(400, "'max_tokens' or 'max_completion_tokens' is too large: 1000.", "invalid_value")
    endpoint = SimulatedModel(first_token=0)
    endpoint.queue(too_large, too_large, Reply("never"))
    with endpoint.serve() as url, pytest.raises(ModelFailure, match="is too large: 1000"):
        Chat([target(url)]).ask(request())
    assert endpoint.waiting == 1


@pytest.mark.parametrize(
    ("wait", "expected"), [("0.7", 0.7), ("0", 0.0), ("-3", 0.0), ("soon", 0.0), ("1e9", 0.0), ("", 0.0)]
)
def test_only_a_sensible_wait_is_kept(wait: str, expected: float) -> None:
    endpoint = SimulatedModel(first_token=0)
    endpoint.queue(rate_limited(wait), Reply("x"))
    with endpoint.serve() as url:
        Chat([target(url)]).ask(request())
    first, second = endpoint.requests
    assert expected <= second.at - first.at < 1.5


def test_waiting_ends_with_the_deadline() -> None:
    endpoint = SimulatedModel(first_token=0, answer=lambda _: NAMED["overloaded"])
    begun = time.monotonic()
    with endpoint.serve() as url, pytest.raises(ModelFailure, match="answered 503: The engine is currently overloaded"):
        Chat([target(url)]).ask(request(2))
    assert time.monotonic() - begun < 2
    assert 2 <= len(endpoint.requests) <= 8


def test_a_wrong_address_is_told_from_a_wrong_model() -> None:
    endpoint = SimulatedModel(first_token=0)
    with endpoint.serve() as url:
        with pytest.raises(ModelFailure, match="base-url, which usually ends in"):
            Chat([target(url.removesuffix("/v1"))]).ask(request())
        with pytest.raises(ModelFailure, match=r"model simulated-l is not known at .*; it offers: simulated-1$"):
            Chat([target(url, model="simulated-l")]).ask(request())


def test_a_server_without_keys_is_asked_with_a_stand_in() -> None:
    endpoint = SimulatedModel(api_key="", first_token=0)
    endpoint.queue(Reply("x"))
    with endpoint.serve() as url:
        assert Chat([target(url, key="")]).ask(request())["text"] == "x"
    assert endpoint.requests[0].headers["authorization"] == "Bearer none"


def test_the_key_is_not_in_the_repr() -> None:
    endpoint = target(NOBODY, key="sk-hidden")
    _ = endpoint.client
    assert "hidden" not in repr(endpoint)
