"""Reviews and line comments: what GitHub accepts, all or nothing, and how it words what it does not."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from bot.rehearsal import github_diffs as diffs
from bot.rehearsal.github_issue_side import check_length
from bot.rehearsal.github_problems import ApiError, invalid
from bot.rehearsal.github_state import Review, ReviewComment

if TYPE_CHECKING:
    from collections.abc import Sequence

    from bot.rehearsal.github_repository import Repository
    from bot.rehearsal.github_state import Pull, User

STATES = {"APPROVE": "APPROVED", "REQUEST_CHANGES": "CHANGES_REQUESTED", "COMMENT": "COMMENTED"}
_NO_HUNK = " and Pull request review thread diff hunk can't be blank"


@dataclass(frozen=True, slots=True)
class LineDraft:
    """A line comment that somebody wants to make; `position` is the old way to name a line."""

    body: str
    path: str
    line: int | None = None
    side: str = "RIGHT"
    start_line: int | None = None
    start_side: str | None = None
    position: int | None = None
    subject: str = "line"


@dataclass(frozen=True, slots=True)
class ReviewDraft:
    """A review that somebody wants to make; `event` None leaves it pending."""

    event: str | None
    body: str
    commit: str
    comments: Sequence[LineDraft] = ()


class AnchorError(ValueError):
    """A comment's place is not in the diff; the text is GitHub's for a review."""


def add_review(repository: Repository, number: int, author: User, draft: ReviewDraft) -> Review:
    """Make a review with all its comments, or nothing of it.

    Raises:
        ApiError: 422 when any part is not acceptable; which comment it was is not said, as on GitHub.
    """
    _, pull = repository.pull(number)
    issue = repository.issue(number)
    _check_event(repository, number, author, draft)
    _check_commit(repository, number, draft.commit)
    check_length("PullRequestReview", draft.body)
    files = {file.path: file for file in repository.files(number, draft.commit)}
    fresh = []
    for comment in draft.comments:
        try:
            fresh.append(_anchored(comment, files.get(comment.path)))
        except AnchorError as problem:
            raise ApiError(422, "Unprocessable Entity", [str(problem)]) from None
    now = repository.world.now()
    review = Review(repository.world.next_id(), author, draft.body, now, now, number=number, commit=draft.commit)
    review.state = STATES[draft.event] if draft.event else "PENDING"
    review.submitted = now if draft.event else None
    repository.reviews[review.id] = review
    for comment, place in zip(draft.comments, fresh, strict=True):
        _keep(repository, review, comment, place)
    issue.updated = now
    pull.reviewers = [each for each in pull.reviewers if each is not author]
    return review


def add_line_comment(repository: Repository, number: int, author: User, draft: LineDraft, commit: str) -> ReviewComment:
    """Make one comment on lines, outside of a written review (GitHub keeps an empty one around it).

    Raises:
        ApiError: 422 when the place is not in the diff.
    """
    check_length("PullRequestReviewComment", draft.body)
    _check_commit(repository, number, commit)
    files = {file.path: file for file in repository.files(number, commit)}
    try:
        place = _anchored(draft, files.get(draft.path))
    except AnchorError as problem:
        raise ApiError(422, "Validation Failed", _as_fields(str(problem))) from None
    review = bare_review(repository, number, author, commit)
    repository.issue(number).updated = review.created
    return _keep(repository, review, draft, place)


def bare_review(repository: Repository, number: int, author: User, commit: str) -> Review:
    """The empty review that GitHub keeps around a single comment or a reply."""
    now = repository.world.now()
    review = Review(repository.world.next_id(), author, "", now, now, number=number, commit=commit)
    review.state, review.submitted = "COMMENTED", now
    repository.reviews[review.id] = review
    return review


def _check_event(repository: Repository, number: int, author: User, draft: ReviewDraft) -> None:
    if draft.event is not None and draft.event not in STATES:
        raise invalid("PullRequestReview", "event", "invalid")
    if draft.event in {"COMMENT", "REQUEST_CHANGES"} and not draft.body.strip():
        raise ApiError(422, "Unprocessable Entity", ["Body can't be blank"])
    own = repository.issue(number).author is author
    if own and draft.event in {"APPROVE", "REQUEST_CHANGES"}:
        verb = "approve" if draft.event == "APPROVE" else "request changes on"
        raise ApiError(422, "Unprocessable Entity", [f"Can not {verb} your own pull request"])
    if draft.event == "APPROVE" and author.kind == "Bot" and not repository.actions_may_create_pulls:
        raise ApiError(422, "Unprocessable Entity", ["GitHub Actions is not permitted to approve pull requests."])
    mine = (each for each in repository.reviews.values() if each.number == number and each.author is author)
    if any(each.state == "PENDING" for each in mine):
        raise ApiError(422, "Unprocessable Entity", ["User can only have one pending review per pull request"])


def _check_commit(repository: Repository, number: int, commit: str) -> None:
    _, pull = repository.pull(number)
    if commit != pull.head_sha and commit not in repository.pull_commits(number):
        raise invalid("PullRequestReview", "commit_id", "invalid", "commit_id is not part of the pull request")


def _as_fields(problem: str) -> list[dict[str, str]]:
    thread = "pull_request_review_thread"
    field = "path" if "path" in problem else "start_line" if "start line" in problem else "line"
    rule = problem.removeprefix("Pull request review thread ").removesuffix(_NO_HUNK).removeprefix(f"{field} ")
    errors = [{"code": "custom", "field": f"{thread}.{field}", "message": f"{thread}.{field} {rule}"}]
    if problem.endswith(_NO_HUNK):
        errors.append({"code": "missing_field", "field": f"{thread}.diff_hunk"})
    return [{"resource": "PullRequestReviewComment", **error} for error in errors]


@dataclass(frozen=True, slots=True)
class _Place:
    line: int | None
    side: str
    position: int | None
    hunk: str


def _anchored(draft: LineDraft, file: diffs.FileDiff | None) -> _Place:
    if not draft.body.strip():
        raise AnchorError("Pull request review thread body can't be blank")
    if file is None:
        raise AnchorError(f"Pull request review thread path is invalid{_NO_HUNK}")
    if draft.subject == "file":
        return _Place(None, draft.side, None, file.patch or "")
    lines = diffs.anchors(file.patch or "")
    line, side = _end(draft, lines)
    anchor = lines.get((side, line)) if line is not None else None
    if anchor is None:
        raise AnchorError(f"Pull request review thread line must be part of the diff{_NO_HUNK}")
    if draft.start_line is not None:
        _check_start(draft, draft.start_line, line or 0, lines, anchor)
    return _Place(line, side, anchor.position, diffs.hunk_up_to(file.patch or "", anchor))


def _end(draft: LineDraft, lines: dict[tuple[str, int], diffs.Anchor]) -> tuple[int | None, str]:
    if draft.line is not None or draft.position is None:
        return draft.line, draft.side
    for (side, line), anchor in sorted(lines.items(), reverse=True):  # RIGHT wins for context lines
        if anchor.position == draft.position:
            return line, side
    return None, draft.side


def _check_start(
    draft: LineDraft, start: int, line: int, lines: dict[tuple[str, int], diffs.Anchor], end: diffs.Anchor
) -> None:
    first = lines.get((draft.start_side or draft.side, start))
    if (draft.start_side or draft.side) == draft.side and start >= line:
        raise AnchorError("Pull request review thread start line must precede the end line.")
    if first is None or first.hunk != end.hunk:
        raise AnchorError("Pull request review thread start line must be part of the same hunk as the line.")
    if first.position >= end.position:
        raise AnchorError("Pull request review thread start line must precede the end line.")


def _keep(repository: Repository, review: Review, draft: LineDraft, place: _Place) -> ReviewComment:
    comment = ReviewComment(
        repository.world.next_id(), review.author, draft.body, review.created, review.created,
        number=review.number, review=review.id, path=draft.path, commit=review.commit, side=place.side,
        line=place.line, start_line=draft.start_line, position=place.position, hunk=place.hunk, subject=draft.subject,
        start_side=(draft.start_side or draft.side) if draft.start_line is not None else None,
    )  # fmt: skip
    repository.review_comments[comment.id] = comment
    return comment


def diff_or_406(repository: Repository, pull: Pull, number: int) -> str:
    """A pull request's whole diff as text.

    Raises:
        ApiError: 406 beyond GitHub's limits of 300 files and 20,000 lines.
    """
    files = repository.files(number)
    if len(files) > 300:
        problem = "Sorry, the diff exceeded the maximum number of files (300)."
        raise ApiError(406, problem, [{"resource": "PullRequest", "field": "diff", "code": "too_large"}])
    text = diffs.diff_text(repository.store, repository.base_of(pull), pull.head_sha)
    if text.count("\n") > diffs.MOST_PATCH_LINES:
        problem = f"Sorry, the diff exceeded the maximum number of lines ({diffs.MOST_PATCH_LINES})"
        raise ApiError(406, problem, [{"resource": "PullRequest", "field": "diff", "code": "too_large"}])
    return text
