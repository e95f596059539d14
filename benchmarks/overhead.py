"""What Draftgate adds to the model's time: whole-process wall time minus model-bound time for one `/generate`.

GitHub is the stand-in on loopback, without and with 80 ms added to every request; the model is the stand-in at 2,000
tokens/s with 0.2 s to the first token. Each case is run in turn with the others, so that a machine whose speed drifts
does so for all of them; medians are printed beside their bars, and the start of a bare Python as the yardstick.

    python benchmarks/overhead.py [--runs 10]
"""

from __future__ import annotations

import argparse
import json
import os
import statistics
import subprocess
import sys
import tempfile
import threading
import time
from contextlib import ExitStack
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING

import psutil

from bot.rehearsal import github_events, story
from bot.rehearsal.answers import Reply
from bot.rehearsal.github_service import FakeGitHub
from bot.rehearsal.model import SimulatedModel

if TYPE_CHECKING:
    from collections.abc import Mapping

REPOSITORY = "octo/parcel-shop"
TOKEN = "stand-in-token"  # noqa: S105 - opens nothing but the stand-in
KEY = "stand-in-key-0123456789"
FILES = {path: text for path, text in story.FILES.items() if not path.startswith(".github/")}
# The simulated reply is as long as a typical small fix with its explanation: about 400 tokens, 0.4 s of model time.
PADDING = "It was checked by hand against the failing test and the two callers of the function. " * 12
REPLY = story.REPLY.replace("It is now taken once", f"{PADDING}It is now taken once")


@dataclass(slots=True)
class Figures:
    """One case's measurements, a number a run: seconds, GitHub requests, MB of the largest process and of all."""

    bar: float
    wall: list[float] = field(default_factory=list)
    overhead: list[float] = field(default_factory=list)
    requests: list[int] = field(default_factory=list)
    largest: list[float] = field(default_factory=list)
    together: list[float] = field(default_factory=list)


class Bench:
    """A stand-in GitHub and model, and a checkout, on which one event is run again and again on fresh issues."""

    def __init__(self, stack: ExitStack, latency: float, files: Mapping[str, str | bytes] = FILES) -> None:
        self.folder = Path(stack.enter_context(tempfile.TemporaryDirectory()))
        self.github = FakeGitHub(self.folder / "github")
        self.github.add_user("maria")
        permissions = {"contents": "write", "issues": "write", "pull_requests": "write", "metadata": "read"}
        self.github.add_token(TOKEN, login="github-actions[bot]", permissions=permissions)
        self.repository = self.github.add_repository(REPOSITORY, files=files)
        self.repository.set_permission("maria", "write")
        self.model = SimulatedModel(tokens_per_second=2000, first_token=0.2, model="simulated-1", api_key=KEY)
        self.model.answer = lambda _body: Reply(REPLY)
        server = stack.enter_context(self.github.serve())
        checkout = self.folder / "checkout"
        clone = ["git", "clone", "--quiet", "--depth=1", f"{server.server_url}/{REPOSITORY}.git", str(checkout)]
        subprocess.run(clone, check=True)
        self.github.latency = latency
        self.environ = {
            "PATH": os.environ["PATH"],
            "GITHUB_REPOSITORY": REPOSITORY,
            "GITHUB_WORKSPACE": str(checkout),
            "GITHUB_API_URL": server.api_url,
            "GITHUB_SERVER_URL": server.server_url,
            "GITHUB_RUN_ID": "1",
            "GITHUB_ACTOR": "maria",
            "DRAFTGATE_TOKEN": TOKEN,
            "DRAFTGATE_BASE_URL": stack.enter_context(self.model.serve()),
            "DRAFTGATE_API_KEY": KEY,
            "DRAFTGATE_MODEL": "simulated-1",
        }

    def generate(self, figures: Figures) -> None:
        """Run `/generate` on a new issue and note what it took."""
        issue = self.repository.open_issue("maria", story.TITLE, story.TEXT)
        comment = self.repository.comment(issue.number, "maria", "/generate")
        self._measure(figures, *github_events.issue_comment(self.repository, comment), outcome="proposed")

    def ignore(self, figures: Figures) -> None:
        """Run a comment that asks for nothing."""
        issue = self.repository.open_issue("maria", story.TITLE, story.TEXT)
        comment = self.repository.comment(issue.number, "maria", "Thanks, I will have a look tomorrow.")
        self._measure(figures, *github_events.issue_comment(self.repository, comment), outcome="ignored")

    def _measure(self, figures: Figures, name: str, payload: Mapping[str, object], *, outcome: str) -> None:
        event, output = self.folder / "event.json", self.folder / "output"
        event.write_text(json.dumps(payload))
        output.write_text("")
        environ = {
            **self.environ,
            "GITHUB_EVENT_NAME": name,
            "GITHUB_EVENT_PATH": str(event),
            "GITHUB_OUTPUT": str(output),
        }
        requests, bound = len(self.github.requests), self.model.model_bound_seconds()
        began = time.monotonic()
        process = subprocess.Popen([sys.executable, "-I", "-m", "bot", "run"], env=environ, stderr=subprocess.PIPE)
        watch = Watch(process.pid)
        log = process.communicate()[1]
        wall = time.monotonic() - began
        watch.stop()
        if f"outcome={outcome}" not in output.read_text():
            raise SystemExit(f"the run did not end as {outcome}: {output.read_text()}{log.decode()}")
        figures.wall.append(wall)
        figures.overhead.append(wall - (self.model.model_bound_seconds() - bound))
        figures.requests.append(len(self.github.requests) - requests)
        figures.largest.append(watch.largest / 1e6)
        figures.together.append(watch.together / 1e6)


