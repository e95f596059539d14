"""Reads a kept proposal back from its commit, and finds out how the branch under it has moved."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

from bot.core.changes import PLAIN_MODES, FileChange
from bot.core.forge import EMPTY_TREE, TreeEntry
from bot.core.markdown import Shown
from bot.core.proposals import parse_message
from bot.core.threeway import merge_texts
from bot.errors import ForgeError
from bot.together import together

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence

    from bot.core.bundle import NewFile
    from bot.core.forge import Commit
    from bot.core.gates import Movement
    from bot.core.proposals import ParsedMessage
    from bot.ports import ForgeReader

_UNREADABLE = "\0"
"""Stands for content that is not text; the rules refuse it as binary."""


@dataclass(frozen=True, slots=True)
class Kept:
    """A proposal as its commit says: nothing here comes from a comment.

    `message` is None when the commit is not a proposal; `tree` holds the paths beside the changed ones, folders with a
    slash at their end.
    """

    commit: Commit
    base: str
    message: ParsedMessage | None
    changes: tuple[FileChange, ...]
    tree: tuple[str, ...]

    def shown(self) -> Shown | None:
        """What a comment shows of it; None when the commit is not a proposal."""
        if self.message is None:
            return None
        message = self.message
        return Shown(self.commit.sha, message.title, message.summary, message.provenance, self.changes)


def read_kept(reader: ForgeReader, sha: str) -> Kept | None:
    """The proposal that is kept as this commit; None when there is no such commit or it has not exactly one parent."""
    commit = reader.commit(sha)
    if commit is None or len(commit.parents) != 1:
        return None
    base = reader.commit(commit.parents[0])
    if base is None:
        return None
    seen: set[str] = set()
    differences = sorted(_differences(reader, base.tree, commit.tree, "", seen))
    changes = tuple(_change(reader, path, before, after) for path, before, after in differences)
    return Kept(commit, base.sha, parse_message(commit.message), changes, tuple(sorted(seen)))


_Difference = tuple[str, TreeEntry | None, TreeEntry | None]


def _differences(reader: ForgeReader, old: str, new: str, prefix: str, seen: set[str]) -> Iterator[_Difference]:
    """Compare two trees name by name, going down only where their ids differ."""
    before, after = together(lambda: _names(reader, old), lambda: _names(reader, new))
    for name in sorted({*before, *after}):
        one, other, path = before.get(name), after.get(name), prefix + name
        seen.update(_listed(path, entry) for entry in (one, other) if entry)
        if one == other:
            continue
        folders = [entry if entry and entry.kind == "tree" else None for entry in (one, other)]
        if folders != [None, None]:
            ids = [folder.sha if folder else EMPTY_TREE for folder in folders]
            yield from _differences(reader, ids[0], ids[1], f"{path}/", seen)
        files = [entry if entry and entry.kind != "tree" else None for entry in (one, other)]
        if files != [None, None]:
            yield path, files[0], files[1]


def _listed(path: str, entry: TreeEntry) -> str:
    """How a tree's entry is listed among paths: folders have a slash at their end."""
    return f"{path}/" if entry.kind == "tree" else path


def _names(reader: ForgeReader, tree: str) -> Mapping[str, TreeEntry]:
    return {} if tree == EMPTY_TREE else reader.tree(tree)


def _change(reader: ForgeReader, path: str, before: TreeEntry | None, after: TreeEntry | None) -> FileChange:
    modes = dict.fromkeys(entry.mode for entry in (before, after) if entry)
    plain = all(mode in PLAIN_MODES for mode in modes)
    texts = together(lambda: _text(reader, before, plain=plain), lambda: _text(reader, after, plain=plain))
    return FileChange(path, " to ".join(modes), *texts)


def _text(reader: ForgeReader, entry: TreeEntry | None, *, plain: bool) -> str | None:
    if entry is None:
        return None
    if not plain or entry.kind != "blob":
        return _UNREADABLE
    try:
        return reader.blob(entry.sha).decode()
    except UnicodeDecodeError:
        return _UNREADABLE


