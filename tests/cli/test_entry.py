from __future__ import annotations

import json
import os
import re
import subprocess
import sys
from typing import TYPE_CHECKING, Any

import pytest

from bot import __version__
from tests.cli.console import draftgate
from tests.core import event_samples as sample

if TYPE_CHECKING:
    from pathlib import Path

HEAVY = {"asyncio", "git", "github", "httpx", "openai", "pathspec", "requests", "rich", "tenacity", "unidiff", "yaml"}


@pytest.mark.parametrize(
    ("words", "said"),
    [
        ((), "COMMAND"),
        (("frobnicate",), "frobnicate"),
        (("locate",), "--issue"),
        (("locate", "--issue", "-", "--limit", "many"), "many"),
        (("generate", "--issue", "-", "--kind", "poem"), "poem"),
        (("draft",), "--out"),
        (("run", "--speed"), "--speed"),
    ],
)
def test_words_that_are_no_command_are_a_usage_error_in_two_lines(words: tuple[str, ...], said: str) -> None:
    ended = draftgate(*words)
    assert (ended.code, ended.out) == (2, "")
    assert ended.is_two_lines, ended.err
    assert said in ended.err
    assert re.search(r"\n  See `draftgate( \w+)? --help`\.\n$", ended.err)


def test_the_version_is_said() -> None:
    ended = draftgate("--version")
    assert (ended.code, ended.out, ended.err) == (0, f"draftgate {__version__}\n", "")


def test_help_lists_every_command() -> None:
    ended = draftgate("--help")
    assert ended.code == 0
    for command in ("run", "draft", "publish", "generate", "locate", "apply", "check", "demo"):
        assert re.search(rf"^ +{command} +\S", ended.out, re.MULTILINE), command


def runner(folder: Path, name: str, payload: Any) -> dict[str, str]:
    (folder / "event.json").write_text(payload if isinstance(payload, str) else json.dumps(payload))
    return {
        "GITHUB_EVENT_NAME": name,
        "GITHUB_EVENT_PATH": str(folder / "event.json"),
        "GITHUB_OUTPUT": str(folder / "output"),
        "GITHUB_REPOSITORY": "octo-org/widget",
    }


@pytest.mark.parametrize(
    ("name", "body"),
    [("issue_comment", "thanks, that helps"), ("issue_comment", "> /generate"), ("watch", "")],
)
def test_an_ignored_event_ends_before_anything_heavy_is_imported(tmp_path: Path, name: str, body: str) -> None:
    environ = runner(tmp_path, name, sample.comment_event(body))
    command = [sys.executable, "-I", "-X", "importtime", "-m", "bot", "run"]
    done = subprocess.run(
        command, capture_output=True, text=True, env={**os.environ, **environ}, cwd=tmp_path, check=False
    )
    assert done.returncode == 0, done.stderr
    imported = set(re.findall(r"^import time:.*\| +(\S+)$", done.stderr, re.MULTILINE))
    assert "bot.core.precheck" in imported
    assert not {module.partition(".")[0] for module in imported} & HEAVY
    assert (tmp_path / "output").read_text() == "outcome=ignored\n"


@pytest.mark.parametrize("payload", ["", "[]", "{"])
def test_an_event_that_cannot_be_read_is_a_person_s_to_mend(tmp_path: Path, payload: str) -> None:
    ended = draftgate("run", env=runner(tmp_path, "issue_comment", payload))
    assert ended.code == 1
    assert "::error::" in ended.out + ended.err
    assert (tmp_path / "output").read_text() == "outcome=failed\n"


def test_outside_of_a_workflow_run_says_what_is_missing() -> None:
    ended = draftgate("run")
    assert ended.code == 1
    assert "GITHUB_EVENT_" in ended.out + ended.err
    assert "Traceback" not in ended.err


def test_the_working_folder_is_never_imported_from(tmp_path: Path) -> None:
    (tmp_path / "bot").mkdir()
    for name in ("bot/__init__.py", "json.py", "argparse.py", "sitecustomize.py"):
        (tmp_path / name).write_text("raise SystemExit('imported from the checkout')\n")
    ended = draftgate("--version", cwd=tmp_path)
    assert (ended.code, ended.err) == (0, "")
