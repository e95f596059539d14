"""A simulated model endpoint: real HTTP on loopback, OpenAI-compatible, with a set speed, scripted answers and faults.

As a program (`python -m bot.rehearsal.model --replies FILE`) it prints its base URL on its first line and runs until it
is stopped; `GET /rehearsal/stats` then tells a benchmark in another process when the model was busy.
"""

from __future__ import annotations

import argparse
import contextlib
import hmac
import itertools
import json
import signal
import socket
import sys
import threading
import time
from collections import deque
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

from bot.rehearsal.answering import Pace, Turn, error_response
from bot.rehearsal.answers import Answer, HttpError, Reply, Rule, parse_script, unsupported
from bot.rehearsal.completions import prompt_text, request_problem, sent_parameter
from bot.rehearsal.http_server import HangUp, HttpServer, Request, Response

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence


@dataclass(frozen=True, slots=True)
class SeenRequest:
    """A request as it came: header names in lower case; `at` by `time.monotonic`, when it had come in whole."""

    at: float
    headers: Mapping[str, str]
    body: dict[str, Any]


@dataclass(slots=True, kw_only=True)
class SimulatedModel:
    """The endpoint's behaviour, and what it has seen; `serve()` puts it on a port.

    Answers come from the queue in the order of the requests' arrival, then from `answer`, which computes one from the
    request's body. An endpoint that has neither says so with status 400, which nobody retries.

    `first_token` is in seconds from the whole request to the first token; `tokens_per_second` is the pace after that.
    `listed` takes the place of the answer to `GET /v1/models`; `figures` go with the model in that list.
    `api_key` empty takes any key; `unsupported` names parameters that are always answered with 400; `time_info` adds
    Cerebras' own timing to the answers.
    """

    model: str = "simulated-1"
    api_key: str = "sk-test"
    tokens_per_second: float = 2000
    first_token: float = 0.2
    accept_any_model: bool = False
    unsupported: tuple[str, ...] = ()
    time_info: bool = False
    figures: Mapping[str, Any] = field(default_factory=dict)
    listed: Answer | None = None
    answer: Callable[[dict[str, Any]], Answer] | None = None
    requests: list[SeenRequest] = field(default_factory=list, init=False)
    """Every request for a completion, in order of arrival, refused ones too."""
    busy_seconds: list[tuple[float, float]] = field(default_factory=list, init=False)
    """When each answer began (request complete) and ended (last byte), by `time.monotonic`, one clock for a machine."""
    _queue: deque[Answer] = field(default_factory=deque, init=False)
    _lock: threading.Lock = field(default_factory=threading.Lock, init=False)
    _stopping: threading.Event = field(default_factory=threading.Event, init=False)

    def queue(self, *answers: Answer) -> None:
        """Add answers, to be given one a request."""
        with self._lock:
            self._queue.extend(answers)

    @property
    def waiting(self) -> int:
        """How many queued answers nobody has asked for yet."""
        with self._lock:
            return len(self._queue)

    def model_bound_seconds(self) -> float:
        """The time during which at least one answer was under way: parallel answers count once."""
        total = end = 0.0
        for start, stop in sorted(self.busy_seconds):
            total += max(0.0, stop - max(start, end))
            end = max(end, stop)
        return total

    @contextlib.contextmanager
    def serve(self, port: int = 0) -> Iterator[str]:
        """Listen on loopback (port 0: any free one) for the length of the `with` block; gives the base URL."""
        self._stopping.clear()
        with HttpServer(self.handle, port) as server:
            try:
                yield f"{server.url}/v1"
            finally:
                self._stopping.set()

    def handle(self, request: Request) -> Response:
        """Answer one HTTP request.

        Raises:
            HangUp: where the script drops the connection.
        """
        match request.method, request.path:
            case "GET", "/rehearsal/stats":
                return _json(self._stats())
            case "GET", "/v1/models":
                return self._list(request)
            case "POST", "/v1/chat/completions":
                return self._complete(request)
            case _:
                message = f"Unknown request URL: {request.method} {request.path}."
                return error_response(HttpError(404, message, "unknown_url"))

    def _list(self, request: Request) -> Response:
        entry = {"id": self.model, "object": "model", "created": 0, "owned_by": "rehearsal", **self.figures}
        if refusal := self._key_problem(request):
            return error_response(refusal)
        if self.listed is None:
            return _json({"object": "list", "data": [entry]})
        pace = Pace(self.tokens_per_second, self.first_token, self._stopping)
        return Turn({}, time.monotonic(), 0, pace).respond(self.listed)

    def _complete(self, request: Request) -> Response:
        started = time.monotonic()
        body = _parsed(request.body)
        with self._lock:
            self.requests.append(SeenRequest(started, request.headers, body if isinstance(body, dict) else {}))
            number = len(self.requests)
        answer = self._refusal(request, body) or self._next_answer(body)
        pace = Pace(self.tokens_per_second, self.first_token, self._stopping)
        turn = Turn(body, started, number, pace, self.time_info)
        try:
            response = turn.respond(answer)
        except HangUp:
            self._note_end(started)
            raise
        if not isinstance(response.body, bytes):
            return replace(response, body=self._noting_end(response.body, started))
        self._note_end(started)
        return response

    def _noting_end(self, pieces: Iterable[bytes], started: float) -> Iterator[bytes]:
        try:
            yield from pieces
        finally:
            self._note_end(started)

    def _note_end(self, started: float) -> None:
        with self._lock:
            self.busy_seconds.append((started, time.monotonic()))

    def _key_problem(self, request: Request) -> HttpError | None:
        sent = request.headers.get("authorization", "")
        if not self.api_key or hmac.compare_digest(sent.encode(), f"Bearer {self.api_key}".encode()):
            return None
        return HttpError(401, "Incorrect API key provided.", "invalid_api_key")

    def _refusal(self, request: Request, body: Any) -> HttpError | None:
        """What is wrong with the request before the script is asked."""
        if refused := self._key_problem(request):
            return refused
        if problem := request_problem(body):
            return HttpError(400, problem, "invalid_request")
        if body["model"] != self.model and not self.accept_any_model:
            return HttpError(404, f"The model `{body['model']}` does not exist.", "model_not_found")
        unknown = next((name for name in self.unsupported if body.get(name) is not None), None)
        return unsupported(unknown) if unknown else None

    def _next_answer(self, body: dict[str, Any]) -> Answer:
        """Decide on the answer to a well-formed, authorised request, and use it up."""
        with self._lock:
            while self._queue:
                queued = self._queue.popleft()
                if not isinstance(queued, HttpError) or sent_parameter(queued, body):
                    return queued
        if self.answer is not None:
            return self.answer(body)
        return HttpError(400, "The simulated model has no answer left in its script.", "script_exhausted")

    def _stats(self) -> dict[str, Any]:
        return {
            "requests": len(self.requests),
            "busy": [list(span) for span in self.busy_seconds],
            "model_bound_seconds": self.model_bound_seconds(),
        }


