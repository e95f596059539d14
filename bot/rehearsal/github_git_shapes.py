"""How commits, trees, refs, files and comparisons look as JSON."""

from __future__ import annotations

import base64
from typing import TYPE_CHECKING
from urllib.parse import quote

from bot.rehearsal.github_shapes import Json, moment, page_url, repository_url, user_json

if TYPE_CHECKING:
    from bot.rehearsal.github_diffs import FileDiff
    from bot.rehearsal.github_history import Commit, Entry, Person
    from bot.rehearsal.github_repository import Repository
    from bot.rehearsal.github_state import User


def ref_json(repository: Repository, name: str, sha: str) -> Json:
    """A ref; its `url` is the plural one, under which it can be changed too."""
    kind = repository.store.read(sha)[0]
    return {
        "ref": name, "node_id": f"REF_{repository.id}_{quote(name, safe='')}",
        "url": f"{repository_url(repository)}/git/{quote(name)}",
        "object": {"sha": sha, "type": kind, "url": f"{repository_url(repository)}/git/{kind}s/{sha}"},
    }  # fmt: skip


def person_json(person: Person) -> Json:
    """An author or committer inside of a commit."""
    return {"name": person.name, "email": person.email, "date": moment(person.when)}


def verification_json(repository: Repository, commit: Commit) -> Json:
    """Whether GitHub shows the commit as Verified: it signs what apps make through the API in their own name."""
    signed = commit.sha in repository.signed
    return {
        "verified": signed, "reason": "valid" if signed else "unsigned",
        "signature": "-----BEGIN PGP SIGNATURE-----\n\n-----END PGP SIGNATURE-----\n" if signed else None,
        "payload": f"tree {commit.tree}\n" if signed else None,
        "verified_at": moment(commit.committer.when) if signed else None,
    }  # fmt: skip


def git_commit_json(repository: Repository, commit: Commit) -> Json:
    """A commit of the Git data API."""
    url = f"{repository_url(repository)}/git"
    page = f"{page_url(repository)}/commit"
    parents = [{"sha": sha, "url": f"{url}/commits/{sha}", "html_url": f"{page}/{sha}"} for sha in commit.parents]
    return {
        "sha": commit.sha, "node_id": f"C_{commit.sha}", "url": f"{url}/commits/{commit.sha}",
        "html_url": f"{page}/{commit.sha}", "author": person_json(commit.author),
        "committer": person_json(commit.committer), "message": commit.message.removesuffix("\n"),
        "tree": {"sha": commit.tree, "url": f"{url}/trees/{commit.tree}"}, "parents": parents,
        "verification": verification_json(repository, commit),
    }  # fmt: skip


def commit_json(repository: Repository, commit: Commit) -> Json:
    """A commit of the repository API, without its files."""
    inner = git_commit_json(repository, commit)
    url = f"{repository_url(repository)}/commits/{commit.sha}"
    listed = [{**parent, "url": parent["url"].replace("/git/commits/", "/commits/")} for parent in inner["parents"]]
    names = ("url", "author", "committer", "message", "tree", "verification")
    return {
        "sha": commit.sha, "node_id": inner["node_id"], "url": url, "html_url": inner["html_url"],
        "comments_url": f"{url}/comments", "parents": listed,
        "commit": {**{name: inner[name] for name in names}, "comment_count": 0},
        "author": _account(repository, commit.author), "committer": _account(repository, commit.committer),
    }  # fmt: skip


def _account(repository: Repository, person: Person) -> Json | None:
    user = _owner_of_email(repository, person.email)
    return user_json(repository.world, user) if user else None


def _owner_of_email(repository: Repository, email: str) -> User | None:
    number, plus, rest = email.partition("+")
    login = rest.partition("@")[0]
    user = repository.world.users.get(login.lower()) if plus else None
    return user if user and number == str(user.id) else None


def files_json(repository: Repository, files: list[FileDiff], revision: str) -> list[Json]:
    """The changed files of a commit, comparison or pull request."""
    return [_file_json(repository, file, revision) for file in files]


def _file_json(repository: Repository, file: FileDiff, revision: str) -> Json:
    path = quote(file.path)
    shown: Json = {
        "sha": file.sha, "filename": file.path, "status": file.status, "additions": file.additions,
        "deletions": file.deletions, "changes": file.additions + file.deletions,
        "blob_url": f"{page_url(repository)}/blob/{revision}/{path}",
        "raw_url": f"{page_url(repository)}/raw/{revision}/{path}",
        "contents_url": f"{repository_url(repository)}/contents/{path}?ref={revision}",
    }  # fmt: skip
    shown |= {} if file.patch is None else {"patch": file.patch}
    return shown | ({} if file.previous is None else {"previous_filename": file.previous})


def tree_json(repository: Repository, sha: str, entries: list[Entry], *, truncated: bool = False) -> Json:
    """A tree of the Git data API."""
    url = f"{repository_url(repository)}/git"
    listed = []
    for entry in entries:
        item: Json = {"path": entry.path, "mode": entry.mode, "type": entry.kind, "sha": entry.sha}
        if entry.kind == "blob":
            item["size"] = len(repository.store.read(entry.sha)[1])
        if entry.kind != "commit":
            item["url"] = f"{url}/{entry.kind}s/{entry.sha}"
        listed.append(item)
    return {"sha": sha, "url": f"{url}/trees/{sha}", "tree": listed, "truncated": truncated}


def blob_json(repository: Repository, sha: str, data: bytes) -> Json:
    """A blob of the Git data API."""
    return {
        "sha": sha, "node_id": f"B_{sha}", "size": len(data), "url": f"{repository_url(repository)}/git/blobs/{sha}",
        "content": base64.encodebytes(data).decode(), "encoding": "base64",
    }  # fmt: skip


def content_json(repository: Repository, entry: Entry, revision: str, *, whole: bool) -> Json:
    """A file or folder of the contents API; `whole` adds the content (up to 1 MB, beyond it GitHub leaves it empty)."""
    url = f"{repository_url(repository)}/contents/{quote(entry.path)}?ref={quote(revision, safe='')}"
    kind = {"tree": "dir", "commit": "submodule"}.get(entry.kind, "symlink" if entry.mode == "120000" else "file")
    git_url = f"{repository_url(repository)}/git/{entry.kind}s/{entry.sha}"
    page = f"{page_url(repository)}/{'tree' if kind == 'dir' else 'blob'}/{revision}/{quote(entry.path)}"
    raw = f"{page_url(repository)}/raw/{revision}/{quote(entry.path)}" if kind == "file" else None
    data = repository.store.read(entry.sha)[1] if entry.kind == "blob" else b""
    shown: Json = {
        "name": entry.path.rpartition("/")[2], "path": entry.path, "sha": entry.sha, "size": len(data), "url": url,
        "html_url": page, "git_url": git_url, "download_url": raw, "type": kind,
        "_links": {"self": url, "git": git_url, "html": page},
    }  # fmt: skip
    if whole and kind == "symlink":
        return shown | {"target": data.decode("utf-8", "replace")}
    if whole and len(data) > 1_000_000:
        return shown | {"content": "", "encoding": "none"}
    return shown | ({"content": base64.encodebytes(data).decode(), "encoding": "base64"} if whole else {})
