"""Pull requests: opening, following their branches, merging, reviews and comments on lines."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest
from github import GithubException

from bot.rehearsal.github_reviews import LineDraft
from tests.rehearsal.github_client import git, raw, refusal

if TYPE_CHECKING:
    from collections.abc import Callable

    from github import Github
    from github.PullRequest import PullRequest
    from github.Repository import Repository as Client

    from bot.rehearsal.github_repository import Repository
    from bot.rehearsal.github_service import FakeGitHub

CHANGED = "one\n2\nthree\nfour\nfive\n"
BLANK = " and Pull request review thread diff hunk can't be blank"


@pytest.fixture
def pull(client: Client, shop: Repository) -> PullRequest:
    """Maria's pull request that changes line 2 of app.py."""
    shop.commit("side", {"app.py": CHANGED}, "Change two", author="maria")
    return client.get_pull(shop.open_pull("maria", "Change", "Why not.", head="side").number)


def test_a_pull_request_shows_both_sides_and_is_an_issue_too(client: Client, shop: Repository) -> None:
    shop.commit("side", {"app.py": CHANGED}, "Change two")
    made = client.create_pull("main", "side", title="Change", body="Why not.", draft=True)
    assert (made.head.ref, made.head.sha, made.head.repo.full_name) == ("side", shop.head("side"), "octo/shop")
    assert (made.base.ref, made.base.sha, made.draft, made.state) == ("main", shop.head(), True, "open")
    assert (made.commits, made.changed_files, made.additions, made.deletions) == (1, 1, 1, 1)
    assert [(file.filename, file.status) for file in made.get_files()] == [("app.py", "modified")]
    assert [commit.sha for commit in made.get_commits()] == [shop.head("side")]
    assert client.get_issue(made.number).pull_request is not None
    assert git(shop.folder, "rev-parse", "refs/pull/1/head") == shop.head("side")


@pytest.mark.parametrize(
    ("head", "base", "words"),
    [
        ("side", "main", "Validation Failed: A pull request already exists for octo:side."),
        ("side", "none", "Validation Failed: invalid"),
        ("none", "main", "Validation Failed: invalid"),
        ("nobody:side", "main", "Validation Failed: invalid"),
        ("same", "main", "Validation Failed: No commits between main and same"),
    ],
)
def test_a_pull_request_is_refused(
    client: Client, shop: Repository, pull: PullRequest, head: str, base: str, words: str
) -> None:
    shop.branch("same")
    assert refusal(lambda: client.create_pull(base, head, title="Again")) == (422, words)
    assert len(shop.pulls()) == pull.number == 1


def test_actions_may_be_forbidden_to_open_pull_requests_but_people_are_not(
    client: Client, shop: Repository, connect: Callable[[str], Github]
) -> None:
    shop.commit("side", {"app.py": CHANGED}, "Change two")
    shop.actions_may_create_pulls = False
    words = "GitHub Actions is not permitted to create or approve pull requests."
    assert refusal(lambda: client.create_pull("main", "side", title="Change")) == (403, words)
    assert connect("maria-t0ken").get_repo("octo/shop").create_pull("main", "side", title="Change").number == 1


def test_pull_requests_are_found_by_branch_and_state(client: Client, shop: Repository, pull: PullRequest) -> None:
    shop.commit("other", {"x": "x\n"}, "x")
    shop.open_pull("maria", "Other", head="other")
    pull.edit(state="closed")
    assert [each.number for each in client.get_pulls(head="octo:side", state="all")] == [1]
    assert [each.number for each in client.get_pulls()] == [2]
    assert [each.number for each in client.get_pulls(state="all")] == [2, 1]
    assert list(client.get_pulls(head="octo:none", state="all")) == []


def test_a_pull_request_follows_its_branch_and_closes_with_it(shop: Repository, pull: PullRequest) -> None:
    sha = shop.commit("side", {"x": "x\n"}, "More")
    pull.update()
    assert (pull.head.sha, pull.commits, shop.ref("pull/1/head")) == (sha, 2, sha)
    shop.move_ref("refs/heads/side", None)
    pull.update()
    assert (pull.state, pull.merged) == ("closed", False)
    assert refusal(lambda: pull.edit(state="open"))[0] == 422