def _parsed(data: bytes) -> Any:
    try:
        return json.loads(data)
    except ValueError:
        return None


def _json(value: dict[str, Any]) -> Response:
    return Response(200, {"Content-Type": "application/json"}, json.dumps(value).encode())


@contextlib.contextmanager
def refusing_url() -> Iterator[str]:
    """The base URL of an endpoint where nobody listens: every connection is refused."""
    with socket.socket() as held:
        held.bind(("127.0.0.1", 0))
        yield f"http://127.0.0.1:{held.getsockname()[1]}/v1"


def scripted(rules: Sequence[Rule]) -> Callable[[Mapping[str, Any]], Answer]:
    """An endless script: the first rule whose text is in the prompt, else the answers without one, round and round."""
    turns = [rule.answer for rule in rules if not rule.when]
    in_turn = itertools.cycle(turns or [HttpError(400, "No rule of the script fits this prompt.", "script_exhausted")])

    def answer(body: Mapping[str, Any]) -> Answer:
        prompt = prompt_text(body)
        found = next((rule.answer for rule in rules if rule.when and rule.when in prompt), None)
        return next(in_turn) if found is None else found

    return answer


def main(arguments: Sequence[str] | None = None) -> int:
    """Serve a script until SIGINT or SIGTERM."""
    options = _parser().parse_args(arguments)
    rules = parse_script(options.replies.read_text(encoding="utf-8")) if options.replies else [Rule("", Reply("OK"))]
    model = SimulatedModel(
        model=options.model,
        api_key=options.api_key,
        tokens_per_second=options.tokens_per_second,
        first_token=options.first_token,
        accept_any_model=not options.model,
        answer=scripted(rules),
    )
    stops = {signal.SIGINT, signal.SIGTERM}
    signal.pthread_sigmask(signal.SIG_BLOCK, stops)  # before the first thread, so that only sigwait gets them
    with model.serve(options.port) as url:
        sys.stdout.write(url + "\n")
        sys.stdout.flush()
        signal.sigwait(stops)
    return 0


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="python -m bot.rehearsal.model", description="A simulated model endpoint.")
    parser.add_argument("--port", type=int, default=0, help="0: any free one")
    parser.add_argument("--replies", type=Path, help="JSON list of answers; default: OK to everything")
    parser.add_argument("--tokens-per-second", type=float, default=2000)
    parser.add_argument("--first-token", type=float, default=0.2, help="seconds to the first token")
    parser.add_argument("--model", default="simulated-1", help="the only known name; empty: any")
    parser.add_argument("--api-key", default="", help="the only valid key; empty: any")
    return parser


if __name__ == "__main__":
    sys.exit(main())
