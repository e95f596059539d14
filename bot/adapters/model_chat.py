"""Asks the endpoints through the openai SDK: retries, parameters that an endpoint does not know, fallbacks.

Runs in the model process, several requests at once; openai and tenacity are imported by then.
"""

from __future__ import annotations

import time
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any
from urllib.parse import urlsplit

from bot.adapters.model_errors import DownError, ModelFailure, TransientError, refusal
from bot.adapters.model_stream import Answer, BrokenAnswerError, events, printable, whole

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Sequence

    from openai import OpenAI
    from tenacity import RetryCallState

_OPTIONAL = ("max_completion_tokens", "stream_options", "temperature")
"""What an endpoint may not know; left out, or `max_tokens` in place of the first, once it has said so."""

_CONNECT = 5.0
_AVOIDED = 60.0
_COSTLY = 3
"""Attempts where each one has cost tokens."""

_TOO_LATE = 0.05
"""Seconds before the deadline in which nothing is begun any more."""


@dataclass(frozen=True, slots=True)
class Request:
    """One question; `deadline` is by `time.monotonic`, which all processes of a machine share."""

    messages: Sequence[dict[str, str]]
    max_tokens: int
    temperature: float
    deadline: float

    @property
    def left(self) -> float:
        """Seconds until the deadline, not less than 0."""
        return max(0.0, self.deadline - time.monotonic())


@dataclass(slots=True)
class Tally:
    """What a request has cost so far: `sent` HTTP requests; when the last one began and had its first token."""

    sent: int = 0
    began: float = 0.0
    first: float = 0.0


class Chat:
    """The endpoints in order, and which of them lately did not answer."""

    def __init__(self, endpoints: Sequence[Target]) -> None:
        self._endpoints = tuple(endpoints)
        self._avoid: dict[int, float] = {}

    def warm(self) -> None:
        """Build the first client: certificates and the rest of the SDK's modules take a tenth of a second."""
        _ = self._endpoints[0].client.chat.completions

    def ask(self, request: Request) -> dict[str, Any]:
        """One whole answer, as the fields of `ports.Completion`, from the first endpoint that gives one.

        Raises:
            ModelFailure: when none does; with what each of them said.
        """
        tally = Tally()
        said: list[str] = []
        order = sorted(range(len(self._endpoints)), key=lambda at: (self._avoid.get(at, 0.0) > time.monotonic(), at))
        for remaining, at in zip(range(len(order), 0, -1), order, strict=True):
            try:
                return self._endpoints[at].ask(request, tally, remaining)
            except (TransientError, DownError) as failure:
                self._avoid[at] = time.monotonic() + _AVOIDED
                said.append(str(failure))
        raise ModelFailure("; ".join(said))


