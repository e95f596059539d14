"""What the tests of the fake GitHub do as its clients."""

from __future__ import annotations

import base64
import http.client
import subprocess
from typing import TYPE_CHECKING, Any

import pytest
from github import GithubException, InputGitTreeElement

if TYPE_CHECKING:
    from collections.abc import Callable

    from github.GitCommit import GitCommit
    from github.Repository import Repository as Client

    from bot.rehearsal.github_service import GitHubServer

BOT_TOKEN = "b0t"


def refusal(action: Callable[[], Any]) -> tuple[int, str]:
    """The status and the words with which GitHub refuses."""
    with pytest.raises(GithubException) as caught:
        action()
    data = caught.value.data
    details = [each.get("message") or each.get("code") for each in data.get("errors", []) if isinstance(each, dict)]
    return caught.value.status, ": ".join([data["message"], *map(str, details)])


def commit_on(client: Client, parent: str, path: str = "new.py", text: str = "new\n") -> GitCommit:
    """What the bot does: blob, tree, commit."""
    base = client.get_git_commit(parent)
    blob = client.create_git_blob(base64.b64encode(text.encode()).decode(), "base64")
    tree = client.create_git_tree([InputGitTreeElement(path, "100644", "blob", sha=blob.sha)], base.tree)
    return client.create_git_commit("Add it", tree, [base])


def git(folder: Any, *arguments: str) -> str:
    done = subprocess.run(["git", "-C", str(folder), *arguments], capture_output=True, text=True, check=True)
    return done.stdout.strip()


def raw(client: Client, method: str, path: str, body: Any = None) -> Any:
    """One request below the repository's path, past PyGithub's objects: its JSON."""
    return client.requester.requestJsonAndCheck(method, f"/repos/{client.full_name}{path}", input=body)[1]


def plain(server: GitHubServer, method: str, path: str, body: bytes = b"", token: str = BOT_TOKEN) -> tuple[int, bytes]:
    """One request as bytes: its status and answer."""
    connection = http.client.HTTPConnection(server.server_url.removeprefix("http://"), timeout=10)
    try:
        connection.request(method, path, body, {"Authorization": f"Bearer {token}"} if token else {})
        answer = connection.getresponse()
        return answer.status, answer.read()
    finally:
        connection.close()
