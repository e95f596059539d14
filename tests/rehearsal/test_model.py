"""The simulated model, driven with the client that the bot uses and with plain sockets."""

from __future__ import annotations

import contextlib
import json
import os
import signal
import socket
import ssl
import subprocess
import sys
import time
from concurrent.futures import ThreadPoolExecutor
from typing import TYPE_CHECKING, Any

import httpx2
import openai
import pytest

from bot.rehearsal.answers import (
    NAMED,
    Answer,
    BrokenStream,
    Drip,
    HttpError,
    RawBody,
    Reply,
    Rule,
    parse_script,
    rate_limited,
    unsupported,
)
from bot.rehearsal.model import SimulatedModel, refusing_url, scripted

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

TEXT = "def add(a, b):\n    return a + b  # ünïcode — ok\n"


@pytest.fixture
def model() -> SimulatedModel:
    return SimulatedModel(first_token=0.0, tokens_per_second=100_000)


@pytest.fixture
def client(model: SimulatedModel) -> Iterator[openai.OpenAI]:
    with model.serve() as url, connect(url) as client:
        yield client


def connect(url: str, *, api_key: str = "sk-test", seconds: float = 5) -> openai.OpenAI:
    plain = httpx2.Client(verify=ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT), timeout=seconds)  # reads no certificates
    return openai.OpenAI(base_url=url, api_key=api_key, max_retries=0, http_client=plain)


def ask(client: openai.OpenAI, prompt: str = "hello", **options: Any) -> Any:
    return client.chat.completions.create(
        model=options.pop("model", "simulated-1"), messages=[{"role": "user", "content": prompt}], **options
    )


def stream(client: openai.OpenAI, prompt: str = "hello", **options: Any) -> list[Any]:
    return list(ask(client, prompt, stream=True, stream_options={"include_usage": True}, **options))


def text_of(chunks: list[Any]) -> str:
    return "".join(chunk.choices[0].delta.content or "" for chunk in chunks if chunk.choices)


def finish_reasons(chunks: list[Any]) -> list[str]:
    return [chunk.choices[0].finish_reason for chunk in chunks if chunk.choices and chunk.choices[0].finish_reason]


# --- good answers -----------------------------------------------------------------------------------------------------


def test_a_stream_carries_text_finish_reason_and_usage(model: SimulatedModel, client: openai.OpenAI) -> None:
    model.queue(Reply(TEXT, cached_tokens=3))
    chunks = stream(client, "x" * 100)
    assert text_of(chunks) == TEXT
    assert finish_reasons(chunks) == ["stop"]
    assert [chunk.usage for chunk in chunks[:-1]] == [None] * (len(chunks) - 1)
    usage = chunks[-1].usage
    assert (usage.prompt_tokens, usage.completion_tokens, usage.total_tokens) == (25, 12, 37)
    assert usage.prompt_tokens_details.cached_tokens == 3
    assert {chunk.id for chunk in chunks} == {"chatcmpl-1"}


def test_an_answer_in_one_piece_is_the_same_answer(model: SimulatedModel, client: openai.OpenAI) -> None:
    model.queue(Reply(TEXT, reasoning="thinking"))
    answer = ask(client)
    assert answer.choices[0].message.content == TEXT
    assert answer.choices[0].message.reasoning_content == "thinking"
    assert answer.choices[0].finish_reason == "stop"
    assert answer.usage.completion_tokens == 14


def test_usage_is_not_streamed_unasked(model: SimulatedModel, client: openai.OpenAI) -> None:
    model.queue(Reply(TEXT))
    assert [chunk.usage for chunk in ask(client, stream=True)] == [None] * 4  # role, two batches, end


def test_replies_come_in_their_order_and_are_used_up(model: SimulatedModel, client: openai.OpenAI) -> None:
    model.queue(Reply("one"), Reply("two"))
    assert model.waiting == 2
    assert [ask(client).choices[0].message.content for _ in range(2)] == ["one", "two"]
    assert model.waiting == 0
    with pytest.raises(openai.BadRequestError, match="no answer left"):
        ask(client)


