"""Whether what the rules made of a document is right: it is read again and held against the schema of its new kind."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

from bot.manifests.edits import Edit, apply
from bot.manifests.kubernetes import schemas, validation
from bot.manifests.kubernetes.documents import scan

if TYPE_CHECKING:
    from collections.abc import Sequence

    from bot.manifests.kubernetes.documents import Document
    from bot.manifests.kubernetes.rules.case import Case
    from bot.manifests.kubernetes.schemas import Version
    from bot.manifests.kubernetes.validation import Problem

_UNREADABLE = "the change would not read as one object any more"


class Move(NamedTuple):
    """A document with the edits that a rule proposes, and why it has to move."""

    case: Case
    why: str


def doubts_about(part: Sequence[Document], moves: Sequence[Move], text: str, version: Version) -> dict[int, str]:
    """By `id(move.case)`, why moves of one part of a text are not to be made; those that are right are not named.

    All are tried together and read once, so that a list of a thousand objects costs no more than a few readings. A
    document that had errors before may keep them, and gets a note.
    """
    if part[0].template:
        for move in moves:
            move.case.note("It is a template: the result was not rendered and not held against the schema.")
        return {}
    after = _read_again(part, moves, text)
    if len(after) != len(part):
        return {id(move.case): _UNREADABLE for move in moves}
    places = {id(one): place for place, one in enumerate(part)}
    doubts = {id(move.case): _doubt(move.case, after[places[id(move.case.document)]], version) for move in moves}
    return {case: doubt for case, doubt in doubts.items() if doubt}


def _read_again(part: Sequence[Document], moves: Sequence[Move], text: str) -> list[Document]:
    start, end = part[0].start, part[0].end
    edits = [Edit(one.start - start, one.end - start, one.text) for move in moves for one in move.case.rewriting.edits]
    try:
        result = apply(text[start:end], edits)
    except ValueError:  # two rules want the same place
        return []
    return scan(part[0].path, result)


def _doubt(case: Case, after: Document, version: Version) -> str:
    if after.node is None or after.gvk != case.target:
        return _UNREADABLE
    problems = _errors(after, version)
    if len(problems) > len(_old_errors(case.document)):
        return f"the rules do not make it valid: {problems[0].message}"
    if problems:
        case.note(f"It was not valid before and is not now: {problems[0].message}.")
    return ""


def _errors(document: Document, version: Version) -> list[Problem]:
    assert document.node is not None  # noqa: S101 - asked by the callers
    problems = validation.validate(document.node, document.gvk, version) or []
    return [one for one in problems if one.severity == "error" and not (document.partial and one.missing)]


def _old_errors(document: Document) -> list[Problem]:
    """The errors of a document as what it says it is, in the last release that described that."""
    life = schemas.lifetime(document.gvk)
    last = max(life[1], schemas.oldest()) if life else None
    return _errors(document, last) if last and schemas.is_described(document.gvk, last) else []
