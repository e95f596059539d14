"""GitHub's expressions, `${{ … }}`: whether one can be read, and whether its functions and contexts exist.

The language is that of GitHub's documentation: "Evaluate expressions in workflows and actions", "Contexts reference".
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterator

FUNCTIONS = frozenset({
    "contains", "startswith", "endswith", "format", "join", "tojson", "fromjson", "hashfiles", "success", "always",
    "cancelled", "failure", "case",
})  # fmt: skip
CONTEXTS = frozenset(
    ["github", "env", "vars", "job", "jobs", "steps", "runner", "secrets", "strategy", "matrix", "needs", "inputs"]
)
LITERALS = frozenset({"true", "false", "null", "nan", "infinity"})

_LONGEST = 21_000
"""Characters; GitHub refuses longer ones."""
# Not possessive: up to Python 3.11.4 such a group forgets what its alternatives took (python/cpython issue 106052).
_EXPRESSION = re.compile(r"\$\{\{((?:[^'}]|'[^']*'|\}(?!\}))*)(\}\})?")
_TOKEN = re.compile(
    r"\s*+(?:(?P<string>'(?:[^']|'')*+')|(?P<number>[-+]?(?:0x[0-9a-fA-F]+|0o[0-7]+|(?:\d+\.?\d*|\.\d+)(?:[eE][-+]?\d+)?)(?![\w.]))"
    r"|(?P<name>[A-Za-z_][\w-]*+)|(?P<operator>&&|\|\||[=!<>]=|[<>])|(?P<sign>[!()\[\],.*])|(?P<other>\S))"
)


def expressions_in(text: str) -> Iterator[tuple[int, str, bool]]:
    """Each `${{ … }}` of a text: its place, what stands inside, and whether it is closed."""
    if len(text) <= _LONGEST:
        for found in _EXPRESSION.finditer(text):
            yield found.start(), found[1], found[2] is not None


def complaint(expression: str) -> str | None:
    """What is wrong with an expression, for people, or None."""
    tokens = list(_TOKEN.finditer(expression[:_LONGEST]))
    if not tokens:
        return "an expression is empty"
    reader = _Reader()
    for token in tokens:
        said = reader.take(str(token.lastgroup), token[str(token.lastgroup)])
        if said is not None:
            return said
    return reader.end()


class _Reader:
    """Takes an expression token by token: `wants` says that a value must come next."""

    def __init__(self) -> None:
        self._open: list[str] = []
        self._wants = True
        self._call: str | None = None
        """A name that has just been read: a function when `(` follows, else a context."""
        self._after_dot = False

    def take(self, kind: str, text: str) -> str | None:
        """What is wrong with this token at this place, or None."""
        name, self._call = self._call, None
        if self._after_dot:
            self._after_dot = False
            return None if kind == "name" or text == "*" else f"a name must follow the dot, not `{text[:40]}`"
        if name is not None and text != "(" and name.lower() not in CONTEXTS | LITERALS:
            return f"there is no context `{name[:40]}`"
        if kind in {"string", "number", "name"}:
            return self._value(kind, text)
        if kind == "operator":
            return self._operator(text)
        return self._sign(text, name) if kind == "sign" else f"`{text[:40]}` is no part of an expression"

    def end(self) -> str | None:
        """What is missing at the end, or None."""
        if self._call is not None and self._call.lower() not in CONTEXTS | LITERALS:
            return f"there is no context `{self._call[:40]}`"
        if self._open:
            return f"`{self._open[-1]}` is never closed"
        return "a value is missing at its end" if self._wants or self._after_dot else None

    def _value(self, kind: str, text: str) -> str | None:
        if not self._wants:
            return f"an operator is missing before `{text[:40]}`"
        self._wants = False
        self._call = text if kind == "name" else None
        return None

    def _operator(self, text: str) -> str | None:
        if self._wants:
            return f"a value is missing before `{text}`"
        self._wants = True
        return None

    def _sign(self, text: str, name: str | None) -> str | None:
        said: str | None = None
        match text:
            case "!":
                said = None if self._wants else "an operator is missing before `!`"
            case "(" | "[":
                said = self._opening(text, name)
            case ")" | "]":
                said = self._closing(text)
            case ",":
                fits = not self._wants and self._open[-1:] == ["call("]
                said = None if fits else "a comma outside the arguments of a function"
                self._wants = True
            case ".":
                self._after_dot = not self._wants
                said = "a value is missing before `.`" if self._wants else None
            case _:  # `*`, which stands in brackets
                self._wants = False
                said = None if self._open[-1:] == ["["] else "`*` is no operator"
        return said

    def _opening(self, text: str, name: str | None) -> str | None:
        if text == "(" and name is not None:
            if name.lower() not in FUNCTIONS:
                return f"there is no function `{name[:40]}`"
            self._open.append("call(")
        elif self._wants == (text == "["):
            return f"`{text}` stands in a wrong place"
        else:
            self._open.append(text)
        self._wants = True
        return None

    def _closing(self, text: str) -> str | None:
        opened = self._open.pop() if self._open else ""
        if opened.removeprefix("call") != {")": "(", "]": "["}[text]:
            return f"`{text}` closes nothing"
        if self._wants and opened != "call(":
            return f"a value is missing before `{text}`"
        self._wants = False
        return None
