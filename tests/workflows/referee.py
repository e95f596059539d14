"""GitHub's own parser and expression engine, asked about our workflow files."""

from __future__ import annotations

import json
import subprocess
from pathlib import Path
from typing import TYPE_CHECKING, Any, Self

from tests.contract.npm import node, node_modules

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence


class RefereeError(Exception):
    """The engine could not answer: what it was asked is no expression, or no workflow."""


class Referee:
    """A Node process that answers one question a line; close it, or use it as a context manager."""

    def __init__(self) -> None:
        self._process = subprocess.Popen(
            [node(), Path(__file__).with_suffix(".mjs"), node_modules()],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
            encoding="utf-8",
        )

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def close(self) -> None:
        self._process.communicate()

    def errors(self, path: Path) -> list[str]:
        """What GitHub would complain of in this workflow or `action.yml`."""
        kind = "action" if path.name == "action.yml" else "workflow"
        answer: list[str] = self._ask("errors", kind=kind, name=path.name, text=path.read_text(encoding="utf-8"))
        return answer

    def jobs(
        self,
        workflow: Path,
        github: Mapping[str, Any],
        *,
        outcomes: Mapping[str, str] | None = None,
        cancelled: bool = False,
    ) -> dict[str, str]:
        """The result of each job for an event; a job that runs has the result in `outcomes`, or `success`."""
        text = workflow.read_text(encoding="utf-8")
        contexts = {"github": github}
        answer: dict[str, str] = self._ask(
            "jobs", text=text, contexts=contexts, outcomes=dict(outcomes or {}), cancelled=cancelled
        )
        return answer

    def condition(self, text: str, contexts: Mapping[str, Any], results: Sequence[str] = ()) -> bool:
        """Whether a step with this `if` runs after steps with these results."""
        answer: bool = self._ask("condition", text=text, contexts=contexts, results=list(results))
        return answer

    def text(self, template: str, contexts: Mapping[str, Any]) -> str:
        """The template with every `${{ … }}` in it evaluated."""
        answer: str = self._ask("text", text=template, contexts=contexts)
        return answer

    def _ask(self, ask: str, **question: Any) -> Any:
        if self._process.stdin is None or self._process.stdout is None:
            raise RefereeError("the process has no pipes")
        self._process.stdin.write(json.dumps({"ask": ask, **question}) + "\n")
        self._process.stdin.flush()
        answer = json.loads(self._process.stdout.readline() or '{"error": "the process has ended"}')
        if "error" in answer:
            raise RefereeError(answer["error"])
        return answer["answer"]