def test_answers_can_be_computed_from_the_prompt(model: SimulatedModel, client: openai.OpenAI) -> None:
    model.answer = lambda body: Reply(body["messages"][0]["content"].upper())
    assert text_of(stream(client, "shout")) == "SHOUT"
    assert text_of(stream(client, "again")) == "AGAIN"


def test_requests_are_remembered_with_body_and_headers(model: SimulatedModel, client: openai.OpenAI) -> None:
    model.queue(Reply("x"))
    ask(client, "remember me", temperature=0.5)
    (seen,) = model.requests
    assert seen.body["messages"] == [{"role": "user", "content": "remember me"}]
    assert seen.body["temperature"] == 0.5
    assert seen.headers["authorization"] == "Bearer sk-test"


@pytest.mark.parametrize("name", ["max_tokens", "max_completion_tokens"])
def test_the_limit_of_the_request_cuts_the_answer(model: SimulatedModel, client: openai.OpenAI, name: str) -> None:
    model.queue(Reply("0123456789"), Reply("0123456789"))
    chunks = stream(client, extra_body={name: 2})
    assert (text_of(chunks), finish_reasons(chunks)) == ("01234567", ["length"])
    assert finish_reasons(stream(client, extra_body={name: 3})) == ["stop"]


def test_content_in_parts_counts_as_prompt(model: SimulatedModel, client: openai.OpenAI) -> None:
    model.queue(Reply("x"))
    messages: Any = [{"role": "user", "content": [{"type": "text", "text": "12345678"}]}]
    answer = client.chat.completions.create(model="simulated-1", messages=messages)
    assert answer.usage is not None
    assert answer.usage.prompt_tokens == 2


def test_timing_like_cerebras_is_sent_where_wanted(model: SimulatedModel, client: openai.OpenAI) -> None:
    model.time_info = True
    model.queue(Reply("x" * 4000))
    assert stream(client)[-1].time_info["completion_time"] == pytest.approx(0.01)


def test_the_models_are_listed(client: openai.OpenAI) -> None:
    assert [listed.id for listed in client.models.list()] == ["simulated-1"]


# --- refusals ---------------------------------------------------------------------------------------------------------


def test_a_wrong_key_is_refused(model: SimulatedModel) -> None:
    model.queue(Reply("x"))
    with model.serve() as url, connect(url, api_key="sk-wrong") as client:
        with pytest.raises(openai.AuthenticationError):
            ask(client)
        with pytest.raises(openai.AuthenticationError):
            client.models.list()
    assert model.waiting == 1


def test_an_unknown_model_is_refused_unless_any_is_accepted(model: SimulatedModel, client: openai.OpenAI) -> None:
    model.queue(Reply("x"))
    with pytest.raises(openai.NotFoundError, match="other-7b"):
        ask(client, model="other-7b")
    model.accept_any_model = True
    assert ask(client, model="other-7b").model == "other-7b"


@pytest.mark.parametrize(
    ("request_options", "message"),
    [
        ({"messages": []}, "messages"),
        ({"messages": ["hello"]}, "messages"),
        ({"model": 3}, "model parameter"),
        ({"stream_options": {"include_usage": True}}, "stream_options"),
        ({"max_tokens": 0}, "at least 1"),
        ({"n": 2}, "'n' must be 1"),
    ],
)
def test_malformed_requests_get_400(
    model: SimulatedModel, client: openai.OpenAI, request_options: dict[str, Any], message: str
) -> None:
    model.queue(Reply("x"))
    with pytest.raises(openai.BadRequestError, match=message):
        ask(client, extra_body=request_options)
    assert model.waiting == 1


@pytest.mark.parametrize("shape", ["nested", "flat", "detail", "html"])
@pytest.mark.parametrize("parameter", ["stream_options", "temperature", "max_completion_tokens"])
def test_an_unsupported_parameter_is_named_and_only_where_sent(
    model: SimulatedModel, client: openai.OpenAI, parameter: str, shape: Any
) -> None:
    options: dict[str, Any] = {"temperature": 0.1, "max_completion_tokens": 50}
    model.queue(unsupported(parameter, shape), Reply("x"))
    with pytest.raises(openai.BadRequestError) as caught:
        stream(client, **options)
    assert parameter in caught.value.response.text
    options.pop(parameter, None)
    model.queue(unsupported(parameter, shape), Reply("y"))
    plain = list(ask(client, stream=True, **options))
    assert text_of(plain) == "x"
    assert text_of(list(ask(client, stream=True, **options))) == "y"


