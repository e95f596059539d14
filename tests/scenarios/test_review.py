"""Reviews of pull requests: said once, in one request, and never in the way."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any

import pytest

from bot.rehearsal import github_events
from bot.rehearsal import github_faults as faults
from bot.rehearsal.answers import HttpError, Reply
from bot.rehearsal.github_faults import Fault
from tests.scenarios.stage import BOT, READ_TOKEN

if TYPE_CHECKING:
    from syrupy.assertion import SnapshotAssertion

    from bot.rehearsal.github_state import Issue, ReviewComment
    from tests.scenarios.conftest import Build
    from tests.scenarios.stage import Ended, Stage

SHIPPING = "def shipping(weight):\n    return weight * 2\n"
CHANGED = "def shipping(weight):\n    if weight > 0:\n        return 0\n    return weight * 3\n"
NOTHING = "NO FINDINGS"


def finding(
    old: str, new: str, path: str = "shop/shipping.py", title: str = "Parcels that weigh something ship for nothing"
) -> str:
    return (
        f"### FINDING\nFile: {path}\nSeverity: high\nCategory: bug\nTitle: {title}\n"
        f"Reason: The comparison is the wrong way round, so every real parcel is free.\n"
        f"<<<<<<< SEARCH\n{old}\n=======\n{new}\n>>>>>>> REPLACE\n"
    )


RIGHT = finding("    if weight > 0:", "    if weight <= 0:")


@pytest.fixture
def pulled(build: Build) -> Stage:
    """A stage with maria's pull request 2, which brings a mistake in."""
    stage = build(files={"shop/shipping.py": SHIPPING}, config="")
    stage.repo.commit("topic", {"shop/shipping.py": CHANGED}, "Ship for nothing", author="maria")
    stage.repo.open_pull("maria", "Ship for nothing", "Empty parcels weigh nothing.", head="topic")
    return stage


def answer_all(stage: Stage, reply: str) -> None:
    """Every question gets the same answer, as often as it is asked."""
    stage.model.answer = lambda _request: Reply(reply)


def opened(stage: Stage, number: int = 2, action: str = "opened", **how: Any) -> Ended:
    return stage.event(*github_events.pull_opened(stage.repo, number, action), **how)


def said(stage: Stage) -> list[ReviewComment]:
    return list(stage.repo.review_comments.values())


def pull(stage: Stage) -> Issue:
    return stage.repo.issue(2)


def test_an_opened_pull_request_gets_one_review_with_a_suggestion(pulled: Stage, snapshot: SnapshotAssertion) -> None:
    answer_all(pulled, RIGHT)

    ended = opened(pulled)

    assert ended.end == (0, "suggested"), ended.log
    (comment,) = said(pulled)
    (review,) = pulled.repo.reviews.values()
    assert (comment.path, comment.line, comment.side, review.state) == ("shop/shipping.py", 2, "RIGHT", "COMMENTED")
    assert "```suggestion\n    if weight <= 0:\n```" in comment.body
    assert len(ended.requests) <= 6
    texts = [one.partition("\n")[2] for one in (review.body, comment.body, pulled.repo.comments_on(2)[0].body)]
    assert [re.sub(r"blob/\w+/", "blob/<sha>/", pulled.calm(text)) for text in texts] == snapshot


def test_silence_where_there_is_nothing_to_say(pulled: Stage) -> None:
    answer_all(pulled, NOTHING)
    pulled.repo.commit("topic", {"shop/shipping.py": SHIPPING.replace("2", "3")}, "Without the mistake")

    ended = opened(pulled)

    assert ended.end == (0, "nothing-to-do")
    assert (said(pulled), pulled.repo.comments_on(2)) == ([], [])
    assert "no new finding" in ended.summary


def test_the_same_event_again_says_nothing_twice(pulled: Stage) -> None:
    answer_all(pulled, RIGHT)
    opened(pulled)
    before = pulled.state()

    assert opened(pulled).outcome in {"ignored", "nothing-to-do"}
    assert pulled.state() == before


