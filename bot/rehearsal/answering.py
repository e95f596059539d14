"""Gives an answer over HTTP at its pace, and breaks it off where the script says so."""

from __future__ import annotations

import time
from dataclasses import dataclass
from http import HTTPStatus
from typing import TYPE_CHECKING, Any, NoReturn, assert_never

from bot.rehearsal.answers import BrokenStream, Drip, HttpError, RawBody, Reply, error_body
from bot.rehearsal.completions import Conversation, batches, event, token_limit, tokens_of
from bot.rehearsal.http_server import HangUp, Response

if TYPE_CHECKING:
    import threading
    from collections.abc import Iterator

    from bot.rehearsal.answers import Answer

_JSON = {"Content-Type": "application/json"}
_STREAM = {"Content-Type": "text/event-stream", "Cache-Control": "no-cache"}


@dataclass(frozen=True, slots=True)
class Pace:
    """How fast an endpoint answers: `first_token` in seconds, then its tokens/s; a `stopping` one hangs up at once."""

    tokens_per_second: float
    first_token: float
    stopping: threading.Event

    def wait_until(self, moment: float) -> None:
        """Sleep until that `time.monotonic`.

        Raises:
            HangUp: when the server stops meanwhile.
        """
        if self.stopping.wait(max(0.0, moment - time.monotonic())):
            raise HangUp

    def stall(self) -> NoReturn:
        """Say nothing until the server stops."""
        self.stopping.wait()
        raise HangUp


@dataclass(frozen=True, slots=True)
class Turn:
    """One request to be answered, the endpoint's `number`th; `started` is when it was in whole, by `time.monotonic`."""

    body: dict[str, Any]
    started: float
    number: int
    pace: Pace
    time_info: bool = False

    def respond(self, answer: Answer) -> Response:
        """The answer as an HTTP response; waits as long as the model would think.

        Raises:
            HangUp: where the script drops the connection before a status line.
        """
        match answer:
            case Reply():
                return self._reply(answer)
            case HttpError():
                return error_response(answer)
            case BrokenStream():
                return self._broken(answer)
            case Drip():
                return self._dripping(answer)
            case RawBody():
                return Response(200, {"Content-Type": answer.content_type}, answer.body.encode())
            case _:
                assert_never(answer)

    def _conversation(self, reply: Reply) -> Conversation:
        return Conversation(
            body=self.body,
            reply=reply,
            tokens=tokens_of(reply, token_limit(self.body)),
            identity=f"chatcmpl-{self.number}",
            created=int(time.time()),
            pace=reply.tokens_per_second or self.pace.tokens_per_second,
            time_info=self.time_info,
        )

    def _first_token(self, reply: Reply) -> float:
        return self.started + (self.pace.first_token if reply.first_token is None else reply.first_token)

    def _reply(self, reply: Reply) -> Response:
        talk = self._conversation(reply)
        if self.body.get("stream"):
            return Response(200, {**_STREAM, **reply.headers}, self._whole_stream(talk))
        self._think(talk)
        return Response(200, {**_JSON, **reply.headers}, talk.whole())

    def _think(self, talk: Conversation) -> None:
        """Let the time pass that all tokens take."""
        self.pace.wait_until(self._first_token(talk.reply) + max(0, len(talk.tokens) - 1) / talk.pace)

    def _whole_stream(self, talk: Conversation) -> Iterator[bytes]:
        yield from self._tokens(talk)
        yield from talk.last_chunks()

    def _tokens(self, talk: Conversation) -> Iterator[bytes]:
        """Each batch when its last token is due, counted from the start, so that lateness never adds up."""
        first = self._first_token(talk.reply)
        self.pace.wait_until(first)
        if talk.reply.usage != "only":
            yield talk.chunk({"role": "assistant", "content": ""})
        for count, delta in batches(talk.tokens, talk.pace):
            self.pace.wait_until(first + (count - 1) / talk.pace)
            yield talk.chunk(delta)

    def _broken(self, fault: BrokenStream) -> Response:
        if not fault.text and fault.end == "stall":
            self.pace.stall()
        if not fault.text and fault.end == "reset":
            raise Reset
        talk = self._conversation(Reply(fault.text))
        if self.body.get("stream"):
            return Response(200, dict(_STREAM), self._broken_stream(fault, talk))
        return self._broken_whole(fault, talk)

    def _broken_stream(self, fault: BrokenStream, talk: Conversation) -> Iterator[bytes]:
        yield from self._tokens(talk)
        match fault.end:
            case "cut":
                return
            case "drop":
                raise HangUp
            case "reset":
                raise Reset
            case "error":
                yield event({"error": {"message": "Internal error while generating.", "type": "server_error"}})
            case "endless":
                yield from self._forever(talk)
            case "stall":
                self.pace.stall()
            case "garbage":
                yield b'data: {"choices": [{"delta": {"con\n\ndata: [DONE]\n\n'
            case _:
                assert_never(fault.end)

    def _forever(self, talk: Conversation) -> Iterator[bytes]:
        """The tokens again and again, at the same pace, until the client leaves: then the server's write fails."""
        base, sent = time.monotonic(), 0
        while True:
            for count, delta in batches(talk.tokens, talk.pace):
                self.pace.wait_until(base + (sent + count) / talk.pace)
                yield talk.chunk(delta)
            sent += len(talk.tokens)

    def _broken_whole(self, fault: BrokenStream, talk: Conversation) -> Response:
        """The same faults where the answer is one JSON text: half of it, or nothing for ever."""
        if fault.end in {"endless", "stall"}:
            self.pace.stall()
        self._think(talk)
        whole = talk.whole()
        half = whole[: len(whole) // 2]
        if fault.end in {"cut", "garbage", "error"}:
            return Response(200, dict(_JSON), half)
        hang_up = Reset if fault.end == "reset" else HangUp
        return Response(200, _JSON | {"Content-Length": str(len(whole))}, _breaking_off(half, hang_up))

    def _dripping(self, fault: Drip) -> Response:
        talk = self._conversation(Reply(fault.text))
        streaming = bool(self.body.get("stream"))
        data = b"".join([talk.chunk({"content": fault.text}), *talk.last_chunks()]) if streaming else talk.whole()
        headers = (_STREAM if streaming else _JSON) | {"Content-Length": str(len(data))}
        return Response(200, headers, self._drops(data, fault.pause))

    def _drops(self, data: bytes, pause: float) -> Iterator[bytes]:
        for number, byte in enumerate(data):
            self.pace.wait_until(self.started + number * pause)
            yield bytes([byte])


class Reset(HangUp):
    """Drop the connection with a TCP RST instead of a goodbye."""

    reset = True


def _breaking_off(data: bytes, hang_up: type[HangUp]) -> Iterator[bytes]:
    yield data
    raise hang_up


def error_response(error: HttpError) -> Response:
    """The HTTP response that carries `error`."""
    content_type, body = error_body(error)
    headers = {"Content-Type": content_type, **error.headers}
    if error.retry_after is not None:
        headers["Retry-After"] = error.retry_after
    return Response(HTTPStatus(error.status), headers, body)
