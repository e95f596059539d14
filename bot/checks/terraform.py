"""Terraform and OpenTofu: syntax of each file, and references that nothing in the module declares."""

from __future__ import annotations

import re
from collections import defaultdict
from typing import TYPE_CHECKING

from bot.checks.findings import Finding, Severity
from bot.checks.hcl import read_hcl
from bot.checks.templated import has_statements

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping

    from bot.checks.hcl import Block, Reference

SYNTAX = "terraform-syntax"
UNREAD = "terraform-unread"
UNDECLARED = "terraform-undeclared"
REPEATED = "terraform-declared-twice"

_SUFFIXES = (".tf", ".tofu")
# Blocks that name things which are not there, or not yet.
_ADDRESSES = frozenset({"moved", "removed", "import"})
_DECLARING = {
    "variable": ("var", 1),
    "module": ("module", 1),
    "data": ("data", 2),
    "resource": ("resource", 2),
    "ephemeral": ("ephemeral", 2),
}
_WORDS = {"var": "variable", "local": "local value", "module": "module call", "data": "data source"}
_OVERRIDE = re.compile(r"(?:^|/|_)override\.(?:tf|tofu)$")


def is_module_file(path: str) -> bool:
    """Whether the file is part of a Terraform module, which is what stands in one folder."""
    return path.endswith(_SUFFIXES)


def check(path: str, text: str) -> list[Finding]:
    """Parse the text; at most one finding. An error where brackets do not match, else a warning."""
    file = None if has_statements(text) else read_hcl(text)
    if file is None:
        return [] if has_statements(text) else [Finding(path, None, UNREAD, "note", "not checked: too much to read")]
    if file.broken is None:
        return []
    severity: Severity = "error" if file.broken.unbalanced else "warning"
    return [Finding(path, file.broken.line, SYNTAX, severity, f"{file.broken.what} (HCL)")]


def check_modules(files: Mapping[str, str]) -> list[Finding]:
    """What is referred to and declared nowhere, or declared twice, in each folder of which all files are given.

    A folder with a file that cannot be read, or with declarations in JSON, is left alone.
    """
    folders: dict[str, list[str]] = defaultdict(list)
    for path in files:
        if is_module_file(path) or path.endswith((".tf.json", ".tofu.json")):
            folders[path.rpartition("/")[0]].append(path)
    return [finding for paths in folders.values() for finding in _check_module({one: files[one] for one in paths})]


def _check_module(files: Mapping[str, str]) -> Iterator[Finding]:
    read = {path: read_hcl(text) for path, text in files.items() if is_module_file(path)}
    if len(read) < len(files) or any(file is None or file.broken for file in read.values()):
        return
    blocks = [(path, block) for path, file in read.items() if file is not None for block in file.blocks]
    declared = set(_declared(block for _, block in blocks))
    for path, block in blocks:
        if block.kind not in _ADDRESSES:
            yield from _undeclared(path, block.references, declared)
    yield from _repeated(blocks)


def _declared(blocks: Iterable[Block]) -> Iterator[tuple[str, ...]]:
    for block in blocks:
        if block.kind == "locals":
            yield from (("local", name) for name in block.attributes)
        elif block.kind in _DECLARING:
            root, labels = _DECLARING[block.kind]
            yield (root, *block.labels[:labels])
        elif block.kind == "check":  # a data source of its own
            yield from _declared(block.blocks)


def _undeclared(path: str, references: Iterable[Reference], declared: set[tuple[str, ...]]) -> Iterator[Finding]:
    seen: set[tuple[str, ...]] = set()
    for reference in references:
        wanted = _wanted(reference.parts)
        if wanted is None or wanted in declared or wanted in seen:
            continue
        seen.add(wanted)
        what = _WORDS.get(wanted[0], "resource")
        name = ".".join(wanted[1:])
        yield Finding(path, reference.line, UNDECLARED, "error", f"no {what} `{name[:100]}` is declared in this module")


def _wanted(parts: tuple[str, ...]) -> tuple[str, ...] | None:
    """What must be declared for a reference to mean something; None where that cannot be told."""
    root = parts[0]
    if len(parts) == 1:
        return None
    if root in {"var", "local", "module"}:
        return parts[:2]
    if root in {"data", "resource", "ephemeral"}:
        return parts[:3] if len(parts) > 2 else None
    if "_" in root:  # resource types have a provider before the first underscore, other names with one are rare
        return "resource", *parts[:2]
    return None


def _repeated(blocks: list[tuple[str, Block]]) -> Iterator[Finding]:
    first: dict[tuple[str, ...], tuple[str, int]] = {}
    for path, block in blocks:
        if block.kind not in {*_DECLARING, "output"} or _OVERRIDE.search(path):
            continue
        key = (block.kind, *block.labels)
        if key in first:
            where = f"{first[key][0].rpartition('/')[2]}:{first[key][1]}"
            message = f"{block.kind} `{'.'.join(block.labels)[:100]}` is declared already, in {where}"
            yield Finding(path, block.line, REPEATED, "error", message)
        first.setdefault(key, (path, block.line))
