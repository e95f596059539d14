"""The question to a reviewing model: the pull request's text and a part of its diff, as labelled data."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

from bot.core.paths import shown
from bot.core.portions import show_piece
from bot.core.prompts import issue_text, labelled
from bot.core.quiet import visible

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from bot.core.context import Trust
    from bot.core.portions import Portion

_LONGEST_TEXT: Final = 6000
_MOST_OTHERS: Final = 60


@dataclass(frozen=True, slots=True)
class Subject:
    """What is reviewed: the pull request's title and text, who wrote them, and the paths of all files it changes.

    `mark` is a nonce that foreign text cannot know; without it no text can close the block it stands in.
    """

    title: str
    text: str
    author: Trust
    paths: tuple[str, ...]
    mark: str


def review_question(subject: Subject, portion: Portion, texts: Mapping[str, str]) -> str:
    """The user message for one portion; `texts` are the files as they stand after the change."""
    told = f"{visible(subject.title)}\n\n{issue_text(subject.text)[:_LONGEST_TEXT]}".strip()
    parts = [labelled(subject.mark, "pull-request", f"written by a {subject.author}", told)] if told else []
    parts += [
        labelled(
            subject.mark,
            "diff",
            f"{shown(piece.file.path)} ({piece.file.status}), written by a {subject.author}",
            show_piece(piece, texts.get(piece.file.path, "")),
        )
        for piece in portion.pieces
    ]
    others = [path for path in subject.paths if path not in portion.paths]
    if others:
        parts.append(labelled(subject.mark, "other-files", "changed too, not shown", _listed(others)))
    parts.append("Review the change. Answer with findings in the given form, or with: NO FINDINGS")
    return "\n\n".join(parts)


def _listed(paths: Sequence[str]) -> str:
    more = f"\n… and {len(paths) - _MOST_OTHERS:,} more" if len(paths) > _MOST_OTHERS else ""
    return "\n".join(map(shown, paths[:_MOST_OTHERS])) + more
