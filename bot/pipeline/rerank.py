"""One question to the fast model: which of the located files is the issue really about, judged by their outlines."""

from __future__ import annotations

import re
from dataclasses import dataclass, replace
from importlib import resources
from itertools import islice
from typing import TYPE_CHECKING

from bot.core.context import CHARACTERS_A_TOKEN
from bot.core.prompts import issue_text, labelled
from bot.core.quiet import visible
from bot.core.skeletons import entries, skeleton
from bot.errors import ModelError
from bot.ports import Message

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping, Sequence

    from bot.core.context import Ranked
    from bot.core.prompts import Task
    from bot.pipeline.gather import Tree

    Ask = Callable[[Sequence[Message], int], str | None]
    """Asks the model with these messages for at most so many tokens; None when time or money does not allow it."""

ANSWER_TOKENS = 2_000
"""Ten paths are 300 tokens; the rest is for models that think before they answer."""
OUTLINE_TOKENS = 14_000
_CLEAR_LEAD = 1.5
"""Of 84 real changes to one file whose best file led like this, 95 % were to that file: a model rarely does better."""
_MOST_WORDS = 4_000
_LONGEST_REPLY = 20_000
_MOST_LINES = 400
_LONGEST_LINE = 500
_MOST_NAMES = 8

_ONLY_MARKS = re.compile(r"(?:[^A-Za-z]|\"?(?:path|file)s?\"?\s*[:=])*")
_TOKEN = re.compile(r"[^\s`'\"*,;()\[\]{}<>|]+")
_NAME = re.compile(r"[A-Za-z_$][\w$]{1,80}")


@dataclass(frozen=True, slots=True)
class Choice:
    """A file that the model chose, and the names in it that it said matter."""

    path: str
    names: tuple[str, ...]


def is_settled(ranked: Sequence[Ranked], sizes: Mapping[str, int], tokens: int) -> bool:
    """Whether the model need not be asked: the first file leads clearly, or all of them fit into the prompt anyway."""
    if len(ranked) < 2 or ranked[0].score >= _CLEAR_LEAD * ranked[1].score:
        return True
    return sum(sizes.get(one.path, 0) for one in ranked) <= tokens * CHARACTERS_A_TOKEN


def rerank(task: Task, ranked: tuple[Ranked, ...], tree: Tree, ask: Ask, mark: str) -> tuple[Ranked, ...]:
    """The files in the order that the model gives them; those that it does not name follow as they were.

    A model that cannot be asked or whose answer names none of the files leaves everything as it is.
    """
    texts = tree.texts([one.path for one in ranked])
    try:
        reply = ask(question(task, ranked, texts, mark), ANSWER_TOKENS)
    except ModelError:
        return ranked
    chosen = choices(reply or "", [one.path for one in ranked])
    by_path = {one.path: one for one in ranked}
    first = [_preferred(by_path.pop(choice.path), choice, texts.get(choice.path, "")) for choice in chosen]
    return (*first, *by_path.values())


def question(task: Task, ranked: Sequence[Ranked], texts: Mapping[str, str], mark: str) -> tuple[Message, Message]:
    """The messages: our rules, then the outlines and the issue as labelled data."""
    room = round(OUTLINE_TOKENS * CHARACTERS_A_TOKEN)
    parts = []
    for place, one in enumerate(ranked):
        why = "; ".join(one.why[:3])
        outline = skeleton(texts.get(one.path, ""), one.lines, room // (len(ranked) - place))
        room -= len(outline)
        parts.append(labelled(mark, "file", f"{_line(one.path)} (found by {_line(why)})", outline))
    issue = f"{visible(task.title)}\n\n{issue_text(task.text)}".strip()
    parts.append(labelled(mark, "issue", f"written by a {task.author}", issue))
    if task.words:
        parts.append(labelled(mark, "request", "written by a requester", visible(task.words)[:_MOST_WORDS]))
    parts.append("Which of these files have to be changed? One path a line, the likeliest first.")
    rules = (resources.files("bot") / "templates" / "rerank.md").read_text()
    return Message("system", rules), Message("user", "\n\n".join(parts))


def _line(text: str) -> str:
    return " ".join(text.split())


def choices(reply: str, paths: Sequence[str]) -> list[Choice]:
    """The known paths that an answer names, in its order: those that begin a line, or failing that all mentioned.

    Lists, numbers, JSON, quotes, code fences, reasoning before the answer and shortened paths are put up with.
    """
    lines = [
        line[:_LONGEST_LINE]
        for line in islice(reply[-_LONGEST_REPLY:].rpartition("</think>")[2].splitlines(), _MOST_LINES)
    ]
    mentions = [mention for line in lines for mention in _mentions(line, paths)]
    listed = [choice for is_listed, choice in mentions if is_listed]
    found: dict[str, Choice] = {}
    for choice in listed or [choice for _, choice in mentions]:
        found.setdefault(choice.path, choice)
    return list(found.values())


def _mentions(line: str, paths: Sequence[str]) -> Iterator[tuple[bool, Choice]]:
    """The known paths in a line, each with whether it is listed: the line begins with it, or with nothing but paths."""
    tokens = [(token.start(), path) for token in _TOKEN.finditer(line) if (path := _meant(token[0], paths))]
    spaced = [(line.find(path), path) for path in paths if " " in path and path in line]
    found = sorted({*tokens, *spaced})
    is_listed, behind = True, 0
    for (at, path), (end, _) in zip(found, [*found[1:], (len(line), "")], strict=False):
        is_listed = is_listed and _ONLY_MARKS.fullmatch(line, behind, max(at, behind)) is not None
        behind = at + len(path)
        names = _NAME.findall(line[at:end].replace(path, " ", 1))
        yield is_listed, Choice(path, tuple(dict.fromkeys(names))[:_MOST_NAMES])


def _meant(token: str, paths: Sequence[str]) -> str:
    """The one path that a word of the answer can mean, or empty."""
    for word in (token, token.rstrip(".:"), token.partition(":")[0], token.removeprefix("./").rstrip(".:")):
        if word in paths:
            return word
    tail = token.partition(":")[0].rstrip(".").removeprefix("./").lstrip("/")
    if "." not in tail and "/" not in tail:
        return ""
    fitting = [path for path in paths if f"/{path}".endswith(f"/{tail}") or f"/{tail}".endswith(f"/{path}")]
    return fitting[0] if len(fitting) == 1 else ""


def _preferred(one: Ranked, choice: Choice, text: str) -> Ranked:
    """The file with windows at the definitions that the model named put first, as far as it has them."""
    from bot.locate.windows import joined, windows  # noqa: PLC0415 - its tables are not needed before

    named = {entry.line: name for entry in entries(text) if (name := _last(entry.name)) in choice.names}
    lines = one.lines
    if named:
        lines = joined([*windows(text.encode(), list(named)[:_MOST_NAMES], {}), *one.lines])
    told = ", ".join(dict.fromkeys(named.values()))
    return replace(one, lines=lines, why=(f"chosen by the model{': ' if told else ''}{told}", *one.why))


def _last(name: str) -> str:
    return re.split(r"[.:]+", name)[-1]
