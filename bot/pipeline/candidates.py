"""One round of candidates: asked at once, judged in memory as they come, stopped as soon as enough is known."""

from __future__ import annotations

import queue
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from dataclasses import dataclass
from typing import TYPE_CHECKING

from bot.errors import CutAnswerError, ModelError, RefusedError
from bot.pipeline.asking import Call
from bot.pipeline.choosing import most_alike

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence
    from concurrent.futures import Future

    from bot.pipeline.account import Account
    from bot.pipeline.assess import Assessment, Desk
    from bot.pipeline.conversation import Opening
    from bot.pipeline.values import Tools

MOST_TOKENS = 16_000
"""Of one answer, reasoning included."""
_TIGHTER = (MOST_TOKENS, 8000, 4000)
"""The same where rate limits are tight: endpoints charge what may come, not what comes."""
_WORTH_CACHING = 8000
"""Tokens of a prompt from which on its cached beginning is worth the wait for the first candidate's first token.

A cache saves money and room in the rate limits, never time: without it all would have their first tokens together.
"""
_PATIENCE = 0.5
"""Once a candidate holds, the others may take this share of the time so far longer, and at least so many seconds."""
_GRACE = 1.0
"""Seconds by which requests may overrun the draft's time before nobody waits for them any more."""


@dataclass(frozen=True, slots=True)
class Candidate:
    """A whole reply and how it was judged; `model` is the name that the endpoint says it ran."""

    opening: Opening
    reply: str
    model: str
    found: Assessment


@dataclass(frozen=True, slots=True)
class Round:
    """What came of a round's requests.

    `errors` are of those that gave no whole answer. So many were `unfit`: given up when their first edit did not fit;
    `stopped`: when enough was known or the time was over; `unasked`: for want of room in the endpoint's rate limits.
    """

    candidates: tuple[Candidate, ...] = ()
    errors: tuple[ModelError, ...] = ()
    unfit: int = 0
    stopped: int = 0
    unasked: int = 0

    @property
    def asked(self) -> int:
        """How many requests were made."""
        return len(self.candidates) + len(self.errors) + self.unfit + self.stopped


class Race:
    """Asks for several openings at once; a single one is asked for in this thread, and nothing else happens.

    `most` bounds each answer's tokens; `judged` are the spans in which replies were judged, by `Clock.monotonic`.
    """

    def __init__(self, tools: Tools, account: Account, desk: Future[Desk], most: int = MOST_TOKENS) -> None:
        self.judged: list[tuple[float, float]] = []
        self._tools = tools
        self._account = account
        self._desk = desk
        self._most = most
        self._calls: list[Call] = []
        self._later: list[Call] = []
        self._unasked = 0
        self._ended: set[Call] = set()
        self._events: queue.SimpleQueue[None] = queue.SimpleQueue()
        self._candidates: list[Candidate] = []
        self._errors: list[ModelError] = []
        self._unfit = 0
        self._began = tools.clock.monotonic()
        self._held_at: float | None = None

    def run(self, openings: Sequence[Opening], shown: Mapping[str, str] | None = None) -> Round:
        """Ask and judge. With `shown`, the files that the prompts show, a misfit is given up while it is being written.

        The first opening is always heard to its end: it is the one to be repaired when nothing holds.
        """
        if len(openings) == 1:
            self._settle(Call(openings[0], self._most))
            return Round(tuple(self._candidates), tuple(self._errors))
        doubts = None if shown is None else lambda beginning: self._desk.result().doubts(beginning, shown)
        first, *rest = openings
        self._later = [Call(opening, self._most, doubts) for opening in rest]
        pool = ThreadPoolExecutor(len(openings))
        try:
            self._start(pool, Call(first, self._most))
            self._follow(pool)
        finally:
            stopped = self._stop()
            pool.shutdown(wait=False, cancel_futures=True)
        return Round(tuple(self._candidates), tuple(self._errors), self._unfit, stopped, self._unasked)

    def _follow(self, pool: ThreadPoolExecutor) -> None:
        """Take what comes until enough is known."""
        first = self._calls[0]
        at_once = first.opening.tokens < _WORTH_CACHING or self._account.caches is False
        while True:
            for call in self._calls:
                if call not in self._ended and call.future and call.future.done():
                    self._settle(call)
            if self._later and not self._is_down() and (at_once or first.begun or first in self._ended):
                self._start_rest(pool)
            if self._is_enough():
                return
            if not self._has_news():
                return

    def _start(self, pool: ThreadPoolExecutor, call: Call) -> None:
        call.notify = lambda: self._events.put(None)
        self._calls.append(call)
        call.future = pool.submit(call.ask, self._tools, self._seconds())
        call.future.add_done_callback(lambda _: self._events.put(None))

    def _start_rest(self, pool: ThreadPoolExecutor) -> None:
        """Start as many of the others as the endpoint's rate limits have room for, with shorter answers if need be."""
        prompt, slots = max(call.opening.tokens for call in self._later), self._tools.model.slots
        sizes = [most for most in _TIGHTER if most <= self._most] or [self._most]
        most = next((size for size in sizes if slots(prompt + size) >= len(self._later)), sizes[-1])
        room = min(len(self._later), slots(prompt + most))
        for call in self._later[:room]:
            call.most = most
            self._start(pool, call)
        self._unasked, self._later = len(self._later) - room, []

    def _settle(self, call: Call) -> None:
        """Enter a request that has ended, or make it where it was not begun, and judge its reply."""
        self._ended.add(call)
        try:
            answer = call.future.result() if call.future else call.ask(self._tools, self._seconds(), listening=False)
        except ModelError as error:
            call.charge(self._account, self._now(), error)
            if call.misfit:
                self._unfit += 1
            else:
                self._errors.append(error)
            return
        call.charge(self._account, self._now(), answer)
        began = self._now()
        found = self._desk.result().examine(answer.text, call.opening.context, call.opening.kept)
        self._candidates.append(Candidate(call.opening, answer.text, answer.model, found))
        self.judged.append((began, self._now()))
        if found.holds and self._held_at is None:
            self._held_at = self._now()

    def _is_down(self) -> bool:
        """Whether the first request has shown that no other will do better."""
        return any(not isinstance(error, CutAnswerError | RefusedError) for error in self._errors)

    def _is_enough(self) -> bool:
        """Whether all that were asked have ended, or more than half of them agree on a change that holds."""
        if not self._later or self._is_down():
            return len(self._ended) == len(self._calls) or most_alike(self._candidates) * 2 > len(self._calls)
        return False

    def _has_news(self) -> bool:
        """Wait for the next event for as long as that is worth it."""
        while (patience := self._patience()) > 0:
            with suppress(queue.Empty):
                self._events.get(timeout=patience)
                return True
        return not self._events.empty()

    def _patience(self) -> float:
        """Seconds that it is worth to wait for the next event."""
        until = self._now() + self._account.left() + _GRACE
        if self._held_at is not None:
            until = min(until, self._held_at + max(_PATIENCE, _PATIENCE * (self._held_at - self._began)))
        return max(0.0, until - self._now())

    def _stop(self) -> int:
        """Want no more of what is still under way; the number of those requests."""
        running = [call for call in self._calls if call not in self._ended and call.future and not call.future.cancel()]
        for call in running:
            call.unwanted = True
            call.charge(self._account, self._now(), None)
        return len(running)

    def _seconds(self) -> float:
        return max(1.0, self._account.left())

    def _now(self) -> float:
        return self._tools.clock.monotonic()
