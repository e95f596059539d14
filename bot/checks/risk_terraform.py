"""Risks in Terraform: what is destroyed or replaced, opened to the world, given every right, or run from elsewhere."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from bot.checks.hcl import read_hcl
from bot.checks.risk_words import (
    DESTROY,
    EXTERNAL,
    INLINE_SECRET,
    OPEN,
    REPLACE,
    UNPINNED,
    WILDCARD,
    is_inline_secret,
    risk,
)
from bot.checks.terraform import is_module_file

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from bot.checks.findings import Finding
    from bot.checks.hcl import Attribute, Block

_WORLD = re.compile(r'"(?:0\.0\.0\.0/0|::/0)"|^(?:0\.0\.0\.0/0|::/0)$')
_EVERY_ACTION = re.compile(r'"?\bActions?"?\s*[=:]\s*\[?\s*"(?:\*|iam:\*)"', re.IGNORECASE)
_SERVICE_WIDE = re.compile(r'"(?:\*|iam:\*)"')
_OWNER_ROLES = frozenset(
    {
        "roles/owner",
        "roles/editor",
        "Owner",
        "User Access Administrator",
        "arn:aws:iam::aws:policy/AdministratorAccess",
        "arn:aws:iam::aws:policy/IAMFullAccess",
    }
)
_ROLE_NAMES = ("role", "role_definition_name", "policy_arn")
_ANYBODY = re.compile(r"\b(?:allUsers|allAuthenticatedUsers)\b")
# Attributes by which a thing is found or placed: providers mostly make it anew when one of them changes.
_IDENTITY = frozenset(
    [
        "name",
        "bucket",
        "identifier",
        "cluster_identifier",
        "db_name",
        "engine",
        "availability_zone",
        "availability_zones",
        "location",
        "region",
        "zone",
        "cidr_block",
        "subnet_id",
        "vpc_id",
        "ami",
        "network",
        "subnetwork",
        "resource_group_name",
        "kms_key_id",
        "snapshot_identifier",
        "hash_key",
        "range_key",
        "family",
        "disk_encryption_set_id",
        "storage_encrypted",
        "encrypted",
    ]
)
_REGISTRY_MODULE = re.compile(r"^(?:[\w.-]+/)?[\w-]+/[\w-]+/[\w-]+(?://.*)?$")


def check(path: str, text: str) -> list[Finding]:
    """The risks of one file as it stands."""
    file = read_hcl(text)
    return [finding for block in (file.blocks if file else ()) for finding in _block(path, block)]


def check_change(changes: Mapping[str, tuple[str | None, str | None]]) -> list[Finding]:
    """Resources that are gone, or whose identity has changed; one that only moved to another file is neither."""
    before, after = ({
        path: texts[side] or "" for path, texts in changes.items() if is_module_file(path)
    } for side in (0, 1))  # fmt: skip
    old, new = _resources(before), _resources(after)
    moved = {address for text in after.values() for address in _moved(text)}
    found: list[Finding] = []
    for key, (path, block) in old.items():
        name = ".".join(block.labels)[:120]
        if key in new:
            found += _replaced(*new[key], block)
        elif name not in moved:
            line = None
            what = "module" if block.kind == "module" else "resource"
            found.append(risk(path, line, DESTROY, f"the {what} `{name}` is gone: applying this destroys it", name))
    return found


def _resources(files: Mapping[str, str]) -> dict[tuple[str, str], tuple[str, Block]]:
    """Folder and address → file and block, of what exists in a cloud rather than in the configuration alone."""
    found: dict[tuple[str, str], tuple[str, Block]] = {}
    for path, text in files.items():
        file = read_hcl(text)
        for block in file.blocks if file else ():
            if block.kind in {"resource", "module"}:
                found[path.rpartition("/")[0], block.address] = (path, block)
    return found


def _moved(text: str) -> Iterator[str]:
    """Addresses that a `moved` block gives a new name, or that a `removed` block lets go without destroying."""
    file = read_hcl(text)
    for block in file.blocks if file else ():
        source = block.attributes.get("from")
        if source is None or block.kind not in {"moved", "removed"}:
            continue
        keeps = any(inner.attributes.get("destroy", source).value == "false" for inner in block.blocks)
        if block.kind == "moved" or keeps:
            yield source.value


def _replaced(path: str, block: Block, old: Block) -> Iterator[Finding]:
    if block.kind != "resource":
        return
    for name in sorted(_IDENTITY & block.attributes.keys() & old.attributes.keys()):
        if block.attributes[name].value != old.attributes[name].value:
            shown = ".".join(block.labels)[:120]
            message = f"`{name}` of `{shown}` changes: most providers destroy such a resource and make a new one"
            yield risk(path, block.attributes[name].line, REPLACE, message, f"{shown}.{name}")


def _block(path: str, top: Block) -> Iterator[Finding]:
    address = top.address[:120]
    if top.kind == "module":
        yield from _module(path, top)
    if top.kind == "data" and top.labels[:1] == ("external",):
        yield risk(path, top.line, EXTERNAL, f"`{address}` runs a program at each plan", address)
    if top.kind == "variable" and "default" in top.attributes and top.labels:
        yield from _secret(path, top.labels[0], top.attributes["default"], address)
    for block in top.walk():
        if block.kind == "provisioner":
            yield risk(path, block.line, EXTERNAL, f"`{address}` has a provisioner, which runs commands", address)
        for name, attribute in block.attributes.items():
            if top.kind in {"resource", "provider", "module", "locals"}:
                yield from _secret(path, name, attribute, address)
            yield from _rights(path, name, attribute, address, block)
        yield from _open(path, top, block, address)


def _secret(path: str, name: str, attribute: Attribute, address: str) -> Iterator[Finding]:
    if attribute.is_plain and is_inline_secret(name, attribute.value):
        message = f"`{name[:60]}` of `{address}` is written out here instead of being read from a secret store"
        yield risk(path, attribute.line, INLINE_SECRET, message, f"{address}.{name}")


def _rights(path: str, name: str, attribute: Attribute, address: str, block: Block) -> Iterator[Finding]:
    value = attribute.value
    denies = "effect" in block.attributes and block.attributes["effect"].value == "Deny"
    every = name == "actions" and block.kind == "statement" and not denies and _SERVICE_WIDE.search(value)
    if every or (name in {"policy", "inline_policy", "assume_role_policy"} and _EVERY_ACTION.search(value)):
        yield risk(path, attribute.line, WILDCARD, f"`{address}` allows every action", address)
    elif name in _ROLE_NAMES and value in _OWNER_ROLES:
        yield risk(path, attribute.line, WILDCARD, f"`{address}` grants `{value}`", address)
    elif name in {"member", "members"} and _ANYBODY.search(value):
        yield risk(path, attribute.line, OPEN, f"`{address}` is open to everybody", address)


def _open(path: str, top: Block, block: Block, address: str) -> Iterator[Finding]:
    for name in _sources(top, block):
        attribute = block.attributes.get(name)
        if attribute is not None and (_WORLD.search(attribute.value) or attribute.value in {"*", "Internet"}):
            yield risk(path, attribute.line, OPEN, f"`{address}` lets the whole world in", address)
    for name, values in (("acl", {"public-read", "public-read-write"}), ("publicly_accessible", {"true"})):
        attribute = block.attributes.get(name)
        if attribute is not None and attribute.value in values:
            yield risk(path, attribute.line, OPEN, f"`{address}` is public (`{name}`)", address)


def _sources(top: Block, block: Block) -> tuple[str, ...]:
    """The attributes that say who may come in, where this block is about coming in."""
    kind = top.labels[0] if top.kind == "resource" and top.labels else ""
    values = {name: attribute.value for name, attribute in block.attributes.items()}
    if block.kind == "ingress" or (kind == "aws_security_group_rule" and values.get("type") == "ingress"):
        return ("cidr_blocks", "ipv6_cidr_blocks")
    if kind == "aws_vpc_security_group_ingress_rule":
        return ("cidr_ipv4", "cidr_ipv6")
    if kind == "google_compute_firewall" and values.get("direction", "INGRESS") == "INGRESS":
        return ("source_ranges",)
    if kind in {"azurerm_network_security_rule", "azurerm_network_security_group"}:
        inward = values.get("direction") == "Inbound" and values.get("access") == "Allow"
        return ("source_address_prefix", "source_address_prefixes") if inward else ()
    return ()


def _module(path: str, block: Block) -> Iterator[Finding]:
    source = block.attributes.get("source")
    if source is None or not source.is_plain:
        return
    value = source.value
    if _REGISTRY_MODULE.match(value) and not value.startswith(".") and "::" not in value and "github.com" not in value:
        loose = "version" not in block.attributes
    else:
        loose = not value.startswith((".", "/")) and "ref=" not in value
    if loose:
        name = ".".join(block.labels)[:80]
        yield risk(path, source.line, UNPINNED, f"module `{name}` names no version of `{value[:100]}`", name)
