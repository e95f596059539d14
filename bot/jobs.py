"""The two jobs with two trusts: `draft` writes a bundle and nothing else, `publish` reads it as hostile input."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, assert_never

from bot.core import texts
from bot.core.bundle import LARGEST_BUNDLE, PATCH_FILE, PROPOSAL_FILE, Bundle, pack, unpack
from bot.core.diffs import render_diff
from bot.core.events import Ignored
from bot.core.intents import GenerateChange, ReviseProposal
from bot.core.markdown import diff_details, proof_table
from bot.core.results import Drafted, Failed, NotDrafted
from bot.errors import UserError
from bot.handlers import handle
from bot.handlers.generate import draft_only
from bot.handlers.generate import publish as publish_bundle

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path

    from bot.app import Run
    from bot.core.changes import FileChange
    from bot.core.markdown import Site
    from bot.core.plans import Outcome
    from bot.core.results import Result


def draft(started: Run, name: str, payload: Mapping[str, Any], out: Path) -> int:
    """The draft job: its result goes into the folder `out`; returns the exit code."""
    return started.guarded(lambda: _draft(started, name, payload, out))


def publish(started: Run, name: str, payload: Mapping[str, Any], folder: Path) -> int:
    """The publish job: no model, no key, no repository code; the bundle lies in `folder`. Returns the exit code."""
    return started.guarded(lambda: _publish(started, name, payload, folder))


def _draft(started: Run, name: str, payload: Mapping[str, Any], out: Path) -> int:
    intent = started.intent(name, payload)
    if not isinstance(intent, GenerateChange | ReviseProposal):
        return started.finish("ignored", {}, "")
    drafted = draft_only(intent, started.deps(started.session(), drafts=True))
    if not isinstance(drafted, tuple):
        return started.finish(drafted.outcome, {}, drafted.summary)
    job, result = drafted
    _write_bundle(out, pack(job.request.trigger, job.base, job.kind, result), result)
    return started.finish(_outcome(result), {}, _summary(result, started.site()))


def _publish(started: Run, name: str, payload: Mapping[str, Any], folder: Path) -> int:
    intent = started.intent(name, payload)
    if isinstance(intent, Ignored):
        return started.finish("ignored", {}, "")
    session = started.session()
    deps = started.deps(session, drafts=False)
    if isinstance(intent, GenerateChange | ReviseProposal):
        plans = publish_bundle(intent, _read_bundle(folder), deps)
    else:
        plans = handle(intent, deps)
    published = started.carry_out(plans, session, deps)
    return started.finish(published.outcome, published.outputs, published.summary)


def _write_bundle(out: Path, text: str, result: Result) -> None:
    out.mkdir(parents=True, exist_ok=True)
    (out / PROPOSAL_FILE).write_text(text)
    (out / PATCH_FILE).write_text(render_diff(_changes(result)))


def _changes(result: Result) -> tuple[FileChange, ...]:
    match result:
        case Drafted():
            return result.changes
        case NotDrafted():
            return result.nearest
        case Failed():
            return ()
        case _:
            assert_never(result)


def _read_bundle(folder: Path) -> Bundle | UserError | None:
    """The bundle, or None where the draft job left none; links are not followed.

    One that cannot be read is told on the thread once it is known that the person may ask, so its error is a value.
    """
    place = folder / PROPOSAL_FILE
    if place.is_symlink() or not place.is_file():
        return None
    if place.stat().st_size > LARGEST_BUNDLE:
        return UserError("the draft job's bundle is too large", "Lower `limits.lines` or narrow the task.")
    try:
        return unpack(place.read_text(encoding="utf-8"))
    except UnicodeDecodeError:
        return UserError("the draft job's bundle is not text", "Run the workflow again.")
    except UserError as error:
        return error


def _outcome(result: Result) -> Outcome:
    if isinstance(result, Drafted):
        return "proposed"
    return "failed" if isinstance(result, Failed) else "nothing-to-do"


def _summary(result: Result, site: Site) -> str:
    """The draft in the draft job's own summary, so that it is kept whatever becomes of the publish job."""
    if isinstance(result, Failed):
        return f"**Failed**: {result.why}. {result.remedy}"
    heading = "drafted, not published yet" if isinstance(result, Drafted) else f"nothing proposed, {result.why}"
    proofs = proof_table(result.evidence.proofs, result.evidence.look_at)
    details = f"{proofs}\n\n{diff_details(_changes(result), site.run)}"
    return texts.summary(heading, result.figures, details)
