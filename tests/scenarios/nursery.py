"""Processes of the bot that begin where its imports are done: a parent that has imported everything and only forks.

A whole-process test spends half its time in imports. Here they are paid once: the parent does nothing but import and
fork, one thread, no state; each child is a process of its own with its own environment, arguments, standard streams and
exit code, and can be killed like any other. Scenarios about the start of the process itself use a fresh one instead.
"""

from __future__ import annotations

import gc
import json
import os
import pkgutil
import signal
import subprocess
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Any, NoReturn, Self

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence
    from types import TracebackType

IMPORTS = (
    "concurrent.futures.thread", "git", "github", "merge3", "pathspec", "pyflakes.checker", "re2", "requests",
    "tempfile", "tenacity", "unidiff.patch", "yaml",
)  # fmt: skip
APART = ("bot.rehearsal", "bot.cli.demo", "bot.adapters.launcher", "bot.adapters.model_")
"""Not the bot's own process: the stand-ins, and the programs that it starts."""


class Nursery:
    """The test's side of the parent process; a context manager that ends it."""

    def __init__(self) -> None:
        environment = {"PATH": os.environ["PATH"], "LC_ALL": "C.UTF-8", "TZ": "UTC"}
        self._process = subprocess.Popen(
            [sys.executable, "-I", Path(__file__)],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
            env=environment,
            cwd="/",
        )

    def start(self, arguments: Sequence[str], environment: Mapping[str, str], streams: Path) -> int:
        """Start one process of the bot, its output in `streams/out` and `streams/err`; the answer is its id."""
        order = {"arguments": list(arguments), "environment": dict(environment), "streams": str(streams)}
        return self._exchange(order)

    def wait(self) -> int:
        """Wait for the process that was started last; the answer is its exit code, negative for a signal."""
        return self._exchange({})

    def _exchange(self, order: dict[str, Any]) -> int:
        stdin, stdout = self._process.stdin, self._process.stdout
        assert stdin is not None
        assert stdout is not None
        stdin.write(json.dumps(order) + "\n")
        stdin.flush()
        return int(stdout.readline())

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        with self._process:
            if self._process.stdin is not None:
                self._process.stdin.close()


def _own_modules() -> list[str]:
    import bot  # noqa: PLC0415 - this file is also imported by tests, which need no more than the class

    names = (module.name for module in pkgutil.walk_packages(bot.__path__, "bot."))
    return [name for name in names if not name.startswith(APART)]


def serve() -> None:
    """The parent process: fork for each order, wait for each empty one."""
    for module in (*IMPORTS, *_own_modules()):
        __import__(module)
    checks = sys.modules["bot.checks"]
    checks.check_text("warm.py", "x = 1\n")  # the rules for secrets are read and compiled
    gc.freeze()  # or each child's collector would touch, and so copy, all that the imports made
    child = 0
    for line in iter(sys.stdin.readline, ""):
        order = json.loads(line)
        if order:
            child = os.fork()
            if not child:
                live(order)
            answer = child
        else:
            answer = os.waitstatus_to_exitcode(os.waitpid(child, 0)[1])
        sys.stdout.write(f"{answer}\n")
        sys.stdout.flush()


def live(order: Mapping[str, Any]) -> NoReturn:
    """The child: become the process that was ordered."""
    streams = Path(order["streams"])
    for number, name in ((0, None), (1, "out"), (2, "err")):
        kept = os.open(streams / name if name else os.devnull, os.O_RDWR | os.O_CREAT | os.O_TRUNC, 0o600)
        os.dup2(kept, number)
        os.close(kept)
    os.environ.clear()
    os.environ.update(order["environment"])
    sys.argv = ["draftgate", *order["arguments"]]
    signal.signal(signal.SIGINT, signal.default_int_handler)
    from bot.__main__ import main  # noqa: PLC0415 - the parent has it

    code = main()
    sys.stderr.flush()
    os._exit(code)  # nothing is left to be done, and taking all the imports down would last longer than most runs


if __name__ == "__main__":
    serve()
