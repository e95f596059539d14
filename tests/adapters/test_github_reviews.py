"""What a review reads of GitHub."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from bot.adapters.github import GitHubReader
from bot.adapters.github_session import Session
from bot.core.refs import Actor
from bot.errors import ForgeError
from bot.rehearsal import github_faults as faults
from bot.rehearsal.github_faults import Fault
from bot.rehearsal.github_reviews import LineDraft
from bot.rehearsal.github_service import FakeGitHub

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from bot.rehearsal.github_repository import Repository

CONFIG = "review: { max-comments: 3 }\n"


@pytest.fixture
def github(tmp_path: Path) -> Iterator[FakeGitHub]:
    stage = FakeGitHub(tmp_path)
    stage.add_token("t0ken", login="github-actions[bot]", permissions={"contents": "read", "pull_requests": "read"})
    yield stage
    stage.close()


@pytest.fixture
def shop(github: FakeGitHub) -> Repository:
    shop = github.add_repository("octo/shop", files={"a.py": "1\n2\n3\n", ".github/draftgate.yml": CONFIG})
    shop.set_permission("maria", "write")
    shop.commit("topic", {"a.py": "1\n2\n4\n"}, "Four", author="maria")
    shop.open_pull("maria", "Count on", "As *asked*.", head="topic", draft=True)
    return shop


@pytest.fixture
def reader(github: FakeGitHub, shop: Repository) -> Iterator[GitHubReader]:
    with github.serve() as server:
        yield GitHubReader(Session("t0ken", server.api_url, shop.full_name))


def test_all_that_a_review_has_to_know_comes_with_one_request(
    github: FakeGitHub, shop: Repository, reader: GitHubReader
) -> None:
    said = shop.comment(1, "maria", "/review")
    line = shop.comment_on_lines(1, "github-actions[bot]", LineDraft("Why 4?", "a.py", 3))
    shop.reply(line.id, "maria", "No, by design.")
    shop.react(line, "maria", "-1")
    shop.resolve_thread(line.id)

    grounds = reader.review_grounds(1, "main")

    assert [request.path for request in github.requests] == ["/graphql"]
    assert (grounds.title, grounds.text, grounds.is_draft, grounds.is_locked) == (
        "Count on",
        "As *asked*.",
        True,
        False,
    )
    assert (grounds.author.login, grounds.author.is_person) == ("maria", True)
    assert grounds.pull == reader.pull(1)
    assert grounds.config == CONFIG.encode()
    assert [(one.id, one.body, one.author) for one in grounds.comments] == [
        (said.id, "/review", Actor("maria", said.author.id, "User"))
    ]
    (thread,) = grounds.threads
    assert (thread.resolved, thread.outdated) == (True, False)
    assert [(one.author.login, one.body, one.thumbs_down) for one in thread.comments] == [
        ("github-actions[bot]", "Why 4?", 1),
        ("maria", "No, by design.", 0),
    ]
    assert grounds.us == thread.comments[0].author


def test_what_goes_past_a_hundred_is_read_page_by_page(
    github: FakeGitHub, shop: Repository, reader: GitHubReader
) -> None:
    for number in range(101):
        shop.comment(1, "maria", f"comment {number}")
    for number in range(205):
        shop.comment_on_lines(1, "maria", LineDraft(f"{number}", "a.py", 3))
    grounds = reader.review_grounds(1, "main")
    assert [one.body for one in grounds.comments] == [f"comment {number}" for number in range(101)]
    assert [one.comments[0].body for one in grounds.threads] == [f"{number}" for number in range(205)]
    assert len(github.requests) == 3


@pytest.mark.parametrize(("content", "config"), [(None, None), (b"\x00\xff", b"\0"), ("", b"")])
def test_a_configuration_that_is_no_text_is_told_from_none(
    shop: Repository, reader: GitHubReader, content: str | bytes | None, config: bytes | None
) -> None:
    shop.commit("main", {".github/draftgate.yml": content}, "Change it")
    assert reader.review_grounds(1, "main").config == config


def test_a_forks_pull_request_is_one(github: FakeGitHub, shop: Repository, reader: GitHubReader) -> None:
    fork = github.fork(shop, "mallory/shop")
    fork.commit("evil", {"a.py": "5\n"}, "Five", author="mallory")
    shop.open_pull("mallory", "Five", head="mallory:evil")
    assert reader.review_grounds(2, "main").pull.is_fork


def test_the_diff_is_githubs_own_and_one_that_is_too_large_is_none(github: FakeGitHub, reader: GitHubReader) -> None:
    assert "-3\n+4\n" in (reader.diff(1) or "")
    github.faults.append(Fault(faults.answer(406, {"message": "too large"})))
    assert reader.diff(1) is None
    github.faults.append(Fault(faults.answer(200, b"<html>Sign in</html>")))
    assert "-3\n+4\n" in (reader.diff(1) or "")
    github.faults.append(Fault(faults.answer(404, {"message": "Not Found"})))
    with pytest.raises(ForgeError):
        reader.diff(1)


def test_the_merge_base_is_where_two_branches_parted(shop: Repository, reader: GitHubReader) -> None:
    parted = shop.head()
    shop.commit("main", {"b.py": "1\n"}, "Another")
    assert reader.merge_base("main", shop.head("topic")) == parted
    assert reader.merge_base("main", "0" * 40) is None


def test_reviews_are_read_with_their_bodies(shop: Repository, reader: GitHubReader) -> None:
    shop.review(1, "maria", "First.")
    shop.review(1, "maria", "Second.")
    assert reader.reviews(1) == ["First.", "Second."]


@pytest.mark.parametrize("name", ["502", "html", "shape"])
def test_a_broken_answer_is_asked_for_again(github: FakeGitHub, reader: GitHubReader, name: str) -> None:
    effects = {
        "502": faults.answer(502),
        "html": faults.answer(200, b"<html></html>"),
        "shape": faults.answer(200, {"data": {"viewer": {}, "repository": {"pullRequest": {"number": 1}}}}),
    }
    github.faults.append(Fault(effects[name]))
    assert reader.review_grounds(1, "main").title == "Count on"


def test_a_pull_request_that_is_not_there_is_an_error(reader: GitHubReader) -> None:
    with pytest.raises(ForgeError):
        reader.review_grounds(7, "main")


def test_comments_on_lines_say_where_they_hang_now(shop: Repository, reader: GitHubReader) -> None:
    root = shop.comment_on_lines(1, "rita", LineDraft("Why 4?", "a.py", 3, "RIGHT", 2, "RIGHT"))
    answer = shop.reply(root.id, "maria", "/suggest")
    shop.commit("topic", {"a.py": "0\n1\n2\n4\n"}, "One more", author="maria")

    first, second = reader.line_notes(1)

    assert (first.root, first.comment.body, first.path) == (root.id, "Why 4?", "a.py")
    assert (first.start, first.line, first.side) == (3, 4, "RIGHT")
    assert first.hunk.startswith("@@")
    assert (second.root, second.comment.id) == (root.id, answer.id)

    shop.commit("topic", {"a.py": "0\n"}, "Less", author="maria")
    assert [(one.start, one.line) for one in reader.line_notes(1)] == [(None, None)] * 2


def test_threads_say_where_they_hang(shop: Repository, reader: GitHubReader) -> None:
    shop.comment_on_lines(1, "rita", LineDraft("Why 4?", "a.py", 3, "RIGHT", 2, "RIGHT"))
    (thread,) = reader.review_grounds(1, "main").threads
    assert (thread.path, thread.start, thread.line, thread.side) == ("a.py", 2, 3, "RIGHT")
