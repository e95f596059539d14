"""GitHub, read: PyGithub's objects become our own values here."""

from __future__ import annotations

import base64
from typing import TYPE_CHECKING, Any, TypeVar
from urllib.parse import quote

from bot.core.forge import Comment, Commit, Comparison, Editing, LineNote, Pull, TreeEntry
from bot.core.refresh_pulls import OwnPull
from bot.core.refs import Actor
from bot.errors import ForgeError

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence

    from github.GitCommit import GitCommit
    from github.Repository import Repository

    from bot.adapters.github_session import Session
    from bot.core.forge import CommentKind
    from bot.core.review_intents import ReviewGrounds

T = TypeVar("T")
_ROLES = {"admin", "maintain", "write", "triage", "read", "none"}
_MOST_COMPARED = 300
"""Files that GitHub lists in a comparison at most; with this many there may be more (OpenAPI, "Compare commits")."""
_EDITING = """query($ids: [ID!]!) {
  viewer { login }
  nodes(ids: $ids) { ... on Comment { author { login } editor { login } lastEditedAt } }
}"""


class GitHubReader:
    """Implements `ForgeReader`."""

    def __init__(self, session: Session) -> None:
        self._session = session

    def permission(self, login: str) -> str:
        """The person's role; somebody who is no collaborator has none."""
        return self._found(_read_role, f"/collaborators/{quote(login, safe='')}/permission") or "none"

    def comment(self, comment_id: int, kind: CommentKind) -> Comment | None:
        """One comment as it stands now; None when it is gone."""
        folder = "pulls" if kind == "review" else "issues"
        return self._found(read_comment, f"/{folder}/comments/{comment_id}")

    def comments(self, number: int) -> list[Comment]:
        """All comments of the thread's conversation, oldest first."""
        return self._session.pages(f"/issues/{number}/comments", read_comment)

    def line_notes(self, number: int) -> list[LineNote]:
        """All comments of the pull request's review threads, oldest first."""
        return self._session.pages(f"/pulls/{number}/comments", read_line_note)

    def editing(self, nodes: Sequence[str]) -> list[Editing] | None:
        """Who edited those comments; None where the server has no GraphQL."""
        try:
            return self._session.graphql(_EDITING, {"ids": list(nodes)}, _read_editing)
        except ForgeError as error:
            if error.status in {404, 405, 410, 501}:
                return None
            raise

    def login(self) -> str:
        """The login of the token's own account; an installation token is refused the question, and has none."""
        try:
            return self._session.me()
        except ForgeError as error:
            if error.status in {401, 403, 404}:
                return ""
            raise

    def file(self, path: str, ref: str) -> bytes | None:
        """A file's content at a branch or commit; None when it is not there or is not a file."""
        return self._found(_read_content, f"/contents/{quote(path)}", {"ref": ref})

    def issue_title(self, number: int) -> str:
        """The present title."""
        return self._session.call(lambda repository: repository.get_issue(number).title)

    def pull(self, number: int) -> Pull:
        """One pull request."""
        return self._session.read(read_pull, "GET", f"/pulls/{number}")

    def find_pull(self, branch: str) -> Pull | None:
        """The newest pull request from that branch of this repository, of any state."""
        owner = self._session.root.split("/")[2]
        query = {"head": f"{owner}:{branch}", "state": "all"}
        found = self._session.read(lambda answer: [read_pull(one) for one in answer], "GET", "/pulls", query=query)
        mine = [pull for pull in found if pull.head_ref == branch]
        return max(mine, key=lambda pull: pull.number) if mine else None

    def ref(self, name: str) -> str | None:
        """The object id under `refs/<name>`; None when there is no such ref."""
        return self._found(read_target, f"/git/ref/{quote(name)}")

    def refs(self, prefix: str) -> Mapping[str, str]:
        """All refs below a prefix, by name without `refs/`."""

        def ask(repository: Repository) -> dict[str, str]:
            refs = repository.get_git_matching_refs(prefix)
            return {ref.ref.removeprefix("refs/"): ref.object.sha for ref in refs}

        return self._session.call(ask)

    def commit(self, sha: str) -> Commit | None:
        """A commit; None when there is none of that id."""
        try:
            return self._session.call(lambda repository: _read_commit(repository.get_git_commit(sha)))
        except ForgeError as error:
            if error.status in {404, 422}:
                return None
            raise

    def tree(self, sha: str) -> Mapping[str, TreeEntry]:
        """The names in one tree."""

        def ask(repository: Repository) -> dict[str, TreeEntry]:
            entries = repository.get_git_tree(sha).tree
            return {one.path: TreeEntry(one.mode, one.type, one.sha) for one in entries}

        return self._session.call(ask)

    def blob(self, sha: str) -> bytes:
        """A file's content."""
        return self._session.call(lambda repository: base64.b64decode(repository.get_git_blob(sha).content))

    def compare(self, base: str, head: str) -> Comparison | None:
        """How two commits stand to each other; None without common history."""
        return self._found(_read_comparison, f"/compare/{quote(base)}...{quote(head)}")

    def environment_has_reviewers(self, name: str) -> bool:
        """Whether the environment exists with at least one required reviewer; anything unclear counts as no."""
        return bool(self._found(_read_reviewers, f"/environments/{quote(name, safe='')}"))

    def review_grounds(self, number: int, default_branch: str) -> ReviewGrounds:
        """The pull request, its comments and threads, and the configuration, in one GraphQL query."""
        from bot.adapters import github_reviews  # noqa: PLC0415 - only reviews need it

        return github_reviews.review_grounds(self._session, number, default_branch)

    def diff(self, number: int) -> str | None:
        """The pull request's diff; None when GitHub finds it too large (406)."""
        from bot.adapters import github_reviews  # noqa: PLC0415 - as above

        return github_reviews.diff(self._session, number)

    def merge_base(self, base: str, head: str) -> str | None:
        """The commit that two branches or commits share; None when there is none."""
        from bot.adapters import github_reviews  # noqa: PLC0415 - as above

        return github_reviews.merge_base(self._session, base, head)

    def reviews(self, number: int) -> list[str]:
        """The bodies of a pull request's reviews, oldest first."""
        return self._session.pages(f"/pulls/{number}/reviews", lambda raw: str(raw["body"] or ""))

    def default_branch(self) -> str:
        """The repository's default branch."""
        return self._session.read(lambda raw: str(raw["default_branch"]), "GET", "")

    def pulls_from(self, branch: str) -> list[OwnPull]:
        """The pull requests of any state from that branch of this repository, newest first, a hundred at most."""
        owner = self._session.root.split("/")[2]
        query = {"head": f"{owner}:{branch}", "state": "all", "per_page": 100}
        found = self._session.read(lambda answer: [_read_own_pull(one) for one in answer], "GET", "/pulls", query=query)
        mine = [pull for pull in found if pull is not None and pull.head_ref == branch]
        return sorted(mine, key=lambda pull: pull.number, reverse=True)

    def _found(self, shape: Callable[[Any], T], path: str, query: Mapping[str, Any] | None = None) -> T | None:
        try:
            return self._session.read(shape, "GET", path, query=query)
        except ForgeError as error:
            if error.status == 404:
                return None
            raise


