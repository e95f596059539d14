"""Baselines kept from one run to the next on a laptop; the Action keeps none, as nothing there may come from a cache.

Only passing ones are kept: should one have become untrue (a package is gone, say), a change is blamed for what it did
not do, and nothing is ever excused. They are believed for an hour, by the same command, tree, tools and language.
"""

from __future__ import annotations

import hashlib
import json
import os
import tempfile
import time
from contextlib import suppress
from pathlib import Path
from typing import TYPE_CHECKING

from bot.adapters.sandbox_view import path_without_us
from bot.core.baseline import CommandResult

if TYPE_CHECKING:
    from collections.abc import Mapping

    from bot.core.baseline import CommandSpec

_MOST = 100
_LARGEST = 200_000
_BELIEVED = 3600.0


class FolderStore:
    """Keeps at most a hundred baselines in `folder`, a file each; they hold for `environ` and `level` alone."""

    def __init__(self, folder: Path, environ: Mapping[str, str], level: str) -> None:
        self._folder = folder
        path = path_without_us(environ.get("PATH", ""))
        self._surroundings = [path, environ.get("LANG", ""), environ.get("TZ", ""), level, *_changed_last(path)]

    def get(self, tree_id: str, command: CommandSpec) -> CommandResult | None:
        """The baseline of the command on the tree; None when there is none that is to be believed."""
        file = self._file(tree_id, command)
        try:
            if file.stat().st_size > _LARGEST or abs(time.time() - file.stat().st_mtime) > _BELIEVED:
                return None
            output, seconds = json.loads(file.read_text(encoding="utf-8"))
            return CommandResult(command.name, 0, str(output), float(seconds))
        except (OSError, ValueError, TypeError, RecursionError):
            return None

    def put(self, tree_id: str, command: CommandSpec, result: CommandResult) -> None:
        """Keep it if it passed; the oldest give way."""
        if result.code != 0:
            return
        with suppress(OSError):
            self._folder.mkdir(parents=True, exist_ok=True, mode=0o700)
            handle, name = tempfile.mkstemp(dir=self._folder, suffix=".new")
            with os.fdopen(handle, "w", encoding="utf-8") as file:
                json.dump([result.output, result.seconds], file)
            Path(name).replace(self._file(tree_id, command))
            for old in sorted(self._folder.iterdir(), key=lambda one: one.stat().st_mtime)[:-_MOST]:
                old.unlink()

    def _file(self, tree_id: str, command: CommandSpec) -> Path:
        said = json.dumps([tree_id, command.name, command.run, command.network, *self._surroundings])
        return self._folder / f"{hashlib.sha256(said.encode()).hexdigest()}.json"


def _changed_last(path: str) -> list[str]:
    """When the folders of programs changed last: an upgrade of a tool makes a new baseline."""
    times = []
    for folder in path.split(os.pathsep):
        with suppress(OSError):
            times.append(str(Path(folder).stat().st_mtime_ns))
    return times
