"""How long the in-memory checks take for typical changes, and what they say of real repositories.

Speed: real commits of a clone are checked as the changes that they are, each file before and after, with the files
beside them. Truth: every text file of the newest commit is checked as it stands; what is committed and in use should
have no error, so each one printed is either a broken file or a false alarm.

    python benchmarks/checks.py /path/to/git/directory [...] [--runs 200] [--no-tree] [--json]
"""

from __future__ import annotations

import argparse
import json
import resource
import statistics
import subprocess
import sys
import time
from collections import Counter
from dataclasses import dataclass, field
from pathlib import PurePosixPath
from typing import TYPE_CHECKING

from bot.checks import Finding, check_change, check_files, wanted_beside

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

MEDIAN_BAR = 50.0
"""Milliseconds for a typical change, libraries imported."""
LARGEST_CHANGE = 20
"""Files of a commit that still counts as a change of the size that is proposed."""
SHOWN = 20


@dataclass(slots=True)
class Measured:
    """What was measured of one clone; times are processor milliseconds."""

    name: str
    changes: list[float] = field(default_factory=list)
    first: float = 0.0
    errors_brought_in: list[Finding] = field(default_factory=list)
    files: int = 0
    seconds: float = 0.0
    severities: Counter[str] = field(default_factory=Counter)
    errors: list[Finding] = field(default_factory=list)


class Clone:
    """A git directory, read with `git cat-file --batch`."""

    def __init__(self, git_dir: str) -> None:
        self._dir = git_dir
        self._git = subprocess.Popen(
            ["git", "-C", git_dir, "cat-file", "--batch"], stdin=subprocess.PIPE, stdout=subprocess.PIPE
        )

    def git(self, *words: str) -> str:
        """What a git command prints."""
        done = subprocess.run(["git", "-C", self._dir, *words], capture_output=True, check=True)
        return done.stdout.decode("utf-8", "replace")

    def text(self, name: str) -> str | None:
        """A text by its object's name; None where it is none, or is missing in a partial clone."""
        assert self._git.stdin is not None  # noqa: S101 - the pipes were asked for above
        assert self._git.stdout is not None  # noqa: S101 - as above
        self._git.stdin.write(name.encode() + b"\n")
        self._git.stdin.flush()
        head = self._git.stdout.readline().split()
        if len(head) != 3:
            return None
        data = self._git.stdout.read(int(head[2]))
        self._git.stdout.read(1)
        try:
            return None if b"\0" in data or head[1] != b"blob" else data.decode()
        except UnicodeDecodeError:
            return None

    def tree(self, commit: str) -> dict[str, str]:
        """Path → object of each plain file."""
        entries = (entry.partition("\t") for entry in self.git("ls-tree", "-r", "-z", commit).split("\0") if entry)
        return {path: meta.split()[2] for meta, _, path in entries if meta.startswith("100")}

    def close(self) -> None:
        """End the process that reads."""
        assert self._git.stdin is not None  # noqa: S101 - as above
        self._git.stdin.close()
        self._git.wait()


def commits(clone: Clone, most: int) -> list[tuple[str, list[tuple[str, str, str]]]]:
    """The newest commits with the path, old and new object of each plain file in them."""
    found: list[tuple[str, list[tuple[str, str, str]]]] = []
    out = clone.git("log", f"-{most}", "--no-merges", "--raw", "--no-abbrev", "--no-renames", "--format=commit %H")
    for line in out.split("\n"):
        if line.startswith("commit "):
            found.append((line[7:], []))
        elif line.startswith(":"):
            meta, _, path = line.partition("\t")
            old_mode, new_mode, old, new, _ = meta.split()
            if {old_mode[1:], new_mode} <= {"000000", "100644", "100755"} and not path.startswith('"'):
                found[-1][1].append((path, old, new))
    return [(sha, files) for sha, files in found if 0 < len(files) <= LARGEST_CHANGE]


