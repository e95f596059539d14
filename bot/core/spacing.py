"""A merge of two texts of which one differs from their common base in white space only."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Final

from bot.core.aligning import fold
from bot.core.differences import changes

if TYPE_CHECKING:
    from collections.abc import Sequence

_TOKEN: Final = re.compile(r"[^\S\n]*(\w+|\n|[^\w\s])")


def differs_in_spacing_only(one: str, other: str) -> bool:
    """Whether two texts have the same words and signs, but for typography."""
    words, others = (list(map(fold, _taken_apart(text)[0])) for text in (one, other))
    return words == others


def merge_spacing(base: str, real: str, new: str) -> str | None:
    """The new text, its words that stayed in the real text's typography; its white space is what it says.

    `base` and `real` must differ in spacing only. None where the new text has the base's white space and the real text
    has another: the model may have wanted to leave it, as it is or as it took it to be.
    """
    (words, gaps), (real_words, real_gaps), (new_words, new_gaps) = map(_taken_apart, (base, real, new))
    origin = _origins(words, new_words)
    merged: list[str] = []
    for at, gap in enumerate(new_gaps):
        slot = _slot(words, new_words, origin, at)
        if slot is not None and gaps[slot] == gap != real_gaps[slot]:
            return None
        merged.append(gap)
        if at < len(new_words):
            kept = origin[at]
            merged.append(new_words[at] if kept is None else real_words[kept])
    return "".join(merged)


def _taken_apart(text: str) -> tuple[list[str], list[str]]:
    """The words and signs of a text, and the white space before each of them and at the end."""
    words: list[str] = []
    gaps: list[str] = []
    done = 0
    for match in _TOKEN.finditer(text):
        words.append(match[1])
        gaps.append(text[done : match.start(1)])
        done = match.end()
    return words, [*gaps, text[done:]]


def _origins(words: Sequence[str], new_words: Sequence[str]) -> list[int | None]:
    """Which of the base's words each new one is, if it was there before."""
    kept: list[int | None] = []
    done = 0
    for a, b, c, d in changes(words, new_words):
        kept += [*range(done, a), *([None] * (d - c))]
        done = b
    return [*kept, *range(done, len(words))]


def _slot(words: Sequence[str], new_words: Sequence[str], origin: Sequence[int | None], at: int) -> int | None:
    """Which white space of the base stands where the new text's does.

    It is between the same two words, or beside one that stayed and another that took the place of one of its kind.
    """
    after = origin[at] if at < len(origin) else len(words)
    before = origin[at - 1] if at else -1
    if after is None and before is None:
        return None
    slot = after if after is not None else (before or 0) + 1 if before is not None else 0
    beside = ((_word(words, slot + step), _word(new_words, at + step)) for step in (-1, 0))
    return slot if all(_kind(one) == _kind(other) for one, other in beside) else None


def _word(words: Sequence[str], at: int) -> str:
    """The word there; beyond the ends, as if lines ended there."""
    return words[at] if 0 <= at < len(words) else "\n"


def _kind(word: str) -> str:
    return "word" if word[0].isalnum() or word[0] == "_" else word
