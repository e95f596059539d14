"""Accounts, repositories, who may do what, branches and their rules, environments, dispatches."""

from __future__ import annotations

from typing import Any

from bot.rehearsal.github_access import can_see, role
from bot.rehearsal.github_git_shapes import commit_json
from bot.rehearsal.github_problems import ApiError, not_for_apps, not_found
from bot.rehearsal.github_routing import Answer, Call, Route
from bot.rehearsal.github_shapes import (
    Json,
    environment_json,
    private_user_json,
    repository_url,
    user_json,
    whole_repository_json,
    whole_user_json,
)

_REPOSITORY = "/repos/{owner}/{repo}"
_RESOURCES = {"core": 0, "search": 30, "graphql": 5000, "integration_manifest": 5000, "code_search": 10}


def _rate_limit(call: Call) -> Answer:
    token = call.token
    limit, used, reset = (token.limit, token.used, int(token.reset)) if token else (60, 0, 0)
    core = {"limit": limit, "used": used, "remaining": max(limit - used, 0), "reset": reset}
    others = {name: {"limit": most, "used": 0, "remaining": most, "reset": reset} for name, most in _RESOURCES.items()}
    return 200, {"resources": {**others, "core": core}, "rate": core}


def _me(call: Call) -> Answer:
    if call.token is not None and call.token.is_app:
        raise not_for_apps()
    return 200, private_user_json(call.world, call.user)


def _user(call: Call) -> Answer:
    user = call.world.users.get(call.params["username"].lower())
    if user is None:
        raise not_found()
    return 200, whole_user_json(call.world, user)


def _repository(call: Call) -> Answer:
    return 200, whole_repository_json(call.repository, role(call.repository, call.token))


def _permission(call: Call) -> Answer:
    user = call.world.users.get(call.params["username"].lower())
    if user is None:
        raise ApiError(404, f"{call.params['username']} is not a user")
    held = call.repository.role_of(user.login)
    shown = {"role_name": held, "user": {**user_json(call.world, user), "role_name": held}}
    return 200, {"permission": call.repository.permission_of(user.login), **shown}


def _is_collaborator(call: Call) -> Answer:
    if call.repository.roles.get(call.params["username"].lower(), "none") == "none":
        raise not_found()
    return 204, None


def _branch_names(call: Call) -> list[str]:
    names = [name.removeprefix("refs/heads/") for name in call.repository.refs("heads/")]
    wanted = call.query.get("protected")
    return [name for name in names if wanted is None or (name in call.repository.protected) == (wanted == "true")]


def _branches(call: Call) -> Answer:
    def shape(name: str) -> Json:
        sha = call.repository.head(name)
        link = {"sha": sha, "url": f"{repository_url(call.repository)}/commits/{sha}"}
        return {"name": name, "commit": link, "protected": name in call.repository.protected}

    return call.page(_branch_names(call), shape)


def _branch(call: Call) -> Answer:
    name = call.params["branch"]
    sha = call.repository.ref(f"heads/{name}")
    commit = call.repository.commit_at(sha) if sha else None
    if commit is None:
        raise ApiError(404, "Branch not found")
    url = f"{repository_url(call.repository)}/branches/{name}"
    checks: Json = {"enforcement_level": "off", "contexts": [], "checks": []}
    return 200, {
        "name": name, "commit": commit_json(call.repository, commit),
        "_links": {"self": url, "html": f"{call.world.server_url}/{call.repository.full_name}/tree/{name}"},
        "protected": name in call.repository.protected, "protection_url": f"{url}/protection",
        "protection": {"enabled": False, "required_status_checks": checks},
    }  # fmt: skip


def _protection(_call: Call) -> Answer:
    raise ApiError(404, "Branch not protected")


def _rulesets(call: Call) -> Answer:
    return call.page([], lambda rule: rule)


