"""`draftgate doctor`: looks at all that a run needs, and says what is missing and how to mend it; writes nothing."""

from __future__ import annotations

import json
import os
import sys
from contextlib import closing
from dataclasses import asdict, dataclass
from typing import TYPE_CHECKING, Literal

from bot.errors import BotError, ForgeError, ModelError, UserError, WorktreeError

if TYPE_CHECKING:
    import argparse
    from collections.abc import Iterator
    from pathlib import Path

    from bot.adapters.github_session import Session
    from bot.adapters.sandbox import Sandbox
    from bot.ports import Completion
    from bot.settings.config import RepoConfig
    from bot.settings.environ import Endpoint, Settings

_PATIENCE = 30.0
_MOST_TOKENS = 3000
_PROMPT = "Write the numbers from 1 to 120 in digits, separated by single spaces, and nothing else."
"""Some 240 tokens: enough to time them, and cheap."""

_LATE, _SLOW = 3.0, 100.0
"""Seconds to the first token and tokens a second beyond which drafting is no pleasure."""

_AT_ONCE = 0.01
"""Seconds in which no endpoint writes so much: it does not stream."""

_STAGES = {"unreachable": "endpoint", "time": "endpoint", "key": "key", "model": "model"}
"""Which line a failure of the model belongs to; the others to `answer`."""

_PROVEN = {"unreachable": 0, "time": 0, "model": 2, "quota": 2, "rate": 2, "prompt": 3, "cut": 3, "refused": 3}
"""How many of endpoint, key and model a failure shows to be right; the others show that somebody answers."""

_REMEDIES = {
    "unreachable": "Set DRAFTGATE_BASE_URL to the endpoint's address, which usually ends in `/v1`.",
    "time": "Try again, ask the provider for its state, or name another endpoint.",
    "key": "Set DRAFTGATE_API_KEY to a key of this endpoint that may use the model.",
    "model": "Set DRAFTGATE_MODEL to a model that the endpoint offers.",
    "quota": "Look at plan and billing at the endpoint, or name a fallback endpoint.",
    "rate": "Wait a moment and try again; fewer candidates need less of the limit.",
    "cut": "It is there and answers; it wrote more than it was asked for.",
}

_WEAK = {"seccomp", "descendants", "process-group"}
"""Levels of the sandbox at which a repository's commands reach more than they need."""


@dataclass(frozen=True, slots=True)
class Line:
    """What one check found; `remedy` says how to mend it, and is empty where nothing is wrong."""

    check: str
    status: Literal["ok", "warning", "error"]
    message: str
    remedy: str = ""


def doctor(options: argparse.Namespace, _began: float) -> int:
    """Check everything, a line as soon as it is known; 1 when something is an error."""
    lines: list[Line] = []
    for line in _examine(options.repo):
        lines.append(line)
        if not options.json:
            _show(line)
    if options.json:
        sys.stdout.write(json.dumps([asdict(line) for line in lines], indent=1) + "\n")
    return 1 if any(line.status == "error" for line in lines) else 0


def _show(line: Line) -> None:
    remedy = f"\n{'':26}{line.remedy}" if line.remedy else ""
    sys.stdout.write(f"{line.status:8} {line.check:16} {line.message}{remedy}\n")
    sys.stdout.flush()


def _examine(folder: Path) -> Iterator[Line]:
    from bot.adapters.sandbox import Sandbox  # noqa: PLC0415 - beside its use
    from bot.settings.environ import Settings  # noqa: PLC0415 - as above

    yield _checkout(folder)
    config, line = _configuration(folder)
    yield line
    yield _sandbox(Sandbox(os.environ))
    try:
        settings = Settings.from_environ(os.environ)
    except UserError as error:
        yield Line("settings", "error", error.what, error.remedy)
        return
    yield from _models(settings, config)
    yield from _github(settings, config)


def _checkout(folder: Path) -> Line:
    from bot.adapters.worktree import GitWorktree  # noqa: PLC0415 - GitPython is slow to import

    try:
        worktree = GitWorktree(folder)
        head, changed = worktree.head(), worktree.has_local_changes()
    except WorktreeError as error:
        return Line("checkout", "error", str(error), "Run it inside a git checkout with a commit, or name one: --repo.")
    if changed:
        return Line(
            "checkout", "warning", f"{head[:12]} with uncommitted changes", "Drafts stand on HEAD: commit them."
        )
    return Line("checkout", "ok", f"git checkout at {head[:12]}")


def _configuration(folder: Path) -> tuple[RepoConfig | None, Line]:
    """The file as it lies there, so that it can be mended before it is committed."""
    from bot.rules import read_config  # noqa: PLC0415 - beside its use
    from bot.settings.config import CONFIG_PATH  # noqa: PLC0415 - as above

    path = folder / CONFIG_PATH
    try:
        content = path.read_bytes() if path.exists() else None
        config = read_config(content)
    except OSError as error:
        return None, Line(
            "configuration", "error", f"{CONFIG_PATH} cannot be read: {error.strerror}", "Check the file."
        )
    except UserError as error:
        return None, Line("configuration", "error", error.what, error.remedy)
    if content is None:
        return config, Line("configuration", "ok", f"no {CONFIG_PATH}: the defaults hold")
    if not config.checks:
        remedy = "Name the commands that test the repository under `checks`, so that drafts are tested."
        return config, Line("configuration", "warning", f"{CONFIG_PATH} names no checks", remedy)
    return config, Line("configuration", "ok", f"{CONFIG_PATH} is valid")


def _sandbox(sandbox: Sandbox) -> Line:
    message = f"commands run with {sandbox.level()} ({sandbox.reached()})"
    if sandbox.reached() in _WEAK:
        return Line("sandbox", "warning", message, "Use Linux 5.19 or later, where Landlock and user namespaces exist.")
    return Line("sandbox", "ok", message)


