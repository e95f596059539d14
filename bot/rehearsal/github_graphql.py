"""The part of GitHub's GraphQL API that REST lacks: who edited what, which review threads are resolved."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

from bot.rehearsal.github_access import can_see
from bot.rehearsal.github_graphql_parser import GraphQLSyntaxError, Selection, Variable, parse
from bot.rehearsal.github_graphql_values import QueryError, Value, post_value, posts, repository_value
from bot.rehearsal.github_problems import ApiError, malformed
from bot.rehearsal.github_routing import json_response

if TYPE_CHECKING:
    from collections.abc import Mapping

    from bot.rehearsal.github_graphql_parser import Document
    from bot.rehearsal.github_service import FakeGitHub
    from bot.rehearsal.github_state import Token
    from bot.rehearsal.http_server import Request, Response

_MOST_NODES = 100


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
        if selection.name == "repository":
            return self._shape(self._repository(arguments, [selection.alias]), selection)
        raise QueryError(f"Field '{selection.name}' doesn't exist on type 'Query'")

    def _given(self, value: Any) -> Any:
        if isinstance(value, Variable):
            return self._variables.get(value.name)
        return [self._given(each) for each in value] if isinstance(value, list) else value

    def _node(self, node: str, path: list[str | int]) -> Value | None:
        seen = (each for each in self._stage.repositories.values() if can_see(each, self._token))
        for repository in seen:
            with repository.lock:
                for found, post in posts(repository):
                    if found == node:
                        return post_value(repository, node, post)
        message = f"Could not resolve to a node with the global id of '{node}'"
        self._errors.append({"type": "NOT_FOUND", "path": path, "message": message})
        return None

    def _repository(self, arguments: Mapping[str, Any], path: list[str | int]) -> Value | None:
        name = f"{arguments.get('owner')}/{arguments.get('name')}"
        found = self._stage.repositories.get(name.lower()) or self._stage.repositories.get(name)
        if found is not None and can_see(found, self._token):
            return repository_value(found)
        message = f"Could not resolve to a Repository with the name '{name}'."
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
        if callable(found):
            found = found({name: self._given(given) for name, given in selection.arguments.items()})
        if isinstance(found, list):
            return [self._shape(each, selection) for each in found]
        return self._shape(found, selection) if isinstance(found, Value) else found
