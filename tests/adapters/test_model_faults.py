"""Every way in which the simulated endpoint disappoints, and the one right answer to each, over real HTTP."""

from __future__ import annotations

import re
import time
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

import pytest

from bot.adapters.model_chat import Chat
from bot.adapters.model_errors import ModelFailure
from bot.adapters.model_request import Request
from bot.adapters.model_target import Target
from bot.core.endpoints import Profile
from bot.rehearsal.answers import NAMED, HttpError, Reply
from bot.rehearsal.model import SimulatedModel, refusing_url

if TYPE_CHECKING:
    from collections.abc import Iterator

SAMPLE = "The cause is a missing check. Here is the change that mends it."


@dataclass(frozen=True)
class Right:
    """What is right: with one such answer, whether a second request follows; with nothing else, the error's kind.

    `elsewhere` says whether the next endpoint answers in its place.
    """

    again: bool
    kind: str = ""
    words: str = ""
    elsewhere: bool = True
    seconds: float = 5


LATE = Right(again=False, kind="time", words="no whole answer in time", elsewhere=False, seconds=0.6)

FAULTS = {
    "unsupported-stream-options": Right(again=True, words="Unsupported parameter: 'stream_options'"),
    "unsupported-temperature": Right(again=True, words="Unsupported parameter: 'temperature'"),
    "unsupported-max-completion-tokens": Right(again=True, words="Unsupported parameter: 'max_completion_tokens'"),
    "unauthorized": Right(again=False, kind="key", words=r"refused the key \(401\): check the api-key input"),
    "payment-required": Right(again=False, kind="quota", words=r"the quota at .* is used up \(402\)"),
    "forbidden": Right(again=False, kind="key", words=r"does not let this key use simulated-1 \(403\)"),
    "model-not-found": Right(again=False, kind="model", words="lists simulated-1 but refused it"),
    "bad-request": Right(again=False, words=r"refused the request .* \(400\): 'messages' must alternate"),
    "context-too-long": Right(again=False, kind="prompt", words="the prompt is too long for simulated-1"),
    "request-timeout": Right(again=True, words="answered 408"),
    "conflict": Right(again=True, words="answered 409"),
    "rate-limited": Right(again=True, kind="rate", words="limits the rate"),
    "rate-limited-short": Right(again=True, kind="rate", words="limits the rate"),
    "rate-limited-ms": Right(again=True, kind="rate", words="limits the rate"),
    "rate-limited-headers": Right(again=True, kind="rate", words="limits the rate"),
    "rate-limited-long": Right(again=False, kind="rate", words="asks to wait 3,600 s"),
    "quota": Right(again=False, kind="quota", words=r"the quota at .* is used up \(429\)"),
    "server-error": Right(again=True, words="answered 500"),
    "bad-gateway": Right(again=True, words="answered 502: no reason given"),
    "overloaded": Right(again=True, words="answered 503"),
    "reset": Right(again=True, kind="unreachable", words="cannot be reached"),
    "cut": Right(again=True, words="broke off after 63 characters"),
    "drop": Right(again=True, words="broke off after 63 characters"),
    "reset-midway": Right(again=True, words="broke off"),
    "error-midway": Right(again=True, words="failed while answering"),
    "garbage": Right(again=True, words="sent something that is not JSON"),
    "not-json": Right(again=True, words="not JSON: check the base-url input"),
    "wrong-json": Right(again=True, words="broke off after 0 characters"),
    "usage-only": Right(again=True, words="broke off after 0 characters"),
    "length": Right(again=False, kind="cut", words="cut at the limit of 1,000 tokens", elsewhere=False),
    "content-filter": Right(again=False, kind="refused", words="a content filter", elsewhere=False),
    "refusal": Right(again=False, kind="refused", words="I can't help with that", elsewhere=False),
    "hang": LATE,
    "stall": LATE,
    "drip": LATE,
    "endless": LATE,
}
"""By name; `seconds` is all the time there is."""

GOOD = {
    "answer-too-long": SAMPLE,  # it is about `max_tokens`, which is not sent before it has to be
    "no-usage": SAMPLE,
    "thoughts": SAMPLE,
    "thoughts-only": "",
    "reasoning-only": "",
    "empty": "",
}


@dataclass
class Stage:
    """Two endpoints, and clients for them that all tests share: making one takes longer than most of the tests."""

    first: SimulatedModel
    second: SimulatedModel
    targets: list[Target]

    def chat(self, endpoints: int = 1) -> Chat:
        """Targets that know nothing yet."""
        return Chat([replace(target, profile=Profile(), _offers=None) for target in self.targets[:endpoints]])


@pytest.fixture(scope="module")
def theatre() -> Iterator[Stage]:
    first = SimulatedModel(first_token=0)
    second = SimulatedModel(model="other", first_token=0)
    with first.serve() as here, second.serve() as there:
        targets = [Target(here, "sk-test", "simulated-1"), Target(there, "sk-test", "other")]
        with targets[0].client, targets[1].client:
            yield Stage(first, second, targets)


@pytest.fixture
def stage(theatre: Stage) -> Stage:
    for model in (theatre.first, theatre.second):
        model._queue.clear()
        model.requests.clear()
        model.answer = model.listed = None
        model.figures = {}
    return theatre


def ask(chat: Chat, seconds: float = 5.0) -> dict[str, object]:
    return chat.ask(Request([{"role": "user", "content": "Why?"}], 1000, 0.3, time.monotonic() + seconds))


