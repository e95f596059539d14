"""What a file refers to by version, and what a source says of it: values that manifests, rules and sources share."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass
from typing import TYPE_CHECKING, Literal, NamedTuple

if TYPE_CHECKING:
    from collections.abc import Mapping
    from datetime import datetime

PackageKind = Literal["image", "chart", "oci-chart", "terraform-provider", "terraform-module", "github"]
"""Which sort of source knows the versions: a registry, a chart repository, a Terraform registry, tags on GitHub."""

Ecosystem = Literal["images", "charts", "terraform", "actions"]
"""The refresh group of a reference, majors aside; the names of `refresh.groups`."""

Scheme = Literal["tag", "helm", "terraform", "lock"]
"""How the text is read: a tag or exact version, a range of Helm's or Terraform's, an entry of a lock file."""


class Package(NamedTuple):
    """One thing that has versions.

    `host` is the registry's host with its port (`docker.io`, `127.0.0.1:5000`), for a chart the address of its
    repository, and empty on GitHub, which is the run's own. `name` is what the source knows it by: `library/nginx`,
    `ingress-nginx`, `hashicorp/aws`, `terraform-aws-modules/vpc/aws`, `actions/checkout`.
    """

    kind: PackageKind
    host: str
    name: str

    @property
    def key(self) -> str:
        """Kind, host and name as one word."""
        return f"{self.kind}:{self.host}/{self.name}" if self.host else f"{self.kind}:{self.name}"

    @property
    def names(self) -> tuple[str, ...]:
        """What people call it, longest first: `docker.io/library/nginx`, `library/nginx`, `nginx`."""
        full = f"{self.host.removeprefix('oci://').removeprefix('https://')}/{self.name}" if self.host else self.name
        return tuple(dict.fromkeys((full, self.name, self.name.removeprefix("library/"))))


@dataclass(frozen=True, slots=True)
class Release:
    """One version that a source offers.

    `name` is spelled as the source spells it. `digest` is an image's digest or a tag's commit, empty where it was not
    given. `withdrawn` says why nobody should take it. `kubernetes` is the range of cluster versions that it needs.
    """

    name: str
    digest: str = ""
    released: datetime | None = None
    unstable: bool = False
    withdrawn: str = ""
    kubernetes: str = ""


@dataclass(frozen=True, slots=True)
class Available:
    """All versions that a source named; `cut` says why there may be more of them."""

    releases: tuple[Release, ...]
    cut: str = ""


@dataclass(frozen=True, slots=True)
class Unavailable:
    """Why a source gave no answer, in words for people, without credentials."""

    why: str


class Place(NamedTuple):
    """Characters `start` to `end` of the text that hold a version or a digest, which was `written` there.

    `before` and `after` belong to the version and stand elsewhere: `-alpine` in `FROM nginx:${VERSION}-alpine`.
    `plain` says that it is a whole unquoted YAML value, which another version may turn into a number.
    """

    part: Literal["version", "digest", "hashes", "constraints"]
    start: int
    end: int
    written: str
    before: str = ""
    after: str = ""
    plain: bool = False


@dataclass(frozen=True, slots=True)
class Reference:
    """One place of a file that refers to a package by version.

    `identity` names the object that holds it, in its file, whatever line it stands on:
    `apps/Deployment/shop/cart spec.template.spec.containers[server].image`. `current` is the tag, version or range,
    empty where only a digest is given. `digest` is what the version is pinned to. `bound` is the range that a lock
    entry has to stay in. `held` says why it is left alone whatever the source says.
    """

    path: str
    line: int
    ecosystem: Ecosystem
    package: Package
    identity: str
    current: str
    scheme: Scheme
    places: tuple[Place, ...]
    digest: str = ""
    bound: str = ""
    held: str = ""


Kind = Literal["patch", "minor", "major"]
"""How far a step goes; a digest that moved under its tag is a patch."""


@dataclass(frozen=True, slots=True)
class Offer:
    """A newer version for a reference.

    `newer` is the version as its source spells it, `text` what will stand in the file: the same, or the range that
    takes it in. `digest` is the new pin, None while it has to be asked for. `why_not` says of versions beyond it why
    they were not taken. `seen` are first-seen times to keep for the next run, by `sighting`.
    """

    reference: Reference
    newer: str
    text: str
    kind: Kind
    digest: str | None = ""
    released: datetime | None = None
    why_not: tuple[str, ...] = ()
    seen: Mapping[str, datetime] | None = None

    @property
    def id(self) -> str:
        """The finding's stable id: of the object, the package and the step, not of line or branch."""
        one = self.reference
        step = (one.path, one.identity, one.package.key, one.current, one.digest, self.text, self.digest or "")
        return hashlib.sha256("\0".join(step).encode("utf-8", "surrogatepass")).hexdigest()[:16]


@dataclass(frozen=True, slots=True)
class Held:
    """A reference that is left alone, and why, in words for people; `seen` as in an offer.

    `final` says that its pin is left alone too: it is ignored, or its source cannot be asked.
    """

    reference: Reference
    reason: str
    seen: Mapping[str, datetime] | None = None
    final: bool = False


def sighting(package: Package, version: str) -> str:
    """The key under which it is kept when a version was first seen."""
    return f"{package.key}@{version}"
