"""`/reject`: the proposal is closed and remembered."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

from bot.core.markdown import sticky
from bot.core.plans import Close, Plan, Remember
from bot.core.proposals import one_line, open_ref
from bot.handlers.answers import look, not_this_one
from bot.kept import read_kept

if TYPE_CHECKING:
    from collections.abc import Iterator

    from bot.core.intents import RejectProposal
    from bot.core.plans import Effect
    from bot.handlers.deps import Deps

_LONGEST_WHY = 500


def handle(intent: RejectProposal, deps: Deps) -> Iterator[Plan]:
    """Close the open proposal; the comment keeps its diff and says who and why."""
    request = intent.request
    looked = look(request, deps)
    if looked.plan is not None:
        yield looked.plan
        return
    intake = looked.intake
    memory = intake.memory
    if memory is not None and memory.state == "rejected" and memory.sha.startswith(intent.sha):
        left = deps.reader.ref(open_ref(request.thread.number, memory.sha)) is not None
        yield Plan("rejected", (Close(request.thread, memory.sha),) if left else (), {"proposal-sha": memory.sha})
        return
    wrong = not_this_one(request, intake, intent.sha)
    if wrong is not None or memory is None:
        yield wrong or Plan("refused")
        return
    rejected = replace(memory, state="rejected", by=(request.requester.login,), note=one_line(intent.why, _LONGEST_WHY))
    kept = read_kept(deps.reader, memory.sha)
    shown = kept.shown() if kept else None
    effects: list[Effect] = [Close(request.thread, memory.sha)]
    if shown is not None:
        effects.insert(0, Remember(request.thread, sticky(rejected, shown, deps.site), intake.sticky_id))
    yield Plan("rejected", tuple(effects), {"proposal-sha": memory.sha})
