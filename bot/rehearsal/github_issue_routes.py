"""Issues, their comments, their labels."""

from __future__ import annotations

from datetime import datetime
from typing import TYPE_CHECKING

from bot.rehearsal.github_problems import ApiError, invalid
from bot.rehearsal.github_routing import Answer, Call, Route
from bot.rehearsal.github_shapes import comment_json, issue_json, label_json

if TYPE_CHECKING:
    from bot.rehearsal.github_state import Comment, Issue

_ISSUES = "/repos/{owner}/{repo}/issues"
_ISSUE = f"{_ISSUES}/{{issue_number}}"
_COMMENT = f"{_ISSUES}/comments/{{comment_id}}"
_LABELS = "/repos/{owner}/{repo}/labels"


def _issue(call: Call) -> Issue:
    if not call.repository.has_issues:
        raise ApiError(410, "Issues has been disabled in this repository.")
    return call.repository.issue(call.number("issue_number"))


def _since(call: Call) -> datetime | None:
    text = call.query.get("since")
    try:
        return datetime.fromisoformat(text) if text else None
    except ValueError as problem:
        raise ApiError(422, f"Invalid value for since: {text}") from problem


def _ordered(call: Call, issues: list[Issue]) -> list[Issue]:
    by_update = call.query.get("sort") == "updated"
    backwards = call.query.get("direction", "desc") == "desc"
    return sorted(issues, key=lambda each: (each.updated, each.number) if by_update else each.number, reverse=backwards)


def _list(call: Call) -> Answer:
    state, since = call.query.get("state", "open"), _since(call)
    labels = [name.lower() for name in call.query.get("labels", "").split(",") if name]
    creator = call.query.get("creator", "").lower()
    found = [
        issue
        for issue in call.repository.issues.values()
        if state in {"all", issue.state}
        and (since is None or issue.updated >= since)
        and set(labels) <= {name.lower() for name in issue.labels}
        and creator in {"", issue.author.login.lower()}
    ]
    return call.page(_ordered(call, found), lambda issue: issue_json(call.repository, issue))


def _create(call: Call) -> Answer:
    if not call.repository.has_issues:
        raise ApiError(410, "Issues has been disabled in this repository.")
    title, body = call.needed("title"), call.text("body") or ""
    issue = call.repository.open_issue(call.user, title, body, call.given("labels", list) or [])
    return 201, issue_json(call.repository, issue)


def _get(call: Call) -> Answer:
    return 200, issue_json(call.repository, _issue(call))


def _patch(call: Call) -> Answer:
    issue, state, labels = _issue(call), call.text("state"), call.given("labels", list)
    if state not in {None, "open", "closed"}:
        raise invalid("Issue", "state", "invalid")
    call.repository.edit_issue(issue.number, call.user, title=call.text("title"), body=call.text("body"))
    if state is not None and state != issue.state:
        call.repository.set_state(issue.number, state, call.user, call.text("state_reason"))
    if labels is not None:
        issue.labels.clear()
        call.repository.add_labels(issue.number, labels)
    return 200, issue_json(call.repository, issue)


def _lock(call: Call) -> Answer:
    call.repository.lock_conversation(_issue(call).number)
    return 204, None


def _unlock(call: Call) -> Answer:
    call.repository.lock_conversation(_issue(call).number, locked=False)
    return 204, None


def _comments(call: Call) -> Answer:
    since = _since(call)
    held = call.repository.comments_on(_issue(call).number)
    return call.page([each for each in held if since is None or each.updated >= since], lambda each: _shape(call, each))


def _all_comments(call: Call) -> Answer:
    since = _since(call)
    held = [each for each in call.repository.comments.values() if since is None or each.updated >= since]
    if call.query.get("sort"):
        key = "updated" if call.query["sort"] == "updated" else "created"
        held.sort(key=lambda each: getattr(each, key), reverse=call.query.get("direction", "desc") == "desc")
    return call.page(held, lambda each: _shape(call, each))


