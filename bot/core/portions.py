"""What of a pull request's diff is shown to a reviewing model, and in which groups."""

from __future__ import annotations

import re
from collections import defaultdict
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Final

from bot.core.changes import PLAIN_MODES, matching
from bot.core.paths import check_path

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping, Sequence

    from bot.core.diffs import DiffFile, DiffLine, Hunk

NOT_REVIEWED: Final = (
    *("package-lock.json", "npm-shrinkwrap.json", "yarn.lock", "pnpm-lock.yaml", "bun.lock", "deno.lock"),
    *("poetry.lock", "uv.lock", "pdm.lock", "Pipfile.lock", "Cargo.lock", "Gemfile.lock", "composer.lock", "go.sum"),
    *("mix.lock", "flake.lock", "packages.lock.json", "gradle.lockfile", "Podfile.lock", "pubspec.lock"),
    *(".terraform.lock.hcl", "Package.resolved", "Cartfile.resolved", "conan.lock", "Chart.lock"),
    *("vendor/", "node_modules/", "third_party/", "bower_components/", "Pods/", "site-packages/", ".yarn/"),
    *(
        "dist/",
        "__snapshots__/",
        "__generated__/",
        "generated/",
        "*.snap",
        "*.ambr",
        "*.svg",
        "*.map",
        "*.csv",
        "*.tsv",
    ),
    *("*.min.js", "*.min.css", "*.bundle.js", "*.pb.go", "*_pb2.py", "*_pb2_grpc.py", "*_pb2.pyi", "*.pb.cc", "*.pb.h"),
    *("*.g.dart", "*.freezed.dart", "*.designer.cs", "*.generated.*", "*_generated.*", "zz_generated*", "*.ipynb"),
)
"""Globs, git's own: lock files, vendored and generated code, and data that only look like text."""
_GENERATED = re.compile(r"@generated\b|\b(?:auto-?|code )generated\b.{0,120}\bdo not (?:edit|modify)", re.IGNORECASE)
_FIRST_LINES: Final = 600
_TESTS = ("test_*", "*_test.*", "*.test.*", "*.spec.*", "tests/", "test/", "spec/", "__tests__/")
_TEXTS = ("*.md", "*.rst", "*.txt", "*.adoc", "docs/", "doc/", "LICENSE*", "CHANGELOG*")
_CONTEXT: Final = 8
"""Lines of the file shown on both sides of a hunk, beyond those that the diff brings along."""
_HEADING: Final = 80


@dataclass(frozen=True, slots=True)
class Piece:
    """Some hunks of one file, whole or cut to size."""

    file: DiffFile
    hunks: tuple[Hunk, ...]


@dataclass(frozen=True, slots=True)
class Portion:
    """What one question to the model is about."""

    pieces: tuple[Piece, ...]

    def hunks_of(self, path: str) -> tuple[Hunk, ...]:
        """The hunks of this file that are shown."""
        return tuple(hunk for piece in self.pieces if piece.file.path == path for hunk in piece.hunks)

    @property
    def paths(self) -> tuple[str, ...]:
        """The files, each once."""
        return tuple(dict.fromkeys(piece.file.path for piece in self.pieces))


@dataclass(frozen=True, slots=True)
class LeftOut:
    """A file that is not reviewed, and why, as the end of a sentence ("is generated")."""

    path: str
    why: str


def sift(files: Sequence[DiffFile], globs: Sequence[str]) -> tuple[list[DiffFile], list[LeftOut]]:
    """The files worth a review and the others; `globs` narrow it to some paths, none means all."""
    ignored = set(matching([file.path for file in files], NOT_REVIEWED))
    wanted = set(matching([file.path for file in files], globs)) if globs else None
    kept, left = [], []
    for file in files:
        why = _why_not(file, ignored, wanted)
        if why is None:
            kept.append(file)
        else:
            left.append(LeftOut(file.path, why))
    return kept, left


def _why_not(file: DiffFile, ignored: set[str], wanted: set[str] | None) -> str | None:
    reasons = (
        (check_path(file.path) is not None, "has a path that no tree should hold"),
        (wanted is not None and file.path not in wanted, "is outside `review.paths`"),
        (bool(file.mode) and file.mode not in PLAIN_MODES, "is no plain file"),
        (file.binary, "is binary"),
        (file.unreadable, "has a diff that cannot be read"),
        (file.status == "removed", "is deleted"),
        (not file.hunks, "has the same content as before"),
        (file.path in ignored, "is a lock file, generated, vendored or data"),
    )
    return next((why for holds, why in reasons if holds), None)


