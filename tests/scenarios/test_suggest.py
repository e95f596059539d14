"""`/suggest`, and commands in review threads: answered where they were given, for the lines that were commented."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest

from bot.rehearsal import github_events
from bot.rehearsal import github_faults as faults
from bot.rehearsal.answers import HttpError, Reply
from bot.rehearsal.github_faults import Fault
from bot.rehearsal.github_reviews import LineDraft, add_line_comment
from tests.scenarios.stage import KEY, READ_TOKEN, Stage, edit

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from syrupy.assertion import SnapshotAssertion

    from bot.rehearsal.github_state import ReviewComment
    from tests.contract.github_api import GitHubContract
    from tests.scenarios.conftest import Build
    from tests.scenarios.nursery import Nursery
    from tests.scenarios.stage import Ended

PATH = "shop/shipping.py"
SHIPPING = "def shipping(weight):\n    return weight * 2\n\n\ndef label(name):\n    return name.upper()\n"
CHANGED = (
    "def shipping(weight):\n    if weight > 0:\n        return 0\n    return weight * 3\n\n\n"
    "def label(name):\n    return name.upper()\n"
)
FAR = "".join(f"def price_{number}():\n    return {number}\n\n\n" for number in range(20))
FIX = edit("    if weight > 0:", "    if weight <= 0:", PATH)
WIDER = edit("        return 0\n    return weight * 3", "        return 1\n    return weight * 2", PATH)
OUTSIDE = edit("def price_19():\n    return 19", "def price_19():\n    return 20", PATH)


def hang(
    stage: Stage, who: str, body: str, line: int = 2, *, start: int | None = None, side: str = "RIGHT"
) -> ReviewComment:
    """A comment on a line of pull request 2's diff."""
    stage.clock.tick()
    head = stage.repo.pull(2)[1].head_sha
    draft = LineDraft(body, PATH, line, side, start, side if start else None)
    return add_line_comment(stage.repo, 2, stage.repo.account(who), draft, head)


def reply(stage: Stage, root: ReviewComment, who: str, body: str) -> ReviewComment:
    stage.clock.tick()
    return stage.repo.reply(root.id, who, body)


def on(stage: Stage, comment: ReviewComment, **how: Any) -> Ended:
    """Run the bot on a comment in a review thread."""
    return stage.event(*github_events.review_comment(stage.repo, comment), **{"actor": comment.author.login, **how})


def said_by_bot(stage: Stage) -> list[str]:
    """The bot's comments on lines, as people see them, oldest first."""
    found = [one for one in stage.repo.review_comments.values() if one.author.kind == "Bot"]
    return [stage.calm(one.body.partition("\n")[2]) for one in found]


def two_jobs(stage: Stage, comment: ReviewComment) -> tuple[Ended, Ended]:
    bundle = str(stage.folder / "bundle")
    drafted = on(stage, comment, entry=("draft", "--out", bundle), token=READ_TOKEN)
    env = {"DRAFTGATE_BASE_URL": "", "DRAFTGATE_MODEL": "", "GITHUB_WORKSPACE": str(stage.folder / "nowhere")}
    return drafted, on(stage, comment, entry=("publish", bundle), key="", env=env)


def set_up(build: Callable[..., Stage]) -> Stage:
    """A stage with maria's pull request 2, which brings a mistake in; the model is asked once for each draft."""
    stage = build(files={PATH: SHIPPING + FAR}, config="")
    stage.repo.commit("topic", {PATH: CHANGED + FAR}, "Ship for nothing", author="maria")
    stage.repo.open_pull("maria", "Ship for nothing", "Empty parcels weigh nothing.", head="topic")
    return stage


