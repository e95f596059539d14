"""Kubernetes sense beyond the schema, for pods: ports, probes, images, volumes, resources."""

from __future__ import annotations

from collections import Counter
from typing import TYPE_CHECKING

from bot.checks.findings import Finding, Severity
from bot.checks.kubernetes_words import is_image, is_label, is_placeholder, quantity
from bot.manifests.nodes import Mapping, Node, Scalar, entry, fields, get, items, string

if TYPE_CHECKING:
    from collections.abc import Iterator

    from bot.manifests.kubernetes import Document

    _Found = Iterator[tuple[Node, str, Severity, str]]

PORT = "kubernetes-port"
PROBE = "kubernetes-probe"
IMAGE = "kubernetes-image"
CONTAINER = "kubernetes-container"
VOLUME = "kubernetes-volume"
RESOURCES = "kubernetes-resources"
POLICY = "kubernetes-restart-policy"

_WHERE = {
    "Pod": ("spec",),
    "PodTemplate": ("template", "spec"),
    "CronJob": ("spec", "jobTemplate", "spec", "template", "spec"),
    **dict.fromkeys(
        ("DaemonSet", "Deployment", "Job", "ReplicaSet", "ReplicationController", "StatefulSet"),
        ("spec", "template", "spec"),
    ),
}
_RESTARTS = {
    **dict.fromkeys(("DaemonSet", "Deployment", "ReplicaSet", "ReplicationController", "StatefulSet"), ("Always",)),
    **dict.fromkeys(("CronJob", "Job"), ("OnFailure", "Never")),
    "Pod": ("Always", "OnFailure", "Never"),
}
_PROBES = ("livenessProbe", "readinessProbe", "startupProbe")
_HANDLERS = ("exec", "grpc", "httpGet", "tcpSocket")
_PORTS = frozenset(("containerPort", "endPort", "hostPort", "nodePort", "port", "servicePort", "targetPort"))
_ZERO_ALLOWED = frozenset(("hostPort", "nodePort"))
_PULLS = ("Always", "IfNotPresent", "Never")


def check(document: Document) -> Iterator[Finding]:
    """What is wrong with the pods that an object describes, and with ports anywhere in it."""
    assert document.node is not None  # noqa: S101 - only documents that could be read are checked
    for node, name, severity, message in (*_ports(document.node), *_pod(document, document.node)):
        yield Finding(document.path, node.line, name, severity, message)


def _ports(root: Node) -> _Found:
    waiting, seen = [root], set[int]()
    while waiting:
        node = waiting.pop()
        if id(node) in seen:
            continue
        seen.add(id(node))
        if not isinstance(node, Mapping):
            waiting += getattr(node, "items", ())
            continue
        for one in node.entries:
            if isinstance(one.node, Scalar):
                port = one.node.value if one.key.text in _PORTS else None
                least = 0 if one.key.text in _ZERO_ALLOWED else 1
                if isinstance(port, int) and not isinstance(port, bool) and not least <= port <= 65535:
                    yield one.node, PORT, "error", f"{one.key.text} is {port}; a port is between 1 and 65535"
            else:
                waiting.append(one.node)


def _pod(document: Document, root: Mapping) -> _Found:
    where = _WHERE.get(document.gvk.kind)
    spec = get(root, *where) if where else None
    if not isinstance(spec, Mapping):
        return
    groups = ("initContainers", "containers", "ephemeralContainers")
    containers = [one for group in groups for one in items(spec, group) if isinstance(one, Mapping)]
    yield from _restarts(document, spec)
    yield from _container_names(containers)
    for container in containers:
        yield from _container(document, container)
        if not document.partial:
            yield from _mounts(document, root, spec, container)
    yield from _same_ports(containers)


def _restarts(document: Document, spec: Mapping) -> _Found:
    allowed = _RESTARTS.get(document.gvk.kind)
    policy = entry(spec, "restartPolicy")
    if allowed is None or (policy is None and ("Always" in allowed or document.partial)):
        return
    value = policy.node.text if policy and isinstance(policy.node, Scalar) else "Always"
    if value not in allowed and not is_placeholder(value):
        message = f"the pods of a {document.gvk.kind} have restartPolicy {' or '.join(allowed)}, not {value[:40]}"
        yield policy.node if policy else spec, POLICY, "error", message


