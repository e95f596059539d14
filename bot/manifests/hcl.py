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
    tree = _parsed(text) if len(text) <= _LARGEST else None
    places = _Places(text)
    found = [node for node in _inside(tree) if node.type == "block" and _kind(node) in kinds] if tree else []
    return [_block(node, places, 2) for node in found]


def _kind(node: Node) -> str:
    return _word(node.named_children[0]) if node.named_child_count else ""


def _parsed(text: str) -> Node | None:
    from tree_sitter import Parser  # noqa: PLC0415 - a library that only Terraform needs

    source = text.encode("utf-8", "replace")
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


class _Places:
    """Characters for the bytes that tree-sitter counts; going forward is cheap."""

    def __init__(self, text: str) -> None:
        self._source = None if text.isascii() else text.encode("utf-8", "replace")
        self._known = (0, 0)

    def at(self, byte: int) -> int:
        if self._source is None:
            return byte
        start, characters = self._known if self._known[0] <= byte else (0, 0)
        characters += len(self._source[start:byte].decode("utf-8", "replace"))
        self._known = byte, characters
        return characters


def _inside(node: Node) -> Iterator[Node]:
    for child in node.named_children:
        if child.type == "body":
            yield from child.named_children


def _block(node: Node, places: _Places, levels: int) -> Block:
    heads = [_word(child) for child in node.named_children if child.type in {"identifier", "string_lit"}]
    attributes: dict[str, Value] = {}
    inner: list[Block] = []
    for child in _inside(node):
        if child.type == "attribute" and child.named_child_count > 1:
            attributes[_word(child.named_children[0])] = _value(child.named_children[-1], places, 1)
        elif child.type == "block" and levels:
            inner.append(_block(child, places, levels - 1))
    return Block(heads[0] if heads else "", tuple(heads[1:]), attributes, tuple(inner))


def _value(node: Node, places: _Places, levels: int) -> Value:
    plain = _string(node)
    if plain:
        return Value(places.at(plain.start_byte), places.at(plain.end_byte), _line(node), _word(plain), {})
    elements = dict(_elements(node, places, levels)) if levels else {}
    return Value(places.at(node.start_byte), places.at(node.end_byte), _line(node), None, elements)


def _string(node: Node) -> Node | None:
    """The one literal of a string without escapes and interpolation."""
    for kind in ("literal_value", "string_lit"):
        if node.type == "expression" or kind == "string_lit":
            node = node.named_children[0] if node.named_child_count == 1 else node
    if node.type != "string_lit":
        return None
    inner = [child for child in node.named_children if child.type == "template_literal"]
    return inner[0] if len(inner) == 1 and node.named_child_count == 3 and "\\" not in _word(inner[0]) else None


def _elements(node: Node, places: _Places, levels: int) -> Iterator[tuple[str, Value]]:
    for kind in ("collection_value", "object"):
        if node.named_child_count != 1 and kind == "collection_value":
            return
        node = node.named_children[0]
        if node.type != kind:
            return
    for child in node.named_children:
        key, value = child.child_by_field_name("key"), child.child_by_field_name("val")
        if child.type == "object_elem" and key and value:
            yield _word(key), _value(value, places, levels - 1)


def _word(node: Node) -> str:
    return (node.text or b"").decode("utf-8", "replace").strip('"')


def _line(node: Node) -> int:
    return node.start_point.row + 1
