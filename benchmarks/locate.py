"""How well and how fast `bot.locate` finds the files of a change, read straight from git objects.

Quality, on cases with known answers (one JSON object a line: `repository`, `commit`, `text`, `gold_files`):

    python benchmarks/locate.py --cases cases.jsonl --mirror owner/name=/path/to/git/directory [--mirror ...]

Speed and memory, on one tree, with the commit's own message as the issue unless a file is given:

    python benchmarks/locate.py --tree /path/to/git/directory --commit SHA [--issue FILE]
"""

from __future__ import annotations

import argparse
import json
import resource
import subprocess
import sys
import time
from collections import defaultdict, deque
from contextlib import closing
from itertools import islice
from pathlib import Path
from typing import TYPE_CHECKING, Any

from bot.locate import locate

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence

BARS = {1: 0.52, 3: 0.76, 5: 0.81, 10: 0.85, 30: 0.91}
"""Share of cases with all changed files among the first so many, which has to be beaten."""
SECONDS_BAR, MEGABYTES_BAR = 1.0, 300
_AHEAD = 250
"""Object names sent ahead of reading: few enough for a pipe's buffer, so that neither side waits for the other."""


class GitTree:
    """The files of a commit, read with `git cat-file --batch`; `seconds` is the time spent waiting for it."""

    def __init__(self, git_dir: str, commit: str) -> None:
        self.sizes: dict[str, int] = {}
        self.seconds = 0.0
        self._objects: dict[str, str] = {}
        listing = _git(git_dir, "ls-tree", "-r", "-l", "-z", commit)
        for entry in filter(None, listing.split("\0")):
            meta, _, path = entry.partition("\t")
            mode, _, name, size = meta.split()
            if mode.startswith("100") and size.isdigit():
                self.sizes[path] = int(size)
                self._objects[path] = name
        self._git = subprocess.Popen(
            ["git", "-C", git_dir, "cat-file", "--batch"], stdin=subprocess.PIPE, stdout=subprocess.PIPE
        )

    def read(self, paths: Sequence[str]) -> Iterator[tuple[str, bytes]]:
        """The files as git delivers them, which goes on reading while the caller looks at the last one."""
        waiting = iter(paths)
        asked: deque[str] = deque()
        while True:
            if len(asked) < _AHEAD:
                more = list(islice(waiting, _AHEAD))
                self._ask(more)
                asked.extend(more)
            if not asked:
                return
            start = time.perf_counter()
            data = self._answer()
            self.seconds += time.perf_counter() - start
            yield asked.popleft(), data

    def _ask(self, paths: Sequence[str]) -> None:
        assert self._git.stdin is not None  # noqa: S101 - the pipe was asked for above
        self._git.stdin.write("".join(f"{self._objects[path]}\n" for path in paths).encode())
        self._git.stdin.flush()

    def _answer(self) -> bytes:
        assert self._git.stdout is not None  # noqa: S101 - the pipe was asked for above
        size = int(self._git.stdout.readline().split()[2])
        data = self._git.stdout.read(size)
        self._git.stdout.read(1)
        return data

    def close(self) -> None:
        """Let git go."""
        self._git.communicate()


def _git(git_dir: str, *arguments: str) -> str:
    done = subprocess.run(["git", "-C", git_dir, *arguments], capture_output=True, check=True)
    return done.stdout.decode(errors="surrogateescape")


def worst_rank(case: Mapping[str, Any], git_dir: str) -> int:
    """The rank (1 is first) of the case's lowest-ranked file; 999 when one is not among the first 30."""
    with closing(GitTree(git_dir, case["commit"])) as tree:
        ranked = [place.path for place in locate(case["text"], tree, 30)]
    ranks = {path: rank for rank, path in enumerate(ranked, start=1)}
    return max(ranks.get(path, 999) for path in case["gold_files"])


def show_quality(cases: Sequence[Mapping[str, Any]], mirrors: Mapping[str, str]) -> None:
    """Print the share of cases found for the two halves, the whole and each repository, under the bars.

    Whoever tunes weights looks at the even lines only, so that the odd ones stay a fair check.
    """
    groups: dict[str, list[int]] = defaultdict(list)
    for number, case in enumerate(cases):
        if case["repository"] not in mirrors:
            groups["(no mirror: left out)"].append(999)
            continue
        rank = worst_rank(case, mirrors[case["repository"]])
        half = "odd lines" if number % 2 else "even lines"
        for group in (half, "all", case["repository"]):
            groups[group].append(rank)
    print(f"{'':24}{'cases':>6}" + "".join(f"{'@' + str(first):>8}" for first in BARS))
    print(f"{'bars':24}{'':>6}" + "".join(f"{bar:8.3f}" for bar in BARS.values()))
    for group, ranks in sorted(groups.items(), key=lambda item: -len(item[1])):
        shares = (sum(rank <= first for rank in ranks) / len(ranks) for first in BARS)
        print(f"{group:24}{len(ranks):6}" + "".join(f"{share:8.3f}" for share in shares))


def show_speed(git_dir: str, commit: str, issue: str) -> None:
    """Print seconds and peak memory for one tree."""
    start = time.perf_counter()
    with closing(GitTree(git_dir, commit)) as tree:
        listed = time.perf_counter() - start
        start = time.perf_counter()
        places = locate(issue, tree, 30)
        total = time.perf_counter() - start
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
    print(f"files {len(tree.sizes)}, {sum(tree.sizes.values()) / 1e6:.1f} MB; listing the tree {listed:.2f} s")
    print(f"locate {total:.2f} s (bar {SECONDS_BAR} s), of which {tree.seconds:.2f} s waiting for git")
    print(f"peak memory {peak:.0f} MB (bar {MEGABYTES_BAR} MB)")
    for place in places[:5]:
        print(f"  {place.score:6.3f}  {place.path}  {'; '.join(place.why[:3])}")


def main() -> int:
    """Run the part that the arguments ask for."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--cases", type=Path, help="cases with known answers, one JSON object a line")
    parser.add_argument("--mirror", action="append", default=[], metavar="OWNER/NAME=GITDIR")
    parser.add_argument("--tree", metavar="GITDIR", help="time this repository instead")
    parser.add_argument("--commit", default="HEAD")
    parser.add_argument("--issue", type=Path, help="issue text for --tree")
    chosen = parser.parse_args()
    if chosen.cases:
        lines = chosen.cases.read_text().splitlines()
        show_quality([json.loads(line) for line in lines], dict(pair.split("=", 1) for pair in chosen.mirror))
    if chosen.tree:
        message = "log", "-1", "--format=%B", chosen.commit
        issue = chosen.issue.read_text() if chosen.issue else _git(chosen.tree, *message)
        show_speed(chosen.tree, chosen.commit, issue)
    return 0


if __name__ == "__main__":
    sys.exit(main())