def test_each_named_fault_has_its_right_answer() -> None:
    assert FAULTS.keys() | GOOD.keys() == NAMED.keys()


@pytest.mark.parametrize("name", GOOD)
def test_what_only_looks_like_a_fault_is_an_answer_without_its_reasoning(stage: Stage, name: str) -> None:
    stage.first.queue(NAMED[name], Reply(SAMPLE))
    assert ask(stage.chat())["text"] == GOOD[name]


@pytest.mark.parametrize("name", FAULTS)
def test_a_fault_that_may_pass_is_asked_again_and_no_other(stage: Stage, name: str) -> None:
    right = FAULTS[name]
    stage.first.queue(NAMED[name], Reply("second"))
    if right.again:
        answer = ask(stage.chat(), right.seconds)
        assert (answer["text"], answer["attempts"], answer["detour"]) == ("second", 2, "")
    else:
        with pytest.raises(ModelFailure, match=right.words) as caught:
            ask(stage.chat(), right.seconds)
        assert caught.value.kind == right.kind
        assert len(stage.first.requests) == 1


@pytest.mark.parametrize("name", [name for name, right in FAULTS.items() if right.seconds > 1])
def test_a_fault_that_stays_is_told_and_made_up_for_by_the_next_endpoint(stage: Stage, name: str) -> None:
    right = FAULTS[name]
    stage.first.answer = lambda _: NAMED[name]
    stage.second.queue(Reply("elsewhere"))
    both = stage.chat(2)
    if not right.elsewhere:
        with pytest.raises(ModelFailure, match=right.words):
            ask(both)
        assert stage.second.requests == []
    elif not name.startswith("unsupported"):  # that fault goes away with its parameter
        answer = ask(both)
        assert (answer["text"], answer["attempts"]) == ("elsewhere", 3 if right.again else 2)
        assert re.search(right.words, str(answer["detour"]))


def test_an_endpoint_that_says_nothing_leaves_time_for_the_next(stage: Stage) -> None:
    stage.first.queue(NAMED["hang"])
    stage.second.queue(Reply("elsewhere"))
    answer = ask(stage.chat(2), 2)
    assert answer["text"] == "elsewhere"
    assert "did not answer in time" in str(answer["detour"])


@pytest.mark.parametrize(("fault", "asked_again"), [("unauthorized", 1), ("context-too-long", 2)])
def test_what_holds_for_the_whole_run_is_not_tried_again_in_it(stage: Stage, fault: str, asked_again: int) -> None:
    stage.first.answer = lambda _: NAMED[fault]
    stage.second.answer = lambda _: Reply("elsewhere")
    both = stage.chat(2)
    assert [ask(both)["attempts"], ask(both)["attempts"]] == [2, asked_again]


def test_the_answers_that_came_before_the_quota_was_gone_are_kept(stage: Stage) -> None:
    stage.first.queue(*[Reply("paid")] * 5, *[NAMED["quota"]] * 3)
    chat = stage.chat()
    with ThreadPoolExecutor(8) as pool:
        futures = [pool.submit(ask, chat) for _ in range(8)]
        failures = [future.exception() for future in futures]
        texts = [future.result()["text"] for future in futures if not future.exception()]
    assert texts == ["paid"] * 5
    assert {failure.kind for failure in failures if isinstance(failure, ModelFailure)} == {"quota"}


def test_a_limit_of_the_answer_is_learned_once(stage: Stage) -> None:
    too_long = HttpError(400, "max_completion_tokens is too large: 1000. This model supports at most 512 output tokens")
    stage.first.queue(too_long, Reply("one"), Reply("two"))
    chat = stage.chat()
    assert [ask(chat)["attempts"], ask(chat)["attempts"]] == [2, 1]
    assert [seen.body["max_completion_tokens"] for seen in stage.first.requests] == [1000, 512, 512]


def test_what_the_endpoint_lists_of_the_model_bounds_the_answer(stage: Stage) -> None:
    stage.first.figures = {"context_length": 8192, "max_completion_tokens": 600}
    stage.first.queue(Reply("x"))
    chat = stage.chat()
    chat.look()
    ask(chat)
    assert stage.first.requests[0].body["max_completion_tokens"] == 600


@pytest.mark.parametrize("listed", ["unauthorized", "model-not-found", "server-error", "not-json", "garbage", "reset"])
def test_an_endpoint_that_lists_nothing_is_asked_all_the_same(stage: Stage, listed: str) -> None:
    stage.first.listed = NAMED[listed]
    stage.first.queue(Reply("x"))
    chat = stage.chat()
    chat.look()
    assert ask(chat)["text"] == "x"


@pytest.mark.parametrize(
    ("scheme", "words"), [("http", "cannot be reached ("), ("https", "does not speak TLS as it should (")]
)
def test_why_a_host_cannot_be_reached_is_told(stage: Stage, scheme: str, words: str) -> None:
    plain = stage.targets[0].base_url.replace("http:", "https:")
    with refusing_url() as nobody, Target(nobody if scheme == "http" else plain, "k", "m").client as client:
        lost = Chat([Target(str(client.base_url), "k", "m", _client=client)])
        with pytest.raises(ModelFailure) as caught:
            ask(lost)
    assert words in str(caught.value)
    assert caught.value.kind == "unreachable"
