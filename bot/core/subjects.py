"""What a test is about: the code files that it loads or is named after, and in them the functions that it names."""

from __future__ import annotations

import ast
import posixpath
import re
from typing import TYPE_CHECKING

from bot.core.mutations import parsed
from bot.core.nearby import code_near, is_test

if TYPE_CHECKING:
    from collections.abc import Collection, Iterator

MOST_FILES = 6
_LONGEST_LINE = 500
_NAMES = re.compile(r"[A-Za-z_$][\w$]{1,80}")
_LOADED = re.compile(
    r"(?:\bfrom|\brequire\(|\bimport\(?|require_relative)\s*[\"'](?P<name>\.{0,2}[\w./@-]{1,200})[\"']"
)
_DEFINED = re.compile(
    r"^\s*(?:[\w@<>\[\],.*&:]+[ \t]+){0,6}?(?:function\*?|func|fn|def|class|const|let|var|sub)\s+(?:\([^)]{0,80}\)\s*)?"
    r"(?P<a>[A-Za-z_$][\w$.]*)|^\s*(?:[\w<>\[\],.]+[ \t]+){0,6}(?P<b>[A-Za-z_$][\w$]*)\s*\([^;]*$"
)


def subjects_of(path: str, text: str, tree: Collection[str]) -> tuple[str, ...]:
    """The code files of the tree that the test file is likely about: those that it loads, then namesakes."""
    if path.endswith(".py"):
        loaded = _python_files(text, tree)
    elif path.endswith(".go"):
        folder = posixpath.dirname(path)
        loaded = [one for one in tree if one.endswith(".go") and posixpath.dirname(one) == folder]
    else:
        loaded = list(_relative_files(path, text, tree))
    found = dict.fromkeys([*code_near(path, tree), *loaded])
    return tuple(one for one in found if not is_test(one))[:MOST_FILES]


def _python_files(text: str, tree: Collection[str]) -> list[str]:
    """Modules by their dotted names, below any source folder."""
    module = parsed(text)
    names: set[str] = set()
    for node in ast.walk(module) if module else ():
        if isinstance(node, ast.Import):
            names.update(alias.name for alias in node.names)
        elif isinstance(node, ast.ImportFrom) and node.module:
            names.update([node.module, *(f"{node.module}.{alias.name}" for alias in node.names)])
    ends = tuple(f"/{name.replace('.', '/')}{end}" for name in names for end in (".py", "/__init__.py"))
    return sorted((one for one in tree if f"/{one}".endswith(ends)), key=len) if ends else []


def _relative_files(path: str, text: str, tree: Collection[str]) -> Iterator[str]:
    suffix = path.rpartition(".")[2]
    for found in _LOADED.finditer(text):
        if found["name"].startswith(".") or suffix == "rb":
            base = posixpath.normpath(posixpath.join(posixpath.dirname(path), found["name"]))
            ends = ("", f".{suffix}", ".js", ".ts", ".tsx", ".jsx", ".mjs", ".cjs", "/index.js", "/index.ts")
            swapped = [re.sub(r"\.[cm]?js$", ".ts", base)] if base.endswith("js") else []
            yield from (one for one in (*(base + end for end in ends), *swapped) if one in tree)


def names_in(text: str) -> frozenset[str]:
    """The identifiers of a text, in any language."""
    return frozenset(_NAMES.findall(text))


def lines_named(path: str, text: str, names: Collection[str]) -> tuple[tuple[int, int], ...]:
    """The ranges of lines (from 1, ends included) of the functions that are named so; innermost in Python."""
    found = _python_lines(text, names) if path.endswith(".py") else _block_lines(text, names)
    return tuple(dict.fromkeys(found))


def _python_lines(text: str, names: Collection[str]) -> list[tuple[int, int]]:
    """Functions by name; a class that is named stands for its `__init__` and `__call__`, or for all that it has."""
    tree = parsed(text)
    spans = []
    for node in ast.walk(tree) if tree else ():
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef) and node.name in names:
            spans.append(_span(node))
        elif isinstance(node, ast.ClassDef) and node.name in names:
            methods = [one for one in node.body if isinstance(one, ast.FunctionDef | ast.AsyncFunctionDef)]
            named = [one for one in methods if one.name in {"__init__", "__call__"}]
            used = any(one.name in names for one in methods)
            spans += [_span(one) for one in (named if named or used else methods)]
    return spans


def _span(node: ast.FunctionDef | ast.AsyncFunctionDef) -> tuple[int, int]:
    return node.body[0].lineno, node.end_lineno or node.lineno


def _block_lines(text: str, names: Collection[str]) -> Iterator[tuple[int, int]]:
    """From a line that defines the name to the next line that is no deeper and not its closing."""
    lines = text.split("\n")
    for number, line in enumerate(lines, 1):
        found = _DEFINED.match(line[:_LONGEST_LINE])
        name = found and (found["a"] or found["b"])
        if name and name.rpartition(".")[2] in names:
            yield number, _end_of(lines, number)


def _end_of(lines: list[str], number: int) -> int:
    indent = _indent(lines[number - 1])
    for later in range(number, len(lines)):
        line = lines[later]
        if line.strip() and _indent(line) <= indent and line.strip()[0] not in "{)":
            return later + 1 if line.strip()[0] in "}]" or line.strip() == "end" else max(number, later)
    return len(lines)


def _indent(line: str) -> int:
    return len(line) - len(line.lstrip())
