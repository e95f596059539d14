"""Finds the files a task is about and reads what the prompt shows of them."""

from __future__ import annotations

from typing import TYPE_CHECKING

from bot.core.context import Context, Ranked, select

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence

    from bot.core.prompts import Task
    from bot.ports import FileEntry, Worktree

_LARGEST_FILE = 2_000_000
_CANDIDATES = 30
_CHUNK = 4_000_000


class Tree:
    """The files of one commit: their table, and their texts as they are needed."""

    def __init__(self, worktree: Worktree, base: str) -> None:
        self.files: Mapping[str, FileEntry] = worktree.list_files(base)
        self.base = base
        self._worktree = worktree
        self._texts: dict[str, str | None] = {}

    @property
    def sizes(self) -> Mapping[str, int]:
        """The plain files that are small enough to be looked into, with their sizes in bytes."""
        return {
            path: entry.size
            for path, entry in self.files.items()
            if entry.mode.startswith("100") and entry.size <= _LARGEST_FILE
        }

    def read(self, paths: Sequence[str]) -> Iterator[tuple[str, bytes]]:
        """Contents by path as git gives them, a few megabytes at a time; nothing of them is kept."""
        chunk, size = list[str](), 0
        for path in paths:
            chunk.append(path)
            size += self.files[path].size if path in self.files else 0
            if size > _CHUNK:
                yield from self._worktree.read(self.base, chunk).items()
                chunk, size = [], 0
        if chunk:
            yield from self._worktree.read(self.base, chunk).items()

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


def gather(task: Task, tree: Tree, tokens: int) -> tuple[Context, tuple[Ranked, ...]]:
    """Rank the tree's files for the task and choose what the prompt shows."""
    from bot.locate import locate  # noqa: PLC0415 - its tables are not needed by runs that draft nothing

    located = locate(f"{task.title}\n{task.text}\n{task.words}", tree, _CANDIDATES)
    ranked = tuple(Ranked(one.path, one.lines, one.why) for one in located)
    return select(ranked, tree.texts([one.path for one in ranked]), tokens), ranked
