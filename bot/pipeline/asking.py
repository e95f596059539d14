"""One request to the model, in a thread of its own, and what is heard of its answer meanwhile."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from bot.errors import ModelError, RefusedError

if TYPE_CHECKING:
    from collections.abc import Callable
    from concurrent.futures import Future

    from bot.pipeline.account import Account
    from bot.pipeline.conversation import Opening
    from bot.pipeline.values import Tools
    from bot.ports import Completion

_BLOCK_END = re.compile(r"^ {0,3}>{5,9} ?REPLACE\b", re.MULTILINE)


class Call:
    """A request to be made; `ask` runs in its own thread, everything else in the one that waits.

    `most` bounds the answer's tokens. `doubts` says of a reply, cut after its first edit, whether that edit cannot be
    applied, which ends the request; None hears every answer to its end. `notify` is called at the first token.
    """

    def __init__(self, opening: Opening, most: int, doubts: Callable[[str], bool] | None = None) -> None:
        self.opening = opening
        self.most = most
        self.begun = False
        self.misfit = False
        self.unwanted = False
        self.future: Future[Completion] | None = None
        self.notify: Callable[[], None] = lambda: None
        self._doubts = doubts
        self._heard = ""
        self._moments = (0.0, 0.0, 0.0)

    def ask(self, tools: Tools, seconds: float, *, listening: bool = True) -> Completion:
        """Make the request; raises as `Model.complete`."""
        asked = tools.clock.monotonic()
        self._moments = (asked, 0.0, 0.0)
        try:
            return tools.model.complete(
                self.opening.messages,
                max_tokens=self.most,
                temperature=self.opening.temperature,
                seconds=seconds,
                listen=(lambda text: self._hear(text, tools.clock.monotonic())) if listening else None,
            )
        finally:
            self._moments = (asked, self._moments[1], tools.clock.monotonic())

    def _hear(self, text: str, now: float) -> bool:
        if not self.begun:
            self._moments = (self._moments[0], now, 0.0)
            self.begun = True
            self.notify()
        self._heard = text
        if self._doubts and (end := _BLOCK_END.search(text)):
            self.misfit = self._doubts(text[: end.end()])
            self._doubts = None
        return not (self.misfit or self.unwanted)

    def charge(self, account: Account, now: float, came: Completion | ModelError | None) -> None:
        """Enter what the request cost: its answer, or for an error, or no end at all so far, what is known of it."""
        asked, first, ended = self._moments
        if isinstance(came, ModelError) and not (self.begun or came.text or isinstance(came, RefusedError)):
            return
        if came is None or isinstance(came, ModelError):
            text = came.text if came else ""
            moments = (asked or now, first or ended or now, ended or now)
            account.give_up(self.opening.tokens, text or self._heard, moments)
        else:
            account.charge(came, self.opening.tokens, ended)
