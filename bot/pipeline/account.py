"""What a draft has used of its time and money, and what is left of both."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from bot.core.context import CHARACTERS_A_TOKEN
from bot.core.proposals import Figures
from bot.pipeline.stopwatch import covered

if TYPE_CHECKING:
    from collections.abc import Sequence

    from bot.pipeline.stopwatch import Stopwatch
    from bot.pipeline.values import Limits
    from bot.ports import Clock, Completion, Message


@dataclass(frozen=True, slots=True)
class Spent:
    """One request to the model: its tokens, None where the endpoint counts none, and its moments by `Clock.monotonic`.

    `estimate` are its tokens in and out by the length of the texts: for the budget where nothing better is known, and
    for the figures of a request that was given up, whose `model` is empty.
    """

    model: str
    tokens_in: int | None
    tokens_out: int | None
    estimate: tuple[int, int]
    began: float
    first: float
    ended: float


class Account:
    """The budget of one draft, from the moment it is opened.

    `caches` is whether the endpoint's answers tell of cached prompt tokens; None before the first answer.
    """

    def __init__(self, limits: Limits, clock: Clock) -> None:
        self.limits = limits
        self.items: list[Spent] = []
        self.caches: bool | None = None
        self._clock = clock
        self._began = clock.monotonic()

    def left(self) -> float:
        """Seconds that the draft still has; negative once they are over."""
        return self.limits.seconds - (self._clock.monotonic() - self._began)

    def charge(self, answer: Completion, prompt: int, ended: float) -> None:
        """Take a whole answer in, to a prompt of about so many tokens, which came at `ended`."""
        self.caches = self.caches or answer.tokens_cached is not None
        began = ended - answer.seconds
        estimate = (prompt, estimated_tokens(len(answer.text)))
        counted = (answer.tokens_in, answer.tokens_out)
        self.items.append(Spent(answer.model, *counted, estimate, began, began + answer.first_token, ended))

    def give_up(self, prompt: int, text: str, moments: tuple[float, float, float]) -> None:
        """Take a request in that came to no whole answer: the prompt, and what of the answer was heard.

        `moments` are those of asking, of the first token and of the end.
        """
        estimate = (prompt, estimated_tokens(len(text)))
        self.items.append(Spent("", *estimate, estimate, *moments))

    def cost(self) -> float | None:
        """USD so far by the configured prices; None when a price or a token count is not known."""
        total = 0.0
        for item in self.items:
            price = self.limits.prices.get(item.model or self._model())
            if price is None or item.tokens_in is None or item.tokens_out is None:
                return None
            total += (item.tokens_in * price[0] + item.tokens_out * price[1]) / 1_000_000
        return round(total, 6)

    def affordable(self, prompt: int, at_once: int, most: int) -> int:
        """How many tokens, up to `most`, each of so many answers to a prompt of so many tokens may have for the money.

        Every request may use all that it is allowed, reasoning too, so this bound holds whatever the model does. Before
        the endpoint has told its model's name, the dearest of the configured prices counts.
        """
        if self.limits.max_cost is None or not self.limits.prices:
            return most
        into, out = self._dearest()
        used = sum(
            (item.tokens_in if item.tokens_in is not None else item.estimate[0]) * into
            + (item.tokens_out if item.tokens_out is not None else item.estimate[1]) * out
            for item in self.items
        )
        share = (self.limits.max_cost * 1_000_000 - used) / at_once - prompt * into
        if share < 0:
            return 0
        return min(most, int(share / out)) if out else most

    def _dearest(self) -> tuple[float, float]:
        prices = self.limits.prices
        known = prices.get(self._model())
        return known or (max(price[0] for price in prices.values()), max(price[1] for price in prices.values()))

    def _model(self) -> str:
        """The name that the endpoint goes by; empty before its first answer."""
        return next((item.model for item in self.items if item.model), "")

    def busy(self) -> list[tuple[float, float]]:
        """When a request was under way."""
        return [(item.began, item.ended) for item in self.items]

    def figures(self, watch: Stopwatch) -> Figures:
        """What it all took."""
        return Figures(
            phases=watch.phases(),
            model_seconds=round(covered(self.busy()), 3),
            writing_seconds=round(sum(item.ended - item.first for item in self.items), 3),
            tokens_in=sum(item.tokens_in or 0 for item in self.items),
            tokens_out=sum(item.tokens_out or 0 for item in self.items),
            cost=self.cost(),
        )


def estimated_tokens(characters: int) -> int:
    """About how many tokens a text of that length is; rather too many than too few."""
    return int(characters / CHARACTERS_A_TOKEN)


def prompt_tokens(messages: Sequence[Message]) -> int:
    """About how many tokens those messages are."""
    return estimated_tokens(sum(len(message.content) for message in messages))
