from __future__ import annotations

import pytest

from bot.pipeline.account import Account
from bot.pipeline.stopwatch import Stopwatch, covered
from bot.pipeline.values import Limits
from bot.ports import Completion
from tests.pipeline.bench import HandClock

PRICES = {"fast-1": (1.0, 10.0), "slow-1": (2.0, 20.0)}


def answer(tokens_in: int | None = 1000, tokens_out: int | None = 100, seconds: float = 2.0) -> Completion:
    return Completion("x" * 350, "stop", "fast-1", tokens_in, tokens_out, seconds, seconds / 4)


def account(most: float | None = None, prices: dict[str, tuple[float, float]] | None = None) -> Account:
    return Account(Limits(max_cost=most, prices=PRICES if prices is None else prices, seconds=100), HandClock())


@pytest.mark.parametrize(
    ("spans", "seconds"),
    [
        ([], 0.0),
        ([(1.0, 3.0)], 2.0),
        ([(1.0, 3.0), (2.0, 4.0)], 3.0),
        ([(1.0, 9.0), (2.0, 4.0)], 8.0),
        ([(5.0, 6.0), (1.0, 2.0)], 2.0),
        ([(1.0, 2.0), (2.0, 3.0), (3.0, 3.0)], 2.0),
    ],
)
def test_what_went_on_at_the_same_time_counts_once(spans: list[tuple[float, float]], seconds: float) -> None:
    assert covered(spans) == seconds


def test_parallel_answers_take_the_time_of_one_and_the_speed_is_that_of_each() -> None:
    kept = account()
    for _ in range(4):
        kept.charge(answer(), 900, ended=2.0)
    figures = kept.figures(Stopwatch(HandClock()))
    assert (figures.model_seconds, figures.writing_seconds) == (2.0, 6.0)
    assert (figures.tokens_in, figures.tokens_out) == (4000, 400)
    assert figures.cost == pytest.approx(4 * (1000 + 1000) / 1e6)


def test_a_request_given_up_is_paid_for_by_estimate_under_the_name_that_the_others_had() -> None:
    kept = account()
    kept.give_up(1000, "x" * 350, (0.0, 0.5, 1.0))
    assert kept.cost() is None
    kept.charge(answer(), 900, ended=2.0)
    assert kept.cost() == pytest.approx(2 * (1000 + 1000) / 1e6)


@pytest.mark.parametrize(
    ("most", "prices", "at_once", "tokens"),
    [
        (None, None, 1, 16_000),
        (0.001, {}, 1, 16_000),
        (1000.0, None, 8, 16_000),
        (0.022, None, 1, 1000),
        (0.022, None, 2, 450),
        (0.022, {"fast-1": (1.0, 10.0)}, 1, 2100),
        (0.002, None, 1, 0),
        (0.0001, None, 1, 0),
        (0.022, {"free": (0.0, 0.0)}, 1, 16_000),
        (0.0, {"free": (0.0, 0.0)}, 1, 16_000),
        (0.0005, {"in alone": (1.0, 0.0)}, 1, 0),
    ],
)
def test_no_answer_may_be_longer_than_the_money_reaches(
    most: float | None, prices: dict[str, tuple[float, float]] | None, at_once: int, tokens: int
) -> None:
    assert account(most, prices).affordable(1000, at_once, 16_000) == tokens


def test_once_the_models_name_is_known_its_own_price_counts() -> None:
    kept = account(0.022)
    kept.charge(answer(1000, 100), 900, ended=2.0)
    assert kept.affordable(1000, 1, 16_000) == (22_000 - 2000 - 1000) // 10


def test_an_answer_that_was_not_counted_still_uses_the_money_up() -> None:
    kept = account(0.022)
    kept.charge(answer(None, None), 1000, ended=2.0)
    assert kept.cost() is None
    assert kept.affordable(1000, 1, 16_000) == (22_000 - 2000 - 1000) // 10


def test_the_time_that_is_left_runs_out() -> None:
    clock = HandClock()
    kept = Account(Limits(seconds=10), clock)
    clock.seconds += 12
    assert kept.left() == -2
