"""Reviews and review comments."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from bot.rehearsal.github_problems import ApiError, invalid, not_found
from bot.rehearsal.github_pull_shapes import review_comment_json, review_json
from bot.rehearsal.github_reviews import STATES, LineDraft, ReviewDraft, add_line_comment, add_review
from bot.rehearsal.github_routing import Answer, Call, Route

if TYPE_CHECKING:
    from bot.rehearsal.github_state import Review, ReviewComment

_PULLS = "/repos/{owner}/{repo}/pulls"
_PULL = f"{_PULLS}/{{pull_number}}"
_REVIEW = f"{_PULL}/reviews/{{review_id}}"
_COMMENT = f"{_PULLS}/comments/{{comment_id}}"
_FIELDS = {"line": int, "side": str, "start_line": int, "start_side": str, "position": int, "subject_type": str}


def _draft(given: Any) -> LineDraft:
    if not isinstance(given, dict) or not all(isinstance(given.get(name), str) for name in ("path", "body")):
        raise ApiError(422, 'Invalid request.\n\nFor \'properties/comments\', "path" and "body" are needed in each.')
    named = {name: given.get(name) for name in _FIELDS}
    if any(value is not None and type(value) is not _FIELDS[name] for name, value in named.items()):
        raise ApiError(422, 'Invalid request.\n\nNo subschema in "oneOf" matched.')
    sides = {named["side"] or "RIGHT", named["start_side"] or "RIGHT"}
    if not sides <= {"LEFT", "RIGHT"}:
        raise ApiError(422, "Invalid request.\n\nThe side must be LEFT or RIGHT.")
    return LineDraft(
        given["body"], given["path"], given.get("line"), given.get("side") or "RIGHT", given.get("start_line"),
        given.get("start_side"), given.get("position"), given.get("subject_type") or "line",
    )  # fmt: skip


def _create_review(call: Call) -> Answer:
    number = call.number("pull_number")
    _, pull = call.repository.pull(number)
    comments = [_draft(each) for each in call.given("comments", list) or []]
    commit = call.text("commit_id") or pull.head_sha
    wanted = ReviewDraft(call.text("event"), call.text("body") or "", commit, comments)
    return 200, review_json(call.repository, add_review(call.repository, number, call.user, wanted))


def _visible(call: Call, review: Review) -> bool:
    caller = call.token.user if call.token else None
    return review.number == call.number("pull_number") and (review.state != "PENDING" or review.author is caller)


def _reviews(call: Call) -> Answer:
    call.repository.pull(call.number("pull_number"))
    found = [review for review in call.repository.reviews.values() if _visible(call, review)]
    return call.page(found, lambda review: review_json(call.repository, review))


def _found_review(call: Call) -> Review:
    review = call.repository.reviews.get(call.number("review_id"))
    if review is None or not _visible(call, review):
        raise not_found()
    return review


def _review(call: Call) -> Answer:
    return 200, review_json(call.repository, _found_review(call))


def _edit_review(call: Call) -> Answer:
    review = _found_review(call)
    call.repository.rewrite(review, call.needed("body"), call.user, "PullRequestReview")
    return 200, review_json(call.repository, review)


def _delete_review(call: Call) -> Answer:
    review = _found_review(call)
    if review.state != "PENDING":
        raise ApiError(422, "Can not delete a non-pending pull request review")
    comments = call.repository.review_comments
    for comment in [each for each in comments.values() if each.review == review.id]:
        del comments[comment.id]
    del call.repository.reviews[review.id]
    return 200, review_json(call.repository, review)


def _submit_review(call: Call) -> Answer:
    review, event = _found_review(call), call.needed("event")
    if event not in STATES or review.state != "PENDING":
        raise invalid("PullRequestReview", "event", "invalid")
    review.body = call.text("body") or review.body
    review.state, review.submitted = STATES[event], call.world.now()
    return 200, review_json(call.repository, review)


def _dismiss_review(call: Call) -> Answer:
    review = _found_review(call)
    call.needed("message")
    review.state = "DISMISSED"
    return 200, review_json(call.repository, review)


def _review_comments(call: Call) -> Answer:
    review = _found_review(call)
    return _list(call, [each for each in call.repository.review_comments.values() if each.review == review.id])


# ---- comments on lines


def _list(call: Call, comments: list[ReviewComment]) -> Answer:
    seen = [each for each in comments if each.review is None or _published(call, each)]
    return call.page(seen, lambda comment: review_comment_json(call.repository, comment))


def _published(call: Call, comment: ReviewComment) -> bool:
    review = call.repository.reviews.get(comment.review or 0)
    return review is None or review.state != "PENDING"


def _comments(call: Call) -> Answer:
    number = call.number("pull_number")
    call.repository.pull(number)
    return _list(call, [each for each in call.repository.review_comments.values() if each.number == number])


def _all_comments(call: Call) -> Answer:
    return _list(call, list(call.repository.review_comments.values()))


def _create_comment(call: Call) -> Answer:
    number, repository = call.number("pull_number"), call.repository
    repository.pull(number)
    _check_unlocked(call, number)
    reply_to = call.given("in_reply_to", int)
    if reply_to is not None:
        return 201, review_comment_json(repository, repository.reply(reply_to, call.user, call.needed("body")))
    call.needed("body"), call.needed("path")
    comment = add_line_comment(repository, number, call.user, _draft(call.document()), call.needed("commit_id"))
    return 201, review_comment_json(repository, comment)


def _check_unlocked(call: Call, number: int) -> None:
    role = call.repository.role_of(call.user.login)
    if call.repository.issue(number).locked and role not in {"admin", "maintain", "write"}:
        raise ApiError(403, "Unable to create comment because issue is locked.")


def _reply(call: Call) -> Answer:
    _check_unlocked(call, call.number("pull_number"))
    comment = call.repository.reply(call.number("comment_id"), call.user, call.needed("body"))
    return 201, review_comment_json(call.repository, comment)


def _found_comment(call: Call) -> ReviewComment:
    comment = call.repository.review_comments.get(call.number("comment_id"))
    if comment is None:
        raise not_found()
    return comment


def _comment(call: Call) -> Answer:
    return 200, review_comment_json(call.repository, _found_comment(call))


def _edit_comment(call: Call) -> Answer:
    comment = _found_comment(call)
    call.repository.rewrite(comment, call.needed("body"), call.user, "PullRequestReviewComment")
    return 200, review_comment_json(call.repository, comment)


def _delete_comment(call: Call) -> Answer:
    del call.repository.review_comments[_found_comment(call).id]
    return 204, None


_WRITE = "pull_requests:write"
_READ = "pull_requests:read"
ROUTES = (
    Route("GET", f"{_PULL}/reviews", _reviews, _READ),
    Route("POST", f"{_PULL}/reviews", _create_review, _WRITE, creates=True),
    Route("GET", _REVIEW, _review, _READ),
    Route("PUT", _REVIEW, _edit_review, _WRITE),
    Route("DELETE", _REVIEW, _delete_review, _WRITE),
    Route("POST", f"{_REVIEW}/events", _submit_review, _WRITE),
    Route("PUT", f"{_REVIEW}/dismissals", _dismiss_review, _WRITE),
    Route("GET", f"{_REVIEW}/comments", _review_comments, _READ),
    Route("GET", f"{_PULL}/comments", _comments, _READ),
    Route("POST", f"{_PULL}/comments", _create_comment, _WRITE, creates=True),
    Route("POST", f"{_PULL}/comments/{{comment_id}}/replies", _reply, _WRITE, creates=True),
    Route("GET", f"{_PULLS}/comments", _all_comments, _READ),
    Route("GET", _COMMENT, _comment, _READ),
    Route("PATCH", _COMMENT, _edit_comment, _WRITE),
    Route("DELETE", _COMMENT, _delete_comment, _WRITE),
)
