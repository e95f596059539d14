"""`draftgate refresh`: what is due in the manifests of a working folder, and the edits, without a model.

Without `--online` nothing leaves the machine, and only removed Kubernetes APIs are looked for.
"""

from __future__ import annotations

import json
import os
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Any

from bot.core.quiet import visible
from bot.core.refreshed import KUBERNETES_APIS, left_json, several, step_json
from bot.errors import UserError

if TYPE_CHECKING:
    import argparse
    from collections.abc import Iterator, Mapping

    from bot.core.refreshed import GroupRefresh, Left
    from bot.manifests.kubernetes import Version
    from bot.pipeline.refresh import File, Scan
    from bot.settings.config import RepoConfig

_SKIPPED = {".git", "node_modules", ".venv", "__pycache__", ".terraform"}
_OFFLINE = (KUBERNETES_APIS,)
_LEFT = {(True, True): "for a person", (False, True): "left alone", (False, False): "not read"}
"""How what was left is called, by whether it is due, and whether it is of a group."""


def refresh(options: argparse.Namespace, _began: float) -> int:
    """Print what is due; with `--write` make the changes, with `--check` answer 1 when something is due.

    Raises:
        UserError: when the folder, its configuration or the release cannot be used, or a file cannot be written.
    """
    from bot.pipeline.refresh import RefreshRules, scan, together  # noqa: PLC0415 - after the options were read
    from bot.rules import change_rules  # noqa: PLC0415 - as above

    root: Path = options.repo
    if not root.is_dir():
        raise UserError(f"{root} is not a folder", "Name the folder whose manifests are to be refreshed.")
    config = _config(root)
    release = _release(options.kubernetes_version or config.refresh.kubernetes_version or "")
    groups = tuple(one for one in config.refresh.groups if options.online or one in _OFFLINE)
    made = scan(_files(root), RefreshRules(groups, release, config.refresh.ignore, change_rules(config)))
    if made.references:
        _ask_sources(made, config)
    texts, refreshed, left = together(made)
    if options.write:
        _write(root, texts)
    if options.json:
        _print_json(made, refreshed, left)
    else:
        _print(made, refreshed, left, written=options.write)
    return 1 if options.check and (refreshed or any(one.due for one in left)) else 0


def _config(root: Path) -> RepoConfig:
    from bot.rules import read_config  # noqa: PLC0415 - after the options were read
    from bot.settings.config import CONFIG_PATH  # noqa: PLC0415 - as above

    place = root / CONFIG_PATH
    return read_config(place.read_bytes() if place.is_file() else None)


def _ask_sources(made: Scan, config: RepoConfig) -> None:
    from contextlib import closing  # noqa: PLC0415 - only with `--online`

    from bot.adapters.versions import Sources, credentials_of, tokens_of  # noqa: PLC0415 - as above
    from bot.app import SystemClock  # noqa: PLC0415 - as above
    from bot.core.versions import Rules  # noqa: PLC0415 - as above
    from bot.pipeline.refresh_versions import find_versions  # noqa: PLC0415 - as above

    api = os.environ.get("GITHUB_API_URL") or "https://api.github.com"
    token = os.environ.get("DRAFTGATE_TOKEN") or os.environ.get("GITHUB_TOKEN") or ""
    given = (config.refresh.min_age, config.refresh.ignore)
    cluster = (1, made.rules.kubernetes.minor) if config.refresh.kubernetes_version else None
    with closing(Sources(api, token, credentials=credentials_of(os.environ), tokens=tokens_of(os.environ))) as source:
        find_versions(made, source, Rules(SystemClock().now(), *given, cluster))


def _release(text: str) -> Version:
    from bot.manifests.kubernetes import newest, oldest, parse_version  # noqa: PLC0415 - beside its use

    release = parse_version(text) if text else newest()
    if release is None:
        raise UserError(f"{text} is no known Kubernetes release", f"Name one from {oldest()} to {newest()}.")
    return release


def _files(root: Path) -> Iterator[File]:
    """The folder's plain files in the order of their paths, one after the other; links are not followed."""
    from bot.pipeline.refresh import File, wants  # noqa: PLC0415 - beside its use

    for folder, folders, names in os.walk(root):
        folders[:] = sorted(name for name in folders if name not in _SKIPPED)
        for name in sorted(names):
            place = Path(folder, name)
            path = place.relative_to(root).as_posix()
            if place.is_symlink() or not place.is_file() or not wants(path, place.stat().st_size):
                continue
            try:
                yield File(path, "100644", place.read_bytes())
            except OSError as error:
                raise UserError(f"{place} cannot be read: {error.strerror}", "Check its permissions.") from error


def _write(root: Path, texts: Mapping[str, str]) -> None:
    """Write the new texts, never through a link, not even one that was put there meanwhile."""
    for path, text in texts.items():
        place = root / path
        try:
            descriptor = os.open(place, os.O_WRONLY | os.O_TRUNC | getattr(os, "O_NOFOLLOW", 0))
            with os.fdopen(descriptor, "wb") as file:
                file.write(text.encode())
        except OSError as error:
            raise UserError(f"{place} cannot be written: {error.strerror}", "Check its permissions.") from error


def _print_json(made: Scan, refreshed: list[GroupRefresh], left: list[Left]) -> None:
    value: dict[str, Any] = {
        "kubernetes": str(made.rules.kubernetes),
        "files": made.files,
        "due": [step_json(group.name, step) for group in refreshed for step in group.steps],
        "left": [left_json(one) for one in left],
    }
    sys.stdout.write(json.dumps(value, indent=1) + "\n")


def _print(made: Scan, refreshed: list[GroupRefresh], left: list[Left], *, written: bool) -> None:
    for group in refreshed:
        for note, objects in group.notes.items():
            _say(f"look first: {group.name}: {note} ({several(objects)})")
        for step in group.steps:
            _say(f"{step.path}:{step.line}: {group.name}: {step.object}: {step.old} to {step.new}")
    for one in left:
        what = f"{one.object}: " if one.object else ""
        _say(f"{one.place}: {_LEFT[one.due, bool(one.group)]}: {what}{one.why}")
    steps = sum(len(group.steps) for group in refreshed)
    files = len({one.path for group in refreshed for one in group.changes})
    done = "brought up to date" if written else "due"
    persons, unread = sum(one.due for one in left), sum(not (one.due or one.group) for one in left)
    parts = [f"{steps} {done} in {files} file{'' if files == 1 else 's'} for Kubernetes {made.rules.kubernetes}"]
    parts += [f"{persons} for a person"] if persons else []
    parts += [f"{unread} not read"] if unread else []
    _say("; ".join([*parts, f"{made.files} files looked at"]))
    if steps and not written:
        _say("`--write` makes the changes.")


def _say(text: str) -> None:
    """One line, whatever the names in it hold."""
    sys.stdout.write(" ".join(visible(text).splitlines()) + "\n")
