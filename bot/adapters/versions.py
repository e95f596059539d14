"""All version sources behind one port: many look-ups at once, each asked once a run, each failure a value."""

from __future__ import annotations

import base64
import json
from collections import defaultdict
from concurrent.futures import ThreadPoolExecutor
from functools import partial
from typing import TYPE_CHECKING, Any, TypeVar

from bot.adapters.versions_address import SourceError
from bot.adapters.versions_github import GitHubTags
from bot.adapters.versions_helm import LARGEST, versions
from bot.adapters.versions_http import Web
from bot.adapters.versions_registry import Credential, Registries
from bot.adapters.versions_terraform import TerraformRegistries
from bot.core.packages import Available, Unavailable

if TYPE_CHECKING:
    from collections.abc import Callable, Collection, Iterable, Mapping

    from bot.core.packages import Package

K = TypeVar("K")
V = TypeVar("V")
_AT_ONCE = 8
_TERRAFORM = "TF_TOKEN_"


class Sources:
    """The `VersionSource` of a run; `close` it at its end.

    `api_url` and `token` are GitHub's. `credentials` are for registries and chart repositories, `tokens` for Terraform
    registries, by host. `trusted` are hosts that may be inside the runner's own network. `patience` are the seconds
    that one call may take in all.
    """

    def __init__(
        self,
        api_url: str,
        token: str,
        *,
        credentials: Mapping[str, Credential] | None = None,
        tokens: Mapping[str, str] | None = None,
        trusted: Collection[str] = (),
        patience: float = 120.0,
    ) -> None:
        self._web = Web(trusted, patience)
        self._credentials = credentials or {}
        self._registries = Registries(self._web, self._credentials)
        self._terraform = TerraformRegistries(self._web, tokens or {})
        self._github = GitHubTags(self._web, api_url, token)
        self._known: dict[Package, Available | Unavailable] = {}
        self._digests: dict[tuple[Package, str], str | Unavailable] = {}
        self._hashes: dict[tuple[Package, str], tuple[str, ...] | Unavailable] = {}

    def close(self) -> None:
        """Close all connections."""
        self._web.close()

    def available(self, packages: Iterable[Package]) -> Mapping[Package, Available | Unavailable]:
        """See `VersionSource`. The charts of one repository are one look-up."""
        wanted = dict.fromkeys(packages)
        jobs: dict[tuple[Package, ...], Callable[[], Mapping[Package, Available | Unavailable]]] = {}
        charts: defaultdict[str, list[Package]] = defaultdict(list)
        for package in wanted:
            if package in self._known:
                continue
            if package.kind == "chart":
                charts[package.host].append(package)
            else:
                jobs[package,] = partial(self._of_package, package)
        for host, several in charts.items():
            jobs[tuple(several)] = partial(self._of_charts, host, several)
        for asked, answer in self._together(jobs).items():
            self._known |= dict.fromkeys(asked, answer) if isinstance(answer, Unavailable) else answer
        return {package: self._known[package] for package in wanted}

    def digests(self, tags: Iterable[tuple[Package, str]]) -> Mapping[tuple[Package, str], str | Unavailable]:
        """See `VersionSource`."""
        wanted = dict.fromkeys(tags)
        jobs = {one: partial(self._registries.digest, *one) for one in wanted if one not in self._digests}
        self._digests |= self._together(jobs)
        return {one: self._digests[one] for one in wanted}

    def hashes(
        self, versions: Iterable[tuple[Package, str]]
    ) -> Mapping[tuple[Package, str], tuple[str, ...] | Unavailable]:
        """See `VersionSource`."""
        wanted = dict.fromkeys(versions)
        jobs = {one: partial(self._terraform.hashes, *one) for one in wanted if one not in self._hashes}
        self._hashes |= self._together(jobs)
        return {one: self._hashes[one] for one in wanted}

    def _together(self, jobs: Mapping[K, Callable[[], V]]) -> dict[K, V | Unavailable]:
        self._web.start()
        if not jobs:
            return {}
        with ThreadPoolExecutor(max_workers=min(len(jobs), _AT_ONCE)) as pool:
            futures = {key: pool.submit(_answered, job) for key, job in jobs.items()}
        return {key: future.result() for key, future in futures.items()}

    def _of_package(self, package: Package) -> Mapping[Package, Available]:
        match package.kind:
            case "image" | "oci-chart":
                return {package: self._registries.tags(package)}
            case "terraform-provider" | "terraform-module":
                return {package: self._terraform.versions(package)}
            case _:
                return {package: self._github.tags(package)}

    def _of_charts(self, repository: str, packages: Collection[Package]) -> Mapping[Package, Available | Unavailable]:
        index = self._index(repository)
        try:
            found = versions(index, [package.name for package in packages])
        except SourceError as error:
            raise SourceError(f"{repository}: {error}") from None
        missing = Unavailable(f"{repository} has no such chart")
        return {package: found[package.name] or missing for package in packages}

    def _index(self, repository: str) -> bytes:
        host = repository.partition("://")[2].partition("/")[0].lower()
        credential = self._credentials.get(host)
        headers = {"authorization": credential.basic} if credential else {}
        answer = self._web.ask(f"{repository}/index.yaml", headers, limit=LARGEST)
        if answer.status != 200:
            raise SourceError(f"{repository} has no index.yaml for us ({answer.status})")
        return answer.body


def _answered(job: Callable[[], V]) -> V | Unavailable:
    try:
        return job()
    except SourceError as error:
        return Unavailable(str(error))


def credentials_of(environ: Mapping[str, str]) -> dict[str, Credential]:
    """What `DOCKER_AUTH_CONFIG` holds, in the form of Docker's `config.json`; broken entries are left out."""
    try:
        config: Any = json.loads(environ.get("DOCKER_AUTH_CONFIG") or "{}")
    except (ValueError, RecursionError):
        return {}
    entries = config.get("auths") if isinstance(config, dict) else None
    found = ((host, _credential(entry)) for host, entry in entries.items()) if isinstance(entries, dict) else ()
    return {_host(host): one for host, one in found if one}


def _credential(entry: Any) -> Credential | None:
    packed = entry.get("auth") if isinstance(entry, dict) else None
    try:
        user, _, secret = base64.b64decode(packed or "", validate=True).decode().partition(":")
    except (ValueError, TypeError):
        return None
    return Credential(user, secret) if user and secret else None


def _host(written: str) -> str:
    """`https://index.docker.io/v1/` is Docker Hub; other entries are hosts, with or without a scheme."""
    host = written.partition("://")[2] or written
    host = host.partition("/")[0].lower()
    return "registry-1.docker.io" if host in {"index.docker.io", "docker.io"} else host


def tokens_of(environ: Mapping[str, str]) -> dict[str, str]:
    """Terraform's own variables: `TF_TOKEN_app_terraform_io` is for `app.terraform.io`, `__` stands for a hyphen."""
    return {
        name.removeprefix(_TERRAFORM).replace("__", "-").replace("_", ".").lower(): value
        for name, value in environ.items()
        if name.startswith(_TERRAFORM) and value
    }
