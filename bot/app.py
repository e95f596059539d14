"""Puts a run together: settings, adapters, handlers, publisher; the entries `run`, `draft` and `publish`."""

from __future__ import annotations

import time
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any, assert_never

from bot.adapters import actions
from bot.core import texts
from bot.core.bundle import LARGEST_BUNDLE, PATCH_FILE, PROPOSAL_FILE, Bundle, pack, unpack
from bot.core.diffs import render_diff
from bot.core.events import Ignored, parse_event
from bot.core.intents import GenerateChange, Refused, ReviseProposal, resolve
from bot.core.markdown import Site, diff_details, proof_table
from bot.core.plans import PublishLevel
from bot.core.redaction import Redactor
from bot.core.results import Drafted, Failed, NotDrafted
from bot.core.troubles import explain
from bot.errors import ForgeError, UserError, WorktreeError
from bot.handlers import handle
from bot.handlers.deps import Deps
from bot.handlers.generate import draft_only, publish
from bot.pipeline import Stopwatch, Tools
from bot.publisher import Published, Publisher, describe
from bot.settings.environ import RunContext, Settings

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping
    from pathlib import Path

    from bot.adapters.github import GitHubReader
    from bot.adapters.github_session import Session
    from bot.adapters.model import ModelProcess
    from bot.core.changes import FileChange
    from bot.core.intents import Intent
    from bot.core.plans import Outcome, Plan
    from bot.core.results import Result
    from bot.settings.config import RepoConfig


class SystemClock:
    """Implements `Clock`."""

    def now(self) -> datetime:
        """The current time in UTC."""
        return datetime.now(UTC)

    def monotonic(self) -> float:
        """Seconds from some fixed point."""
        return time.monotonic()


@dataclass(frozen=True, slots=True)
class Run:
    """One run of the Action: its surroundings, read once.

    `began` is the moment, by `time.monotonic`, at which the process began.
    """

    environ: Mapping[str, str]
    settings: Settings
    context: RunContext
    redactor: Redactor
    began: float

    @classmethod
    def prepare(cls, environ: Mapping[str, str], began: float) -> Run:
        """Read settings and context.

        Raises:
            UserError: when one of them cannot be used.
        """
        settings = Settings.from_environ(environ)
        secrets = [settings.token, settings.api_key, *settings.fallback_api_key]
        redactor = Redactor(secret for secret in secrets if secret)
        return cls(environ, settings, RunContext.from_environ(environ), redactor, began)

    def site(self) -> Site:
        """Where the repository and this run are on the web."""
        return Site(self.context.server_url, self.context.repository, self.context.run_url)


def run(environ: Mapping[str, str], name: str, payload: Mapping[str, Any], began: float) -> int:
    """Everything in one process, up to the level set; returns the exit code."""
    surroundings = Run.prepare(environ, began)
    intent = _intent(surroundings, name, payload)
    if isinstance(intent, Ignored):
        return ignored(environ, intent.reason)
    model = _warm_model(surroundings, intent)
    try:
        session = _session(surroundings)
        deps = _deps(surroundings, _reader(session), model)
        publisher = _publisher(surroundings, session, deps)
        return _finish(surroundings, _carry_out(surroundings, handle(intent, deps), publisher))
    except (ForgeError, UserError, WorktreeError) as error:
        return _fail(surroundings, error)
    finally:
        if model is not None:
            model.close()


def draft(environ: Mapping[str, str], name: str, payload: Mapping[str, Any], began: float, out: Path) -> int:
    """The draft job: no write; its result goes into the folder `out` as a bundle."""
    surroundings = Run.prepare(environ, began)
    intent = _intent(surroundings, name, payload)
    if not isinstance(intent, GenerateChange | ReviseProposal):
        return ignored(environ, "there is nothing to draft; the publish job answers")
    model = _warm_model(surroundings, intent)
    try:
        deps = _deps(surroundings, _reader(_session(surroundings)), model)
        drafted = draft_only(intent, deps)
    except (ForgeError, UserError, WorktreeError) as error:
        return _fail(surroundings, error)
    finally:
        if model is not None:
            model.close()
    if not isinstance(drafted, tuple):
        return _finish(surroundings, Published(drafted.outcome, {}, drafted.summary))
    job, result = drafted
    _write_bundle(out, pack(job.request.trigger, job.base, job.kind, result), result)
    return _finish(surroundings, Published(_drafted_outcome(result), {}, _result_summary(result, surroundings.site())))


