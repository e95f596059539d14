"""The Git data API: blobs, trees, commits, tags and refs, all true git objects."""

from __future__ import annotations

import base64
import binascii
from datetime import datetime
from typing import TYPE_CHECKING, Any

from bot.rehearsal.github_git_shapes import blob_json, git_commit_json, person_json, ref_json, tree_json
from bot.rehearsal.github_history import EMPTY_TREE, MODES, Entry, Person
from bot.rehearsal.github_objects import SHA
from bot.rehearsal.github_problems import not_for_apps, not_found, unprocessable
from bot.rehearsal.github_refs import RefClashError, valid_ref
from bot.rehearsal.github_routing import Answer, Call, Route, json_response
from bot.rehearsal.github_shapes import Json, repository_url
from bot.rehearsal.http_server import Response

if TYPE_CHECKING:
    from bot.rehearsal.github_repository import Repository
    from bot.rehearsal.github_state import Token

_GIT = "/repos/{owner}/{repo}/git"
_LARGEST_BLOB = 40 * 1024 * 1024
_MOST_ENTRIES = 100_000
RULE_PROBLEM = "Repository rule violations found\n\nChanges must be made through a pull request.\n\n"


def decode_base64(text: str) -> bytes:
    """Content as the API takes it.

    Raises:
        ApiError: 422 when it is not base64.
    """
    try:
        return base64.b64decode("".join(text.split()), validate=True)
    except binascii.Error as problem:
        raise unprocessable("content is not valid Base64") from problem


def lacks_workflows(token: Token | None) -> bool:
    """Whether the caller is an app that may not touch workflow files."""
    return token is not None and token.is_app and not token.allows("workflows", "write")


def guard_move(repository: Repository, token: Token | None, name: str, sha: str) -> None:
    """Hold a ref's creation or move to the repository's rules.

    Raises:
        ApiError: 422 for protected branches, 403 for workflow files.
    """
    old = repository.ref_store.get(name)
    if old is not None and old != sha and name.removeprefix("refs/heads/") in repository.protected:
        raise unprocessable(RULE_PROBLEM)
    if not repository.store.has(sha, "commit"):
        return
    if lacks_workflows(token) and repository.new_workflow(old, sha) is not None:
        raise not_for_apps()


def _create_blob(call: Call) -> Answer:
    content, encoding = call.needed("content"), call.text("encoding") or "utf-8"
    if encoding not in {"utf-8", "base64"}:
        raise unprocessable(f"encoding {encoding} is not supported")
    data = decode_base64(content) if encoding == "base64" else content.encode("utf-8", "surrogatepass")
    if len(data) > _LARGEST_BLOB:
        raise unprocessable("Sorry, your input was too large to process. Consider creating the blob in a local clone.")
    sha = call.repository.store.write("blob", data)
    return 201, {"sha": sha, "url": f"{repository_url(call.repository)}/git/blobs/{sha}"}


def _object(call: Call, kind: str, name: str) -> bytes:
    sha = call.params[name]
    if not SHA.fullmatch(sha) or not call.repository.store.has(sha, kind):
        raise not_found()
    return call.repository.store.read_as(kind, sha)


def _blob(call: Call) -> Answer:
    data = _object(call, "blob", "file_sha")
    if call.accepts("raw"):
        return Response(200, {"Content-Type": "application/vnd.github.raw; charset=utf-8"}, data)
    return 200, blob_json(call.repository, call.params["file_sha"], data)


# ---- trees


def _create_tree(call: Call) -> Answer:
    history = call.repository.history
    base = _base_tree(call, call.text("base_tree"))
    given = call.given("tree", list, required=True)
    if not given and base == EMPTY_TREE:
        raise unprocessable("Invalid tree info")
    changes = {}
    for item in given:
        path, entry = _read_entry(call, item)
        if entry is None and history.find(base, path) is None:
            raise unprocessable("GitRPC::BadObjectState")
        changes[path] = entry
    if lacks_workflows(call.token) and any(path.lower().startswith(".github/workflows/") for path in changes):
        raise not_for_apps()
    sha = history.edit(base, changes)
    return 201, tree_json(call.repository, sha, list(history.entries(sha)))


def _base_tree(call: Call, sha: str | None) -> str:
    if sha is None:
        return EMPTY_TREE
    store = call.repository.store
    if SHA.fullmatch(sha) and store.has(sha, "commit"):
        return call.repository.history.commit(sha).tree
    if sha != EMPTY_TREE and not (SHA.fullmatch(sha) and store.has(sha, "tree")):
        raise unprocessable("base_tree is not a valid tree oid")
    return sha


