"""Two runs that did the same leave the same snapshot, and runs that did not leave another."""

from __future__ import annotations

import subprocess
from datetime import timedelta
from typing import TYPE_CHECKING, TypeAlias

import pytest

from bot.rehearsal.github_reviews import LineDraft
from bot.rehearsal.github_service import FakeGitHub
from tests.rehearsal.conftest import HandClock

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from pathlib import Path

    from bot.rehearsal.github_repository import Repository


Play: TypeAlias = "Callable[..., tuple[FakeGitHub, Repository]]"


@pytest.fixture
def play(tmp_path: Path) -> Iterator[Play]:
    """Plays a small story; `late` shifts its time and so its commit ids, `strangers` shift all other ids."""
    made: list[FakeGitHub] = []

    def again(**shifts: int) -> tuple[FakeGitHub, Repository]:
        github, shop = tell(tmp_path / str(len(made)), **shifts)
        made.append(github)
        return github, shop

    yield again
    for github in made:
        github.close()


def tell(folder: Path, *, late: int = 0, strangers: int = 0) -> tuple[FakeGitHub, Repository]:
    clock = HandClock()
    clock.advance(late)
    github = FakeGitHub(folder, clock)
    for number in range(strangers):
        github.add_user(f"stranger{number}")
    shop = github.add_repository("octo/shop", files={"a.py": "one\n"})
    shop.open_issue("mallory", "Help", "Please.", labels=["bug"])
    first = shop.comment(1, "maria", "/generate")
    sha = shop.commit("draftgate/1", {"a.py": "two\n"}, f"Change it\n\nDraftgate-Trigger: issue_comment/{first.id}")
    with github.serve():
        url = f"{github.world.server_url}/octo/shop/issues/1#issuecomment-{first.id}"
    shop.comment(1, "maria", f"Drafted {sha} ({sha[:9]}) for {url}; not {'f' * 40}, nor 1234567890.")
    pull = shop.open_pull("maria", "Change", head="draftgate/1")
    shop.comment_on_lines(pull.number, "mallory", LineDraft("Why?", "a.py", 1))
    shop.react(first, "maria", "rocket")
    return github, shop


def test_time_ids_and_the_servers_address_make_no_difference(play: Play) -> None:
    one, _ = play()
    other, _ = play(late=7777, strangers=3)
    assert one.snapshot() == other.snapshot()
    assert one.repository("octo/shop").refs() != other.repository("octo/shop").refs()


def test_a_text_shows_commits_and_comments_by_what_they_are(play: Play) -> None:
    github, shop = play()
    shown = github.snapshot()["octo/shop"]
    commit = shown["refs"]["refs/heads/draftgate/1"]["commit"]
    body = shown["issues"][0]["comments"][1]["body"]
    where = "https://github.test/octo/shop/issues/1#issuecomment-<comment 1.1>"
    assert body == (f"Drafted <commit {commit}> (<commit {commit}>) for {where}; not {'f' * 40}, nor 1234567890.")
    assert shown["refs"]["refs/heads/draftgate/1"]["message"].endswith("issue_comment/<comment 1.1>")
    assert shop.head("draftgate/1")[:9] not in str(shown)


CHANGES: list[tuple[str, Callable[[Repository], object]]] = [
    ("a comment twice", lambda shop: shop.comment(1, "maria", "/generate")),
    ("an edit", lambda shop: shop.edit_comment(shop.comments_on(1)[0].id, by="mallory", body="/generate")),
    ("a label", lambda shop: shop.add_labels(1, ["new"])),
    ("a reaction", lambda shop: shop.react(shop.issue(1), "maria", "eyes")),
    ("a commit without changes", lambda shop: shop.commit("main", {}, "Empty")),
    ("another message", lambda shop: shop.commit("draftgate/1", {"a.py": "two\n"}, "Again")),
    ("a ref", lambda shop: shop.move_ref("refs/draftgate/x", shop.head())),
    ("a ref that is gone", lambda shop: shop.move_ref("refs/heads/draftgate/1", None)),
    ("a closed issue", lambda shop: shop.set_state(1, "closed", "maria")),
    ("a locked issue", lambda shop: shop.lock_conversation(1)),
    ("a merge", lambda shop: shop.merge_pull(2, "maria")),
    ("a review", lambda shop: shop.review(2, "mallory", "Well.")),
    ("a signature", lambda shop: shop.signed.add(shop.head())),
]


@pytest.mark.parametrize("change", [row[1] for row in CHANGES], ids=[row[0] for row in CHANGES])
def test_a_difference_shows(play: Play, change: Callable[[Repository], object]) -> None:
    github, shop = play()
    before = github.snapshot()
    change(shop)
    assert github.snapshot() != before


def test_taking_a_snapshot_changes_nothing(play: Play) -> None:
    github, shop = play()
    refs = shop.refs()
    assert github.snapshot() == github.snapshot()
    assert shop.refs() == refs


def test_the_past_of_a_real_repository_is_not_gone_through(tmp_path: Path) -> None:
    def git(*arguments: str) -> str:
        done = subprocess.run(["git", "-C", str(tmp_path / "real"), *arguments], capture_output=True, check=True)
        return done.stdout.decode().strip()

    (tmp_path / "real").mkdir()
    git("init", "--quiet")
    for number in range(3):
        git("commit", "--quiet", "--allow-empty", "--message", f"Commit {number}")
    start = git("rev-parse", "HEAD")
    github = FakeGitHub(tmp_path / "github", HandClock(HandClock().time + timedelta(days=1)))
    shop = github.add_repository("octo/real", import_git=tmp_path / "real", commit=start)
    shop.branch("old", git("rev-parse", "HEAD~2"))
    shop.commit("new", {"a": "a\n"}, "New", start="old")
    refs = github.snapshot()["octo/real"]["refs"]
    assert refs["refs/heads/main"]["commit"] == start
    assert refs["refs/heads/old"]["commit"] == git("rev-parse", "HEAD~2")
    assert len(refs["refs/heads/new"]["commit"]) == 16
    github.close()
