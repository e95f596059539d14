"""Hunks whose lines lost their marks: what each line must have been, told by the file and by the header's counts.

A diff's line begins with a space, `-` or `+`. Models forget the space before kept lines, less often a plus or a minus.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Final

from bot.core.aligning import bare, indentation, likeness
from bot.core.edit_types import EMPTY, UNMARKED
from bot.core.haystack import stripped

if TYPE_CHECKING:
    from collections.abc import Sequence

    from bot.core.differences import Change
    from bot.core.edit_types import Hunk
    from bot.core.haystack import Haystack

_MOST_STARTS: Final = 20_000
_MOST_STEPS: Final = 300_000
_MOST_ADDED: Final = 60
_FEW_ADDED: Final = 4

Fit = tuple[int, tuple[str, ...], tuple[str, ...]]
"""The first line of a place, the file's lines there, and what shall stand there instead."""


def sides(body: Sequence[str]) -> tuple[list[str], list[str]]:
    """The lines before and after; a line without a mark is taken for a kept one."""
    return [line[1:] for line in body if line[0] != "+"], [line[1:] for line in body if line[0] != "-"]


def marked_changes(body: Sequence[str]) -> tuple[Change, ...]:
    """The changes as the marks have them, between the lines of `sides`."""
    found: list[Change] = []
    old = new = 0
    for line in body:
        if line[0] in "-+":
            a, b, c, d = found.pop() if found and found[-1][1] == old and found[-1][3] == new else (old, old, new, new)
            found.append((a, b + (line[0] == "-"), c, d + (line[0] == "+")))
        old += line[0] != "+"
        new += line[0] != "-"
    return tuple(found)


def unmarked_lines(body: Sequence[str]) -> frozenset[int]:
    """Which of the lines before the change have no mark."""
    old = (line for line in body if line[0] != "+")
    return frozenset(number for number, line in enumerate(old) if line[0] in {UNMARKED, EMPTY})


def settled(body: Sequence[str], counts: tuple[int, int] | None) -> tuple[str, ...]:
    """The body with the marks that are missing put in, where the header's counts leave one way to do so."""
    missing = sum(line[0] == UNMARKED for line in body)
    if not missing or counts is None:
        return tuple(body)
    old, new = map(len, sides(body))
    ways = {(old, new - missing): "-", (old - missing, new): "+"}
    mark = ways.get(counts, UNMARKED)
    return tuple(mark + line[1:] if line[0] == UNMARKED else line for line in body)


def by_lost_marks(hay: Haystack, hunk: Hunk) -> list[Fit]:
    """Every place where the hunk's lines stand when some kept lines, or failing that some new ones, lost their mark."""
    old, new = map(len, sides(hunk.body))
    kept = _kept_walks(hay, hunk.body)
    if kept:
        gone = any(walk.unmarked and hunk.counts == (old, new - len(walk.unmarked)) for walk in kept)
        return [walk.fit(hay, gone=gone) for walk in kept if walk.unmarked]
    if hunk.counts is not None:
        most = old - hunk.counts[0]
        counted = _walks(hay, hunk.body, most, counted=True)
        return [walk.fit(hay, gone=False) for walk in counted if walk.added == most]
    strange = sum(line[0] != "+" and not hay.holds(stripped, line[1:]) for line in hunk.body)
    walks = _walks(hay, hunk.body, min(_MOST_ADDED, 2 * strange + _FEW_ADDED), counted=False)
    fewest = min((walk.added for walk in walks), default=0)
    return [walk.fit(hay, gone=False) for walk in walks if walk.is_plain and walk.added == fewest]


def _starts(hay: Haystack, body: Sequence[str]) -> list[int]:
    """Where the first line that is not new stands, with its mark or without."""
    old = [line for line in body if line[0] != "+"]
    if not any(line[1:].strip() for line in old):
        return []
    return sorted({at for text in (old[0], old[0][1:]) for at in hay.occurrences(stripped, [text], _MOST_STARTS)})


def _kept_walks(hay: Haystack, body: Sequence[str]) -> list[_Walk]:
    """The body laid wherever all its lines stand; none when it takes too long."""
    found: list[_Walk] = []
    left = _MOST_STEPS
    for start in _starts(hay, body):
        walk = _Walk(start, start)
        if _lay(hay, walk, body):
            _begin_earlier(hay, walk, body)
            found.append(walk)
        left -= 1 + len(walk.after)
        if left < 0:
            return []
    return found


def _walks(hay: Haystack, body: Sequence[str], most: int, *, counted: bool) -> list[_Walk]:
    """The body beside the file with one up to so many kept lines taken for new ones; none when it takes too long.

    `counted` says that the header's counts speak for that.
    """
    texts = [_as_addition(hay, body, number, counted=counted) for number in range(len(body))]
    most = min(most, sum(text is not None for text in texts))
    starts = _starts(hay, body)
    if not 0 < most <= _MOST_ADDED or len(starts) * len(body) * most > _MOST_STEPS:
        return []
    return [
        walk for start in starts if (walk := _laid_with_additions(_Table(hay, body, texts, start, most))) is not None
    ]


@dataclass(slots=True)
class _Walk:
    """A hunk's body laid beside the file's lines from `start` up to `at`.

    `after` are the lines that shall stand there: texts, or numbers of lines that stay; `unmarked` are those of them
    that lost their mark, `added` counts the new ones that did. `is_plain` unless one of those may be something else.
    """

    start: int
    at: int
    after: list[int | str] = field(default_factory=list)
    unmarked: set[int] = field(default_factory=set)
    added: int = 0
    is_plain: bool = True

    def fit(self, hay: Haystack, *, gone: bool) -> Fit:
        """The place; `gone` says that lines without a mark are to be removed."""
        after = [one for one in self.after if not (gone and one in self.unmarked)]
        lines = tuple(hay.lines[one] if isinstance(one, int) else one for one in after)
        return self.start, tuple(hay.lines[self.start : self.at]), lines

    def step(self, line: str, there: str) -> None:
        """Take the next line of the file for that line of the body."""
        unmarked = line[0] in "?+" or bare(there) != bare(line[1:])
        if line[0] != "-" or unmarked:
            self.after.append(self.at)
        if unmarked:
            self.unmarked.add(self.at)
        self.at += 1


