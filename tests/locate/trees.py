"""A file table in memory that keeps the protocol to its word, and small trees in several languages."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence


class Memory:
    """Files by path; `opened` is every path that was read, in order."""

    def __init__(self, files: Mapping[str, str | bytes]) -> None:
        self._files = {path: text.encode() if isinstance(text, str) else text for path, text in files.items()}
        self.opened: list[str] = []

    @property
    def sizes(self) -> Mapping[str, int]:
        return {path: len(data) for path, data in self._files.items()}

    def read(self, paths: Sequence[str]) -> Iterator[tuple[str, bytes]]:
        for path in paths:
            self.opened.append(path)
            yield path, self._files[path]


FILLER = {f"src/filler/part{number}.py": f"def part{number}():\n    return {number}\n" for number in range(20)}
"""Files that have nothing to do with anything."""


def function(name: str, body: str, *, lines: int = 6) -> str:
    """A Python function of so many lines whose last line is the body."""
    padding = "".join(f"    step_{number} = {number}\n" for number in range(lines - 2))
    return f"def {name}(value):\n{padding}    {body}\n"