def _container_names(containers: list[Mapping]) -> _Found:
    seen: set[str] = set()
    for container in containers:
        name = entry(container, "name")
        if name is None or not isinstance(name.node, Scalar):
            continue
        text = name.node.text
        if text in seen:
            yield name.node, CONTAINER, "error", f"two containers of this pod are called {text[:80]!r}"
        elif not is_label(text) and not is_placeholder(text):
            yield name.node, CONTAINER, "error", f"{text[:80]!r} is no container's name: lower case, digits and dashes"
        seen.add(text)


def _container(document: Document, container: Mapping) -> _Found:
    image = entry(container, "image")
    text = image.node.text if image and isinstance(image.node, Scalar) else ""
    if not text and not document.partial:
        yield container, IMAGE, "error", "this container has no image"
    elif text and not is_image(text) and not is_placeholder(text):
        yield image.node if image else container, IMAGE, "error", f"{text[:120]!r} is no image reference"
    pull = string(container, "imagePullPolicy")
    if pull is not None and pull not in _PULLS and not is_placeholder(pull):
        yield (
            get(container, "imagePullPolicy") or container,
            IMAGE,
            "error",
            f"imagePullPolicy is {pull[:40]!r}; it can be {', '.join(_PULLS)}",
        )
    for name in _PROBES:
        yield from _probe(document, name, get(container, name))
    yield from _resources(get(container, "resources"))


def _probe(document: Document, name: str, probe: Node | None) -> _Found:
    if not isinstance(probe, Mapping):
        return
    handlers = [one.key.text for one in fields(probe) if one.key.text in _HANDLERS and _is_set(one.node)]
    if len(handlers) > 1:
        yield probe, PROBE, "error", f"{name} has {' and '.join(handlers)}; a probe has one of them"
    elif not handlers and not document.partial:
        yield probe, PROBE, "error", f"{name} has none of {', '.join(_HANDLERS)}"


def _is_set(node: Node) -> bool:
    return not isinstance(node, Scalar) or node.value is not None


def _resources(resources: Node | None) -> _Found:
    limits = get(resources, "limits")
    for one in fields(limits) if isinstance(limits, Mapping) else ():
        asked = get(resources, "requests", one.key.text)
        if not isinstance(asked, Scalar) or not isinstance(one.node, Scalar):
            continue
        least, most = quantity(asked.text), quantity(one.node.text)
        if least is not None and most is not None and least > most:
            message = (
                f"the request for {one.key.text[:60]} is {asked.text[:40]}, more than its limit, {one.node.text[:40]}"
            )
            yield asked, RESOURCES, "error", message


def _mounts(document: Document, root: Mapping, spec: Mapping, container: Mapping) -> _Found:
    volumes = {string(one, "name") for one in items(spec, "volumes")}
    if document.gvk.kind == "StatefulSet":
        volumes |= {string(one, "metadata", "name") for one in items(root, "spec", "volumeClaimTemplates")}
    paths: Counter[str] = Counter()
    for mount in items(container, "volumeMounts"):
        name, path = string(mount, "name"), string(mount, "mountPath")
        if name is not None and name not in volumes and not is_placeholder(name):
            yield mount, VOLUME, "error", f"the mount names the volume {name[:80]!r}, which this pod does not have"
        paths[path or ""] += 1
        if path and paths[path] == 2:
            yield mount, VOLUME, "error", f"two mounts of this container are at {path[:80]!r}"


def _same_ports(containers: list[Mapping]) -> _Found:
    seen: set[tuple[str, str]] = set()
    for container in containers:
        for port in items(container, "ports"):
            host, protocol = get(port, "hostPort"), string(port, "protocol") or "TCP"
            if isinstance(host, Scalar) and isinstance(host.value, int) and host.value:
                if (host.text, protocol) in seen:
                    yield port, PORT, "error", f"two ports of this pod want port {host.text} of the host"
                seen.add((host.text, protocol))
