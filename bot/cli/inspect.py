"""`locate`, `apply`, `check`: the engine's parts by hand, without a model."""

from __future__ import annotations

import json
import os
import sys
from collections.abc import Mapping
from contextlib import suppress
from pathlib import Path
from typing import TYPE_CHECKING

from bot.errors import UserError

if TYPE_CHECKING:
    import argparse
    from collections.abc import Iterable, Iterator

    from bot.checks import Finding

_LONGEST = 10_000_000
_SKIPPED = {".git", "node_modules", ".venv", "__pycache__"}


def read_text(name: str, what: str) -> str:
    """A text file, or standard input for `-`.

    Raises:
        UserError: when it is not there, is not UTF-8 or is larger than 10 MB.
    """
    try:
        content = sys.stdin.buffer.read(_LONGEST + 1) if name == "-" else _head(Path(name))
        if len(content) > _LONGEST:
            raise UserError(f"{what} is larger than {_LONGEST // 1_000_000} MB", "Give a shorter one.")
        return content.decode()
    except OSError as error:
        raise UserError(f"{what} cannot be read: {error.strerror}: {name}", "Check the path.") from error
    except UnicodeDecodeError as error:
        raise UserError(f"{what} is not UTF-8 text", "Save it as UTF-8.") from error


def _head(path: Path) -> bytes:
    with path.open("rb") as file:
        return file.read(_LONGEST + 1)


def locate(options: argparse.Namespace, _began: float) -> int:
    """Rank the files of HEAD that an issue is about."""
    from bot.adapters.cache import FolderCache, cache_folder  # noqa: PLC0415 - other commands do not need it
    from bot.adapters.worktree import GitWorktree  # noqa: PLC0415 - as above
    from bot.pipeline.gather import Tree  # noqa: PLC0415 - as above
    from bot.pipeline.recall import find_files  # noqa: PLC0415 - as above

    issue = read_text(options.issue, "the issue")
    worktree = GitWorktree(options.repo)
    tree = Tree(worktree, worktree.head())
    found = find_files(issue, tree, max(1, options.limit), FolderCache(cache_folder(os.environ)))
    if options.json:
        sys.stdout.write(json.dumps([one.as_json() for one in found], indent=1) + "\n")
        return 0
    for one in found:
        lines = ", ".join(f"{first}-{last}" for first, last in one.lines)
        sys.stdout.write(f"{one.score:8.2f}  {one.path}:{lines}  {'; '.join(one.why)}\n")
    return 0


def apply(options: argparse.Namespace, _began: float) -> int:
    """Apply a model's reply to the files of a folder: all of it or nothing."""
    from bot.replies import apply_reply  # noqa: PLC0415 - beside its use

    reply = read_text(options.reply, "the reply")
    if not options.repo.is_dir():
        raise UserError(f"{options.repo} is not a folder", "Name the folder whose files are to be changed.")
    texts = FolderTexts(options.repo)
    result = apply_reply(reply, texts)
    errors = (
        result.errors
        or [f"{path}: {why}" for path in result.files if (why := _obstacle(options.repo, path, texts))]
        or _broken(texts, result.files)
    )
    if errors:
        for error in errors:
            sys.stderr.write(f"error: {error}\n")
        sys.stderr.write("Nothing was changed.\n")
        return 1
    for path, text in sorted(result.files.items()):
        verb = "delete" if text is None else "write"
        sys.stdout.write(f"{'would ' if options.check else ''}{verb} {path}\n")
    if not options.check:
        _write(options.repo, result.files)
    if not result.files:
        sys.stdout.write("nothing to do: the files look like that already\n")
    return 0


def check(options: argparse.Namespace, _began: float) -> int:
    """Check files as they stand; 1 when there is an error."""
    from bot.checks import as_json  # noqa: PLC0415 - beside its use

    version = _release(options.kubernetes_version)
    findings: list[Finding] = []
    for root in options.paths:
        if not root.exists():
            raise UserError(f"{root} does not exist", "Name files or folders that do.")
        findings += _check_below(root, version)
    if options.json:
        sys.stdout.write(json.dumps([as_json(one) for one in findings], indent=1) + "\n")
    else:
        for one in findings:
            sys.stdout.write(f"{one.path}:{one.line or 1}: {one.severity}: {one.message} ({one.check})\n")
    return 1 if any(one.severity == "error" for one in findings) else 0


