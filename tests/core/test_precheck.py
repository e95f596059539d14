from __future__ import annotations

import subprocess
import sys
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.core.events import Ignored, parse_event
from bot.core.intents import resolve
from bot.core.precheck import CLOCK_EVENTS, asks_for_draft, quick_ignore
from tests.core import event_samples as sample

BODIES = st.lists(
    st.sampled_from(
        ["/generate fix", "/help", "/aprove", "/lgtm", "> /help", "```", "<!--", "-->", "", "words", "    x"]
    ),
    max_size=6,
).map("\n".join)


@pytest.mark.parametrize(
    ("name", "payload", "reason"),
    [
        ("push", {}, "Draftgate has no use for this event"),
        ("issue_comment", sample.comment_event("Thanks, looks good"), "the comment gives no command"),
        ("issue_comment", sample.comment_event("/lgtm"), "the comment gives no command"),
        ("issue_comment", sample.comment_event(""), "the comment gives no command"),
        ("pull_request_review_comment", sample.review_comment_event("> /help"), "the comment gives no command"),
        (
            "issue_comment",
            sample.comment_event(action="edited"),
            "only a new comment counts, not an edited or deleted one",
        ),
        ("issues", sample.label_event("bug"), "the label does not ask for a draft"),
        ("issues", {"action": "opened"}, "of the events of an issue only a new label counts"),
        (
            "pull_request",
            sample.pull_event() | {"pull_request": sample.pull_event()["pull_request"] | {"draft": True}},
            "drafts are reviewed when somebody asks",
        ),
    ],
)
def test_what_nobody_asked_for_ends_here(name: str, payload: dict[str, Any], reason: str) -> None:
    assert quick_ignore(name, payload) == reason


@pytest.mark.parametrize(
    ("name", "payload"),
    [
        ("issue_comment", sample.comment_event("/generate fix")),
        ("issue_comment", sample.comment_event("/aprove 3f9c2a1b7d04")),
        ("pull_request_review_comment", sample.review_comment_event("/help")),
        ("issues", sample.label_event()),
        ("issues", sample.label_event("DraftGate")),
        ("schedule", {"schedule": "0 3 * * 1"}),
        ("workflow_dispatch", sample.dispatch_event()),
    ],
)
def test_what_may_be_a_request_goes_on(name: str, payload: dict[str, Any]) -> None:
    assert quick_ignore(name, payload) is None


@pytest.mark.parametrize("name", ["issue_comment", "pull_request_review_comment", "issues"])
def test_a_broken_payload_goes_on_to_where_it_is_told(name: str) -> None:
    action = "labeled" if name == "issues" else "created"
    assert quick_ignore(name, {"action": action, "comment": [], "sender": 5, "label": "x"}) is None


def test_the_label_is_the_one_that_is_set() -> None:
    assert quick_ignore("issues", sample.label_event("draftgate"), "please-draft") is not None
    assert quick_ignore("issues", sample.label_event("please-draft"), "please-draft") is None


@given(BODIES, st.sampled_from(["created", "edited"]), st.sampled_from(["User", "Bot"]))
def test_a_comment_is_ignored_early_exactly_when_it_would_be_late(body: str, action: str, kind: str) -> None:
    payload = sample.comment_event(body, action=action)
    payload["comment"]["user"]["type"] = payload["sender"]["type"] = kind
    event = parse_event("issue_comment", payload, "1")
    late = event if isinstance(event, Ignored) else resolve(event, "")
    early = quick_ignore("issue_comment", payload)
    assert early == (late.reason if isinstance(late, Ignored) else None)


@pytest.mark.parametrize("name", CLOCK_EVENTS)
def test_a_refresh_needs_no_model(name: str) -> None:
    assert asks_for_draft(name, sample.EVERY_EVENT[name]) is False


def test_the_way_of_an_ignored_event_makes_no_dataclass() -> None:
    code = "import sys, bot.adapters.actions, bot.core.precheck; print(*sys.modules)"
    done = subprocess.run([sys.executable, "-I", "-c", code], capture_output=True, text=True, check=True)
    assert not {"dataclasses", "inspect", "pathlib", "asyncio", "logging", "bot.core.refs"} & set(done.stdout.split())
