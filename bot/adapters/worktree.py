"""The local git checkout through GitPython: commits are read from git's objects, never from the working files."""

from __future__ import annotations

import base64
import os
import subprocess
import tempfile
from contextlib import contextmanager
from pathlib import Path, PurePosixPath
from typing import IO, TYPE_CHECKING

from bot.adapters.lean_import import defer
from bot.core.refs import is_sha
from bot.errors import WorktreeError
from bot.ports import FileEntry

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence

    from git.cmd import Git

    from bot.locate.history import PastChange

_LONGEST_REASON = 400
_QUIET = {"GIT_TERMINAL_PROMPT": "0"}
_PIPE = 1_000_000
"""Bytes that git may be ahead of its reader."""
_LONGEST_LOG = 4_000_000


class GitWorktree:
    """Implements `Worktree` for the repository at `folder`.

    `token` is handed to git through its environment for the one fetch that needs it; it never enters a URL, a command
    line or `.git/config`. `server` is the address whose requests carry it, such as `https://github.com`.
    """

    def __init__(self, folder: Path, token: str = "", server: str = "") -> None:
        self._folder = folder
        self._secret = _header(token, server)
        self._opened: Git | None = None

    def head(self) -> str:
        """The commit id of HEAD."""
        return self._git("rev-parse", "--verify", "--quiet", "HEAD^{commit}", why=f"{self._folder} has no commit yet")

    def branch(self) -> str:
        """The branch that HEAD is on, or empty when it is detached."""
        name = self._git("rev-parse", "--abbrev-ref", "HEAD", why="HEAD cannot be read")
        return "" if name == "HEAD" else name

    def has_local_changes(self) -> bool:
        """Whether tracked files differ from HEAD."""
        status = self._git("status", "--porcelain", "--untracked-files=no", why="the working files cannot be compared")
        return bool(status)

    def resolve(self, revision: str) -> str:
        """The commit id that a revision name stands for.

        Raises:
            WorktreeError: when there is no such commit here.
        """
        spec = f"{revision}^{{commit}}"
        return self._git(
            "rev-parse", "--verify", "--quiet", "--end-of-options", spec, why=f"no commit '{revision}' here"
        )

    def has_branch(self, name: str) -> bool:
        """Whether there is a local branch of that name."""
        return bool(
            self._git("for-each-ref", "--format=%(refname)", f"refs/heads/{name}", why="branches cannot be read")
        )

    def ensure(self, sha: str, ref: str) -> None:
        """Make the commit's tree readable, fetching it (or `ref`) from `origin` when it is not here."""
        if self._has(sha):
            return
        for wanted in (sha, ref):
            if is_sha(wanted) or wanted.startswith("refs/"):
                self._fetch(wanted)
            if self._has(sha):
                return
        raise WorktreeError(f"commit {sha} cannot be fetched from origin")

    def tree_of(self, sha: str) -> str:
        """The id of the commit's tree."""
        return self._git("rev-parse", "--verify", "--quiet", f"{sha}^{{tree}}", why=f"commit {sha} cannot be read")

    def list_files(self, sha: str) -> Mapping[str, FileEntry]:
        """All files of the commit's tree by path; submodules are listed with their mode and no size."""
        listing = self._git("ls-tree", "-r", "-l", "-z", "--full-tree", sha, why=f"the tree of {sha} cannot be read")
        return dict(_entry(row) for row in listing.split("\0") if row)

    def read(self, sha: str, paths: Sequence[str]) -> Mapping[str, bytes]:
        """The contents of those paths in the commit's tree; those that are not there, or not files, are left out."""
        # A line feed ends a name here, and git takes ./ and ../ as relative to the folder that it runs in.
        wanted = [path for path in paths if "\n" not in path and not path.startswith(("./", "../"))]
        found = zip(wanted, self.stream([f"{sha}:{path}" for path in wanted]), strict=True)
        return {path: content for path, content in found if content is not None}

    def stream(self, names: Sequence[str]) -> Iterator[bytes | None]:
        """The contents of objects, as many and in the same order; None for what is no file or not there.

        They come as git delivers them, which reads on meanwhile, so that few are in memory. Names are object ids, which
        spare git the walk through trees that each path costs.
        """
        if not names:
            return
        with tempfile.TemporaryFile() as asked:
            asked.write("".join(f"{name}\n" for name in names).encode(errors="surrogateescape"))
            asked.seek(0)
            with self._answers("cat-file", "--batch", "--buffer", stdin=asked) as answers:
                for _ in names:
                    yield _next_object(answers)

    @contextmanager
    def history(self, sha: str, most: int) -> Iterator[Iterator[PastChange]]:
        """The latest changes that led to the commit, newest first, merges left out; git reads them meanwhile.

        What is not here (a clone of depth 1, one without trees) is left out, and nothing is fetched for it.
        """
        options = ("--no-merges", "--no-renames", "--no-show-signature", "--name-only", "--format=%x01%B%x02")
        words = ("-c", "core.quotePath=false", "log", f"--max-count={most}", *options, sha, "--")
        with self._answers(*words, stdin=subprocess.DEVNULL, GIT_NO_LAZY_FETCH="1") as log:
            yield _past_changes(log)

    def export(self, sha: str, changes: Mapping[str, bytes | None], target: Path) -> None:
        """Write the commit's tree into the empty folder `target`, then lay `changes` over it (None deletes)."""
        with tempfile.TemporaryDirectory() as scratch:
            env = {"GIT_INDEX_FILE": str(Path(scratch) / "index"), "GIT_LFS_SKIP_SMUDGE": "1"}
            why = "the tree cannot be copied"
            self._git("read-tree", sha, why=why, env=env)
            self._git("checkout-index", "--all", "--force", f"--prefix={target}/", why=why, env=env)
        for path, content in changes.items():
            _lay(target, path, content)

    def commit(self, branch: str, base: str, message: str, changes: Mapping[str, tuple[str, bytes | None]]) -> str:
        """Make a commit in the person's own name on a new local branch, touching neither index nor working files.

        `changes` maps paths to mode and content (None deletes). Returns the commit's id.

        Raises:
            WorktreeError: when the branch exists already or git has no name and e-mail address to commit with.
        """
        why = f"the commit on {branch} cannot be made"
        with tempfile.TemporaryDirectory() as scratch:
            env = {"GIT_INDEX_FILE": str(Path(scratch) / "index")}
            self._git("read-tree", base, why=why, env=env)
            for path, (mode, content) in changes.items():
                blob = "" if content is None else self._store(content, Path(scratch) / "blob")
                info = ("--force-remove", "--", path) if content is None else ("--add", "--cacheinfo", mode, blob, path)
                self._git("update-index", *info, why=why, env=env)
            tree = self._git("write-tree", why=why, env=env)
        sha = self._git("commit-tree", tree, "-p", base, "-m", message, why=why)
        self._git("update-ref", f"refs/heads/{branch}", sha, "0" * 40, why=f"the branch {branch} exists already")
        return sha

    def _store(self, content: bytes, scratch: Path) -> str:
        scratch.write_bytes(content)
        return self._git("hash-object", "-w", "--no-filters", str(scratch), why="a file cannot be stored")

    def _has(self, sha: str) -> bool:
        try:
            self._git("cat-file", "-e", f"{sha}^{{tree}}", why="not here")
        except WorktreeError:
            return False
        return True

    def _fetch(self, wanted: str) -> None:
        options = ("--depth=1", "--no-tags", "--no-write-fetch-head", "--no-recurse-submodules")
        try:
            self._git("fetch", *options, "origin", wanted, why=f"{wanted} cannot be fetched", env=self._secret)
        except WorktreeError:
            return

    def _git(self, command: str, *words: str, why: str, env: Mapping[str, str] | None = None) -> str:
        git = self._git_here()
        from git.exc import GitCommandError  # noqa: PLC0415 - slow to import, and ignored events do not pay for it

        line = ["git", *_trust(self._folder), command, *words]
        try:
            return str(git.execute(line, env={**_QUIET, **(env or {})}, strip_newline_in_stdout=True))
        except GitCommandError as error:
            said = " ".join(str(error.stderr or "").split())[:_LONGEST_REASON]
            if "not a git repository" in said:
                raise WorktreeError(f"{self._folder} is not a git checkout") from error
            raise WorktreeError(f"{why}: {said}" if said.strip("' ") else why) from error

    @contextmanager
    def _answers(self, *words: str, stdin: IO[bytes] | int, **env: str) -> Iterator[IO[bytes]]:
        """What git prints, read while it runs; it is stopped when nobody wants the rest.

        One that GitPython starts would stop for good as soon as it had much to complain about.
        """
        with subprocess.Popen(  # noqa: S603 - git, with our own words and an id of git's
            ["git", "-C", str(self._folder), *_trust(self._folder), *words],  # noqa: S607 - the git of the PATH
            stdin=stdin,
            stdout=subprocess.PIPE,
            stderr=subprocess.DEVNULL,
            env={**os.environ, **_QUIET, **env},
            bufsize=_PIPE,
            pipesize=_PIPE,
        ) as git:
            assert git.stdout is not None  # noqa: S101 - the pipe was asked for above
            try:
                yield git.stdout
            finally:
                git.kill()

    def _git_here(self) -> Git:
        if self._opened is None:
            defer("git")  # all of GitPython takes 0.15 s, its way of running git a third of that
            from git.cmd import Git  # noqa: PLC0415 - slow to import, and ignored events do not pay for it

            if not self._folder.is_dir():  # GitPython would run git in our own working directory instead
                raise WorktreeError(f"{self._folder} is not a git checkout")
            self._opened = Git(self._folder)
        return self._opened


