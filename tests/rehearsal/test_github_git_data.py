"""Git data, contents and commits: true objects under GitHub's rules."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest
from github import InputGitTreeElement

from tests.rehearsal.github_client import commit_on, git, refusal

if TYPE_CHECKING:
    from collections.abc import Callable

    from github import Github
    from github.Repository import Repository as Client

    from bot.rehearsal.github_repository import Repository
    from bot.rehearsal.github_service import FakeGitHub

NOWHERE = "0" * 40


def test_a_commit_made_through_the_api_is_a_true_git_commit(client: Client, shop: Repository) -> None:
    made = commit_on(client, shop.head(), "deep/down/new.py")
    client.create_git_ref("refs/heads/draft", made.sha)
    assert git(shop.folder, "rev-parse", "draft") == made.sha
    assert git(shop.folder, "show", "draft:deep/down/new.py") == "new"
    assert git(shop.folder, "fsck", "--strict", "--no-dangling") == ""
    assert git(shop.folder, "log", "-1", "--format=%an <%ae>|%cn", "draft").startswith("github-actions[bot] <")


def test_the_commit_of_an_app_is_verified_and_one_that_names_its_author_is_not(
    client: Client, shop: Repository
) -> None:
    from github import InputGitAuthor  # noqa: PLC0415 - only here

    parent = client.get_git_commit(shop.head())
    own = client.create_git_commit("own", parent.tree, [parent])
    named = client.create_git_commit("named", parent.tree, [parent], InputGitAuthor("Someone", "some@example.com"))
    assert (own.verification.verified, named.verification.verified) == (True, False)
    assert (own.committer.name, named.committer.name) == ("GitHub", "Someone")


def test_the_same_content_twice_is_the_same_object(client: Client) -> None:
    assert client.create_git_blob("ü\n", "utf-8").sha == client.create_git_blob("w7wK", "base64").sha


def test_an_executable_keeps_its_mode_and_null_removes(client: Client, shop: Repository) -> None:
    base = client.get_git_commit(shop.head()).tree
    blob = shop.tree("main")["run.sh"]
    entries = [
        InputGitTreeElement("run.sh", "100755", "blob", sha=blob),
        InputGitTreeElement("docs/guide.md", "100644", "blob", sha=None),
    ]
    tree = client.create_git_tree(entries, base)
    assert [(each.path, each.mode) for each in tree.tree] == [("app.py", "100644"), ("run.sh", "100755")]


BAD_TREES: list[tuple[str, dict[str, Any], str]] = [
    ("a path out of the repository", {"path": "../x", "content": ""}, "tree.path contains a malformed path component"),
    ("git's own folder", {"path": "a/.GIT/config", "content": ""}, "tree.path contains a malformed path component"),
    ("a leading slash", {"path": "/x", "content": ""}, "tree.path cannot start with a slash"),
    ("a mode that git has not", {"path": "x", "mode": "100777", "content": ""}, "Must supply a valid tree.mode"),
    ("an object that is not there", {"path": "x", "sha": NOWHERE}, f"tree.sha {NOWHERE} is not a valid blob"),
    ("removing what is not there", {"path": "x", "sha": None}, "GitRPC::BadObjectState"),
    ("nothing at all", {"path": "x"}, "Must supply either tree.sha or tree.content"),
]


@pytest.mark.parametrize(("entry", "words"), [row[1:] for row in BAD_TREES], ids=[row[0] for row in BAD_TREES])
def test_a_tree_is_refused_with(client: Client, shop: Repository, entry: dict[str, Any], words: str) -> None:
    body = {"base_tree": shop.history.commit(shop.head()).tree, "tree": [{"mode": "100644", "type": "blob", **entry}]}
    ask = client.requester.requestJsonAndCheck
    assert refusal(lambda: ask("POST", "/repos/octo/shop/git/trees", input=body)) == (422, words)


@pytest.mark.parametrize(
    ("path", "body", "words"),
    [
        ("/git/commits", {"message": "m", "tree": NOWHERE}, "Tree SHA does not exist"),
        ("/git/refs", {"ref": "refs/heads/x", "sha": NOWHERE}, "Object does not exist"),
        ("/git/refs", {"ref": "refs/heads/x", "sha": "main"}, "The sha parameter must be exactly 40 characters"),
        ("/git/blobs", {"content": "=/=", "encoding": "base64"}, "content is not valid Base64"),
        ("/git/commits", {"tree": NOWHERE}, 'Invalid request.\n\n"message" wasn\'t supplied.'),
        ("/git/blobs", {"content": 7}, "Invalid request.\n\nFor 'properties/content', 7 is not a string."),
    ],
)
def test_a_bad_object_is_refused(client: Client, path: str, body: dict[str, Any], words: str) -> None:
    ask = client.requester.requestJsonAndCheck
    status, said = refusal(lambda: ask("POST", f"/repos/octo/shop{path}", input=body))
    assert (status, said.startswith(words)) == (422, True), said


def test_a_second_ref_of_the_same_name_is_refused(client: Client, shop: Repository) -> None:
    client.create_git_ref("refs/heads/draft", shop.head())
    assert refusal(lambda: client.create_git_ref("refs/heads/draft", shop.head())) == (422, "Reference already exists")


@pytest.mark.parametrize("name", ["refs/heads/a b", "refs/heads/a..b", "refs/heads/x.lock", "heads/x", "refs/heads/@{"])
def test_a_ref_name_that_git_refuses_is_refused(client: Client, shop: Repository, name: str) -> None:
    status, words = refusal(lambda: client.create_git_ref(name, shop.head()))
    assert (status, words.startswith("Reference name must start with 'refs/'")) == (422, True)


def test_a_ref_cannot_lie_below_another(client: Client, shop: Repository) -> None:
    words = "Reference update failed"
    assert refusal(lambda: client.create_git_ref("refs/heads/main/x", shop.head())) == (422, words)


def test_a_branch_moves_forward_only_unless_forced(client: Client, shop: Repository) -> None:
    first = shop.head()
    made = commit_on(client, first)
    ref = client.create_git_ref("refs/heads/draft", made.sha)
    assert refusal(lambda: ref.edit(first)) == (422, "Update is not a fast forward")
    assert shop.ref("heads/draft") == made.sha
    ref.edit(first, force=True)
    ref.edit(made.sha)
    assert shop.ref("heads/draft") == made.sha


def test_of_two_moves_from_the_same_start_the_second_is_refused(client: Client, shop: Repository) -> None:
    start = shop.head()
    one, other = commit_on(client, start, text="1\n"), commit_on(client, start, text="2\n")
    ref = client.get_git_ref("heads/main")
    ref.edit(one.sha)
    assert refusal(lambda: ref.edit(other.sha)) == (422, "Update is not a fast forward")


def test_a_ref_that_is_not_there_is_told_from_one_that_is(client: Client, shop: Repository) -> None:
    assert client.get_git_ref("heads/main").object.sha == shop.head()
    assert refusal(lambda: client.get_git_ref("heads/mai")) == (404, "Not Found")
    gone = client.get_git_ref("heads/main")
    shop.commit("other", {"x": "x"}, "x")
    shop.default_branch = "other"
    gone.delete()
    assert refusal(gone.delete) == (422, "Reference does not exist")


def test_the_default_branch_cannot_be_deleted(client: Client) -> None:
    status, words = refusal(client.get_git_ref("heads/main").delete)
    assert (status, words.startswith("Repository rule violations found")) == (422, True)


def test_refs_are_listed_by_their_beginning_and_without_pages(client: Client, shop: Repository) -> None:
    for number in range(120):
        shop.move_ref(f"refs/draftgate/{number}", shop.head())
    names = [ref.ref for ref in client.get_git_matching_refs("draftgate/1")]
    assert len(names) == 31
    assert len(list(client.get_git_matching_refs("draftgate/"))) == 120
    assert list(client.get_git_matching_refs("nothing")) == []


def test_a_protected_branch_takes_no_update_but_other_branches_do(client: Client, shop: Repository) -> None:
    shop.protect("main")
    made = commit_on(client, shop.head())
    status, words = refusal(lambda: client.get_git_ref("heads/main").edit(made.sha))
    assert (status, "Changes must be made through a pull request" in words) == (422, True)
    _, rules = client.requester.requestJsonAndCheck("GET", "/repos/octo/shop/rules/branches/main")
    assert [rule["type"] for rule in rules] == ["pull_request"]
    client.create_git_ref("refs/heads/draft", made.sha)


def test_workflow_files_are_out_of_reach_for_an_app_without_that_permission(client: Client, shop: Repository) -> None:
    shop.commit("sneaky", {".github/workflows/ci.yml": "on: push\n"}, "CI", author="maria")
    base = client.get_git_commit(shop.head()).tree
    entry = InputGitTreeElement(".github/workflows/x.yml", "100644", "blob", content="on: push\n")
    words = (403, "Resource not accessible by integration")
    assert refusal(lambda: client.create_git_tree([entry], base)) == words
    assert refusal(lambda: client.create_file(".github/workflows/x.yml", "m", "on: push\n")) == words
    sneaky = shop.head("sneaky")
    shop.move_ref("refs/heads/sneaky", None)
    assert refusal(lambda: client.create_git_ref("refs/heads/again", sneaky)) == words


def test_contents_come_as_files_folders_or_not_at_all(client: Client, shop: Repository) -> None:
    file = client.get_contents("docs/guide.md", shop.head())
    assert not isinstance(file, list)
    assert file.decoded_content == b"# Guide\n"
    root = client.get_contents("")
    assert isinstance(root, list)
    assert [(each.name, each.type) for each in root] == [("app.py", "file"), ("docs", "dir"), ("run.sh", "file")]
    assert refusal(lambda: client.get_contents("none.py")) == (404, "Not Found")
    assert refusal(lambda: client.get_contents("app.py", "nowhere")) == (404, "No commit found for the ref nowhere")


def test_a_file_is_changed_only_over_the_version_that_was_read(client: Client, shop: Repository) -> None:
    blob = shop.tree("main")["app.py"]
    client.update_file("app.py", "change", "1\n", blob)
    assert shop.read("main", "app.py") == b"1\n"
    assert refusal(lambda: client.update_file("app.py", "again", "2\n", blob))[0] == 409
    client.delete_file("app.py", "away", shop.tree("main")["app.py"])
    assert "app.py" not in shop.tree("main")
    assert refusal(lambda: client.create_file("run.sh", "m", "x")) == (
        422,
        'Invalid request.\n\n"sha" wasn\'t supplied.',
    )


def test_a_comparison_counts_commits_and_names_files(client: Client, shop: Repository) -> None:
    start = shop.head()
    shop.commit("side", {"app.py": None, "moved.py": "one\ntwo\nthree\nfour\nfive\n"}, "Move it")
    shop.commit("main", {"other.py": "x\n"}, "Go on")
    found = client.compare("main", "side")
    assert (found.status, found.ahead_by, found.behind_by) == ("diverged", 1, 1)
    assert found.merge_base_commit.sha == start
    assert [(file.status, file.filename, file.previous_filename) for file in found.files] == [
        ("renamed", "moved.py", "app.py")
    ]
    assert client.compare(start, "main").status == "ahead"
    assert client.compare("main", "main").status == "identical"
    assert refusal(lambda: client.compare("main", "nowhere"))[0] == 404


def test_a_commit_is_found_by_branch_and_by_its_beginning_and_shows_its_patch(client: Client, shop: Repository) -> None:
    sha = shop.commit("main", {"app.py": "one\n2\nthree\nfour\nfive\n"}, "Change two", author="maria")
    for name in ("main", sha, sha[:9]):
        assert client.get_commit(name).sha == sha
    commit = client.get_commit(sha)
    assert commit.author.login == "maria"
    assert commit.files[0].patch == "@@ -1,5 +1,5 @@\n one\n-two\n+2\n three\n four\n five"
    assert client.get_commits(path="app.py")[0].sha == sha
    assert refusal(lambda: client.get_commit("f" * 40)) == (422, f"No commit found for SHA: {'f' * 40}")


def test_branches_say_whether_they_are_protected(client: Client, shop: Repository) -> None:
    shop.branch("side")
    shop.protect("main")
    assert {branch.name: branch.protected for branch in client.get_branches()} == {"main": True, "side": False}
    assert client.get_branch("main").commit.sha == shop.head()
    assert refusal(lambda: client.get_branch("none")) == (404, "Branch not found")


def test_a_real_repository_is_borrowed_and_not_written_to(
    github: FakeGitHub, connect: Callable[[str], Github], tmp_path: Any
) -> None:
    real = tmp_path / "real"
    git(tmp_path, "init", "--quiet", str(real))
    (real / "f.txt").write_text("one\n")
    git(real, "add", ".")
    git(real, "commit", "--quiet", "--message", "One")
    first = git(real, "rev-parse", "HEAD")
    git(real, "commit", "--quiet", "--allow-empty", "--message", "Two")
    git(real, "gc", "--quiet")
    before = sorted(path.name for path in (real / ".git").rglob("*"))
    copy = github.add_repository("octo/copy", import_git=real, commit=first)
    assert copy.head() == first
    client = connect("b0t").get_repo("octo/copy")
    made = commit_on(client, first)
    client.create_git_ref("refs/heads/draft", made.sha)
    assert copy.tree("draft").keys() == {"f.txt", "new.py"}
    assert sorted(path.name for path in (real / ".git").rglob("*")) == before


def test_a_repository_is_imported_with_a_commit_or_not_at_all(github: FakeGitHub, tmp_path: Any) -> None:
    with pytest.raises(ValueError, match="go together"):
        github.add_repository("octo/copy", import_git=tmp_path)
