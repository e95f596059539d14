"""How surely quotes of a reviewing model are placed, and whether suggestions apply, over real commits of real clones.

Each case is a place in the diff of a real commit and a change of it that is known to be meant. A reply quotes that
place with one of the slips that models make; what the reviewer's core makes of the reply is held against what was
meant, by means that share no code with it: the lines of hunks come from git's headers, suggestions are applied by the
rules of this file.

    python benchmarks/review.py --clone /path/to/clone [--clone ...] [--runs 60]

`--runs` is the number of commits looked at in each clone. A commit range large enough (300 files, 20,000 lines) is
reviewed as one pull request with a model that answers at once: what is left is our own time.
"""

from __future__ import annotations

import argparse
import json
import random
import re
import subprocess
import sys
import time
from collections import Counter, defaultdict
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from bot.adapters.worktree import GitWorktree
from bot.app import SystemClock
from bot.core.anchors import Unplaced
from bot.core.diffs import read_diff
from bot.core.remarks import locate
from bot.core.reviews import LineComment, objection
from bot.pipeline.review import ReviewOrder, review
from bot.pipeline.review_reading import read_findings
from bot.pipeline.stopwatch import Stopwatch
from bot.pipeline.values import Limits, Tools
from bot.ports import Completion

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Sequence

    from bot.core.diffs import DiffFile
    from bot.core.remarks import Remark

RIGHT_BAR, WRONG_BAR, APPLIES_BAR = 98.0, 0.0, 100.0
"""Percent: quotes placed right, quotes placed wrong, suggestions that make exactly the intended file."""
FILES_BAR, LINES_BAR = 300, 20_000
_OPTIONS = ("--no-color", "--no-ext-diff", "--no-textconv", "-M", "--src-prefix=a/", "--dst-prefix=b/")
_LARGEST = 200_000
_HUNK = re.compile(r"@@ -\d+(?:,\d+)? \+(\d+)(?:,(\d+))? @@")
_WORD = re.compile(r"[A-Za-z_]{4,}")


@dataclass(frozen=True)
class Case:
    """Lines `start` to `stop` (from 0) of a file are meant to become `new`; `seen` are the line ranges of its hunks."""

    file: DiffFile
    text: str
    start: int
    stop: int
    new: list[str]
    seen: list[range]

    @property
    def old(self) -> list[str]:
        """The lines as they are."""
        return self.text.split("\n")[self.start : self.stop]

    @property
    def meant(self) -> str:
        """The file as it shall be."""
        lines = self.text.split("\n")
        return "\n".join([*lines[: self.start], *self.new, *lines[self.stop :]])


def git(clone: str, *words: str) -> str:
    """The output of git, whose bytes that are no UTF-8 are marked."""
    done = subprocess.run(["git", "-C", clone, *words], capture_output=True, check=True)
    return done.stdout.decode("utf-8", "replace")


def cases(clone: str, commits: int, chance: random.Random) -> Iterator[Case]:
    """Up to two places in each file that the newest commits changed; a partial clone lacks some commits' files."""
    for row in git(clone, "log", "--no-merges", "--format=%H %P", f"-{commits}", "HEAD", "--").splitlines():
        sha, _, parent = row.partition(" ")
        try:
            yield from _cases_of(clone, sha, parent, chance) if parent else ()
        except subprocess.CalledProcessError:
            print(f"not all of {sha} is in {clone}: left out", file=sys.stderr)


def _cases_of(clone: str, sha: str, parent: str, chance: random.Random) -> Iterator[Case]:
    for file in read_diff(git(clone, "diff", *_OPTIONS, parent, sha))[:8]:
        if file.status == "removed" or not file.hunks:
            continue
        text = git(clone, "show", f"{sha}:{file.path}")
        if "\ufffd" in text or "\r" in text or len(text) > _LARGEST:
            continue
        seen = _seen(git(clone, "diff", *_OPTIONS, parent, sha, "--", *filter(None, (file.previous, file.path))))
        yield from filter(None, (_case(file, text, seen, chance) for _ in range(2)))


def _seen(diff: str) -> list[range]:
    """The lines after the change that hunks cover, read from their headers alone."""
    found = (_HUNK.match(line) for line in diff.split("\n"))
    return [range(int(one[1]), int(one[1]) + int(one[2] or 1)) for one in found if one]