def test_a_pull_request_from_a_fork_outlives_the_fork(client: Client, shop: Repository, github: FakeGitHub) -> None:
    fork = github.fork(shop, "mallory/shop")
    sha = fork.commit("evil", {"app.py": "evil\n"}, "Evil", author="mallory")
    shop.open_pull("mallory", "Trust me", head="mallory:evil")
    pull = client.get_pull(1)
    assert (pull.head.repo.full_name, pull.head.label, pull.head.repo.fork) == ("mallory/shop", "mallory:evil", True)
    assert git(shop.folder, "rev-parse", "refs/pull/1/head") == sha
    github.delete_repository("mallory/shop")
    shown = raw(client, "GET", "/pulls/1")
    assert (shown["head"]["repo"], shown["head"]["sha"]) == (None, sha)


def test_mergeability_is_computed_late_and_tells_conflicts(client: Client, shop: Repository) -> None:
    shop.unknown_mergeable_answers = 1
    shop.commit("side", {"app.py": CHANGED}, "Change two")
    shop.open_pull("maria", "Change", head="side")
    shop.commit("main", {"app.py": "one\nzwei\nthree\nfour\nfive\n"}, "Change it too")
    first, second = raw(client, "GET", "/pulls/1"), raw(client, "GET", "/pulls/1")
    assert (first["mergeable"], first["mergeable_state"]) == (None, "unknown")
    assert (second["mergeable"], second["mergeable_state"]) == (False, "dirty")
    assert refusal(lambda: client.get_pull(1).merge()) == (405, "Pull Request is not mergeable")


@pytest.mark.parametrize(("method", "parents"), [("merge", 2), ("squash", 1)])
def test_a_pull_request_is_merged(shop: Repository, pull: PullRequest, method: str, parents: int) -> None:
    wrong = pull.base.sha
    assert refusal(lambda: pull.merge(sha=wrong))[0] == 409
    done = pull.merge(merge_method=method, sha=pull.head.sha)
    assert (shop.head(), len(shop.history.commit(done.sha).parents)) == (done.sha, parents)
    assert shop.read("main", "app.py").decode() == CHANGED
    pull.update()
    assert (pull.state, pull.merged, pull.is_merged()) == ("closed", True, True)


def test_a_pull_request_counts_as_merged_once_its_commits_are_in_the_base(shop: Repository, pull: PullRequest) -> None:
    shop.move_ref("refs/heads/main", shop.head("side"))
    pull.update()
    assert (pull.state, pull.merged) == ("closed", True)


# ---- reviews


def comment(line: int, path: str = "app.py", **more: Any) -> dict[str, Any]:
    return {"path": path, "line": line, "body": "Look.", **more}


def test_a_review_comes_with_all_its_comments(shop: Repository, pull: PullRequest) -> None:
    comments = [comment(2), comment(2, side="LEFT"), comment(4, start_line=1)]
    review = pull.create_review(body="Well.", event="COMMENT", comments=comments)  # type: ignore[arg-type]
    assert (review.state, len(shop.review_comments)) == ("COMMENTED", 3)
    shown = {(each.line, each.side, each.start_line) for each in pull.get_review_comments()}
    assert shown == {(2, "RIGHT", None), (2, "LEFT", None), (4, "RIGHT", 1)}
    assert [each.body for each in pull.get_single_review_comments(review.id)] == ["Look."] * 3


BAD_LINES = [
    ("a line outside of the diff", comment(200), f"Pull request review thread line must be part of the diff{BLANK}"),
    ("a file that is not changed", comment(1, "run.sh"), f"Pull request review thread path is invalid{BLANK}"),
    (
        "a start after the end",
        comment(2, start_line=3),
        "Pull request review thread start line must precede the end line.",
    ),
    (
        "a start outside of the hunk",
        comment(2, start_line=-1),
        "Pull request review thread start line must be part of the same hunk as the line.",
    ),
    ("an empty comment", comment(2, body=" "), "Pull request review thread body can't be blank"),
]


@pytest.mark.parametrize(("bad", "words"), [row[1:] for row in BAD_LINES], ids=[row[0] for row in BAD_LINES])
def test_one_bad_comment_sinks_the_whole_review(
    shop: Repository, pull: PullRequest, bad: dict[str, Any], words: str
) -> None:
    body = {"body": "Well.", "event": "COMMENT", "comments": [comment(2), bad, comment(3)]}
    with pytest.raises(GithubException) as caught:
        pull.requester.requestJsonAndCheck("POST", f"{pull.url}/reviews", input=body)
    assert (caught.value.status, caught.value.data["errors"]) == (422, [words])
    assert (shop.reviews, shop.review_comments) == ({}, {})


