"""Puts a run together: settings, adapters, handlers, publisher. The composition root of the Action."""

from __future__ import annotations

import gc
import time
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any

from bot.adapters import actions
from bot.core.events import Ignored, parse_event
from bot.core.intents import Refused, resolve
from bot.core.markdown import Site
from bot.core.plans import PublishLevel
from bot.core.redaction import Redactor
from bot.core.refresh_intents import RefreshManifests
from bot.errors import ForgeError, UserError, WorktreeError
from bot.handlers import handle
from bot.handlers.deps import Deps
from bot.pipeline.stopwatch import Stopwatch
from bot.pipeline.values import Tools
from bot.settings.environ import RunContext, Settings

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping
    from contextlib import AbstractContextManager

    from bot.adapters.github_session import Session
    from bot.adapters.model import ModelProcess
    from bot.core.intents import Intent
    from bot.core.plans import Plan
    from bot.ports import VersionSource
    from bot.publisher import Published
    from bot.settings.config import RepoConfig


class SystemClock:
    """Implements `Clock`."""

    def now(self) -> datetime:
        """The current time in UTC."""
        return datetime.now(UTC)

    def monotonic(self) -> float:
        """Seconds from some fixed point."""
        return time.monotonic()


class Run:
    """One run of the Action: its surroundings, read once, and what has to be let go of at its end.

    `began` is the moment, by `time.monotonic`, at which the process began; `model` a model process that was started
    before anything else, because it takes the longest to get ready.
    """

    def __init__(self, environ: Mapping[str, str], began: float, model: ModelProcess | None = None) -> None:
        self.environ = environ
        self.began = began
        self.settings = Settings.from_environ(environ)
        self.context = RunContext.from_environ(environ)
        secrets = [self.settings.token, self.settings.api_key, *self.settings.fallback_api_key]
        self.redact = Redactor(secret for secret in secrets if secret).redact
        self._model = model

    def intent(self, name: str, payload: Mapping[str, Any]) -> Intent | Ignored | Refused:
        """What the event asks for.

        Raises:
            UserError: when the event cannot be read, or is of another repository than this run.
        """
        event = parse_event(name, payload, str(self.context.run_id or ""))
        if isinstance(event, Ignored):
            return event
        intent = resolve(event, self.context.actor)
        ours = self.context.repository
        told = _repository(intent)
        if told.lower() not in {"", ours.lower()}:
            raise UserError(f"the event is of {told}, but this run is in {ours}", "Check the workflow.")
        return intent

    def site(self) -> Site:
        """Where the repository and this run are on the web."""
        return Site(self.context.server_url, self.context.repository, self.context.run_url)

    def session(self) -> Session:
        """A connection to GitHub.

        Raises:
            UserError: when there is no token.
        """
        from bot.adapters.github_session import Session  # noqa: PLC0415 - ignored events end before

        if not self.settings.token:
            raise UserError("no GitHub token is set", "Set the input `token`; its default is `${{ github.token }}`.")
        session = Session(self.settings.token, self.context.api_url, self.context.repository)
        gc.freeze()  # all that is big has been imported by now; `cli.action` switched the collector off for that
        gc.enable()
        return session

    def deps(self, session: Session, *, drafts: bool) -> Deps:
        """What the handlers get; without `drafts` neither a checkout nor a model."""
        from bot.adapters.git_diffs import GitDiffs  # noqa: PLC0415 - ignored events end before
        from bot.adapters.github import GitHubReader  # noqa: PLC0415 - as above
        from bot.adapters.worktree import GitWorktree  # noqa: PLC0415 - as above

        clock = SystemClock()
        watch = Stopwatch(clock, lambda phase: actions.log(f"{phase} …"))
        watch.add("set-up", clock.monotonic() - self.began)
        folder, server = self.context.workspace, self.context.server_url
        worktree = GitWorktree(folder, self.settings.token, server) if drafts else None
        diffs = GitDiffs(folder) if drafts else None
        return Deps(
            reader=GitHubReader(session),
            site=self.site(),
            clock=clock,
            watch=watch,
            redact=self.redact,
            environment=self.settings.environment,
            worktree=worktree,
            diffs=diffs,
            tools=(lambda config: self._tools(config, worktree)) if worktree else None,
            sources=self._sources if drafts else None,
        )

    def _sources(self) -> AbstractContextManager[VersionSource]:
        from contextlib import closing  # noqa: PLC0415 - only a refresh asks for versions

        from bot.adapters.versions import Sources, credentials_of, tokens_of  # noqa: PLC0415 - as above

        credentials, tokens = credentials_of(self.environ), tokens_of(self.environ)
        return closing(Sources(self.context.api_url, self.settings.token, credentials=credentials, tokens=tokens))

    def _tools(self, config: RepoConfig, worktree: Any) -> Tools:
        from bot.adapters.model import ModelProcess  # noqa: PLC0415 - only drafts ask a model
        from bot.adapters.sandbox import Sandbox  # noqa: PLC0415 - only drafts run commands

        if self._model is None:
            endpoints, effort = self.settings.endpoints(config.model.name), self.settings.reasoning_effort
            self._model = ModelProcess(endpoints, self.environ, effort)
        return Tools(worktree, self._model, Sandbox(self.environ), SystemClock())

    def carry_out(self, plans: Iterator[Plan], session: Session, deps: Deps) -> Published:
        """Execute the plans in order, up to the level set; an early one runs while the next is in the making.

        Raises:
            ForgeError: when GitHub refuses what cannot be answered on the thread; the plan is kept in the summary.
        """
        from concurrent.futures import Future, ThreadPoolExecutor  # noqa: PLC0415 - ignored events need no threads

        from bot.adapters.github_writer import GitHubWriter  # noqa: PLC0415 - the draft job never imports it
        from bot.publisher import Published, Publisher, describe  # noqa: PLC0415 - as above

        level = PublishLevel[self.settings.level.upper()]
        publisher = Publisher(GitHubWriter(session), deps.reader, deps.site, level, deps.clock)
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
                    actions.write_summary(self.environ, describe(plan), self.redact)
                    raise
        return published

    def finish(self, outcome: str, outputs: Mapping[str, str], summary: str) -> int:
        """Write outputs and step summary; returns the exit code."""
        seconds = f"{time.monotonic() - self.began:.3f}"
        actions.write_outputs(self.environ, {"outcome": outcome, **outputs, "total-seconds": seconds}, self.redact)
        if summary:
            actions.write_summary(self.environ, summary, self.redact)
        actions.log(f"outcome: {outcome}", self.redact)
        return 1 if outcome == "failed" else 0

    def guarded(self, act: Callable[[], int]) -> int:
        """Do something; what a person must mend is logged, and the run ends as failed. The model is let go of."""
        try:
            return act()
        except (ForgeError, UserError, WorktreeError) as error:
            text = _in_words(error)
            actions.error(text, self.redact)
            return self.finish("failed", {}, f"**Failed**: {text}")
        finally:
            if self._model is not None:
                self._model.close()


