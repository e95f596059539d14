from __future__ import annotations

from typing import Any, get_args

import pytest

from bot.core import intents
from bot.core.commands import COMMANDS, Command, CommandError, CommandHelp, Place
from bot.core.events import Anchor, Comment, Event, Ignored, parse_event
from bot.core.intents import (
    ApproveProposal,
    ExplainMistake,
    ExplainProposal,
    GenerateChange,
    GiveHint,
    Intent,
    Refused,
    RejectProposal,
    Request,
    RetryProposal,
    ReviseProposal,
    ShowHelp,
    resolve,
)
from bot.core.refresh_intents import RefreshManifests
from bot.core.refs import Actor, RepoName, Thread
from bot.core.review_intents import ReviewPull, SuggestChange
from tests.core import event_samples as sample

SHA = "3f9c2a1b7d04"
OCTOCAT = Actor("octocat", 583231, "User")


def event_of(name: str, payload: dict[str, Any]) -> Event:
    event = parse_event(name, payload, "7001")
    assert not isinstance(event, Ignored)
    return event


def resolved(name: str, payload: dict[str, Any], actor: str = "octocat") -> Intent | Ignored | Refused:
    return resolve(event_of(name, payload), actor)


def request_of(answer: Intent | Ignored | Refused) -> Request:
    assert not isinstance(answer, Ignored)
    assert answer.request is not None
    return answer.request


def request_for(body: str) -> Request:
    return Request(
        repository=RepoName("octo-org/widget"),
        default_branch="main",
        thread=Thread(118, is_pull=False),
        trigger="issue_comment/1801",
        requester=OCTOCAT,
        title="Session.mount refuses paths",
        text="It raises AttributeError.",
        author=Actor("reporter", 77, "User"),
        comment=Comment(1801, body, OCTOCAT, "2026-11-23T14:02:05Z", "2026-11-23T14:02:05Z"),
    )


@pytest.mark.parametrize(
    ("body", "kind", "fields"),
    [
        ("/generate iac\nadd a bucket", GenerateChange, ("iac", "add a bucket")),
        (f"/revise {SHA} shorter", ReviseProposal, (SHA, "shorter")),
        (f"/approve {SHA}", ApproveProposal, (SHA,)),
        (f"/reject {SHA} no", RejectProposal, (SHA, "no")),
        (f"/retry {SHA}", RetryProposal, (SHA,)),
        ("/help", ShowHelp, ()),
        ("/explain", ExplainProposal, (None,)),
        (f"/explain {SHA}", ExplainProposal, (SHA,)),
        ("/hint where?", GiveHint, ("where?",)),
        ("/aprove", ExplainMistake, (CommandError("/aprove", "there is no such command", "/approve <sha>"),)),
    ],
)
def test_a_comment_becomes_the_intent_of_its_command(body: str, kind: type[Any], fields: tuple[object, ...]) -> None:
    assert resolved("issue_comment", sample.comment_event(body)) == kind(request_for(body), *fields)


def test_a_review_can_be_asked_for() -> None:
    answer = resolved("issue_comment", sample.comment_event("/review", pull=True))
    assert isinstance(answer, ReviewPull)
    assert (answer.asked, answer.head, answer.request.thread.is_pull) == (True, "", True)


@pytest.mark.parametrize("name", ["pull_request", "pull_request_target"])
def test_a_push_to_a_pull_request_asks_for_a_review_of_its_head(name: str) -> None:
    payload = sample.pull_event()
    answer = resolved(name, payload, "somebody else")
    assert isinstance(answer, ReviewPull)
    assert (answer.asked, answer.head) == (False, payload["pull_request"]["head"]["sha"])


@pytest.mark.parametrize("body", ["Thanks", "/lgtm", "> /help", ""])
def test_talk_is_ignored(body: str) -> None:
    assert resolved("issue_comment", sample.comment_event(body)) == Ignored("the comment gives no command")


def test_the_label_asks_in_the_name_of_who_set_it() -> None:
    answer = resolved("issues", sample.label_event("Draftgate"))
    assert isinstance(answer, GenerateChange)
    assert (answer.kind, answer.words) == (None, "")
    assert (answer.request.requester, answer.request.comment_id) == (OCTOCAT, None)
    assert answer.request.author.login == "reporter"
    assert answer.request.trigger == "issues/7001"


def test_the_label_can_have_another_name() -> None:
    event = event_of("issues", sample.label_event("please-draft"))
    assert isinstance(resolve(event, "octocat", "please-draft"), GenerateChange)
    assert resolve(event, "octocat") == Ignored("the label does not ask for a draft")


def test_a_review_comment_keeps_its_place() -> None:
    request = request_of(resolved("pull_request_review_comment", sample.review_comment_event("/generate")))
    assert request.anchor == Anchor(
        "src/session.py", 31, 29, "RIGHT", sample.HEAD, "@@ -28,3 +28,4 @@ class Session:\n+    pass"
    )
    assert (request.thread, request.comment_id) == (Thread(124, is_pull=True), 1801)
    assert request.trigger == "pull_request_review_comment/1801"


def test_a_review_comment_on_a_fork_is_not_answered() -> None:
    answer = resolved("pull_request_review_comment", sample.review_comment_event("/generate", fork=True))
    assert isinstance(answer, Ignored)
    assert "fork" in answer.reason


