"""YAML documents as plain values with the line of each, for checks that look into them.

Read by the rules of YAML 1.2 (`on` and `yes` are words), without tags, so that nothing is constructed from the text.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from functools import lru_cache
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    import yaml

LARGEST = 2_000_000
_MOST_VALUES = 200_000
"""Values of a document with every alias written out; beyond it a document is a bomb."""
_MOST_DOCUMENTS = 2_000
_DEEPEST = 200

_INT = re.compile(r"[-+]?[0-9]{1,18}|0o[0-7]{1,20}|0x[0-9a-fA-F]{1,16}")
_FLOAT = re.compile(r"[-+]?(?:\.[0-9]+|[0-9]+(?:\.[0-9]*)?)(?:[eE][-+]?[0-9]+)?")
_WORDS = {"null": None, "Null": None, "NULL": None, "~": None, "": None,
          "true": True, "True": True, "TRUE": True, "false": False, "False": False, "FALSE": False}  # fmt: skip


@dataclass(frozen=True, slots=True)
class Document:
    """One document: `value` is made of dicts with text keys, lists, and plain scalars."""

    value: Any
    root: yaml.Node

    def line(self, place: Sequence[str | int]) -> int:
        """The line, from 1, of the value at a place, or of the nearest one around it that stands in the text."""
        node = self._nearest(place)
        return node.start_mark.line + 1 if node.start_mark else 1

    def is_block(self, place: Sequence[str | int]) -> bool:
        """Whether the value at a place is a block of text, whose first line stands below its mark."""
        return getattr(self._nearest(place), "style", None) in {"|", ">"}

    def _nearest(self, place: Sequence[str | int]) -> yaml.Node:
        node = self.root
        for step in place:
            inner = _step(node, step)
            if inner is None:
                break
            node = inner
        return node


def strings(value: Any) -> Iterator[tuple[tuple[str | int, ...], str]]:
    """Every text in a value with its place, keys left out."""
    waiting: list[tuple[tuple[str | int, ...], Any]] = [((), value)]
    while waiting:
        place, one = waiting.pop()
        if isinstance(one, str):
            yield place, one
        elif isinstance(one, dict):
            waiting += [((*place, key), inner) for key, inner in reversed(one.items())]
        elif isinstance(one, list):
            waiting += [((*place, at), inner) for at, inner in reversed(list(enumerate(one)))]


@lru_cache(maxsize=8)
def read_documents(text: str) -> tuple[Document, ...]:
    """All documents of a text; none where it is no YAML, is too long, or is a bomb of aliases."""
    import yaml  # noqa: PLC0415 - 20 ms that most commands do not need

    if len(text) > LARGEST:
        return ()
    kind = getattr(yaml, "CSafeLoader", yaml.SafeLoader)
    try:
        if _is_deep(yaml.parse(text.removeprefix("\ufeff"), Loader=kind)):
            return ()
        loader = kind(text.removeprefix("\ufeff"))
        try:
            return tuple(_documents(loader))
        finally:
            loader.dispose()
    except (yaml.YAMLError, UnicodeEncodeError):
        return ()


def _is_deep(events: Iterator[yaml.Event]) -> bool:
    """Whether collections stand in each other deeper than the recursion of the loader, which is C's, can bear."""
    import yaml  # noqa: PLC0415 - see read_documents

    depth = 0
    for event in events:
        if isinstance(event, yaml.CollectionStartEvent):
            depth += 1
            if depth > _DEEPEST:
                return True
        elif isinstance(event, yaml.CollectionEndEvent):
            depth -= 1
    return False


def _documents(loader: yaml.SafeLoader) -> Iterator[Document]:
    for _ in range(_MOST_DOCUMENTS):
        if not loader.check_node():
            return
        root: yaml.Node | None = loader.get_node()
        if root is None:
            return
        sizes: dict[int, int] = {}
        if _size(root, sizes) <= _MOST_VALUES:
            yield Document(_value(root, {}), root)


def _size(node: yaml.Node, sizes: dict[int, int]) -> int:
    """How many values a node is with all aliases written out; one that holds itself counts as endless."""
    if id(node) in sizes:
        return sizes[id(node)]
    sizes[id(node)] = _MOST_VALUES + 1
    inner = _children(node)
    sizes[id(node)] = min(1 + sum(_size(child, sizes) for child in inner), _MOST_VALUES + 1)
    return sizes[id(node)]


def _children(node: yaml.Node) -> list[yaml.Node]:
    import yaml  # noqa: PLC0415 - see read_documents

    if isinstance(node, yaml.MappingNode):
        return [child for pair in node.value for child in pair]
    return list(node.value) if isinstance(node, yaml.SequenceNode) else []


def _value(node: yaml.Node, known: dict[int, Any]) -> Any:
    import yaml  # noqa: PLC0415 - see read_documents

    if isinstance(node, yaml.ScalarNode):
        return _scalar(node)
    if id(node) not in known:
        known[id(node)] = (
            _mapping(node, known)
            if isinstance(node, yaml.MappingNode)
            else [_value(child, known) for child in _children(node)]
        )
    return known[id(node)]


def _mapping(node: yaml.MappingNode, known: dict[int, Any]) -> dict[str, Any]:
    own: dict[str, Any] = {}
    merged: dict[str, Any] = {}
    for key, value in node.value:
        if key.value == "<<" and not key.style:
            found = _value(value, known)
            for one in found if isinstance(found, list) else [found]:
                merged = {**one, **merged} if isinstance(one, dict) else merged
        else:
            own[key.value if isinstance(key.value, str) else "?"] = _value(value, known)
    return merged | own


def _scalar(node: yaml.ScalarNode) -> str | bool | int | float | None:
    text: str = node.value
    if node.style:  # None or empty for a plain one, by loader
        return text
    if text in _WORDS:
        return _WORDS[text]
    if _INT.fullmatch(text):
        return int(text, 0 if text[:2] in {"0o", "0x"} else 10)
    return float(text) if _FLOAT.fullmatch(text) else text


def _step(node: yaml.Node, step: str | int) -> yaml.Node | None:
    import yaml  # noqa: PLC0415 - see read_documents

    if isinstance(node, yaml.MappingNode):
        return next((value for key, value in node.value if key.value == step), None)
    if isinstance(node, yaml.SequenceNode) and isinstance(step, int) and step < len(node.value):
        child: yaml.Node = node.value[step]
        return child
    return None
