"""Diffs between commits of the local repository, in the form that GitHub shows: for what its API does not give."""

from __future__ import annotations

import os
import subprocess
import tempfile
from typing import TYPE_CHECKING

from bot.errors import WorktreeError

if TYPE_CHECKING:
    from pathlib import Path

LARGEST = 40_000_000
"""Bytes of a diff that are read; what comes after them is left out."""
_SECONDS = 120
# Whatever a user's or a repository's own configuration says: plain text, three lines of context, renames found.
_OPTIONS = (
    "--no-color",
    "--no-ext-diff",
    "--no-textconv",
    "--full-index",
    "--diff-algorithm=myers",
    "--unified=3",
    "--inter-hunk-context=0",
    "--find-renames",
    "--no-relative",
    "--src-prefix=a/",
    "--dst-prefix=b/",
)


class GitDiffs:
    """Implements `Diffs` for the repository at `folder`; nothing of its working files is read."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder

    def between(self, base: str, head: str) -> str:
        """The unified diff between two commits whose trees are here.

        Raises:
            WorktreeError: when git cannot make it.
        """
        return self._git("diff", *_OPTIONS, base, head, "--")

    def merge_base(self, one: str, other: str) -> str | None:
        """The commit that two histories share; None when what is here of them has none."""
        try:
            return self._git("merge-base", one, other).strip() or None
        except WorktreeError:
            return None

    def _git(self, *words: str) -> str:
        trust = f"safe.directory={self._folder.resolve()}"
        command = ["git", "-C", str(self._folder), "-c", trust, "-c", "core.quotePath=true", *words]
        with tempfile.TemporaryFile() as output:
            try:
                done = subprocess.run(  # noqa: S603 - git itself; commit ids are looked up before they come here
                    command,
                    stdin=subprocess.DEVNULL,
                    stdout=output,
                    stderr=subprocess.DEVNULL,
                    env={**os.environ, "GIT_TERMINAL_PROMPT": "0"},
                    timeout=_SECONDS,
                    check=False,
                )
            except subprocess.TimeoutExpired as error:
                raise WorktreeError(f"git {words[0]} takes too long") from error
            if done.returncode:
                raise WorktreeError(f"git {words[0]} failed with code {done.returncode}")
            output.seek(0)
            return output.read(LARGEST).decode("utf-8", "replace")
