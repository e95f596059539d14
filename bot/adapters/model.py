"""The model, asked through a process of its own; see `model_worker` for why, and for what goes over the pipes."""

from __future__ import annotations

import json
import queue
import signal
import subprocess
import sys
import threading
import time
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import IO, TYPE_CHECKING, Any
from urllib.parse import urlsplit

from bot.core.endpoints import Window, slots
from bot.errors import AbandonedError, CutAnswerError, ModelError, RefusedError
from bot.ports import Completion

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence

    from bot.ports import Message
    from bot.settings.environ import Endpoint

_COMMAND = (sys.executable, "-I", "-X", "utf8", "-m", "bot.adapters.model_worker")

_PASSED_ON = frozenset({"PATH", "LANG", "HTTP_PROXY", "HTTPS_PROXY", "ALL_PROXY", "NO_PROXY"}) | {
    "SSL_CERT_FILE",
    "SSL_CERT_DIR",
    "REQUESTS_CA_BUNDLE",
}
"""What the model process gets of the environment, in capitals or not: how to reach a host, and nothing else."""

_MARGIN = 0.25
"""Seconds (at most a twentieth of the whole) that the process stops earlier, so that its reason arrives in time."""

_FAREWELL = 1.0
"""Seconds that a process has to end after it closed its output."""

_MAX_LINE = 32_000_000
"""Bytes of one line from the process: the longest answer with every character escaped."""


_REASONS: dict[str, type[ModelError]] = {"cut": CutAnswerError, "refused": RefusedError}
"""Which error the process means."""


@dataclass(slots=True)
class _Exchange:
    """One request as the parent sees it: what the process says of it, and the `text` that has come."""

    box: queue.SimpleQueue[dict[str, Any]] = field(default_factory=queue.SimpleQueue)
    text: str = ""

    def next(self, deadline: float) -> list[dict[str, Any]]:
        """What the process has said, waiting for it till the deadline if need be; several at once where we are slow.

        Raises:
            queue.Empty: when nothing came in time.
        """
        said = [self.box.get(timeout=max(0.0, deadline - time.monotonic()))]
        while not self.box.empty():
            said.append(self.box.get())
        return said

    def hear(self, said: Sequence[dict[str, Any]]) -> None:
        """Bring `text` up to date; an answer that was begun anew starts at 0 again."""
        for line in said:
            self.text = self.text[: line["at"]] + line["text"]