@pytest.mark.parametrize(
    ("token", "event", "words"),
    [
        ("maria-t0ken", "APPROVE", "Can not approve your own pull request"),
        ("maria-t0ken", "REQUEST_CHANGES", "Can not request changes on your own pull request"),
        ("b0t", "APPROVE", "GitHub Actions is not permitted to approve pull requests."),
        ("mallory-t0ken", "COMMENT", "Body can't be blank"),
    ],
)
def test_a_review_is_refused(
    shop: Repository, pull: PullRequest, connect: Callable[[str], Github], token: str, event: str, words: str
) -> None:
    shop.actions_may_create_pulls = False
    mine = connect(token).get_repo("octo/shop").get_pull(pull.number)
    with pytest.raises(GithubException) as caught:
        mine.create_review(body="" if event == "COMMENT" else "Well.", event=event)
    assert (caught.value.status, caught.value.data["errors"]) == (422, [words])


def test_a_pending_review_is_its_authors_secret_until_it_is_sent(
    pull: PullRequest, connect: Callable[[str], Github]
) -> None:
    mine = connect("mallory-t0ken").get_repo("octo/shop").get_pull(pull.number)
    review = mine.create_review(body="Hm.", comments=[comment(2)])  # type: ignore[list-item]
    assert (review.state, list(pull.get_reviews()), list(pull.get_review_comments())) == ("PENDING", [], [])
    assert refusal(lambda: mine.create_review(body="Another."))[0] == 422
    raw(
        connect("mallory-t0ken").get_repo("octo/shop"),
        "POST",
        f"/pulls/1/reviews/{review.id}/events",
        {"event": "COMMENT"},
    )
    assert [each.state for each in pull.get_reviews()] == ["COMMENTED"]
    assert len(list(pull.get_review_comments())) == 1


def test_a_pending_review_can_be_thrown_away_and_a_sent_one_dismissed(
    shop: Repository, pull: PullRequest, connect: Callable[[str], Github]
) -> None:
    mine = connect("maria-t0ken").get_repo("octo/shop").get_pull(pull.number)
    mine.create_review(body="Hm.", comments=[comment(2)]).delete()  # type: ignore[list-item]
    assert (shop.reviews, shop.review_comments) == ({}, {})
    sent = connect("mallory-t0ken").get_repo("octo/shop").get_pull(1).create_review(body="No.", event="REQUEST_CHANGES")
    assert refusal(sent.delete) == (422, "Can not delete a non-pending pull request review")
    sent.dismiss("Not so.")
    assert raw(connect("b0t").get_repo("octo/shop"), "GET", f"/pulls/1/reviews/{sent.id}")["state"] == "DISMISSED"


def test_a_comment_on_a_line_is_answered_changed_and_removed(client: Client, pull: PullRequest) -> None:
    made = pull.create_review_comment("Look.", client.get_commit(pull.head.sha), "app.py", line=2)
    assert (made.line, made.diff_hunk) == (2, "@@ -1,5 +1,5 @@\n one\n-two\n+2")
    reply = pull.create_review_comment_reply(made.id, "I see.")
    assert reply.in_reply_to_id == made.id
    made.edit("Look again.")
    made.create_reaction("eyes")
    assert raw(client, "GET", f"/pulls/comments/{made.id}")["body"] == "Look again."
    made.delete()
    assert [each.id for each in client.get_pulls_review_comments()] == [reply.id]


@pytest.mark.parametrize(
    ("body", "field"),
    [
        (comment(200), "pull_request_review_thread.line"),
        (comment(1, "run.sh"), "pull_request_review_thread.path"),
    ],
)
def test_a_comment_on_a_bad_line_names_the_field(client: Client, pull: PullRequest, body: Any, field: str) -> None:
    with pytest.raises(GithubException) as caught:
        raw(client, "POST", "/pulls/1/comments", {**body, "commit_id": pull.head.sha})
    assert (caught.value.status, caught.value.data["errors"][0]["field"]) == (422, field)


