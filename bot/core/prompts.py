"""Prompts: foreign text goes in as labelled data between marks that it cannot forge."""

from __future__ import annotations

import hashlib
import re
from dataclasses import dataclass
from typing import TYPE_CHECKING

from bot.core.quiet import visible

if TYPE_CHECKING:
    from collections.abc import Sequence

    from bot.core.context import Context, Snippet, Trust

KINDS = {
    "fix": "Fix what the issue describes with the smallest change that is right.",
    "tests": "Write tests for what the issue describes; do not change the code under test.",
    "hint": "Give the hint.",
    "explain": "Explain the change.",
    "iac": "Make the infrastructure change that the issue describes; keep layout, comments and order of the files.",
}
_FORMER = {"explain": "the drafted change to explain, and its evidence"}
_LONGEST_ISSUE = 24_000
_COMMENT = re.compile(r"<!--.*?(?:-->|\Z)", re.DOTALL)


@dataclass(frozen=True, slots=True)
class Task:
    """What is asked for: the issue's title and text frozen at the event, and the words after the command.

    `author` labels the issue's text: `requester` when its author may ask for drafts, else `stranger`. `former` is the
    diff of the proposal that this one is to replace, or empty.
    """

    kind: str
    title: str
    text: str
    words: str
    author: Trust
    former: str = ""


def request(task: Task, context: Context, mark: str) -> str:
    """The user message: the task in our words, everything else as labelled data.

    `mark` is a nonce that foreign text cannot know; without it no text can close the block it stands in.
    """
    issue = f"{visible(task.title)}\n\n{issue_text(task.text)}".strip()
    parts = [labelled(mark, "file", _heading(context, place), one.text) for place, one in enumerate(context.snippets)]
    if context.omitted:
        parts.append(f"Also related, but not shown: {', '.join(context.omitted[:20])}")
    parts.append(labelled(mark, "issue", f"written by a {task.author}", issue))
    if task.former:
        parts.append(
            labelled(mark, "former-proposal", _FORMER.get(task.kind, "a draft that was not right yet"), task.former)
        )
    if task.words:
        parts.append(labelled(mark, "request", "written by a requester", visible(task.words)[:_LONGEST_ISSUE]))
    parts.append(KINDS[task.kind])
    return "\n\n".join(parts)


def issue_text(text: str) -> str:
    """An issue's text as a person sees it: no hidden comments or characters, cut in the middle when it is very long."""
    shown = visible(_COMMENT.sub("", text)).strip()
    if len(shown) <= _LONGEST_ISSUE:
        return shown
    half = _LONGEST_ISSUE // 2
    return f"{shown[:half]}\n[… {len(shown) - 2 * half:,} characters left out …]\n{shown[-half:]}"


def mark_for(trigger: str, base: str) -> str:
    """A mark that is the same for the same draft, and unknown to whoever wrote the texts before it."""
    return hashlib.sha256(f"{trigger} {base}".encode()).hexdigest()[:10]


def repair(problems: Sequence[str], mark: str, kept: int = 0) -> str:
    """The message that asks for the failed part again, with the real lines and the checks' own words.

    `kept` counts the edits of the reply that fitted and need not be written again.
    """
    data = labelled(mark, "problems", "found when the reply was applied and checked", _cut(problems))
    if not kept:
        return f"{data}\n\nNothing was applied. Answer again in the same format, with every edit that is needed."
    others = "The other edit fits and is kept" if kept == 1 else f"The other {kept} edits fit and are kept"
    return (
        f"{data}\n\n{others}: do not write {'it' if kept == 1 else 'them'} again. Write only what failed, in the same "
        "format, with the lines to be replaced copied from the numbered ones above, without their numbers."
    )


def rewrite(problems: Sequence[str], files: Sequence[Snippet], mark: str) -> str:
    """The message that asks for whole files where edits did not fit again and again; `files` are those, as they are."""
    parts = [labelled(mark, "problems", "found when the reply was applied", _cut(problems))]
    parts += [labelled(mark, "file", f"{one.path}, the whole file as it is", one.text) for one in files]
    paths = ", ".join(one.path for one in files)
    asked = f"Edits do not work here. Write these files as a whole, with all of your changes to them: {paths}."
    return "\n\n".join([*parts, f"{asked} For each, its path on a line and then the whole file in a fence."])


def _cut(problems: Sequence[str]) -> str:
    return "\n\n".join(problems)[:_LONGEST_ISSUE]


def _heading(context: Context, place: int) -> str:
    one = context.snippets[place]
    lines = "the whole file" if one.whole else f"lines {one.first} to {one.last} only"
    return f"{one.path}, {lines}"


def labelled(mark: str, kind: str, label: str, text: str) -> str:
    """Foreign text between marks that it cannot forge, under a label in our words."""
    # Something has to stand in the mark's place, or what is left on both sides could join into another one.
    label, text = label.replace(mark, "…"), text.replace(mark, "…")
    return f"<{kind} {mark}> {label}\n{text}\n</{kind} {mark}>"
