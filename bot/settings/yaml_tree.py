"""YAML as a small tree that knows its lines, with everything refused that a settings file has no use for."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from bot.errors import UserError

if TYPE_CHECKING:
    from collections.abc import Iterator

MAX_BYTES = 256 * 1024
"""A longer file is refused unread."""

MAX_DEPTH = 12
"""Levels of nesting; the deepest setting has five."""

MAX_NODES = 20_000
"""Values and keys in one file, so that reading takes well under a second."""


@dataclass(frozen=True, slots=True)
class Scalar:
    """One word or text as it is written; `plain` when it stands without quotes and is not a block of lines."""

    line: int
    text: str
    plain: bool

    @property
    def blank(self) -> bool:
        """Whether YAML sees no value here."""
        return self.plain and self.text in {"", "~", "null", "Null", "NULL"}


@dataclass(frozen=True, slots=True)
class Items:
    """A list."""

    line: int
    values: tuple[Node, ...]


@dataclass(frozen=True, slots=True)
class Table:
    """Keys with their values; `lines` are those of the keys."""

    line: int
    values: dict[str, Node]
    lines: dict[str, int]


Node = Scalar | Items | Table


def read_tree(text: str, name: str) -> Node | None:
    """Read one YAML document; None when it holds nothing.

    Aliases are refused, so a value is never larger than its text (no "billion laughs"); so are tags, which could name
    types, and the same key twice, of which YAML readers silently keep one.

    Raises:
        UserError: with `name` and the line, when the text is too long, no YAML, or uses what is refused.
    """
    try:
        size = len(text.encode())
    except UnicodeEncodeError:
        raise UserError(f"{name} is not UTF-8 text") from None
    if size > MAX_BYTES:
        raise UserError(f"{name} is {size:,} bytes long", f"the limit is {MAX_BYTES:,}")
    return _Builder(name, _events(text, name)).document()


def _events(text: str, name: str) -> Iterator[Any]:
    import yaml  # noqa: PLC0415  imported here: many runs have no configuration file

    loader = getattr(yaml, "CSafeLoader", yaml.SafeLoader)  # the C parser is not in every build of PyYAML
    try:
        yield from yaml.parse(text, Loader=loader)
    except yaml.MarkedYAMLError as error:
        mark = error.problem_mark or error.context_mark
        where = f"{name} line {mark.line + 1}" if mark else name
        raise UserError(f"{where} is not valid YAML: {error.problem or error.context}", _hint(text, mark)) from None
    except yaml.YAMLError as error:
        raise UserError(f"{name} is not valid YAML: {str(error).splitlines()[0]}") from None


def _hint(text: str, mark: Any) -> str:
    """The two usual slips, by the line they are on."""
    lines = text.splitlines()
    line = lines[mark.line] if mark and mark.line < len(lines) else ""
    if "\t" in line:
        return "indent with spaces, not with tabs"
    if "*" in line:
        return 'put patterns with a `*` in quotes: "*.tf"'
    return ""


@dataclass(slots=True)
class _Builder:
    """Turns the parser's events into nodes, never deeper or longer than the limits."""

    name: str
    events: Iterator[Any]
    nodes: int = field(default=0)

    def document(self) -> Node | None:
        root: Node | None = None
        for event in self.events:
            kind = type(event).__name__
            if kind == "DocumentStartEvent" and root is not None:
                raise self._refused(event, "a second document begins", "keep everything in one")
            if kind in {"ScalarEvent", "AliasEvent", "MappingStartEvent", "SequenceStartEvent"}:
                root = self._node(event, 1)
        return None if isinstance(root, Scalar) and root.blank else root

    def _node(self, event: Any, depth: int) -> Node:
        self._admit(event, depth)
        line = event.start_mark.line + 1
        match type(event).__name__:
            case "ScalarEvent":
                return Scalar(line, event.value, plain=not event.style)
            case "SequenceStartEvent":
                return Items(line, tuple(self._node(item, depth + 1) for item in self._until("SequenceEndEvent")))
            case _:
                return self._table(line, depth)

    def _admit(self, event: Any, depth: int) -> None:
        self.nodes += 1
        if type(event).__name__ == "AliasEvent":
            hint = f'write the value out; a pattern needs quotes: "*{event.anchor}"'
            raise self._refused(event, "an alias (`*`) is not allowed", hint)
        if event.anchor:
            hint = f'write the value out; a text needs quotes: "&{event.anchor}"'
            raise self._refused(event, "an anchor (`&`) is not allowed", hint)
        if event.tag:
            raise self._refused(event, "a tag (`!`) is not allowed", 'a text that begins with `!` needs quotes: "!…"')
        if depth > MAX_DEPTH:
            raise self._refused(event, "the nesting is too deep", f"the limit is {MAX_DEPTH} levels")
        if self.nodes > MAX_NODES:
            raise self._refused(event, "there are too many values", f"the limit is {MAX_NODES:,}")

    def _table(self, line: int, depth: int) -> Table:
        values: dict[str, Node] = {}
        lines: dict[str, int] = {}
        for event in self._until("MappingEndEvent"):
            key = self._node(event, depth + 1)
            if not isinstance(key, Scalar):
                raise self._refused(event, "a key must be a word", "quote a key that begins with `[` or `{`")
            if key.text in values:
                hint = f"it stands in line {lines[key.text]} already; keep one of them"
                raise self._refused(event, f"the key {shown(key.text)} appears twice", hint)
            lines[key.text] = key.line
            values[key.text] = self._node(next(self.events), depth + 1)
        return Table(line, values, lines)

    def _until(self, end: str) -> Iterator[Any]:
        for event in self.events:
            if type(event).__name__ == end:
                return
            yield event

    def _refused(self, event: Any, what: str, remedy: str) -> UserError:
        return UserError(f"{self.name} line {event.start_mark.line + 1}: {what}", remedy)


def shown(text: str) -> str:
    """A word from the file for an error text: short, on one line, as inline code."""
    flat = "".join(char if char.isprintable() else " " for char in text).replace("`", "'")
    return f"`{flat[:60]}…`" if len(flat) > 60 else f"`{flat}`"
