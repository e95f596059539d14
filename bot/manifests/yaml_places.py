"""Where in YAML the words stand that a reference is made of: documents one by one, values with the way to them.

Templates are read with their actions covered (`bot.manifests.masking`); a value that an action stands in is no word.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import TYPE_CHECKING

from bot.manifests.masking import mask
from bot.manifests.nodes import Mapping, Node, Scalar, Sequence, UnreadableError, entry, get, plain_value, read, string

if TYPE_CHECKING:
    from collections.abc import Iterator

LONGEST = 10_000_000
"""Characters of the longest text that is read."""

_SEPARATOR = re.compile(r"^---(?=[ \t\r\n]|$)", re.MULTILINE)
_DIRECTIVES = 100
_TEMPLATE = re.compile(r"\{\{|\{%")


@dataclass(frozen=True, slots=True)
class Part:
    """One document of a text; `node` is its root. Positions are those of the whole `text`."""

    text: str
    covered: str
    first: int
    node: Node

    @property
    def owner(self) -> str:
        """What a Kubernetes object is called (`apps/Deployment/shop/cart`); empty for other documents."""
        api_version, kind = string(self.node, "apiVersion"), string(self.node, "kind")
        if not api_version or not kind:
            return ""
        group = api_version.rpartition("/")[0] or "core"
        name = get(self.node, "metadata", "name")
        known = self.text[name.start : name.end].strip("\"'") if isinstance(name, Scalar) else "-"
        return "/".join((group, kind, string(self.node, "metadata", "namespace") or "-", known))

    @property
    def kind(self) -> str:
        """The document's `kind`, empty where it has none."""
        return (string(self.node, "kind") or "") if string(self.node, "apiVersion") else ""

    def word(self, node: Node | None) -> Word | None:
        """The text of a plain or quoted scalar that stands in the file just as it is meant; None for all else."""
        if not isinstance(node, Scalar) or node.style in {"|", ">"}:
            return None
        quoted = 1 if node.style else 0
        start, end = node.start + quoted, node.end - quoted
        if self.text[start:end] != node.text or self.covered[start - self.first : end - self.first] != node.text:
            return None
        return Word(node.text, start, end, node.line, plain=not quoted)


@dataclass(frozen=True, slots=True)
class Word:
    """A value's own characters, without quotes, from `start` to `end`."""

    text: str
    start: int
    end: int
    line: int
    plain: bool


def parts(text: str, clue: re.Pattern[str]) -> Iterator[Part]:
    """The documents in which the clue comes up and that can be read; broken ones are left out."""
    if len(text) > LONGEST or not clue.search(text):
        return
    for start, end, line in _spans(text):
        part = text[start:end]
        if not clue.search(part) or part.startswith("%") + part.count("\n%") > _DIRECTIVES:
            continue
        for covered in (part, mask(part)) if _TEMPLATE.search(part) else (part,):
            try:
                nodes = read(covered, start, line)
            except UnreadableError:
                continue
            yield from (Part(text, covered, start, node) for node in nodes)
            break


def _spans(text: str) -> Iterator[tuple[int, int, int]]:
    """Start, end and first line of each document."""
    start = 1 if text.startswith("\ufeff") else 0
    line = 1
    for found in _SEPARATOR.finditer(text):
        yield start, found.start(), line
        line += text.count("\n", start, found.start())
        start = found.start()
    yield start, len(text), line


def mappings(node: Node, trail: tuple[str, ...] = ()) -> Iterator[tuple[tuple[str, ...], Mapping]]:
    """All mappings with the way to them; what an alias stands for comes once, where it stands itself.

    Items of lists are named by their `name`, else by their number.
    """
    if isinstance(node, Mapping):
        yield trail, node
        for one in node.entries:
            if not one.shared:
                yield from mappings(one.node, (*trail, one.key.text))
    elif isinstance(node, Sequence):
        for number, item in enumerate(node.items):
            if number not in node.shared:
                yield from mappings(item, (*trail, f"[{string(item, 'name') or number}]"))


def own(node: Node | None, key: str) -> Node | None:
    """The value of a mapping's key where it stands there itself, neither merged nor by alias."""
    one = entry(node, key)
    return one.node if one and not one.shared else None


def told(owner: str, trail: tuple[str, ...]) -> str:
    """An identity: the object, and the way inside it."""
    way = ".".join(trail).replace(".[", "[")
    return f"{owner} {way}".strip()


def written(text: str) -> str:
    """A version as an unquoted YAML value, quoted where it would become another thing: `1.10` is the number 1.1."""
    value = plain_value(text)
    return text if isinstance(value, str) or (isinstance(value, int) and str(value) == text) else f'"{text}"'
