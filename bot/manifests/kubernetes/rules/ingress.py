"""Ingress from extensions/v1beta1 and networking.k8s.io/v1beta1 to networking.k8s.io/v1."""

from __future__ import annotations

from typing import TYPE_CHECKING

from bot.manifests.kubernetes.rules.case import require, the
from bot.manifests.nodes import Entry, Mapping, Node, Scalar, entry, get, items
from bot.manifests.rewriting import Raw, Tree, UnclearError, token

if TYPE_CHECKING:
    from bot.manifests.kubernetes.rules.case import Case

_CLASS = "kubernetes.io/ingress.class"


def migrate(case: Case) -> None:
    """Give every path its type, and every backend its new shape."""
    spec = case.mapping("spec")
    if backend := the(spec, "backend"):
        _backend(case, backend)
        case.rewriting.rename(backend, "defaultBackend")
    for rule in items(spec, "rules"):
        for path in items(rule, "http", "paths"):
            _path(case, path)
    if entry(get(case.node, "metadata", "annotations"), _CLASS) is not None:
        case.note(f"The annotation {_CLASS} still works with most controllers; `spec.ingressClassName` replaces it.")


def _path(case: Case, path: Node) -> None:
    if not isinstance(path, Mapping) or not path.entries:
        return
    backend = require(path, "backend")
    _backend(case, backend)
    if entry(path, "pathType") is None:
        behind = the(path, "path") or _before(path, backend)
        case.rewriting.add(path, behind, {"pathType": "ImplementationSpecific"})
        case.note("`pathType` is required now: ImplementationSpecific keeps what the controller did before.")


def _before(path: Mapping, backend: Entry) -> Entry:
    index = path.entries.index(backend)
    return path.entries[index - 1] if index else backend


def _backend(case: Case, backend: Entry) -> None:
    name, port = the(backend.node, "serviceName"), the(backend.node, "servicePort")
    if name is None and port is None:
        return
    if name is None or port is None or not isinstance(backend.node, Mapping):
        raise UnclearError(f"the backend on line {backend.key.line} names no service with a port")
    service: dict[str, Tree] = {"name": token(case.rewriting.text, name.node), "port": _port(case, port.node)}
    entries = backend.node.entries
    first, second = sorted((name, port), key=lambda one: one.key.start)
    if entries.index(second) - entries.index(first) != 1:
        raise UnclearError(f"the backend on line {backend.key.line} has a field between service and port")
    if backend.node.flow:
        case.rewriting.replace_span(first, second, {"service": service})
        return
    ordered: dict[str, Tree] = service if first is name else dict(reversed(service.items()))
    names = ("name", "port") if first is name else ("port", "name")
    case.rewriting.nest(first, "service", {names[0]: ordered[names[0]]})
    case.rewriting.deepen(second, {names[1]: ordered[names[1]]})


def _port(case: Case, node: Node) -> Tree:
    text = token(case.rewriting.text, node)
    if case.rewriting.is_covered(node):
        raise UnclearError(f"whether the port on line {node.line} is a number or a name is only known when rendered")
    if not isinstance(node, Scalar):
        return text
    if isinstance(node.value, int):
        return {"number": Raw(str(node.value)) if node.style else text}
    if node.text.isascii() and node.text.isdigit():
        case.note(
            f"The port {node.text} was a string, which names a port; it is written as a number, as it must be meant."
        )
        return {"number": Raw(node.text)}
    return {"name": text}
