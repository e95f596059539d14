"""Kubernetes sense beyond the schema, for whole objects: names, labels, selectors, ports of services, schedules."""

from __future__ import annotations

from typing import TYPE_CHECKING

from bot.checks.findings import Finding, Severity
from bot.checks.kubernetes_words import (
    is_label,
    is_label_key,
    is_label_value,
    is_path_segment,
    is_placeholder,
    is_schedule,
    is_subdomain,
)
from bot.manifests.nodes import Mapping, Node, Scalar, entry, fields, get, items, string

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from bot.manifests.kubernetes import Document

    _Found = Iterator[tuple[Node, str, Severity, str]]

NAME = "kubernetes-name"
LABEL = "kubernetes-label"
SELECTOR = "kubernetes-selector"
VALUE = "kubernetes-value"

_LABELS_OF = frozenset(("Namespace", "Service"))
_FREE_NAMES = frozenset(
    ("CertificateSigningRequest", "ClusterRole", "ClusterRoleBinding", "Event", "Role", "RoleBinding")
)
_NAMELESS = frozenset(
    (
        "LocalSubjectAccessReview", "SelfSubjectAccessReview", "SelfSubjectReview", "SelfSubjectRulesReview",
        "SubjectAccessReview", "TokenRequest", "TokenReview",
    )
)  # fmt: skip
_WORKLOADS = frozenset(("DaemonSet", "Deployment", "ReplicaSet", "StatefulSet"))

_WORDS = {
    ("Service", "spec.type"): ("ClusterIP", "NodePort", "LoadBalancer", "ExternalName"),
    ("Service", "spec.externalTrafficPolicy"): ("Cluster", "Local"),
    ("Service", "spec.sessionAffinity"): ("None", "ClientIP"),
    ("Deployment", "spec.strategy.type"): ("RollingUpdate", "Recreate"),
    ("DaemonSet", "spec.updateStrategy.type"): ("RollingUpdate", "OnDelete"),
    ("StatefulSet", "spec.updateStrategy.type"): ("RollingUpdate", "OnDelete"),
    ("StatefulSet", "spec.podManagementPolicy"): ("OrderedReady", "Parallel"),
    ("CronJob", "spec.concurrencyPolicy"): ("Allow", "Forbid", "Replace"),
    ("CustomResourceDefinition", "spec.scope"): ("Cluster", "Namespaced"),
}


def check(document: Document) -> Iterator[Finding]:
    """What the API server would refuse, or what hardly anybody means, in one object."""
    assert document.node is not None  # noqa: S101 - only documents that could be read are checked
    rules = (_names, _labels, _words, _RULES.get(document.gvk.kind, _nothing))
    for rule in rules:
        for node, name, severity, message in rule(document, document.node):
            yield Finding(document.path, node.line, name, severity, message)


def _nothing(_document: Document, _node: Mapping) -> _Found:
    return iter(())


def _names(document: Document, node: Mapping) -> _Found:
    kind = document.gvk.kind
    found = entry(get(node, "metadata"), "name")
    if found is None or not isinstance(found.node, Scalar) or found.node.value is None:
        generated = entry(get(node, "metadata"), "generateName")
        if generated is None and not document.partial and kind not in _NAMELESS:
            yield node, NAME, "error", f"this {kind} has no metadata.name"
        return
    name = found.node.text
    if is_placeholder(name):
        return
    if kind in _LABELS_OF and not is_label(name):
        yield found.node, NAME, "error", f"{name[:80]!r} is no name for a {kind}: {_LABEL_RULE}, at most 63"
    elif kind in _FREE_NAMES:
        if not is_path_segment(name):
            yield found.node, NAME, "error", f"{name[:80]!r} is no name for a {kind}: it may not hold / or %"
    elif not is_subdomain(name):
        yield found.node, NAME, "error", f"{name[:80]!r} is no name for a {kind}: {_LABEL_RULE}, joined by dots"


_LABEL_RULE = "lower case letters, digits and dashes, with a letter or digit at both ends"


def _labels(_document: Document, node: Mapping) -> _Found:
    for place in (("metadata",), ("spec", "template", "metadata")):
        for what in ("labels", "annotations"):
            table = get(node, *place, what)
            for one in fields(table) if isinstance(table, Mapping) else ():
                key = one.key.text
                if not is_label_key(key) and not is_placeholder(key):
                    yield one.key, LABEL, "error", f"{key[:80]!r} is no key of {what}"
                value = one.node.value if isinstance(one.node, Scalar) else None
                if what == "annotations" or not isinstance(value, str) or is_placeholder(value):
                    continue
                if not is_label_value(value):
                    yield (
                        one.node,
                        LABEL,
                        "error",
                        f"{value[:80]!r} is no label's value: at most 63 of letters, digits, -_.",
                    )


