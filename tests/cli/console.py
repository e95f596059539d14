"""Runs the real console script as the process that it is."""

from __future__ import annotations

import os
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Mapping

SCRIPT = Path(sys.executable).with_name("draftgate")


@dataclass(frozen=True)
class Ended:
    """How it ended."""

    code: int
    out: str
    err: str

    @property
    def is_two_lines(self) -> bool:
        """Whether it said what is wrong and what to do in the form for both."""
        lines = self.err.splitlines()
        return len(lines) == 2 and lines[0].startswith("error: ") and lines[1].startswith("  ")


def draftgate(
    *words: str | Path, stdin: str | bytes | None = None, env: Mapping[str, str] | None = None, cwd: Path | None = None
) -> Ended:
    """Run it; without `stdin` there is no input at all."""
    given = stdin.encode() if isinstance(stdin, str) else stdin
    done = subprocess.run(
        [SCRIPT, *words],
        input=given,
        stdin=subprocess.DEVNULL if given is None else None,
        capture_output=True,
        env={**os.environ, **(env or {})},
        cwd=cwd,
        timeout=60,
        check=False,
    )
    return Ended(done.returncode, done.stdout.decode(), done.stderr.decode())
