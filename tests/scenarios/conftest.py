"""The stage of the scenarios; the processes of one test worker share one nursery."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Protocol

import pytest

from tests.scenarios.nursery import Nursery
from tests.scenarios.stage import Stage

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping
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


@dataclass
class Shared:
    """A stage that many tests begin on; `blank` and `open` bring it back to before and after maria's `/generate`."""

    stage: Stage
    blank: Callable[[], None]
    open: Callable[[], None] | None = None


@pytest.fixture(scope="session")
def shared(
    tmp_path_factory: pytest.TempPathFactory, nursery: Nursery, github_contract: GitHubContract
) -> Iterator[Shared]:
    with Stage(tmp_path_factory.mktemp("shared"), nursery, github_contract, config="") as stage:
        yield Shared(stage, stage.save())


@pytest.fixture
def undrafted(shared: Shared) -> Iterator[Stage]:
    """A stage without configured checks, shared by many tests, on which nothing has been asked for yet."""
    shared.blank()
    yield shared.stage
    assert shared.stage.referee.faults == []


@pytest.fixture
def proposed(undrafted: Stage, shared: Shared) -> Stage:
    """The same stage with an open proposal on issue 1; `stage.sha` is its commit."""
    if shared.open is None:
        drafted = undrafted.generate()
        assert drafted.end == (0, "proposed"), drafted.log
        shared.open = undrafted.save()
    shared.open()
    return undrafted
