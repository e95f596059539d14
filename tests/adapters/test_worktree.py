from __future__ import annotations

import os
import stat
import subprocess
from pathlib import Path
from typing import TYPE_CHECKING

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from bot.adapters.worktree import GitWorktree
from bot.errors import WorktreeError
from bot.rehearsal.github_service import FakeGitHub
from tests.pipeline.bench import commit_files, git

if TYPE_CHECKING:
    from collections.abc import Iterator

    from bot.locate import PastChange
    from bot.rehearsal.github_repository import Repository
    from bot.rehearsal.github_service import GitHubServer

NOWHERE = "0123456789" * 4
TOKEN = "s3cret-t0ken-of-the-run"
ODD = {
    "with space.txt": b"1",
    "ümläut/日本 🙂.txt": b"2",
    "quo\"te's.txt": b"3",
    "back\\slash.txt": b"4",
    "tab\there.txt": b"5",
    "-dash.txt": b"6",
    ":(glob)*.txt": b"7",
    "HEAD": b"8",
    "new\nline.txt": b"9",
    "trailing ": b"10",
}
FILES = {"a.txt": b"one\r\ntwo\n", "bin.dat": bytes(range(256)), "empty": b"", "dir/deep/x.py": b"x = 1\n"}


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    folder = tmp_path / "repo"
    folder.mkdir()
    return folder


@pytest.fixture
def repo(folder: Path) -> Path:
    commit_files(folder, FILES)
    return folder


def files_of(folder: Path) -> dict[str, bytes]:
    return {
        path.relative_to(folder).as_posix(): path.read_bytes()
        for path in folder.rglob("*")
        if path.is_file() and ".git" not in path.relative_to(folder).parts
    }


# ---- where it stands


def test_head_is_the_commit_of_the_checkout_even_from_a_folder_inside(repo: Path) -> None:
    head = git(repo, "rev-parse", "HEAD")
    assert GitWorktree(repo).head() == head
    assert GitWorktree(repo / "dir").head() == head


def test_an_empty_repository_has_no_head(folder: Path) -> None:
    git(folder, "init", "--quiet")
    with pytest.raises(WorktreeError, match=r"has no commit yet$"):
        GitWorktree(folder).head()


@pytest.mark.parametrize("there", [True, False])
def test_a_folder_that_is_no_checkout_is_said_to_be_none(folder: Path, there: bool) -> None:
    if not there:
        folder.rmdir()
    with pytest.raises(WorktreeError, match=r"is not a git checkout$"):
        GitWorktree(folder).head()


def test_the_branch_is_told_and_a_detached_head_has_none(repo: Path) -> None:
    git(repo, "switch", "--quiet", "--create", "HEAD-first/topic")
    assert GitWorktree(repo).branch() == "HEAD-first/topic"
    git(repo, "switch", "--quiet", "--detach")
    worktree = GitWorktree(repo)
    assert worktree.branch() == ""
    assert worktree.head() == git(repo, "rev-parse", "HEAD")


def test_a_revision_is_resolved_to_its_commit(repo: Path) -> None:
    head = git(repo, "rev-parse", "HEAD")
    git(repo, "tag", "--annotate", "--message", "x", "v1")
    worktree = GitWorktree(repo)
    assert {worktree.resolve(name) for name in ("main", "HEAD", head[:10], "v1", "refs/heads/main")} == {head}


@pytest.mark.parametrize("name", ["nowhere", NOWHERE, "", "--all", "--git-dir", "HEAD:a.txt", "main\nmain", "HEAD^5"])
def test_a_revision_that_is_none_is_an_error(repo: Path, name: str) -> None:
    with pytest.raises(WorktreeError):
        GitWorktree(repo).resolve(name)


def test_only_changes_of_tracked_files_are_local_changes(repo: Path) -> None:
    worktree = GitWorktree(repo)
    (repo / "loose.txt").write_text("x")
    assert not worktree.has_local_changes()
    (repo / "a.txt").write_text("changed")
    assert worktree.has_local_changes()
    git(repo, "add", "a.txt")
    assert worktree.has_local_changes()


def test_a_checkout_that_somebody_else_owns_is_read_all_the_same(repo: Path) -> None:
    if os.getuid() != 0:
        pytest.skip("only root can give files away")
    for place in (repo, repo / ".git"):
        os.chown(place, 12345, 12345)
    worktree = GitWorktree(repo)
    assert worktree.list_files(worktree.head())


# ---- reading


