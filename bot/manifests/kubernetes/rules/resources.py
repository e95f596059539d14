"""RuntimeClass, resource claims and storage version migrations: fields that moved on the way from alpha."""

from __future__ import annotations

from typing import TYPE_CHECKING

from bot.manifests.kubernetes.rules.case import the
from bot.manifests.nodes import Mapping, Node, entry, get, items
from bot.manifests.rewriting import Moved, Tree

if TYPE_CHECKING:
    from bot.manifests.kubernetes.rules.case import Case

_EXACT = ("deviceClassName", "selectors", "allocationMode", "count", "adminAccess", "tolerations", "capacity")
_WRAPPED = {"v1beta2", "v1"}


def runtime_class(case: Case) -> None:
    """`spec.runtimeHandler` of v1alpha1 is `handler`; the other fields of the spec move up as well."""
    spec = the(case.node, "spec")
    if spec is None or not isinstance(spec.node, Mapping):
        return
    names = {"runtimeHandler": "handler"}
    tree: dict[str, Tree] = {names.get(one.key.text, one.key.text): Moved(one) for one in spec.node.entries}
    case.rewriting.replace_with(spec, tree)


def claim(case: Case) -> None:
    """ResourceClaim: what a request asks for stands under `exactly`."""
    _requests(case, get(case.node, "spec"))


def claim_template(case: Case) -> None:
    """ResourceClaimTemplate: as `claim`, one level deeper."""
    _requests(case, get(case.node, "spec", "spec"))


def _requests(case: Case, spec: Node | None) -> None:
    if case.target.version not in _WRAPPED:
        return
    for request in items(spec, "devices", "requests"):
        named = the(request, "deviceClassName")
        if named is None or not isinstance(request, Mapping) or entry(request, "exactly"):
            continue
        moved = [one for name in _EXACT if (one := the(request, name))]
        for one in moved:
            if one is not named:
                case.rewriting.remove(request, one)
        case.rewriting.replace(named, "exactly", {one.key.text: Moved(one) for one in moved})


def storage_migration(case: Case) -> None:
    """StorageVersionMigration: a migration names a group and a resource; the version is gone."""
    resource = case.mapping("spec", "resource")
    if resource is not None and case.target.version != "v1alpha1" and (version := the(resource, "version")):
        case.rewriting.remove(resource, version)
        case.note("`spec.resource.version` is gone and was taken out.")
