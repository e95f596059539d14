"""CertificateSigningRequest from certificates.k8s.io/v1beta1 to v1."""

from __future__ import annotations

from typing import TYPE_CHECKING

from bot.manifests.kubernetes.rules.case import require, the
from bot.manifests.nodes import entry, string
from bot.manifests.rewriting import Raw, UnclearError

if TYPE_CHECKING:
    from bot.manifests.kubernetes.rules.case import Case

_LEGACY = "kubernetes.io/legacy-unknown"


def migrate(case: Case) -> None:
    """Write out the usages that were the default; the signer only the author knows."""
    spec = case.mapping("spec")
    signer = string(spec, "signerName")
    if spec is None or signer is None or signer == _LEGACY:
        raise UnclearError(f"`spec.signerName` is required now, and {_LEGACY} is not allowed; only its author knows it")
    if entry(spec, "usages") is None:
        behind = the(spec, "signerName") or require(spec, "request")
        case.rewriting.add(spec, behind, {"usages": [Raw('"digital signature"'), Raw('"key encipherment"')]})
        case.note("`spec.usages` is required now: digital signature and key encipherment were the default.")