def test_files_are_listed_with_mode_id_and_size(repo: Path) -> None:
    (repo / "run.sh").write_text("#!/bin/sh\n")
    (repo / "run.sh").chmod(0o755)
    (repo / "link").symlink_to("a.txt")
    git(repo, "add", "--all")
    git(repo, "update-index", "--add", "--cacheinfo", "160000", git(repo, "rev-parse", "HEAD"), "vendor/lib")
    git(repo, "commit", "--quiet", "--message", "More")
    worktree = GitWorktree(repo)
    found = worktree.list_files(worktree.head())
    assert {path: (entry.mode, entry.size) for path, entry in found.items()} == {
        **{path: ("100644", len(content)) for path, content in FILES.items()},
        "run.sh": ("100755", 10),
        "link": ("120000", 5),
        "vendor/lib": ("160000", 0),
    }
    assert found["a.txt"].sha == git(repo, "rev-parse", "HEAD:a.txt")
    assert worktree.read(worktree.head(), ["link", "vendor/lib", "run.sh"]) == {
        "link": b"a.txt",
        "run.sh": b"#!/bin/sh\n",
    }


def test_contents_come_as_they_are_committed_whatever_the_working_files_say(repo: Path) -> None:
    (repo / "a.txt").write_text("changed")
    git(repo, "config", "core.autocrlf", "true")
    worktree = GitWorktree(repo)
    assert worktree.read(worktree.head(), [*FILES, "none", "dir", "../a.txt", ""]) == FILES
    assert worktree.read(worktree.head(), []) == {}


def test_a_commit_that_is_not_here_cannot_be_listed(repo: Path) -> None:
    worktree = GitWorktree(repo)
    with pytest.raises(WorktreeError, match="cannot be read"):
        worktree.list_files(NOWHERE)
    with pytest.raises(WorktreeError, match="cannot be read"):
        worktree.tree_of(NOWHERE)
    assert worktree.tree_of(worktree.head()) == git(repo, "rev-parse", "HEAD^{tree}")


def test_odd_names_are_listed_and_read(folder: Path) -> None:
    sha = commit_files(folder, ODD)
    worktree = GitWorktree(folder)
    assert set(worktree.list_files(sha)) == set(ODD)
    readable = {path: content for path, content in ODD.items() if "\n" not in path}
    assert worktree.read(sha, list(ODD)) == readable


def test_a_name_that_is_no_text_spoils_nothing(folder: Path) -> None:
    sha = commit_files(folder, {os.fsdecode(b"\xff\xfe.txt"): b"1", "a.txt": b"2"})
    worktree = GitWorktree(folder)
    names = list(worktree.list_files(sha))
    assert len(names) == 2
    assert worktree.read(sha, names)["a.txt"] == b"2"


@settings(suppress_health_check=[HealthCheck.function_scoped_fixture], max_examples=10)
@given(st.lists(st.sampled_from([*FILES, "none", "dir", "a.txt missing", "x\ny"]), max_size=12))
def test_each_name_gets_its_own_content_in_any_mixture(tmp_path: Path, names: list[str]) -> None:
    folder = tmp_path / "mixture"
    if not folder.exists():
        folder.mkdir()
        commit_files(folder, FILES)
    worktree = GitWorktree(folder)
    assert worktree.read("HEAD", names) == {name: FILES[name] for name in names if name in FILES}


def test_objects_come_by_their_ids_in_the_order_asked_for(repo: Path) -> None:
    worktree = GitWorktree(repo)
    files = worktree.list_files("HEAD")
    ids = [files[path].sha for path in FILES]
    contents = list(worktree.stream([*ids, NOWHERE, worktree.tree_of("HEAD"), *ids]))
    assert contents == [*FILES.values(), None, None, *FILES.values()]
    assert list(worktree.stream([])) == []


def test_whoever_stops_listening_leaves_no_git_behind(folder: Path) -> None:
    sha = commit_files(folder, {f"{number}.txt": os.urandom(400_000) for number in range(12)})
    worktree = GitWorktree(folder)
    stream = worktree.stream([entry.sha for entry in worktree.list_files(sha).values()])
    assert len(next(stream) or b"") == 400_000
    assert _children()
    stream.close()  # type: ignore[attr-defined]  # a generator
    assert not _children()


def _children() -> str:
    return Path(f"/proc/self/task/{os.getpid()}/children").read_text()


def test_objects_that_stop_half_way_are_an_error(folder: Path) -> None:
    sha = commit_files(folder, {"large.bin": os.urandom(400_000)})
    worktree = GitWorktree(folder)
    name = worktree.list_files(sha)["large.bin"].sha
    place = folder / ".git" / "objects" / name[:2] / name[2:]
    place.chmod(0o644)
    place.write_bytes(place.read_bytes()[:200_000])
    with pytest.raises(WorktreeError, match="git ended early"):
        list(worktree.stream([name]))


