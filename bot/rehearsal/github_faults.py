"""What can go wrong between a client and GitHub, as scriptable values."""

from __future__ import annotations

import json
import re
import time
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, TypeAlias

from bot.rehearsal.github_access import secondary_limit as _secondary_limit
from bot.rehearsal.http_server import HangUp, Response

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from bot.rehearsal.http_server import Request

Effect: TypeAlias = "Callable[[Callable[[], Response]], Response]"


@dataclass(slots=True)
class Fault:
    """One fault: `effect` gets the function that would act and answer, and decides whether to call it.

    It strikes requests whose method and path (with `/api/v3`) match, only the `at`-th request of all if that is given
    (1 is the first), after letting `skip` matching ones through, and `times` times (None: for ever).
    """

    effect: Effect
    method: str = ".*"
    path: str = ""
    at: int | None = None
    skip: int = 0
    times: int | None = 1
    struck: int = field(default=0)

    def strikes(self, number: int, request: Request) -> bool:
        """Whether this request is hit; counts."""
        spent = self.times is not None and self.struck >= self.times
        if spent or (self.at is not None and self.at != number):
            return False
        if not re.fullmatch(self.method, request.method) or not re.search(self.path, request.path):
            return False
        if self.skip > 0:
            self.skip -= 1
            return False
        self.struck += 1
        return True


def answer(status: int, body: bytes | dict[str, object] = b"", headers: dict[str, str] | None = None) -> Effect:
    """Answer this and do nothing."""
    data = body if isinstance(body, bytes) else json.dumps(body).encode()
    kind = "text/html" if isinstance(body, bytes) else "application/json; charset=utf-8"
    return lambda _act: Response(status, {"Content-Type": kind, **(headers or {})}, data)


def drop() -> Effect:
    """Drop the connection and do nothing."""

    def effect(_act: Callable[[], Response]) -> Response:
        raise HangUp

    return effect


def act_then_drop() -> Effect:
    """Do what was asked, then drop the connection: the client cannot know."""

    def effect(act: Callable[[], Response]) -> Response:
        act()
        raise HangUp

    return effect


def act_then_answer(status: int = 502, body: bytes = b"<html>Server Error</html>") -> Effect:
    """Do what was asked, then answer an error all the same."""

    def effect(act: Callable[[], Response]) -> Response:
        act()
        return Response(status, {"Content-Type": "text/html"}, body)

    return effect


def drip(seconds: float = 0.05, size: int = 1) -> Effect:
    """Send the true answer in pieces of `size` bytes, one every `seconds`."""

    def pieces(body: bytes) -> Iterator[bytes]:
        for start in range(0, len(body), size):
            time.sleep(seconds)
            yield body[start : start + size]

    def effect(act: Callable[[], Response]) -> Response:
        response = act()
        body = _whole(response)
        return Response(response.status, {**response.headers, "Content-Length": str(len(body))}, pieces(body))

    return effect


def truncate(keep: int = 20, *, honest: bool = True) -> Effect:
    """Do what was asked and cut the answer; with an honest length the client notices, else it reads broken JSON."""

    def cut(body: bytes) -> Iterator[bytes]:
        yield body[:keep]
        raise HangUp

    def effect(act: Callable[[], Response]) -> Response:
        response = act()
        body = _whole(response)
        if not honest:
            return Response(response.status, response.headers, body[:keep])
        return Response(response.status, {**response.headers, "Content-Length": str(len(body))}, cut(body))

    return effect


def delay(seconds: float) -> Effect:
    """Be slow to act."""

    def effect(act: Callable[[], Response]) -> Response:
        time.sleep(seconds)
        return act()

    return effect


def secondary_limit(status: int = 403, retry_after: int | None = None) -> Effect:
    """Refuse with GitHub's secondary limit, with or without saying how long to wait (seconds)."""
    problem = _secondary_limit(status, retry_after)
    return answer(status, problem.body(), problem.headers)


def primary_limit(reset: float) -> Effect:
    """Refuse because the hourly budget is spent until `reset` (POSIX seconds)."""
    spent = {"X-RateLimit-Limit": "1000", "X-RateLimit-Remaining": "0", "X-RateLimit-Used": "1000"}
    body: dict[str, object] = {"message": "API rate limit exceeded for installation ID 1.", "status": "403"}
    return answer(403, body, {**spent, "X-RateLimit-Reset": str(int(reset)), "X-RateLimit-Resource": "core"})


def _whole(response: Response) -> bytes:
    return response.body if isinstance(response.body, bytes) else b"".join(response.body)
