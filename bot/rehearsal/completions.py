"""The chat completions protocol from the endpoint's side: a reply as tokens, events and JSON. Pure."""

from __future__ import annotations

import json
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from bot.rehearsal.answers import HttpError, Reply

CHARACTERS_PER_TOKEN = 4
"""A usual estimate for English and code; the simulated model's tokens are cut by it, so its counts are exact."""

_BATCH_SECONDS = 0.01
"""Fast endpoints send several tokens an event; at 2,000 tokens/s this makes 20."""

Token = tuple[str, str]
"""The field of the message (`content`, `reasoning_content`, `refusal`) and the piece of its text."""


def tokens_of(reply: Reply, limit: int | None) -> list[Token]:
    """The answer cut into at most `limit` tokens (None: all)."""
    fields = (("reasoning_content", reply.reasoning), ("refusal", reply.refusal), ("content", reply.text))
    size = CHARACTERS_PER_TOKEN
    tokens = [(field, text[at : at + size]) for field, text in fields for at in range(0, len(text), size)]
    return tokens if limit is None else tokens[:limit]


def batches(tokens: list[Token], tokens_per_second: float) -> Iterator[tuple[int, dict[str, str]]]:
    """Group tokens for sending, as (number of tokens up to and with this batch, delta).

    The first token goes alone, as soon as it exists; a batch has tokens of one field only.
    """
    size = max(1, int(tokens_per_second * _BATCH_SECONDS))
    start = 0
    while start < len(tokens):
        field = tokens[start][0]
        end = start + (size if start else 1)
        end = next((at for at in range(start, min(end, len(tokens))) if tokens[at][0] != field), min(end, len(tokens)))
        yield end, {field: "".join(text for _, text in tokens[start:end])}
        start = end


def prompt_text(body: Mapping[str, Any]) -> str:
    """All message texts of a request, one after the other, roles left out."""
    return "\n".join(_content_text(message.get("content")) for message in body["messages"])


def _content_text(content: Any) -> str:
    if isinstance(content, list):
        return "".join(str(part.get("text", "")) for part in content if isinstance(part, dict))
    return content if isinstance(content, str) else ""


def token_limit(body: Mapping[str, Any]) -> int | None:
    """The request's own limit of the answer's length in tokens, by either of its names."""
    limit = body.get("max_completion_tokens", body.get("max_tokens"))
    return limit if isinstance(limit, int) else None


def request_problem(body: Any) -> str:
    """Why an endpoint would not take this request; empty when it would."""
    if not isinstance(body, dict):
        return "We could not parse the JSON body of your request."
    messages, limit = body.get("messages"), token_limit(body)
    faults = (
        (not isinstance(body.get("model"), str), "you must provide a model parameter"),
        (not _are_messages(messages), "'messages' must be a non-empty array of objects with a role."),
        ("stream_options" in body and not body.get("stream"), "'stream_options' is only allowed with 'stream'."),
        (limit is not None and limit < 1, "the maximum of tokens must be at least 1."),
        (body.get("n", 1) != 1, "'n' must be 1."),
    )
    return next((message for wrong, message in faults if wrong), "")


def _are_messages(value: Any) -> bool:
    are_objects = isinstance(value, list) and all(isinstance(one, dict) and "role" in one for one in value)
    return are_objects and bool(value)


@dataclass(frozen=True, slots=True)
class Conversation:
    """One request and the tokens of its answer, ready to be rendered; `created` is a Unix time, `pace` in tokens/s."""

    body: Mapping[str, Any]
    reply: Reply
    tokens: list[Token]
    identity: str
    created: int
    pace: float
    time_info: bool

    @property
    def finish_reason(self) -> str:
        """The reply's own, or `length` where the request's limit cut it."""
        whole = len(tokens_of(self.reply, None)) == len(self.tokens)
        return self.reply.finish_reason if whole else "length"

    @property
    def wants_usage(self) -> bool:
        """Whether token counts go with the answer: always in one piece, only when asked for in a stream."""
        if self.reply.usage != "asked":
            return self.reply.usage == "only"
        options = self.body.get("stream_options")
        return not self.body.get("stream") or bool(isinstance(options, dict) and options.get("include_usage"))

    def usage(self) -> dict[str, Any]:
        """The token counts of this answer."""
        prompt = -(-len(prompt_text(self.body)) // CHARACTERS_PER_TOKEN)
        counts: dict[str, Any] = {
            "prompt_tokens": prompt,
            "completion_tokens": len(self.tokens),
            "total_tokens": prompt + len(self.tokens),
        }
        if self.reply.cached_tokens is not None:
            counts["prompt_tokens_details"] = {"cached_tokens": min(self.reply.cached_tokens, prompt)}
        return counts

    def chunk(self, delta: Mapping[str, str], finish_reason: str | None = None) -> bytes:
        """One event of the stream."""
        choice = {"index": 0, "delta": dict(delta), "logprobs": None, "finish_reason": finish_reason}
        return event({**self._head("chat.completion.chunk"), "choices": [choice]})

    def last_chunks(self) -> Iterator[bytes]:
        """The end of a good stream: finish reason, usage where asked for, `[DONE]`."""
        if self.reply.usage != "only":
            yield self.chunk({}, self.finish_reason)
        if self.wants_usage:
            yield event({**self._head("chat.completion.chunk"), "choices": [], "usage": self.usage(), **self._times()})
        yield b"data: [DONE]\n\n"

    def whole(self) -> bytes:
        """The answer in one piece, for a request without `stream`."""
        message: dict[str, Any] = {"role": "assistant", "content": None, "refusal": None}
        for field, text in self.tokens:
            message[field] = (message.get(field) or "") + text
        if message["content"] is None and not self.reply.refusal:
            message["content"] = ""
        choice = {"index": 0, "message": message, "logprobs": None, "finish_reason": self.finish_reason}
        answer = {**self._head("chat.completion"), "choices": [] if self.reply.usage == "only" else [choice]}
        if self.wants_usage:
            answer["usage"] = self.usage()
        return json.dumps({**answer, **self._times()}).encode()

    def _head(self, kind: str) -> dict[str, Any]:
        model = self.reply.model or self.body["model"]
        return {"id": self.identity, "object": kind, "created": self.created, "model": model}

    def _times(self) -> dict[str, Any]:
        """What Cerebras adds to its answers: seconds of each phase, by its own clock."""
        seconds = len(self.tokens) / self.pace
        phases = {"queue_time": 0.0, "prompt_time": 0.0, "completion_time": seconds, "total_time": seconds}
        return {"time_info": phases} if self.time_info else {}


def event(data: Mapping[str, Any]) -> bytes:
    """A server-sent event with JSON data."""
    return b"data: " + json.dumps(data).encode() + b"\n\n"


def sent_parameter(error: HttpError, body: Mapping[str, Any]) -> bool:
    """Whether an error about one parameter concerns this request; one about no parameter concerns every request."""
    return not error.parameter or body.get(error.parameter) is not None
