"""The model process for real: a child process that asks the simulated endpoint over real HTTP."""

from __future__ import annotations

import contextlib
import json
import os
import signal
import subprocess
import sys
import threading
import time
from concurrent.futures import ThreadPoolExecutor
from email.utils import formatdate
from functools import partial
from typing import TYPE_CHECKING, Any

import psutil
import pytest

from bot.adapters.model import _PASSED_ON, ModelProcess, _scrubbed
from bot.errors import AbandonedError, CutAnswerError, ModelError, RefusedError
from bot.ports import Message
from bot.rehearsal.answers import NAMED, BrokenStream, HttpError, RawBody, Reply, rate_limited, unsupported
from bot.rehearsal.model import SimulatedModel
from bot.settings.environ import Endpoint

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from syrupy.assertion import SnapshotAssertion

    from bot.ports import Completion
    from bot.rehearsal.answers import Answer

KEY = "sk-test"
QUESTION = [Message("system", "Be short."), Message("user", "Why?")]


def ask(model: ModelProcess, seconds: float = 5.0, max_tokens: int = 1000) -> Completion:
    return model.complete(QUESTION, max_tokens=max_tokens, temperature=0.3, seconds=seconds)


@contextlib.contextmanager
def process(*urls: str, key: str = KEY, name: str = "simulated-1") -> Iterator[ModelProcess]:
    model = ModelProcess([Endpoint(url, key, name) for url in urls], os.environ)
    with contextlib.closing(model):
        yield model


def pid_of(model: ModelProcess) -> int:
    assert model._process
    return model._process.pid


@pytest.fixture(scope="module")
def served() -> Iterator[tuple[SimulatedModel, str]]:
    endpoint = SimulatedModel(api_key=KEY, first_token=0.02)
    with endpoint.serve() as url:
        yield endpoint, url


@pytest.fixture
def endpoint(served: tuple[SimulatedModel, str]) -> SimulatedModel:
    served[0]._queue.clear()
    served[0].requests.clear()
    return served[0]


@pytest.fixture
def url(served: tuple[SimulatedModel, str]) -> str:
    return served[1]


@pytest.fixture(scope="module")
def shared(served: tuple[SimulatedModel, str]) -> Iterator[ModelProcess]:
    """One process for all tests that leave it as they found it: starting one takes most of a second."""
    with process(served[1]) as model:
        yield model


def test_half_a_character_in_the_answer_s_json_becomes_a_mark(endpoint: SimulatedModel, shared: ModelProcess) -> None:
    endpoint.queue(Reply("a\ud800b 🙂"))
    assert ask(shared).text == "a?b 🙂"


def test_a_whole_answer_comes_with_its_figures(endpoint: SimulatedModel, shared: ModelProcess, url: str) -> None:
    endpoint.queue(Reply("Because. " * 50, cached_tokens=2, first_token=0.1))
    answer = ask(shared)
    assert answer.text == "Because. " * 50
    assert (answer.finish_reason, answer.model, answer.attempts) == ("stop", "simulated-1", 1)
    assert answer.endpoint == url.removeprefix("http://").removesuffix("/v1")
    assert (answer.tokens_in, answer.tokens_out, answer.tokens_cached) == (4, 113, 2)
    assert 0.1 <= answer.first_token < answer.seconds < 5


def test_the_request_holds_the_least_that_is_needed(endpoint: SimulatedModel, shared: ModelProcess) -> None:
    endpoint.queue(Reply("x"))
    ask(shared)
    (seen,) = endpoint.requests
    assert seen.headers["authorization"] == f"Bearer {KEY}"
    assert seen.body == {
        "model": "simulated-1",
        "messages": [{"role": "system", "content": "Be short."}, {"role": "user", "content": "Why?"}],
        "stream": True,
        "stream_options": {"include_usage": True},
        "max_completion_tokens": 1000,
        "temperature": 0.3,
    }


@pytest.mark.parametrize(
    ("reply", "text"),
    [
        (Reply(), ""),
        (Reply("Answer.", reasoning="First I think. " * 20), "Answer."),
        (Reply(reasoning="Only thoughts."), ""),
        (Reply("snowman ☃ and 🚀, a\u2028b\r\n\x00c"), "snowman ☃ and 🚀, a\u2028b\r\n\x00c"),
        (Reply("fine", finish_reason="eos"), "fine"),
    ],
    ids=["empty", "reasoning", "only reasoning", "unicode", "own finish reason"],
)
def test_the_text_is_what_the_model_answered_and_nothing_else(
    endpoint: SimulatedModel, shared: ModelProcess, reply: Reply, text: str
) -> None:
    endpoint.queue(reply)
    assert ask(shared).text == text


