"""GitHub, written: the half that only the publisher holds."""

from __future__ import annotations

import base64
from typing import TYPE_CHECKING, Any, Literal
from urllib.parse import quote

from bot.adapters.github import read_comment, read_pull, read_target
from bot.errors import ForgeError

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from github.Repository import Repository

    from bot.adapters.github_session import Session
    from bot.core.forge import Comment, Pull
    from bot.core.reviews import LineComment, ReviewRequest


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

    def create_reply(self, number: int, root: int, body: str) -> Comment:
        """Answer in a review thread, once: a lost answer raises with `uncertain`."""

        def post(repository: Repository) -> Comment:
            url = f"{self._session.root}/pulls/{number}/comments/{root}/replies"
            return read_comment(repository.requester.requestJsonAndCheck("POST", url, input={"body": body})[1])

        return self._session.call(post, repeatable=False)

    def edit_reply(self, comment_id: int, body: str) -> Comment:
        """Replace the body of a comment in a review thread."""
        return self._session.read(read_comment, "PATCH", f"/pulls/comments/{comment_id}", {"body": body})

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

    def create_commit(self, message: str, tree: str, *parents: str) -> str:
        """Make a commit without naming an author, which is what makes GitHub sign it as the token's own."""
        body = {"message": message, "tree": tree, "parents": list(parents)}
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

    def create_review(self, number: int, review: ReviewRequest) -> None:
        """Post a review with all its comments, once: a lost answer raises with `uncertain`."""
        self._post_review(number, review.as_json())

    def takes_comments(self, number: int, commit: str, comments: Sequence[LineComment]) -> bool:
        """Whether GitHub would take these comments: a review without an event is seen by nobody, and is taken back."""
        try:
            made = self._post_review(
                number, {"commit_id": commit, "body": "", "comments": [one.as_json() for one in comments]}
            )
        except ForgeError as error:
            if error.status == 422:
                return False
            raise
        self._session.request("DELETE", f"/pulls/{number}/reviews/{made}")
        return True

    def _post_review(self, number: int, body: Mapping[str, Any]) -> int:
        def post(repository: Repository) -> int:
            url = f"{self._session.root}/pulls/{number}/reviews"
            return int(repository.requester.requestJsonAndCheck("POST", url, input=body)[1]["id"])

        return self._session.call(post, repeatable=False)

    def create_pull(self, head: str, base: str, title: str, body: str) -> Pull:
        """Open a draft pull request, once: a lost answer raises with `uncertain`."""

        def post(repository: Repository) -> Pull:
            return read_pull(repository.create_pull(base, head, title=title, body=body, draft=True).raw_data)

        return self._session.call(post, repeatable=False)

    def edit_pull(self, number: int, *, body: str, title: str = "", state: Literal["", "closed"] = "") -> None:
        """Replace a pull request's body, and where they are given its title and state."""
        given = {"title": title, "state": state}
        changed = {"body": body, **{name: value for name, value in given.items() if value}}
        self._session.request("PATCH", f"/pulls/{number}", changed)

    def _points_to(self, name: str) -> str:
        return self._session.read(read_target, "GET", f"/git/ref/{quote(name)}")


def _read_sha(raw: Mapping[str, Any]) -> str:
    return str(raw["sha"])
