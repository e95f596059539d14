"""Which review thread each place of a change answers, told by paths and lines alone."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final, NamedTuple

from bot.core.offers import windows
from bot.core.proposals import one_line
from bot.core.quiet import visible

if TYPE_CHECKING:
    from collections.abc import Sequence

    from bot.core.changes import FileChange
    from bot.core.review_threads import ReviewThread

_NEAR: Final = 3
"""Lines between a change and a commented line at which it still answers it: as far as a diff's context reaches."""
_MOST: Final = 20
_LONGEST: Final = 60


class _Spot(NamedTuple):
    """Lines of a file in the head, from 1."""

    path: str
    first: int
    last: int

    def distance(self, thread: ReviewThread) -> int | None:
        """Lines between this and the commented ones, 0 where they touch; None in another file or at lines gone."""
        if thread.path != self.path or thread.line is None or thread.side != "RIGHT":
            return None
        start = thread.start or thread.line
        return max(0, start - self.last, self.first - thread.line)

    def __str__(self) -> str:
        lines = f"line {self.first}" if self.first == self.last else f"lines {self.first} to {self.last}"
        return f"{self.path}, {lines}"


def answered(threads: Sequence[ReviewThread], changes: Sequence[FileChange]) -> str:
    """A list for the proposal's summary: each place of the change with the thread it answers, then those left open."""
    rows: list[str] = []
    met: list[ReviewThread] = []
    for spot in _spots(changes):
        near = [(at, one) for one in threads if (at := spot.distance(one)) is not None and at <= _NEAR]
        found = min(near, key=lambda pair: pair[0], default=(0, None))[1]
        met += [one for _, one in near]
        rows.append(f"- {spot}: {_named(found) if found else 'no thread is near'}")
    left = [f"- not answered: {_named(one)}" for one in threads if one not in met]
    listed = [*rows[:_MOST], *(["- …"] if len(rows) > _MOST else []), *left[:_MOST]]
    return "\n".join(["By place, this answers:", *listed])


def _spots(changes: Sequence[FileChange]) -> list[_Spot]:
    found: list[_Spot] = []
    for change in sorted(changes, key=lambda one: one.path):
        # an insertion is about the line before it; a file that comes or goes is about all of its lines
        places = [(max(1, one.start + (one.stop > one.start)), max(1, one.stop)) for one in windows(change)]
        whole = (1, max(1, (change.before or change.after or "").count("\n")))
        found += [_Spot(change.path, first, last) for first, last in places or [whole]]
    return found


def _named(thread: ReviewThread) -> str:
    first = thread.comments[0]
    where = f"{thread.path}, line {thread.line}" if thread.line else f"{thread.path}, lines that are gone"
    words = one_line(visible(_without_marker(first.body)), _LONGEST)
    return f"{first.author.login} on {where}: “{words}”"


def _without_marker(body: str) -> str:
    return body.partition("\n")[2] if body.startswith("<!--") else body
