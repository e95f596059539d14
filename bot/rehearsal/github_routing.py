"""From a request to the function that answers it: the route table, one call's facts, and pages."""

from __future__ import annotations

import json
import re
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, TypeVar
from urllib.parse import unquote, urlencode

from bot.rehearsal.github_problems import ApiError, malformed, not_found
from bot.rehearsal.http_server import Response

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Mapping, Sequence

    from bot.rehearsal.github_repository import Repository
    from bot.rehearsal.github_service import FakeGitHub
    from bot.rehearsal.github_state import Token, User, World
    from bot.rehearsal.http_server import Request

T = TypeVar("T")
_SLASHED = {"ref", "path", "branch", "basehead"}  # parameters that GitHub lets contain slashes
_NAMES = {str: "a string", bool: "a boolean", int: "an integer", list: "an array", dict: "an object"}


@dataclass(frozen=True, slots=True)
class Route:
    """One row of the table.

    `template` is the path as GitHub's OpenAPI description has it. `needs` is the permission of an installation's token
    (`contents:write`), `conversation:write` standing for issues or pull requests, whichever the number is. `creates`
    marks what counts for the limit on new content.
    """

    method: str
    template: str
    handler: Callable[[Call], Answer]
    needs: str = "metadata:read"
    creates: bool = False


@dataclass(slots=True)
class Call:
    """One API call with everything its handler needs; `repository` is already checked to be visible to the caller."""

    stage: FakeGitHub
    request: Request
    route: Route
    params: Mapping[str, str]
    token: Token | None
    found: Repository | None = None
    _body: Any = field(default=None)

    @property
    def repository(self) -> Repository:
        """The repository of the path."""
        if self.found is None:
            raise not_found()
        return self.found

    @property
    def world(self) -> World:
        """Accounts, ids and time."""
        return self.stage.world

    @property
    def user(self) -> User:
        """Who calls.

        Raises:
            ApiError: 401 for nobody.
        """
        if self.token is None:
            raise ApiError(401, "Requires authentication")
        return self.token.user

    @property
    def query(self) -> Mapping[str, str]:
        """The query string's values."""
        return self.request.query

    def number(self, name: str) -> int:
        """A numeric path parameter.

        Raises:
            ApiError: 404 when it is not one.
        """
        text = self.params[name]
        if not text.isdecimal() or len(text) > 15:
            raise not_found()
        return int(text)

    def document(self) -> Any:
        """The request's JSON, `{}` for none.

        Raises:
            ApiError: 400 when it is not JSON.
        """
        if self._body is None:
            try:
                self._body = json.loads(self.request.body or b"{}")
            except ValueError as problem:
                raise malformed() from problem
        return self._body

    def given(self, name: str, kind: type, *, required: bool = False) -> Any:
        """A field of the request's JSON object, or None.

        Raises:
            ApiError: 422 when it is missing or of another type, 400 when the body is not an object.
        """
        document = self.document()
        if not isinstance(document, dict):
            raise ApiError(400, "Body should be a JSON object")
        value = document.get(name)
        if value is None:
            if required:
                raise ApiError(422, f'Invalid request.\n\n"{name}" wasn\'t supplied.')
            return None
        if not isinstance(value, kind) or (kind is int and isinstance(value, bool)):
            shown = json.dumps(value)[:80]
            raise ApiError(422, f"Invalid request.\n\nFor 'properties/{name}', {shown} is not {_NAMES[kind]}.")
        return value

    def text(self, name: str, *, required: bool = False) -> str | None:
        """A text field of the request."""
        value: str | None = self.given(name, str, required=required)
        return value

    def needed(self, name: str) -> str:
        """A text field that must be there."""
        return self.text(name, required=True) or ""

    def accepts(self, media: str) -> bool:
        """Whether the caller asks for a media type such as `diff` or `raw`."""
        return bool(re.search(rf"application/vnd\.github\.(v3\.)?{media}\b", self.request.headers.get("accept", "")))

    def page(self, items: Sequence[T], shape: Callable[[T], Any], default: int = 30) -> Response:
        """The asked-for page of a list, with GitHub's Link header."""
        size = min(max(_whole(self.query.get("per_page"), default), 1), 100)
        number = max(_whole(self.query.get("page"), 1), 1)
        last = max(-(-len(items) // size), 1)
        shown = [shape(item) for item in items[(number - 1) * size : number * size]]
        links = {"prev": number - 1, "next": number + 1, "last": last, "first": 1}
        wanted = [name for name in links if (number > 1 if name in {"prev", "first"} else number < last)]
        url = f"{self.world.server_url}{self.request.path}"
        parts = (f'<{url}?{urlencode({**self.query, "page": links[name]})}>; rel="{name}"' for name in wanted)
        return json_response(200, shown, {"Link": ", ".join(parts)} if wanted else {})


Answer = Response | tuple[int, Any]


def _whole(text: str | None, default: int) -> int:
    return int(text) if text and text.isdecimal() and len(text) < 10 else default


def json_response(status: int, document: Any, headers: Mapping[str, str] | None = None) -> Response:
    """An answer with JSON, or without a body for 204."""
    body = b"" if status == 204 else json.dumps(document, separators=(",", ":")).encode()
    return Response(status, {"Content-Type": "application/json; charset=utf-8", **(headers or {})}, body)


class Router:
    """Finds the route of a path: names win over parameters, and parameters without slashes over those with."""

    def __init__(self, routes: Iterable[Route]) -> None:
        self._routes: dict[str, list[tuple[re.Pattern[str], Route]]] = {}
        for route in sorted(routes, key=_order):
            self._routes.setdefault(route.method, []).append((_pattern(route.template), route))

    def find(self, method: str, path: str) -> tuple[Route, dict[str, str]]:
        """The route and its decoded parameters.

        Raises:
            ApiError: 404 when there is none.
        """
        for pattern, route in self._routes.get(method, ()):
            if found := pattern.fullmatch(path):
                return route, {name: unquote(value) for name, value in found.groupdict().items()}
        raise not_found()


def _order(route: Route) -> tuple[bool, int, list[bool]]:
    slashed = any(f"{{{name}}}" in route.template for name in _SLASHED)
    segments = route.template.split("/")
    return slashed, -len(segments), [segment.startswith("{") for segment in segments]


def _pattern(template: str) -> re.Pattern[str]:
    def group(found: re.Match[str]) -> str:
        return f"(?P<{found[1]}>{'.+' if found[1] in _SLASHED else '[^/]+'})"

    return re.compile(re.sub(r"\\{(\w+)\\}", group, re.escape(template)))
