"""What the simulated model can answer: good replies and every fault seen at real endpoints, as plain values.

The error bodies follow what the endpoints send: OpenAI nests the error, Cerebras sends it flat, FastAPI servers send
a `detail` list, proxies a page of HTML.
"""

from __future__ import annotations

import json
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, Literal, TypeAlias

if TYPE_CHECKING:
    from collections.abc import Mapping

Usage = Literal["asked", "never", "only"]
ErrorShape = Literal["nested", "flat", "detail", "html"]
StreamEnd = Literal["cut", "drop", "reset", "error", "endless", "stall", "garbage"]


@dataclass(frozen=True, slots=True)
class Reply:
    """A well-formed answer.

    `reasoning` streams before `text` as `reasoning_content`; `refusal` takes the place of `text`. `usage` is sent as
    the protocol has it when "asked" for, "never", or as the "only" thing of the answer. `cached_tokens` is the part of
    the prompt that the endpoint says it had cached. `first_token` (seconds) and `tokens_per_second` override the
    endpoint's pace; `model` overrides the name that the answer carries; `headers` go with it, such as rate limits.
    """

    text: str = ""
    finish_reason: str = "stop"
    reasoning: str = ""
    refusal: str = ""
    usage: Usage = "asked"
    cached_tokens: int | None = None
    first_token: float | None = None
    tokens_per_second: float | None = None
    model: str = ""
    headers: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class HttpError:
    """An error status instead of an answer.

    With `parameter`, the error is one about that request parameter, and is given only to a request that sends it.
    `retry_after` is the header's text: seconds or an HTTP date; `headers` are further ones.
    """

    status: int
    message: str
    code: str = ""
    retry_after: str | None = None
    parameter: str = ""
    shape: ErrorShape = "nested"
    headers: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class BrokenStream:
    """A stream that starts well with `text` and goes wrong.

    - `cut`: ends cleanly, without `finish_reason` and `[DONE]`
    - `drop`: the connection closes in the middle of the HTTP body
    - `reset`: the connection is reset (TCP RST); with empty `text` before any byte of the answer
    - `error`: an error object comes as an event of the stream
    - `endless`: `text` again and again, at full pace, until the client leaves
    - `stall`: no byte more, until the client leaves; with empty `text` not even a status line
    - `garbage`: an event that is not JSON

    Asked without `stream`, the JSON answer is broken off in the middle instead, or never comes.
    """

    text: str
    end: StreamEnd


@dataclass(frozen=True, slots=True)
class Drip:
    """A right answer whose bytes come one at a time, `pause` seconds apart: no read ever times out."""

    text: str
    pause: float = 0.3


@dataclass(frozen=True, slots=True)
class RawBody:
    """Status 200 and a body that is no answer at all, such as a captive portal's page."""

    body: str
    content_type: str = "text/html"


Fault: TypeAlias = HttpError | BrokenStream | Drip | RawBody
Answer: TypeAlias = Reply | Fault


def unsupported(parameter: str, shape: ErrorShape = "nested") -> HttpError:
    """The 400 of an endpoint that does not know `parameter`."""
    message = {
        "nested": f"Unsupported parameter: '{parameter}' is not supported with this model.",
        "flat": f"property '{parameter}' is unsupported",
        "detail": "Extra inputs are not permitted",
        "html": f"unknown field {parameter}",
    }[shape]
    return HttpError(400, message, "unsupported_parameter", parameter=parameter, shape=shape)


def rate_limited(retry_after: str | None) -> HttpError:
    """The 429 of an endpoint that has had enough for now."""
    return HttpError(429, "Rate limit reached for requests", "rate_limit_exceeded", retry_after)


_SAMPLE = "The cause is a missing check. Here is the change that mends it."

