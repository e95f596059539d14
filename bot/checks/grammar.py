"""Parsing by tree-sitter within bounds, and the tree's errors.

A tree-sitter parser mends what it cannot read and marks it. Some texts make that quadratic in time and memory: 100,000
times `{` in JavaScript; 60 kB of `a<b,` in TypeScript take 3 GB, all of it in one step at the end of the text that
nothing can stop. So a long text is tried in parts and in growing beginnings first: their cost foretells its own.
"""

from __future__ import annotations

import time
from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterator

    from tree_sitter import Language, Node, Tree

LARGEST = 200_000
"""Bytes of the longest text that is parsed; hand-written sources stay below."""
_PART = 8_192
"""Bytes that no text makes expensive: at worst some 60 MB and 0.3 s."""
_SECONDS = 0.03
_SECONDS_A_BYTE = 4e-6
"""Of processor time; five times what the slowest grammar takes for sound text."""
_MOST_NODES = 200_000
_PAIRS = {"(": ")", "[": "]", "{": "}", "${": "}", "%{": "}", "#{": "}", "$(": ")", "$((": "))", "((": "))", "[[": "]]"}
_CLOSING = frozenset(_PAIRS.values())


@dataclass(frozen=True, slots=True)
class Break:
    """The first place that the grammar cannot read.

    `line` counts from 1; `what` is for people. `unbalanced` says that brackets do not match or something was never
    closed, which no newer version of a language makes right.
    """

    line: int
    what: str
    unbalanced: bool


def parse(language: Language, source: bytes) -> Tree | None:
    """The syntax tree of UTF-8 text, or None where reading it would take too much time or memory."""
    if len(source) > LARGEST or any(_try(language, part) is None for part in _samples(source)):
        return None
    return _try(language, source)


def _samples(source: bytes) -> Iterator[bytes]:
    """Each part by itself, then ever longer beginnings; nothing of a text that is a single part."""
    if len(source) > _PART:
        yield from (source[start : start + _PART] for start in range(0, len(source), _PART))
    length = 2 * _PART
    while length < len(source):
        yield source[:length]
        length *= 2


def _try(language: Language, source: bytes) -> Tree | None:
    from tree_sitter import Parser  # noqa: PLC0415 - a library that most changes do not need

    view = memoryview(source)
    deadline = time.thread_time() + _SECONDS + len(source) * _SECONDS_A_BYTE
    try:
        tree = Parser(language).parse(
            lambda start, _point: view[start:],
            progress_callback=lambda _offset, _erring: time.thread_time() > deadline,
        )
    except ValueError:  # what the library raises for a parse that was stopped
        return None
    return tree if time.thread_time() <= deadline else None


def text_of(node: Node, source: bytes) -> str:
    """The text of a node; `node.text` would read the whole source again each time."""
    return source[node.start_byte : node.end_byte].decode("utf-8", "replace")


def first_break(tree: Tree, source: bytes) -> Break | None:
    """Where the text first breaks the grammar, or None for a sound one."""
    if not tree.root_node.has_error:
        return None
    node = _first_error(tree)
    unbalanced = _is_unbalanced(tree)
    line = node.start_point.row + 1
    if node.is_missing:
        return Break(line, f"`{node.type}` is missing", unbalanced)
    text = source[node.start_byte : min(node.end_byte, node.start_byte + 200)].decode("utf-8", "replace").strip()
    shown = text.split("\n", 1)[0][:60]
    return Break(line, f"cannot be read from `{shown}` on" if shown else "cannot be read", unbalanced)


def _first_error(tree: Tree) -> Node:
    """Down to the first node that is an error itself; the cursor keeps deep trees off Python's stack."""
    cursor = tree.walk()
    while True:
        node = cursor.node
        assert node is not None  # noqa: S101 - the library's type allows for a cursor without a tree
        if node.is_error or node.is_missing or not cursor.goto_first_child():
            return node
        while not (cursor.node and cursor.node.has_error):
            if not cursor.goto_next_sibling():
                return node


def _is_unbalanced(tree: Tree) -> bool:
    """Whether the brackets among the tree's tokens fail to match; those in strings and comments are no tokens."""
    opened: list[str] = []
    for token in _tokens(tree):
        kind = token.type
        if kind in _PAIRS and not token.is_missing:
            opened.append(_PAIRS[kind])
        elif kind in _CLOSING and not token.is_missing and (not opened or opened.pop() != kind):
            return True
    return bool(opened)


def _tokens(tree: Tree) -> Iterator[Node]:
    """The leaves in the order of the text, up to a bound."""
    cursor = tree.walk()
    for _ in range(_MOST_NODES):
        if cursor.goto_first_child():
            continue
        if cursor.node:
            yield cursor.node
        while not cursor.goto_next_sibling():
            if not cursor.goto_parent():
                return
