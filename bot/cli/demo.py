"""`draftgate demo`: the whole flow on this machine; GitHub is a stand-in, the model too unless an endpoint is set."""

from __future__ import annotations

import json
import os
import re
import subprocess
import sys
import tempfile
import time
from contextlib import ExitStack
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from bot.errors import UserError

if TYPE_CHECKING:
    import argparse

    from bot.rehearsal.github_repository import Repository
    from bot.rehearsal.github_service import FakeGitHub

_NAME = "octo/parcel-shop"
_PERSON = "maria"
_TOKEN = "stand-in-token-of-the-demo"  # noqa: S105 - opens nothing but the stand-in
_KEY = "stand-in-key-of-the-demo"


@dataclass(frozen=True, slots=True)
class _Stage:
    """The stand-in GitHub with its repository, a checkout, and the environment that the Action gets."""

    github: FakeGitHub
    repository: Repository
    folder: Path
    environ: dict[str, str]


@dataclass(frozen=True, slots=True)
class _Ended:
    """How one run of the Action ended."""

    outputs: dict[str, str]
    seconds: float
    requests: int


def demo(_options: argparse.Namespace, _began: float) -> int:
    """Play the whole flow and show what a maintainer would see."""
    with ExitStack() as stack:
        folder = Path(stack.enter_context(tempfile.TemporaryDirectory(prefix="draftgate-demo-")))
        stage = _set(stack, folder)
        return _play(stage)


def _set(stack: ExitStack, folder: Path) -> _Stage:
    from bot.rehearsal import story  # noqa: PLC0415 - only the demo needs the stage
    from bot.rehearsal.github_service import FakeGitHub  # noqa: PLC0415 - as above

    endpoint = _model(stack)
    github = FakeGitHub(folder / "github")
    github.add_user(_PERSON)
    permissions = {"contents": "write", "issues": "write", "pull_requests": "write", "metadata": "read"}
    github.add_token(_TOKEN, login="github-actions[bot]", permissions=permissions)
    repository = github.add_repository(_NAME, files=story.FILES)
    repository.set_permission(_PERSON, "write")
    server = stack.enter_context(github.serve())
    checkout = folder / "checkout"
    subprocess.run(  # noqa: S603 - git on our own stand-in
        ["git", "clone", "--quiet", "--depth=1", f"{server.server_url}/{_NAME}.git", str(checkout)],  # noqa: S607 - git as it is on the PATH
        check=True,
    )
    environ = {
        "PATH": os.environ.get("PATH", os.defpath),
        "GITHUB_REPOSITORY": _NAME,
        "GITHUB_WORKSPACE": str(checkout),
        "GITHUB_API_URL": server.api_url,
        "GITHUB_SERVER_URL": server.server_url,
        "GITHUB_RUN_ID": "1",
        "GITHUB_ACTOR": _PERSON,
        "DRAFTGATE_TOKEN": _TOKEN,
        **endpoint,
    }
    _say(f"GitHub is a stand-in at {server.server_url} over a real git repository; nothing leaves this machine for it.")
    return _Stage(github, repository, folder, environ)


def _model(stack: ExitStack) -> dict[str, str]:
    """The endpoint to ask: the one that is set, else the stand-in with its scripted reply."""
    url, key, name = (os.environ.get(f"OPENAI_{part}", "") for part in ("BASE_URL", "API_KEY", "MODEL"))
    if url and key:
        if not name:
            raise UserError("OPENAI_MODEL is not set", "Name a model of that endpoint, or unset OPENAI_BASE_URL.")
        _say(f"The model is real: {name} at {url}.")
        return {"DRAFTGATE_BASE_URL": url, "DRAFTGATE_API_KEY": key, "DRAFTGATE_MODEL": name}
    from bot.rehearsal import story  # noqa: PLC0415 - only the demo needs the stage
    from bot.rehearsal.answers import Reply  # noqa: PLC0415 - as above
    from bot.rehearsal.model import SimulatedModel  # noqa: PLC0415 - as above

    model = SimulatedModel(tokens_per_second=2000, first_token=0.2, model="simulated-1", api_key=_KEY)
    model.answer = lambda _body: Reply(story.REPLY)
    base = stack.enter_context(model.serve())
    _say("The model is simulated: a scripted reply at 2,000 tokens/s, 0.2 s to the first token.")
    _say("Set OPENAI_BASE_URL, OPENAI_API_KEY and OPENAI_MODEL to use a real one.")
    return {"DRAFTGATE_BASE_URL": base, "DRAFTGATE_API_KEY": _KEY, "DRAFTGATE_MODEL": "simulated-1"}


