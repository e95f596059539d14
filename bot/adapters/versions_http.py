"""The one door to version sources: HTTP requests that are bounded in time, size, repeats and in where they may lead.

httpcore and not a client above it: redirects, credentials and addresses are decided here, nothing is taken from the
environment, and its network backend is a public seam at which addresses are judged.
"""

from __future__ import annotations

import threading
import time
import zlib
from dataclasses import dataclass
from typing import TYPE_CHECKING
from urllib.parse import urlsplit

import httpcore2

from bot.adapters.versions_address import SourceError, VettedBackend, checked_url, following, origin

if TYPE_CHECKING:
    from collections.abc import Collection, Mapping

    from tenacity import RetryCallState

LARGEST = 16_000_000
"""Bytes of the longest answer that is read, unless a caller bears more."""
_CONNECT, _READ = 5.0, 15.0
_ONE_REQUEST = 60.0
_ATTEMPTS = 3
_LONGEST_WAIT = 10.0
_REDIRECTS = 5
_CONNECTIONS = 16
_AGENT = b"draftgate"
_PAUSES = frozenset((429, 503))
_BROKEN = frozenset((500, 502, 504))


@dataclass(frozen=True, slots=True)
class Answer:
    """An answer that came whole; header names are lower case. `url` is where it came from after redirects."""

    status: int
    headers: Mapping[str, str]
    body: bytes
    url: str


class _TransientError(SourceError):
    """Worth another try after `wait` seconds, where the server said how many, and no more than are waited for.

    `whole` says that it is about the server and not about what was asked of it.
    """

    def __init__(self, why: str, wait: float | None = None, *, whole: bool = True) -> None:
        super().__init__(why)
        self.wait = wait
        self.whole = whole


class Web:
    """Asks servers over pooled connections, from several threads; one that is down or has had enough is left in peace.

    `trusted` are hosts (`host` or `host:port`) that may be private. `patience` are the seconds for everything
    since the last `start`.
    """

    def __init__(self, trusted: Collection[str] = (), patience: float = 120.0) -> None:
        self._patience = patience
        self._until = time.monotonic() + patience
        self._down: dict[tuple[str, str, int], str] = {}
        self._lock = threading.Lock()
        self._pool = httpcore2.ConnectionPool(
            max_connections=_CONNECTIONS, keepalive_expiry=30, network_backend=VettedBackend(trusted, self.left)
        )

    def start(self) -> None:
        """Begin to count the patience anew."""
        self._until = time.monotonic() + self._patience

    def left(self) -> float:
        """Seconds that are left, at least none."""
        return max(0.0, self._until - time.monotonic())

    def close(self) -> None:
        """Close all connections."""
        self._pool.close()

    def ask(
        self, url: str, headers: Mapping[str, str] | None = None, *, method: str = "GET", limit: int = LARGEST
    ) -> Answer:
        """The answer to a request; an `authorization` header stays with the origin of `url` whatever redirects say.

        Statuses 200 to 499 but 429 come as answers.

        Raises:
            SourceError: when none came whole, in time and within the limit.
        """
        from tenacity import Retrying, retry_if_exception, stop_after_attempt  # noqa: PLC0415 - brings asyncio

        place = origin(checked_url(url))
        if why := self._down.get(place):
            raise SourceError(why)
        retrying = Retrying(
            retry=retry_if_exception(_is_worth_it),
            stop=stop_after_attempt(_ATTEMPTS),
            wait=_pause,
            sleep=self._sleep,
            reraise=True,
        )
        try:
            answer: Answer = retrying(self._redirected, method, url, dict(headers or {}), limit)
        except _TransientError as error:
            if error.whole:
                with self._lock:
                    self._down[place] = str(error)
            raise SourceError(str(error)) from None
        return answer

    def _sleep(self, seconds: float) -> None:
        if seconds >= self.left():
            raise SourceError("the time for all sources is up")
        time.sleep(seconds)

    def _redirected(self, method: str, url: str, headers: dict[str, str], limit: int) -> Answer:
        first = checked_url(url)
        for _ in range(_REDIRECTS + 1):
            answer = self._once(method, url, headers, limit)
            location = answer.headers.get("location", "")
            if answer.status not in {301, 302, 303, 307, 308} or not location:
                return answer
            url = following(url, location)
            if origin(checked_url(url)) != origin(first):
                headers = {name: value for name, value in headers.items() if name.lower() != "authorization"}
        raise SourceError(f"{first.hostname} redirects more than {_REDIRECTS} times")

    def _once(self, method: str, url: str, headers: dict[str, str], limit: int) -> Answer:
        host = urlsplit(url).hostname or ""
        until = min(self._until, time.monotonic() + _ONE_REQUEST)
        sent = {"User-Agent": _AGENT.decode(), "Accept-Encoding": "gzip", **headers}
        timeouts = {"connect": _CONNECT, "read": _READ, "write": _READ, "pool": self.left()}
        try:
            with self._pool.stream(
                method, url, headers=list(sent.items()), extensions={"timeout": timeouts}
            ) as response:
                found = {name.decode("latin-1").lower(): value.decode("latin-1") for name, value in response.headers}
                _refuse_pauses(host, response.status, found)
                body = b"" if method == "HEAD" else _body(host, response, found, (limit, until))
                return Answer(response.status, found, body, url)
        except httpcore2.TimeoutException:
            raise _TransientError(f"{host} does not answer in time") from None
        except (httpcore2.NetworkError, httpcore2.ProtocolError):
            raise _TransientError(f"{host} cannot be reached, or breaks off") from None


def _refuse_pauses(host: str, status: int, headers: Mapping[str, str]) -> None:
    if status in _PAUSES:
        text = headers.get("retry-after", "")
        wait = float(text) if text.isdecimal() and len(text) < 7 else None
        said = f"; it asks to wait {text} s" if wait else ""
        why = f"{host} has had enough requests (429){said}" if status == 429 else f"{host} is busy ({status}){said}"
        raise _TransientError(why, wait, whole=status == 429)
    if status in _BROKEN:
        raise _TransientError(f"{host} is broken ({status})", whole=False)
    if status > 504:
        raise SourceError(f"{host} answers {status}")


def _body(host: str, response: httpcore2.Response, headers: Mapping[str, str], bounds: tuple[int, float]) -> bytes:
    limit, until = bounds
    opened = zlib.decompressobj(31) if headers.get("content-encoding", "").lower() == "gzip" else None
    pieces: list[bytes] = []
    size = 0
    for raw in response.iter_stream():
        try:
            piece = opened.decompress(raw, limit + 1 - size) if opened else raw
        except zlib.error:
            raise SourceError(f"{host} sends what cannot be unpacked") from None
        pieces.append(piece)
        size += len(piece)
        if size > limit:
            raise SourceError(f"{host} answers with more than {limit // 1_000_000} MB")
        if time.monotonic() > until:
            raise SourceError(f"{host} does not finish its answer in time")
    return b"".join(pieces)


def _is_worth_it(error: BaseException) -> bool:
    return isinstance(error, _TransientError) and (error.wait or 0) <= _LONGEST_WAIT


def _pause(state: RetryCallState) -> float:
    error = state.outcome.exception() if state.outcome else None
    wait = error.wait if isinstance(error, _TransientError) else None
    return wait if wait is not None else 0.2 * 2.0**state.attempt_number
