"""Names in Python files: undefined ones and imports that nothing uses, by pyflakes."""

from __future__ import annotations

import ast
import re
from typing import TYPE_CHECKING

from bot.checks.findings import Finding, Severity
from bot.checks.python import compiling_quietly

if TYPE_CHECKING:
    from pyflakes.messages import Message

UNDEFINED = "python-undefined-name"
UNUSED = "python-unused-import"

_LARGEST = 300_000
_MOST = 200
_SILENCED = re.compile(r"#\s*(?:noqa|type:\s*ignore|pyright:|pylint:\s*disable)", re.IGNORECASE)
# Names that a program other than plain Python puts there: IPython, Sphinx, SCons, gettext's `_`, Python 2.
_GIVEN = frozenset(
    [
        "_",
        "__",
        "___",
        "get_ipython",
        "display",
        "In",
        "Out",
        "exit",
        "quit",
        "tags",
        "SConscript",
        "Environment",
        "Import",
        "Export",
        "Return",
        "ARGUMENTS",
        "WindowsError",
        "unicode",
        "basestring",
        "long",
        "xrange",
        "raw_input",
        "reduce",
        "unichr",
        "cmp",
        "file",
        "reload",
        "execfile",
        "coerce",
        "intern",
        "buffer",
        "apply",
    ]
)


def check(path: str, text: str) -> list[Finding]:
    """Names that nothing defines (errors) and imports that nothing uses (notes) in a text that Python can compile.

    Of a text that it cannot compile nothing is said, nor of a line on which a linter is silenced.
    """
    if len(text) > _LARGEST:
        return []
    messages = _messages(text.removeprefix("\ufeff"))
    lines = text.splitlines()
    found = [finding for message in messages[:_MOST] if (finding := _finding(path, message, lines)) is not None]
    return sorted(found, key=lambda one: one.line or 0)


def _messages(text: str) -> list[Message]:
    from pyflakes.checker import Checker  # noqa: PLC0415 - a library that only changes to Python need

    try:
        with compiling_quietly():
            tree = ast.parse(text)
        return sorted(Checker(tree, builtins=_GIVEN).messages, key=lambda message: message.lineno)
    except (SyntaxError, ValueError, RecursionError, MemoryError):
        return []


def _finding(path: str, message: Message, lines: list[str]) -> Finding | None:
    from pyflakes import messages  # noqa: PLC0415 - see _messages

    line = message.lineno if 0 < message.lineno <= len(lines) else None
    if line is None or _SILENCED.search(lines[line - 1][:1_000]):
        return None
    if isinstance(message, messages.UndefinedName):
        name, check, severity = str(message.message_args[0]), UNDEFINED, _gravity(path, lines)
        return Finding(path, line, check, severity, f"nothing defines the name `{name[:80]}`")
    if isinstance(message, messages.UnusedImport) and not path.endswith("__init__.py"):
        return Finding(path, line, UNUSED, "note", f"nothing uses the import `{str(message.message_args[0])[:80]}`")
    return None


def _gravity(path: str, lines: list[str]) -> Severity:
    """Some files get names from elsewhere: stubs, configuration that is executed, what writes its own `globals()`."""
    given = (
        path.endswith(".pyi")
        or any("globals()" in line for line in lines)
        or re.search(r"(?:^|/)(?:conf|settings[^/]*|[^/]*config[^/]*)\.py$", path)
    )
    return "warning" if given else "error"
