"""Which file a model means: paths as they are written round and inside code blocks, set against the known ones."""

from __future__ import annotations

import re
from collections import defaultdict
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

from bot.core.paths import check_path, shown

if TYPE_CHECKING:
    from collections.abc import Collection, Mapping

_LONGEST: Final = 1000
_MOST_READ: Final = 20
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


def _holds(text: str, quoted: str) -> bool:
    """Whether the quoted lines stand in the text, white space at their ends aside."""
    real, wanted = ("\n".join(["", *map(str.rstrip, one.split("\n")), ""]) for one in (text, quoted.rstrip("\n")))
    return wanted in real


@dataclass(frozen=True, slots=True)
class Problem:
    """Why a path cannot be used, as a whole sentence without a full stop."""

    text: str


class KnownPaths:
    """The paths that exist as far as the reply's reader knows."""

    def __init__(self, paths: Collection[str], texts: Mapping[str, str] | None = None) -> None:
        self._paths = frozenset(paths)
        self._texts = texts or {}
        self._by_name: dict[str, list[str]] = defaultdict(list)
        for path in self._paths:
            self._by_name[path.rpartition("/")[2]].append(path)

    def resolve(self, written: str, *, new: bool = False, quoted: str = "") -> str | Problem:
        """The path that is meant: as written, without `./`, `a/` or `b/`, or the only known one of that name.

        A file that is meant to be `new` is never looked for by its bare name. One of which some lines are `quoted` may
        also lack its first folders or have some too many, and of several of that name it is the only one with those
        lines.
        """
        path = self._spelled(written)
        if path in self._paths:
            return path
        if problem := check_path(path):
            return Problem(f"the path {shown(written)} {problem}")
        same_name = [] if new else self._same_name(path, quoted=bool(quoted))
        if len(same_name) > 1:
            holding = [one for one in same_name[:_MOST_READ] if _holds(self._texts.get(one, ""), quoted)]
            if quoted and len(holding) == 1 and len(same_name) <= _MOST_READ:
                return holding[0]
            return Problem(f"{shown(path)} could be any of {', '.join(map(shown, same_name[:5]))}; give the whole path")
        return same_name[0] if same_name else path

    def free(self, written: str) -> str | Problem:
        """The path that something is to move to, where nothing may be yet."""
        path = self.resolve(written, new=True)
        if isinstance(path, str) and path in self._paths:
            return Problem(f"nothing can move to {shown(path)}, it is there already")
        return path

    def _same_name(self, path: str, *, quoted: bool) -> list[str]:
        found = sorted(self._by_name.get(path.rpartition("/")[2], ())) if quoted or "/" not in path else []
        if "/" not in path:
            return found
        return [one for one in found if one.endswith(f"/{path}") or path.endswith(f"/{one}")]

    def knows(self, written: str) -> bool:
        """Whether the text is a known path, or the name of exactly one."""
        path = self._spelled(written)
        return path in self._paths or len(self._by_name.get(path, ())) == 1

    def has_folder(self, prefix: str) -> bool:
        """Whether a known path begins so."""
        return any(path.startswith(prefix) for path in self._paths)

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