def publish_job(environ: Mapping[str, str], name: str, payload: Mapping[str, Any], began: float, folder: Path) -> int:
    """The publish job: no model, no key, no repository code; the bundle in `folder` is read as hostile input."""
    surroundings = Run.prepare(environ, began)
    intent = _intent(surroundings, name, payload)
    if isinstance(intent, Ignored):
        return ignored(environ, intent.reason)
    try:
        session = _session(surroundings)
        deps = _deps(surroundings, _reader(session), None, drafts=False)
        if isinstance(intent, GenerateChange | ReviseProposal):
            plans = publish(intent, _read_bundle(folder), deps)
        else:
            plans = handle(intent, deps)
        return _finish(surroundings, _carry_out(surroundings, plans, _publisher(surroundings, session, deps)))
    except (ForgeError, UserError, WorktreeError) as error:
        return _fail(surroundings, error)


def ignored(environ: Mapping[str, str], reason: str) -> int:
    """End a run that nobody asked for."""
    actions.log(f"ignored: {reason}")
    actions.write_outputs(environ, {"outcome": "ignored"})
    return 0


def _intent(run: Run, name: str, payload: Mapping[str, Any]) -> Intent | Ignored | Refused:
    event = parse_event(name, payload, str(run.context.run_id or ""))
    if isinstance(event, Ignored):
        return event
    intent = resolve(event, run.context.actor)
    if not isinstance(intent, Ignored) and intent.request.repository.full.lower() != run.context.repository.lower():
        told = intent.request.repository.full
        raise UserError(f"the event is of {told}, but this run is in {run.context.repository}", "Check the workflow.")
    return intent


def _session(run: Run) -> Session:
    from bot.adapters.github_session import Session  # noqa: PLC0415 - ignored events end before

    if not run.settings.token:
        raise UserError("no GitHub token is set", "Set the input `token`; its default is `${{ github.token }}`.")
    return Session(run.settings.token, run.context.api_url, run.context.repository)


def _reader(session: Session) -> GitHubReader:
    from bot.adapters.github import GitHubReader  # noqa: PLC0415 - ignored events end before

    return GitHubReader(session)


def _deps(run: Run, reader: GitHubReader, model: ModelProcess | None, *, drafts: bool = True) -> Deps:
    from bot.adapters.worktree import GitWorktree  # noqa: PLC0415 - ignored events end before

    clock = SystemClock()
    watch = Stopwatch(clock, lambda phase: actions.log(f"{phase} …"))
    watch.add("set-up", clock.monotonic() - run.began)
    worktree = GitWorktree(run.context.workspace, run.settings.token, run.context.server_url) if drafts else None
    return Deps(
        reader=reader,
        site=run.site(),
        clock=clock,
        watch=watch,
        redact=run.redactor.redact,
        environment=run.settings.environment,
        worktree=worktree,
        tools=(lambda config: _tools(run, config, worktree, model)) if worktree else None,
    )


def _tools(run: Run, config: RepoConfig, worktree: Any, model: ModelProcess | None) -> Tools:
    from bot.adapters.sandbox import Sandbox  # noqa: PLC0415 - only drafts run commands

    return Tools(worktree, model or _model(run, config.model.name), Sandbox(run.environ), SystemClock())


def _model(run: Run, name: str | None) -> ModelProcess:
    from bot.adapters.model import ModelProcess  # noqa: PLC0415 - only drafts ask a model

    return ModelProcess(run.settings.endpoints(name), run.environ)