def _case(file: DiffFile, text: str, seen: list[range], chance: random.Random) -> Case | None:
    """Two to five lines round a new one, in one of which a word is to be changed, or which get or lose a line."""
    added = [line for hunk in file.hunks for line in hunk.added]
    lines = text.split("\n")
    if not added:
        return None
    at = chance.choice(added) - 1
    hunk = next((one for one in seen if at + 1 in one), None)
    if hunk is None:
        return None
    start = max(hunk.start - 1, at - chance.randint(0, 2))
    stop = min(hunk.stop - 1, len(lines), at + 1 + chance.randint(0, 2))
    old = lines[start:stop]
    if len("".join(old).strip()) < 12 or not _WORD.search(lines[at]):
        return None
    new = list(old)
    kind = chance.choice(["word", "word", "line", "gone"])
    if kind == "word":
        new[at - start] = _WORD.sub(lambda found: found[0] + "_new", new[at - start], count=1)
    elif kind == "line":
        indent = re.match(r"\s*", lines[at])
        new.insert(at - start + 1, f"{indent[0] if indent else ''}inserted_by_the_review(1)")
    elif len(old) > 1:
        del new[at - start]
    return Case(file, text, start, stop, new, seen) if new != old else None


# ---- the slips: from a case to a quote, its replacement, and the case (which a slip may need to be another one)

Slip = tuple[Case, list[str], list[str]] | None


def exact(case: Case, _chance: random.Random) -> Slip:
    """As it stands."""
    return case, case.old, case.new


def deeper(case: Case, _chance: random.Random) -> Slip:
    """All lines indented by four spaces more."""
    return case, [_indented(line) for line in case.old], [_indented(line) for line in case.new]


def _indented(line: str) -> str:
    return f"    {line}" if line.strip() else line


def shallow(case: Case, _chance: random.Random) -> Slip:
    """All lines moved left as far as they go together."""
    depths = [len(line) - len(line.lstrip()) for line in (*case.old, *case.new) if line.strip()]
    if not min(depths):
        return None
    return case, [line[min(depths) :] for line in case.old], [line[min(depths) :] for line in case.new]


def trailing(case: Case, chance: random.Random) -> Slip:
    """Trailing spaces that the file does not have."""
    spaces = " " * chance.randint(1, 3)
    return case, [line + spaces for line in case.old], [line + spaces for line in case.new]


def diff_marks(case: Case, _chance: random.Random) -> Slip:
    """The diff's first column copied along."""
    added = {line for hunk in case.file.hunks for line in hunk.added}
    marked = [("+" if case.start + 1 + at in added else " ") + line for at, line in enumerate(case.old)]
    return case, marked, [f"+{line}" for line in case.new]


def one_too_many(case: Case, _chance: random.Random) -> Slip:
    """A blank line in both halves that the file does not have."""
    if len(case.old) < 3 or case.old[0] != case.new[0] or not case.old[0].strip() or not case.old[1].strip():
        return None
    return case, [case.old[0], "", *case.old[1:]], [case.new[0], "", *case.new[1:]]


def one_too_few(case: Case, _chance: random.Random) -> Slip:
    """A blank line of the file left out of both halves."""
    lines = case.text.split("\n")
    start = case.start - 2
    if start < 0 or lines[start + 1].strip() or not lines[start].strip() or not case.old[0].strip():
        return None
    wider = Case(case.file, case.text, start, case.stop, [*lines[start : case.start], *case.new], case.seen)
    return wider, [lines[start], *case.old], [lines[start], *case.new]


def same_again(case: Case, _chance: random.Random) -> Slip:
    """The same lines stand once more at the end of the file, outside of the diff."""
    return _with_copy(case, case.old)


def much_like(case: Case, _chance: random.Random) -> Slip:
    """Lines that differ in one word stand at the end of the file."""
    copy = list(case.old)
    at = next((at for at, line in enumerate(copy) if _WORD.search(line)), None)
    if at is None:
        return None
    copy[at] = _WORD.sub(lambda found: found[0] + "_other", copy[at], count=1)
    return _with_copy(case, copy)


def _with_copy(case: Case, copy: list[str]) -> Slip:
    body = case.text if case.text.endswith("\n") else case.text + "\n"
    if len(case.text.split("\n")) - case.stop < 8:
        return None
    other = Case(case.file, "\n".join([body, "", *copy, ""]), case.start, case.stop, case.new, case.seen)
    return other, case.old, case.new


SLIPS: tuple[Callable[[Case, random.Random], Slip], ...] = (
    exact, deeper, shallow, trailing, diff_marks, one_too_many, one_too_few, same_again, much_like,
)  # fmt: skip


def reply(path: str, old: Sequence[str], new: Sequence[str], line: int) -> str:
    """A finding as a model writes it, with a claim about the line that is wrong."""
    return "\n".join(
        ["### FINDING", f"File: {path}:{line}", "Severity: high", "Category: bug", f"Title: Line {line} is wrong",
         f"Reason: See line {line}.", "<<<<<<< SEARCH", *old, "=======", *new, ">>>>>>> REPLACE"]
    )  # fmt: skip


