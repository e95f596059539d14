from __future__ import annotations

import time
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from typing import TYPE_CHECKING, Any

import pytest

from bot.adapters.github import GitHubReader
from bot.adapters.github_session import PATIENCE, Session
from bot.adapters.github_writer import GitHubWriter
from bot.core.forge import EMPTY_TREE, Comparison, Editing, TreeEntry
from bot.core.refs import Actor
from bot.errors import ForgeError
from bot.rehearsal import github_faults as faults
from bot.rehearsal.github_faults import Fault
from bot.rehearsal.github_reviews import LineDraft
from bot.rehearsal.github_service import FakeGitHub

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from pathlib import Path

    from bot.rehearsal.github_faults import Effect
    from bot.rehearsal.github_repository import Repository
    from bot.rehearsal.github_service import GitHubServer

NOWHERE = "0123456789" * 4
LOGIN = "github-actions[bot]"
PERMISSIONS = {"contents": "write", "issues": "write", "pull_requests": "write", "metadata": "read", "actions": "read"}


@pytest.fixture
def github(tmp_path: Path) -> Iterator[FakeGitHub]:
    github = FakeGitHub(tmp_path / "github")
    github.add_token("b0t", login=LOGIN, permissions=PERMISSIONS)
    github.add_token("read-0nly", login=LOGIN, permissions=dict.fromkeys(PERMISSIONS, "read"))
    github.add_token("maria-t0ken", login="maria")
    yield github
    github.close()


@pytest.fixture
def shop(github: FakeGitHub) -> Repository:
    shop = github.add_repository(
        "octo/shop", files={"app.py": "one\ntwo\n", "docs/ä b.md": "# Ä\n", "x.bin": b"\0\xff"}
    )
    shop.set_permission("maria", "write")
    shop.open_issue("maria", "Broken", "It is.")
    return shop


@pytest.fixture
def server(github: FakeGitHub) -> Iterator[GitHubServer]:
    with github.serve() as server:
        yield server


@pytest.fixture
def session(shop: Repository, server: GitHubServer) -> Session:
    return Session("b0t", server.api_url, shop.full_name)


@pytest.fixture
def reader(session: Session) -> GitHubReader:
    return GitHubReader(session)


@pytest.fixture
def writer(session: Session) -> GitHubWriter:
    return GitHubWriter(session)


def asked(github: FakeGitHub) -> list[tuple[str, str, int]]:
    return [(one.method, one.path.removeprefix("/repos/octo/shop"), one.status) for one in github.requests]


def refused(action: Callable[[], Any]) -> ForgeError:
    with pytest.raises(ForgeError) as caught:
        action()
    return caught.value


# ---- people


@pytest.mark.parametrize("role", ["admin", "maintain", "write", "triage", "read"])
def test_a_role_is_the_one_github_names_not_what_it_amounts_to(
    shop: Repository, reader: GitHubReader, role: str
) -> None:
    shop.set_permission("maria", role)
    assert reader.permission("maria") == role


def test_a_stranger_reads_and_an_unknown_account_may_nothing(
    github: FakeGitHub, shop: Repository, reader: GitHubReader
) -> None:
    github.add_user("mallory")
    assert reader.permission("mallory") == shop.permission_of("mallory")
    assert reader.permission("nobody-at-all") == "none"


def test_a_role_of_the_organisation_s_own_counts_as_what_it_amounts_to(
    github: FakeGitHub, reader: GitHubReader
) -> None:
    github.faults.append(Fault(faults.answer(200, {"permission": "write", "role_name": "release-captain"})))
    assert reader.permission("maria") == "write"


def test_a_login_cannot_lead_to_another_address(github: FakeGitHub, reader: GitHubReader) -> None:
    assert reader.permission("../../../user") == "none"
    assert all("/collaborators/" in one.path for one in github.requests)


@pytest.mark.parametrize(("token", "login"), [("maria-t0ken", "maria"), ("b0t", ""), ("unknown", "")])
def test_only_a_person_s_token_knows_its_login(shop: Repository, server: GitHubServer, token: str, login: str) -> None:
    assert GitHubReader(Session(token, server.api_url, shop.full_name)).login() == login


# ---- comments


