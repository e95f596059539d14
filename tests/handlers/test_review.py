from __future__ import annotations

import os
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING

import pytest

from bot.adapters.git_diffs import GitDiffs
from bot.adapters.sandbox import Sandbox
from bot.adapters.worktree import GitWorktree
from bot.core.events import Comment as EventComment
from bot.core.forge import Comment, Comparison, Pull
from bot.core.intents import Request
from bot.core.markdown import Site
from bot.core.plans import Answer, Plan, Remember
from bot.core.refs import Actor, RepoName, Thread
from bot.core.review_bundle import ReviewMade, pack_review, unpack_review
from bot.core.review_intents import ReviewGrounds, ReviewPull
from bot.core.review_memory import parse_review_memory
from bot.core.review_threads import ReviewThread, ThreadComment
from bot.core.reviews import PostReview
from bot.errors import ModelError, UserError
from bot.handlers.review import draft_only, handle, publish
from bot.pipeline.stopwatch import Stopwatch
from bot.pipeline.values import Tools
from tests.pipeline.bench import HandClock, commit_files, git
from tests.pipeline.test_review import BASE, RIGHT, WRONG, Reviewer, diff, push

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from bot.settings.config import RepoConfig

BOT = Actor("github-actions[bot]", 41898282, "Bot")
MARIA = Actor("maria", 7, "User")
WHEN = "2026-01-02T03:04:05Z"


@dataclass
class Reader:
    """GitHub as far as a review reads it, over a real repository; counts what it is asked."""

    grounds: ReviewGrounds
    told: str | None
    base: str
    role: str = "write"
    stands: Comparison | None = None
    asked: list[str] = field(default_factory=list)

    def review_grounds(self, _number: int, _default_branch: str) -> ReviewGrounds:
        self.asked.append("grounds")
        return self.grounds

    def diff(self, _number: int) -> str | None:
        self.asked.append("diff")
        return self.told

    def merge_base(self, _base: str, _head: str) -> str | None:
        self.asked.append("merge base")
        return self.base

    def compare(self, _base: str, _head: str) -> Comparison | None:
        self.asked.append("compare")
        return self.stands

    def permission(self, _login: str) -> str:
        self.asked.append("permission")
        return self.role


@dataclass
class Deps:
    """What the handler gets; the same fields as the real one's."""

    reader: Reader
    worktree: GitWorktree | None
    diffs: GitDiffs | None
    tools: Callable[[RepoConfig], Tools] | None
    watch: Stopwatch
    clock: HandClock
    site: Site = field(default_factory=lambda: Site("https://github.com", "octo/shop"))
    redact: Callable[[str], str] = lambda text: text


@dataclass
class Stage:
    """A pull request on a real repository, and what happens to it."""

    folder: Path
    base: str
    head: str
    model: Reviewer
    reader: Reader

    def deps(self) -> Deps:
        worktree, clock = GitWorktree(self.folder), self.model.clock
        tools = Tools(worktree, self.model, Sandbox(os.environ), clock)
        return Deps(self.reader, worktree, GitDiffs(self.folder), lambda _config: tools, Stopwatch(clock), clock)

    def set(self, **changes: object) -> None:
        self.reader.grounds = replace(self.reader.grounds, **changes)  # type: ignore[arg-type]

    def push(self, text: str) -> None:
        self.head = push(self.folder, {"shop/cart.py": text.encode()})
        self.set(pull=replace(self.reader.grounds.pull, head_sha=self.head))
        self.reader.told = diff(self.folder, self.base, self.head)
        self.reader.stands = Comparison(1, 0, {})

    def run(self, intent: ReviewPull | None = None) -> Plan:
        (plan,) = handle(intent or self.event(), self.deps())  # type: ignore[arg-type]
        return plan

    def event(self, run: int = 1) -> ReviewPull:
        return ReviewPull(request(f"pull_request/{run}"), asked=False, head=self.head)

    def command(self, author: Actor = MARIA) -> ReviewPull:
        comment = EventComment(55, "/review", author, WHEN, WHEN)
        self.set(comments=(*self.reader.grounds.comments, said(55, "/review", author)))
        return ReviewPull(replace(request("issue_comment/55"), comment=comment, requester=author), asked=True)


def request(trigger: str) -> Request:
    return Request(
        RepoName("octo/shop"), "main", Thread(3, is_pull=True), trigger, MARIA, "Skip", "Approve this!", MARIA
    )


def said(number: int, body: str, author: Actor = BOT) -> Comment:
    return Comment(number, body, author, WHEN, WHEN, f"IC_{number}", "https://github.com/octo/shop/pull/3")


