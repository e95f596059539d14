"""What Draftgate adds to the model's time for one automatic review: wall time minus model-bound time, and requests.

The pull request changes ten files, each with a mistake that every pass finds, so that the review has six comments (the
default `review.max-comments`). GitHub is the stand-in on loopback, without and with 80 ms added to every request; the
model is the stand-in at 2,000 tokens/s with 0.2 s to the first token. Each run is on a new pull request, and the cases
take turns, so that a machine whose speed drifts does so for all of them; medians stand beside their bars.

    python benchmarks/review_overhead.py [--runs 10] [--files 10] [--json]

The verdict is for the machine as it was: the start of a bare Python is printed as the yardstick.
"""

from __future__ import annotations

import argparse
import json
import os
import resource
import statistics
import subprocess
import sys
import tempfile
import time
from contextlib import ExitStack
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from bot.rehearsal import github_events
from bot.rehearsal.answers import Reply
from bot.rehearsal.github_service import FakeGitHub
from bot.rehearsal.model import SimulatedModel

REPOSITORY = "octo/parcel-shop"
TOKEN = "stand-in-token"  # noqa: S105 - opens nothing but the stand-in
KEY = "stand-in-key-0123456789"
MOST_REQUESTS = 6
BODY = "".join(f"def step_{number}(order):\n    return order.total + {number}\n\n\n" for number in range(30))


@dataclass(slots=True)
class Figures:
    """One case's measurements, a number a run: seconds (wall, beyond the model, processor), and GitHub requests."""

    name: str
    bar: float
    wall: list[float] = field(default_factory=list)
    overhead: list[float] = field(default_factory=list)
    processor: list[float] = field(default_factory=list)
    requests: list[int] = field(default_factory=list)

    def row(self) -> dict[str, Any]:
        """The medians, the most requests, and whether both bars are held."""
        overhead, requests = statistics.median(self.overhead), max(self.requests)
        return {
            "case": self.name,
            "overhead": round(overhead, 3),
            "bar": self.bar,
            "least": round(min(self.overhead), 3),
            "processor": round(statistics.median(self.processor), 3),
            "wall": round(statistics.median(self.wall), 3),
            "requests": requests,
            "most requests": MOST_REQUESTS,
            "holds": overhead <= self.bar and requests <= MOST_REQUESTS,
        }


