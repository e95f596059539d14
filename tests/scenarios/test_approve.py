"""`/approve`: exactly the approved commit is pushed, or one sentence says why not and one what to do."""

from __future__ import annotations

import time
from typing import TYPE_CHECKING

import pytest

from bot.rehearsal import github_events, github_faults
from bot.rehearsal.github_faults import Fault
from tests.scenarios.stage import BOT, CART, FIX, new_file

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


# Each of these brings about one reason to refuse, and approves


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


def edited_before_the_run(stage: Stage) -> Ended:
    comment = stage.comment("maria", f"/approve {stage.sha[:12]}")
    event = github_events.issue_comment(stage.repo, comment)
    stage.clock.tick()
    stage.repo.edit_comment(comment.id, by="maria", body=comment.body)
    return stage.event(*event)


def rewritten_in_the_same_second(stage: Stage) -> Ended:
    comment = stage.comment("maria", f"/approve {stage.sha[:12]}")
    event = github_events.issue_comment(stage.repo, comment)
    comment.body = "never mind"
    return stage.event(*event)


def edited_by_a_maintainer(stage: Stage) -> Ended:
    comment = stage.comment("maria", f"/approve {stage.sha[:12]}")
    comment.editor, comment.edited = stage.repo.account("victor"), comment.created
    return stage.on(comment)


def sent_by_another(stage: Stage) -> Ended:
    return stage.on(stage.comment("maria", f"/approve {stage.sha[:12]}"), actor="victor")


def policy_changed(stage: Stage) -> Ended:
    stage.repo.commit("main", {".github/draftgate.yml": "limits:\n  files: 3\n"}, "Be strict")
    return stage.approve(stage.sha)


def same_lines(stage: Stage) -> Ended:
    stage.repo.commit("main", {"shop/cart.py": CART.replace("prices[1:]", "prices[2:]")}, "Skip two")
    return stage.approve(stage.sha)


def file_deleted(stage: Stage) -> Ended:
    stage.repo.commit("main", {"shop/cart.py": None}, "No cart any more")
    return stage.approve(stage.sha)


def base_rewritten(stage: Stage) -> Ended:
    tree = stage.repo.commit_at(stage.repo.head())
    assert tree is not None
    stage.repo.move_ref("refs/heads/main", stage.repo.make_commit(tree.tree, [], "History begins here"))
    return stage.approve(stage.sha)


def ref_gone(stage: Stage) -> Ended:
    stage.repo.move_ref(f"refs/draftgate/proposals/1/{stage.sha}", None)
    return stage.approve(stage.sha)


def ref_moved(stage: Stage) -> Ended:
    evil = stage.repo.make_commit(stage.repo.commit_at(stage.repo.head()).tree, [], "Evil")  # type: ignore[union-attr]
    stage.repo.move_ref(f"refs/draftgate/proposals/1/{stage.sha}", evil)
    return stage.approve(stage.sha)


def marker_points_to_another_commit(stage: Stage) -> Ended:
    """Somebody who may edit comments puts their own commit in, at a ref like the bot's own."""
    evil = stage.repo.commit("evil", {"evil.py": "import os\n"}, "Evil")
    stage.repo.move_ref(f"refs/draftgate/proposals/1/{evil}", evil)
    comment = next(one for one in stage.repo.comments_on(1) if "draftgate:sticky" in one.body)
    stage.repo.edit_comment(comment.id, by="victor", body=comment.body.replace(stage.sha, evil))
    stage.repo.move_ref("refs/heads/evil", None)
    return stage.approve(evil)


def read_permission_now(stage: Stage) -> Ended:
    stage.repo.set_permission("maria", "read")
    return stage.approve(stage.sha)


REASONS: tuple[Callable[[Stage], Ended], ...] = (
    wrong_sha, superseded, rejected, edited_before_the_run, rewritten_in_the_same_second, edited_by_a_maintainer,
    sent_by_another, policy_changed, same_lines, file_deleted, base_rewritten, ref_gone, ref_moved,
    marker_points_to_another_commit, read_permission_now,
)  # fmt: skip


@pytest.mark.parametrize("reason", REASONS, ids=lambda one: one.__name__)
def test_it_is_refused_with_the_reason_and_the_next_step(
    proposed: Stage, reason: Callable[[Stage], Ended], snapshot: SnapshotAssertion
) -> None:
    ended = reason(proposed)

    assert ended.end == (0, "refused")
    assert proposed.answers() == snapshot
    assert proposed.branches() == []
    assert proposed.repo.pulls() == []