def test_a_finding_that_stays_is_said_once_over_many_pushes(pulled: Stage) -> None:
    answer_all(pulled, RIGHT)
    opened(pulled)
    for number in range(3):
        text = f"# {number}\n" * (number + 1) + CHANGED
        pulled.repo.commit("topic", {"shop/shipping.py": text}, f"Push {number}", author="maria")
        assert opened(pulled, action="synchronize").code == 0

    assert len(said(pulled)) == 1
    assert len(pulled.repo.comments_on(2)) == 1


@pytest.mark.parametrize("how", ["resolved", "thumbs down", "answered with no"])
def test_what_was_turned_down_stays_quiet(pulled: Stage, how: str) -> None:
    answer_all(pulled, RIGHT)
    opened(pulled)
    (comment,) = said(pulled)
    match how:
        case "resolved":
            pulled.repo.resolve_thread(comment.id)
        case "thumbs down":
            pulled.repo.react(comment, "maria", "-1")
        case _:
            pulled.repo.reply(comment.id, "maria", "No, by design.")
    before = len(said(pulled))

    pulled.clock.tick()
    ended = pulled.say("maria", "/review", number=2)

    assert ended.end == (0, "answered")
    assert len(said(pulled)) == before


def test_a_person_who_asks_is_always_answered(pulled: Stage) -> None:
    answer_all(pulled, RIGHT)
    assert pulled.say("maria", "/review", number=2).end == (0, "suggested")
    assert len(said(pulled)) == 1


@pytest.mark.parametrize("who", ["rita", "stranger"])
def test_who_may_not_ask_spends_nothing(pulled: Stage, who: str) -> None:
    assert pulled.say(who, "/review", number=2).outcome == "refused"
    assert pulled.model.requests == []


def test_on_an_issue_there_is_nothing_to_review(pulled: Stage) -> None:
    assert pulled.say("maria", "/review").end == (0, "answered")
    assert "works in a pull request's conversation" in pulled.answers()[0]


@pytest.mark.parametrize("case", ["off", "locked", "draft", "closed", "moved on"])
def test_some_pull_requests_are_left_alone(build: Build, case: str) -> None:
    stage = build(files={"shop/shipping.py": SHIPPING}, config="review: { auto: false }\n" if case == "off" else "")
    stage.repo.commit("topic", {"shop/shipping.py": CHANGED}, "Ship", author="maria")
    made = stage.repo.open_pull("maria", "Ship", "", head="topic", draft=case == "draft")
    event = github_events.pull_opened(stage.repo, 2)
    if case == "locked":
        made.locked = True
    if case == "closed":
        made.state = "closed"
    if case == "moved on":
        stage.repo.commit("topic", {"b.py": "1\n"}, "More", author="maria")

    ended = stage.event(*event)

    assert ended.end == (0, "ignored")
    assert stage.model.requests == []


def test_a_forks_code_is_read_and_never_run(build: Build) -> None:
    stage = build(
        files={"shop/shipping.py": SHIPPING}, config="checks:\n  - name: evil\n    run: touch ran && python3 evil.py\n"
    )
    fork = stage.github.fork(stage.repo, "mallory/shop")
    fork.commit("evil", {"shop/shipping.py": CHANGED, "evil.py": "open('/tmp/x')\n"}, "Ship", author="mallory")
    stage.repo.open_pull("mallory", "Ship", "", head="mallory:evil")
    answer_all(stage, RIGHT)

    name, payload = github_events.pull_opened(stage.repo, 2)
    ended = stage.event("pull_request_target", payload, actor="mallory")

    assert name == "pull_request"
    assert ended.end == (0, "suggested")
    assert "`evil`" not in "".join(comment.body for comment in said(stage))


