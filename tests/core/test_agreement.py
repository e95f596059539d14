from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

import pytest

from bot.core.agreement import Heard, Kept, agree, choose
from tests.core.review_samples import remark

if TYPE_CHECKING:
    from bot.core.remarks import Remark

TEN = remark("step_ten()", "step_10()")
OTHER = remark("step_ten()", "step_X()")
PLAIN = remark("step_ten()")
FAR = remark("step_twenty_five()", "step_25()", severity="low")


def chosen(*heard: tuple[Remark, int]) -> list[Kept]:
    return choose(agree([Heard(one, by) for one, by in heard], 3))


def test_two_passes_with_the_same_change_agree() -> None:
    assert chosen((TEN, 0), (TEN, 1)) == [Kept(TEN, 2, 3)]


def test_the_same_change_quoted_differently_is_the_same() -> None:
    wider = remark("step_9()\nstep_ten()", "step_9()\nstep_10()")
    assert [one.votes for one in chosen((TEN, 0), (wider, 1))] == [2]


@pytest.mark.parametrize("heard", [[], [(TEN, 0)], [(TEN, 0), (TEN, 0)], [(TEN, 0), (FAR, 1)], [(TEN, 0), (PLAIN, 0)]])
def test_what_one_pass_alone_says_is_not_said(heard: list[tuple[Remark, int]]) -> None:
    assert chosen(*heard) == []


@pytest.mark.parametrize("second", [OTHER, PLAIN])
def test_agreeing_on_the_problem_alone_leaves_a_remark_without_a_change(second: Remark) -> None:
    (kept,) = chosen((TEN, 0), (second, 1))
    assert (kept.votes, kept.remark.change, kept.remark.suggestion) == (2, None, None)
    assert kept.remark.anchor == TEN.anchor


def test_a_small_matter_without_an_agreed_change_is_not_worth_it() -> None:
    low = [replace(one, finding=replace(one.finding, severity="low")) for one in (TEN, OTHER)]
    assert chosen((low[0], 0), (low[1], 1)) == []


def test_another_kind_of_remark_on_the_same_line_is_no_agreement() -> None:
    assert chosen((TEN, 0), (remark("step_ten()", "step_X()", category="tests"), 1)) == []


def test_a_third_opinion_does_not_spoil_an_agreement() -> None:
    assert chosen((TEN, 0), (OTHER, 1), (TEN, 2)) == [Kept(TEN, 2, 3)]


def test_the_worst_comes_first_and_each_line_is_changed_once() -> None:
    medium = remark("step_ten()\nstep_eleven()", "gone()", severity="medium")
    found = chosen((FAR, 0), (FAR, 1), (medium, 0), (medium, 1), (TEN, 0), (TEN, 1), (TEN, 2))
    assert [(one.remark, one.votes) for one in found] == [(TEN, 3), (FAR, 2)]


def test_a_proof_stands_for_a_second_pass() -> None:
    assert choose([Kept(TEN, 1, 2, ("cures python-syntax",))]) == [Kept(TEN, 1, 2, ("cures python-syntax",))]


def test_the_most_alarmed_words_are_kept() -> None:
    calm = replace(TEN, finding=replace(TEN.finding, severity="low"))
    (kept,) = chosen((calm, 0), (TEN, 1))
    assert kept.remark == TEN
