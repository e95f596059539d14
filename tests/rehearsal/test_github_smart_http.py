"""Clone, fetch and push with the real git."""

from __future__ import annotations

import subprocess
from typing import TYPE_CHECKING

import pytest

from bot.rehearsal.github_faults import Fault, answer, drop
from tests.rehearsal.github_client import git

if TYPE_CHECKING:
    from pathlib import Path

    from bot.rehearsal.github_repository import Repository
    from bot.rehearsal.github_service import FakeGitHub, GitHubServer

REFUSED = "! [remote rejected]"


def address(server: GitHubServer, token: str = "", name: str = "octo/shop") -> str:
    login = f"x-access-token:{token}@" if token else ""
    return f"http://{login}{server.server_url.removeprefix('http://')}/{name}.git"


def attempt(folder: Path, *arguments: str) -> tuple[int, str]:
    """Run git and give its exit code and what it wrote to people."""
    done = subprocess.run(["git", "-C", str(folder), *arguments], capture_output=True, text=True, check=False)
    return done.returncode, done.stderr


@pytest.fixture
def checkout(shop: Repository, server: GitHubServer, tmp_path: Path) -> Path:
    """A clone of the shop with the bot's token."""
    assert shop.head()
    git(tmp_path, "clone", "--quiet", address(server, "b0t"), "checkout")
    return tmp_path / "checkout"


def change(checkout: Path, path: str, text: str, message: str = "Change") -> str:
    (checkout / path).parent.mkdir(parents=True, exist_ok=True)
    (checkout / path).write_text(text)
    git(checkout, "add", "--all")
    git(checkout, "commit", "--quiet", "--message", message)
    return git(checkout, "rev-parse", "HEAD")


def test_a_clone_of_depth_one_has_one_commit(shop: Repository, server: GitHubServer, tmp_path: Path) -> None:
    sha = shop.commit("main", {"app.py": "changed\n"}, "Second")
    git(tmp_path, "clone", "--quiet", "--depth=1", address(server), "shallow")
    assert git(tmp_path / "shallow", "rev-list", "--all") == sha
    assert (tmp_path / "shallow" / "app.py").read_text() == "changed\n"


def test_a_commit_is_fetched_by_its_id_though_no_branch_has_it(
    shop: Repository, server: GitHubServer, tmp_path: Path
) -> None:
    tree = shop.history.commit(shop.head()).tree
    loose = shop.make_commit(tree, [shop.head()], "A proposal")
    git(tmp_path, "init", "--quiet", "empty")
    git(tmp_path / "empty", "fetch", "--quiet", "--depth=1", address(server), loose)
    assert git(tmp_path / "empty", "rev-parse", "FETCH_HEAD") == loose


def test_a_pull_requests_head_and_merge_are_fetched_by_ref(
    shop: Repository, server: GitHubServer, tmp_path: Path
) -> None:
    shop.commit("side", {"x": "x\n"}, "x")
    shop.commit("main", {"y": "y\n"}, "y")
    shop.open_pull("maria", "Change", head="side")
    git(tmp_path, "init", "--quiet", "empty")
    git(tmp_path / "empty", "fetch", "--quiet", address(server), "+refs/pull/1/*:refs/remotes/pull/*")
    assert git(tmp_path / "empty", "rev-parse", "refs/remotes/pull/head") == shop.head("side")
    merged = git(tmp_path / "empty", "ls-tree", "--name-only", "refs/remotes/pull/merge").split()
    assert {"x", "y"} <= set(merged)


def test_what_the_api_made_can_be_fetched_and_what_was_pushed_can_be_read(
    shop: Repository, server: GitHubServer, checkout: Path
) -> None:
    made = shop.commit("draft", {"new.py": "new\n"}, "Draft")
    git(checkout, "fetch", "--quiet", "origin")
    assert git(checkout, "rev-parse", "origin/draft") == made
    pushed = change(checkout, "app.py", "pushed\n")
    git(checkout, "push", "--quiet", "origin", "HEAD:main", "HEAD:refs/heads/deep/er")
    assert (shop.head(), shop.ref("heads/deep/er")) == (pushed, pushed)
    assert shop.read("main", "app.py") == b"pushed\n"
    assert git(checkout, "ls-remote", address(server), "refs/heads/draft").split()[0] == made


def test_a_push_moves_the_pull_requests_of_its_branch(shop: Repository, checkout: Path) -> None:
    shop.commit("side", {"x": "x\n"}, "x")
    shop.open_pull("maria", "Change", head="side")
    git(checkout, "fetch", "--quiet", "origin")
    git(checkout, "checkout", "--quiet", "side")
    sha = change(checkout, "z", "z\n")
    git(checkout, "push", "--quiet", "origin", "side")
    _, pull = shop.pull(1)
    assert (pull.head_sha, shop.ref("pull/1/head")) == (sha, sha)
    git(checkout, "push", "--quiet", "origin", "--delete", "side")
    assert shop.issue(1).state == "closed"


def test_a_push_that_is_no_fast_forward_is_refused(shop: Repository, checkout: Path) -> None:
    there = shop.commit("main", {"app.py": "theirs\n"}, "Theirs")
    change(checkout, "app.py", "mine\n")
    code, words = attempt(checkout, "push", "origin", "HEAD:main")
    assert (code, "! [rejected]" in words, shop.head()) == (1, True, there)


