from __future__ import annotations

import os
from dataclasses import replace
from typing import TYPE_CHECKING

import pytest

from bot.adapters.worktree import GitWorktree
from bot.pipeline.gather import Tree, decode, find, gather, show
from tests.pipeline.bench import CART, FILES, TASK, bench_of, git

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence
    from pathlib import Path

    from bot.ports import FileEntry


class CountingWorktree(GitWorktree):
    """Keeps what was asked of git."""

    def __init__(self, folder: Path) -> None:
        super().__init__(folder)
        self.asked: list[str] = []
        self.listed = 0

    def stream(self, names: Sequence[str]) -> Iterator[bytes | None]:
        self.asked += names
        return super().stream(names)

    def list_files(self, sha: str) -> Mapping[str, FileEntry]:
        self.listed += 1
        return super().list_files(sha)


@pytest.mark.parametrize(
    ("content", "text"),
    [
        (b"", ""),
        (b"plain\n", "plain\n"),
        ("é🙂\r\n".encode(), "é🙂\r\n"),
        (b"\xef\xbb\xbfwith a mark", "\ufeffwith a mark"),
        (b"a\0b", None),
        (b"caf\xe9", None),
        (b"\xed\xa0\x80", None),
    ],
)
def test_only_utf_8_without_nul_is_text(content: bytes, text: str | None) -> None:
    assert decode(content) == text


def test_the_table_holds_plain_files_that_are_not_huge(tmp_path: Path) -> None:
    (tmp_path / "repo").mkdir()
    os.symlink("shop/cart.py", tmp_path / "repo" / "link.py")  # noqa: PTH211 - beside the files that the bench makes
    bench = bench_of(tmp_path / "repo", {**FILES, "big.txt": b"x" * 2_000_001, "just.txt": b"x" * 2_000_000})
    tree = Tree(GitWorktree(bench.folder), bench.base)
    assert set(tree.sizes) == {*FILES, "just.txt"}
    assert tree.sizes["shop/cart.py"] == len(CART)
    assert set(tree.files) == {*FILES, "just.txt", "big.txt", "link.py"}


def test_each_text_is_fetched_from_git_once_and_missing_ones_never(tmp_path: Path) -> None:
    bench = bench_of(tmp_path / "repo")
    worktree = CountingWorktree(bench.folder)
    tree = Tree(worktree, bench.base)
    assert tree.texts(["shop/cart.py", "none.py"]) == {"shop/cart.py": CART}
    assert set(tree.texts(["shop/cart.py", "tests/test_cart.py"])) == {"shop/cart.py", "tests/test_cart.py"}
    assert worktree.asked == [tree.files["shop/cart.py"].sha, tree.files["tests/test_cart.py"].sha]
    assert worktree.listed == 1


def test_what_is_not_text_is_left_out_of_the_texts(tmp_path: Path) -> None:
    bench = bench_of(tmp_path / "repo", {"a.py": b"a\n", "b.bin": b"\0", "c.txt": b"caf\xe9"})
    assert Tree(GitWorktree(bench.folder), bench.base).texts(["a.py", "b.bin", "c.txt", "d"]) == {"a.py": "a\n"}


def test_the_working_files_are_never_read(tmp_path: Path) -> None:
    bench = bench_of(tmp_path / "repo")
    (bench.folder / "shop" / "cart.py").write_text("changed, not committed\n")
    git(bench.folder, "rm", "--quiet", "--cached", "shop/cart.py")
    tree = Tree(GitWorktree(bench.folder), bench.base)
    assert tree.texts(["shop/cart.py"]) == {"shop/cart.py": CART}


def test_the_file_that_the_issue_names_is_shown_first_and_whole(tmp_path: Path) -> None:
    bench = bench_of(tmp_path / "repo")
    context, ranked = gather(TASK, Tree(GitWorktree(bench.folder), bench.base), 20_000)
    assert ranked[0].path == "shop/cart.py"
    assert ranked[0].why
    assert context.snippets[0].text == CART
    assert "shop/cart.py" in context.whole


def test_a_budget_of_nothing_shows_nothing_but_names_it(tmp_path: Path) -> None:
    bench = bench_of(tmp_path / "repo")
    context, ranked = gather(TASK, Tree(GitWorktree(bench.folder), bench.base), 0)
    assert not context.snippets
    assert set(context.omitted) == {one.path for one in ranked}


def test_an_empty_repository_is_searched_without_trouble(tmp_path: Path) -> None:
    bench = bench_of(tmp_path / "repo", {".keep": b""})
    context, _ = gather(TASK, Tree(GitWorktree(bench.folder), bench.base), 20_000)
    assert not context.snippets


def test_large_trees_are_read_in_order_and_what_is_not_there_is_left_out(tmp_path: Path) -> None:
    files = {f"{number}.txt": bytes([48 + number]) * 1_900_000 for number in range(5)}
    bench = bench_of(tmp_path / "repo", files)
    tree = Tree(GitWorktree(bench.folder), bench.base)
    assert list(tree.read(["4.txt", "none", *sorted(files)])) == [("4.txt", files["4.txt"]), *sorted(files.items())]


def test_past_changes_help_to_find_files(tmp_path: Path) -> None:
    bench = bench_of(tmp_path / "repo")
    (bench.folder / "shop" / "quiet.py").write_text("x = 1\n")
    git(bench.folder, "add", "--all")
    git(bench.folder, "commit", "--quiet", "--message", "Keep the voucher")
    tree = Tree(GitWorktree(bench.folder), git(bench.folder, "rev-parse", "HEAD"))
    found = find(replace(TASK, title="Vouchers are lost", text=""), tree)
    assert [one.path for one in found] == ["shop/quiet.py"]
    assert found[0].score > 0
    assert show(found, tree, 1_000).whole == {"shop/quiet.py"}
