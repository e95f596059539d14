"""Tags and releases of repositories on GitHub, read through the run's API address with its token."""

from __future__ import annotations

import re
from dataclasses import replace
from typing import TYPE_CHECKING, Any
from urllib.parse import quote, urlsplit

from bot.adapters.versions_address import SourceError, checked_url, following, origin
from bot.adapters.versions_json import mappings, moment, text
from bot.core.packages import Available, Release

if TYPE_CHECKING:
    from bot.adapters.versions_http import Answer, Web
    from bot.core.packages import Package

_MOST_PAGES = 20
_NEXT = re.compile(r"<([^<>]{1,2000})>\s*;\s*rel=\"next\"")
_WITHDRAWN = re.compile(r"\b(?:yanked|retracted|withdrawn|do not use|don't use)\b", re.IGNORECASE)


class GitHubTags:
    """The tags of any repository that the token may see."""

    def __init__(self, web: Web, api_url: str, token: str) -> None:
        self._web = web
        self._api_url = api_url.rstrip("/")
        self._token = token

    def tags(self, package: Package) -> Available:
        """Tags with their commits; of those with a release also when it came out, and what it says of itself.

        A tag's own date is that of its commit, so only releases have a time.

        Raises:
            SourceError: when GitHub gives no tags.
        """
        root = f"{self._api_url}/repos/{quote(package.name)}"
        releases = {text(one, "tag_name"): one for one in self._page(package, f"{root}/releases?per_page=100")[0]}
        found: list[Release] = []
        url = f"{root}/tags?per_page=100"
        for _ in range(_MOST_PAGES):
            items, url = self._page(package, url)
            for item in items:
                commit = item.get("commit")
                name = text(item, "name")
                sha = text(commit, "sha") if isinstance(commit, dict) else ""
                found.append(_told(Release(name, sha), releases.get(name)))
            if not url:
                return Available(tuple(found))
        return Available(tuple(found), f"{package.name} has more than {len(found):,} tags")

    def _page(self, package: Package, url: str) -> tuple[list[dict[str, Any]], str]:
        if origin(checked_url(url)) != origin(checked_url(self._api_url)):
            raise SourceError("GitHub's next page is on another server")
        headers = {"accept": "application/vnd.github+json", "x-github-api-version": "2022-11-28"}
        if self._token:
            headers["authorization"] = f"Bearer {self._token}"
        answer = self._web.ask(url, headers)
        _judge(answer, package)
        link = _NEXT.search(answer.headers.get("link", "")[:8_000])
        return mappings(answer), following(url, link[1]) if link else ""


def _judge(answer: Answer, package: Package) -> None:
    if answer.status == 200:
        return
    host = urlsplit(answer.url).hostname
    if answer.status == 403 and answer.headers.get("x-ratelimit-remaining") == "0":
        raise SourceError(f"{host} has had enough requests for this hour (403)")
    if answer.status == 404:
        raise SourceError(f"{host} has no {package.name} that this token may see (404)")
    raise SourceError(f"{host} answers {answer.status} for {package.name}")


def _told(tag: Release, release: dict[str, Any] | None) -> Release:
    if release is None:
        return tag
    withdrawn = "its release says so" if _WITHDRAWN.search(text(release, "name")[:500]) else ""
    return replace(
        tag,
        released=moment(release.get("published_at")),
        unstable=release.get("prerelease") is True or release.get("draft") is True,
        withdrawn=withdrawn,
    )
