"""The connection to GitHub: PyGithub clients, one a thread, and the answer to each way a request can fail."""

from __future__ import annotations

import queue
import time
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any, TypeVar

from bot.errors import ForgeError

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping

    from github import Github
    from github.GithubException import GithubException
    from github.Repository import Repository
    from tenacity import RetryCallState

T = TypeVar("T")
PATIENCE = 60.0
"""Seconds that one call may spend waiting and repeating in all; a runner's minute costs money."""
_TIMEOUT = 20
_ATTEMPTS = 4
_PAGE = 100
_MOST_PAGES = 100


class _TransientError(ForgeError):
    """Worth another try, after `wait` seconds where GitHub says so."""

    def __init__(self, message: str, status: int, *, uncertain: bool, wait: float | None = None) -> None:
        super().__init__(message, status, uncertain=uncertain)
        self.wait = wait


class Session:
    """Clients for one repository with one token.

    PyGithub keeps the request under way on its connection object, so a client serves one thread at a time; a stack of
    them keeps the warm connections in use. Its own retries and its pacing of one second a write are off: repeating is
    decided here, where it is known whether a request can be repeated.
    """

    def __init__(self, token: str, api_url: str, repository: str) -> None:
        self._token = token
        self._api_url = api_url.rstrip("/")
        self._repository = repository
        import github  # noqa: F401, PLC0415 - a quarter of a second, once, before several threads need it

        self._idle: queue.LifoQueue[Github] = queue.LifoQueue()

    @property
    def root(self) -> str:
        """The repository's path under the API."""
        return f"/repos/{self._repository}"

    def call(self, action: Callable[[Repository], T], *, repeatable: bool = True) -> T:
        """Do something with the repository's PyGithub object.

        Rate limits are waited for within `PATIENCE`; lost or broken answers are repeated only when `repeatable`.

        Raises:
            ForgeError: when no usable answer came.
        """
        from tenacity import Retrying, retry_if_exception, stop_after_attempt  # noqa: PLC0415 - asyncio comes with it

        started = time.monotonic()
        retrying = Retrying(
            retry=retry_if_exception(lambda error: _worth_repeating(error, repeatable=repeatable, started=started)),
            stop=stop_after_attempt(_ATTEMPTS),
            wait=_pause,
            reraise=True,
        )
        result: T = retrying(self._once, action)
        return result

    def request(self, verb: str, path: str, body: Any = None, *, query: Mapping[str, Any] | None = None) -> Any:
        """One raw request below the repository's path, with its JSON answer; repeatable ones only."""
        return self.read(lambda answer: answer, verb, path, body, query=query)

    def read(
        self,
        shape: Callable[[Any], T],
        verb: str,
        path: str,
        body: Any = None,
        *,
        query: Mapping[str, Any] | None = None,
    ) -> T:
        """The same, with the answer as one of our own values; one that lacks what `shape` looks for is asked again."""

        def ask(repository: Repository) -> T:
            url = f"{self.root}{path}"
            headers, answer = repository.requester.requestJsonAndCheck(verb, url, dict(query or {}), input=body)
            if verb != "DELETE" and (answer is None or "json" not in str(headers.get("content-type"))):
                raise _TransientError("GitHub's answer was not JSON", 0, uncertain=True)  # a proxy's page, or nothing
            return shape(answer)

        return self.call(ask)

    def text(self, path: str, kind: str) -> str:
        """What stands below the repository's path, as the media type `kind` gives it: text instead of JSON."""

        def ask(repository: Repository) -> str:
            url = f"{self.root}{path}"
            headers, answer = repository.requester.requestJsonAndCheck("GET", url, headers={"Accept": kind})
            if kind.rpartition(".")[2] not in str(headers.get("content-type")):
                raise _TransientError("GitHub's answer was of another kind", 0, uncertain=True)  # a proxy's page
            return str(answer["data"]) if answer else ""  # PyGithub wraps what is no JSON

        return self.call(ask)

    def pages(self, path: str, shape: Callable[[Any], T]) -> list[T]:
        """All items of a listing, in as few requests as GitHub allows, each as one of our own values.

        PyGithub's own lists ask once more for every item whose whole content is wanted.
        """
        found: list[T] = []
        for page in range(1, _MOST_PAGES + 1):
            query = {"per_page": _PAGE, "page": page}
            items = self.read(lambda answer: [shape(one) for one in answer], "GET", path, query=query)
            found += items
            if len(items) < _PAGE:
                break
        return found

    def me(self) -> str:
        """The login of the token's account."""
        return str(self.call(lambda repository: repository.requester.requestJsonAndCheck("GET", "/user")[1]["login"]))

    def graphql(self, query: str, variables: Mapping[str, Any], shape: Callable[[Any], T]) -> T:
        """The `data` of a GraphQL query, as one of our own values.

        PyGithub turns the answer "no such node" into a 404, the same as a server without GraphQL gives; here the first
        is a 422, so that nobody takes it for the second.

        Raises:
            ForgeError: with the HTTP status, or 422 when GraphQL itself answered with errors.
        """

        def ask(repository: Repository) -> T:
            requester = repository.requester
            answer = requester.requestJsonAndCheck(
                "POST", requester.graphql_url, input={"query": query, "variables": dict(variables)}
            )[1]
            if answer.get("errors"):
                raise ForgeError(f"GraphQL: {answer['errors'][0].get('message', 'error')}", 422)
            return shape(answer["data"])

        return self.call(ask)

    def _once(self, action: Callable[[Repository], T]) -> T:
        import requests  # noqa: PLC0415 - part of PyGithub's slow import
        from github import GithubException  # noqa: PLC0415 - 0.3 s that ignored events do not pay

        with self._client() as client:
            try:
                return action(client.get_repo(self._repository))
            except GithubException as error:
                raise _translate(error) from error
            except requests.exceptions.RequestException as error:
                reason = f"GitHub did not answer ({type(error).__name__})"
                raise _TransientError(reason, 0, uncertain=True) from error
            except (KeyError, TypeError, AttributeError, ValueError) as error:
                raise _TransientError("GitHub's answer was incomplete", 0, uncertain=True) from error

    @contextmanager
    def _client(self) -> Iterator[Github]:
        try:
            client = self._idle.get_nowait()
        except queue.Empty:
            client = self._connect()
        try:
            yield client
        finally:
            self._idle.put(client)

    def _connect(self) -> Github:
        from github import Auth, Github  # noqa: PLC0415 - 0.3 s that ignored events do not pay

        return Github(
            auth=Auth.Token(self._token),
            base_url=self._api_url,
            timeout=_TIMEOUT,
            user_agent="draftgate",
            per_page=_PAGE,
            retry=None,
            seconds_between_requests=None,
            seconds_between_writes=None,
            lazy=True,
            api_version="2022-11-28",
        )