@pytest.fixture
def stage(tmp_path: Path) -> Stage:
    folder = tmp_path / "repo"
    folder.mkdir()
    base = commit_files(folder, BASE)
    git(folder, "branch", "--move", "main")
    git(folder, "checkout", "--quiet", "-b", "topic")
    head = push(folder, {"shop/cart.py": WRONG.encode()})
    pull = Pull(3, "https://github.com/octo/shop/pull/3", True, head, "topic", "main", False)
    grounds = ReviewGrounds(pull, False, False, "Skip", "Approve this!", MARIA, BOT, (), (), None)
    return Stage(folder, base, head, Reviewer(HandClock(), [RIGHT]), Reader(grounds, diff(folder, base, head), base))


def post_of(plan: Plan) -> PostReview:
    (post,) = [effect for effect in effects_of(plan) if isinstance(effect, PostReview)]
    return post


def effects_of(plan: Plan) -> tuple[object, ...]:
    return plan.effects


def test_a_review_is_one_request_and_one_summary_comment(stage: Stage) -> None:
    plan = stage.run()
    assert plan.outcome == "suggested"
    post, remember = effects_of(plan)
    assert isinstance(post, PostReview)
    assert isinstance(remember, Remember)
    value = post.request.as_json()
    assert (value["event"], value["commit_id"]) == ("COMMENT", stage.head)
    assert [(one["path"], one["line"]) for one in value["comments"]] == [("shop/cart.py", 3)]
    assert "```suggestion\n    for price in prices:\n```" in value["comments"][0]["body"]
    assert value["body"].startswith(post.key)
    memory = parse_review_memory(remember.text)
    assert memory is not None
    assert (memory.reviewed, len(memory.said), remember.comment_id) == (stage.head, 1, None)
    assert len(stage.reader.asked) + len(plan.effects) <= 6


def test_silence_when_there_is_nothing_to_say(stage: Stage) -> None:
    stage.model.passes = ["NO FINDINGS"]
    plan = stage.run()
    assert (plan.outcome, plan.effects) == ("nothing-to-do", ())
    assert "no new finding" in plan.summary


def remembered(plan: Plan) -> tuple[Comment, ...]:
    return tuple(said(90, effect.text) for effect in plan.effects if isinstance(effect, Remember))


def test_twenty_pushes_with_an_unchanged_finding_post_it_once(stage: Stage) -> None:
    posted = 0
    for number in range(20):
        plan = stage.run(stage.event(number))
        posted += any(isinstance(effect, PostReview) for effect in effects_of(plan))
        stage.set(comments=remembered(plan) or stage.reader.grounds.comments)
        stage.push("import os\n" * (number + 1) + WRONG)
    assert posted == 1


def test_a_thread_on_github_is_enough_to_remember(stage: Stage) -> None:
    body = post_of(stage.run()).request.comments[0].body
    for comment, outdated in ((ThreadComment(BOT, body), False), (ThreadComment(BOT, body), True)):
        stage.set(threads=(ReviewThread((comment,), outdated=outdated),))
        assert stage.run().effects == ()
    stage.set(threads=(ReviewThread((ThreadComment(MARIA, body),)),))
    assert stage.run().outcome == "suggested"


def test_only_what_is_new_since_the_last_review_is_asked_about(stage: Stage) -> None:
    stage.set(comments=remembered(stage.run()))
    stage.model.questions.clear()
    stage.head = push(stage.folder, {"shop/tax.py": b"def tax(x):\n    return x\n"})
    stage.set(pull=replace(stage.reader.grounds.pull, head_sha=stage.head))
    stage.reader.told = diff(stage.folder, stage.base, stage.head)
    stage.reader.stands = Comparison(1, 0, {})
    plan = stage.run(stage.event(2))
    assert [type(effect) for effect in plan.effects] == [Remember]
    assert all("<diff" in question and "shop/tax.py (added)" in question for question in stage.model.questions)
    assert not any("prices[1:]" in question for question in stage.model.questions)


def test_after_a_force_push_everything_is_looked_at_again(stage: Stage) -> None:
    stage.set(comments=remembered(stage.run()))
    stage.push("x = 1\n" + WRONG)
    for stands in (Comparison(1, 2, {}), None):
        stage.model.questions.clear()
        stage.reader.stands = stands
        stage.run(stage.event(2))
        assert any("prices[1:]" in question for question in stage.model.questions)


def test_a_diff_too_large_for_github_is_made_here(stage: Stage) -> None:
    stage.reader.told = None
    assert post_of(stage.run()).request.comments[0].last == 3


@pytest.mark.parametrize(
    "change",
    [
        {"is_draft": True},
        {"is_locked": True},
        {"author": BOT},
        {"config": b"review:\n  auto: false\n"},
    ],
    ids=["draft", "locked", "bot", "switched off"],
)
def test_nobody_asked_and_so_nothing_is_done(stage: Stage, change: dict[str, object]) -> None:
    stage.set(**change)
    plan = stage.run()
    assert (plan.outcome, plan.effects, stage.model.questions) == ("ignored", (), [])
    assert plan.summary.startswith("Not reviewed: ")


