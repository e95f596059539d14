"""GitHub's records as objects of the GraphQL graph."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from bot.rehearsal.github_shapes import moment, page_url
from bot.rehearsal.github_state import Comment, Issue, Post, Review, ReviewComment

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence

    from bot.rehearsal.github_repository import Repository
    from bot.rehearsal.github_state import Pull, User

_MOST_ITEMS = 100
_REACTIONS = {"+1": "THUMBS_UP", "-1": "THUMBS_DOWN", "laugh": "LAUGH", "hooray": "HOORAY", "confused": "CONFUSED"} | {
    "heart": "HEART",
    "rocket": "ROCKET",
    "eyes": "EYES",
}


class QueryError(Exception):
    """A query that is well written but asks for what is not there; the text is what GitHub says."""


@dataclass(frozen=True, slots=True)
class Value:
    """An object of the graph: its types, the first being its own, and its fields.

    A field's value may be a function of the field's arguments.
    """

    types: tuple[str, ...]
    fields: Mapping[str, Any]


def posts(repository: Repository) -> Iterator[tuple[str, Post]]:
    """All posts with their node ids, which are those of the REST API."""
    for issue in repository.issues.values():
        yield (f"PR_{issue.pull.id}" if issue.pull else f"I_{issue.id}"), issue
    yield from ((f"IC_{each.id}", each) for each in repository.comments.values())
    yield from ((f"PRR_{each.id}", each) for each in repository.reviews.values())
    yield from ((f"PRRC_{each.id}", each) for each in repository.review_comments.values())


def post_value(repository: Repository, node: str, post: Post) -> Value:
    """An issue, a pull request, or a comment of any kind."""
    fields: dict[str, Any] = {
        "id": node, "databaseId": post.id, "body": post.body, "createdAt": moment(post.created),
        "updatedAt": moment(post.updated), "lastEditedAt": moment(post.edited), "author": _actor(post.author),
        "editor": post.editor and _actor(post.editor), "includesCreatedEdit": post.editor is not None,
        "reactionGroups": _reactions(post),
    }  # fmt: skip
    if isinstance(post, Issue):
        kind = "PullRequest" if post.pull else "Issue"
        state = "MERGED" if post.pull and post.pull.merged else post.state.upper()
        fields |= {"number": post.number, "title": post.title, "state": state, "locked": post.locked}
        fields["url"] = f"{page_url(repository)}/{'pull' if post.pull else 'issues'}/{post.number}"
        if post.pull:
            fields |= _pull_fields(repository, post, post.pull)
            fields["reviewThreads"] = lambda arguments: _page(_threads(repository, post.number), arguments)
        return Value((kind, "Node", "Comment", "IssueOrPullRequest"), fields)
    kind = {Comment: "IssueComment", Review: "PullRequestReview", ReviewComment: "PullRequestReviewComment"}[type(post)]
    if isinstance(post, ReviewComment):
        fields["path"] = post.path
    fields["url"] = f"{page_url(repository)}/issues/{getattr(post, 'number', 0)}#issuecomment-{post.id}"
    return Value((kind, "Node", "Comment"), fields)


def repository_value(repository: Repository) -> Value:
    """A repository, for the pull requests in it."""

    def content(arguments: Mapping[str, Any]) -> Value | None:
        revision, _, path = str(arguments.get("expression")).partition(":")
        try:
            data = repository.read(revision, path)
        except LookupError:
            return None
        text = None if b"\0" in data else data.decode("utf-8", "replace")
        fields = {"text": text, "isBinary": text is None, "isTruncated": False, "byteSize": len(data)}
        return Value(("Blob", "Node", "GitObject"), fields)

    def pull(arguments: Mapping[str, Any]) -> Value | None:
        issue = repository.issues.get(int(arguments.get("number") or 0))
        return post_value(repository, f"PR_{issue.pull.id}", issue) if issue and issue.pull else None

    return Value(
        ("Repository", "Node"), {"nameWithOwner": repository.full_name, "pullRequest": pull, "object": content}
    )


def _pull_fields(repository: Repository, issue: Issue, pull: Pull) -> dict[str, Any]:
    comments = [post_value(repository, f"IC_{each.id}", each) for each in repository.comments_on(issue.number)]
    return {
        "headRefOid": pull.head_sha, "headRefName": pull.head_ref, "baseRefName": pull.base_ref,
        "isDraft": pull.draft, "isCrossRepository": pull.head_repository is not repository,
        "comments": lambda arguments: _page(comments, arguments),
    }  # fmt: skip


def _threads(repository: Repository, number: int) -> list[Value]:
    """The review threads of a pull request that are published, in the order in which they were begun."""
    shown = [
        each for each in repository.review_comments.values() if each.number == number and _public(repository, each)
    ]
    return [_thread(repository, root, shown) for root in shown if not root.reply_to]


def _public(repository: Repository, comment: ReviewComment) -> bool:
    review = repository.reviews.get(comment.review or 0)
    return review is None or review.state != "PENDING"


def _thread(repository: Repository, root: ReviewComment, shown: Sequence[ReviewComment]) -> Value:
    comments = [root, *(each for each in shown if each.reply_to == root.id)]
    values = [post_value(repository, f"PRRC_{each.id}", each) for each in comments]
    line = repository.current_line(root, root.line)
    fields: dict[str, Any] = {
        "id": f"PRRT_{root.id}", "isResolved": root.resolved, "path": root.path, "line": line,
        "isOutdated": line is None and root.subject == "line", "subjectType": root.subject.upper(),
        "startLine": repository.current_line(root, root.start_line), "diffSide": root.side, "originalLine": root.line,
        "comments": lambda arguments: _page(values, arguments),
    }  # fmt: skip
    return Value(("PullRequestReviewThread", "Node"), fields)


def _page(values: list[Value], arguments: Mapping[str, Any]) -> Value:
    """A connection: the first so many after a cursor, which here is a count."""
    first, after = arguments.get("first"), int(arguments.get("after") or 0)
    if not isinstance(first, int) or not 0 < first <= _MOST_ITEMS:
        raise QueryError("You must provide a `first` or `last` value to properly paginate the connection.")
    end = after + first
    page = Value(("PageInfo",), {"hasNextPage": end < len(values), "endCursor": str(min(end, len(values)))})
    fields = {"nodes": values[after:end], "pageInfo": page, "totalCount": len(values)}
    return Value(("Connection",), fields)


def _reactions(post: Post) -> list[Value]:
    counted = Counter(reaction.content for reaction in post.reactions)
    return [
        Value(
            ("ReactionGroup",),
            {"content": name, "reactors": Value(("ReactorConnection",), {"totalCount": counted[key]})},
        )
        for key, name in _REACTIONS.items()
    ]


def _actor(user: User) -> Value:
    """An account as `author` and `editor` give it: a bot's login has no suffix there."""
    fields = {"login": user.login.removesuffix("[bot]"), "databaseId": user.id}
    return Value((user.kind, "Actor"), fields)
