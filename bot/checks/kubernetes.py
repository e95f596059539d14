"""Kubernetes documents in any YAML or JSON file: removed APIs, the strict schema of a release, and Kubernetes sense.

Which release: the one that is asked for, else the newest known. Without being asked, an API that is not served there is
only a warning, since nobody has said what the cluster runs. Templates are not judged before they are rendered; in
patches nothing is missing.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from bot.checks import kubernetes_objects, kubernetes_pods
from bot.checks.findings import Finding, Severity
from bot.manifests.kubernetes import Document, Version, due_in, newest, scan, validate
from bot.manifests.kubernetes.schemas import Gvk, is_built_in, is_described, is_served
from bot.manifests.kubernetes.validation import DUPLICATE, REPEATED
from bot.manifests.nodes import get

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping

API = "kubernetes-api"
SYNTAX = "kubernetes-syntax"

_SUFFIXES = (".yaml", ".yml", ".json")


def matches(path: str) -> bool:
    """Files that may hold Kubernetes documents; what is in them decides."""
    return path.lower().endswith(_SUFFIXES)


def check(path: str, text: str, version: Version | None = None) -> list[Finding]:
    """The findings of all Kubernetes documents in a text, in the order of its lines; never raises."""
    if "apiVersion" not in text:
        return []
    documents = scan(path, text)
    found = [*_apis(documents, text, version), *(_defined_again(*pair) for pair in _repeated(documents))]
    for one in documents:
        found += _document(one, version or newest())
    return sorted(found, key=lambda finding: finding.line or 0)


def check_together(files: Mapping[str, str]) -> list[Finding]:
    """What only shows in several files: the objects that two files of one folder both define.

    Files of different folders may: bases and overlays, or one folder for each environment.
    """
    folders: dict[str, list[Document]] = {}
    for path, text in files.items():
        if "apiVersion" in text:
            folders.setdefault(path.rpartition("/")[0], []).extend(scan(path, text))
    pairs = (pair for documents in folders.values() for pair in _repeated(documents))
    return [_defined_again(one, first) for one, first in pairs if one.path != first.path]


def _apis(documents: Iterable[Document], text: str, version: Version | None) -> Iterator[Finding]:
    severity: Severity = "error" if version else "warning"
    for due in due_in(documents, text, version or newest()):
        yield Finding(due.path, due.line, API, severity, due.message)


def _document(document: Document, version: Version) -> Iterator[Finding]:
    if document.node is None:
        if document.template and document.gvk.kind:
            yield Finding(document.path, document.line, SYNTAX, "note", f"not checked: {document.broken}")
        return
    if document.template:
        return
    sense: list[Finding] = []
    if is_built_in(document.gvk):
        sense = [*kubernetes_objects.check(document), *kubernetes_pods.check(document)]
    said = {one.line for one in sense}
    yield from (one for one in _schema(document, version) if one.check != DUPLICATE or one.line not in said)
    yield from sense


def _schema(document: Document, version: Version) -> Iterator[Finding]:
    assert document.node is not None  # noqa: S101 - asked by the caller
    if not is_served(document.gvk, version):
        if _is_too_new(document.gvk, version):
            message = f"{document.gvk.api_version} {document.gvk.kind} is newer than Kubernetes {version}"
            yield Finding(document.path, document.line, API, "error", message)
        return
    for problem in validate(document.node, document.gvk, version) or []:
        if document.partial and (problem.missing or "$patch" in problem.path):
            continue
        if problem.check == REPEATED:  # the readers of YAML and JSON say that of any file
            continue
        severity: Severity = "error" if problem.severity == "error" else "warning"
        yield Finding(document.path, problem.line, problem.check, severity, problem.message)


def _is_too_new(gvk: Gvk, version: Version) -> bool:
    later = range(version.minor + 1, newest().minor + 1)
    return is_built_in(gvk) and any(is_described(gvk, Version(minor)) for minor in later)


def _repeated(documents: Iterable[Document]) -> Iterator[tuple[Document, Document]]:
    """Each document of an object that an earlier one defines too, with that earlier one."""
    first: dict[str, Document] = {}
    for one in documents:
        if one.node is None or one.template or one.partial or get(one.node, "metadata", "name") is None:
            continue
        known = first.setdefault(one.identity, one)
        if known is not one:
            yield one, known


def _defined_again(one: Document, first: Document) -> Finding:
    place = f"line {first.line}" if first.path == one.path else first.path
    message = f"{one.gvk.kind} {one.name!r} is defined here again (first in {place}); the last one applied wins"
    return Finding(one.path, one.line, DUPLICATE, "warning", message)
