"""Deployment, DaemonSet, StatefulSet and ReplicaSet from extensions/v1beta1 and the betas of apps to apps/v1."""

from __future__ import annotations

from typing import TYPE_CHECKING

from bot.manifests.kubernetes.rules.case import the
from bot.manifests.nodes import Mapping, entry, get
from bot.manifests.rewriting import Moved, Tree, UnclearError, is_empty

if TYPE_CHECKING:
    from bot.manifests.kubernetes.rules.case import Case

_GONE = {"DaemonSet": ("templateGeneration",), "Deployment": ("rollbackTo",)}

_DEFAULTS: dict[tuple[str, str], tuple[tuple[str, str], ...]] = {
    ("Deployment", "extensions/v1beta1"): (
        ("progressDeadlineSeconds", "none, now 600"),
        ("revisionHistoryLimit", "all revisions, now 10"),
        ("strategy", "maxSurge and maxUnavailable 1, now 25%"),
    ),
    ("Deployment", "apps/v1beta1"): (("revisionHistoryLimit", "2, now 10"),),
    ("DaemonSet", "extensions/v1beta1"): (("updateStrategy", "OnDelete, now RollingUpdate"),),
    ("StatefulSet", "apps/v1beta1"): (("updateStrategy", "OnDelete, now RollingUpdate"),),
}
"""Fields whose default changed, by kind and old apiVersion (deprecated API migration guide)."""


def migrate(case: Case) -> None:
    """Drop the fields that are gone, and write out the selector that used to be the template's labels."""
    spec = case.mapping("spec")
    if spec is None:
        return
    for name in _GONE.get(case.old.kind, ()):
        if gone := the(spec, name):
            case.rewriting.remove(spec, gone)
            case.note(f"`spec.{name}` is gone without a successor and was taken out.")
    _selector(case, spec)
    for name, change in _DEFAULTS.get((case.old.kind, case.old.api_version), ()):
        if entry(spec, name) is None and not case.document.partial:
            case.note(f"`spec.{name}` is not set, and its default changes: {change}.")


def _selector(case: Case, spec: Mapping) -> None:
    selector = entry(spec, "selector")
    if selector is not None and not is_empty(selector.node):
        return
    if case.document.partial:
        return
    labels = entry(get(spec, "template", "metadata"), "labels")
    if labels is None or not isinstance(labels.node, Mapping) or not labels.node.entries:
        raise UnclearError("`spec.selector` is required now, and the template has no labels to select by")
    tree: dict[str, Tree] = {"matchLabels": Moved(labels)}
    if selector is not None:
        case.rewriting.fill(selector, tree)
    else:
        _before_template(case, spec, {"selector": tree})
    case.note("`spec.selector` is required now: it was written out as the template's labels, which was the default.")


def _before_template(case: Case, spec: Mapping, tree: dict[str, Tree]) -> None:
    index = [one.key.text for one in spec.entries].index("template")
    if index:
        case.rewriting.add(spec, spec.entries[index - 1], tree)
    else:
        case.rewriting.add_before(spec, tree)
