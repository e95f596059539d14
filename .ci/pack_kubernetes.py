"""Makes `bot/templates/kubernetes/schemas.json.gz` again: the Kubernetes schemas that Draftgate checks manifests with.

Source: the JSON schemas in the PyPI package kubernetes-validate (Apache-2.0), made from the OpenAPI description in each
Kubernetes release (Copyright The Kubernetes Authors, Apache-2.0). Two of its releases together hold Kubernetes
1.10 to 1.37; a later one is added the same way. From the root of the repository:

    pip download --no-deps --no-binary :none: -d DIR kubernetes-validate==1.24.1
    pip download --no-deps --no-binary :none: -d DIR kubernetes-validate==1.37.0
    python .ci/pack_kubernetes.py DIR/*

What is kept: for every kind that has an object of its own, in which releases it exists; from `FIRST_CHECKED` on also
its fields, their types, which are required and what makes the items of a list the same. Descriptions are left out. Each
definition is stored once, however many releases share it. Equal sources give equal bytes.

The layout of the result, as `bot/manifests/kubernetes/schemas.py` reads it:

    source    a sentence of attribution
    minors    [10, 11, ...]: the releases 1.10, 1.11, ...
    kinds     "group/version/Kind" -> [name of its definition, first minor, last minor]; the core group is ""
    names     the definitions' names; a reference is an index into them
    bodies    the distinct definitions: [fields, required] or a type
    checked   minor -> {name's index: body's index or null}, each as the change from the minor before

    A type is "s" string, "i" int32, "l" int64, "b" boolean, "n" number, "y" base64, "t" date-time, "q" quantity,
    "x" integer or string, "o" object of any fields, "*" anything, "@7" the definition of name 7, "[T" list of T,
    "{T" map of T, and {"of": T, "by": [keys]} a list whose items are told apart by these keys ([]: by themselves).
"""

from __future__ import annotations

import argparse
import gzip
import io
import json
import re
import sys
import tarfile
import zipfile
from pathlib import Path
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

FIRST_CHECKED = 16
"""The first minor release whose fields are packed; earlier ones only tell which kinds existed."""
TARGET = Path(__file__).parent.parent / "bot/templates/kubernetes/schemas.json.gz"
SOURCE = (
    "Made by .ci/pack_kubernetes.py from the schemas in kubernetes-validate (Apache-2.0), "
    "which are made from Kubernetes' OpenAPI descriptions (Copyright The Kubernetes Authors, Apache-2.0)."
)

_MEMBER = re.compile(r"/v1\.(\d+)\.0-local-strict/_definitions\.json$")
_FORMATS = {"int32": "i", "int64": "l", "byte": "y", "date-time": "t", "double": "n", "float": "n"}
_PLAIN = {"string": "s", "integer": "l", "boolean": "b", "number": "n"}
_SPECIAL = {
    "io.k8s.apimachinery.pkg.api.resource.Quantity": "q",
    "io.k8s.apimachinery.pkg.util.intstr.IntOrString": "x",
}

_Definitions = dict[str, Any]


def members(archive: Path) -> Iterator[tuple[int, _Definitions]]:
    """The definitions of each release in a wheel or source archive, by minor version."""
    if archive.suffix == ".whl":
        with zipfile.ZipFile(archive) as wheel:
            for name in wheel.namelist():
                if found := _MEMBER.search(name):
                    yield int(found[1]), _definitions(wheel.read(name))
        return
    with tarfile.open(archive) as bundle:
        for member in bundle:
            found, file = _MEMBER.search(member.name), bundle.extractfile(member)
            if found and file:
                yield int(found[1]), _definitions(file.read())


def _definitions(content: bytes) -> _Definitions:
    """The table itself, which older releases call `definitions` and newer ones `$defs`, or leave bare."""
    whole = json.loads(content)
    for name in ("definitions", "$defs"):
        whole = whole.get(name, whole) if isinstance(whole.get(name), dict) else whole
    return dict(whole)


def kinds_of(definitions: _Definitions) -> dict[str, str]:
    """The definition of each "group/version/Kind", for kinds that are objects: no lists, nothing that groups share."""
    found: dict[str, str] = {}
    for name, body in sorted(definitions.items()):
        marks = [mark for mark in body.get("x-kubernetes-group-version-kind", []) if isinstance(mark, dict)]
        if len(marks) != 1 or marks[0]["kind"].endswith("List") or "apiVersion" not in body.get("properties", {}):
            continue
        found[f"{marks[0]['group']}/{marks[0]['version']}/{marks[0]['kind']}"] = name
    return found


