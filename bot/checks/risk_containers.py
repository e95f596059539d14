"""Risks in Kubernetes manifests, Compose files and Dockerfiles."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from bot.checks import compose, dockerfile
from bot.checks.documents import Document, read_documents
from bot.checks.risk_words import (
    DESTROY,
    INLINE_SECRET,
    OPEN,
    PRIVILEGED,
    UNPINNED,
    WILDCARD,
    is_inline_secret,
    is_unpinned_image,
    risk,
)

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from bot.checks.findings import Finding

_Place = tuple[str | int, ...]

_STRONG = frozenset({"ALL", "SYS_ADMIN", "SYS_PTRACE", "SYS_MODULE", "NET_ADMIN", "DAC_READ_SEARCH", "BPF"})
_KEEPING = frozenset(
    {"Namespace", "PersistentVolume", "PersistentVolumeClaim", "StatefulSet", "CustomResourceDefinition"}
)
_TRUE = (True, "yes", "Yes", "YES", "on", "On", "ON", "y", "Y")
"""Kubernetes reads YAML 1.1, where these are all true."""


def check(path: str, text: str) -> list[Finding]:
    """The risks of one file as it stands."""
    lowered = path.lower()
    if dockerfile.matches(lowered):
        return list(_dockerfile(path, text))
    if compose.matches(lowered):
        services = [one for one in read_documents(text) if isinstance(one.value, dict) and "services" in one.value]
        return [finding for document in services for finding in _compose(path, document)]
    objects = [one for one in (read_documents(text) if "apiVersion" in text else ()) if _is_object(one.value)]
    return [finding for document in objects for finding in _object(path, document)]


def check_change(changes: Mapping[str, tuple[str | None, str | None]]) -> list[Finding]:
    """Kubernetes objects that keep data or other objects and are gone; one that moved to another file is not."""
    old, new = (
        {
            identity: path
            for path, texts in changes.items()
            if path.lower().endswith((".yaml", ".yml", ".json"))
            for identity in _identities(texts[side] or "")
        }
        for side in (0, 1)
    )
    return [
        risk(path, None, DESTROY, f"the {identity[0]} `{identity[2]}` is gone: pruning destroys what it keeps",
             "/".join(identity))
        for identity, path in old.items()
        if identity[0] in _KEEPING and identity not in new
    ]  # fmt: skip


def _identities(text: str) -> Iterator[tuple[str, str, str]]:
    for document in read_documents(text) if "apiVersion" in text else ():
        if _is_object(document.value):
            metadata = _mapping(document.value.get("metadata"))
            yield str(document.value["kind"]), str(metadata.get("namespace", "")), str(metadata.get("name", ""))[:120]


def _is_object(value: Any) -> bool:
    return isinstance(value, dict) and "apiVersion" in value and isinstance(value.get("kind"), str)


def _object(path: str, document: Document) -> Iterator[Finding]:
    value = document.value
    name = f"{value['kind']} {_mapping(value.get('metadata')).get('name', '')}"[:120]
    if value["kind"] == "List":
        return
    if value["kind"] in {"Role", "ClusterRole"}:
        yield from _rules(path, document, name)
    if value["kind"] in {"ClusterRoleBinding", "RoleBinding"} and _mapping(value.get("roleRef")).get("name") == (
        "cluster-admin"
    ):
        yield risk(path, document.line(["roleRef"]), WILDCARD, f"{name} gives every right in the cluster", name)
    if value["kind"] == "Secret":
        yield from _secret(path, document, name)
    if "0.0.0.0/0" in _list(_mapping(value.get("spec")).get("loadBalancerSourceRanges")):
        yield risk(
            path, document.line(["spec", "loadBalancerSourceRanges"]), OPEN, f"{name} lets the whole world in", name
        )
    for place, pod in _pods(value):
        yield from _pod(path, document, place, pod, name)


def _rules(path: str, document: Document, name: str) -> Iterator[Finding]:
    for at, rule in enumerate(_list(document.value.get("rules"))):
        if "*" in _list(_mapping(rule).get("verbs")) and "*" in _list(_mapping(rule).get("resources")):
            groups = ", ".join(str(one) or "core" for one in _list(_mapping(rule).get("apiGroups")))[:80]
            yield risk(
                path, document.line(["rules", at]), WILDCARD, f"{name} allows everything on all of {groups}", name
            )


def _secret(path: str, document: Document, name: str) -> Iterator[Finding]:
    """Values written out; one with a placeholder of a template or of a tool that fills it in is none."""
    for part in ("data", "stringData"):
        values = _mapping(document.value.get(part))
        if any(isinstance(one, str) and one.strip() and "$" not in one and "{{" not in one for one in values.values()):
            message = f"{name} is written out here; whoever reads the repository reads it"
            yield risk(path, document.line([part]), INLINE_SECRET, message, name)


def _pods(value: dict[str, Any]) -> Iterator[tuple[_Place, dict[str, Any]]]:
    """The pod specifications of an object with their places: its own, its template's, or its job's template's."""
    for place in (("spec",), ("spec", "template", "spec"), ("spec", "jobTemplate", "spec", "template", "spec")):
        pod: Any = value
        for step in place:
            pod = _mapping(pod).get(step)
        if isinstance(pod, dict) and isinstance(pod.get("containers"), list):
            yield place, pod


