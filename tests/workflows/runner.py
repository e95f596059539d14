"""A small runner for composite actions: real bash, real `GITHUB_*` files, GitHub's own expression engine.

It does what the documentation of composite actions says and no more: inputs with their defaults, `if`, `env`,
`working-directory`, step outputs, and the action's own outputs. Steps with `uses` are not run.
"""

from __future__ import annotations

import os
import platform
import re
import subprocess
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

import yaml

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path

    from tests.workflows.referee import Referee

_STEERING = (
    "GITHUB_",
    "RUNNER_",
    "ACTIONS_",
    "DRAFTGATE_",
    "OPENAI_",
    "PYTHON",
    "UV_",
    "VIRTUAL_ENV",
    "COV_",
    "PYTEST_",
)
_MACHINE = {name: value for name, value in os.environ.items() if not name.startswith(_STEERING)}
"""The machine as it was before any test: its PATH, home and package index settings, which an installation needs."""

_ASSIGNMENT = re.compile(r"^([^=<\n]+)=(.*)$|^([^=<\n]+)<<(.+)\n((?:.*\n)*?)\4$", re.MULTILINE)
_SECONDS = 180


@dataclass(frozen=True, slots=True)
class Done:
    """How an action ended: its outputs, the exit code of each step that ran, and the log of all of them."""

    outputs: dict[str, str]
    codes: dict[str, int]
    log: str

    @property
    def failed(self) -> bool:
        return any(self.codes.values())


@dataclass(frozen=True, slots=True)
class Runner:
    """One job on one machine: `folder` holds its workspace and its temporary folder."""

    folder: Path
    referee: Referee
    env: Mapping[str, str] = field(default_factory=dict)
    event_name: str = "issue_comment"

    @property
    def workspace(self) -> Path:
        return self.folder / "workspace"

    @property
    def temp(self) -> Path:
        return self.folder / "temp"

    def run(self, action: Path, inputs: Mapping[str, str]) -> Done:
        """Run the composite action in the folder `action`, as a job's `uses` step would."""
        self.temp.mkdir(exist_ok=True)
        manifest = yaml.safe_load((action / "action.yml").read_text(encoding="utf-8"))
        contexts = self._contexts(action)
        given = {name: self.referee.text(spec["default"], contexts) for name, spec in manifest["inputs"].items()}
        contexts["inputs"] = given | dict(inputs)
        codes, log = self._steps(manifest["runs"]["steps"], contexts)
        outputs = {name: self.referee.text(spec["value"], contexts) for name, spec in manifest["outputs"].items()}
        return Done(outputs, codes, log)

    def _contexts(self, action: Path) -> dict[str, Any]:
        return {
            "github": {"token": "the-job-token", "action_path": str(action), "workspace": str(self.workspace)},
            "runner": {"temp": str(self.temp), "os": platform.system()},
            "env": dict(self.env),
            "steps": {},
        }

    def _steps(self, steps: list[dict[str, Any]], contexts: dict[str, Any]) -> tuple[dict[str, int], str]:
        codes: dict[str, int] = {}
        log = ""
        for step in steps:
            outcomes = ["failure" if code else "success" for code in codes.values()]
            if not self.referee.condition(step.get("if", "success()"), contexts, outcomes):
                continue
            done, outputs = self._step(step, contexts)
            codes[step["id"]] = done.returncode
            contexts["steps"][step["id"]] = {"outputs": outputs}
            log += done.stdout
        return codes, log

    def _step(
        self, step: dict[str, Any], contexts: Mapping[str, Any]
    ) -> tuple[subprocess.CompletedProcess[str], dict[str, str]]:
        script = self.temp / "step.sh"
        script.write_text(self.referee.text(step["run"], contexts), encoding="utf-8")
        output = self.temp / "output"
        output.write_text("", encoding="utf-8")
        env = {name: self.referee.text(value, contexts) for name, value in step.get("env", {}).items()}
        done = subprocess.run(
            ["bash", "--noprofile", "--norc", "-e", "-o", "pipefail", script],
            cwd=self.referee.text(step.get("working-directory", str(self.workspace)), contexts),
            env={**_MACHINE, **self._variables(contexts, output), **self.env, **env},
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
            timeout=_SECONDS,
            check=False,
        )
        return done, parse_assignments(output.read_text(encoding="utf-8"))

    def _variables(self, contexts: Mapping[str, Any], output: Path) -> dict[str, str]:
        return {
            "CI": "true",
            "GITHUB_ACTIONS": "true",
            "GITHUB_ACTION_PATH": contexts["github"]["action_path"],
            "GITHUB_EVENT_NAME": self.event_name,
            "GITHUB_EVENT_PATH": str(self.folder / "event.json"),
            "GITHUB_OUTPUT": str(output),
            "GITHUB_REPOSITORY": "octo-org/octo-repo",
            "GITHUB_RUN_ID": "1",
            "GITHUB_STEP_SUMMARY": str(self.temp / "summary"),
            "GITHUB_WORKSPACE": str(self.workspace),
            "RUNNER_OS": contexts["runner"]["os"],
            "RUNNER_TEMP": str(self.temp),
        }


def parse_assignments(text: str) -> dict[str, str]:
    """What a step wrote to `GITHUB_OUTPUT`: `name=value` lines, and `name<<DELIMITER` blocks."""
    return {
        match[1] or match[3]: match[2] if match[1] else match[5].removesuffix("\n")
        for match in _ASSIGNMENT.finditer(text)
    }