def test_a_comment_as_it_stands(shop: Repository, reader: GitHubReader, server: GitHubServer) -> None:
    made = shop.comment(1, "maria", "/generate 🙂")
    found = reader.comment(made.id, "issue")
    assert found is not None
    assert (found.id, found.body, found.author.login) == (made.id, "/generate 🙂", "maria")
    assert found.author == Actor("maria", made.author.id, "User")
    assert found.created_at == found.updated_at
    assert found.created_at.endswith("Z")
    assert found.node
    assert found.url.startswith(f"{server.server_url}/octo/shop/issues/1#")


def test_a_comment_that_is_gone_is_none(shop: Repository, reader: GitHubReader) -> None:
    made = shop.comment(1, "maria", "/generate")
    shop.delete_comment(made.id)
    assert reader.comment(made.id, "issue") is None
    assert reader.comment(made.id, "review") is None


@pytest.mark.parametrize(("count", "requests"), [(0, 1), (99, 1), (100, 2), (130, 2)])
def test_comments_come_in_order_and_in_few_requests(
    github: FakeGitHub, shop: Repository, reader: GitHubReader, count: int, requests: int
) -> None:
    for number in range(count):
        shop.comment(1, "maria", f"comment {number}")
    assert [one.body for one in reader.comments(1)] == [f"comment {number}" for number in range(count)]
    assert len(github.requests) == requests


def test_the_author_of_a_deleted_account_is_a_ghost(github: FakeGitHub, shop: Repository, reader: GitHubReader) -> None:
    made = shop.comment(1, "maria", "text")
    times = {"created_at": "2026-01-01T00:00:00Z", "updated_at": "2026-01-01T00:00:00Z"}
    body: dict[str, object] = {"id": made.id, "body": None, "user": None, "html_url": "https://x.example", **times}
    github.faults.append(Fault(faults.answer(200, body)))
    found = reader.comment(made.id, "issue")
    assert found is not None
    assert (found.author.login, found.body) == ("ghost", "")


def test_who_edited_a_comment(shop: Repository, reader: GitHubReader) -> None:
    mine = shop.comment(1, LOGIN, "mine")
    shop.comment(1, "maria", "hers")
    shop.edit_comment(mine.id, by="maria", body="not mine any more")
    nodes = [one.node for one in reader.comments(1)]
    assert reader.editing(nodes) == [
        Editing("github-actions", "maria", LOGIN),
        Editing("maria", "", LOGIN),
    ]


def test_a_server_without_graphql_cannot_say_who_edited(github: FakeGitHub, reader: GitHubReader) -> None:
    github.graphql_enabled = False
    assert reader.editing(["IC_1"]) is None
    assert len(github.requests) == 1


def test_asking_about_a_comment_that_is_gone_is_an_error(shop: Repository, reader: GitHubReader) -> None:
    made = shop.comment(1, "maria", "text")
    node = reader.comments(1)[0].node
    shop.delete_comment(made.id)
    assert "Could not resolve to a node" in str(refused(lambda: reader.editing([node])))


def test_graphql_s_own_refusal_is_an_error(github: FakeGitHub, reader: GitHubReader) -> None:
    body: dict[str, object] = {"data": None, "errors": [{"type": "FORBIDDEN", "message": "Resource not accessible"}]}
    github.faults.append(Fault(faults.answer(200, body)))
    error = refused(lambda: reader.editing(["IC_1"]))
    assert "Resource not accessible" in str(error)
    assert error.status not in {404, 405, 410, 501}


# ---- contents


@pytest.mark.parametrize(
    ("path", "content"),
    [
        ("app.py", b"one\ntwo\n"),
        ("docs/ä b.md", b"# \xc3\x84\n"),
        ("x.bin", b"\0\xff"),
        ("none.py", None),
        ("docs", None),
    ],
)
def test_a_file_at_a_branch(reader: GitHubReader, path: str, content: bytes | None) -> None:
    assert reader.file(path, "main") == content


def test_a_file_at_a_commit_and_at_none(shop: Repository, reader: GitHubReader) -> None:
    first = shop.head()
    shop.commit("main", {"app.py": "three\n"}, "Second")
    assert reader.file("app.py", first) == b"one\ntwo\n"
    assert reader.file("app.py", "no-such-branch") is None


