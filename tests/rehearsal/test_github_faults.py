"""What goes wrong on purpose, and what tests can hang on each request."""

from __future__ import annotations

import http.client
import json
import signal
import subprocess
import sys
import time
from typing import TYPE_CHECKING, Any

import pytest
import requests
from github import GithubException

from bot.rehearsal import github_faults as faults
from bot.rehearsal.github_faults import Fault
from bot.rehearsal.github_service import FakeGitHub
from bot.rehearsal.http_server import HangUp
from tests.rehearsal.github_client import plain, refusal

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from github.Repository import Repository as Client

    from bot.rehearsal.github_repository import Repository
    from bot.rehearsal.github_service import GitHubServer
    from bot.rehearsal.http_server import Request

COMMENTS = "/api/v3/repos/octo/shop/issues/1/comments"


@pytest.fixture
def post(shop: Repository, server: GitHubServer) -> Callable[[], tuple[int, bytes]]:
    """Comments on issue 1."""
    shop.open_issue("mallory", "Help")
    return lambda: plain(server, "POST", COMMENTS, b'{"body": "Hello"}')


def test_an_error_before_acting_changes_nothing(
    github: FakeGitHub, shop: Repository, post: Callable[[], tuple[int, bytes]]
) -> None:
    github.faults.append(Fault(faults.answer(502, b"<html>Bad gateway</html>")))
    assert post() == (502, b"<html>Bad gateway</html>")
    assert shop.comments_on(1) == []
    assert post()[0] == 201
    assert [each.status for each in github.requests] == [502, 201]


def test_an_error_after_success_leaves_what_was_done(
    github: FakeGitHub, shop: Repository, post: Callable[[], tuple[int, bytes]]
) -> None:
    github.faults.append(Fault(faults.act_then_answer(502)))
    assert post()[0] == 502
    assert len(shop.comments_on(1)) == 1


@pytest.mark.parametrize(("effect", "comments"), [(faults.drop(), 0), (faults.act_then_drop(), 1)])
def test_a_dropped_connection_may_or_may_not_have_acted(
    github: FakeGitHub, shop: Repository, post: Callable[[], tuple[int, bytes]], effect: Any, comments: int
) -> None:
    github.faults.append(Fault(effect))
    with pytest.raises((http.client.RemoteDisconnected, ConnectionResetError)):
        post()
    assert len(shop.comments_on(1)) == comments
    assert [(each.status, each.body) for each in github.requests] == [(0, {"body": "Hello"})]


def test_pygithub_sees_a_dropped_connection_as_one(github: FakeGitHub, client: Client) -> None:
    github.faults.append(Fault(faults.drop(), method="GET", path="/branches"))
    with pytest.raises(requests.exceptions.ConnectionError):
        client.get_branch("main")
    assert client.get_branch("main").name == "main"


@pytest.mark.parametrize(("status", "after"), [(429, 7), (403, 7), (403, None)])
def test_the_secondary_limit_says_or_does_not_say_how_long_to_wait(
    github: FakeGitHub, client: Client, status: int, after: int | None
) -> None:
    github.faults.append(Fault(faults.secondary_limit(status, after)))
    with pytest.raises(GithubException) as caught:
        client.get_branch("main")
    headers = caught.value.headers or {}
    assert (caught.value.status, headers.get("retry-after")) == (status, None if after is None else str(after))
    assert "secondary rate limit" in caught.value.data["message"]


def test_the_primary_limit_says_when_it_ends(github: FakeGitHub, client: Client) -> None:
    github.faults.append(Fault(faults.primary_limit(2_000_000_000)))
    with pytest.raises(GithubException) as caught:
        client.get_branch("main")
    headers = caught.value.headers or {}
    assert (headers["x-ratelimit-remaining"], headers["x-ratelimit-reset"]) == ("0", "2000000000")


def test_an_answer_is_cut_with_and_without_notice(github: FakeGitHub, server: GitHubServer, shop: Repository) -> None:
    path = f"/api/v3/repos/{shop.full_name}"
    github.faults += [Fault(faults.truncate(20)), Fault(faults.truncate(20, honest=False))]
    with pytest.raises(http.client.IncompleteRead):
        plain(server, "GET", path)
    status, body = plain(server, "GET", path)
    assert (status, len(body)) == (200, 20)
    with pytest.raises(json.JSONDecodeError):
        json.loads(body)


