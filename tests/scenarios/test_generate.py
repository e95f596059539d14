"""`/generate`: from a comment on an issue or a pull request to a proposal, or to a undrafted word why there is none."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from bot.rehearsal import github_events
from tests.scenarios.stage import BOT, CART, FIX, HARM, WRONG_SEARCH, edit, new_file

if TYPE_CHECKING:
    from syrupy.assertion import SnapshotAssertion

    from tests.scenarios.conftest import Build
    from tests.scenarios.stage import Stage


def test_a_fresh_process_proposes_a_checked_commit_and_pushes_nothing(
    stage: Stage, snapshot: SnapshotAssertion
) -> None:
    base = stage.repo.head()

    ended = stage.generate(fresh=True)

    assert ended.end == (0, "proposed")
    assert stage.shown() == snapshot
    sha = ended.outputs["proposal-sha"]
    commit = stage.repo.commit_at(sha)
    assert commit is not None
    assert list(commit.parents) == [base]
    changed = stage.repo.tree(sha).items() ^ stage.repo.tree(base).items()
    assert {path for path, _ in changed} == {"shop/cart.py"}
    assert stage.repo.read(sha, "shop/cart.py").decode() == CART.replace("prices[1:]", "prices")
    assert stage.calm(commit.message) == snapshot
    assert (commit.author.name, sha in stage.repo.signed) == (BOT, True)
    assert stage.repo.refs("draftgate/") == {f"refs/draftgate/proposals/1/{sha}": sha}
    assert stage.branches() == []
    assert len(ended.requests) <= 12
    assert float(ended.outputs["total-seconds"]) > float(ended.outputs["model-seconds"]) > 0
    assert ended.outputs["comment-url"].startswith(f"{stage.server.server_url}/octo/shop/issues/1#issuecomment-")
    assert "Count the first price" in ended.summary
    assert "```mermaid" in ended.summary


def test_the_label_asks_for_a_draft_too(undrafted: Stage) -> None:
    undrafted.script(FIX)
    undrafted.repo.add_labels(1, ["draftgate"])

    ended = undrafted.event(*github_events.issue_labeled(undrafted.repo, 1, "draftgate", "maria"))

    assert ended.end == (0, "proposed")
    assert undrafted.memory()["trigger"] == "issues/77"


def test_the_label_of_somebody_without_the_permission_asks_for_nothing(undrafted: Stage) -> None:
    undrafted.repo.add_labels(1, ["draftgate"])

    ended = undrafted.event(*github_events.issue_labeled(undrafted.repo, 1, "draftgate", "rita"), actor="rita")

    assert ended.end == (0, "refused")
    assert undrafted.answers() == ["Draftgate commands need the write permission in this repository."]
    assert undrafted.model.requests == []


def test_a_reply_that_does_not_fit_is_repaired_with_the_real_lines(undrafted: Stage) -> None:
    ended = undrafted.generate(WRONG_SEARCH, FIX)

    assert ended.end == (0, "proposed")
    assert "2 drafts, the later one repaired" in undrafted.sticky()
    repair = undrafted.model.requests[1].body["messages"][-1]["content"]
    assert "for price in prices[1:]:" in repair


def test_a_draft_that_fails_the_checks_is_shown_and_never_proposed(stage: Stage, snapshot: SnapshotAssertion) -> None:
    ended = stage.generate(HARM, edit("    result = 0", "    result = 2"))

    assert ended.end == (0, "nothing-to-do")
    assert stage.shown() == snapshot
    assert "success" not in f"{stage.sticky()}{ended.summary}{ended.log}".lower()
    assert "<details open>" not in stage.sticky()
    assert "result = 2" in stage.sticky()
    assert stage.repo.refs("draftgate/") == {}
    assert "proposal-sha" not in ended.outputs


def test_a_failure_that_was_there_before_does_not_count(build: Build) -> None:
    broken = "import unittest\n\n\nclass Broken(unittest.TestCase):\n    def test_it(self):\n        self.fail('old')\n"
    stage = build(files={"tests/test_old.py": broken})

    ended = stage.generate()

    assert ended.end == (0, "proposed")
    assert "no new failure" in stage.sticky()


def test_a_revision_replaces_the_proposal_and_closes_the_old_one(undrafted: Stage, snapshot: SnapshotAssertion) -> None:
    old = undrafted.generate().outputs["proposal-sha"]
    undrafted.script(edit("    result = 0\n    for price in prices[1:]:", "    result = 0.0\n    for price in prices:"))

    ended = undrafted.say("maria", f"/revise {old[:12]} use floats")

    assert ended.end == (0, "proposed")
    new = ended.outputs["proposal-sha"]
    assert undrafted.kept() == [f"closed/1/{old}", f"proposals/1/{new}"]
    assert undrafted.shown() == snapshot
    assert old[:12] in undrafted.sticky().rpartition("supersedes")[2]
    prompt = undrafted.model.requests[-1].body["messages"][-1]["content"]
    assert "use floats" in prompt
    assert "+    for price in prices:" in prompt


def test_a_revision_that_comes_to_nothing_leaves_the_proposal_open(undrafted: Stage) -> None:
    old = undrafted.generate().outputs["proposal-sha"]
    before = undrafted.sticky()
    undrafted.script(WRONG_SEARCH, WRONG_SEARCH)

    ended = undrafted.say("maria", f"/revise {old[:12]} use floats")

    assert ended.end == (0, "nothing-to-do")
    assert undrafted.sticky() == before
    assert undrafted.answers()[0].startswith("No better proposal: ")
    assert undrafted.answers()[0].endswith("`<sha>` stays open.")
    assert undrafted.kept() == [f"proposals/1/{old}"]
    assert undrafted.approve(old).outcome == "pushed"


def test_a_second_generate_supersedes_the_first(undrafted: Stage) -> None:
    old = undrafted.generate().outputs["proposal-sha"]

    new = undrafted.generate(body="/generate fix with a better title").outputs["proposal-sha"]

    assert undrafted.kept() == [f"closed/1/{old}", f"proposals/1/{new}"]
    assert undrafted.memory()["earlier"] == [old]


def test_on_a_pull_request_the_head_is_drafted_on_and_fast_forwarded(stage: Stage, snapshot: SnapshotAssertion) -> None:
    number = stage.open_pull().number
    head = stage.repo.head("topic")
    stage.script(FIX)

    ended = stage.say("maria", "/generate make total() count everything", number)

    assert ended.end == (0, "proposed")
    sha = ended.outputs["proposal-sha"]
    commit = stage.repo.commit_at(sha)
    assert commit is not None
    assert list(commit.parents) == [head]
    assert stage.repo.head("topic") == head

    pushed = stage.say("victor", f"/approve {sha[:12]}", number)

    assert pushed.end == (0, "pushed")
    assert stage.repo.head("topic") == sha
    assert stage.branches() == ["topic"]
    assert len(stage.repo.pulls()) == 1
    assert stage.shown(number) == snapshot


def test_on_a_pull_request_of_a_fork_nothing_is_drafted(stage: Stage) -> None:
    text = "It makes the shop better."
    fork = stage.github.fork(stage.repo, "stranger/shop")
    fork.commit("topic", {"evil.py": "import os\n"}, "Evil", author="stranger")
    number = stage.repo.open_pull("stranger", "Please take this change", text, head="stranger:topic").number

    ended = stage.say("maria", "/generate the missing tests", number)

    assert ended.end == (0, "refused")
    said = "`/generate the missing tests` was not accepted: this pull request comes from a fork. Nothing of a fork"
    assert stage.answers(number)[0].startswith(said)
    assert stage.model.requests == []


@pytest.mark.parametrize(
    ("path", "allow", "end"),
    [
        (".github/workflows/x.yml", "", (0, "nothing-to-do")),
        ("AGENTS.md", "gates:\n  allow: [AGENTS.md]\n", (0, "proposed")),
        ("infra/x.txt", "gates:\n  protected: ['infra/**']\n", (0, "nothing-to-do")),
    ],
)
def test_protected_paths_need_leave_from_the_configuration(
    build: Build, path: str, allow: str, end: tuple[int, str]
) -> None:
    stage = build(config=allow)
    reply = new_file(path, "on: push\n")

    ended = stage.generate(reply, reply)

    assert ended.end == end
    assert ("is protected; `gates.allow`" in stage.sticky()) == (end[1] != "proposed")


def test_a_comment_is_answered_once_however_often_the_event_comes(undrafted: Stage) -> None:
    undrafted.script(FIX, FIX)
    comment = undrafted.comment("maria", "/generate")
    undrafted.on(comment)
    before = undrafted.github.snapshot()

    again = undrafted.on(comment)

    assert again.end == (0, "proposed")
    assert again.outputs["proposal-sha"] == undrafted.memory()["sha"]
    assert again.writes == []
    assert undrafted.github.snapshot() == before
    assert undrafted.model.waiting == 1
