"""`draftgate check` on files and folders."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

import pytest

from tests.cli.console import draftgate

if TYPE_CHECKING:
    from pathlib import Path


def tree(folder: Path, files: dict[str, str]) -> Path:
    for name, text in files.items():
        path = folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text, encoding="utf-8")
    return folder


MODULE = {"m/main.tf": "locals {\n  a = var.b\n}\n", "m/variables.tf": 'variable "b" {}\n'}


def test_the_files_of_a_module_are_seen_together(tmp_path: Path) -> None:
    ended = draftgate("check", "--json", tree(tmp_path, MODULE))
    assert (ended.code, json.loads(ended.out)) == (0, [])


def test_one_file_of_a_module_is_held_against_its_neighbours(tmp_path: Path) -> None:
    folder = tree(tmp_path, {**MODULE, "m/other.tf": "locals {\n  c = var.d\n}\n"})
    assert draftgate("check", folder / "m/main.tf").code == 0
    ended = draftgate("check", folder / "m/other.tf")
    assert ended.code == 1
    assert "no variable `d` is declared in this module (terraform-undeclared)" in ended.out


@pytest.mark.parametrize(("release", "code"), [((), 0), (("--kubernetes-version", "1.33"), 1)])
def test_manifests_are_held_against_the_release_that_is_named(
    tmp_path: Path, release: tuple[str, ...], code: int
) -> None:
    manifest = "apiVersion: policy/v1beta1\nkind: PodDisruptionBudget\nmetadata: {name: a}\nspec: {minAvailable: 1}\n"
    ended = draftgate("check", *release, tree(tmp_path, {"a.yaml": manifest}))
    assert (ended.code, "kubernetes-api" in ended.out) == (code, True)


def test_a_release_that_nobody_knows_is_refused(tmp_path: Path) -> None:
    ended = draftgate("check", "--kubernetes-version", "2.5", tmp_path)
    assert ended.code == 1
    assert ended.is_two_lines
    assert "2.5 is no known Kubernetes release" in ended.err


def test_a_warning_is_printed_and_fails_nothing(tmp_path: Path) -> None:
    ended = draftgate("check", tree(tmp_path, {"Dockerfile": "FROM python\n"}))
    assert ended.code == 0
    assert "warning: the base image `python` has no version (risk-unpinned)" in ended.out
