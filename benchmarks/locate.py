"""How well and how fast `draftgate locate` finds the files of a change.

Quality, on cases with known answers (one JSON object a line: `repository`, `commit`, `text`, `gold_files`), with the
clones' history as far as it led to the commit, or without it as in a checkout of depth 1:

    python benchmarks/locate.py --cases cases.jsonl --mirror owner/name=GITDIR [--mirror ...] [--no-history]

Speed and memory of the whole process, on clones or on several of them together as one large tree: cold, warm (the same
issue again) and with another issue on the same tree. The issue is the last commit's message unless a file is given.

    python benchmarks/locate.py --clone DIR [--clone DIR ...] [--together] [--issue FILE] [--runs 5]

Whoever tunes weights looks at the even lines of the cases only, so that the odd ones stay a fair check.
"""

from __future__ import annotations

import argparse
import json
import os
import statistics
import subprocess
import sys
import tempfile
import time
from collections import defaultdict
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from bot.adapters.worktree import GitWorktree
from bot.locate import locate
from bot.locate.history import MOST_CHANGES
from bot.pipeline.gather import Tree

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence

BARS = {1: 0.52, 3: 0.76, 5: 0.81, 10: 0.85, 30: 0.91}
"""Share of cases with all changed files among the first so many, which has to be beaten."""
COLD_BAR, WARM_BAR, MEGABYTES_BAR = 1.0, 0.15, 300.0
OTHER_ISSUE = "The configuration file is not read when its path holds a space\n\n`load_config` raises `ValueError`."


@dataclass(frozen=True, slots=True)
class Figure:
    """One line of the table: what was measured, its bar, the median figure, and whether it is good enough."""

    what: str
    bar: float | None
    figure: float
    unit: str
    verdict: str


def judged(what: str, bar: float | None, figure: float, unit: str, *, above: bool = False) -> Figure:
    """A figure with its verdict; without a bar it has none."""
    if bar is None:
        return Figure(what, None, figure, unit, "")
    return Figure(what, bar, figure, unit, "holds" if (figure > bar if above else figure <= bar) else "MISSED")


def worst_rank(case: Mapping[str, Any], git_dir: str, *, history: bool) -> int:
    """The rank (1 is first) of the case's lowest-ranked file; 999 when one is not among the first 30."""
    worktree = GitWorktree(Path(git_dir))
    tree = Tree(worktree, case["commit"])
    with worktree.history(case["commit"], MOST_CHANGES if history else 0) as past:
        found = locate(case["text"], tree, 30, past)
    ranks = {one.path: rank for rank, one in enumerate(found, start=1)}
    return max(ranks.get(path, 999) for path in case["gold_files"])


def quality(cases: Sequence[Mapping[str, Any]], mirrors: Mapping[str, str], *, history: bool) -> Iterator[Figure]:
    """The share of cases found, for all, for the halves, for those with one file to change, and by repository."""
    groups: dict[str, list[int]] = defaultdict(list)
    for number, case in enumerate(cases):
        if case["repository"] not in mirrors:
            raise SystemExit(f"no --mirror for {case['repository']}")
        rank = worst_rank(case, mirrors[case["repository"]], history=history)
        files = "one file to change" if len(case["gold_files"]) == 1 else "several files to change"
        for group in ("all", "odd lines" if number % 2 else "even lines", files, case["repository"]):
            groups[group].append(rank)
    for group, ranks in sorted(groups.items(), key=lambda item: -len(item[1])):
        for first, bar in BARS.items():
            share = sum(rank <= first for rank in ranks) / len(ranks)
            what = f"{group} ({len(ranks)}): all files in the first {first}"
            yield judged(what, bar if group == "all" else None, share, "", above=True)


def joined(clones: Sequence[Path], folder: Path) -> Path:
    """A repository whose one commit has the trees of all the clones side by side."""
    place = folder / "together"
    subprocess.run(["git", "init", "--quiet", str(place)], check=True)
    objects = [_git(clone, "rev-parse", "--git-path", "objects") for clone in clones]
    alternates = [str((clone / path).resolve()) for clone, path in zip(clones, objects, strict=True)]
    (place / ".git" / "objects" / "info" / "alternates").write_text("\n".join(alternates) + "\n")
    for number, clone in enumerate(clones):
        _git(place, "read-tree", f"--prefix=clone{number}/", _git(clone, "rev-parse", "HEAD^{tree}"))
    identity = ("-c", "user.name=Benchmark", "-c", "user.email=benchmark@localhost")
    _git(place, *identity, "commit", "--quiet", "--message", "Together")
    return place


def _git(folder: Path, *arguments: str) -> str:
    done = subprocess.run(["git", "-C", str(folder), *arguments], capture_output=True, check=True)
    return done.stdout.decode(errors="replace").strip()


