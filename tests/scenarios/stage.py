"""A stage for whole runs: a fake GitHub with a small shop in it, a simulated model, and the bot as a process.

`stage.say("maria", "/generate")` comments and runs the bot on that event; what stands on GitHub afterwards is in
`stage.repo`, `stage.sticky()`, `stage.answers()`.
"""

from __future__ import annotations

import copy
import json
import os
import re
import shutil
import signal
import subprocess
import sys
from contextlib import ExitStack
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Any, Self

from bot.rehearsal import github_events
from bot.rehearsal.answers import Reply
from bot.rehearsal.github_service import FakeGitHub
from bot.rehearsal.http_server import HangUp
from bot.rehearsal.model import SimulatedModel
from tests.rehearsal.github_referee import Referee

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping
    from pathlib import Path
    from types import TracebackType

    from bot.rehearsal.answers import Answer
    from bot.rehearsal.github_service import Exchange, Moment
    from bot.rehearsal.github_state import Comment, Issue
    from bot.rehearsal.http_server import Request
    from tests.contract.github_api import GitHubContract
    from tests.scenarios.nursery import Nursery

TOKEN = "write-t0ken-of-the-run"
READ_TOKEN = "read-t0ken-of-the-draft"
KEY = "sk-test-0123456789"
MODEL = "simulated-1"
BOT = "github-actions[bot]"
WRITE = {"contents": "write", "issues": "write", "pull_requests": "write", "metadata": "read"}
READ = dict.fromkeys(WRITE, "read")

ONE = "model:\n  candidates: 1\n"
"""So that the model is asked for one reply after the other, in the order of the script."""
CONFIG = f"{ONE}checks:\n  - name: tests\n    run: python3 -m unittest -q\n"
CART = """\
def total(prices):
    result = 0
    for price in prices[1:]:
        result += price
    return result
"""
FILES: Mapping[str, str | bytes] = {
    "shop/__init__.py": "",
    "shop/cart.py": CART,
    "tests/__init__.py": "",
    "tests/test_cart.py": """\
import unittest

from shop.cart import total


class CartTest(unittest.TestCase):
    def test_total(self):
        self.assertEqual(total([1, 2, 3]), 6)

    def test_nothing(self):
        self.assertEqual(total([]), 0)
""",
    ".github/draftgate.yml": CONFIG,
}
TITLE = "total() leaves out the first price"
ISSUE = "`total([1, 2, 3])` in shop/cart.py gives 5, it should be 6."


def edit(old: str, new: str, path: str = "shop/cart.py") -> str:
    """A model's reply with one search/replace edit."""
    says = "Title: Count the first price in total()\n\nThe loop skipped the first element; it now runs over all prices."
    return f"{says}\n\n{path}\n```\n<<<<<<< SEARCH\n{old}\n=======\n{new}\n>>>>>>> REPLACE\n```\n"


def new_file(path: str, content: str) -> str:
    """A model's reply that makes one file."""
    return f"Title: Add {path}\n\nA new file.\n\n{path}\n```\n<<<<<<< SEARCH\n=======\n{content}>>>>>>> REPLACE\n```\n"


FIX = edit("    for price in prices[1:]:", "    for price in prices:")
WRONG_SEARCH = edit("    for cost in costs[1:]:", "    for cost in costs:")
HARM = edit("    result = 0", "    result = 1")
"""Applies, and breaks the test that passed."""


@dataclass(frozen=True, slots=True)
class Ended:
    """How one process ended; `requests` are those that GitHub got from it."""

    code: int
    outputs: dict[str, str]
    summary: str
    log: str
    requests: list[Exchange]

    @property
    def outcome(self) -> str:
        return self.outputs.get("outcome", "")

    @property
    def end(self) -> tuple[int, str]:
        """The exit code and the outcome."""
        return self.code, self.outcome

    @property
    def writes(self) -> list[str]:
        """What it asked GitHub to change, in order; GraphQL here only reads."""
        return [f"{one.method} {one.path}" for one in self.requests if one.method != "GET" and one.path != "/graphql"]


@dataclass
class StageClock:
    """GitHub's clock: moves by a minute with each event, so that an edit is never in the second of its comment."""

    time: datetime = field(default_factory=lambda: datetime.now(UTC))

    def __call__(self) -> datetime:
        return self.time

    def tick(self, seconds: float = 60) -> None:
        self.time += timedelta(seconds=seconds)


