"""Custom resources of a few well-known projects whose old API versions are gone, and formats that no cluster serves.

Every other custom resource is left alone. Only moves that keep the fields as they are stand here as moves; what needs
more is told to a person. Sources: the projects' own upgrade notes.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

from bot.manifests.kubernetes.schemas import Gvk
from bot.manifests.nodes import Node, get

if TYPE_CHECKING:
    from bot.manifests.kubernetes.schemas import Version

_CERTIFICATES = frozenset(("Certificate", "CertificateRequest", "ClusterIssuer", "Issuer"))
_EXTERNAL = frozenset(("ClusterExternalSecret", "ClusterSecretStore", "ExternalSecret", "SecretStore"))
_SNAPSHOTS = frozenset(("VolumeSnapshot", "VolumeSnapshotClass", "VolumeSnapshotContent"))
_SOURCES = frozenset(("Bucket", "GitRepository", "HelmChart", "HelmRepository"))


class Move(NamedTuple):
    """Kinds of a group whose versions give way to another; `why` says who removed the old ones and when."""

    group: str
    versions: frozenset[str]
    kinds: frozenset[str]
    to: str
    why: str
    since: int = 0


_CERTIFICATE_FIELDS = (
    "spec.organization", "spec.keySize", "spec.keyAlgorithm", "spec.keyEncoding", "spec.uriSANs", "spec.emailSANs",
    "spec.acme.config",
)  # fmt: skip
"""Fields of a Certificate before cert-manager.io/v1 that stand elsewhere there."""

_CHANGED = {
    "cert-manager.io": _CERTIFICATE_FIELDS,
    "certmanager.k8s.io": (*_CERTIFICATE_FIELDS, "spec.acme.http01", "spec.acme.dns01"),
    "helm.toolkit.fluxcd.io": ("spec.chart.spec.valuesFile", "spec.postRenderers.0.kustomize.patchesStrategicMerge"),
    "kustomize.toolkit.fluxcd.io": ("spec.validation", "spec.patchesStrategicMerge", "spec.patchesJson6902"),
    "source.toolkit.fluxcd.io": ("spec.gitImplementation", "spec.valuesFile", "spec.accessFrom"),
}
"""Fields that the newer version has no longer, by group."""
MOVES = (
    Move("cert-manager.io", frozenset(("v1alpha2", "v1alpha3", "v1beta1")), _CERTIFICATES, "cert-manager.io/v1",
         "cert-manager 1.6 stopped serving it"),
    Move("certmanager.k8s.io", frozenset(("v1alpha1",)), _CERTIFICATES, "cert-manager.io/v1",
         "cert-manager 0.11 renamed the group"),
    Move("acme.cert-manager.io", frozenset(("v1alpha2", "v1alpha3", "v1beta1")), frozenset(("Challenge", "Order")),
         "acme.cert-manager.io/v1", "cert-manager 1.6 stopped serving it"),
    Move("source.toolkit.fluxcd.io", frozenset(("v1beta1", "v1beta2")), _SOURCES, "source.toolkit.fluxcd.io/v1",
         "Flux 2.8 no longer has it"),
    Move("kustomize.toolkit.fluxcd.io", frozenset(("v1beta1", "v1beta2")), frozenset(("Kustomization",)),
         "kustomize.toolkit.fluxcd.io/v1", "Flux 2.8 no longer has it"),
    Move("helm.toolkit.fluxcd.io", frozenset(("v2beta1", "v2beta2")), frozenset(("HelmRelease",)),
         "helm.toolkit.fluxcd.io/v2", "Flux 2.8 no longer has it"),
    Move("external-secrets.io", frozenset(("v1beta1",)), _EXTERNAL, "external-secrets.io/v1",
         "External Secrets 0.17 stopped serving it"),
    Move("snapshot.storage.k8s.io", frozenset(("v1beta1",)), _SNAPSHOTS, "snapshot.storage.k8s.io/v1",
         "the snapshot controller 6.0 stopped serving it"),
    Move("audit.k8s.io", frozenset(("v1alpha1", "v1beta1")), frozenset(("Event", "Policy")), "audit.k8s.io/v1",
         "Kubernetes 1.24 stopped reading it", 24),
)  # fmt: skip


def move(gvk: Gvk, version: Version) -> tuple[Gvk, str] | None:
    """Where a custom resource goes, and why; None for one that stays or is not known."""
    for one in MOVES:
        if gvk.group == one.group and gvk.version in one.versions and gvk.kind in one.kinds:
            return (Gvk.of(one.to, gvk.kind), one.why) if version.minor >= one.since else None
    return None


def changed_field(gvk: Gvk, node: Node) -> str | None:
    """A field of the document that its newer version does not have, None when there is none known."""
    return next((path for path in _CHANGED.get(gvk.group, ()) if get(node, *path.split(".")) is not None), None)