def check_path(path: str) -> None:
    """Refuse what git refuses as a path.

    Raises:
        ApiError: 422.
    """
    if path.startswith("/"):
        raise unprocessable("tree.path cannot start with a slash")
    bad = {"", ".", "..", ".git"}
    if any(part.lower().rstrip(". ") in bad or "\0" in part for part in path.split("/")):
        raise unprocessable("tree.path contains a malformed path component")


def _read_entry(call: Call, item: Any) -> tuple[str, Entry | None]:
    if not isinstance(item, dict) or not isinstance(item.get("path"), str):
        raise unprocessable("Must supply a valid tree.path")
    path, mode = item["path"], item.get("mode", "100644")
    check_path(path)
    if mode not in MODES:
        raise unprocessable("Must supply a valid tree.mode")
    if "sha" in item and item["sha"] is None and "content" not in item:
        return path, None
    sha = item.get("sha")
    if sha is None and isinstance(item.get("content"), str):
        sha = call.repository.store.write("blob", item["content"].encode("utf-8", "surrogatepass"))
    if not isinstance(sha, str):
        raise unprocessable("Must supply either tree.sha or tree.content")
    known = SHA.fullmatch(sha) and (MODES[mode] == "commit" or call.repository.store.has(sha, MODES[mode]))
    if not known:
        raise unprocessable(f"tree.sha {sha} is not a valid {MODES[mode]}")
    return path, Entry(path, mode, sha)


def _tree(call: Call) -> Answer:
    history, name = call.repository.history, call.params["tree_sha"]
    commit = call.repository.resolve(name)
    sha = history.commit(commit).tree if commit else name
    if not (SHA.fullmatch(sha) and (sha == EMPTY_TREE or call.repository.store.has(sha, "tree"))):
        raise not_found()
    entries = list(history.walk(sha)) if call.query.get("recursive") else list(history.entries(sha))
    cut = len(entries) > _MOST_ENTRIES
    return 200, tree_json(call.repository, sha, entries[:_MOST_ENTRIES], truncated=cut)


# ---- commits and tags


def _person(call: Call, name: str, default: Person) -> Person:
    given = call.given(name, dict)
    if given is None:
        return default
    try:
        when = datetime.fromisoformat(given["date"]) if given.get("date") else call.world.now()
        return Person(str(given["name"]), str(given["email"]), when)
    except (KeyError, ValueError, TypeError) as problem:
        raise unprocessable(
            f"Invalid request.\n\nFor '{name}', the name, the email or the date is not valid."
        ) from problem


def _people(call: Call) -> tuple[Person, Person, bool]:
    """Author, committer, and whether GitHub signs: for apps, when the request names nobody and brings no signature."""
    own = call.repository.person(call.user)
    document = call.document()
    nobody = not any(document.get(name) for name in ("author", "committer", "signature"))
    signs = nobody and call.token is not None and call.token.is_app
    author = _person(call, "author", own)
    web = Person("GitHub", "noreply@github.com", own.when) if signs else author
    return author, _person(call, "committer", web), signs


def _create_commit(call: Call) -> Answer:
    repository, message, tree = call.repository, call.needed("message"), call.needed("tree")
    parents = call.given("parents", list) or []
    if tree != EMPTY_TREE and not (SHA.fullmatch(tree) and repository.store.has(tree, "tree")):
        raise unprocessable("Tree SHA does not exist")
    if not all(isinstance(sha, str) and SHA.fullmatch(sha) and repository.store.has(sha, "commit") for sha in parents):
        raise unprocessable("Parent SHA does not exist or is not a commit object")
    author, committer, signs = _people(call)
    sha = repository.history.write_commit(tree, parents, (author, committer), message)
    if signs:
        repository.signed.add(sha)
    return 201, git_commit_json(repository, repository.history.commit(sha))


def _commit(call: Call) -> Answer:
    _object(call, "commit", "commit_sha")
    return 200, git_commit_json(call.repository, call.repository.history.commit(call.params["commit_sha"]))


