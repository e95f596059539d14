"""Payloads of events as GitHub describes them, about what there is in the fake."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest

from bot.rehearsal import github_events as events
from bot.rehearsal.github_reviews import LineDraft
from bot.rehearsal.github_service import FakeGitHub
from tests.contract.webhooks import check_event
from tests.rehearsal.conftest import FILES

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from bot.rehearsal.github_events import Event
    from bot.rehearsal.github_repository import Repository

BEFORE = "0123456789" * 4


@pytest.fixture(scope="module")
def busy(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Repository]:
    """A shop with issue 1, pull request 2 and, from a fork, 3; each has a comment."""
    github = FakeGitHub(tmp_path_factory.mktemp("github"))
    shop = github.add_repository("octo/shop", files=FILES)
    shop.set_permission("maria", "write")
    shop.open_issue("mallory", "Help", "Please.", labels=["bug"])
    shop.commit("side", {"app.py": "1\n2\n"}, "Change", author="maria")
    shop.open_pull("maria", "Change", head="side")
    fork = github.fork(shop, "mallory/shop")
    fork.commit("evil", {"x": "x\n"}, "Evil", author="mallory")
    shop.open_pull("mallory", "Trust me", head="mallory:evil", draft=True)
    for number in (1, 2, 3):
        shop.comment(number, "mallory", f"/generate {number}")
    shop.comment_on_lines(2, "mallory", LineDraft("/generate here", "app.py", 1))
    yield shop
    github.close()


def on(number: int) -> Callable[[Repository], Any]:
    return lambda shop: shop.comments_on(number)[0]


CASES: list[tuple[str, str, Callable[[Repository], Event]]] = [
    ("issue comment", "created", lambda shop: events.issue_comment(shop, on(1)(shop))),
    ("pull request comment", "created", lambda shop: events.issue_comment(shop, on(2)(shop))),
    ("fork comment", "created", lambda shop: events.issue_comment(shop, on(3)(shop))),
    ("edited comment", "edited", lambda shop: events.issue_comment(shop, on(1)(shop), "edited")),
    ("deleted comment", "deleted", lambda shop: events.issue_comment(shop, on(1)(shop), "deleted")),
    ("issue", "opened", lambda shop: events.issue_opened(shop, 1)),
    ("label", "labeled", lambda shop: events.issue_labeled(shop, 1, "bug", "maria")),
    ("pull request", "opened", lambda shop: events.pull_opened(shop, 2)),
    ("fork pull request", "ready_for_review", lambda shop: events.pull_opened(shop, 3, "ready_for_review")),
    ("reopened", "reopened", lambda shop: events.pull_opened(shop, 2, "reopened")),
    ("new head", "synchronize", lambda shop: events.pull_synchronized(shop, 2, BEFORE)),
    ("line comment", "created", lambda shop: events.review_comment(shop, next(iter(shop.review_comments.values())))),
    ("push", "", lambda shop: events.push(shop, "side", shop.head(), "maria")),
    ("dispatch", "", lambda shop: events.workflow_dispatch(shop, {"issue": "1"}, "maria")),
]


@pytest.mark.parametrize(("action", "make"), [row[1:] for row in CASES], ids=[row[0] for row in CASES])
def test_a_payload_is_as_github_describes_it(
    busy: Repository, action: str, make: Callable[[Repository], Event]
) -> None:
    name, payload = make(busy)
    assert check_event(name, payload) == []
    assert payload.get("action", "") == action
    assert payload["repository"]["full_name"] == "octo/shop"


def test_a_comment_on_a_pull_request_is_told_from_one_on_an_issue(busy: Repository) -> None:
    of_issue, of_pull = (events.issue_comment(busy, busy.comments_on(number)[0])[1] for number in (1, 2))
    assert "pull_request" not in of_issue["issue"]
    assert of_pull["issue"]["pull_request"]["html_url"].endswith("/octo/shop/pull/2")
    assert (of_pull["comment"]["body"], of_pull["sender"]["login"]) == ("/generate 2", "mallory")


def test_the_sender_of_an_edit_is_who_edited(busy: Repository) -> None:
    comment = busy.comment(1, "mallory", "first")
    busy.edit_comment(comment.id, by="maria", body="second")
    _, payload = events.issue_comment(busy, comment, "edited")
    assert (payload["sender"]["login"], payload["comment"]["user"]["login"]) == ("maria", "mallory")
    busy.delete_comment(comment.id)


def test_a_pull_request_from_a_fork_shows_the_fork(busy: Repository) -> None:
    _, payload = events.pull_opened(busy, 3)
    head, base = payload["pull_request"]["head"], payload["pull_request"]["base"]
    assert (head["repo"]["full_name"], head["repo"]["fork"], base["repo"]["full_name"]) == (
        "mallory/shop",
        True,
        "octo/shop",
    )


def test_a_new_head_says_where_it_was_and_is(busy: Repository) -> None:
    _, payload = events.pull_synchronized(busy, 2, BEFORE, "octo")
    assert (payload["before"], payload["after"], payload["sender"]["login"]) == (BEFORE, busy.head("side"), "octo")


def test_a_schedule_has_its_line_and_nobody_who_sent_it(busy: Repository) -> None:
    name, payload = events.schedule(busy, "0 1 * * *")
    assert (name, payload["schedule"], "sender" in payload) == ("schedule", "0 1 * * *", False)


def test_a_push_names_its_commits(busy: Repository) -> None:
    _, payload = events.push(busy, "side", busy.head(), "maria")
    assert [each["id"] for each in payload["commits"]] == [busy.head("side")] == [payload["head_commit"]["id"]]
