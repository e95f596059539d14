"""Finds the files a task is about and reads what the prompt shows of them."""

from __future__ import annotations

from functools import cached_property
from typing import TYPE_CHECKING

from bot.core.context import Context, Ranked, select
from bot.pipeline.recall import find_files

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence
    from contextlib import AbstractContextManager

    from bot.core.prompts import Task
    from bot.locate.history import PastChange
    from bot.pipeline.recall import Cache
    from bot.ports import FileEntry, Worktree

_LARGEST_FILE = 2_000_000
_CANDIDATES = 30
_CHANGES = 1_000
"""Past changes that are looked at."""


class Tree:
    """The files of one commit: their table, and their texts, each read when it is first needed."""

    def __init__(self, worktree: Worktree, base: str) -> None:
        self.base = base
        self._worktree = worktree
        self._texts: dict[str, str | None] = {}

    @cached_property
    def id(self) -> str:
        """The id of the commit's tree, which stands for the contents of all its files."""
        return self._worktree.tree_of(self.base)

    @cached_property
    def files(self) -> Mapping[str, FileEntry]:
        """All files by path."""
        return self._worktree.list_files(self.base)

    @cached_property
    def sizes(self) -> Mapping[str, int]:
        """The plain files that are small enough to be looked into, with their sizes in bytes."""
        return {
            path: entry.size
            for path, entry in self.files.items()
            if entry.mode.startswith("100") and entry.size <= _LARGEST_FILE
        }

    def read(self, paths: Sequence[str]) -> Iterator[tuple[str, bytes]]:
        """Contents by path as git delivers them, one after the other; nothing of them is kept."""
        known = [path for path in paths if path in self.files]
        contents = self._worktree.stream([self.files[path].sha for path in known])
        yield from ((path, data) for path, data in zip(known, contents, strict=True) if data is not None)

    def past(self) -> AbstractContextManager[Iterator[PastChange]]:
        """The latest changes that led to this commit, as far as the clone has them."""
        return self._worktree.history(self.base, _CHANGES)

    def texts(self, paths: Sequence[str]) -> dict[str, str]:
        """The texts of those files that are UTF-8; others cannot be edited as text and are left out."""
        missing = [path for path in paths if path in self.files and path not in self._texts]
        self._texts.update({path: decode(content) for path, content in self.read(missing)})
        return {path: text for path in paths if (text := self._texts.get(path)) is not None}


def decode(content: bytes) -> str | None:
    """A file's text, or None when it is binary or not UTF-8."""
    if b"\0" in content:
        return None
    try:
        return content.decode()
    except UnicodeDecodeError:
        return None


def find(task: Task, tree: Tree, cache: Cache | None = None) -> tuple[Ranked, ...]:
    """The tree's files that the task is probably about, best first."""
    found = find_files(f"{task.title}\n{task.text}\n{task.words}", tree, _CANDIDATES, cache)
    return tuple(Ranked(one.path, one.lines, one.why, one.score) for one in found)


def show(ranked: Sequence[Ranked], tree: Tree, tokens: int) -> Context:
    """What the prompt shows of the ranked files within the budget."""
    return select(ranked, tree.texts([one.path for one in ranked]), tokens)


def gather(task: Task, tree: Tree, tokens: int) -> tuple[Context, tuple[Ranked, ...]]:
    """Rank the tree's files for the task and choose what the prompt shows, without a model."""
    ranked = find(task, tree)
    return show(ranked, tree, tokens), ranked
