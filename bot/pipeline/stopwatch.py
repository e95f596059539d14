"""Where the time of a run goes, phase by phase."""

from __future__ import annotations

from contextlib import contextmanager
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator

    from bot.ports import Clock


class Stopwatch:
    """Adds up seconds by phase, in the order in which phases first began; `tell` hears the name of each."""

    def __init__(self, clock: Clock, tell: Callable[[str], None] | None = None) -> None:
        self._clock = clock
        self._tell = tell or (lambda _phase: None)
        self._seconds: dict[str, float] = {}

    @contextmanager
    def phase(self, name: str) -> Iterator[None]:
        """Count what happens inside towards this phase."""
        self.begin(name)
        started = self._clock.monotonic()
        try:
            yield
        finally:
            self.add(name, self._clock.monotonic() - started)

    def begin(self, name: str) -> None:
        """Say that a phase begins whose seconds are measured elsewhere."""
        self._tell(name)

    def add(self, name: str, seconds: float) -> None:
        """Count seconds measured elsewhere."""
        self._seconds[name] = self._seconds.get(name, 0.0) + seconds

    def phases(self) -> tuple[tuple[str, float], ...]:
        """Seconds by phase so far, rounded to milliseconds."""
        return tuple((name, round(seconds, 3)) for name, seconds in self._seconds.items())


def covered(spans: Iterable[tuple[float, float]]) -> float:
    """Seconds that lie in at least one of the spans (begin, end): what went on at the same time counts once."""
    total, reached = 0.0, float("-inf")
    for begin, end in sorted(spans):
        total += max(0.0, end - max(begin, reached))
        reached = max(reached, end)
    return total
