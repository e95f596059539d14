"""The scheduled refresh over weeks: one draft pull request a group, and nobody's work or word is overridden."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

import pytest

from bot.rehearsal import github_events
from tests.adapters.registry import Registry

if TYPE_CHECKING:
    from collections.abc import Callable

    from syrupy.assertion import SnapshotAssertion

    from bot.rehearsal.github_state import Issue
    from tests.scenarios.conftest import Build
    from tests.scenarios.stage import Ended, Stage

CONFIG = 'refresh:\n  kubernetes-version: "1.33"\n  groups: [kubernetes-apis]\n'
BRANCH = "draftgate/refresh/kubernetes-apis"


def deployment(name: str, api: str = "extensions/v1beta1") -> str:
    return f"""\
apiVersion: {api}
kind: Deployment
metadata:
  name: {name}  # what people call it
spec:
  template:
    metadata:
      labels:
        app: {name}
    spec:
      containers:
        - name: server
          image: "octo/{name}:1.0"
"""


JOB = """\
apiVersion: batch/v1beta1
kind: CronJob
metadata:
  name: report
spec:
  schedule: "0 3 * * *"
  jobTemplate:
    spec:
      template:
        spec:
          restartPolicy: Never
          containers:
            - name: report
              image: octo/report:1.0
"""
POLICY = "apiVersion: policy/v1beta1\nkind: PodSecurityPolicy\nmetadata:\n  name: old\nspec: {}\n"
BROKEN = "apiVersion: apps/v1\nkind: Deployment\nmetadata: [\n"


@pytest.fixture
def stage(build: Build) -> Stage:
    return build(files={"deploy/cart.yaml": deployment("cart")}, config=CONFIG)


def week(stage: Stage, files: dict[str, str] | None = None, **how: object) -> Ended:
    """A week later, with something pushed to the default branch meanwhile, the clock strikes."""
    stage.clock.tick(7 * 24 * 3600)
    if files:
        stage.repo.commit("main", dict(files), "Deploy more", author="victor")
    return stage.event(*github_events.schedule(stage.repo), actor="", **how)  # type: ignore[arg-type]


def pulls(stage: Stage) -> list[Issue]:
    return stage.repo.pulls()


def on_branch(stage: Stage, path: str) -> str:
    return stage.repo.read(BRANCH, path).decode()


def merge(stage: Stage, number: int, method: str = "merge") -> None:
    issue, pull = stage.repo.pull(number)
    pull.draft = False
    stage.repo.merge_pull(issue.number, "maria", method)


def shown(stage: Stage, issue: Issue) -> str:
    """A pull request's text as people see it."""
    return stage.calm(issue.body.partition("\n")[2])


def test_what_is_due_becomes_one_draft_pull_request_a_group(stage: Stage, snapshot: SnapshotAssertion) -> None:
    stage.repo.commit("main", {"deploy/job.yaml": JOB, "old.yaml": POLICY, "bad.yaml": BROKEN}, "More", author="victor")

    ended = week(stage)

    assert ended.end == (0, "pushed"), ended.log
    (issue,) = pulls(stage)
    assert ended.outputs["pull-request-number"] == str(issue.number)
    assert issue.pull is not None
    assert (issue.pull.draft, issue.pull.head_ref, issue.pull.base_ref) == (True, BRANCH, "main")
    assert issue.title == "Move 2 objects off removed Kubernetes APIs"
    assert [shown(stage, issue), stage.calm(ended.summary)] == snapshot
    was, now = deployment("cart").splitlines(), on_branch(stage, "deploy/cart.yaml").splitlines()
    assert [line for line in was if line not in now] == ["apiVersion: extensions/v1beta1"]
    assert "apiVersion: batch/v1" in on_branch(stage, "deploy/job.yaml")
    assert stage.repo.read(BRANCH, "old.yaml").decode() == POLICY


def test_the_same_week_again_changes_nothing(stage: Stage) -> None:
    week(stage)
    before = stage.github.snapshot()

    again = week(stage)

    assert again.end == (0, "nothing-to-do"), again.log
    assert again.writes == []
    assert stage.github.snapshot() == before


