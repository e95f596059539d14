"""The referee of the fake GitHub: every exchange is held against GitHub's own OpenAPI description."""

from __future__ import annotations

import re
from dataclasses import dataclass
from functools import lru_cache
from typing import TYPE_CHECKING, Any, Self
from urllib.parse import unquote

from tests.contract.npm import OPENAPI, api_description, locked_version
from tests.contract.paths import PATHS, REPOSITORY
from tests.contract.schemas import closure, kept, plain_schema, problems, validators

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from tests.contract.schemas import Validator

_GREEDY = (
    "/contents/{path}",
    "/git/ref/{ref}",
    "/git/refs/{ref}",
    "/git/matching-refs/{ref}",
    "/compare/{basehead}",
    "/commits/{ref}",
    "/branches/{branch}",
)
"""Paths whose last parameter may hold slashes; clients often leave those unescaped."""

_ANYWHERE = frozenset({401, 403, 404, 429, 500, 502, 503, 504})
"""What GitHub may answer to any request; most operations of the description do not list them."""

_LABEL_LIST = {"type": "array", "minItems": 1, "items": {"type": "string"}}
_ALSO_TAKEN: Mapping[str, Any] = {
    # The description's own text: "You can also pass an array of labels directly".
    f"POST {REPOSITORY}/issues/{{issue_number}}/labels": _LABEL_LIST,
    f"PUT {REPOSITORY}/issues/{{issue_number}}/labels": _LABEL_LIST,
}


@dataclass(frozen=True, slots=True)
class Operation:
    """One method of one path: validators of its parameters, its request body and its answers."""

    name: str
    path_parameters: dict[str, Validator]
    query_parameters: dict[str, tuple[str, Validator]]
    body: Validator | None
    body_required: bool
    body_properties: frozenset[str] | None
    responses: dict[int, Validator | None]


class GitHubContract:
    """Validates exchanges with GitHub's REST API."""

    def __init__(self, description: Mapping[str, Any]) -> None:
        self._validator = validators(description["schemas"])
        self._described: Mapping[str, Any] = description["operations"]
        self._operations: dict[str, Operation] = {}
        templates = {name.split(" ", 1)[1] for name in self._described}
        self._routes = [(template, _route(template)) for template in sorted(templates, key=_specific_first)]
        self._find = lru_cache(maxsize=4096)(self._find_route)

    @classmethod
    def load(cls, paths: tuple[str, ...] = PATHS) -> Self:
        """The contract of `paths`, from the locked version of `@octokit/openapi`.

        Raises:
            NpmInstallError: when the description is not here and cannot be installed.
        """
        name = f"github-api-{locked_version(OPENAPI)}"
        return cls(kept(name, api_description(), paths, lambda full: reduced(full, paths)))

    def check(
        self,
        method: str,
        path: str,
        query: Mapping[str, str],
        request_body: Any,
        status: int,
        response_body: Any,
    ) -> list[str]:
        """What is wrong with one exchange by GitHub's description; empty when it is right.

        `path` is as requested, percent-encoded, without query and without the prefix of an enterprise server. Bodies
        are parsed JSON; None is no body; `bytes` are one that is not JSON (diffs, raw files) and not looked into.
        """
        template, values = self._find(method, path)
        if template is None:
            return [f"{method} {path}: no such operation in GitHub's description, or not in tests/contract/paths.py"]
        operation = self._operation(f"{method} {template}")
        found = [problem for name, value in values for problem in _check_path(operation, name, value)]
        found += _check_query(operation, query)
        if status not in {400, 422}:  # then the fake has refused the request, as it should
            found += _check_request(operation, request_body)
        return found + _check_response(operation, status, response_body)

    def _find_route(self, method: str, path: str) -> tuple[str | None, tuple[tuple[str, str], ...]]:
        for template, route in self._routes:
            match = route.fullmatch(path)
            if match and f"{method} {template}" in self._described:
                return template, tuple((name, unquote(value)) for name, value in match.groupdict().items())
        return None, ()

    def _operation(self, name: str) -> Operation:
        if name not in self._operations:
            self._operations[name] = _compiled(name, self._described[name], self._validator)
        return self._operations[name]


def _specific_first(template: str) -> list[tuple[bool, str]]:
    """A sort key by which literal segments come before parameters, and longer templates before their beginnings."""
    return [(segment.startswith("{"), segment) for segment in template.split("/")] + [(True, "~")]


def _route(template: str) -> re.Pattern[str]:
    last = template.count("{") if template.endswith(_GREEDY) else 0
    parts = re.split(r"\{(\w+)\}", template)
    return re.compile(
        "".join(
            f"(?P<{part}>{'.+' if at == 2 * last - 1 else '[^/]+'})" if at % 2 else re.escape(part)
            for at, part in enumerate(parts)
        )
    )