def is_generated(text: str) -> bool:
    """Whether the first lines of a file say that a program wrote it."""
    return _GENERATED.search(text[:_FIRST_LINES]) is not None


def new_since(files: Sequence[DiffFile], since: Sequence[DiffFile]) -> list[DiffFile]:
    """What of the diff was touched since an earlier review; `since` is the diff from that commit to the head."""
    touched: dict[str, set[int]] = defaultdict(set)
    for file in since:
        for hunk in file.hunks:
            touched[file.path] |= _touched(hunk)
    narrowed = (
        replace(file, hunks=tuple(hunk for hunk in file.hunks if not touched[file.path].isdisjoint(_reach(hunk))))
        for file in files
    )
    return [file for file in narrowed if file.hunks]


def _touched(hunk: Hunk) -> set[int]:
    """The lines after the change that are new, or beside which something went."""
    lines, at = set(), hunk.new.start
    for line in hunk.lines:
        lines.add(at) if line.mark != " " else None
        at = at if line.new is None else line.new + 1
    return lines


def _reach(hunk: Hunk) -> range:
    return range(hunk.new.start, hunk.new.stop + 1)


def divide(files: Sequence[DiffFile], texts: Mapping[str, str], room: int) -> list[Portion]:
    """The files in groups of at most `room` characters: neighbours stay together, code comes before tests and prose."""
    portions: list[list[Piece]] = []
    free = 0
    for piece in _pieces(_ordered(files), room):
        size = len(show_piece(piece, texts.get(piece.file.path, "")))
        if not portions or size > free:
            portions.append([])
            free = room
        portions[-1].append(piece)
        free -= size
    return [Portion(tuple(pieces)) for pieces in portions]


def _ordered(files: Sequence[DiffFile]) -> list[DiffFile]:
    paths = [file.path for file in files]
    tests, prose = set(matching(paths, _TESTS)), set(matching(paths, _TEXTS))

    def key(file: DiffFile) -> tuple[int, str, str]:
        folder, _, name = file.path.rpartition("/")
        return (2 if file.path in prose else 1 if file.path in tests else 0), folder, name

    return sorted(files, key=key)


def _pieces(files: Iterable[DiffFile], room: int) -> Iterator[Piece]:
    for file in files:
        # half for the hunks, the rest for the lines round them and what is said of them
        group: list[Hunk] = []
        size = 0
        for hunk in (part for whole in file.hunks for part in _cut(whole, room // 2)):
            if group and size + _size(hunk.lines) > room // 2:
                yield Piece(file, tuple(group))
                group, size = [], 0
            group.append(hunk)
            size += _size(hunk.lines)
        if group:
            yield Piece(file, tuple(group))


def _size(lines: Iterable[DiffLine]) -> int:
    return sum(len(line.text) + 2 for line in lines)


def _cut(hunk: Hunk, room: int) -> Iterator[Hunk]:
    """The hunk in parts of at most so many characters each; a line is never cut."""
    start, size = 0, 0
    for at, line in enumerate(hunk.lines):
        if at > start and size + len(line.text) + 2 > room:
            yield _part(hunk, start, at)
            start, size = at, 0
        size += len(line.text) + 2
    yield hunk if start == 0 else _part(hunk, start, len(hunk.lines))


def _part(hunk: Hunk, start: int, stop: int) -> Hunk:
    lines = hunk.lines[start:stop]
    old = hunk.old.start + sum(line.mark != "+" for line in hunk.lines[:start])
    new = hunk.new.start + sum(line.mark != "-" for line in hunk.lines[:start])
    return replace(
        hunk,
        old=range(old, old + sum(line.mark != "+" for line in lines)),
        new=range(new, new + sum(line.mark != "-" for line in lines)),
        lines=lines,
    )


def show_piece(piece: Piece, text: str) -> str:
    """The hunks as a diff without line numbers, with some more lines of the file round each."""
    real = text.replace("\r\n", "\n").split("\n")
    shown: list[str] = []
    done = 0
    for at, hunk in enumerate(piece.hunks):
        start = max(done + 1, hunk.new.start - _CONTEXT)
        following = piece.hunks[at + 1].new.start if at + 1 < len(piece.hunks) else len(real) + 1
        if start > done + 1 or not shown:
            shown.append(f"@@ {hunk.section[:_HEADING]}".rstrip())
        shown += [f" {line}" for line in real[start - 1 : hunk.new.start - 1]]
        shown += [f"{line.mark}{line.text}" for line in hunk.lines]
        done = min(hunk.new.stop - 1 + _CONTEXT, following - 1)
        shown += [f" {line}" for line in real[hunk.new.stop - 1 : done]]
    return "\n".join(shown)
