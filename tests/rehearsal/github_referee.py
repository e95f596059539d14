"""Holds every exchange with a fake GitHub against GitHub's own description of its API."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from bot.rehearsal.github_service import FakeGitHub
    from bot.rehearsal.http_server import Request, Response
    from tests.contract.github_api import GitHubContract

_API = "/api/v3"
_UNDESCRIBED = ("/installation/repositories", "/rulesets", "/dispatches", "/contents/")
"""What the fake has beyond tests/contract/paths.py; of contents, only the root folder has an empty path."""

_LOOSER = (
    "head.repo: None is not of type 'object'",  # a pull request whose fork was deleted
    ".position: None is not of type 'integer'",  # a comment on lines that are gone
    ".line: None is not of type 'integer'",  # the same
)
"""Where GitHub itself answers null and its description does not say so."""
_ANYWHERE = {400, 404}
"""A body that is no JSON and a path that is nowhere: no operation's description lists them."""


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
        if outside or response.status in _ANYWHERE:
            return
        query = dict(request.query)
        if "/git/matching-refs/" in path:
            query.pop("per_page", None)  # PyGithub asks for pages everywhere, and GitHub has none here
        self.seen += 1
        sent = json.loads(request.body) if request.body else None
        found = self._contract.check(request.method, path, query, sent, response.status, _given(response))
        self.faults += [each for each in found if not each.endswith(_LOOSER)]


def _given(response: Response) -> Any:
    kind = response.headers.get("Content-Type", "")
    if not response.body or not isinstance(response.body, bytes) or "json" not in kind or "raw" in kind:
        return response.body or None
    return json.loads(response.body)
