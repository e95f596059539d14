"""A small repository, a scripted model and a clock moved by hand, for the tests of the pipeline."""

from __future__ import annotations

import os
import subprocess
import threading
from collections import deque
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import TYPE_CHECKING

from bot.adapters.sandbox import Sandbox
from bot.adapters.worktree import GitWorktree
from bot.core.baseline import CommandSpec
from bot.core.prompts import Task
from bot.errors import AbandonedError, ModelError
from bot.pipeline.values import ConfiguredCheck, Limits, Order, Tools
from bot.ports import Completion

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence
    from pathlib import Path

    from bot.ports import Message

MARK = "0123456789"
CART = "def total(prices):\n    result = 0\n    for price in prices[1:]:\n        result += price\n    return result\n"
TEST = """\
import unittest

from shop.cart import total


class CartTest(unittest.TestCase):
    def test_total(self):
        self.assertEqual(total([1, 2, 3]), 6)
"""
FILES: dict[str, bytes] = {
    "shop/__init__.py": b"",
    "shop/cart.py": CART.encode(),
    "tests/__init__.py": b"",
    "tests/test_cart.py": TEST.encode(),
}
TASK = Task(
    "fix", "total() leaves out the first price", "`total` in shop/cart.py is 5, it should be 6.", "", "stranger"
)
RIGHT = """\
Title: Count the first price
The loop skipped it.

shop/cart.py
```python
<<<<<<< SEARCH
    for price in prices[1:]:
=======
    for price in prices:
>>>>>>> REPLACE
```
"""
WRONG = RIGHT.replace("    for price in prices[1:]:", "    for price in list_of_prices[7:9]:\n        yield nothing")


@dataclass
class HandClock:
    """Time that moves when it is told to."""

    seconds: float = 0.0

    def now(self) -> datetime:
        return datetime(2026, 1, 2, tzinfo=UTC)

    def monotonic(self) -> float:
        return self.seconds


@dataclass
class ScriptedModel:
    """Gives its answers in the order of the requests and keeps what it was asked.

    Each answer takes `seconds` of the clock, after a `pause`; listeners hear it a line at a time. `room` is what
    `slots` says.
    """

    clock: HandClock
    seconds: float = 2.0
    pause: float = 0.5
    answers: deque[str | ModelError] = field(default_factory=deque)
    prompts: list[list[Message]] = field(default_factory=list)
    allowed: list[float] = field(default_factory=list)
    tokens: tuple[int, int] | None = (1000, 100)
    room: int = 1_000_000
    temperatures: list[float] = field(default_factory=list)
    limits: list[int] = field(default_factory=list)
    lock: threading.Lock = field(default_factory=threading.Lock)

    def warm(self) -> None:
        """Nothing to start."""

    def close(self) -> None:
        """Nothing to let go of."""

    def slots(self, tokens: int) -> int:
        assert tokens > 0
        return self.room

    def complete(
        self,
        messages: Sequence[Message],
        *,
        max_tokens: int,
        temperature: float,
        seconds: float,
        listen: Callable[[str], bool] | None = None,
    ) -> Completion:
        with self.lock:
            self.prompts.append(list(messages))
            self.allowed.append(seconds)
            self.temperatures.append(temperature)
            self.limits.append(max_tokens)
            self.clock.seconds += self.pause + self.seconds
            answer = self.answers.popleft()
        if isinstance(answer, ModelError):
            raise answer
        if listen is not None:
            said_aloud(answer, listen)
        tokens_in, tokens_out = self.tokens or (None, None)
        return Completion(answer, "stop", "fast-1", tokens_in, tokens_out, self.seconds, self.seconds / 4)

    @property
    def last_words(self) -> str:
        """The last message of the last prompt."""
        return self.prompts[-1][-1].content


def swap(path: str, old: str, new: str) -> str:
    """A reply with one search/replace block."""
    return f"Title: Swap\n\n{path}\n```\n<<<<<<< SEARCH\n{old}\n=======\n{new}\n>>>>>>> REPLACE\n```\n"


def said_aloud(text: str, listen: Callable[[str], bool]) -> None:
    """Let the listener hear the text a line at a time, as a model does; stop when it wants no more."""
    lines = text.splitlines(keepends=True)
    for count in range(len(lines) + 1):
        if not listen("".join(lines[:count])):
            raise AbandonedError("not wanted any more", "".join(lines[:count]))


def git(folder: Path, *words: str) -> str:
    done = subprocess.run(["git", "-C", str(folder), *words], capture_output=True, text=True, check=True)
    return done.stdout.strip()


def commit_files(folder: Path, files: Mapping[str, bytes]) -> str:
    """A new repository with one commit of these files; its id."""
    for path, content in files.items():
        (folder / path).parent.mkdir(parents=True, exist_ok=True)
        (folder / path).write_bytes(content)
    git(folder, "init", "--quiet")
    git(folder, "add", "--all")
    git(folder, "commit", "--quiet", "--message", "First")
    return git(folder, "rev-parse", "HEAD")


@dataclass
class Bench:
    """Everything that a draft needs, over one repository."""

    folder: Path
    base: str
    clock: HandClock
    model: ScriptedModel

    def tools(self) -> Tools:
        return Tools(GitWorktree(self.folder), self.model, Sandbox(os.environ), self.clock)

    def order(self, task: Task = TASK, limits: Limits | None = None) -> Order:
        return Order(task, self.base, MARK, limits or Limits())


def bench_of(folder: Path, files: Mapping[str, bytes] = FILES, *answers: str | ModelError) -> Bench:
    folder.mkdir(exist_ok=True)
    clock = HandClock()
    return Bench(folder, commit_files(folder, files), clock, ScriptedModel(clock, answers=deque(answers)))


def check(name: str, run: str, *paths: str, seconds: float = 30) -> ConfiguredCheck:
    return ConfiguredCheck(CommandSpec(name, run, seconds), paths)


UNITTEST = check("tests", "python3 -m unittest -q")
