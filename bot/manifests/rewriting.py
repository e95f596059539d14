"""Edits of YAML and JSON by structure: rename a key, add one, take one out, move one elsewhere.

The new text follows the style around it: block or flow, quotes of keys, indentation, line ends. What is moved keeps its
own comments, order and quoting.
"""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from bot.manifests.edits import Edit, apply
from bot.manifests.nodes import Entry, Mapping, Node, Scalar, Sequence

if TYPE_CHECKING:
    from collections.abc import Mapping as Table

_PLAIN = re.compile(r"[A-Za-z][\w./-]*")
_WORDS = frozenset(("y", "n", "yes", "no", "on", "off", "true", "false", "null"))


class UnclearError(Exception):
    """A rule cannot tell what the change would have to be; the text says why, for people."""


@dataclass(frozen=True, slots=True)
class Raw:
    """A value that is written as it is: a number, or a token that stands in the file."""

    text: str


@dataclass(frozen=True, slots=True)
class Moved:
    """A value with all that stands beside and below it, from its entry's old place, with edits inside."""

    entry: Entry
    edits: tuple[Edit, ...] = ()


Tree = str | Raw | Moved | dict[str, "Tree"] | list["Tree"]
"""New structure: strings are written as strings."""


@dataclass(slots=True)
class Rewriting:
    """Collects the edits of one document. `masked` differs from `text` where a template's actions stand."""

    text: str
    masked: str
    edits: list[Edit] = field(default_factory=list)

    def set_value(self, node: Node, value: str) -> None:
        """Give a scalar another word, within its quotes."""
        if not isinstance(node, Scalar) or node.style in {"|", ">"}:
            raise UnclearError(f"the value on line {node.line} is no plain word")
        quoted = 1 if node.style in {"'", '"'} else 0
        self._edit(node.start + quoted, node.end - quoted, value)

    def rename(self, one: Entry, name: str) -> None:
        """Give a key another name, within its quotes."""
        self.set_value(one.key, name)

    def replace(self, one: Entry, name: str, value: Tree) -> None:
        """Put another key and value in the place of an entry; a comment behind it stays behind it."""
        own(one)
        self._edit(one.key.start, self.end_of(one), self._rendered(self._style(one.key), {name: value}))

    def replace_with(self, one: Entry, tree: Table[str, Tree]) -> None:
        """Put other keys in the place of an entry."""
        own(one)
        self._edit(one.key.start, self.end_of(one), self._rendered(self._style(one.key), tree))

    def replace_span(self, first: Entry, last: Entry, tree: Table[str, Tree]) -> None:
        """Put other keys in the place of neighbouring entries."""
        self._edit(first.key.start, self.end_of(last), self._rendered(self._style(first.key), tree))

    def nest(self, one: Entry, name: str, tree: Table[str, Tree]) -> None:
        """Replace an entry by a key with the tree below it."""
        self.replace_with(one, {name: dict(tree)})

    def deepen(self, one: Entry, tree: Table[str, Tree]) -> None:
        """Replace an entry by the tree, one level deeper: below the key that `nest` put before it."""
        style = self._style(one.key)
        deeper = style.at(style.column + style.step)
        self._edit(one.key.start, self.end_of(one), " " * style.step + self._rendered(deeper, tree))

    def addition_before(self, mapping: Mapping, tree: Table[str, Tree]) -> Edit:
        """The edit that adds keys before the mapping's first one, for use inside what is moved."""
        key = mapping.entries[0].key
        style = self._style(key, flow=mapping.flow)
        between = ", " if mapping.flow else style.newline + " " * style.column
        return Edit(key.start, key.start, self._rendered(style, tree) + between)

    def is_covered(self, node: Node) -> bool:
        """Whether a template's action stands in a value."""
        return self.text[node.start : node.end] != self.masked[node.start : node.end]

    def add(self, mapping: Mapping, after: Entry, tree: Table[str, Tree]) -> None:
        """Add keys behind an entry of the mapping."""
        style = self._style(mapping.entries[0].key, flow=mapping.flow)
        if mapping.flow:
            end = self.end_of(after)
            self._edit(end, end, ", " + self._rendered(style, tree))
            return
        end = self.end_of_line(self.end_of(after))
        self._edit(end, end, style.newline + " " * style.column + self._rendered(style, tree))

    def add_before(self, mapping: Mapping, tree: Table[str, Tree]) -> None:
        """Add keys before the mapping's first one."""
        edit = self.addition_before(mapping, tree)
        self._edit(edit.start, edit.end, edit.text)

    def fill(self, one: Entry, tree: Table[str, Tree]) -> None:
        """Give an empty mapping (`{}` or nothing) these keys."""
        style = self._style(one.key)
        self._edit(one.key.start, self.end_of(one), self._rendered(style, {one.key.text: dict(tree)}))

    def remove(self, mapping: Mapping, one: Entry) -> None:
        """Take an entry out with its own lines; comments above it stay. The last entry leaves `{}`."""
        index = mapping.entries.index(one)
        if mapping.flow:
            self._remove_from_flow(mapping, index)
        elif len(mapping.entries) == 1:
            self._edit(one.key.start, self.end_of(one), "{}")
        elif self.text[self._line_start(one.key.start) : one.key.start].strip():
            following = mapping.entries[index + 1] if index + 1 < len(mapping.entries) else None
            if following is None:
                raise UnclearError(f"the key on line {one.key.line} shares its line")
            self._edit(one.key.start, following.key.start, "")
        else:
            end = self.end_of_line(self.end_of(one))
            self._edit(self._line_start(one.key.start), self._next_line(end), "")

    def _remove_from_flow(self, mapping: Mapping, index: int) -> None:
        entries = mapping.entries
        if index + 1 < len(entries):
            self._edit(entries[index].key.start, entries[index + 1].key.start, "")
        elif index:
            self._edit(self.end_of(entries[index - 1]), self.end_of(entries[index]), "")
        else:
            self._edit(entries[0].key.start, self.end_of(entries[0]), "")

    def tail(self, moved: Moved, column: int | None) -> str:
        """What stands behind a moved key's colon, shifted to the column of its new key."""
        one = moved.entry
        own(one)
        start = self.text.index(":", one.key.end) + 1
        end = self.end_of(one)
        end = end if column is None else self.end_of_line(end)
        if self.text[start:end] != self.masked[start:end] and "#" in self.masked[start:end]:
            raise UnclearError("a template's statement stands in what would be moved")
        inner = [edit._replace(start=edit.start - start, end=edit.end - start) for edit in moved.edits]
        body = apply(self.text[start:end], inner)
        return body if column is None else _shifted(body, column - self.column(one.key.start))

    def column(self, position: int) -> int:
        """How far from the start of its line a position is."""
        return position - self._line_start(position)

    def end_of(self, one: Entry) -> int:
        """The end of an entry's value, or of its colon when there is none."""
        end = max(one.node.end, one.key.end) if not one.shared else one.key.end
        if end > one.key.end:
            return end
        return self.text.index(":", one.key.end) + 1

    def end_of_line(self, position: int) -> int:
        """The end of the line with a comment on it, without its line break."""
        end = self.text.find("\n", position)
        end = len(self.text) if end < 0 else end
        return end - 1 if end > position and self.text[end - 1] == "\r" else end

    def _edit(self, start: int, end: int, text: str) -> None:
        if any(line.lstrip().startswith("#") for line in self._covered(start, end)):
            raise UnclearError("a template's statement stands in what would change")
        self.edits.append(Edit(start, end, text))

    def _covered(self, start: int, end: int) -> list[str]:
        return [
            there
            for here, there in zip(self.text[start:end].split("\n"), self.masked[start:end].split("\n"), strict=True)
            if here != there
        ]

    def _line_start(self, position: int) -> int:
        return max(self.text.rfind("\n", 0, position) + 1, 1 if self.text.startswith("\ufeff") else 0)

    def _next_line(self, end: int) -> int:
        found = self.text.find("\n", end)
        return len(self.text) if found < 0 else found + 1

    def _style(self, key: Scalar, *, flow: bool | None = None) -> _Style:
        quoted = key.style == '"'
        if flow is None:
            flow = quoted or bool(self.text[self._line_start(key.start) : key.start].strip(" -?"))
        if flow:  # a minified file is one long line: its columns are not asked for
            return _Style(column=0, flow=True, quoted=quoted, newline="\n")
        return _Style(self.column(key.start), flow=False, quoted=quoted, newline=self._newline(key.start))

    def _newline(self, position: int) -> str:
        """How lines end where this position is."""
        end = self.text.rfind("\n", 0, position)
        end = end if end >= 0 else self.text.find("\n", position)
        return "\r\n" if end > 0 and self.text[end - 1] == "\r" else "\n"

    def _rendered(self, style: _Style, tree: Table[str, Tree]) -> str:
        if style.flow:
            return ", ".join(f"{style.key(name)}:{self._flow(value, style)}" for name, value in tree.items())
        lines = (f"{style.key(name)}:{self._block(value, style)}" for name, value in tree.items())
        return (style.newline + " " * style.column).join(lines)

    def _flow(self, value: Tree, style: _Style) -> str:
        match value:
            case str():
                return " " + (f'"{value}"' if style.quoted else _word(value))
            case Raw():
                return " " + value.text
            case Moved():
                return self.tail(value, None)
            case dict():
                return " {" + self._rendered(style, value) + "}"
            case list():
                return " [" + ", ".join(self._flow(item, style).strip() for item in value) + "]"

    def _block(self, value: Tree, style: _Style) -> str:
        match value:
            case str():
                return " " + _word(value)
            case Raw():
                return " " + value.text
            case Moved():
                return self.tail(value, style.column)
            case dict():
                deeper = style.at(style.column + style.step)
                return style.newline + " " * deeper.column + self._rendered(deeper, value) if value else " {}"
            case list():
                return "".join(style.newline + " " * style.column + "- " + self._item(item, style) for item in value)

    def _item(self, item: Tree, style: _Style) -> str:
        if isinstance(item, dict):
            return self._rendered(style.at(style.column + 2), item)
        return self._flow(item, style).strip()