def speed(clone: Path, issue: str, runs: int) -> Iterator[Figure]:
    """Wall and processor seconds of the whole process, and its memory: cold, warm, and with another issue."""
    figures: dict[str, list[tuple[float, float, float]]] = defaultdict(list)
    for _ in range(runs):
        with tempfile.TemporaryDirectory() as cache:
            figures["cold"].append(_run(clone, issue, cache))
            figures["warm"].append(_run(clone, issue, cache))
            figures["another issue"].append(_run(clone, OTHER_ISSUE, cache))
    files = len(_git(clone, "ls-tree", "-r", "--name-only", "HEAD").splitlines())
    for name, bar in (("cold", COLD_BAR), ("warm", WARM_BAR), ("another issue", COLD_BAR)):
        wall, processor, memory = (statistics.median(values) for values in zip(*figures[name], strict=True))
        where = f"{clone.name}, {files} files, {name}"
        yield judged(f"{where}: wall", bar, wall, "s")
        yield judged(f"{where}: processor", None, processor, "s")
        yield judged(f"{where}: memory", MEGABYTES_BAR, memory, "MB")


def _run(clone: Path, issue: str, cache: str) -> tuple[float, float, float]:
    """Wall seconds, processor seconds and megabytes of one `draftgate locate`."""
    command = [sys.executable, "-I", "-m", "bot", "locate", "--issue", "-", "--repo", str(clone), "--json"]
    began = time.monotonic()
    process = subprocess.Popen(
        command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, env={**os.environ, "XDG_CACHE_HOME": cache}
    )
    assert process.stdin is not None  # noqa: S101 - the pipes were asked for above
    assert process.stdout is not None  # noqa: S101 - as above
    with process.stdin, process.stdout:
        process.stdin.write(issue.encode())
        process.stdin.close()
        found = json.loads(process.stdout.read())
        _, status, used = os.wait4(process.pid, 0)
    wall = time.monotonic() - began
    process.returncode = os.waitstatus_to_exitcode(status)
    if process.returncode or not isinstance(found, list):
        raise SystemExit(f"draftgate locate ended with {process.returncode}")
    return wall, used.ru_utime + used.ru_stime, used.ru_maxrss / 1024


def show(figures: Sequence[Figure]) -> None:
    """Print the table."""
    print("| what | bar | figure | verdict |")
    print("|---|---|---|---|")
    for one in figures:
        digits = 0 if one.unit == "MB" else 3
        bar = "" if one.bar is None else f"{one.bar:.{min(digits, 2)}f} {one.unit}".strip()
        print(f"| {one.what} | {bar} | {one.figure:.{digits}f} {one.unit}".rstrip() + f" | {one.verdict} |")


def bare_start() -> Figure:
    """Seconds that an empty Python takes to start and end: the yardstick of the machine."""
    began = time.monotonic()
    subprocess.run([sys.executable, "-I", "-c", ""], check=True)
    return judged("a bare Python: wall", None, time.monotonic() - began, "s")


def measure(chosen: argparse.Namespace) -> Iterator[Figure]:
    """The figures that the arguments ask for."""
    if chosen.cases:
        cases = [json.loads(line) for line in chosen.cases.read_text().splitlines()]
        mirrors = dict(pair.split("=", 1) for pair in chosen.mirror)
        yield from quality(cases, mirrors, history=not chosen.no_history)
    if not chosen.clone:
        return
    yield bare_start()
    with tempfile.TemporaryDirectory() as folder:
        for clone in [joined(chosen.clone, Path(folder))] if chosen.together else chosen.clone:
            issue = chosen.issue.read_text() if chosen.issue else _git(clone, "log", "-1", "--format=%B")
            yield from speed(clone.resolve(), issue, chosen.runs)


def main() -> int:
    """Measure, print, and tell by the exit code whether a bar was missed."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--cases", type=Path, help="cases with known answers, one JSON object a line")
    parser.add_argument("--mirror", action="append", default=[], metavar="OWNER/NAME=GITDIR")
    parser.add_argument("--no-history", action="store_true", help="as in a checkout of depth 1")
    parser.add_argument("--clone", action="append", default=[], type=Path, metavar="DIR", help="time this clone")
    parser.add_argument("--together", action="store_true", help="time the clones as one tree")
    parser.add_argument("--issue", type=Path, help="issue text for the clones")
    parser.add_argument("--runs", type=int, default=5)
    parser.add_argument("--json", action="store_true", help="print the figures as JSON")
    chosen = parser.parse_args()
    figures = list(measure(chosen))
    if chosen.json:
        print(json.dumps([asdict(one) for one in figures], indent=1))
    else:
        show(figures)
    return 1 if any(one.verdict == "MISSED" for one in figures) else 0


if __name__ == "__main__":
    sys.exit(main())
