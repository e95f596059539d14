"""What handlers may use: readers, the drafting tools, and where they are."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Callable
    from contextlib import AbstractContextManager

    from bot.core.markdown import Site
    from bot.pipeline.stopwatch import Stopwatch
    from bot.pipeline.values import Tools
    from bot.ports import Clock, Diffs, ForgeReader, VersionSource, Worktree
    from bot.settings.config import RepoConfig


@dataclass(frozen=True, slots=True)
class Deps:
    """The reading half of the forge, and the drafting tools of a run that may draft.

    `worktree` is the checkout, `diffs` compares commits in it, and `tools` builds the drafting tools for a
    configuration (it names the model; a missing key is a `UserError`); all are None in the publish job, which has none.
    `redact` takes the run's own secrets out of a text. `environment` is the deployment environment that the job says it
    runs in. `sources` opens the sources of versions that a refresh asks.
    """

    reader: ForgeReader
    site: Site
    clock: Clock
    watch: Stopwatch
    redact: Callable[[str], str]
    environment: str = ""
    worktree: Worktree | None = None
    tools: Callable[[RepoConfig], Tools] | None = None
    diffs: Diffs | None = None
    sources: Callable[[], AbstractContextManager[VersionSource]] | None = None