def test_an_answer_drips_and_an_act_can_be_late(github: FakeGitHub, server: GitHubServer, shop: Repository) -> None:
    path = f"/api/v3/repos/{shop.full_name}/branches"
    github.faults += [Fault(faults.drip(0.01, 40)), Fault(faults.delay(0.1))]
    for _ in range(2):
        started = time.monotonic()
        status, body = plain(server, "GET", path)
        assert (status, json.loads(body)[0]["name"], time.monotonic() - started > 0.04) == (200, "main", True)


def test_a_fault_strikes_by_number_path_method_and_count(github: FakeGitHub, client: Client, shop: Repository) -> None:
    def statuses(count: int) -> list[int]:
        return [client.requester.requestJson("GET", f"/repos/{shop.full_name}/branches")[0] for _ in range(count)]

    first = len(github.requests) + 1
    github.faults.append(Fault(faults.answer(500), at=first + 1))
    assert statuses(3) == [200, 500, 200]
    github.faults[:] = [Fault(faults.answer(500), path="/branches$", method="GET", skip=1, times=2)]
    assert statuses(4) == [200, 500, 500, 200]
    github.faults[:] = [Fault(faults.answer(500), method="POST|PATCH", times=None)]
    assert statuses(2) == [200, 200]
    assert refusal_status(client) == 500


def refusal_status(client: Client) -> int:
    status: int = client.requester.requestJson("POST", "/repos/octo/shop/issues", input={"title": "t"})[0]
    return status


def test_every_request_is_recorded_with_who_asked_what_and_how_it_ended(github: FakeGitHub, client: Client) -> None:
    client.create_issue("Prices", "Wrong.")
    assert refusal(lambda: client.get_issue(9))[0] == 404
    first, last = github.requests[-2:]
    assert (first.method, first.path, first.status) == ("POST", "/repos/octo/shop/issues", 201)
    assert (first.body, first.login) == ({"title": "Prices", "body": "Wrong."}, "github-actions[bot]")
    assert (last.method, last.status, last.number, last.body) == ("GET", 404, first.number + 1, None)


def test_the_hook_is_told_before_and_after_acting(
    github: FakeGitHub, shop: Repository, post: Callable[[], tuple[int, bytes]]
) -> None:
    told: list[tuple[int, str, str, int]] = []

    def hook(number: int, request: Request, moment: str) -> None:
        told.append((number, request.method, moment, len(shop.comments_on(1))))

    github.on_request = hook
    post()
    assert told == [(1, "POST", "before", 0), (1, "POST", "after", 1)]


@pytest.mark.parametrize(("moment", "done"), [("before", 1), ("after", 2)])
def test_a_client_killed_at_its_request_leaves_what_its_moment_says(
    github: FakeGitHub, shop: Repository, server: GitHubServer, moment: str, done: int
) -> None:
    shop.open_issue("mallory", "Help")
    program = (
        "import sys, urllib.request as u\n"
        "for url in sys.argv[1:]:\n"
        "    u.urlopen(u.Request(url, b'{\"body\": \"x\"}', {'Authorization': 'Bearer b0t'})).read()\n"
    )
    dying: list[subprocess.Popen[bytes]] = []

    def kill(number: int, _request: Request, now: str) -> None:
        if (number, now) == (2, moment):
            dying[0].kill()
            dying[0].wait()
            raise HangUp

    github.on_request = kill
    url = server.server_url + COMMENTS
    dying.append(subprocess.Popen([sys.executable, "-I", "-c", program, url, url, url]))
    assert dying[0].wait(timeout=20) == -signal.SIGKILL
    deadline = time.monotonic() + 5
    while len(github.requests) < 2 and time.monotonic() < deadline:
        time.sleep(0.01)
    assert len(shop.comments_on(1)) == done
    assert [each.status for each in github.requests] == [201, 0]


def test_latency_is_added_to_each_request(tmp_path: Path) -> None:
    github = FakeGitHub(tmp_path, latency=0.05)
    github.add_repository("octo/shop")
    with github.serve() as server:
        started = time.monotonic()
        assert plain(server, "GET", "/api/v3/repos/octo/shop", token="")[0] == 200
        assert time.monotonic() - started >= 0.05


def test_a_stage_can_be_served_again_and_keeps_its_state(github: FakeGitHub, shop: Repository) -> None:
    with github.serve() as first:
        assert plain(first, "GET", "/api/v3/repos/octo/shop/git/ref/heads/main")[0] == 200
    shop.commit("side", {"x": "x\n"}, "x")
    with github.serve() as second:
        assert plain(second, "GET", "/api/v3/repos/octo/shop/git/ref/heads/side")[0] == 200
