"""Terraform's and OpenTofu's registries: versions of providers and modules, and the hashes for lock files.

https://developer.hashicorp.com/terraform/internals, its pages on the provider registry protocol, the module registry
protocol and remote service discovery.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING
from urllib.parse import quote

from bot.adapters.versions_address import SourceError, checked_url, following, origin, root_of
from bot.adapters.versions_json import mapping, mappings, objects, text
from bot.core.packages import Available, Release

if TYPE_CHECKING:
    from collections.abc import Mapping

    from bot.adapters.versions_http import Answer, Web
    from bot.core.packages import Package

_SERVICES = {"terraform-provider": "providers.v1", "terraform-module": "modules.v1"}
_SUM = re.compile(r"([0-9a-f]{64})\s+\*?(\S+)")
_MOST_SUMS = 1_000


class TerraformRegistries:
    """All Terraform registries of a run. `tokens` are by host and go nowhere else."""

    def __init__(self, web: Web, tokens: Mapping[str, str]) -> None:
        self._web = web
        self._tokens = tokens
        self._services: dict[tuple[str, str], str] = {}

    def versions(self, package: Package) -> Available:
        """All versions of a provider or module.

        Raises:
            SourceError: when the registry gives none.
        """
        answer = self._ask(package, f"{self._service(package)}{quote(package.name)}/versions")
        if package.kind == "terraform-provider":
            listed = mappings(answer, "versions")
        else:
            modules = mappings(answer, "modules")
            listed = objects(modules[0], "versions") if modules else []
        names = [text(one, "version") for one in listed]
        return Available(tuple(Release(name) for name in names if name))

    def hashes(self, package: Package, version: str) -> tuple[str, ...]:
        """The `zh:` hashes of a provider's packages for all platforms, from the sums that its registry names.

        Raises:
            SourceError: when the registry does not give them.
        """
        base = f"{self._service(package)}{quote(package.name)}/"
        listed = mappings(self._ask(package, f"{base}versions"), "versions")
        platforms = [
            one for entry in listed if text(entry, "version") == version for one in objects(entry, "platforms")
        ]
        if not platforms:
            raise SourceError(f"{package.host} names no platform of {package.name} {version}")
        system, machine = text(platforms[0], "os"), text(platforms[0], "arch")
        path = f"{base}{quote(version)}/download/{quote(system, '')}/{quote(machine, '')}"
        found = self._ask(package, path)
        sums = self._ask(package, following(found.url, text(mapping(found), "shasums_url")))
        lines = sums.body.decode("utf-8", "replace").splitlines()[:_MOST_SUMS]
        hashes = tuple(sorted(f"zh:{match[1]}" for line in lines if (match := _SUM.fullmatch(line.strip()))))
        if not hashes:
            raise SourceError(f"{package.host} gives no sums for {package.name} {version}")
        return hashes

    def _service(self, package: Package) -> str:
        """Where the registry's API begins, which it says itself."""
        name = _SERVICES[package.kind]
        known = self._services.get((package.host, name))
        if known:
            return known
        answer = self._ask(package, f"{root_of(package.host)}/.well-known/terraform.json")
        where = text(mapping(answer), name)
        if not where:
            raise SourceError(f"{package.host} has no {name}")
        self._services[package.host, name] = base = following(answer.url, where if where.endswith("/") else f"{where}/")
        return base

    def _ask(self, package: Package, url: str) -> Answer:
        token = self._tokens.get(package.host)
        is_own = origin(checked_url(url)) == origin(checked_url(root_of(package.host)))
        answer = self._web.ask(url, {"authorization": f"Bearer {token}"} if token and is_own else {})
        if answer.status == 200:
            return answer
        if answer.status in {401, 403}:
            raise SourceError(f"{package.host} does not let us see {package.name} ({answer.status})")
        if answer.status == 404:
            raise SourceError(f"{package.host} has no {package.name} (404)")
        raise SourceError(f"{package.host} answers {answer.status} for {package.name}")
