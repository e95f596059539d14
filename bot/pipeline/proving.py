"""Proves the tests that a change brings: kept is what fails without the change, or when the tested code is broken.

A test that comes with a fix must fail on the pristine tree and pass with the change. A test of existing behaviour must
pass, and fail when a line that it is about is broken on purpose. Whatever differs between three runs is dropped.
"""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

from bot.core.mutations import Mutant, mutants
from bot.core.nearby import is_support, is_test
from bot.core.proposals import Proof, one_line
from bot.core.runners import narrowed
from bot.core.subjects import lines_named, names_in, subjects_of
from bot.core.testcases import cases_in, without_cases
from bot.core.testunits import Seen, Unit, named_units, python_units, seen
from bot.pipeline.trials import contents

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence

    from bot.core.changes import FileChange
    from bot.pipeline.trials import Trials
    from bot.pipeline.values import ConfiguredCheck

_RUNS = 3
_MOST_FILES = 4
_MOST_MUTANTS = 12
_SHARE = 0.5
"""Of the time that is left for commands; the configured checks still have to run."""
_LONGEST_OUTPUT = 4000
_LONGEST_NAME = 120

Target = tuple[str, int, int]
"""A path and its first and last line, from 1: what a test of existing behaviour is to watch."""


@dataclass(frozen=True, slots=True)
class Proven:
    """A change with the tests that proved nothing taken out, where they can be.

    `proofs` has a row for each test that is kept, `problems` says for the model what is wrong with the others;
    `proven` counts the tests with a proof.
    """

    changes: tuple[FileChange, ...]
    proofs: tuple[Proof, ...]
    problems: tuple[str, ...]
    proven: int = 0


@dataclass(frozen=True, slots=True)
class _Finding:
    """What was found out about one test: a proof, or a problem; `kept` says whether it stays all the same."""

    unit: Unit
    proof: str = ""
    problem: str = ""
    kept: bool = False


def prove_tests(changes: Sequence[FileChange], *, kind: str, trials: Trials, targets: Sequence[Target] = ()) -> Proven:
    """Prove the new and changed tests of a change of that kind (`fix`, `tests`, `iac`), within half the time left.

    With `tests`, and where no code changes, the tests are held against existing behaviour, and `targets` are the lines
    to break on purpose; without them those of the functions that the tests name. The rest of the change is not judged.
    """
    files = [change for change in changes if change.after is not None and is_test(change.path)]
    if not files:
        return Proven(tuple(changes), (), ())
    prover = _Prover(changes, trials, targets, by_breaking=kind == "tests" or not _code(changes))
    findings = [finding for change in files[:_MOST_FILES] for finding in prover.file(change)]
    findings += [
        _Finding(Unit(one.path), proof=f"not proven: more than {_MOST_FILES} files of tests", kept=True)
        for one in files[_MOST_FILES:]
    ]
    proofs = tuple(Proof(_name(one.unit.title), one.proof) for one in findings if one.proof)
    problems = tuple(one.problem for one in findings if one.problem)
    proven = len([one for one in findings if one.proof and not one.kept])
    return Proven(_without(changes, findings), proofs, problems, proven)


def _code(changes: Iterable[FileChange]) -> list[FileChange]:
    return [change for change in changes if not is_test(change.path) and not is_support(change.path)]


def _name(title: str) -> str:
    return f"`{one_line(title.replace('`', ''), _LONGEST_NAME)}`"


