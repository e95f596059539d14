"""A repository's git side: its bare repository on disk, its branches, and a person's pushes."""

from __future__ import annotations

import shutil
import threading
from typing import TYPE_CHECKING

from bot.rehearsal.github_history import EMPTY_TREE, Commit, Entry, History, Person, commit_or_none
from bot.rehearsal.github_objects import SHA, ObjectStore
from bot.rehearsal.github_refs import RefStore
from bot.rehearsal.github_state import ROLES, Environment, User

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence
    from pathlib import Path

    from bot.rehearsal.github_state import World

WORKFLOWS = ".github/workflows/"
_CONFIG = """\
[core]
\trepositoryformatversion = 0
\tfilemode = true
\tbare = true
[gc]
\tauto = 0
[http]
\treceivepack = true
[uploadpack]
\tallowFilter = true
\tallowAnySHA1InWant = true
[receive]
\tautogc = false
\thideRefs = refs/pull
"""
_PERMISSIONS = {
    "admin": "admin",
    "maintain": "write",
    "write": "write",
    "triage": "read",
    "read": "read",
    "none": "none",
}


class GitSide:
    """The part of a repository that git knows, with its settings; `lock` guards everything of the repository."""

    def __init__(self, world: World, folder: Path, full_name: str, *, private: bool, default_branch: str) -> None:
        self.world = world
        self.folder = folder
        self.full_name = full_name
        self.name = full_name.partition("/")[2]
        self.owner = world.user(full_name.partition("/")[0])
        self.id = world.next_id()
        self.private = private
        self.default_branch = default_branch
        self.created = world.now()
        self.pushed = self.created
        self.lock = threading.RLock()
        self.roles: dict[str, str] = {self.owner.login.lower(): "admin"}
        self.protected: set[str] = set()
        self.environments: dict[str, Environment] = {}
        self.has_issues = True
        self.archived = False
        self.actions_may_create_pulls = True
        self.dispatches: list[dict[str, object]] = []
        self.signed: set[str] = set()
        self.imported: set[str] = set()  # commits of a real repository that this one started at
        self.store = ObjectStore(folder)
        self.history = History(self.store)
        self.ref_store = RefStore(self.store)

    # ---- people and rules

    def set_permission(self, login: str, role: str) -> None:
        """Give a person one of the roles none, read, triage, write, maintain, admin; `none` shuts out."""
        if role not in ROLES:
            raise ValueError(f"no such role: {role}")
        self.roles[self.world.user(login).login.lower()] = role

    def role_of(self, login: str) -> str:
        """A person's role; a stranger reads public repositories and has none on private ones."""
        return self.roles.get(login.lower(), "none" if self.private else "read")

    def permission_of(self, login: str) -> str:
        """The role as the `permission` field coarsens it: admin, write, read, none."""
        return _PERMISSIONS[self.role_of(login)]

    def protect(self, branch: str) -> None:
        """Let a ruleset want pull requests for the branch: pushes and ref updates with tokens are refused."""
        self.protected.add(branch)

    def add_environment(self, name: str, reviewers: Iterable[str] = (), *, prevent_self_review: bool = False) -> None:
        """Add a deployment environment, with required reviewers if any are named."""
        people = [self.world.user(login) for login in reviewers]
        self.environments[name] = Environment(self.world.next_id(), name, people, prevent_self_review, self.world.now())

    # ---- reading git

    def ref(self, name: str) -> str | None:
        """The id a ref points at; `name` is `heads/main` or `refs/heads/main`."""
        return self.ref_store.get(name if name.startswith("refs/") else f"refs/{name}")

    def refs(self, prefix: str = "") -> dict[str, str]:
        """The refs whose name without `refs/` starts with `prefix`: full name → id."""
        return self.ref_store.list(f"refs/{prefix.removeprefix('refs/')}")

    def head(self, branch: str | None = None) -> str:
        """The commit a branch (the default branch if none is named) is at.

        Raises:
            LookupError: when there is no such branch.
        """
        if sha := self.ref(f"heads/{branch or self.default_branch}"):
            return sha
        raise LookupError(f"no branch {branch or self.default_branch} in {self.full_name}")

    def resolve(self, revision: str) -> str | None:
        """The commit of a branch, tag, full ref name, or (abbreviated) commit id, in GitHub's order; else None."""
        for name in (f"refs/heads/{revision}", f"refs/tags/{revision}", revision, f"refs/{revision}"):
            if sha := self.ref_store.get(name):
                return sha
        if revision == "HEAD":
            return self.ref(f"heads/{self.default_branch}")
        if SHA.fullmatch(revision):
            return revision if self.store.has(revision, "commit") else None
        return self.store.expand(revision)

    def commit_at(self, sha: str) -> Commit | None:
        """A commit by full id, or None."""
        return commit_or_none(self.history, sha)

    def tree(self, revision: str) -> dict[str, str]:
        """All files of a commit: path → blob id."""
        return {entry.path: entry.sha for entry in self.entries(revision) if entry.kind != "tree"}

    def entries(self, revision: str) -> list[Entry]:
        """All tree entries of a commit, folders included."""
        return list(self.history.walk(self.history.commit(self._known(revision)).tree))

    def read(self, revision: str, path: str) -> bytes:
        """A file's content in a commit.

        Raises:
            LookupError: when it is not there.
        """
        entry = self.history.find(self.history.commit(self._known(revision)).tree, path)
        if entry is None:
            raise LookupError(f"{path} is not in {revision}")
        return self.store.read_as("blob", entry.sha)

    def workflow_files(self, sha: str) -> dict[str, str]:
        """The workflow files of a commit: path → blob id."""
        folder = self.history.find(self.history.commit(sha).tree, WORKFLOWS)
        inside = self.history.walk(folder.sha, WORKFLOWS) if folder and folder.kind == "tree" else ()
        return {entry.path: entry.sha for entry in inside if entry.kind != "tree"}

    def new_workflow(self, old: str | None, new: str) -> str | None:
        """The first workflow file that a ref's move changes against its old commit, its base and the default branch."""
        default = self.ref(f"heads/{self.default_branch}")
        base = self.history.merge_base(default, new) if default else None
        known = [self.workflow_files(sha) for sha in (old, base, default) if sha]
        wanted = self.workflow_files(new)
        if wanted in (known or [{}]):
            return None
        reference = known[0] if known else {}
        return min(path for path, _ in wanted.items() ^ reference.items())

    # ---- writing git

    def commit(
        self,
        branch: str,
        changes: Mapping[str, str | bytes | None],
        message: str,
        *,
        author: str | None = None,
        start: str | None = None,
    ) -> str:
        """A person's push of one commit: path → content, None deletes.

        A new branch starts at `start`, or at the default branch.

        Raises:
            LookupError: when `start` is not in the repository.
        """
        with self.lock:
            tip = self.ref(f"heads/{branch}")
            parent = tip or (self._known(start) if start else self.ref(f"heads/{self.default_branch}"))
            base = self.history.commit(parent).tree if parent else EMPTY_TREE
            entries = {path: self._entry(base, path, content) for path, content in changes.items()}
            sha = self.make_commit(self.history.edit(base, entries), [parent] if parent else [], message, author)
            self.move_ref(f"refs/heads/{branch}", sha)
            return sha

    def make_commit(self, tree: str, parents: Sequence[str], message: str, author: str | None = None) -> str:
        """Store a commit by a person without moving any ref."""
        person = self.person(self.world.user(author) if author else self.owner)
        return self.history.write_commit(tree, parents, (person, person), message)

    def branch(self, name: str, start: str | None = None) -> str:
        """Create a branch at a revision (the default branch's head), or move it there by force."""
        sha = self._known(start or self.default_branch)
        self.move_ref(f"refs/heads/{name}", sha)
        return sha

    def move_ref(self, name: str, sha: str | None) -> None:
        """Create, move or (None) delete a ref, with everything that follows from it; no rule is asked."""
        with self.lock:
            if sha is None:
                self.ref_store.delete(name)
            else:
                self.ref_store.set(name, sha)
            self.pushed = self.world.now()
            self.ref_moved(name, sha)

    def ref_moved(self, name: str, sha: str | None) -> None:
        """What follows from a ref's move; pull requests add to it."""

    def person(self, user: User) -> Person:
        """How an account signs commits now."""
        return Person(user.login, f"{user.id}+{user.login}@users.noreply.github.com", self.world.now())

    def close(self) -> None:
        """End the repository's helper process."""
        self.store.close()

    def _known(self, revision: str) -> str:
        if sha := self.resolve(revision):
            return sha
        raise LookupError(f"no revision {revision} in {self.full_name}")

    def _entry(self, base: str, path: str, content: str | bytes | None) -> Entry | None:
        if content is None:
            return None
        old = self.history.find(base, path)
        mode = old.mode if old and old.kind == "blob" else "100644"
        data = content.encode() if isinstance(content, str) else content
        return Entry(path, mode, self.store.write("blob", data))


def lay_out(folder: Path, default_branch: str, *, objects: Path | None = None, borrow: Path | None = None) -> None:
    """Make an empty bare repository; `objects` is shared (a fork), `borrow` is another git dir that is only read."""
    folder.mkdir(parents=True)
    (folder / "refs" / "heads").mkdir(parents=True)
    (folder / "refs" / "tags").mkdir()
    (folder / "HEAD").write_text(f"ref: refs/heads/{default_branch}\n")
    (folder / "config").write_text(_CONFIG)
    if objects is not None:
        (folder / "objects").symlink_to(objects.resolve(), target_is_directory=True)
        return
    (folder / "objects" / "info").mkdir(parents=True)
    (folder / "objects" / "pack").mkdir()
    if borrow is not None:
        (folder / "objects" / "info" / "alternates").write_text(f"{borrow.resolve() / 'objects'}\n")
        if (borrow / "shallow").exists():
            shutil.copy(borrow / "shallow", folder / "shallow")
