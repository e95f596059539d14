"""How well model replies with the usual defects are applied, measured on real commits of clones given by path.

    python benchmarks/replies.py CLONE... [--commits N] [--runs N] [--json]

Each commit is rendered in the four formats with each defect (`defects.py`), and the reply is applied to the files
before. `wrong` is a result that is not what the commit made of the files, `refused` none at all. Where one right answer
exists, the bar is 95 % right; wrong may be none of all cases. `git apply`, `patch` and, where it is installed, aider
apply the same replies; they are given the diff without the fences and the words round it.
"""

from __future__ import annotations

import argparse
import json
import re
import subprocess
import sys
import tempfile
import time
from collections import Counter, defaultdict
from contextlib import chdir
from importlib import import_module
from importlib.util import find_spec
from pathlib import Path
from typing import TYPE_CHECKING, Final

sys.path.insert(0, str(Path(__file__).parents[1]))

from defects import Case, cases_of
from rendering import commits_of

from bot.replies import apply_reply

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence

RIGHT_BAR: Final = 95.0
SECONDS_BAR: Final = 1.0
Texts = dict[str, str]
Tally = dict[tuple[str, str, str], "Counter[str]"]


def draftgate(case: Case) -> Texts | None:
    """Our own result; None when the reply was refused."""
    result = apply_reply(case.reply, case.before)
    if result.errors:
        return None
    return {path: result.files.get(path, text) or "" for path, text in case.before.items()} | {
        path: text or "" for path, text in result.files.items()
    }


def git_apply(case: Case) -> Texts | None:
    """What plain `git apply` makes of it."""
    return _by_command(case, ["git", "apply", "-"])


def git_apply_loosely(case: Case) -> Texts | None:
    """What `git apply` makes of it when it is told to let pass all that it can."""
    loose = ["--recount", "-C1", "--ignore-whitespace"]
    return _by_command(case, ["git", "apply", *loose, "-"])


def patch(case: Case) -> Texts | None:
    """What `patch` makes of it with the most fuzz that it has."""
    return _by_command(case, ["patch", "--batch", "--silent", "--fuzz=3", "--no-backup-if-mismatch", "-p1"])


def aider(case: Case) -> Texts | None:
    """What aider's search/replace coder makes of it; like it, file by file and block by block."""
    coder = import_module("aider.coders.editblock_coder")
    texts = dict(case.before)
    try:
        blocks = list(coder.find_original_update_blocks(case.reply, ("```", "```"), list(texts)))
    except ValueError:
        return None
    with tempfile.TemporaryDirectory() as folder, chdir(folder):
        for path, old, new in (block for block in blocks if len(block) == 3):  # others are shell commands
            # where nothing is quoted, it makes the file on the disk
            Path(path).parent.mkdir(parents=True, exist_ok=True)
            made = coder.do_replace(path, texts.get(path, ""), old, new, ("```", "```"))
            if made is None:
                return None
            texts[path] = made
    return texts


def _by_command(case: Case, command: Sequence[str]) -> Texts | None:
    diff = "".join(f"{line}\n" for line in case.reply.split("\n") if not re.match(r"(?:`{3,}|~{3,})", line)).rstrip(
        "\n"
    )
    with tempfile.TemporaryDirectory() as folder:
        for path, text in case.before.items():
            target = Path(folder, path)
            target.parent.mkdir(parents=True, exist_ok=True)
            target.write_bytes(text.encode())
        done = subprocess.run(command, cwd=folder, input=f"{diff}\n".encode(), capture_output=True, check=False)
        if done.returncode:
            return None
        return {path: Path(folder, path).read_bytes().decode(errors="replace") for path in case.before}


PEERS: Final[dict[str, tuple[Callable[[Case], Texts | None], str]]] = {
    "git apply": (git_apply, "unified"),
    "git apply, loose": (git_apply_loosely, "unified"),
    "patch --fuzz=3": (patch, "unified"),
    "aider": (aider, "search/replace"),
}


def verdict(case: Case, made: Mapping[str, str] | None) -> str:
    """`right`, `wrong` or `refused`; for a case without one right answer with `unclear, ` before it."""
    word = "refused" if made is None else "right" if dict(made) == dict(case.truth) else "wrong"
    return word if case.after is not None else f"unclear, {word}"


