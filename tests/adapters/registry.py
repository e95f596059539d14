"""A small registry for tests: pages of tags, tokens, and faults on demand; Debian's has neither pages nor tokens."""

from __future__ import annotations

import base64
import hashlib
import json
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from bot.rehearsal.http_server import HttpServer, Request, Response

if TYPE_CHECKING:
    from collections.abc import Callable


def answered(value: object, status: int = 200, **headers: str) -> Response:
    return Response(status, {"Content-Type": "application/json"} | headers, json.dumps(value).encode())


def digest_of(name: str, tag: str) -> str:
    return "sha256:" + hashlib.sha256(f"{name}:{tag}".encode()).hexdigest()


@dataclass
class Registry:
    """`images` are tags by name, `page` how many a page has, `password` (`user:secret`) what a token costs."""

    images: dict[str, list[str]]
    page: int = 1000
    password: str = ""
    needs_token: bool = False
    realm: str = ""
    word: str = "good"
    faults: list[Response | Callable[[], Response]] = field(default_factory=list)
    requests: list[Request] = field(default_factory=list)
    says_digest: bool = True
    root: str = ""

    def serve(self) -> HttpServer:
        server = HttpServer(self.handle)
        self.root = server.url
        return server

    @property
    def host(self) -> str:
        return self.root.removeprefix("http://")

    @property
    def authorizations(self) -> list[str]:
        return [request.headers.get("authorization", "") for request in self.requests]

    def handle(self, request: Request) -> Response:
        self.requests.append(request)
        if request.path == "/token":
            return self._token(request)
        if self.faults:
            fault = self.faults.pop(0)
            return fault if isinstance(fault, Response) else fault()
        name = request.path.removeprefix("/v2/").partition("/tags/list")[0].partition("/manifests/")[0]
        if self.needs_token and request.headers.get("authorization") != f"Bearer {self.word}-{name}":
            realm = self.realm or f"{self.root}/token"
            challenge = f'Bearer realm="{realm}",service="test",scope="repository:{name}:pull"'
            return answered({"errors": [{"code": "UNAUTHORIZED"}]}, 401, **{"WWW-Authenticate": challenge})
        if name not in self.images:
            return answered({"errors": [{"code": "NAME_UNKNOWN"}]}, 404)
        return self._manifest(name, request) if "/manifests/" in request.path else self._tags(name, request)

    def _token(self, request: Request) -> Response:
        given = request.headers.get("authorization", "").removeprefix("Basic ")
        if self.password and base64.b64decode(given).decode() != self.password:
            return answered({}, 401)
        name = request.query["scope"].split(":")[1]
        return answered({"token": f"{self.word}-{name}"})

    def _tags(self, name: str, request: Request) -> Response:
        tags = self.images[name]
        last = request.query.get("last")
        first = tags.index(last) + 1 if last else 0
        page = tags[first : first + self.page]
        headers: dict[str, Any] = {}
        if first + self.page < len(tags):
            headers["Link"] = f'</v2/{name}/tags/list?n={self.page}&last={page[-1]}>; rel="next"'
        return answered({"name": name, "tags": page}, **headers)

    def _manifest(self, name: str, request: Request) -> Response:
        tag = request.path.rpartition("/")[2]
        if tag not in self.images[name]:
            return answered({"errors": [{"code": "MANIFEST_UNKNOWN"}]}, 404)
        headers = {"Docker-Content-Digest": digest_of(name, tag)} if self.says_digest else {}
        return Response(200, headers, f"{name}:{tag}".encode())