def test_the_title_as_it_is_now(github: FakeGitHub, shop: Repository, reader: GitHubReader) -> None:
    shop.edit_issue(1, "maria", title="Still broken")
    assert reader.issue_title(1) == "Still broken"
    assert len(github.requests) == 1
    assert refused(lambda: reader.issue_title(99)).status == 404


def test_a_commit_with_its_tree_and_parents(shop: Repository, reader: GitHubReader) -> None:
    first = shop.head()
    second = shop.commit("main", {"app.py": "three\n"}, "Second\n\nwith a body")
    found = reader.commit(second)
    assert found is not None
    assert (found.sha, found.parents, found.message.strip()) == (second, (first,), "Second\n\nwith a body")
    assert reader.tree(found.tree)["app.py"].kind == "blob"


@pytest.mark.parametrize("sha", [NOWHERE, "zzz"])
def test_a_commit_that_is_not_there_is_none(reader: GitHubReader, sha: str) -> None:
    assert reader.commit(sha) is None


def test_a_tree_and_a_blob(shop: Repository, reader: GitHubReader) -> None:
    commit = reader.commit(shop.head())
    assert commit is not None
    names = reader.tree(commit.tree)
    assert {name: (entry.mode, entry.kind) for name, entry in names.items()} == {
        "app.py": ("100644", "blob"),
        "docs": ("040000", "tree"),
        "x.bin": ("100644", "blob"),
    }
    assert reader.blob(names["x.bin"].sha) == b"\0\xff"
    assert reader.tree(names["docs"].sha) == {
        "ä b.md": TreeEntry("100644", "blob", reader.tree(names["docs"].sha)["ä b.md"].sha)
    }


def test_trees_and_blobs_that_are_not_there_are_errors(reader: GitHubReader) -> None:
    assert refused(lambda: reader.tree(NOWHERE)).status == 404
    assert refused(lambda: reader.blob(NOWHERE)).status == 404


def test_how_commits_stand_to_each_other(shop: Repository, reader: GitHubReader) -> None:
    base = shop.head()
    shop.branch("side", base)
    one = shop.commit("main", {"app.py": "changed\n", "docs/ä b.md": None}, "One")
    two = shop.commit("side", {"new.py": "new\n"}, "Two")
    assert reader.compare(base, one) == Comparison(1, 0, {"app.py": "modified", "docs/ä b.md": "removed"})
    assert reader.compare(one, two) == Comparison(1, 1, {"new.py": "added"})
    assert reader.compare(base, base) == Comparison(0, 0, {})
    assert reader.compare(base, NOWHERE) is None


def test_both_names_of_a_renamed_file_are_told(shop: Repository, reader: GitHubReader) -> None:
    text = "a long text that stays the same\n" * 20
    base = shop.commit("main", {"old.md": text}, "Old")
    new = shop.commit("main", {"old.md": None, "new.md": text}, "New")
    found = reader.compare(base, new)
    assert found is not None
    assert found.files == {"new.md": "renamed", "old.md": "renamed"}


def test_more_files_than_a_comparison_lists_are_not_taken_for_all(shop: Repository, reader: GitHubReader) -> None:
    base = shop.head()
    new = shop.commit("main", {f"many/{number}.txt": "x\n" for number in range(301)}, "Many")
    assert reader.compare(base, new) == Comparison(1, 0, None)


# ---- refs, pull requests, environments


def test_refs_by_name_and_by_prefix(github: FakeGitHub, shop: Repository, reader: GitHubReader) -> None:
    head = shop.head()
    names = [f"draftgate/proposals/1/{number:040x}" for number in range(120)]
    for name in names:
        shop.move_ref(f"refs/{name}", head)
    assert reader.ref("heads/main") == head
    assert reader.ref("heads/mai") is None
    assert reader.ref("draftgate/proposals/1") is None
    before = len(github.requests)
    assert reader.refs("draftgate/proposals/1/") == dict.fromkeys(names, head)
    assert len(github.requests) - before <= 2
    assert reader.refs("draftgate/closed/") == {}