def _repository(intent: Intent | Ignored | Refused) -> str:
    """The repository that the event says it is of; empty for a clock's, which need not say."""
    if isinstance(intent, Ignored):
        return ""
    if isinstance(intent, RefreshManifests):
        asked = intent.request or intent.origin
        return asked.repository.full if asked else ""
    return intent.request.repository.full


def run(started: Run, name: str, payload: Mapping[str, Any]) -> int:
    """Everything in one process, up to the level set; returns the exit code."""
    return started.guarded(lambda: _run(started, name, payload))


def _run(started: Run, name: str, payload: Mapping[str, Any]) -> int:
    intent = started.intent(name, payload)
    if isinstance(intent, Ignored):
        return started.finish("ignored", {}, "")
    session = started.session()
    deps = started.deps(session, drafts=True)
    published = started.carry_out(handle(intent, deps), session, deps)
    return started.finish(published.outcome, published.outputs, published.summary)


def _in_words(error: ForgeError | UserError | WorktreeError) -> str:
    if isinstance(error, UserError):
        return f"{error.what}. {error.remedy}"
    if isinstance(error, ForgeError):
        from bot.core.troubles import explain  # noqa: PLC0415 - only when something went wrong

        trouble = explain(error.status, str(error))
        return f"{trouble.why}. {trouble.remedy}"
    return f"{error}. Check out the repository before this step."
