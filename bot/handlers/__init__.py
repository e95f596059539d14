"""One use case per file: `handle(intent, deps)` yields plans and writes nothing. The table says who handles what."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

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
from bot.handlers import approve, generate, help, reject, retry  # noqa: A004 - a file is called as its command

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping

    from bot.core.plans import Plan
    from bot.handlers.deps import Deps

HANDLERS: Mapping[type, Callable[[Any, Deps], Iterator[Plan]]] = {
    GenerateChange: generate.handle,
    ReviseProposal: generate.handle,
    ApproveProposal: approve.handle,
    RejectProposal: reject.handle,
    RetryProposal: retry.handle,
    ShowHelp: help.handle,
    ExplainMistake: help.handle,
    Unsupported: help.handle,
    Refused: help.refuse_all,
}
"""Which use case answers which intent."""


def handle(intent: Intent | Refused, deps: Deps) -> Iterator[Plan]:
    """The plans for an intent, in the order in which they are to be carried out."""
    return HANDLERS[type(intent)](intent, deps)
