from __future__ import annotations

import os
from typing import TYPE_CHECKING

import pytest

from bot.adapters.sandbox_store import FolderStore
from bot.core.baseline import CommandResult, CommandSpec

if TYPE_CHECKING:
    from pathlib import Path

TREE = "a" * 40
CHECK = CommandSpec("tests", "pytest", 60)
PASSED = CommandResult("tests", 0, "1 passed\né", 1.5)


@pytest.fixture
def store(tmp_path: Path) -> FolderStore:
    return FolderStore(tmp_path / "cache", {"PATH": "/usr/bin"}, "no network")


def test_a_passing_baseline_is_kept_for_the_next_run(tmp_path: Path, store: FolderStore) -> None:
    store.put(TREE, CHECK, PASSED)
    again = FolderStore(tmp_path / "cache", {"PATH": "/usr/bin"}, "no network")
    assert again.get(TREE, CHECK) == PASSED


@pytest.mark.parametrize("code", [1, None, 127])
def test_a_failing_one_is_not_so_that_nothing_is_ever_excused_by_it(store: FolderStore, code: int | None) -> None:
    store.put(TREE, CHECK, CommandResult("tests", code, "", 1.0))
    assert store.get(TREE, CHECK) is None


@pytest.mark.parametrize(
    ("tree", "command", "path", "level"),
    [
        pytest.param("b" * 40, CHECK, "/usr/bin", "no network", id="another tree"),
        pytest.param(TREE, CommandSpec("tests", "pytest -x", 60), "/usr/bin", "no network", id="another command"),
        pytest.param(TREE, CommandSpec("tests", "pytest", 60, network=True), "/usr/bin", "no network", id="network"),
        pytest.param(TREE, CHECK, "/usr/local/bin:/usr/bin", "no network", id="other tools"),
        pytest.param(TREE, CHECK, "/usr/bin", "all of it", id="another level"),
    ],
)
def test_it_holds_only_for_the_same_thing(
    tmp_path: Path, store: FolderStore, tree: str, command: CommandSpec, path: str, level: str
) -> None:
    store.put(TREE, CHECK, PASSED)
    assert FolderStore(tmp_path / "cache", {"PATH": path}, level).get(tree, command) is None


def test_what_is_old_or_damaged_is_not_believed(tmp_path: Path, store: FolderStore) -> None:
    store.put(TREE, CHECK, PASSED)
    (file,) = (tmp_path / "cache").iterdir()
    os.utime(file, (1, 1))
    assert store.get(TREE, CHECK) is None
    for text in ("[", "{}", '["x"]', "[" * 100_000, '["x", "y"]'):
        file.write_text(text, encoding="utf-8")
        assert store.get(TREE, CHECK) is None


def test_it_does_not_grow_without_bound(tmp_path: Path, store: FolderStore) -> None:
    for number in range(110):
        store.put(f"{number:040}", CHECK, PASSED)
    assert len(list((tmp_path / "cache").iterdir())) == 100
    assert store.get(f"{109:040}", CHECK) == PASSED


def test_a_store_that_cannot_write_forgets(tmp_path: Path) -> None:
    (tmp_path / "file").touch()
    store = FolderStore(tmp_path / "file" / "cache", {}, "")
    store.put(TREE, CHECK, PASSED)
    assert store.get(TREE, CHECK) is None