def test_a_pull_request_and_the_newest_one_of_a_branch(
    shop: Repository, reader: GitHubReader, server: GitHubServer
) -> None:
    assert reader.find_pull("topic") is None
    shop.branch("topic")
    tip = shop.commit("topic", {"new.py": "x\n"}, "Topic")
    old = shop.open_pull("maria", "Old", head="topic")
    shop.set_state(old.number, "closed", "maria")
    new = shop.open_pull("maria", "New", head="topic", draft=True)
    pull = reader.pull(new.number)
    assert (pull.number, pull.is_open, pull.head_sha, pull.head_ref, pull.base_ref, pull.is_fork) == (
        *(new.number, True, tip, "topic", "main", False),
    )
    assert pull.url == f"{server.server_url}/octo/shop/pull/{new.number}"
    assert reader.find_pull("topic") == pull
    assert not reader.pull(old.number).is_open
    assert refused(lambda: reader.pull(1)).status == 404


def test_a_fork_s_pull_request_is_one_even_when_the_fork_is_gone(
    github: FakeGitHub, shop: Repository, reader: GitHubReader
) -> None:
    fork = github.fork(shop, "mallory/shop")
    fork.commit("main", {"new.py": "x\n"}, "Evil")
    issue = shop.open_pull("mallory", "Take this", head="mallory:main")
    assert reader.pull(issue.number).is_fork
    github.delete_repository("mallory/shop")
    assert reader.pull(issue.number).is_fork
    assert reader.find_pull("main") is None


def test_only_an_environment_with_reviewers_has_them(shop: Repository, reader: GitHubReader) -> None:
    shop.add_environment("guarded", ["maria"])
    shop.add_environment("open")
    held = {name: reader.environment_has_reviewers(name) for name in ("guarded", "open", "none", "a/b")}
    assert held == {"guarded": True, "open": False, "none": False, "a/b": False}


# ---- writing


def test_a_comment_is_made_and_edited_with_one_request_each(
    github: FakeGitHub, shop: Repository, writer: GitHubWriter
) -> None:
    made = writer.create_comment(1, "first")
    edited = writer.edit_comment(made.id, "second")
    assert (made.body, edited.body, edited.id, made.author.login) == ("first", "second", made.id, LOGIN)
    assert [one.body for one in shop.comments_on(1)] == ["second"]
    assert [method for method, _, _ in asked(github)] == ["POST", "PATCH"]


def test_comments_that_cannot_be_made(writer: GitHubWriter) -> None:
    assert refused(lambda: writer.create_comment(99, "text")).status == 404
    assert refused(lambda: writer.edit_comment(99, "text")).status == 404
    error = refused(lambda: writer.create_comment(1, "x" * 70_000))
    assert error.status == 422
    assert not error.uncertain
    assert "too long" in str(error)


def test_a_commit_is_built_from_blobs_and_a_tree(shop: Repository, reader: GitHubReader, writer: GitHubWriter) -> None:
    base = reader.commit(shop.head())
    assert base is not None
    blob = writer.create_blob(b"\0new\xff")
    entries = {"new/x.bin": ("100755", blob), "app.py": ("100644", None)}
    tree = writer.create_tree(base.tree, entries)
    sha = writer.create_commit("Title\n\nbody\n", tree, base.sha)
    made = reader.commit(sha)
    assert made is not None
    assert (made.tree, made.parents, made.message.strip()) == (tree, (base.sha,), "Title\n\nbody")
    assert set(shop.tree(sha)) == {"docs/ä b.md", "new/x.bin", "x.bin"}
    assert shop.read(sha, "new/x.bin") == b"\0new\xff"
    assert reader.tree(reader.tree(tree)["new"].sha)["x.bin"].mode == "100755"


def test_objects_that_cannot_be_made(writer: GitHubWriter) -> None:
    assert refused(lambda: writer.create_tree(EMPTY_TREE, {"a": ("100644", NOWHERE)})).status in {404, 422}
    assert refused(lambda: writer.create_commit("x", NOWHERE, NOWHERE)).status in {404, 422}