def test_an_endpoint_can_refuse_a_parameter_for_good(model: SimulatedModel, client: openai.OpenAI) -> None:
    model.unsupported = ("temperature",)
    model.queue(Reply("x"))
    for _ in range(2):
        with pytest.raises(openai.BadRequestError, match="temperature"):
            ask(client, temperature=0)
    assert ask(client).choices[0].message.content == "x"


@pytest.mark.parametrize(
    ("name", "error"),
    [
        ("unauthorized", openai.AuthenticationError),
        ("forbidden", openai.PermissionDeniedError),
        ("model-not-found", openai.NotFoundError),
        ("request-timeout", openai.APIStatusError),
        ("context-too-long", openai.BadRequestError),
        ("rate-limited", openai.RateLimitError),
        ("quota", openai.RateLimitError),
        ("server-error", openai.InternalServerError),
        ("bad-gateway", openai.InternalServerError),
        ("overloaded", openai.InternalServerError),
    ],
)
@pytest.mark.parametrize("streaming", [True, False])
def test_error_statuses_reach_the_client(
    model: SimulatedModel, client: openai.OpenAI, name: str, error: type[openai.APIStatusError], *, streaming: bool
) -> None:
    scripted_error = NAMED[name]
    assert isinstance(scripted_error, HttpError)
    model.queue(scripted_error)
    with pytest.raises(error) as caught:
        ask(client, stream=streaming)
    assert caught.value.status_code == scripted_error.status


@pytest.mark.parametrize("value", [None, "0.05", "3600", "Fri, 01 Jan 2027 00:00:00 GMT"])
def test_retry_after_is_sent_as_scripted(model: SimulatedModel, client: openai.OpenAI, value: str | None) -> None:
    model.queue(rate_limited(value))
    with pytest.raises(openai.RateLimitError) as caught:
        ask(client)
    assert caught.value.response.headers.get("retry-after") == value


# --- broken answers ---------------------------------------------------------------------------------------------------


def test_a_cut_stream_ends_without_an_exception_and_without_a_reason(
    model: SimulatedModel, client: openai.OpenAI
) -> None:
    model.queue(BrokenStream("half an ans", "cut"))
    chunks = stream(client)
    assert (text_of(chunks), finish_reasons(chunks)) == ("half an ans", [])


@pytest.mark.parametrize("end", ["drop", "reset"])
def test_a_stream_can_lose_its_connection_midway(model: SimulatedModel, client: openai.OpenAI, end: Any) -> None:
    model.queue(BrokenStream("half an ans", end))
    seen = []
    with pytest.raises((httpx2.TransportError, openai.APIConnectionError)):  # noqa: PT012 - the loop is the action
        for chunk in ask(client, stream=True):
            seen.append(chunk)  # noqa: PERF402 - what came before the exception is kept
    assert text_of(seen).startswith("half")


def test_an_error_can_come_inside_the_stream(model: SimulatedModel, client: openai.OpenAI) -> None:
    model.queue(NAMED["error-midway"])
    with pytest.raises(openai.APIError, match="Internal error"):
        stream(client)


def test_garbage_in_the_stream_is_not_json(model: SimulatedModel, client: openai.OpenAI) -> None:
    model.queue(NAMED["garbage"])
    with pytest.raises(json.JSONDecodeError):
        stream(client)


@pytest.mark.parametrize("end", ["cut", "garbage", "error"])
def test_an_answer_in_one_piece_can_end_in_the_middle(model: SimulatedModel, client: openai.OpenAI, end: Any) -> None:
    model.queue(BrokenStream("some text", end))
    with pytest.raises(json.JSONDecodeError):
        ask(client)


