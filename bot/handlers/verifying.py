"""Checks a bundle of the draft job as hostile input, before anything of it is shown or kept."""

from __future__ import annotations

from typing import TYPE_CHECKING

from bot.checks import check_change
from bot.core.advice import Advice
from bot.core.changes import FileChange, both_sides, judge
from bot.core.results import Drafted, Failed, NotDrafted
from bot.kept import change_onto, tree_beside
from bot.rules import change_rules
from bot.together import each

if TYPE_CHECKING:
    from bot.checks import Finding
    from bot.core.bundle import Bundle
    from bot.core.forge import Pull
    from bot.core.results import Result
    from bot.handlers.drafting import Job
    from bot.ports import ForgeReader

_AGAIN = "Run the workflow again; if that does not help, look at the draft job's log."


def verify(bundle: Bundle, job: Job, reader: ForgeReader, pull: Pull | None) -> Result:
    """The bundle's result with its changes held against GitHub's own copy of the base; Failed when it does not hold.

    The base must be part of the history of the pull request's head (where it is not the head itself, the proposal can
    be rebuilt on that) or of the default branch; the old contents come from GitHub; paths, modes, sizes and syntax are
    judged again. Whether the pull request may have proposals is the caller's to know.
    """
    if bundle.trigger != job.request.trigger or isinstance(bundle.result, Advice):
        return Failed("the draft job's bundle belongs to another request", _AGAIN)
    if isinstance(bundle.result, Failed):
        return bundle.result
    if not _base_belongs(bundle, job, reader, pull):
        return Failed("the draft job's bundle stands on a commit of another branch", _AGAIN)
    result = bundle.result
    changes = _changes(bundle, reader)
    if isinstance(result, NotDrafted):
        return NotDrafted(result.why, result.remedy, changes, result.evidence, result.figures, result.reply)
    problems = judge(changes, change_rules(job.config), tree_beside(reader, bundle.base, [one.path for one in changes]))
    problems += [f"{one.path}: {one.message}" for one in _findings(changes)]
    if problems or not changes:
        why = problems[0] if problems else "it changes nothing"
        return Failed(f"the draft job's bundle was refused: {why}", _AGAIN)
    return Drafted(result.title, result.summary, changes, result.model, result.evidence, result.figures)


def _base_belongs(bundle: Bundle, job: Job, reader: ForgeReader, pull: Pull | None) -> bool:
    tip = pull.head_sha if pull else reader.ref(f"heads/{job.request.default_branch}")
    if tip is None or tip == bundle.base:
        return tip is not None
    comparison = reader.compare(bundle.base, tip)
    return comparison is not None and comparison.behind == 0


def _changes(bundle: Bundle, reader: ForgeReader) -> tuple[FileChange, ...]:
    changes = each([lambda one=one: change_onto(reader, bundle.base, one) for one in bundle.files])  # type: ignore[misc]
    return tuple(change for change in changes if change.before != change.after)


def _findings(changes: tuple[FileChange, ...]) -> list[Finding]:
    found = check_change(both_sides(changes))
    return [one for one in found if one.severity == "error"]