# ---- the verdicts


def applied(text: str, first: int, last: int, body: str) -> str | None:
    """The file once somebody committed the suggestion in the comment's body; None when there is no block."""
    found = re.search(r"^(`{3,})suggestion\n(.*?)^\1`*$", body, re.MULTILINE | re.DOTALL)
    if not found:
        return None
    lines = text.split("\n")
    return "\n".join([*lines[: first - 1], *found[2].split("\n")[:-1], *lines[last:]])


def is_ambiguous(case: Case, old: Sequence[str]) -> bool:
    """Whether the quote, white space aside, stands in several places that the change brought in: nobody could tell."""
    wanted = [line for line in ("".join(line.split()).removeprefix("+") for line in old) if line]
    lines = [(at, "".join(line.split())) for at, line in enumerate(case.text.split("\n"), 1) if line.strip()]
    added = {line for hunk in case.file.hunks for line in hunk.added}
    places = 0
    for start in range(len(lines) - len(wanted) + 1):
        window = lines[start : start + len(wanted)]
        same = all(line.removeprefix("+") == other for (_, line), other in zip(window, wanted, strict=True))
        places += same and any(at in added for at, _ in window)
    return places > 1


def judge(case: Case, remark: Remark | Unplaced | None) -> str:
    """`right`, `wrong`, or `refused` when it was not placed, or only named in the review's body."""
    if remark is None or isinstance(remark, Unplaced) or (remark.anchor is None and remark.change is None):
        return "refused"
    if remark.change is not None:
        return "right" if remark.change.after == case.meant else "wrong"
    return "right" if remark.first <= case.stop and case.start + 1 <= remark.last else "wrong"


def applies(case: Case, remark: Remark) -> str:
    """What became of the change: `button`, `proposal`, or what is wrong with the button."""
    if remark.suggestion is None or remark.anchor is None:
        return "proposal" if remark.change else "remark only"
    anchor = remark.anchor
    if not any(anchor.first in hunk and anchor.last in hunk for hunk in case.seen):
        return "outside of a hunk"
    if objection(LineComment(anchor.path, anchor.side, anchor.first, anchor.last, "x"), case.file):
        return "refused by our own rules"
    after = applied(case.text, anchor.first, anchor.last, remark.suggestion.block())
    return "button" if after == case.meant else "another file"


@dataclass
class Tally:
    """Verdicts by slip, ends by kind, and examples of what went wrong."""

    verdicts: dict[str, Counter[str]]
    ends: Counter[str]
    wrong: list[str]
    refused: list[str]


def measure(clones: Sequence[str], commits: int, seed: int) -> Tally:
    """Put every slip to every case."""
    tally = Tally(defaultdict(Counter), Counter(), [], [])
    for clone in clones:
        chance = random.Random(seed)  # noqa: S311 - cases have to be the same each time
        for case in cases(clone, commits, chance):
            for slip in SLIPS:
                _measure(slip, case, chance, tally)
    return tally


def _measure(slip: Callable[[Case, random.Random], Slip], whole: Case, chance: random.Random, tally: Tally) -> None:
    found = slip(whole, chance)
    if found is None:
        return
    case, old, new = found
    findings = list(read_findings(reply(case.file.path, old, new, chance.randint(1, 9999)), [case.file.path]))
    remark = locate(findings[0], case.file, case.text, case.file.hunks) if len(findings) == 1 else None
    verdict = judge(case, remark)
    ambiguous = is_ambiguous(case, old)
    tally.verdicts["(ambiguous)" if ambiguous else slip.__name__][verdict] += 1
    if verdict == "refused" and not ambiguous:
        tally.refused.append(_example(slip, "refused", case, old, new))
    if remark is not None and not isinstance(remark, Unplaced):
        end = applies(case, remark)
        tally.ends[end] += 1
        if verdict == "wrong" or end not in {"button", "proposal", "remark only"}:
            tally.wrong.append(_example(slip, end, case, old, new))


def _example(slip: Callable[..., Slip], end: str, case: Case, old: Sequence[str], new: Sequence[str]) -> str:
    return "\n".join([f"{slip.__name__}: {end}: {case.file.path}:{case.start + 1}-{case.stop}", repr(old), repr(new)])


# ---- the large pull request