class ModelProcess:
    """A `ports.Model`: endpoints asked in their order, from a process that holds the keys.

    The keys are forgotten here as soon as they are handed over, so a process that has died is not replaced. Several
    threads may ask at once. A request that is late is given up alone: the others go on, and `close` ends everything.
    """

    def __init__(self, endpoints: Sequence[Endpoint], environ: Mapping[str, str], effort: str = "") -> None:
        """`effort` is the `reasoning_effort` to ask for where an endpoint knows it; empty leaves it to the endpoint."""
        if not endpoints:
            raise ValueError("a model needs an endpoint")
        self._effort = effort
        self._endpoints: tuple[Endpoint, ...] = tuple(endpoints)
        self._name = f"{endpoints[0].model} at {urlsplit(endpoints[0].base_url).netloc}"
        self._environ = _scrubbed(environ)
        self._lock = threading.Lock()
        self._process: subprocess.Popen[bytes] | None = None
        self._outbox: queue.SimpleQueue[bytes | None] = queue.SimpleQueue()
        self._waiting: dict[int, _Exchange] = {}
        self._unseen: set[int] = set()
        self._limits: tuple[Window, ...] = ()
        self._limited_at = 0.0
        self._threads: list[threading.Thread] = []
        self._asked = 0
        self._ended = ""

    def warm(self) -> None:
        """Start the process, which begins to import at once; returns in a few milliseconds, and never raises."""
        with self._lock:
            if self._process or self._ended:
                return
            try:
                self._process = process = subprocess.Popen(  # noqa: S603  our own module, no shell, nothing foreign in it
                    _COMMAND,
                    stdin=subprocess.PIPE,
                    stdout=subprocess.PIPE,
                    stderr=subprocess.DEVNULL,  # a traceback may quote foreign text, which a runner takes for commands
                    env=self._environ,
                    process_group=0,  # so that Ctrl-C in a terminal reaches the parent alone
                )
            except OSError as error:
                self._ended = f"the model process could not be started: {error.strerror}"
                return
            self._outbox.put(_greeting(self._endpoints, self._effort))
            self._endpoints = ()
            for work in (self._write, self._read):
                thread = threading.Thread(target=work, args=(process,), daemon=True)
                thread.start()
                self._threads.append(thread)

    def complete(
        self,
        messages: Sequence[Message],
        *,
        max_tokens: int,
        temperature: float,
        seconds: float,
        listen: Callable[[str], bool] | None = None,
    ) -> Completion:
        """Ask once, as `ports.Model` says.

        Raises:
            AbandonedError: when `listen` returned False.
            CutAnswerError: when the answer ran into `max_tokens`.
            RefusedError: when the model refused.
            ModelError: for every other reason that there is no whole answer within `seconds`.
        """
        deadline = time.monotonic() + seconds
        self.warm()
        question = {
            "messages": [{"role": message.role, "content": message.content} for message in messages],
            "max_tokens": max_tokens,
            "temperature": temperature,
            "deadline": deadline - min(_MARGIN, seconds / 20),
            "listening": listen is not None,
        }
        identity, exchange = self._ask(question)
        ended = False
        try:
            last = _followed(exchange, deadline, listen)
            ended = True
        except queue.Empty:
            text = f"{self._name} gave no whole answer within {seconds:g} s"
            raise ModelError(text, _clean(exchange.text), "time") from None
        finally:
            self._forget(identity, cancel=not ended)
        return _completion(last)

    def slots(self, tokens: int) -> int:
        """How many more requests of so many tokens may be sent at once now, as `ports.Model` says."""
        with self._lock:
            return slots(self._limits, tokens, time.monotonic() - self._limited_at, len(self._unseen))

    def close(self) -> None:
        """End the process, whatever it is doing; requests under way fail."""
        self._end("the model was closed")
        if self._process:
            self._process.kill()
            self._process.wait()
        for thread in self._threads:
            thread.join(_FAREWELL)

    def _ask(self, question: dict[str, Any]) -> tuple[int, _Exchange]:
        with self._lock:
            if self._ended:
                raise ModelError(self._ended)
            self._asked += 1
            identity = self._asked
            self._waiting[identity] = exchange = _Exchange()
            self._unseen.add(identity)
            self._outbox.put(_line({"id": identity, **question}))
        return identity, exchange

    def _forget(self, identity: int, *, cancel: bool) -> None:
        with self._lock:
            self._unseen.discard(identity)
            if self._waiting.pop(identity, None) and cancel:
                self._outbox.put(_line({"cancel": identity}))

    def _write(self, process: subprocess.Popen[bytes]) -> None:
        """Write lines in a thread of its own, as a process that hangs would hold up the caller beyond its deadline."""
        try:
            with _pipe(process.stdin) as stdin:
                while (line := self._outbox.get()) is not None:
                    stdin.write(line)
                    stdin.flush()
        except BrokenPipeError:
            return  # the process has ended: `_read` says why

    def _read(self, process: subprocess.Popen[bytes]) -> None:
        """Hand each answer to the thread that waits for it, until the process ends."""
        fatal = ""
        with _pipe(process.stdout) as stdout:
            while (line := stdout.readline(_MAX_LINE)).endswith(b"\n") and not fatal:
                said = json.loads(line)
                fatal = said.get("fatal", "")
                self._hand_over(said)
        try:
            code = process.wait(_FAREWELL)
        except subprocess.TimeoutExpired:
            process.kill()
            code = process.wait()
        self._end(fatal or f"the model process ended unexpectedly ({_reason(code)})")

    def _hand_over(self, said: dict[str, Any]) -> None:
        with self._lock:
            if "limits" in said:
                self._limits = tuple(Window(**window) for window in said["limits"])
                self._limited_at = time.monotonic()
                self._unseen.discard(said["id"])
            elif exchange := self._waiting.get(said.get("id", 0)):
                exchange.box.put(said)

    def _end(self, why: str) -> None:
        """Take no more questions, and tell everybody who waits."""
        with self._lock:
            self._ended = self._ended or why
            self._endpoints = ()
            self._outbox.put(None)
            for exchange in self._waiting.values():
                exchange.box.put({"error": self._ended, "kind": "", "partial": ""})
            self._waiting.clear()


def _scrubbed(environ: Mapping[str, str]) -> dict[str, str]:
    """The environment without anything that could be a secret of ours or steer Python or the SDK."""
    kept = {name: value for name, value in environ.items() if name.upper() in _PASSED_ON}
    bundle = kept.pop("REQUESTS_CA_BUNDLE", "")
    if bundle and not {"SSL_CERT_FILE", "SSL_CERT_DIR"} & kept.keys():
        kept["SSL_CERT_DIR" if Path(bundle).is_dir() else "SSL_CERT_FILE"] = bundle  # all that the SDK's client knows
    return kept


def _greeting(endpoints: Sequence[Endpoint], effort: str) -> bytes:
    fields = [{"base_url": each.base_url, "api_key": each.api_key, "model": each.model} for each in endpoints]
    return _line({"endpoints": fields, "effort": effort})


def _line(data: dict[str, Any]) -> bytes:
    return json.dumps(data).encode() + b"\n"


def _pipe(pipe: IO[bytes] | None) -> IO[bytes]:
    if pipe is None:
        raise ValueError("the process was started without this pipe")
    return pipe


def _followed(exchange: _Exchange, deadline: float, listen: Callable[[str], bool] | None) -> dict[str, Any]:
    """The last word on the request, with `listen` told of the text on the way.

    Raises:
        AbandonedError: when `listen` wants no more.
        queue.Empty: when the last word did not come in time.
    """
    while True:
        said = exchange.next(deadline)
        if "text" not in said[-1]:
            return said[-1]
        exchange.hear(said)
        if listen and not listen(text := _clean(exchange.text)):
            raise AbandonedError("the answer was not wanted any more", text)


def _completion(said: dict[str, Any]) -> Completion:
    if "completion" not in said:
        raise _REASONS.get(said["kind"], ModelError)(said["error"], _clean(said["partial"]), said["kind"])
    completion = Completion(**said["completion"])
    return replace(completion, text=_clean(completion.text))


def _clean(text: str) -> str:
    """Without lone surrogates, which JSON can spell and which are no text: no file, commit or comment can hold them."""
    return text.encode(errors="replace").decode()


def _reason(code: int) -> str:
    return f"signal {-code}, {signal.strsignal(-code)}" if code < 0 else f"exit code {code}"
