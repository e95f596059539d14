"""Python files: whether the running interpreter can compile them. Nothing of them is ever executed."""

from __future__ import annotations

import ast
import re
import sys
import threading
import warnings
from contextlib import contextmanager
from typing import TYPE_CHECKING

from bot.checks.findings import Finding, Severity
from bot.checks.templated import has_statements

if TYPE_CHECKING:
    from collections.abc import Iterator

SYNTAX = "python-syntax"

# Filters are one list for the whole process: two threads inside `catch_warnings` would restore each other's state.
_FILTERS = threading.Lock()
# Notebook exports await at the top level; anywhere else `await` outside an async function is still an error.
_FLAGS = ast.PyCF_ALLOW_TOP_LEVEL_AWAIT
# Compiling takes quadratic time over equal functions (40,000: 87 s); beyond this many the text is only parsed.
_FUNCTIONS = re.compile(r"\b(?:def|lambda|for)\b")
_MOST_FUNCTIONS = 5_000
# Syntax by the version that brought it: PEP 695, PEP 750 and PEP 758. PEP 701's f-strings are told by the message.
_NEWER = (
    ((3, 12), re.compile(r"^\s*type\s+\w+.*=|^\s*(?:async\s+)?(?:def|class)\s+\w+\s*\[")),
    ((3, 14), re.compile(r"""(?<!\w)[tT][rR]?["']|(?<!\w)[rR][tT]["']|^\s*except\*?\s+[\w.]+\s*,""")),
)


def matches(path: str) -> bool:
    """Python sources and stubs; a path with a placeholder in it belongs to a project template."""
    return path.lower().endswith((".py", ".pyi", ".pyw")) and "{{" not in path


def check(path: str, text: str) -> list[Finding]:
    """Compile the text; at most one finding, at the line that the compiler names.

    Compiling says more than parsing: a `return` outside a function or an `await` in a plain one are errors as well.
    """
    try:
        _compile(text.removeprefix("\ufeff"))
    except SyntaxError as error:
        return [] if has_statements(text) else [_finding(path, text, error)]
    except (RecursionError, MemoryError):
        return [Finding(path, None, SYNTAX, "error", "nested too deeply for Python to compile")]
    except ValueError as error:  # null bytes in Python 3.11; lone surrogates
        return [Finding(path, None, SYNTAX, "error", _reason(error))]
    return []


def _compile(text: str) -> None:
    with compiling_quietly():
        many = len(_FUNCTIONS.findall(text)) > _MOST_FUNCTIONS
        compile(text, "<draft>", "exec", flags=_FLAGS | (ast.PyCF_ONLY_AST if many else 0), dont_inherit=True)


@contextmanager
def compiling_quietly() -> Iterator[None]:
    """Keeps the compiler's warnings about a foreign text to itself, in any thread."""
    with _FILTERS, warnings.catch_warnings():
        warnings.simplefilter("ignore")
        yield


def _reason(error: ValueError) -> str:
    return "has a lone surrogate, which is no text" if isinstance(error, UnicodeError) else str(error)


def _finding(path: str, text: str, error: SyntaxError) -> Finding:
    lines = text.splitlines()
    line = error.lineno if error.lineno and 0 < error.lineno <= len(lines) else None
    newer = _newer(error.msg, lines[line - 1] if line else "")
    if newer is None:
        return Finding(path, line, SYNTAX, "error", error.msg)
    severity: Severity = "warning"
    message = f"{error.msg}; perhaps the syntax of Python {newer}, this check runs on {_version(sys.version_info[:2])}"
    return Finding(path, line, SYNTAX, severity, message)


def _newer(message: str, line: str, running: tuple[int, int] = sys.version_info[:2]) -> str | None:
    """The Python version whose syntax the line may be, when that is newer than ours."""
    if running < (3, 12) and message.startswith("f-string"):
        return "3.12"
    found = (version for version, pattern in _NEWER if version > running and pattern.search(line))
    return next(map(_version, found), None)


def _version(pair: tuple[int, int]) -> str:
    return f"{pair[0]}.{pair[1]}"
