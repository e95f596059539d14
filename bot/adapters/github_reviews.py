"""GitHub as a review needs it: the whole pull request in one query, its diff, and the review that is posted."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any
from urllib.parse import quote

from bot.core.forge import Comment, Pull
from bot.core.refs import Actor
from bot.core.review_intents import ReviewGrounds
from bot.core.review_threads import ReviewThread, ThreadComment
from bot.errors import ForgeError
from bot.settings.config import CONFIG_PATH

if TYPE_CHECKING:
    from collections.abc import Mapping

    from bot.adapters.github_session import Session

_DIFF = "application/vnd.github.diff"
_MOST_PAGES = 20
"""Of a hundred comments and threads each; a pull request with more is one that no summary helps."""
_UNREADABLE = b"\0"
"""Stands for a configuration that is no text; reading it is refused with a clear error."""
_GROUNDS = """query($owner: String!, $name: String!, $number: Int!, $config: String!, $comments: String,
    $threads: String) {
  viewer { __typename login databaseId }
  repository(owner: $owner, name: $name) {
    object(expression: $config) { ... on Blob { text isTruncated } }
    pullRequest(number: $number) {
      number url state isDraft locked title body headRefOid headRefName baseRefName isCrossRepository
      author { ...who }
      comments(first: 100, after: $comments) {
        pageInfo { hasNextPage endCursor }
        nodes { id databaseId body createdAt updatedAt url author { ...who } }
      }
      reviewThreads(first: 100, after: $threads) {
        pageInfo { hasNextPage endCursor }
        nodes { isResolved isOutdated path line startLine diffSide comments(first: 20) {
          nodes { body author { ...who } reactionGroups { content reactors { totalCount } } }
        } }
      }
    }
  }
}
fragment who on Actor {
  __typename login
  ... on User { databaseId }
  ... on Bot { databaseId }
  ... on Mannequin { databaseId }
}"""


def review_grounds(session: Session, number: int, default_branch: str) -> ReviewGrounds:
    """The pull request, its comments and threads, and the configuration; one query for each hundred of them.

    Raises:
        ForgeError: when GitHub gives no usable answer.
    """
    _, _, owner, name = session.root.split("/")
    asked = {"owner": owner, "name": name, "number": number, "config": f"{default_branch}:{CONFIG_PATH}"}
    data = _query(session, asked)
    pull = data["repository"]["pullRequest"]
    comments, threads = list(pull["comments"]["nodes"]), list(pull["reviewThreads"]["nodes"])
    page = pull
    for _ in range(_MOST_PAGES):
        ends = {part: page[key]["pageInfo"] for part, key in (("comments", "comments"), ("threads", "reviewThreads"))}
        if not any(end["hasNextPage"] for end in ends.values()):
            break
        page = _query(session, asked | {part: end["endCursor"] for part, end in ends.items()})["repository"][
            "pullRequest"
        ]
        comments += page["comments"]["nodes"]
        threads += page["reviewThreads"]["nodes"]
    return ReviewGrounds(
        pull=_pull(pull),
        is_draft=bool(pull["isDraft"]),
        is_locked=bool(pull["locked"]),
        title=str(pull["title"]),
        text=str(pull["body"] or ""),
        author=_actor(pull["author"]),
        us=_actor(data["viewer"]) if data["viewer"].get("databaseId") else None,
        comments=tuple(_comment(one) for one in comments),
        threads=tuple(_thread(one) for one in threads),
        config=_content(data["repository"]["object"]),
    )


def _query(session: Session, variables: Mapping[str, Any]) -> Any:
    """The data, looked through to the pull request, so that an answer without one is asked again."""

    def whole(data: Any) -> Any:
        pull = data["repository"]["pullRequest"]
        _pull(pull), [_comment(one) for one in pull["comments"]["nodes"]]
        [_thread(one) for one in pull["reviewThreads"]["nodes"]]
        return data

    return session.graphql(_GROUNDS, variables, whole)


def diff(session: Session, number: int) -> str | None:
    """The pull request's diff; None when GitHub finds it too large (406)."""
    try:
        return session.text(f"/pulls/{number}", _DIFF)
    except ForgeError as error:
        if error.status == 406:
            return None
        raise


def merge_base(session: Session, base: str, head: str) -> str | None:
    """The commit that two branches or commits share; None when there is none."""
    try:
        path = f"/compare/{quote(base)}...{quote(head)}"
        return session.read(lambda raw: str(raw["merge_base_commit"]["sha"]), "GET", path)
    except ForgeError as error:
        if error.status == 404:
            return None
        raise


def _pull(raw: Mapping[str, Any]) -> Pull:
    return Pull(
        number=int(raw["number"]),
        url=str(raw["url"]),
        is_open=raw["state"] == "OPEN",
        head_sha=str(raw["headRefOid"]),
        head_ref=str(raw["headRefName"]),
        base_ref=str(raw["baseRefName"]),
        is_fork=bool(raw["isCrossRepository"]),
    )


def _comment(raw: Mapping[str, Any]) -> Comment:
    return Comment(
        id=int(raw["databaseId"]),
        body=str(raw["body"]),
        author=_actor(raw["author"]),
        created_at=str(raw["createdAt"]),
        updated_at=str(raw["updatedAt"]),
        node=str(raw["id"]),
        url=str(raw["url"]),
    )


def _thread(raw: Mapping[str, Any]) -> ReviewThread:
    comments = tuple(
        ThreadComment(_actor(one["author"]), str(one["body"]), _thumbs_down(one)) for one in raw["comments"]["nodes"]
    )
    return ReviewThread(
        comments=comments,
        resolved=bool(raw["isResolved"]),
        outdated=bool(raw["isOutdated"]),
        path=str(raw["path"]),
        line=None if raw["isOutdated"] else raw["line"],
        start=None if raw["isOutdated"] else raw["startLine"],
        side=str(raw["diffSide"]),
    )


def _thumbs_down(raw: Mapping[str, Any]) -> int:
    groups = raw.get("reactionGroups") or ()
    return sum(int(one["reactors"]["totalCount"]) for one in groups if one["content"] == "THUMBS_DOWN")


def _actor(raw: Mapping[str, Any] | None) -> Actor:
    """An account; GraphQL gives none for one that was deleted, and a bot's login without its suffix."""
    if raw is None:
        return Actor("ghost", 0, "User")
    kind, login = str(raw["__typename"]), str(raw["login"])
    suffix = "[bot]" if kind == "Bot" and not login.endswith("[bot]") else ""
    return Actor(f"{login}{suffix}", int(raw.get("databaseId") or 0), kind)


def _content(raw: Mapping[str, Any] | None) -> bytes | None:
    if raw is None:
        return None
    text = raw.get("text")
    return _UNREADABLE if text is None or raw.get("isTruncated") else str(text).encode()