@pytest.mark.parametrize(("body", "group"), [("/refresh", ""), ("/refresh images", "images")])
def test_a_comment_can_ask_for_a_refresh(body: str, group: str) -> None:
    answer = resolved("issue_comment", sample.comment_event(body))
    assert answer == RefreshManifests("issue_comment/1801", group, request_for(body))


def test_the_clock_asks_for_a_refresh_in_nobodys_name() -> None:
    assert resolved("schedule", sample.EVERY_EVENT["schedule"]) == RefreshManifests("schedule/7001")


def test_the_button_names_a_group_and_who_pressed_it() -> None:
    answer = resolved("workflow_dispatch", sample.dispatch_event() | {"inputs": {"group": "images"}})
    assert isinstance(answer, RefreshManifests)
    assert (answer.trigger, answer.group, answer.request) == ("workflow_dispatch/7001", "images", None)
    assert answer.origin is not None
    assert answer.origin.sender == OCTOCAT


PAYLOADS: dict[Place, tuple[str, Any]] = {
    "issue": ("issue_comment", sample.comment_event),
    "pull": ("issue_comment", lambda body: sample.comment_event(body, pull=True)),
    "review": ("pull_request_review_comment", sample.review_comment_event),
}


def example_of(row: CommandHelp) -> str:
    return row.usage.translate(str.maketrans("", "", "[]<>")).replace("sha", SHA).replace("fix|tests|iac", "fix")


@pytest.mark.parametrize("place", PAYLOADS)
@pytest.mark.parametrize("row", COMMANDS, ids=lambda row: row.word)
def test_a_command_works_where_the_table_says(row: CommandHelp, place: Place) -> None:
    name, payload = PAYLOADS[place]
    answer = resolved(name, payload(example_of(row)))
    assert isinstance(answer, ExplainMistake) is (place not in row.where)


@pytest.mark.parametrize(
    ("place", "line", "problem"),
    [
        ("issue", "/review", "this command works in a pull request's conversation"),
        ("issue", "/suggest", "this command works in a pull request's conversation or a comment on its diff"),
        ("review", f"/approve {SHA}", "this command works in an issue or a pull request's conversation"),
    ],
)
def test_a_command_in_the_wrong_place_is_told_where_it_works(place: Place, line: str, problem: str) -> None:
    name, payload = PAYLOADS[place]
    answer = resolved(name, payload(line))
    assert isinstance(answer, ExplainMistake)
    assert answer.error == CommandError(line.split(maxsplit=1)[0], problem, "")


def with_sender(payload: dict[str, Any], sender: dict[str, Any]) -> dict[str, Any]:
    return payload | {"sender": sender}


@pytest.mark.parametrize(
    "sender",
    [
        sample.person("mallory", 666),
        sample.person("octocat", 666),
        sample.person("renamed", 583231),
        sample.person("helper[bot]", 7, "Bot"),
    ],
    ids=["other", "same name", "same id", "bot"],
)
@pytest.mark.parametrize("body", [f"/approve {SHA}", "/help", "/aprove"])
def test_a_command_sent_by_another_than_its_author_is_refused(sender: dict[str, Any], body: str) -> None:
    answer = resolved("issue_comment", with_sender(sample.comment_event(body), sender), actor=sender["login"])
    assert isinstance(answer, Refused)
    assert answer.reason == "the event was not sent by the comment's author"


@pytest.mark.parametrize(
    ("name", "payload"),
    [("issue_comment", sample.comment_event(f"/approve {SHA}")), ("issues", sample.label_event())],
)
def test_a_run_started_by_another_person_is_refused(name: str, payload: dict[str, Any]) -> None:
    answer = resolved(name, payload, actor="mallory")
    assert isinstance(answer, Refused)
    assert answer.reason == "the run was not started by the person who asked"
    assert answer.request.requester == OCTOCAT


@pytest.mark.parametrize("actor", ["octocat", "Octocat", ""])
def test_the_actor_may_be_unknown_or_in_other_case(actor: str) -> None:
    assert isinstance(resolved("issue_comment", sample.comment_event(f"/approve {SHA}"), actor), ApproveProposal)


def test_talk_between_others_is_not_refused_but_ignored() -> None:
    payload = with_sender(sample.comment_event("hello"), sample.person("mallory", 666))
    assert isinstance(resolved("issue_comment", payload), Ignored)


def test_the_routing_tables_have_every_event_and_command() -> None:
    assert set(intents._EVENTS) == set(get_args(Event))
    assert set(intents._COMMANDS) == set(get_args(Command))


@pytest.mark.parametrize(
    ("body", "fields"),
    [("/suggest use a set", (None, "use a set")), ("/generate tests", ("tests", "")), ("/generate", (None, ""))],
)
def test_in_a_review_thread_both_commands_ask_for_a_suggestion(body: str, fields: tuple[object, ...]) -> None:
    answer = resolved("pull_request_review_comment", sample.review_comment_event(body))
    assert isinstance(answer, SuggestChange)
    assert (answer.kind, answer.words) == fields
    assert answer.request.root == answer.request.comment_id == 1801


def test_an_answer_in_a_thread_knows_the_comment_that_began_it() -> None:
    payload = sample.review_comment_event("/suggest")
    payload["comment"]["in_reply_to_id"] = 1700
    assert request_of(resolved("pull_request_review_comment", payload)).root == 1700


def test_in_the_conversation_a_suggestion_has_no_thread() -> None:
    answer = resolved("issue_comment", sample.comment_event("/suggest", pull=True))
    assert isinstance(answer, SuggestChange)
    assert answer.request.root is None
