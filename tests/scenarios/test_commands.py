"""What people type beside the main road: help, slips, quotes, noise, and what is not theirs to ask."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from bot.rehearsal import github_events
from tests.scenarios.stage import BOT

if TYPE_CHECKING:
    from syrupy.assertion import SnapshotAssertion

    from tests.scenarios.stage import Stage


@pytest.mark.parametrize(
    "body",
    [
        "/help",
        "/generat the fix",
        "/approve",
        "/approve 12345",
        "/approve 0123456789ab now",
        "/review",
        "/Help",
    ],
)
def test_help_and_slips_get_one_short_answer(undrafted: Stage, body: str, snapshot: SnapshotAssertion) -> None:
    comment = undrafted.comment("maria", body)

    ended = undrafted.on(comment)

    assert ended.code == 0
    assert (ended.outcome, undrafted.answers()) == snapshot
    undrafted.on(comment)
    assert len(undrafted.answers()) == 1
    assert len(undrafted.repo.comments_on(1)) == 2


@pytest.mark.parametrize(
    "body",
    [
        "> /generate",
        "```\n/generate\n```",
        "    /generate",
        "Try `/generate` here",
        "<!-- /generate -->",
        "[/generate](https://github.com)",
        "/lgtm",
        "/etc/passwd is readable",
        "thanks\n/generate",
        "",
    ],
)
def test_what_is_not_a_command_is_passed_over_without_a_request(undrafted: Stage, body: str) -> None:
    comment = undrafted.comment("maria", body or "x")
    comment.body = body

    ended = undrafted.on(comment)

    assert ended.end == (0, "ignored")
    assert ended.requests == []


@pytest.mark.parametrize("body", ["/generat this", "/approve", "/aprove 0123456789ab"])
def test_a_strangers_slip_is_noise(undrafted: Stage, body: str) -> None:
    ended = undrafted.say("stranger", body)

    assert ended.end == (0, "ignored")
    assert undrafted.answers() == []


@pytest.mark.parametrize("who", [BOT, "renovate[bot]"])
def test_bots_are_not_listened_to(undrafted: Stage, who: str) -> None:
    ended = undrafted.say(who, "/generate")

    assert ended.end == (0, "ignored")
    assert ended.requests == []


@pytest.mark.parametrize("action", ["edited", "deleted"])
def test_only_a_new_comment_counts(undrafted: Stage, action: str) -> None:
    comment = undrafted.comment("maria", "/generate")

    ended = undrafted.event(*github_events.issue_comment(undrafted.repo, comment, action))

    assert ended.end == (0, "ignored")


def test_a_comment_that_is_gone_by_now_gets_no_answer(undrafted: Stage) -> None:
    comment = undrafted.comment("maria", "/generate")
    event = github_events.issue_comment(undrafted.repo, comment)
    undrafted.repo.delete_comment(comment.id)

    ended = undrafted.event(*event)

    assert ended.end == (0, "ignored")
    assert undrafted.repo.comments_on(1) == []


def test_a_request_edited_before_the_run_is_refused(undrafted: Stage) -> None:
    comment = undrafted.comment("maria", "/generate")
    event = github_events.issue_comment(undrafted.repo, comment)
    undrafted.clock.tick()
    undrafted.repo.edit_comment(comment.id, by="maria", body="/generate tests")

    ended = undrafted.event(*event)

    assert ended.end == (0, "refused")
    assert undrafted.model.requests == []
    assert "the comment was edited" in undrafted.answers()[0]


def test_rejecting_closes_the_proposal_and_keeps_its_diff(proposed: Stage, snapshot: SnapshotAssertion) -> None:
    sha = proposed.sha

    ended = proposed.say("victor", f"/reject {sha[:12]} the @team wants <b>another</b> way")

    assert ended.end == (0, "rejected")
    assert proposed.kept() == [f"closed/1/{sha}"]
    assert proposed.shown().partition("\n\n")[0] == snapshot
    assert "+    for price in prices:" in proposed.sticky()
    assert proposed.generate(body="/generate it anew").outcome == "proposed"