def _pod(path: str, document: Document, place: _Place, pod: dict[str, Any], name: str) -> Iterator[Finding]:
    for key in ("hostNetwork", "hostPID", "hostIPC"):
        if pod.get(key) in _TRUE:
            yield risk(
                path, document.line([*place, key]), PRIVILEGED, f"{name} shares the host's {key[4:].lower()}", name
            )
    for at, volume in enumerate(_list(pod.get("volumes"))):
        if "hostPath" in _mapping(volume):
            line = document.line([*place, "volumes", at])
            folder = str(_mapping(_mapping(volume)["hostPath"]).get("path", ""))[:80]
            yield risk(path, line, PRIVILEGED, f"{name} mounts `{folder}` of the host", name)
    for group in ("containers", "initContainers", "ephemeralContainers"):
        for at, container in enumerate(_list(pod.get(group))):
            yield from _container(path, document, (*place, group, at), _mapping(container), name)


def _container(path: str, document: Document, place: _Place, value: dict[str, Any], name: str) -> Iterator[Finding]:
    which = f"{name}, container `{str(value.get('name', ''))[:60]}`"
    context = _mapping(value.get("securityContext"))
    added = {str(one).upper().removeprefix("CAP_") for one in _list(_mapping(context.get("capabilities")).get("add"))}
    if context.get("privileged") in _TRUE or added & _STRONG:
        line = document.line([*place, "securityContext"])
        yield risk(path, line, PRIVILEGED, f"{which} is as good as root on its host", which)
    if isinstance(value.get("image"), str) and is_unpinned_image(value["image"]):
        line = document.line([*place, "image"])
        yield risk(path, line, UNPINNED, f"{which}: the image `{value['image'][:100]}` has no version", which)
    for at, variable in enumerate(_list(value.get("env"))):
        key, literal = _mapping(variable).get("name"), _mapping(variable).get("value")
        if isinstance(key, str) and isinstance(literal, str) and is_inline_secret(key, literal):
            line = document.line([*place, "env", at])
            yield risk(path, line, INLINE_SECRET, f"{which}: `{key[:60]}` is written out here", f"{which} {key}")


def _compose(path: str, document: Document) -> Iterator[Finding]:
    for name, given in _mapping(document.value.get("services")).items():
        service, place = _mapping(given), ("services", name)
        hosts = [key for key in ("network_mode", "pid", "ipc", "userns_mode") if service.get(key) == "host"]
        if service.get("privileged") is True or hosts:
            line = document.line([*place, (hosts or ["privileged"])[0]])
            yield risk(path, line, PRIVILEGED, f"service `{name[:60]}` is as good as root on its host", name)
        for at, volume in enumerate(_list(service.get("volumes"))):
            source = volume.partition(":")[0] if isinstance(volume, str) else _mapping(volume).get("source")
            if source in {"/", "/etc", "/var/run/docker.sock", "/run/docker.sock"}:
                line = document.line([*place, "volumes", at])
                yield risk(
                    path, line, PRIVILEGED, f"service `{name[:60]}` mounts `{source}` of the host", f"{name} {source}"
                )
        image = service.get("image")
        if isinstance(image, str) and "build" not in service and is_unpinned_image(image):
            message = f"service `{name[:60]}`: the image `{image[:100]}` has no version"
            yield risk(path, document.line([*place, "image"]), UNPINNED, message, name)
        for key, value in _environment(service.get("environment")):
            if is_inline_secret(key, value):
                message = f"service `{name[:60]}`: `{key[:60]}` is written out here"
                yield risk(path, document.line([*place, "environment"]), INLINE_SECRET, message, f"{name} {key}")


def _environment(value: Any) -> Iterator[tuple[str, str]]:
    if isinstance(value, dict):
        yield from ((key, one) for key, one in value.items() if isinstance(one, str))
    for one in _list(value):
        key, equals, literal = str(one).partition("=")
        if equals:
            yield key, literal


def _dockerfile(path: str, text: str) -> Iterator[Finding]:
    stages: set[str] = set()
    for one in dockerfile.read_dockerfile(text):
        words = one.rest.split()
        if one.word == "from" and words:
            if words[0].lower() not in stages and is_unpinned_image(words[0]):
                message = f"the base image `{words[0][:100]}` has no version"
                yield risk(path, one.line, UNPINNED, message, words[0])
            stages.update(word.lower() for word in words[2:3])
        elif one.word in {"env", "arg"}:
            for key, value in _environment([word.replace('"', "") for word in words]):
                if is_inline_secret(key, value):
                    yield risk(path, one.line, INLINE_SECRET, f"`{key[:60]}` is written into the image", key)


def _mapping(value: Any) -> dict[str, Any]:
    return value if isinstance(value, dict) else {}


def _list(value: Any) -> list[Any]:
    return value if isinstance(value, list) else []
