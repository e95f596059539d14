"""The repository's own checks before and after a change: only what the change brought in counts against it."""

from __future__ import annotations

import re
from collections import Counter
from dataclasses import dataclass
from typing import Literal, assert_never

from bot.core.testreports import JEST_ARROW, Report, plain_lines, read_report

Verdict = Literal["passed", "fixed", "no_new_failure", "new_failure", "timed_out", "unclear", "broken_baseline"]

NOT_STARTED = {126: "not executable", 127: "command not found"}
"""The shell's exit codes for a command that never began (POSIX, "Exit Status for Commands")."""

_SHOWN = 5
_LONGEST_NAME = 120
# What differs between two runs of the same thing: folders, addresses and commit ids, every number.
_FOLDERS = re.compile(r"(?<![\w.])/(?:[\w.@+-]++/)+")
_IDS = re.compile(r"\b0x[0-9a-f]+\b|\b(?=[a-f]*[0-9])[0-9a-f]{7,}\b")
_NUMBERS = re.compile(r"[0-9]+(?:\.[0-9]+)*")
_BAR = re.compile(r"[=_-]{4,}")
# `path.ext:line[:column]: text`, as compilers and linters write it.
_DIAGNOSTIC = re.compile(r"[\w./\\@+-]+\.\w+:N(?::N)?:? \S.*")
_CUT = re.compile(r"^\[… [\d,]+ bytes left out …\]$", re.MULTILINE)


@dataclass(frozen=True, slots=True)
class CommandSpec:
    """One of the repository's configured checks: `run` is a shell line, `seconds` its time limit.

    `network` says that it may reach the network, where it could be kept from it.
    """

    name: str
    run: str
    seconds: float
    network: bool = False


@dataclass(frozen=True, slots=True)
class CommandResult:
    """How a command ended: `code` None means it was stopped for time; `output` is both streams together.

    Long output has lost its middle, with `left_out` in its place.
    """

    name: str
    code: int | None
    output: str
    seconds: float


@dataclass(frozen=True, slots=True)
class CheckOutcome:
    """What a command says about a change.

    `fixed` failed before and do not fail now, `new` fail now only, `remaining` fail both times: names as the runner
    gives them, sorted, hostile text. `reason` is the sentence for what names cannot say, empty when they say it all.
    `ran_before` and `ran_after` count the tests that ran, None where the runner gives no count.

    Verdicts: `passed` both times; `fixed` fails before, passes now; `no_new_failure` fails both times, nothing is new;
    `new_failure`; `timed_out` only now; `unclear`: fails both times and the outputs do not say whether anything is new;
    `broken_baseline`: could not be run before, so there is nothing to compare with.
    """

    name: str
    verdict: Verdict
    fixed: tuple[str, ...] = ()
    new: tuple[str, ...] = ()
    remaining: tuple[str, ...] = ()
    reason: str = ""
    ran_before: int | None = None
    ran_after: int | None = None

    @property
    def is_failure(self) -> bool:
        """Whether the change must not be proposed as it is; what is unclear counts as a failure."""
        return self.verdict in {"new_failure", "timed_out", "unclear"}

    @property
    def lost_tests(self) -> int:
        """How many fewer tests ran than before, which a test that was deleted or skipped explains; 0 when unknown."""
        if self.ran_before is None or self.ran_after is None:
            return 0
        return max(0, self.ran_before - self.ran_after)


def left_out(count: int) -> str:
    """The line that stands for `count` bytes of output that were not kept."""
    return f"[… {count:,} bytes left out …]"


def compare(before: CommandResult, after: CommandResult) -> CheckOutcome:
    """Judge the command's end on the changed tree (`after`) by its end on the pristine one (`before`)."""
    if after.code == 0:
        return _passing(before, after)
    if _obstacle(before):
        return broken_baseline(before)
    if after.code is None:
        return CheckOutcome(after.name, "timed_out", reason=f"{_obstacle(after)}, {before.seconds:.0f} s before")
    old, new = read_report(before.output), read_report(after.output)
    if before.code == 0:
        reason = "" if new.failing else f"passed before, now {_obstacle(after) or f'exit code {after.code}'}"
        return _outcome("new_failure", after.name, (Report(frozenset(), old.ran, 0, stopped_early=False), new), reason)
    verdict, reason = _both_fail(before, after, old, new)
    return _outcome(verdict, after.name, (old, new), reason)


def broken_baseline(before: CommandResult) -> CheckOutcome:
    """The outcome of a check that did not come to its end on the pristine tree, whatever the change does to it."""
    return CheckOutcome(before.name, "broken_baseline", reason=_obstacle(before))


def _obstacle(result: CommandResult) -> str:
    """Why the command did not come to an end of its own, or empty."""
    if result.code is None:
        return f"stopped after {result.seconds:.0f} s"
    return NOT_STARTED.get(result.code, "")


def _passing(before: CommandResult, after: CommandResult) -> CheckOutcome:
    old, new = read_report(before.output), read_report(after.output)
    if before.code == 0:
        return CheckOutcome(after.name, "passed", ran_before=old.ran, ran_after=new.ran)
    reason = f"{_obstacle(before) or 'failed'} before, passes now"
    fixed = tuple(sorted(old.failing))
    return CheckOutcome(
        after.name, "fixed", fixed, reason="" if fixed else reason, ran_before=old.ran, ran_after=new.ran
    )


