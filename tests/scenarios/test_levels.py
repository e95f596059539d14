"""`DRAFTGATE_LEVEL`: how far a run may go, from a dry run to a push."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

if TYPE_CHECKING:
    from tests.scenarios.stage import Stage


def test_a_dry_run_writes_nothing_and_prints_what_it_would_write(plain: Stage) -> None:
    before = plain.github.snapshot()

    ended = plain.generate(env={"DRAFTGATE_LEVEL": "nothing"})

    assert ended.end == (0, "nothing-to-do")
    assert ended.writes == []
    assert "Dry run, nothing was written" in ended.summary
    assert "+    for price in prices:" in ended.summary
    after = plain.github.snapshot()
    assert after["octo/shop"]["refs"] == before["octo/shop"]["refs"]


def test_a_run_that_may_only_comment_shows_the_draft_and_keeps_no_commit(plain: Stage) -> None:
    ended = plain.generate(env={"DRAFTGATE_LEVEL": "comment"})

    assert ended.end == (0, "nothing-to-do")
    assert plain.kept() == []
    assert "may only comment" in plain.shown()
    assert "+    for price in prices:" in plain.shown()
    assert "/approve" not in plain.shown()


@pytest.mark.parametrize("level", ["propose", "push"])
def test_a_run_that_may_propose_keeps_the_commit_and_pushes_nothing(plain: Stage, level: str) -> None:
    assert plain.generate(env={"DRAFTGATE_LEVEL": level}).end == (0, "proposed")
    assert len(plain.kept()) == 1
    assert plain.branches() == []


def test_an_approval_is_not_carried_out_by_a_run_that_may_not_push(plain: Stage) -> None:
    plain.generate()

    ended = plain.approve(plain.sha, env={"DRAFTGATE_LEVEL": "propose"})

    assert ended.end == (0, "refused")
    assert plain.branches() == []
    assert "this run may not push" in plain.answers()[-1]
    assert plain.approve(plain.sha).end == (0, "pushed")


def test_a_level_that_is_none_is_a_usage_error(plain: Stage) -> None:
    ended = plain.generate(env={"DRAFTGATE_LEVEL": "everything"})

    assert ended.code == 2
    assert "`nothing`, `comment`, `propose`, `push`" in ended.log
    assert ended.writes == []
