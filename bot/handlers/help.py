"""`/help`, a mistyped command, a command that this version does not have: a short answer, and no model."""

from __future__ import annotations

from typing import TYPE_CHECKING

from bot.core import texts
from bot.core.commands import COMMANDS
from bot.core.intents import SUPPORTED, ExplainMistake, ShowHelp, Unsupported
from bot.core.plans import Plan
from bot.handlers.answers import look, say

if TYPE_CHECKING:
    from collections.abc import Iterator

    from bot.core.plans import Outcome
    from bot.handlers.deps import Deps


def handle(intent: ShowHelp | ExplainMistake | Unsupported, deps: Deps) -> Iterator[Plan]:
    """Answer people who may ask; others' mistyped commands are noise and get no answer."""
    looked = look(intent.request, deps)
    if looked.plan is not None:
        yield Plan("ignored") if isinstance(intent, ExplainMistake) else looked.plan
        return
    outcome: Outcome = "refused" if isinstance(intent, Unsupported) else "answered"
    yield say(intent.request, looked.intake, _text(intent), outcome)


def _text(intent: ShowHelp | ExplainMistake | Unsupported) -> str:
    match intent:
        case ShowHelp():
            rows = [(row.usage, row.meaning) for row in COMMANDS if row.word in SUPPORTED]
            return texts.help_table(rows)
        case ExplainMistake(error=error):
            return texts.mistake(error.line, error.problem, error.nearest)
        case Unsupported(word=word):
            return texts.refusal(f"/{word}", "this version does not do that yet", "`/help` lists what it does.")
