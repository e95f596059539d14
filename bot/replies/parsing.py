"""A model's reply, read from top to bottom: edits, the explanation round them, and what could not be understood."""

from __future__ import annotations

from collections import defaultdict, deque
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

from bot.core.edits import MAX_EDITS, MoveFile, ReplaceText
from bot.core.lines import BOM, printable
from bot.core.paths import shown
from bot.replies.formats import read_block
from bot.replies.page import Place, fence_on
from bot.replies.paths import KnownPaths
from bot.replies.thoughts import spoken

if TYPE_CHECKING:
    from collections.abc import Collection, Iterable, Mapping

    from bot.core.edits import FileEdit
    from bot.replies.page import Fence, Taken

MAX_REPLY: Final = 4_000_000
"""Characters beyond which a reply is not read: at 2,000 tokens a second it took a model more than ten minutes."""
MAX_LINES: Final = 200_000
"""Lines beyond which a reply is not read."""
_IN_SIGHT: Final = 12
_MOST_ERRORS: Final = 10
_QUOTED: Final = 200


@dataclass(frozen=True, slots=True)
class ParsedReply:
    """The edits in order, the prose outside them, and sentences on what is wrong; with any of those, apply nothing."""

    edits: tuple[FileEdit, ...]
    explanation: str
    errors: tuple[str, ...]


def parse_reply(reply: str, known_paths: Collection[str], texts: Mapping[str, str] | None = None) -> ParsedReply:
    """Read a reply in any of the formats; never raises, whatever the text, in time that grows with its length only.

    `known_paths` are the files that exist; the reply may name them by their bare names, or new ones by whole paths.
    Where several have one name, their `texts`, if given, tell which of them has the quoted lines.
    """
    if len(reply) > MAX_REPLY:
        return ParsedReply((), "", (f"the reply is longer than {MAX_REPLY:,} characters",))
    if reply.count("\n") > MAX_LINES:
        return ParsedReply((), "", (f"the reply is longer than {MAX_LINES:,} lines",))
    lines = [line.removesuffix("\r") for line in reply.removeprefix(BOM).split("\n")]
    reader = _Reader(lines, KnownPaths(known_paths, texts))
    reader.read()
    explanation = "\n".join(lines[at] for at in sorted(reader.prose)).strip()
    errors = [*reader.errors, *_contradictions(reader.edits)]
    if reader.unfinished:
        errors.append("the reply ends within its reasoning")
    elif not reader.edits and not errors:
        errors.append(_nothing(reply, explanation))
    return ParsedReply(tuple(reader.edits), explanation, tuple(errors[:_MOST_ERRORS]))


def _contradictions(edits: Iterable[FileEdit]) -> list[str]:
    by_path: dict[str, set[FileEdit]] = defaultdict(set)
    for edit in edits:
        by_path[edit.path].add(edit)
    return [
        f"{shown(path)} is written as a whole or deleted, and also changed otherwise, in one reply"
        for path, found in by_path.items()
        if len(found) > 1 and not all(isinstance(edit, ReplaceText | MoveFile) for edit in found)
    ]


def _nothing(reply: str, explanation: str) -> str:
    if not reply.strip():
        return "the reply is empty"
    if not explanation:
        return "the reply holds reasoning only, no edits"
    said = printable(" ".join(explanation[: 2 * _QUOTED].split()), _QUOTED)
    return f"the reply holds no edits in a known format, only text: {said}"


class _Reader:
    """Goes through the lines once; `prose` are the numbers of those that belong to the explanation."""

    def __init__(self, lines: list[str], known: KnownPaths) -> None:
        self.edits: list[FileEdit] = []
        self.errors: list[str] = []
        self.prose: set[int] = set()
        self.unfinished = False
        self._lines = lines
        self._known = known
        self._before: deque[int] = deque(maxlen=_IN_SIGHT)
        self._wrappers: list[Fence] = []
        self._last_path = ""

    def read(self) -> None:
        """Read everything, or as much as is needed to see that it will not be applied."""
        at = 0
        while at < len(self._lines) and len(self.errors) < _MOST_ERRORS:
            at = self._read_at(at)
            if len(self.edits) > MAX_EDITS:
                self.errors.append(f"the reply has more than {MAX_EDITS} edits")
                break

    def _read_at(self, at: int) -> int:
        """Read what begins on this line; gives the line to go on with, as all the methods below do."""
        said = spoken(self._lines[at], inside=False)
        if said.orphan:
            self._forget()
        self._lines[at] = said.text
        if said.inside:
            return self._skip_thought(at)
        wrapper = self._wrappers[-1] if self._wrappers else None
        if wrapper and (fence := fence_on(said.text)) and fence.closes(wrapper):
            self._wrappers.pop()
            return at + 1
        taken = read_block(Place(self._lines, at, tuple(self._before), self._last_path, self._known, wrapper))
        return self._keep(at, at + 1) if taken is None else self._take(at, taken)

    def _keep(self, at: int, stop: int) -> int:
        self.prose.update(range(at, stop))
        self._before.extend(range(at, stop))
        return stop

    def _take(self, at: int, taken: Taken) -> int:
        self.prose -= taken.used
        if taken.wrapper is not None:
            self._wrappers.append(taken.wrapper)
            return self._keep(at, taken.stop)
        self._before.clear()
        if taken.is_prose:
            self.prose.update(range(at, taken.stop))
        self.edits += taken.edits
        self.errors += taken.errors
        if taken.edits:
            self._last_path = taken.edits[-1].path
        return taken.stop

    def _skip_thought(self, at: int) -> int:
        self._keep(at, at + 1)
        for end in range(at + 1, len(self._lines)):
            said = spoken(self._lines[end], inside=True)
            if not said.inside:
                self._lines[end] = said.text
                return end
        self.unfinished = True
        return len(self._lines)

    def _forget(self) -> None:
        """Reasoning has ended that began in the prompt: all before was reasoning."""
        self.edits.clear()
        self.errors.clear()
        self.prose.clear()
        self._before.clear()
        self._wrappers.clear()
        self._last_path = ""
