"""YAML and JSON as a tree of nodes that know their place in the text.

Positions count characters from the start of the text that was read. Values follow the YAML reader of Kubernetes' own
tools (go-yaml 2): `yes` and `on` are booleans, `0644` is octal, a date is a string, `1:30` is a string.
"""

from __future__ import annotations

import re
from functools import cache, lru_cache
from typing import TYPE_CHECKING, Any, NamedTuple

if TYPE_CHECKING:
    from collections.abc import Iterator

DEEPEST = 200
"""Levels of nesting that are read; libyaml takes quadratic time over open brackets."""
LARGEST = 1_000_000
"""Nodes of one document with its aliases written out; more is a bomb."""

Value = str | int | float | bool | None


class Scalar(NamedTuple):
    """A value; `start` to `end` is its token, quotes included, an anchor or tag before it not."""

    start: int
    end: int
    line: int
    value: Value
    text: str
    style: str


class Entry(NamedTuple):
    """One key of a mapping with its value; `shared` says that the value is an alias: it stands elsewhere."""

    key: Scalar
    node: Node
    shared: bool


class Mapping(NamedTuple):
    """`end` is the end of the last value in it, or its closing brace (`flow`)."""

    start: int
    end: int
    line: int
    flow: bool
    entries: tuple[Entry, ...]


class Sequence(NamedTuple):
    """`end` is the end of the last item, or the closing bracket (`flow`); `shared` are the places of items by alias."""

    start: int
    end: int
    line: int
    flow: bool
    items: tuple[Node, ...]
    shared: frozenset[int]


Node = Scalar | Mapping | Sequence


class UnreadableError(Exception):
    """The text is not YAML, or more of it than is read; `line` counts from 1."""

    def __init__(self, why: str, line: int = 1) -> None:
        super().__init__(why)
        self.why = why
        self.line = line


def read(text: str, offset: int = 0, line: int = 1) -> list[Node]:
    """All documents of a text that begins at this offset and line of its file.

    Raises:
        UnreadableError: for anything that is not YAML, nested too deeply, or grown too large by aliases.
    """
    import yaml  # noqa: PLC0415 - 20 ms that most commands do not need

    found: list[Node] = []
    if "\\u" in text:
        text = _SURROGATE.sub(r"\\ufffd", text)
    try:
        loader = _loader_class()(text)
        try:
            while loader.check_node():
                found.append(_Reader(text, offset, line - 1).node(loader.get_node()))
        finally:
            loader.dispose()
    except yaml.MarkedYAMLError as error:
        mark = error.problem_mark or error.context_mark
        raise UnreadableError(error.problem or "not YAML", line + (mark.line if mark else 0)) from error
    except (yaml.YAMLError, UnicodeEncodeError) as error:
        raise UnreadableError("has a character that YAML forbids", line) from error
    return found


@cache
def _loader_class() -> Any:
    """A loader that bounds the depth and leaves the meaning of scalars to `resolve`."""
    import yaml  # noqa: PLC0415 - see read

    base: Any = getattr(yaml, "CSafeLoader", yaml.SafeLoader)

    class Loader(base):  # type: ignore[misc]
        def __init__(self, text: str) -> None:
            super().__init__(text)
            self.depth = 0

        def descend_resolver(self, _node: Any, _index: Any) -> None:
            self.depth += 1
            if self.depth > DEEPEST:
                raise UnreadableError(f"nested more than {DEEPEST} levels deep")

        def ascend_resolver(self) -> None:
            self.depth -= 1

        def resolve(self, _kind: Any, _value: Any, _implicit: Any) -> None:
            return None

    return Loader


class _Reader:
    """Turns PyYAML's nodes into ours; a node that comes up again is an alias."""

    def __init__(self, text: str, offset: int, line: int) -> None:
        self.text, self.offset, self.line = text, offset, line
        self.done: dict[int, tuple[Node, int, int]] = {}
        self.open: set[int] = set()
        self.size = 0
        self.tallest = 0

    def node(self, raw: Any) -> Node:
        known = self.done.get(id(raw))
        if known:
            self._grow(known[1])
            self.tallest = max(self.tallest, known[2])
            return known[0]
        before = self.size
        if id(raw) in self.open:
            raise UnreadableError("an alias stands inside what it names", self._line(raw))
        self.open.add(id(raw))
        self._grow(1)
        beside, self.tallest = self.tallest, 0
        made = self._made(raw)
        height = self.tallest + 1
        if height > DEEPEST:  # chains of aliases nest what the text does not
            raise UnreadableError(f"nested more than {DEEPEST} levels deep", self._line(raw))
        self.tallest = max(beside, height)
        self.open.discard(id(raw))
        self.done[id(raw)] = made, self.size - before, height
        return made

    def _grow(self, by: int) -> None:
        self.size += by
        if self.size > LARGEST:
            raise UnreadableError(f"holds more than {LARGEST:,} values with its aliases written out", self.line + 1)

    def _line(self, raw: Any) -> int:
        return int(self.line + raw.start_mark.line + 1)

    def _made(self, raw: Any) -> Node:
        if raw.id == "scalar":
            return self._scalar(raw)
        start, end = raw.start_mark.index, raw.end_mark.index
        start = _after_properties(self.text, start) if self.text[start : start + 1] in {"&", "!"} else start
        flow = bool(raw.flow_style)
        if raw.id == "sequence":
            return self._sequence(raw, start, end, flow=flow)
        entries: list[Entry] = []
        position = start
        for key, value in raw.value:
            if key.id != "scalar" or id(key) in self.done:
                raise UnreadableError("a key that is no plain word", self._line(key))
            name = self._scalar(key)
            shared = id(value) in self.done
            entries.append(Entry(name, self.node(value), shared))
            position = (
                self._alias_end(name.end - self.offset) if shared else max(name.end, entries[-1].node.end) - self.offset
            )
        return Mapping(
            start + self.offset, (end if flow else position) + self.offset, self._line(raw), flow, tuple(entries)
        )

    def _sequence(self, raw: Any, start: int, end: int, *, flow: bool) -> Sequence:
        items: list[Node] = []
        shared: set[int] = set()
        position = start
        for number, value in enumerate(raw.value):
            if id(value) in self.done:
                shared.add(number)
                position = self._alias_end(position)
                items.append(self.node(value))
            else:
                items.append(self.node(value))
                position = max(position, items[-1].end - self.offset)
        end = (end if flow else position) + self.offset
        return Sequence(start + self.offset, end, self._line(raw), flow, tuple(items), frozenset(shared))

    def _alias_end(self, position: int) -> int:
        found = _ALIAS.search(self.text, position)
        return found.end() if found else position

    def _scalar(self, raw: Any) -> Scalar:
        start, end = raw.start_mark.index, raw.end_mark.index
        if self.text[start : start + 1] in {"&", "!"}:
            start = min(end, _after_properties(self.text, start))
        style = raw.style or ""
        if style in {"|", ">"}:
            end = start + len(self.text[start:end].rstrip())
        value = _typed(raw.tag, raw.value) if not style or raw.tag else raw.value
        return Scalar(start + self.offset, end + self.offset, self._line(raw), value, raw.value, style)