def test_on_a_thread_without_a_proposal_it_says_so(undrafted: Stage) -> None:
    ended = undrafted.approve("0123456789ab")

    assert ended.end == (0, "refused")
    assert undrafted.answers() == [
        "`/approve <sha>` was not accepted: there is no proposal on this thread. `/generate` drafts one."
    ]


@pytest.mark.parametrize("who", ["rita", "stranger"])
def test_people_without_the_permission_are_told_once_a_thread(proposed: Stage, who: str) -> None:
    first = proposed.approve(proposed.sha, who)
    second = proposed.approve(proposed.sha, who)

    assert first.end == second.end == (0, "refused")
    assert proposed.answers() == ["Draftgate commands need the write permission in this repository."]
    assert second.writes == []
    assert proposed.branches() == []


# What is shown is what is approved


@pytest.mark.parametrize("graphql", [True, False])
@pytest.mark.parametrize(
    ("old", "new"),
    [
        ("+    for price in prices:", "+    for price in sorted(prices):"),
        ("waiting for a decision", "all tests pass"),
        ('"proofs":[', '"proofs":[{"name":"`pytest`","outcome":"passes"},'),
        ("```diff", "Harmless, believe me.\n\n```diff"),
    ],
    ids=["diff", "words", "evidence", "beside the diff"],
)
def test_an_altered_comment_is_shown_anew_and_not_approved(proposed: Stage, graphql: bool, old: str, new: str) -> None:
    proposed.github.graphql_enabled = graphql
    true = proposed.sticky()
    comment = next(one for one in proposed.repo.comments_on(1) if one.body == true)
    proposed.repo.edit_comment(comment.id, by="victor", body=true.replace(old, new))

    ended = proposed.approve(proposed.sha)

    assert ended.end == (0, "refused")
    assert "was edited by victor" in proposed.answers()[0] if graphql else "proposal's comment" in proposed.answers()[0]
    assert proposed.branches() == []
    if old != '"proofs":[':
        assert proposed.sticky() == true


def test_the_comment_that_is_shown_anew_can_be_approved_again(proposed: Stage) -> None:
    true = proposed.sticky()
    comment = next(one for one in proposed.repo.comments_on(1) if one.body == true)
    proposed.repo.edit_comment(comment.id, by="victor", body=true.replace("prices:", "sorted(prices):"))
    proposed.approve(proposed.sha)

    ended = proposed.approve(proposed.sha)

    assert ended.end == (0, "pushed")


def test_a_forged_comment_of_a_person_is_not_the_bots(undrafted: Stage) -> None:
    evil = undrafted.repo.commit("evil", {"evil.py": "import os\n"}, "Evil", author="rita")
    undrafted.repo.move_ref(f"refs/draftgate/proposals/1/{evil}", evil)
    sha = undrafted.generate().outputs["proposal-sha"]
    undrafted.comment("rita", undrafted.sticky().replace(sha, evil))

    ended = undrafted.say("maria", f"/approve {evil[:12]}")

    assert ended.end == (0, "refused")
    assert undrafted.branches() == ["evil"]


# The base has moved


def test_a_base_that_moved_elsewhere_is_told_in_the_pull_request(proposed: Stage) -> None:
    sha = proposed.sha
    proposed.repo.commit("main", {"README.md": "# Shop\n"}, "Say what it is")
    proposed.repo.commit("main", {"shop/cart.py": CART + "\n\ndef empty():\n    return []\n"}, "An empty cart")

    ended = proposed.approve(sha)

    assert ended.end == (0, "pushed")
    assert proposed.repo.head(BRANCH) == sha
    assert "The base has moved by 2 commits since it was drafted; it merges cleanly." in proposed.repo.pulls()[0].body


def test_retry_rebuilds_on_the_moved_base_without_the_model(proposed: Stage, snapshot: SnapshotAssertion) -> None:
    old, asked = proposed.sha, len(proposed.model.requests)
    tip = proposed.repo.commit("main", {"shop/cart.py": CART + "\n\ndef empty():\n    return []\n"}, "An empty cart")

    ended = proposed.say("maria", f"/retry {old[:12]}")

    assert ended.end == (0, "proposed")
    new = ended.outputs["proposal-sha"]
    assert len(proposed.model.requests) == asked
    commit = proposed.repo.commit_at(new)
    assert commit is not None
    assert list(commit.parents) == [tip]
    assert proposed.kept() == [f"closed/1/{old}", f"proposals/1/{new}"]
    assert proposed.shown() == snapshot
    assert proposed.approve(new).end == (0, "pushed")


