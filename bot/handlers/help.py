"""`/help`, and a mistyped command: a short answer, and no model."""

from __future__ import annotations

from typing import TYPE_CHECKING

from bot.core import texts
from bot.core.commands import COMMANDS
from bot.core.intents import ExplainMistake, ShowHelp
from bot.core.plans import Plan
from bot.handlers.answers import look, say

if TYPE_CHECKING:
    from collections.abc import Iterator

    from bot.handlers.deps import Deps


def handle(intent: ShowHelp | ExplainMistake, deps: Deps) -> Iterator[Plan]:
    """Answer people who may ask; others' mistyped commands are noise and get no answer."""
    looked = look(intent.request, deps)
    if looked.plan is not None:
        yield Plan("ignored") if isinstance(intent, ExplainMistake) else looked.plan
        return
    yield say(intent.request, looked.intake, _text(intent), "answered")


def _text(intent: ShowHelp | ExplainMistake) -> str:
    match intent:
        case ShowHelp():
            return texts.help_table((row.usage, row.meaning) for row in COMMANDS)
        case ExplainMistake(error=error):
            return texts.mistake(error.line, error.problem, error.nearest)
