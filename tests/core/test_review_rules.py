"""The rules that a review is held against, held against the fake GitHub's, which were written apart from them."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest

from bot.core.diffs import DiffFile, read_diff
from bot.core.reviews import LineComment, ReviewRequest, checked, objection
from bot.rehearsal.github_problems import ApiError
from bot.rehearsal.github_reviews import LineDraft, ReviewDraft, add_review, diff_or_406
from bot.rehearsal.github_service import FakeGitHub

if TYPE_CHECKING:
    from collections.abc import Iterator

    from bot.core.anchors import Side
    from bot.rehearsal.github_repository import Repository

BEFORE = "".join(f"line {number}\n" for number in range(1, 31))
AFTER = BEFORE.replace("line 6\n", "six\nmore\n").replace("line 20\n", "").replace("line 29\n", "twenty-nine\n")
FILES = {"a.py": BEFORE, "gone.py": "1\n2\n", "old name.py": BEFORE, "crlf.txt": BEFORE.replace("\n", "\r\n")}
CHANGES = {
    "a.py": AFTER,
    "gone.py": None,
    "old name.py": None,
    "new é.py": AFTER,
    "crlf.txt": AFTER.replace("\n", "\r\n"),
    "fresh.py": "1\n2\n3",
}


@pytest.fixture(scope="module")
def shop(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Repository]:
    """A repository with one pull request, which changes files in all ways."""
    github = FakeGitHub(tmp_path_factory.mktemp("github"))
    github.add_user("maria")
    shop = github.add_repository("octo/shop", files=FILES)
    shop.commit("side", CHANGES, "Change")
    shop.open_pull("maria", "Change", head="side")
    yield shop
    github.close()


@pytest.fixture(scope="module")
def files(shop: Repository) -> dict[str, DiffFile]:
    return {file.path: file for file in read_diff(diff_or_406(shop, shop.pull(1)[1], 1))}


def takes(shop: Repository, request: ReviewRequest) -> bool:
    """Whether GitHub takes the review."""
    value: dict[str, Any] = request.as_json()
    drafts = [
        LineDraft(one["body"], one["path"], one["line"], one["side"], one.get("start_line"), one.get("start_side"))
        for one in value["comments"]
    ]
    draft = ReviewDraft(value["event"], value["body"], value["commit_id"], drafts)
    try:
        add_review(shop, 1, shop.world.users["maria"], draft)
    except ApiError:
        return False
    return True


def everything(path: str) -> Iterator[LineComment]:
    sides: tuple[Side, ...] = ("LEFT", "RIGHT")
    for side in sides:
        for first in range(36):
            for last in (first, first + 1, first + 2, first + 7, first + 22):
                yield LineComment(path, side, first, last, "Look.")


@pytest.mark.parametrize("path", ["a.py", "gone.py", "new é.py", "crlf.txt", "fresh.py", "old name.py", "none.py"])
def test_our_rules_are_githubs(shop: Repository, files: dict[str, DiffFile], path: str) -> None:
    head = shop.head("side")
    wrong = [
        (comment, objection(comment, files.get(path)))
        for comment in everything(path)
        if (objection(comment, files.get(path)) is None) != takes(shop, ReviewRequest(head, "Well.", (comment,)))
    ]
    assert wrong == []


def test_a_checked_review_is_taken_whole(shop: Repository, files: dict[str, DiffFile]) -> None:
    comments = tuple(comment for path in ("a.py", "none.py", "gone.py") for comment in list(everything(path))[::29])
    whole = ReviewRequest(shop.head("side"), "Well.", comments)
    assert not takes(shop, whole)
    sure = checked(whole, files)
    assert sure.comments
    assert takes(shop, sure)
