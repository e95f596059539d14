"""GitHub, written: the half that only the publisher holds."""

from __future__ import annotations

import base64
from typing import TYPE_CHECKING, Any
from urllib.parse import quote

from bot.adapters.github import read_comment, read_pull, read_target
from bot.errors import ForgeError

if TYPE_CHECKING:
    from collections.abc import Mapping

    from github.Repository import Repository

    from bot.adapters.github_session import Session
    from bot.core.forge import Comment, Pull


class GitHubWriter:
    """Implements `ForgeWriter`."""

    def __init__(self, session: Session) -> None:
        self._session = session

    def create_comment(self, number: int, body: str) -> Comment:
        """Post a comment, once: a lost answer raises with `uncertain`."""

        def post(repository: Repository) -> Comment:
            return read_comment(repository.get_issue(number).create_comment(body).raw_data)

        return self._session.call(post, repeatable=False)

    def edit_comment(self, comment_id: int, body: str) -> Comment:
        """Replace a comment's body."""
        return self._session.read(read_comment, "PATCH", f"/issues/comments/{comment_id}", {"body": body})

    def create_blob(self, content: bytes) -> str:
        """Store a file's content and return its object id; the same content has the same id."""
        text = base64.b64encode(content).decode()
        return self._session.call(lambda repository: repository.create_git_blob(text, "base64").sha)

    def create_tree(self, base_tree: str, entries: Mapping[str, tuple[str, str | None]]) -> str:
        """Lay files over a tree and return the new tree's id."""
        tree = [
            {"path": path, "mode": mode, "type": "blob", "sha": sha} for path, (mode, sha) in sorted(entries.items())
        ]
        return self._session.read(_read_sha, "POST", "/git/trees", {"base_tree": base_tree, "tree": tree})

    def create_commit(self, message: str, tree: str, parent: str) -> str:
        """Make a commit without naming an author, which is what makes GitHub sign it as the token's own."""
        body = {"message": message, "tree": tree, "parents": [parent]}
        return self._session.read(_read_sha, "POST", "/git/commits", body)

    def create_ref(self, name: str, sha: str) -> None:
        """Create `refs/<name>`; one that stands there with the same id is fine."""
        try:
            self._session.call(lambda repository: repository.create_git_ref(f"refs/{name}", sha))
        except ForgeError as error:
            if error.status != 422 or "already exists" not in str(error) or self._points_to(name) != sha:
                raise

    def advance_ref(self, name: str, sha: str) -> None:
        """Move `refs/<name>` forward, never by force."""
        self._session.request("PATCH", f"/git/refs/{quote(name)}", {"sha": sha, "force": False})

    def delete_ref(self, name: str) -> None:
        """Remove `refs/<name>`; one that is gone is fine."""
        try:
            self._session.request("DELETE", f"/git/refs/{quote(name)}")
        except ForgeError as error:
            if error.status != 404 and not (error.status == 422 and "does not exist" in str(error)):
                raise

    def create_pull(self, head: str, base: str, title: str, body: str) -> Pull:
        """Open a draft pull request, once: a lost answer raises with `uncertain`."""

        def post(repository: Repository) -> Pull:
            return read_pull(repository.create_pull(base, head, title=title, body=body, draft=True).raw_data)

        return self._session.call(post, repeatable=False)

    def _points_to(self, name: str) -> str:
        return self._session.read(read_target, "GET", f"/git/ref/{quote(name)}")


def _read_sha(raw: Mapping[str, Any]) -> str:
    return str(raw["sha"])
