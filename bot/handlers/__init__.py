"""One use case per file: `handle(intent, deps)` yields plans and writes nothing. The table says who handles what."""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING, Any

from bot.core.intents import (
    ApproveProposal,
    ExplainMistake,
    ExplainProposal,
    GenerateChange,
    GiveHint,
    Intent,
    Refused,
    RejectProposal,
    RetryProposal,
    ReviseProposal,
    ShowHelp,
)
from bot.core.refresh_intents import RefreshManifests
from bot.core.review_intents import ReviewPull, SuggestChange

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from bot.core.bundle import Bundle, Made
    from bot.core.plans import Plan
    from bot.core.review_bundle import ReviewMade
    from bot.errors import UserError
    from bot.handlers.deps import Deps

HANDLERS: Mapping[type, str] = {
    GenerateChange: "generate",
    ReviseProposal: "generate",
    ApproveProposal: "approve",
    RejectProposal: "reject",
    RetryProposal: "retry",
    ExplainProposal: "advise",
    GiveHint: "advise",
    ReviewPull: "review",
    SuggestChange: "suggest",
    RefreshManifests: "refresh",
    ShowHelp: "help",
    ExplainMistake: "help",
    Refused: "refuse",
}
"""Which file here answers which intent; a run imports that one alone."""

ASKING = frozenset({GenerateChange, ReviseProposal, ExplainProposal, GiveHint, ReviewPull, SuggestChange})
"""The intents that ask the model: their files have the two jobs' halves, `draft_only` and `publish`, besides."""


def handle(intent: Intent | Refused, deps: Deps) -> Iterator[Plan]:
    """The plans for an intent, in the order in which they are to be carried out."""
    plans: Iterator[Plan] = _file(intent).handle(intent, deps)
    return plans


def draft_only(intent: Intent | Refused, deps: Deps) -> Made | ReviewMade | Plan:
    """The draft job's half of an intent that asks the model; a Plan where nothing was to be asked."""
    made: Made | ReviewMade | Plan = _file(intent).draft_only(intent, deps)
    return made


def publish(intent: Intent | Refused, bundle: Bundle | ReviewMade | UserError | None, deps: Deps) -> Iterator[Plan]:
    """The publish job's half; any other intent is handled as a whole."""
    if type(intent) not in ASKING:
        return handle(intent, deps)
    plans: Iterator[Plan] = _file(intent).publish(intent, bundle, deps)
    return plans


def _file(intent: Intent | Refused) -> Any:
    return import_module(f"bot.handlers.{HANDLERS[type(intent)]}")