def test_a_file_whose_object_is_missing_is_listed_and_not_read(repo: Path) -> None:
    worktree = GitWorktree(repo)
    sha = worktree.list_files("HEAD")["a.txt"].sha
    (repo / ".git" / "objects" / sha[:2] / sha[2:]).unlink()
    assert worktree.list_files("HEAD")["a.txt"].size == 0
    assert "a.txt" not in worktree.read("HEAD", list(FILES))


# ---- history


def history(worktree: GitWorktree, most: int = 10) -> list[PastChange]:
    with worktree.history("HEAD", most) as past:
        return list(past)


def test_the_latest_changes_come_first_with_their_messages_and_files(repo: Path) -> None:
    (repo / "a.txt").write_text("two")
    (repo / "n\u00fctzlich.txt").write_text("1")
    git(repo, "add", "--all")
    git(repo, "commit", "--quiet", "--message", "Second\n\nIts body")
    found = history(GitWorktree(repo))
    assert [set(one.paths) for one in found] == [{"a.txt", "n\u00fctzlich.txt"}, set(FILES)]
    assert found[0].message == b"Second\n\nIts body\n"
    assert history(GitWorktree(repo), 1) == found[:1]


def test_merges_are_no_changes_of_their_own(repo: Path) -> None:
    git(repo, "switch", "--quiet", "--create", "topic")
    git(repo, "commit", "--quiet", "--allow-empty", "--message", "On the side")
    git(repo, "switch", "--quiet", "main")
    git(repo, "merge", "--quiet", "--no-ff", "--message", "Merge", "topic")
    assert {one.message.strip() for one in history(GitWorktree(repo))} == {b"On the side", b"First"}


def test_a_message_with_the_separators_in_it_breaks_nothing(repo: Path) -> None:
    git(repo, "commit", "--quiet", "--allow-empty", "--message", "odd \1 and \2 ones \1\2\1")
    assert history(GitWorktree(repo))[-1].paths == tuple(sorted(FILES))


def test_a_clone_without_history_or_commit_has_none_to_tell(shallow: Path, folder: Path) -> None:
    assert len(history(GitWorktree(shallow))) == 1
    git(folder, "init", "--quiet")
    assert history(GitWorktree(folder)) == []


def test_a_history_that_nobody_reads_leaves_no_git_behind(repo: Path) -> None:
    with GitWorktree(repo).history("HEAD", 10):
        pass
    assert not _children()


# ---- copies


def test_a_copy_has_the_commit_with_the_changes_and_no_git(repo: Path, tmp_path: Path) -> None:
    (repo / "run.sh").write_text("#!/bin/sh\n")
    (repo / "run.sh").chmod(0o755)
    git(repo, "add", "--all")
    git(repo, "commit", "--quiet", "--message", "Script")
    (repo / "a.txt").write_text("not committed")
    target = tmp_path / "copy"
    target.mkdir()
    changes = {"run.sh": b"#!/bin/sh\ntrue\n", "dir/deep/x.py": None, "new/y.txt": b"\xff\r\n", "never-there": None}
    GitWorktree(repo).export(git(repo, "rev-parse", "HEAD"), changes, target)
    assert files_of(target) == {
        **{path: FILES[path] for path in ("a.txt", "bin.dat", "empty")},
        "run.sh": b"#!/bin/sh\ntrue\n",
        "new/y.txt": b"\xff\r\n",
    }
    assert stat.S_IMODE((target / "run.sh").stat().st_mode) & 0o111
    assert not (target / ".git").exists()
    assert (repo / "a.txt").read_text() == "not committed"
    assert git(repo, "status", "--porcelain") == "M a.txt"


def test_odd_names_are_copied(folder: Path, tmp_path: Path) -> None:
    sha = commit_files(folder, ODD)
    (tmp_path / "copy").mkdir()
    GitWorktree(folder).export(sha, {"new one\n.txt": b"!"}, tmp_path / "copy")
    assert files_of(tmp_path / "copy") == {**ODD, "new one\n.txt": b"!"}