def _lay(hay: Haystack, walk: _Walk, body: Sequence[str]) -> bool:
    """Lay the body beside the file; False where they do not agree."""
    for line in body:
        there = hay.lines[walk.at] if walk.at < len(hay.lines) else None
        # a line of pluses below a heading looks like a new one once kept lines lose their marks
        if line[0] == "+" and not (walk.unmarked and there is not None and bare(there) == bare(line)):
            walk.after.append(line[1:])
        elif there is not None and _stands_for(line, there):
            walk.step(line, there)
        else:
            return False
    return True


def _begin_earlier(hay: Haystack, walk: _Walk, body: Sequence[str]) -> None:
    """Take first lines that look new for kept ones where the file has them, if others have lost their mark."""
    leading = next(at for at, line in enumerate(body) if line[0] != "+")
    while walk.unmarked and leading and walk.start and bare(hay.lines[walk.start - 1]) == bare(body[leading - 1]):
        leading -= 1
        walk.start -= 1
        walk.after[leading] = walk.start
        walk.unmarked.add(walk.start)


def _stands_for(line: str, there: str) -> bool:
    """Whether the line, with its mark or without, stands for that line of the file."""
    # a kept line that is indented, or an item of a list, begins like one with its mark all the same
    return bare(there) == bare(line[1:]) or (line[0] in " +-" and bare(there) == bare(line))


class _Table:
    """For a body laid beside the file from `start` on: how few of its kept lines must be taken for new ones.

    `rows[k][n]` says how many of the lines from k on, when n were before them; more than `most` where no way leads on.
    """

    def __init__(self, hay: Haystack, body: Sequence[str], texts: Sequence[str | None], start: int, most: int) -> None:
        self.hay, self.body, self.texts, self.start, self.most = hay, body, texts, start, most
        self.last = max(number for number, line in enumerate(body) if line[0] != "+")
        olds = [0]
        for line in body:
            olds.append(olds[-1] + (line[0] != "+"))
        self.rows = [[0] * (most + 2)]
        for k in range(len(body) - 1, -1, -1):
            after = self.rows[-1]
            self.rows.append(
                [*(self._fewest(k, start + olds[k] - n, after[n : n + 2]) for n in range(most + 1)), most + 1]
            )
        self.rows.reverse()

    def stays(self, k: int, at: int) -> bool:
        """Whether line k of the body can stand for that line of the file."""
        return 0 <= at < len(self.hay.lines) and _stands_for(self.body[k], self.hay.lines[at])

    def _fewest(self, k: int, at: int, after: Sequence[int]) -> int:
        if self.body[k][0] == "+":
            return after[0]
        ways = [after[0]] if self.stays(k, at) else []
        ways += [after[1] + 1] if self.texts[k] is not None else []
        return min([*ways, self.most + 1])


def _laid_with_additions(table: _Table) -> _Walk | None:
    """The body with the fewest lines taken for new ones; None where no way, or more than one, leads there."""
    if table.rows[0][0] > table.most:
        return None
    early, late = (_traced(table, late=late) for late in (False, True))
    if early.fit(table.hay, gone=False) != late.fit(table.hay, gone=False):
        return None
    return early if early.is_plain else late


def _traced(table: _Table, *, late: bool) -> _Walk:
    """The walk that the table leads to; of two ways as good, the one that adds `late` or not."""
    walk = _Walk(table.start, table.start)
    for k, line in enumerate(table.body):
        if line[0] == "+":
            walk.after.append(line[1:])
            continue
        left, text = table.rows[k][walk.added], table.texts[k]
        stays = table.stays(k, walk.at) and table.rows[k + 1][walk.added] == left
        if stays and (late or text is None or table.rows[k + 1][walk.added + 1] + 1 != left):
            walk.step(line, table.hay.lines[walk.at])
        elif text is not None:
            _add(table, walk, k, text)
    return walk


def _add(table: _Table, walk: _Walk, k: int, text: str) -> None:
    """Take a line that the file does not have here for a new one without its plus."""
    walk.added += 1
    walk.after.append(text)
    walk.is_plain &= table.body[k][0] == UNMARKED or bool(_marked_beside(table.body, k))
    # at the edge, a kept line that the model misremembered looks just the same
    if k == table.last and text.strip() and walk.at < len(table.hay.lines):
        known = table.hay.holds(stripped, text) or likeness(table.hay.lines[walk.at], text, strict=False)
        walk.is_plain &= not known


def _marked_beside(body: Sequence[str], k: int) -> list[str]:
    return [body[at] for at in (k - 1, k + 1) if 0 <= at < len(body) and body[at][0] in "+-"]


def _as_addition(hay: Haystack, body: Sequence[str], k: int, *, counted: bool) -> str | None:
    """Line k without its plus; None when it has a mark, or looks more like a kept line that the model misremembered."""
    line = body[k]
    if line[0] in "+-":
        return None
    if line[0] in {UNMARKED, EMPTY}:
        return line[1:]
    for known in (hay.indentations(), {indentation(one[1:]) for one in _marked_beside(body, k)}):
        if indentation(line) in known and (counted or indentation(line[1:]) not in known):
            return line
    return None