class Stage:
    """One repository `octo/shop` with issue 1 in it, its people, and everything a run needs; a context manager."""

    def __init__(
        self,
        folder: Path,
        nursery: Nursery,
        contract: GitHubContract,
        *,
        files: Mapping[str, str | bytes | None] | None = None,
        config: str | None = None,
    ) -> None:
        self.folder = folder
        (folder / "tmp").mkdir()
        self.clock = StageClock()
        self.github = FakeGitHub(folder / "github", self.clock)
        self.referee = Referee(self.github, contract)
        self.github.add_token(TOKEN, login=BOT, permissions=WRITE)
        self.github.add_token(READ_TOKEN, login=BOT, permissions=READ)
        given = {**FILES, **(files or {}), **({} if config is None else {".github/draftgate.yml": config or ONE})}
        self.repo = self.github.add_repository(
            "octo/shop", files={path: content for path, content in given.items() if content is not None}
        )
        for login, role in (("maria", "write"), ("victor", "write"), ("rita", "read")):
            self.repo.set_permission(login, role)
        self.repo.open_issue("maria", TITLE, ISSUE)
        self.model = SimulatedModel(tokens_per_second=1_000_000, first_token=0, model=MODEL, api_key=KEY)
        self.workspace = folder / "workspace"
        self._nursery = nursery
        self._stack = ExitStack()

    def __enter__(self) -> Self:
        self.server = self._stack.enter_context(self.github.serve())
        self.model_url = self._stack.enter_context(self.model.serve())
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._stack.close()

    # ---- people act

    def comment(self, who: str, body: str, number: int = 1) -> Comment:
        """Comment, and nothing more."""
        self.clock.tick()
        return self.repo.comment(number, who, body)

    def say(self, who: str, body: str, number: int = 1, **how: Any) -> Ended:
        """Comment, and run the bot on it."""
        return self.on(self.comment(who, body, number), **how)

    def on(self, comment: Comment, **how: Any) -> Ended:
        """Run the bot on a comment that is there."""
        return self.event(*github_events.issue_comment(self.repo, comment), **{"actor": comment.author.login, **how})

    def generate(self, *replies: Answer | str, body: str = "/generate", **how: Any) -> Ended:
        """Let maria ask for a draft, which the model answers with these replies (one that fits where none is given)."""
        self.script(*(replies or (FIX,)))
        return self.say("maria", body, **how)

    def script(self, *replies: Answer | str) -> None:
        """Put the model's next replies into its mouth."""
        self.model.queue(*(Reply(one) if isinstance(one, str) else one for one in replies))

    def draft(self, comment: Comment, *replies: Answer | str) -> Ended:
        """The draft job, with a token that can read only."""
        self.script(*(replies or (FIX,)))
        return self.on(comment, entry=("draft", "--out", str(self.folder / "bundle")), token=READ_TOKEN)

    def publish(self, comment: Comment, **how: Any) -> Ended:
        """The publish job, which has no key and no checkout."""
        env = {"DRAFTGATE_BASE_URL": "", "DRAFTGATE_MODEL": "", "GITHUB_WORKSPACE": str(self.folder / "nowhere")}
        return self.on(comment, entry=("publish", str(self.folder / "bundle")), key="", env=env, **how)

    def approve(self, sha: str, who: str = "maria", **how: Any) -> Ended:
        """Let somebody approve by the short id that people type."""
        return self.say(who, f"/approve {sha[:12]}", **how)

    def open_pull(self, who: str = "maria") -> Issue:
        """A pull request from branch `topic` that adds a file."""
        self.repo.commit("topic", {"NOTES.md": "Notes.\n"}, "Add notes", author=who)
        return self.repo.open_pull(who, "Add notes and look at total()", ISSUE, head="topic")

    # ---- the bot runs

    def event(self, name: str, payload: Mapping[str, Any], *, entry: tuple[str, ...] = ("run",), **how: Any) -> Ended:
        """Run one process on an event and wait for it.

        `how`: `actor`, `token`, `key` (empty for none), `env` for anything else, and `fresh` for a process that begins
        with nothing imported.
        """
        return self._run(entry, self._environment(name, json.dumps(payload), **how), fresh=how.get("fresh", False))

    def bare(self, env: Mapping[str, str], entry: tuple[str, ...] = ("run",)) -> Ended:
        """Run one process in an environment that is changed by `env` (None-like empty values take a name away)."""
        whole = self._environment("issue_comment", "{}") | dict(env)
        return self._run(entry, {name: value for name, value in whole.items() if value}, fresh=False)

    def _environment(
        self,
        name: str,
        payload: str,
        *,
        actor: str = "maria",
        token: str = TOKEN,
        key: str = KEY,
        env: Mapping[str, str] | None = None,
        fresh: bool = False,  # noqa: ARG002 - for `event`
    ) -> dict[str, str]:
        event = self.folder / "event.json"
        event.write_text(payload, encoding="utf-8")
        return {
            **{each: os.environ[each] for each in ("PATH", "HOME", "GIT_CONFIG_GLOBAL", "GIT_CONFIG_NOSYSTEM")},
            "TMPDIR": str(self.folder / "tmp"),
            "GITHUB_EVENT_NAME": name,
            "GITHUB_EVENT_PATH": str(event),
            "GITHUB_REPOSITORY": "octo/shop",
            "GITHUB_WORKSPACE": str(self.workspace),
            "GITHUB_API_URL": self.server.api_url,
            "GITHUB_SERVER_URL": self.server.server_url,
            "GITHUB_RUN_ID": "77",
            "GITHUB_RUN_ATTEMPT": "1",
            "GITHUB_ACTOR": actor,
            "GITHUB_OUTPUT": str(self.folder / "output"),
            "GITHUB_STEP_SUMMARY": str(self.folder / "summary"),
            "DRAFTGATE_TOKEN": token,
            "DRAFTGATE_BASE_URL": self.model_url,
            "DRAFTGATE_API_KEY": key,
            "DRAFTGATE_MODEL": MODEL,
            **(env or {}),
        }

    def _run(self, entry: tuple[str, ...], environment: Mapping[str, str], *, fresh: bool) -> Ended:
        for name in ("output", "summary", "out", "err"):
            (self.folder / name).write_text("")
        if not self.workspace.exists():
            self.check_out()
        before = len(self.github.requests)
        if fresh:
            code = self._run_fresh(entry, environment)
        else:
            self.process = self._nursery.start(entry, environment, self.folder)
            code = self._nursery.wait()
        outputs = dict(line.partition("=")[::2] for line in (self.folder / "output").read_text().splitlines())
        summary, log = (self.folder / "summary").read_text(), (self.folder / "err").read_text()
        for secret in (TOKEN, READ_TOKEN, KEY):
            assert secret not in f"{outputs}{summary}{log}"
        return Ended(code, outputs, summary, log, self.github.requests[before:])

    def _run_fresh(self, entry: tuple[str, ...], environment: Mapping[str, str]) -> int:
        with (self.folder / "err").open("w") as errors:
            command = [sys.executable, "-I", "-m", "bot", *entry]
            return subprocess.run(command, env=dict(environment), cwd="/", stderr=errors, check=False).returncode

    def check_out(self, *options: str) -> None:
        """Make the workspace as `actions/checkout` leaves it: the default branch at depth 1."""
        address = f"{self.server.server_url}/octo/shop.git"
        git = ["git", "clone", "-q", *(options or ("--depth=1",)), address, str(self.workspace)]
        subprocess.run(git, check=True, capture_output=True)

    def kill_at(self, at: int, moment: Moment, method: str = ".*") -> None:
        """Kill the next process at its n-th request (of those methods) to GitHub, before it is acted on or after."""
        seen: list[int] = []

        def strike(number: int, request: Request, now: Moment) -> None:
            if now == "before" and re.fullmatch(method, request.method) and not request.path.endswith("/graphql"):
                seen.append(number)
            if now == moment and seen[at - 1 : at] == [number]:
                os.kill(self.process, signal.SIGKILL)
                raise HangUp

        self.github.on_request = strike

    def save(self) -> Callable[[], None]:
        """Remember everything that stands on GitHub; what comes back restores it, as often as it is called."""
        repo, world = self.repo, self.github.world
        same = {id(each): each for each in (repo, *world.users.values())}
        talk = ("issues", "comments", "labels", "reviews", "review_comments", "signed")
        rules = ("roles", "protected", "environments", "actions_may_create_pulls")
        kept = copy.deepcopy({name: getattr(repo, name) for name in (*talk, *rules)}, dict(same))
        refs, moment, ids = repo.refs(), self.clock.time, copy.copy(world.ids)

        def restore() -> None:
            self.clock.time, world.ids = moment, copy.copy(ids)
            self.github.faults, self.github.on_request, self.github.graphql_enabled = [], None, True
            shutil.rmtree(self.folder / "bundle", ignore_errors=True)
            self.model._queue.clear()
            self.model.requests.clear()
            for name, value in copy.deepcopy(kept, dict(same)).items():
                setattr(repo, name, value)
            for name in repo.refs():
                repo.ref_store.delete(name)
            for name, sha in refs.items():
                repo.ref_store.set(name, sha)

        return restore

    # ---- what stands there afterwards

    def sticky(self, number: int = 1) -> str:
        """The body of the bot's one sticky comment on a thread; empty where there is none."""
        found = [one.body for one in self.repo.comments_on(number) if one.body.startswith("<!-- draftgate:sticky ")]
        assert len(found) <= 1
        return found[0] if found else ""

    def memory(self, number: int = 1) -> dict[str, Any]:
        """What the sticky comment remembers."""
        line = self.sticky(number).partition("\n")[0]
        value: dict[str, Any] = json.loads(line.removeprefix("<!-- draftgate:sticky ").removesuffix(" -->"))
        return value

    @property
    def sha(self) -> str:
        """The commit of issue 1's proposal."""
        return str(self.memory()["sha"])

    def shown(self, number: int = 1) -> str:
        """The sticky comment as people see it, with what differs from run to run replaced."""
        return self.calm(self.sticky(number).partition("\n")[2])

    def answers(self, number: int = 1) -> list[str]:
        """The bot's short replies on a thread as people see them, oldest first."""
        bodies = [one.body for one in self.repo.comments_on(number) if one.body.startswith("<!-- draftgate:answer ")]
        return [self.calm(body.partition("\n")[2]) for body in bodies]

    def branches(self) -> list[str]:
        """The branches beside the default one."""
        names = [name.removeprefix("refs/heads/") for name in self.repo.refs("heads/")]
        return [name for name in names if name != self.repo.default_branch]

    def kept(self) -> list[str]:
        """The bot's own refs without `refs/draftgate/`, sorted."""
        return sorted(name.removeprefix("refs/draftgate/") for name in self.repo.refs("draftgate/"))

    def calm(self, text: str) -> str:
        """A text with what differs from run to run replaced: addresses, commit ids, comment ids, times, figures."""
        server = getattr(self, "server", None)
        text = text.replace(server.server_url, "https://github.test") if server else text
        text = re.sub(r"(?<![0-9A-Za-z])(?=[0-9a-f]*\d)[0-9a-f]{12,64}(?![0-9A-Za-z])", "<sha>", text)
        text = re.sub(r"Located: .*", "Located: <places>", text)
        text = re.sub(r"commands ran with \| .*? \|", "commands ran with | <level> |", text)
        text = re.sub(r"[\d,]+ tokens in, [\d,]+ out", "<tokens>", text)
        text = re.sub(r"\b\d{10}\b", "<id>", text)
        text = re.sub(r"\d+\.\d s: .*?(?= · |$)", "<seconds>", text, flags=re.MULTILINE)
        text = re.sub(r"\d{4}-\d\d-\d\dT[0-9:]+Z", "<time>", text)
        return re.sub(r"\d{1,2} [A-Z][a-z]{2} \d{4}, \d\d:\d\d UTC", "<time>", text)

    def state(self) -> str:
        """Everything that stands on GitHub as one text, the same after two runs that did the same."""
        text = json.dumps(self.github.snapshot(), indent=1, sort_keys=False)
        text = re.sub(r"Draftgate-Expires: [0-9TZ:-]+", "Draftgate-Expires: <time>", text)
        text = re.sub(r'\\"figures\\":\{.*?\},\\"kind', r"<figures>,\\\"kind", text)
        text = re.sub(r"\d+\.\d s: [^\"\\]*?( · |(?=[\"\\]))", "<seconds>", text)
        text = re.sub(r"[\d,]+ tokens in, [\d,]+ out", "<tokens>", text)
        text = re.sub(r"expires \d{1,2} [A-Z][a-z]{2} \d{4}, \d\d:\d\d UTC", "expires <time>", text)
        return _renamed(text)


def _renamed(text: str) -> str:
    """The text with commit names by what the commit is, as its own name holds the moment at which it expires."""
    names: dict[str, str] = {}
    pattern = re.compile(r'"commit": "([0-9a-f]{16})",\s+"tree": "([0-9a-f]{40})",\s+"message": ("(?:[^"\\]|\\.)*")')
    for found in pattern.finditer(text):
        name, tree, message = found.groups()
        title = json.loads(message).partition("\n")[0]
        names.setdefault(name, f"{title[:40]} {tree[:8]}")
    for name, stands_for in names.items():
        text = text.replace(name, stands_for)
    return text
