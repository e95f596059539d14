"""Which lines of a file are worth showing: whole small blocks around definitions, frames and the densest hits."""

from __future__ import annotations

import re
from bisect import bisect_right
from itertools import accumulate
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

Window = tuple[int, int]

_BLOCK = 60
"""Lines of the largest block shown whole: about two screens, more than nine functions in ten need."""
_AROUND = 10
"""Lines shown on either side of a place in a larger block."""
_JOIN = 4
"""Windows with fewer lines than this between them become one: a gap would cost more to explain than to show."""
_MOST_WINDOWS = 8
_MOST_HITS = 2_000
_PEAKS = 3
_CLOSING = (b"}", b")", b"]", b"end", b"fi", b"done", b"esac")


def windows(data: bytes, places: Sequence[int], words: Mapping[str, float]) -> tuple[Window, ...]:
    """Line windows (1-based, inclusive, ascending, not touching) around the places and the densest hits of the words.

    `places` are line numbers in order of importance; `words` are term stems with their weights. Lines are counted as
    `bytes.split(b"\\n")` does, so a final newline does not start another line.
    """
    lines = data.split(b"\n")
    if not lines[-1]:
        lines.pop()
    if not lines:
        return ()
    known = [place for place in places if 1 <= place <= len(lines)]
    centres = dict.fromkeys([*known, *_peaks(data, lines, words)])
    found = [_block(lines, centre) for centre in list(centres)[:_MOST_WINDOWS]]
    return _merged(found or [(1, min(len(lines), _BLOCK))])


def _merged(found: list[Window]) -> tuple[Window, ...]:
    result: list[Window] = []
    for start, end in sorted(found):
        if result and start - result[-1][1] <= _JOIN:
            result[-1] = (result[-1][0], max(end, result[-1][1]))
        else:
            result.append((start, end))
    return tuple(result)


def _block(lines: Sequence[bytes], line: int) -> Window:
    """The largest indented block around a line that is small enough, else the lines near it."""
    best = (line, _end(lines, line))
    if _size(best) > _BLOCK:
        return line, min(len(lines), line + 2 * _AROUND)
    header = line
    while (outer := _header(lines, header)) and _size(block := (outer, _end(lines, outer))) <= _BLOCK:
        best, header = block, outer
    if _size(best) > _AROUND:
        return best
    return max(1, min(best[0], line - _AROUND)), min(len(lines), max(best[1], line + _AROUND))


def _size(window: Window) -> int:
    return window[1] - window[0] + 1


def _indent(line: bytes) -> int:
    return len(line) - len(line.lstrip())


def _header(lines: Sequence[bytes], line: int) -> int:
    """The nearest line above that is indented less, or 0; no further up than a block may be long."""
    indent = _indent(lines[line - 1])
    for number in range(line - 1, max(0, line - 1 - _BLOCK), -1):
        text = lines[number - 1]
        if text.strip() and _indent(text) < indent:
            return number
    return 0


def _end(lines: Sequence[bytes], line: int) -> int:
    """The last line of the block that a line opens, closing brackets included; looked for one block size down."""
    indent = _indent(lines[line - 1])
    end = line
    for number in range(line + 1, min(len(lines), line + _BLOCK + 1) + 1):
        text = lines[number - 1]
        if not text.strip():
            continue
        if _indent(text) <= indent:
            return number if text.strip().startswith(_CLOSING) and _indent(text) == indent else end
        end = number
    return end


def _peaks(data: bytes, lines: Sequence[bytes], words: Mapping[str, float]) -> list[int]:
    """The lines around which most weight of distinct words gathers, best first, apart from each other."""
    hits = _hits(data, lines, words)
    scored = [(_near(hits, at, words), -hits[at][0]) for at in range(len(hits))]
    peaks: list[int] = []
    for _, negated in sorted(scored, reverse=True):
        if all(abs(negated + peak) > _AROUND for peak in peaks):
            peaks.append(-negated)
        if len(peaks) == _PEAKS:
            break
    return peaks


def _hits(data: bytes, lines: Sequence[bytes], words: Mapping[str, float]) -> list[tuple[int, str]]:
    """(line, word) for the first so many occurrences, ascending."""
    if not words:
        return []
    longest_first = sorted(words, key=len, reverse=True)
    pattern = re.compile("|".join(map(re.escape, longest_first)).encode())
    starts = list(accumulate((len(line) + 1 for line in lines), initial=0))
    found = []
    for match in pattern.finditer(data.lower()):
        found.append((bisect_right(starts, match.start()), match[0].decode()))
        if len(found) == _MOST_HITS:
            break
    return found


def _near(hits: Sequence[tuple[int, str]], at: int, words: Mapping[str, float]) -> float:
    line = hits[at][0]
    near: set[str] = set()
    for step in (-1, 1):
        index = at
        while 0 <= index < len(hits) and abs(hits[index][0] - line) <= _AROUND and abs(index - at) <= _MOST_NEAR:
            near.add(hits[index][1])
            index += step
    return sum(words[word] for word in near)


_MOST_NEAR = 40
"""Hits looked at on either side of one; more on so few lines tell nothing new."""