@pytest.mark.parametrize("end", ["drop", "reset"])
def test_an_answer_in_one_piece_can_lose_its_connection(model: SimulatedModel, client: openai.OpenAI, end: Any) -> None:
    model.queue(BrokenStream("some text", end))
    with pytest.raises(openai.APIConnectionError):
        ask(client)


def test_a_connection_can_break_before_any_answer(model: SimulatedModel, client: openai.OpenAI) -> None:
    model.queue(NAMED["reset"])
    with pytest.raises(openai.APIConnectionError):
        ask(client)


def test_a_connection_can_be_refused() -> None:
    with refusing_url() as url, connect(url) as client, pytest.raises(openai.APIConnectionError) as caught:
        ask(client)
    assert isinstance(caught.value.__cause__, httpx2.ConnectError)


@pytest.mark.parametrize("fault", [BrokenStream("", "stall"), BrokenStream("some text", "stall")])
def test_a_stalled_answer_runs_into_the_read_timeout(model: SimulatedModel, fault: Answer) -> None:
    model.queue(fault)
    with model.serve() as url, connect(url, seconds=0.2) as client:
        with pytest.raises((openai.APITimeoutError, httpx2.ReadTimeout)):
            stream(client)
        model.queue(fault)
        with pytest.raises((openai.APITimeoutError, httpx2.ReadTimeout)):
            ask(client)


def test_an_endless_answer_runs_at_its_pace_until_the_client_leaves(model: SimulatedModel) -> None:
    model.tokens_per_second = 2000
    model.queue(BrokenStream("x" * 400, "endless"))
    with model.serve() as url, connect(url) as client:
        started, got = time.monotonic(), 0
        with ask(client, stream=True) as chunks:
            for chunk in chunks:
                got += len(chunk.choices[0].delta.content or "") // 4
                if time.monotonic() - started > 0.3:
                    break
    assert 300 < got <= 640


def test_a_dripping_answer_is_right_but_slow_byte_by_byte(model: SimulatedModel, client: openai.OpenAI) -> None:
    model.queue(Drip("slow", pause=0.0005), Drip("slow", pause=0.0005))
    started = time.monotonic()
    chunks = stream(client)
    assert (text_of(chunks), finish_reasons(chunks)) == ("slow", ["stop"])
    assert time.monotonic() - started > 0.2
    assert ask(client).choices[0].message.content == "slow"


def test_a_body_can_be_no_answer_at_all(model: SimulatedModel, client: openai.OpenAI) -> None:
    model.queue(RawBody("<html>sign in</html>"), RawBody("<html>sign in</html>"))
    assert ask(client) == "<html>sign in</html>"  # the client hands on what is not JSON by its content type
    assert stream(client) == []


@pytest.mark.parametrize(
    ("name", "text", "reasons"),
    [
        ("empty", "", ["stop"]),
        ("length", "The cause is", ["length"]),
        ("content-filter", "The cause is", ["content_filter"]),
        ("reasoning-only", "", ["stop"]),
        ("refusal", "", ["stop"]),
        ("no-usage", "The cause is", ["stop"]),
        ("usage-only", "", []),
    ],
)
def test_well_formed_answers_can_be_useless(
    model: SimulatedModel, client: openai.OpenAI, name: str, text: str, reasons: list[str]
) -> None:
    model.queue(NAMED[name])
    chunks = stream(client)
    assert text_of(chunks).startswith(text)
    assert bool(text_of(chunks)) is bool(text)
    assert finish_reasons(chunks) == reasons
    assert (chunks[-1].usage is None) is (name == "no-usage")


def test_reasoning_and_refusal_have_fields_of_their_own(model: SimulatedModel, client: openai.OpenAI) -> None:
    model.queue(Reply(reasoning="hmm", refusal="no"), Reply(refusal="no"))
    deltas = [chunk.choices[0].delta for chunk in stream(client) if chunk.choices]
    assert "".join(getattr(delta, "reasoning_content", None) or "" for delta in deltas) == "hmm"
    assert "".join(delta.refusal or "" for delta in deltas) == "no"
    message = ask(client).choices[0].message
    assert (message.content, message.refusal) == (None, "no")


