"""Helm charts: dependencies of Chart.yaml and kustomizations, Argo CD applications, Flux releases and sources."""

from __future__ import annotations

import re
from dataclasses import replace
from typing import TYPE_CHECKING

from bot.core.packages import Package, Place, Reference
from bot.manifests.nodes import Mapping, Node, string
from bot.manifests.yaml_places import Part, Word, mappings, own, parts, told

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence
    from collections.abc import Mapping as Table


CLUE = re.compile(
    r"""^["']?(?:dependencies|helmCharts)["']?:|\bkind["']?:\s{0,20}["']?(?:Application(?:Set)?|HelmRe(?:lease|pository)|OCIRepository)\b""",
    re.MULTILINE,
)
"""What a text without it need not be read for."""
_LISTS = {"dependencies": "repository", "helmCharts": "repo"}
_FLUX = "flux://"
_DIGEST = re.compile(r"sha256:[0-9a-f]{64}")


def references(path: str, text: str) -> list[Reference]:
    """The charts of a YAML text. Flux names a source by its object: `resolved` puts its address there."""
    return found_in(path, list(parts(text, CLUE)))


def found_in(path: str, documents: Sequence[Part]) -> list[Reference]:
    """The same for documents that were read already."""
    found: list[Reference | None] = []
    for part in documents:
        for trail, node in mappings(part.node):
            found.append(_listed(path, part, trail, node))
            found.append(_applied(path, part, trail, node))
        found.append(_released(path, part))
        found.append(_stored(path, part))
    return resolved([one for one in found if one], _repositories(documents))


def repositories(text: str) -> dict[str, str]:
    """The Flux HelmRepository objects of a text: the name that `references` has as a host, and the address."""
    return _repositories(parts(text, CLUE))


def _repositories(documents: Iterable[Part]) -> dict[str, str]:
    found: dict[str, str] = {}
    for part in documents:
        name, url = string(part.node, "metadata", "name"), string(part.node, "spec", "url")
        if part.kind == "HelmRepository" and name and url:
            found[_source(string(part.node, "metadata", "namespace"), name)] = url
    return found


def resolved(references: Iterable[Reference], known: Table[str, str]) -> list[Reference]:
    """References with the addresses of their Flux sources, as far as these are known; the others stay.

    A source is found under its namespace, or by its name alone where only one object has it.
    """
    return [_resolved(one, known) if one.package.host.startswith(_FLUX) else one for one in references]


def _resolved(one: Reference, known: Table[str, str]) -> Reference:
    name = one.package.host.rpartition("/")[2]
    alike = [url for source, url in known.items() if source.rpartition("/")[2] == name]
    url = known.get(one.package.host) or (alike[0] if len(set(alike)) == 1 else "")
    package = chart_package(url, one.package.name) if url else None
    return replace(one, package=package, held="") if package else one


def chart_package(repository: str, name: str) -> Package | None:
    """The package of a chart: of an HTTP repository, or of a registry (`oci://`, or no scheme at all as in Argo CD)."""
    address = repository.strip().rstrip("/")
    if address.startswith(("https://", "http://")):
        return Package("chart", address, name)
    if "://" in address and not address.startswith("oci://"):
        return None
    host, _, folder = address.removeprefix("oci://").partition("/")
    if (
        not host
        or not re.fullmatch(r"[\w.-]+(?::\d+)?", host)
        or not ("." in host or ":" in host or host == "localhost")
    ):
        return None
    return Package("oci-chart", host.lower(), "/".join(part for part in (folder, name) if part))


def _listed(path: str, part: Part, trail: tuple[str, ...], node: Mapping) -> Reference | None:
    """An item of `dependencies` (Chart.yaml) or `helmCharts` (kustomization)."""
    key = _LISTS.get(trail[0]) if len(trail) == 2 else None
    name, version = part.word(own(node, "name")), part.word(own(node, "version"))
    repository = part.word(own(node, key)) if key else None
    if not (name and version and repository):
        return None
    return _reference(path, version, told(part.owner, trail), chart_package(repository.text, name.text))


def _applied(path: str, part: Part, trail: tuple[str, ...], node: Mapping) -> Reference | None:
    """A source of an Argo CD Application or ApplicationSet."""
    if part.kind not in {"Application", "ApplicationSet"}:
        return None
    chart, version = part.word(own(node, "chart")), part.word(own(node, "targetRevision"))
    repository = part.word(own(node, "repoURL"))
    if not (chart and version and repository):
        return None
    return _reference(path, version, told(part.owner, trail), chart_package(repository.text, chart.text))


def _released(path: str, part: Part) -> Reference | None:
    """The chart of a Flux HelmRelease."""
    spec = _below(part, "spec", "chart", "spec") if part.kind == "HelmRelease" else None
    chart, version = part.word(own(spec, "chart")), part.word(own(spec, "version"))
    source = string(spec, "sourceRef", "name")
    if not (chart and version and source) or string(spec, "sourceRef", "kind") != "HelmRepository":
        return None
    namespace = string(spec, "sourceRef", "namespace") or string(part.node, "metadata", "namespace")
    package = Package("chart", _source(namespace, source), chart.text)
    missing = f"its HelmRepository `{source}` is not in this repository"
    one = _reference(path, version, told(part.owner, ("spec", "chart")), package)
    return replace(one, held=missing) if one else None


def _stored(path: str, part: Part) -> Reference | None:
    """The artifact of a Flux OCIRepository."""
    spec = _below(part, "spec") if part.kind == "OCIRepository" else None
    url, wanted = part.word(own(spec, "url")), own(spec, "ref")
    version = part.word(own(wanted, "tag")) or part.word(own(wanted, "semver"))
    if not (url and version and url.text.startswith("oci://")):
        return None
    one = _reference(path, version, told(part.owner, ("spec", "ref")), chart_package(url.text, ""))
    digest = part.word(own(wanted, "digest"))
    if one and digest and _DIGEST.fullmatch(digest.text):
        place = Place("digest", digest.start, digest.end, digest.text)
        return replace(one, places=(*one.places, place), digest=digest.text)
    return one


def _below(part: Part, *keys: str) -> Mapping | None:
    node: Node = part.node
    for key in keys:
        found = own(node, key)
        if found is None:
            return None
        node = found
    return node if isinstance(node, Mapping) else None


def _source(namespace: str | None, name: str) -> str:
    return f"{_FLUX}{namespace or '-'}/{name}"


def _reference(path: str, version: Word, identity: str, package: Package | None) -> Reference | None:
    if package is None or not version.text:
        return None
    place = Place("version", version.start, version.end, version.text, plain=version.plain)
    return Reference(path, version.line, "charts", package, identity, version.text, "helm", (place,))
