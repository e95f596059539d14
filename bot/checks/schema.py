"""Holding a YAML document against a packed JSON schema."""

from __future__ import annotations

from functools import lru_cache
from typing import TYPE_CHECKING, Any, Literal

from bot.checks.findings import Finding
from bot.checks.packed import load

if TYPE_CHECKING:
    from jsonschema.exceptions import ValidationError  # type: ignore[import-untyped]

    from bot.checks.documents import Document

_MOST = 5
"""Findings for one document; the first ones explain the rest."""
_LARGEST = 300_000
"""Characters of a text that is validated; what people write is shorter."""

Name = Literal["compose.schema", "github-action.schema", "github-workflow.schema"]


def against_schema(path: str, text: str, document: Document, name: Name, check: str) -> list[Finding]:
    """Where the document breaks the schema: an error each, at the line that is to be mended."""
    if len(text) > _LARGEST:
        return [Finding(path, None, check, "note", "not checked against its schema: too long")]
    found: list[Finding] = []
    for error in _validator(name).iter_errors(document.value):
        if not _counts(error):
            continue
        telling = _telling(error)
        where = ".".join(map(str, telling.absolute_path))[:120]
        message = f"{where}: {_short(telling)}" if where else _short(telling)
        found.append(Finding(path, document.line(_place(telling)), check, "error", message))
        if len(found) == _MOST:
            break
    first = {one.line: one for one in reversed(found)}  # one mistake often breaks several rules at its place
    return sorted(first.values(), key=lambda one: one.line or 0)


@lru_cache(maxsize=3)
def _validator(name: Name) -> Any:
    # Slow to import, and few changes need it.
    from jsonschema.validators import validator_for  # type: ignore[import-untyped]  # noqa: PLC0415 - see above

    schema = load(name)
    return validator_for(schema)(schema)


def _telling(error: ValidationError) -> ValidationError:
    """The first thing that is wrong in the branch of the schema that comes closest."""
    while branches := [list(filter(_counts, one)) for one in _branches(error)]:
        error = min(branches, key=len)[0]
    return error


def _place(error: ValidationError) -> list[str | int]:
    """Where to look: at the key itself where it is one too many."""
    place = list(error.absolute_path)
    if error.validator in {"additionalProperties", "unevaluatedProperties"} and isinstance(error.instance, dict):
        place += [key for key in error.instance if repr(key) in error.message][:1]
    return place


def _branches(error: ValidationError) -> list[list[ValidationError]]:
    """What is wrong in each branch of a choice."""
    found: dict[object, list[ValidationError]] = {}
    for one in error.context or ():
        found.setdefault(one.relative_schema_path[0], []).append(one)
    return list(found.values())


def _counts(error: ValidationError) -> bool:
    """Whether the file's own reader minds; it takes any scalar for a text, nothing for all, one text for a list."""
    if error.context:
        return all(any(map(_counts, branch)) for branch in _branches(error))
    wanted = error.validator_value if error.validator == "type" else ""
    if wanted in {"string", "null"}:
        return isinstance(error.instance, dict | list)
    return not (wanted == "array" and isinstance(error.instance, str))


def _short(error: ValidationError) -> str:
    value = repr(error.instance)
    message: str = error.message.replace(value, value if len(value) <= 60 else f"{value[:57]}…").replace("\n", " ")
    return message[:200]
