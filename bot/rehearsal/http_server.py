"""A small threaded HTTP/1.1 server on loopback: keep-alive, streams, and connections that are cut on purpose."""

from __future__ import annotations

import contextlib
import os
import socket
import struct
import threading
from dataclasses import dataclass, field
from http import HTTPStatus
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import TYPE_CHECKING, Any, Self
from urllib.parse import parse_qsl, urlsplit

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Mapping
    from types import TracebackType

LARGEST_BODY = 256 * 1024 * 1024  # bytes; a whole push of a big repository fits
_METHODS = ("GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS")


_NO_LINGER = struct.pack("ii", 1, 0)
"""Linger on, for no time: closing then sends RST (socket(7), SO_LINGER)."""


class HangUp(Exception):  # noqa: N818 - it is a stage direction, not an error
    """Raised by a handler to drop the connection unanswered, or by a body's iterator to cut the answer right there.

    A subclass with `reset` drops it as a crashed machine does, with an RST instead of a proper end.
    """

    reset = False


@dataclass(frozen=True, slots=True)
class Request:
    """One request as it came in: `path` is still percent-encoded and has no query, header names are lower case."""

    method: str
    path: str
    query: Mapping[str, str]
    query_text: str
    headers: Mapping[str, str]
    body: bytes


@dataclass(slots=True)
class Response:
    """One answer.

    A `bytes` body goes out in one piece with the head. An iterable is streamed: each piece is sent as it is yielded,
    chunked unless `headers` has a Content-Length (which may promise more than comes: that and `HangUp` make a truncated
    answer).
    """

    status: int = 200
    headers: dict[str, str] = field(default_factory=dict)
    body: bytes | Iterable[bytes] = b""


class HttpServer:
    """Serves `handle` on 127.0.0.1 from its construction on, one thread a connection; a context manager that stops it.

    `handle` is called from many threads at once. Port 0 takes a free one.
    """

    def __init__(self, handle: Callable[[Request], Response], port: int = 0) -> None:
        self._server = _Server(handle, port)
        self.port: int = self._server.server_address[1]
        self.url = f"http://127.0.0.1:{self.port}"
        self._thread = threading.Thread(target=self._server.serve_forever, args=(0.02,), daemon=True)
        self._thread.start()

    def close(self) -> None:
        """Stop accepting, cut what is open and wait for its threads; can be called twice."""
        if self._thread.is_alive():
            self._server.shutdown()
            self._thread.join()
        self._server.server_close()
        self._server.cut_all()

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()


class _Server(ThreadingHTTPServer):
    daemon_threads = True
    block_on_close = False
    request_queue_size = 512  # a hundred clients may knock at once

    def __init__(self, handle: Callable[[Request], Response], port: int) -> None:
        self.handle_call = handle
        self._open: dict[socket.socket, threading.Thread] = {}
        self._guard = threading.Lock()
        super().__init__(("127.0.0.1", port), _Handler)

    def process_request_thread(self, request: Any, client_address: Any) -> None:
        with self._guard:
            self._open[request] = threading.current_thread()
        try:
            super().process_request_thread(request, client_address)
        finally:
            with self._guard:
                self._open.pop(request, None)

    def handle_error(self, request: Any, client_address: Any) -> None:
        """Clients that go away are part of the play; anything else is a bug of the stage and is shown."""
        import sys  # noqa: PLC0415 - only on this path

        if not isinstance(sys.exception(), (ConnectionError, TimeoutError)):
            super().handle_error(request, client_address)

    def cut_all(self) -> None:
        with self._guard:
            still = dict(self._open)
        for connection in still:
            with contextlib.suppress(OSError):  # the other side, or its own thread, was quicker
                connection.shutdown(socket.SHUT_RDWR)
        for thread in still.values():
            thread.join(timeout=5)


class _Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    disable_nagle_algorithm = True  # otherwise each answer may wait 40 ms for a delayed ACK
    server: _Server

    def log_message(self, format: str, *args: Any) -> None:  # noqa: A002 - the base class's name
        """Stay silent: the stage keeps its own record of requests."""

    def answer(self) -> None:
        try:
            request = self._read_request()
        except ValueError as problem:
            self._send(Response(HTTPStatus.BAD_REQUEST, {"Connection": "close"}, str(problem).encode()))
            self.close_connection = True
            return
        try:
            self._send(self.server.handle_call(request))
        except HangUp as end:
            self.close_connection = True
            if end.reset:
                self.connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, _NO_LINGER)
                os.close(self.connection.detach())
            else:
                self.connection.shutdown(socket.SHUT_RDWR)

    def _read_request(self) -> Request:
        target = urlsplit(self.path)
        query = dict(parse_qsl(target.query, keep_blank_values=True))
        headers = {name.lower(): value for name, value in self.headers.items()}
        chunked = headers.get("transfer-encoding", "").lower() == "chunked"
        body = self._read_chunks() if chunked else self._read_exactly(int(headers.get("content-length") or 0))
        return Request(self.command, target.path, query, target.query, headers, body)

    def _read_exactly(self, count: int) -> bytes:
        if not 0 <= count <= LARGEST_BODY:
            raise ValueError("body too large")
        body = self.rfile.read(count)
        if len(body) != count:
            raise ConnectionResetError("the client left in the middle of its request")
        return body

    def _read_chunks(self) -> bytes:
        body = bytearray()
        while size := int(self.rfile.readline(64).split(b";")[0], 16):
            body += self._read_exactly(size)
            self.rfile.readline(8)
            if len(body) > LARGEST_BODY:
                raise ValueError("body too large")
        while self.rfile.readline(65536).strip():  # trailers, which nobody here wants
            pass
        return bytes(body)

    def _send(self, response: Response) -> None:
        whole = response.body if isinstance(response.body, bytes) else None
        headers = dict(response.headers)
        chunked = whole is None and "Content-Length" not in headers
        if chunked:
            headers["Transfer-Encoding"] = "chunked"
        elif whole is not None and response.status not in {204, 304}:
            headers.setdefault("Content-Length", str(len(whole)))
        head = self._head(response.status, headers)
        if whole is not None:
            self.wfile.write(head if self.command == "HEAD" else head + whole)
        elif not isinstance(response.body, bytes):
            self._stream(head, response.body, chunked=chunked)

    def _head(self, status: int, headers: Mapping[str, str]) -> bytes:
        reason = HTTPStatus(status).phrase if status in _KNOWN_STATUSES else "Unknown"
        if headers.get("Connection", "").lower() == "close":
            self.close_connection = True
        lines = [f"HTTP/1.1 {status} {reason}", *(f"{name}: {value}" for name, value in headers.items()), "", ""]
        return "\r\n".join(lines).encode("latin-1")

    def _stream(self, head: bytes, pieces: Iterable[bytes], *, chunked: bool) -> None:
        self.wfile.write(head)
        for piece in pieces:
            if piece:
                self.wfile.write(b"%x\r\n%s\r\n" % (len(piece), piece) if chunked else piece)
        if chunked:
            self.wfile.write(b"0\r\n\r\n")


_KNOWN_STATUSES = frozenset(int(status) for status in HTTPStatus)
for _method in _METHODS:
    setattr(_Handler, f"do_{_method}", _Handler.answer)
