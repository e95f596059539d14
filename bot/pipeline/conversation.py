"""What the model is asked: the prompts of the first candidates, and what follows a reply that does not hold."""

from __future__ import annotations

from dataclasses import dataclass, replace
from importlib import resources
from typing import TYPE_CHECKING

from bot.core.context import CHARACTERS_A_TOKEN, Context, Snippet
from bot.core.prompts import repair, request, rewrite
from bot.pipeline.account import prompt_tokens
from bot.ports import Message

if TYPE_CHECKING:
    from bot.core.edits import FileEdit
    from bot.pipeline.candidates import Candidate
    from bot.pipeline.gather import Tree
    from bot.pipeline.values import Order

_WARMEST = 0.8
_FOCUSED = 3
"""Every third candidate sees the better half of the files alone: what stands in the prompt also leads astray."""
_WHOLE_LINES = 400


@dataclass(frozen=True, slots=True)
class Opening:
    """One request to the model for candidate `number` (from 1); the reply completes the edits in `kept`."""

    number: int
    messages: tuple[Message, ...]
    context: Context
    temperature: float = 0.0
    kept: tuple[FileEdit, ...] = ()

    @property
    def tokens(self) -> int:
        """About how long the prompt is."""
        return prompt_tokens(self.messages)


def first_openings(order: Order, context: Context) -> list[Opening]:
    """The candidates' prompts: the first at temperature 0 with all of the context, the others warmer and varied.

    They begin alike, so that the endpoint's cache of prompt prefixes serves them.
    """
    count = order.limits.candidates
    system = Message("system", system_prompt())
    openings = []
    for at in range(count):
        seen = focused(context) if at % _FOCUSED == _FOCUSED - 1 else context
        asked = Message("user", request(order.task, seen, order.mark))
        warmth = round(0.2 + (_WARMEST - 0.2) * at / (count - 1), 2) if at else 0.0
        openings.append(Opening(at + 1, (system, asked), seen, warmth))
    return openings


def focused(context: Context) -> Context:
    """The context with the better half of its files alone."""
    paths = list(dict.fromkeys(snippet.path for snippet in context.snippets))
    kept, dropped = paths[: (len(paths) + 1) // 2], paths[(len(paths) + 1) // 2 :]
    snippets = tuple(snippet for snippet in context.snippets if snippet.path in kept)
    return Context(snippets, (*dropped, *context.omitted))


def repair_opening(candidate: Candidate, mark: str, temperature: float) -> Opening:
    """The request that asks again for what failed of a reply, and for no more where its other edits fitted."""
    found = candidate.found
    kept = found.fitting if found.misfits else ()
    return _continued(candidate, repair(found.problems, mark, len(kept)), temperature, kept)


def rewrite_opening(candidate: Candidate, order: Order, tree: Tree) -> Opening | None:
    """The request that asks for whole files where edits did not fit; None where one of them is new or too long."""
    found = candidate.found
    texts = tree.texts(found.misfits)
    files = tuple(Snippet(path, 1, text.count("\n") + 1, text, whole=True) for path, text in texts.items())
    room = order.limits.context_tokens * CHARACTERS_A_TOKEN
    if not files or len(files) < len(found.misfits) or sum(len(file.text) for file in files) > room:
        return None
    if any(file.last > _WHOLE_LINES for file in files):
        return None
    kept = tuple(edit for edit in found.fitting if edit.path not in texts)
    opening = _continued(candidate, rewrite(found.problems, files, order.mark), 0.0, kept)
    return replace(opening, context=replace(opening.context, snippets=(*opening.context.snippets, *files)))


def _continued(candidate: Candidate, words: str, temperature: float, kept: tuple[FileEdit, ...]) -> Opening:
    before = candidate.opening
    messages = (*before.messages, Message("assistant", candidate.reply), Message("user", words))
    return replace(before, messages=messages, temperature=temperature, kept=kept)


def system_prompt() -> str:
    """The rules and the reply format, the same in every prompt so that endpoints can cache them."""
    folder = resources.files("bot") / "templates"
    return f"{(folder / 'draft.md').read_text()}\n{(folder / 'reply_format.md').read_text()}"
