"""Typed reading of a settings file: one method a kind of value, each naming key, file and line when it does not fit."""

from __future__ import annotations

import math
import re
from dataclasses import dataclass
from datetime import timedelta
from typing import TYPE_CHECKING, TypeVar

from bot.errors import UserError
from bot.settings.yaml_tree import Items, Scalar, Table, shown

if TYPE_CHECKING:
    from collections.abc import Iterable

    from bot.settings.yaml_tree import Node

_Choice = TypeVar("_Choice", bound=str)
_UNITS = {"s": "seconds", "m": "minutes", "h": "hours", "d": "days"}
_NUMBER = re.compile(r"[-+]?(0|[1-9][0-9]{0,14})(\.[0-9]{1,20})?([eE][-+]?[0-9]{1,2})?")
_NOT_TEXT = re.compile(r"true|True|TRUE|false|False|FALSE|[-+]?\.(inf|Inf|INF)|\.(nan|NaN|NAN)")
_LOOKS_NUMERIC = re.compile(r"[-+]?(\.[0-9]|[0-9])[0-9_.]*([eE][-+]?[0-9]+)?|0[ox][0-9a-fA-F]+")

MAX_LIST = 200
"""Entries in one list."""


@dataclass(frozen=True, slots=True)
class Form:
    """What a text must look like: the pattern that matches all of it, and the same in words for an error."""

    pattern: re.Pattern[str]
    words: str


GLOB = Form(
    re.compile(r"(?!/)(?!\./)(?!(?:.*/)?\.\.(?:/|$))[^\\\x00-\x1f\x7f]{1,300}"),
    "a path pattern such as `src/**`, from the root of the repository, without `/` in front, `..` or `\\`",
)

DURATION = Form(re.compile(r"([1-9][0-9]{0,4})([smhd])"), "a duration such as 30s, 15m, 12h or 7d")


def parse_duration(text: str) -> timedelta:
    """Read `30s`, `15m`, `12h` or `7d`; no spaces, no zero, at most five digits.

    Raises:
        ValueError: for anything else.
    """
    match = DURATION.pattern.fullmatch(text)
    if not match:
        raise ValueError(f"{text!r} is not a duration such as 30s, 15m, 12h or 7d")
    return timedelta(**{_UNITS[match[2]]: int(match[1])})