def test_a_ref_that_stands_there_already_is_fine_only_with_the_same_commit(
    shop: Repository, writer: GitHubWriter
) -> None:
    old, new = shop.head(), shop.commit("main", {"app.py": "x\n"}, "New")
    writer.create_ref("draftgate/proposals/1/x", old)
    writer.create_ref("draftgate/proposals/1/x", old)
    error = refused(lambda: writer.create_ref("draftgate/proposals/1/x", new))
    assert (error.status, "already exists" in str(error)) == (422, True)
    assert shop.ref("draftgate/proposals/1/x") == old


def test_a_ref_to_nothing_is_refused(shop: Repository, writer: GitHubWriter) -> None:
    assert refused(lambda: writer.create_ref("heads/x", NOWHERE)).status == 422
    assert shop.ref("heads/x") is None


def test_a_ref_moves_forward_and_only_forward(shop: Repository, writer: GitHubWriter) -> None:
    old = shop.head()
    shop.branch("topic", old)
    new = shop.commit("main", {"app.py": "x\n"}, "New")
    other = shop.commit("topic", {"app.py": "y\n"}, "Other")
    shop.branch("moving", old)
    writer.advance_ref("heads/moving", new)
    writer.advance_ref("heads/moving", new)
    assert shop.ref("heads/moving") == new
    error = refused(lambda: writer.advance_ref("heads/moving", other))
    assert (error.status, "fast forward" in str(error).lower()) == (422, True)
    assert shop.ref("heads/moving") == new
    assert refused(lambda: writer.advance_ref("heads/none", new)).status in {404, 422}


def test_a_ref_is_deleted_and_one_that_is_gone_is_fine(shop: Repository, writer: GitHubWriter) -> None:
    writer.create_ref("draftgate/proposals/1/x", shop.head())
    writer.delete_ref("draftgate/proposals/1/x")
    writer.delete_ref("draftgate/proposals/1/x")
    assert shop.ref("draftgate/proposals/1/x") is None


def test_a_ref_that_a_ruleset_keeps_is_not_taken_for_gone(github: FakeGitHub, writer: GitHubWriter) -> None:
    github.faults.append(Fault(faults.answer(422, {"message": "Repository rule violations found"}), method="DELETE"))
    assert refused(lambda: writer.delete_ref("draftgate/proposals/1/x")).status == 422


def test_a_draft_pull_request_with_one_request(github: FakeGitHub, shop: Repository, writer: GitHubWriter) -> None:
    shop.branch("topic")
    shop.commit("topic", {"new.py": "x\n"}, "Topic")
    pull = writer.create_pull("topic", "main", "Title", "Body")
    issue, made = shop.pull(pull.number)
    assert (issue.title, issue.body, made.draft, made.base_ref) == ("Title", "Body", True, "main")
    assert asked(github) == [("POST", "/pulls", 201)]
    error = refused(lambda: writer.create_pull("topic", "main", "Title", "Body"))
    assert (error.status, "already exists" in str(error)) == (422, True)


# ---- what goes wrong

BROKEN: dict[str, Effect] = {
    "500": faults.answer(500, {"message": "Server Error"}),
    "502": faults.answer(502, b"<html>Bad gateway</html>"),
    "503 without a body": faults.answer(503),
    "dropped": faults.drop(),
    "dropped after acting": faults.act_then_drop(),
    "truncated": faults.truncate(),
    "truncated without a sign": faults.truncate(honest=False),
    "empty": faults.truncate(0, honest=False),
    "a proxy's page": faults.answer(200, b"<html>Sign in to the guest network</html>"),
    "without its fields": faults.answer(200, {"message": "hello"}),
    "a limit for a second": faults.secondary_limit(403, 1),
    "a limit for a second, as 429": faults.secondary_limit(429, 1),
    "a limit for no time at all": faults.secondary_limit(429, 0),
}


@pytest.mark.parametrize("name", BROKEN)
def test_a_read_is_repeated_until_it_is_answered(github: FakeGitHub, reader: GitHubReader, name: str) -> None:
    github.faults.append(Fault(BROKEN[name]))
    assert reader.ref("heads/main") == github.repository("octo/shop").head()
    assert len(github.requests) == 2


def test_the_time_that_a_limit_asks_for_is_waited_for(github: FakeGitHub, reader: GitHubReader) -> None:
    github.faults.append(Fault(faults.secondary_limit(403, 1)))
    began = time.monotonic()
    assert reader.ref("heads/main")
    assert time.monotonic() - began >= 1


