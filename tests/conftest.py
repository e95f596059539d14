"""Guards around every test: no network but loopback, nothing of the user's home, git set-up or environment."""

from __future__ import annotations

import os
import sys
import tempfile
from pathlib import Path
from typing import TYPE_CHECKING

import pytest
from hypothesis import settings

import tests.contract.npm  # noqa: F401 - remembers the environment as it is before the guards change it
from tests.guards import CLOSED_PORT, SCRUBBED, watch

if TYPE_CHECKING:
    from collections.abc import Iterator

    from tests.contract.github_api import GitHubContract

settings.register_profile("ci", deadline=None, derandomize=True, max_examples=100)
settings.register_profile("fuzz", deadline=None, max_examples=5000)
settings.load_profile("ci")  # `pytest --hypothesis-profile=fuzz` has the last word

GIT_CONFIG = """\
[user]
    name = Test Person
    email = test@example.com
[init]
    defaultBranch = main
[commit]
    gpgSign = false
[gc]
    auto = 0
[maintenance]
    auto = false
"""


def pytest_configure() -> None:
    """Put the guards up before anything is collected; audit hooks cannot be taken away again, nor need they be."""
    sys.addaudithook(watch)


@pytest.fixture(scope="session")
def homes(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The folder of all tests' home folders."""
    return tmp_path_factory.mktemp("homes")


@pytest.fixture(autouse=True)
def clean_environment(homes: Path) -> Iterator[None]:
    """Give each test an empty home, a fixed git set-up and no variable that steers Draftgate, git or a runner."""
    home = Path(tempfile.mkdtemp(dir=homes))
    (home / ".gitconfig").write_text(GIT_CONFIG, encoding="utf-8")
    with pytest.MonkeyPatch.context() as patch:
        for name in tuple(os.environ):
            if name.startswith(SCRUBBED) or name == "CI" or name.lower().endswith("_proxy"):
                patch.delenv(name)
        for name, value in _fixed_environment(home).items():
            patch.setenv(name, value)
        yield


def _fixed_environment(home: Path) -> dict[str, str]:
    return {
        "HOME": str(home),
        "GIT_CONFIG_GLOBAL": str(home / ".gitconfig"),
        "GIT_CONFIG_NOSYSTEM": "1",
        "GIT_TERMINAL_PROMPT": "0",
        "GIT_ASKPASS": "false",
        "GIT_SSH_COMMAND": "false",
        "TZ": "UTC",
        "LC_ALL": "C.UTF-8",
        "all_proxy": CLOSED_PORT,  # this one alone: each further proxy makes every new HTTP client 40 ms slower
        "no_proxy": "127.0.0.1,localhost,::1",
    }


@pytest.fixture(scope="session")
def github_contract() -> GitHubContract:
    """GitHub's own description of its API, as the referee of every exchange with the fake GitHub."""
    from tests.contract.github_api import GitHubContract  # noqa: PLC0415 - most runs of a few tests never need it

    return GitHubContract.load()
