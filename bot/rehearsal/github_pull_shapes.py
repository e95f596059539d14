"""How pull requests, reviews and review comments look as JSON."""

from __future__ import annotations

from typing import TYPE_CHECKING

from bot.rehearsal.github_shapes import (
    Json,
    association,
    issue_json,
    moment,
    page_url,
    reactions_json,
    repository_json,
    repository_url,
    user_json,
)

if TYPE_CHECKING:
    from bot.rehearsal.github_repository import Repository
    from bot.rehearsal.github_state import Issue, Pull, Review, ReviewComment

_FROM_ISSUE = (
    "number", "state", "locked", "title", "user", "body", "labels", "milestone", "active_lock_reason", "assignee",
    "assignees", "created_at", "updated_at", "closed_at", "author_association", "comments_url",
)  # fmt: skip


def pull_json(repository: Repository, issue: Issue, pull: Pull) -> Json:
    """A pull request as lists and webhooks show it."""
    shown = issue_json(repository, issue)
    links = shown["pull_request"]
    url = links["url"]
    statuses = f"{repository_url(repository)}/statuses/{pull.head_sha}"
    review_comment = f"{repository_url(repository)}/pulls/comments{{/number}}"
    reviewers = [user_json(repository.world, user) for user in pull.reviewers]
    return {
        **{name: shown[name] for name in _FROM_ISSUE},
        "url": url, "id": pull.id, "node_id": f"PR_{pull.id}", "html_url": links["html_url"],
        "diff_url": links["diff_url"], "patch_url": links["patch_url"], "issue_url": shown["url"],
        "merged_at": moment(pull.merged), "merge_commit_sha": pull.merge_sha, "requested_reviewers": reviewers,
        "requested_teams": [], "draft": pull.draft, "commits_url": f"{url}/commits",
        "review_comments_url": f"{url}/comments", "review_comment_url": review_comment, "statuses_url": statuses,
        "head": _side(repository, pull.head_repository, pull.head_label, pull.head_ref, pull.head_sha),
        "base": _side(repository, repository, _base_label(repository, pull), pull.base_ref, pull.base_sha),
        "auto_merge": None,
        "_links": {
            "self": {"href": url}, "html": {"href": links["html_url"]}, "issue": {"href": shown["url"]},
            "comments": {"href": shown["comments_url"]}, "review_comments": {"href": f"{url}/comments"},
            "review_comment": {"href": review_comment}, "commits": {"href": f"{url}/commits"},
            "statuses": {"href": statuses},
        },
    }  # fmt: skip


def _base_label(repository: Repository, pull: Pull) -> str:
    return f"{repository.owner.login}:{pull.base_ref}"


def _side(repository: Repository, holder: Repository | None, label: str, ref: str, sha: str) -> Json:
    owner = holder.owner if holder else repository.world.user(label.partition(":")[0])
    return {
        "label": label, "ref": ref, "sha": sha, "user": user_json(repository.world, owner),
        "repo": repository_json(holder) if holder else None,
    }  # fmt: skip


def whole_pull_json(repository: Repository, issue: Issue, pull: Pull) -> Json:
    """A pull request as its own endpoint shows it; reading it is what makes GitHub compute the test merge."""
    files = repository.files(issue.number)
    mergeable, state = _mergeability(repository, issue, pull)
    inline = [each for each in repository.review_comments.values() if each.number == issue.number]
    shown = pull_json(repository, issue, pull)
    if pull.merge_sha is None and mergeable:
        shown["merge_commit_sha"] = repository.test_merge(issue)
    return {
        **shown, "merged": pull.merged is not None, "mergeable": mergeable, "rebaseable": mergeable,
        "mergeable_state": state, "maintainer_can_modify": pull.head_repository is not repository,
        "merged_by": user_json(repository.world, pull.merged_by) if pull.merged_by else None,
        "comments": len(repository.comments_on(issue.number)), "review_comments": len(inline),
        "commits": len(repository.pull_commits(issue.number)), "changed_files": len(files),
        "additions": sum(file.additions for file in files), "deletions": sum(file.deletions for file in files),
    }  # fmt: skip


def _mergeability(repository: Repository, issue: Issue, pull: Pull) -> tuple[bool | None, str]:
    if issue.state == "closed":
        return None, "unknown"
    if pull.unknown_answers > 0:
        pull.unknown_answers -= 1
        return None, "unknown"
    if repository.test_merge(issue) is None:
        return False, "dirty"
    return True, "draft" if pull.draft else "clean"


def review_json(repository: Repository, review: Review) -> Json:
    """A review."""
    api = f"{repository_url(repository)}/pulls/{review.number}"
    page = f"{page_url(repository)}/pull/{review.number}#pullrequestreview-{review.id}"
    submitted = {"submitted_at": moment(review.submitted)} if review.submitted else {}
    return {
        "id": review.id, "node_id": f"PRR_{review.id}", "user": user_json(repository.world, review.author),
        "body": review.body, "state": review.state, "html_url": page, "pull_request_url": api,
        "author_association": association(repository, review.author), "commit_id": review.commit, **submitted,
        "_links": {"html": {"href": page}, "pull_request": {"href": api}},
    }  # fmt: skip


def review_comment_json(repository: Repository, comment: ReviewComment) -> Json:
    """A comment on lines; `line` is null once the lines are gone from the head."""
    api = f"{repository_url(repository)}/pulls"
    url, pull = f"{api}/comments/{comment.id}", f"{api}/{comment.number}"
    page = f"{page_url(repository)}/pull/{comment.number}#discussion_r{comment.id}"
    line = repository.current_line(comment, comment.line)
    outdated = line is None and comment.subject == "line"
    start = None if outdated else repository.current_line(comment, comment.start_line)
    head = repository.pull(comment.number)[1].head_sha
    reply = {"in_reply_to_id": comment.reply_to} if comment.reply_to else {}
    return {
        "url": url, "pull_request_review_id": comment.review, "id": comment.id, "node_id": f"PRRC_{comment.id}",
        "diff_hunk": comment.hunk, "path": comment.path, "commit_id": comment.commit if outdated else head,
        "original_commit_id": comment.commit, "user": user_json(repository.world, comment.author),
        "body": comment.body, "created_at": moment(comment.created), "updated_at": moment(comment.updated),
        "html_url": page, "pull_request_url": pull, "author_association": association(repository, comment.author),
        "_links": {"self": {"href": url}, "html": {"href": page}, "pull_request": {"href": pull}},
        "start_line": start, "original_start_line": comment.start_line, "start_side": comment.start_side,
        "line": line, "original_line": comment.line, "side": comment.side, **reply,
        "position": None if outdated else comment.position or 1, "original_position": comment.position or 1,
        "subject_type": comment.subject, "reactions": reactions_json(url, comment),
    }  # fmt: skip
