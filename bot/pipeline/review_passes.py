"""Asks the model about every portion of a diff, several times over and many at once, within time and money."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass
from importlib import resources
from typing import TYPE_CHECKING, Final

from bot.core.review_prompts import review_question
from bot.errors import ModelError
from bot.pipeline.account import prompt_tokens
from bot.ports import Message

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence
    from concurrent.futures import Future

    from bot.core.portions import Portion
    from bot.core.review_prompts import Subject
    from bot.pipeline.account import Account
    from bot.ports import Clock, Completion, Model

_AT_ONCE: Final = 8
_MOST_TOKENS: Final = 6000
_LEAST_TOKENS: Final = 500
_LEAST_SECONDS: Final = 1.0
_WARMEST: Final = 0.6


@dataclass(frozen=True, slots=True)
class Answer:
    """What pass number `by` (from 0) said of portion number `portion` (from 0)."""

    portion: int
    by: int
    text: str


@dataclass(frozen=True, slots=True)
class Asked:
    """All answers in the order of portions and passes, and why the last unanswered question had none (empty: none)."""

    answers: tuple[Answer, ...]
    stopped: str

    def passes_of(self, portion: int) -> int:
        """How many passes have answered for a portion."""
        return Counter(answer.portion for answer in self.answers)[portion]


class Interview:
    """One review's questions: each portion is asked about `passes` times, the first portions first."""

    def __init__(self, model: Model, clock: Clock, account: Account, passes: int) -> None:
        self._model = model
        self._clock = clock
        self._account = account
        self._passes = passes

    def ask(self, subject: Subject, portions: Sequence[Portion], texts: Mapping[str, str]) -> Asked:
        """Put all questions that time and money allow.

        Raises:
            ModelError: when not one of them was answered.
        """
        from concurrent.futures import ThreadPoolExecutor  # noqa: PLC0415 - ignored events need no threads

        system = Message("system", system_prompt())
        prompts = [[system, Message("user", review_question(subject, portion, texts))] for portion in portions]
        workers = self._workers(prompts)
        with ThreadPoolExecutor(max_workers=workers) as pool:
            futures = {
                (at, by): pool.submit(self._answer, prompt, self._warmth(by), workers)
                for at, prompt in enumerate(prompts)
                for by in range(self._passes)
            }
        return _collected(futures)

    def _workers(self, prompts: Sequence[Sequence[Message]]) -> int:
        longest = max(map(prompt_tokens, prompts), default=0) + _MOST_TOKENS
        return max(1, min(_AT_ONCE, len(prompts) * self._passes, self._model.slots(longest)))

    def _warmth(self, by: int) -> float:
        """The first pass at temperature 0; the others warmer, so that agreeing with it means something."""
        return round(_WARMEST * by / max(1, self._passes - 1), 2)

    def _answer(self, prompt: Sequence[Message], temperature: float, workers: int) -> str:
        left = self._account.left()
        size = prompt_tokens(prompt)
        tokens = self._account.affordable(size, workers, _MOST_TOKENS)
        if left < _LEAST_SECONDS or tokens < _LEAST_TOKENS:
            raise ModelError("the review's time is over" if left < _LEAST_SECONDS else "the review's money is spent")
        answer: Completion = self._model.complete(prompt, max_tokens=tokens, temperature=temperature, seconds=left)
        self._account.charge(answer, size, self._clock.monotonic())
        return answer.text


def _collected(futures: Mapping[tuple[int, int], Future[str]]) -> Asked:
    answers: list[Answer] = []
    trouble: ModelError | None = None
    for (portion, by), future in futures.items():
        error = future.exception()
        if isinstance(error, ModelError):
            trouble = error
        else:
            answers.append(Answer(portion, by, future.result()))
    if trouble is not None and not answers:
        raise trouble
    return Asked(tuple(answers), str(trouble or "").partition("\n")[0])


def system_prompt() -> str:
    """The rules and the form of an answer, the same for every question so that endpoints can cache them."""
    return (resources.files("bot") / "templates" / "review.md").read_text()
