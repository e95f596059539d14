"""A three-way merge of a model's change onto lines that it did not remember quite right.

The base is what the model remembered, one side what it wants, the other side what really stands in the file. Real lines
are kept wherever the model did not ask for a change; where both sides changed the same words, there is no answer.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from difflib import SequenceMatcher
from typing import TYPE_CHECKING, Final

from bot.core.aligning import fold

if TYPE_CHECKING:
    from collections.abc import Sequence

    from bot.core.lines import Piece
    from bot.core.matching import Match

_MAX_TABLE: Final = 250_000
_TOKEN = re.compile(r"\w+|\n|[^\S\n]+|[^\w\s]")

Change = tuple[int, int, int, int]
"""Items `[a:b]` of one sequence become items `[c:d]` of the other."""


def changes(old: Sequence[str], new: Sequence[str]) -> list[Change]:
    """What differs between two sequences, in order; one big change when finding smaller ones would take too long."""
    head = _common_head(old, new)
    tail = _common_head(old[head:][::-1], new[head:][::-1])
    old_mid, new_mid = old[head : len(old) - tail], new[head : len(new) - tail]
    if not old_mid and not new_mid:
        return []
    if not old_mid or not new_mid or len(old_mid) * len(new_mid) > _MAX_TABLE:
        return [(head, head + len(old_mid), head, head + len(new_mid))]
    matcher = SequenceMatcher(None, old_mid, new_mid, autojunk=False)
    return [(head + a, head + b, head + c, head + d) for tag, a, b, c, d in matcher.get_opcodes() if tag != "equal"]


def _common_head(one: Sequence[str], two: Sequence[str]) -> int:
    shorter = min(len(one), len(two))
    return next((at for at in range(shorter) if one[at] != two[at]), shorter)


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
    done = 0
    for a, b, c, d in changes(match.old, match.new):
        before = next((at for at in reversed(match.pairs[:a]) if at is not None), -1)
        start = max(done, before + 1)
        stop = next((at for at in match.pairs[b:] if at is not None), len(window))
        if _slides(window, match.pairs, start - 1, -1) or _slides(window, match.pairs, stop, 1):
            return None
        part = _Part(window, start, stop, match.old[a:b], match.new[c:d], match.pairs[a:b])
        merged = _merge_part(part)
        if merged is None:
            return None
        pieces += [*range(done, start), *merged]
        done = stop
    return [*pieces, *range(done, len(window))]


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


def _merge_part(part: _Part) -> list[Piece] | None:
    paired = [at for at in part.pairs if at is not None]
    unknown = part.stop - part.start - len(paired)
    if not part.old:
        # an insertion beside lines that the model did not know of could belong on either side of them
        return None if unknown else list(part.new)
    if not paired:
        return [*range(part.start, part.stop)] if not part.new and not unknown else None
    first, last = paired[0], paired[-1]
    if last - first + 1 != len(paired) or (unknown and part.new and len(part.new) != len(part.old)):
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
    if not part.new:
        same = all(fold(a).rstrip() == fold(b).rstrip() for a, b in zip(real, base, strict=True))
        return [] if same else None
    merged = _merge_words(*("\n".join(line.rstrip() for line in lines) for lines in (base, real, part.new)))
    return None if merged is None else list(merged.split("\n"))


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
