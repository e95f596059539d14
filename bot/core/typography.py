"""Typographic quotes, dashes and spaces that got into a reply on its way and that no file asked for."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, Final

from bot.core.aligning import fold
from bot.core.edit_types import Hunk, ReplaceText, WriteFile

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from bot.core.edit_types import FileEdit

_QUOTES: Final = frozenset("\u2018\u2019\u201a\u201b\u201c\u201d\u201e\u201f")


def without_noise(files: Mapping[str, str], edits: Sequence[FileEdit]) -> Sequence[FileEdit]:
    """The edits with plain keys for typographic ones, if some quoted line shows that the latter are not the file's.

    Only files that have none of their own are looked at, and only their edits are changed.
    """
    if not any(_is_noisy(files, edit) for edit in edits):
        return edits
    return [edit if _is_typographic(files.get(edit.path, "")) else _plain(edit) for edit in edits]


def brings_first_quotes(before: str, after: str) -> bool:
    """Whether the new text of a file has typographic quotes and the old one had plain ones only."""
    return not _QUOTES.isdisjoint(after) and _QUOTES.isdisjoint(before) and ('"' in before or "'" in before)


def _is_noisy(files: Mapping[str, str], edit: FileEdit) -> bool:
    if not isinstance(edit, ReplaceText) or not _is_typographic(edit.old):
        return False
    text = files.get(edit.path)
    return text is not None and not _is_typographic(text)


def _is_typographic(text: str) -> bool:
    return fold(text) != text


def _plain(edit: FileEdit) -> FileEdit:
    match edit:
        case Hunk():
            body = tuple(map(fold, edit.body))
            return replace(edit, old=fold(edit.old), new=fold(edit.new), body=body)
        case ReplaceText():
            return replace(edit, old=fold(edit.old), new=fold(edit.new))
        case WriteFile():
            return replace(edit, content=fold(edit.content))
        case _:
            return edit
