"""Small results kept between runs in a folder: bounded, checked when read back, and never more than a help.

What is kept derives from repositories of strangers, so it is bytes with a digest, and whoever reads it parses it as
foreign text. A folder that others can write to is not used. Nothing here raises: a cache that fails is an empty one.
"""

from __future__ import annotations

import hashlib
import os
import stat
import tempfile
from contextlib import suppress
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Mapping

_LARGEST = 1_000_000
_MOST_FILES = 1_000
_DIGEST = 64
_HOMES = (("XDG_CACHE_HOME", ""), ("HOME", ".cache"), ("RUNNER_TEMP", ""))


def cache_folder(environ: Mapping[str, str]) -> Path | None:
    """Where this user's caches live: `$XDG_CACHE_HOME`, else `~/.cache`, else the runner's temporary folder.

    Self-hosted runners keep their home from run to run; on hosted ones the cache lasts as long as the job.
    """
    for name, below in _HOMES:
        if (place := Path(environ.get(name, ""))).is_absolute():
            return place / below / "draftgate"
    return None


class FolderCache:
    """A folder of entries by key, made when the first is kept; the oldest go when there are more than a thousand."""

    def __init__(self, folder: Path | None) -> None:
        self._folder = folder

    def get(self, key: str) -> bytes | None:
        """What was kept under a key; None when there is nothing, or what is there is not what was written."""
        if self._folder is None or not _is_private(self._folder):
            return None
        try:
            with os.fdopen(_opened(self._place(key)), "rb") as file:
                kept = file.read(_LARGEST + _DIGEST + 1)
        except OSError:
            return None
        digest, content = kept[:_DIGEST], kept[_DIGEST:]
        return content if len(content) <= _LARGEST and digest == _digest(content) else None

    def put(self, key: str, content: bytes) -> None:
        """Keep a content of at most 1 MB under a key; whoever reads meanwhile sees all of it or nothing."""
        if self._folder is None or len(content) > _LARGEST:
            return
        with suppress(OSError):
            self._folder.mkdir(mode=0o700, parents=True, exist_ok=True)
            if _is_private(self._folder):
                self._write(self._place(key), _digest(content) + content)
                self._shrink()

    def _place(self, key: str) -> Path:
        return Path(self._folder or "") / hashlib.sha256(key.encode(errors="replace")).hexdigest()

    def _write(self, place: Path, content: bytes) -> None:
        handle, scratch = tempfile.mkstemp(dir=place.parent, prefix=".")
        try:
            with os.fdopen(handle, "wb") as file:
                file.write(content)
            Path(scratch).replace(place)
        except OSError:
            Path(scratch).unlink()
            raise

    def _shrink(self) -> None:
        with os.scandir(self._folder) as found:
            entries = sorted((entry.stat(follow_symlinks=False).st_mtime_ns, entry.path) for entry in found)
        for _, path in entries[: max(0, len(entries) - _MOST_FILES)]:
            Path(path).unlink()


def _opened(place: Path) -> int:
    """A file opened for reading, but neither what a link leads to nor a pipe that nobody writes to."""
    return os.open(place, os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK)


def _digest(content: bytes) -> bytes:
    return hashlib.sha256(content).hexdigest().encode()


def _is_private(folder: Path) -> bool:
    """Whether the folder is a real one of this user's that nobody else may write to."""
    try:
        facts = folder.lstat()
    except OSError:
        return False
    return stat.S_ISDIR(facts.st_mode) and facts.st_uid == os.getuid() and not facts.st_mode & 0o022
