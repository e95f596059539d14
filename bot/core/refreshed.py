"""What a refresh found due in a repository, group by group, and how its findings are told apart from week to week."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Collection, Iterable, Sequence

    from bot.core.changes import FileChange
    from bot.core.proposals import Proof

KUBERNETES_APIS = "kubernetes-apis"
MAJOR = "-major"
EVERY = "all"
"""Stands for all groups where a name has to be given."""
_SUBJECT, _KEY = 8, 12


@dataclass(frozen=True, slots=True)
class Step:
    """One object that can be brought up to date.

    `id` is made of the object and the step, not of a line or a branch. `object` names what changes for people, `old`
    and `new` what it refers to before and after, `why` says in a sentence why. `notes` say what changes in meaning or
    was guessed; `link` is where its changes are described, empty where that is not known. `subject` is the part of
    the id that stays the same from one step of the object to the next.
    """

    id: str
    path: str
    line: int
    object: str
    old: str
    new: str
    why: str
    notes: tuple[str, ...] = ()
    link: str = ""
    subject: str = ""

    @property
    def key(self) -> str:
        """Subject and id in a form that is short and holds nothing foreign: what a pull request remembers."""
        return subject_key(self.subject) + _digest(self.id)[:_KEY]


def subject_key(subject: str) -> str:
    """How the key of every step of this subject begins."""
    return _digest(subject)[:_SUBJECT]


def begins_in(key: str, subjects: Collection[str]) -> bool:
    """Whether a step's key is of one of the subjects, given by their keys."""
    return key[:_SUBJECT] in subjects


def _digest(text: str) -> str:
    return hashlib.sha256(text.encode("utf-8", "surrogatepass")).hexdigest()


@dataclass(frozen=True, slots=True)
class Left:
    """What was left as it is: `due` where a person has to do it, else because it could not be read or asked for.

    `group` is empty for a file that could not be read; `line` is 0 where the whole file is meant.
    """

    group: str
    path: str
    line: int
    object: str
    why: str
    due: bool

    @property
    def place(self) -> str:
        """Path and line as people write them."""
        return f"{self.path}:{self.line}" if self.line else self.path


@dataclass(frozen=True, slots=True)
class GroupRefresh:
    """All that one pull request brings: the steps, the files as they were and will be, and what was checked."""

    name: str
    steps: tuple[Step, ...]
    changes: tuple[FileChange, ...]
    proofs: tuple[Proof, ...] = ()

    @property
    def keys(self) -> tuple[str, ...]:
        """The findings that it settles, each once, sorted."""
        return tuple(sorted({step.key for step in self.steps}))

    @property
    def notes(self) -> dict[str, list[str]]:
        """What changes in meaning or was guessed, each once, with the objects that it is about."""
        found: dict[str, list[str]] = {}
        for step in self.steps:
            for note in step.notes:
                found.setdefault(note, []).append(step.object)
        return found

    def digest(self) -> str:
        """The same for the same content at the same paths, whatever stands beside it in the tree."""
        texts = (f"{one.path}\0{one.mode}\0{one.after}" for one in sorted(self.changes, key=lambda one: one.path))
        return hashlib.sha256("\0\0".join(texts).encode("utf-8", "surrogatepass")).hexdigest()[:32]


def several(objects: Sequence[str], most: int = 4) -> str:
    """The first few objects by name, and how many more there are."""
    more = f" and {len(objects) - most} more" if len(objects) > most else ""
    return ", ".join(objects[:most]) + more


def step_json(group: str, step: Step) -> dict[str, Any]:
    """A step as `draftgate refresh --json` prints it."""
    return {
        "id": step.id,
        "group": group,
        "path": step.path,
        "line": step.line,
        "object": step.object,
        "from": step.old,
        "to": step.new,
        "why": step.why,
        "notes": list(step.notes),
    }


def left_json(left: Left) -> dict[str, Any]:
    """What was left, as `draftgate refresh --json` prints it."""
    return {
        "group": left.group,
        "path": left.path,
        "line": left.line or None,
        "object": left.object,
        "why": left.why,
        "due": left.due,
    }


def chosen_groups(configured: Iterable[str], asked: str, known: Collection[str]) -> tuple[str, ...] | None:
    """The groups that a run is about: the configured ones, or of them the one that was asked for with its majors.

    None for a name that is no group. A group that is asked for by name but not configured is not refreshed, since the
    configuration is the owners' word.
    """
    wanted = asked.strip().lower()
    if wanted in {"", EVERY}:
        return tuple(configured)
    if wanted not in known:
        return None
    return tuple(one for one in configured if one in {wanted, wanted + MAJOR})