def test_one_comment_that_github_refuses_after_all_does_not_sink_the_others(pulled: Stage) -> None:
    answer_all(pulled, RIGHT + "\n" + finding("    return weight * 3", "    return weight * 2", title="Dearer"))
    refusal: dict[str, object] = {
        "message": "Unprocessable Entity",
        "errors": ["Pull request review thread line must be part of the diff"],
    }
    pulled.github.faults.append(Fault(faults.answer(422, refusal), method="POST", path="/pulls/2/reviews", times=1))

    ended = opened(pulled)

    assert ended.end == (0, "suggested")
    assert len([review for review in pulled.repo.reviews.values() if review.state == "COMMENTED"]) == 1
    assert not [review for review in pulled.repo.reviews.values() if review.state == "PENDING"]


def test_a_review_whose_answer_was_lost_is_not_posted_twice(pulled: Stage) -> None:
    answer_all(pulled, RIGHT)
    pulled.github.faults.append(Fault(faults.act_then_answer(502), method="POST", path="/pulls/2/reviews"))

    assert opened(pulled).end == (0, "suggested")
    assert len(pulled.repo.reviews) == 1


def test_a_diff_too_large_for_github_is_made_here(pulled: Stage) -> None:
    answer_all(pulled, RIGHT)
    pulled.github.faults.append(
        Fault(faults.answer(406, {"message": "too large"}), path=r"/pulls/2$", times=None, method="GET")
    )
    assert opened(pulled).end == (0, "suggested")
    assert len(said(pulled)) == 1


def test_an_endpoint_that_is_down_is_no_comment_for_a_push(pulled: Stage) -> None:
    pulled.model.answer = lambda _request: HttpError(401, "Wrong API key", "invalid_api_key")
    ended = opened(pulled)
    assert ended.end == (1, "failed")
    assert pulled.repo.comments_on(2) == []


def test_the_two_jobs_say_what_the_one_process_says(build: Build) -> None:
    ends = []
    for jobs in (1, 2):
        stage = build(files={"shop/shipping.py": SHIPPING}, config="")
        stage.repo.commit("topic", {"shop/shipping.py": CHANGED}, "Ship for nothing", author="maria")
        stage.repo.open_pull("maria", "Ship for nothing", "", head="topic")
        answer_all(stage, RIGHT)
        bundle = str(stage.folder / "bundle")
        if jobs == 1:
            opened(stage)
        else:
            assert opened(stage, entry=("draft", "--out", bundle), token=READ_TOKEN).end == (0, "suggested")
            assert said(stage) == []
            env = {"DRAFTGATE_BASE_URL": "", "DRAFTGATE_MODEL": "", "GITHUB_WORKSPACE": str(stage.folder / "nowhere")}
            assert opened(stage, entry=("publish", bundle), key="", env=env).end == (0, "suggested")
        ends.append([(one.path, one.line, one.body) for one in said(stage)])

    assert ends[0] == ends[1]
    assert len(ends[0]) == 1


def test_the_permissions_of_the_review_workflow_are_enough(pulled: Stage) -> None:
    for token, pulls in (("draft-t0ken", "read"), ("publish-t0ken", "write")):
        permissions = {"contents": "read", "pull_requests": pulls, "metadata": "read"}
        pulled.github.add_token(token, login=BOT, permissions=permissions)
    answer_all(pulled, RIGHT)
    _, payload = github_events.pull_opened(pulled.repo, 2)
    bundle = str(pulled.folder / "bundle")

    drafted = pulled.event("pull_request_target", payload, entry=("draft", "--out", bundle), token="draft-t0ken")
    published = pulled.event("pull_request_target", payload, entry=("publish", bundle), token="publish-t0ken", key="")

    assert (drafted.end, published.end) == ((0, "suggested"), (0, "suggested"))
    assert drafted.writes == []
    assert len(said(pulled)) == len(pulled.repo.comments_on(2)) == 1