def test_figures_that_the_endpoint_does_not_give_are_none(endpoint: SimulatedModel, shared: ModelProcess) -> None:
    endpoint.queue(Reply("x", usage="never"))
    answer = ask(shared)
    assert (answer.tokens_in, answer.tokens_out, answer.tokens_cached) == (None, None, None)


def test_an_endpoint_that_does_not_stream_is_understood(endpoint: SimulatedModel, shared: ModelProcess) -> None:
    choice = {"index": 0, "message": {"role": "assistant", "content": "Whole."}, "finish_reason": "stop"}
    endpoint.queue(RawBody(json.dumps({"model": "m-7b", "choices": [choice]}), "application/json"))
    answer = ask(shared)
    assert (answer.text, answer.model) == ("Whole.", "m-7b")


def test_a_prompt_of_a_megabyte_and_broken_characters_go_through(
    endpoint: SimulatedModel, shared: ModelProcess
) -> None:
    endpoint.queue(Reply("x"))
    shared.complete([Message("user", "ä" * 1_000_000 + "\ud800")], max_tokens=5, temperature=0, seconds=10)
    assert endpoint.requests[0].body["messages"][0]["content"] == "ä" * 1_000_000 + "?"


REFUSED: dict[str, Answer] = {
    name: NAMED[name]
    for name in ("unauthorized", "forbidden", "model-not-found", "context-too-long", "quota", "rate-limited-long")
} | {
    "content-filter": NAMED["content-filter"],
    "refusal": NAMED["refusal"],
    "tool call": Reply(finish_reason="tool_calls"),
    "bad request": HttpError(400, "'messages' must alternate.", "invalid_request"),
    "no money": HttpError(402, "Payment required"),
    "html": HttpError(418, "<html><body>teapot</body></html>", shape="html"),
    "detail": HttpError(422, "Extra inputs are not permitted", shape="detail", parameter="model"),
    "hostile": HttpError(400, "\x1b[31mred\n::error::x\u202e " + "long " * 100, shape="flat"),
    "echo of the key": HttpError(400, f"your header was 'Bearer {KEY}'", shape="flat"),
}


def test_what_a_person_must_mend_is_said_once_and_not_tried_again(
    endpoint: SimulatedModel, shared: ModelProcess, url: str, snapshot: SnapshotAssertion
) -> None:
    texts = {}
    for name, answer in REFUSED.items():
        endpoint.requests.clear()
        endpoint.queue(answer)
        with pytest.raises(ModelError) as caught:
            ask(shared)
        texts[name] = str(caught.value).replace(url.removeprefix("http://").removesuffix("/v1"), "HOST")
        assert len(endpoint.requests) == 1
    assert KEY not in str(texts)
    assert texts == snapshot


def test_an_answer_cut_at_its_limit_fails_but_is_kept(endpoint: SimulatedModel, shared: ModelProcess) -> None:
    endpoint.queue(Reply("word " * 100))
    with pytest.raises(CutAnswerError, match="cut at the limit of 10 tokens") as caught:
        ask(shared, max_tokens=10)
    assert caught.value.text == ("word " * 100)[:40]


@pytest.mark.parametrize(
    "name",
    [
        *("request-timeout", "rate-limited", "rate-limited-short", "server-error", "bad-gateway", "overloaded"),
        *("reset", "cut", "drop", "reset-midway", "error-midway", "garbage", "not-json", "usage-only"),
    ],
)
def test_what_may_pass_is_tried_again(endpoint: SimulatedModel, shared: ModelProcess, name: str) -> None:
    endpoint.queue(NAMED[name], Reply("second"))
    answer = ask(shared)
    assert (answer.text, answer.attempts) == ("second", 2)


@pytest.mark.parametrize(
    ("fault", "words"),
    [
        (NAMED["cut"], "broke off after 63 characters"),
        (NAMED["error-midway"], "failed while answering: Internal error while generating."),
        (NAMED["not-json"], "sent something that is not JSON: check the base-url input"),
    ],
)
def test_a_broken_answer_is_paid_for_three_times_at_most(
    endpoint: SimulatedModel, shared: ModelProcess, fault: Answer, words: str
) -> None:
    endpoint.queue(*[fault] * 3)
    with pytest.raises(ModelError) as caught:
        ask(shared)
    assert words in str(caught.value)
    assert len(endpoint.requests) == 3