def _release(version: str) -> str:
    from bot.manifests.kubernetes import newest, oldest, parse_version  # noqa: PLC0415 - beside its use

    if version and parse_version(version) is None:
        raise UserError(f"{version} is no known Kubernetes release", f"Name one from {oldest()} to {newest()}.")
    return version


def _check_below(root: Path, version: str) -> Iterator[Finding]:
    """A folder at a time, so that no more than its texts are held at once."""
    from bot.checks import check_files, wanted_beside  # noqa: PLC0415 - beside its use

    folders: dict[Path, list[Path]] = {}
    for path in _files_below(root):
        folders.setdefault(path.parent, []).append(path)
    for folder, paths in folders.items():
        neighbours = {path.as_posix(): path for path in folder.iterdir()} if root.is_file() else {}
        texts = _texts(paths)
        beside = _texts([neighbours[name] for name in wanted_beside(list(texts), neighbours)])
        yield from check_files(texts, beside, version)


def _texts(paths: Iterable[Path]) -> dict[str, str]:
    return {path.as_posix(): text for path in paths if (text := _text(path)) is not None}


class FolderTexts(Mapping[str, str]):
    """The texts below a folder by relative path, each read when it is asked for; what is not UTF-8 is not there."""

    def __init__(self, root: Path) -> None:
        self._root = root
        self._paths = dict.fromkeys(path.relative_to(root).as_posix() for path in _files_below(root))

    def __getitem__(self, path: str) -> str:
        text = _text(self._root / path) if path in self._paths else None
        if text is None:
            raise KeyError(path)
        return text

    def __iter__(self) -> Iterator[str]:
        return iter(self._paths)

    def __len__(self) -> int:
        return len(self._paths)


def _files_below(root: Path) -> Iterator[Path]:
    """Plain files in order of their paths; links and folders that hold no source are left out."""
    if root.is_file():
        yield root
        return
    for path in sorted(root.iterdir()):
        if path.is_symlink() or path.name in _SKIPPED:
            continue
        if path.is_dir():
            yield from _files_below(path)
        elif path.is_file():
            yield path


def _text(path: Path) -> str | None:
    from bot.pipeline.gather import decode  # noqa: PLC0415 - beside its use

    try:
        return decode(path.read_bytes())
    except OSError as error:
        raise UserError(f"{path} cannot be read: {error.strerror}", "Check the path and its permissions.") from error


def _obstacle(root: Path, path: str, texts: FolderTexts) -> str:
    """Why a file that was not read cannot be written either, or empty: it would lead elsewhere or destroy something."""
    if texts.get(path) is not None:
        return ""
    place = root
    for part in Path(path).parts:
        place /= part
        if place.is_symlink():
            return "lies behind a symbolic link"
    return "is there already and not a text file" if place.exists() else ""


def _broken(texts: FolderTexts, files: Mapping[str, str | None]) -> list[str]:
    """What could be read before and cannot be now, in every language that is checked."""
    from bot.checks import check_change  # noqa: PLC0415 - beside its use
    from bot.checks.kinds import SYNTAX  # noqa: PLC0415 - as above

    changes = {path: (texts.get(path), text) for path, text in files.items() if texts.get(path) is not None}
    return [
        f"{one.path}:{one.line or 1}: could no longer be read: {one.message}"
        for one in check_change(changes)
        if one.check in SYNTAX and one.severity == "error"
    ]


def _write(root: Path, files: Mapping[str, str | None]) -> None:
    """Write and delete; when that fails half-way, what was there before is put back.

    Raises:
        UserError: when a file cannot be written.
    """
    done: list[tuple[Path, bytes | None]] = []
    try:
        for path, text in files.items():
            place = root / path
            done.append((place, place.read_bytes() if place.exists() else None))
            if text is None:
                place.unlink()
            else:
                place.parent.mkdir(parents=True, exist_ok=True)
                place.write_bytes(text.encode())
    except OSError as error:
        _restore(done)
        raise UserError(
            f"{error.filename} cannot be written: {error.strerror}", "Nothing was changed; mend that first."
        ) from error


def _restore(done: list[tuple[Path, bytes | None]]) -> None:
    for place, content in reversed(done):
        with suppress(OSError):
            if content is None:
                place.unlink(missing_ok=True)
            else:
                place.write_bytes(content)