def _comment_on(call: Call) -> Answer:
    body = call.needed("body")
    return 201, _shape(call, call.repository.comment(_issue(call).number, call.user, body))


def _comment(call: Call) -> Answer:
    return 200, _shape(call, call.repository.find_comment(call.number("comment_id")))


def _edit_comment(call: Call) -> Answer:
    body = call.needed("body")
    return 200, _shape(call, call.repository.edit_comment(call.number("comment_id"), by=call.user, body=body))


def _delete_comment(call: Call) -> Answer:
    call.repository.delete_comment(call.number("comment_id"))
    return 204, None


def _shape(call: Call, comment: Comment) -> dict[str, object]:
    return comment_json(call.repository, comment)


def _labels(call: Call) -> Answer:
    issue = _issue(call)
    return call.page(issue.labels, lambda name: label_json(call.repository, call.repository.label(name)))


def _names(call: Call) -> list[str]:
    document = call.document()
    names = document if isinstance(document, list) else call.given("labels", list, required=True)
    if not all(isinstance(name, str) and name for name in names):
        raise invalid("Label", "name", "invalid")
    return [str(name) for name in names]


def _add_labels(call: Call) -> Answer:
    call.repository.add_labels(_issue(call).number, _names(call))
    return _labels(call)


def _set_labels(call: Call) -> Answer:
    names = _names(call)
    _issue(call).labels.clear()
    call.repository.add_labels(_issue(call).number, names)
    return _labels(call)


def _remove_label(call: Call) -> Answer:
    call.repository.remove_label(_issue(call).number, call.params["name"])
    return _labels(call)


def _remove_labels(call: Call) -> Answer:
    _issue(call).labels.clear()
    return 204, None


def _repository_labels(call: Call) -> Answer:
    return call.page(list(call.repository.labels.values()), lambda label: label_json(call.repository, label))


def _repository_label(call: Call) -> Answer:
    found = call.repository.labels.get(call.params["name"].lower())
    if found is None:
        raise ApiError(404, "Not Found")
    return 200, label_json(call.repository, found)


def _create_label(call: Call) -> Answer:
    name = call.needed("name")
    if name.lower() in call.repository.labels:
        raise invalid("Label", "name", "already_exists")
    label = call.repository.label(name)
    label.color = (call.text("color") or label.color).removeprefix("#")
    label.description = call.text("description")
    return 201, label_json(call.repository, label)


ROUTES = (
    Route("GET", _ISSUES, _list, "issues:read"),
    Route("POST", _ISSUES, _create, "issues:write", creates=True),
    Route("GET", _ISSUE, _get, "conversation:read"),
    Route("PATCH", _ISSUE, _patch, "conversation:write"),
    Route("PUT", f"{_ISSUE}/lock", _lock, "conversation:write"),
    Route("DELETE", f"{_ISSUE}/lock", _unlock, "conversation:write"),
    Route("GET", f"{_ISSUE}/comments", _comments, "conversation:read"),
    Route("POST", f"{_ISSUE}/comments", _comment_on, "conversation:write", creates=True),
    Route("GET", f"{_ISSUES}/comments", _all_comments, "issues:read"),
    Route("GET", _COMMENT, _comment, "conversation:read"),
    Route("PATCH", _COMMENT, _edit_comment, "conversation:write"),
    Route("DELETE", _COMMENT, _delete_comment, "conversation:write"),
    Route("GET", f"{_ISSUE}/labels", _labels, "conversation:read"),
    Route("POST", f"{_ISSUE}/labels", _add_labels, "conversation:write"),
    Route("PUT", f"{_ISSUE}/labels", _set_labels, "conversation:write"),
    Route("DELETE", f"{_ISSUE}/labels", _remove_labels, "conversation:write"),
    Route("DELETE", f"{_ISSUE}/labels/{{name}}", _remove_label, "conversation:write"),
    Route("GET", _LABELS, _repository_labels, "issues:read"),
    Route("POST", _LABELS, _create_label, "issues:write"),
    Route("GET", f"{_LABELS}/{{name}}", _repository_label, "issues:read"),
)