@dataclass(frozen=True, slots=True)
class _Style:
    """How the text around a new entry is written."""

    column: int
    flow: bool
    quoted: bool
    newline: str
    step: int = 2

    def at(self, column: int) -> _Style:
        return _Style(column, self.flow, self.quoted, self.newline, self.step)

    def key(self, name: str) -> str:
        return f'"{name}"' if self.quoted else _word(name)


def own(one: Entry) -> None:
    """Refuse to edit what stands elsewhere too.

    Raises:
        UnclearError: when the entry's value is an alias or comes from a merge.
    """
    if one.shared:
        raise UnclearError(f"the field {one.key.text!r} on line {one.key.line} is shared by an alias")


def token(text: str, node: Node) -> Raw:
    """A scalar as it stands in the text, quotes included.

    Raises:
        UnclearError: when it is no scalar of one line.
    """
    if not isinstance(node, Scalar) or node.style in {"|", ">"} or "\n" in text[node.start : node.end]:
        raise UnclearError(f"the value on line {node.line} is no plain word")
    return Raw(text[node.start : node.end])


def is_empty(node: Node) -> bool:
    """Whether a value is null, `{}` or `[]`."""
    match node:
        case Scalar():
            return node.value is None
        case Mapping():
            return not node.entries
        case Sequence():
            return not node.items


def _word(text: str) -> str:
    return text if _PLAIN.fullmatch(text) and text.lower() not in _WORDS else f'"{text}"'


def _shifted(body: str, by: int) -> str:
    """The lines behind the first moved to the right, or to the left as far as their blanks go."""
    first, *rest = body.split("\n")
    if by >= 0:
        moved = [" " * by + line if line.strip() else line for line in rest]
    else:
        moved = [line[min(-by, len(line) - len(line.lstrip(" "))) :] for line in rest]
    return "\n".join((first, *moved))
