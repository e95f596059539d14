"""What goes into the pipeline and what comes out."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from bot.core.changes import ChangeRules

if TYPE_CHECKING:
    from collections.abc import Mapping

    from bot.core.baseline import CommandSpec
    from bot.core.prompts import Task
    from bot.pipeline.recall import Cache
    from bot.ports import BaselineStore, Clock, CommandRunner, Model, Worktree


@dataclass(frozen=True, slots=True)
class Tools:
    """The ports a draft needs; `cache` and `baselines` are what earlier runs left, where they leave anything."""

    worktree: Worktree
    model: Model
    runner: CommandRunner
    clock: Clock
    cache: Cache | None = None
    baselines: BaselineStore | None = None


@dataclass(frozen=True, slots=True)
class ConfiguredCheck:
    """A command of the repository's configuration, run when a changed path matches one of `paths` (empty: always)."""

    command: CommandSpec
    paths: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Limits:
    """What a draft may use: candidates at once, tokens of context, wall seconds and USD in all, the sizes it may reach.

    `prices` maps model names to USD per million tokens, in and out; `kubernetes` is the release that manifests have to
    be right for, empty for the newest known one.
    """

    candidates: int = 1
    context_tokens: int = 20_000
    seconds: float = 300.0
    max_cost: float | None = None
    prices: Mapping[str, tuple[float, float]] = field(default_factory=dict)
    checks: tuple[ConfiguredCheck, ...] = ()
    rules: ChangeRules = field(default_factory=ChangeRules)
    kubernetes: str = ""


@dataclass(frozen=True, slots=True)
class Order:
    """One draft to be made on the commit `base`; `mark` fences off foreign text in the prompt."""

    task: Task
    base: str
    mark: str
    limits: Limits
