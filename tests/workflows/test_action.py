"""`action.yml` run for real: what it installs, which code then runs, what it is given and what comes back.

A probe stands in for the program: a package of the same name, installed by the same steps, writes down what it sees.
"""

from __future__ import annotations

import json
import shutil
import subprocess
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

from tests.workflows.payloads import issue_comment
from tests.workflows.runner import Runner, parse_assignments

if TYPE_CHECKING:
    from tests.workflows.referee import Referee

# Installing takes seconds: one worker does it for all of these.
pytestmark = pytest.mark.xdist_group("action")

ROOT = Path(__file__).parents[2]

PROBE = """\
import json, os, sys
seen = {"file": __file__, "arguments": sys.argv[1:], "environ": dict(os.environ), "path": sys.path}
with open(os.environ["PROBE"], "w") as file:
    json.dump(seen, file)
with open(os.environ["GITHUB_OUTPUT"], "a") as file:
    file.write("outcome=proposed\\nproposal-sha=3f9c2a1b7d04\\ncost-usd<<END\\n0.0061\\nEND\\n")
sys.exit(int(os.environ["PROBE_EXIT"]))
"""
PYPROJECT = """\
[project]
name = "draftgate"
version = "0"
requires-python = ">=3.11"
[build-system]
requires = ["uv_build>=0.13,<0.14"]
build-backend = "uv_build"
[tool.uv.build-backend]
module-name = "bot"
module-root = ""
"""
LOCK = """\
version = 1
requires-python = ">=3.11"
[[package]]
name = "draftgate"
version = "0"
source = { editable = "." }
"""
HIJACK = 'raise SystemExit("the workspace was imported")\n'
HOSTILE = {
    **dict.fromkeys(("bot/__init__.py", "bot/__main__.py", "json.py", "pip.py", "venv.py", "sitecustomize.py"), HIJACK),
    "pyproject.toml": "[tool.uv]\nrequired-version = '==0.0.1'\n[project]\nname = 'workspace'\nversion = '1'\n",
    "uv.toml": "required-version = '==0.0.1'\n",
    ".python-version": "2.7\n",
}


def write(folder: Path, files: dict[str, str]) -> Path:
    for name, text in files.items():
        (folder / name).parent.mkdir(parents=True, exist_ok=True)
        (folder / name).write_text(text, encoding="utf-8")
    return folder


def copy_of_the_action(folder: Path, *names: str) -> Path:
    folder.mkdir()
    for name in ("action.yml", ".ci", *names):
        source = ROOT / name
        if source.is_dir():
            shutil.copytree(source, folder / name, ignore=shutil.ignore_patterns("__pycache__"))
        else:
            shutil.copy(source, folder / name)
    return folder


def files_of(folder: Path) -> dict[str, bytes]:
    return {path.relative_to(folder).as_posix(): path.read_bytes() for path in folder.rglob("*") if path.is_file()}


class Probed:
    """One run of the action with the probe in it, in a workspace that tries to take over."""

    def __init__(self, folder: Path, referee: Referee, *, entry: str, code: int = 0) -> None:
        self.action = write(
            copy_of_the_action(folder / "action"),
            {"pyproject.toml": PYPROJECT, "uv.lock": LOCK, "bot/__init__.py": "", "bot/__main__.py": PROBE},
        )
        self.runner = Runner(folder, referee, env=self.job_env(folder, code))
        write(self.runner.workspace, HOSTILE)
        self.before = files_of(self.action), files_of(self.runner.workspace)
        self.done = self.runner.run(self.action, self.inputs(entry))
        self.seen: dict[str, Any] = json.loads((folder / "seen.json").read_text(encoding="utf-8"))

    @staticmethod
    def job_env(folder: Path, code: int) -> dict[str, str]:
        """What a careless job sets for all its steps."""
        return {
            "OPENAI_API_KEY": "sk-of-the-job",
            "PYTHONPATH": str(folder / "workspace"),
            "PROBE": str(folder / "seen.json"),
            "PROBE_EXIT": str(code),
        }

    @staticmethod
    def inputs(entry: str) -> dict[str, str]:
        return {
            "entry": entry,
            "bundle": "/bundle folder/$(touch hijacked)",
            "base-url": "https://models.example.com/v1",
            "api-key": "sk-of-the-input",
            "fallback-api-key": "sk-of-the-fallback",
            "environment": "production",
        }

    def variables(self) -> dict[str, str]:
        """The settings that the program was given."""
        environ: dict[str, str] = self.seen["environ"]
        return {name: value for name, value in environ.items() if name.startswith("DRAFTGATE_") and value}


@pytest.fixture(scope="module")
def draft(tmp_path_factory: pytest.TempPathFactory, referee: Referee) -> Probed:
    return Probed(tmp_path_factory.mktemp("draft"), referee, entry="draft")