def _branch_rules(call: Call) -> Answer:
    rule = {
        "type": "pull_request", "ruleset_source_type": "Repository", "ruleset_source": call.repository.full_name,
        "ruleset_id": 1,
        "parameters": {
            "allowed_merge_methods": ["merge", "squash", "rebase"], "dismiss_stale_reviews_on_push": False,
            "require_code_owner_review": False, "require_last_push_approval": False,
            "required_approving_review_count": 1, "required_review_thread_resolution": False,
        },
    }  # fmt: skip
    return call.page([rule] if call.params["branch"] in call.repository.protected else [], lambda each: each)


def _environments(call: Call) -> Answer:
    known = call.repository.environments
    listed = [environment_json(call.repository, each) for each in known.values()]
    return 200, {"total_count": len(listed), "environments": listed}


def _environment(call: Call) -> Answer:
    found = call.repository.environments.get(call.params["environment_name"])
    if found is None:
        raise not_found()
    return 200, environment_json(call.repository, found)


def _workflow_permissions(call: Call) -> Answer:
    allowed = call.repository.actions_may_create_pulls
    return 200, {"default_workflow_permissions": "read", "can_approve_pull_request_reviews": allowed}


def _dispatch_workflow(call: Call) -> Answer:
    repository, name = call.repository, call.params["workflow_id"]
    ref = call.needed("ref")
    sha = repository.resolve(ref)
    if sha is None:
        raise ApiError(422, f"No ref found for: {ref}")
    if f".github/workflows/{name}" not in repository.workflow_files(sha) and not name.isdecimal():
        raise not_found()
    _record(call, {"workflow": name, "ref": ref, "inputs": call.given("inputs", dict) or {}})
    return 204, None


def _dispatch_repository(call: Call) -> Answer:
    payload = call.given("client_payload", dict) or {}
    if len(payload) > 10:
        raise ApiError(422, "Invalid request.\n\nNo more than 10 properties are allowed in client_payload.")
    _record(call, {"event_type": call.needed("event_type"), "client_payload": payload})
    return 204, None


def _record(call: Call, what: dict[str, Any]) -> None:
    call.repository.dispatches.append({**what, "by": call.user.login})


def _search_repositories(call: Call) -> Answer:
    seen = [each for each in call.stage.repositories.values() if can_see(each, call.token)]
    return call.page(seen, lambda each: whole_repository_json(each, role(each, call.token)))


ROUTES = (
    Route("GET", "/rate_limit", _rate_limit),
    Route("GET", "/user", _me),
    Route("GET", "/users/{username}", _user),
    Route("GET", "/installation/repositories", _search_repositories),
    Route("GET", _REPOSITORY, _repository),
    Route("GET", f"{_REPOSITORY}/collaborators/{{username}}/permission", _permission),
    Route("GET", f"{_REPOSITORY}/collaborators/{{username}}", _is_collaborator),
    Route("GET", f"{_REPOSITORY}/branches", _branches, "contents:read"),
    Route("GET", f"{_REPOSITORY}/branches/{{branch}}", _branch, "contents:read"),
    Route("GET", f"{_REPOSITORY}/branches/{{branch}}/protection", _protection),
    Route("GET", f"{_REPOSITORY}/rulesets", _rulesets),
    Route("GET", f"{_REPOSITORY}/rules/branches/{{branch}}", _branch_rules),
    Route("GET", f"{_REPOSITORY}/environments", _environments, "actions:read"),
    Route("GET", f"{_REPOSITORY}/environments/{{environment_name}}", _environment, "actions:read"),
    Route("GET", f"{_REPOSITORY}/actions/permissions/workflow", _workflow_permissions, "administration:read"),
    Route("POST", f"{_REPOSITORY}/actions/workflows/{{workflow_id}}/dispatches", _dispatch_workflow, "actions:write"),
    Route("POST", f"{_REPOSITORY}/dispatches", _dispatch_repository, "contents:write"),
)
