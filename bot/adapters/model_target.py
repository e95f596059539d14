"""Asks one endpoint through the openai SDK: retries, and what it turns out not to know; runs in the model process.

openai and tenacity are imported by then.
"""

from __future__ import annotations

import json
import threading
import time
from contextlib import contextmanager
from dataclasses import asdict, dataclass, field
from typing import TYPE_CHECKING, Any
from urllib.parse import urlsplit

from bot.adapters.model_errors import DownError, ModelFailure, TransientError, refusal, unreachable
from bot.adapters.model_request import TOO_LATE, AbandonedRequest
from bot.adapters.model_stream import (
    Answer,
    BrokenAnswerError,
    EndlessAnswerError,
    error_text,
    events,
    printable,
    whole,
)
from bot.core.endpoints import Offer, Profile, offers, windows

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from openai import APIStatusError, OpenAI
    from tenacity import RetryCallState

    from bot.adapters.model_request import Request

_CONNECT = 5.0
_COSTLY = 3
"""Attempts where each one has cost tokens."""

_LESSONS = 8
"""Refusals that one request may learn from."""

_LOOK = 3.0
"""Seconds for the list of models."""


@dataclass(slots=True)
class Tally:
    """What a request has cost so far: `sent` HTTP requests; when the last one began and had its first token."""

    sent: int = 0
    began: float = 0.0
    first: float = 0.0

    def begin(self) -> None:
        """Another HTTP request."""
        self.sent, self.began, self.first = self.sent + 1, time.monotonic(), 0.0


