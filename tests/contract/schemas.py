"""GitHub's descriptions as JSON Schema: cut down to what is asked for, OpenAPI 3.0 made plain, validators kept."""

from __future__ import annotations

import hashlib
import inspect
import io
import json
import re
from itertools import islice
from pathlib import Path
from typing import TYPE_CHECKING, Any, Protocol

from jsonschema import Draft7Validator, FormatChecker  # type: ignore[import-untyped]
from referencing import Registry
from referencing.jsonschema import DRAFT7

from tests.contract.npm import CACHE, write_whole

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping, Sequence

COMPONENTS = "urn:github"
"""The name under which a cut-down description's shared schemas are found."""

_MAPS_OF_SCHEMAS = frozenset({"properties", "patternProperties"})
_LISTS_OF_SCHEMAS = frozenset({"allOf", "anyOf", "oneOf"})
_KEPT = frozenset(
    {"type", "enum", "const", "required", "format", "pattern", "minimum", "maximum", "minLength", "maxLength"}
    | {"minItems", "maxItems", "uniqueItems", "minProperties", "maxProperties"}
)

FORMATS = FormatChecker(formats=())


def _is_date_time(value: object) -> bool:
    """RFC 3339, as GitHub writes it."""
    return not isinstance(value, str) or bool(
        re.fullmatch(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(\.\d+)?(Z|[+-]\d\d:?\d\d)", value)
    )


def _is_uri(value: object) -> bool:
    return not isinstance(value, str) or bool(re.match(r"[A-Za-z][A-Za-z0-9+.-]*:\S+$", value))


FORMATS.checks("date-time")(_is_date_time)
FORMATS.checks("uri")(_is_uri)


def plain_schema(schema: Any) -> Any:
    """Rewrite an OpenAPI 3.0 or 3.1 schema as a JSON Schema of draft 7 without annotations.

    `nullable` becomes a type, references point to `COMPONENTS`. `oneOf` becomes `anyOf`: where two branches fit, the
    description is loose, not the payload wrong.
    """
    if not isinstance(schema, dict):
        return schema
    if "$ref" in schema:
        plain: dict[str, Any] = {"$ref": schema["$ref"].replace("#/components/schemas", f"{COMPONENTS}#")}
    else:
        plain = {key: value for key, value in schema.items() if key in _KEPT}
        for key, value in schema.items():
            if key in _MAPS_OF_SCHEMAS:
                plain[key] = {name: plain_schema(one) for name, one in value.items()}
            elif key in _LISTS_OF_SCHEMAS:
                plain["anyOf" if key == "oneOf" else key] = [plain_schema(one) for one in value]
            elif key in {"items", "additionalProperties", "not"}:
                plain[key] = plain_schema(value)
    return _or_null(plain) if schema.get("nullable") else plain


def _or_null(schema: dict[str, Any]) -> dict[str, Any]:
    return schema if schema == {} else {"anyOf": [schema, {"type": "null"}]}


def references(node: Any) -> Iterator[str]:
    """The names of the shared schemas that a plain schema refers to directly."""
    if isinstance(node, dict):
        if isinstance(node.get("$ref"), str):
            yield node["$ref"].removeprefix(f"{COMPONENTS}#/")
        for value in node.values():
            yield from references(value)
    elif isinstance(node, list):
        for value in node:
            yield from references(value)


def closure(roots: Any, shared: Mapping[str, Any]) -> dict[str, Any]:
    """All shared schemas, made plain, that `roots` need directly or through others."""
    found: dict[str, Any] = {}
    open_names = set(references(roots))
    while open_names:
        name = open_names.pop()
        found[name] = plain_schema(shared[name])
        open_names |= set(references(found[name])) - found.keys()
    return found


def kept(name: str, source: Path, wanted: object, build: Callable[[Any], dict[str, Any]]) -> dict[str, Any]:
    """`build(description)` for the description in `source`, remembered in the cache folder.

    The cached text is made anew when the description's version, `wanted` or the code that cuts it changes.
    """
    code = b"".join(Path(file).read_bytes() for file in (__file__, inspect.getfile(build)))
    key = hashlib.sha256(repr((source.name, source.stat().st_size, wanted)).encode() + code).hexdigest()[:16]
    target = CACHE / f"{name}-{key}.json"
    if not target.exists():
        built = build(json.loads(source.read_text(encoding="utf-8")))
        write_whole(target, io.BytesIO(json.dumps(built).encode()))
    remembered: dict[str, Any] = json.loads(target.read_text(encoding="utf-8"))
    return remembered


class Fault(Protocol):
    """The part of jsonschema's errors that is used here."""

    message: str
    validator: str
    absolute_path: Sequence[str | int]
    schema_path: Sequence[str | int]
    context: list[Fault]
    instance: Any


class Validator(Protocol):
    """The part of jsonschema's validators that is used here."""

    def iter_errors(self, instance: Any) -> Iterator[Fault]:
        """All the ways in which `instance` is wrong."""


def validators(shared: Mapping[str, Any]) -> Callable[[Any], Validator]:
    """A factory of validators whose references are found in `shared`."""
    registry: Registry[Any] = Registry().with_resource(COMPONENTS, DRAFT7.create_resource(dict(shared)))

    def validator(schema: Any) -> Validator:
        made: Validator = Draft7Validator(schema, registry=registry, format_checker=FORMATS)
        return made

    return validator


def leaves(fault: Fault) -> Iterator[Fault]:
    """The plain faults behind one about alternatives: those of the alternative that comes nearest."""
    if not fault.context:
        yield fault
        return
    branches: dict[str | int, list[Fault]] = {}
    for inner in fault.context:
        branches.setdefault(inner.schema_path[0], []).append(inner)
    nearest = min(branches.values(), key=lambda faults: _distance(faults, len(fault.absolute_path)))
    for inner in nearest:
        yield from leaves(inner)


def _distance(faults: list[Fault], depth: int) -> tuple[bool, int]:
    """A wrong type of the whole (the value at that depth) is farther away than any number of faults inside."""
    plain = [leaf for fault in faults for leaf in leaves(fault)]
    return any(leaf.validator == "type" and len(leaf.absolute_path) == depth for leaf in plain), len(plain)


def problems(validator: Validator, value: Any, where: str, most: int = 5) -> list[str]:
    """What is wrong with `value`, each as one line that says where."""
    faults = (leaf for fault in validator.iter_errors(value) for leaf in leaves(fault))
    return [f"{where}{_place(fault)}: {fault.message[:300]}" for fault in islice(faults, most)]


def _place(fault: Fault) -> str:
    return "".join(f"[{part}]" if isinstance(part, int) else f".{part}" for part in fault.absolute_path)
