"""JSON answers of version sources, read as the foreign text that they are."""

from __future__ import annotations

import json
from datetime import datetime, timezone
from typing import TYPE_CHECKING, Any
from urllib.parse import urlsplit

from bot.adapters.versions_address import SourceError

if TYPE_CHECKING:
    from bot.adapters.versions_http import Answer


def value(answer: Answer) -> Any:
    """The JSON value of an answer.

    Raises:
        SourceError: when it is none.
    """
    try:
        return json.loads(answer.body)
    except (ValueError, RecursionError):
        raise SourceError(f"{urlsplit(answer.url).hostname} answers with something that is not JSON") from None


def mapping(answer: Answer) -> dict[str, Any]:
    """The JSON object of an answer.

    Raises:
        SourceError: when it is none.
    """
    found = value(answer)
    if not isinstance(found, dict):
        raise _unexpected(answer)
    return found


def mappings(answer: Answer, *keys: str) -> list[dict[str, Any]]:
    """The objects of the list at a path of keys.

    Raises:
        SourceError: when there is no such list.
    """
    found: Any = value(answer)
    for key in keys:
        found = found.get(key) if isinstance(found, dict) else None
    if not isinstance(found, list):
        raise _unexpected(answer)
    return [item for item in found if isinstance(item, dict)]


def texts(answer: Answer, key: str) -> list[str]:
    """The words of the list under a key; `null` is an empty list.

    Raises:
        SourceError: when there is neither.
    """
    whole = mapping(answer)
    found = whole.get(key) or []
    if key not in whole or not isinstance(found, list):
        raise _unexpected(answer)
    return [item for item in found if isinstance(item, str)]


def objects(item: dict[str, Any], key: str) -> list[dict[str, Any]]:
    """The objects in the list under a key, none where there is no list."""
    found = item.get(key)
    return [one for one in found if isinstance(one, dict)] if isinstance(found, list) else []


def text(item: dict[str, Any], key: str) -> str:
    """The word under a key, empty where there is none."""
    found = item.get(key)
    return found if isinstance(found, str) else ""


def moment(written: object) -> datetime | None:
    """A time as RFC 3339 has it, or as YAML read it; without a zone it is UTC. None for anything else."""
    if isinstance(written, str):
        try:
            written = datetime.fromisoformat(written)
        except ValueError:
            return None
    if not isinstance(written, datetime):
        return None
    return written if written.tzinfo else written.replace(tzinfo=timezone.utc)  # noqa: UP017 - as elsewhere


def _unexpected(answer: Answer) -> SourceError:
    return SourceError(f"{urlsplit(answer.url).hostname} answers with JSON of another shape than agreed")
