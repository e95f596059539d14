"""Issues, comments, labels, reactions, and who edited what."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from bot.rehearsal.github_access import ContentLimits
from tests.rehearsal.github_client import plain, raw, refusal

if TYPE_CHECKING:
    from collections.abc import Callable

    from github import Github
    from github.Repository import Repository as Client

    from bot.rehearsal.github_repository import Repository
    from bot.rehearsal.github_service import FakeGitHub, GitHubServer
    from tests.rehearsal.conftest import HandClock

TOO_LONG = "Validation Failed: Body is too long (maximum is 65536 characters)"
EDITING = """query($ids: [ID!]!) {
  viewer { login }
  nodes(ids: $ids) {
    __typename
    ... on Comment { author { login } editor { login __typename } lastEditedAt body }
    ...Dates
    ... on PullRequest { number }
  }
}
fragment Dates on IssueComment { createdAt }"""


def test_an_issue_is_opened_read_changed_and_closed(client: Client, shop: Repository) -> None:
    issue = client.create_issue("Prices", "They are wrong.", labels=["bug"])
    issue.edit(title="All prices", state="closed", state_reason="not_planned", labels=["bug", "later"])
    found = client.get_issue(issue.number)
    assert (found.title, found.state, found.state_reason) == ("All prices", "closed", "not_planned")
    assert (found.user.login, found.user.type, found.pull_request) == ("github-actions[bot]", "Bot", None)
    assert [label.name for label in found.labels] == ["bug", "later"]
    found.edit(state="open")
    assert shop.issue(1).closed is None


@pytest.mark.parametrize(
    ("title", "body", "words"),
    [
        (" ", "b", "Validation Failed: missing_field"),
        ("t" * 257, "b", "Validation Failed: title is too long (maximum is 256 characters)"),
        ("t", "b" * 65_537, "Validation Failed: body is too long (maximum is 65536 characters)"),
    ],
)
def test_an_issue_is_refused_for_its_texts(client: Client, title: str, body: str, words: str) -> None:
    assert refusal(lambda: client.create_issue(title, body)) == (422, words)


def test_a_comment_holds_65536_characters_of_any_kind_and_not_one_more(client: Client, shop: Repository) -> None:
    shop.open_issue("mallory", "Help")
    issue = client.get_issue(1)
    comment = issue.create_comment("ü" * 65_536)
    assert len(comment.body) == 65_536
    assert refusal(lambda: issue.create_comment("x" * 65_537)) == (422, TOO_LONG)
    assert refusal(lambda: comment.edit("x" * 65_537)) == (422, TOO_LONG)
    assert refusal(lambda: issue.create_comment(" \n")) == (422, "Validation Failed: Body can't be blank")
    assert len(shop.comments_on(1)) == 1


def test_many_comments_come_in_pages_in_their_order(client: Client, shop: Repository, github: FakeGitHub) -> None:
    shop.open_issue("mallory", "Help")
    for number in range(65):
        shop.comment(1, "mallory", f"comment {number}")
    assert [each.body for each in client.get_issue(1).get_comments()] == [f"comment {at}" for at in range(65)]
    pages = [each.query.get("page") for each in github.requests if each.path.endswith("/comments")]
    assert pages == [None, "2", "3"]


def test_an_edited_comment_says_so_and_a_deleted_one_is_gone(
    client: Client, shop: Repository, clock: HandClock
) -> None:
    shop.open_issue("mallory", "Help")
    comment = client.get_issue(1).create_comment("first")
    clock.advance(60)
    comment.edit("second")
    assert (comment.body, comment.created_at == comment.updated_at) == ("second", False)
    comment.delete()
    assert refusal(lambda: client.get_issue(1).get_comment(comment.id)) == (404, "Not Found")


def test_who_edited_a_comment_is_known_to_graphql_alone(client: Client, shop: Repository, clock: HandClock) -> None:
    shop.open_issue("mallory", "Help")
    own = client.get_issue(1).create_comment("A plan")
    foreign = shop.comment(1, "maria", "/approve")
    clock.advance(5)
    shop.edit_comment(own.id, by="mallory", body="Another plan")
    ids = [own.raw_data["node_id"], f"IC_{foreign.id}"]
    _, answer = client.requester.graphql_query(EDITING, {"ids": ids})
    first, second = answer["data"]["nodes"]
    assert answer["data"]["viewer"] == {"login": "github-actions[bot]"}
    assert (first["author"], first["editor"]) == (
        {"login": "github-actions"},
        {"login": "mallory", "__typename": "User"},
    )
    assert (first["lastEditedAt"], first["createdAt"]) == ("2026-01-02T03:04:10Z", "2026-01-02T03:04:05Z")
    assert (second["editor"], second["lastEditedAt"], second["body"]) == (None, None, "/approve")
    assert set(second) == {"__typename", "author", "editor", "lastEditedAt", "body", "createdAt"}


def test_a_node_can_be_any_kind_of_post(client: Client, shop: Repository) -> None:
    issue = shop.open_issue("mallory", "Help")
    shop.commit("side", {"x": "x\n"}, "x")
    pull = shop.open_pull("maria", "Change", head="side")
    review = shop.review(pull.number, "mallory", "Hm.")
    assert pull.pull
    nodes = [f"I_{issue.id}", f"PR_{pull.pull.id}", f"PRR_{review.id}"]
    query = "query($id: ID!) { node(id: $id) { kind: __typename ... on PullRequest { state number } id } }"
    found = [client.requester.graphql_query(query, {"id": node})[1]["data"]["node"] for node in nodes]
    assert found == [
        {"kind": "Issue", "id": nodes[0]},
        {"kind": "PullRequest", "state": "OPEN", "number": 2, "id": nodes[1]},
        {"kind": "PullRequestReview", "id": nodes[2]},
    ]


@pytest.mark.parametrize(
    ("query", "words"),
    [
        ('{ node(id: "IC_1") { id } }', "Could not resolve to a node with the global id of 'IC_1'"),
        ("{ nobody { login } }", "Field 'nobody' doesn't exist on type 'Query'"),
        ("{ viewer { shoes } }", "Field 'shoes' doesn't exist on type 'Bot'"),
        ("{ viewer }", "Field must have selections (field 'viewer' returns Bot)"),
        ("{ viewer { login }", "Unexpected end of document"),
        ("{ viewer { ...Nothing } }", "Fragment Nothing was used, but not defined"),
        ("mutation { viewer { login } }", "Only one query is answered here"),
        ("{ nodes(ids: 7) { id } }", "ids must be a list of at most 100"),
        ('{ viewer(x: "\\u00zz") { login } }', 'Parse error on "\\u00zz"'),
        ("{ a " * 100, "too deep"),
        ("{ a(b: " + "[" * 100, "too deep"),
    ],
)
def test_a_bad_query_is_answered_with_its_error_and_200(client: Client, query: str, words: str) -> None:
    url = client.requester.graphql_url
    _, answer = client.requester.requestJsonAndCheck("POST", url, input={"query": query})
    assert [each["message"] for each in answer["errors"]] == [words]


def test_a_missing_node_is_null_beside_those_that_are_there(client: Client, shop: Repository) -> None:
    shop.open_issue("mallory", "Help")
    comment = shop.comment(1, "mallory", "Hello")
    body = {"query": EDITING, "variables": {"ids": ["IC_1", f"IC_{comment.id}"]}}
    _, answer = client.requester.requestJsonAndCheck("POST", client.requester.graphql_url, input=body)
    assert [node and node["body"] for node in answer["data"]["nodes"]] == [None, "Hello"]
    assert (answer["errors"][0]["type"], answer["errors"][0]["path"]) == ("NOT_FOUND", ["nodes", 0])


def test_graphql_can_be_missing_as_on_other_servers(client: Client, github: FakeGitHub) -> None:
    github.graphql_enabled = False
    assert refusal(lambda: client.requester.graphql_query("{ viewer { login } }", {})) == (404, "Not Found")


def test_graphql_answers_no_stranger(connect: Callable[[str], Github]) -> None:
    requester = connect("").requester
    assert refusal(lambda: requester.graphql_query("{ viewer { login } }", {}))[0] == 401


def test_labels_go_on_and_off_whatever_their_case(client: Client, shop: Repository) -> None:
    shop.open_issue("mallory", "Help", labels=["Bug"])
    issue = client.get_issue(1)
    issue.add_to_labels("bug", "new one")
    assert shop.issue(1).labels == ["Bug", "new one"]
    issue.remove_from_labels("NEW ONE")
    assert refusal(lambda: issue.remove_from_labels("none")) == (404, "Label does not exist")
    issue.set_labels("draftgate")
    assert [label.name for label in issue.get_labels()] == ["draftgate"]
    issue.delete_labels()
    client.create_label("urgent", "ff0000", "At once")
    assert refusal(lambda: client.create_label("Urgent", "ff0000")) == (422, "Validation Failed: already_exists")
    assert {label.name for label in client.get_labels()} == {"Bug", "new one", "draftgate", "urgent"}
    assert client.get_label("URGENT").color == "ff0000"


def test_a_person_reacts_once_with_each_sign(client: Client, shop: Repository) -> None:
    shop.open_issue("mallory", "Help")
    comment = client.get_issue(1).create_comment("Done")
    first, second = comment.create_reaction("rocket"), comment.create_reaction("rocket")
    assert (first.id == second.id, len(list(comment.get_reactions()))) == (True, 1)
    assert raw(client, "GET", f"/issues/comments/{comment.id}")["reactions"]["rocket"] == 1
    comment.delete_reaction(first.id)
    assert list(comment.get_reactions()) == []
    assert refusal(lambda: comment.create_reaction("shrug")) == (422, "Validation Failed: invalid")
    assert client.get_issue(1).create_reaction("eyes").user.login == "github-actions[bot]"


def test_a_locked_conversation_is_for_those_who_write(shop: Repository, connect: Callable[[str], Github]) -> None:
    shop.open_issue("mallory", "Help")
    connect("octo-t0ken").get_repo("octo/shop").get_issue(1).lock("spam")
    comment = connect("mallory-t0ken").get_repo("octo/shop").get_issue(1).create_comment
    assert refusal(lambda: comment("But!")) == (403, "Unable to create comment because issue is locked.")
    connect("maria-t0ken").get_repo("octo/shop").get_issue(1).create_comment("Enough.")


def test_issues_are_listed_by_state_label_and_creator(client: Client, shop: Repository, clock: HandClock) -> None:
    for number, (who, label) in enumerate([("maria", "a"), ("mallory", "a"), ("maria", "b")], 1):
        clock.advance(1)
        shop.open_issue(who, f"Issue {number}", labels=[label])
    shop.set_state(3, "closed", "maria")
    shop.comment(1, "maria", "Up")
    maria = client.get_issue(1).user
    assert [each.number for each in client.get_issues()] == [2, 1]
    assert [each.number for each in client.get_issues(state="all", labels=["A"])] == [2, 1]
    assert [each.number for each in client.get_issues(state="all", creator=maria)] == [3, 1]
    assert [each.number for each in client.get_issues(state="closed")] == [3]
    assert [each.number for each in client.get_issues(state="all", sort="updated", direction="asc")] == [2, 1, 3]


def test_issues_can_be_switched_off(client: Client, shop: Repository) -> None:
    shop.has_issues = False
    assert refusal(lambda: client.create_issue("t")) == (410, "Issues has been disabled in this repository.")


@pytest.mark.parametrize("body", [b"[]", b"7", b'"text"', b"{", b"\x00", b"\xff"])
def test_a_body_that_is_no_object_is_refused(server: GitHubServer, shop: Repository, body: bytes) -> None:
    shop.open_issue("mallory", "Help")
    assert plain(server, "POST", "/api/v3/repos/octo/shop/issues/1/comments", body)[0] == 400


def test_new_content_is_limited_a_minute_where_that_is_asked_for(
    client: Client, shop: Repository, github: FakeGitHub, clock: HandClock
) -> None:
    github.content_limits = ContentLimits(per_minute=2)
    shop.open_issue("mallory", "Help")
    issue = client.get_issue(1)
    issue.create_comment("1")
    issue.create_comment("2")
    status, words = refusal(lambda: issue.create_comment("3"))
    assert (status, words.startswith("You have exceeded a secondary rate limit")) == (403, True)
    clock.advance(61)
    issue.create_comment("3")
    assert len(shop.comments_on(1)) == 3
