"""CustomResourceDefinition from apiextensions.k8s.io/v1beta1 to v1."""

from __future__ import annotations

from typing import TYPE_CHECKING

from bot.manifests.edits import Edit
from bot.manifests.kubernetes.rules.case import require, the
from bot.manifests.nodes import Entry, Mapping, Node, Scalar, entry, get, items
from bot.manifests.rewriting import Moved, Raw, Tree, UnclearError, token

if TYPE_CHECKING:
    from collections.abc import Iterator

    from bot.manifests.kubernetes.rules.case import Case

_MOVED = {
    "validation": "schema",
    "subresources": "subresources",
    "additionalPrinterColumns": "additionalPrinterColumns",
}
"""Fields of the spec that belong to each version now, and what they are called there."""
_KEEP = "x-kubernetes-preserve-unknown-fields"
_OPEN: dict[str, Tree] = {"openAPIV3Schema": {"type": "object", _KEEP: Raw("true")}}


def migrate(case: Case) -> None:
    """Move what describes all versions into each of them, and write out what is required now."""
    spec = case.mapping("spec")
    if spec is None:
        return
    moved = {_MOVED[name]: one for name in _MOVED if (one := the(spec, name))}
    _versions(case, spec, moved)
    for one in moved.values():
        case.rewriting.remove(spec, one)
    _conversion(case, spec)
    _unknown_fields(case, spec, has_schema="schema" in moved)
    if entry(spec, "scope") is None:
        case.rewriting.add(spec, require(spec, "names"), {"scope": "Namespaced"})
        case.note("`spec.scope` is required now: Namespaced was the default.")


def _versions(case: Case, spec: Mapping, moved: dict[str, Entry]) -> None:
    version, versions = the(spec, "version"), the(spec, "versions")
    shared = {name: _carried(case, name, one, spec) for name, one in moved.items()}
    if versions is None or not items(versions.node):
        version = require(spec, "version")
        tree: dict[str, Tree] = {
            "name": token(case.rewriting.text, version.node),
            "served": Raw("true"),
            "storage": Raw("true"),
            **(shared | ({} if "schema" in shared else _open_schema(case))),
        }
        if versions is not None:
            case.rewriting.remove(spec, versions)
        case.rewriting.replace(version, "versions", [tree])
        return
    if version is not None:
        case.rewriting.remove(spec, version)
    for item in items(versions.node):
        _version(case, item, shared)


def _version(case: Case, item: Node, shared: dict[str, Tree]) -> None:
    if not isinstance(item, Mapping) or not item.entries:
        raise UnclearError(f"the version on line {item.line} is empty")
    added = {name: value for name, value in shared.items() if entry(item, name) is None}
    if entry(item, "schema") is None and "schema" not in added:
        added |= _open_schema(case)
    if added:
        case.rewriting.add(item, item.entries[-1], added)
    if columns := the(item, "additionalPrinterColumns"):
        case.rewriting.edits += list(_paths(columns))
    if schema := get(item, "schema", "openAPIV3Schema"):
        case.rewriting.edits += list(_typed(case, schema, keep=False))


def _open_schema(case: Case) -> dict[str, Tree]:
    case.note(
        "A schema is required now. There was none, so any fields are allowed (`x-kubernetes-preserve-unknown-fields`), "
        "as before; a real schema would be better."
    )
    return {"schema": dict(_OPEN)}


def _carried(case: Case, name: str, one: Entry, spec: Mapping) -> Tree:
    if name == "additionalPrinterColumns":
        return Moved(one, tuple(_paths(one)))
    schema = get(one.node, "openAPIV3Schema")
    if name != "schema":
        return Moved(one)
    if not isinstance(schema, Mapping) or not schema.entries:
        return _open_schema(case)["schema"]
    keeps = get(spec, "preserveUnknownFields")
    keep = isinstance(keeps, Scalar) and keeps.value is True
    return Moved(one, tuple(_typed(case, schema, keep=keep)))


def _paths(columns: Entry) -> Iterator[Edit]:
    """`JSONPath` is spelled `jsonPath`."""
    for column in items(columns.node):
        if path := the(column, "JSONPath"):
            quoted = 1 if path.key.style else 0
            yield Edit(path.key.start + quoted, path.key.end - quoted, "jsonPath")


def _typed(case: Case, schema: Node, *, keep: bool) -> Iterator[Edit]:
    """The root of a schema says that it is an object; kept unknown fields are said there too."""
    if not isinstance(schema, Mapping) or not schema.entries:
        return
    added: dict[str, Tree] = {}
    if entry(schema, "type") is None:
        added["type"] = "object"
    if keep and entry(schema, _KEEP) is None:
        added[_KEEP] = Raw("true")
    if added:
        yield case.rewriting.addition_before(schema, added)
    untyped = next(_untyped(schema, "", top=True), None)
    if untyped is not None:
        case.note(f"The schema is not structural, which v1 refuses: {untyped} has no type.")


def _untyped(schema: Node, path: str, *, top: bool = False) -> Iterator[str]:
    """Places in a schema whose type is not said, as a structural schema has to."""
    if not isinstance(schema, Mapping):
        return
    free = ("type", "x-kubernetes-int-or-string", _KEEP)
    if not top and not any(entry(schema, name) for name in free):
        yield path or "the root"
    for name in ("properties", "additionalProperties", "items"):
        inner = get(schema, name)
        if name == "properties" and isinstance(inner, Mapping):
            for one in inner.entries:
                yield from _untyped(one.node, f"{path}.{one.key.text}".lstrip("."))
        elif inner is not None:
            yield from _untyped(inner, f"{path}[]")


def _conversion(case: Case, spec: Mapping) -> None:
    conversion = the(spec, "conversion")
    if conversion is None or not isinstance(conversion.node, Mapping):
        return
    node = conversion.node
    webhook: dict[str, Tree] = {}
    config, reviews = the(node, "webhookClientConfig"), the(node, "conversionReviewVersions")
    if config:
        webhook["clientConfig"] = Moved(config)
        webhook["conversionReviewVersions"] = Moved(reviews) if reviews else ["v1beta1"]
        case.rewriting.replace(config, "webhook", webhook)
    if reviews:
        case.rewriting.remove(node, reviews)


def _unknown_fields(case: Case, spec: Mapping, *, has_schema: bool) -> None:
    keeps = the(spec, "preserveUnknownFields")
    if keeps is not None and isinstance(keeps.node, Scalar) and keeps.node.value is True:
        case.rewriting.remove(spec, keeps)
        case.note(
            "`preserveUnknownFields: true` is not allowed any more; x-kubernetes-preserve-unknown-fields at the root "
            "of the schema keeps unknown fields there, but not inside fields that are described."
        )
    elif keeps is None and has_schema:
        case.note("Fields that the schema does not name were kept till now; v1 drops them.")
