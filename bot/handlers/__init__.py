"""One use case per file: `handle(intent, deps)` yields plans and writes nothing. The table says who handles what."""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING

from bot.core.intents import (
    ApproveProposal,
    ExplainMistake,
    GenerateChange,
    Intent,
    Refused,
    RejectProposal,
    RetryProposal,
    ReviseProposal,
    ShowHelp,
    Unsupported,
)

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from bot.core.plans import Plan
    from bot.handlers.deps import Deps

HANDLERS: Mapping[type, str] = {
    GenerateChange: "generate",
    ReviseProposal: "generate",
    ApproveProposal: "approve",
    RejectProposal: "reject",
    RetryProposal: "retry",
    ShowHelp: "help",
    ExplainMistake: "help",
    Unsupported: "help",
    Refused: "refuse",
}
"""Which file here answers which intent; a run imports that one alone."""


def handle(intent: Intent | Refused, deps: Deps) -> Iterator[Plan]:
    """The plans for an intent, in the order in which they are to be carried out."""
    plans: Iterator[Plan] = import_module(f"bot.handlers.{HANDLERS[type(intent)]}").handle(intent, deps)
    return plans
