"""Runs a repository's own command on a throw-away tree: no secrets around it, an end to it, nothing left of it.

What holds on Linux with Landlock (kernel 5.19 or later, no privileges needed): the command sees a scrubbed
environment, a HOME and TMPDIR of its own, no terminal and no input; it cannot look into or trace any process outside,
so that the keys in Draftgate's own environment stay there, and cannot gain privileges through sudo; at its end or time
limit every process that it started is gone. What does not hold yet: it can read the user's files, reach the network
and speak to services of the machine (a Docker socket, for one). That is to be added in `launcher._become`.
"""

from __future__ import annotations

import os
import selectors
import shutil
import subprocess
import sys
import tempfile
import time
from dataclasses import dataclass, field
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING, Literal

from bot.core.baseline import CommandResult, CommandSpec, left_out

if TYPE_CHECKING:
    from collections.abc import Mapping

Level = Literal["landlock", "descendants", "process-group"]

_LAUNCHER = Path(__file__).with_name("launcher.py")
_DEFAULT_PATH = "/usr/local/bin:/usr/bin:/bin"
_KEPT_NAMES = ("LANG", "TZ")
_GRACE = 35.0  # seconds for the launcher to kill everything, which gives up after 30
_LOOK = 0.5  # seconds between two looks whether the launcher is still there
_CHUNK = 65536


@dataclass(frozen=True, slots=True)
class Limits:
    """Bounds of one command: bytes of output kept, bytes of one file and of one process's data, processes of the user.

    `processes` counts everything that the same user runs on the machine, hence its size. Data rather than address
    space: Go, Java and WebAssembly reserve addresses by the terabyte and never touch them.
    """

    output: int = 64 * 1024
    file_bytes: int = 4 << 30
    data_bytes: int = 16 << 30
    processes: int = 8192


class Sandbox:
    """Runs commands one at a time or from several threads; `environ` is what PATH and the language are taken from."""

    def __init__(self, environ: Mapping[str, str], limits: Limits | None = None) -> None:
        self._environ = dict(environ)
        self._limits = limits or Limits()

    @cached_property
    def level(self) -> Level:
        """How well commands are cut off here.

        `landlock`: as the module says. `descendants`: on Linux without Landlock; all that the command starts is killed,
        but it can read the environment of other processes of the same user. `process-group`: elsewhere; in addition,
        what left the command's process group may outlive it.
        """
        if sys.platform != "linux":
            return "process-group"
        from bot.adapters.launcher import landlock_version  # noqa: PLC0415 - ctypes, only for who asks

        return "landlock" if landlock_version() else "descendants"

    def run(self, tree: Path, command: CommandSpec) -> CommandResult:
        """Run one command with `tree` (a throw-away folder) as its working directory.

        Both output streams come as one text, its middle left out when it is long; what is not UTF-8 is replaced.
        """
        private = Path(tempfile.mkdtemp(prefix="draftgate-", dir=tree.parent))
        try:
            return self._run(tree, command, private)
        finally:
            discard(private)

    def _run(self, tree: Path, command: CommandSpec, private: Path) -> CommandResult:
        environment = scrubbed(self._environ, private) | {"GIT_CEILING_DIRECTORIES": str(tree.parent)}
        started = time.monotonic()
        process = subprocess.Popen(  # noqa: S603 - running the configured command is this class's purpose
            self._command_line(command, environment["PATH"]),
            cwd=tree,
            env=environment,
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            start_new_session=True,
        )
        kept = _Kept(self._limits.output)
        with process:
            try:
                in_time = _drain(process, kept, started + command.seconds)
            finally:
                _stop(process, kept)
        seconds = time.monotonic() - started
        return CommandResult(command.name, process.returncode if in_time else None, kept.text(), seconds)

    def _command_line(self, command: CommandSpec, path: str) -> list[str]:
        limits = (os.getpid(), self._limits.file_bytes, self._limits.processes, self._limits.data_bytes)
        bash = shutil.which("bash", path="/bin:" + path)
        shell = [bash, "-euo", "pipefail", "-c"] if bash else ["/bin/sh", "-eu", "-c"]
        return [sys.executable, "-I", "-S", str(_LAUNCHER), *map(str, limits), *shell, command.run]


