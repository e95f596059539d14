"""`draftgate generate`: the same pipeline on a laptop; the terminal is the gate, a local branch the result."""

from __future__ import annotations

import hashlib
import json
import os
import re
import sys
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from bot.cli.inspect import read_text
from bot.core.bundle import Made, pack
from bot.core.diffs import measure, render_diff
from bot.core.prompts import Task, mark_for
from bot.core.proposals import branch_name, one_line
from bot.core.redaction import Redactor
from bot.core.results import Drafted, Failed, NotDrafted, Result
from bot.errors import ModelError, UserError, WorktreeError

if TYPE_CHECKING:
    import argparse

    from bot.adapters.worktree import GitWorktree
    from bot.cli.screen import Screen

_NUMBER = re.compile(r"#?(\d{1,9})\b")
_LEAST_WORDS = 3


@dataclass(frozen=True, slots=True)
class _Order:
    """What the command line asks for."""

    title: str
    text: str
    kind: str
    base: str


def generate(options: argparse.Namespace, _began: float) -> int:
    """Draft a change for an issue, show it, and commit it on a local branch when the person says yes."""
    from bot.adapters.worktree import GitWorktree  # noqa: PLC0415 - GitPython is slow to import
    from bot.cli.screen import Screen  # noqa: PLC0415 - rich is

    text = read_text(options.issue, "the issue")
    title, _, body = text.strip().partition("\n")
    if len(text.split()) < _LEAST_WORDS:
        raise UserError("the issue says too little to go by", "Say what should change, and where.")
    worktree = GitWorktree(options.repo)
    screen = Screen(quiet=options.json)
    order = _Order(one_line(title.strip("# "), 120), body, options.kind, worktree.head())
    if worktree.has_local_changes():
        screen.note("uncommitted changes are not seen: the draft stands on HEAD")
    result = _redacted(_draft(order, worktree, screen))
    if options.json:
        return _as_json(order, result, worktree, yes=options.yes)
    return _decide(order, result, worktree, screen, yes=options.yes)


def _draft(order: _Order, worktree: GitWorktree, screen: Screen) -> Result:
    from bot.adapters.model import ModelProcess  # noqa: PLC0415 - after the input has been read
    from bot.adapters.sandbox import Sandbox  # noqa: PLC0415 - as above
    from bot.adapters.sandbox_view import guard_memory  # noqa: PLC0415 - as above
    from bot.app import SystemClock  # noqa: PLC0415 - as above
    from bot.pipeline.draft import draft  # noqa: PLC0415 - as above
    from bot.pipeline.stopwatch import Stopwatch  # noqa: PLC0415 - as above
    from bot.pipeline.values import Order, Tools  # noqa: PLC0415 - as above
    from bot.rules import limits, read_config  # noqa: PLC0415 - as above
    from bot.settings.config import CONFIG_PATH  # noqa: PLC0415 - as above
    from bot.settings.environ import Settings  # noqa: PLC0415 - as above

    config = read_config(worktree.read(order.base, [CONFIG_PATH]).get(CONFIG_PATH))
    guard_memory()
    settings = Settings.from_environ(os.environ)
    model = ModelProcess(settings.endpoints(config.model.name), os.environ, settings.reasoning_effort)
    clock = SystemClock()
    watch = Stopwatch(clock, screen.phase)
    task = Task(order.kind, order.title, order.text, "", "requester")
    mark = mark_for(hashlib.sha256(order.text.encode()).hexdigest(), order.base)
    try:
        model.warm()
        tools = Tools(worktree, model, Sandbox(os.environ), clock)
        return draft(Order(task, order.base, mark, limits(config)), tools, watch)
    except ModelError as error:
        raise UserError(f"the model gave no answer: {error}", "Check DRAFTGATE_BASE_URL, DRAFTGATE_API_KEY.") from error
    finally:
        model.close()
        screen.done(watch.phases())


def _redacted(result: Result) -> Result:
    from bot.handlers.drafting import without_secrets  # noqa: PLC0415 - beside its use
    from bot.settings.environ import Settings  # noqa: PLC0415 - as above

    settings = Settings.from_environ(os.environ)
    secrets = [settings.token, settings.api_key, *settings.fallback_api_key]
    return without_secrets(result, Redactor(secret for secret in secrets if secret).redact)


def _as_json(order: _Order, result: Result, worktree: GitWorktree, *, yes: bool) -> int:
    value: dict[str, Any] = json.loads(pack(Made("local", order.base, order.kind, result)))
    if isinstance(result, Drafted):
        stat = measure(result.changes)
        value |= {"diff": render_diff(result.changes), "added": stat.added, "removed": stat.removed}
        if yes:
            value |= dict(zip(("branch", "commit"), _commit(order, result, worktree), strict=True))
    sys.stdout.write(json.dumps(value, indent=1) + "\n")
    return 1 if isinstance(result, Failed) else 0


def _decide(order: _Order, result: Result, worktree: GitWorktree, screen: Screen, *, yes: bool) -> int:
    if isinstance(result, Failed):
        raise UserError(result.why, result.remedy)
    screen.show(result)
    if isinstance(result, NotDrafted):
        return 0
    branch = _branch(order, result)
    if not yes and not screen.ask(f"Commit this on {branch}?"):
        screen.note("nothing was committed")
        return 0
    name, sha = _commit(order, result, worktree)
    screen.note(f"committed {sha[:12]} on {name}")
    return 0


def _branch(order: _Order, result: Drafted) -> str:
    found = _NUMBER.search(order.title)
    return branch_name(int(found.group(1)) if found else 0, result.title or order.title)


def _commit(order: _Order, result: Drafted, worktree: GitWorktree) -> tuple[str, str]:
    """Commit on a local branch whose name is free.

    Raises:
        WorktreeError: when git has nobody to commit as, or every name is taken.
    """
    changes = {
        change.path: (change.mode, None if change.after is None else change.after.encode()) for change in result.changes
    }
    message = f"{result.title or order.title}\n\n{result.summary}\n\nDraftgate-Model: {result.model}\n"
    wanted = _branch(order, result)
    for number in range(1, 20):
        branch = wanted if number == 1 else f"{wanted}-{number}"
        if not worktree.has_branch(branch):
            return branch, worktree.commit(branch, order.base, message, changes)
    raise WorktreeError(f"the branches {wanted} to {wanted}-19 exist already")
