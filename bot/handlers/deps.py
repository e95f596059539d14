"""What handlers may use: readers, the drafting tools, and where they are."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Callable

    from bot.core.markdown import Site
    from bot.pipeline import Stopwatch, Tools
    from bot.ports import Clock, ForgeReader, Worktree
    from bot.settings.config import RepoConfig


@dataclass(frozen=True, slots=True)
class Deps:
    """The reading half of the forge, and the drafting tools of a run that may draft.

    `worktree` is the checkout and `tools` builds the drafting tools for a configuration (it names the model; a missing
    key is a `UserError`); both are None in the publish job, which has neither. `redact` takes the run's own secrets
    out of a text. `environment` is the deployment environment that the job says it runs in.
    """

    reader: ForgeReader
    site: Site
    clock: Clock
    watch: Stopwatch
    redact: Callable[[str], str]
    environment: str = ""
    worktree: Worktree | None = None
    tools: Callable[[RepoConfig], Tools] | None = None