@pytest.mark.parametrize("header", ["0.6", "date"])
def test_the_wait_that_the_endpoint_asks_for_is_kept(
    endpoint: SimulatedModel, shared: ModelProcess, header: str
) -> None:
    asked = formatdate(time.time() + 2, usegmt=True) if header == "date" else header
    endpoint.queue(rate_limited(asked), Reply("second"))
    ask(shared)
    first, second = endpoint.requests
    assert second.at - first.at >= 0.6


def test_a_wait_beyond_the_deadline_fails_at_once(endpoint: SimulatedModel, shared: ModelProcess) -> None:
    endpoint.queue(rate_limited("30"))
    begun = time.monotonic()
    with pytest.raises(ModelError, match=r"limits the rate of requests \(429\) and asks to wait 30 s"):
        ask(shared, seconds=10)
    assert time.monotonic() - begun < 3


@pytest.mark.parametrize("name", ["drip", "endless", "stall", "hang"])
def test_the_deadline_is_real(endpoint: SimulatedModel, shared: ModelProcess, name: str) -> None:
    endpoint.queue(NAMED[name])
    begun = time.monotonic()
    with pytest.raises(ModelError, match="gave no whole answer"):
        ask(shared, seconds=0.8)
    assert 0.6 < time.monotonic() - begun < 2


def test_a_late_request_does_not_take_the_others_with_it(endpoint: SimulatedModel, shared: ModelProcess) -> None:
    endpoint.queue(NAMED["stall"])
    with ThreadPoolExecutor() as pool:
        late = pool.submit(ask, shared, 0.5)
        while not endpoint.requests:
            time.sleep(0.01)
        endpoint.queue(Reply("x", first_token=1.0))
        assert ask(shared).text == "x"
        assert isinstance(late.exception(), ModelError)


def test_eight_at_once_take_as_long_as_one(endpoint: SimulatedModel, shared: ModelProcess) -> None:
    endpoint.queue(*[Reply(f"answer {at} " * 400, first_token=1.0) for at in range(8)])
    with ThreadPoolExecutor(8) as pool:
        answers = [future.result() for future in [pool.submit(ask, shared) for _ in range(8)]]
    assert {answer.text.split()[1] for answer in answers} == set("01234567")
    starts = [seen.at for seen in endpoint.requests]
    assert max(starts) - min(starts) < 1, "the last was asked before the first had its answer"


def test_a_listener_hears_the_first_token_at_once_and_the_text_as_it_grows(
    endpoint: SimulatedModel, shared: ModelProcess
) -> None:
    endpoint.queue(Reply("word " * 400, reasoning="First I think. " * 30))
    heard: list[tuple[float, str]] = []

    def listen(text: str) -> bool:
        heard.append((time.monotonic(), text))
        return True

    answer = shared.complete(QUESTION, max_tokens=1000, temperature=0, seconds=5, listen=listen)
    texts = [text for _, text in heard]
    assert texts[0] == "", "the first token was one of reasoning"
    assert sorted(texts, key=len) == texts
    assert all(answer.text.startswith(text) for text in texts)
    assert 3 <= len(heard) <= 30 * (heard[-1][0] - heard[0][0]) + 2


def test_an_answer_that_broke_off_is_heard_anew(endpoint: SimulatedModel, shared: ModelProcess) -> None:
    endpoint.queue(BrokenStream("the first try " * 20, "cut"), Reply("second", tokens_per_second=20))
    heard: list[str] = []

    def listen(text: str) -> bool:
        heard.append(text)
        return True

    answer = shared.complete(QUESTION, max_tokens=1000, temperature=0, seconds=5, listen=listen)
    assert answer.text == "second"
    assert heard[0].startswith("the ")
    assert heard[-1] in {"seco", "second"}


@pytest.mark.parametrize("end", ["stall", "endless"])
def test_a_listener_that_wants_no_more_frees_the_connection(
    endpoint: SimulatedModel, shared: ModelProcess, end: Any
) -> None:
    endpoint.queue(BrokenStream("half an answer ", end))
    ended = len(endpoint.busy_seconds)
    with pytest.raises(AbandonedError) as caught:
        shared.complete(QUESTION, max_tokens=1000, temperature=0, seconds=20, listen=lambda text: not text)
    assert caught.value.text.startswith("half")
    if end == "endless":  # a server that says nothing does not notice
        begun = time.monotonic()
        while len(endpoint.busy_seconds) == ended:
            assert time.monotonic() - begun < 5, "the endpoint still writes"
            time.sleep(0.01)
    endpoint.queue(Reply("x"))
    assert ask(shared).text == "x"


