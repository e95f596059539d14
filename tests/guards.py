"""What no test may touch: the network beyond loopback and the user's private files."""

from __future__ import annotations

import ipaddress
import os
from pathlib import Path
from typing import Any

_HOME = Path(os.environ.get("HOME") or "/nonexistent")

PRIVATE = tuple(
    str(_HOME / name) for name in (".gitconfig", ".config", ".ssh", ".netrc", ".git-credentials", ".npmrc", ".docker")
)
"""What of the user's home no test may open; the rest may well hold this checkout and its virtual environment."""

SCRUBBED = ("GITHUB_", "OPENAI_", "DRAFTGATE_", "GIT_", "GH_", "ACTIONS_", "RUNNER_", "INPUT_", "XDG_", "SSH_")
"""Beginnings of the environment variables that no test may inherit."""

CLOSED_PORT = "http://127.0.0.1:9"
"""The proxy for all that is not loopback, for the processes that tests start: nobody listens there."""


class NetworkUseInTestError(BaseException):
    """A test reached for the network; not an `Exception`, so that nothing under test can swallow it."""


class HomeUseInTestError(BaseException):
    """A test opened a private file of the user who runs the tests."""


def watch(event: str, arguments: tuple[Any, ...]) -> None:
    """An audit hook (`sys.addaudithook`) that stops this process from leaving the play-pen.

    Raises:
        NetworkUseInTestError: on a connection beyond loopback, or asking for the address of a name.
        HomeUseInTestError: on opening a private file.
    """
    if event == "open":
        _check_file(arguments[0])
    elif event in {"socket.connect", "socket.sendto", "socket.sendmsg"}:
        address = arguments[1]
        if isinstance(address, tuple) and not _is_loopback(address[0]):
            raise NetworkUseInTestError(f"{event} to {address}")
    elif event in {"socket.getaddrinfo", "socket.gethostbyname"} and not _is_resolved_here(arguments[0]):
        raise NetworkUseInTestError(f"{event} of {arguments[0]}")


def _check_file(path: Any) -> None:
    if isinstance(path, str) and path.startswith(PRIVATE):
        raise HomeUseInTestError(path)


def _is_loopback(host: Any) -> bool:
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return bool(host == "localhost")


def _is_resolved_here(host: Any) -> bool:
    """Whether the name needs nobody to be asked: no name, an address, or localhost."""
    name = host.decode() if isinstance(host, bytes) else host
    if not name or name == "localhost":
        return True
    try:
        ipaddress.ip_address(name)
    except ValueError:
        return False
    return True