@pytest.fixture(scope="module")
def publish(tmp_path_factory: pytest.TempPathFactory, referee: Referee) -> Probed:
    return Probed(tmp_path_factory.mktemp("publish"), referee, entry="publish", code=3)


@pytest.fixture(params=["draft", "publish"])
def probed(request: pytest.FixtureRequest) -> Probed:
    run: Probed = request.getfixturevalue(request.param)
    return run


def test_the_installed_code_runs_and_not_the_workspace(probed: Probed) -> None:
    assert Path(probed.seen["file"]).is_relative_to(probed.runner.temp)
    assert "the workspace was imported" not in probed.done.log


def test_neither_the_workspace_nor_the_action_is_on_the_import_path(probed: Probed) -> None:
    folders = [Path(entry) for entry in probed.seen["path"]]
    assert [folder for folder in folders if folder.is_relative_to(probed.runner.workspace)] == []
    assert [folder for folder in folders if folder.is_relative_to(probed.action)] == []


def test_the_workspace_would_take_over_a_python_that_is_not_isolated(draft: Probed) -> None:
    python = draft.seen["environ"]["PYTHON"]
    taken = subprocess.run(
        [python, "-m", "bot"], cwd=draft.runner.workspace, capture_output=True, text=True, check=False
    )
    assert "the workspace was imported" in taken.stderr


def test_nothing_is_written_in_the_workspace_or_the_action(probed: Probed) -> None:
    assert (files_of(probed.action), files_of(probed.runner.workspace)) == probed.before


def test_draft_is_given_every_setting(draft: Probed) -> None:
    assert draft.seen["arguments"] == ["draft", "--out", "/bundle folder/$(touch hijacked)"]
    assert draft.variables() == {
        "DRAFTGATE_TOKEN": "the-job-token",
        "DRAFTGATE_BASE_URL": "https://models.example.com/v1",
        "DRAFTGATE_API_KEY": "sk-of-the-input",
        "DRAFTGATE_FALLBACK_API_KEY": "sk-of-the-fallback",
        "DRAFTGATE_LEVEL": "push",
        "DRAFTGATE_ENVIRONMENT": "production",
    }


def test_publish_is_given_the_token_and_no_key(publish: Probed) -> None:
    assert publish.seen["arguments"] == ["publish", "/bundle folder/$(touch hijacked)"]
    assert publish.variables() == {
        "DRAFTGATE_TOKEN": "the-job-token",
        "DRAFTGATE_LEVEL": "push",
        "DRAFTGATE_ENVIRONMENT": "production",
    }
    assert [name for name, value in publish.seen["environ"].items() if "sk-of" in value] == []


def test_the_outputs_come_back(probed: Probed) -> None:
    assert {name: value for name, value in probed.done.outputs.items() if value} == {
        "outcome": "proposed",
        "proposal-sha": "3f9c2a1b7d04",
        "cost-usd": "0.0061",
    }


def test_the_exit_code_comes_back(draft: Probed, publish: Probed) -> None:
    assert draft.done.codes == {"install": 0, "draft": 0}
    assert publish.done.codes == {"install": 0, "publish": 3}


def test_an_unknown_entry_is_refused_before_anything_is_installed(tmp_path: Path, referee: Referee) -> None:
    done = Runner(tmp_path, referee).run(ROOT, {"entry": "draught"})
    assert done.codes == {"install": 2}
    assert done.log == "::error::The input 'entry' is run, draft or publish.\n"
    assert list((tmp_path / "temp").glob("draftgate-*")) == []


def test_the_program_itself_is_installed_from_its_lock_and_ignores_talk(tmp_path: Path, referee: Referee) -> None:
    action = copy_of_the_action(tmp_path / "action", "bot", "pyproject.toml", "uv.lock", "README.md", "LICENSE")
    context = issue_comment("Just talk.")
    write(tmp_path, {"event.json": json.dumps(context["event"])})
    runner = Runner(tmp_path, referee)
    write(runner.workspace, HOSTILE)
    done = runner.run(action, {})
    assert done.codes == {"install": 0, "draft": 0}, done.log
    assert done.outputs["outcome"] == "ignored"


@pytest.mark.parametrize(
    ("text", "outputs"),
    [
        ("", {}),
        ("a=1\nb=2=3\n", {"a": "1", "b": "2=3"}),
        ("a<<END\none\ntwo=2\nEND\nb=3\n", {"a": "one\ntwo=2", "b": "3"}),
        ("a<<END\nEND\n", {"a": ""}),
    ],
)
def test_the_runner_reads_outputs_as_github_does(text: str, outputs: dict[str, str]) -> None:
    assert parse_assignments(text) == outputs
