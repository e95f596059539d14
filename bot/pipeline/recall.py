"""Located files kept per tree: the second search for the same issue in the same tree reads them back.

A tree's id stands for the contents of all its files, so an entry is never out of date, only unused.
"""

from __future__ import annotations

import hashlib
import json
import math
from pathlib import Path
from typing import TYPE_CHECKING, Any, Protocol

import bot.locate
from bot.locate import Located

if TYPE_CHECKING:
    from bot.pipeline.gather import Tree

_MOST = 1_000


class Cache(Protocol):
    """A place that may or may not give back what was put there; it never raises."""

    def get(self, key: str) -> bytes | None:
        """What was put under a key, or None."""

    def put(self, key: str, content: bytes) -> None:
        """Keep a content for later."""


def find_files(issue: str, tree: Tree, limit: int, cache: Cache | None = None) -> list[Located]:
    """The files of the tree that an issue is about, best first, from the cache where it knows them.

    Raises:
        WorktreeError: when the tree cannot be read.
    """
    key = _key(issue, tree, limit) if cache else ""
    kept = cache.get(key) if cache else None
    found = None if kept is None else _parsed(kept)
    if found is not None:
        return found
    from bot.locate import locate  # noqa: PLC0415 - its tables are not needed where the cache knows

    with tree.past() as past:
        found = locate(issue, tree, limit, past)
    if cache:
        cache.put(key, json.dumps([one.as_json() for one in found]).encode())
    return found


def _key(issue: str, tree: Tree, limit: int) -> str:
    text = hashlib.sha256(issue.encode(errors="replace")).hexdigest()
    return f"locate {_code()} {tree.id} {limit} {text}"


def _code() -> str:
    """Which state of the code answers, so that a changed ranking is seen at once."""
    files = sorted(Path(bot.locate.__file__).parent.glob("*.py"))
    facts = [(file.name, file.stat().st_mtime_ns, file.stat().st_size) for file in files]
    return hashlib.sha256(repr(facts).encode()).hexdigest()[:16]


def _parsed(content: bytes) -> list[Located] | None:
    """The files of an entry, or None when it is not what this module writes."""
    try:
        value = json.loads(content)
    except (ValueError, RecursionError):
        return None
    if not isinstance(value, list) or len(value) > _MOST or not all(map(_is_valid, value)):
        return None
    return [
        Located(one["path"], float(one["score"]), tuple((a, b) for a, b in one["lines"]), tuple(one["why"]))
        for one in value
    ]


def _is_valid(one: Any) -> bool:
    return (
        isinstance(one, dict)
        and one.keys() == {"path", "score", "lines", "why"}
        and isinstance(one["path"], str)
        and type(one["score"]) in {int, float}
        and math.isfinite(one["score"])
        and isinstance(one["lines"], list)
        and all(map(_is_window, one["lines"]))
        and isinstance(one["why"], list)
        and all(isinstance(why, str) for why in one["why"])
    )


def _is_window(window: Any) -> bool:
    return isinstance(window, list) and [type(line) for line in window] == [int, int] and 1 <= window[0] <= window[1]
