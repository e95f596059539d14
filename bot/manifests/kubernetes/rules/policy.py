"""Small rules of policy, RBAC and authorization."""

from __future__ import annotations

from typing import TYPE_CHECKING

from bot.manifests.kubernetes.rules.case import the
from bot.manifests.nodes import Mapping, entry, get, items, string

if TYPE_CHECKING:
    from bot.manifests.kubernetes.rules.case import Case

_RBAC = "rbac.authorization.k8s.io"
_GROUPS = {"ServiceAccount": "", "User": _RBAC, "Group": _RBAC}


def budget(case: Case) -> None:
    """PodDisruptionBudget: an empty selector chose no pod before v1, and chooses all of them now."""
    selector = entry(case.mapping("spec"), "selector")
    if case.old.version == "v1beta1" and selector and isinstance(selector.node, Mapping) and not selector.node.entries:
        case.note("`selector: {}` chose no pods in policy/v1beta1; in policy/v1 it chooses every pod of the namespace.")


def binding(case: Case) -> None:
    """RoleBinding and ClusterRoleBinding: subjects name a group where v1alpha1 named an API version."""
    for subject in items(case.node, "subjects"):
        gone = the(subject, "apiVersion")
        if gone is None or not isinstance(subject, Mapping):
            continue
        group = _GROUPS.get(string(subject, "kind") or "")
        if group and entry(subject, "apiGroup") is None:
            case.rewriting.replace(gone, "apiGroup", group)
        else:
            case.rewriting.remove(subject, gone)
    if case.old.version == "v1alpha1" and any(string(one, "name") == "*" for one in items(case.node, "subjects")):
        case.note("The user `*` meant everybody in v1alpha1; in v1 that is the group system:authenticated.")


def access_review(case: Case) -> None:
    """SubjectAccessReview: `spec.group` is called `spec.groups`."""
    group = the(get(case.node, "spec"), "group")
    if group is not None:
        case.rewriting.rename(group, "groups")