@dataclass(frozen=True, slots=True)
class Moved:
    """How a branch has moved under a proposal, and by how many commits.

    `merged` is the proposal's change laid on the branch's present tip: the same files, with what the branch has by now
    as their `before`, without those that the branch has changed in the same way; empty unless it merges.
    """

    movement: Movement
    commits: int
    tip: str
    merged: tuple[FileChange, ...] = ()


def movement(reader: ForgeReader, kept: Kept, tip: str) -> Moved:
    """Hold the branch's present tip against the commit that the proposal was drafted on."""
    if tip == kept.base:
        return Moved("still", 0, tip, kept.changes)
    comparison, old, new = together(
        lambda: reader.compare(kept.base, tip), lambda: reader.commit(kept.base), lambda: reader.commit(tip)
    )
    if comparison is None or comparison.behind or old is None or new is None:
        return Moved("foreign", 0, tip)
    merged = [_merged(reader, change, old.tree, new.tree) for change in kept.changes]
    whole = [change for change in merged if change is not None]
    if len(whole) < len(merged):
        return Moved("conflict", comparison.ahead, tip)
    return Moved("clean", comparison.ahead, tip, tuple(change for change in whole if change.before != change.after))


def _merged(reader: ForgeReader, change: FileChange, old: str, new: str) -> FileChange | None:
    """One file's change on the moved branch; None where the branch's own change to it conflicts."""
    then, now = _entry(reader, old, change.path), _entry(reader, new, change.path)
    if then == now:
        return change
    if then is None or now is None or change.before is None or change.after is None or now.mode != change.mode:
        return None
    theirs = _text(reader, now, plain=True)
    if theirs is None or _UNREADABLE in theirs:
        return None
    after = merge_texts(change.before, change.after, theirs)
    return None if after is None else FileChange(change.path, change.mode, theirs, after)


def _entry(reader: ForgeReader, tree: str, path: str) -> TreeEntry | None:
    """What stands at a path in a tree; a file in the place of one of its folders counts as something foreign there."""
    *folders, name = path.split("/")
    for folder in folders:
        found = _names(reader, tree).get(folder)
        if found is None:
            return None
        if found.kind != "tree":
            return replace(found, mode=f"{found.mode} above it", kind="file")
        tree = found.sha
    return _names(reader, tree).get(name)


def change_onto(reader: ForgeReader, base: str, new: NewFile) -> FileChange:
    """A new file content as a change to the commit `base`, with the old content and mode as GitHub has them.

    Raises:
        ForgeError: when the commit is not on GitHub.
    """
    there = _entry(reader, _root(reader, base), new.path)
    if there is None:
        return FileChange(new.path, new.mode, None, new.content)
    plain = there.kind == "blob" and there.mode in PLAIN_MODES
    mode = new.mode if there.mode == new.mode else f"{there.mode} to {new.mode}"
    return FileChange(new.path, mode, _text(reader, there, plain=plain), new.content)


def tree_beside(reader: ForgeReader, base: str, paths: Sequence[str]) -> tuple[str, ...]:
    """The paths in the folders of `base` that hold those paths, folders with a slash at their end.

    With them, names can be found that differ in case alone, or that would be a file and a folder at once.
    """
    root = _root(reader, base)
    found: set[str] = set()
    for path in paths:
        tree, prefix = root, ""
        for folder in [*path.split("/")[:-1], ""]:
            names = _names(reader, tree)
            found |= {_listed(prefix + name, entry) for name, entry in names.items()}
            below = names.get(folder)
            if below is None or below.kind != "tree":
                break
            tree, prefix = below.sha, f"{prefix}{folder}/"
    return tuple(sorted(found))


def _root(reader: ForgeReader, sha: str) -> str:
    commit = reader.commit(sha)
    if commit is None:
        raise ForgeError(f"the commit {sha} is not on GitHub", 404)
    return commit.tree
