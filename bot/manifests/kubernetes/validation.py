"""Whether a document has the fields that a Kubernetes release knows: strictly, so that unknown fields are errors.

Fields that are null count as absent, as the API server reads them.
"""

from __future__ import annotations

import re
from functools import cache
from typing import TYPE_CHECKING, Any, NamedTuple

from bot.manifests.kubernetes import schemas
from bot.manifests.nodes import Entry, Mapping, Node, Scalar, Sequence, fields

if TYPE_CHECKING:
    from bot.manifests.kubernetes.schemas import Definition, Gvk, Release, Version

SCHEMA = "kubernetes-schema"
REPEATED = "kubernetes-repeated-field"
DUPLICATE = "kubernetes-duplicate"
QUANTITY_CHECK = "kubernetes-quantity"
MOST = 50
"""Problems of one document that are told; more say nothing new."""

QUANTITY = re.compile(r"[-+]?(?:\d+(?:\.\d*)?|\.\d+)(?:[munkMGTPE]|[KMGTPE]i|[eE][-+]?\d+)?")
"""`resource.Quantity`: a decimal number with an SI or binary suffix, or an exponent."""
_BASE64 = re.compile(r"(?:[A-Za-z0-9+/]|\s)*={0,2}\s*")
_WIDEST = {"i": 2**31, "l": 2**63}
_NAMED = {"s": "a string", "i": "an integer", "l": "an integer", "b": "true or false", "n": "a number"}


class Problem(NamedTuple):
    """Something wrong in a document: `path` as in `spec.rules[0].host`; `missing`: a field that is not there."""

    line: int
    path: str
    check: str
    severity: str
    message: str
    missing: bool = False


class _Place(NamedTuple):
    """A node's way from the root, written out only when there is something to say."""

    above: _Place | None
    step: str | int

    def __str__(self) -> str:
        steps: list[str] = []
        place: _Place | None = self
        while place:
            steps.append(f"[{place.step}]" if isinstance(place.step, int) else f".{place.step}")
            place = place.above
        return "".join(reversed(steps)).lstrip(".")


_Found = list[Problem]


def validate(node: Node, gvk: Gvk, version: Version) -> list[Problem] | None:
    """The problems of a document as this kind in this release, at most `MOST`; None for a kind it does not have."""
    name = schemas.root(gvk, version)
    if name is None:
        return None
    found: _Found = []
    _validator(version).reference(schemas.release(version).index(name))(node, None, found)
    return found[:MOST]


@cache
def _validator(version: Version) -> Validator:
    return Validator(schemas.release(version))


class Validator:
    """The checks of one release, compiled from its definitions when first used."""

    def __init__(self, release: Release) -> None:
        self._release = release
        self._compiled: dict[str, Any] = {}

    def reference(self, index: str) -> Any:
        """The check of a definition."""
        if index not in self._compiled:
            body = self._release.body(index)
            self._compiled[index] = self.of(body) if isinstance(body, str) else _ObjectCheck(self, body)
        return self._compiled[index]

    def of(self, kind: Any) -> Any:
        """The check of a type as it is packed."""
        if isinstance(kind, dict):
            return _ListCheck(self.of(kind["of"]), tuple(kind["by"]), unique=True)
        sign, inner = kind[0], kind[1:]
        if sign == "@":
            return self.reference(inner)
        if sign == "[":
            return _ListCheck(self.of(inner), (), unique=False)
        if sign == "{":
            return _MapCheck(self.of(inner))
        return _LEAVES[sign]


class _ObjectCheck:
    """An object with known fields; its fields' checks are made at the first look, since definitions can nest."""

    def __init__(self, validator: Validator, definition: Definition) -> None:
        self._validator, self._definition = validator, definition
        self._known: dict[str, Any] = {}

    def __call__(self, node: Node, place: _Place | None, found: _Found) -> None:
        if type(node) is not Mapping:
            _wrong(node, place, found, "an object")
            return
        given = set()
        for one in fields(node):
            name = one.key.text
            if name in given:
                message = f"the field {name!r} stands here again"
                found.append(Problem(one.key.line, str(_Place(place, name)), REPEATED, "error", message))
            if type(one.node) is not Scalar or one.node.value is not None:
                given.add(name)
            check = self._known.get(name) or self._learn(name)
            if check is None:
                self._unknown(one, place, found)
            elif type(one.node) is not Scalar or one.node.value is not None:
                check(one.node, _Place(place, name), found)
            if len(found) > MOST:
                return
        for name in self._definition.required:
            if name not in given:
                line, where = _line(node, place), str(_Place(place, name))
                message = f"the field {where} is missing; {self._title()} has to have it"
                found.append(Problem(line, where, SCHEMA, "error", message, missing=True))

    def _learn(self, name: str) -> Any:
        kind = self._definition.fields.get(name)
        if kind is None:
            return None
        self._known[name] = self._validator.of(kind)
        return self._known[name]

    def _unknown(self, one: Entry, place: _Place | None, found: _Found) -> None:
        name = one.key.text
        near = _nearest(name, self._definition.fields)
        message = f"{self._title()} has no field {name[:80]!r}" + (f"; did you mean {near!r}?" if near else "")
        found.append(Problem(one.key.line, str(_Place(place, name)), SCHEMA, "error", message))

    def _title(self) -> str:
        return self._definition.name.rpartition(".")[2]


