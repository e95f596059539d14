"""Files and commits of the repository API: contents, commit lists, single commits, comparisons."""

from __future__ import annotations

from typing import TYPE_CHECKING

from bot.rehearsal.github_diffs import compare_trees, diff_text
from bot.rehearsal.github_git_routes import check_path, decode_base64, guard_move, lacks_workflows
from bot.rehearsal.github_git_shapes import commit_json, content_json, files_json, git_commit_json
from bot.rehearsal.github_history import EMPTY_TREE, Entry
from bot.rehearsal.github_problems import ApiError, not_for_apps, not_found, unprocessable
from bot.rehearsal.github_pull_shapes import pull_json
from bot.rehearsal.github_routing import Answer, Call, Route
from bot.rehearsal.github_shapes import Json, page_url, repository_url
from bot.rehearsal.http_server import Response

if TYPE_CHECKING:
    from bot.rehearsal.github_history import Commit
    from bot.rehearsal.github_repository import Repository

_REPOSITORY = "/repos/{owner}/{repo}"
_CONTENTS = f"{_REPOSITORY}/contents/{{path}}"
_MOST_FILES = 300
_MOST_COMMITS = 250
_SYMLINK_OR_FILE = "blob"


def _commit_of(call: Call, revision: str) -> Commit:
    sha = call.repository.resolve(revision)
    commit = call.repository.commit_at(sha) if sha else None
    if commit is None:
        raise ApiError(404, f"No commit found for the ref {revision}")
    return commit


# ---- contents


def _contents(call: Call) -> Answer:
    repository, path = call.repository, call.params.get("path", "").strip("/")
    revision = call.query.get("ref") or repository.default_branch
    tree = _commit_of(call, revision).tree
    entry = repository.history.find(tree, path) if path else Entry("", "040000", tree)
    if entry is None:
        raise not_found()
    if entry.kind == "tree":
        inside = repository.history.entries(entry.sha)[:1000]
        children = [Entry(f"{path}/{each.path}" if path else each.path, each.mode, each.sha) for each in inside]
        return 200, [content_json(repository, each, revision, whole=False) for each in children]
    if call.accepts("raw"):
        data = repository.store.read_as("blob", entry.sha)
        return Response(200, {"Content-Type": "application/vnd.github.raw+json; charset=utf-8"}, data)
    return 200, content_json(repository, entry, revision, whole=True)


def _branch_state(call: Call) -> tuple[str, str | None, str]:
    """The branch to write to, its head, and that head's tree."""
    branch = call.text("branch") or call.repository.default_branch
    head = call.repository.ref(f"heads/{branch}")
    if head is None and call.text("branch"):
        raise ApiError(404, f"Branch {branch} not found")
    return branch, head, call.repository.history.commit(head).tree if head else EMPTY_TREE


def _put(call: Call) -> Answer:
    repository, path, message = call.repository, call.params["path"], call.needed("message")
    data = decode_base64(call.needed("content"))
    check_path(path)
    branch, head, tree = _branch_state(call)
    old = repository.history.find(tree, path)
    _check_blob(call, old, path)
    mode = old.mode if old and old.kind == _SYMLINK_OR_FILE else "100644"
    entry = Entry(path, mode, repository.store.write("blob", data))
    commit = _commit_change(call, branch, head, repository.history.edit(tree, {path: entry}), message)
    content = content_json(repository, entry, branch, whole=False)
    return 200 if old else 201, {"content": content, "commit": git_commit_json(repository, commit)}


def _check_blob(call: Call, old: Entry | None, path: str) -> None:
    given = call.text("sha")
    if old is not None and given is None:
        raise unprocessable('Invalid request.\n\n"sha" wasn\'t supplied.')
    if given is not None and (old is None or old.sha != given):
        raise ApiError(409, f"{path} does not match {given}")
    if lacks_workflows(call.token) and path.lower().startswith(".github/workflows/"):
        raise not_for_apps()


def _delete(call: Call) -> Answer:
    repository, path, message = call.repository, call.params["path"], call.needed("message")
    call.needed("sha")
    branch, head, tree = _branch_state(call)
    old = repository.history.find(tree, path)
    if old is None:
        raise not_found()
    _check_blob(call, old, path)
    commit = _commit_change(call, branch, head, repository.history.edit(tree, {path: None}), message)
    return 200, {"content": None, "commit": git_commit_json(repository, commit)}


def _commit_change(call: Call, branch: str, head: str | None, tree: str, message: str) -> Commit:
    repository = call.repository
    person = repository.person(call.user)
    sha = repository.history.write_commit(tree, [head] if head else [], (person, person), message)
    guard_move(repository, call.token, f"refs/heads/{branch}", sha)
    repository.move_ref(f"refs/heads/{branch}", sha)
    if call.token is not None and call.token.is_app:
        repository.signed.add(sha)
    return repository.history.commit(sha)


# ---- commits