def _trust(folder: Path) -> tuple[str, str]:
    """A runner's container often owns the checkout as somebody else; git would refuse to read it."""
    return "-c", f"safe.directory={folder.resolve()}"


def _header(token: str, server: str) -> dict[str, str]:
    if not token or not server:
        return {}
    login = base64.b64encode(f"x-access-token:{token}".encode()).decode()
    return {
        "GIT_CONFIG_COUNT": "1",
        "GIT_CONFIG_KEY_0": f"http.{server.rstrip('/')}/.extraheader",
        "GIT_CONFIG_VALUE_0": f"Authorization: Basic {login}",
    }


def _entry(row: str) -> tuple[str, FileEntry]:
    facts, _, path = row.partition("\t")
    mode, _kind, sha, size = facts.split()
    return path, FileEntry(
        mode, sha, int(size) if size.isdigit() else 0
    )  # `-` for submodules, `BAD` for what is missing


def _next_object(stream: IO[bytes]) -> bytes | None:
    """One answer of `git cat-file --batch`: a header line, and for what exists its content and a line feed.

    Raises:
        WorktreeError: when git ended before it had answered.
    """
    header = stream.readline()
    if not header.endswith(b"\n"):
        raise WorktreeError("files cannot be read: git ended early")
    facts = header.split()
    if len(facts) != 3 or not facts[2].isdigit():
        return None
    content = stream.read(int(facts[2]))
    if len(content) != int(facts[2]) or stream.read(1) != b"\n":
        raise WorktreeError("files cannot be read: git ended early")
    return content if facts[1] == b"blob" else None


