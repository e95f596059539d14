"""The part of GitHub's GraphQL API that tells who wrote and who edited: `viewer`, `node`, `nodes`."""

from __future__ import annotations

import json
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from bot.rehearsal.github_access import can_see
from bot.rehearsal.github_graphql_parser import GraphQLSyntaxError, Selection, Variable, parse
from bot.rehearsal.github_problems import ApiError, malformed
from bot.rehearsal.github_routing import json_response
from bot.rehearsal.github_shapes import moment, page_url
from bot.rehearsal.github_state import Comment, Issue, Post, Review, ReviewComment

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from bot.rehearsal.github_graphql_parser import Document
    from bot.rehearsal.github_repository import Repository
    from bot.rehearsal.github_service import FakeGitHub
    from bot.rehearsal.github_state import Token, User
    from bot.rehearsal.http_server import Request, Response

_MOST_NODES = 100


class QueryError(Exception):
    """A query that is well written but asks for what is not there; the text is what GitHub says."""


@dataclass(frozen=True, slots=True)
class Value:
    """An object of the graph: its types, the first being its own, and its fields."""

    types: tuple[str, ...]
    fields: Mapping[str, Any]


def answer_graphql(stage: FakeGitHub, token: Token | None, request: Request) -> Response:
    """Answer one query; as on GitHub, a query that fails is still answered with 200.

    Raises:
        ApiError: 401 for nobody, 400 for a body that is not JSON with a query in it.
    """
    if token is None:
        raise ApiError(401, "This endpoint requires you to be authenticated.")
    try:
        given = json.loads(request.body)
        query, variables = str(given["query"]), dict(given.get("variables") or {})
    except (ValueError, KeyError, TypeError) as problem:
        raise malformed() from problem
    try:
        return json_response(200, _Execution(stage, token, parse(query), variables).run())
    except (GraphQLSyntaxError, QueryError) as problem:
        return json_response(200, {"errors": [{"message": str(problem)}]})


class _Execution:
    def __init__(self, stage: FakeGitHub, token: Token, document: Document, variables: Mapping[str, Any]) -> None:
        self._stage = stage
        self._token = token
        self._document = document
        if len(document.operations) != 1 or document.operations[0].kind != "query":
            raise QueryError("Only one query is answered here")
        self._operation = document.operations[0]
        self._variables = {**self._operation.defaults, **variables}
        self._errors: list[dict[str, Any]] = []

    def run(self) -> dict[str, Any]:
        data: dict[str, Any] = {}
        for selection in self._operation.selections:
            data[selection.alias] = self._root(selection)
        return {"data": data, **({"errors": self._errors} if self._errors else {})}

    def _root(self, selection: Selection) -> Any:
        arguments = {name: self._given(value) for name, value in selection.arguments.items()}
        if selection.name == "viewer":
            user = self._token.user  # its own login is the one that a bot has with its suffix, unlike an `Actor`'s
            return self._shape(Value((user.kind,), {"login": user.login, "databaseId": user.id}), selection)
        if selection.name == "node":
            return self._shape(self._node(str(arguments.get("id")), [selection.alias]), selection)
        if selection.name == "nodes":
            ids = arguments.get("ids")
            if not isinstance(ids, list) or len(ids) > _MOST_NODES:
                raise QueryError(f"ids must be a list of at most {_MOST_NODES}")
            found = (self._node(str(each), [selection.alias, at]) for at, each in enumerate(ids))
            return [self._shape(each, selection) for each in found]
        raise QueryError(f"Field '{selection.name}' doesn't exist on type 'Query'")

    def _given(self, value: Any) -> Any:
        if isinstance(value, Variable):
            return self._variables.get(value.name)
        return [self._given(each) for each in value] if isinstance(value, list) else value

    def _node(self, node: str, path: list[str | int]) -> Value | None:
        seen = (each for each in self._stage.repositories.values() if can_see(each, self._token))
        for repository in seen:
            with repository.lock:
                for found, post in _posts(repository):
                    if found == node:
                        return _value(repository, node, post)
        message = f"Could not resolve to a node with the global id of '{node}'"
        self._errors.append({"type": "NOT_FOUND", "path": path, "message": message})
        return None

    def _shape(self, value: Value | None, selection: Selection) -> Any:
        if value is None:
            return None
        if not selection.inner:
            raise QueryError(f"Field must have selections (field '{selection.name}' returns {value.types[0]})")
        shown: dict[str, Any] = {}
        self._collect(value, selection.inner, shown)
        return shown

    def _collect(self, value: Value, selections: list[Selection], shown: dict[str, Any]) -> None:
        for each in selections:
            if each.name == "__typename":
                shown[each.alias] = value.types[0]
            elif each.name:
                shown[each.alias] = self._field(value, each)
            else:
                fragment = self._fragment(each)
                if fragment.on in {"", *value.types}:
                    self._collect(value, fragment.inner, shown)

    def _fragment(self, selection: Selection) -> Selection:
        if not selection.spread:
            return selection
        if selection.spread not in self._document.fragments:
            raise QueryError(f"Fragment {selection.spread} was used, but not defined")
        return self._document.fragments[selection.spread]

    def _field(self, value: Value, selection: Selection) -> Any:
        if selection.name not in value.fields:
            raise QueryError(f"Field '{selection.name}' doesn't exist on type '{value.types[0]}'")
        found = value.fields[selection.name]
        return self._shape(found, selection) if isinstance(found, Value) else found


def _posts(repository: Repository) -> Iterator[tuple[str, Post]]:
    """All posts with their node ids, which are those of the REST API."""
    for issue in repository.issues.values():
        yield (f"PR_{issue.pull.id}" if issue.pull else f"I_{issue.id}"), issue
    yield from ((f"IC_{each.id}", each) for each in repository.comments.values())
    yield from ((f"PRR_{each.id}", each) for each in repository.reviews.values())
    yield from ((f"PRRC_{each.id}", each) for each in repository.review_comments.values())


def _value(repository: Repository, node: str, post: Post) -> Value:
    fields: dict[str, Any] = {
        "id": node, "databaseId": post.id, "body": post.body, "createdAt": moment(post.created),
        "updatedAt": moment(post.updated), "lastEditedAt": moment(post.edited), "author": _actor(post.author),
        "editor": post.editor and _actor(post.editor), "includesCreatedEdit": post.editor is not None,
    }  # fmt: skip
    if isinstance(post, Issue):
        kind = "PullRequest" if post.pull else "Issue"
        state = "MERGED" if post.pull and post.pull.merged else post.state.upper()
        fields |= {"number": post.number, "title": post.title, "state": state, "locked": post.locked}
        fields["url"] = f"{page_url(repository)}/{'pull' if post.pull else 'issues'}/{post.number}"
        return Value((kind, "Node", "Comment", "IssueOrPullRequest"), fields)
    kind = {Comment: "IssueComment", Review: "PullRequestReview", ReviewComment: "PullRequestReviewComment"}[type(post)]
    return Value((kind, "Node", "Comment"), fields)


def _actor(user: User) -> Value:
    """An account as `author` and `editor` give it: a bot's login has no suffix there."""
    return Value((user.kind, "Actor"), {"login": user.login.removesuffix("[bot]")})
