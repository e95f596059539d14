"""Commits and trees as values: parsing, building and walking them, and how commits relate."""

from __future__ import annotations

import re
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta, timezone
from functools import lru_cache
from typing import TYPE_CHECKING

from bot.rehearsal.github_objects import MissingObjectError, object_id

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence

    from bot.rehearsal.github_objects import ObjectStore

MODES = {"100644": "blob", "100755": "blob", "120000": "blob", "040000": "tree", "160000": "commit"}
EMPTY_TREE = object_id("tree", b"")
_PERSON = re.compile(r"(?P<name>.*?) ?<(?P<email>[^>]*)> (?P<seconds>-?\d+) (?P<zone>[+-]\d{4})")
_LINEAR_STEPS = 200


@dataclass(frozen=True, slots=True)
class Person:
    """An author or committer."""

    name: str
    email: str
    when: datetime

    def line(self) -> str:
        """As it stands in a commit object."""
        offset = int((self.when.utcoffset() or timedelta()).total_seconds()) // 60
        sign = "-" if offset < 0 else "+"
        return (
            f"{self.name} <{self.email}> {int(self.when.timestamp())} {sign}{abs(offset) // 60:02}{abs(offset) % 60:02}"
        )


@dataclass(frozen=True, slots=True)
class Commit:
    """A commit object; `signed` when it carries a signature header."""

    sha: str
    tree: str
    parents: tuple[str, ...]
    author: Person
    committer: Person
    message: str
    signed: bool


@dataclass(frozen=True, slots=True)
class Entry:
    """One entry of a tree: `mode` has six digits (`040000` for a folder), `path` is relative to the walk's start."""

    path: str
    mode: str
    sha: str

    @property
    def kind(self) -> str:
        """`blob`, `tree` or `commit` (a submodule)."""
        return MODES.get(self.mode, "blob")


def _parse_person(text: str) -> Person:
    found = _PERSON.match(text)
    if not found:
        return Person(text, "", datetime.fromtimestamp(0, UTC))
    hours, minutes = int(found["zone"][1:3]), int(found["zone"][3:])
    offset = timedelta(hours=hours, minutes=minutes) * (-1 if found["zone"][0] == "-" else 1)
    when = datetime.fromtimestamp(int(found["seconds"]), timezone(offset) if offset else UTC)
    return Person(found["name"], found["email"], when)


def parse_commit(sha: str, data: bytes) -> Commit:
    """Read a commit object's text."""
    head, _, message = data.decode("utf-8", "replace").partition("\n\n")
    fields: dict[str, list[str]] = {}
    for line in head.split("\n"):
        name, _, value = line.partition(" ")
        if name:
            fields.setdefault(name, []).append(value)
    author, committer = _parse_person(fields["author"][0]), _parse_person(fields["committer"][0])
    parents = tuple(fields.get("parent", ()))
    return Commit(sha, fields["tree"][0], parents, author, committer, message, "gpgsig" in fields)


@lru_cache(maxsize=4096)
def _parse_tree(data: bytes) -> tuple[Entry, ...]:
    entries: list[Entry] = []
    at = 0
    while at < len(data):
        end = data.index(b"\0", at)
        mode, _, name = data[at:end].partition(b" ")
        entries.append(
            Entry(name.decode("utf-8", "surrogateescape"), f"{mode.decode():0>6}", data[end + 1 : end + 21].hex())
        )
        at = end + 21
    return tuple(entries)