class AtOnce:
    """A model that answers at once, quoting the last new line that it was shown."""

    def warm(self) -> None:
        """Nothing to start."""

    def close(self) -> None:
        """Nothing to let go of."""

    def slots(self, _tokens: int) -> int:
        """No limits."""
        return 8

    def complete(self, messages: Sequence[Any], **_options: Any) -> Completion:
        """Find fault with the longest new line of each file."""
        parts = []
        for found in re.finditer(r"<diff \w+> (\S+) .*?\n(.*?)\n</diff", messages[-1].content, re.DOTALL):
            new = [line[1:] for line in found[2].split("\n") if line.startswith("+") and len(line) > 20]
            if new:
                line = max(new, key=len)
                parts.append(reply(found[1], [line], [line + " # checked"], 1))
        return Completion("\n".join(parts[:8]), "stop", "at-once", 1, 1, 0.0, 0.0)


def large(clone: str) -> dict[str, Any] | None:
    """Review the shortest range of first parents that has enough files and lines; None when there is none."""
    tips = git(clone, "rev-list", "--first-parent", "-3000", "HEAD").split()
    for back in range(20, len(tips), 20):
        stat = git(clone, "diff", "--shortstat", tips[back], tips[0])
        files, *counts = (int(number) for number in re.findall(r"\d+", stat)) if stat else (0,)
        if files >= FILES_BAR and sum(counts) >= LINES_BAR:
            break
    else:
        return None
    diff = git(clone, "diff", *_OPTIONS, tips[back], tips[0])
    order = ReviewOrder(tips[0], diff, "0123456789", limits=Limits(seconds=300))
    clock = SystemClock()
    tools = Tools(GitWorktree(Path(clone)), AtOnce(), None, clock)  # type: ignore[arg-type]  # no command is run
    began, worked = time.perf_counter(), time.process_time()
    reviewed = review(order, tools, Stopwatch(clock))
    return {
        "files": files,
        "lines": sum(counts),
        "reviewed": len(reviewed.coverage.reviewed),
        "left": len(reviewed.coverage.left),
        "skipped": len(reviewed.coverage.skipped),
        "remarks": len(reviewed.kept),
        "seconds": round(time.perf_counter() - began, 2),
        "cpu-seconds": round(time.process_time() - worked, 2),
        "phases": dict(reviewed.figures.phases),
    }


def _percent(part: int, whole: int) -> float:
    return round(100 * part / whole, 2) if whole else 0.0


def main() -> int:
    """Measure, print, and say by the exit code whether every bar is met."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--clone", action="append", required=True, metavar="DIR", help="a git directory; repeatable")
    parser.add_argument("--runs", type=int, default=60, metavar="N", help="commits of each clone (default 60)")
    parser.add_argument("--seed", type=int, default=1, help="chooses places and slips")
    parser.add_argument("--large", metavar="DIR", help="a clone whose history has a large enough range")
    parser.add_argument("--json", action="store_true", help="print JSON")
    options = parser.parse_args()
    tally = measure(options.clone, options.runs, options.seed)
    unclear = tally.verdicts.pop("(ambiguous)", Counter())
    verdicts = sum(tally.verdicts.values(), Counter[str]())
    total, ends = sum(verdicts.values()), tally.ends
    buttons = ends["button"] + ends["another file"] + ends["outside of a hunk"] + ends["refused by our own rules"]
    rows = [
        ("placed right, %", f">= {RIGHT_BAR}", _percent(verdicts["right"], total)),
        ("placed wrong, all cases", f"<= {WRONG_BAR:.0f}", verdicts["wrong"] + unclear["wrong"]),
        ("suggestions that apply as meant, %", f">= {APPLIES_BAR}", _percent(ends["button"], buttons)),
    ]
    met = [rows[0][2] >= RIGHT_BAR, rows[1][2] <= WRONG_BAR, rows[2][2] >= APPLIES_BAR]
    big = large(options.large) if options.large else None
    if options.json:
        slips = {name: dict(counts) for name, counts in tally.verdicts.items()}
        found = {"cases": total, "slips": slips, "ambiguous": unclear, "ends": ends, "wrong": tally.wrong, "large": big}
        print(json.dumps(found))
        return 0 if all(met) else 1
    for name, counts in tally.verdicts.items():
        share = _percent(counts["right"], sum(counts.values()))
        print(f"{name:>14} {sum(counts.values()):>6} cases {share:>7} % right {counts['wrong']:>4} wrong")
    print(f"beside these, {sum(unclear.values())} quotes that stand in several new places alike: {dict(unclear)}")
    print(f"ends: {dict(ends)}\n")
    for (what, bar, figure), holds in zip(rows, met, strict=True):
        print(f"{what:<36} bar {bar:<8} {figure:<8} {'met' if holds else 'NOT MET'}")
    print("\n".join([*tally.wrong[:5], *tally.refused[:5], f"large: {big}" if big else ""]))
    return 0 if all(met) else 1


if __name__ == "__main__":
    sys.exit(main())
