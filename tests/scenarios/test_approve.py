"""`/approve`: exactly the approved commit is pushed, or one sentence says why not and one what to do."""

from __future__ import annotations

import time
from typing import TYPE_CHECKING

import pytest

from bot.rehearsal import github_faults
from bot.rehearsal.github_faults import Fault
from tests.scenarios.stage import BOT, CART, FIX, HARM, edit

if TYPE_CHECKING:
    from collections.abc import Callable

    from syrupy.assertion import SnapshotAssertion

    from tests.scenarios.conftest import Build
    from tests.scenarios.stage import Ended, Stage

BRANCH = "draftgate/1-count-the-first-price-in-total"


def test_a_fresh_process_pushes_the_commit_and_opens_a_draft_pull_request(
    stage: Stage, snapshot: SnapshotAssertion
) -> None:
    sha = stage.generate().outputs["proposal-sha"]

    ended = stage.approve(sha, "victor", fresh=True)

    assert ended.end == (0, "pushed")
    assert stage.branches() == [BRANCH]
    assert stage.repo.head(BRANCH) == sha
    (issue,) = stage.repo.pulls()
    assert ended.outputs["pull-request-number"] == str(issue.number)
    assert issue.pull is not None
    assert (issue.pull.draft, issue.pull.base_ref, issue.author.login) == (True, "main", BOT)
    assert (issue.title, stage.calm(issue.body)) == snapshot
    assert stage.shown() == snapshot
    assert stage.kept() == [f"closed/1/{sha}"]
    assert stage.answers() == []


def test_approving_twice_pushes_once(proposed: Stage) -> None:
    sha = proposed.sha
    first = proposed.approve(sha)
    state = proposed.repo.refs()

    second = proposed.approve(sha, "victor")

    assert first.end == second.end == (0, "pushed")
    assert second.outputs["pull-request-number"] == first.outputs["pull-request-number"]
    assert second.writes == []
    assert proposed.repo.refs() == state


Prepare = "Callable[[Stage], Ended]"


def wrong_sha(stage: Stage) -> Ended:
    return stage.approve("0123456789ab")


def superseded(stage: Stage) -> Ended:
    old = stage.sha
    stage.script(FIX)
    stage.say("maria", f"/revise {old[:12]} a better title")
    return stage.approve(old)


def rejected(stage: Stage) -> Ended:
    stage.say("maria", f"/reject {stage.sha[:12]} wrong place")
    return stage.approve(stage.sha)


def edited(stage: Stage) -> Ended:
    comment = stage.comment("maria", f"/approve {stage.sha[:12]}")
    stage.clock.tick()
    stage.repo.edit_comment(comment.id, by="maria", body=comment.body)
    return stage.on(comment)


def edited_after_the_event(stage: Stage) -> Ended:
    comment = stage.comment("maria", f"/approve {stage.sha[:12]}")
    return stage.on(comment, env={}) if not comment else _rewritten(stage, f"/approve {stage.sha[:12]} ")


def _rewritten(stage: Stage, body: str) -> Ended:
    from bot.rehearsal import github_events  # noqa: PLC0415

    comment = stage.comment("maria", f"/approve {stage.sha[:12]}")
    event = github_events.issue_comment(stage.repo, comment)
    comment.body = body + "\n\nbut only on Tuesdays"
    return stage.event(*event)


def policy_changed(stage: Stage) -> Ended:
    stage.repo.commit("main", {".github/draftgate.yml": "limits:\n  files: 3\n"}, "Be strict")
    return stage.approve(stage.sha)


def same_lines(stage: Stage) -> Ended:
    stage.repo.commit("main", {"shop/cart.py": CART.replace("prices[1:]", "prices[2:]")}, "Skip two")
    return stage.approve(stage.sha)


def gone(stage: Stage) -> Ended:
    stage.repo.move_ref(f"refs/draftgate/proposals/1/{stage.sha}", None)
    return stage.approve(stage.sha)


def ref_moved_elsewhere(stage: Stage) -> Ended:
    evil = stage.repo.commit("evil", {"evil.py": "import os\n"}, "Evil")
    stage.repo.move_ref(f"refs/draftgate/proposals/1/{stage.sha}", evil)
    return stage.approve(stage.sha)


def sender_is_another(stage: Stage) -> Ended:
    comment = stage.comment("maria", f"/approve {stage.sha[:12]}")
    return stage.event(*_event(stage, comment), actor="victor")


def _event(stage: Stage, comment: object) -> tuple[str, dict[str, object]]:
    from bot.rehearsal import github_events  # noqa: PLC0415

    return github_events.issue_comment(stage.repo, comment)  # type: ignore[arg-type]


REFUSED: tuple[Callable[[Stage], Ended], ...] = (
    wrong_sha, superseded, rejected, edited, policy_changed, same_lines, gone, ref_moved_elsewhere, sender_is_another,
)  # fmt: skip


@pytest.mark.parametrize("prepare", REFUSED, ids=lambda one: one.__name__)
def test_it_is_refused_with_the_reason_and_the_next_step(
    proposed: Stage, prepare: Callable[[Stage], Ended], snapshot: SnapshotAssertion
) -> None:
    branches = proposed.branches()

    ended = prepare(proposed)

    assert ended.end == (0, "refused")
    assert proposed.answers() == snapshot
    assert set(proposed.branches()) - set(branches) <= {"evil"}
    assert proposed.repo.pulls() == []
