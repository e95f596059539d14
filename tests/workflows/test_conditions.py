"""Which event starts which jobs, by GitHub's own expression engine on GitHub's own payloads."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.core.commands import USAGE, Approve, CommandError, Help, Reject, parse_command
from tests.workflows.payloads import issue_comment, label, pull_request, review_comment
from tests.workflows.test_files import REVIEW, WORKFLOW, document

if TYPE_CHECKING:
    from tests.workflows.payloads import Payload
    from tests.workflows.referee import Referee

SHA = "3f9c2a1b7d04"
ALL = ("acknowledge", "draft", "publish")
DECISION = ("acknowledge", "publish")
NONE = ()

EVENTS = [
    ("a command", issue_comment("/generate"), ALL),
    ("a command with words", issue_comment("/generate fix Session.mount\n\nIt should take a path."), ALL),
    ("a command in capitals", issue_comment("/Generate"), ALL),
    ("a mistyped command", issue_comment("/genrate"), ALL),
    ("a command after spaces", issue_comment("   /generate"), ALL),
    ("a command after a blank line", issue_comment("\r\n/revise 3f9c2a1b7d04 words"), ALL),
    ("a command on a pull request, forks too", issue_comment("/generate", on_pull=True), ALL),
    ("an approval", issue_comment(f"/approve {SHA}"), DECISION),
    ("an approval on a pull request", issue_comment(f"/approve {SHA}", on_pull=True), DECISION),
    ("an approval in capitals", issue_comment(f"/Approve {SHA}"), DECISION),
    ("a rejection", issue_comment(f"/reject {SHA} not needed"), DECISION),
    ("a call for help", issue_comment("/help"), DECISION),
    ("an approval below a quotation", issue_comment(f"> waiting for a decision\r\n\r\n/approve {SHA}"), ALL),
    ("talk", issue_comment("Have you tried it with /generate or https://example.com/x?"), NONE),
    ("a quoted command", issue_comment("> /generate\r\n\r\nWhy did nobody do this?"), NONE),
    ("a command in code", issue_comment("    /generate"), NONE),
    ("an empty comment", issue_comment(""), NONE),
    ("a comment without a body", issue_comment(None), NONE),
    ("a bot's command", issue_comment("/generate", kind="Bot"), NONE),
    ("an organisation's command", issue_comment("/generate", kind="Organization"), NONE),
    ("the label", label("draftgate"), ALL),
    ("another label", label("bug"), NONE),
    ("a label with a longer name", label("draftgate-later"), NONE),
    ("the label from a bot", label("draftgate", kind="Bot"), NONE),
    ("a review comment", review_comment("/suggest"), ALL),
    ("a review comment without a command", review_comment("Nice."), NONE),
    ("a bot's review comment", review_comment("/suggest", kind="Bot"), NONE),
    ("a review comment on a fork's pull request", review_comment("/suggest", head="somebody/fork"), NONE),
    ("a review comment on a deleted fork's pull request", review_comment("/suggest", head=None), NONE),
]


def jobs_that_run(referee: Referee, context: Payload) -> tuple[str, ...]:
    return tuple(name for name, result in referee.jobs(WORKFLOW, context).items() if result != "skipped")


@pytest.mark.parametrize(("context", "jobs"), [row[1:] for row in EVENTS], ids=[row[0] for row in EVENTS])
def test_event_starts(context: Payload, jobs: tuple[str, ...], referee: Referee) -> None:
    assert jobs_that_run(referee, context) == jobs


@pytest.mark.parametrize("result", ["success", "failure"])
def test_a_person_gets_an_answer_however_the_draft_ended(result: str, referee: Referee) -> None:
    results = referee.jobs(WORKFLOW, issue_comment("/generate"), outcomes={"draft": result})
    assert results["publish"] == "success"


def test_nothing_is_published_once_the_run_was_cancelled(referee: Referee) -> None:
    assert referee.jobs(WORKFLOW, issue_comment("/generate"), cancelled=True)["publish"] == "skipped"


@pytest.mark.parametrize(("draft", "wanted"), [("success", True), ("failure", True), ("skipped", False)])
def test_the_bundle_is_fetched_where_a_draft_was_made(draft: str, wanted: bool, referee: Referee) -> None:
    fetch = document()["jobs"]["publish"]["steps"][0]
    assert referee.condition(fetch["if"], {"needs": {"draft": {"result": draft}}}) is wanted


REVIEWS = [
    *((f"a pull request that is {action}", pull_request(action), True) for action in document(REVIEW)[True]
      ["pull_request_target"]["types"]),
    ("a fork's pull request", pull_request("opened", head="somebody/fork"), True),
    ("a push to a fork's pull request", pull_request("synchronize", head="somebody/fork"), True),
    ("a draft", pull_request("opened", draft=True), False),
    ("a push to a draft", pull_request("synchronize", draft=True), False),
    ("a bot's pull request", pull_request("opened", kind="Bot"), False),
]  # fmt: skip


@pytest.mark.parametrize(("context", "runs"), [row[1:] for row in REVIEWS], ids=[row[0] for row in REVIEWS])
def test_reviews_start(context: Payload, runs: bool, referee: Referee) -> None:
    result = "success" if runs else "skipped"
    assert referee.jobs(REVIEW, context) == {"draft": result, "publish": result}


@pytest.mark.parametrize(("draft", "cancelled"), [("failure", False), ("success", True)])
def test_a_review_that_failed_or_is_out_of_date_is_not_published(draft: str, cancelled: bool, referee: Referee) -> None:
    results = referee.jobs(REVIEW, pull_request("opened"), outcomes={"draft": draft}, cancelled=cancelled)
    assert results["publish"] == "skipped"


before = st.sampled_from(["", " ", "   ", "    ", "> ", "<!-- x -->", "\t"])
words = st.sampled_from([*USAGE, "genrate", "usr/bin", "words"])
after = st.sampled_from(["", " fix", f" {SHA}", f" {SHA} words"])
lines = st.builds("{}{}{}{}".format, before, st.sampled_from(["/", ""]), words, after)
others = st.sampled_from(["", "```", "talk", "<!--", "-->"])
drafted = st.builds(str.join, st.sampled_from(["\n", "\r\n"]), st.lists(lines | others, max_size=4))
# GitHub's own forms and clients end lines with a line feed; a lone carriage return is left out.
bodies = drafted | st.text(max_size=60).filter(lambda text: "\r" not in text)


@given(body=bodies)
def test_no_command_is_missed_and_none_that_needs_a_draft_goes_without(body: str, referee: Referee) -> None:
    """The conditions may let too much through, never too little."""
    command = parse_command(body)
    running = jobs_that_run(referee, issue_comment(body))
    if command is not None:
        assert set(DECISION) <= set(running)
    if command is not None and not isinstance(command, Approve | Reject | Help | CommandError):
        assert running == ALL
