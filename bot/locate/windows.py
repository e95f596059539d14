"""Which lines of a file are worth showing: whole small blocks around definitions, frames and the densest hits."""

from __future__ import annotations

import re
from bisect import bisect_right
from collections import Counter
from itertools import accumulate, islice
from typing import TYPE_CHECKING

from bot.locate.scan import needles, normal

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping, Sequence

    from bot.locate.located import Window

_BLOCK = 60
"""Lines of the largest block shown whole: about two screens, more than nine functions in ten need."""
_AROUND = 10
"""Lines shown on either side of a place in a larger block."""
_JOIN = 4
"""Windows with fewer lines than this between them become one: a gap would cost more to explain than to show."""
_MOST_WINDOWS = 8
_MOST_HITS = 1_000
_PEAKS = 3
_CLOSING = (b"}", b")", b"]", b"end", b"fi", b"done", b"esac")


def windows(data: bytes, places: Sequence[int], words: Mapping[str, float]) -> tuple[Window, ...]:
    r"""Line windows (1-based, inclusive, ascending, not touching) around the places and the densest hits of the words.

    `places` are line numbers in order of importance; `words` are term stems with their weights. Lines are counted as
    `bytes.split(b"\n")` does, so a final newline does not start another line.
    """
    lines = data.split(b"\n")
    if not lines[-1]:
        lines.pop()
    if not lines:
        return ()
    known = [place for place in places if 1 <= place <= len(lines)]
    centres = dict.fromkeys([*known, *_peaks(data, lines, words)])
    found = [_block(lines, centre) for centre in list(centres)[:_MOST_WINDOWS]]
    return joined(found or [(1, min(len(lines), _BLOCK))])


def joined(found: Iterable[Window]) -> tuple[Window, ...]:
    """The windows in order, those that touch or nearly touch made one."""
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
    gathered = list(_gathered(_hits(data, lines, words), words))
    peaks: list[int] = []
    for _, line in sorted(gathered, key=lambda found: -found[0]):
        if all(abs(line - peak) > 2 * _AROUND for peak in peaks):
            peaks.append(line)
        if len(peaks) == _PEAKS:
            break
    return peaks


def _gathered(hits: Sequence[tuple[int, str]], words: Mapping[str, float]) -> Iterator[tuple[float, int]]:
    """For each hit: the weight of the distinct words on the few lines up to it, and the middle of those lines."""
    inside: Counter[str] = Counter()
    weight, first = 0.0, 0
    for line, word in hits:
        weight += 0.0 if inside[word] else words[word]
        inside[word] += 1
        while hits[first][0] < line - _AROUND:
            gone = hits[first][1]
            inside[gone] -= 1
            weight -= 0.0 if inside[gone] else words[gone]
            first += 1
        yield weight, (hits[first][0] + line) // 2


def _hits(data: bytes, lines: Sequence[bytes], words: Mapping[str, float]) -> list[tuple[int, str]]:
    """(line, word) for the first so many occurrences, ascending."""
    if not words:
        return []
    word_of = {needle: word for word, needle in needles(words)}
    pattern = re.compile(b"|".join(map(re.escape, sorted(word_of, key=len, reverse=True))))
    starts = list(accumulate((len(line) + 1 for line in lines), initial=1))
    found = islice(pattern.finditer(normal(data)), _MOST_HITS)
    return [(bisect_right(starts, match.end() - 1), word_of[match[0]]) for match in found]