@dataclass(frozen=True, slots=True)
class Section:
    """One table of the file named `file`; `path` is where it stands, as `gates.` or empty at the top."""

    file: str
    table: Table
    path: str = ""

    def only(self, known: Iterable[str]) -> Section:
        """This section, once it is clear that it has no other keys.

        Raises:
            UserError: with the line of the first unknown key and the known one that is nearest.
        """
        keys = tuple(known)
        for key, line in self.table.lines.items():
            if key not in keys:
                raise self._unknown(key, line, keys)
        return self

    def _unknown(self, key: str, line: int, keys: tuple[str, ...]) -> UserError:
        import difflib  # noqa: PLC0415  imported here: only a mistake needs it

        near = difflib.get_close_matches(key[:60], keys, n=1, cutoff=0.5)
        what = f"unknown key {shown(self.path + key)} in {self.file} line {line}"
        listed = ", ".join(f"`{name}`" for name in keys)
        if near:
            return UserError(f"{what}: did you mean `{self.path}{near[0]}`?", f"the keys here are {listed}")
        return UserError(what, f"the keys here are {listed}")

    def text(self, key: str, form: Form) -> str | None:
        """A text; None where it is not set."""
        node = self.table.values.get(key)
        return None if node is None else self._text(key, node, form)

    def required(self, key: str, form: Form) -> str:
        """A text that has no default."""
        return self._text(key, self._found(key), form)

    def integer(self, key: str, default: int, low: int, high: int) -> int:
        """A whole number from `low` to `high`."""
        node = self.table.values.get(key)
        if node is None:
            return default
        value = _number(node)
        if value is None or not value.is_integer() or not low <= value <= high:
            raise self._misfit(key, node, f"a whole number from {low:,} to {high:,}")
        return int(value)

    def amount(self, key: str, high: float) -> float | None:
        """A number from 0 to `high`; None where it is not set."""
        return self.required_amount(key, high) if key in self.table.values else None

    def required_amount(self, key: str, high: float) -> float:
        """The same for a number that has no default."""
        node = self._found(key)
        value = _number(node)
        if value is None or not 0 <= value <= high:
            raise self._misfit(key, node, f"a number from 0 to {high:,.0f}")
        return value

    def boolean(self, key: str, *, default: bool) -> bool:
        """`true` or `false`."""
        node = self.table.values.get(key)
        if node is None:
            return default
        word = node.text.lower() if isinstance(node, Scalar) and node.plain else ""
        if word not in {"true", "false"}:
            raise self._misfit(key, node, "`true` or `false`")
        return word == "true"

    def choice(self, key: str, choices: tuple[_Choice, ...], default: _Choice) -> _Choice:
        """One of a few words."""
        node = self.table.values.get(key)
        return default if node is None else self._choice(key, node, choices)

    def choices(self, key: str, choices: tuple[_Choice, ...], default: tuple[_Choice, ...]) -> tuple[_Choice, ...]:
        """A list of some of a few words."""
        nodes = self._items(key)
        return default if nodes is None else tuple(self._choice(key, node, choices) for node in nodes)

    def duration(self, key: str, default: timedelta) -> timedelta:
        """A duration, as `parse_duration` reads it."""
        node = self.table.values.get(key)
        return default if node is None else parse_duration(self._text(key, node, DURATION))

    def duration_or_off(self, key: str) -> timedelta | None:
        """A duration; None for the word `off` and where it is not set."""
        node = self.table.values.get(key)
        if node is None or (isinstance(node, Scalar) and node.text == "off"):
            return None
        form = Form(DURATION.pattern, f"{DURATION.words}, or `off`")
        return parse_duration(self._text(key, node, form))

    def texts(self, key: str, form: Form) -> tuple[str, ...]:
        """A list of texts; empty where it is not set."""
        return tuple(self._text(key, node, form) for node in self._items(key) or ())

    def spelled(self, key: str, form: Form) -> str | None:
        """A text that may look like a number, taken as it is written: 1.30 stays 1.30; None where it is not set."""
        node = self.table.values.get(key)
        if node is None:
            return None
        if not isinstance(node, Scalar) or not form.pattern.fullmatch(node.text):
            raise self._misfit(key, node, form.words)
        return node.text

    def section(self, key: str) -> Section:
        """The table under a key; an empty one where the key is missing or has no value."""
        node = self.table.values.get(key)
        if node is None or (isinstance(node, Scalar) and node.blank):
            return Section(self.file, Table(self.table.lines.get(key, 0), {}, {}), f"{self.path}{key}.")
        return self._table(key, node, f"{self.path}{key}.")

    def sections(self, key: str) -> tuple[Section, ...]:
        """The tables of the list under a key."""
        return tuple(
            self._table(key, item, f"{self.path}{key}[{at}].") for at, item in enumerate(self._items(key) or (), 1)
        )

    def tables(self) -> tuple[tuple[str, Section], ...]:
        """Every key of this section with the table under it."""
        return tuple(
            (key, self._table(key, node, f"{self.path}{shown(key)[1:-1]}.")) for key, node in self.table.values.items()
        )

    def _found(self, key: str) -> Node:
        if key not in self.table.values:
            where = f"{self.file} line {self.table.line}"
            raise UserError(f"`{self.path}{key}` is missing in {where}", f"add `{key}: …` there")
        return self.table.values[key]

    def _table(self, key: str, node: Node, path: str) -> Section:
        if not isinstance(node, Table):
            raise self._misfit(key, node, "a table: `key: value` lines, indented below it")
        return Section(self.file, node, path)

    def _items(self, key: str) -> tuple[Node, ...] | None:
        node = self.table.values.get(key)
        if node is None or (isinstance(node, Scalar) and node.blank):
            return None
        if not isinstance(node, Items) or len(node.values) > MAX_LIST:
            raise self._misfit(key, node, f"a list of at most {MAX_LIST}: one `- …` a line")
        return node.values

    def _choice(self, key: str, node: Node, choices: tuple[_Choice, ...]) -> _Choice:
        for choice in choices:
            if isinstance(node, Scalar) and node.text == choice:
                return choice
        raise self._misfit(key, node, "one of " + ", ".join(f"`{choice}`" for choice in choices))

    def _text(self, key: str, node: Node, form: Form) -> str:
        if not isinstance(node, Scalar) or not form.pattern.fullmatch(node.text):
            raise self._misfit(key, node, form.words)
        if not _is_text(node):
            raise self._misfit(key, node, f'text, which here needs quotes: "{node.text}"')
        return node.text

    def _misfit(self, key: str, node: Node, expected: str) -> UserError:
        return UserError(
            f"`{self.path}{shown(key)[1:-1]}` in {self.file} line {node.line} is {_kind(node)}",
            f"it must be {expected}",
        )


def _kind(node: Node) -> str:
    match node:
        case Table():
            return "a table"
        case Items():
            return f"a list of {len(node.values)}" if node.values else "an empty list"
        case Scalar():
            return "empty" if not node.text else shown(node.text if node.plain else f'"{node.text}"')


def _is_text(node: Scalar) -> bool:
    """Whether YAML 1.2, which editors go by, sees a text here; words such as `off` and `no` are text there."""
    if not node.plain:
        return True
    return not node.blank and not _NOT_TEXT.fullmatch(node.text) and not _LOOKS_NUMERIC.fullmatch(node.text)


def _number(node: Node) -> float | None:
    if not isinstance(node, Scalar) or not node.plain or not _NUMBER.fullmatch(node.text):
        return None
    value = float(node.text)
    return value if math.isfinite(value) else None
