from __future__ import annotations

import os
import threading
import time
from concurrent.futures import Future
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime
from typing import TYPE_CHECKING

import pytest

from bot.adapters.model import ModelProcess
from bot.adapters.sandbox import Sandbox
from bot.core.context import Context, Snippet
from bot.core.results import Drafted, NotDrafted
from bot.errors import AbandonedError, CutAnswerError, ModelError, RefusedError
from bot.pipeline.account import Account
from bot.pipeline.assess import Desk
from bot.pipeline.candidates import Race, Round
from bot.pipeline.conversation import Opening, first_openings, focused
from bot.pipeline.draft import draft
from bot.pipeline.gather import Tree
from bot.pipeline.stopwatch import Stopwatch
from bot.pipeline.values import Limits
from bot.ports import Completion, Message
from bot.rehearsal.answers import BrokenStream, Reply
from bot.rehearsal.model import SimulatedModel
from bot.settings.environ import Endpoint
from tests.pipeline.bench import CART, FILES, RIGHT, UNITTEST, WRONG, Bench, bench_of, check, said_aloud, swap

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence
    from pathlib import Path

    from bot.core.baseline import CommandResult, CommandSpec
    from bot.rehearsal.answers import Answer

SUM = swap("shop/cart.py", CART.rstrip("\n"), "def total(prices):\n    return sum(prices)")
HALF = swap("shop/cart.py", "    for price in prices[1:]:", "    for price in prices[0:]:")
BROKEN = swap("shop/cart.py", "    result = 0", "    result = (")
HARM = swap("shop/cart.py", "    result = 0", "    result = 7")
SPACED = RIGHT.replace("    for price in prices:\n", "\n    for price in prices:   \n")
LONG = "x" * 40_000
PATIENT = 20.0
"""Seconds that a test waits for what must come; a test that waits so long fails."""


@dataclass
class RealClock:
    """Time as it is."""

    def now(self) -> datetime:
        return datetime.now(UTC)

    def monotonic(self) -> float:
        return time.monotonic()


@dataclass
class Choir:
    """A model whose voices are told apart by temperature, lowest first; each voice is a function that answers."""

    voices: list[Callable[[Callable[[str], bool]], str]]
    room: int = 1_000_000
    asked: list[float] = field(default_factory=list)
    limits: list[int] = field(default_factory=list)
    ended: list[str] = field(default_factory=list)
    temperatures: list[float] = field(default_factory=list)
    tokens_asked: list[int] = field(default_factory=list)

    def warm(self) -> None:
        """Nothing to start."""

    def close(self) -> None:
        """Nothing to let go of."""

    def slots(self, tokens: int) -> int:
        self.tokens_asked.append(tokens)
        return self.room // tokens if self.room < 1_000_000 else self.room

    def complete(
        self,
        messages: Sequence[Message],
        *,
        max_tokens: int,
        temperature: float,
        seconds: float,
        listen: Callable[[str], bool] | None = None,
    ) -> Completion:
        assert messages
        assert seconds > 0
        self.asked.append(temperature)
        self.limits.append(max_tokens)
        voice = self.voices[self.temperatures.index(temperature)]
        began = time.monotonic()
        try:
            text = voice(listen or (lambda _text: True))
        except ModelError as error:
            self.ended.append(type(error).__name__)
            raise
        self.ended.append("answered")
        return Completion(text, "stop", "fast-1", 1000, 100, time.monotonic() - began, 0.0)


def says(text: str) -> Callable[[Callable[[str], bool]], str]:
    """A voice that says the text a line at a time."""

    def voice(listen: Callable[[str], bool]) -> str:
        said_aloud(text, listen)
        return text

    return voice


def fails(error: ModelError) -> Callable[[Callable[[str], bool]], str]:
    def voice(_listen: Callable[[str], bool]) -> str:
        raise error

    return voice