@pytest.fixture(scope="module")
def kept(
    tmp_path_factory: pytest.TempPathFactory, nursery: Nursery, github_contract: GitHubContract
) -> Iterator[tuple[Stage, Callable[[], None]]]:
    """One such stage for all tests of this file, and what brings it back to its beginning."""

    def build(**how: Any) -> Stage:
        return Stage(tmp_path_factory.mktemp("pulled"), nursery, github_contract, **how)

    with set_up(build) as stage:
        yield stage, stage.save()


@pytest.fixture
def pulled(kept: tuple[Stage, Callable[[], None]]) -> Iterator[Stage]:
    stage, restore = kept
    restore()
    stage.model.answer = None
    yield stage
    assert stage.referee.faults == []


@pytest.mark.parametrize("command", ["/suggest", "/generate turn the comparison round"])
def test_a_thread_gets_a_suggestion_for_its_lines(pulled: Stage, command: str, snapshot: SnapshotAssertion) -> None:
    root = hang(pulled, "rita", "Is this not the wrong way round?")
    pulled.script(FIX)

    ended = on(pulled, reply(pulled, root, "maria", command))

    assert ended.end == (0, "suggested"), ended.log
    assert len(ended.requests) <= 12
    assert ended.writes == [f"POST /repos/octo/shop/pulls/2/comments/{root.id}/replies"]
    (answer,) = said_by_bot(pulled)
    assert "```suggestion\n    if weight <= 0:\n```" in answer
    assert answer == snapshot
    assert (pulled.sticky(2), pulled.kept()) == ("", [])
    asked = pulled.model.requests[-1].body["messages"][-1]["content"]
    assert "| Is this not the wrong way round?" in asked
    assert "a stranger:" in asked
    assert f"> {PATH}, " in asked


def test_the_same_event_again_changes_nothing(pulled: Stage) -> None:
    asked = hang(pulled, "maria", "/suggest")
    pulled.script(FIX)
    assert on(pulled, asked).end == (0, "suggested")
    before = pulled.state()

    again = on(pulled, asked)

    assert again.end == (0, "nothing-to-do")
    assert pulled.state() == before


def test_a_change_beside_the_commented_lines_is_a_review_of_its_own(pulled: Stage) -> None:
    asked = hang(pulled, "maria", "/suggest")
    pulled.script(WIDER)

    ended = on(pulled, asked)

    assert ended.end == (0, "suggested")
    assert len(ended.requests) <= 12
    suggestion, told = sorted(said_by_bot(pulled))[::-1]
    assert "```suggestion\n        return 1\n    return weight * 2\n```" in suggestion
    assert "a review of its own" in told
    assert pulled.kept() == []
    again = on(pulled, asked)
    assert again.end == (0, "nothing-to-do")
    assert again.writes == []


def test_what_no_suggestion_can_say_becomes_a_proposal_and_the_thread_a_link(pulled: Stage) -> None:
    asked = hang(pulled, "maria", "/generate")
    pulled.script(OUTSIDE)

    ended = on(pulled, asked)

    assert ended.end == (0, "proposed"), ended.log
    assert len(ended.requests) <= 12
    sha = pulled.memory(2)["sha"]
    (answer,) = said_by_bot(pulled)
    (sticky,) = pulled.repo.comments_on(2)
    assert answer.startswith("No suggestion can say this change")
    assert f"#issuecomment-{sticky.id})" in pulled.repo.review_comments[max(pulled.repo.review_comments)].body
    assert pulled.kept() == [f"proposals/2/{sha}"]
    again = on(pulled, asked)
    assert again.end == (0, "proposed")
    assert (again.writes, len(said_by_bot(pulled))) == ([], 1)
    assert pulled.say("maria", f"/approve {sha[:12]}", number=2).end == (0, "pushed")
    assert "return 20" in pulled.repo.read("topic", PATH).decode()