def _words(document: Document, node: Mapping) -> _Found:
    for (kind, path), words in _WORDS.items():
        if kind != document.gvk.kind:
            continue
        found = get(node, *path.split("."))
        value = found.value if isinstance(found, Scalar) else None
        if isinstance(value, str) and value not in words and not is_placeholder(value):
            yield found or node, VALUE, "error", f"{path} is {value[:40]!r}; it can be {', '.join(words)}"


def _selector(document: Document, node: Mapping) -> _Found:
    wanted = get(node, "spec", "selector", "matchLabels")
    labels = get(node, "spec", "template", "metadata", "labels")
    if not isinstance(wanted, Mapping) or document.partial:
        return
    given = {one.key.text: one.node for one in fields(labels)} if isinstance(labels, Mapping) else {}
    for one in fields(wanted):
        label = given.get(one.key.text)
        if label is None or _value(label) != _value(one.node):
            why = "are without it" if label is None else f"say {_value(label)!r}"
            message = f"the selector wants {one.key.text}={_value(one.node)}, but the template's labels {why}"
            yield one.key, SELECTOR, "error", message


def _value(node: Node) -> str:
    return node.text if isinstance(node, Scalar) else ""


def _budget(_document: Document, node: Mapping) -> _Found:
    found = entry(get(node, "spec"), "selector")
    if found and isinstance(found.node, Mapping) and not found.node.entries:
        yield found.key, SELECTOR, "warning", "an empty selector chooses every pod of the namespace"
    if entry(get(node, "spec"), "minAvailable") and entry(get(node, "spec"), "maxUnavailable"):
        yield node, VALUE, "error", "a budget has minAvailable or maxUnavailable, not both"


def _service(_document: Document, node: Mapping) -> _Found:
    ports = items(node, "spec", "ports")
    names: set[str] = set()
    for port in ports:
        name = string(port, "name")
        if len(ports) > 1 and not name:
            yield port, VALUE, "error", "each port of a service with several has to have a name"
        elif name in names:
            yield port, VALUE, "error", f"two ports of this service are called {name!r}"
        names |= {name} if name else set()


def _autoscaler(_document: Document, node: Mapping) -> _Found:
    least, most = (get(node, "spec", name) for name in ("minReplicas", "maxReplicas"))
    if isinstance(least, Scalar) and isinstance(most, Scalar):
        low, high = least.value, most.value
        if isinstance(low, int) and isinstance(high, int) and low > high:
            yield least, VALUE, "error", f"minReplicas is {low}, more than maxReplicas, {high}"


def _cron(_document: Document, node: Mapping) -> _Found:
    schedule = string(node, "spec", "schedule")
    if schedule is not None and not is_placeholder(schedule) and not is_schedule(schedule):
        where = get(node, "spec", "schedule") or node
        yield where, VALUE, "error", f"{schedule[:60]!r} is no schedule: five fields, or a word like @daily"


def _ingress(document: Document, node: Mapping) -> _Found:
    if document.gvk.version != "v1":
        return
    for rule in items(node, "spec", "rules"):
        for path in items(rule, "http", "paths"):
            kind, where = string(path, "pathType"), get(path, "path")
            if kind is not None and kind not in {"Exact", "Prefix", "ImplementationSpecific"}:
                yield (
                    path,
                    VALUE,
                    "error",
                    f"pathType is {kind[:40]!r}; it can be Exact, Prefix, ImplementationSpecific",
                )
            if kind in {"Exact", "Prefix"} and not _value(where or node).startswith("/"):
                yield where or path, VALUE, "error", f"with pathType {kind} the path has to begin with /"


def _definition(_document: Document, node: Mapping) -> _Found:
    plural, group = string(node, "spec", "names", "plural"), string(node, "spec", "group")
    name = get(node, "metadata", "name")
    if plural and group and isinstance(name, Scalar) and name.text != f"{plural}.{group}":
        yield name, NAME, "error", f"a CustomResourceDefinition is called plural.group: {plural}.{group}"
    stored = [one for one in items(node, "spec", "versions") if _flag(one, "storage")]
    if len(stored) != 1 and items(node, "spec", "versions"):
        yield node, VALUE, "error", f"{len(stored)} versions have `storage: true`; exactly one has to"


def _flag(node: Node, key: str) -> bool:
    found = get(node, key)
    return isinstance(found, Scalar) and found.value is True


_RULES: dict[str, Callable[[Document, Mapping], _Found]] = {
    **dict.fromkeys(_WORKLOADS, _selector),
    "PodDisruptionBudget": _budget,
    "Service": _service,
    "HorizontalPodAutoscaler": _autoscaler,
    "CronJob": _cron,
    "Ingress": _ingress,
    "CustomResourceDefinition": _definition,
}
