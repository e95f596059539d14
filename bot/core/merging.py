"""A three-way merge of a model's change onto lines that it did not remember quite right.

The base is what the model remembered, one side what it wants, the other side what really stands in the file. Real lines
are kept wherever the model did not ask for a change; where both sides changed the same words, there is no answer.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import TYPE_CHECKING

from bot.core.aligning import fold, is_misspelt
from bot.core.differences import Change, changes
from bot.core.spacing import differs_in_spacing_only, merge_spacing

if TYPE_CHECKING:
    from collections.abc import Sequence

    from bot.core.lines import Piece
    from bot.core.matching import Match

_TOKEN = re.compile(r"\w+|\n|[^\S\n]+|[^\w\s]")


def rewrite(real: Sequence[str], new: Sequence[str]) -> list[Piece]:
    """The new lines, each line that was there before as that line itself."""
    pieces: list[Piece] = []
    done = 0
    for a, b, c, d in changes(real, new):
        pieces += [*range(done, a), *new[c:d]]
        done = b
    return [*pieces, *range(done, len(real))]


def merge(window: Sequence[str], match: Match) -> list[Piece] | None:
    """The window's lines with the model's change in them; None where the two cannot both be had."""
    pieces: list[Piece] = []
    done = kept = 0
    for a, b, c, d in _changes(match):
        before = next((at for at in reversed(match.pairs[:a]) if at is not None), -1)
        start = max(done, before + 1)
        stop = next((at for at in match.pairs[b:] if at is not None), len(window))
        if _slides(window, match.pairs, start - 1, -1) or _slides(window, match.pairs, stop, 1):
            return None
        if _stays_in_vain(match, kept, a, b) or (match.changes is None and _floats(match, (a, b, c, d))):
            return None
        # a diff's marks say what was exchanged for what; of two halves of a block, nobody can tell for certain
        exchanged = match.changes is not None and b - a == d - c
        part = _Part(window, start, stop, match.old[a:b], match.new[c:d], match.pairs[a:b], exchanged=exchanged)
        merged = _merge_part(part)
        if merged is None:
            return None
        pieces += [*range(done, start), *merged]
        done, kept = stop, b
    if _stays_in_vain(match, kept, len(match.old), len(match.old)):
        return None
    return [*pieces, *range(done, len(window))]


def _changes(match: Match) -> Sequence[Change]:
    return changes(match.old, match.new) if match.changes is None else match.changes


def _stays_in_vain(match: Match, start: int, a: int, b: int) -> bool:
    """Whether a line that is to stay before the change of `[a:b]` is not there: it may be one that is to be added.

    Of blank lines only those matter that are beside the change, or may have lost their plus.
    """
    beside = {a - 1, b} if a < len(match.old) or a != b else set[int]()
    return any(
        match.pairs[at] is None and (match.old[at].strip() or at in beside or at in match.unmarked)
        for at in range(start, a)
    ) or (b in beside and b < len(match.old) and match.pairs[b] is None)


def _floats(match: Match, change: Change) -> bool:
    """Whether lines could be inserted, or removed, on the other side of lines that the model did not know of.

    They can where they begin, or end, like the lines that they stand beside.
    """
    a, b, c, d = change
    lines, low, high = (match.new, c, d) if a == b else (match.old, a, b)
    if a != b and c != d:
        return False
    up = next((n for n in range(low) if lines[low - 1 - n] != lines[high - 1 - n]), low)
    down = next((n for n in range(len(lines) - high) if lines[low + n] != lines[high + n]), len(lines) - high)
    gaps = range(max(a - up, 1), min(b + down, len(match.pairs) - 1) + 1)
    return (up or down) > 0 and any(_is_gap(match.pairs[at - 1], match.pairs[at]) for at in gaps)


def _is_gap(one: int | None, other: int | None) -> bool:
    return one is not None and other is not None and other - one > 1


def _slides(window: Sequence[str], pairs: Sequence[int | None], edge: int, step: int) -> bool:
    """Whether the kept line at a change's edge could as well be one of its equals further off, unknown to the model."""
    if not 0 <= edge < len(window):
        return False
    at = edge
    while 0 <= at + step < len(window) and window[at + step].strip() == window[edge].strip():
        at += step
    return not set(range(edge, at + step, step)) <= set(pairs)


@dataclass(frozen=True, slots=True)
class _Part:
    """One change, and the window's lines from `start` to `stop` between the kept lines round it."""

    window: Sequence[str]
    start: int
    stop: int
    old: tuple[str, ...]
    new: tuple[str, ...]
    pairs: tuple[int | None, ...]
    exchanged: bool


def _merge_part(part: _Part) -> list[Piece] | None:
    paired = [at for at in part.pairs if at is not None]
    unknown = part.stop - part.start - len(paired)
    if not part.old:
        # an insertion beside lines that the model did not know of could belong on either side of them
        return None if unknown else list(part.new)
    if len(paired) != len(part.old) and (unknown or part.new or not paired):
        return None
    first, last = paired[0], paired[-1]
    if last - first + 1 != len(paired) or (unknown and part.new and not part.exchanged):
        return None
    if part.new and len(paired) != len(part.old):
        return None
    middle = _merge_lines([part.window[at] for at in paired], part)
    if middle is None:
        return None
    return [*range(part.start, first), *middle, *range(last + 1, part.stop)]


def _merge_lines(real: list[str], part: _Part) -> list[Piece] | None:
    base = [line for line, at in zip(part.old, part.pairs, strict=True) if at is not None]
    if all(a.rstrip() == b.rstrip() for a, b in zip(real, base, strict=True)):
        return list(part.new)
    misspelt = all(is_misspelt(a, b) for a, b in zip(real, base, strict=True))
    if not part.new:
        return [] if misspelt else None
    sides = (base, real, part.new)
    texts = ["\n".join(lines) for lines in sides]
    if differs_in_spacing_only(texts[0], texts[1]):
        merged = merge_spacing(*texts)
        return None if merged is None else list(merged.split("\n"))
    trimmed = ["\n".join(line.rstrip() for line in lines) for lines in (base, real)]
    merged = _merge_words(trimmed[0], trimmed[1], texts[2])
    if merged is None:
        return list(part.new) if misspelt else None
    return list(merged.split("\n"))


def _merge_words(base: str, real: str, new: str) -> str | None:
    """The same merge word by word; typography is taken from the real text and is no change of its own."""
    base_words, real_words, new_words = (_TOKEN.findall(text) for text in (base, real, new))
    ours = changes([fold(word) for word in base_words], [fold(word) for word in real_words])
    theirs = changes(base_words, new_words)
    kept = _kept(base_words, real_words, ours)
    edits = {(a, b, tuple(real_words[c:d])) for a, b, c, d in ours} | {
        (a, b, tuple(new_words[c:d])) for a, b, c, d in theirs
    }
    merged: list[str] = []
    done = -1
    for a, b, words in sorted(edits):
        # changes of the two sides that so much as touch may be meant against each other
        if a <= done:
            return None
        merged += [*kept[max(done, 0) : a], *words]
        done = b
    return "".join([*merged, *kept[max(done, 0) :]])


def _kept(base: Sequence[str], real: Sequence[str], ours: Sequence[Change]) -> list[str]:
    """The base's words in the real text's typography; what the real text lacks stays as it is, to be edited away."""
    kept = list(base)
    done = shift = 0
    for a, b, _, d in [*ours, (len(base), 0, 0, 0)]:
        kept[done:a] = real[done + shift : a + shift]
        done, shift = b, d - b
    return kept