def test_a_spent_budget_is_waited_for_until_it_is_renewed(github: FakeGitHub, reader: GitHubReader) -> None:
    reset = int(time.time()) + 1
    github.faults.append(Fault(faults.primary_limit(reset)))
    assert reader.ref("heads/main")
    assert time.time() >= reset


@pytest.mark.parametrize(
    ("effect", "status", "said"),
    [
        (faults.answer(401, {"message": "Bad credentials"}), 401, "Bad credentials"),
        (faults.answer(403, {"message": "Resource not accessible by integration"}), 403, "not accessible"),
        (faults.answer(404, {"message": "Not Found"}), 404, "Not Found"),
        (faults.answer(410, {"message": "Issues are disabled"}), 410, "disabled"),
        (faults.secondary_limit(403, 3600), 403, "secondary rate limit"),
        (faults.secondary_limit(429, 3600), 429, "secondary rate limit"),
        (faults.secondary_limit(403), 403, "secondary rate limit"),
        (faults.primary_limit(time.time() + 3000), 403, "rate limit exceeded"),
    ],
    ids=["401", "403", "404", "410", "403 for an hour", "429 for an hour", "for who knows how long", "spent"],
)
def test_what_waiting_does_not_mend_is_given_up_at_once(
    github: FakeGitHub, reader: GitHubReader, effect: Effect, status: int, said: str
) -> None:
    github.faults.append(Fault(effect, times=None))
    began = time.monotonic()
    error = refused(lambda: reader.comments(1))
    assert (error.status, error.uncertain) == (status, False)
    assert said in str(error)
    assert len(github.requests) == 1
    assert time.monotonic() - began < PATIENCE / 2


@pytest.mark.parametrize(
    "ask",
    [
        lambda reader: reader.pull(1),
        lambda reader: reader.comment(1, "issue"),
        lambda reader: reader.comments(1),
        lambda reader: reader.ref("heads/main"),
        lambda reader: reader.refs("heads/"),
        lambda reader: reader.compare("main", "main"),
        lambda reader: reader.commit("a" * 40),
        lambda reader: reader.blob("a" * 40),
        lambda reader: reader.editing(["x"]),
    ],
    ids=["pull", "comment", "comments", "ref", "refs", "compare", "commit", "blob", "editing"],
)
def test_an_answer_that_makes_no_sense_is_no_bug_of_ours(
    github: FakeGitHub, reader: GitHubReader, ask: Callable[[GitHubReader], object]
) -> None:
    effect = faults.answer(200, b"[1]", {"Content-Type": "application/json"})
    github.faults.append(Fault(effect))
    with suppress(ForgeError):
        ask(reader)
    assert len(github.requests) == 2


def test_a_server_that_stays_broken_is_given_up(github: FakeGitHub, reader: GitHubReader) -> None:
    github.faults.append(Fault(faults.answer(502), times=None))
    error = refused(lambda: reader.ref("heads/main"))
    assert (error.status, error.uncertain, len(github.requests)) == (502, True, 4)


@pytest.mark.parametrize(
    ("effect", "status", "made"),
    [
        (faults.act_then_answer(502), 502, 1),
        (faults.act_then_answer(500, b"{}"), 500, 1),
        (faults.act_then_drop(), 0, 1),
        (faults.drop(), 0, 0),
        (faults.truncate(), 0, 1),
        (faults.truncate(honest=False), 0, 1),
        (faults.answer(200, b"<html>"), 0, 0),
    ],
    ids=["502", "500", "dropped after", "dropped before", "truncated", "broken JSON", "a page"],
)
def test_a_comment_is_never_posted_twice_blindly(
    github: FakeGitHub, shop: Repository, writer: GitHubWriter, effect: Effect, status: int, made: int
) -> None:
    github.faults.append(Fault(effect))
    error = refused(lambda: writer.create_comment(1, "text"))
    assert (error.status, error.uncertain) == (status, True)
    assert len(shop.comments_on(1)) == made
    assert len(github.requests) == 1