def test_what_a_listener_raises_ends_the_request_alone(endpoint: SimulatedModel, shared: ModelProcess) -> None:
    def listen(text: str) -> bool:
        raise LookupError(text)

    endpoint.queue(BrokenStream("half", "stall"), Reply("x"))
    with pytest.raises(LookupError):
        shared.complete(QUESTION, max_tokens=1000, temperature=0, seconds=20, listen=listen)
    assert ask(shared).text == "x"
    assert shared._waiting == {}


def test_requests_that_nobody_waits_for_do_not_keep_the_others_waiting(
    endpoint: SimulatedModel, shared: ModelProcess
) -> None:
    endpoint.queue(*[BrokenStream("half", "stall")] * 20, Reply("x"))
    with ThreadPoolExecutor(20) as pool:
        complete = partial(shared.complete, QUESTION, max_tokens=9, temperature=0, seconds=20, listen=lambda _: False)
        errors = [future.exception() for future in [pool.submit(complete) for _ in range(20)]]
    assert {type(error) for error in errors} == {AbandonedError}
    assert ask(shared).text == "x"


def test_as_many_may_be_asked_as_the_endpoint_last_said(endpoint: SimulatedModel, url: str) -> None:
    limits = {"x-ratelimit-remaining-tokens": "9000", "x-ratelimit-reset-tokens": "60s"}
    endpoint.queue(Reply("x"), Reply("y", headers=limits), BrokenStream("half", "stall"))
    room: list[int] = []
    with process(url) as model:

        def listen(_text: str) -> bool:
            room.append(model.slots(1000))
            return False

        ask(model)
        assert model.slots(1000) >= 1000, "nothing is known"
        ask(model)
        assert (model.slots(1000), model.slots(10_000)) == (9, 0)
        with pytest.raises(AbandonedError):
            model.complete(QUESTION, max_tokens=9, temperature=0, seconds=9, listen=listen)
        assert room == [8], "what is under way counts"
        assert model.slots(1000) == 9


@pytest.mark.parametrize(
    ("name", "error", "kind"),
    [
        ("refusal", RefusedError, "refused"),
        ("content-filter", RefusedError, "refused"),
        ("length", CutAnswerError, "cut"),
        ("unauthorized", ModelError, "key"),
        ("quota", ModelError, "quota"),
        ("bad-request", ModelError, ""),
    ],
)
def test_the_reason_arrives_with_the_error(
    endpoint: SimulatedModel, shared: ModelProcess, name: str, error: type[ModelError], kind: str
) -> None:
    endpoint.queue(NAMED[name])
    with pytest.raises(ModelError) as caught:
        ask(shared)
    assert (type(caught.value), caught.value.kind) == (error, kind)


def test_effort_is_asked_for_where_the_endpoint_knows_it(endpoint: SimulatedModel, url: str) -> None:
    endpoint.queue(Reply("x"), unsupported("reasoning_effort"), Reply("y"), Reply("z"))
    with contextlib.closing(ModelProcess([Endpoint(url, KEY, "simulated-1")], os.environ, "low")) as model:
        assert [ask(model).text for _ in range(3)] == ["x", "y", "z"]
    assert [seen.body.get("reasoning_effort") for seen in endpoint.requests] == ["low", "low", None, None]


def test_an_unknown_model_is_answered_with_the_known_ones(endpoint: SimulatedModel, url: str) -> None:
    with process(url, name="simulated-l") as model, pytest.raises(ModelError) as caught:
        ask(model)
    assert "model simulated-l is not known at 127.0.0.1" in str(caught.value)
    assert str(caught.value).endswith("it offers: simulated-1")
    assert len(endpoint.requests) == 1


def test_parameters_that_an_endpoint_does_not_know_are_left_out_from_then_on() -> None:
    names = ["max_completion_tokens", "stream_options", "temperature"]
    endpoint = SimulatedModel(api_key=KEY, first_token=0)
    endpoint.queue(*[unsupported(name) for name in names], Reply("one"), Reply("two"))
    with endpoint.serve() as url, process(url) as model:
        assert (ask(model).attempts, ask(model).text) == (4, "two")
    assert endpoint.requests[-1].body.keys() == {"model", "messages", "stream", "max_tokens"}
    assert len(endpoint.requests) == 5