NAMED: Mapping[str, Answer] = {
    "unsupported-stream-options": unsupported("stream_options"),
    "unsupported-temperature": unsupported("temperature"),
    "unsupported-max-completion-tokens": unsupported("max_completion_tokens"),
    "unauthorized": HttpError(401, "Incorrect API key provided.", "invalid_api_key"),
    "forbidden": HttpError(403, "Your country, region, or territory is not supported.", "unsupported_country"),
    "model-not-found": HttpError(404, "The model does not exist or you do not have access to it.", "model_not_found"),
    "payment-required": HttpError(402, "Insufficient credits."),
    "bad-request": HttpError(400, "'messages' must alternate between user and assistant.", "invalid_request"),
    "answer-too-long": HttpError(
        400, "max_tokens is too large. This model supports at most 512 completion tokens.", parameter="max_tokens"
    ),
    "request-timeout": HttpError(408, "Request timed out.", "timeout"),
    "context-too-long": HttpError(
        400, "This model's maximum context length is 8192 tokens.", "context_length_exceeded"
    ),
    "rate-limited": rate_limited(None),
    "rate-limited-short": rate_limited("0.05"),
    "rate-limited-long": rate_limited("3600"),
    "rate-limited-ms": HttpError(429, "Too many requests", headers={"Retry-After-Ms": "50"}),
    "rate-limited-headers": HttpError(
        429, "Too many tokens", headers={"x-ratelimit-remaining-tokens": "0", "x-ratelimit-reset-tokens": "60ms"}
    ),
    "conflict": HttpError(409, "The request was changed meanwhile."),
    "quota": HttpError(429, "You exceeded your current quota, please check your plan.", "insufficient_quota"),
    "server-error": HttpError(500, "The server had an error while processing your request.", "server_error"),
    "bad-gateway": HttpError(502, "<html><body>502 Bad Gateway</body></html>", shape="html"),
    "overloaded": HttpError(503, "The engine is currently overloaded.", "overloaded"),
    "reset": BrokenStream("", "reset"),
    "hang": BrokenStream("", "stall"),
    "cut": BrokenStream(_SAMPLE, "cut"),
    "drop": BrokenStream(_SAMPLE, "drop"),
    "reset-midway": BrokenStream(_SAMPLE, "reset"),
    "error-midway": BrokenStream(_SAMPLE, "error"),
    "endless": BrokenStream(_SAMPLE, "endless"),
    "stall": BrokenStream(_SAMPLE, "stall"),
    "garbage": BrokenStream(_SAMPLE, "garbage"),
    "drip": Drip(_SAMPLE),
    "not-json": RawBody("<html><body>Please sign in to the network</body></html>"),
    "wrong-json": RawBody('{"choices": "none"}', "application/json"),
    "empty": Reply(),
    "length": Reply(_SAMPLE, finish_reason="length"),
    "content-filter": Reply(_SAMPLE, finish_reason="content_filter"),
    "reasoning-only": Reply(reasoning=_SAMPLE),
    "thoughts": Reply(f"<think>\nLet me see.\n</think>\n\n{_SAMPLE}"),
    "thoughts-only": Reply(f"<think>\n{_SAMPLE}"),
    "refusal": Reply(refusal="I can't help with that."),
    "no-usage": Reply(_SAMPLE, usage="never"),
    "usage-only": Reply(usage="only"),
}
"""The usual ways an endpoint disappoints, by name; for tables in tests and for scripts of the program."""


def error_body(error: HttpError) -> tuple[str, bytes]:
    """The content type and body that go with `error`."""
    if error.shape == "html":
        return "text/html", error.message.encode()
    kind = "invalid_request_error" if error.status < 500 else "server_error"
    flat = {"message": error.message, "type": kind, "param": error.parameter or None, "code": error.code or None}
    body: dict[str, Any] = flat
    if error.shape == "nested":
        body = {"error": flat}
    elif error.shape == "detail":
        body = {"detail": [{"type": "extra_forbidden", "loc": ["body", error.parameter], "msg": error.message}]}
    return "application/json", json.dumps(body).encode()


@dataclass(frozen=True, slots=True)
class Rule:
    """`answer` for any prompt that contains `when`; an empty `when` marks an answer that is given in its turn."""

    when: str
    answer: Answer


def parse_script(text: str) -> list[Rule]:
    """Read a script: a JSON list of texts, `{"named": NAME}` or objects with fields of `Reply`, also with a `when`.

    Raises:
        ValueError: when it is something else.
    """
    entries = json.loads(text)
    if not isinstance(entries, list) or not entries:
        raise ValueError("a script is a JSON list with at least one answer")
    return [_rule(entry) for entry in entries]


def _rule(entry: Any) -> Rule:
    if isinstance(entry, str):
        return Rule("", Reply(entry))
    if not isinstance(entry, dict):
        raise ValueError(f"an answer is a text or an object, not {entry!r}")  # noqa: TRY004 - bad data, not a bad call
    fields = dict(entry)
    when = str(fields.pop("when", ""))
    if set(fields) == {"named"}:
        if fields["named"] not in NAMED:
            raise ValueError(f"unknown answer {fields['named']!r}; there are: {', '.join(sorted(NAMED))}")
        return Rule(when, NAMED[fields["named"]])
    try:
        return Rule(when, Reply(**fields))
    except TypeError as error:
        raise ValueError(f"not the fields of a reply: {', '.join(sorted(fields))}") from error
