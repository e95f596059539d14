"""Helm's chart repositories: `index.yaml`, of which only the versions of the charts in question are read.

Indexes of tens of megabytes are common; all of one in a YAML reader takes most of a minute. Helm writes them sorted and
in blocks, so the lines of a chart are found by their indentation, and of these only the few keys that matter are handed
to the reader. An index in another layout is read as a whole while it is small.
"""

from __future__ import annotations

import json
import re
from typing import TYPE_CHECKING, Any

import yaml

from bot.adapters.versions_address import SourceError
from bot.adapters.versions_json import moment, text
from bot.core.packages import Available, Release

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

LARGEST = 64_000_000
"""Bytes of the longest index that is read."""
_READ_WHOLE = 3_000_000
_ENTRIES = re.compile(rb"^entries:[ \t]*\r?\n", re.MULTILINE)
_CHART = re.compile(rb"(?:[ \t]*#.*\n)*  [^\s#-]")
_TOP = re.compile(rb"^[^\s#-]", re.MULTILINE)
_KEY = re.compile(rb"^  (?P<name>[^\s#:-][^\s:]*):[ \t]*\r?\n?", re.MULTILINE)
_ITEM = re.compile(rb"^(?P<indent> *)- (?P<rest>.*)$", re.MULTILINE)
_LINE = rb"^ {%d}(?:- |  )(?P<line>(?:version|created|deprecated|kubeVersion|removed):[ \t]*[^\s|>&*!{\[].*)$"


def versions(index: bytes, names: Iterable[str]) -> dict[str, Available | None]:
    """What an index says of each chart, None for one that it does not have.

    Raises:
        SourceError: when it is no index, or one that cannot be read in reasonable time.
    """
    index = index.removeprefix(b"\xef\xbb\xbf")
    if index.lstrip()[:1] == b"{":
        return _of_tree(_json(index), names)
    head = _ENTRIES.search(index)
    if head is None or not _CHART.match(index, head.end()):
        return _of_tree(_whole(index), names)
    charts = _charts(index, head.end())
    found: dict[str, Available | None] = {}
    for name in names:
        span = charts.get(name.encode())
        items = _items(index[slice(*span)]) if span else []
        if items is None:
            return _of_tree(_whole(index), names)
        found[name] = _available(items) if span else None
    return found


def _charts(index: bytes, start: int) -> dict[bytes, tuple[int, int]]:
    """Where the entry of each chart stands, from behind its key's colon on."""
    after = _TOP.search(index, start)
    stop = after.start() if after else len(index)
    keys = list(_KEY.finditer(index, start, stop))
    ends = [key.start() for key in keys[1:]] + [stop]
    return {key["name"].strip(b"\"'"): (key.end(), end) for key, end in zip(keys, ends, strict=True)}


def _items(lines: bytes) -> list[Any] | None:
    """The versions in these lines with the keys that matter, None where the layout is not Helm's."""
    first = _ITEM.match(lines)
    if first is None:
        return None
    indent = len(first["indent"])
    wanted = re.compile(_LINE % indent, re.MULTILINE)
    starts = re.compile(rb"^ {%d}- " % indent, re.MULTILINE)
    begun = [found.start() for found in starts.finditer(lines)]
    kept: list[bytes] = []
    number = 0
    for found in wanted.finditer(lines):
        while number < len(begun) and begun[number] <= found.start():
            number += 1
            kept.append(b"-")
        kept.append(b"  " + found["line"].rstrip(b"\r"))
    try:
        items = yaml.load(b"\n".join(kept), Loader=_loader())  # noqa: S506 - the safe one in C
    except (yaml.YAMLError, ValueError):
        return None
    return items if isinstance(items, list) else None


def _available(items: Iterable[Any]) -> Available:
    return Available(tuple(_releases(items)))


def _releases(items: Iterable[Any]) -> Iterator[Release]:
    for item in items:
        if isinstance(item, dict) and text(item, "version"):
            withdrawn = "its chart is deprecated" if item.get("deprecated") is True else ""
            yield Release(
                text(item, "version"),
                released=moment(item.get("created")),
                withdrawn="removed from its repository" if item.get("removed") is True else withdrawn,
                kubernetes=text(item, "kubeVersion"),
            )


def _of_tree(tree: Any, names: Iterable[str]) -> dict[str, Available | None]:
    entries = tree.get("entries") if isinstance(tree, dict) else None
    if not isinstance(entries, dict):
        raise SourceError("its index.yaml has no `entries`")
    return {name: _available(entries[name]) if isinstance(entries.get(name), list) else None for name in names}


def _json(index: bytes) -> Any:
    try:
        return json.loads(index)
    except (ValueError, RecursionError):
        raise SourceError("its index.yaml cannot be read") from None


def _whole(index: bytes) -> Any:
    if len(index) > _READ_WHOLE:
        raise SourceError(
            f"its index.yaml is longer than {_READ_WHOLE // 1_000_000} MB and not laid out as Helm does it"
        )
    try:
        return yaml.load(index, Loader=_loader())  # noqa: S506 - the safe one in C
    except (yaml.YAMLError, ValueError, RecursionError):
        raise SourceError("its index.yaml cannot be read") from None


def _loader() -> Any:
    return getattr(yaml, "CSafeLoader", yaml.SafeLoader)
