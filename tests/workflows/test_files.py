"""What GitHub's own parser says of the workflow files, and what they may do."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest
import yaml

from bot.core.precheck import PULL_ACTIONS
from tests.workflows import payloads

if TYPE_CHECKING:
    from tests.workflows.referee import Referee

ROOT = Path(__file__).parents[2]
FILES = sorted([ROOT / "action.yml", *ROOT.glob("workflows/*.yml"), *ROOT.glob(".github/workflows/*.yml")])
WORKFLOW = ROOT / "workflows" / "draftgate.yml"
REVIEW = ROOT / "workflows" / "review.yml"
ON = True
"""YAML 1.1 reads the key `on` as a boolean."""


def document(path: Path = WORKFLOW) -> dict[Any, Any]:
    loaded = yaml.safe_load(path.read_text(encoding="utf-8"))
    assert isinstance(loaded, dict)
    return loaded


@pytest.mark.parametrize("path", FILES, ids=lambda path: path.relative_to(ROOT).as_posix())
def test_github_has_nothing_to_say_against(path: Path, referee: Referee) -> None:
    assert referee.errors(path) == []


@pytest.mark.parametrize(
    ("name", "text", "complaint"),
    [
        ("workflow.yml", "on: issue_comments\njobs: {a: {runs-on: x, steps: [run: echo]}}", "Unexpected value"),
        ("workflow.yml", "on: push\njobs: {a: {if: nonsense.x, runs-on: x, steps: [run: echo]}}", "Unrecognized"),
        ("action.yml", "name: a\ndescription: b\nruns: {using: composite, steps: [run: echo]}", "shell"),
    ],
)
def test_the_parser_would_complain(name: str, text: str, complaint: str, tmp_path: Path, referee: Referee) -> None:
    path = tmp_path / name
    path.write_text(text, encoding="utf-8")
    assert complaint in " ".join(referee.errors(path))


def test_it_listens_to_new_comments_and_labels_alone() -> None:
    assert document()[ON] == {
        "issue_comment": {"types": ["created"]},
        "issues": {"types": ["labeled"]},
        "pull_request_review_comment": {"types": ["created"]},
    }


def test_each_job_has_the_permissions_it_needs_and_the_workflow_none() -> None:
    workflow = document()
    assert workflow["permissions"] == {}
    assert {name: job["permissions"] for name, job in workflow["jobs"].items()} == {
        "acknowledge": {"issues": "write", "pull-requests": "write"},
        "draft": {"contents": "read", "issues": "read", "pull-requests": "read"},
        "publish": {"contents": "write", "issues": "write", "pull-requests": "write"},
    }


def test_only_the_job_that_cannot_write_gets_the_secret() -> None:
    holders = [name for name, job in document()["jobs"].items() if "secrets." in str(job)]
    assert holders == ["draft"]


def test_no_request_is_cancelled_or_replaced_while_it_waits() -> None:
    jobs = document()["jobs"]
    assert "concurrency" not in document()
    assert "concurrency" not in jobs["acknowledge"]
    for name in ("draft", "publish"):
        assert jobs[name]["concurrency"]["queue"] == "max"
        assert jobs[name]["concurrency"]["cancel-in-progress"] is False


@pytest.mark.parametrize(
    ("context", "thread"),
    [
        (payloads.issue_comment("/help"), "issue"),
        (payloads.label("draftgate"), "issue"),
        (payloads.review_comment("/hint"), "pull_request"),
    ],
    ids=["comment", "label", "review comment"],
)
def test_each_thread_has_queues_of_its_own(context: payloads.Payload, thread: str, referee: Referee) -> None:
    number = context["event"][thread]["number"]
    groups = [
        referee.text(document()["jobs"][job]["concurrency"]["group"], {"github": context})
        for job in ("draft", "publish")
    ]
    assert groups == [f"draftgate-draft-{number}", f"draftgate-publish-{number}"]


@pytest.mark.parametrize(
    ("context", "path"),
    [
        (payloads.issue_comment("/help"), "/issues/comments/"),
        (payloads.issue_comment("/help", on_pull=True), "/issues/comments/"),
        (payloads.label("draftgate"), "/issues/"),
        (payloads.review_comment("/hint"), "/pulls/comments/"),
    ],
    ids=["comment", "comment on a pull request", "label", "review comment"],
)
def test_the_sign_of_life_goes_to_what_was_said(context: payloads.Payload, path: str, referee: Referee) -> None:
    (step,) = document()["jobs"]["acknowledge"]["steps"]
    url = referee.text(step["env"]["URL"], {"github": context})
    said = context["event"].get("comment") or context["event"]["issue"]
    number = said["number"] if "number" in said else said["id"]
    assert url == f"https://api.github.com/repos/{context['repository']}{path}{number}/reactions"


def test_no_text_of_an_event_stands_in_a_script() -> None:
    scripts = [step["run"] for path in FILES if path.name != "action.yml" for job in document(path)["jobs"].values()
               for step in job["steps"] if "run" in step]  # fmt: skip
    assert scripts
    assert [script for script in scripts if "${{" in script] == []


def test_reviews_listen_to_what_is_new_on_a_pull_request_with_the_default_branchs_workflow() -> None:
    assert set(document(REVIEW)[ON]) == {"pull_request_target"}
    assert tuple(document(REVIEW)[ON]["pull_request_target"]["types"]) == PULL_ACTIONS


def test_each_job_of_a_review_has_the_permissions_it_needs_and_the_workflow_none() -> None:
    workflow = document(REVIEW)
    assert workflow["permissions"] == {}
    assert {name: job["permissions"] for name, job in workflow["jobs"].items()} == {
        "draft": {"contents": "read", "pull-requests": "read"},
        "publish": {"contents": "read", "pull-requests": "write"},
    }
    assert [name for name, job in workflow["jobs"].items() if "secrets." in str(job)] == ["draft"]


def test_a_review_checks_nothing_out_but_the_default_branch() -> None:
    steps = [step for job in document(REVIEW)["jobs"].values() for step in job["steps"]]
    checkouts = [step["with"] for step in steps if step["uses"].startswith("actions/checkout@")]
    assert [(one["ref"], one["persist-credentials"]) for one in checkouts] == [
        ("${{ github.event.repository.default_branch }}", False)
    ]
    assert [step for step in steps if "run" in step] == []
    assert ".head." not in REVIEW.read_text(encoding="utf-8")


@pytest.mark.parametrize("head", ["same", "somebody/fork"])
def test_a_newer_push_ends_the_review_of_the_one_before_and_no_other(head: str, referee: Referee) -> None:
    context = payloads.pull_request("synchronize", head=head)
    concurrency = document(REVIEW)["concurrency"]
    assert concurrency["cancel-in-progress"] is True
    number = context["event"]["pull_request"]["number"]
    assert referee.text(concurrency["group"], {"github": context}) == f"draftgate-review-{number}"


def test_each_workflow_is_among_the_templates_that_init_writes() -> None:
    templates = ROOT / "bot" / "templates" / "workflows"
    assert {path.name: path.resolve() for path in templates.iterdir()} == {
        path.name: path for path in ROOT.glob("workflows/*.yml")
    }
