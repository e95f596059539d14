from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

import pytest

from bot.adapters.github_session import Session
from bot.adapters.sandbox import Sandbox
from bot.cli.doctor import _PROMPT, _configuration, _environment, _failed, _pull_requests, _sandbox, _speed
from bot.errors import ModelError
from bot.ports import Completion
from bot.rehearsal.answers import NAMED, Reply
from bot.rehearsal.http_server import HttpServer, Request, Response
from bot.rehearsal.model import SimulatedModel
from bot.settings.config import CONFIG_PATH
from tests.cli.console import Ended, draftgate
from tests.pipeline.bench import commit_files

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from syrupy.assertion import SnapshotAssertion

    from bot.adapters.sandbox import Level
    from bot.rehearsal.answers import Answer

KEY = "sk-test-0123456789"
CONFIG = b"checks:\n  - {name: tests, run: make test}\n"
NUMBERS = Reply(" ".join(map(str, range(1, 121))))
STATES = {
    "/repos/octo/shop": {"full_name": "octo/shop", "permissions": {"push": True}},
    "/repos/octo/reader": {"full_name": "octo/reader", "permissions": {"push": False}},
    "/repos/octo/shop/actions/permissions/workflow": {"can_approve_pull_request_reviews": True},
    "/repos/octo/reader/actions/permissions/workflow": {"can_approve_pull_request_reviews": False},
    "/repos/octo/shop/environments/live": {"protection_rules": [{"type": "required_reviewers", "reviewers": [{}]}]},
    "/repos/octo/shop/environments/open": {"protection_rules": []},
    "/repos/octo/shop/environments/hidden": None,
}


@pytest.fixture(scope="module")
def served() -> Iterator[tuple[SimulatedModel, str]]:
    model = SimulatedModel(api_key=KEY, first_token=0.05)
    with model.serve() as url:
        yield model, url


@pytest.fixture
def model(served: tuple[SimulatedModel, str]) -> SimulatedModel:
    served[0]._queue.clear()
    served[0].requests.clear()
    return served[0]


@pytest.fixture
def repo(tmp_path: Path) -> Path:
    folder = tmp_path / "repo"
    folder.mkdir()
    commit_files(folder, {"a.py": b"", CONFIG_PATH: CONFIG})
    return folder


@pytest.fixture
def env(served: tuple[SimulatedModel, str]) -> dict[str, str]:
    return {"DRAFTGATE_BASE_URL": served[1], "DRAFTGATE_API_KEY": KEY, "DRAFTGATE_MODEL": "simulated-1"}


@pytest.fixture(scope="module")
def github() -> Iterator[str]:
    """What GitHub answers to the few questions of the doctor, some of which the fake GitHub does not know."""

    def answer(request: Request) -> Response:
        known = STATES.get(request.path, {})
        body = known or {"message": "Not for you"}
        return Response(
            200 if known else 403 if known is None else 404,
            {"Content-Type": "application/json"},
            json.dumps(body).encode(),
        )

    with HttpServer(answer) as server:
        yield server.url


def statuses(ended: Ended) -> dict[str, str]:
    return {line["check"]: line["status"] for line in json.loads(ended.out)}


def test_where_all_is_well_the_endpoint_is_timed(model: SimulatedModel, repo: Path, env: dict[str, str]) -> None:
    model.queue(NUMBERS)
    ended = draftgate("doctor", "--repo", repo, env=env)
    assert (ended.code, ended.err) == (0, "")
    checks = [line[9:].split()[0] for line in ended.out.splitlines() if not line.startswith(" ")]
    assert checks == ["checkout", "configuration", "sandbox", "endpoint", "key", "model", "speed", "github"]
    assert "speed            first token after 0." in ended.out
    assert " tokens/s" in ended.out
    assert model.requests[0].body["messages"] == [{"role": "user", "content": _PROMPT}]
    assert KEY not in ended.out


@pytest.mark.parametrize(
    ("answer", "last", "shown"),
    [
        (NAMED["unauthorized"], ("key", "error"), ["endpoint"]),
        (NAMED["model-not-found"], ("model", "error"), ["endpoint", "key"]),
        (NAMED["server-error"], ("answer", "error"), ["endpoint"]),
    ],
)
def test_a_model_that_does_not_answer_is_an_error_at_its_line(
    model: SimulatedModel, repo: Path, env: dict[str, str], answer: Answer, last: tuple[str, str], shown: list[str]
) -> None:
    model.queue(answer, NAMED["bad-request"])  # the second for what is tried again
    ended = draftgate("doctor", "--repo", repo, "--json", env=env)
    found = statuses(ended)
    assert ended.code == 1
    assert last in found.items()
    assert [check for check in ("endpoint", "key", "model", "speed") if found.get(check) == "ok"] == shown


def test_each_endpoint_is_looked_at_and_nothing_else_is_asked_of_it(
    model: SimulatedModel, repo: Path, env: dict[str, str]
) -> None:
    model.queue(NUMBERS, NUMBERS)
    more = {"DRAFTGATE_FALLBACK_BASE_URL": env["DRAFTGATE_BASE_URL"], "DRAFTGATE_FALLBACK_API_KEY": "sk-wrong"}
    ended = draftgate("doctor", "--repo", repo, "--json", env=env | more)
    found = statuses(ended)
    assert ended.code == 1
    assert (found["speed"], found["fallback 1: endpoint"], found["fallback 1: key"]) == ("ok", "ok", "error")
    assert len(model.requests) == 2


