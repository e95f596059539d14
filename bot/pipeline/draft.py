"""The pipeline itself: candidates, the proof of the best, repair rounds."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

from bot.core.proposals import one_line
from bot.errors import UserError
from bot.pipeline.account import Account, prompt_tokens
from bot.pipeline.candidates import MOST_TOKENS, Race
from bot.pipeline.choosing import Cluster, clusters, ranked, worth_repairing
from bot.pipeline.conversation import first_openings, repair_opening, rewrite_opening
from bot.pipeline.gather import Tree, find, show
from bot.pipeline.rerank import is_settled, rerank
from bot.pipeline.stopwatch import covered
from bot.pipeline.telling import Story, conclude, unanswered
from bot.pipeline.trials import Trials

if TYPE_CHECKING:
    from collections.abc import Sequence
    from concurrent.futures import Future

    from bot.core.context import Context, Ranked
    from bot.core.results import Drafted, NotDrafted
    from bot.pipeline.assess import Desk
    from bot.pipeline.candidates import Candidate, Round
    from bot.pipeline.conversation import Opening
    from bot.pipeline.stopwatch import Stopwatch
    from bot.pipeline.values import Order, Tools
    from bot.ports import Message

_REPAIRS = 2
"""Repair rounds, before whole files are asked for."""
_REPAIRED_AT_ONCE = 2
"""Different failures that a repair round takes up, where there are several candidates."""
_MOST_LEADERS = 3
"""Different results on which the repository's own commands are run in one round."""
_LEAST_TOKENS = 1000
"""An answer that the money does not reach for is not asked for."""
_LEAST_SECONDS = 1.0
_QUESTION_SECONDS = 20.0
"""For the order of the located files; a model that takes longer is better asked for the draft at once."""
_SHARES = 4
"""That question may take this part of the time and the money."""


def draft(order: Order, tools: Tools, watch: Stopwatch) -> Drafted | NotDrafted:
    """Make one change for the task, or say why none was good enough.

    Raises:
        ModelError: when the model could not be asked at all.
        UserError: when the cost limit does not pay for a single draft.
        WorktreeError: when the base commit cannot be read.
    """
    account = Account(order.limits, tools.clock)
    tree = Tree(tools.worktree, order.base)
    located = _locate(order, tools, watch, tree, account)
    limits = order.limits
    with Trials(tools, order.base, limits.checks, account.left(), tools.baselines) as trials:
        trials.start([one.path for one in located[:10]])
        work = _Work(order, tools, watch, trials, tree, account)
        work.run(show(located, tree, limits.context_tokens))
        desk = work.desk.result()
    story = Story(limits.candidates, located, tuple(work.rounds), work.found, work.stopped)
    figures = account.figures(watch)
    if not work.tried:
        return unanswered(story, figures)
    return conclude(story, work.tried, figures, desk)


def _locate(order: Order, tools: Tools, watch: Stopwatch, tree: Tree, account: Account) -> tuple[Ranked, ...]:
    """The files that the task is about; the model is asked for their order where the words leave it open."""
    with watch.phase("locate"):
        found = find(order.task, tree, tools.cache)
        settled = is_settled(found, tree.sizes, order.limits.context_tokens)
    if settled:
        return found

    def ask(messages: Sequence[Message], most: int) -> str | None:
        prompt = prompt_tokens(messages)
        if account.affordable(prompt, _SHARES, most) < most:
            return None
        seconds = min(_QUESTION_SECONDS, account.left() / _SHARES)
        answer = tools.model.complete(messages, max_tokens=most, temperature=0.0, seconds=seconds)
        account.charge(answer, prompt, tools.clock.monotonic())
        return answer.text

    with watch.phase("rerank"):
        return rerank(order.task, found, tree, ask, order.mark)