def test_in_the_conversation_each_place_gets_its_suggestion_in_one_review(
    pulled: Stage, snapshot: SnapshotAssertion
) -> None:
    pulled.script(WIDER)
    ended = pulled.say("maria", "/suggest make it a flat price", number=2)

    assert ended.end == (0, "suggested"), ended.log
    assert len(ended.requests) <= 12
    (review,) = pulled.repo.reviews.values()
    (comment,) = pulled.repo.review_comments.values()
    assert (comment.start_line, comment.line, review.state) == (3, 4, "COMMENTED")
    assert pulled.calm(review.body.partition("\n")[2]) == snapshot
    assert "make it a flat price" in pulled.model.requests[-1].body["messages"][-1]["content"]
    assert pulled.repo.comments_on(2)[1:] == []


def test_in_the_conversation_the_same_event_again_changes_nothing(pulled: Stage) -> None:
    pulled.script(WIDER)
    asked = pulled.comment("maria", "/suggest make it a flat price", 2)
    pulled.on(asked)
    before = pulled.state()

    assert pulled.on(asked).end == (0, "suggested")
    assert pulled.state() == before
    assert pulled.model.waiting == 0


def test_in_the_conversation_what_no_suggestion_can_say_becomes_a_proposal(pulled: Stage) -> None:
    pulled.script(OUTSIDE)
    assert pulled.say("maria", "/suggest a dearer last price", number=2).end == (0, "proposed")
    assert pulled.memory(2)["state"] == "open"


def test_a_thread_on_a_line_that_is_gone_gets_its_suggestion_in_a_review(pulled: Stage) -> None:
    root = hang(pulled, "rita", "Wrong way round.")
    moved = CHANGED.replace("    if weight > 0:\n", "    if 0 < weight:\n")
    pulled.repo.commit("topic", {PATH: moved + FAR}, "Turn it", author="maria")
    pulled.script(edit("    if 0 < weight:", "    if weight <= 0:", PATH))

    ended = on(pulled, reply(pulled, root, "maria", "/suggest"))

    assert ended.end == (0, "suggested"), ended.log
    assert "at lines that have changed since" in pulled.model.requests[-1].body["messages"][-1]["content"]
    assert "```suggestion\n    if weight <= 0:\n```" in "".join(said_by_bot(pulled))


def test_a_hint_in_a_thread_is_given_there(pulled: Stage) -> None:
    root = hang(pulled, "rita", "Is this right for empty parcels?")
    pulled.script("**Idea**: think of a parcel that weighs nothing.")

    ended = on(pulled, reply(pulled, root, "maria", "/hint"))

    assert ended.end == (0, "answered"), ended.log
    (answer,) = said_by_bot(pulled)
    assert "think of a parcel that weighs nothing" in answer
    assert pulled.repo.comments_on(2) == []
    assert "| Is this right for empty parcels?" in pulled.model.requests[-1].body["messages"][-1]["content"]


def test_a_mistyped_command_in_a_thread_is_answered_there(pulled: Stage) -> None:
    assert on(pulled, hang(pulled, "maria", "/sugest")).end == (0, "answered")
    assert "Did you mean `/suggest [words]`?" in said_by_bot(pulled)[0]


@pytest.mark.parametrize("who", ["rita", "stranger"])
def test_who_may_not_ask_spends_nothing(pulled: Stage, who: str) -> None:
    assert on(pulled, hang(pulled, who, "/suggest")).outcome == "refused"
    assert pulled.say(who, "/suggest something better", number=2).outcome == "refused"
    assert pulled.model.requests == []


def test_an_edited_command_never_counts(pulled: Stage) -> None:
    asked = hang(pulled, "maria", "/suggest")
    event = github_events.review_comment(pulled.repo, asked)
    asked.body = "/suggest rm -rf"

    assert pulled.event(*event).end == (0, "refused")
    assert "the comment was edited" in said_by_bot(pulled)[0]


