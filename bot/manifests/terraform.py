"""Terraform and OpenTofu: required providers, modules of registries and of GitHub, the required version itself."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from bot.core.packages import Package, Place, Reference
from bot.manifests.hcl import Block, Value, blocks

if TYPE_CHECKING:
    from collections.abc import Iterator

    from bot.core.packages import Scheme

_FILES = (".tf", ".tofu")
_PART = r"[\w-]+"
_HOST = r"(?:(?P<host>[\w.-]+\.[\w.-]+(?::\d+)?|localhost(?::\d+)?)/)?"
_PROVIDER = re.compile(rf"{_HOST}(?P<name>{_PART}/{_PART})", re.ASCII)
_MODULE = re.compile(
    rf"{_HOST}(?P<name>{_PART}/{_PART}/{_PART})(?://[^?]*)?",
    re.ASCII,
)
_GITHUB = re.compile(
    r"(?:git::)?(?:https://|ssh://)?(?:git@)?github\.com[/:](?P<name>[\w.-]+/[\w.-]+?)(?:\.git)?(?://[^?]*)?"
    r"\?(?:[^#]*&)?ref=(?P<ref>[^&#\s]+)",
    re.ASCII,
)
_LONGEST = 500
_NO_HOST = frozenset(("github.com", "bitbucket.org"))


def matches(path: str) -> bool:
    """Configurations by their extension."""
    return path.endswith(_FILES)


def registry_of(path: str) -> str:
    """The registry that names without a host belong to."""
    return "registry.opentofu.org" if path.endswith(".tofu") else "registry.terraform.io"


def references(path: str, text: str) -> list[Reference]:
    """The versions that a configuration asks for."""
    found: list[Reference] = []
    if not any(word in text for word in ("required_", "module")):
        return found
    for block in blocks(text, {"terraform", "module"}):
        if block.kind == "terraform":
            found += _required(path, block)
        elif block.kind == "module":
            found += _module(path, block)
    return found


def _required(path: str, block: Block) -> Iterator[Reference]:
    core = block.attributes.get("required_version")
    if core:
        name = "opentofu/opentofu" if path.endswith(".tofu") else "hashicorp/terraform"
        yield from _reference(path, core, "terraform.required_version", Package("github", "", name))
    for inner in block.blocks:
        if inner.kind == "required_providers":
            for name, value in inner.attributes.items():
                yield from _provider(path, name, value)


def _provider(path: str, name: str, value: Value) -> Iterator[Reference]:
    source = value.elements.get("source")
    version = value if value.text is not None else value.elements.get("version")
    found = _PROVIDER.fullmatch((source.text or "")[:_LONGEST] if source else f"hashicorp/{name[:_LONGEST]}")
    if version and found:
        package = Package("terraform-provider", (found["host"] or registry_of(path)).lower(), found["name"].lower())
        yield from _reference(path, version, f"terraform.required_providers.{name}", package)


def _module(path: str, block: Block) -> Iterator[Reference]:
    source, version = block.attributes.get("source"), block.attributes.get("version")
    identity = ".".join(("module", *block.labels))
    if source is None or not source.text or len(source.text) > _LONGEST:
        return
    hosted = _GITHUB.fullmatch(source.text)
    if hosted:
        first, last = hosted.span("ref")
        place = Value(source.start + first, source.start + last, source.line, hosted["ref"], {})
        yield from _reference(path, place, identity, Package("github", "", hosted["name"]), "tag")
        return
    found = _MODULE.fullmatch(source.text)
    if version and found and found["host"] not in _NO_HOST:
        package = Package("terraform-module", (found["host"] or registry_of(path)).lower(), found["name"])
        yield from _reference(path, version, identity, package)


def _reference(
    path: str, value: Value, identity: str, package: Package, scheme: Scheme = "terraform"
) -> Iterator[Reference]:
    if value.text:
        place = Place("version", value.start, value.end, value.text)
        yield Reference(path, value.line, "terraform", package, identity, value.text, scheme, (place,))
