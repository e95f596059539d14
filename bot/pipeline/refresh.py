"""The refresh of a tree: scan its files by content, find what is due, edit by rules, check what came out.

No model is asked and nothing of the repository runs. What cannot be read is named and harms nothing else.
"""

from __future__ import annotations

import re
from collections import defaultdict
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from bot.core.changes import ChangeRules, FileChange, judge, matching
from bot.core.proposals import Proof, one_line
from bot.core.refreshed import KUBERNETES_APIS, MAJOR, GroupRefresh, Left, Step
from bot.manifests.edits import Edit, apply

if TYPE_CHECKING:
    from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence

    from bot.checks import Finding
    from bot.core.packages import Reference
    from bot.manifests.kubernetes import Document, Due, Version

LARGEST = 5_000_000
"""Bytes of the largest file that is read: custom resource definitions reach two megabytes."""
_MANIFEST = re.compile(r"\.(?:ya?ml|json)(?:\.[a-z0-9]{1,10})?$", re.IGNORECASE)
_FOREIGN = re.compile(r"(?:^|/)(?:node_modules|vendor|third_party|\.terraform|\.git)/")
_COVERED = re.compile("x{6,}")
"""What stands for a template's action in the name of an object (`bot.manifests.masking`)."""
_WORKFLOWS = ("/.github/workflows/", "/.github/actions/")
_SHOWN = 8
_LONGEST_NAME = 120
_MOST_FILES, _MOST_STEPS = 200, 1_000
"""What one pull request has room for: more would be read by nobody."""
_NO_LIMIT = 1_000_000


@dataclass(frozen=True, slots=True)
class File:
    """A file of the tree; `mode` is git's octal text."""

    path: str
    mode: str
    content: bytes


@dataclass(frozen=True, slots=True)
class RefreshRules:
    """What a refresh may do: which groups, for which Kubernetes, and which paths it leaves alone.

    `changes` holds the protected and the permitted paths; its limits of size are those of a draft, and do not count
    here. `ignore` are the configured patterns, for paths and for packages.
    """

    groups: tuple[str, ...]
    kubernetes: Version
    ignore: tuple[str, ...] = ()
    changes: ChangeRules = field(default_factory=ChangeRules)

    def groups_of(self, ecosystem: str) -> tuple[str, ...]:
        """The groups that an ecosystem's references belong to, of those that are refreshed."""
        return tuple(one for one in (ecosystem, ecosystem + MAJOR) if one in self.groups)

    @property
    def asks_for_versions(self) -> bool:
        """Whether any group needs to know which versions there are."""
        return any(one != KUBERNETES_APIS for one in self.groups)


@dataclass(frozen=True, slots=True)
class Found:
    """One step and the edits that make it, in the text of its file."""

    step: Step
    edits: tuple[Edit, ...]


@dataclass(slots=True)
class Scan:
    """What a tree has due, by group, and what it refers to by version.

    `files` counts what was looked into, `texts` keeps mode and text of what may be edited, `unsure` are the keys of
    the subjects of which a source of versions gave no answer.
    """

    rules: RefreshRules
    found: dict[str, list[Found]] = field(default_factory=lambda: defaultdict(list))
    left: list[Left] = field(default_factory=list)
    references: list[Reference] = field(default_factory=list)
    texts: dict[str, tuple[str, str]] = field(default_factory=dict)
    unsure: set[str] = field(default_factory=set)
    files: int = 0


def wants(path: str, size: int) -> bool:
    """Whether a refresh reads a file at all, by its name and size in bytes; other people's folders are left alone."""
    return size <= LARGEST and _FOREIGN.search(path) is None and (_MANIFEST.search(path) is not None or _names(path))


def _names(path: str) -> bool:
    """Whether the name alone says that versions stand in a file."""
    from bot.manifests import dockerfiles, terraform, terraform_lock  # noqa: PLC0415 - grammars come with them

    return any(one.matches(path) for one in (dockerfiles, terraform, terraform_lock))


def scan(files: Iterable[File], rules: RefreshRules) -> Scan:
    """Look through a tree; never raises, whatever the files hold."""
    made = Scan(rules)
    for file in files:
        made.files += 1
        if KUBERNETES_APIS in rules.groups and b"apiVersion" in file.content:
            _scan_kubernetes(made, file)
        if rules.asks_for_versions:
            _scan_references(made, file)
    return made


