"""What changed between two trees, as GitHub shows it: files, patches, hunks, and which lines can carry a comment."""

from __future__ import annotations

import re
from dataclasses import dataclass
from functools import lru_cache
from typing import TYPE_CHECKING, Literal

if TYPE_CHECKING:
    from collections.abc import Iterator

    from bot.rehearsal.github_objects import ObjectStore

Side = Literal["LEFT", "RIGHT"]
_STATUSES = {"A": "added", "D": "removed", "M": "modified", "R": "renamed", "C": "copied", "T": "modified"}
_HUNK = re.compile(r"@@ -(\d+)(?:,(\d+))? \+(\d+)(?:,(\d+))? @@")
_OPTIONS = (
    "--no-color",
    "--no-abbrev",
    "--no-ext-diff",
    "--no-textconv",
    "--full-index",
    "-M",
    "--src-prefix=a/",
    "--dst-prefix=b/",
)
MOST_PATCH_LINES = 20_000  # of one file; GitHub leaves longer patches out
MOST_PATCH_BYTES = 500_000


@dataclass(frozen=True, slots=True)
class FileDiff:
    """One changed file; `patch` holds its hunks only, and is None for binaries, pure renames and what is too long."""

    path: str
    previous: str | None
    status: str
    sha: str
    additions: int
    deletions: int
    patch: str | None
    mode: str


@dataclass(frozen=True, slots=True)
class Anchor:
    """A line of a patch that can carry a comment: its hunk's number, and its position below the first hunk header."""

    hunk: int
    position: int


@dataclass(frozen=True, slots=True)
class _Line:
    mark: str
    old: int
    new: int
    hunk: int
    position: int
    text: str


def compare_trees(store: ObjectStore, old: str, new: str) -> list[FileDiff]:
    """The changed files between two commits or trees, in git's order."""
    raw, _, text = _diff(store, old, new, "--raw", "-z", "-p").partition(b"\0\0")
    patches = _split_patches(text.decode("utf-8", "replace"))
    return [_file(meta, patches[at] if at < len(patches) else "") for at, meta in enumerate(_parse_raw(raw))]


def diff_text(store: ObjectStore, old: str, new: str) -> str:
    """The whole diff as `git diff` writes it."""
    return _diff(store, old, new, "-p").decode("utf-8", "replace")


def anchors(patch: str) -> dict[tuple[str, int], Anchor]:
    """The commentable lines of one file's patch by (side, line number): changed lines, and context on both sides."""
    found: dict[tuple[str, int], Anchor] = {}
    for line in _lines(patch):
        anchor = Anchor(line.hunk, line.position)
        if line.mark in {" ", "-"}:
            found["LEFT", line.old] = anchor
        if line.mark in {" ", "+"}:
            found["RIGHT", line.new] = anchor
    return found


def hunk_up_to(patch: str, anchor: Anchor) -> str:
    """The `diff_hunk` of a comment: from its hunk's header down to the commented line."""
    lines = patch.split("\n")[: anchor.position + 1]
    start = max(at for at, line in enumerate(lines) if line.startswith("@@"))
    return "\n".join(lines[start:])


def follow_line(patch: str | None, line: int) -> int | None:
    """Where an old line is after a file's change, or None when the change took it."""
    shift = 0
    for each in _lines(patch or ""):
        if each.mark == "-" and each.old == line:
            return None
        if each.mark == "-" and each.old < line:
            shift -= 1
        elif each.mark == "+" and each.old <= line:
            shift += 1
    return line + shift


def _lines(patch: str) -> Iterator[_Line]:
    old = new = 0
    hunk = -1
    for position, text in enumerate(patch.split("\n")):
        if header := _HUNK.match(text):
            old, new, hunk = int(header[1]), int(header[3]), hunk + 1
            continue
        mark = text[:1] or " "
        if mark not in {" ", "+", "-"}:
            continue
        yield _Line(mark, old, new, hunk, position, text[1:])
        old += mark in {" ", "-"}
        new += mark in {" ", "+"}


def _diff(store: ObjectStore, old: str, new: str, *form: str) -> bytes:
    return store.ask("diff", *_OPTIONS, *form, old, new, "--") or b""


def _parse_raw(raw: bytes) -> Iterator[tuple[str, str, str | None, str, str]]:
    """Yield (status letter, path, previous path, blob id, mode) of `--raw -z`."""
    words = iter(raw.decode("utf-8", "replace").strip("\0").split("\0"))
    for word in words:
        if not word.startswith(":"):
            continue
        old_mode, new_mode, old_sha, new_sha, status = word[1:].split(" ")
        first = next(words)
        path = next(words) if status[0] in "RC" else first
        gone = status[0] == "D"
        letter = "changed" if status == "M" and old_mode != new_mode and old_sha == new_sha else status[0]
        previous = first if status[0] in "RC" else None
        yield letter, path, previous, old_sha if gone else new_sha, old_mode if gone else new_mode


@lru_cache(maxsize=256)
def _split_patches(text: str) -> list[str]:
    """One text a file: its lines after `diff --git`; no line of a file's content can start so."""
    return re.split(r"^diff --git .*\n", text, flags=re.MULTILINE)[1:]


def _file(meta: tuple[str, str, str | None, str, str], text: str) -> FileDiff:
    letter, path, previous, sha, mode = meta
    at = text.find("\n@@ ")
    patch = text[at + 1 :].removesuffix("\n") if at >= 0 else ""
    body = [line for line in patch.split("\n") if not line.startswith("@@")]
    added, removed = (sum(line.startswith(mark) for line in body) for mark in "+-")
    long = len(body) > MOST_PATCH_LINES or len(patch) > MOST_PATCH_BYTES
    status = _STATUSES.get(letter, letter)
    return FileDiff(path, previous, status, sha, added, removed, None if long or not patch else patch, mode)
