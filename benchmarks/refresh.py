"""How many documents of removed Kubernetes APIs, from the history of real repositories, the rules alone make valid.

Takes git directories by path and walks all files that their history holds (or that of one revision), each distinct
document once:

    python benchmarks/refresh.py --clone /path/to/git/directory[@REVISION] [--clone ...] [--kubernetes-version 1.33]

A document counts as valid when the strict schema of that release takes it; a key that stood twice before is not held
against it, since a schema does not see that. Three readings beside it: what a bump of
the apiVersion alone would have reached, whether a second run finds anything to change, and whether every comment is
still there.
Documents in templates are counted apart: they cannot be held against a schema without being rendered.
"""

from __future__ import annotations

import argparse
import json
import re
import resource
import subprocess
import sys
from collections import Counter
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from bot.checks.kubernetes import check
from bot.manifests.kubernetes import apply, migrate, newest, oldest, parse_version, scan, validate
from bot.manifests.kubernetes.groups import move
from bot.manifests.kubernetes.schemas import is_built_in, lifetime
from bot.manifests.kubernetes.validation import REPEATED

if TYPE_CHECKING:
    from collections.abc import Iterator

    from bot.manifests.kubernetes import Document, Due, Version

BAR = 0.97
SPEED_BAR = 1.0
_SUFFIXES = (".yaml", ".yml", ".json")
_LARGEST = 4_000_000
_FOREIGN = {"node_modules", "vendor"}
"""Folders of other people's files, which a refresh leaves alone as well."""
_AHEAD = 200
_UNSTABLE = re.compile(rb"apiVersion[\"']?[ \t]*:[ \t]*[\"']?[\w./]+(?:alpha|beta)\d")
"""No stable API was ever removed, so files without another need not be looked at."""


@dataclass
class Count:
    """What was found in one clone, or in all."""

    outcomes: Counter[str] = field(default_factory=Counter)
    reasons: Counter[str] = field(default_factory=Counter)
    examples: dict[str, str] = field(default_factory=dict)

    def add(self, other: Count) -> None:
        """Take the figures of another in."""
        self.outcomes += other.outcomes
        self.reasons += other.reasons
        self.examples = other.examples | self.examples

    def share(self, outcome: str) -> float:
        """The part of the plain documents with that outcome."""
        return self.outcomes[outcome] / max(1, self.outcomes["documents"])


def blobs(clone: str, revision: str, *, every: bool = False) -> Iterator[tuple[str, str]]:
    """Path and text of every distinct YAML and JSON file below the revision, its history included.

    Only those that name an alpha or beta API, unless `every` is asked for.
    """
    listed = _git(clone, "rev-list", "--objects", "--missing=allow-any", revision)
    pairs = (line.partition(" ")[::2] for line in listed.splitlines() if line.endswith(_SUFFIXES))
    named = {name: path for name, path in pairs if not _FOREIGN & set(path.split("/"))}
    names = list(named)
    reader = subprocess.Popen(
        ["git", "-C", clone, "cat-file", "--batch"], stdin=subprocess.PIPE, stdout=subprocess.PIPE
    )
    with reader:
        assert reader.stdin  # noqa: S101 - the pipe was asked for above
        assert reader.stdout  # noqa: S101 - as above
        for start in range(0, len(names), _AHEAD):
            asked = names[start : start + _AHEAD]
            reader.stdin.write("".join(f"{name}\n" for name in asked).encode())
            reader.stdin.flush()
            for name in asked:
                head = reader.stdout.readline().split()
                if len(head) < 3:
                    continue
                content = reader.stdout.read(int(head[2]) + 1)[:-1]
                if len(content) <= _LARGEST and (every or _UNSTABLE.search(content)):
                    yield named[name], content.decode("utf-8", "replace")
        reader.stdin.close()


def _git(clone: str, *arguments: str) -> str:
    done = subprocess.run(["git", "-C", clone, *arguments], capture_output=True, check=True)
    return done.stdout.decode(errors="replace")


def measure(files: Iterator[tuple[str, str]], version: Version) -> Count:
    """Judge every distinct document of a removed API."""
    count, seen = Count(), set[str]()
    for path, text in files:
        migration = migrate(path, text, version)
        documents = scan(path, text) if migration.findings else []
        places = {one.line: index for index, one in enumerate(documents)}
        fresh = []
        for due in migration.findings:
            index = places[due.line]
            key = f"{due.id} {text[documents[index].start : documents[index].end]}"
            if key not in seen:
                seen.add(key)
                fresh.append((due, index))
        if fresh:
            result = apply(text, migration.edits)
            _whole_file(path, text, result, version, count)
            after = scan(path, result)
            for due, index in fresh:
                _judge(due, documents[index], after[index], version, count)
                count.outcomes["bump alone"] += _is_bump_enough(due, documents[index], text, version)
    return count


def _judge(due: Due, before: Document, after: Document, version: Version, count: Count) -> None:
    if before.template or before.node is None:
        count.outcomes["templates"] += 1
        count.outcomes[f"templates {due.outcome}"] += 1
        return
    count.outcomes["documents"] += 1
    problem = _problem(after, version)
    count.outcomes["valid"] += not problem
    if due.new and _was_valid(before):
        count.outcomes["in order"] += 1
        count.outcomes["in order valid"] += not problem
    if problem:
        reason = f"{due.old} {due.kind}: {due.outcome}: {problem if due.outcome == 'migrated' else due.message}"
        count.reasons[reason] += 1
        count.examples.setdefault(reason, f"{before.path}:{due.line}")