def _models(settings: Settings, config: RepoConfig | None) -> Iterator[Line]:
    try:
        endpoints = settings.endpoints(config.model.name if config else None)
    except UserError as error:
        yield Line("endpoint", "error", error.what, error.remedy)
        return
    for number, endpoint in enumerate(endpoints):
        for line in _model(endpoint):
            yield Line(f"fallback {number}: {line.check}" if number else line.check, *_rest(line))


def _rest(line: Line) -> tuple[Literal["ok", "warning", "error"], str, str]:
    return line.status, line.message, line.remedy


def _model(endpoint: Endpoint) -> Iterator[Line]:
    """One short completion tells all: what comes before the failure in its course was right."""
    answer = _asked(endpoint)
    good = (
        Line("endpoint", "ok", f"{endpoint.base_url} answers"),
        Line("key", "ok", "accepted" if endpoint.api_key else "none is set, and none is asked for"),
        Line("model", "ok", f"{endpoint.model} is known"),
    )
    if isinstance(answer, ModelError):
        yield from good[: _PROVEN.get(answer.kind, 1)]
        yield _failed(answer)
    else:
        yield from good
        yield _speed(answer)


def _asked(endpoint: Endpoint) -> Completion | ModelError:
    from bot.adapters.model import ModelProcess  # noqa: PLC0415 - beside its use
    from bot.ports import Message  # noqa: PLC0415 - as above

    words = [Message("user", _PROMPT)]
    with closing(ModelProcess([endpoint], os.environ)) as model:
        try:
            return model.complete(words, max_tokens=_MOST_TOKENS, temperature=0.0, seconds=_PATIENCE)
        except ModelError as error:
            return error


def _failed(failure: ModelError) -> Line:
    stage = _STAGES.get(failure.kind, "answer")
    status: Literal["warning", "error"] = "warning" if failure.kind in {"cut", "rate"} else "error"
    return Line(stage, status, str(failure), _REMEDIES.get(failure.kind, "Look at the settings of the endpoint."))


def _speed(answer: Completion) -> Line:
    """Time to the first token, and the pace after it."""
    writing = answer.seconds - answer.first_token
    first = f"first token after {answer.first_token:.2f} s"
    if not answer.text:
        return Line("answer", "warning", f"{first}, but no text", "A model that only reasons drafts nothing.")
    if writing < _AT_ONCE:
        return Line("speed", "ok", f"whole answer after {answer.seconds:.2f} s, in one piece")
    tokens = answer.tokens_out or len(answer.text) / 2  # such numbers are two characters a token
    pace = tokens / writing
    message = f"{first}, then {pace:,.0f} tokens/s{'' if answer.tokens_out else ' (estimated)'}"
    if answer.first_token > _LATE or pace < _SLOW:
        return Line(
            "speed", "warning", message, "It works; a faster model makes several candidates a matter of seconds."
        )
    return Line("speed", "ok", message)


def _github(settings: Settings, config: RepoConfig | None) -> Iterator[Line]:
    """Where a token and a repository are named: what the token may do, and what the repository lets Actions do."""
    from bot.adapters.github_session import Session  # noqa: PLC0415 - PyGithub is slow to import

    repository = os.environ.get("GITHUB_REPOSITORY", "").strip()
    if not settings.token or not repository:
        yield Line("github", "ok", "not looked at: DRAFTGATE_TOKEN and GITHUB_REPOSITORY are not both set")
        return
    session = Session(settings.token, os.environ.get("GITHUB_API_URL", "") or "https://api.github.com", repository)
    try:
        may_push = session.read(lambda raw: bool((raw.get("permissions") or {}).get("push")), "GET", "")
    except ForgeError as error:
        remedy = "Check DRAFTGATE_TOKEN, its repositories, and GITHUB_REPOSITORY (`owner/name`)."
        yield Line("token", "error", f"{repository} cannot be read: {error}", remedy)
        return
    yield _token(repository, may_push=may_push)
    yield _pull_requests(session)
    if config and config.gates.environment:
        yield _environment(session, config.gates.environment)


def _token(repository: str, *, may_push: bool) -> Line:
    if may_push:
        return Line("token", "ok", f"may write to {repository}")
    remedy = (
        "Right for the draft job; the publish job needs `contents: write`, `pull-requests: write`, `issues: write`."
    )
    return Line("token", "warning", f"may only read {repository}", remedy)


def _pull_requests(session: Session) -> Line:
    where = "Settings → Actions → General → Allow GitHub Actions to create and approve pull requests"
    try:
        path = "/actions/permissions/workflow"
        allowed = session.read(lambda raw: bool(raw["can_approve_pull_request_reviews"]), "GET", path)
    except BotError:
        message = "this token may not ask whether Actions may open pull requests"
        return Line("pull requests", "warning", message, f"Look there yourself: {where}.")
    if allowed:
        return Line("pull requests", "ok", "Actions may open pull requests")
    return Line("pull requests", "warning", "Actions may not open pull requests: only branches are pushed", f"{where}.")


def _environment(session: Session, name: str) -> Line:
    from bot.adapters.github import GitHubReader  # noqa: PLC0415 - beside its use

    try:
        guarded = GitHubReader(session).environment_has_reviewers(name)
    except ForgeError as error:
        return Line("environment", "error", f"{name} cannot be looked at: {error}", "Give the token `actions: read`.")
    if guarded:
        return Line("environment", "ok", f"{name} asks for reviewers")
    remedy = "Settings → Environments: create it with required reviewers, or take `gates.environment` out."
    return Line("environment", "error", f"{name} does not exist or asks for no reviewers: nothing is pushed", remedy)
