"""Pull requests: opening, listing, changing, merging."""

from __future__ import annotations

from typing import TYPE_CHECKING

from bot.rehearsal.github_git_routes import lacks_workflows
from bot.rehearsal.github_git_shapes import commit_json, files_json
from bot.rehearsal.github_problems import ApiError, invalid, not_for_apps
from bot.rehearsal.github_pull_shapes import pull_json, whole_pull_json
from bot.rehearsal.github_reviews import diff_or_406
from bot.rehearsal.github_routing import Answer, Call, Route
from bot.rehearsal.github_shapes import user_json
from bot.rehearsal.http_server import Response

if TYPE_CHECKING:
    from bot.rehearsal.github_state import Issue, Pull

_PULLS = "/repos/{owner}/{repo}/pulls"
_PULL = f"{_PULLS}/{{pull_number}}"
NOT_PERMITTED = "GitHub Actions is not permitted to create or approve pull requests."
_MOST_FILES = 3000


def _found(call: Call) -> tuple[Issue, Pull]:
    return call.repository.pull(call.number("pull_number"))


def _list(call: Call) -> Answer:
    state, head, base = (call.query.get(name, "") for name in ("state", "head", "base"))
    found = [
        issue
        for issue in call.repository.pulls()
        if issue.pull
        and (state or "open") in {"all", issue.state}
        and head.lower() in {"", issue.pull.head_label.lower()}
        and base in {"", issue.pull.base_ref}
    ]
    upwards = call.query.get("direction", "asc" if call.query.get("sort", "created") != "created" else "desc") == "asc"
    found.sort(key=lambda issue: issue.number, reverse=not upwards)
    return call.page(found, lambda issue: pull_json(call.repository, *call.repository.pull(issue.number)))


def _create(call: Call) -> Answer:
    app = call.token is not None and call.token.is_app
    if app and not call.repository.actions_may_create_pulls:
        raise ApiError(403, NOT_PERMITTED)
    issue = call.repository.open_pull(
        call.user, call.text("title") or "", call.text("body") or "", head=call.needed("head"),
        base=call.needed("base"), draft=bool(call.given("draft", bool)),
    )  # fmt: skip
    return 201, whole_pull_json(call.repository, *call.repository.pull(issue.number))


def _get(call: Call) -> Answer:
    issue, pull = _found(call)
    if call.accepts("diff") or call.accepts("patch"):
        media = "diff" if call.accepts("diff") else "patch"
        text = diff_or_406(call.repository, pull, issue.number)
        return Response(200, {"Content-Type": f"application/vnd.github.{media}; charset=utf-8"}, text.encode())
    return 200, whole_pull_json(call.repository, issue, pull)


def _patch(call: Call) -> Answer:
    (issue, pull), state, base = _found(call), call.text("state"), call.text("base")
    if state not in {None, "open", "closed"}:
        raise invalid("PullRequest", "state", "invalid")
    call.repository.edit_issue(issue.number, call.user, title=call.text("title"), body=call.text("body"))
    if base is not None:
        if call.repository.ref(f"heads/{base}") is None:
            raise invalid("PullRequest", "base", "invalid")
        pull.base_ref, pull.base_sha = base, call.repository.head(base)
    if state == "open" and issue.state == "closed" and (pull.merged or _head_gone(pull)):
        raise invalid(
            "PullRequest", "state", "invalid", "state cannot be changed. The branch is merged or was deleted."
        )
    if state is not None and state != issue.state:
        call.repository.set_state(issue.number, state, call.user)
    return 200, whole_pull_json(call.repository, issue, pull)


def _head_gone(pull: Pull) -> bool:
    return pull.head_repository is None or pull.head_repository.ref(f"heads/{pull.head_ref}") is None


def _files(call: Call) -> Answer:
    issue, pull = _found(call)
    files = call.repository.files(issue.number)[:_MOST_FILES]
    return call.page(files, lambda file: files_json(call.repository, [file], pull.head_sha)[0])


def _commits(call: Call) -> Answer:
    history = call.repository.history
    shas = call.repository.pull_commits(_found(call)[0].number)[:250]
    return call.page(shas, lambda sha: commit_json(call.repository, history.commit(sha)))


def _is_merged(call: Call) -> Answer:
    return (204, None) if _found(call)[1].merged else (404, {"message": "Not Found"})


def _merge(call: Call) -> Answer:
    (issue, pull), sha = _found(call), call.text("sha")
    repository = call.repository
    if sha is not None and sha != pull.head_sha:
        raise ApiError(409, "Head branch was modified. Review and try the merge again.")
    if lacks_workflows(call.token) and repository.new_workflow(repository.head(pull.base_ref), pull.head_sha):
        raise not_for_apps()
    method = call.text("merge_method") or "merge"
    text = "\n\n".join(filter(None, (call.text("commit_title"), call.text("commit_message")))) or None
    merged = repository.merge_pull(issue.number, call.user, method, text)
    return 200, {"sha": merged, "merged": True, "message": "Pull Request successfully merged"}


def _reviewers(call: Call) -> Answer:
    _, pull = _found(call)
    return 200, {"users": [user_json(call.world, user) for user in pull.reviewers], "teams": []}


def _ask_reviewers(call: Call) -> Answer:
    issue, pull = _found(call)
    for login in call.given("reviewers", list) or []:
        if call.repository.roles.get(str(login).lower(), "none") == "none" or login == issue.author.login:
            raise ApiError(
                422, "Reviews may only be requested from collaborators. One or more of the users is not one."
            )
        user = call.world.user(str(login))
        pull.reviewers.extend([] if user in pull.reviewers else [user])
    return 201, pull_json(call.repository, issue, pull)


ROUTES = (
    Route("GET", _PULLS, _list, "pull_requests:read"),
    Route("POST", _PULLS, _create, "pull_requests:write", creates=True),
    Route("GET", _PULL, _get, "pull_requests:read"),
    Route("PATCH", _PULL, _patch, "pull_requests:write"),
    Route("GET", f"{_PULL}/files", _files, "pull_requests:read"),
    Route("GET", f"{_PULL}/commits", _commits, "pull_requests:read"),
    Route("GET", f"{_PULL}/merge", _is_merged, "contents:read"),
    Route("PUT", f"{_PULL}/merge", _merge, "contents:write"),
    Route("GET", f"{_PULL}/requested_reviewers", _reviewers, "pull_requests:read"),
    Route("POST", f"{_PULL}/requested_reviewers", _ask_reviewers, "pull_requests:write"),
)