@dataclass
class Lingering:
    """A voice that goes on with the same words until nobody listens."""

    begun: threading.Event = field(default_factory=threading.Event)
    stopped: threading.Event = field(default_factory=threading.Event)

    def __call__(self, listen: Callable[[str], bool]) -> str:
        self.begun.set()
        stop = time.monotonic() + PATIENT
        while time.monotonic() < stop:
            if not listen("Title: x\n"):
                self.stopped.set()
                raise AbandonedError("not wanted any more", "Title: x\n")
            time.sleep(0.01)
        raise ModelError("nobody stopped it")

    def then(self, text: str) -> Callable[[Callable[[str], bool]], str]:
        """Another voice, which answers once this one has begun."""

        def voice(_listen: Callable[[str], bool]) -> str:
            assert self.begun.wait(PATIENT)
            return text

        return voice


@pytest.fixture
def bench(tmp_path: Path) -> Bench:
    """A bench whose clock stands still: however slow the machine, no candidate is late."""
    bench = bench_of(tmp_path / "repo", FILES)
    bench.model.seconds = bench.model.pause = 0.0
    return bench


def race(
    bench: Bench,
    choir: Choir,
    *,
    prompt: str = "?",
    early: bool = True,
    limits: Limits | None = None,
    cached: int | None = -1,
) -> Round:
    """One round with a voice for each candidate, after an answer that had so many `cached` tokens (-1: no answer)."""
    context = Context((Snippet("shop/cart.py", 1, 6, CART, whole=True),), ())
    openings = [
        Opening(number, (Message("user", prompt),), context, number / 10) for number in range(len(choir.voices))
    ]
    choir.temperatures = [opening.temperature for opening in openings]
    limits = limits or Limits(candidates=len(openings))
    tools = replace(bench.tools(), model=choir, clock=RealClock())
    desk: Future[Desk] = Future()
    desk.set_result(Desk(Tree(tools.worktree, bench.base), limits.rules))
    account = Account(limits, tools.clock)
    if cached != -1:
        account.charge(Completion("", "stop", "fast-1", 1, 1, 0.0, 0.0, tokens_cached=cached), 1, 0.0)
    result = Race(tools, account, desk).run(openings, {"shop/cart.py": CART} if early else None)
    assert len(account.items) >= len(result.candidates)
    return result


def numbers(result: Round) -> list[int]:
    return sorted(one.opening.number for one in result.candidates)


def test_all_candidates_are_judged(bench: Bench) -> None:
    result = race(bench, Choir([says(RIGHT), says(SUM), says(BROKEN), says("No.")]))
    assert numbers(result) == [0, 1, 2, 3]
    assert {one.opening.number for one in result.candidates if one.found.holds} == {0, 1}
    assert result.asked == 4


def test_a_misfit_is_given_up_while_it_is_being_written_but_never_the_first(bench: Bench) -> None:
    more = WRONG + "\n" + LONG + "\n" + RIGHT
    choir = Choir([says(more), says(more), says(SUM)])
    result = race(bench, choir)
    assert numbers(result) == [0, 2]
    assert (result.unfit, result.stopped, result.errors) == (1, 0, ())
    assert sorted(choir.ended) == ["AbandonedError", "answered", "answered"]


@pytest.mark.parametrize(
    "beginning",
    [
        swap("shop/new.py", "", "x = 1"),
        swap("elsewhere.py", "a", "b"),
        "shop/cart.py\n```\n" + CART + "```\n",
        "Such a block ends with\n>>>>>>> REPLACE\n",
    ],
)
def test_what_cannot_be_told_from_its_beginning_is_heard_to_its_end(bench: Bench, beginning: str) -> None:
    assert numbers(race(bench, Choir([says(RIGHT), says(beginning + "\n" + SUM)]))) == [0, 1]


def test_in_repair_rounds_nothing_is_given_up(bench: Bench) -> None:
    assert numbers(race(bench, Choir([says(RIGHT), says(WRONG)]), early=False)) == [0, 1]


