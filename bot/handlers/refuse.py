"""A command that is not carried out whoever gave it: the reason, and what to do."""

from __future__ import annotations

from typing import TYPE_CHECKING

from bot.handlers.answers import look, refuse

if TYPE_CHECKING:
    from collections.abc import Iterator

    from bot.core.intents import Refused
    from bot.core.plans import Plan
    from bot.handlers.deps import Deps


def handle(refused: Refused, deps: Deps) -> Iterator[Plan]:
    """Answer people who may ask; others get what strangers get."""
    looked = look(refused.request, deps)
    remedy = "Give it again in a comment of your own."
    yield looked.plan or refuse(refused.request, looked.intake, refused.reason, remedy)