def _translate(error: GithubException) -> ForgeError:
    headers = {name.lower(): value for name, value in (error.headers or {}).items()}
    data = error.data if isinstance(error.data, dict) else {}
    message = str(data.get("message") or error.message or f"HTTP {error.status}")
    details = [str(item.get("message")) for item in data.get("errors") or [] if isinstance(item, dict)]
    text = f"{message}: {'; '.join(details)}" if any(detail not in {"", "None"} for detail in details) else message
    if _is_limit(error.status, headers, message):
        return _TransientError(text, error.status, uncertain=False, wait=_asked_wait(headers))
    if error.status >= 500 or error.status == 408:
        return _TransientError(text, error.status, uncertain=True)
    return ForgeError(text, error.status)


def _is_limit(status: int, headers: Mapping[str, Any], message: str) -> bool:
    limited = "retry-after" in headers or headers.get("x-ratelimit-remaining") == "0" or "rate limit" in message.lower()
    return status == 429 or (status == 403 and limited)


def _asked_wait(headers: Mapping[str, Any]) -> float:
    """Seconds to wait by GitHub's rules for rate limits: retry-after, else the reset time, else a minute.

    Source: docs.github.com, "Rate limits for the REST API", "Exceeding the rate limit".
    """
    after = str(headers.get("retry-after", ""))
    if after.isdecimal():
        return float(after)
    reset = str(headers.get("x-ratelimit-reset", ""))
    if headers.get("x-ratelimit-remaining") == "0" and reset.isdecimal():
        return max(0.0, float(reset) - time.time())
    return PATIENCE


def _worth_repeating(error: BaseException, *, repeatable: bool, started: float) -> bool:
    if not isinstance(error, _TransientError) or (error.uncertain and not repeatable):
        return False
    return time.monotonic() - started + (error.wait or 0.0) < PATIENCE


def _pause(state: RetryCallState) -> float:
    error = state.outcome.exception() if state.outcome else None
    if isinstance(error, _TransientError) and error.wait is not None:
        return error.wait
    return float(min(8.0, 0.25 * 2**state.attempt_number))
