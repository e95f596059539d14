"""Reactions to issues, comments and review comments."""

from __future__ import annotations

from typing import TYPE_CHECKING

from bot.rehearsal.github_problems import not_found
from bot.rehearsal.github_routing import Answer, Call, Route
from bot.rehearsal.github_shapes import reaction_json

if TYPE_CHECKING:
    from bot.rehearsal.github_state import Post

_REPOSITORY = "/repos/{owner}/{repo}"
_SUBJECTS = {
    f"{_REPOSITORY}/issues/{{issue_number}}/reactions": "conversation",
    f"{_REPOSITORY}/issues/comments/{{comment_id}}/reactions": "conversation",
    f"{_REPOSITORY}/pulls/comments/{{comment_id}}/reactions": "pull_requests",
}


def _subject(call: Call) -> Post:
    repository = call.repository
    if "issue_number" in call.params:
        return repository.issue(call.number("issue_number"))
    if "/issues/" in call.route.template:
        return repository.find_comment(call.number("comment_id"))
    found = repository.review_comments.get(call.number("comment_id"))
    if found is None:
        raise not_found()
    return found


def _list(call: Call) -> Answer:
    wanted = call.query.get("content")
    held = [each for each in _subject(call).reactions if wanted in {None, each.content}]
    return call.page(held, lambda each: reaction_json(call.world, each))


def _create(call: Call) -> Answer:
    reaction, fresh = call.repository.react(_subject(call), call.user, call.needed("content"))
    return 201 if fresh else 200, reaction_json(call.world, reaction)


def _delete(call: Call) -> Answer:
    subject = _subject(call)
    held = next((each for each in subject.reactions if each.id == call.number("reaction_id")), None)
    if held is None:
        raise not_found()
    subject.reactions.remove(held)
    return 204, None


ROUTES = tuple(
    route
    for template, permission in _SUBJECTS.items()
    for route in (
        Route("GET", template, _list, f"{permission}:read"),
        Route("POST", template, _create, f"{permission}:write"),
        Route("DELETE", f"{template}/{{reaction_id}}", _delete, f"{permission}:write"),
    )
)
