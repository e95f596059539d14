"""From one reply of the model to a change that holds, or to the problems in words that the model can act on."""

from __future__ import annotations

from dataclasses import dataclass, replace
from enum import IntEnum
from typing import TYPE_CHECKING

from bot.checks import check_change, wanted_beside
from bot.core.baseline import summarise
from bot.core.changes import FileChange, both_sides, judge
from bot.core.diffs import measure
from bot.core.edit_types import DeleteFile, FileEdit, Hunk, MoveFile, ReplaceText, WriteFile
from bot.core.edits import MAX_FAILURES, apply_edits, describe_failures
from bot.core.proposals import OWN_CHECKS, Proof, one_line
from bot.pipeline.proving import prove_tests
from bot.replies import parse_reply

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from bot.checks import Finding
    from bot.core.baseline import CheckOutcome
    from bot.core.changes import ChangeRules
    from bot.core.context import Context
    from bot.core.edits import EditFailure
    from bot.pipeline.gather import Tree
    from bot.pipeline.trials import Trials

_NEW_FILE_MODE = "100644"
_MOST_ROWS = 5
_MOST_PROOFS = 20
_LONGEST_PROOF = 300
_LONGEST_EXPLANATION = 8000
"""Characters; more than three sentences were not asked for, and a page of them would bury the diff."""
_CLEAN = Proof("syntax, paths, sizes", "clean")


class Stage(IntEnum):
    """How far a reply came, from worst to best."""

    UNREADABLE = 0
    UNFIT = 1
    REFUSED = 2
    FLAWED = 3
    FAILING = 4
    HOLDS = 5


@dataclass(frozen=True, slots=True)
class Assessment:
    """One reply, judged; what stopped it is in `problems`, empty when it holds.

    `problems` are full texts for the model, `why` the first of them in one line for people. Where some edits did not
    fit the files, `fitting` are the others and `misfits` the paths of those. `lines` are added and removed ones,
    `warnings` what the checks in memory found short of errors, `risks` those of them that are a danger to the
    infrastructure, `mended` the tests that failed before and pass now,
    `unmended` those that fail both times, `proven` the tests of its own that were seen to fail without the change.
    """

    stage: Stage
    title: str
    summary: str
    changes: tuple[FileChange, ...] = ()
    proofs: tuple[Proof, ...] = ()
    problems: tuple[str, ...] = ()
    why: str = ""
    fitting: tuple[FileEdit, ...] = ()
    misfits: tuple[str, ...] = ()
    lines: int = 0
    warnings: int = 0
    mended: int = 0
    unmended: int = 0
    proven: int = 0
    risks: tuple[Proof, ...] = ()

    @property
    def holds(self) -> bool:
        """Whether nothing speaks against proposing it."""
        return self.stage is Stage.HOLDS

    @property
    def fits(self) -> bool:
        """Whether its edits could be applied at all."""
        return self.stage > Stage.UNFIT