@pytest.mark.parametrize(
    ("change", "why"),
    [
        ("prices[2:]", "it does not merge cleanly with the branch as it is now"),
        ("prices", "the branch has this change already"),
    ],
)
def test_retry_says_why_nothing_can_be_rebuilt(proposed: Stage, change: str, why: str) -> None:
    proposed.repo.commit("main", {"shop/cart.py": CART.replace("prices[1:]", change)}, "Meanwhile")

    ended = proposed.say("maria", f"/retry {proposed.sha[:12]}")

    assert ended.end == (0, "refused")
    assert f"was not accepted: {why}." in proposed.answers()[0]


def test_a_proposal_expires_and_can_be_retried(build: Build, snapshot: SnapshotAssertion) -> None:
    stage = build(config="gates:\n  expires: 1s\n")
    sha = stage.generate().outputs["proposal-sha"]
    time.sleep(1.1)

    ended = stage.approve(sha)

    assert ended.end == (0, "refused")
    assert (stage.answers(), stage.shown().partition("\n\n")[0]) == snapshot
    assert stage.kept() == [f"closed/1/{sha}"]
    assert stage.say("maria", f"/retry {sha[:12]}").end == (0, "proposed")


# On a pull request


def test_a_pull_requests_head_that_moved_refuses_and_retry_rebuilds_on_it(undrafted: Stage) -> None:
    number = undrafted.open_pull().number
    undrafted.script(FIX)
    sha = undrafted.say("maria", "/generate make total() count everything", number).outputs["proposal-sha"]
    head = undrafted.repo.commit("topic", {"NOTES.md": "More notes.\n"}, "Note more")

    refused = undrafted.say("maria", f"/approve {sha[:12]}", number)

    assert refused.end == (0, "refused")
    assert "the branch has moved since it was drafted" in undrafted.answers(number)[0]
    assert undrafted.repo.head("topic") == head

    new = undrafted.say("maria", f"/retry {sha[:12]}", number).outputs["proposal-sha"]
    assert undrafted.say("maria", f"/approve {new[:12]}", number).end == (0, "pushed")
    assert undrafted.repo.head("topic") == new


def test_a_closed_pull_request_is_not_pushed_to(undrafted: Stage) -> None:
    number = undrafted.open_pull().number
    undrafted.script(FIX)
    sha = undrafted.say("maria", "/generate make total() count everything", number).outputs["proposal-sha"]
    undrafted.repo.set_state(number, "closed", "maria")

    ended = undrafted.say("maria", f"/approve {sha[:12]}", number)

    assert ended.end == (0, "refused")
    assert "this pull request is closed" in undrafted.answers(number)[0]
    assert undrafted.repo.head("topic") != sha


# Gates of the configuration


OPEN = """\
resource "aws_security_group_rule" "ssh" {
  type = "ingress"
  from_port = 22
  cidr_blocks = ["0.0.0.0/0"]
}
"""


@pytest.mark.parametrize(("config", "end"), [("", (0, "pending")), ("gates: { risk: warn }\n", (0, "pushed"))])
def test_a_danger_to_the_infrastructure_is_named_first_and_needs_two(
    build: Build, config: str, end: tuple[int, str]
) -> None:
    stage = build(config=config)
    stage.generate(new_file("infra/main.tf", OPEN))

    assert stage.shown().partition("|---|---|\n")[2].startswith("| **risk: open to world** | infra/main.tf:")
    assert stage.approve(stage.sha).end == end


def test_a_second_approver_completes_the_first(build: Build, snapshot: SnapshotAssertion) -> None:
    stage = build(config="gates:\n  second-approver: ['shop/**']\n")
    sha = stage.generate().outputs["proposal-sha"]

    first = stage.approve(sha)
    again = stage.approve(sha)

    assert first.end == again.end == (0, "pending")
    assert stage.branches() == []
    assert stage.answers() == snapshot
    assert stage.approve(sha, "victor").end == (0, "pushed")
    assert "approved by @victor and @maria" in stage.sticky()


