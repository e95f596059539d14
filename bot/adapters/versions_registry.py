"""Container registries: tags and digests of images and charts, by the OCI distribution API with its tokens.

https://github.com/opencontainers/distribution-spec, https://distribution.github.io/distribution/spec/auth/token/
"""

from __future__ import annotations

import base64
import hashlib
import re
from dataclasses import dataclass, field
from typing import TYPE_CHECKING
from urllib.parse import quote, urlencode

from bot.adapters.versions_address import SourceError, checked_url, following, origin, root_of
from bot.adapters.versions_json import mapping, texts
from bot.core.packages import Available, Release

if TYPE_CHECKING:
    from collections.abc import Mapping

    from bot.adapters.versions_http import Answer, Web
    from bot.core.packages import Package

MOST_TAGS = 100_000
_MOST_PAGES = 200
_PAGE = 10_000
_AMAZON_PAGE = 1_000
_HOSTS = {"docker.io": "registry-1.docker.io"}
_REALMS = {"registry-1.docker.io": "auth.docker.io", "registry.gitlab.com": "gitlab.com"}
"""Token services on another host that a registry's credentials may go to."""
_MANIFESTS = (
    "application/vnd.oci.image.index.v1+json, application/vnd.docker.distribution.manifest.list.v2+json, "
    "application/vnd.oci.image.manifest.v1+json, application/vnd.docker.distribution.manifest.v2+json"
)
_DIGEST = re.compile(r"sha256:[0-9a-f]{64}|sha512:[0-9a-f]{128}")
_NEXT = re.compile(r"<([^<>]{1,4000})>\s*;[^,]{0,200}\brel=\"?next\b")
_CHALLENGE = re.compile(r"\s*(?P<scheme>basic|bearer)\b(?P<rest>.{0,4000})", re.IGNORECASE)
_PARAMETER = re.compile(r"(\w{1,30})=\"([^\"]{0,1000})\"")


@dataclass(frozen=True, slots=True)
class Credential:
    """A user name and what proves it; for one host alone."""

    user: str
    secret: str = field(repr=False)

    @property
    def basic(self) -> str:
        """The header's value."""
        return "Basic " + base64.b64encode(f"{self.user}:{self.secret}".encode()).decode()


class Registries:
    """All registries of a run; tokens are kept as long as it lasts. `credentials` are by host with its port."""

    def __init__(self, web: Web, credentials: Mapping[str, Credential]) -> None:
        self._web = web
        self._credentials = credentials
        self._tokens: dict[tuple[str, str], str] = {}

    def tags(self, package: Package) -> Available:
        """All tags, page by page.

        Raises:
            SourceError: when the registry gives none.
        """
        host = _HOSTS.get(package.host, package.host)
        size = _AMAZON_PAGE if host.endswith(".amazonaws.com") else _PAGE
        url = f"{root_of(host)}/v2/{quote(package.name)}/tags/list?n={size}"
        known: dict[str, None] = {}
        asked: set[str] = set()
        cut = ""
        while url and not cut:
            asked.add(url)
            answer = self._ask(package, url)
            _judge(answer, package)
            known |= dict.fromkeys(texts(answer, "tags"))
            url, cut = _next(answer, url)
            if url in asked or len(asked) >= _MOST_PAGES or len(known) > MOST_TAGS:
                cut = cut or f"{host} lists more than {MOST_TAGS:,} tags, or goes round in circles"
        is_chart = package.kind == "oci-chart"
        return Available(tuple(Release(tag.replace("_", "+") if is_chart else tag) for tag in known), cut)

    def digest(self, package: Package, tag: str) -> str:
        """What a tag stands for: the digest of its index, or of its one manifest.

        Raises:
            SourceError: when the registry does not say.
        """
        host = _HOSTS.get(package.host, package.host)
        name = tag.replace("+", "_") if package.kind == "oci-chart" else tag
        url = f"{root_of(host)}/v2/{quote(package.name)}/manifests/{quote(name)}"
        answer = self._ask(package, url, "HEAD")
        _judge(answer, package, tag)
        found = answer.headers.get("docker-content-digest", "")
        if not found:
            answer = self._ask(package, url)
            _judge(answer, package, tag)
            found = "sha256:" + hashlib.sha256(answer.body).hexdigest()
        if not _DIGEST.fullmatch(found):
            raise SourceError(f"{host} says a digest for {package.name}:{tag} that is none")
        return found

    def _ask(self, package: Package, url: str, method: str = "GET") -> Answer:
        host = _HOSTS.get(package.host, package.host)
        headers = {"Accept": _MANIFESTS} if "/manifests/" in url else {}
        token = self._tokens.get((host, package.name))
        if token:
            headers["authorization"] = token
        answer = self._web.ask(url, headers, method=method)
        if answer.status != 401:
            return answer
        headers["authorization"] = self._authorization(host, package, answer.headers.get("www-authenticate", ""))
        self._tokens[host, package.name] = headers["authorization"]
        return self._web.ask(url, headers, method=method)

    def _authorization(self, host: str, package: Package, challenge: str) -> str:
        found = _CHALLENGE.match(challenge)
        credential = self._credentials.get(host) or self._credentials.get(package.host)
        if found and found["scheme"].lower() == "bearer":
            return self._token(host, package, dict(_PARAMETER.findall(found["rest"])), credential)
        if found and credential:
            return credential.basic
        raise SourceError(f"{host} asks for a password for {package.name} (401)")

    def _token(self, host: str, package: Package, asked: Mapping[str, str], credential: Credential | None) -> str:
        """A token, asked for with the credentials only where the token service is the registry's own."""
        scope = f"repository:{package.name}:pull"
        words = {"service": asked["service"], "scope": scope} if "service" in asked else {"scope": scope}
        registry = checked_url(root_of(host))
        realm = checked_url(following(root_of(host), asked.get("realm", "")))
        is_own = origin(realm) == origin(registry) or (
            realm.scheme == "https" and realm.hostname is not None and realm.hostname == _REALMS.get(host)
        )
        mark = "&" if realm.query else "?"
        headers = {"authorization": credential.basic} if credential and is_own else {}
        answer = self._web.ask(f"{realm.geturl()}{mark}{urlencode(words)}", headers)
        if answer.status != 200:
            raise SourceError(f"{host} gives no token for {package.name} ({answer.status})")
        given = mapping(answer)
        token = given.get("token") or given.get("access_token")
        if not isinstance(token, str) or not token.isascii() or not token.isprintable():
            raise SourceError(f"{host} gives a token that is none")
        return f"Bearer {token}"


def _judge(answer: Answer, package: Package, tag: str = "") -> None:
    name = f"{package.name}:{tag}" if tag else package.name
    if answer.status == 200:
        return
    if answer.status in {401, 403}:
        raise SourceError(f"{package.host} does not let us see {name} ({answer.status})")
    if answer.status == 404:
        raise SourceError(f"{package.host} has no {name} (404)")
    raise SourceError(f"{package.host} answers {answer.status} for {name}")


def _next(answer: Answer, url: str) -> tuple[str, str]:
    """The next page, and why it is not read."""
    found = _NEXT.search(answer.headers.get("link", "")[:8_000])
    if found is None:
        return "", ""
    page = following(url, found[1])
    if origin(checked_url(page)) != origin(checked_url(url)):
        return "", "the next page of tags is on another server"
    return page, ""