def test_of_a_force_with_lease_the_lease_is_held(shop: Repository, checkout: Path) -> None:
    there = shop.commit("main", {"app.py": "theirs\n"}, "Theirs")
    mine = change(checkout, "app.py", "mine\n")
    lease = git(checkout, "rev-parse", "origin/main")
    code, words = attempt(checkout, "push", f"--force-with-lease=main:{lease}", "origin", "HEAD:main")
    assert (code, "stale info" in words, shop.head()) == (1, True, there)
    assert attempt(checkout, "push", f"--force-with-lease=main:{there}", "origin", "HEAD:main")[0] == 0
    assert shop.head() == mine


def test_a_protected_branch_refuses_a_push_but_not_a_new_branch(shop: Repository, checkout: Path) -> None:
    before = shop.head()
    shop.protect("main")
    change(checkout, "app.py", "mine\n")
    code, words = attempt(checkout, "push", "origin", "HEAD:main")
    assert (code, REFUSED in words, "GH013" in words, shop.head()) == (1, True, True, before)
    assert attempt(checkout, "push", "origin", "HEAD:other")[0] == 0


def test_a_workflow_file_is_refused_to_an_app_and_not_to_a_person(
    shop: Repository, server: GitHubServer, checkout: Path
) -> None:
    change(checkout, ".github/workflows/ci.yml", "on: push\n")
    code, words = attempt(checkout, "push", "origin", "HEAD:new")
    assert (code, REFUSED in words, "`.github/workflows/ci.yml` without `workflows` permission" in words) == (
        1,
        True,
        True,
    )
    assert shop.ref("heads/new") is None
    assert attempt(checkout, "push", address(server, "maria-t0ken"), "HEAD:new")[0] == 0
    assert ".github/workflows/ci.yml" in shop.tree("new")


def test_an_app_may_push_workflow_files_that_are_on_the_default_branch_already(
    shop: Repository, checkout: Path
) -> None:
    shop.commit("main", {".github/workflows/ci.yml": "on: push\n"}, "CI", author="maria")
    git(checkout, "pull", "--quiet")
    change(checkout, "app.py", "mine\n")
    assert attempt(checkout, "push", "origin", "HEAD:new")[0] == 0


@pytest.mark.parametrize(
    ("token", "words"),
    [
        ("", "terminal prompts disabled"),
        ("wrong", "Authentication failed"),
        ("read-0nly", "403"),
        ("mallory-t0ken", "403"),
    ],
)
def test_a_push_needs_a_token_that_may(
    shop: Repository, server: GitHubServer, checkout: Path, token: str, words: str
) -> None:
    before = shop.head()
    change(checkout, "app.py", "mine\n")
    code, said = attempt(checkout, "push", address(server, token), "HEAD:main")
    assert (code, words in said, shop.head()) == (128, True, before), said


def test_nobody_pushes_to_a_pull_requests_refs(checkout: Path) -> None:
    change(checkout, "app.py", "mine\n")
    code, words = attempt(checkout, "push", "origin", "HEAD:refs/pull/1/head")
    assert (code, REFUSED in words) == (1, True)


def test_a_private_repository_is_cloned_by_those_inside_alone(
    github: FakeGitHub, server: GitHubServer, tmp_path: Path
) -> None:
    github.add_repository("octo/secret", files={"a": "a\n"}, private=True)
    for token, code in (("octo-t0ken", 0), ("b0t", 0), ("mallory-t0ken", 128), ("", 128)):
        target = f"clone-{token or 'stranger'}"
        url = address(server, token, "octo/secret")
        assert attempt(tmp_path, "clone", "--quiet", url, target)[0] == code, token


def test_an_archived_repository_takes_no_push(shop: Repository, checkout: Path) -> None:
    shop.archived = True
    change(checkout, "app.py", "mine\n")
    assert attempt(checkout, "push", "origin", "HEAD:main")[0] == 128


def test_a_fork_has_the_objects_of_its_parent(
    github: FakeGitHub, shop: Repository, server: GitHubServer, tmp_path: Path
) -> None:
    github.fork(shop, "mallory/shop")
    url = address(server, "mallory-t0ken", "mallory/shop")
    git(tmp_path, "clone", "--quiet", url, "fork")
    sha = change(tmp_path / "fork", "app.py", "evil\n")
    git(tmp_path / "fork", "push", "--quiet", "origin", "HEAD:evil")
    shop.open_pull("mallory", "Trust me", head="mallory:evil")
    assert shop.ref("pull/1/head") == sha
    assert attempt(tmp_path / "fork", "push", address(server, "mallory-t0ken"), "HEAD:evil")[0] == 128


@pytest.mark.parametrize("effect", [answer(502), drop()])
def test_faults_reach_git_too(
    github: FakeGitHub, shop: Repository, server: GitHubServer, tmp_path: Path, effect: object
) -> None:
    github.git_faults.append(Fault(effect))  # type: ignore[arg-type]
    assert attempt(tmp_path, "clone", "--quiet", address(server), "first")[0] == 128
    assert attempt(tmp_path, "clone", "--quiet", address(server), "second")[0] == 0
    assert git(tmp_path / "second", "rev-parse", "HEAD") == shop.head()
    assert github.requests == []