def _outcome(verdict: Verdict, name: str, reports: tuple[Report, Report], reason: str) -> CheckOutcome:
    before, after = reports
    # A run that stopped early says nothing of the tests that no longer appear in it.
    gone = frozenset() if after.stopped_early or not after.failing else before.failing - after.failing
    return CheckOutcome(
        name,
        verdict,
        fixed=tuple(sorted(gone)),
        new=tuple(sorted(after.failing - before.failing)),
        remaining=tuple(sorted(after.failing & before.failing)),
        reason=reason,
        ran_before=before.ran,
        ran_after=after.ran,
    )


def _both_fail(before: CommandResult, after: CommandResult, old: Report, new: Report) -> tuple[Verdict, str]:
    if old.failing and new.failing:
        return _by_names(before, after, old, new)
    if old.failing or new.failing:
        return "unclear", f"the failing tests are named only {'before' if old.failing else 'after'} the change"
    return _by_text(before, after)


def _by_names(before: CommandResult, after: CommandResult, old: Report, new: Report) -> tuple[Verdict, str]:
    if new.failing - old.failing:
        if old.stopped_early:
            return "unclear", "the run before the change stopped early, so these may have failed then too"
        return "new_failure", ""
    doubt = _doubt(before, after, old, new)
    if doubt:
        return "unclear", doubt
    return "no_new_failure", "the run stops early" if new.stopped_early else ""


def _doubt(before: CommandResult, after: CommandResult, old: Report, new: Report) -> str:
    """Why the names alone do not prove that nothing new fails, or empty."""
    if (new.failed or 0) > (old.failed or 0):
        return f"{new.failed} fail, {old.failed or 0} before, and the output does not name all of them"
    if new.failed is None and _CUT.search(after.output):
        return "the output is too long to have every name"
    if after.code != before.code:
        return f"the same tests fail, but the exit code is {after.code}, {before.code} before"
    if new.stopped_early and not old.stopped_early:
        return "the run stopped early, before the change it did not"
    return ""


def _by_text(before: CommandResult, after: CommandResult) -> tuple[Verdict, str]:
    """Without names, nothing is new when every line was there before and only complaints about lines of files went."""
    if _CUT.search(before.output) or _CUT.search(after.output) or before.code != after.code:
        return "unclear", "fails before and now, and the output does not say at what"
    old, new = masked(before.output), masked(after.output)
    gone = old - new
    if new - old or not all(map(_DIAGNOSTIC.fullmatch, gone)):
        return "unclear", "fails before and now, with another output"
    fewer = f" less {gone.total()} {'line' if gone.total() == 1 else 'lines'}" if gone else ""
    return "no_new_failure", f"fails before and now, with the same output{fewer}"


def masked(output: str) -> Counter[str]:
    """The output's lines, in no order, without what differs between two runs of the same thing."""
    lines = plain_lines(_CUT.sub("", output))
    return Counter(masked_line for line in lines if (masked_line := _mask(line)))


def _mask(line: str) -> str:
    return _BAR.sub("-", _NUMBERS.sub("N", _IDS.sub("N", _FOLDERS.sub("/", line))))


def summarise(outcome: CheckOutcome) -> str:
    """The outcome in one line of plain text for the evidence table; names in it are hostile and not yet escaped."""
    text = _verdict_text(outcome)
    if outcome.lost_tests:
        text += f"; {outcome.ran_after} tests ran, {outcome.ran_before} before"
    return text


def _verdict_text(outcome: CheckOutcome) -> str:
    reason = outcome.reason
    match outcome.verdict:
        case "passed":
            text = "passed"
        case "fixed":
            text = f"fixed: {_listed(outcome.fixed) or reason}"
        case "no_new_failure":
            text = _no_new_failure(outcome)
        case "new_failure" | "timed_out":
            text = f"new failure: {_listed(outcome.new) or reason}"
        case "unclear":
            text = "unclear, counts as a failure: " + "; ".join(filter(None, (_listed(outcome.new), reason)))
        case "broken_baseline":
            text = f"fails before the change too: {reason}"
        case _:
            assert_never(outcome.verdict)
    return text


def _no_new_failure(outcome: CheckOutcome) -> str:
    known = f"{len(outcome.remaining)} failed before too" if outcome.remaining else ""
    text = f"no new failure ({', '.join(filter(None, (known, outcome.reason)))})"
    return f"{text}; fixed: {_listed(outcome.fixed)}" if outcome.fixed else text


def _listed(names: tuple[str, ...]) -> str:
    """The first few names, each as short as it can be among its fellows."""
    short = Counter(map(_short, names))
    shown = [_clip(_short(name) if short[_short(name)] == 1 else name) for name in names[:_SHOWN]]
    more = len(names) - len(shown)
    return ", ".join(shown) + (f" and {more} more" if more else "")


def _short(name: str) -> str:
    """Without the file or class, which stands before the last separator outside a test's parameters."""
    head, bracket, parameters = name.partition("[")
    for separator in ("::", JEST_ARROW, " > "):
        head = head.rpartition(separator)[2]
    return head + bracket + parameters


def _clip(name: str) -> str:
    flat = "".join(character if character.isprintable() else " " for character in name)
    return flat if len(flat) <= _LONGEST_NAME else flat[: _LONGEST_NAME - 1] + "…"
