"""Where in a file a model's remembered lines are most alike, line by line.

Everything is bounded: candidates come from words that both texts share, rarest first, and each candidate is aligned in
a narrow band, so that the work grows with the file's length and never with file times remembered lines.
"""

from __future__ import annotations

import re
from bisect import bisect_left
from collections import Counter, defaultdict
from dataclasses import dataclass
from difflib import SequenceMatcher
from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    from collections.abc import Sequence
    from collections.abc import Set as AbstractSet

MAX_OLD_LINES: Final = 400
"""Remembered lines beyond which likeness is not searched for."""
ENOUGH: Final = 0.90
"""Likeness from which a window may be taken for the remembered one."""
_MAX_VOTES: Final = 50_000
_CANDIDATES: Final = 32
_ALIGNED: Final = 8
_BAND: Final = 4
_MAX_LINE: Final = 160
_MAX_COMPARED: Final = 6_000_000
_GLANCE: Final = 300
_PAIRED: Final = 0.6
_SLIP: Final = 0.75
_SHORT: Final = 3
_WORD = re.compile(r"\w+")
_PART = re.compile(r"[A-Z]?[a-z0-9]+|[A-Z]+|[^\W_A-Za-z0-9]+")
_COMMENT = re.compile(r"(?:\A|\s)(?:#|//|/?\*|--|;|<!--|\"\"\"|''')")
_TELLING = re.compile(r"\d+|[-+*/%<>=!&|^~@?]")
_FOLD = str.maketrans(
    dict.fromkeys("\u00a0\u2000\u2001\u2002\u2003\u2004\u2005\u2006\u2007\u2008\u2009\u200a\u202f\u205f\u3000", " ")
    | dict.fromkeys("\u2010\u2011\u2012\u2013\u2014\u2015\u2212", "-")
    | dict.fromkeys("\u2018\u2019\u201a\u201b\u2032", "'")
    | dict.fromkeys("\u201c\u201d\u201e\u201f\u2033", '"')
)


def fold(text: str) -> str:
    """Typographic quotes, dashes and spaces as their plain keys; every character stays one character."""
    return text if text.isascii() else text.translate(_FOLD)


def bare(line: str) -> str:
    """What must agree for two lines to be the same one: all but typography and trailing white space."""
    return fold(line).rstrip()


def indentation(line: str) -> str:
    """The white space that a line starts with."""
    return line[: len(line) - len(line.lstrip())]


@dataclass(frozen=True, slots=True)
class Alignment:
    """Remembered line k stands for file line `pairs[k]`, or for none; `ratio` says how alike all is, 0 to 1."""

    pairs: tuple[int | None, ...]
    ratio: float

    @property
    def start(self) -> int:
        """The first file line that is paired."""
        return min(self._paired())

    @property
    def stop(self) -> int:
        """One past the last file line that is paired."""
        return max(self._paired()) + 1

    def _paired(self) -> list[int]:
        return [at for at in self.pairs if at is not None]

    def shares_a_line_with(self, other: Alignment) -> bool:
        """Whether both take some remembered line for the same file line: then they mean one place."""
        return any(a is not None and a == b for a, b in zip(self.pairs, other.pairs, strict=True))


def align(real: Sequence[str], old: Sequence[str], diagonals: Sequence[int], *, strict: bool) -> list[Alignment]:
    """The places of the file that are most like the remembered lines, best first; `strict` as in `likeness`.

    Only those on the `diagonals_of` both are looked at. Empty when no word is shared, and when the search would take
    too long.
    """
    apart: list[int] = []
    for diagonal in diagonals:
        if len(apart) < _ALIGNED and all(abs(diagonal - other) > _BAND for other in apart):
            apart.append(diagonal)
    search = _Search(real, old, strict=strict)
    found = [search.straight(diagonal) for diagonal in diagonals]
    # what is only to be shown, or to cast doubt, need not be aligned round lines left out
    found += [search.banded(diagonal) for diagonal in apart] if strict else []
    if search.left < 0:
        return []
    places = {place.pairs: place for place in found if place is not None}
    return sorted(places.values(), key=lambda place: (-place.ratio, place.start))