def test_where_nothing_good_came_out_the_thread_is_told_why(pulled: Stage) -> None:
    pulled.model.answer = lambda _request: Reply(edit("nowhere", "anything", PATH))
    ended = on(pulled, hang(pulled, "maria", "/suggest"))
    assert ended.end == (0, "nothing-to-do")
    assert said_by_bot(pulled)[0].startswith("**No suggestion** · ")
    assert pulled.sticky(2) == ""


def test_an_endpoint_that_is_down_is_told_in_the_thread(pulled: Stage) -> None:
    pulled.model.answer = lambda _request: HttpError(401, "Wrong API key", "invalid_api_key")
    asked = hang(pulled, "maria", "/suggest")
    assert on(pulled, asked).end == (1, "failed")
    assert "`/suggest` was not accepted" in said_by_bot(pulled)[0]

    pulled.model.answer = lambda _request: Reply(FIX)
    assert on(pulled, asked).end == (0, "suggested")
    (answer,) = said_by_bot(pulled)
    assert "```suggestion" in answer


@pytest.mark.parametrize("reply_of_model", [FIX, WIDER, OUTSIDE], ids=["thread", "review", "proposal"])
def test_the_two_jobs_say_what_the_one_process_says(build: Build, reply_of_model: str) -> None:
    one, two = set_up(build), set_up(build)
    for stage in (one, two):
        stage.script(reply_of_model)
    run = on(one, hang(one, "maria", "/suggest"))

    drafted, published = two_jobs(two, hang(two, "maria", "/suggest"))

    assert drafted.code == 0
    assert drafted.writes == []
    assert published.end == run.end
    assert said_by_bot(two) == said_by_bot(one)
    assert two.shown(2) == one.shown(2)
    assert len(drafted.requests) + len(published.requests) <= 24


@pytest.mark.parametrize("write", [4, 5, 6])
def test_a_run_that_was_killed_is_finished_by_the_next(pulled: Stage, write: int) -> None:
    asked = hang(pulled, "maria", "/suggest")
    pulled.script(OUTSIDE)
    pulled.kill_at(write, "after", "POST")
    on(pulled, asked)
    pulled.github.on_request = None

    assert on(pulled, asked).end == (0, "proposed")
    assert [one for one in said_by_bot(pulled) if one.startswith("No suggestion can say")] == said_by_bot(pulled)
    assert len(said_by_bot(pulled)) == len(pulled.repo.comments_on(2)) == len(pulled.kept()) == 1


def test_a_draft_is_told_where_github_does_not_say_how_the_pull_request_stands(pulled: Stage) -> None:
    pulled.github.faults.append(Fault(faults.answer(500, {"message": "boom"}), path=r"/pulls/2$", times=None))
    pulled.script(FIX)
    ended = on(pulled, hang(pulled, "maria", "/suggest"))
    assert ended.end == (1, "failed")
    assert "+    if weight <= 0:" in said_by_bot(pulled)[0]
    assert "+    if weight <= 0:" in ended.summary


def test_a_reply_whose_answer_was_lost_is_not_posted_twice(pulled: Stage) -> None:
    pulled.github.faults.append(Fault(faults.act_then_answer(502), method="POST", path="/replies"))
    pulled.script(FIX)
    assert on(pulled, hang(pulled, "maria", "/suggest")).end == (0, "suggested")
    assert len(said_by_bot(pulled)) == 1


# Pull requests that move on, close, or are a fork's


def while_drafting(stage: Stage, act: Any, answer: str = FIX) -> None:
    """Let something happen on GitHub while the model writes."""

    def reply_once(_request: Any) -> Reply:
        act()
        return Reply(answer)

    stage.model.answer = reply_once


def close(stage: Stage) -> None:
    stage.repo.issue(2).state = "closed"


def push(stage: Stage) -> None:
    stage.repo.commit("topic", {"NOTES.md": "Notes.\n"}, "Add notes", author="maria")


