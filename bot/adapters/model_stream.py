"""What an OpenAI-compatible endpoint sends back: server-sent events, or one JSON text, gathered into an answer. Pure.

Read here and not by the SDK, which builds an object graph for every event: at 8 x 2,000 tokens/s that alone would keep
a core busy.
"""

from __future__ import annotations

import json
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from bot.adapters.model_thoughts import Listener

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

MAX_TEXT = 4_000_000
"""Characters of one answer."""

MAX_LINE = 8_000_000
"""Bytes of one event, or of an answer in one piece."""


_DECODER = json.JSONDecoder()
"""Half the time of `json.loads`, which looks for the encoding first."""


class BrokenAnswerError(Exception):
    """The endpoint's bytes are no answer; the text says in what way."""


class EndlessAnswerError(BrokenAnswerError):
    """The answer is longer than any that could be used: asking again is of no use."""


@dataclass(slots=True)
class Answer:
    """An answer as far as it has come; whole once `finish_reason` is there."""

    parts: list[str] = field(default_factory=list)
    characters: int = 0
    finish_reason: str = ""
    refusal: str = ""
    model: str = ""
    tokens_in: int | None = None
    tokens_out: int | None = None
    tokens_cached: int | None = None
    begun: bool = False
    _taken: int = 0
    _listener: Listener = field(default_factory=Listener)

    @property
    def text(self) -> str:
        """The text so far, without the reasoning that the endpoint sends beside it or before it."""
        return "".join(self.parts)

    def take(self) -> tuple[int, str]:
        """The part of the text that was not taken before, and the character at which it begins."""
        fresh = "".join(self.parts[self._taken :])
        self._taken = len(self.parts)
        return self.characters - len(fresh), fresh

    def add(self, event: bytes) -> None:
        """Take one event of the stream, or the whole answer in one piece.

        Raises:
            BrokenAnswerError: when it is not what the protocol has, or says that the endpoint failed.
            EndlessAnswerError: when it makes the answer longer than `MAX_TEXT`.
        """
        try:
            data = _DECODER.decode(str(event, "utf-8"))
        except (ValueError, RecursionError):
            hint = "" if self.begun else ": check the base-url input"
            raise BrokenAnswerError(f"sent something that is not JSON{hint}") from None
        if not isinstance(data, dict):
            raise BrokenAnswerError("sent JSON that is no answer")
        if data.get("error"):
            raise BrokenAnswerError(f"failed while answering: {error_text(data)}")
        self.model = _text(data.get("model")) or self.model
        self._count(_table(data.get("usage")))
        choices = data.get("choices")
        if isinstance(choices, list) and choices:
            self._choose(_table(choices[0]))

    def _choose(self, choice: dict[str, Any]) -> None:
        delta = _table(choice.get("delta") or choice.get("message"))
        self.begun = self.begun or any(value for key, value in delta.items() if key != "role")
        if content := _content(delta.get("content")):
            self._append(self._listener.hear(content))
        self.refusal = (self.refusal + _text(delta.get("refusal")))[:1000]
        if reason := _text(choice.get("finish_reason"))[:40]:
            self.finish_reason = reason
            self._append(self._listener.rest())

    def _append(self, text: str) -> None:
        self.characters += len(text)
        if self.characters > MAX_TEXT:
            raise EndlessAnswerError(f"went on for more than {MAX_TEXT:,} characters")
        if text:
            self.parts.append(text)

    def _count(self, usage: dict[str, Any]) -> None:
        details = _table(usage.get("prompt_tokens_details"))
        self.tokens_in = _count(usage.get("prompt_tokens"), self.tokens_in)
        self.tokens_out = _count(usage.get("completion_tokens"), self.tokens_out)
        self.tokens_cached = _count(details.get("cached_tokens"), self.tokens_cached)


def events(chunks: Iterable[bytes]) -> Iterator[bytes]:
    """The data of each server-sent event up to `[DONE]`.

    Endpoints write each JSON on one line, so a line is an event; comments and other fields are passed over.

    Raises:
        EndlessAnswerError: when a line is longer than `MAX_LINE`.
    """
    for line in _lines(chunks):
        if line.startswith(b"data:"):
            data = line[5:].strip()
            if data == b"[DONE]":
                return
            if data:
                yield data


def _lines(chunks: Iterable[bytes]) -> Iterator[bytes]:
    rest = b""
    for chunk in chunks:
        *lines, rest = (rest + chunk).split(b"\n")
        if len(rest) > MAX_LINE:
            raise EndlessAnswerError(f"sent more than {MAX_LINE:,} bytes without a line break")
        yield from lines
    yield rest


def whole(chunks: Iterable[bytes]) -> bytes:
    """The body of an answer in one piece, from an endpoint that does not stream.

    Raises:
        EndlessAnswerError: when it is longer than `MAX_LINE`.
    """
    body = bytearray()
    for chunk in chunks:
        body += chunk
        if len(body) > MAX_LINE:
            raise EndlessAnswerError(f"sent more than {MAX_LINE:,} bytes")
    return bytes(body)


def error_text(data: Any) -> str:
    """What an endpoint says of an error, in a line: nested as OpenAI has it, flat, a `detail`, or a text."""
    for key in ("error", "message", "detail", "msg"):
        if isinstance(data, dict) and data.get(key):
            return error_text(data[key])
    text = data if isinstance(data, str) else json.dumps(data)
    return printable(text, 200)


def printable(text: str, limit: int) -> str:
    """Foreign text for an error: on one line, at most `limit` characters, nothing in it that is not shown."""
    flat = " ".join("".join(char if char.isprintable() else " " for char in text[: limit * 4]).split())
    return f"{flat[:limit]}…" if len(flat) > limit else flat


def _text(value: Any) -> str:
    return value if isinstance(value, str) else ""


def _content(value: Any) -> str:
    """The text of a message; Mistral's reasoning models send it as a list of parts, some of which are thoughts."""
    if isinstance(value, list):
        parts = [part for part in value if isinstance(part, dict) and part.get("type") == "text"]
        return "".join(_text(part.get("text")) for part in parts)
    return _text(value)


def _table(value: Any) -> dict[str, Any]:
    return value if isinstance(value, dict) else {}


def _count(value: Any, former: int | None) -> int | None:
    return value if isinstance(value, int) and not isinstance(value, bool) and 0 <= value < 10**9 else former