def test_a_new_finding_goes_on_top_of_the_open_pull_request(stage: Stage) -> None:
    week(stage)
    first = stage.repo.head(BRANCH)

    ended = week(stage, {"deploy/job.yaml": JOB})

    assert ended.end == (0, "pushed"), ended.log
    (issue,) = pulls(stage)
    assert issue.title == "Move 2 objects off removed Kubernetes APIs"
    head = stage.repo.history.commit(stage.repo.head(BRANCH))
    assert list(head.parents) == [first, stage.repo.head("main")]
    assert sorted(file.path for file in stage.repo.files(issue.number)) == ["deploy/cart.yaml", "deploy/job.yaml"]


def test_a_base_that_moved_elsewhere_is_no_reason_to_push(stage: Stage) -> None:
    week(stage)

    assert week(stage, {"README.md": "# Shop\n"}).writes == []


def test_what_was_declined_stays_declined_and_only_new_findings_come_back(stage: Stage) -> None:
    week(stage)
    stage.repo.set_state(2, "closed", "maria")

    quiet = week(stage)
    assert quiet.end == (0, "nothing-to-do"), quiet.log
    assert quiet.writes == []
    assert "declined" in quiet.summary

    ended = week(stage, {"deploy/job.yaml": JOB})
    assert ended.end == (0, "pushed"), ended.log
    assert [(issue.state, issue.title) for issue in pulls(stage)] == [
        ("closed", "Move Deployment cart off removed Kubernetes APIs"),
        ("open", "Move CronJob report off removed Kubernetes APIs"),
    ]
    assert on_branch(stage, "deploy/cart.yaml") == deployment("cart")
    assert week(stage).writes == []


def test_a_declined_pull_request_that_is_reopened_is_kept_up_to_date_again(stage: Stage) -> None:
    week(stage)
    stage.repo.set_state(2, "closed", "maria")
    week(stage)
    stage.repo.set_state(2, "open", "maria")

    ended = week(stage, {"deploy/job.yaml": JOB})

    assert ended.end == (0, "pushed"), ended.log
    assert [(issue.state, issue.title) for issue in pulls(stage)] == [
        ("open", "Move 2 objects off removed Kubernetes APIs")
    ]


@pytest.mark.parametrize("amended", [False, True], ids=["on top", "amended"])
def test_a_branch_with_somebodys_commit_is_left_alone(stage: Stage, *, amended: bool) -> None:
    week(stage)
    if amended:
        kept = stage.repo.history.commit(stage.repo.head(BRANCH))
        tree = stage.repo.history.commit(stage.repo.head("main")).tree
        stage.repo.move_ref(f"refs/heads/{BRANCH}", stage.repo.make_commit(tree, kept.parents, kept.message, "maria"))
    else:
        stage.repo.commit(BRANCH, {"deploy/cart.yaml": "mine\n"}, "Do it my way", author="maria")

    ended = week(stage, {"deploy/job.yaml": JOB})

    assert ended.end == (0, "nothing-to-do"), ended.log
    assert ended.writes == []
    assert "commits of somebody else" in ended.summary


@pytest.mark.parametrize("method", ["merge", "squash"])
def test_after_a_merge_the_next_finding_begins_anew(stage: Stage, method: str) -> None:
    week(stage)
    merge(stage, 2, method)
    assert week(stage).end == (0, "nothing-to-do")

    ended = week(stage, {"deploy/job.yaml": JOB})

    assert ended.end == (0, "pushed"), ended.log
    assert [issue.title for issue in pulls(stage) if issue.state == "open"] == [
        "Move CronJob report off removed Kubernetes APIs"
    ]
    assert [file.path for file in stage.repo.files(3)] == ["deploy/job.yaml"]
    assert len(stage.repo.pull_commits(3)) == 1


