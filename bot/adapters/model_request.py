"""One request on its way: its deadline, how it is given up, and what is said of it meanwhile; in the model process."""

from __future__ import annotations

import contextlib
import socket
import threading
import time
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from bot.adapters.model_stream import EndlessAnswerError

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Sequence

    from bot.adapters.model_stream import Answer

_PAUSE = 0.05
"""Seconds between two reports of an answer's text."""

_MOST = 64_000_000
"""Bytes of one answer as they come over the network: `model_stream.MAX_TEXT` with all that is around it, and more."""

TOO_LATE = 0.05
"""Seconds before the deadline in which nothing is begun any more."""


class AbandonedRequest(Exception):  # noqa: N818  nothing went wrong: nobody waits for the answer any more
    """The parent has given the request up."""


def _nobody(_line: dict[str, Any]) -> None:
    """Hears nothing."""


@dataclass(slots=True, eq=False)
class Request:
    """One question; `deadline` is by `time.monotonic`, which all processes of a machine share.

    `report` takes what is said on the way: `limits`, and with `listening` the text as it grows.
    """

    messages: Sequence[dict[str, str]]
    max_tokens: int
    temperature: float
    deadline: float
    listening: bool = False
    report: Callable[[dict[str, Any]], None] = _nobody
    abandoned: threading.Event = field(default_factory=threading.Event)
    _connection: socket.socket | None = None
    _lock: threading.Lock = field(default_factory=threading.Lock)
    _due: float = 0.0

    @property
    def characters(self) -> int:
        """The length of the prompt."""
        return sum(len(message["content"]) for message in self.messages)

    @property
    def left(self) -> float:
        """Seconds until the deadline, not less than 0."""
        return max(0.0, self.deadline - time.monotonic())

    def abandon(self) -> None:
        """Give up from another thread: nothing is sent any more, and a read that waits ends at once."""
        self.abandoned.set()
        with self._lock:
            if self._connection:
                with contextlib.suppress(OSError):  # the other side may have closed it already
                    # TLS's own `shutdown` would take its state from under the thread that reads.
                    socket.socket.shutdown(self._connection, socket.SHUT_RDWR)

    def check(self) -> None:
        """Go on or not.

        Raises:
            AbandonedRequest: when nobody waits for the answer any more.
            TimeoutError: when the deadline is over.
        """
        if self.abandoned.is_set():
            raise AbandonedRequest
        if time.monotonic() > self.deadline:
            raise TimeoutError

    def guarded(self, chunks: Iterator[bytes]) -> Iterator[bytes]:
        """The chunks as long as there is time and somebody waits: a drip never lets a single read time out.

        Raises:
            AbandonedRequest: as `check`.
            EndlessAnswerError: when they are too many.
            TimeoutError: as `check`.
        """
        left = _MOST
        for chunk in chunks:
            self.check()
            left -= len(chunk)
            if left < 0:
                raise EndlessAnswerError(f"sent more than {_MOST:,} bytes")
            yield chunk

    @contextlib.contextmanager
    def reading(self, connection: Any) -> Iterator[None]:
        """Let `abandon` cut this connection for as long as it is this request's own."""
        with self._lock:
            self._connection = connection if isinstance(connection, socket.socket) else None
        try:
            self.check()
            yield
        finally:
            with self._lock:
                self._connection = None

    def tell(self, answer: Answer) -> None:
        """Report the text if anybody listens and it is time: at the first token, and then now and again."""
        if not self.listening or not answer.begun:
            return
        now = time.monotonic()
        if now < self._due:
            return
        self._due = now + _PAUSE
        at, text = answer.take()
        self.report({"at": at, "text": text})
