from __future__ import annotations

import json
from typing import TYPE_CHECKING

import pytest

from tests.cli.console import draftgate
from tests.scenarios.test_refresh import BROKEN, JOB, POLICY, deployment

if TYPE_CHECKING:
    from pathlib import Path

    from syrupy.assertion import SnapshotAssertion

    from tests.cli.console import Ended


@pytest.fixture
def repo(tmp_path: Path) -> Path:
    for path, text in {
        "deploy/cart.yaml": deployment("cart"),
        "deploy/shop.yaml": deployment("shop"),
        "job.yaml": JOB,
        "notes.txt": "apiVersion: batch/v1beta1\nkind: CronJob\n",
    }.items():
        (tmp_path / path).parent.mkdir(exist_ok=True)
        (tmp_path / path).write_text(text)
    return tmp_path


def refresh(repo: Path, *words: str) -> Ended:
    return draftgate("refresh", "--repo", repo, "--kubernetes-version", "1.33", *words)


def test_what_is_due_is_printed_with_what_changes_in_meaning_first(repo: Path, snapshot: SnapshotAssertion) -> None:
    (repo / "bad.yaml").write_text(BROKEN)
    (repo / "psp.yaml").write_text(POLICY)

    ended = refresh(repo)

    assert (ended.code, ended.err) == (0, "")
    assert ended.out == snapshot
    assert (repo / "job.yaml").read_text() == JOB


def test_write_makes_the_changes_and_check_is_then_content(repo: Path) -> None:
    assert refresh(repo, "--check").code == 1
    assert refresh(repo, "--write").code == 0
    assert (repo / "job.yaml").read_text() == JOB.replace("batch/v1beta1", "batch/v1")
    assert (repo / "notes.txt").read_text() == "apiVersion: batch/v1beta1\nkind: CronJob\n"
    assert refresh(repo, "--check").code == 0


def test_check_counts_what_only_a_person_can_do(tmp_path: Path) -> None:
    (tmp_path / "psp.yaml").write_text(POLICY)
    assert refresh(tmp_path, "--check").code == 1


def test_what_cannot_be_read_is_no_reason_to_fail(tmp_path: Path) -> None:
    (tmp_path / "bad.yaml").write_text(BROKEN)
    ended = refresh(tmp_path, "--check")
    assert ended.code == 0
    assert "bad.yaml:4: not read: " in ended.out


def test_json_has_every_finding_with_its_id(repo: Path) -> None:
    value = json.loads(refresh(repo, "--json").out)
    found = {one["object"]: (one["path"], one["from"], one["to"]) for one in value["due"]}
    assert found["CronJob report"] == ("job.yaml", "batch/v1beta1", "batch/v1")
    assert {one["id"] for one in value["due"]} >= {"kubernetes-api:batch/CronJob/-/report:batch/v1beta1:batch/v1"}
    assert (value["kubernetes"], value["files"], value["left"]) == ("1.33", 3, [])


def test_nothing_is_written_through_a_link(repo: Path, tmp_path_factory: pytest.TempPathFactory) -> None:
    elsewhere = tmp_path_factory.mktemp("elsewhere")
    (elsewhere / "job.yaml").write_text(JOB)
    (repo / "link.yaml").symlink_to(elsewhere / "job.yaml")
    (repo / "folder").symlink_to(elsewhere)

    assert refresh(repo, "--write").code == 0

    assert (elsewhere / "job.yaml").read_text() == JOB


def test_the_configuration_of_the_folder_counts(repo: Path) -> None:
    (repo / ".github").mkdir()
    (repo / ".github/draftgate.yml").write_text('refresh:\n  kubernetes-version: "1.24"\n  ignore: ["deploy/**"]\n')
    assert "0 due in 0 files for Kubernetes 1.24" in draftgate("refresh", "--repo", repo).out
    assert "1 due in 1 file for Kubernetes 1.33" in refresh(repo).out


@pytest.mark.parametrize("words", [("--kubernetes-version", "1.2"), ("--repo", "/nowhere")])
def test_what_a_person_can_mend_is_said_in_two_lines(repo: Path, words: tuple[str, ...]) -> None:
    ended = draftgate("refresh", "--repo", repo, *words)
    assert ended.code == 1
    assert ended.is_two_lines