def test_when_more_than_half_agree_the_rest_is_stopped(bench: Bench) -> None:
    last = Lingering()
    result = race(bench, Choir([last.then(RIGHT), last.then(SPACED), last.then(HALF.replace("[0:]", "")), last]))
    assert numbers(result) == [0, 1, 2]
    assert (result.stopped, result.asked) == (1, 4)
    assert last.stopped.wait(PATIENT)


def test_half_is_not_enough(bench: Bench) -> None:
    result = race(bench, Choir([says(RIGHT), says(RIGHT), says(SUM), says(HALF)]))
    assert numbers(result) == [0, 1, 2, 3]


def test_once_one_holds_a_straggler_is_not_waited_for_long(bench: Bench) -> None:
    last = Lingering()
    began = time.monotonic()
    result = race(bench, Choir([last.then(RIGHT), last]))
    assert numbers(result) == [0]
    assert result.stopped == 1
    assert time.monotonic() - began < PATIENT / 2


def test_when_the_time_is_over_nobody_waits_any_more(bench: Bench) -> None:
    first = Lingering()
    result = race(bench, Choir([first, first.then(BROKEN)]), limits=Limits(candidates=2, seconds=0.1))
    assert numbers(result) == [1]
    assert result.stopped == 1


@pytest.mark.parametrize("cached", [-1, 0, 128])
def test_with_a_long_prompt_the_others_wait_for_the_first_token_of_the_first(bench: Bench, cached: int) -> None:
    going = threading.Event()
    seen: list[int] = []

    def first(listen: Callable[[str], bool]) -> str:
        time.sleep(0.05)
        seen.append(len(choir.asked))
        listen("")
        assert going.wait(PATIENT)
        return RIGHT

    def second(_listen: Callable[[str], bool]) -> str:
        going.set()
        return SUM

    choir = Choir([first, second])
    assert numbers(race(bench, choir, prompt=LONG, cached=cached)) == [0, 1]
    assert seen == [1]


@pytest.mark.parametrize(("prompt", "cached"), [("?", -1), ("?", 0), (LONG, None)])
def test_with_a_short_prompt_or_an_endpoint_that_caches_none_all_start_at_once(
    bench: Bench, prompt: str, cached: int | None
) -> None:
    together = threading.Barrier(3)

    def voice(_listen: Callable[[str], bool]) -> str:
        together.wait(PATIENT)
        return RIGHT

    assert len(race(bench, Choir([voice] * 3), prompt=prompt, cached=cached).candidates) >= 2


def test_an_endpoint_that_is_down_is_not_asked_again(bench: Bench) -> None:
    choir = Choir([fails(ModelError("refused")), says(RIGHT), says(RIGHT)])
    result = race(bench, choir, prompt=LONG)
    assert choir.asked == [0.0]
    assert [str(error) for error in result.errors] == ["refused"]


@pytest.mark.parametrize("error", [RefusedError("I will not"), CutAnswerError("cut", "Title")])
def test_a_refusal_or_a_cut_answer_does_not_keep_the_others_from_trying(bench: Bench, error: ModelError) -> None:
    result = race(bench, Choir([fails(error), says(RIGHT)]), prompt=LONG)
    assert numbers(result) == [1]
    assert result.errors == (error,)


@pytest.mark.parametrize(
    ("room", "asked", "limit"),
    [(60_000, 4, 16_000), (30_000, 4, 8000), (16_000, 4, 4000), (14_000, 3, 4000), (900, 1, 0)],
)
def test_as_many_as_the_rate_limits_allow_with_shorter_answers_if_need_be(
    bench: Bench, room: int, asked: int, limit: int
) -> None:
    choir = Choir([says(RIGHT), says(SUM), says(HALF), says(BROKEN)], room=room)
    result = race(bench, choir, prompt="x" * 3500)
    assert len(choir.asked) == asked
    assert choir.limits == [16_000] + [limit] * (asked - 1)
    assert (result.asked, result.unasked) == (asked, 4 - asked)