def test_a_comments_line_moves_with_the_file_until_it_is_gone(
    client: Client, shop: Repository, pull: PullRequest
) -> None:
    kept = shop.comment_on_lines(pull.number, "maria", LineDraft("Here.", "app.py", 4))
    lost = shop.comment_on_lines(pull.number, "maria", LineDraft("There.", "app.py", 2))
    shop.commit("side", {"app.py": "zero\none\nthree\nfour\nfive\n"}, "Push it down")
    found = {each["id"]: each for each in raw(client, "GET", "/pulls/1/comments")}
    assert (found[kept.id]["line"], found[kept.id]["original_line"]) == (4, 4)
    assert (found[lost.id]["line"], found[lost.id]["position"], found[lost.id]["original_line"]) == (None, None, 2)
    assert found[lost.id]["commit_id"] == found[lost.id]["original_commit_id"] == pull.head.sha


def test_reviewers_are_asked_for_among_those_who_may(shop: Repository, pull: PullRequest) -> None:
    assert refusal(lambda: pull.create_review_request(["mallory"]))[0] == 422
    shop.set_permission("ann", "read")
    pull.create_review_request(["ann"])
    assert [user.login for user in pull.get_review_requests()[0]] == ["ann"]


def test_the_diff_comes_as_text(client: Client, pull: PullRequest) -> None:
    headers = {"Accept": "application/vnd.github.diff"}
    _, _, text = client.requester.requestJson("GET", f"/repos/octo/shop/pulls/{pull.number}", headers=headers)
    assert text.startswith("diff --git a/app.py b/app.py\n")
    assert "+2\n" in text


THREADS = """query($owner: String!, $name: String!, $number: Int!, $after: String) {
  repository(owner: $owner, name: $name) { pullRequest(number: $number) { reviewThreads(first: 2, after: $after) {
    pageInfo { hasNextPage endCursor }
    nodes { isResolved isOutdated path line comments(first: 10) { nodes {
      author { __typename login ... on User { databaseId } } body reactionGroups { content reactors { totalCount } }
    } } }
  } } }
}"""


def threads(client: Client, after: str | None = None) -> dict[str, Any]:
    named = {"owner": "octo", "name": "shop", "number": 1, "after": after}
    answer = client.requester.graphql_query(THREADS, named)[1]
    found: dict[str, Any] = answer["data"]["repository"]["pullRequest"]["reviewThreads"]
    return found


def test_review_threads_are_known_to_graphql_with_their_state(
    client: Client, shop: Repository, pull: PullRequest
) -> None:
    made = [shop.comment_on_lines(1, "maria", LineDraft(f"{n}", "app.py", 2)) for n in range(3)]
    shop.reply(made[0].id, "mallory", "No, by design.")
    shop.react(made[1], "mallory", "-1")
    shop.resolve_thread(made[1].id)

    first = threads(client)
    second = threads(client, first["pageInfo"]["endCursor"])

    assert pull.number == 1
    assert first["pageInfo"] == {"hasNextPage": True, "endCursor": "2"}
    assert [node["isResolved"] for node in [*first["nodes"], *second["nodes"]]] == [False, True, False]
    assert [one["body"] for one in first["nodes"][0]["comments"]["nodes"]] == ["0", "No, by design."]
    groups = first["nodes"][1]["comments"]["nodes"][0]["reactionGroups"]
    assert {"content": "THUMBS_DOWN", "reactors": {"totalCount": 1}} in groups
    assert first["nodes"][0]["comments"]["nodes"][1]["author"]["login"] == "mallory"
    assert (first["nodes"][0]["line"], second["pageInfo"]["hasNextPage"]) == (2, False)


def test_a_thread_whose_line_is_gone_is_outdated(client: Client, shop: Repository, pull: PullRequest) -> None:
    shop.comment_on_lines(pull.number, "maria", LineDraft("Why?", "app.py", 2))
    shop.commit("side", {"app.py": "one\nanother\nthree\nfour\nfive\n"}, "Again", author="maria")
    assert [(node["isOutdated"], node["line"]) for node in threads(client)["nodes"]] == [(True, None)]


def test_a_pending_review_s_threads_are_shown_to_nobody(client: Client, pull: PullRequest) -> None:
    client.get_pull(pull.number).create_review(body="Hm.", comments=[{"path": "app.py", "line": 2, "body": "Why?"}])
    assert threads(client)["nodes"] == []