@pytest.mark.parametrize("path", ["out/x.txt", "out/deep/x.txt", "out", "alias.txt"])
@pytest.mark.parametrize("content", [b"evil", None])
def test_a_change_behind_a_symbolic_link_is_refused(
    repo: Path, tmp_path: Path, path: str, content: bytes | None
) -> None:
    beyond = tmp_path / "beyond"
    (beyond / "deep").mkdir(parents=True)
    for name in ("x.txt", "deep/x.txt"):
        (beyond / name).write_text("precious")
    (repo / "out").symlink_to(beyond)
    (repo / "alias.txt").symlink_to(beyond / "x.txt")
    git(repo, "add", "--all")
    git(repo, "commit", "--quiet", "--message", "Links")
    (tmp_path / "copy").mkdir()
    with pytest.raises(WorktreeError, match="symbolic link"):
        GitWorktree(repo).export("HEAD", {path: content}, tmp_path / "copy")
    assert {(beyond / name).read_text() for name in ("x.txt", "deep/x.txt")} == {"precious"}


# ---- fetching


@pytest.fixture
def github(tmp_path: Path) -> Iterator[FakeGitHub]:
    github = FakeGitHub(tmp_path / "github")
    github.add_token(TOKEN, login="github-actions[bot]", permissions={"contents": "read", "metadata": "read"})
    yield github
    github.close()


@pytest.fixture
def server(github: FakeGitHub) -> Iterator[GitHubServer]:
    with github.serve() as server:
        yield server


@pytest.fixture
def vault(github: FakeGitHub) -> Repository:
    vault = github.add_repository("octo/vault", files={"a.txt": "one\n"}, private=True)
    vault.commit("main", {"a.txt": "two\n"}, "Second")
    return vault


@pytest.fixture
def shallow(vault: Repository, server: GitHubServer, tmp_path: Path) -> Path:
    """A clone of depth 1, made by somebody with the token, who left nothing of it behind."""
    assert vault.head()
    place = tmp_path / "shallow"
    address = server.server_url.replace("http://", f"http://x-access-token:{TOKEN}@")
    git(tmp_path, "clone", "--quiet", "--depth=1", f"{address}/octo/vault.git", str(place))
    git(place, "remote", "set-url", "origin", f"{server.server_url}/octo/vault.git")
    return place


def traced(shallow: Path, worktree: GitWorktree, sha: str, ref: str, patch: pytest.MonkeyPatch) -> str:
    """Fetch, and give every command line that git and its helpers ran."""
    log = shallow.parent / "trace"
    patch.setenv("GIT_TRACE", str(log))
    worktree.ensure(sha, ref)
    patch.delenv("GIT_TRACE")
    return log.read_text()


def test_a_commit_that_a_shallow_clone_lacks_is_fetched_without_leaving_the_token_anywhere(
    shallow: Path, vault: Repository, server: GitHubServer, monkeypatch: pytest.MonkeyPatch
) -> None:
    first = vault.commit_at(vault.head())
    assert first is not None
    (sha,) = first.parents
    worktree = GitWorktree(shallow, TOKEN, server.server_url)
    with pytest.raises(WorktreeError):
        worktree.list_files(sha)
    trace = traced(shallow, worktree, sha, "refs/heads/main", monkeypatch)
    assert worktree.read(sha, ["a.txt"]) == {"a.txt": b"one\n"}
    assert " fetch " in trace
    assert TOKEN not in trace
    assert "xtraheader" not in trace
    left = [path for path in (shallow / ".git").rglob("*") if path.is_file() and TOKEN.encode() in path.read_bytes()]
    assert left == []
    assert "extraheader" not in (shallow / ".git" / "config").read_text().lower()
    assert not (shallow / ".git" / "FETCH_HEAD").exists()


def test_a_commit_that_is_here_is_not_asked_for(shallow: Path) -> None:
    git(shallow, "remote", "set-url", "origin", "http://127.0.0.1:9/octo/vault.git")
    GitWorktree(shallow).ensure(git(shallow, "rev-parse", "HEAD"), "refs/heads/main")


def test_a_commit_that_only_a_pull_request_has_is_fetched(
    shallow: Path, vault: Repository, server: GitHubServer
) -> None:
    vault.branch("topic")
    tip = vault.commit("topic", {"b.txt": "new\n"}, "Topic")
    issue = vault.open_pull("maria", "Topic", head="topic")
    worktree = GitWorktree(shallow, TOKEN, server.server_url)
    worktree.ensure(tip, f"refs/pull/{issue.number}/head")
    assert worktree.read(tip, ["b.txt"]) == {"b.txt": b"new\n"}


@pytest.mark.parametrize("token", ["", "wrong-t0ken-altogether"])
def test_without_the_right_token_it_cannot_be_fetched(
    shallow: Path, vault: Repository, server: GitHubServer, token: str
) -> None:
    found = vault.commit_at(vault.head())
    assert found is not None
    with pytest.raises(WorktreeError, match="cannot be fetched from origin") as caught:
        GitWorktree(shallow, token, server.server_url).ensure(found.parents[0], "refs/heads/main")
    assert TOKEN not in str(caught.value)


