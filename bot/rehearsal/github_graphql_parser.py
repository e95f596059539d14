"""Reads the GraphQL query language: operations, selections, arguments, variables, fragments. No type system."""

from __future__ import annotations

import json
import re
from dataclasses import dataclass, field
from typing import Any

_TOKEN = re.compile(
    r'"""(?P<block>(?:[^"\\]|\\.|"(?!""))*)"""|(?P<string>"(?:[^"\\\n]|\\.)*")|(?P<number>-?\d+(?:\.\d+)?(?:[eE][+-]?\d+)?)'
    r"|(?P<name>[_A-Za-z]\w*)|(?P<mark>\.\.\.|[{}()\[\]:=!$@|])|(?P<skip>[\s,\ufeff]+|\#[^\n]*)"
)
_DEEPEST = 64


class GraphQLSyntaxError(ValueError):
    """The query cannot be read."""


@dataclass(frozen=True, slots=True)
class Variable:
    """A `$name` in a value."""

    name: str


@dataclass(slots=True)
class Selection:
    """A field, or a fragment: then `name` is empty and `on` its type condition (empty for any)."""

    name: str
    alias: str = ""
    arguments: dict[str, Any] = field(default_factory=dict)
    inner: list[Selection] = field(default_factory=list)
    on: str = ""
    spread: str = ""
    directives: dict[str, dict[str, Any]] = field(default_factory=dict)


@dataclass(slots=True)
class Operation:
    """A query or mutation with the defaults of its variables."""

    kind: str
    name: str
    defaults: dict[str, Any]
    selections: list[Selection]


@dataclass(slots=True)
class Document:
    """What a query text holds."""

    operations: list[Operation] = field(default_factory=list)
    fragments: dict[str, Selection] = field(default_factory=dict)


def parse(text: str) -> Document:
    """Read a query text.

    Raises:
        GraphQLSyntaxError: with what was unexpected.
    """
    return _Parser(text).document()


class _Parser:
    def __init__(self, text: str) -> None:
        self._tokens = _tokens(text)
        self._at = 0
        self._depth = 0

    def document(self) -> Document:
        found = Document()
        while self._peek()[0] != "end":
            if self._peek() == ("name", "fragment"):
                self._next()
                name = self._name()
                self._expect("on")
                fragment = Selection("", on=self._name(), directives=self._directives())
                fragment.inner = self._selections()
                found.fragments[name] = fragment
            else:
                found.operations.append(self._operation())
        return found

    def _operation(self) -> Operation:
        if self._peek() == ("mark", "{"):
            return Operation("query", "", {}, self._selections())
        kind = self._name()
        if kind not in {"query", "mutation"}:
            raise GraphQLSyntaxError(f'Parse error on "{kind}"')
        name = self._name() if self._peek()[0] == "name" else ""
        defaults = self._variables() if self._peek() == ("mark", "(") else {}
        self._directives()
        return Operation(kind, name, defaults, self._selections())

    def _variables(self) -> dict[str, Any]:
        self._expect("(")
        defaults: dict[str, Any] = {}
        while not self._take(")"):
            self._expect("$")
            name = self._name()
            self._expect(":")
            self._type()
            if self._take("="):
                defaults[name] = self._value()
        return defaults

    def _type(self) -> None:
        if self._take("["):
            self._type()
            self._expect("]")
        else:
            self._name()
        self._take("!")

    def _selections(self) -> list[Selection]:
        self._expect("{")
        self._depth += 1
        if self._depth > _DEEPEST:
            raise GraphQLSyntaxError("too deep")
        found = []
        while not self._take("}"):
            found.append(self._fragment() if self._take("...") else self._field())
        self._depth -= 1
        return found

    def _fragment(self) -> Selection:
        if self._peek()[0] == "name" and self._peek()[1] != "on":
            return Selection("", spread=self._name(), directives=self._directives())
        on = self._name() if self._take("on") else ""
        fragment = Selection("", on=on, directives=self._directives())
        fragment.inner = self._selections()
        return fragment

    def _field(self) -> Selection:
        alias = name = self._name()
        if self._take(":"):
            name = self._name()
        found = Selection(name, alias, self._arguments(), directives=self._directives())
        if self._peek() == ("mark", "{"):
            found.inner = self._selections()
        return found

    def _arguments(self) -> dict[str, Any]:
        found: dict[str, Any] = {}
        if self._take("("):
            while not self._take(")"):
                name = self._name()
                self._expect(":")
                found[name] = self._value()
        return found

    def _directives(self) -> dict[str, dict[str, Any]]:
        found = {}
        while self._take("@"):
            name = self._name()
            found[name] = self._arguments()
        return found

    def _value(self) -> Any:
        kind, text = self._next()
        if kind == "mark" and text == "$":
            return Variable(self._name())
        if kind == "mark" and text in "[{":
            self._depth += 1
            if self._depth > _DEEPEST:
                raise GraphQLSyntaxError("too deep")
            value = self._list() if text == "[" else self._object()
            self._depth -= 1
            return value
        if kind == "number":
            return float(text) if re.search(r"[.eE]", text) else int(text)
        if kind == "name":
            return {"true": True, "false": False, "null": None}.get(text, text)
        if kind in {"string", "block"}:
            return text
        raise GraphQLSyntaxError(f'Parse error on "{text}"')

    def _list(self) -> list[Any]:
        found = []
        while not self._take("]"):
            found.append(self._value())
        return found

    def _object(self) -> dict[str, Any]:
        found = {}
        while not self._take("}"):
            name = self._name()
            self._expect(":")
            found[name] = self._value()
        return found

    def _peek(self) -> tuple[str, str]:
        return self._tokens[self._at]

    def _next(self) -> tuple[str, str]:
        token = self._tokens[self._at]
        if token[0] == "end":
            raise GraphQLSyntaxError("Unexpected end of document")
        self._at += 1
        return token

    def _take(self, text: str) -> bool:
        if self._peek()[0] in {"mark", "name"} and self._peek()[1] == text:
            self._at += 1
            return True
        return False

    def _expect(self, text: str) -> None:
        if not self._take(text):
            raise GraphQLSyntaxError(f'Expected "{text}", actual "{self._peek()[1]}"')

    def _name(self) -> str:
        kind, text = self._next()
        if kind != "name":
            raise GraphQLSyntaxError(f'Expected a name, actual "{text}"')
        return text


def _tokens(text: str) -> list[tuple[str, str]]:
    found, at = [], 0
    while at < len(text):
        token = _TOKEN.match(text, at)
        if token is None or token.lastgroup is None:
            raise GraphQLSyntaxError(f'Parse error on "{text[at : at + 20]}"')
        at = token.end()
        value = token[token.lastgroup]
        if token.lastgroup == "string":
            try:
                value = json.loads(value)
            except ValueError as problem:
                raise GraphQLSyntaxError(f"Parse error on {value}") from problem
        if token.lastgroup != "skip":
            found.append((token.lastgroup, value))
    return [*found, ("end", "")]
