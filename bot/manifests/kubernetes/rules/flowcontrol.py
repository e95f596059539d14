"""PriorityLevelConfiguration from flowcontrol.apiserver.k8s.io/v1beta1 and v1beta2 to v1beta3 and v1."""

from __future__ import annotations

from typing import TYPE_CHECKING

from bot.manifests.kubernetes.rules.case import the
from bot.manifests.nodes import get

if TYPE_CHECKING:
    from bot.manifests.kubernetes.rules.case import Case

_NEW_NAME = {"v1beta3", "v1"}


def migrate(case: Case) -> None:
    """`assuredConcurrencyShares` is called `nominalConcurrencyShares`."""
    shares = the(get(case.node, "spec", "limited"), "assuredConcurrencyShares")
    if shares is not None and case.target.version in _NEW_NAME:
        case.rewriting.rename(shares, "nominalConcurrencyShares")
