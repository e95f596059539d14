"""A change to a tree, file by file, and the rules on what a proposal may touch at all."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import TYPE_CHECKING

from bot.core.paths import case_collisions, check_path, folder_conflicts

if TYPE_CHECKING:
    from collections.abc import Collection, Iterable, Sequence

_NO_TEXT = re.compile("[\0\ud800-\udfff]")
"""What no UTF-8 text file holds: NUL, and lone surrogates, which a model's JSON can spell."""

PLAIN_MODES = ("100644", "100755")
"""The only git modes a proposal may write: plain files. Symlinks (120000) and submodules (160000) lead elsewhere."""

PROTECTED = (
    "/.github/",
    "CODEOWNERS",
    ".gitmodules",
    ".gitattributes",
    ".husky/",
    ".devcontainer/",
    ".vscode/",
    ".pre-commit-config.yaml",
    "AGENTS.md",
    "CLAUDE.md",
    "CLAUDE.local.md",
    "GEMINI.md",
    ".cursor/",
    ".cursorrules",
    ".claude/",
    ".gemini/",
    ".codex/",
    ".windsurfrules",
    ".clinerules",
    ".aider*",
    ".mcp.json",
    "SKILL.md",
)
"""Files that steer machines, owners or editors rather than the program: refused unless `gates.allow` names them."""


@dataclass(frozen=True, slots=True)
class FileChange:
    """One file before and after: None where it does not exist. `mode` is git's octal text, kept as it was."""

    path: str
    mode: str
    before: str | None
    after: str | None


@dataclass(frozen=True, slots=True)
class ChangeRules:
    """What the default branch's configuration permits: extra protected globs, permitted globs, and sizes."""

    protected: tuple[str, ...] = ()
    allow: tuple[str, ...] = ()
    max_files: int = 20
    max_lines: int = 1000


def both_sides(changes: Iterable[FileChange]) -> dict[str, tuple[str | None, str | None]]:
    """Each path with its text before and after, as the checks want them."""
    return {change.path: (change.before, change.after) for change in changes}


def matching(paths: Iterable[str], globs: Sequence[str]) -> list[str]:
    """The paths that any of the globs names, case folded; globs are git's own (as in .gitignore and CODEOWNERS)."""
    if not globs:
        return []
    from pathspec import GitIgnoreSpec  # noqa: PLC0415 - 70 ms, off the way of ignored events

    spec = GitIgnoreSpec.from_lines([glob.lower() for glob in globs])
    return [path for path in paths if spec.match_file(path.lower())]


def judge(changes: Sequence[FileChange], rules: ChangeRules, tree: Collection[str]) -> list[str]:
    """Why this change may not be proposed or pushed, in sentences for people; empty when it may.

    `tree` holds the paths of the tree it is laid on (or those beside the changed ones, folders with a slash at their
    end), to find names that differ in case alone.
    """
    paths = [change.path for change in changes]
    problems = [f"`{path}`: {problem}" for path in paths if (problem := check_path(path))]
    problems += [
        f"`{change.path}`: only plain files may change" for change in changes if change.mode not in PLAIN_MODES
    ]
    problems += [f"`{change.path}`: binary content" for change in changes if _is_binary(change)]
    problems += _collisions(changes, tree) + _conflicts(changes, tree)
    problems += _protected(paths, rules)
    return problems + _sizes(changes, rules)


def _is_binary(change: FileChange) -> bool:
    return any(text is not None and _NO_TEXT.search(text) for text in (change.before, change.after))


def _collisions(changes: Sequence[FileChange], tree: Collection[str]) -> list[str]:
    new = {change.path for change in changes if change.before is None}
    gone = {change.path for change in changes if change.after is None}
    pairs = case_collisions(sorted({*tree, *new} - gone)) if new else []
    return [f"`{one}` and `{other}` differ in case only" for one, other in pairs if one in new or other in new]


def _conflicts(changes: Sequence[FileChange], tree: Collection[str]) -> list[str]:
    """New paths below a file, or where a folder is: git's trees would drop what stands there."""
    new = {change.path for change in changes if change.before is None}
    gone = {change.path for change in changes if change.after is None}
    clashes = folder_conflicts({*tree, *new} - gone) if new else []
    return [
        f"`{path}` would be a file and a folder at once"
        for path in clashes
        if path in new or any(one.startswith(f"{path}/") for one in new)
    ]


def _protected(paths: list[str], rules: ChangeRules) -> list[str]:
    held = matching(paths, (*PROTECTED, *rules.protected))
    allowed = set(matching(held, rules.allow))
    return [
        f"`{path}` is protected; `gates.allow` in the configuration can permit it"
        for path in held
        if path not in allowed
    ]


def _sizes(changes: Sequence[FileChange], rules: ChangeRules) -> list[str]:
    from bot.core.diffs import measure  # noqa: PLC0415 - difflib is needed only once there is a change

    stat = measure(changes)
    problems = []
    if stat.files > rules.max_files:
        problems.append(f"{stat.files} files are changed, the limit is {rules.max_files} (`limits.files`)")
    if stat.added + stat.removed > rules.max_lines:
        problems.append(
            f"{stat.added + stat.removed} lines are changed, the limit is {rules.max_lines} (`limits.lines`)"
        )
    return problems
