"""A fake GitHub with one shop in it, served, and watched by the referee."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING

import pytest

from bot.rehearsal.github_service import FakeGitHub
from tests.rehearsal.github_referee import Referee

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from pathlib import Path

    from github import Github
    from github.Repository import Repository as Client

    from bot.rehearsal.github_repository import Repository
    from bot.rehearsal.github_service import GitHubServer
    from tests.contract.github_api import GitHubContract

BOT = {"contents": "write", "issues": "write", "pull_requests": "write", "metadata": "read", "actions": "read"}
READER = {"contents": "read", "issues": "read", "pull_requests": "read", "metadata": "read"}
FILES = {"app.py": "one\ntwo\nthree\nfour\nfive\n", "docs/guide.md": "# Guide\n", "run.sh": "#!/bin/sh\n"}


@dataclass
class HandClock:
    """A clock that moves when it is told to."""

    time: datetime = datetime(2026, 1, 2, 3, 4, 5, tzinfo=UTC)

    def __call__(self) -> datetime:
        return self.time

    def advance(self, seconds: float) -> None:
        self.time += timedelta(seconds=seconds)


@pytest.fixture
def clock() -> HandClock:
    return HandClock()


@pytest.fixture
def github(tmp_path: Path, clock: HandClock, github_contract: GitHubContract) -> Iterator[FakeGitHub]:
    """A fake GitHub whose every exchange has to be as GitHub describes it."""
    github = FakeGitHub(tmp_path / "github", clock)
    github.add_token("b0t", login="github-actions[bot]", permissions=BOT)
    github.add_token("read-0nly", login="github-actions[bot]", permissions=READER)
    for login in ("maria", "mallory", "octo"):
        github.add_token(f"{login}-t0ken", login=login)
    referee = Referee(github, github_contract)
    yield github
    github.close()
    assert referee.faults == []


@pytest.fixture
def shop(github: FakeGitHub) -> Repository:
    """A public repository; maria writes, mallory is nobody."""
    shop = github.add_repository("octo/shop", files=FILES)
    shop.set_permission("maria", "write")
    return shop


@pytest.fixture
def server(github: FakeGitHub) -> Iterator[GitHubServer]:
    with github.serve() as server:
        yield server


@pytest.fixture
def connect(server: GitHubServer) -> Iterator[Callable[[str], Github]]:
    """Makes a PyGithub client of a token (an empty one is a stranger's), with all of its own patience off."""
    from github import Auth, Github  # noqa: PLC0415 - half a second that other tests of this folder do not pay

    made: list[Github] = []

    def client(token: str) -> Github:
        auth = Auth.Token(token) if token else None
        options = {"retry": None, "seconds_between_requests": None, "seconds_between_writes": None, "timeout": 10}
        made.append(Github(auth=auth, base_url=server.api_url, **options))  # type: ignore[arg-type]
        return made[-1]

    yield client
    for each in made:
        each.close()


@pytest.fixture
def client(shop: Repository, connect: Callable[[str], Github]) -> Client:
    """PyGithub's view of the shop with the bot's token."""
    return connect("b0t").get_repo(shop.full_name)
