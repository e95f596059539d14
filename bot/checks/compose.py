"""Compose files: the Compose Specification's schema, and services and networks that are named but not there."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any

from bot.checks.documents import read_documents
from bot.checks.findings import Finding
from bot.checks.schema import against_schema

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from bot.checks.documents import Document

SCHEMA = "compose-schema"
UNDECLARED = "compose-undeclared"

_NAME = re.compile(r"(?:^|/)(?:docker-)?compose(?:[.-][^/]*)?\.ya?ml$")
_GIVEN_NETWORKS = {"default", "host", "none", "bridge"}


def matches(path: str) -> bool:
    """Files that Compose reads by their name."""
    return _NAME.search(path) is not None


def check(path: str, text: str) -> list[Finding]:
    """Where Compose would refuse the file. A file of version 1, without `services`, is left alone."""
    documents = read_documents(text)
    if len(documents) != 1 or not isinstance(documents[0].value, dict) or "services" not in documents[0].value:
        return []
    document = documents[0]
    found = against_schema(path, text, document, "compose.schema", SCHEMA)
    # A file that adds to others (compose.override.yml), or includes or extends them, may name what these declare.
    whole = re.fullmatch(r"(?:docker-)?compose\.ya?ml", path.rpartition("/")[2]) and "include" not in document.value
    return found if found or not whole else list(_undeclared(path, document))


def _undeclared(path: str, document: Document) -> Iterator[Finding]:
    services = _mapping(document.value.get("services"))
    for name, service in services.items():
        if "extends" in _mapping(service):
            continue
        for key, known in (("depends_on", set(services)), ("networks", _networks(document))):
            for other in _names(_mapping(service).get(key)):
                if other not in known and "$" not in other:
                    line = document.line(["services", name, key])
                    what = "service" if key == "depends_on" else "network"
                    message = f"service `{name}` names the {what} `{other[:80]}`, which is not declared"
                    yield Finding(path, line, UNDECLARED, "error", message)


def _networks(document: Document) -> set[str]:
    return {*_mapping(document.value.get("networks")), *_GIVEN_NETWORKS}


def _names(value: Any) -> Iterable[str]:
    return [one for one in value if isinstance(one, str)] if isinstance(value, list | dict) else []


def _mapping(value: Any) -> dict[str, Any]:
    return value if isinstance(value, dict) else {}
