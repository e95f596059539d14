"""Reading HCL, the language of Terraform and OpenTofu: its blocks, and what their expressions refer to."""

from __future__ import annotations

from dataclasses import dataclass, replace
from functools import lru_cache
from typing import TYPE_CHECKING

from bot.checks.grammar import Break, first_break, parse, text_of

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from tree_sitter import Language, Node, Query

_DEEPEST = 20
_LONGEST_VALUE = 20_000

# Names that stand for something inside their block alone: those of loops. Dynamic blocks give some as well.
_LOOPS = "(for_intro (identifier) @name) (template_for_start (identifier) @name)"
_VARIABLES = "(variable_expr) @name"


@dataclass(frozen=True, slots=True)
class Attribute:
    """`name = value`; the value is source text, with the quotes of a plain string taken off."""

    line: int
    value: str
    is_plain: bool
    """Whether the value is a plain string without interpolation."""


@dataclass(frozen=True, slots=True)
class Reference:
    """A name with what follows its first dots, such as `("var", "region")` or `("aws_vpc", "main", "id")`."""

    parts: tuple[str, ...]
    line: int


@dataclass(frozen=True, slots=True)
class Block:
    """One block, as `resource "aws_vpc" "main" { … }`, with the blocks in it.

    References are those of a whole top-level block, without names that only its own loops give; inner blocks have none.
    """

    kind: str
    labels: tuple[str, ...]
    line: int
    attributes: Mapping[str, Attribute]
    blocks: tuple[Block, ...]
    references: tuple[Reference, ...] = ()

    @property
    def address(self) -> str:
        """What tells it from others of its file's folder."""
        return ".".join((self.kind, *self.labels))

    def walk(self) -> Iterator[Block]:
        """The block and all blocks in it."""
        waiting = [self]
        while waiting:
            block = waiting.pop()
            yield block
            waiting += reversed(block.blocks)


@dataclass(frozen=True, slots=True)
class HclFile:
    """The top-level blocks of one file, as far as it can be read; `broken` is the first place that cannot."""

    blocks: tuple[Block, ...]
    broken: Break | None


@lru_cache(maxsize=64)
def read_hcl(text: str) -> HclFile | None:
    """The file's blocks, or None where reading it would take too long."""
    source = (text.removeprefix("\ufeff") + "\n").encode("utf-8", "surrogatepass")
    tree = parse(_language(), source)
    if tree is None:
        return None
    blocks = tuple(_top_block(node, source) for node in _bodies(tree.root_node) if node.type == "block")
    return HclFile(blocks, first_break(tree, source))


@lru_cache(maxsize=1)
def _language() -> Language:
    import tree_sitter_hcl  # noqa: PLC0415 - a library that only changes to Terraform need
    from tree_sitter import Language  # noqa: PLC0415 - as above

    return Language(tree_sitter_hcl.language())


def _bodies(node: Node) -> Iterator[Node]:
    """What stands directly in a node's body."""
    for child in node.named_children:
        if child.type == "body":
            yield from child.named_children


def _top_block(node: Node, source: bytes) -> Block:
    block = _block(node, source, 0)
    loops = {text_of(name, source) for name in _captured(_LOOPS, node)}
    for inner in block.walk():
        if inner.kind == "dynamic":
            named = inner.attributes.get("iterator")
            loops.update([named.value] if named else inner.labels)
    references = (_reference(variable, source) for variable in _captured(_VARIABLES, node))
    return replace(block, references=tuple(one for one in references if one.parts[0] not in loops))


def _block(node: Node, source: bytes, depth: int) -> Block:
    heads = [child for child in node.named_children if child.type in {"identifier", "string_lit"}]
    kind, *labels = [_unquoted(text_of(child, source)) for child in heads] or [""]
    attributes: dict[str, Attribute] = {}
    blocks: list[Block] = []
    for child in _bodies(node):
        if child.type == "attribute" and child.named_child_count > 1:
            attributes[text_of(child.named_children[0], source)] = _attribute(child, source)
        elif child.type == "block" and depth < _DEEPEST:
            blocks.append(_block(child, source, depth + 1))
    return Block(kind, tuple(labels), node.start_point.row + 1, attributes, tuple(blocks))


def _attribute(node: Node, source: bytes) -> Attribute:
    text = text_of(node.named_children[-1], source)
    is_plain = len(text) > 1 and text[0] == text[-1] == '"' and "${" not in text and '"' not in text[1:-1]
    return Attribute(node.start_point.row + 1, (text[1:-1] if is_plain else text)[:_LONGEST_VALUE], is_plain)


def _reference(variable: Node, source: bytes) -> Reference:
    parts = [text_of(variable, source)]
    after = variable.next_named_sibling
    while after is not None and after.type == "get_attr" and len(parts) < 4:
        parts.append(text_of(after, source).lstrip(". \n\t"))
        after = after.next_named_sibling
    return Reference(tuple(parts), variable.start_point.row + 1)


def _captured(pattern: str, node: Node) -> list[Node]:
    from tree_sitter import QueryCursor  # noqa: PLC0415 - see _language

    return QueryCursor(_query(pattern)).captures(node).get("name", [])


@lru_cache(maxsize=2)
def _query(pattern: str) -> Query:
    from tree_sitter import Query  # noqa: PLC0415 - see _language

    return Query(_language(), pattern)


def _unquoted(text: str) -> str:
    return text[1:-1] if text[:1] == '"' else text