def _scan_references(made: Scan, file: File) -> None:
    from bot.manifests.references import references  # noqa: PLC0415 - only where versions are asked for

    try:
        text = file.content.decode()
    except UnicodeDecodeError:
        return
    found = [one for one in references(file.path, text) if made.rules.groups_of(one.ecosystem)]
    if found:
        made.references += found
        made.texts[file.path] = (file.mode, text)


def _scan_kubernetes(made: Scan, file: File) -> None:
    from bot.manifests.kubernetes import due_in  # noqa: PLC0415 - as above
    from bot.manifests.kubernetes import scan as documents_of  # noqa: PLC0415 - schemas are read for manifests alone

    try:
        text = file.content.decode()
    except UnicodeDecodeError:
        made.left.append(Left("", file.path, 0, "", "not UTF-8 text", due=False))
        return
    documents = documents_of(file.path, text)
    due = due_in(documents, text, made.rules.kubernetes)
    made.left += _unreadable(documents, {one.line for one in due})
    if not due or matching([file.path], made.rules.ignore):
        return
    made.texts[file.path] = (file.mode, text)
    for one in due:
        if one.outcome == "migrated":
            made.found[KUBERNETES_APIS].append(Found(_step(one), one.edits))
        else:
            made.left.append(Left(KUBERNETES_APIS, one.path, one.line, _named(one), _reason(one), due=True))


def _unreadable(documents: Iterable[Document], told: Collection[int]) -> Iterator[Left]:
    for one in documents:
        if one.broken and one.line not in told:
            yield Left("", one.path, one.line, "", one.broken, due=False)


def _step(due: Due) -> Step:
    """The step of a document; where a template names the object, the file tells it from others."""
    named = _COVERED.search(due.identity)
    return Step(
        f"{due.id}@{due.path}" if named else due.id,
        due.path,
        due.line,
        _named(due),
        due.old,
        due.new,
        _reason(due).partition("; it moves to ")[0],
        due.notes,
        subject=due.identity,
    )


def _reason(due: Due) -> str:
    """The message without the object's name, which stands beside it."""
    return due.message.removeprefix(f"{due.old} {due.kind}: ")


def _named(due: Due) -> str:
    """`Deployment shop/cart`: what people call an object."""
    _group, kind, namespace, name = [*due.identity.split("/", 3), "", "", "", ""][:4]
    where = "" if namespace in {"", "-"} or _COVERED.search(namespace) else f"{namespace}/"
    named = "(named by its template)" if _COVERED.search(name) else f"{where}{name}"
    return one_line(f"{kind} {named}", _LONGEST_NAME)


def settle(
    made: Scan, group: str, declined: Collection[str] = (), *, bounded: bool = True
) -> tuple[GroupRefresh, list[Left]]:
    """What one pull request of the group brings, without the declined findings, and what is left out of it.

    With `bounded`, what goes beyond what people read in one pull request waits for the next.

    A file whose new text would bring in an error that was not there is left as it is, and so is one that the
    configuration protects.
    """
    by_path: dict[str, list[Found]] = defaultdict(list)
    for one in made.found.get(group, ()):
        if one.step.key not in declined:
            by_path[one.step.path].append(one)
    left = _beyond(group, by_path) if bounded else []
    kept: dict[str, FileChange] = {}
    made_of = {path: _change(made, path, found) for path, found in by_path.items()}
    spotless = not _forbidden(made.rules, list(made_of.values()), group)
    for path, found in by_path.items():
        change = made_of[path]
        why = "" if spotless else _forbidden(made.rules, [change], group)
        if why:
            left += [_not_done(group, one.step, why) for one in found]
        elif change.after != change.before:
            kept[path] = change
    findings = _findings(kept.values(), made.rules)
    errors = {one.path: one.message for one in reversed(findings) if one.severity == "error"}
    for path, why in sorted(errors.items()):
        kept.pop(path, None)
        left += [_not_done(group, one.step, f"the result would not be valid: {why}") for one in by_path[path]]
    steps = tuple(one.step for path in sorted(kept) for one in by_path[path])
    shown = [one for one in findings if one.path in kept]
    changes = tuple(kept[path] for path in sorted(kept))
    return GroupRefresh(group, steps, changes, tuple(_proofs(group, changes, shown, made.rules))), left