@dataclass(slots=True)
class Target:
    """One endpoint with its client, and the parameters that it turned out not to know."""

    base_url: str
    api_key: str = field(repr=False)
    model: str
    unknown: set[str] = field(default_factory=set)
    _client: OpenAI | None = field(default=None, repr=False)

    @property
    def host(self) -> str:
        """Host and port, for texts."""
        return urlsplit(self.base_url).netloc

    @property
    def client(self) -> OpenAI:
        """The SDK's client; its own retries are off, as they know nothing of the deadline."""
        if self._client is None:
            import openai  # noqa: PLC0415  slow to import; see model_worker

            # The SDK refuses an empty key; servers without keys ignore whatever comes.
            self._client = openai.OpenAI(base_url=self.base_url, api_key=self.api_key or "none", max_retries=0)
        return self._client

    def ask(self, request: Request, tally: Tally, remaining: int) -> dict[str, Any]:
        """Ask here, again where that may help; `remaining` endpoints, this one included, share the time that is left.

        Raises:
            ModelFailure: when there is no whole answer; a DownError or TransientError where another endpoint may help.
        """
        import tenacity  # noqa: PLC0415  slow to import; see model_worker

        last = remaining == 1
        retrying = tenacity.Retrying(
            retry=tenacity.retry_if_exception_type(TransientError),
            wait=_Wait(tenacity.wait_exponential_jitter(multiplier=0.1, max=8, jitter=0.2)),
            stop=_Stop(100 if last else 2, request.left if last else 2.0, request.deadline),
            reraise=True,
        )
        return retrying(self._attempt, request, tally, remaining)

    def _attempt(self, request: Request, tally: Tally, remaining: int) -> dict[str, Any]:
        answer = Answer()
        with self._failures(request, answer):
            self._read(request, answer, tally, request.left / remaining)
        seconds = time.monotonic() - tally.began
        self._judge(answer, request)
        return {
            "text": answer.text,
            "finish_reason": answer.finish_reason,
            "model": answer.model or self.model,
            "tokens_in": answer.tokens_in,
            "tokens_out": answer.tokens_out,
            "tokens_cached": answer.tokens_cached,
            "seconds": seconds,
            "first_token": tally.first or seconds,
            "endpoint": self.host,
            "attempts": tally.sent,
        }

    def _read(self, request: Request, answer: Answer, tally: Tally, patience: float) -> None:
        """Send and gather; `patience` bounds every single read, the deadline all of them together."""
        with self._response(request, tally, patience) as response:
            chunks = _until(request.deadline, response.iter_bytes())
            streamed = "event-stream" in response.headers.get("content-type", "")
            for event in events(chunks) if streamed else [whole(chunks)]:
                answer.add(event)
                if answer.begun and not tally.first:
                    tally.first = time.monotonic() - tally.began

    @contextmanager
    def _response(self, request: Request, tally: Tally, patience: float) -> Iterator[Any]:
        import openai  # noqa: PLC0415  slow to import; see model_worker

        create: Any = self.client.chat.completions.with_streaming_response.create
        timeout = openai.Timeout(patience, connect=min(_CONNECT, patience))
        while True:
            parameters = self._parameters(request)
            tally.sent, tally.began, tally.first = tally.sent + 1, time.monotonic(), 0.0
            try:
                with create(model=self.model, messages=request.messages, timeout=timeout, **parameters) as response:
                    yield response
                    return
            except (openai.BadRequestError, openai.UnprocessableEntityError) as error:
                named = _named(error, parameters)
                if not named:
                    raise
                self.unknown.add(named)

    def _parameters(self, request: Request) -> dict[str, Any]:
        known: dict[str, Any] = {
            "max_completion_tokens": request.max_tokens,
            "stream_options": {"include_usage": True},
            "temperature": request.temperature,
        }
        chosen = {name: value for name, value in known.items() if name not in self.unknown}
        limit = {} if "max_completion_tokens" in chosen else {"max_tokens": request.max_tokens}
        return {"stream": True, **chosen, **limit}

    @contextmanager
    def _failures(self, request: Request, answer: Answer) -> Iterator[None]:
        """Turn whatever the SDK and its HTTP client raise into failures; one after the whole answer does not count."""
        import httpx2  # noqa: PLC0415  slow to import; see model_worker
        import openai  # noqa: PLC0415  slow to import; see model_worker

        try:
            yield
        except openai.APIStatusError as error:
            raise refusal(error, self.client, self.host, self.model) from None
        except BrokenAnswerError as error:
            if not answer.finish_reason:
                raise TransientError(f"{self.model} at {self.host} {error}", attempts=_COSTLY) from None
        except (openai.APIConnectionError, httpx2.HTTPError, TimeoutError) as error:
            if not answer.finish_reason:
                raise self._silence(error, request, answer) from None

    def _silence(self, error: Exception, request: Request, answer: Answer) -> ModelFailure:
        """What it means that the bytes stopped."""
        import openai  # noqa: PLC0415  slow to import; see model_worker

        if request.left < _TOO_LATE:
            so_far = f"{answer.characters:,} characters came" if answer.begun else "nothing came"
            return ModelFailure(f"{self.model} at {self.host} gave no whole answer in time; {so_far}")
        if isinstance(error, openai.APITimeoutError | TimeoutError):
            return DownError(f"{self.host} did not answer in time")
        if answer.begun:
            return self._broken_off(answer)
        reason = printable(str(error.__cause__ or error), 100)
        return TransientError(f"{self.host} cannot be reached ({reason}): check the base-url input", attempts=4)

    def _broken_off(self, answer: Answer) -> TransientError:
        text = f"the answer of {self.model} at {self.host} broke off after {answer.characters:,} characters"
        return TransientError(text, attempts=_COSTLY)

    def _judge(self, answer: Answer, request: Request) -> None:
        """Refuse what is not a whole answer, by how it says that it ended."""
        where = f"{self.model} at {self.host}"
        match answer.finish_reason:
            case "":
                raise self._broken_off(answer)
            case "length":
                limit = f"the limit of {request.max_tokens:,} tokens"
                raise ModelFailure(f"the answer of {where} was cut at {limit}", answer.text)
            case "content_filter":
                raise ModelFailure(f"a content filter stopped the answer of {where}")
            case "tool_calls" | "function_call":
                raise ModelFailure(f"{where} asked for a tool and gave no answer")
        if answer.refusal:
            raise ModelFailure(f"{where} refused: {printable(answer.refusal, 200)}")


@dataclass(frozen=True, slots=True)
class _Wait:
    """How long to wait: what the endpoint asked for, or else `usual`."""

    usual: Callable[[RetryCallState], float]

    def __call__(self, state: RetryCallState) -> float:
        return max(_failure(state).wait, self.usual(state))


@dataclass(frozen=True, slots=True)
class _Stop:
    """Whether to give up: after so many `attempts`, or where the wait would outlast `patience` or the deadline."""

    attempts: int
    patience: float
    deadline: float

    def __call__(self, state: RetryCallState) -> bool:
        left = self.deadline - time.monotonic()
        attempts = min(self.attempts, _failure(state).attempts)
        return state.attempt_number >= attempts or state.upcoming_sleep > min(self.patience, left - _TOO_LATE)


def _failure(state: RetryCallState) -> TransientError:
    failure = state.outcome.exception() if state.outcome else None
    if not isinstance(failure, TransientError):
        raise TypeError(f"nothing to retry after {failure!r}")
    return failure


def _until(deadline: float, chunks: Iterator[bytes]) -> Iterator[bytes]:
    """The chunks as long as there is time; a drip never lets a single read time out."""
    for chunk in chunks:
        if time.monotonic() > deadline:
            raise TimeoutError
        yield chunk


def _named(error: Any, sent: dict[str, Any]) -> str:
    """Which of the optional parameters a refusal is about; endpoints name it in a field, a path or a sentence."""
    if error.param in sent:
        return str(error.param)
    said = error.response.text[:10_000]
    return next((name for name in _OPTIONAL if name in sent and name in said), "")