# --- time -------------------------------------------------------------------------------------------------------------


def timed_stream(client: openai.OpenAI) -> tuple[float, float]:
    """Seconds to the first chunk and to the last."""
    started, first = time.perf_counter(), 0.0
    for _ in ask(client, stream=True):
        first = first or time.perf_counter() - started
    return first, time.perf_counter() - started


def test_tokens_keep_the_pace_also_for_parallel_requests() -> None:
    model = SimulatedModel(tokens_per_second=2000, first_token=0.1, answer=lambda _: Reply("x" * 3204))  # 801 tokens
    with model.serve() as url, connect(url) as client, ThreadPoolExecutor(8) as pool:
        ask(client, max_tokens=1)  # the connection and the client's lazy imports are not the model's time
        started = time.monotonic()
        times = list(pool.map(timed_stream, [client] * 8))
        wall = time.monotonic() - started
    assert min(first for first, _ in times) >= 0.1
    assert min(last for _, last in times) >= 0.5
    assert max(last for _, last in times) < 1.0  # 0.5 and what a busy machine adds
    assert model.model_bound_seconds() < 0.2 + wall
    assert len(model.busy_seconds) == 9


def test_an_answer_in_one_piece_takes_the_same_time() -> None:
    model = SimulatedModel(tokens_per_second=2000, first_token=0.05, answer=lambda _: Reply("x" * 404))
    with model.serve() as url, connect(url) as client:
        ask(client)
    ((start, end),) = model.busy_seconds
    assert 0.1 <= end - start < 0.5


def test_a_reply_can_have_a_pace_of_its_own(model: SimulatedModel, client: openai.OpenAI) -> None:
    model.queue(Reply("x" * 44, first_token=0.1, tokens_per_second=100))
    stream(client)
    ((start, end),) = model.busy_seconds
    assert 0.2 <= end - start < 0.6


def test_parallel_answers_count_once_as_model_time() -> None:
    model = SimulatedModel()
    model.busy_seconds.extend([(10.0, 12.0), (20.0, 21.0), (11.0, 13.0), (11.5, 12.5)])
    assert model.model_bound_seconds() == 4.0


def test_stopping_breaks_off_what_is_under_way(model: SimulatedModel) -> None:
    model.queue(NAMED["hang"], NAMED["endless"])
    with contextlib.ExitStack() as stack:
        served = contextlib.ExitStack()
        client = stack.enter_context(connect(served.enter_context(model.serve())))
        pool = stack.enter_context(ThreadPoolExecutor(2))
        hanging = [pool.submit(stream, client) for _ in range(2)]
        deadline = time.monotonic() + 5
        while len(model.requests) < 2 and time.monotonic() < deadline:
            time.sleep(0.005)
        started = time.monotonic()
        served.close()
        assert time.monotonic() - started < 1
        for future in hanging:
            assert isinstance(future.exception(), (openai.APIConnectionError, httpx2.TransportError))
    assert len(model.busy_seconds) == 2


# --- the wire, without the client -------------------------------------------------------------------------------------


def raw_exchange(url: str, body: bytes, *, path: str = "/v1/chat/completions") -> bytes:
    host, port = url.removeprefix("http://").removesuffix("/v1").split(":")
    head = f"POST {path} HTTP/1.1\r\nHost: x\r\nAuthorization: Bearer sk-test\r\nConnection: close\r\n"
    with socket.create_connection((host, int(port)), timeout=5) as connection:
        connection.sendall(head.encode() + f"Content-Length: {len(body)}\r\n\r\n".encode() + body)
        received = b""
        while piece := connection.recv(65536):
            received += piece
    return received


def request_body(**options: Any) -> bytes:
    return json.dumps({"model": "simulated-1", "messages": [{"role": "user", "content": "hi"}], **options}).encode()


