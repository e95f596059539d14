"""The pipeline itself: one draft, one repair round, the evidence."""

from __future__ import annotations

from importlib import resources
from typing import TYPE_CHECKING

from bot.core.prompts import repair, request
from bot.core.proposals import Evidence, Figures, one_line
from bot.core.results import Drafted, NotDrafted
from bot.errors import ModelError
from bot.pipeline.gather import Tree, gather
from bot.pipeline.trials import Trials
from bot.ports import Completion, Message

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from bot.core.context import Ranked
    from bot.pipeline.assess import Assessment
    from bot.pipeline.stopwatch import Stopwatch
    from bot.pipeline.values import Limits, Order, Tools

_ROUNDS = 2
"""The draft and one repair round."""
_MOST_TOKENS = 16_000
_HELP = "Try `/generate` with the file or the expected behaviour named, or narrow the task."


def draft(order: Order, tools: Tools, watch: Stopwatch) -> Drafted | NotDrafted:
    """Make one change for the task, or say why none was good enough.

    Raises:
        ModelError: when the model could not be asked at all.
        WorktreeError: when the base commit cannot be read.
    """
    with watch.phase("locate"):
        tree = Tree(tools.worktree, order.base)
        context, ranked = gather(order.task, tree, order.limits.context_tokens)
    with Trials(tools, order.base, order.limits.checks, order.limits.seconds) as trials:
        trials.start([one.path for one in ranked[:10]])
        assessing = trials.meanwhile(_assessor)
        conversation = _Conversation(order, tools, watch)
        conversation.add("user", request(order.task, context, order.mark))
        tried: list[Assessment] = []
        for _ in range(_ROUNDS):
            reply = conversation.ask(must=not tried)
            if reply is None:
                break
            with watch.phase("checks"):
                tried.append(assessing.result()(reply, tree, context, order.limits.rules, trials))
            if tried[-1].holds or _repeats(tried):
                break
            conversation.add("assistant", reply)
            conversation.add("user", repair(tried[-1].problems, order.mark))
    return _conclude(tried, ranked, conversation)


def _assessor() -> Callable[..., Assessment]:
    """The part that judges replies, imported while the model writes the first one."""
    from bot.pipeline.assess import assess  # noqa: PLC0415 - 60 ms that nobody waits for here

    return assess


class _Conversation:
    """The exchange with the model within the draft's budget of time and money."""

    def __init__(self, order: Order, tools: Tools, watch: Stopwatch) -> None:
        self._limits = order.limits
        self._tools = tools
        self._watch = watch
        self._started = tools.clock.monotonic()
        self._messages = [Message("system", system_prompt())]
        self.answers: list[Completion] = []
        self.stopped = ""

    def add(self, role: str, content: str) -> None:
        self._messages.append(Message("user" if role == "user" else "assistant", content))

    def ask(self, *, must: bool) -> str | None:
        """The next reply; None, with the reason kept, when a later round cannot be had any more."""
        left = self._limits.seconds - (self._tools.clock.monotonic() - self._started)
        spent = cost(self.answers, self._limits)
        if self.answers and (
            left <= 1 or (self._limits.max_cost is not None and (spent or 0) >= self._limits.max_cost)
        ):
            self.stopped = "the time or cost limit was reached"
            return None
        try:
            answer = self._complete(max(left, 1.0))
        except ModelError as error:
            if must:
                raise
            self.stopped = str(error)
            return None
        self.answers.append(answer)
        return answer.text

    def _complete(self, seconds: float) -> Completion:
        """Ask; the time until the model's process has the endpoint's ear counts as set-up, the rest as the model's."""
        clock = self._tools.clock
        self._watch.begin("model")
        asked = clock.monotonic()
        answer: Completion | None = None
        try:
            answer = self._tools.model.complete(
                self._messages, max_tokens=_MOST_TOKENS, temperature=0.0, seconds=seconds
            )
        finally:
            whole = clock.monotonic() - asked
            model = whole if answer is None else min(answer.seconds, whole)
            self._watch.add("set-up", whole - model)
            self._watch.add("model", model)
        return answer

    def figures(self) -> Figures:
        return Figures(
            phases=self._watch.phases(),
            model_seconds=round(sum(answer.seconds for answer in self.answers), 3),
            writing_seconds=round(sum(answer.seconds - answer.first_token for answer in self.answers), 3),
            tokens_in=sum(answer.tokens_in or 0 for answer in self.answers),
            tokens_out=sum(answer.tokens_out or 0 for answer in self.answers),
            cost=cost(self.answers, self._limits),
        )


def cost(answers: Sequence[Completion], limits: Limits) -> float | None:
    """USD for those answers by the configured prices; None when a price or a token count is not known."""
    total = 0.0
    for answer in answers:
        price = limits.prices.get(answer.model)
        if price is None or answer.tokens_in is None or answer.tokens_out is None:
            return None
        total += (answer.tokens_in * price[0] + answer.tokens_out * price[1]) / 1_000_000
    return round(total, 6)


def system_prompt() -> str:
    """The rules and the reply format, the same in every prompt so that endpoints can cache them."""
    folder = resources.files("bot") / "templates"
    return f"{(folder / 'draft.md').read_text()}\n{(folder / 'reply_format.md').read_text()}"


def _repeats(tried: Sequence[Assessment]) -> bool:
    return len(tried) > 1 and tried[-1].problems == tried[-2].problems


def _conclude(
    tried: Sequence[Assessment], ranked: Sequence[Ranked], conversation: _Conversation
) -> Drafted | NotDrafted:
    last = tried[-1]
    evidence = Evidence(last.proofs, _deserves_a_look(last), _making(tried, ranked, conversation.stopped))
    if last.holds:
        model = conversation.answers[-1].model
        figures = conversation.figures()
        return Drafted(last.title, last.summary, last.changes, model, evidence, figures)
    nearest = next((one.changes for one in reversed(tried) if one.changes), ())
    return NotDrafted(last.why, _HELP, nearest, evidence, conversation.figures())


def _deserves_a_look(last: Assessment) -> tuple[str, ...]:
    new = [change.path for change in last.changes if change.before is None]
    gone = [change.path for change in last.changes if change.after is None]
    return tuple([f"`{path}` is new" for path in new[:3]] + [f"`{path}` is deleted" for path in gone[:3]])


def _making(tried: Sequence[Assessment], ranked: Sequence[Ranked], stopped: str) -> str:
    rounds = (
        "1 draft" if len(tried) == 1 else f"{len(tried)} drafts, the later one repaired with the real lines and checks"
    )
    places = "; ".join(f"`{one.path}` ({', '.join(one.why[:3])})" for one in ranked[:5])
    text = f"{rounds}. Located: {places or 'nothing in particular'}."
    return one_line(f"{text} Stopped early: {stopped}." if stopped else text, 2000)