def measure(cases: Iterable[Case], peers: Sequence[str]) -> tuple[Tally, list[str], float]:
    """Verdicts by applier, defect and format; the wrong ones of ours by name; our longest time in CPU seconds."""
    tally: Tally = defaultdict(Counter)
    wrong: list[str] = []
    longest = 0.0
    for case in cases:
        start = time.process_time()
        made = draftgate(case)
        longest = max(longest, time.process_time() - start)
        word = verdict(case, made)
        tally["draftgate", case.defect, case.format][word] += 1
        if word.endswith("wrong"):
            wrong.append(f"{case.commit[:12]} {case.format}: {case.defect}")
        for name in peers:
            apply, kind = PEERS[name]
            if case.format == kind:
                tally[name, case.defect, kind][verdict(case, apply(case))] += 1
    return tally, wrong, longest


def shares(counts: Counter[str]) -> dict[str, float | int]:
    """Percentages of the cases with one right answer, and counts of the others."""
    clear = counts["right"] + counts["wrong"] + counts["refused"]
    return {
        "cases": clear,
        "right": round(100 * counts["right"] / clear, 1) if clear else 0.0,
        "wrong": counts["wrong"],
        "refused": counts["refused"],
        "unclear": counts.total() - clear,
        "unclear_right": counts["unclear, right"],
        "unclear_wrong": counts["unclear, wrong"],
        "unclear_refused": counts["unclear, refused"],
    }


def show(tally: Tally, wrong: Sequence[str], longest: float) -> None:
    """Print the table of ours by defect and format, then one line for each applier, then the bars."""
    print(
        f"{'defect':40}{'format':16}{'cases':>6}{'right %':>9}{'wrong':>7}{'refused':>9}   unclear: right wrong refused"
    )
    for (name, defect, kind), counts in tally.items():
        if name == "draftgate":
            print(f"{defect:40}{kind:16}" + _row(shares(counts)))
    print()
    totals: dict[tuple[str, str], Counter[str]] = defaultdict(Counter)
    for (name, _, kind), counts in tally.items():
        totals[name, kind] += counts
        if name == "draftgate":
            totals[name, "all"] += counts
    for (name, kind), counts in sorted(totals.items()):
        print(f"{name:40}{kind:16}" + _row(shares(counts)))
    ours = shares(totals["draftgate", "all"])
    bad = ours["wrong"] + ours["unclear_wrong"]
    print(f"\nwrong applications: {bad} (bar 0): {_held(not bad)}")
    print(f"right of the clear: {ours['right']} % (bar {RIGHT_BAR} %): {_held(ours['right'] >= RIGHT_BAR)}")
    print(f"longest: {longest:.2f} CPU s (bar {SECONDS_BAR} s): {_held(longest <= SECONDS_BAR)}")
    for line in wrong:
        print(f"  wrong: {line}")


def _held(held: bool) -> str:  # noqa: FBT001 - a verdict in words
    return "held" if held else "MISSED"


def _row(one: Mapping[str, float | int]) -> str:
    unclear = f"{one['unclear_right']:14}{one['unclear_wrong']:6}{one['unclear_refused']:8}"
    return f"{one['cases']:6}{one['right']:9.1f}{one['wrong']:7}{one['refused']:9}{unclear}"


def cases_from(clones: Sequence[Path], commits: int, runs: int) -> Iterator[Case]:
    """All cases of so many commits a clone; each run takes others."""
    for run in range(runs):
        for clone in clones:
            for commit, files in commits_of(clone, commits, f"run {run}"):
                yield from cases_of(commit, files)


def main() -> int:
    """Measure and print; 1 when a bar is missed."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("clones", nargs="+", type=Path, help="git clones, bare or not")
    parser.add_argument("--commits", type=int, default=4, help="commits of each clone (default 4, some 90 cases each)")
    parser.add_argument("--runs", type=int, default=1, help="times that other commits are taken")
    parser.add_argument("--alone", action="store_true", help="do not run the others")
    parser.add_argument("--json", action="store_true", help="print figures only, as JSON")
    chosen = parser.parse_args()
    peers = [] if chosen.alone else [name for name in PEERS if name != "aider" or find_spec("aider")]
    tally, wrong, longest = measure(cases_from(chosen.clones, chosen.commits, chosen.runs), peers)
    if chosen.json:
        rows = [{"applier": a, "defect": d, "format": f, **shares(counts)} for (a, d, f), counts in tally.items()]
        print(json.dumps({"rows": rows, "wrong": wrong, "longest": round(longest, 3)}, indent=1))
    else:
        show(tally, wrong, longest)
    return int(bool(wrong))


if __name__ == "__main__":
    sys.exit(main())
