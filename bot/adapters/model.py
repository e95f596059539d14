"""The model, asked through a process of its own; see `model_worker` for why, and for what goes over the pipes."""

from __future__ import annotations

import json
import queue
import signal
import subprocess
import sys
import threading
import time
from dataclasses import replace
from pathlib import Path
from typing import IO, TYPE_CHECKING, Any
from urllib.parse import urlsplit

from bot.errors import ModelError
from bot.ports import Completion

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

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


class CutAnswerError(ModelError):
    """The answer ran into the limit of tokens; `text` is what came until then."""

    def __init__(self, message: str, text: str) -> None:
        super().__init__(message)
        self.text = text


class ModelProcess:
    """A `ports.Model`: endpoints asked in their order, from a process that holds the keys.

    The keys are forgotten here as soon as they are handed over, so a process that has died is not replaced. Several
    threads may ask at once. A request that is late is given up alone: the others go on, and `close` ends everything.
    """

    def __init__(self, endpoints: Sequence[Endpoint], environ: Mapping[str, str]) -> None:
        if not endpoints:
            raise ValueError("a model needs an endpoint")
        self._endpoints: tuple[Endpoint, ...] = tuple(endpoints)
        self._name = f"{endpoints[0].model} at {urlsplit(endpoints[0].base_url).netloc}"
        self._environ = _scrubbed(environ)
        self._lock = threading.Lock()
        self._process: subprocess.Popen[bytes] | None = None
        self._outbox: queue.SimpleQueue[bytes | None] = queue.SimpleQueue()
        self._waiting: dict[int, queue.SimpleQueue[dict[str, Any]]] = {}
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
            self._outbox.put(_greeting(self._endpoints))
            self._endpoints = ()
            for work in (self._write, self._read):
                thread = threading.Thread(target=work, args=(process,), daemon=True)
                thread.start()
                self._threads.append(thread)

    def complete(
        self, messages: Sequence[Message], *, max_tokens: int, temperature: float, seconds: float
    ) -> Completion:
        """Ask once, as `ports.Model` says.

        Raises:
            CutAnswerError: when the answer ran into `max_tokens`.
            ModelError: for every other reason that there is no whole answer within `seconds`.
        """
        deadline = time.monotonic() + seconds
        self.warm()
        question = {
            "messages": [{"role": message.role, "content": message.content} for message in messages],
            "max_tokens": max_tokens,
            "temperature": temperature,
            "deadline": deadline - min(_MARGIN, seconds / 20),
        }
        identity, box = self._ask(question)
        try:
            return _completion(box.get(timeout=max(0.0, deadline - time.monotonic())))
        except queue.Empty:
            raise ModelError(f"{self._name} gave no whole answer within {seconds:g} s") from None
        finally:
            with self._lock:
                self._waiting.pop(identity, None)

    def close(self) -> None:
        """End the process, whatever it is doing; requests under way fail."""
        self._end("the model was closed")
        if self._process:
            self._process.kill()
            self._process.wait()
        for thread in self._threads:
            thread.join(_FAREWELL)

    def _ask(self, question: dict[str, Any]) -> tuple[int, queue.SimpleQueue[dict[str, Any]]]:
        with self._lock:
            if self._ended:
                raise ModelError(self._ended)
            self._asked += 1
            identity = self._asked
            box: queue.SimpleQueue[dict[str, Any]] = queue.SimpleQueue()
            self._waiting[identity] = box
            self._outbox.put(_line({"id": identity, **question}))
        return identity, box

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
                with self._lock:
                    box = self._waiting.get(said.get("id"))
                if box:
                    box.put(said)
        try:
            code = process.wait(_FAREWELL)
        except subprocess.TimeoutExpired:
            process.kill()
            code = process.wait()
        self._end(fatal or f"the model process ended unexpectedly ({_reason(code)})")

    def _end(self, why: str) -> None:
        """Take no more questions, and tell everybody who waits."""
        with self._lock:
            self._ended = self._ended or why
            self._endpoints = ()
            self._outbox.put(None)
            for box in self._waiting.values():
                box.put({"error": self._ended, "partial": ""})
            self._waiting.clear()


def _scrubbed(environ: Mapping[str, str]) -> dict[str, str]:
    """The environment without anything that could be a secret of ours or steer Python or the SDK."""
    kept = {name: value for name, value in environ.items() if name.upper() in _PASSED_ON}
    bundle = kept.pop("REQUESTS_CA_BUNDLE", "")
    if bundle and not {"SSL_CERT_FILE", "SSL_CERT_DIR"} & kept.keys():
        kept["SSL_CERT_DIR" if Path(bundle).is_dir() else "SSL_CERT_FILE"] = bundle  # all that the SDK's client knows
    return kept


def _greeting(endpoints: Sequence[Endpoint]) -> bytes:
    fields = [{"base_url": each.base_url, "api_key": each.api_key, "model": each.model} for each in endpoints]
    return _line({"endpoints": fields})


def _line(data: dict[str, Any]) -> bytes:
    return json.dumps(data).encode() + b"\n"


def _pipe(pipe: IO[bytes] | None) -> IO[bytes]:
    if pipe is None:
        raise ValueError("the process was started without this pipe")
    return pipe


def _completion(said: dict[str, Any]) -> Completion:
    if "completion" in said:
        completion = Completion(**said["completion"])
        # JSON can spell lone surrogates, which are no text: no file, commit or comment could hold them.
        return replace(completion, text=completion.text.encode(errors="replace").decode())
    if said["partial"]:
        raise CutAnswerError(said["error"], said["partial"])
    raise ModelError(said["error"])


def _reason(code: int) -> str:
    return f"signal {-code}, {signal.strsignal(-code)}" if code < 0 else f"exit code {code}"
