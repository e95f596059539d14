"""Asks the endpoints in their order, and remembers which of them do not answer; runs in the model process."""

from __future__ import annotations

import math
import time
from typing import TYPE_CHECKING, Any

from bot.adapters.model_errors import DownError, ModelFailure, TransientError
from bot.adapters.model_target import Tally

if TYPE_CHECKING:
    from collections.abc import Sequence

    from bot.adapters.model_request import Request
    from bot.adapters.model_target import Target

_AVOIDED = 60.0
"""Seconds in which an endpoint that did not answer is asked after the others."""


class Chat:
    """The endpoints in order, and which of them lately did not answer."""

    def __init__(self, endpoints: Sequence[Target]) -> None:
        self._endpoints = tuple(endpoints)
        self._avoid: dict[int, float] = {}

    def warm(self) -> None:
        """Build the first client: certificates and the rest of the SDK's modules take a tenth of a second."""
        _ = self._endpoints[0].client.chat.completions

    def look(self) -> None:
        """Ask the first endpoint what it offers, which also opens the connection that the first request will use."""
        self._endpoints[0].look()

    def ask(self, request: Request) -> dict[str, Any]:
        """One whole answer, as the fields of `ports.Completion`, from the first endpoint that gives one.

        Raises:
            ModelFailure: when none does, with what each of them said; or at once where the model answered that it
                does not want to, or ran into a limit of tokens.
            AbandonedRequest: when nobody waits for it any more.
        """
        tally = Tally()
        failures: list[ModelFailure] = []
        order = sorted(range(len(self._endpoints)), key=lambda at: (self._avoid.get(at, 0.0) > time.monotonic(), at))
        for remaining, at in zip(range(len(order), 0, -1), order, strict=True):
            try:
                answer = self._endpoints[at].ask(request, tally, remaining)
            except (TransientError, DownError) as failure:
                self._note(at, failure)
                failures.append(failure)
            else:
                return {**answer, "detour": "; ".join(map(str, failures))}
        raise ModelFailure("; ".join(map(str, failures)), kind=failures[0].kind)

    def _note(self, at: int, failure: TransientError | DownError) -> None:
        if isinstance(failure, TransientError):
            self._avoid[at] = time.monotonic() + _AVOIDED
        elif failure.lasts != "request":
            self._avoid[at] = math.inf if failure.lasts == "run" else time.monotonic() + _AVOIDED
