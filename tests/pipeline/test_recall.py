from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.adapters.cache import FolderCache
from bot.adapters.worktree import GitWorktree
from bot.pipeline.gather import Tree
from bot.pipeline.recall import find_files
from tests.pipeline.bench import TASK, bench_of, git

if TYPE_CHECKING:
    from pathlib import Path


class Shelf:
    """A cache in memory."""

    def __init__(self, answer: bytes | None = None) -> None:
        self.kept: dict[str, bytes] = {}
        self.answer = answer

    def get(self, key: str) -> bytes | None:
        return self.answer or self.kept.get(key)

    def put(self, key: str, content: bytes) -> None:
        self.kept[key] = content


class Unlistable(GitWorktree):
    """A worktree whose files must not be looked at."""

    def list_files(self, sha: str) -> Any:
        raise AssertionError(sha)


@pytest.fixture
def repo(tmp_path: Path) -> Path:
    return bench_of(tmp_path / "repo").folder


def head(folder: Path, kind: type[GitWorktree] = GitWorktree) -> Tree:
    worktree = kind(folder)
    return Tree(worktree, worktree.head())


def test_the_second_search_gives_the_same_answer_without_looking_at_a_file(repo: Path, tmp_path: Path) -> None:
    cache = FolderCache(tmp_path / "cache")
    first = find_files(TASK.text, head(repo), 5, cache)
    assert first
    again = find_files(TASK.text, head(repo, Unlistable), 5, cache)
    assert [one.as_json() for one in again] == [one.as_json() for one in first]


def test_another_commit_with_the_same_tree_is_known(repo: Path) -> None:
    shelf = Shelf()
    find_files(TASK.text, head(repo), 5, shelf)
    git(repo, "commit", "--quiet", "--allow-empty", "--message", "Nothing")
    assert find_files(TASK.text, head(repo, Unlistable), 5, shelf)


def test_another_issue_limit_or_tree_is_searched_anew(repo: Path) -> None:
    shelf = Shelf()
    find_files(TASK.text, head(repo), 5, shelf)
    find_files(TASK.text + "!", head(repo), 5, shelf)
    find_files(TASK.text, head(repo), 1, shelf)
    (repo / "shop" / "cart.py").write_text("changed\n")
    git(repo, "commit", "--quiet", "--all", "--message", "Change")
    find_files(TASK.text, head(repo), 5, shelf)
    assert len(shelf.kept) == 4


def test_without_a_cache_nothing_is_kept(repo: Path) -> None:
    assert find_files(TASK.text, head(repo), 1)[0].path == "shop/cart.py"


GOOD: dict[str, Any] = {"path": "a.py", "score": 1.5, "lines": [[1, 2]], "why": ["x"]}


@pytest.mark.parametrize(
    "entry",
    [
        pytest.param(b"", id="empty"),
        pytest.param(b"\xff\xfe", id="no text"),
        pytest.param(b"[" * 100_000, id="deep"),
        pytest.param(b"{}", id="no list"),
        pytest.param(b"[1]", id="no objects"),
        *(
            pytest.param(json.dumps([GOOD | change]).encode(), id=str(change))
            for change in (
                {"path": 3},
                {"score": "high"},
                {"score": float("nan")},
                {"score": True},
                {"lines": [[2, 1]]},
                {"lines": [[0, 1]]},
                {"lines": [[1]]},
                {"lines": [[True, 2]]},
                {"lines": "all"},
                {"why": [1]},
                {"why": None},
                {"more": 1},
            )
        ),
        pytest.param(json.dumps([GOOD] * 1_001).encode(), id="too many"),
    ],
)
def test_an_entry_that_is_not_ours_is_searched_anew(repo: Path, entry: bytes) -> None:
    assert find_files(TASK.text, head(repo), 1, Shelf(entry))[0].path == "shop/cart.py"


def test_an_entry_of_ours_is_taken(repo: Path) -> None:
    (found,) = find_files(TASK.text, head(repo, Unlistable), 1, Shelf(json.dumps([GOOD]).encode()))
    assert found.as_json() == GOOD


@given(st.binary(max_size=60))
def test_any_bytes_are_survived(content: bytes) -> None:
    from bot.pipeline.recall import _parsed  # noqa: PLC0415 - a repository for each example would take minutes

    assert _parsed(content) in (None, [])