class _ListCheck:
    def __init__(self, item: Any, keys: tuple[str, ...], *, unique: bool) -> None:
        self._item, self._keys, self._unique = item, keys, unique

    def __call__(self, node: Node, place: _Place | None, found: _Found) -> None:
        if type(node) is not Sequence:
            _wrong(node, place, found, "a list")
            return
        for number, item in enumerate(node.items):
            self._item(item, _Place(place, number), found)
            if len(found) > MOST:
                return
        if self._unique and len(node.items) > 1:
            self._duplicates(node, place, found)

    def _duplicates(self, node: Sequence, place: _Place | None, found: _Found) -> None:
        seen: set[tuple[Any, ...]] = set()
        for number, item in enumerate(node.items):
            identity = _identity(item, self._keys)
            if identity is None:
                continue
            if identity in seen:
                what = ", ".join(str(part) for part in identity if part is not None)[:80]
                message = f"{what!r} stands in this list twice"
                found.append(Problem(item.line, str(_Place(place, number)), DUPLICATE, "warning", message))
            seen.add(identity)


class _MapCheck:
    def __init__(self, value: Any) -> None:
        self._value = value

    def __call__(self, node: Node, place: _Place | None, found: _Found) -> None:
        if type(node) is not Mapping:
            _wrong(node, place, found, "an object")
            return
        for one in fields(node):
            self._value(one.node, _Place(place, one.key.text), found)
            if len(found) > MOST:
                return


def _identity(item: Node, keys: tuple[str, ...]) -> tuple[Any, ...] | None:
    """What tells the item of a list from the others, None when that is not all there."""
    if not keys:
        return (item.value,) if isinstance(item, Scalar) else None
    if not isinstance(item, Mapping):
        return None
    given = {one.key.text: one.node for one in item.entries}
    values = [given.get(key) for key in keys]
    if values[0] is None:
        return None
    defaults = {"protocol": "TCP"}
    return tuple(
        value.value if isinstance(value, Scalar) else defaults.get(key) for key, value in zip(keys, values, strict=True)
    )


def _nearest(name: str, known: dict[str, Any]) -> str | None:
    lowered = name.lower()
    return next((one for one in known if one.lower() == lowered or one.lower() in {f"{lowered}s", lowered[:-1]}), None)


def _line(node: Node, place: _Place | None) -> int:
    return node.entries[0].key.line if isinstance(node, Mapping) and node.entries and place else node.line


def _wrong(node: Node, place: _Place | None, found: _Found, wanted: str) -> None:
    message = f"{place or 'the document'} has to be {wanted}, not {_kind_of(node)}"
    found.append(Problem(node.line, str(place or ""), SCHEMA, "error", message))


def _kind_of(node: Node) -> str:
    if not isinstance(node, Scalar):
        return "an object" if isinstance(node, Mapping) else "a list"
    if node.value is None:
        return "null"
    return f"{_TYPES[type(node.value)]} {node.text[:40]!r}"


_TYPES = {bool: "the boolean", int: "the number", float: "the number", str: "the string"}


def _leaf(sign: str, types: frozenset[type]) -> Any:
    wanted, widest = _NAMED[sign], _WIDEST.get(sign)

    def check(node: Node, place: _Place | None, found: _Found) -> None:
        if type(node) is not Scalar or type(node.value) not in types:
            _wrong(node, place, found, wanted)
        elif widest is not None and isinstance(node.value, int) and not -widest <= node.value < widest:
            _wrong(node, place, found, f"{wanted} of {widest.bit_length()} bits")

    return check


def _int_or_string(node: Node, place: _Place | None, found: _Found) -> None:
    if type(node) is not Scalar or type(node.value) not in {str, int}:
        _wrong(node, place, found, "an integer or a string")


def _quantity(node: Node, place: _Place | None, found: _Found) -> None:
    if type(node) is not Scalar or type(node.value) not in {str, int, float}:
        _wrong(node, place, found, "a quantity")
    elif isinstance(node.value, str) and not QUANTITY.fullmatch(node.value):
        message = f"{place} is no quantity: {node.value[:40]!r}; write one like 500m, 1.5, 128Mi"
        found.append(Problem(node.line, str(place), QUANTITY_CHECK, "error", message))


def _base64(node: Node, place: _Place | None, found: _Found) -> None:
    if type(node) is not Scalar or type(node.value) is not str:
        if type(node) is not Scalar or node.value is not None:
            _wrong(node, place, found, "a string of base64")
    elif not _BASE64.fullmatch(node.value):
        message = f"{place} is no base64; plain text belongs under stringData of a Secret"
        found.append(Problem(node.line, str(place), SCHEMA, "error", message))


def _free_object(node: Node, place: _Place | None, found: _Found) -> None:
    if type(node) is not Mapping:
        _wrong(node, place, found, "an object")


def _anything(_node: Node, _place: _Place | None, _found: _Found) -> None:
    return


_LEAVES: dict[str, Any] = {
    "s": _leaf("s", frozenset((str,))),
    "i": _leaf("i", frozenset((int,))),
    "l": _leaf("l", frozenset((int,))),
    "b": _leaf("b", frozenset((bool,))),
    "n": _leaf("n", frozenset((int, float))),
    "t": _leaf("s", frozenset((str,))),
    "y": _base64,
    "q": _quantity,
    "x": _int_or_string,
    "o": _free_object,
    "*": _anything,
}