def reduced(full: Mapping[str, Any], paths: tuple[str, ...]) -> dict[str, Any]:
    """The operations of `paths`, free of annotations, and the shared schemas that they need."""
    operations = {
        f"{method.upper()} {path}": _reduced_operation(full, f"{method.upper()} {path}", operation)
        for path in paths
        for method, operation in full["paths"][path].items()
    }
    return {"operations": operations, "schemas": closure(operations, full["components"]["schemas"])}


def _reduced_operation(full: Mapping[str, Any], name: str, operation: Mapping[str, Any]) -> dict[str, Any]:
    body = operation.get("requestBody")
    schema = plain_schema(body["content"]["application/json"]["schema"]) if body else None
    if name in _ALSO_TAKEN:
        schema = {"anyOf": [schema, _ALSO_TAKEN[name]]}
    parameters = [_resolved(full, parameter) for parameter in operation.get("parameters", [])]
    return {
        "parameters": [
            {"name": one["name"], "in": one["in"], "schema": plain_schema(one["schema"])} for one in parameters
        ],
        "body": schema,
        "body_required": bool(body and body.get("required")),
        "responses": {
            status: _any_of(_resolved(full, response).get("content", {}))
            for status, response in operation["responses"].items()
        },
    }


def _any_of(content: Mapping[str, Any]) -> Any:
    """One schema for all media types of an answer; None for an answer without a body."""
    schemas = [plain_schema(media["schema"]) for media in content.values()]
    return {"anyOf": schemas} if schemas else None


def _resolved(full: Mapping[str, Any], node: Any) -> Any:
    """Follow a reference to a shared parameter or response."""
    if "$ref" not in node:
        return node
    _, components, kind, name = node["$ref"].split("/")
    return full[components][kind][name]


def _compiled(name: str, described: Mapping[str, Any], validator: Callable[[Any], Validator]) -> Operation:
    parameters = described["parameters"]
    body = described["body"]
    return Operation(
        name=name,
        path_parameters={one["name"]: validator(one["schema"]) for one in parameters if one["in"] == "path"},
        query_parameters={
            one["name"]: (str(one["schema"].get("type")), validator(one["schema"]))
            for one in parameters
            if one["in"] == "query"
        },
        body=None if body is None else validator(body),
        body_required=described["body_required"],
        body_properties=_known_properties(body),
        responses={int(status): schema and validator(schema) for status, schema in described["responses"].items()},
    )


def _known_properties(schema: Any) -> frozenset[str] | None:
    """The names that an object may have, or None where the description leaves that open."""
    if not isinstance(schema, dict) or schema.get("additionalProperties"):
        return None
    own = frozenset(schema.get("properties", ()))
    branches = [_known_properties(branch) for branch in schema.get("anyOf", [])]
    known = [names for names in branches if names is not None]
    return own.union(*known) or None


def _check_path(operation: Operation, name: str, value: str) -> list[str]:
    validator = operation.path_parameters.get(name)
    if validator is None:
        return []
    number = int(value) if value.isdecimal() else None
    as_text = problems(validator, value, f"{operation.name} {{{name}}}")
    return as_text if number is None or problems(validator, number, "") else []


def _check_query(operation: Operation, query: Mapping[str, str]) -> list[str]:
    found = []
    for name, text in query.items():
        if name not in operation.query_parameters:
            found.append(f"{operation.name} ?{name}: no such query parameter")
            continue
        kind, validator = operation.query_parameters[name]
        value: Any = text
        if kind == "integer" and re.fullmatch(r"-?\d+", text):
            value = int(text)
        elif kind == "boolean" and text in {"true", "false"}:
            value = text == "true"
        elif kind == "array":
            value = text.split(",")
        found += problems(validator, value, f"{operation.name} ?{name}")
    return found


def _check_request(operation: Operation, body: Any) -> list[str]:
    where = f"{operation.name} request"
    if body is None:
        return [f"{where}: a body is required"] if operation.body_required else []
    if operation.body is None:
        return [f"{where}: this operation takes no body"]
    found = problems(operation.body, body, where)
    if isinstance(body, dict) and operation.body_properties is not None:
        found += [f"{where}.{name}: no such property" for name in body.keys() - operation.body_properties]
    return found


def _check_response(operation: Operation, status: int, body: Any) -> list[str]:
    where = f"{operation.name} answer {status}"
    if status not in operation.responses and status not in _ANYWHERE:
        return [f"{where}: GitHub gives {', '.join(map(str, sorted(operation.responses)))}"]
    if isinstance(body, bytes):
        return []
    validator = operation.responses.get(status)
    if validator is not None:
        return problems(validator, body, where)
    if status < 300:
        return [] if body is None else [f"{where}: has no body at GitHub"]
    excused = status < 400 or status >= 500
    has_message = isinstance(body, dict) and isinstance(body.get("message"), str)
    return [] if excused or has_message else [f"{where}: an error is an object with a message"]