def measure_changes(clone: Clone, measured: Measured, most: int) -> None:
    """Check the newest commits as changes."""
    for sha, files in commits(clone, most):
        change: dict[str, tuple[str | None, str | None]] = {
            path: (clone.text(old), clone.text(new)) for path, old, new in files
        }
        change = {path: texts for path, texts in change.items() if texts != (None, None)}
        wanted = wanted_beside(list(change), tree := clone.tree(sha)) if any(".tf" in path for path in change) else []
        beside = {path: text for path in wanted if (text := clone.text(tree[path])) is not None}
        started = time.thread_time()
        found = check_change(change, beside)
        measured.changes.append((time.thread_time() - started) * 1000)
        measured.errors_brought_in += (one for one in found if one.severity == "error")


def measure_tree(clone: Clone, measured: Measured) -> None:
    """Check every text file of the newest commit, a folder at a time."""
    folders: dict[str, dict[str, str]] = {}
    for path, name in clone.tree("HEAD").items():
        text = clone.text(name)
        if text is not None:
            folders.setdefault(str(PurePosixPath(path).parent), {})[path] = text
    for files in folders.values():
        started = time.thread_time()
        found = check_files(files)
        measured.seconds += time.thread_time() - started
        measured.files += len(files)
        measured.severities.update(one.severity for one in found)
        measured.errors += (one for one in found if one.severity == "error")


def measure(git_dir: str, runs: int, *, tree: bool) -> Measured:
    """Both measurements of one clone."""
    measured = Measured(git_dir)
    clone = Clone(git_dir)
    try:
        measure_changes(clone, measured, runs)
        if measured.changes:
            measured.first = measured.changes.pop(0)
        if tree:
            measure_tree(clone, measured)
    finally:
        clone.close()
    return measured


def row(measured: Measured) -> Mapping[str, object]:
    """One clone's figures."""
    times = sorted(measured.changes) or [0.0]
    median = statistics.median(times)
    return {
        "clone": measured.name,
        "changes": len(measured.changes),
        "first ms": round(measured.first, 1),
        "median ms": round(median, 1),
        "p95 ms": round(times[int(len(times) * 0.95)], 1),
        "max ms": round(times[-1], 1),
        "bar": MEDIAN_BAR,
        "verdict": "holds" if median <= MEDIAN_BAR else "MISSED",
        "errors brought in": len(measured.errors_brought_in),
        "files": measured.files,
        "ms/file": round(measured.seconds * 1000 / measured.files, 1) if measured.files else None,
        "errors": measured.severities["error"],
        "warnings": measured.severities["warning"],
        "notes": measured.severities["note"],
    }


def show(all_measured: Sequence[Measured]) -> None:
    """Print the table, then the errors."""
    rows = [row(one) for one in all_measured]
    for line in rows:
        print("  ".join(f"{name} {value}" for name, value in line.items()))
    print(f"largest memory: {resource.getrusage(resource.RUSAGE_SELF).ru_maxrss // 1024} MB")
    for measured in all_measured:
        for title, errors in (("brought in", measured.errors_brought_in), ("in the tree", measured.errors)):
            for one in errors[:SHOWN]:
                print(f"{measured.name}: {title}: {one.path}:{one.line}: {one.message} ({one.check})")


def main() -> int:
    """Measure each clone; 1 when a median misses its bar."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("clones", nargs="+", metavar="GIT_DIR")
    parser.add_argument("--runs", type=int, default=200, help="how many commits of each clone are checked")
    parser.add_argument("--no-tree", action="store_true", help="leave the newest commit's files out")
    parser.add_argument("--json", action="store_true", help="print JSON")
    options = parser.parse_args()
    measured = [measure(clone, options.runs, tree=not options.no_tree) for clone in options.clones]
    if options.json:
        print(json.dumps([row(one) for one in measured], indent=1))
    else:
        show(measured)
    return int(any(row(one)["verdict"] == "MISSED" for one in measured))


if __name__ == "__main__":
    sys.exit(main())
