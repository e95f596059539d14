"""Holds every exchange with a fake GitHub against GitHub's own description of its API."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from bot.rehearsal.github_service import FakeGitHub
    from bot.rehearsal.http_server import Request, Response
    from tests.contract.github_api import GitHubContract

_API = "/api/v3"
_UNDESCRIBED = ("/installation/repositories", "/rulesets", "/dispatches")
"""What the fake has beyond tests/contract/paths.py."""


class Referee:
    """Watches a fake GitHub from its making on; `faults` is what was wrong so far, by GitHub's description."""

    def __init__(self, github: FakeGitHub, contract: GitHubContract) -> None:
        self.faults: list[str] = []
        self.seen = 0
        self._contract = contract
        github.observers.append(self._watch)

    def _watch(self, request: Request, response: Response) -> None:
        path = request.path.removeprefix(_API)
        outside = path == request.path or path.endswith(_UNDESCRIBED)
        if outside or response.status == 404:  # also the answer to a path that does not exist
            return
        query = dict(request.query)
        if "/git/matching-refs/" in path:
            query.pop("per_page", None)  # PyGithub asks for pages everywhere, and GitHub has none here
        self.seen += 1
        sent, given = _document(request.body, request.headers), _document(response.body, response.headers)
        self.faults += self._contract.check(request.method, path, query, sent, response.status, given)


def _document(body: Any, headers: Any) -> Any:
    kind = next((value for name, value in headers.items() if name.lower() == "content-type"), "")
    if not body or _is_plain(kind):
        return body or None
    try:
        return json.loads(body)
    except ValueError:  # a test of broken JSON
        return body


def _is_plain(kind: str) -> bool:
    return "json" not in kind or "raw" in kind
