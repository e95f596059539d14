"""Runs a repository's own command on a throw-away tree: no secrets around it, an end to it, nothing left of it.

Everywhere, the command sees a scrubbed environment, a HOME and TMPDIR of its own, no terminal and no input, cannot gain
privileges, and at its end or time limit every process that it started is gone. What else holds depends on the machine;
`Sandbox.level` tries it out and says it in words, and what was found to hold is never done without later.
"""

from __future__ import annotations

import json
import os
import selectors
import shutil
import subprocess
import sys
import tempfile
import threading
import time
from contextlib import suppress
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Literal

from bot.adapters.launcher import Plan
from bot.adapters.sandbox_view import hidden_places, scrubbed, shown_places
from bot.core.baseline import CommandResult, CommandSpec, left_out

if TYPE_CHECKING:
    from collections.abc import Mapping

Level = Literal["namespaces", "landlock", "seccomp", "descendants", "process-group"]
"""How commands are cut off, the best first; `LEVELS` says what each means."""

LEVELS: dict[Level, str] = {
    "namespaces": "no network, own files and processes only",
    "landlock": "no network, own files only",
    "seccomp": "no network, but the user's other files can be read",
    "descendants": "network and the user's other files within reach",
    "process-group": "network, the user's other files and processes within reach",
}
"""What holds for a command, in words for the evidence.

`namespaces`: a process table, a network and a view of the files of its own: all is read-only but the tree, HOME and
temporary folders, and homes, work folders and services' sockets are empty. Loopback works. `landlock`: the same files
can be read and written, by rules instead of a view; no sockets but local ones, not even loopback. `seccomp`: the latter
alone. `descendants`: Linux without any of it. `process-group`: elsewhere; what left the group may outlive the command.
"""

_LAUNCHER = (
    f"import sys; sys.path.append({str(Path(__file__).parents[2])!r}); "
    "from bot.adapters.launcher import main; sys.exit(main())"
)
"""Imported rather than run by path, so that it is not compiled each time; nothing of ours comes before the library."""
_GRACE = 35.0  # seconds for the launcher to kill everything, which gives up after 30
_LOOK = 0.5  # seconds between two looks whether the launcher is still there
_CHUNK = 65536
_TRYING = 20.0


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
    """Runs commands one at a time or from several threads.

    `environ` is what PATH, language and the places of homes and work folders are taken from. `best` is the best level
    that is tried, for tests and machines where a better one is in the way.
    """

    def __init__(self, environ: Mapping[str, str], limits: Limits | None = None, best: Level | None = None) -> None:
        self._environ = dict(environ)
        self._limits = limits or Limits()
        levels = list(LEVELS)
        self._levels = levels[levels.index(best) if best else 0 :]
        self._reached: Level | None = None
        self._lock = threading.Lock()

    def level(self) -> str:
        """How well commands are cut off here, in the words of `LEVELS`; tries it out once, some 0.1 s."""
        return LEVELS[self.reached()]

    def reached(self) -> Level:
        """The best level that this machine allows."""
        with self._lock:
            known = self._reached
            if known is not None:
                return known
            found: Level = self._levels[-1]
            for level in self._levels:
                if self._holds(level):
                    found = level
                    break
            self._reached = found
            return found

    def _holds(self, level: Level) -> bool:
        if sys.platform != "linux" or level in {"descendants", "process-group"}:
            return level == ("descendants" if sys.platform == "linux" else "process-group")
        with tempfile.TemporaryDirectory(prefix="draftgate-") as folder:
            tree = Path(folder, "tree")
            tree.mkdir()
            return self._run_in(tree, CommandSpec("", "true", _TRYING), level).code == 0

    def run(self, tree: Path, command: CommandSpec) -> CommandResult:
        """Run one command with `tree` (a throw-away folder) as its working directory.

        Both output streams come as one text, its middle left out when it is long; what is not UTF-8 is replaced.
        """
        return self._run_in(tree, command, self.reached())

    def _run_in(self, tree: Path, command: CommandSpec, level: Level) -> CommandResult:
        private = Path(tempfile.mkdtemp(prefix="draftgate-", dir=tree.parent))
        try:
            return self._run(self._plan(tree.resolve(), command, private.resolve(), level), command)
        finally:
            discard(private)

    def _plan(self, tree: Path, command: CommandSpec, private: Path, level: Level) -> Plan:
        environment = scrubbed(self._environ, private) | {"GIT_CEILING_DIRECTORIES": str(tree.parent)}
        bash = shutil.which("bash", path="/bin:" + environment["PATH"])
        shell = [bash, "-euo", "pipefail", "-c"] if bash else ["/bin/sh", "-eu", "-c"]
        hidden = hidden_places(self._environ)
        shown = shown_places(self._environ, hidden, network=command.network)
        return Plan(
            command=[*shell, command.run],
            environment=environment,
            folder=str(tree),
            level=level,
            network=command.network,
            hidden=hidden,
            shown=shown,
            writable=[str(tree), str(private)],
            temporary=environment["TMPDIR"],
            file_bytes=self._limits.file_bytes,
            processes=self._limits.processes,
            data_bytes=self._limits.data_bytes,
        )

    def _run(self, plan: Plan, command: CommandSpec) -> CommandResult:
        started = time.monotonic()
        process = subprocess.Popen(  # noqa: S603 - running the configured command is this class's purpose
            [sys.executable, "-I", "-S", "-c", _LAUNCHER],
            cwd=plan.folder,
            env=plan.environment,
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            start_new_session=True,
        )
        kept = _Kept(self._limits.output)
        with process:
            try:
                _hand_over(process, plan)
                in_time = _drain(process, kept, started + command.seconds)
            finally:
                _stop(process, kept)
        seconds = time.monotonic() - started
        return CommandResult(command.name, process.returncode if in_time else None, kept.text(), seconds)


def _hand_over(process: subprocess.Popen[bytes], plan: Plan) -> None:
    """Its input stays open: the launcher takes the end of it for our end."""
    if process.stdin is None:
        raise AssertionError("the process was started without a pipe")
    with suppress(BrokenPipeError):  # it is gone, as its exit code will tell
        process.stdin.write(json.dumps(plan._asdict()).encode() + b"\n")
        process.stdin.flush()


def discard(folder: Path) -> None:
    """Remove a folder that a command has written into, also what it made unwritable (as Go does with its modules)."""
    for root, names, _ in os.walk(folder):
        for name in names:
            path = Path(root, name)
            if not path.is_symlink():
                path.chmod(0o700)
    shutil.rmtree(folder, ignore_errors=True)


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
    """Have the launcher end everything, by the end of its input, and wait for it."""
    if process.stdin:
        with suppress(BrokenPipeError):
            process.stdin.close()
    if process.poll() is None and not _drained(process, kept):
        process.kill()
    process.wait()


def _drained(process: subprocess.Popen[bytes], kept: _Kept) -> bool:
    return _drain(process, kept, time.monotonic() + _GRACE)