class _Prover:
    """Runs the tests of one change, each file of them on its own, until the time for it is over."""

    def __init__(
        self, changes: Sequence[FileChange], trials: Trials, targets: Sequence[Target], *, by_breaking: bool
    ) -> None:
        self._changes = changes
        self._trials = trials
        self._targets = targets
        self._by_breaking = by_breaking
        self._layout = trials.layout(changes)
        self._until = trials.left * (1 - _SHARE)
        code = {change.path for change in _code(changes)}
        self._all = contents(changes)
        self._tests_alone = {path: content for path, content in self._all.items() if path not in code}

    def file(self, change: FileChange) -> list[_Finding]:
        """What its new and changed tests prove."""
        call = self._call(change.path)
        if call is None:
            proof = "not proven: no configured check runs it alone"
            return [_Finding(Unit(change.path), proof=proof, kept=True)]
        first = [self._tests_alone, self._all] if not self._by_breaking else [self._all]
        runs = self._run(call, first)
        units = self._units(change, call, runs[-1])
        if self._by_breaking:
            return self._against_mutants(change, call, units, runs)
        return self._against_pristine(call, units, runs)

    def _call(self, path: str) -> tuple[ConfiguredCheck, str] | None:
        for check in self._trials.due([change.path for change in self._changes]):
            line = narrowed(check.command.run, [path], self._layout, each=True)
            if line:
                return check, line
        return None

    def _has_time(self) -> bool:
        return self._trials.left > self._until

    def _run(self, call: tuple[ConfiguredCheck, str], trees: Sequence[Mapping[str, bytes | None]]) -> list[Seen]:
        check, line = call
        seconds = max(1.0, min(check.command.seconds, self._trials.left - self._until))
        bounded = replace(check, command=replace(check.command, seconds=seconds))

        def one(files: Mapping[str, bytes | None]) -> Seen:
            with self._trials.tree(files) as tree:
                return seen(self._trials.run(tree, bounded, line))

        with ThreadPoolExecutor(max_workers=2) as pool:
            return list(pool.map(one, trees))

    def _units(self, change: FileChange, call: tuple[ConfiguredCheck, str], new: Seen) -> list[Unit]:
        units = python_units(change.path, change.before, change.after or "")
        if units or cases_in(change.path, change.after or ""):
            return units
        old = self._run(call, [{}])[0] if change.before is not None else None
        return named_units(change.path, old, new)

    def _against_pristine(
        self, call: tuple[ConfiguredCheck, str], units: Sequence[Unit], first: Sequence[Seen]
    ) -> list[_Finding]:
        before, after = [first[0]], [first[1]]
        hopeful = [unit for unit in units if before[0].passed(unit) is False and after[0].passed(unit)]
        while hopeful and len(after) < _RUNS and self._has_time():
            pair = self._run(call, [self._tests_alone, self._all])
            before.append(pair[0])
            after.append(pair[1])
        return [self._flipped(unit, before, after) for unit in units]

    def _flipped(self, unit: Unit, before: Sequence[Seen], after: Sequence[Seen]) -> _Finding:
        problem = _unsteady(unit, after, "with the change") or _unsteady(unit, before, "without the change")
        if problem:
            return _Finding(unit, problem=problem)
        if before[0].passed(unit) is not False:
            return _proves_nothing(unit)
        how = "" if before[0].broke(unit) else " (could not be loaded)"
        return _Finding(unit, proof=f"failed before{how}, passes after")

    def _against_mutants(
        self, change: FileChange, call: tuple[ConfiguredCheck, str], units: Sequence[Unit], runs: list[Seen]
    ) -> list[_Finding]:
        while len(runs) < _RUNS and self._has_time() and any(runs[0].passed(unit) for unit in units):
            runs += self._run(call, [self._all] * (_RUNS - len(runs)))
        problems = {unit: _unsteady(unit, runs, "on the code as it is") for unit in units}
        sound = [unit for unit in units if not problems[unit]]
        unsound = [_Finding(unit, problem=problem) for unit, problem in problems.items() if problem]
        return unsound + self._watched(call, sound, self._mutants(change, sound))

    def _watched(
        self, call: tuple[ConfiguredCheck, str], units: Sequence[Unit], broken: Sequence[Mutant]
    ) -> list[_Finding]:
        """Each test with the first mutant that it noticed."""
        noticed: dict[Unit, Mutant] = {}
        tried = list[Mutant]()
        for pair in (broken[place : place + 2] for place in range(0, len(broken), 2)):
            if len(noticed) == len(units) or not self._has_time():
                break
            tried += pair
            runs = self._run(call, [{**self._all, one.path: one.text.encode("utf-8", "replace")} for one in pair])
            for mutant, run in zip(pair, runs, strict=True):
                noticed |= {unit: mutant for unit in units if unit not in noticed and run.broke(unit)}
        return [_watching(unit, noticed.get(unit), tried, out_of=len(broken)) for unit in units]

    def _mutants(self, change: FileChange, units: Sequence[Unit]) -> list[Mutant]:
        """Ways to break what the tests are about: the targets, else the functions that they name."""
        text = change.after or ""
        ranges = _by_path(self._targets) or self._named(change.path, text, units)
        made = [mutants(path, body, lines, _MOST_MUTANTS) for path, body, lines in self._bodies(ranges)]
        turns = max(map(len, made), default=0)
        return [some[turn] for turn in range(turns) for some in made if turn < len(some)][:_MOST_MUTANTS]

    def _named(self, path: str, text: str, units: Sequence[Unit]) -> dict[str, list[tuple[int, int]]]:
        lines = text.split("\n")
        said = [one for unit in units if unit.case for one in lines[unit.case.first - 1 : unit.case.last]]
        names = names_in("\n".join(said) or text)
        subjects = subjects_of(path, text, self._layout.paths)
        found = {
            subject: list(lines_named(subject, body, names))
            for subject, body, _ in self._bodies(dict.fromkeys(subjects))
        }
        named = {subject: ranges for subject, ranges in found.items() if ranges}
        return named or {subject: [(1, 10**9)] for subject in list(found)[:1]}

    def _bodies(
        self, ranges: Mapping[str, list[tuple[int, int]] | None]
    ) -> list[tuple[str, str, list[tuple[int, int]]]]:
        """The files with those paths as the change leaves them, with their ranges."""
        own = {change.path: change.after for change in self._changes}
        texts = self._trials.texts([path for path in ranges if path not in own])
        bodies = {path: own.get(path) or texts.get(path) for path in ranges}
        return [(path, body, ranges[path] or []) for path, body in bodies.items() if body]


