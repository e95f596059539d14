"""Killed at any request to GitHub and run again, every command ends where one undisturbed run ends."""

from __future__ import annotations

import re
from difflib import unified_diff
from typing import TYPE_CHECKING, Literal

import pytest

from bot.rehearsal import github_events
from tests.scenarios.stage import FIX, edit

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from bot.rehearsal.github_service import Moment
    from tests.scenarios.conftest import Build
    from tests.scenarios.stage import Ended, Stage

Command = Literal["generate", "approve", "approve on a pull request", "reject", "revise", "retry"]
COMMANDS: Mapping[Command, str] = {
    "generate": "/generate",
    "approve": "/approve {sha}",
    "approve on a pull request": "/approve {sha}",
    "reject": "/reject {sha} not like this",
    "revise": "/revise {sha} use floats",
    "retry": "/retry {sha}",
}
WRITES = "POST|PATCH|PUT|DELETE"
"""A kill at any other moment leaves what the last write left; the two commands that matter most try it all the same."""
REVISION = edit("    result = 0\n    for price in prices[1:]:", "    result = 0.0\n    for price in prices:")


def set_up(stage: Stage, command: Command) -> Callable[[], Ended]:
    """The stage before the command is given; what comes back runs its event, each time the same one."""
    number = stage.open_pull().number if command == "approve on a pull request" else 1
    sha = ""
    if command != "generate":
        stage.script(FIX)
        drafted = stage.say("maria", "/generate", number)
        assert drafted.outcome == "proposed", drafted
        sha = drafted.outputs["proposal-sha"][:12]
    if command == "retry":
        stage.repo.commit("main", {"README.md": "# Shop\n"}, "Say what it is")
    event = github_events.issue_comment(stage.repo, stage.comment("maria", COMMANDS[command].format(sha=sha), number))

    def run() -> Ended:
        if command in {"generate", "revise"} and not stage.model.waiting:
            stage.script(REVISION if command == "revise" else FIX)
        return stage.event(*event)

    return run


@pytest.mark.parametrize(
    ("command", "moment", "method"),
    [
        ("generate", "before", ".*"),
        ("approve", "before", ".*"),
        *[(command, "after", WRITES) for command in COMMANDS if command not in {"generate", "approve"}],
    ],
)
def test_killed_at_each_request_and_run_again_it_ends_as_if_nothing_had_happened(
    build: Build, command: Command, moment: Moment, method: str
) -> None:
    stage = build(config="")
    run = set_up(stage, command)
    start_over = stage.save()
    calm = run()
    wanted = stage.state()
    assert calm.code == 0
    wrong = []
    struck = [one for one in calm.requests if re.fullmatch(method, one.method) and one.path != "/graphql"]
    for at, request in enumerate(struck, 1):
        start_over()
        stage.kill_at(at, moment, method)
        killed = run()
        stage.github.on_request = None
        again = run()
        if (killed.code, again.end) != (-9, calm.end) or stage.state() != wanted:
            difference = "\n".join(unified_diff(wanted.split("\n"), stage.state().split("\n")))
            wrong.append((at, request.method, request.path, killed.end, again.end, difference))
    assert wrong == []


@pytest.mark.parametrize("command", COMMANDS)
def test_the_same_event_again_changes_nothing(build: Build, command: Command) -> None:
    stage = build(config="")
    run = set_up(stage, command)
    first = run()
    before = stage.github.snapshot()

    second = run()

    assert second.end == first.end
    assert second.writes == []
    assert stage.github.snapshot() == before