def _commits(call: Call) -> Answer:
    repository, query = call.repository, call.query
    if not repository.refs("heads/"):
        raise ApiError(409, "Git Repository is empty.")
    start = _commit_of(call, query.get("sha") or repository.default_branch)
    found = repository.history.log(start.sha, query.get("path", ""), 0, 1000)
    return call.page(found, lambda sha: commit_json(repository, repository.history.commit(sha)))


def whole_commit_json(repository: Repository, commit: Commit) -> Json:
    """A commit with its files, compared with its first parent."""
    files = compare_trees(repository.store, commit.parents[0] if commit.parents else EMPTY_TREE, commit.sha)
    added, removed = sum(file.additions for file in files), sum(file.deletions for file in files)
    stats = {"additions": added, "deletions": removed, "total": added + removed}
    listed = files_json(repository, files[:_MOST_FILES], commit.sha)
    return {**commit_json(repository, commit), "stats": stats, "files": listed}


def _commit(call: Call) -> Answer:
    revision = call.params["ref"]
    sha = call.repository.resolve(revision)
    commit = call.repository.commit_at(sha) if sha else None
    if commit is None:
        raise unprocessable(f"No commit found for SHA: {revision}")
    before = commit.parents[0] if commit.parents else EMPTY_TREE
    if call.accepts("diff"):
        return _plain(diff_text(call.repository.store, before, commit.sha), "diff")
    if call.accepts("sha"):
        return _plain(commit.sha, "sha")
    return 200, whole_commit_json(call.repository, commit)


def _plain(text: str, media: str) -> Response:
    return Response(200, {"Content-Type": f"application/vnd.github.{media}; charset=utf-8"}, text.encode())


def _pulls_of(call: Call) -> Answer:
    repository, commit = call.repository, _commit_of(call, call.params["commit_sha"])
    found = [
        issue
        for issue in repository.pulls()
        if issue.pull
        and (
            commit.sha in {issue.pull.head_sha, issue.pull.merge_sha}
            or commit.sha in repository.pull_commits(issue.number)
        )
    ]
    return call.page(found, lambda issue: pull_json(repository, *repository.pull(issue.number)))


# ---- comparisons


def _side(call: Call, name: str) -> Commit:
    owner, colon, branch = name.rpartition(":")
    if not colon:
        return _commit_of(call, name)
    relatives = (each for each in call.repository.family if each.owner.login.lower() == owner.lower())
    relative = next(relatives, None)
    sha = relative.resolve(branch) if relative else None
    if sha is None:
        raise not_found()
    return call.repository.history.commit(sha)


def _compare(call: Call) -> Answer:
    repository, history = call.repository, call.repository.history
    left, dots, right = call.params["basehead"].partition("...")
    if not dots:
        raise not_found()
    base, head = _side(call, left), _side(call, right)
    fork = history.merge_base(base.sha, head.sha)
    if fork is None:
        raise ApiError(404, f"No common ancestor between {left} and {right}.")
    if call.accepts("diff"):
        return _plain(diff_text(repository.store, fork, head.sha), "diff")
    ahead, behind = history.between(base.sha, head.sha), history.between(head.sha, base.sha)
    files = compare_trees(repository.store, fork, head.sha)
    status = "diverged" if ahead and behind else "ahead" if ahead else "behind" if behind else "identical"
    page = f"{page_url(repository)}/compare/{call.params['basehead']}"
    return 200, {
        "url": f"{repository_url(repository)}/compare/{call.params['basehead']}", "html_url": page,
        "permalink_url": f"{page_url(repository)}/compare/{base.sha}...{head.sha}", "diff_url": f"{page}.diff",
        "patch_url": f"{page}.patch", "base_commit": commit_json(repository, base),
        "merge_base_commit": commit_json(repository, history.commit(fork)), "status": status,
        "ahead_by": len(ahead), "behind_by": len(behind), "total_commits": len(ahead),
        "commits": [commit_json(repository, history.commit(sha)) for sha in ahead[:_MOST_COMMITS]],
        "files": files_json(repository, files[:_MOST_FILES], head.sha),
    }  # fmt: skip


ROUTES = (
    Route("GET", f"{_REPOSITORY}/contents", _contents, "contents:read"),
    Route("GET", f"{_REPOSITORY}/contents/", _contents, "contents:read"),
    Route("GET", _CONTENTS, _contents, "contents:read"),
    Route("PUT", _CONTENTS, _put, "contents:write"),
    Route("DELETE", _CONTENTS, _delete, "contents:write"),
    Route("GET", f"{_REPOSITORY}/commits", _commits, "contents:read"),
    Route("GET", f"{_REPOSITORY}/commits/{{ref}}", _commit, "contents:read"),
    Route("GET", f"{_REPOSITORY}/commits/{{commit_sha}}/pulls", _pulls_of, "pull_requests:read"),
    Route("GET", f"{_REPOSITORY}/compare/{{basehead}}", _compare, "contents:read"),
)