def test_when_nothing_is_left_the_pull_request_is_closed_with_a_word_and_that_declines_nothing(stage: Stage) -> None:
    week(stage)
    right = on_branch(stage, "deploy/cart.yaml")

    ended = week(stage, {"deploy/cart.yaml": right})

    assert ended.end == (0, "nothing-to-do"), ended.log
    (issue,) = pulls(stage)
    assert issue.state == "closed"
    assert [one.body.partition("\n")[2] for one in stage.repo.comments_on(issue.number)] == [
        "Nothing is left to do here: the default branch has it all by now, so this is closed."
    ]
    assert stage.branches() == []
    assert week(stage, {"deploy/cart.yaml": deployment("cart")}).end == (0, "pushed")


def test_a_person_asks_for_a_group_and_is_told(stage: Stage, snapshot: SnapshotAssertion) -> None:
    comment = stage.comment("maria", "/refresh kubernetes-apis")

    ended = stage.on(comment)

    assert ended.end == (0, "pushed"), ended.log
    assert stage.answers() == snapshot
    assert stage.on(comment).writes == []


@pytest.mark.parametrize(
    ("who", "words", "told"),
    [
        ("rita", "", "Draftgate commands need the write permission in this repository."),
        ("maria", " nonsense", "`/refresh nonsense` was not accepted: there is no such group."),
        ("maria", " actions", "`/refresh actions` was not accepted: the group `actions` is not configured here."),
    ],
)
def test_who_may_not_ask_or_asks_amiss_gets_an_answer(stage: Stage, who: str, words: str, told: str) -> None:
    ended = stage.say(who, f"/refresh{words}")

    assert ended.end == (0, "refused"), ended.log
    assert stage.answers()[0].startswith(told)
    assert pulls(stage) == []


@pytest.mark.parametrize(("who", "end"), [("maria", (0, "pushed")), ("rita", (0, "refused"))])
def test_the_button_is_for_people_with_the_permission(stage: Stage, who: str, end: tuple[int, str]) -> None:
    event = github_events.workflow_dispatch(stage.repo, {"group": "kubernetes-apis"}, who)

    ended = stage.event(*event, actor=who)

    assert ended.end == end, ended.log


def test_in_the_publish_job_a_refresh_needs_no_bundle(stage: Stage) -> None:
    comment = stage.comment("maria", "/refresh")
    assert stage.draft(comment).outcome == "ignored"

    ended = stage.on(comment, entry=("publish", str(stage.folder / "bundle")), key="")

    assert ended.end == (0, "pushed"), ended.log


@pytest.mark.parametrize("level", ["nothing", "propose"])
def test_below_the_level_push_nothing_is_pushed_and_the_summary_shows_it(stage: Stage, level: str) -> None:
    ended = week(stage, env={"DRAFTGATE_LEVEL": level})

    assert ended.end == (0, "nothing-to-do"), ended.log
    assert ended.writes == []
    assert "-apiVersion: extensions/v1beta1\n+apiVersion: apps/v1" in ended.summary


def test_no_more_pull_requests_are_opened_than_people_can_read(stage: Stage) -> None:
    for number in range(5):
        stage.repo.branch(f"draftgate/refresh/other-{number}")

    ended = week(stage)

    assert ended.end == (0, "nothing-to-do"), ended.log
    assert "waits" in ended.summary


def test_where_actions_may_not_open_pull_requests_a_person_is_told_and_the_next_run_goes_on(stage: Stage) -> None:
    stage.repo.actions_may_create_pulls = False
    ended = week(stage)
    assert ended.end == (1, "failed"), ended.log
    assert "Allow GitHub Actions to create and approve pull requests" in ended.summary

    stage.repo.actions_may_create_pulls = True
    assert week(stage).end == (0, "pushed")
    assert len(pulls(stage)) == 1


def test_newer_images_come_from_their_registry_with_majors_apart(build: Build) -> None:
    registry = Registry({"octo/cart": ["1.0.0", "1.2.0", "2.0.0"]})
    with registry.serve():
        image = f"{registry.host}/octo/cart:1.0.0"
        stage = build(
            files={"compose.yaml": f"services:\n  cart:\n    image: {image}  # ours\n"},
            config="refresh:\n  groups: [images, images-major]\n",
        )
        ended = week(stage)

    assert ended.end == (0, "pushed"), ended.log
    assert [(issue.pull.head_ref, issue.title) for issue in pulls(stage) if issue.pull] == [
        ("draftgate/refresh/images", "Update octo/cart from 1.0.0 to 1.2.0"),
        ("draftgate/refresh/images-major", "Update octo/cart from 1.0.0 to 2.0.0"),
    ]
    text = stage.repo.read("draftgate/refresh/images", "compose.yaml").decode()
    assert text == f"services:\n  cart:\n    image: {registry.host}/octo/cart:1.2.0  # ours\n"
    down = week(stage)  # the registry is gone, so nothing is known, and nothing is taken back
    assert down.end == (0, "nothing-to-do"), down.log
    assert down.writes == []