@pytest.mark.parametrize("place", ["thread", "conversation"])
def test_a_pull_request_closed_meanwhile_gets_the_draft_in_words(pulled: Stage, place: str) -> None:
    while_drafting(pulled, lambda: close(pulled))
    if place == "thread":
        ended = on(pulled, hang(pulled, "maria", "/suggest"))
    else:
        ended = pulled.say("maria", "/suggest something better", number=2)

    assert ended.end == (0, "nothing-to-do")
    told = "".join([*said_by_bot(pulled), *pulled.answers(2)])
    assert "was closed while this was drafted" in told
    assert "+    if weight <= 0:" in told
    assert "+    if weight <= 0:" in ended.summary


def test_a_pull_request_merged_while_generating_gets_no_proposal_and_keeps_the_draft(pulled: Stage) -> None:
    while_drafting(pulled, lambda: close(pulled))
    ended = pulled.say("maria", "/generate turn the comparison round", number=2)
    assert ended.end == (0, "nothing-to-do")
    assert "the pull request was closed while it was drafted" in pulled.sticky(2)
    assert "+    if weight <= 0:" in pulled.sticky(2)
    assert pulled.kept() == []


def test_a_head_that_moved_meanwhile_gets_a_proposal_that_retry_rebuilds(pulled: Stage) -> None:
    while_drafting(pulled, lambda: push(pulled))
    ended = on(pulled, hang(pulled, "maria", "/suggest"))
    assert ended.end == (0, "proposed"), ended.log
    sha = pulled.memory(2)["sha"]

    refused = pulled.say("maria", f"/approve {sha[:12]}", number=2)
    asked = len(pulled.model.requests)
    retried = pulled.say("maria", f"/retry {sha[:12]}", number=2)
    again = pulled.memory(2)["sha"]
    approved = pulled.say("maria", f"/approve {again[:12]}", number=2)

    assert (refused.outcome, retried.end, approved.end) == ("refused", (0, "proposed"), (0, "pushed"))
    assert (sha != again, len(pulled.model.requests)) == (True, asked)
    assert "    if weight <= 0:" in pulled.repo.read("topic", PATH).decode()
    assert pulled.repo.read("topic", "NOTES.md") == b"Notes.\n"


def test_a_head_that_moved_between_the_two_jobs_gets_a_proposal_too(pulled: Stage) -> None:
    while_drafting(pulled, lambda: push(pulled))
    drafted, published = two_jobs(pulled, hang(pulled, "maria", "/suggest"))
    assert (drafted.code, published.end) == (0, (0, "proposed"))


@pytest.mark.parametrize("where", ["thread", "conversation"])
def test_a_locked_conversation_is_a_clear_end_and_the_draft_is_in_the_summary(pulled: Stage, where: str) -> None:
    asked = hang(pulled, "maria", "/suggest")
    said = pulled.comment("maria", "/generate turn the comparison round", 2)
    pulled.repo.lock_conversation(2)
    pulled.script(FIX)

    ended = on(pulled, asked) if where == "thread" else pulled.on(said)

    assert ended.end == (1, "failed")
    assert "the conversation is locked" in ended.log
    assert "if weight <= 0:" in ended.summary


def test_a_closed_pull_request_is_refused_before_the_model_is_asked(pulled: Stage) -> None:
    asked = hang(pulled, "maria", "/suggest")
    close(pulled)
    assert on(pulled, asked).end == (0, "refused")
    assert "this pull request is closed" in said_by_bot(pulled)[0]
    assert pulled.model.requests == []


def test_a_head_branch_that_was_deleted_is_still_read(pulled: Stage) -> None:
    asked = hang(pulled, "maria", "/suggest")
    pulled.repo.ref_store.delete("refs/heads/topic")
    pulled.script(FIX)
    assert on(pulled, asked).end == (0, "suggested")