def test_the_next_endpoint_answers_where_the_first_does_not(endpoint: SimulatedModel, url: str) -> None:
    endpoint.queue(HttpError(403, f"your header was 'Bearer {KEY}'", shape="flat"))
    other = SimulatedModel(model="simulated-2", api_key="sk-other", first_token=0)
    other.queue(Reply("one"))
    with other.serve() as second:
        model = ModelProcess(
            [Endpoint(url, KEY, "simulated-1"), Endpoint(second, "sk-other", "simulated-2")], os.environ
        )
        with contextlib.closing(model):
            answer = ask(model)
    assert (answer.text, answer.model, answer.attempts) == ("one", "simulated-2", 2)
    assert "(403): your header was 'Bearer ***'" in answer.detour
    assert answer.endpoint in second


def test_the_key_is_nowhere_but_in_the_process_that_needs_it(
    endpoint: SimulatedModel, url: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    for name in ("DRAFTGATE_API_KEY", "OPENAI_API_KEY", "GITHUB_TOKEN", "DRAFTGATE_TOKEN", "PYTHONPATH", "HOME"):
        monkeypatch.setenv(name, "hidden-value")
    endpoint.queue(Reply("x"))
    with process(url) as model:
        ask(model)
        child = psutil.Process(pid_of(model))
        assert {name.upper() for name in child.environ()} <= _PASSED_ON | {"LC_CTYPE"}
        assert "hidden-value" not in child.environ().values()
        assert KEY not in " ".join(child.cmdline())
        assert KEY not in f"{model!r} {vars(model)}"


def test_only_the_way_to_a_host_is_passed_on(tmp_path: Path) -> None:
    environ = {
        "PATH": "/bin",
        "https_proxy": "http://p:1",
        "NO_PROXY": "localhost",
        "GITHUB_TOKEN": "hidden",
        "OPENAI_API_KEY": "hidden",
        "OPENAI_BASE_URL": "http://hidden",
        "LD_PRELOAD": "/x.so",
    }
    kept = {"PATH": "/bin", "https_proxy": "http://p:1", "NO_PROXY": "localhost"}
    assert _scrubbed(environ) == kept
    assert _scrubbed(environ | {"REQUESTS_CA_BUNDLE": "/ca.pem"}) == kept | {"SSL_CERT_FILE": "/ca.pem"}
    assert _scrubbed(environ | {"REQUESTS_CA_BUNDLE": str(tmp_path)}) == kept | {"SSL_CERT_DIR": str(tmp_path)}
    both = {"REQUESTS_CA_BUNDLE": "/ca.pem", "SSL_CERT_FILE": "/own.pem"}
    assert _scrubbed(environ | both) == kept | {"SSL_CERT_FILE": "/own.pem"}


HARDENED = """
import ctypes, resource
from bot.adapters.model_worker import _harden
get_dumpable = 3  # PR_GET_DUMPABLE of prctl(2)
before = ctypes.CDLL(None).prctl(get_dumpable, 0, 0, 0, 0)
_harden()
print(before, ctypes.CDLL(None).prctl(get_dumpable, 0, 0, 0, 0), resource.getrlimit(resource.RLIMIT_DATA)[0] >> 20)
"""


@pytest.mark.skipif(sys.platform != "linux", reason="prctl is Linux's")
def test_the_process_bounds_its_memory_and_closes_it_to_other_processes_of_the_user() -> None:
    done = subprocess.run([sys.executable, "-c", HARDENED], capture_output=True, text=True, check=True)
    assert done.stdout.split() == ["1", "0", "512"]


def test_files_of_the_working_directory_are_not_imported(
    endpoint: SimulatedModel, url: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    for name in ("json.py", "bot.py", "openai.py", "sitecustomize.py"):
        (tmp_path / name).write_text("raise SystemExit('hijacked')")
    monkeypatch.chdir(tmp_path)
    endpoint.queue(Reply("safe"))
    with process(url) as model:
        assert ask(model).text == "safe"


def in_flight(endpoint: SimulatedModel, model: ModelProcess, pool: ThreadPoolExecutor) -> Any:
    endpoint.queue(BrokenStream("so far", "stall"))
    future = pool.submit(ask, model, 20)
    while not endpoint.requests:
        time.sleep(0.01)
    return future


def test_a_process_that_is_killed_in_the_middle_is_reported(endpoint: SimulatedModel, url: str) -> None:
    with process(url) as model, ThreadPoolExecutor() as pool:
        future = in_flight(endpoint, model, pool)
        os.kill(pid_of(model), signal.SIGKILL)
        assert str(future.exception(3)) == "the model process ended unexpectedly (signal 9, Killed)"
        with pytest.raises(ModelError, match="ended unexpectedly"):
            ask(model)


def test_a_process_that_hangs_does_not_hold_up_the_caller(endpoint: SimulatedModel, url: str) -> None:
    endpoint.queue(Reply("x"))
    with process(url) as model:
        ask(model)
        os.kill(pid_of(model), signal.SIGSTOP)
        begun = time.monotonic()
        with pytest.raises(ModelError, match=r"gave no whole answer within 0.5 s"):
            model.complete([Message("user", "x" * 1_000_000)], max_tokens=1, temperature=0, seconds=0.5)
        assert time.monotonic() - begun < 2
    assert not psutil.pid_exists(pid_of(model))


def test_closing_ends_the_process_and_whoever_waits(endpoint: SimulatedModel, url: str) -> None:
    with process(url) as model, ThreadPoolExecutor() as pool:
        future = in_flight(endpoint, model, pool)
        model.close()
        assert str(future.exception(3)) == "the model was closed"
        assert not psutil.pid_exists(pid_of(model))
        model.close()
        with pytest.raises(ModelError, match="the model was closed"):
            ask(model)
        assert [thread for thread in model._threads if thread.is_alive()] == []


def test_a_model_that_was_never_asked_closes_too() -> None:
    model = ModelProcess([Endpoint("http://127.0.0.1:9/v1", KEY, "m")], os.environ)
    model.close()
    model.warm()
    assert model._process is None


def test_warming_twice_starts_one_process(url: str) -> None:
    with process(url) as model:
        begun = time.monotonic()
        model.warm()
        first = pid_of(model)
        model.warm()
        assert time.monotonic() - begun < 1
        assert pid_of(model) == first


def test_a_process_that_cannot_start_fails_when_asked(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("bot.adapters.model._COMMAND", ("/nonexistent/python",))
    with process("http://127.0.0.1:9/v1") as model:
        model.warm()
        with pytest.raises(ModelError, match="could not be started: No such file or directory"):
            ask(model)


ORPHAN = """
import os, sys, time
from bot.adapters.model import ModelProcess
from bot.settings.environ import Endpoint
model = ModelProcess([Endpoint("http://127.0.0.1:9/v1", "sk-test", "m")], os.environ)
model.warm()
print(model._process.pid, flush=True)
time.sleep(float(sys.argv[1]))
"""


@pytest.mark.parametrize("end", ["kill", "exit"])
def test_the_process_ends_with_its_parent(end: str) -> None:
    command = [sys.executable, "-c", ORPHAN, "60" if end == "kill" else "0"]
    with subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True) as parent:
        assert parent.stdout
        assert parent.stderr
        child = psutil.Process(int(parent.stdout.readline()))
        if end == "kill":
            parent.kill()
        assert parent.stderr.read() == ""
        assert parent.wait(10) == (-signal.SIGKILL if end == "kill" else 0)
    assert psutil.wait_procs([child], timeout=5)[1] == []


def test_a_bug_in_the_process_is_an_error_with_its_place_and_not_a_wait(
    endpoint: SimulatedModel, shared: ModelProcess
) -> None:
    endpoint.queue(Reply("x"))
    with pytest.raises(ModelError, match=r"the model process failed at model_worker.py:\d+: AttributeError"):
        shared.complete([Message("user", None)], max_tokens=1, temperature=0, seconds=5)  # type: ignore[arg-type]
    assert ask(shared).text == "x"


def test_importing_the_parents_side_is_cheap() -> None:
    code = "import sys, bot.adapters.model; print(*sys.modules)"
    modules = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True).stdout.split()
    assert "bot.adapters.model" in modules
    assert not {"openai", "httpx2", "tenacity", "pydantic", "asyncio", "yaml", "github"} & set(modules)


def test_threads_that_ask_before_the_process_is_ready_all_get_their_answers(endpoint: SimulatedModel, url: str) -> None:
    endpoint.queue(*[Reply(str(at)) for at in range(20)])
    texts: list[str] = []
    with process(url) as model:
        threads = [threading.Thread(target=lambda: texts.append(ask(model).text)) for _ in range(20)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
    assert sorted(texts) == sorted(map(str, range(20)))