@dataclass(slots=True)
class Target:
    """One endpoint with its client, and what has been learned of it in this run."""

    base_url: str
    api_key: str = field(repr=False)
    model: str
    profile: Profile = field(default_factory=Profile)
    _client: OpenAI | None = field(default=None, repr=False)
    _offers: tuple[Offer, ...] | None = None
    _looking: threading.Lock = field(default_factory=threading.Lock, repr=False)

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

    def look(self) -> tuple[Offer, ...]:
        """The models that the endpoint lists, asked for once; none where it does not say, or not soon."""
        with self._looking:
            if self._offers is None:
                self._offers = self._listed()
                mine = next((offer for offer in self._offers if offer.name == self.model), Offer(self.model))
                self.profile = self.profile.offered(mine)
            return self._offers

    def _listed(self) -> tuple[Offer, ...]:
        import httpx2  # noqa: PLC0415  slow to import; see model_worker
        import openai  # noqa: PLC0415  slow to import; see model_worker

        end = time.monotonic() + _LOOK
        try:
            with self.client.models.with_streaming_response.list(timeout=_LOOK) as response:
                return offers(json.loads(whole(chunk for chunk in response.iter_bytes() if time.monotonic() < end)))
        except (openai.OpenAIError, httpx2.HTTPError, BrokenAnswerError, ValueError, RecursionError):
            return ()

    def ask(self, request: Request, tally: Tally, remaining: int) -> dict[str, Any]:
        """Ask here, again where that may help; `remaining` endpoints, this one included, share the time that is left.

        Raises:
            ModelFailure: when there is no whole answer; a DownError or TransientError where another endpoint may help.
            AbandonedRequest: when nobody waits for it any more.
        """
        import tenacity  # noqa: PLC0415  slow to import; see model_worker

        last = remaining == 1
        retrying = tenacity.Retrying(
            retry=tenacity.retry_if_exception_type(TransientError),
            wait=_Wait(tenacity.wait_exponential_jitter(multiplier=0.1, max=8, jitter=0.2)),
            stop=_Stop(100 if last else 2, request.left if last else 2.0, request.deadline),
            sleep=tenacity.sleep_using_event(request.abandoned),
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
            chunks = request.guarded(response.iter_bytes())
            streamed = "event-stream" in response.headers.get("content-type", "")
            for event in events(chunks) if streamed else [whole(chunks)]:
                answer.add(event)
                if answer.begun and not tally.first:
                    tally.first = time.monotonic() - tally.began
                request.tell(answer)

    @contextmanager
    def _response(self, request: Request, tally: Tally, patience: float) -> Iterator[Any]:
        import openai  # noqa: PLC0415  slow to import; see model_worker

        create: Any = self.client.chat.completions.with_streaming_response.create
        timeout = openai.Timeout(patience, connect=min(_CONNECT, patience))
        for lesson in range(_LESSONS + 1):
            request.check()
            tally.begin()
            sent = self.profile.parameters(request.characters, request.max_tokens, request.temperature)
            try:
                with create(model=self.model, messages=request.messages, timeout=timeout, **sent) as response:
                    self._say_limits(request, response.headers)
                    with request.reading(_connection(response)):
                        yield response
                    return
            except (openai.BadRequestError, openai.UnprocessableEntityError) as error:
                if lesson == _LESSONS or not self._learn(error, sent, request):
                    raise

    def _learn(self, error: APIStatusError, sent: dict[str, Any], request: Request) -> bool:
        """Whether asking again in another way may help."""
        body = error.response.text[:10_000]
        said = error_text(error.body) if error.body else body
        learned = self.profile.learned(said, body, str(error.param or ""), sent, request.characters)
        self.profile = learned or self.profile
        return learned is not None

    def _say_limits(self, request: Request, headers: Any) -> None:
        if limits := windows(headers):
            request.report({"limits": [asdict(window) for window in limits]})

    @contextmanager
    def _failures(self, request: Request, answer: Answer) -> Iterator[None]:
        """Turn whatever the SDK and its HTTP client raise into failures; one after the whole answer does not count."""
        import httpx2  # noqa: PLC0415  slow to import; see model_worker
        import openai  # noqa: PLC0415  slow to import; see model_worker

        try:
            yield
        except openai.APIStatusError as error:
            self._say_limits(request, error.response.headers)
            raise refusal(error, self.look, self.host, self.model) from None
        except BrokenAnswerError as error:
            if not answer.finish_reason:
                raise self._broken(error, answer) from None
        except (openai.APIConnectionError, httpx2.HTTPError, TimeoutError) as error:
            if request.abandoned.is_set():
                raise AbandonedRequest from None
            if not answer.finish_reason:
                raise self._silence(error, request, answer) from None

    def _broken(self, error: BrokenAnswerError, answer: Answer) -> ModelFailure:
        text = f"{self.model} at {self.host} {error}"
        if isinstance(error, EndlessAnswerError):
            return ModelFailure(text, answer.text)
        return TransientError(text, attempts=_COSTLY)

    def _silence(self, error: Exception, request: Request, answer: Answer) -> ModelFailure:
        """What it means that the bytes stopped."""
        import openai  # noqa: PLC0415  slow to import; see model_worker

        if request.left < TOO_LATE:
            so_far = f"{answer.characters:,} characters came" if answer.begun else "nothing came"
            return ModelFailure(
                f"{self.model} at {self.host} gave no whole answer in time; {so_far}", answer.text, "time"
            )
        if isinstance(error, openai.APITimeoutError | TimeoutError):
            return DownError(f"{self.host} did not answer in time", "time")
        return self._broken_off(answer) if answer.begun else unreachable(error, self.host)

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
                tokens = self.profile.answer_tokens(request.characters, request.max_tokens)
                raise ModelFailure(
                    f"the answer of {where} was cut at the limit of {tokens:,} tokens", answer.text, "cut"
                )
            case "content_filter":
                raise ModelFailure(f"a content filter stopped the answer of {where}", answer.text, "refused")
            case "tool_calls" | "function_call":
                raise ModelFailure(f"{where} asked for a tool and gave no answer", answer.text)
        if answer.refusal:
            raise ModelFailure(f"{where} refused: {printable(answer.refusal, 200)}", answer.text, "refused")


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
        return state.attempt_number >= attempts or state.upcoming_sleep > min(self.patience, left - TOO_LATE)


def _failure(state: RetryCallState) -> TransientError:
    failure = state.outcome.exception() if state.outcome else None
    if not isinstance(failure, TransientError):
        raise TypeError(f"nothing to retry after {failure!r}")
    return failure


def _connection(response: Any) -> Any:
    """The socket that the answer comes from; None where the SDK's client has another kind of stream."""
    stream = response.http_response.extensions.get("network_stream")
    return stream.get_extra_info("socket") if stream else None
