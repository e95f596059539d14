"""Which file a model means: paths as they are written round and inside code blocks, set against the known ones."""

from __future__ import annotations

import re
from collections import defaultdict
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

from bot.core.paths import check_path, shown

if TYPE_CHECKING:
    from collections.abc import Collection

_LONGEST: Final = 1000
_HERE = re.compile(r"\A(?:\./)+")
_LEADER = re.compile(r"(?:#{1,6}|//|--|;|%|/\*+|<!--|>|[-*+]|\d{1,3}[.)])\s+")
_TRAILER = re.compile(r"\s*(?:\*/|-->)\Z")
_LABEL = re.compile(
    r"(?:(?:new|modified|updated|edit(?:ed)?|created?|the) )?(?:file ?name|file ?path|file|path)\s*[:=]\s*",
    re.IGNORECASE,
)
_ASIDE = re.compile(r"\s+[(\[][^()\[\]]{0,40}[)\]]\Z")
_PATH_LIKE = re.compile(r"[^\s\"'<>|`*?]+")
_ENDING = re.compile(r"[^.]\.[A-Za-z]\w{0,15}\Z|^\.[A-Za-z]")
_ATTRIBUTE = re.compile(r"(?:title|file|filename|path|name)=[\"']?([^\"'\s]+)")
_BARE_NAMES: Final = frozenset(
    {"Makefile", "Dockerfile", "LICENSE", "Jenkinsfile", "CODEOWNERS", "Procfile", "Gemfile"}
)


@dataclass(frozen=True, slots=True)
class Problem:
    """Why a path cannot be used, as a whole sentence without a full stop."""

    text: str


class KnownPaths:
    """The paths that exist as far as the reply's reader knows."""

    def __init__(self, paths: Collection[str]) -> None:
        self._paths = frozenset(paths)
        self._by_name: dict[str, list[str]] = defaultdict(list)
        for path in self._paths:
            self._by_name[path.rpartition("/")[2]].append(path)

    def resolve(self, written: str, *, new: bool = False) -> str | Problem:
        """The path that is meant: as written, without `./`, `a/` or `b/`, or the only known one of that name.

        A file that is meant to be `new` is never looked for by its bare name.
        """
        path = self._spelled(written)
        if path in self._paths:
            return path
        if problem := check_path(path):
            return Problem(f"the path {shown(written)} {problem}")
        same_name = [] if new or "/" in path else sorted(self._by_name.get(path, ()))
        if len(same_name) > 1:
            return Problem(f"{shown(path)} could be any of {', '.join(map(shown, same_name[:5]))}; give the whole path")
        return same_name[0] if same_name else path

    def knows(self, written: str) -> bool:
        """Whether the text is a known path, or the name of exactly one."""
        path = self._spelled(written)
        return path in self._paths or len(self._by_name.get(path, ())) == 1

    def _spelled(self, written: str) -> str:
        path = _HERE.sub("", written)
        return path[2:] if path[:2] in {"a/", "b/"} and path not in self._paths and path[2:] in self._paths else path


def path_line(line: str, known: KnownPaths) -> str | None:
    """The path that a line consists of, decorations and a label such as `File:` aside; None for any other line."""
    if len(line) > _LONGEST:
        return None
    text = _TRAILER.sub("", line.strip())
    for _ in range(3):
        text = _LEADER.sub("", text, count=1) if _LEADER.match(text) else text.strip("*` \t")
    text = _undecorated(_LABEL.sub("", text, count=1) if _LABEL.match(text) else text)
    if known.knows(text) or is_path_like(text):
        return text
    return None


def _undecorated(text: str) -> str:
    text = text.strip("*`\"' \t").removesuffix(":").strip("*`\"' \t")
    return _ASIDE.sub("", text).strip("*`\"': \t")


def mentioned(line: str, known: KnownPaths) -> str | None:
    """The only known path that a sentence mentions, if it is one."""
    if len(line) > _LONGEST:
        return None
    words = {word.strip("*`\"'(),:;").removesuffix(".") for word in line.split()}
    found = {word for word in words if ("/" in word or "." in word) and known.knows(word)}
    return found.pop() if len(found) == 1 else None


def info_path(info: str, known: KnownPaths) -> str | None:
    """The path on a fence's info line: `python src/a.py`, `python:src/a.py`, `py title="src/a.py"`, `src/a.py`."""
    if len(info) > _LONGEST:
        return None
    words = info.split()
    candidates = [match[1] for match in map(_ATTRIBUTE.fullmatch, (word.rstrip("\"'") for word in words)) if match]
    candidates += [word.partition(":")[2] for word in words[:1]] + words[1:] + words[:1]
    return next((word for word in candidates if word and (known.knows(word) or is_path_like(word))), None)


def is_path_like(text: str) -> bool:
    """Whether a text without spaces reads as a path: folders, an ending, or a name that is known to have none.

    Paths that will be refused count too, so that they are refused and not overlooked.
    """
    if not _PATH_LIKE.fullmatch(text) or "://" in text or not any(map(str.isalnum, text)):
        return False
    return "/" in text or "\\" in text or _ENDING.search(text) is not None or text in _BARE_NAMES