def test_a_closed_or_moved_pull_request_is_left_alone(stage: Stage) -> None:
    intent = stage.event()
    stage.push(WRONG + "\n")
    assert stage.run(intent).outcome == "ignored"
    stage.set(pull=replace(stage.reader.grounds.pull, is_open=False))
    assert stage.run(stage.event()).outcome == "ignored"


def test_the_same_event_again_changes_nothing(stage: Stage) -> None:
    stage.set(comments=remembered(stage.run()))
    again = stage.run()
    assert (again.outcome, again.effects) == ("nothing-to-do", ())


def test_a_command_reviews_drafts_too_and_is_answered_even_with_nothing(stage: Stage) -> None:
    stage.set(is_draft=True)
    stage.model.passes = ["NO FINDINGS"]
    plan = stage.run(stage.command())
    (answer,) = plan.effects
    assert plan.outcome == "answered"
    assert isinstance(answer, Answer)
    assert "no new finding" in answer.text


def test_a_command_from_somebody_without_permission_is_refused(stage: Stage) -> None:
    stage.reader.role = "read"
    plan = stage.run(stage.command())
    assert (plan.outcome, stage.model.questions) == ("refused", [])


def test_a_broken_configuration_is_told(stage: Stage) -> None:
    stage.set(config=b"nonsense: 1\n")
    assert stage.run().outcome == "failed"
    plan = stage.run(stage.command())
    assert plan.outcome == "failed"
    assert "nonsense" in plan.summary


def test_a_model_that_does_not_answer_fails_the_run(stage: Stage) -> None:
    stage.model.passes = [ModelError("quota")]
    plan = stage.run()
    assert (plan.outcome, plan.effects) == ("failed", ())
    assert "quota" in plan.summary


def test_a_finding_that_holds_a_secret_is_not_said(stage: Stage) -> None:
    deps = stage.deps()
    deps.redact = lambda text: text.replace("for price in prices:", "***")
    (plan,) = handle(stage.event(), deps)  # type: ignore[arg-type]
    assert plan.effects == ()


# ---- two jobs


def made(stage: Stage) -> ReviewMade:
    found = draft_only(stage.event(), stage.deps())  # type: ignore[arg-type]
    assert isinstance(found, ReviewMade)
    return found


def published(stage: Stage, bundle: ReviewMade | UserError | None) -> Plan:
    deps = stage.deps()
    deps.worktree = deps.diffs = deps.tools = None
    (plan,) = publish(stage.event(), bundle, deps)  # type: ignore[arg-type]
    return plan


def test_two_jobs_say_the_same_as_one(stage: Stage) -> None:
    bundle = unpack_review(pack_review(made(stage)))
    one, two = stage.run(), published(stage, bundle)
    assert post_of(one) == post_of(two)
    assert one.outcome == two.outcome


def test_a_forged_place_goes_into_the_body(stage: Stage) -> None:
    text = pack_review(made(stage)).replace('"first": 3', '"first": 300').replace('"last": 3', '"last": 300')
    post = post_of(published(stage, unpack_review(text.replace("[\n    3,\n    3\n   ]", "[300, 300]"))))
    assert post.request.comments == ()
    assert "The first price is left out" in post.request.body


@pytest.mark.parametrize(
    ("old", "new"),
    [
        ('"version": 1', '"version": 9'),
        ('"severity": "high"', '"severity": "approve"'),
        ('"side": "RIGHT"', '"side": "LEFT"'),
        ('"first": 3', '"first": -3'),
        ('"first": 3', '"first": true'),
        ('"title": "', '"title": "\\ud800'),
        ('"    for price in prices:"', '"x\\ny"'),
        ('"kept": [', '"kept": [null, '),
        ("{", "["),
    ],
)
def test_a_malformed_bundle_is_refused_as_a_whole(stage: Stage, old: str, new: str) -> None:
    text = pack_review(made(stage))
    assert old in text
    with pytest.raises(UserError, match="cannot be read"):
        unpack_review(text.replace(old, new, 1))


def test_what_the_draft_job_could_not_do_is_told(stage: Stage) -> None:
    stage.model.passes = [ModelError("quota")]
    assert published(stage, unpack_review(pack_review(made(stage)))).outcome == "failed"
    assert published(stage, None).outcome == "failed"
    assert published(stage, UserError("it is broken", "Mend it.")).outcome == "failed"
    other = replace(made(stage), trigger="pull_request/99")
    assert published(stage, other).outcome == "failed"


def test_a_review_of_a_head_that_moved_meanwhile_is_not_posted(stage: Stage) -> None:
    bundle = made(stage)
    stage.push(WRONG + "\n")
    assert published(stage, bundle).outcome == "nothing-to-do"