class _Work:
    """One draft in the making: its rounds so far and what they came to.

    `tried` are all judged replies, `found` the ranked results of the last round that had any; `stopped` says why the
    work ended before its time.
    """

    def __init__(
        self, order: Order, tools: Tools, watch: Stopwatch, trials: Trials, tree: Tree, account: Account
    ) -> None:
        self.account = account
        self.desk: Future[Desk] = trials.meanwhile(lambda: _desk(tree, order))
        self.rounds: list[Round] = []
        self.tried: list[Candidate] = []
        self.found: tuple[Cluster, ...] = ()
        self.stopped = ""
        self._order = order
        self._tools = tools
        self._watch = watch
        self._trials = trials
        self._tree = tree
        self._seen: set[tuple[str, ...]] = set()
        self._repairs = 0
        self._rewritten = False

    def run(self, context: Context) -> None:
        """Ask, prove and repair until a change holds, or nothing more can be done."""
        shown = self._tree.texts([snippet.path for snippet in context.snippets])
        openings = first_openings(self._order, context)
        while openings:
            answered = self._ask(openings, None if self.rounds else shown)
            if answered is None:
                return
            with self._watch.phase("checks"):
                judged = self._prove(answered)
            self.tried += judged
            if self.found and self.found[0].leader.found.holds:
                return
            openings = self._next(judged)

    def _ask(self, openings: list[Opening], shown: dict[str, str] | None) -> Sequence[Candidate] | None:
        """One round of answers; None, with the reason kept, where there are none."""
        count, most = self._affordable(openings)
        if not count or (self.rounds and self.account.left() <= _LEAST_SECONDS):
            if not self.rounds:
                raise self._too_dear(openings[0])
            self.stopped = "the time or cost limit was reached"
            return None
        began, known = self._tools.clock.monotonic(), len(self.account.items)
        self._watch.begin("model")
        race = Race(self._tools, self.account, self.desk, most)
        answered = race.run(openings[:count], shown)
        self._measure(began, self.account.busy()[known:], race.judged)
        self.rounds.append(answered)
        if not answered.candidates and answered.errors:
            self.stopped = one_line(str(answered.errors[0]), 300)
        return answered.candidates or None

    def _affordable(self, openings: Sequence[Opening]) -> tuple[int, int]:
        """How many of the openings the money is enough for, and the tokens that each answer may have."""
        prompt = max(opening.tokens for opening in openings)
        for count in range(len(openings), 0, -1):
            most = self.account.affordable(prompt, count, MOST_TOKENS)
            if most >= _LEAST_TOKENS:
                return count, most
        return 0, 0

    def _too_dear(self, opening: Opening) -> UserError:
        limit = self._order.limits.max_cost
        what = (
            f"the cost limit of ${limit:g} does not pay for one draft, whose prompt has about {opening.tokens:,} tokens"
        )
        return UserError(what, "Raise `model.max-cost-usd` or lower `model.context-tokens` in the configuration.")

    def _measure(
        self, began: float, busy: Sequence[tuple[float, float]], judged: Sequence[tuple[float, float]]
    ) -> None:
        """Share the round's time out: what the model did not take, judging took, and what is left getting its ear."""
        ended = self._tools.clock.monotonic()
        model = [(max(begin, began), min(end, ended)) for begin, end in busy]
        writing, both = covered(model), covered([*model, *judged])
        self._watch.add("set-up", max(0.0, ended - began - both))
        self._watch.add("model", writing)
        self._watch.add("checks", both - writing)

    def _prove(self, answered: Sequence[Candidate]) -> list[Candidate]:
        """Run the repository's commands on one candidate of each result, best first, as long as that may tell more."""
        from bot.pipeline.assess import prove  # noqa: PLC0415 - imported while the model wrote

        waiting = clusters(answered)
        proven: list[Cluster] = []
        took = 0.0
        while waiting and len(proven) < _MOST_LEADERS and (not proven or self.account.left() > 1.5 * took):
            cluster, began = waiting.pop(0), self._tools.clock.monotonic()
            found = prove(cluster.leader.found, self._trials, self._order.task.kind)
            took = self._tools.clock.monotonic() - began
            leader = replace(cluster.leader, found=found)
            proven.append(Cluster((leader, *cluster.members[1:]), ran=bool(self._trials.checks)))
            if found.holds and not found.unmended:
                break
        self.found = (*ranked(proven), *waiting)
        leaders = {cluster.leader.opening.number: cluster.leader for cluster in proven}
        return [leaders.get(candidate.opening.number, candidate) for candidate in answered]

    def _next(self, judged: Sequence[Candidate]) -> list[Opening]:
        """The requests of the next round: repairs, then whole files where edits do not fit; none at the end."""
        failed = worth_repairing(judged, _REPAIRED_AT_ONCE if self._order.limits.candidates > 1 else 1)
        fresh = [one for one in failed if one.found.problems not in self._seen]
        self._seen |= {one.found.problems for one in failed}
        if self._rewritten:
            return []
        if fresh and self._repairs < _REPAIRS:
            self._repairs += 1
            return [repair_opening(one, self._order.mark, 0.4 * place) for place, one in enumerate(fresh)]
        self._rewritten = True
        opening = rewrite_opening(failed[0], self._order, self._tree)
        return [opening] if opening else []


def _desk(tree: Tree, order: Order) -> Desk:
    """What judges replies, imported while the model writes the first one."""
    from bot.pipeline.assess import Desk  # noqa: PLC0415 - 60 ms that nobody waits for here

    return Desk(tree, order.limits.rules, order.limits.kubernetes)