def test_an_approval_counts_only_while_its_giver_has_the_permission(build: Build) -> None:
    stage = build(config="gates:\n  second-approver: ['shop/**']\n")
    sha = stage.generate().outputs["proposal-sha"]
    stage.approve(sha, "maria")
    stage.repo.set_permission("maria", "read")

    assert stage.approve(sha, "victor").end == (0, "pending")
    assert stage.branches() == []


def test_another_than_the_requester_has_to_approve_where_that_is_asked_for(build: Build) -> None:
    stage = build(config="gates:\n  approver-differs: true\n")
    sha = stage.generate().outputs["proposal-sha"]

    assert stage.approve(sha, "maria").end == (0, "refused")
    assert "the person who asked for it cannot approve it here" in stage.answers()[0]
    assert stage.approve(sha, "victor").end == (0, "pushed")


ENVIRONMENTS: tuple[tuple[list[str] | None, str, tuple[int, str]], ...] = (
    (["victor"], "", (0, "refused")),
    (["victor"], "test", (0, "refused")),
    ([], "release", (0, "refused")),
    (None, "release", (0, "refused")),
    (["victor"], "release", (0, "pushed")),
)
"""The reviewers of the environment `release` (None: there is no such environment), the job's environment, the end."""


def test_an_environment_holds_only_with_reviewers_and_where_the_job_names_it(build: Build) -> None:
    stage = build(config="gates:\n  environment: release\n")
    stage.generate()
    start_over = stage.save()
    ends = []
    for reviewers, named, _ in ENVIRONMENTS:
        start_over()
        if reviewers is not None:
            stage.repo.add_environment("release", reviewers)
        ended = stage.approve(stage.sha, env={"DRAFTGATE_ENVIRONMENT": named})
        ends.append((reviewers, named, ended.end))
        assert (stage.branches() == []) == (ended.outcome == "refused")
    assert tuple(ends) == ENVIRONMENTS


# GitHub refuses

RULE: dict[str, object] = {
    "message": "Repository rule violations found\n\nCannot create ref due to creations being restricted.\n\n"
}


def test_a_ruleset_on_the_bots_branches_fails_and_says_what_to_do(proposed: Stage, snapshot: SnapshotAssertion) -> None:
    proposed.github.faults.append(Fault(github_faults.answer(422, RULE), "POST", "/git/refs$", times=None))

    ended = proposed.approve(proposed.sha)

    assert ended.end == (1, "failed")
    assert proposed.answers() == snapshot
    assert proposed.kept() == [f"proposals/1/{proposed.sha}"]
    proposed.github.faults.clear()
    assert proposed.approve(proposed.sha).end == (0, "pushed")


def test_where_actions_may_not_open_pull_requests_the_branch_is_pushed_and_linked(
    proposed: Stage, snapshot: SnapshotAssertion
) -> None:
    proposed.repo.actions_may_create_pulls = False

    ended = proposed.approve(proposed.sha)

    assert ended.end == (0, "pushed")
    assert proposed.branches() == [BRANCH]
    assert proposed.shown().partition("\n\n")[0] == snapshot


def test_a_protected_head_of_a_pull_request_fails_and_says_what_to_do(
    undrafted: Stage, snapshot: SnapshotAssertion
) -> None:
    number = undrafted.open_pull().number
    undrafted.script(FIX)
    sha = undrafted.say("maria", "/generate make total() count everything", number).outputs["proposal-sha"]
    undrafted.repo.protect("topic")

    ended = undrafted.say("maria", f"/approve {sha[:12]}", number)

    assert ended.end == (1, "failed")
    assert undrafted.answers(number) == snapshot


def test_a_taken_branch_name_gets_a_number(proposed: Stage) -> None:
    proposed.repo.branch(BRANCH)

    ended = proposed.approve(proposed.sha)

    assert ended.end == (0, "pushed")
    assert proposed.repo.head(f"{BRANCH}-2") == proposed.sha


@pytest.mark.parametrize(
    "path", ["/git/refs$", "/pulls$", "/issues/comments/"], ids=["branch", "pull request", "comment"]
)
def test_an_answer_that_got_lost_after_the_act_does_not_make_a_second_one(proposed: Stage, path: str) -> None:
    fault = Fault(github_faults.act_then_answer(502), "POST|PATCH", path)
    proposed.github.faults.append(fault)

    ended = proposed.approve(proposed.sha)

    assert fault.struck == 1
    assert ended.end == (0, "pushed")
    assert proposed.branches() == [BRANCH]
    assert len(proposed.repo.pulls()) == 1
    assert proposed.kept() == [f"closed/1/{proposed.sha}"]