def _beyond(group: str, by_path: dict[str, list[Found]]) -> list[Left]:
    """Take out the files, in order of their paths, that one pull request has no room for."""
    steps, waiting = 0, []
    for number, path in enumerate(sorted(by_path)):
        steps += len(by_path[path])
        if number and (number >= _MOST_FILES or steps > _MOST_STEPS):
            waiting += [_not_done(group, one.step, "waits for the next pull request") for one in by_path.pop(path)]
    return waiting


def _change(made: Scan, path: str, found: Iterable[Found]) -> FileChange:
    mode, text = made.texts[path]
    return FileChange(path, mode, text, apply(text, [edit for one in found for edit in one.edits]))


def _forbidden(rules: RefreshRules, changes: Sequence[FileChange], group: str) -> str:
    """Why the configuration keeps a refresh from files, or empty; a refresh may be larger than a draft.

    Whoever configures the group `actions` permits its pins in workflows with it.
    """
    given = rules.changes
    allow = (*given.allow, *_WORKFLOWS) if group.removesuffix(MAJOR) == "actions" else given.allow
    permitted = ChangeRules(given.protected, allow, _NO_LIMIT, _NO_LIMIT)
    return "; ".join(judge(changes, permitted, ()))


def _not_done(group: str, step: Step, why: str) -> Left:
    return Left(group, step.path, step.line, step.object, f"{step.old} to {step.new}: {why}", due=True)


def _findings(changes: Iterable[FileChange], rules: RefreshRules) -> list[Finding]:
    from bot.checks import check_change  # noqa: PLC0415 - only what is changed is checked

    texts = {one.path: (one.before, one.after) for one in changes}
    return check_change(texts, None, str(rules.kubernetes)) if texts else []


def _proofs(
    group: str, changes: Sequence[FileChange], findings: Iterable[Finding], rules: RefreshRules
) -> Iterator[Proof]:
    files = "1 file" if len(changes) == 1 else f"{len(changes)} files"
    schema = f", the strict schema of Kubernetes {rules.kubernetes} included" if group == KUBERNETES_APIS else ""
    yield Proof("checks before and after", f"no new error in {files}{schema}")
    told = [one for one in findings if one.severity == "warning"]
    if told:
        places = "; ".join(f"{one.path}:{one.line or 1} {one.message}" for one in told[:_SHOWN])
        more = f"; and {len(told) - _SHOWN} more" if len(told) > _SHOWN else ""
        yield Proof("new warnings", places + more)
    if group == KUBERNETES_APIS:
        again = sum(_still_due(change, rules) for change in changes)
        yield Proof("the same rules on the result", f"{again} more steps" if again else "nothing left to change")
    yield Proof(
        "not run", "the repository's own checks; nothing was rendered by Helm or kustomize, or tried on a cluster"
    )


def _still_due(change: FileChange, rules: RefreshRules) -> int:
    from bot.manifests.kubernetes import migrate  # noqa: PLC0415 - schemas are read for manifests alone

    found = migrate(change.path, change.after or "", rules.kubernetes).findings
    return sum(one.outcome == "migrated" for one in found)


def together(made: Scan) -> tuple[Mapping[str, str], list[GroupRefresh], list[Left]]:
    """All groups at once, for a working folder: new texts by path, the groups, and what was left.

    Where edits of two groups meet in one place, the first group's are made and the second's are left for the next run.
    """
    texts: dict[str, list[Edit]] = {}
    groups: list[GroupRefresh] = []
    left = list(made.left)
    for name in made.rules.groups:
        group, more = settle(made, name, bounded=False)
        left += more
        kept = {one.path for one in group.changes}
        for one in made.found.get(name, ()):
            if one.step.path in kept:
                texts[one.step.path] = _joined(made, one, texts.get(one.step.path, []))
        if group.steps:
            groups.append(group)
    return {path: apply(made.texts[path][1], edits) for path, edits in texts.items()}, groups, left


def _joined(made: Scan, found: Found, edits: list[Edit]) -> list[Edit]:
    try:
        apply(made.texts[found.step.path][1], [*edits, *found.edits])
    except ValueError:
        return edits
    return [*edits, *found.edits]