def diagonals_of(real: Sequence[str], old: Sequence[str]) -> list[int]:
    """Offsets (file line minus remembered line) on which the most, and the rarest, shared words stand."""
    if not old or len(old) > MAX_OLD_LINES:
        return []
    wanted = _word_places(old, None)
    places = _word_places(real, wanted.keys())
    votes: Counter[int] = Counter()
    left = _MAX_VOTES
    for word in sorted(places, key=lambda word: (len(places[word]) * len(wanted[word]), word)):
        left -= len(places[word]) * len(wanted[word])
        if left < 0:
            break
        # whole numbers, so that equal counts tie and the earlier line wins
        share = 1_000_000 // len(places[word])
        for there in places[word]:
            for here in wanted[word]:
                votes[there - here] += share
    return sorted(votes, key=lambda diagonal: (-votes[diagonal], diagonal))[:_CANDIDATES]


def _word_places(lines: Sequence[str], wanted: AbstractSet[str] | None) -> dict[str, list[int]]:
    places: dict[str, list[int]] = defaultdict(list)
    for at, line in enumerate(lines):
        words = set(_WORD.findall(line))
        for word in words if wanted is None else wanted & words:
            places[word].append(at)
    return places


def likeness(real: str, old: str, *, strict: bool) -> float:
    """How alike two lines are, 0 to 1; 0 where they cannot be the same line misremembered.

    When `strict`, another indentation, number or operator is never a slip of memory: it is another line.
    """
    plain = _plain_likeness(real, old, strict=strict)
    return _measured(bare(real).strip(), bare(old).strip(), strict=strict) if plain is None else plain


def _plain_likeness(real: str, old: str, *, strict: bool) -> float | None:
    """The likeness where it can be told at a glance."""
    one, two = bare(real), bare(old)
    if one == two:
        return 1.0
    if strict and (indentation(one) != indentation(two) or _TELLING.findall(one) != _TELLING.findall(two)):
        return 0.0
    sizes = len(one.strip()), len(two.strip())
    return 0.0 if 2 * min(sizes) < _PAIRED * sum(sizes) else None


def _measured(one: str, two: str, *, strict: bool) -> float:
    ratio = _common_ends(one, two) if max(len(one), len(two)) > _MAX_LINE else _ratio(one, two)
    return ratio if ratio >= _PAIRED and (not strict or _same_code(one, two)) else 0.0


def _same_code(one: str, two: str) -> bool:
    """Whether all words before a comment are the same but for slips of the pen in long ones; `get` is not `set`."""
    words = [_PART.findall(_COMMENT.split(line, maxsplit=1)[0]) for line in (one, two)]
    return len(words[0]) == len(words[1]) and all(
        a == b or (min(len(a), len(b)) > _SHORT and _ratio(a, b) >= _SLIP) for a, b in zip(*words, strict=True)
    )


def is_misspelt(real: str, old: str) -> bool:
    """Whether the remembered line is the real one but for white space, typography and slips of the pen in a comment."""
    one, two = ("".join(fold(line).split()) for line in (real, old))
    if one == two:
        return True
    parts = [_COMMENT.split(bare(line), maxsplit=1) for line in (real, old)]
    if len(parts[0]) != 2 or len(parts[1]) != 2 or parts[0][0].split() != parts[1][0].split():
        return False
    words = [part[1].split() for part in parts]
    return len(words[0]) == len(words[1]) and all(
        a == b or (min(len(a), len(b)) > _SHORT and _ratio(a, b) >= _SLIP) for a, b in zip(*words, strict=True)
    )


def _ratio(one: str, two: str) -> float:
    matcher = SequenceMatcher(None, one, two, autojunk=False)
    return matcher.ratio() if matcher.quick_ratio() >= _PAIRED else 0.0


def _common_ends(one: str, two: str) -> float:
    """A lower bound of the ratio in linear time, for lines too long to compare in square time."""
    head = _common_head(one, two)
    tail = _common_head(one[head:][::-1], two[head:][::-1])
    return 2 * (head + tail) / (len(one) + len(two))


