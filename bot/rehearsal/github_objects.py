"""Reads and writes objects of a bare git repository: loose ones directly, packed ones through one `git cat-file`."""

from __future__ import annotations

import contextlib
import hashlib
import os
import re
import subprocess
import threading
import zlib
from dataclasses import dataclass
from typing import TYPE_CHECKING
from uuid import uuid4

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path

SHA = re.compile(r"[0-9a-f]{40}")
_CACHE_LIMIT = 1024 * 1024  # bytes; bigger blobs are read again each time
_CLEAN = {
    "GIT_CONFIG_NOSYSTEM": "1",
    "GIT_CONFIG_GLOBAL": os.devnull,
    "GIT_TERMINAL_PROMPT": "0",
    "LC_ALL": "C",
    "GIT_OPTIONAL_LOCKS": "0",
}


class MissingObjectError(LookupError):
    """No object of that id (or of the wanted kind) is in the repository."""


class GitFailedError(RuntimeError):
    """A git command that should have worked did not; the text is what it wrote."""


@dataclass(frozen=True, slots=True)
class GitResult:
    """How a git command ended."""

    code: int
    output: bytes
    errors: str


def clean_environment() -> dict[str, str]:
    """The process environment without the caller's git settings, so that every stage is the same."""
    kept = {name: value for name, value in os.environ.items() if not name.startswith("GIT_")}
    return kept | _CLEAN


def object_id(kind: str, data: bytes) -> str:
    """The SHA-1 that git gives an object."""
    return hashlib.sha1(b"%s %d\0" % (kind.encode(), len(data)) + data, usedforsecurity=False).hexdigest()


class ObjectStore:
    """The object database of one bare repository; safe to use from many threads."""

    def __init__(self, git_dir: Path) -> None:
        self.git_dir = git_dir
        self._objects = git_dir / "objects"
        self._environment = clean_environment() | {"GIT_DIR": str(git_dir)}
        self._cache: dict[str, tuple[str, bytes]] = {}
        self._answers: dict[tuple[str, ...], bytes | None] = {}
        self._guard = threading.Lock()
        self._reader: subprocess.Popen[bytes] | None = None

    def run(self, *arguments: str, stdin: bytes = b"", good: Sequence[int] = (0,)) -> GitResult:
        """Run a git command in the repository.

        Raises:
            GitFailedError: when its exit code is not one of `good`.
        """
        command = ["git", *arguments]
        done = subprocess.run(  # noqa: S603 - fixed program, arguments made here
            command, input=stdin, capture_output=True, env=self._environment, check=False, close_fds=False
        )
        errors = done.stderr.decode("utf-8", "replace")
        if done.returncode not in good:
            raise GitFailedError(f"{' '.join(arguments)}: exit {done.returncode}: {errors}")
        return GitResult(done.returncode, done.stdout, errors)

    def ask(self, *arguments: str) -> bytes | None:
        """What a git command about object ids writes, which never changes; None where it exits with 1."""
        if arguments not in self._answers:
            done = self.run(*arguments, good=(0, 1))
            self._answers[arguments] = done.output if done.code == 0 else None
        return self._answers[arguments]

    def write(self, kind: str, data: bytes) -> str:
        """Store an object, as git would, and return its id."""
        sha = object_id(kind, data)
        if sha in self._cache:
            return sha
        path = self._objects / sha[:2] / sha[2:]
        if not path.exists():
            path.parent.mkdir(exist_ok=True)
            fresh = path.parent / f"tmp_obj_{uuid4().hex}"
            fresh.write_bytes(zlib.compress(b"%s %d\0" % (kind.encode(), len(data)) + data, 1))
            fresh.replace(path)
        self._remember(sha, kind, data)
        return sha

    def read(self, sha: str) -> tuple[str, bytes]:
        """An object's kind and content.

        Raises:
            MissingObjectError: when there is none of that id.
        """
        if known := self._cache.get(sha):
            return known
        found = self._read_loose(sha) or self._ask(sha)
        if found is None:
            raise MissingObjectError(sha)
        self._remember(sha, found[1], found[2])
        return found[1], found[2]

    def read_as(self, kind: str, sha: str) -> bytes:
        """An object's content.

        Raises:
            MissingObjectError: when there is none of that id and kind.
        """
        found, data = self.read(sha)
        if found != kind:
            raise MissingObjectError(sha)
        return data

    def has(self, sha: str, kind: str | None = None) -> bool:
        """Whether there is such an object, of that kind if one is named."""
        try:
            found, _ = self.read(sha)
        except MissingObjectError:
            return False
        return kind in {None, found}

    def expand(self, prefix: str) -> str | None:
        """The id of the one commit whose id starts so, or None."""
        if not re.fullmatch(r"[0-9a-f]{4,40}", prefix):
            return None
        found = self._ask(f"{prefix}^{{commit}}")
        return found[0] if found else None

    def close(self) -> None:
        """End the reading process; the store can be used again after."""
        with self._guard:
            if self._reader is not None and self._reader.stdin and self._reader.stdout:
                self._reader.stdin.close()
                self._reader.stdout.close()
                self._reader.wait()
            self._reader = None

    def _remember(self, sha: str, kind: str, data: bytes) -> None:
        if len(data) <= _CACHE_LIMIT:
            self._cache[sha] = (kind, data)

    def _read_loose(self, sha: str) -> tuple[str, str, bytes] | None:
        if not SHA.fullmatch(sha):
            return None
        with contextlib.suppress(FileNotFoundError):
            whole = zlib.decompress((self._objects / sha[:2] / sha[2:]).read_bytes())
            head, _, data = whole.partition(b"\0")
            return sha, head.split()[0].decode(), data
        return None

    def _ask(self, name: str) -> tuple[str, str, bytes] | None:
        """Ask the long-lived reader, which also knows packs and abbreviations; one question at a time."""
        if not re.fullmatch(r"[0-9a-f]{4,40}(\^\{commit\})?", name):
            return None
        with self._guard:
            if self._reader is None:
                self._reader = subprocess.Popen(
                    ["git", "cat-file", "--batch"],  # noqa: S607 - git is found on the PATH, as everywhere
                    stdin=subprocess.PIPE,
                    stdout=subprocess.PIPE,
                    stderr=subprocess.DEVNULL,
                    env=self._environment,
                )
            if not (self._reader.stdin and self._reader.stdout):
                raise GitFailedError("cat-file has no pipes")
            self._reader.stdin.write(f"{name}\n".encode())
            self._reader.stdin.flush()
            answer = self._reader.stdout.readline().decode().split()
            if len(answer) != 3 or not answer[2].isdecimal():
                return None
            data = self._reader.stdout.read(int(answer[2]))
            self._reader.stdout.read(1)
        return answer[0], answer[1], data
