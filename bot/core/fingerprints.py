"""How a finding is known again: by what the code says, never by where it stands.

A fingerprint is carried by each comment in a hidden marker. The same finding after a push that moved the code, changed
its indentation or renamed the file has the same fingerprint; of several equal lines the neighbours tell which is meant.
"""

from __future__ import annotations

import hashlib
import re
from collections import Counter
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

from bot.core.memory import parse_marker, print_marker

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

_DIGITS: Final = 10
_NEIGHBOURS: Final = 2
_PRINTED = re.compile(rf"(?:[0-9a-f]{{{_DIGITS}}}:){{4}}[0-9a-f]{{{_DIGITS}}}")


@dataclass(frozen=True, slots=True)
class Fingerprint:
    """Digests of the file's path, the code meant, the lines round it, the category, and what should stand there."""

    path: str
    code: str
    near: str
    category: str
    fix: str

    def __str__(self) -> str:
        return f"{self.path}:{self.code}:{self.near}:{self.category}:{self.fix}"

    def marker(self) -> str:
        """The hidden line of a comment."""
        return print_marker("finding", {"is": str(self)})

    def is_about(self, other: Fingerprint) -> bool:
        """Whether both are about the same code of the same file, whatever they say of it."""
        return (self.path, self.code) == (other.path, other.code)

    def repeats(self, other: Fingerprint) -> bool:
        """Whether both say the same of the same code: of one kind, or with one remedy."""
        return self.is_about(other) and (self.category == other.category or self.fix == other.fix)


def parse_fingerprint(text: str) -> Fingerprint | None:
    """A fingerprint as `str` prints it; None for anything else."""
    return Fingerprint(*text.split(":")) if _PRINTED.fullmatch(text) else None


def read_marker(body: str) -> Fingerprint | None:
    """The fingerprint in a comment's first line, if there is one."""
    value = parse_marker(body, "finding") or {}
    return parse_fingerprint(str(value.get("is", "")))


@dataclass(frozen=True, slots=True)
class Spot:
    """Lines `start` to `stop` (from 0, `stop` left out) of `texts`, in the file that was called `path` at the base."""

    path: str
    texts: Sequence[str]
    start: int
    stop: int


def fingerprint(spot: Spot, category: str, fix: Sequence[str] | None) -> Fingerprint:
    """The fingerprint of a finding; `fix` are the lines that should stand there, None for a remark without any."""
    above = [line for line in map(_plain, spot.texts[max(0, spot.start - 20) : spot.start]) if line][-_NEIGHBOURS:]
    below = [line for line in map(_plain, spot.texts[spot.stop : spot.stop + 20]) if line][:_NEIGHBOURS]
    return Fingerprint(
        path=_digest([spot.path]),
        code=_digest(map(_plain, spot.texts[spot.start : spot.stop])),
        near=_digest([*above, "", *below]),
        category=_digest([category]),
        fix=_digest(["none"] if fix is None else ["some", *map(_plain, fix)]),
    )


def _plain(line: str) -> str:
    return " ".join(line.split())


def _digest(lines: Iterable[str]) -> str:
    return hashlib.sha256("\n".join(lines).encode(errors="surrogatepass")).hexdigest()[:_DIGITS]


@dataclass(frozen=True, slots=True)
class Said:
    """A finding that was said before; `declined` when people let it be known that they do not want it."""

    fingerprint: Fingerprint
    declined: bool = False


def unsaid(now: Sequence[Fingerprint], before: Sequence[Said]) -> list[bool]:
    """Which of the findings are new, in their order.

    What was declined silences everything about the same code. Anything else that was said silences one finding like
    it: where equal lines stand in two places, the one with the same neighbours first.
    """
    declined = [said.fingerprint for said in before if said.declined]
    left = Counter(said.fingerprint for said in before if not said.declined)
    new = [not any(one.is_about(other) for other in declined) for one in now]
    for is_same in (_stands_there, Fingerprint.repeats):
        for at, one in enumerate(now):
            match = next((other for other in left if new[at] and left[other] > 0 and is_same(one, other)), None)
            if match is not None:
                left[match] -= 1
                new[at] = False
    return new


def _stands_there(one: Fingerprint, other: Fingerprint) -> bool:
    return one.repeats(other) and one.near == other.near


def together(threads: Sequence[Said], remembered: Sequence[Fingerprint]) -> list[Said]:
    """What threads and memory say was said: each finding once, though both know of it."""
    known = Counter(said.fingerprint for said in threads)
    lost = Counter(remembered) - known
    return [*threads, *(Said(one) for one in lost.elements())]
