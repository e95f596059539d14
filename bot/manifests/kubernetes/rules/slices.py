"""EndpointSlice from discovery.k8s.io/v1beta1 to v1."""

from __future__ import annotations

from typing import TYPE_CHECKING

from bot.manifests.kubernetes.rules.case import the
from bot.manifests.nodes import Mapping, entry, items
from bot.manifests.rewriting import Tree, token

if TYPE_CHECKING:
    from bot.manifests.kubernetes.rules.case import Case

_FIELDS = {"kubernetes.io/hostname": "nodeName", "topology.kubernetes.io/zone": "zone"}


def migrate(case: Case) -> None:
    """Endpoints have fields for node and zone; the free `topology` is gone."""
    for endpoint in items(case.node, "endpoints"):
        topology = the(endpoint, "topology")
        if topology is None or not isinstance(endpoint, Mapping):
            continue
        known: dict[str, Tree] = {}
        for one in topology.node.entries if isinstance(topology.node, Mapping) else ():
            name = _FIELDS.get(one.key.text)
            if name is None:
                case.note(f"`topology` is gone; {one.key.text} has no field of its own and was taken out.")
            elif entry(endpoint, name) is None:
                known[name] = token(case.rewriting.text, one.node)
        if known:
            case.rewriting.replace_with(topology, known)
        else:
            case.rewriting.remove(endpoint, topology)