def test_an_error_of_ours_in_a_thread_is_not_swallowed(bench: Bench) -> None:
    def broken(_listen: Callable[[str], bool]) -> str:
        raise ZeroDivisionError

    with pytest.raises(ZeroDivisionError):
        race(bench, Choir([says(BROKEN), broken]))


# ---- whole drafts with several candidates


def openings_of(bench: Bench, count: int) -> list[Opening]:
    context = Context(tuple(Snippet(f"{name}.py", 1, 2, "x\n", whole=True) for name in "abcde"), ("z.py",))
    return first_openings(bench.order(limits=Limits(candidates=count)), context)


def test_candidates_differ_in_warmth_and_context_and_begin_alike(bench: Bench) -> None:
    openings = openings_of(bench, 4)
    assert [one.temperature for one in openings] == [0.0, 0.4, 0.6, 0.8]
    assert [len(one.context.snippets) for one in openings] == [5, 5, 3, 5]
    assert len({one.messages[0].content for one in openings}) == 1
    assert openings[2].messages[1].content[:60] == openings[0].messages[1].content[:60]
    assert openings[2].context.omitted == ("d.py", "e.py", "z.py")
    assert [one.temperature for one in openings_of(bench, 1)] == [0.0]


def test_the_better_half_of_one_file_is_that_file() -> None:
    context = Context((Snippet("a.py", 1, 2, "x", whole=False), Snippet("a.py", 9, 9, "y", whole=False)), ())
    assert focused(context) == context


def drafted(bench: Bench, limits: Limits) -> Drafted:
    result = draft(bench.order(limits=limits), bench.tools(), Stopwatch(bench.clock))
    assert isinstance(result, Drafted), result
    return result


def rows(result: Drafted | NotDrafted) -> dict[str, str]:
    return {one.name: one.outcome for one in result.evidence.proofs}


def test_the_evidence_says_how_many_there_were_and_why_this_one(bench: Bench) -> None:
    bench.model.answers.extend([SUM, RIGHT, SPACED, BROKEN])
    result = drafted(bench, Limits(candidates=4))
    assert [one.after for one in result.changes] == [CART.replace("[1:]", "")]
    told = "4 tried, 4 fitted the files, 2 different results held; chosen: 2 candidates agree on it, 1 on the next one"
    assert rows(result)["candidates"] == told
    assert "Candidates: 4 answered." in result.evidence.making
    assert "Ranking: 1. #" in result.evidence.making


def test_what_mends_a_test_is_better_than_what_most_agree_on(bench: Bench) -> None:
    still = swap("shop/cart.py", "    return result", "    return result + 0")
    bench.model.answers.extend([still, still, RIGHT, BROKEN])
    result = drafted(bench, Limits(candidates=4, checks=(UNITTEST,)))
    assert [one.after for one in result.changes] == [CART.replace("[1:]", "")]
    assert rows(result)["candidates"].endswith("chosen: 1 test mended, 0 by the next one")


class CountingSandbox(Sandbox):
    """Counts the commands that it runs."""

    ran = 0

    def run(self, tree: Path, command: CommandSpec) -> CommandResult:
        self.ran += 1
        return super().run(tree, command)


def test_commands_run_on_no_more_results_once_nothing_is_left_to_mend(bench: Bench) -> None:
    bench.model.answers.extend([RIGHT, RIGHT, SUM, HALF])
    tools = replace(bench.tools(), runner=CountingSandbox(os.environ))
    limits = Limits(candidates=4, checks=(check("works", "true"),))
    assert isinstance(draft(bench.order(limits=limits), tools, Stopwatch(bench.clock)), Drafted)
    assert isinstance(tools.runner, CountingSandbox)
    assert tools.runner.ran == 2