class Packer:
    """Collects names and bodies, each once."""

    def __init__(self) -> None:
        self.names: dict[str, int] = {}
        self.bodies: dict[str, int] = {}

    def release(self, definitions: _Definitions, roots: Mapping[str, str]) -> dict[int, int]:
        """By name's index the body's index, for all that the roots reach."""
        found: dict[int, int] = {}
        waiting = sorted(roots.values())
        while waiting:
            name = waiting.pop()
            index = self._name(name)
            if index in found:
                continue
            body = self._body(name, definitions[name])
            text = json.dumps(body, sort_keys=True)
            found[index] = self.bodies.setdefault(text, len(self.bodies))
            waiting += [other.rpartition("/")[2] for other in _references(definitions[name])]
        return found

    def _name(self, name: str) -> int:
        return self.names.setdefault(name, len(self.names))

    def _body(self, name: str, schema: Mapping[str, Any]) -> Any:
        if name in _SPECIAL:
            return _SPECIAL[name]
        if "properties" not in schema:
            return self._type(schema)
        fields = {field: self._type(inner) for field, inner in schema["properties"].items()}
        return [fields, sorted(schema.get("required", []))]

    def _type(self, schema: Mapping[str, Any]) -> Any:
        if "$ref" in schema:
            return f"@{self._name(schema['$ref'].rpartition('/')[2])}"
        kinds = schema.get("type", [])
        kind = next((one for one in ([kinds] if isinstance(kinds, str) else kinds) if one != "null"), None)
        if kind == "array":
            return self._list(schema)
        if kind == "object" or "properties" in schema:
            if "properties" in schema:
                raise ValueError(f"fields inside a field are not packed: {schema}")
            values = schema.get("additionalProperties")
            return _wrapped("{", self._type(values)) if isinstance(values, dict) else "o"
        if kind is None:
            return "*"
        return _FORMATS.get(schema.get("format", ""), _PLAIN[kind])

    def _list(self, schema: Mapping[str, Any]) -> Any:
        item = self._type(schema["items"])
        if schema.get("x-kubernetes-list-type") == "set":
            return {"of": item, "by": []}
        keys = schema.get("x-kubernetes-list-map-keys") or [schema.get("x-kubernetes-patch-merge-key")]
        return {"of": item, "by": keys} if keys != [None] else _wrapped("[", item)


def _wrapped(sign: str, inner: Any) -> str:
    if not isinstance(inner, str):
        raise TypeError(f"a list inside {sign} that has keys is not packed: {inner}")
    return sign + inner


def _references(schema: Any) -> Iterator[str]:
    if isinstance(schema, dict):
        if isinstance(schema.get("$ref"), str):
            yield schema["$ref"]
        for inner in schema.values():
            yield from _references(inner)


def pack(releases: Mapping[int, _Definitions]) -> dict[str, Any]:
    """The whole result as JSON values."""
    packer = Packer()
    kinds: dict[str, list[Any]] = {}
    checked: dict[str, dict[int, int | None]] = {}
    before: dict[int, int] = {}
    for minor, definitions in sorted(releases.items()):
        roots = kinds_of(definitions)
        for key, name in roots.items():
            kinds.setdefault(key, [name, minor, minor])[2] = minor
        if minor < FIRST_CHECKED:
            continue
        table = packer.release(definitions, roots)
        changed: dict[int, int | None] = {name: body for name, body in table.items() if before.get(name) != body}
        checked[str(minor)] = changed | dict.fromkeys(before.keys() - table.keys())
        before = table
    return {
        "source": SOURCE,
        "minors": sorted(releases),
        "kinds": dict(sorted(kinds.items())),
        "names": list(packer.names),
        "bodies": [json.loads(body) for body in packer.bodies],
        "checked": checked,
    }


def main() -> int:
    """Pack the archives that the command line names."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("archives", nargs="+", type=Path, help="kubernetes-validate wheels and source archives")
    parser.add_argument("--out", type=Path, default=TARGET)
    chosen = parser.parse_args()
    releases: dict[int, _Definitions] = {}
    for archive in chosen.archives:
        releases |= dict(members(archive))
    minors = sorted(releases)
    if minors != list(range(minors[0], minors[-1] + 1)):
        sys.exit(f"error: releases are missing between 1.{minors[0]} and 1.{minors[-1]}: {minors}")
    text = json.dumps(pack(releases), separators=(",", ":"), sort_keys=True)
    content = io.BytesIO()
    with gzip.GzipFile(filename="", fileobj=content, mode="wb", compresslevel=9, mtime=0) as file:
        file.write(text.encode())
    chosen.out.write_bytes(content.getvalue())
    sys.stdout.write(f"1.{minors[0]} to 1.{minors[-1]}: {len(text):,} bytes, packed {len(content.getvalue()):,}\n")
    return 0


if __name__ == "__main__":
    sys.exit(main())