def _was_valid(before: Document) -> bool:
    """Whether the document was a valid object of its old kind, in the last release that had it."""
    life = lifetime(before.gvk)
    assert before.node is not None  # noqa: S101 - asked by the caller
    problems = validate(before.node, before.gvk, max(life[1], oldest())) if life else None
    return not any(one.severity == "error" for one in problems or [])


def _is_bump_enough(due: Due, before: Document, text: str, version: Version) -> bool:
    """Whether the first edit, which is that of the apiVersion, would have been enough."""
    if before.template or before.node is None or not due.edits:
        return False
    head, span = due.edits[0], text[before.start : before.end]
    moved = head._replace(start=head.start - before.start, end=head.end - before.start)
    first = before.line - text.count("\n", 0, before.start)
    bumped = next((one for one in scan(before.path, apply(span, [moved])) if one.line == first), None)
    return bumped is not None and not _problem(bumped, version)


def _problem(document: Document, version: Version) -> str:
    """Why a document is not strictly valid, or empty. A kind without a schema counts as valid once it has moved."""
    if document.node is None:
        return document.broken
    problems = validate(document.node, document.gvk, version)
    if problems is None:
        return "" if _moved(document, version) else "not served"
    counted = (one for one in problems if one.severity == "error" and not (document.partial and one.missing))
    return next((one.message for one in counted if one.check != REPEATED), "")


def _moved(document: Document, version: Version) -> bool:
    return not is_built_in(document.gvk) and move(document.gvk, version) is None


def _whole_file(path: str, text: str, result: str, version: Version, count: Count) -> None:
    count.outcomes["files"] += 1
    again = migrate(path, result, version)
    count.outcomes["changed by a second run"] += bool(again.edits)
    lost = Counter(_comments(text)) - Counter(_comments(result))
    count.outcomes["files with a lost comment"] += bool(lost)
    count.outcomes["files with other line ends"] += ("\r\n" in text) != ("\r\n" in result)


def _comments(text: str) -> Iterator[str]:
    return (line.strip() for line in text.splitlines() if line.lstrip().startswith("#"))


def speed(clone: str, version: Version, runs: int) -> float:
    """Seconds of processor time to scan and check 1,000 manifests in memory, the best of some runs."""
    files = [(path, text) for path, text in blobs(clone, "HEAD", every=True) if len(text) < 20_000]
    documents = sum(len(scan(path, text)) for path, text in files)
    best = float("inf")
    for _ in range(runs):
        began, done = resource.getrusage(resource.RUSAGE_SELF), 0
        while done < 1000:
            for path, text in files:
                check(path, text, version)
            done += documents
        ended = resource.getrusage(resource.RUSAGE_SELF)
        best = min(best, (ended.ru_utime - began.ru_utime + ended.ru_stime - began.ru_stime) * 1000 / done)
    return best


def show(name: str, count: Count) -> None:
    """One line of the table."""
    figures = count.outcomes
    print(
        f"{name:44}{figures['files']:6}{figures['documents']:7}{figures['valid']:7}{count.share('valid'):8.1%}"
        f"{count.share('bump alone'):8.1%}{figures['changed by a second run']:8}"
        f"{figures['files with a lost comment']:9}{figures['templates']:10}{figures['templates migrated']:9}"
    )


def main() -> int:
    """Measure the clones that the arguments name."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--clone", action="append", required=True, metavar="GITDIR[@REVISION]")
    parser.add_argument("--kubernetes-version", default=str(newest()))
    parser.add_argument("--runs", type=int, default=3, help="runs of the speed measurement")
    parser.add_argument("--reasons", type=int, default=15, help="reasons shown for what stays invalid")
    parser.add_argument("--json", action="store_true")
    chosen = parser.parse_args()
    version = parse_version(chosen.kubernetes_version)
    if version is None:
        parser.error(f"no known release: {chosen.kubernetes_version}")
    whole = Count()
    names = {}
    for clone in chosen.clone:
        place, _, revision = clone.partition("@")
        names[clone] = measure(blobs(place, revision or "HEAD"), version)
        whole.add(names[clone])
    seconds = speed(chosen.clone[0].partition("@")[0], version, chosen.runs)
    if chosen.json:
        print(json.dumps({"figures": dict(whole.outcomes), "share": whole.share("valid"), "speed": seconds}, indent=1))
        return 0
    print(
        f"{'':44}{'files':>6}{'docs':>7}{'valid':>7}{'share':>8}"
        f"{'bump':>8}{'again':>8}{'comments':>9}{'templates':>10}{'moved':>9}"
    )
    for clone, count in (*names.items(), ("all", whole)):
        show(clone[-44:], count)
    verdict = "met" if whole.share("valid") >= BAR else "missed"
    sound = whole.outcomes["in order valid"] / max(1, whole.outcomes["in order"])
    print(f"of the {whole.outcomes['in order']} that were valid as what they were and have a successor: {sound:.1%}")
    print(f"valid for {version} by rules alone: {whole.share('valid'):.1%}, bar {BAR:.0%}: {verdict}")
    verdict = "met" if seconds <= SPEED_BAR else "missed"
    print(f"1,000 manifests scanned and checked: {seconds:.2f} s, bar {SPEED_BAR} s: {verdict}")
    for reason, number in whole.reasons.most_common(chosen.reasons):
        print(f"{number:6}  {reason[:200]}  ({whole.examples[reason]})")
    return 0


if __name__ == "__main__":
    sys.exit(main())
