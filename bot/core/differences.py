"""What differs between two sequences, in bounded time."""

from __future__ import annotations

from difflib import SequenceMatcher
from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    from collections.abc import Sequence

_MAX_TABLE: Final = 250_000

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