def _by_path(targets: Sequence[Target]) -> dict[str, list[tuple[int, int]]]:
    found: dict[str, list[tuple[int, int]]] = {}
    for path, first, last in targets:
        found.setdefault(path, []).append((first, last))
    return found


def _where(unit: Unit) -> str:
    return (
        f"The test {_name(unit.title)} in {unit.path}" if unit.title != unit.path else f"The file of tests {unit.path}"
    )


def _unsteady(unit: Unit, runs: Sequence[Seen], when: str) -> str:
    """Why the runs on one tree do not speak for the test, or empty; failing every time without the change is fine."""
    said = {run.passed(unit) for run in runs}
    if said == {True} or (said == {False} and when.startswith("without")):
        return ""
    output = runs[0].result.output[-_LONGEST_OUTPUT:]
    if said == {False}:
        return f"{_where(unit)} fails {when}. Its output:\n{output}"
    if None in said:
        return f"{_where(unit)} did not run {when}: the check did not find or not finish it. Its output:\n{output}"
    return (
        f"{_where(unit)} passes at some times and fails at others {when} ({len(runs)} runs): "
        "make it independent of time, order and chance."
    )


def _proves_nothing(unit: Unit) -> _Finding:
    """A test that passes either way: an old one may have been tidied up, a new one is of no use for a fix."""
    if not unit.new:
        return _Finding(unit, proof="passes before and after", kept=True)
    problem = f"{_where(unit)} passes without the change too, so it proves nothing about it: "
    return _Finding(unit, problem=f"{problem}make it fail on the old code, or leave it out.")


def _watching(unit: Unit, noticed: Mutant | None, tried: Sequence[Mutant], *, out_of: int) -> _Finding:
    if noticed:
        place = f"{noticed.path}:{noticed.line}"
        return _Finding(unit, proof=f"fails when `{place}` is broken ({noticed.what})")
    if not out_of:
        return _Finding(unit, proof="passes; not proven: nothing that it names could be broken", kept=True)
    if len(tried) < out_of:
        return _Finding(unit, proof="passes; not proven: no time left to break what it tests", kept=True)
    some = "; ".join(f"{one.path}:{one.line}: {one.what}" for one in tried[:3])
    problem = f"{_where(unit)} still passes when the code is broken on purpose ({some}), so it checks too little: "
    return _Finding(unit, problem=f"{problem}assert what the code returns or does.")


def _without(changes: Sequence[FileChange], findings: Sequence[_Finding]) -> tuple[FileChange, ...]:
    """The change less the tests that proved nothing; what only serves tests goes with the last of them."""
    kept = [left for change in changes if (left := _less(change, findings)) is not None]
    served = any(is_test(change.path) for change in kept) or len(kept) == len(changes)
    return tuple(change for change in kept if served or not is_support(change.path))


def _less(change: FileChange, findings: Sequence[_Finding]) -> FileChange | None:
    """The file without its unproven new tests, None when nothing of its change is left.

    A changed test that was there before cannot be taken out; it stays, with its problem told. A file of tests in
    another language goes as a whole or not at all.
    """
    own = [one for one in findings if one.unit.path == change.path]
    dropped = [one.unit for one in own if not one.proof]
    if not dropped or change.after is None:
        return change
    if len(dropped) == len(own) and all(unit.new for unit in dropped):
        return None
    cases = [unit.case for unit in dropped if unit.case and unit.new]
    after = without_cases(change.after, cases) if cases else change.after
    return None if after is None or after == change.before else replace(change, after=after)
