"""Reading `registry/name:tag@digest`, the grammar of image references (distribution/reference)."""

from __future__ import annotations

import re
from typing import NamedTuple

from bot.core.packages import Package

_NAME = r"[a-z0-9]+(?:(?:\.|_{1,2}|-+)[a-z0-9]+)*"
_IMAGE = re.compile(
    r"(?:(?P<host>[A-Za-z0-9.-]+\.[A-Za-z0-9.-]+(?::\d{1,5})?|[A-Za-z0-9-]+:\d{1,5}|localhost|\[[0-9a-fA-F:]+\](?::\d{1,5})?)/)?"
    rf"(?P<name>{_NAME}(?:/{_NAME})*)"
    r"(?::(?:(?P<tag>[A-Za-z0-9_][\w.-]{0,127})|\$\{\w+:?-(?P<default>[A-Za-z0-9_][\w.-]{0,127})\}))?"
    r"(?:@(?P<digest>sha256:[0-9a-f]{64}|sha512:[0-9a-f]{128}))?",
    re.ASCII,
)
_LONGEST = 500
_HUB = frozenset(("", "docker.io", "index.docker.io", "registry-1.docker.io", "registry.hub.docker.com"))


class ImageName(NamedTuple):
    """An image as it is written; spans are places in that text, (-1, -1) for what is not there."""

    package: Package
    tag: str
    digest: str
    tag_span: tuple[int, int]
    digest_span: tuple[int, int]


def parse_image(text: str) -> ImageName | None:
    """The parts of an image reference; None for what is none. `${VAR:-1.2}` as the tag is its default."""
    found = _IMAGE.fullmatch(text) if len(text) <= _LONGEST else None
    if found is None:
        return None
    group = "default" if found["default"] else "tag"
    package = image_package(found["host"] or "", found["name"])
    return ImageName(package, found[group] or "", found["digest"] or "", found.span(group), found.span("digest"))


def image_package(host: str, name: str) -> Package:
    """The package of an image; names without a registry are Docker Hub's, single ones in its `library`."""
    if host.lower() in _HUB:
        return Package("image", "docker.io", name if "/" in name else f"library/{name}")
    return Package("image", host.lower(), name)
