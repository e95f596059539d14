"""What the refresh's workflow listens to and what it may do; GitHub's own parser reads it in `test_files`."""

from __future__ import annotations

from pathlib import Path
from typing import get_args

from bot.core.refreshed import EVERY, MAJOR
from bot.settings.config import RefreshGroup
from tests.workflows.test_files import ON, ROOT, document

REFRESH = ROOT / "workflows" / "refresh.yml"


def test_it_runs_once_a_week_and_when_somebody_presses_the_button() -> None:
    triggers = document(REFRESH)[ON]
    assert set(triggers) == {"schedule", "workflow_dispatch"}
    ((minute, hour, day, month, weekday),) = [entry["cron"].split() for entry in triggers["schedule"]]
    assert (day, month) == ("*", "*")
    assert all(part.isdecimal() for part in (minute, hour, weekday))


def test_the_button_offers_every_group() -> None:
    choice = document(REFRESH)[ON]["workflow_dispatch"]["inputs"]["group"]
    assert choice["default"] == EVERY
    assert choice["options"] == [EVERY, *(one for one in get_args(RefreshGroup) if not one.endswith(MAJOR))]


def test_its_one_job_may_write_branches_and_pull_requests_and_has_no_secret() -> None:
    workflow = document(REFRESH)
    assert workflow["permissions"] == {}
    (job,) = workflow["jobs"].values()
    assert job["permissions"] == {"contents": "write", "pull-requests": "write"}
    assert "secrets." not in str(workflow)


def test_it_is_never_cancelled_in_the_middle_nor_doubled() -> None:
    concurrency = document(REFRESH)["concurrency"]
    assert (concurrency["group"], concurrency["cancel-in-progress"]) == ("draftgate-refresh", False)


def test_it_reads_the_default_branch_and_hands_on_no_key() -> None:
    (job,) = document(REFRESH)["jobs"].values()
    checkout, refresh = job["steps"]
    assert checkout["with"]["ref"] == "${{ github.event.repository.default_branch }}"
    assert checkout["with"]["persist-credentials"] is False
    assert refresh["with"] == {"entry": "publish"}


def test_init_hands_out_the_same_file() -> None:
    template = ROOT / "bot/templates/workflows/refresh.yml"
    assert template.resolve() == REFRESH
    assert not Path(template.readlink()).is_absolute()