def test_a_whole_stream_ends_with_done_and_a_cut_one_does_not(model: SimulatedModel) -> None:
    model.queue(Reply("x"), BrokenStream("x", "cut"), BrokenStream("x", "drop"))
    with model.serve() as url:
        whole, cut, dropped = (raw_exchange(url, request_body(stream=True)) for _ in range(3))
    assert whole.endswith(b"data: [DONE]\n\n\r\n0\r\n\r\n")
    assert cut.endswith(b"\r\n0\r\n\r\n")
    assert b"[DONE]" not in cut
    assert not dropped.endswith(b"0\r\n\r\n")


@pytest.mark.parametrize("body", [b"", b"{", b"[]", b"\xff\xfe", b'"text"'])
def test_what_is_not_a_json_object_gets_400(model: SimulatedModel, body: bytes) -> None:
    with model.serve() as url:
        assert raw_exchange(url, body).startswith(b"HTTP/1.1 400")


def test_unknown_paths_get_404(model: SimulatedModel) -> None:
    with model.serve() as url:
        assert raw_exchange(url, request_body(), path="/v1/responses").startswith(b"HTTP/1.1 404")
    assert model.requests == []


# --- scripts and the program ------------------------------------------------------------------------------------------


def test_a_script_answers_by_rule_first_and_else_in_turn_round_and_round() -> None:
    script = json.dumps(["a", {"text": "b", "finish_reason": "length"}, {"when": "rank", "named": "overloaded"}])
    answer = scripted(parse_script(script))
    prompts = ["x", "please rank", "x", "x"]
    given = [answer({"messages": [{"role": "user", "content": prompt}]}) for prompt in prompts]
    assert given == [Reply("a"), NAMED["overloaded"], Reply("b", finish_reason="length"), Reply("a")]


def test_a_script_of_rules_alone_refuses_what_fits_none() -> None:
    answer = scripted([Rule("rank", Reply("x"))])
    assert isinstance(answer({"messages": [{"role": "user", "content": "other"}]}), HttpError)


@pytest.mark.parametrize("script", ["{}", "[]", "[3]", '[{"named": "nonsense"}]', '[{"txt": "a"}]', "nonsense"])
def test_a_script_that_is_wrong_is_refused(script: str) -> None:
    with pytest.raises(ValueError, match=r".+"):
        parse_script(script)


def test_the_program_serves_a_script_and_tells_when_it_was_busy(tmp_path: Path) -> None:
    replies = tmp_path / "replies.json"
    replies.write_text(json.dumps(["from a file"]))
    command = [sys.executable, "-m", "bot.rehearsal.model", "--replies", str(replies), "--first-token", "0.05"]
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True, env=dict(os.environ)) as program:
        try:
            assert program.stdout is not None
            url = program.stdout.readline().strip()
            with connect(url) as client:
                assert text_of(stream(client)) == "from a file"
            stats = httpx2.get(url.removesuffix("/v1") + "/rehearsal/stats").json()
        finally:
            program.send_signal(signal.SIGTERM)
        assert program.wait(timeout=5) == 0
    assert stats["requests"] == 1
    assert 0.05 <= stats["model_bound_seconds"] < 1
    ((start, end),) = stats["busy"]
    assert start < end < time.monotonic()


def test_headers_of_an_answer_and_of_an_error_go_out(model: SimulatedModel, client: openai.OpenAI) -> None:
    limits = {"x-ratelimit-remaining-requests": "3"}
    model.queue(Reply("x", headers=limits), HttpError(429, "slow down", headers=limits))
    raw = client.chat.completions.with_raw_response.create(
        model="simulated-1", messages=[{"role": "user", "content": "hello"}]
    )
    assert raw.headers["x-ratelimit-remaining-requests"] == "3"
    with pytest.raises(openai.RateLimitError) as caught:
        ask(client)
    assert caught.value.response.headers["x-ratelimit-remaining-requests"] == "3"


def test_the_list_of_models_has_its_figures_or_its_own_fault(model: SimulatedModel, client: openai.OpenAI) -> None:
    model.figures = {"context_length": 8192}
    listed: Any = client.get("/models", cast_to=object)
    assert [(one["id"], one["context_length"]) for one in listed["data"]] == [("simulated-1", 8192)]
    model.listed = NAMED["overloaded"]
    with pytest.raises(openai.InternalServerError):
        client.get("/models", cast_to=object)