@pytest.fixture
def forked(build: Build) -> Stage:
    """A stage on which mallory's pull request 2 comes from a fork, and the repository has commands of its own."""
    checks = "model: { candidates: 1 }\nchecks:\n  - name: evil\n    run: touch ran && python3 evil.py\n"
    stage = build(files={PATH: SHIPPING + FAR}, config=checks)
    fork = stage.github.fork(stage.repo, "mallory/shop")
    fork.commit("evil", {PATH: CHANGED + FAR, "evil.py": "open('/tmp/x')\n"}, "Ship", author="mallory")
    stage.repo.open_pull("mallory", "Ship for nothing", "It is cheaper.", head="mallory:evil")
    return stage


def test_a_fork_gets_suggestions_and_nothing_of_it_is_run(forked: Stage) -> None:
    forked.script(FIX)
    ended = forked.say("maria", "/suggest turn the comparison round", number=2)

    assert ended.end == (0, "suggested"), ended.log
    (comment,) = forked.repo.review_comments.values()
    (review,) = forked.repo.reviews.values()
    assert "```suggestion\n    if weight <= 0:\n```" in comment.body
    assert "evil" not in review.body
    assert "none configured" not in review.body
    assert "not run: the change is for a fork" in review.body


def test_two_jobs_serve_a_fork_as_one_does(forked: Stage) -> None:
    forked.script(FIX)
    asked = forked.comment("maria", "/suggest turn the comparison round", 2)
    assert forked.draft(asked, FIX).code == 0
    assert forked.publish(asked).end == (0, "suggested")


def test_on_a_fork_what_lies_outside_the_diff_is_shown_and_not_proposed(forked: Stage) -> None:
    forked.script(OUTSIDE)
    assert forked.say("maria", "/suggest a dearer last price", number=2).end == (0, "nothing-to-do")
    (answer,) = forked.answers(2)
    assert "+    return 20" in answer
    assert "Nothing is pushed to a fork" in answer
    assert forked.kept() == []


def test_generate_on_a_fork_says_why_not_and_offers_suggest(forked: Stage) -> None:
    assert forked.say("maria", "/generate the missing tests", number=2).end == (0, "refused")
    assert "comes from a fork. Nothing of a fork is run or pushed to. `/suggest`" in forked.answers(2)[0]
    assert forked.model.requests == []


# All threads at once


def test_generate_without_words_answers_the_threads_that_wait(pulled: Stage, snapshot: SnapshotAssertion) -> None:
    hang(pulled, "rita", "Is this not the wrong way round?", 2)
    done = hang(pulled, "victor", "Name it better.", 4)
    pulled.repo.resolve_thread(done.id)
    hang(pulled, "victor", "Should the price not be rounded?", 7)
    pulled.script(FIX)

    ended = pulled.say("maria", "/generate", number=2)

    assert ended.end == (0, "proposed"), ended.log
    assert len(ended.requests) <= 12
    asked = pulled.model.requests[-1].body["messages"][-1]["content"]
    assert "| Is this not the wrong way round?" in asked
    assert "Name it better." not in asked
    told = pulled.shown(2)
    assert told[told.index("By place") : told.index("| proof")] == snapshot
    sha = pulled.memory(2)["sha"]
    assert pulled.say("maria", f"/approve {sha[:12]}", number=2).end == (0, "pushed")


def test_two_jobs_say_which_thread_is_answered(pulled: Stage) -> None:
    hang(pulled, "rita", "Is this not the wrong way round?", 2)
    asked = pulled.comment("maria", "/generate", 2)
    assert pulled.draft(asked, FIX).code == 0
    assert pulled.publish(asked).end == (0, "proposed")
    assert "shop/shipping.py, line 2: rita on shop/shipping.py, line 2" in pulled.sticky(2)


def test_a_secret_in_a_thread_does_not_reach_the_model(pulled: Stage) -> None:
    asked = hang(pulled, "maria", f"/suggest\n\nuse {KEY} here")
    pulled.script(FIX)
    on(pulled, asked)
    assert KEY not in str(pulled.model.requests[-1].body)
