"""The two jobs with two trusts: `draft` writes a bundle and nothing else, `publish` reads it as hostile input."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, assert_never

from bot.core import quiet, texts
from bot.core.advice import Advice
from bot.core.bundle import LARGEST_BUNDLE, PATCH_FILE, PROPOSAL_FILE, Bundle, Made, pack, unpack
from bot.core.diffs import render_diff
from bot.core.events import Ignored
from bot.core.markdown import diff_details, proof_table
from bot.core.plans import Plan
from bot.core.refresh_intents import RefreshManifests
from bot.core.results import Drafted, Failed, NotDrafted
from bot.core.review_bundle import ReviewMade, pack_review, unpack_review
from bot.core.review_intents import ReviewPull
from bot.core.review_results import Reviewed
from bot.core.review_texts import report
from bot.errors import UserError
from bot.handlers import ASKING, draft_only
from bot.handlers import publish as publish_bundle

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path

    from bot.app import Run
    from bot.core.changes import FileChange
    from bot.core.intents import Intent, Refused
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
    if isinstance(intent, Ignored) or type(intent) not in ASKING:
        return started.finish("ignored", {}, "")
    made = draft_only(intent, started.deps(started.session(), drafts=True))
    if isinstance(made, Plan):
        return started.finish(made.outcome, {}, made.summary)
    _write_bundle(out, made)
    summary = _told(made) if isinstance(made, ReviewMade) else _summary(made.result, started.site())
    return started.finish(_outcome(made.result), {}, summary)


def _publish(started: Run, name: str, payload: Mapping[str, Any], folder: Path) -> int:
    intent = started.intent(name, payload)
    if isinstance(intent, Ignored):
        return started.finish("ignored", {}, "")
    session = started.session()
    deps = started.deps(session, drafts=isinstance(intent, RefreshManifests))
    published = started.carry_out(publish_bundle(intent, _read_bundle(folder, intent), deps), session, deps)
    return started.finish(published.outcome, published.outputs, published.summary)


def _write_bundle(out: Path, made: Made | ReviewMade) -> None:
    out.mkdir(parents=True, exist_ok=True)
    if isinstance(made, ReviewMade):
        (out / PROPOSAL_FILE).write_text(pack_review(made))
        return
    (out / PROPOSAL_FILE).write_text(pack(made))
    (out / PATCH_FILE).write_text(render_diff(_changes(made.result)))


def _changes(result: Result | Advice) -> tuple[FileChange, ...]:
    match result:
        case Drafted():
            return result.changes
        case NotDrafted():
            return result.nearest
        case Failed() | Advice():
            return ()
        case _:
            assert_never(result)


def _read_bundle(folder: Path, intent: Intent | Refused) -> Bundle | ReviewMade | UserError | None:
    """The bundle, or None where the draft job left none; links are not followed.

    One that cannot be read is told on the thread once it is known that the person may ask, so its error is a value.
    """
    place = folder / PROPOSAL_FILE
    if type(intent) not in ASKING or place.is_symlink() or not place.is_file():
        return None
    if place.stat().st_size > LARGEST_BUNDLE:
        return UserError("the draft job's bundle is too large", "Lower `limits.lines` or narrow the task.")
    try:
        text = place.read_text(encoding="utf-8")
        return unpack_review(text) if isinstance(intent, ReviewPull) else unpack(text)
    except UnicodeDecodeError:
        return UserError("the draft job's bundle is not text", "Run the workflow again.")
    except UserError as error:
        return error


def _outcome(result: Result | Advice | Reviewed) -> Outcome:
    match result:
        case Reviewed():
            return "suggested" if result.kept else "nothing-to-do"
        case Drafted():
            return "proposed"
        case Advice():
            return "failed" if result.why else "answered"
        case Failed():
            return "failed"
        case NotDrafted():
            return "nothing-to-do"
        case _:
            assert_never(result)


def _told(made: ReviewMade) -> str:
    if isinstance(made.result, Failed):
        return f"**Failed**: {made.result.why}. {made.result.remedy}"
    return report(made.head, made.result)


def _summary(result: Result | Advice, site: Site) -> str:
    """The draft in the draft job's own summary, so that it is kept whatever becomes of the publish job."""
    if isinstance(result, Failed):
        return f"**Failed**: {result.why}. {result.remedy}"
    if isinstance(result, Advice):
        return texts.summary("answered, not published yet", result.figures, quiet.prose(result.text))
    heading = "drafted, not published yet" if isinstance(result, Drafted) else f"nothing proposed, {result.why}"
    proofs = proof_table(result.evidence.proofs, result.evidence.look_at)
    kept = texts.kept_reply(result.reply) if isinstance(result, NotDrafted) and not result.nearest else ""
    details = f"{proofs}\n\n{kept or diff_details(_changes(result), site.run)}"
    return texts.summary(heading, result.figures, details)
