from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest

from bot.core.changes import FileChange
from bot.core.context import Context
from bot.pipeline.assess import Assessment, Stage
from bot.pipeline.candidates import Candidate
from bot.pipeline.choosing import Cluster, because, clusters, most_alike, ranked, ranking, result_of, worth_repairing
from bot.pipeline.conversation import Opening


def candidate(number: int, after: str | None = "x = 1\n", stage: Stage = Stage.HOLDS, **found: Any) -> Candidate:
    change = FileChange("a.py", "100644", "x = 0\n", after)
    judged = Assessment(stage, "", "", (change,), why="the tests fail", **found)
    return Candidate(Opening(number, (), Context((), ())), "", "fast-1", judged)


def order(*candidates: Candidate) -> list[int]:
    """The numbers of the clusters' leaders, best first."""
    return [cluster.leader.opening.number for cluster in clusters(candidates)]


def test_results_that_differ_in_blank_lines_and_trailing_space_alone_are_one() -> None:
    found = clusters(
        [candidate(2, "x = 1  \n\n"), candidate(1, "\nx = 1"), candidate(3, "x = 2\n"), candidate(4, None)]
    )
    assert [[one.opening.number for one in cluster.members] for cluster in found] == [[1, 2], [3], [4]]


@pytest.mark.parametrize(("one", "other"), [("x = 1\n", " x = 1\n"), ("x = 1\n", None), ("", None), ("a\nb\n", "ab\n")])
def test_other_differences_count(one: str | None, other: str | None) -> None:
    assert result_of(candidate(1, one).found) != result_of(candidate(2, other).found)


def test_what_does_not_hold_is_in_no_cluster() -> None:
    assert clusters([candidate(1, stage=Stage.FLAWED)]) == []
    assert most_alike([candidate(1, stage=Stage.FLAWED)]) == 0


A, B = "x = 1\n", "x = 2\n"


def ran(*candidates: Candidate) -> list[Cluster]:
    """The clusters as they are when the commands were run on all of them."""
    return ranked([replace(cluster, ran=True) for cluster in clusters(candidates)])


@pytest.mark.parametrize(
    ("first", "second", "why"),
    [
        ({"mended": 2, "lines": 9}, {"mended": 1}, "2 tests mended, 1 by the next one"),
        ({"unmended": 1, "lines": 9}, {"unmended": 3}, "1 still failing, 3 with the next one"),
        ({"proven": 1, "lines": 9}, {}, "1 test proven, 0 of the next one"),
        ({"lines": 9}, {"warnings": 2}, "0 warnings, 2 for the next one"),
        ({"lines": 1}, {"lines": 9}, "1 changed line, 9 of the next one"),
        ({}, {}, "it came first; nothing tells it from the next one"),
    ],
)
def test_the_better_evidence_wins_and_is_told(first: dict[str, Any], second: dict[str, Any], why: str) -> None:
    better, worse = candidate(1, A, **first), candidate(2, B, **second)
    assert because(ran(worse, better)) == why
    assert order(worse, better) == [1, 2]


def test_what_was_not_run_is_not_said_to_be_worse_at_it() -> None:
    first, second = ran(candidate(1, A, mended=1, lines=1), candidate(2, B, lines=4))
    found = [first, replace(second, ran=False)]
    assert because(found) == "tried first (1 changed line, 4 of the next one), and nothing was left to mend"
    assert ranking(found) == "1. #1: 1 test mended, 1 changed line; 2. #2: 4 changed lines, not run"


def test_agreement_comes_after_evidence_and_before_size() -> None:
    alike = [candidate(2, B, lines=9), candidate(3, B, lines=9)]
    assert order(candidate(1, A, lines=1), *alike) == [2, 1]
    assert because(clusters([candidate(1, A), *alike])) == "2 candidates agree on it, 1 on the next one"
    assert order(candidate(1, A, mended=1), *alike) == [1, 2]


def test_a_single_result_needs_no_reason() -> None:
    assert because(clusters([candidate(1)])) == "the only one that holds"
    assert because(clusters([candidate(1), candidate(2)])) == "all that hold agree"


def test_the_ranking_names_every_candidate_of_the_first_few_results() -> None:
    many = [candidate(number, f"x = {number}\n", lines=number) for number in range(1, 10)]
    text = ranking(clusters([*many, candidate(10, "x = 1\n", lines=1, mended=3)]))
    assert text.startswith("1. #1, #10: 1 changed line; 2. #2: 2 changed lines; ")
    assert text.endswith("; 3 more")


def test_what_came_furthest_is_repaired_and_no_problem_twice() -> None:
    tried = [
        candidate(1, stage=Stage.UNREADABLE, problems=("prose",)),
        candidate(2, stage=Stage.UNFIT, problems=("two misfits",), misfits=("a", "b")),
        candidate(3, stage=Stage.UNFIT, problems=("a misfit",), misfits=("a",)),
        candidate(4, stage=Stage.FAILING, problems=("fails",)),
        candidate(5, stage=Stage.FAILING, problems=("fails",)),
    ]
    assert [one.opening.number for one in worth_repairing(tried, 3)] == [4, 3, 2]