def _warm_model(run: Run, intent: Intent | Refused) -> ModelProcess | None:
    """Start the model's process while GitHub is asked; None where nothing is drafted or the settings do not suffice."""
    if not isinstance(intent, GenerateChange | ReviseProposal) or not run.settings.model:
        return None
    try:
        model = _model(run, None)
    except UserError:
        return None  # said later, on the thread, once it is known that the person may ask
    model.warm()
    return model


def _publisher(run: Run, session: Session, deps: Deps) -> Publisher:
    from bot.adapters.github_writer import GitHubWriter  # noqa: PLC0415 - the draft job never imports it

    level = PublishLevel[run.settings.level.upper()]
    return Publisher(GitHubWriter(session), deps.reader, deps.site, level, deps.clock)


def _carry_out(run: Run, plans: Iterator[Plan], publisher: Publisher) -> Published:
    """Execute the plans in order; an early one runs while the next is in the making."""
    from concurrent.futures import Future, ThreadPoolExecutor  # noqa: PLC0415 - ignored events need no threads

    published = Published("nothing-to-do", {})
    with ThreadPoolExecutor(max_workers=1) as pool:
        early: Future[Published] | None = None
        for plan in plans:
            try:
                if early is not None:
                    early.result()
                if plan.early:
                    early = pool.submit(publisher.execute, plan)
                    continue
                published = publisher.execute(plan)
            except ForgeError:
                actions.write_summary(run.environ, describe(plan), run.redactor.redact)
                raise
    return published


def _finish(run: Run, published: Published) -> int:
    outputs = {
        "outcome": published.outcome,
        **published.outputs,
        "total-seconds": f"{time.monotonic() - run.began:.3f}",
    }
    actions.write_outputs(run.environ, outputs, run.redactor.redact)
    if published.summary:
        actions.write_summary(run.environ, published.summary, run.redactor.redact)
    actions.log(f"outcome: {published.outcome}", run.redactor.redact)
    return 1 if published.outcome == "failed" else 0


def _fail(run: Run, error: ForgeError | UserError | WorktreeError) -> int:
    if isinstance(error, UserError):
        text = f"{error.what}. {error.remedy}"
    elif isinstance(error, ForgeError):
        trouble = explain(error.status, str(error))
        text = f"{trouble.why}. {trouble.remedy}"
    else:
        text = f"{error}. Check out the repository before this step."
    actions.error(text, run.redactor.redact)
    return _finish(run, Published("failed", {}, f"**Failed**: {text}"))


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


def _read_bundle(folder: Path) -> Bundle | None:
    """The bundle, or None where the draft job left none; links are not followed.

    Raises:
        UserError: when there is one that cannot be read.
    """
    place = folder / PROPOSAL_FILE
    if place.is_symlink() or not place.is_file():
        return None
    if place.stat().st_size > LARGEST_BUNDLE:
        raise UserError("the draft job's bundle is too large", "Lower `limits.lines` or narrow the task.")
    try:
        return unpack(place.read_text(encoding="utf-8"))
    except UnicodeDecodeError as error:
        raise UserError("the draft job's bundle is not text", "Run the workflow again.") from error


def _drafted_outcome(result: Result) -> Outcome:
    if isinstance(result, Drafted):
        return "proposed"
    return "failed" if isinstance(result, Failed) else "nothing-to-do"


def _result_summary(result: Result, site: Site) -> str:
    """The draft in the draft job's own summary, so that it is kept whatever becomes of the publish job."""
    if isinstance(result, Failed):
        return f"**Failed**: {result.why}. {result.remedy}"
    heading = "drafted, not published yet" if isinstance(result, Drafted) else f"nothing proposed, {result.why}"
    proofs = proof_table(result.evidence.proofs, result.evidence.look_at)
    details = f"{proofs}\n\n{diff_details(_changes(result), site.run)}"
    return texts.summary(heading, result.figures, details)