class Watch:
    """Looks at the memory of a process and its children 20 times a second: resident for one, proportional for all."""

    def __init__(self, pid: int) -> None:
        self.largest = self.together = 0
        self._process = psutil.Process(pid)
        self._ended = threading.Event()
        self._thread = threading.Thread(target=self._look)
        self._thread.start()

    def stop(self) -> None:
        """End the looking."""
        self._ended.set()
        self._thread.join()

    def _look(self) -> None:
        while not self._ended.wait(0.05):
            try:
                family = [self._process, *self._process.children(recursive=True)]
                self.largest = max(self.largest, *(one.memory_info().rss for one in family))
                self.together = max(self.together, sum(one.memory_full_info().pss for one in family))
            except psutil.Error:
                continue


def bare_start() -> float:
    """Seconds that an empty Python takes to start and end: the yardstick of the machine."""
    began = time.monotonic()
    subprocess.run([sys.executable, "-I", "-c", ""], check=True)
    return time.monotonic() - began


def main() -> None:
    """Run all cases in turn and print the table."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--runs", type=int, default=10)
    runs = parser.parse_args().runs
    near, far, ignored, bare = Figures(1.0), Figures(2.0), Figures(0.1), []
    with ExitStack() as stack:
        loopback, distant = Bench(stack, 0.0), Bench(stack, 0.08)
        loopback.generate(Figures(0))  # the first run fills the page cache
        for _ in range(runs):
            loopback.generate(near)
            distant.generate(far)
            loopback.ignore(ignored)
            bare.append(bare_start())
    yardstick = statistics.median(bare)
    print(f"median of {runs} runs; a bare Python starts in {yardstick:.3f} s")
    print("| case | overhead | bar | ÷ bare start | wall | GitHub requests | largest process | all processes |")
    print("|---|---|---|---|---|---|---|---|")
    for name, figures in (("/generate, loopback", near), ("/generate, +80 ms a request", far), ("ignored", ignored)):
        print(row(name, figures, yardstick))


def row(name: str, figures: Figures, yardstick: float) -> str:
    """One line of the table."""
    overhead, wall = statistics.median(figures.overhead), statistics.median(figures.wall)
    memory = f"{max(figures.largest):.0f} MB | {max(figures.together):.0f} MB"
    times = f"{overhead:.2f} s | ≤ {figures.bar:.1f} s | {overhead / yardstick:.0f} | {wall:.2f} s"
    return f"| {name} | {times} | {max(figures.requests)} | {memory} |"


if __name__ == "__main__":
    main()
