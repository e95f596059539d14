from __future__ import annotations

import os
import socket
import subprocess
import sys
from pathlib import Path

import pytest

from tests.guards import PRIVATE, SCRUBBED, HomeUseInTestError, NetworkUseInTestError

ROOT = Path(__file__).parents[1]


@pytest.mark.parametrize("address", [("192.0.2.1", 443), ("2001:db8::1", 443), ("10.0.0.1", 80)])
def test_connections_beyond_loopback_are_stopped(address: tuple[str, int]) -> None:
    family = socket.AF_INET6 if ":" in address[0] else socket.AF_INET
    with socket.socket(family) as connection, pytest.raises(NetworkUseInTestError):
        connection.connect(address)


def test_datagrams_beyond_loopback_are_stopped() -> None:
    with socket.socket(type=socket.SOCK_DGRAM) as datagrams, pytest.raises(NetworkUseInTestError):
        datagrams.sendto(b"x", ("192.0.2.1", 53))


@pytest.mark.parametrize("name", ["api.github.com", b"api.github.com", "localhost.example.com"])
def test_names_are_not_looked_up(name: str) -> None:
    with pytest.raises(NetworkUseInTestError, match=r"github|example"):
        socket.getaddrinfo(name, 443)


def test_code_that_catches_exceptions_cannot_hide_it() -> None:
    assert not issubclass(NetworkUseInTestError, Exception)
    assert not issubclass(HomeUseInTestError, Exception)


@pytest.mark.parametrize("host", ["127.0.0.1", "localhost"])
def test_loopback_is_open(host: str) -> None:
    with socket.create_server(("127.0.0.1", 0)) as server:  # its backlog takes the connection
        socket.create_connection((host, server.getsockname()[1]), timeout=5).close()


@pytest.mark.parametrize("path", [PRIVATE[0], f"{PRIVATE[1]}/gh/hosts.yml"])
def test_private_files_of_the_user_are_not_opened(path: str) -> None:
    with pytest.raises(HomeUseInTestError):
        Path(path).read_text(encoding="utf-8")


def test_nothing_of_the_users_environment_is_inherited() -> None:
    inherited = {name for name in os.environ if name.startswith(SCRUBBED)}
    ours = {"GIT_CONFIG_GLOBAL", "GIT_CONFIG_NOSYSTEM", "GIT_TERMINAL_PROMPT", "GIT_ASKPASS", "GIT_SSH_COMMAND"}
    assert inherited == ours
    assert "CI" not in os.environ
    assert list(Path.home().iterdir()) == [Path(os.environ["GIT_CONFIG_GLOBAL"])]


def test_a_polluted_environment_makes_no_difference(tmp_path: Path) -> None:
    names = ("GITHUB_TOKEN", "OPENAI_API_KEY", "DRAFTGATE_LEVEL", "GIT_DIR", "RUNNER_TEMP", "CI", "XDG_CONFIG_HOME")
    polluted = dict(os.environ) | dict.fromkeys(names, str(tmp_path)) | {"HOME": str(tmp_path)}
    probe = f"{__file__}::test_nothing_of_the_users_environment_is_inherited"
    command = [sys.executable, "-m", "pytest", "-q", "-p", "no:cacheprovider", probe]
    done = subprocess.run(command, cwd=ROOT, env=polluted, capture_output=True, text=True, check=False)
    assert "1 passed" in done.stdout, done.stdout + done.stderr


def test_git_has_a_fixed_identity_and_branch(tmp_path: Path) -> None:
    def git(*arguments: str) -> str:
        return subprocess.run(["git", *arguments], cwd=tmp_path, capture_output=True, text=True, check=True).stdout

    git("init", "--quiet")
    git("commit", "--quiet", "--allow-empty", "--message", "first")
    assert git("log", "--format=%an <%ae> on %D").strip() == "Test Person <test@example.com> on HEAD -> main"


def test_processes_started_by_tests_find_a_closed_door() -> None:
    code = "import requests; requests.get('https://192.0.2.1/', timeout=5)"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=False)
    assert "Connection refused" in done.stderr