def test_four_weeks_with_new_versions_a_decline_somebodys_commit_and_a_merge(build: Build) -> None:
    registry = Registry({"octo/cart": ["1.0.0", "1.1.0"]})
    with registry.serve():
        image = f"{registry.host}/octo/cart"
        files = {
            "compose.yaml": f"services:\n  cart:\n    image: {image}:1.0.0\n",
            "deploy/cart.yaml": deployment("cart"),
        }
        stage = build(files=files, config=CONFIG.replace("kubernetes-apis]", "kubernetes-apis, images]"))
        assert week(stage).end == (0, "pushed")
        assert open_titles(stage) == [
            "Move Deployment cart off removed Kubernetes APIs", "Update octo/cart from 1.0.0 to 1.1.0"
        ]  # fmt: skip

        stage.repo.set_state(2, "closed", "maria")
        registry.images["octo/cart"].append("1.2.0")
        assert week(stage).end == (0, "pushed")
        assert open_titles(stage) == ["Update octo/cart from 1.0.0 to 1.2.0"]

        stage.repo.commit("draftgate/refresh/images", {"NOTES.md": "Tried it.\n"}, "Say so", author="victor")
        registry.images["octo/cart"].append("1.3.0")
        third = week(stage, {"deploy/job.yaml": JOB})
        assert third.end == (0, "pushed")
        assert "commits of somebody else" in third.summary
        assert open_titles(stage) == [
            "Update octo/cart from 1.0.0 to 1.2.0", "Move CronJob report off removed Kubernetes APIs"
        ]  # fmt: skip

        merge(stage, 3)
        merge(stage, 4)
        assert week(stage).end == (0, "pushed")
        assert open_titles(stage) == ["Update octo/cart from 1.2.0 to 1.3.0"]
        assert stage.repo.read("main", "NOTES.md") == b"Tried it.\n"
        assert week(stage).writes == []


def open_titles(stage: Stage) -> list[str]:
    return [issue.title for issue in pulls(stage) if issue.state == "open"]


@pytest.mark.parametrize("what", ["open", "update", "begin anew", "retire"])
def test_killed_after_each_write_that_shows_and_run_again_it_ends_as_if_nothing_had_happened(
    stage: Stage, what: str
) -> None:
    run = set_up(stage, what)
    start_over = stage.save()
    calm = run()
    wanted = stage.state()
    assert calm.code == 0, calm.log
    wrong = []
    moving = [at for at, one in enumerate(calm.writes, 1) if not re.search("/git/(blobs|trees|commits)$", one)]
    assert moving
    for at in moving:
        start_over()
        stage.kill_at(at, "after", "POST|PATCH|PUT|DELETE")
        killed = run()
        stage.github.on_request = None
        again = run()
        if (killed.code, again.code) != (-9, 0) or stage.state() != wanted:
            wrong.append((at, calm.writes[at - 1], killed.end, again.end))
    assert wrong == []


def set_up(stage: Stage, what: str) -> Callable[[], Ended]:
    if what != "open":
        week(stage)
    if what == "update":
        stage.repo.commit("main", {"deploy/job.yaml": JOB}, "More", author="victor")
    if what == "begin anew":
        merge(stage, 2, "squash")
        stage.repo.commit("main", {"deploy/job.yaml": JOB}, "More", author="victor")
    if what == "retire":
        stage.repo.commit(
            "main", {"deploy/cart.yaml": on_branch(stage, "deploy/cart.yaml")}, "By hand", author="victor"
        )
    event = github_events.schedule(stage.repo)
    return lambda: stage.event(*event, actor="")
