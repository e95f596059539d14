"""Which paths may stand in a tree, whatever file system it is checked out on.

The rules are those of git's `verify_path` with `core.protectHFS` and `core.protectNTFS` on, plus what no sane
repository needs: a proposal must check out the same on Linux, macOS and Windows.
"""

from __future__ import annotations

import re
import unicodedata
from typing import TYPE_CHECKING

from bot.core.lines import printable

if TYPE_CHECKING:
    from collections.abc import Collection, Iterable, Iterator

MAX_PATH = 4096
"""Bytes of a whole path (Linux `PATH_MAX`)."""
MAX_COMPONENT = 255
"""Bytes of one component (`NAME_MAX` of the common file systems)."""

_DRIVE = re.compile(r"[A-Za-z]:")
_GIT_ALIAS = re.compile(r"\.git(?::.*)?|git~[0-9]+")
_INVISIBLE = frozenset({"Cc", "Cf", "Cs", "Zl", "Zp"})
_QUOTED = 80


def check_path(path: str) -> str | None:
    """What is wrong with a repository path, as the end of a sentence ("is absolute"), or None when nothing is.

    Only the text is judged; whether the path exists, is a symlink or is allowed by policy is asked elsewhere.
    """
    if not path:
        return "is empty"
    # counted first, so that the other rules see short text only
    if len(path) > MAX_PATH:
        return f"is longer than {MAX_PATH} bytes"
    # before the lengths in bytes, because lone surrogates have none
    if any(unicodedata.category(character) in _INVISIBLE for character in path):
        return "holds control or invisible characters"
    if len(path.encode()) > MAX_PATH:
        return f"is longer than {MAX_PATH} bytes"
    return _check_start(path) or next(filter(None, map(_check_component, path.split("/"))), None)


def _check_start(path: str) -> str | None:
    if "\\" in path:
        return "holds a backslash"
    if path.startswith("/"):
        return "is absolute"
    if _DRIVE.match(path):
        return "starts with a drive letter"
    if path.startswith("~"):
        return "starts with '~'"
    if path.endswith("/"):
        return "names a folder, not a file"
    return None


def _check_component(name: str) -> str | None:
    if name in {"", "."}:
        return "has an empty or '.' component"
    if name == "..":
        return "leaves the repository"
    if _is_git_folder(name):
        return "reaches into git's own folder"
    if name.endswith((".", " ")):
        return "has a component that ends in a dot or a space"
    if len(name.encode()) > MAX_COMPONENT:
        return f"has a component longer than {MAX_COMPONENT} bytes"
    return None


def _is_git_folder(name: str) -> bool:
    """Whether some file system takes the name for `.git`: other case, trailing dots, streams, 8.3 names."""
    plain = unicodedata.normalize("NFKC", name).casefold().rstrip(". ")
    return _GIT_ALIAS.fullmatch(plain) is not None


def shown(path: str) -> str:
    """The path for a message."""
    return printable(path, _QUOTED)


def case_collisions(paths: Iterable[str]) -> list[tuple[str, str]]:
    """Pairs of paths that a file system blind to case or Unicode form takes for one, or whose folders it does.

    The first of a pair is the path whose spelling was met first: `("src/a.py", "SRC/b.py")`.
    """
    first: dict[str, tuple[str, str]] = {}
    found: dict[tuple[str, str], None] = {}
    for path in paths:
        for prefix in _prefixes(path):
            spelling, owner = first.setdefault(_folded(prefix), (prefix, path))
            if spelling != prefix:
                found[owner, path] = None
    return list(found)


def folder_conflicts(paths: Collection[str]) -> list[str]:
    """Paths that would have to be a file and a folder at once, as `a` is in `a` and `a/b`."""
    files = frozenset(paths)
    return sorted({prefix for path in files for prefix in _prefixes(path) if prefix != path and prefix in files})


def _prefixes(path: str) -> Iterator[str]:
    at = path.find("/")
    while at > 0:
        yield path[:at]
        at = path.find("/", at + 1)
    yield path


def _folded(path: str) -> str:
    if path.isascii():
        return path.lower()
    return unicodedata.normalize("NFC", unicodedata.normalize("NFD", path).casefold())
