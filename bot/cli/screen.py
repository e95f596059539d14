"""The terminal: a line a phase while it works, then the diff in colour, the evidence and the question."""

from __future__ import annotations

import sys
from typing import TYPE_CHECKING

from rich.console import Console
from rich.syntax import Syntax
from rich.table import Table
from rich.text import Text

from bot.core.diffs import measure, render_diff
from bot.core.markdown import figures_line
from bot.core.results import Drafted, NotDrafted

if TYPE_CHECKING:
    from collections.abc import Sequence

    from rich.status import Status


class Screen:
    """Progress goes to standard error, so that standard output is the result alone."""

    def __init__(self, *, quiet: bool) -> None:
        self._quiet = quiet
        self._out = Console(highlight=False, soft_wrap=True)
        self._err = Console(stderr=True, highlight=False, soft_wrap=True)
        self._status: Status | None = None

    def phase(self, name: str) -> None:
        """Say which phase begins: a live line on a terminal, a plain one in a log."""
        if self._quiet:
            return
        if not self._err.is_terminal:
            self._err.print(Text(f"{name} …"))
            return
        if self._status is None:
            self._status = self._err.status(f"{name} …")
            self._status.start()
        self._status.update(f"{name} …")

    def done(self, phases: Sequence[tuple[str, float]]) -> None:
        """End the progress with the seconds of each phase."""
        if self._status is not None:
            self._status.stop()
        if not self._quiet:
            self._err.print(Text(", ".join(f"{name} {seconds:.1f} s" for name, seconds in phases), style="dim"))

    def note(self, text: str) -> None:
        """One plain line beside the result."""
        self._err.print(Text(text))

    def show(self, result: Drafted | NotDrafted) -> None:
        """The result as a person reads it: what, the diff, the evidence, the figures."""
        if isinstance(result, Drafted):
            self._out.print(Text(f"{result.title or 'Proposal'} ({measure(result.changes)})", style="bold"))
            self._out.print(Text(result.summary))
        else:
            self._out.print(Text(f"No proposal: {result.why}", style="bold"))
            self._out.print(Text(result.remedy.replace("`/generate`", "`draftgate generate`")))
        changes = result.changes if isinstance(result, Drafted) else result.nearest
        self._diff(render_diff(changes))
        table = Table("proof", "", box=None, pad_edge=False)
        for proof in result.evidence.proofs:
            table.add_row(Text(proof.name.strip("`")), Text(proof.outcome))
        for item in result.evidence.look_at:
            table.add_row(Text("look at first"), Text(item))
        self._out.print(table)
        self._out.print(Text(figures_line(result.figures), style="dim"))

    def ask(self, question: str) -> bool:
        """The gate: only a typed yes counts; the end of input, or no terminal, is a no."""
        self._out.print(Text(f"{question} [y/N] "), end="")
        self._out.file.flush()
        answer = sys.stdin.readline() if sys.stdin else ""
        return answer.strip().lower() in {"y", "yes"}

    def _diff(self, diff: str) -> None:
        if not diff:
            return
        if self._out.is_terminal:
            self._out.print(Syntax(diff, "diff", background_color="default"))
        else:
            self._out.print(Text(diff))