class Desk:
    """Judges replies in memory. Candidates are often alike, so what was judged once is not judged again."""

    def __init__(self, tree: Tree, rules: ChangeRules, kubernetes: str = "") -> None:
        self._tree = tree
        self._rules = rules
        self._kubernetes = kubernetes
        self._known: dict[tuple[FileEdit, ...], Assessment] = {}

    def examine(self, reply: str, context: Context, kept: Sequence[FileEdit] = ()) -> Assessment:
        """Parse, apply, check, all in memory; stop at the first that fails.

        `kept` are the edits of an earlier reply that fitted, which this one completes: all of them apply together, or
        none does. A reply that repeats everything is also taken for itself.
        """
        parsed = parse_reply(reply, self._tree.files.keys())
        title, summary = split_title(parsed.explanation[:_LONGEST_EXPLANATION])
        if parsed.errors or not parsed.edits:
            said = tuple(parsed.errors) or ("The reply has no edits.",)
            why = one_line(_no_edits(summary, parsed.errors), 300)
            return Assessment(Stage.UNREADABLE, title, summary, problems=said, why=why, fitting=tuple(kept))
        edits = combine(kept, parsed.edits)
        found = self._judged(edits, context)
        if found.stage is Stage.UNFIT and kept and {edit.path for edit in parsed.edits} >= {edit.path for edit in kept}:
            alone = self._judged(parsed.edits, context)
            found = found if alone.stage is Stage.UNFIT else alone
        return replace(found, title=title, summary=summary)

    def doubts(self, beginning: str, shown: Mapping[str, str]) -> bool:
        """Whether the first edit of a reply that has just begun cannot be applied to its file among the `shown`."""
        edits = parse_reply(beginning, shown.keys()).edits[:1]
        # a hunk of a diff that is still being written may only be told from its twins by the hunks that follow
        if not edits or not isinstance(edits[0], ReplaceText) or isinstance(edits[0], Hunk):
            return False
        if edits[0].path not in shown:
            return False
        path = edits[0].path
        return bool(apply_edits({path: shown[path]}, edits).failures)

    def nearest(self, found: Assessment) -> tuple[FileChange, ...]:
        """The change itself, or where it did not fit what those of its edits come to that did."""
        if found.changes or not found.fitting:
            return found.changes
        texts = self._tree.texts([edit.path for edit in found.fitting])
        return self._changes(texts, apply_edits(texts, found.fitting).files, found.fitting)

    def _judged(self, edits: tuple[FileEdit, ...], context: Context) -> Assessment:
        texts = self._tree.texts([edit.path for edit in edits])
        unseen = [problem for edit in edits if (problem := _unseen(edit, self._tree, texts, context))]
        if unseen:
            return _stopped(Stage.UNFIT, unseen, why="the draft did not fit the files")
        if edits not in self._known:
            self._known[edits] = self._applied(edits, texts)
        return self._known[edits]

    def _applied(self, edits: tuple[FileEdit, ...], texts: Mapping[str, str]) -> Assessment:
        applied = apply_edits(texts, edits)
        if applied.failures:
            fitting, misfits = _sorted_out(edits, applied.failures)
            stopped = _stopped(
                Stage.UNFIT, [describe_failures(applied.failures)], why="the draft did not fit the files"
            )
            return replace(stopped, fitting=fitting, misfits=misfits)
        changes = self._changes(texts, applied.files, edits)
        same = next((one for one in self._known.values() if one.changes == changes and changes), None)
        return same or self._checked(changes)

    def _changes(
        self, texts: Mapping[str, str], after: Mapping[str, str | None], edits: Sequence[FileEdit]
    ) -> tuple[FileChange, ...]:
        """What the edits come to, file by file; a moved file keeps its mode."""
        origin = {edit.target: edit.path for edit in edits if isinstance(edit, MoveFile)}
        changes = (
            FileChange(path, self._mode(origin.get(path, path)), texts.get(path), text)
            for path, text in sorted(after.items())
        )
        return tuple(change for change in changes if change.before != change.after)

    def _mode(self, path: str) -> str:
        return self._tree.files[path].mode if path in self._tree.files else _NEW_FILE_MODE

    def _checked(self, changes: tuple[FileChange, ...]) -> Assessment:
        problems = [] if changes else ["The edits change nothing: the files already look like that."]
        problems += judge(changes, self._rules, list(self._tree.files))
        if problems:
            return replace(_stopped(Stage.REFUSED, problems, why=problems[0].rstrip(".")), changes=changes)
        findings = self._findings(changes)
        errors = [
            f"{one.path}:{one.line or 1}: {one.message} ({one.check})" for one in findings if one.severity == "error"
        ]
        told = [one for one in findings if one.severity != "note" and not one.is_risk]
        notes = _some([Proof(one.check, f"{one.path}:{one.line or 1} {one.message}") for one in told], _MOST_ROWS)
        risks = _some([_risk(one) for one in findings if one.is_risk], _MOST_ROWS)
        if errors:
            return replace(_stopped(Stage.FLAWED, errors, why=errors[0]), changes=changes, proofs=(*risks, *notes))
        stat = measure(changes)
        warnings = sum(one.severity == "warning" for one in findings)
        size = stat.added + stat.removed
        rows = (*notes, _CLEAN)
        return Assessment(Stage.HOLDS, "", "", changes, rows, lines=size, warnings=warnings, risks=risks)

    def _findings(self, changes: Sequence[FileChange]) -> list[Finding]:
        """What the checks in memory find in the change, seen together with the files that it refers to."""
        beside = self._tree.texts(wanted_beside([change.path for change in changes], list(self._tree.files)))
        return check_change(both_sides(changes), beside, self._kubernetes)


def combine(kept: Sequence[FileEdit], new: Sequence[FileEdit]) -> tuple[FileEdit, ...]:
    """The edits that fitted, then those asked for again; one that writes or deletes a file stands for all to it."""
    alone = {edit.path for edit in new if not isinstance(edit, ReplaceText | MoveFile)}
    return (*(edit for edit in kept if edit.path not in alone and edit not in new), *new)


def prove(found: Assessment, trials: Trials, kind: str) -> Assessment:
    """Prove the tests in a change of that kind that holds in memory, then run the configured commands on it.

    Tests that prove nothing are left out of the change; where only such tests are left, it does not hold.
    """
    tests = prove_tests(found.changes, kind=kind, trials=trials)
    if tests.problems and not (tests.proven if kind == "tests" else tests.changes):
        why = f"the tests prove nothing: {tests.problems[0]}"
        stopped = replace(found, stage=Stage.FAILING, problems=tests.problems, why=one_line(why, 300))
        return replace(stopped, proofs=(*_some(tests.proofs, _MOST_ROWS), *found.proofs))
    left_out = [Proof("tests left out", f"{len(tests.problems)} that proved nothing")] if tests.problems else []
    own = (*_some(tests.proofs, _MOST_ROWS), *left_out)
    return _run_through(replace(found, changes=tests.changes, proven=tests.proven), own, trials)


