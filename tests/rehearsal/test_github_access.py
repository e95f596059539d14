"""Who may do what, and how much of it."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from functools import partial
from typing import TYPE_CHECKING, Any

import pytest

from tests.rehearsal.github_client import plain, raw, refusal

if TYPE_CHECKING:
    from collections.abc import Callable

    from github import Github
    from github.Repository import Repository as Client

    from bot.rehearsal.github_repository import Repository
    from bot.rehearsal.github_service import FakeGitHub, GitHubServer
    from tests.rehearsal.conftest import HandClock

NOT_FOR_APPS = (403, "Resource not accessible by integration")

WRITES: list[tuple[str, str, dict[str, Any] | None]] = [
    ("POST", "/git/blobs", {"content": "x"}),
    ("POST", "/git/refs", {"ref": "refs/heads/x", "sha": "0" * 40}),
    ("DELETE", "/git/refs/heads/main", None),
    ("POST", "/issues", {"title": "t"}),
    ("POST", "/issues/1/comments", {"body": "b"}),
    ("POST", "/issues/1/labels", {"labels": ["a"]}),
    ("POST", "/issues/1/reactions", {"content": "eyes"}),
    ("POST", "/pulls", {"title": "t", "head": "side", "base": "main"}),
    ("PATCH", "/issues/1", {"state": "closed"}),
    ("PUT", "/contents/new.py", {"message": "m", "content": ""}),
    ("POST", "/actions/workflows/ci.yml/dispatches", {"ref": "main"}),
]


@pytest.mark.parametrize(("method", "path", "body"), WRITES)
def test_a_token_that_only_reads_writes_nothing(
    github: FakeGitHub, shop: Repository, connect: Callable[[str], Github], method: str, path: str, body: Any
) -> None:
    shop.open_issue("mallory", "Help")
    before = github.snapshot()
    reader = connect("read-0nly").get_repo("octo/shop")
    assert refusal(lambda: raw(reader, method, path, body)) == NOT_FOR_APPS
    assert github.snapshot() == before


@pytest.mark.parametrize(
    ("permissions", "allowed"),
    [
        ({"issues": "write"}, {"issue", "pull"}),
        ({"pull_requests": "write"}, {"pull"}),
        ({"contents": "write"}, set()),
    ],
)
def test_conversations_of_pull_requests_open_to_either_permission(
    github: FakeGitHub,
    shop: Repository,
    connect: Callable[[str], Github],
    permissions: dict[str, str],
    allowed: set[str],
) -> None:
    shop.open_issue("mallory", "Help")
    shop.commit("side", {"x": "x\n"}, "x")
    shop.open_pull("maria", "Change", head="side")
    github.add_token("narrow", login="github-actions[bot]", permissions={"metadata": "read", **permissions})
    client = connect("narrow").get_repo("octo/shop")
    for number, kind in enumerate(["issue", "pull"], 1):
        answer = plain_status(client, number)
        assert answer == (201 if kind in allowed else 403), kind


def plain_status(client: Client, number: int) -> int:
    body = {"body": "Hello"}
    status: int = client.requester.requestJson("POST", f"/repos/octo/shop/issues/{number}/comments", input=body)[0]
    return status


def test_a_workflows_token_has_no_account_to_ask_for_but_a_persons_has(connect: Callable[[str], Github]) -> None:
    assert refusal(lambda: connect("b0t").get_user().login) == NOT_FOR_APPS
    assert connect("maria-t0ken").get_user().login == "maria"
    assert connect("b0t").get_user("maria").type == "User"
    assert refusal(lambda: connect("b0t").get_user("nobody")) == (404, "Not Found")


def test_an_unknown_token_is_refused_even_what_strangers_may_see(
    shop: Repository, connect: Callable[[str], Github]
) -> None:
    assert refusal(lambda: connect("wrong").get_repo(shop.full_name)) == (401, "Bad credentials")


def test_a_stranger_reads_what_is_public_and_writes_nothing(shop: Repository, connect: Callable[[str], Github]) -> None:
    client = connect("").get_repo(shop.full_name)
    assert client.get_branch("main").commit.sha == shop.head()
    assert refusal(lambda: client.create_issue("t")) == (401, "Requires authentication")


def test_a_private_repository_does_not_exist_for_those_outside(
    github: FakeGitHub, connect: Callable[[str], Github]
) -> None:
    secret = github.add_repository("octo/secret", files={"a": "a\n"}, private=True)
    secret.set_permission("maria", "read")
    assert connect("maria-t0ken").get_repo("octo/secret").private
    for token in ("", "mallory-t0ken"):
        look = connect(token).get_repo
        assert refusal(partial(look, "octo/secret")) == refusal(partial(look, "octo/nothing")) == (404, "Not Found")


def test_an_app_reads_of_a_private_repository_what_it_was_given(
    github: FakeGitHub, connect: Callable[[str], Github]
) -> None:
    github.add_repository("octo/secret", files={"a": "a\n"}, private=True)
    github.add_token("issues", login="github-actions[bot]", permissions={"metadata": "read", "issues": "read"})
    client = connect("issues").get_repo("octo/secret")
    assert list(client.get_issues()) == []
    assert refusal(lambda: client.get_contents("a")) == NOT_FOR_APPS


def test_an_app_installed_elsewhere_writes_nothing_here(
    github: FakeGitHub, shop: Repository, connect: Callable[[str], Github]
) -> None:
    shop.open_issue("mallory", "Help")
    token = github.add_token("elsewhere", login="helper[bot]", permissions={"issues": "write", "metadata": "read"})
    token.repositories = frozenset({"octo/other"})
    assert plain_status(connect("elsewhere").get_repo("octo/shop"), 1) == 403


def test_a_person_without_write_access_cannot_push_but_comments(
    shop: Repository, connect: Callable[[str], Github]
) -> None:
    client = connect("mallory-t0ken").get_repo("octo/shop")
    assert refusal(lambda: client.create_git_ref("refs/heads/x", shop.head())) == (404, "Not Found")
    assert client.create_issue("Help").user.login == "mallory"
    connect("maria-t0ken").get_repo("octo/shop").create_git_ref("refs/heads/x", shop.head())


@pytest.mark.parametrize("role", ["none", "read", "triage", "write", "maintain", "admin"])
def test_a_role_is_told_exactly_and_coarsely(client: Client, shop: Repository, role: str) -> None:
    shop.set_permission("ann", role)
    found = raw(client, "GET", "/collaborators/ann/permission")
    coarse = {"triage": "read", "maintain": "write"}.get(role, role)
    assert (found["role_name"], found["permission"], found["user"]["login"]) == (role, coarse, "ann")
    assert client.has_in_collaborators("ann") == (role != "none")


def test_somebody_unknown_has_no_role_and_a_wrong_role_cannot_be_given(client: Client, shop: Repository) -> None:
    assert refusal(lambda: client.get_collaborator_permission("noone")) == (404, "noone is not a user")
    with pytest.raises(ValueError, match="no such role: owner"):
        shop.set_permission("ann", "owner")


def test_an_archived_repository_is_read_only(client: Client, shop: Repository) -> None:
    shop.archived = True
    assert refusal(lambda: client.create_issue("t")) == (403, "Repository was archived so is read-only.")


def test_the_hourly_budget_runs_out_and_comes_back(
    github: FakeGitHub, client: Client, clock: HandClock, connect: Callable[[str], Github]
) -> None:
    token = github.tokens["b0t"]
    token.limit = token.used + 2
    before = connect("b0t").get_rate_limit().resources.core  # counts too, here
    assert (before.remaining, before.limit) == (1, token.limit)
    client.get_branch("main")
    status, headers, _ = client.requester.requestJson("GET", "/repos/octo/shop")
    assert (status, headers["x-ratelimit-remaining"]) == (403, "0")
    assert int(headers["x-ratelimit-reset"]) > clock().timestamp()
    clock.advance(3601)
    assert client.requester.requestJson("GET", "/repos/octo/shop")[0] == 200


def test_environments_tell_their_reviewers(client: Client, shop: Repository) -> None:
    shop.add_environment("production", ["maria"], prevent_self_review=True)
    shop.add_environment("open")
    held = raw(client, "GET", "/environments/production")["protection_rules"]
    assert [(rule["type"], rule["reviewers"][0]["reviewer"]["login"]) for rule in held] == [
        ("required_reviewers", "maria")
    ]
    assert raw(client, "GET", "/environments/open")["protection_rules"] == []
    assert raw(client, "GET", "/environments")["total_count"] == 2
    assert refusal(lambda: raw(client, "GET", "/environments/none")) == (404, "Not Found")


def test_dispatches_are_kept(github: FakeGitHub, shop: Repository, connect: Callable[[str], Github]) -> None:
    shop.commit("main", {".github/workflows/ci.yml": "on: workflow_dispatch\n"}, "CI")
    client = connect("maria-t0ken").get_repo("octo/shop")
    body = {"ref": "main", "inputs": {"a": "b"}}
    raw(client, "POST", "/actions/workflows/ci.yml/dispatches", body)
    raw(client, "POST", "/dispatches", {"event_type": "go", "client_payload": {"n": 1}})
    assert shop.dispatches == [
        {"workflow": "ci.yml", "ref": "main", "inputs": {"a": "b"}, "by": "maria"},
        {"event_type": "go", "client_payload": {"n": 1}, "by": "maria"},
    ]
    no_file = refusal(lambda: raw(client, "POST", "/actions/workflows/no.yml/dispatches", {"ref": "main"}))
    no_ref = refusal(lambda: raw(client, "POST", "/actions/workflows/ci.yml/dispatches", {"ref": "none"}))
    assert (no_file, no_ref) == ((404, "Not Found"), (422, "No ref found for: none"))
    assert github.snapshot()["octo/shop"]["dispatches"] == shop.dispatches


@pytest.mark.parametrize("path", ["/", "/api/v3/nothing", "/api/v3/repos/octo/shop/nothing", "/api/v2/user", "/x/y/z"])
def test_what_is_nowhere_is_404(server: GitHubServer, shop: Repository, path: str) -> None:
    assert shop.full_name == "octo/shop"
    assert plain(server, "GET", path)[0] == 404


@pytest.mark.parametrize("path", ["/issues/x", "/issues/0", "/issues/99999999999999999999", "/pulls/1/reviews/7"])
def test_a_number_that_nothing_has_is_404(client: Client, path: str) -> None:
    assert refusal(lambda: raw(client, "GET", path)) == (404, "Not Found")


def test_many_clients_at_once_lose_nothing(shop: Repository, server: GitHubServer, github: FakeGitHub) -> None:
    shop.open_issue("mallory", "Help")

    def comment(number: int) -> int:
        body = b'{"body": "comment %d"}' % number
        return plain(server, "POST", "/api/v3/repos/octo/shop/issues/1/comments", body)[0]

    with ThreadPoolExecutor(8) as pool:
        assert set(pool.map(comment, range(40))) == {201}
    assert {each.body for each in shop.comments_on(1)} == {f"comment {number}" for number in range(40)}
    assert sorted(each.number for each in github.requests) == list(range(1, 41))