def scrubbed(environ: Mapping[str, str], private: Path) -> dict[str, str]:
    """The whole environment of a command: a few settings by name, the rest of ours is not passed on.

    `private` is an empty folder, in which HOME and TMPDIR are made. rustup's folder is the one tool location that is
    kept, as its `cargo` and `rustc` refuse to start under another HOME; it holds toolchains, no credentials.
    """
    home, temporary = private / "home", private / "tmp"
    home.mkdir()
    temporary.mkdir()
    kept = {name: value for name, value in environ.items() if name in _KEPT_NAMES or name.startswith("LC_")}
    rustup = environ.get("RUSTUP_HOME") or str(Path(environ.get("HOME", "/"), ".rustup"))
    if os.access(rustup, os.R_OK | os.X_OK):
        kept["RUSTUP_HOME"] = rustup
    return kept | {
        "PATH": _path_without_us(environ.get("PATH", "")),
        "HOME": str(home),
        "TMPDIR": str(temporary),
        "CI": "true",
        "GIT_CONFIG_NOSYSTEM": "1",
        "GIT_TERMINAL_PROMPT": "0",
    }


def discard(folder: Path) -> None:
    """Remove a folder that a command has written into, also what it made unwritable (as Go does with its modules)."""
    for root, names, _ in os.walk(folder):
        for name in names:
            path = Path(root, name)
            if not path.is_symlink():
                path.chmod(0o700)
    shutil.rmtree(folder, ignore_errors=True)


def _path_without_us(path: str) -> str:
    """PATH without our own virtual environment, whose Python and libraries are not the repository's."""
    ours = os.path.realpath(Path(sys.prefix, "bin")) if sys.prefix != sys.base_prefix else None
    kept = [entry for entry in path.split(os.pathsep) if entry.startswith("/") and os.path.realpath(entry) != ours]
    return os.pathsep.join(kept) or _DEFAULT_PATH


@dataclass(slots=True)
class _Kept:
    """The head and the tail of a stream, of `most` bytes together."""

    most: int
    head: bytearray = field(default_factory=bytearray)
    tail: bytearray = field(default_factory=bytearray)
    total: int = 0

    def add(self, data: bytes) -> None:
        self.total += len(data)
        room = self.most // 4 - len(self.head)
        self.head += data[:room]
        self.tail += data[room:]
        if len(self.tail) > self.most + _CHUNK:
            self._trim()

    def _trim(self) -> None:
        del self.tail[: max(0, len(self.tail) - (self.most - self.most // 4))]

    def text(self) -> str:
        """Whole lines on both sides of the gap, so that no half name is read from them."""
        self._trim()
        if self.total == len(self.head) + len(self.tail):
            return (self.head + self.tail).decode("utf-8", "replace")
        head = self.head[: self.head.rfind(b"\n") + 1] or self.head
        tail = self.tail[self.tail.find(b"\n") + 1 :]
        gap = left_out(self.total - len(head) - len(tail))
        start = head.decode("utf-8", "replace").removesuffix("\n")
        return f"{start}\n{gap}\n{tail.decode('utf-8', 'replace')}"


def _drain(process: subprocess.Popen[bytes], kept: _Kept, deadline: float) -> bool:
    """Read until the launcher, which keeps the pipe open, has ended; False when the deadline (monotonic) came first."""
    stream = process.stdout
    if stream is None:
        raise AssertionError("the process was started without a pipe")
    with selectors.DefaultSelector() as selector:
        selector.register(stream, selectors.EVENT_READ)
        while (left := deadline - time.monotonic()) > 0:
            if selector.select(min(left, _LOOK)):
                data = os.read(stream.fileno(), _CHUNK)
                if not data:
                    return True
                kept.add(data)
            elif process.poll() is not None:  # some process out of reach holds the other end
                return True
    return False


def _stop(process: subprocess.Popen[bytes], kept: _Kept) -> None:
    """Have the launcher end everything and wait for it; it has no ear for this when it is about to end anyway."""
    if process.poll() is None:
        process.terminate()
        if not _drain(process, kept, time.monotonic() + _GRACE):
            process.kill()
    process.wait()
