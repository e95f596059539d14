"""Reads and writes the refs of a bare git repository by git's own file protocol (lock file, rename, packed-refs)."""

from __future__ import annotations

import contextlib
import os
import re
import time
from pathlib import PurePosixPath
from typing import TYPE_CHECKING

from bot.rehearsal.github_objects import SHA

if TYPE_CHECKING:
    from pathlib import Path

    from bot.rehearsal.github_objects import ObjectStore

_FORBIDDEN = re.compile(r"[\x00-\x20\x7f~^:?*\[\\]|\.\.|@\{|//|/\.|\.lock(/|$)|\.$|/$|^/")


class RefClashError(ValueError):
    """The ref moved meanwhile, or its name is a folder of another ref's."""


def valid_ref(name: str) -> bool:
    """Whether git and GitHub accept a full ref name (`refs/heads/x`): git check-ref-format's rules."""
    return name.startswith("refs/") and name.count("/") >= 2 and not _FORBIDDEN.search(name)


class RefStore:
    """The refs of one bare repository; the caller holds the repository's lock, a `git push` may run beside it."""

    def __init__(self, store: ObjectStore) -> None:
        self._store = store
        self._root = store.git_dir
        self._packed_stamp: tuple[int, int] = (0, 0)
        self._packed: dict[str, str] = {}

    def get(self, name: str) -> str | None:
        """What the ref points at, or None."""
        if not valid_ref(name):
            return None
        with contextlib.suppress(FileNotFoundError, IsADirectoryError, NotADirectoryError):
            text = (self._root / name).read_text().strip()
            return text if SHA.fullmatch(text) else None
        return self._read_packed().get(name)

    def list(self, prefix: str = "refs/") -> dict[str, str]:
        """All refs whose full name starts with `prefix`, sorted by name."""
        found = dict(self._read_packed())
        for folder, _, files in os.walk(self._root / "refs"):
            for file in files:
                name = os.path.relpath(os.path.join(folder, file), self._root)  # noqa: PTH118 - three times as fast
                if sha := self.get(name):
                    found[name] = sha
        return {name: found[name] for name in sorted(found) if name.startswith(prefix)}

    def set(self, name: str, sha: str) -> None:
        """Create or move a ref.

        Raises:
            RefClashError: when the name is impossible beside the existing ones, or somebody holds its lock.
        """
        if self.get(name) is None and self._clashes(name):
            raise RefClashError(name)
        path = self._root / name
        path.parent.mkdir(parents=True, exist_ok=True)
        lock = self._lock(path)
        lock.write_text(f"{sha}\n")
        if path.is_dir():  # git leaves empty folders of deleted refs behind
            _remove_empty(path)
        lock.replace(path)

    def delete(self, name: str) -> None:
        """Delete a ref that exists; git itself does it when it is packed."""
        if name in self._read_packed():
            self._store.run("update-ref", "-d", name)
        else:
            (self._root / name).unlink(missing_ok=True)

    def _clashes(self, name: str) -> bool:
        folders = [str(folder) for folder in PurePosixPath(name).parents]
        below = any(files for _, _, files in os.walk(self._root / name))
        return (
            below
            or any((self._root / folder).is_file() or folder in self._read_packed() for folder in folders)
            or any(other.startswith(f"{name}/") for other in self._read_packed())
        )

    def _lock(self, path: Path) -> Path:
        lock = path.with_name(f"{path.name}.lock")
        for _ in range(100):
            with contextlib.suppress(FileExistsError):
                lock.touch(exist_ok=False)
                return lock
            time.sleep(0.01)
        raise RefClashError(f"{path.name} is locked")

    def _read_packed(self) -> dict[str, str]:
        path = self._root / "packed-refs"
        try:
            status = path.stat()
        except FileNotFoundError:
            return {}
        stamp = (status.st_mtime_ns, status.st_size)
        if stamp != self._packed_stamp:
            pairs = (line.split(" ", 1) for line in path.read_text().splitlines() if line[:1] not in {"#", "^", ""})
            self._packed, self._packed_stamp = {name: sha for sha, name in pairs}, stamp
        return self._packed


def _remove_empty(folder: Path) -> None:
    for inner, _, _ in os.walk(folder, topdown=False):
        with contextlib.suppress(OSError):  # not empty after all
            os.rmdir(inner)  # noqa: PTH106 - os.walk gives text