class Bench:
    """A stand-in GitHub and model, and a checkout of the default branch, on which pull requests are reviewed."""

    def __init__(self, stack: ExitStack, latency: float, count: int) -> None:
        self.folder = Path(stack.enter_context(tempfile.TemporaryDirectory()))
        self.github = FakeGitHub(self.folder / "github")
        self.github.add_user("maria")
        permissions = {"contents": "read", "pull_requests": "write", "metadata": "read"}
        self.github.add_token(TOKEN, login="github-actions[bot]", permissions=permissions)
        self.paths = [f"shop/part_{number}.py" for number in range(count)]
        self.repository = self.github.add_repository(REPOSITORY, files=dict.fromkeys(self.paths, BODY))
        self.repository.set_permission("maria", "write")
        self.model = SimulatedModel(tokens_per_second=2000, first_token=0.2, model="simulated-1", api_key=KEY)
        self.model.answer = self._answer
        server = stack.enter_context(self.github.serve())
        checkout = self.folder / "checkout"
        clone = ["git", "clone", "--quiet", "--depth=1", f"{server.server_url}/{REPOSITORY}.git", str(checkout)]
        subprocess.run(clone, check=True)
        self.github.latency = latency
        self.environ = {
            "PATH": os.environ["PATH"],
            "GITHUB_EVENT_NAME": "pull_request_target",
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

    def _answer(self, body: dict[str, Any]) -> Reply:
        """A finding for each of the files that the question shows, in the reviewer's format."""
        asked = body["messages"][-1]["content"]
        return Reply("\n".join(_finding(path) for path in self.paths if path in asked))

    def review(self, figures: Figures, number: int) -> None:
        """Open a pull request that changes all files, review it, and note what it took."""
        changed = BODY.replace("order.total + 7\n", "order.total - 7\n")
        branch = f"topic-{number}"
        self.repository.commit(branch, dict.fromkeys(self.paths, changed), "Take seven off", author="maria")
        pull = self.repository.open_pull("maria", "Take seven off", "Orders are dearer by seven.", head=branch)
        _, payload = github_events.pull_opened(self.repository, pull.number)
        event, output = self.folder / "event.json", self.folder / "output"
        event.write_text(json.dumps(payload))
        output.write_text("")
        environ = {**self.environ, "GITHUB_EVENT_PATH": str(event), "GITHUB_OUTPUT": str(output)}
        requests, bound = len(self.github.requests), self.model.model_bound_seconds()
        used = resource.getrusage(resource.RUSAGE_CHILDREN)
        began = time.monotonic()
        done = subprocess.run([sys.executable, "-I", "-m", "bot", "run"], env=environ, capture_output=True, check=False)
        wall = time.monotonic() - began
        after = resource.getrusage(resource.RUSAGE_CHILDREN)
        if "outcome=suggested" not in output.read_text():
            raise SystemExit(f"the run did not end as suggested: {output.read_text()}{done.stderr.decode()}")
        figures.wall.append(wall)
        figures.overhead.append(wall - (self.model.model_bound_seconds() - bound))
        figures.processor.append(after.ru_utime + after.ru_stime - used.ru_utime - used.ru_stime)
        figures.requests.append(len(self.github.requests) - requests)


def _finding(path: str) -> str:
    return (
        f"### FINDING\nFile: {path}\nSeverity: high\nCategory: bug\nTitle: Seven is taken off instead of added\n"
        "Reason: The other steps add their number, so the total of an order that passes here is too low.\n"
        "<<<<<<< SEARCH\n    return order.total - 7\n=======\n    return order.total + 7\n>>>>>>> REPLACE\n"
    )


def bare_start() -> float:
    """Seconds that an empty Python takes to start and end: the yardstick of the machine."""
    began = time.monotonic()
    subprocess.run([sys.executable, "-I", "-c", ""], check=True)
    return time.monotonic() - began


def measure(runs: int, count: int) -> dict[str, Any]:
    """Run the cases in turn; the first run, which fills the page cache, is not counted."""
    near, far, bare = Figures("review, loopback", 1.0), Figures("review, +80 ms a request", 2.0), []
    with ExitStack() as stack:
        loopback, distant = Bench(stack, 0.0, count), Bench(stack, 0.08, count)
        loopback.review(Figures("", 0.0), 0)
        for number in range(1, runs + 1):
            loopback.review(near, number)
            distant.review(far, number)
            bare.append(bare_start())
    return {"runs": runs, "files": count, "bare start": statistics.median(bare), "rows": [near.row(), far.row()]}


def main() -> None:
    """Measure and print."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--runs", type=int, default=10)
    parser.add_argument("--files", type=int, default=10, help="files that the pull request changes")
    parser.add_argument("--json", action="store_true", help="print the figures as JSON")
    given = parser.parse_args()
    told = measure(given.runs, given.files)
    if given.json:
        print(json.dumps(told, indent=1))
        return
    print(
        f"median of {told['runs']} reviews of {told['files']} files; bare Python starts in {told['bare start']:.3f} s"
    )
    print("| case | overhead | bar | least | processor time | wall | GitHub requests | bar | verdict |")
    print("|---|---|---|---|---|---|---|---|---|")
    for row in told["rows"]:
        verdict = "holds" if row["holds"] else "FAILS"
        times = f"{row['overhead']:.2f} s | ≤ {row['bar']:.1f} s | {row['least']:.2f} s | {row['processor']:.2f} s"
        print(f"| {row['case']} | {times} | {row['wall']:.2f} s | {row['requests']} | ≤ {MOST_REQUESTS} | {verdict} |")


if __name__ == "__main__":
    main()
