"""The packed Kubernetes schemas: which kinds exist in which release, and what their fields are.

`.ci/pack_kubernetes.py` makes the packed file and describes its layout.
"""

from __future__ import annotations

import gzip
import json
import re
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any, NamedTuple

_PACKED = Path(__file__).parent.parent.parent / "templates" / "kubernetes" / "schemas.json.gz"
_VERSION = re.compile(r"v?1\.(\d{1,3})(?:\.\d+)?(?:[-+].*)?")
_API_VERSION = re.compile(r"v(\d+)(?:(alpha|beta)(\d+))?")
_STAGES = {"alpha": 0, "beta": 1, None: 2}

SWITCHED_OFF = {
    "extensions/v1beta1": 16,
    "apps/v1beta1": 16,
    "apps/v1beta2": 16,
}
"""Release 1.16 still describes these but no longer serves them (deprecated API migration guide); Ingress stayed."""
_STAYED = frozenset(("Ingress",))


class Version(NamedTuple):
    """A Kubernetes release, as in 1.33."""

    minor: int

    def __str__(self) -> str:
        return f"1.{self.minor}"


class Gvk(NamedTuple):
    """What a document says it is; the core group is empty."""

    group: str
    version: str
    kind: str

    @property
    def api_version(self) -> str:
        """The text after `apiVersion:`."""
        return f"{self.group}/{self.version}" if self.group else self.version

    @classmethod
    def of(cls, api_version: str, kind: str) -> Gvk:
        """From the two fields of a document."""
        group, _, version = api_version.rpartition("/")
        return cls(group, version, kind)


@dataclass(frozen=True, slots=True)
class Definition:
    """An object's fields with their types (see `.ci/pack_kubernetes.py`), and those that have to be there."""

    name: str
    fields: dict[str, Any]
    required: tuple[str, ...]


def parse_version(text: str) -> Version | None:
    """`1.33`, `v1.33.2` or `1.33.2-gke.100`; None when it is no release between the oldest and newest known."""
    found = _VERSION.fullmatch(text.strip())
    version = Version(int(found[1])) if found else None
    return version if version and oldest() <= version <= newest() else None


def oldest() -> Version:
    """The oldest release whose fields are known."""
    return Version(min(map(int, _packed()["checked"])))


def newest() -> Version:
    """The newest release whose fields are known; what is checked and migrated for unless told otherwise."""
    return Version(max(_packed()["minors"]))


def is_served(gvk: Gvk, version: Version) -> bool:
    """Whether the release serves this kind, at least as a feature that can be switched on."""
    found = _packed()["kinds"].get("/".join(gvk))
    if found is None or not found[1] <= version.minor <= found[2]:
        return False
    off = SWITCHED_OFF.get(gvk.api_version)
    return off is None or version.minor < off or gvk.kind in _STAYED


def is_built_in(gvk: Gvk) -> bool:
    """Whether any known release served this kind."""
    return "/".join(gvk) in _packed()["kinds"]


def lifetime(gvk: Gvk) -> tuple[Version, Version] | None:
    """The first and last release known that served this kind; None for a kind that none did."""
    found = _packed()["kinds"].get("/".join(gvk))
    if found is None:
        return None
    off = SWITCHED_OFF.get(gvk.api_version)
    last = found[2] if off is None or gvk.kind in _STAYED else min(found[2], off - 1)
    return Version(found[1]), Version(last)


def successor(gvk: Gvk, version: Version) -> Gvk | None:
    """The most mature form of this kind that the release serves: in its own group, or where `extensions` moved it."""
    here = [Gvk(*key.split("/")) for key in _of_kind().get(gvk.kind, ())]
    served = [one for one in here if is_served(one, version)]
    same = [one for one in served if one.group == gvk.group]
    others = served if gvk.group == "extensions" else []
    return max(same or others, key=lambda one: maturity(one.version), default=None)


def maturity(version: str) -> tuple[int, int, int]:
    """Kubernetes' own order of API versions: v2 before v1 before v1beta2 before v1beta1 before v1alpha1."""
    found = _API_VERSION.fullmatch(version)
    return (_STAGES[found[2]], int(found[1]), int(found[3] or 0)) if found else (-1, 0, 0)


def is_described(gvk: Gvk, version: Version) -> bool:
    """Whether the fields of a kind are known for a release; one release describes more than it serves."""
    found = _packed()["kinds"].get("/".join(gvk))
    return found is not None and oldest().minor <= version.minor and found[1] <= version.minor <= found[2]


def root(gvk: Gvk, version: Version) -> str | None:
    """The name of the definition of a kind in a release, None where its fields are not known."""
    return str(_packed()["kinds"]["/".join(gvk)][0]) if is_described(gvk, version) else None


class Release:
    """The definitions of one release, each made when it is asked for."""

    def __init__(self, version: Version) -> None:
        packed = _packed()
        self._names: list[str] = packed["names"]
        self._bodies: list[Any] = packed["bodies"]
        self._table: dict[str, int | None] = {}
        for minor in range(oldest().minor, version.minor + 1):
            self._table |= packed["checked"][str(minor)]
        self._indexes = {self._names[int(index)]: index for index in self._table}

    def body(self, index: str) -> Definition | str:
        """The definition of a reference (`@7` without its sign): fields, or one type that it stands for."""
        number = self._table[index]
        body = self._bodies[number] if number is not None else "*"
        return Definition(self._names[int(index)], body[0], tuple(body[1])) if isinstance(body, list) else str(body)

    def index(self, name: str) -> str:
        """The reference to a definition by its name."""
        return self._indexes[name]


@cache
def release(version: Version) -> Release:
    """The definitions of a release between `oldest()` and `newest()`; kept once made."""
    return Release(version)


@cache
def _packed() -> dict[str, Any]:
    packed: dict[str, Any] = json.loads(gzip.decompress(_PACKED.read_bytes()))
    return packed


@cache
def _of_kind() -> dict[str, list[str]]:
    found: dict[str, list[str]] = {}
    for key in _packed()["kinds"]:
        found.setdefault(key.rpartition("/")[2], []).append(key)
    return found