def read_comment(raw: Mapping[str, Any]) -> Comment:
    """A comment from GitHub's JSON; the author of a deleted account is GitHub's `ghost`."""
    user = raw.get("user") or {"login": "ghost", "id": 0, "type": "User"}
    return Comment(
        id=int(raw["id"]),
        body=str(raw.get("body") or ""),
        author=Actor(str(user["login"]), int(user["id"]), str(user.get("type", ""))),
        created_at=str(raw["created_at"]),
        updated_at=str(raw["updated_at"]),
        node=str(raw.get("node_id", "")),
        url=str(raw["html_url"]),
    )


def read_line_note(raw: Mapping[str, Any]) -> LineNote:
    """A comment of a review thread from GitHub's JSON."""
    comment = read_comment(raw)
    line, start = raw.get("line"), raw.get("start_line")
    return LineNote(
        comment=comment,
        root=int(raw.get("in_reply_to_id") or comment.id),
        path=str(raw["path"]),
        line=None if line is None else int(line),
        start=None if line is None or start is None else int(start),
        side=str(raw.get("side") or "RIGHT"),
        hunk=str(raw.get("diff_hunk") or ""),
    )


def read_pull(raw: Mapping[str, Any]) -> Pull:
    """A pull request from GitHub's JSON; a head whose repository is gone counts as a fork."""
    head, base = raw["head"], raw["base"]
    same = bool(head.get("repo")) and head["repo"]["full_name"] == base["repo"]["full_name"]
    return Pull(
        number=int(raw["number"]),
        url=str(raw["html_url"]),
        is_open=raw["state"] == "open",
        head_sha=str(head["sha"]),
        head_ref=str(head["ref"]),
        base_ref=str(base["ref"]),
        is_fork=not same,
    )


def _read_own_pull(raw: Mapping[str, Any]) -> OwnPull | None:
    """A pull request with what it says; None for one whose head is known to lie in another repository."""
    head, base = raw["head"], raw["base"]
    if head.get("repo") and head["repo"]["full_name"] != base["repo"]["full_name"]:
        return None
    return OwnPull(
        number=int(raw["number"]),
        url=str(raw["html_url"]),
        is_open=raw["state"] == "open",
        merged=bool(raw.get("merged_at")),
        title=str(raw["title"]),
        body=str(raw.get("body") or ""),
        head_ref=str(head["ref"]),
        head_sha=str(head["sha"]),
    )


def read_target(raw: Mapping[str, Any]) -> str:
    """The object id that a ref of GitHub's JSON points to."""
    return str(raw["object"]["sha"])


def _read_role(raw: Mapping[str, Any]) -> str:
    role, basic = str(raw.get("role_name", "")), str(raw.get("permission", "none"))
    return role if role in _ROLES else basic


def _read_editing(data: Mapping[str, Any]) -> list[Editing]:
    viewer = str(data["viewer"]["login"])
    return [Editing(_login(node, "author"), _login(node, "editor"), viewer) for node in data["nodes"]]


def _read_content(raw: Any) -> bytes | None:
    if not isinstance(raw, dict) or raw.get("encoding") != "base64":
        return None  # a folder, a link, or a file too large for this route
    return base64.b64decode(raw["content"])


def _read_comparison(raw: Mapping[str, Any]) -> Comparison:
    files = raw.get("files") or []
    touched = {str(one["filename"]): str(one["status"]) for one in files}
    touched |= {str(one["previous_filename"]): "renamed" for one in files if one.get("previous_filename")}
    listed = touched if len(files) < _MOST_COMPARED else None
    return Comparison(int(raw["ahead_by"]), int(raw["behind_by"]), listed)


def _read_reviewers(raw: Mapping[str, Any]) -> bool:
    rules = raw.get("protection_rules") or []
    return any(rule.get("type") == "required_reviewers" and rule.get("reviewers") for rule in rules)


def _read_commit(commit: GitCommit) -> Commit:
    return Commit(commit.sha, commit.tree.sha, tuple(parent.sha for parent in commit.parents), commit.message)


def _login(node: Mapping[str, Any] | None, role: str) -> str:
    person = (node or {}).get(role) or {}
    return str(person.get("login", ""))
