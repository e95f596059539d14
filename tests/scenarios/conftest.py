"""The stage of the scenarios; the processes of one test worker share one nursery."""

from __future__ import annotations

from typing import TYPE_CHECKING, Protocol

import pytest

from tests.scenarios.nursery import Nursery
from tests.scenarios.stage import Stage

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping
    from pathlib import Path

    from tests.contract.github_api import GitHubContract


class Build(Protocol):
    """Makes a stage with other files (None takes one away) or another configuration."""

    def __call__(
        self, *, files: Mapping[str, str | bytes | None] | None = None, config: str | None = None
    ) -> Stage: ...


@pytest.fixture(scope="session")
def nursery() -> Iterator[Nursery]:
    with Nursery() as nursery:
        yield nursery


@pytest.fixture
def build(tmp_path: Path, nursery: Nursery, github_contract: GitHubContract) -> Iterator[Build]:
    """A maker of stages, whose every exchange with GitHub has to be as GitHub describes it."""
    made: list[Stage] = []

    def make(*, files: Mapping[str, str | bytes | None] | None = None, config: str | None = None) -> Stage:
        folder = tmp_path / f"stage{len(made)}"
        folder.mkdir()
        stage = Stage(folder, nursery, github_contract, files=files, config=config)
        made.append(stage.__enter__())
        return stage

    yield make
    for stage in made:
        stage.__exit__(None, None, None)
    assert [fault for stage in made for fault in stage.referee.faults] == []


@pytest.fixture
def stage(build: Build) -> Stage:
    return build()


@pytest.fixture
def plain(build: Build) -> Stage:
    """A stage without configured checks, for scenarios that are about something else."""
    return build(config="")