@pytest.mark.parametrize("ref", ["refs/heads/none", "--upload-pack=touch pwned", "ext::touch pwned", ""])
def test_a_commit_that_nobody_has_cannot_be_fetched(shallow: Path, server: GitHubServer, ref: str) -> None:
    with pytest.raises(WorktreeError, match="cannot be fetched from origin"):
        GitWorktree(shallow, TOKEN, server.server_url).ensure(NOWHERE, ref)
    assert not (shallow / "pwned").exists()


def test_the_token_goes_to_its_own_server_alone(shallow: Path, vault: Repository) -> None:
    found = vault.commit_at(vault.head())
    assert found is not None
    worktree = GitWorktree(shallow, TOKEN, "https://github.example")
    with pytest.raises(WorktreeError, match="cannot be fetched from origin"):
        worktree.ensure(found.parents[0], "refs/heads/main")


# ---- committing


def test_a_commit_on_a_new_branch_leaves_index_and_working_files_alone(repo: Path) -> None:
    (repo / "a.txt").write_text("staged")
    git(repo, "add", "a.txt")
    (repo / "a.txt").write_text("half done")
    (repo / "loose.txt").write_text("mine")
    before, files = git(repo, "status", "--porcelain=v2"), files_of(repo)
    worktree = GitWorktree(repo)
    base = worktree.head()
    changes = {
        "a.txt": ("100644", b"new\r\n"),
        "sub/ün\nx.sh": ("100755", b"\xff\0"),
        "dir/deep/x.py": ("100644", None),
    }
    sha = worktree.commit("draftgate/1-x", base, "Title\n\n# not a comment\n", changes)
    assert (git(repo, "status", "--porcelain=v2"), files_of(repo)) == (before, files)
    assert git(repo, "rev-parse", "HEAD", "draftgate/1-x", "draftgate/1-x^").split() == [base, sha, base]
    assert worktree.branch() == "main"
    assert (
        git(repo, "log", "-1", "--format=%an <%ae>%n%B", sha)
        == "Test Person <test@example.com>\nTitle\n\n# not a comment"
    )
    found = worktree.list_files(sha)
    assert {path: entry.mode for path, entry in found.items()} == {
        "a.txt": "100644",
        "bin.dat": "100644",
        "empty": "100644",
        "sub/ün\nx.sh": "100755",
    }
    shown = subprocess.run(["git", "-C", repo, "cat-file", "blob", f"{sha}:a.txt"], capture_output=True, check=True)
    assert shown.stdout == b"new\r\n"
    assert worktree.has_branch("draftgate/1-x")


def test_an_existing_branch_is_refused_and_not_moved(repo: Path) -> None:
    git(repo, "branch", "taken")
    before = git(repo, "rev-parse", "taken")
    worktree = GitWorktree(repo)
    with pytest.raises(WorktreeError, match="the branch taken exists already"):
        worktree.commit("taken", worktree.head(), "Title", {"a.txt": ("100644", b"x")})
    assert git(repo, "rev-parse", "taken") == before


def test_filters_of_the_repository_are_not_run_on_what_is_stored(repo: Path) -> None:
    (repo / ".gitattributes").write_text("*.txt filter=evil text eol=crlf\n")
    git(repo, "config", "filter.evil.clean", "touch pwned; cat")
    worktree = GitWorktree(repo)
    sha = worktree.commit("topic", worktree.head(), "Title", {"a.txt": ("100644", b"x\r\n")})
    assert worktree.read(sha, ["a.txt"]) == {"a.txt": b"x\r\n"}
    assert not (repo / "pwned").exists()


def test_somebody_without_a_name_cannot_commit_and_leaves_no_branch(
    repo: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "bare").write_text("[user]\n    useConfigOnly = true\n")
    monkeypatch.setenv("GIT_CONFIG_GLOBAL", str(tmp_path / "bare"))
    worktree = GitWorktree(repo)
    with pytest.raises(WorktreeError, match="the commit on topic cannot be made"):
        worktree.commit("topic", worktree.head(), "Title", {"a.txt": ("100644", b"x")})
    assert not worktree.has_branch("topic")


def test_a_branch_is_known_by_its_whole_name(repo: Path) -> None:
    git(repo, "branch", "draftgate/1-x")
    worktree = GitWorktree(repo)
    assert [worktree.has_branch(name) for name in ("draftgate/1-x", "draftgate/1", "1-x", "nope")] == [
        *(True, False, False, False),
    ]
