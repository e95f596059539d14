"""HCL by place: the blocks, attributes and plain strings of a text, with their positions in characters."""

from __future__ import annotations

import time
from dataclasses import dataclass
from functools import lru_cache
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Collection, Iterator

    from tree_sitter import Language, Node

_LARGEST = 500_000
_SECONDS = 2.0


@dataclass(frozen=True, slots=True)
class Value:
    """A value from `start` to `end`; `text` is a plain string's without its quotes, None for any other expression.

    For a plain string the span leaves the quotes out. `elements` are an object's, by key.
    """

    start: int
    end: int
    line: int
    text: str | None
    elements: dict[str, Value]


@dataclass(frozen=True, slots=True)
class Block:
    """`kind "label" { … }` with the attributes and blocks directly in it."""

    kind: str
    labels: tuple[str, ...]
    attributes: dict[str, Value]
    blocks: tuple[Block, ...]


def blocks(text: str, kinds: Collection[str]) -> list[Block]:
    """The top-level blocks of these kinds with two levels of what is in them; none where reading takes too long."""
    if len(text) > _LARGEST:
        return []
    source = _Source(text)
    root = _parsed(source.raw)
    nodes = [node for node in _inside(root) if node.type == "block"] if root else []
    return [source.block(node, 2) for node in nodes if source.kind(node) in kinds]


def _parsed(source: bytes) -> Node | None:
    from tree_sitter import Parser  # noqa: PLC0415 - a library that only Terraform needs

    deadline = time.thread_time() + _SECONDS
    try:
        tree = Parser(_language()).parse(
            lambda start, _point: source[start : start + 65_536],
            progress_callback=lambda _offset, _erring: time.thread_time() > deadline,
        )
    except ValueError:  # what the library raises for a parse that was stopped
        return None
    return tree.root_node


@lru_cache(maxsize=1)
def _language() -> Language:
    import tree_sitter_hcl  # noqa: PLC0415 - see _parsed
    from tree_sitter import Language  # noqa: PLC0415 - see _parsed

    return Language(tree_sitter_hcl.language())


def _inside(node: Node) -> Iterator[Node]:
    for child in node.named_children:
        if child.type == "body":
            yield from child.named_children


class _Source:
    """The text as the bytes that tree-sitter counts, and what its nodes stand for; going forward is cheap.

    A tree that was read in pieces would ask for a piece again for the text of every node.
    """

    def __init__(self, text: str) -> None:
        self.raw = text.encode("utf-8", "replace")
        self._is_plain = text.isascii()
        self._known = (0, 0)

    def kind(self, node: Node) -> str:
        return self._word(node.named_children[0]) if node.named_child_count else ""

    def block(self, node: Node, levels: int) -> Block:
        heads = [self._word(child) for child in node.named_children if child.type in {"identifier", "string_lit"}]
        attributes: dict[str, Value] = {}
        inner: list[Block] = []
        for child in _inside(node):
            if child.type == "attribute" and child.named_child_count > 1:
                name, *_, value = child.named_children
                attributes[self._word(name)] = self._value(value, 1)
            elif child.type == "block" and levels:
                inner.append(self.block(child, levels - 1))
        return Block(heads[0] if heads else "", tuple(heads[1:]), attributes, tuple(inner))

    def _value(self, node: Node, levels: int) -> Value:
        line = node.start_point.row + 1
        plain = _literal(node)
        if plain:
            text = self._word(plain)
            if "\\" not in text:
                return Value(self._at(plain.start_byte), self._at(plain.end_byte), line, text, {})
        start, end = self._at(node.start_byte), self._at(node.end_byte)
        return Value(start, end, line, None, dict(self._elements(node, levels)) if levels else {})

    def _elements(self, node: Node, levels: int) -> Iterator[tuple[str, Value]]:
        inner = _only(_only(node, "collection_value"), "object")
        for child in inner.named_children if inner else ():
            key, value = child.child_by_field_name("key"), child.child_by_field_name("val")
            if child.type == "object_elem" and key and value:
                yield self._word(key), self._value(value, levels - 1)

    def _word(self, node: Node) -> str:
        return self.raw[node.start_byte : node.end_byte].decode("utf-8", "replace").strip('"')

    def _at(self, byte: int) -> int:
        """The character for a byte."""
        if self._is_plain:
            return byte
        start, characters = self._known if self._known[0] <= byte else (0, 0)
        characters += len(self.raw[start:byte].decode("utf-8", "replace"))
        self._known = byte, characters
        return characters


def _literal(node: Node) -> Node | None:
    """The one literal of a string without interpolation."""
    string = _only(_only(node, "literal_value"), "string_lit")
    inner = [child for child in string.named_children if child.type == "template_literal"] if string else []
    return inner[0] if string and len(inner) == 1 and string.named_child_count == 3 else None


def _only(node: Node | None, kind: str) -> Node | None:
    """A node's single child, where it is of that kind."""
    if node is None or node.named_child_count != 1 or node.named_children[0].type != kind:
        return None
    return node.named_children[0]