def _play(stage: _Stage) -> int:
    from bot.rehearsal import story  # noqa: PLC0415 - only the demo needs the stage

    issue = stage.repository.open_issue(_PERSON, story.TITLE, story.TEXT)
    _scene(f"@{_PERSON} opens issue #{issue.number}: {story.TITLE}")
    _quote(story.TEXT)
    _scene(f"@{_PERSON} comments: /generate")
    drafted = _comment(stage, issue.number, "/generate")
    _scene("Draftgate's comment, edited in place from “Drafting” to")
    _quote(_sticky(stage))
    sha = drafted.outputs.get("proposal-sha", "")
    if not sha:
        _say("No proposal came out; nothing can be approved.")
        return 1
    _scene(f"@{_PERSON} reads the diff and comments: /approve {sha[:12]}")
    pushed = _comment(stage, issue.number, f"/approve {sha[:12]}")
    _show_push(stage, sha, pushed)
    _scene("Times")
    _say(f"/generate to checked proposal: {drafted.seconds:.2f} s, {drafted.requests} GitHub requests")
    _say(f"  of it in the model: {float(drafted.outputs.get('model-seconds', 0)):.2f} s")
    _say(f"/approve to draft pull request: {pushed.seconds:.2f} s, {pushed.requests} GitHub requests")
    return 0 if pushed.outputs.get("outcome") == "pushed" else 1


def _show_push(stage: _Stage, sha: str, pushed: _Ended) -> None:
    number = int(pushed.outputs.get("pull-request-number", "0"))
    if not number:
        _say(f"It was not pushed: outcome {pushed.outputs.get('outcome')}.")
        return
    issue, pull = stage.repository.pull(number)
    _scene(f"Draft pull request #{number}: {issue.title}")
    _quote(issue.body)
    tip = stage.repository.ref(f"heads/{pull.head_ref}")
    _say(f"branch {pull.head_ref} is at {tip}")
    _say("that is exactly the approved commit" if tip == sha else "that is NOT the approved commit")


def _comment(stage: _Stage, number: int, body: str) -> _Ended:
    """Comment as the person, and run the Action on the event as a runner would."""
    from bot.rehearsal import github_events  # noqa: PLC0415 - only the demo needs the stage

    name, payload = github_events.issue_comment(stage.repository, stage.repository.comment(number, _PERSON, body))
    event, output = stage.folder / "event.json", stage.folder / "output"
    event.write_text(json.dumps(payload))
    output.write_text("")
    environ = {
        **stage.environ,
        "GITHUB_EVENT_NAME": name,
        "GITHUB_EVENT_PATH": str(event),
        "GITHUB_OUTPUT": str(output),
    }
    before, began = len(stage.github.requests), time.monotonic()
    ended = subprocess.run(
        [sys.executable, "-I", "-m", "bot", "run"],
        env=environ,
        cwd=stage.folder,
        capture_output=True,
        text=True,
        check=False,
    )
    seconds = time.monotonic() - began
    if ended.returncode:
        sys.stderr.write(ended.stderr)
    outputs = dict(line.split("=", 1) for line in output.read_text().splitlines() if "=" in line)
    return _Ended(outputs, seconds, len(stage.github.requests) - before)


def _sticky(stage: _Stage) -> str:
    """The bot's comment as a browser would show it: without the hidden marker, folds as headings."""
    body = next(one.body for one in reversed(stage.repository.comments.values()) if "draftgate:sticky" in one.body)
    shown = re.sub(r"<details[^>]*><summary>(.*?)</summary>", r"▸ \1", body.partition("\n")[2])
    return re.sub(r"\n*</details>", "", shown)


def _scene(text: str) -> None:
    sys.stdout.write(f"\n── {text}\n\n")
    sys.stdout.flush()


def _quote(text: str) -> None:
    sys.stdout.write("".join(f"  │ {line}\n" for line in text.rstrip().split("\n")))


def _say(text: str) -> None:
    sys.stdout.write(f"{text}\n")
    sys.stdout.flush()