def _create_tag(call: Call) -> Answer:
    repository, name, target, kind = call.repository, call.needed("tag"), call.needed("object"), call.needed("type")
    if not (SHA.fullmatch(target) and repository.store.has(target, kind)):
        raise unprocessable("Object does not exist")
    tagger = _person(call, "tagger", repository.person(call.user))
    message = call.needed("message")
    text = f"object {target}\ntype {kind}\ntag {name}\ntagger {tagger.line()}\n\n{message}"
    sha = repository.store.write("tag", text.encode())
    url = f"{repository_url(repository)}/git"
    pointed = {"sha": target, "type": kind, "url": f"{url}/{kind}s/{target}"}
    shown = {"sha": sha, "node_id": f"TAG_{sha}", "url": f"{url}/tags/{sha}", "tag": name, "message": message}
    return 201, {**shown, "tagger": person_json(tagger), "object": pointed}


# ---- refs


def _ref(call: Call) -> Answer:
    name = f"refs/{call.params['ref']}"
    sha = call.repository.ref_store.get(name)
    if sha is None:
        raise not_found()
    return 200, ref_json(call.repository, name, sha)


def _matching(call: Call) -> Answer:
    found = call.repository.refs(call.params.get("ref", ""))
    return 200, [ref_json(call.repository, name, sha) for name, sha in found.items()]  # the one list without pages


def _target(call: Call) -> str:
    sha = call.needed("sha")
    if not SHA.fullmatch(sha):
        raise unprocessable("The sha parameter must be exactly 40 characters and contain only [0-9a-f].")
    if not call.repository.store.has(sha):
        raise unprocessable("Object does not exist")
    return sha


def _create_ref(call: Call) -> Answer:
    repository, name, sha = call.repository, call.needed("ref"), _target(call)
    if not valid_ref(name):
        raise unprocessable("Reference name must start with 'refs/' and have at least two slashes")
    if name.startswith("refs/pull/") or (name.startswith("refs/heads/") and not repository.store.has(sha, "commit")):
        raise unprocessable("Reference update failed")
    if repository.ref_store.get(name) is not None:
        raise unprocessable("Reference already exists")
    return _move(call, name, sha, 201)


def _move(call: Call, name: str, sha: str, status: int) -> Response:
    guard_move(call.repository, call.token, name, sha)
    try:
        call.repository.move_ref(name, sha)
    except RefClashError as problem:
        raise unprocessable("Reference update failed") from problem
    shown: Json = ref_json(call.repository, name, sha)
    return json_response(status, shown, {"Location": shown["url"]} if status == 201 else {})


def _update_ref(call: Call) -> Answer:
    repository, name, sha = call.repository, f"refs/{call.params['ref']}", _target(call)
    old = repository.ref_store.get(name)
    if old is None or name.startswith("refs/pull/"):
        raise unprocessable("Reference does not exist")
    forced = bool(call.given("force", bool))
    if not forced and not repository.history.is_ancestor(old, sha):
        raise unprocessable("Update is not a fast forward")
    return _move(call, name, sha, 200)


def _delete_ref(call: Call) -> Answer:
    name = f"refs/{call.params['ref']}"
    branch = name.removeprefix("refs/heads/")
    if call.repository.ref_store.get(name) is None or name.startswith("refs/pull/"):
        raise unprocessable("Reference does not exist")
    if branch in call.repository.protected or branch == call.repository.default_branch:
        raise unprocessable("Repository rule violations found\n\nCannot delete this branch\n\n")
    call.repository.move_ref(name, None)
    return 204, None


ROUTES = (
    Route("POST", f"{_GIT}/blobs", _create_blob, "contents:write"),
    Route("GET", f"{_GIT}/blobs/{{file_sha}}", _blob, "contents:read"),
    Route("POST", f"{_GIT}/trees", _create_tree, "contents:write"),
    Route("GET", f"{_GIT}/trees/{{tree_sha}}", _tree, "contents:read"),
    Route("POST", f"{_GIT}/commits", _create_commit, "contents:write"),
    Route("GET", f"{_GIT}/commits/{{commit_sha}}", _commit, "contents:read"),
    Route("POST", f"{_GIT}/tags", _create_tag, "contents:write"),
    Route("GET", f"{_GIT}/ref/{{ref}}", _ref, "contents:read"),
    Route("GET", f"{_GIT}/matching-refs/{{ref}}", _matching, "contents:read"),
    Route("GET", f"{_GIT}/refs", _matching, "contents:read"),
    Route("POST", f"{_GIT}/refs", _create_ref, "contents:write"),
    Route("GET", f"{_GIT}/refs/{{ref}}", _ref, "contents:read"),
    Route("PATCH", f"{_GIT}/refs/{{ref}}", _update_ref, "contents:write"),
    Route("DELETE", f"{_GIT}/refs/{{ref}}", _delete_ref, "contents:write"),
)