def test_what_is_missing_is_named_with_its_remedy(tmp_path: Path, snapshot: SnapshotAssertion) -> None:
    (tmp_path / ".github").mkdir()
    (tmp_path / CONFIG_PATH).write_text("chekcs: []\n")
    ended = draftgate("doctor", "--repo", tmp_path, env={"GITHUB_REPOSITORY": "octo/shop"})
    assert ended.code == 1
    lines = [line for line in ended.out.splitlines() if "sandbox" not in line]
    assert "\n".join(lines).replace(str(tmp_path), "FOLDER") == snapshot


@pytest.mark.parametrize(
    ("repository", "environment", "expected"),
    [
        ("octo/shop", "live", {"token": "ok", "pull requests": "ok", "environment": "ok"}),
        ("octo/shop", "open", {"token": "ok", "pull requests": "ok", "environment": "error"}),
        ("octo/reader", "gone", {"token": "warning", "pull requests": "warning", "environment": "error"}),
        ("octo/nowhere", "live", {"token": "error"}),
    ],
)
def test_the_repository_on_github_is_looked_at_where_a_token_is_set(
    repo: Path, github: str, repository: str, environment: str, expected: dict[str, str]
) -> None:
    (repo / CONFIG_PATH).write_bytes(CONFIG + f"gates: {{environment: {environment}}}\n".encode())
    given = {"DRAFTGATE_TOKEN": "ghs_0123456789", "GITHUB_REPOSITORY": repository, "GITHUB_API_URL": github}
    ended = draftgate("doctor", "--repo", repo, "--json", env=given)
    found = statuses(ended)
    assert found["checkout"] == "warning", "a changed file"
    assert {check: found[check] for check in found if check in {"token", "pull requests", "environment"}} == expected
    assert "ghs_0123456789" not in ended.out


def test_what_the_token_may_not_ask_is_for_the_person_to_look_at(github: str) -> None:
    line = _pull_requests(Session("ghs_x", github, "octo/nowhere"))
    assert (line.status, "Look there yourself" in line.remedy) == ("warning", True)
    line = _environment(Session("ghs_x", github, "octo/shop"), "hidden")
    assert (line.status, "`actions: read`" in line.remedy) == ("error", True)


@pytest.mark.parametrize(
    ("content", "status", "words"),
    [
        (None, "ok", "the defaults hold"),
        (CONFIG, "ok", "is valid"),
        (b"limits: {files: 3}\n", "warning", "names no checks"),
        (b"checks: 3\n", "error", "checks"),
        (b"\xff\xfe", "error", "is not UTF-8"),
    ],
)
def test_the_configuration_is_read_as_a_run_reads_it(
    tmp_path: Path, content: bytes | None, status: str, words: str
) -> None:
    (tmp_path / ".github").mkdir()
    if content is not None:
        (tmp_path / CONFIG_PATH).write_bytes(content)
    line = _configuration(tmp_path)[1]
    assert (line.status, words in line.message, bool(line.remedy)) == (status, True, status != "ok")


def test_a_configuration_that_cannot_be_read_is_an_error(tmp_path: Path) -> None:
    (tmp_path / CONFIG_PATH).mkdir(parents=True)
    assert _configuration(tmp_path)[1].message.endswith("cannot be read: Is a directory")


@pytest.mark.parametrize(
    ("reached", "status"),
    [("namespaces", "ok"), ("landlock", "ok"), ("seccomp", "warning"), ("descendants", "warning")],
)
def test_the_sandbox_is_told_by_the_level_it_reaches(reached: Level, status: str) -> None:
    sandbox = Sandbox({"PATH": "/usr/bin:/bin"}, best=reached)
    if sandbox.reached() != reached:
        pytest.skip(f"this machine does not allow {reached}")
    line = _sandbox(sandbox)
    assert (line.status, reached in line.message, bool(line.remedy)) == (status, True, status != "ok")


@pytest.mark.parametrize(
    ("figures", "status", "words"),
    [
        ({}, "ok", "first token after 0.20 s, then 2,000 tokens/s"),
        ({"tokens_out": None}, "ok", "then 1,000 tokens/s (estimated)"),
        ({"first_token": 9.0, "seconds": 9.5}, "warning", "first token after 9.00 s"),
        ({"seconds": 30.2}, "warning", "33 tokens/s"),
        ({"seconds": 0.2}, "ok", "whole answer after 0.20 s, in one piece"),
        ({"text": ""}, "warning", "but no text"),
    ],
)
def test_the_pace_is_told_and_judged(figures: dict[str, Any], status: str, words: str) -> None:
    usual: dict[str, Any] = {"text": "12" * 500, "tokens_out": 1000, "seconds": 0.7, "first_token": 0.2}
    line = _speed(Completion(**{"finish_reason": "stop", "model": "m", "tokens_in": 9, **usual, **figures}))
    assert (line.status, words in line.message) == (status, True)


@pytest.mark.parametrize(
    ("kind", "check", "status"),
    [
        ("unreachable", "endpoint", "error"),
        ("time", "endpoint", "error"),
        ("key", "key", "error"),
        ("model", "model", "error"),
        ("quota", "answer", "error"),
        ("rate", "answer", "warning"),
        ("cut", "answer", "warning"),
        ("", "answer", "error"),
    ],
)
def test_each_failure_has_its_line_and_a_remedy(kind: str, check: str, status: str) -> None:
    line = _failed(ModelError("why", kind=kind))
    assert (line.check, line.status, line.message) == (check, status, "why")
    assert line.remedy
