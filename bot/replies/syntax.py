"""Whether a changed file still can be read: a reply that breaks one was applied wrongly, or was wrong itself."""

from __future__ import annotations

import ast
import json
import threading
import tomllib
import warnings
from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    from collections.abc import Callable

_LONGEST: Final = 2_000_000
# one list of filters for the whole process: two threads inside `catch_warnings` would restore each other's state
_FILTERS = threading.Lock()


def breaks(path: str, before: str, after: str) -> str:
    """Why the new text cannot be read though the old one could, as the end of a sentence; empty when nothing is wrong.

    Python, JSON and TOML are read; other languages, and what is more than syntax, are for `bot.checks`.
    """
    read = next((read for ending, read in _READERS.items() if path.lower().endswith(ending)), None)
    if read is None or max(len(before), len(after)) > _LONGEST:
        return ""
    problem = _problem(read, after)
    return problem if problem and before.strip() and not _problem(read, before) else ""


def _problem(read: Callable[[str], object], text: str) -> str:
    try:
        read(text.removeprefix("\ufeff"))
    except SyntaxError as error:
        return f"line {error.lineno}: {error.msg}"
    except ValueError as error:  # json and tomllib say so; null bytes in Python
        return str(error)
    except (RecursionError, MemoryError):
        return "it is nested too deeply"
    return ""


def _read_python(text: str) -> object:
    with _FILTERS, warnings.catch_warnings():
        warnings.simplefilter("ignore")
        return ast.parse(text)


_READERS: Final[dict[str, Callable[[str], object]]] = {
    ".py": _read_python,
    ".pyi": _read_python,
    ".json": json.loads,
    ".toml": tomllib.loads,
}