def _past_changes(stream: IO[bytes]) -> Iterator[PastChange]:
    """Read `git log --name-only` where each message stands between the bytes 1 and 2, as far as memory allows.

    A message that holds such bytes itself makes a change that never was; what it names is a hint and no more.
    """
    from bot.locate.history import PastChange  # noqa: PLC0415 - its tables are not needed by runs that draft nothing

    for record in stream.read(_LONGEST_LOG).split(b"\1")[1:]:
        message, _, names = record.partition(b"\2")
        paths = names.decode(errors="surrogateescape").split("\n")
        yield PastChange(message, tuple(path for path in paths if path))


def _lay(target: Path, path: str, content: bytes | None) -> None:
    """Write or delete one file below `target`; a symbolic link on the way would lead out of it, so it is refused."""
    place = target
    for part in PurePosixPath(path).parts:
        if place.is_symlink():
            raise WorktreeError(f"{path} lies behind a symbolic link")
        place /= part
    if place.is_symlink():
        raise WorktreeError(f"{path} is a symbolic link")
    if content is None:
        place.unlink(missing_ok=True)
        return
    place.parent.mkdir(parents=True, exist_ok=True)
    mode = place.stat().st_mode if place.exists() else None
    place.write_bytes(content)
    if mode is not None:
        place.chmod(mode)