def test_a_leader_that_fails_the_commands_gives_way_to_the_next_result(bench: Bench) -> None:
    works = check("works", "python3 -c 'import shop.cart; assert shop.cart.total([]) == 0'")
    bench.model.answers.extend([HARM, HARM, RIGHT, BROKEN])
    result = drafted(bench, Limits(candidates=4, checks=(works,)))
    assert [one.after for one in result.changes] == [CART.replace("[1:]", "")]
    assert "the next one fails: `works`" in rows(result)["candidates"]


def test_when_none_holds_the_furthest_ones_are_repaired_together(bench: Bench) -> None:
    bench.model.answers.extend([BROKEN, "Nothing.", "Nothing.", RIGHT, RIGHT])
    result = drafted(bench, Limits(candidates=3))
    assert len(bench.model.prompts) == 5
    assert sorted(one[-2].content for one in bench.model.prompts[3:]) == sorted([BROKEN, "Nothing."])
    assert rows(result)["candidates"].startswith("5 tried in 2 rounds, 3 fitted the files, 1 result held; chosen: all")
    assert "Repair round 1: 2 answered." in result.evidence.making


def test_all_candidates_are_paid_for(bench: Bench) -> None:
    bench.model.answers.extend([RIGHT, SUM, HALF, BROKEN])
    figures = drafted(bench, Limits(candidates=4, prices={"fast-1": (2.0, 10.0)})).figures
    assert (figures.tokens_in, figures.tokens_out) == (4000, 400)
    assert figures.cost == 4 * (1000 * 2 + 100 * 10) / 1_000_000


def test_the_money_bounds_the_number_of_candidates(bench: Bench) -> None:
    bench.model.answers.extend([BROKEN, RIGHT, RIGHT, RIGHT])
    result = drafted(bench, Limits(candidates=4, max_cost=0.03, prices={"fast-1": (2.0, 10.0)}))
    assert 1 <= len(bench.model.prompts) < 4
    assert sum(bench.model.limits) * 10 / 1_000_000 < 0.03
    assert result.figures.cost is not None


def test_when_all_are_refused_there_is_no_proposal_and_the_reason_is_told(bench: Bench) -> None:
    bench.model.answers.extend([RefusedError("fast-1 refused: I cannot help with that")] * 3)
    result = draft(bench.order(limits=Limits(candidates=3)), bench.tools(), Stopwatch(bench.clock))
    assert isinstance(result, NotDrafted)
    assert result.why == "fast-1 refused: I cannot help with that"
    assert "3 without a whole answer" in result.evidence.making


def test_when_one_could_not_be_asked_and_the_rest_refused_a_person_has_to_mend_something(bench: Bench) -> None:
    bench.model.answers.extend([RefusedError("no"), ModelError("the quota is used up"), RefusedError("no")])
    with pytest.raises(ModelError, match="quota"):
        draft(bench.order(limits=Limits(candidates=3)), bench.tools(), Stopwatch(bench.clock))


# ---- over HTTP


def test_over_real_connections_a_misfit_is_cut_off_and_the_rest_judged(bench: Bench) -> None:
    endless = BrokenStream(f"{WRONG}\n{LONG}", "endless")
    answers: dict[float, Answer] = {
        0.0: Reply(RIGHT, first_token=0.3),
        0.4: endless,
        0.6: Reply(SUM, first_token=0.3),
        0.8: Reply(BROKEN),
    }
    endpoint = SimulatedModel(first_token=0, answer=lambda body: answers[body["temperature"]])
    with endpoint.serve() as url:
        model = ModelProcess([Endpoint(url, "sk-test", "simulated-1")], os.environ)
        try:
            tools = replace(bench.tools(), model=model, clock=RealClock())
            result = draft(bench.order(limits=Limits(candidates=4, seconds=60)), tools, Stopwatch(tools.clock))
        finally:
            model.close()
    assert isinstance(result, Drafted)
    assert len(endpoint.requests) == 4
    assert "1 given up when the first edit did not fit" in result.evidence.making
    assert rows(result)["candidates"].startswith("4 tried, 3 fitted the files, 2 different results held; chosen: ")
    assert result.figures.tokens_out > 100