def _run_through(found: Assessment, own: Sequence[Proof], trials: Trials) -> Assessment:
    """What the configured commands say of a change; `own` are the proofs of the tests that come with it."""
    outcomes = trials.judge(found.changes)
    rows = [row for one, _ in outcomes for row in _rows(one)]
    rows.append(Proof("commands ran with", trials.level()) if rows else Proof(OWN_CHECKS, trials.why_none()))
    failures = tuple(_failure(one, output) for one, output in outcomes if one.is_failure)
    proven = replace(
        found,
        proofs=(*own, *_some(rows, _MOST_PROOFS), *found.proofs),
        mended=sum(max(len(one.fixed), one.verdict == "fixed") for one, _ in outcomes),
        unmended=sum(max(len(one.remaining), one.verdict == "no_new_failure") for one, _ in outcomes),
    )
    if not failures:
        return proven
    why = next(f"`{one.name}`: {summarise(one)}" for one, _ in outcomes if one.is_failure)
    return replace(proven, stage=Stage.FAILING, problems=failures, why=one_line(why, 300))


def _sorted_out(
    edits: Sequence[FileEdit], failures: Sequence[EditFailure]
) -> tuple[tuple[FileEdit, ...], tuple[str, ...]]:
    """The edits that fitted, and the paths of the others; behind the last failure of a full list nothing was tried."""
    tried = len(edits) if len(failures) < MAX_FAILURES else failures[-1].index
    failed = {failure.index for failure in failures}
    fitting = tuple(edit for index, edit in enumerate(edits) if index < tried and index not in failed)
    rest = [edit.path for index, edit in enumerate(edits) if index >= tried or index in failed]
    return fitting, tuple(dict.fromkeys(rest))


def _stopped(stage: Stage, problems: Sequence[str], *, why: str) -> Assessment:
    return Assessment(stage, "", "", problems=tuple(problems), why=one_line(why, 300))


def _risk(finding: Finding) -> Proof:
    return Proof(f"**risk: {finding.risk}**", f"{finding.path}:{finding.line or 1} {finding.message}")


def _some(rows: Sequence[Proof], most: int) -> tuple[Proof, ...]:
    """The first rows, each at a bearable length: the thread's memory has to hold them all."""
    kept = [Proof(one_line(row.name, _LONGEST_PROOF), one_line(row.outcome, _LONGEST_PROOF)) for row in rows[:most]]
    more = len(rows) - most
    return (*kept, Proof("more", f"{more} rows are left out here")) if more > 0 else tuple(kept)


def _no_edits(summary: str, errors: Sequence[str]) -> str:
    if errors:
        return f"the model's reply could not be used: {errors[0]}"
    return f"the model wrote no edits: {summary}" if summary else "the model's reply was empty"


def _rows(outcome: CheckOutcome) -> list[Proof]:
    """The command's row, after one row for each of the first tests that it shows to be mended."""
    mended = [Proof(f"`{name}`", "failed before, passes after") for name in outcome.fixed[:_MOST_ROWS]]
    said = (
        f"passes now ({len(outcome.fixed)} failed before)" if mended and not outcome.remaining else summarise(outcome)
    )
    return [*mended, Proof(f"`{outcome.name}`", said)]


def _failure(outcome: CheckOutcome, output: str) -> str:
    return f"The check `{outcome.name}` fails with this change ({summarise(outcome)}). Its output:\n{output}"


def split_title(explanation: str) -> tuple[str, str]:
    """The `Title:` line of a reply and the explanation without it; an empty title where there is none."""
    lines = explanation.strip().split("\n")
    for place, line in enumerate(lines[:3]):
        name, colon, title = line.strip().strip("*#` ").partition(":")
        if colon and name.strip("* ").lower() == "title" and title.strip("* "):
            rest = "\n".join(lines[:place] + lines[place + 1 :]).strip()
            return one_line(title.strip("*` "), 72), rest
    return "", explanation.strip()


def _unseen(edit: FileEdit, tree: Tree, texts: Mapping[str, str], context: Context) -> str:
    """What must not be edited at all, or not blindly."""
    if isinstance(edit, MoveFile) and edit.target in tree.files:
        return f"{edit.path} cannot be moved: {edit.target} is there already."
    if edit.path not in tree.files:
        return ""
    if edit.path not in texts:
        return f"{edit.path} is not a text file and cannot be edited."
    match edit:
        case WriteFile() if edit.path not in context.whole:
            return f"{edit.path} was not shown as a whole, so it cannot be rewritten as a whole: use search/replace."
        case ReplaceText() | WriteFile() | DeleteFile():
            return ""