_SURROGATE = re.compile(r"\\u[dD][89abAB][0-9a-fA-F]{2}|\\u[dD][c-fC-F][0-9a-fA-F]{2}")
"""JSON's way to write characters beyond 65,535, which libyaml refuses; of the same length as what takes its place."""
_ALIAS = re.compile(r"\*[^\s,\]}]+")
_PROPERTIES = re.compile(r"(?:[&!][^\s,\[\]{}]*\s*+)*+")


def _after_properties(text: str, start: int) -> int:
    found = _PROPERTIES.match(text, start)
    return found.end() if found else start


_NULLS = frozenset(("", "~", "null", "Null", "NULL"))
_TRUE = frozenset(("y", "Y", "yes", "Yes", "YES", "true", "True", "TRUE", "on", "On", "ON"))
_FALSE = frozenset(("n", "N", "no", "No", "NO", "false", "False", "FALSE", "off", "Off", "OFF"))
_INTEGER = re.compile(r"[-+]?(?:0b[01_]+|0x[0-9a-fA-F_]+|0o?[0-7_]+|[0-9][0-9_]*)")
_FLOAT = re.compile(r"[-+]?(?:\.[0-9]+|[0-9]+(?:\.[0-9]*)?)(?:[eE][-+]?[0-9]+)?")
_LONGEST_NUMBER = 100


def _typed(tag: str | None, text: str) -> Value:
    if tag is None:
        return plain_value(text)
    return plain_value(text) if tag.rpartition(":")[2] in {"int", "float", "bool", "null"} else text


@lru_cache(maxsize=4096)
def plain_value(text: str) -> Value:
    """What an unquoted scalar means to Kubernetes' YAML reader."""
    if text in _NULLS:
        return None
    if text in _TRUE or text in _FALSE:
        return text in _TRUE
    if text[0] not in "-+.0123456789" or len(text) > _LONGEST_NUMBER:
        return text
    if _INTEGER.fullmatch(text):
        number = _integer(text.replace("_", ""))
        if number is not None:
            return number
    return float(text) if _FLOAT.fullmatch(text) else text


def _integer(text: str) -> int | None:
    digits = text.lstrip("-+")
    if digits[:1] == "0" and digits[1:2].isdigit():
        text = text.replace("0", "0o", 1)
    try:
        return int(text, 0)
    except ValueError:  # 089 is no octal number
        return None


def get(node: Node | None, *keys: str | int) -> Node | None:
    """The node at a path of keys and indexes, None where there is none; merges (`<<`) are looked through."""
    for key in keys:
        if isinstance(key, int):
            node = node.items[key] if isinstance(node, Sequence) and key < len(node.items) else None
        else:
            found = entry(node, key)
            node = found.node if found else None
    return node


def entry(node: Node | None, key: str) -> Entry | None:
    """The mapping's entry of that key, its own before a merged one."""
    if not isinstance(node, Mapping):
        return None
    found = next((one for one in node.entries if one.key.text == key), None)
    return found or next((one for one in fields(node) if one.key.text == key), None)


def fields(node: Mapping) -> tuple[Entry, ...]:
    """The entries with those of merges (`<<`), which come as shared."""
    if not any(one.key.text == "<<" and not one.key.style for one in node.entries):
        return node.entries
    own = {one.key.text for one in node.entries}
    merged = [one._replace(shared=True) for source in _merged(node) for one in fields(source)]
    first = {one.key.text: one for one in reversed(merged) if one.key.text not in own}
    return (*(one for one in node.entries if one.key.text != "<<"), *first.values())


def _merged(node: Mapping) -> Iterator[Mapping]:
    for one in node.entries:
        if one.key.text == "<<":
            sources = one.node.items if isinstance(one.node, Sequence) else (one.node,)
            yield from (source for source in sources if isinstance(source, Mapping))


def string(node: Node | None, *keys: str | int) -> str | None:
    """The string at a path, None for anything else."""
    found = get(node, *keys)
    return found.value if isinstance(found, Scalar) and isinstance(found.value, str) else None


def items(node: Node | None, *keys: str | int) -> tuple[Node, ...]:
    """The items of the list at a path, none where there is no list."""
    found = get(node, *keys)
    return found.items if isinstance(found, Sequence) else ()
