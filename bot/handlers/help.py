"""`/help`, a mistyped command, a command that this version does not have: a short answer, and no model."""

from __future__ import annotations

from typing import TYPE_CHECKING

from bot.core import texts
from bot.core.commands import COMMANDS
from bot.core.intents import SUPPORTED, ExplainMistake, ShowHelp, Unsupported
from bot.handlers.answers import say, turn_away
from bot.intake import take_in
from bot.rules import fetch_config, gate_policy
from bot.together import together

if TYPE_CHECKING:
    from collections.abc import Iterator

    from bot.core.plans import Plan
    from bot.handlers.deps import Deps


def handle(intent: ShowHelp | ExplainMistake | Unsupported, deps: Deps) -> Iterator[Plan]:
    """Answer people who may ask; others' mistyped commands are noise and get no answer."""
    request = intent.request
    intake, config = together(
        lambda: take_in(request, deps.reader), lambda: fetch_config(deps.reader, request.default_branch)
    )
    refusal = turn_away(request, intake, gate_policy(config).request)
    if refusal is not None:
        yield silent(refusal) if isinstance(intent, ExplainMistake) else refusal
        return
    yield say(request, intake, _text(intent), "refused" if isinstance(intent, Unsupported) else "answered")


def silent(plan: Plan) -> Plan:
    """The same plan without a word."""
    return type(plan)("ignored")


def _text(intent: ShowHelp | ExplainMistake | Unsupported) -> str:
    match intent:
        case ShowHelp():
            rows = [(row.usage, row.meaning) for row in COMMANDS if row.word in SUPPORTED]
            return texts.help_table(rows)
        case ExplainMistake(error=error):
            return texts.mistake(error.line, error.problem, error.nearest)
        case Unsupported(word=word):
            return texts.refusal(f"/{word}", "this version does not do that yet", "`/help` lists what it does.")