class History:
    """Commits and trees of one object store."""

    def __init__(self, store: ObjectStore) -> None:
        self.store = store

    def commit(self, sha: str) -> Commit:
        """A commit by its full id.

        Raises:
            MissingObjectError: when there is none.
        """
        return parse_commit(sha, self.store.read_as("commit", sha))

    def write_commit(self, tree: str, parents: Sequence[str], people: tuple[Person, Person], message: str) -> str:
        """Store a commit by (author, committer) and return its id."""
        lines = [f"tree {tree}", *(f"parent {parent}" for parent in parents)]
        lines += [f"author {people[0].line()}", f"committer {people[1].line()}", "", message]
        return self.store.write("commit", "\n".join(lines).encode())

    def entries(self, tree: str) -> tuple[Entry, ...]:
        """The direct entries of a tree."""
        return () if tree == EMPTY_TREE else _parse_tree(self.store.read_as("tree", tree))

    def walk(self, tree: str, folder: str = "") -> Iterator[Entry]:
        """All entries below a tree, folders included, in git's order, with full paths."""
        for entry in self.entries(tree):
            whole = Entry(f"{folder}{entry.path}", entry.mode, entry.sha)
            yield whole
            if entry.kind == "tree":
                yield from self.walk(entry.sha, f"{whole.path}/")

    def find(self, tree: str, path: str) -> Entry | None:
        """What lies at a path in a tree, or None."""
        entry: Entry | None = Entry("", "040000", tree)
        for name in path.strip("/").split("/"):
            if entry is None or entry.kind != "tree":
                return None
            entry = next((each for each in self.entries(entry.sha) if each.path == name), None)
        return entry and Entry(path.strip("/"), entry.mode, entry.sha)

    def edit(self, tree: str, changes: Mapping[str, Entry | None]) -> str:
        """Store the tree with entries put at (or, for None, taken from) paths; empty folders vanish."""
        here = {entry.path: entry for entry in self.entries(tree)}
        below: dict[str, dict[str, Entry | None]] = {}
        for path, entry in changes.items():
            name, slash, rest = path.partition("/")
            if slash:
                below.setdefault(name, {})[rest] = entry
            elif entry is None:
                here.pop(name, None)
            else:
                here[name] = entry
        for name, inner in below.items():
            old = here.get(name)
            folder = self.edit(old.sha if old and old.kind == "tree" else EMPTY_TREE, inner)
            if folder != EMPTY_TREE:
                here[name] = Entry(name, "040000", folder)
            elif old and old.kind == "tree":
                del here[name]
        return self.write_tree({name: here[name] for name in here})

    def write_tree(self, entries: Mapping[str, Entry]) -> str:
        """Store a tree of direct entries by name."""
        keyed = sorted((name.encode("utf-8", "surrogateescape"), entry) for name, entry in entries.items())
        keyed.sort(key=lambda pair: pair[0] + b"/" if pair[1].kind == "tree" else pair[0])
        parts = (b"%s %s\0" % (e.mode.lstrip("0").encode(), name) + bytes.fromhex(e.sha) for name, e in keyed)
        return self.store.write("tree", b"".join(parts))

    def is_ancestor(self, old: str, new: str) -> bool:
        """Whether `new` can be reached from `old` by moving forward."""
        return self.line_up(old, new) is not None or self._ask("merge-base", old, new) == old

    def merge_base(self, one: str, other: str) -> str | None:
        """The best common ancestor, or None for unrelated histories."""
        if self.line_up(one, other) is not None:
            return one
        return self._ask("merge-base", one, other) or None

    def line_up(self, old: str, new: str) -> list[str] | None:
        """The commits after `old` up to `new`, oldest first, where they are one short straight line; else None."""
        steps: list[str] = []
        at = new
        while at != old:
            parents = self.commit(at).parents
            if len(parents) != 1 or len(steps) == _LINEAR_STEPS:
                return None
            steps.append(at)
            at = parents[0]
        return steps[::-1]

    def between(self, old: str, new: str) -> list[str]:
        """The commits that `new` has and `old` has not, oldest first."""
        line = self.line_up(old, new)
        return line if line is not None else self._ask("rev-list", "--reverse", f"{old}..{new}").split()

    def log(self, start: str, path: str, skip: int, count: int) -> list[str]:
        """`count` commits from `start` backwards after `skip`, only those that touch `path` unless it is empty."""
        limits = [f"--skip={skip}", f"--max-count={count}"]
        return self._ask("rev-list", *limits, start, "--", *([path] if path else [])).split()

    def merge(self, ours: str, theirs: str) -> str | None:
        """The tree of the merge of two commits, or None where they conflict (or have no common history)."""
        base = self.merge_base(ours, theirs)
        if base == ours:
            return self.commit(theirs).tree
        if base is None:
            return None
        return self._ask("merge-tree", "--write-tree", ours, theirs) or None

    def _ask(self, *arguments: str) -> str:
        return (self.store.ask(*arguments) or b"").decode().strip()


def commit_or_none(history: History, sha: str) -> Commit | None:
    """The commit of that id, or None."""
    try:
        return history.commit(sha)
    except MissingObjectError:
        return None
