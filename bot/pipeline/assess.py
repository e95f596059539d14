"""From one reply of the model to a change that holds, or to the problems in words that the model can act on."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from bot.checks import check_change
from bot.core.baseline import summarise
from bot.core.changes import FileChange, judge
from bot.core.edits import DeleteFile, FileEdit, ReplaceText, WriteFile, apply_edits, describe_failures
from bot.core.proposals import Proof, one_line
from bot.replies import parse_reply

if TYPE_CHECKING:
    from collections.abc import Sequence

    from bot.core.baseline import CheckOutcome
    from bot.core.changes import ChangeRules
    from bot.core.context import Context
    from bot.pipeline.gather import Tree
    from bot.pipeline.trials import Trials

_NEW_FILE_MODE = "100644"
_MOST_ROWS = 5
_MOST_PROOFS = 20
_LONGEST_PROOF = 300
_LONGEST_EXPLANATION = 8000
"""Characters; more than three sentences were not asked for, and a page of them would bury the diff."""
_CLEAN = Proof("syntax, paths, sizes", "clean")


@dataclass(frozen=True, slots=True)
class Assessment:
    """One reply, judged: `problems` is empty when it holds.

    `problems` are full texts for the model, `why` the first of them in one line for people.
    """

    title: str
    summary: str
    changes: tuple[FileChange, ...]
    proofs: tuple[Proof, ...]
    problems: tuple[str, ...]
    why: str

    @property
    def holds(self) -> bool:
        """Whether nothing speaks against proposing it."""
        return not self.problems


def assess(reply: str, tree: Tree, context: Context, rules: ChangeRules, trials: Trials) -> Assessment:
    """Parse, apply in memory, check in memory, then run the configured commands; stop at the first that fails."""
    parsed = parse_reply(reply, tree.files.keys())
    title, summary = split_title(parsed.explanation[:_LONGEST_EXPLANATION])
    if parsed.errors or not parsed.edits:
        said = list(parsed.errors) or ["The reply has no edits."]
        return _refused(title, summary, (), said, why=_no_edits(summary, parsed.errors))
    changes, problems = _apply(parsed.edits, tree, context)
    if problems:
        return _refused(title, summary, (), problems, why="the draft did not fit the files")
    problems = [] if changes else ["The edits change nothing: the files already look like that."]
    problems += judge(changes, rules, list(tree.files))
    if problems:
        return _refused(title, summary, changes, problems, why=problems[0].rstrip("."))
    return _checked(title, summary, changes, trials)


def _checked(title: str, summary: str, changes: tuple[FileChange, ...], trials: Trials) -> Assessment:
    findings = check_change({change.path: (change.before, change.after) for change in changes})
    errors = [f"{one.path}:{one.line or 1}: {one.message} ({one.check})" for one in findings if one.severity == "error"]
    notes = _some([Proof(one.check, f"{one.path}:{one.line or 1} {one.message}") for one in findings], _MOST_ROWS)
    if errors:
        return _refused(title, summary, changes, errors, why=errors[0], proofs=notes)
    outcomes = trials.judge(changes)
    rows = [row for one, _ in outcomes for row in _rows(one)] or [Proof("your own checks", trials.why_none())]
    proofs = (*_some(rows, _MOST_PROOFS), *notes, _CLEAN)
    failures = [_failure(one, output) for one, output in outcomes if one.is_failure]
    if failures:
        why = next(f"`{one.name}`: {summarise(one)}" for one, _ in outcomes if one.is_failure)
        return _refused(title, summary, changes, failures, why=why, proofs=proofs)
    return Assessment(title, summary, changes, proofs, (), "")


def _some(rows: Sequence[Proof], most: int) -> tuple[Proof, ...]:
    """The first rows, each at a bearable length: the thread's memory has to hold them all."""
    kept = [Proof(one_line(row.name, _LONGEST_PROOF), one_line(row.outcome, _LONGEST_PROOF)) for row in rows[:most]]
    more = len(rows) - most
    return (*kept, Proof("more", f"{more} rows are left out here")) if more > 0 else tuple(kept)


def _refused(
    title: str,
    summary: str,
    changes: tuple[FileChange, ...],
    problems: Sequence[str],
    *,
    why: str,
    proofs: tuple[Proof, ...] = (),
) -> Assessment:
    return Assessment(title, summary, changes, proofs, tuple(problems), one_line(why, 300))


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


def _apply(edits: Sequence[FileEdit], tree: Tree, context: Context) -> tuple[tuple[FileChange, ...], list[str]]:
    texts = tree.texts([edit.path for edit in edits])
    problems = [problem for edit in edits if (problem := _unseen(edit, tree, texts, context))]
    if problems:
        return (), problems
    applied = apply_edits(texts, edits)
    if applied.failures:
        return (), [describe_failures(applied.failures)]
    changes = (
        FileChange(path, tree.files[path].mode if path in tree.files else _NEW_FILE_MODE, texts.get(path), after)
        for path, after in sorted(applied.files.items())
    )
    return tuple(change for change in changes if change.before != change.after), []


def _unseen(edit: FileEdit, tree: Tree, texts: dict[str, str], context: Context) -> str:
    """What must not be edited at all, or not blindly."""
    if edit.path not in tree.files:
        return ""
    if edit.path not in texts:
        return f"{edit.path} is not a text file and cannot be edited."
    match edit:
        case WriteFile() if edit.path not in context.whole:
            return f"{edit.path} was not shown as a whole, so it cannot be rewritten as a whole: use search/replace."
        case ReplaceText() | WriteFile() | DeleteFile():
            return ""