def test_nor_is_a_pull_request(github: FakeGitHub, shop: Repository, writer: GitHubWriter) -> None:
    shop.branch("topic")
    shop.commit("topic", {"new.py": "x\n"}, "Topic")
    github.faults.append(Fault(faults.act_then_answer(502)))
    assert refused(lambda: writer.create_pull("topic", "main", "Title", "Body")).uncertain
    assert len(shop.pulls()) == len(github.requests) == 1


def test_a_limit_on_a_comment_means_that_nothing_was_done_so_it_is_repeated(
    github: FakeGitHub, shop: Repository, writer: GitHubWriter
) -> None:
    github.faults.append(Fault(faults.secondary_limit(403, 0)))
    writer.create_comment(1, "text")
    assert len(shop.comments_on(1)) == 1


@pytest.mark.parametrize("effect", [faults.act_then_answer(502), faults.act_then_drop(), faults.truncate()])
def test_writes_that_lost_their_answer_are_repeated_where_that_changes_nothing(
    github: FakeGitHub, shop: Repository, writer: GitHubWriter, effect: Effect
) -> None:
    old = shop.head()
    new = shop.commit("main", {"app.py": "x\n"}, "New")
    acts: list[Callable[[], None]] = [
        lambda: writer.create_ref("heads/topic", old),
        lambda: writer.advance_ref("heads/topic", new),
        lambda: writer.delete_ref("heads/topic"),
    ]
    for act in acts:
        github.faults[:] = [Fault(effect, method="POST|PATCH|DELETE")]
        act()
        assert github.faults[0].struck == 1
    assert shop.ref("heads/topic") is None


def test_a_token_without_the_permission_is_told_so(shop: Repository, server: GitHubServer) -> None:
    writer = GitHubWriter(Session("read-0nly", server.api_url, shop.full_name))
    error = refused(lambda: writer.create_comment(1, "text"))
    assert (error.status, str(error)) == (403, "Resource not accessible by integration")


def test_nobody_listening_is_no_answer(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("no_proxy", "127.0.0.1")
    session = Session("b0t", "http://127.0.0.1:9/api/v3", "octo/shop")
    error = refused(lambda: GitHubWriter(session).create_comment(1, "text"))
    assert (error.status, error.uncertain) == (0, True)
    assert "b0t" not in str(error)


# ---- many at once


def test_eight_threads_get_each_their_own_answers(github: FakeGitHub, shop: Repository, reader: GitHubReader) -> None:
    made = [shop.comment(1, "maria", f"comment {number}") for number in range(40)]
    github.latency = 0.005
    with ThreadPoolExecutor(8) as pool:
        found = list(pool.map(lambda one: reader.comment(one.id, "issue"), made))
    assert [one and one.body for one in found] == [one.body for one in made]


def test_trouble_in_one_thread_is_not_another_s(github: FakeGitHub, shop: Repository, reader: GitHubReader) -> None:
    github.faults.append(Fault(faults.answer(403, {"message": "no"}), path="/issues/comments/", times=None))
    head = shop.head()

    def look(number: int) -> str | None:
        if number % 2:
            return str(refused(lambda: reader.comment(number, "issue")))
        return reader.ref("heads/main")

    with ThreadPoolExecutor(8) as pool:
        assert list(pool.map(look, range(40))) == [head, "no"] * 20


def test_an_answer_in_a_review_thread_is_made_and_edited_with_one_request_each(
    github: FakeGitHub, shop: Repository, writer: GitHubWriter
) -> None:
    shop.commit("topic", {"a.py": "4\n"}, "Four", author="maria")
    pull = shop.open_pull("maria", "Count on", "", head="topic").number
    root = shop.comment_on_lines(pull, "maria", LineDraft("Why 4?", "a.py", 1))
    before = len(github.requests)

    reply = writer.create_reply(pull, root.id, "Because.")
    edited = writer.edit_reply(reply.id, "Because of 3.")

    assert len(github.requests) - before == 2
    assert (edited.id, shop.review_comments[reply.id].body) == (reply.id, "Because of 3.")
    assert shop.review_comments[reply.id].reply_to == root.id
    shop.lock_conversation(pull)
    assert refused(lambda: writer.create_reply(pull, root.id, "More.")).status == 403
