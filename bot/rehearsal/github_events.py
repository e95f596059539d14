"""Webhook payloads of what happens in a repository: what a workflow run finds in its event file.

Each function gives the event's name (as in `GITHUB_EVENT_NAME`) and its payload, as things stand at the call.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, TypeAlias

from bot.rehearsal.github_pull_shapes import pull_json, review_comment_json, whole_pull_json
from bot.rehearsal.github_shapes import (
    Json,
    comment_json,
    issue_json,
    label_json,
    moment,
    page_url,
    repository_json,
    repository_url,
    user_json,
)

if TYPE_CHECKING:
    from collections.abc import Mapping

    from bot.rehearsal.github_repository import Repository
    from bot.rehearsal.github_state import Comment, ReviewComment, User

Event: TypeAlias = "tuple[str, dict[str, Any]]"


def issue_comment(repository: Repository, comment: Comment, action: str = "created") -> Event:
    """A comment on an issue or pull request was `created`, `edited` or `deleted`."""
    issue = issue_json(repository, repository.issue(comment.number))
    changes: Json = {"changes": {"body": {"from": ""}}} if action == "edited" else {}
    sender = (comment.editor if action == "edited" else None) or comment.author
    shown = {"issue": issue, "comment": comment_json(repository, comment), **changes}
    return "issue_comment", _event(repository, sender, action, shown)


def issue_opened(repository: Repository, number: int) -> Event:
    """An issue was opened."""
    issue = repository.issue(number)
    return "issues", _event(repository, issue.author, "opened", {"issue": issue_json(repository, issue)})


def issue_labeled(repository: Repository, number: int, label: str, sender: str) -> Event:
    """Somebody put a label on an issue, which it has by now."""
    shown = {
        "issue": issue_json(repository, repository.issue(number)),
        "label": label_json(repository, repository.label(label)),
    }
    return "issues", _event(repository, repository.account(sender), "labeled", shown)


def pull_opened(repository: Repository, number: int, action: str = "opened") -> Event:
    """A pull request was `opened`, `reopened` or made `ready_for_review` by its author."""
    sender = repository.issue(number).author
    return "pull_request", _event(repository, sender, action, _pull(repository, number))


def pull_synchronized(repository: Repository, number: int, before: str, sender: str | None = None) -> Event:
    """The head of a pull request moved from `before` to where it is now."""
    issue, pull = repository.pull(number)
    who = repository.account(sender or issue.author)
    moves = {"before": before, "after": pull.head_sha}
    return "pull_request", _event(repository, who, "synchronize", {**_pull(repository, number), **moves})


def review_comment(repository: Repository, comment: ReviewComment) -> Event:
    """Somebody commented on lines of a pull request's diff, or answered in such a thread."""
    shown = {
        "comment": review_comment_json(repository, comment),
        "pull_request": pull_json(repository, *repository.pull(comment.number)),
    }
    return "pull_request_review_comment", _event(repository, comment.author, "created", shown)


def push(repository: Repository, branch: str, before: str, sender: str) -> Event:
    """Somebody moved a branch from `before` to where it is now."""
    after = repository.head(branch)
    user = repository.account(sender)
    commits = [_pushed_commit(repository, sha) for sha in repository.history.between(before, after)]
    shown = {
        "ref": f"refs/heads/{branch}", "before": before, "after": after, "created": False, "deleted": False,
        "forced": False, "base_ref": None, "compare": f"{page_url(repository)}/compare/{before[:12]}...{after[:12]}",
        "commits": commits, "head_commit": commits[-1] if commits else None,
        "pusher": {"name": user.login, "email": f"{user.login}@users.noreply.github.com"},
    }  # fmt: skip
    return "push", _event(repository, user, None, shown)


def workflow_dispatch(
    repository: Repository, inputs: Mapping[str, str], sender: str, workflow: str = ".github/workflows/draftgate.yml"
) -> Event:
    """Somebody started a workflow by hand on the default branch."""
    shown = {"inputs": dict(inputs), "ref": f"refs/heads/{repository.default_branch}", "workflow": workflow}
    return "workflow_dispatch", _event(repository, repository.account(sender), None, shown)


def schedule(repository: Repository, cron: str = "17 4 * * 1") -> Event:
    """A cron line of a workflow is due; no webhook, so nobody sent it."""
    workflow = ".github/workflows/draftgate.yml"
    return "schedule", {"schedule": cron, "workflow": workflow, "repository": repository_json(repository)}


def _event(repository: Repository, sender: User, action: str | None, shown: Json) -> dict[str, Any]:
    first = {} if action is None else {"action": action}
    world = repository.world
    return {**first, **shown, "repository": repository_json(repository), "sender": user_json(world, sender)}


def _pull(repository: Repository, number: int) -> Json:
    return {"number": number, "pull_request": whole_pull_json(repository, *repository.pull(number))}


def _pushed_commit(repository: Repository, sha: str) -> Json:
    commit = repository.history.commit(sha)
    people = {
        role: {"name": person.name, "email": person.email, "date": moment(person.when)}
        for role, person in (("author", commit.author), ("committer", commit.committer))
    }
    return {
        "id": sha, "tree_id": commit.tree, "distinct": True, "message": commit.message, **people,
        "timestamp": moment(commit.committer.when), "url": f"{repository_url(repository)}/commits/{sha}",
        "added": [], "removed": [], "modified": [],
    }  # fmt: skip