def _common_head(one: str, two: str) -> int:
    return bisect_left(range(min(len(one), len(two))), x=True, key=lambda at: not one.startswith(two[: at + 1]))


def _weight(line: str) -> int:
    return len(line.strip()) + 1


class _Search:
    """One search: remembers what it has compared, and how much comparing it may still do (`left` below 0: too much)."""

    def __init__(self, real: Sequence[str], old: Sequence[str], *, strict: bool) -> None:
        self.real = real
        self.old = old
        self.left = _MAX_COMPARED
        self._strict = strict
        self._known: dict[tuple[str, str], float] = {}

    def likeness(self, at: int, line: str) -> float:
        """How alike file line `at` and a remembered line are; 0 outside the file."""
        if not 0 <= at < len(self.real):
            return 0.0
        real = self.real[at]
        if (real, line) not in self._known:
            self._known[real, line] = self._compared(real, line)
        return self._known[real, line]

    def _compared(self, real: str, line: str) -> float:
        plain = _plain_likeness(real, line, strict=self._strict)
        self.left -= _GLANCE if plain is not None else min(len(real), _MAX_LINE) * min(len(line), _MAX_LINE)
        if plain is not None or self.left < 0:
            return plain or 0.0
        return _measured(bare(real).strip(), bare(line).strip(), strict=self._strict)

    def straight(self, diagonal: int) -> Alignment | None:
        """Every remembered line against the line straight across."""
        pairs = [diagonal + k if self.likeness(diagonal + k, line) else None for k, line in enumerate(self.old)]
        return self._scored(pairs)

    def banded(self, diagonal: int) -> Alignment | None:
        """The best alignment that strays at most `_BAND` lines from the diagonal.

        Maximises 2 x common - ENOUGH x (old + window): not negative exactly when some window is alike enough. Column b
        of row k stands for "k remembered lines used, the next file line is diagonal + k + b - _BAND".
        """
        best = [0.0] * (2 * _BAND + 1)
        taken: list[list[str]] = []
        for k, line in enumerate(self.old):
            best, steps = self._row(best, diagonal + k - _BAND, line)
            taken.append(steps)
        if max(best) == float("-inf"):
            return None
        return self._scored(_traced(taken, best, diagonal))

    def _row(self, before: list[float], low: int, line: str) -> tuple[list[float], list[str]]:
        row: list[float] = []
        steps: list[str] = []
        for b, score in enumerate(before):
            options = [(self._pair_gain(low + b, line) + score, "pair")]
            if b + 1 < len(before):
                options.append((before[b + 1], "drop"))
            # the row below starts one file line further, so the line skipped to reach column b is low + b
            if b and 0 <= low + b < len(self.real):
                options.append((row[-1] - ENOUGH * _weight(self.real[low + b]), "skip"))
            value, step = max(options)
            row.append(value)
            steps.append(step)
        return row, steps

    def _pair_gain(self, at: int, line: str) -> float:
        alike = self.likeness(at, line)
        if not alike:
            return float("-inf")
        weight = _weight(self.real[at])
        return alike * (weight + _weight(line)) - ENOUGH * weight

    def _scored(self, pairs: Sequence[int | None]) -> Alignment | None:
        paired = [(at, line) for at, line in zip(pairs, self.old, strict=True) if at is not None]
        if not paired:
            return None
        window = sum(_weight(self.real[at]) for at in range(paired[0][0], paired[-1][0] + 1))
        common = sum(self.likeness(at, line) * (_weight(self.real[at]) + _weight(line)) for at, line in paired)
        return Alignment(tuple(pairs), common / (window + sum(map(_weight, self.old))))


def _traced(taken: Sequence[Sequence[str]], scores: Sequence[float], diagonal: int) -> list[int | None]:
    """The pairs of the best path through the table, read backwards."""
    pairs: list[int | None] = [None] * len(taken)
    b = max(range(len(scores)), key=lambda column: scores[column])
    k = len(taken)
    while k:
        step = taken[k - 1][b]
        if step == "skip":
            b -= 1
            continue
        k -= 1
        if step == "pair":
            pairs[k] = diagonal + k + b - _BAND
        else:
            b += 1
    return pairs
