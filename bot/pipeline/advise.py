"""One question to the model that ends in words, not in a change."""

from __future__ import annotations

from importlib import resources
from typing import TYPE_CHECKING

from bot.core.advice import Advice
from bot.core.prompts import request
from bot.errors import ModelError
from bot.pipeline.account import Account, prompt_tokens
from bot.pipeline.gather import Tree, gather
from bot.ports import Message

if TYPE_CHECKING:
    from bot.pipeline.stopwatch import Stopwatch
    from bot.pipeline.values import Order, Tools

_MOST_TOKENS = 1_500
_SECONDS = 60.0
"""Wall seconds: an answer in words that takes longer is no help while reading."""


def advise(order: Order, tools: Tools, watch: Stopwatch) -> Advice:
    """Locate the task and ask the model once; the places are told even where no whole answer came.

    Raises:
        WorktreeError: when the base commit cannot be read.
    """
    with watch.phase("locate"):
        context, ranked = gather(order.task, Tree(tools.worktree, order.base), order.limits.context_tokens)
    account = Account(order.limits, tools.clock)
    rules = (resources.files("bot") / "templates" / f"{order.task.kind}.md").read_text()
    messages = [Message("system", rules), Message("user", request(order.task, context, order.mark))]
    text, why = "", ""
    with watch.phase("model"):
        try:
            text = _ask(messages, order, tools, account)
        except ModelError as error:
            why = str(error).partition("\n")[0]
    return Advice(text, tuple(ranked), account.figures(watch), why)


def _ask(messages: list[Message], order: Order, tools: Tools, account: Account) -> str:
    prompt = prompt_tokens(messages)
    most = account.affordable(prompt, 1, _MOST_TOKENS)
    if not most:
        raise ModelError("the cost limit does not pay for an answer")
    seconds = min(_SECONDS, order.limits.seconds)
    answer = tools.model.complete(messages, max_tokens=most, temperature=0.2, seconds=seconds)
    account.charge(answer, prompt, tools.clock.monotonic())
    return answer.text
