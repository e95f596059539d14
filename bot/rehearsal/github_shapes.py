"""How accounts, repositories, issues and comments look as JSON, with every field that GitHub's description requires."""

from __future__ import annotations

import re
from collections import Counter
from datetime import UTC
from typing import TYPE_CHECKING, Any
from urllib.parse import quote

from bot.rehearsal.github_state import REACTIONS, Comment, Issue, Label, Post, Reaction, ReviewComment, User

if TYPE_CHECKING:
    from datetime import datetime

    from bot.rehearsal.github_repository import Repository
    from bot.rehearsal.github_state import Environment, World

Json = dict[str, Any]
_ASSOCIATIONS = {"admin": "MEMBER", "maintain": "COLLABORATOR", "write": "COLLABORATOR", "triage": "COLLABORATOR"}
_USER_LINKS = {
    "followers_url": "/followers", "following_url": "/following{/other_user}", "gists_url": "/gists{/gist_id}",
    "starred_url": "/starred{/owner}{/repo}", "subscriptions_url": "/subscriptions", "organizations_url": "/orgs",
    "repos_url": "/repos", "events_url": "/events{/privacy}", "received_events_url": "/received_events",
}  # fmt: skip
_REPOSITORY_LINKS = {
    "archive_url": "/{archive_format}{/ref}", "assignees_url": "/assignees{/user}", "blobs_url": "/git/blobs{/sha}",
    "branches_url": "/branches{/branch}", "collaborators_url": "/collaborators{/collaborator}",
    "comments_url": "/comments{/number}", "commits_url": "/commits{/sha}", "compare_url": "/compare/{base}...{head}",
    "contents_url": "/contents/{+path}", "contributors_url": "/contributors", "deployments_url": "/deployments",
    "downloads_url": "/downloads", "events_url": "/events", "forks_url": "/forks",
    "git_commits_url": "/git/commits{/sha}", "git_refs_url": "/git/refs{/sha}", "git_tags_url": "/git/tags{/sha}",
    "hooks_url": "/hooks", "issue_comment_url": "/issues/comments{/number}",
    "issue_events_url": "/issues/events{/number}", "issues_url": "/issues{/number}", "keys_url": "/keys{/key_id}",
    "labels_url": "/labels{/name}", "languages_url": "/languages", "merges_url": "/merges",
    "milestones_url": "/milestones{/number}", "notifications_url": "/notifications{?since,all,participating}",
    "pulls_url": "/pulls{/number}", "releases_url": "/releases{/id}", "stargazers_url": "/stargazers",
    "statuses_url": "/statuses/{sha}", "subscribers_url": "/subscribers", "subscription_url": "/subscription",
    "tags_url": "/tags", "teams_url": "/teams", "trees_url": "/git/trees{/sha}",
}  # fmt: skip


def moment(when: datetime | None) -> Any:
    """GitHub's way to write a time."""
    return None if when is None else when.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%SZ")


def repository_url(repository: Repository) -> str:
    """The API address of a repository."""
    return f"{repository.world.api_url}/repos/{repository.full_name}"


def page_url(repository: Repository) -> str:
    """The address of a repository's page."""
    return f"{repository.world.server_url}/{repository.full_name}"


def user_json(world: World, user: User) -> Json:
    """An account, in short."""
    url = f"{world.api_url}/users/{user.login.replace('[', '%5B').replace(']', '%5D')}"
    slug = f"apps/{user.login.removesuffix('[bot]')}" if user.kind == "Bot" else user.login
    return {
        "login": user.login, "id": user.id, "node_id": f"U_{user.id}", "gravatar_id": "",
        "avatar_url": f"{world.server_url}/avatars/u/{user.id}", "url": url,
        "html_url": f"{world.server_url}/{slug}", "type": user.kind, "site_admin": False, "user_view_type": "public",
        **{name: url + rest for name, rest in _USER_LINKS.items()},
    }  # fmt: skip


def whole_user_json(world: World, user: User) -> Json:
    """An account, as its own endpoint shows it."""
    profile = dict.fromkeys(("name", "company", "email", "hireable", "bio", "twitter_username"))
    counts = dict.fromkeys(("public_repos", "public_gists", "followers", "following"), 0)
    times = {"created_at": moment(user.created), "updated_at": moment(user.created)}
    return {**user_json(world, user), **profile, "blog": "", "location": None, **counts, **times}


def private_user_json(world: World, user: User) -> Json:
    """An account, as its owner sees it."""
    names = ("private_gists", "total_private_repos", "owned_private_repos", "disk_usage", "collaborators")
    return {**whole_user_json(world, user), **dict.fromkeys(names, 0), "two_factor_authentication": True}


def repository_json(repository: Repository) -> Json:
    """A repository as it stands inside of other things and in webhooks."""
    world, url, page = repository.world, repository_url(repository), page_url(repository)
    open_issues = sum(issue.state == "open" for issue in repository.issues.values())
    pushed, created = moment(repository.pushed), moment(repository.created)
    zeros = dict.fromkeys(("forks", "forks_count", "size", "stargazers_count", "watchers", "watchers_count"), 0)
    switches = dict.fromkeys(("has_projects", "has_wiki", "has_pages", "has_discussions", "has_downloads"), False)
    more = {"allow_forking": True, "is_template": False, "web_commit_signoff_required": False, "topics": []}
    return {
        "id": repository.id, "node_id": f"R_{repository.id}", "name": repository.name,
        "full_name": repository.full_name, "private": repository.private, "owner": user_json(world, repository.owner),
        "html_url": page, "description": None, "fork": repository.parent is not None, "url": url,
        **{name: url + rest for name, rest in _REPOSITORY_LINKS.items()},
        "clone_url": f"{page}.git", "git_url": re.sub("^https?", "git", f"{page}.git"), "svn_url": page,
        "ssh_url": f"git@{world.server_url.partition('//')[2]}:{repository.full_name}.git", "mirror_url": None,
        "default_branch": repository.default_branch, "homepage": None, "language": None, "license": None,
        "has_issues": repository.has_issues, **switches, **zeros, **more, "archived": repository.archived,
        "disabled": False, "visibility": "private" if repository.private else "public",
        "open_issues": open_issues, "open_issues_count": open_issues,
        "pushed_at": pushed, "created_at": created, "updated_at": pushed,
    }  # fmt: skip


def whole_repository_json(repository: Repository, role: str) -> Json:
    """A repository as its own endpoint shows it to somebody with that role."""
    ranks = {"pull": "read", "triage": "triage", "push": "write", "maintain": "maintain", "admin": "admin"}
    order = ["none", "read", "triage", "write", "maintain", "admin"]
    held = {name: order.index(role) >= order.index(least) for name, least in ranks.items()}
    family = {}
    if repository.parent is not None:
        root = repository_json(repository.family[0])
        family = {"parent": repository_json(repository.parent), "source": root}
    return {**repository_json(repository), "network_count": 0, "subscribers_count": 0, "permissions": held, **family}


def association(repository: Repository, user: User) -> str:
    """What the `author_association` field says; it is no measure of trust, on GitHub either."""
    if user is repository.owner:
        return "OWNER"
    role = repository.roles.get(user.login.lower(), "none")
    if role in _ASSOCIATIONS:
        return _ASSOCIATIONS[role]
    merged = any(issue.author is user and issue.pull and issue.pull.merged for issue in repository.issues.values())
    return "CONTRIBUTOR" if merged else "NONE"


def reactions_json(url: str, post: Post) -> Json:
    """The count of each reaction."""
    counts = Counter(reaction.content for reaction in post.reactions)
    return {"url": f"{url}/reactions", "total_count": counts.total(), **{name: counts[name] for name in REACTIONS}}


def reaction_json(world: World, reaction: Reaction) -> Json:
    """One reaction."""
    return {
        "id": reaction.id, "node_id": f"REA_{reaction.id}", "user": user_json(world, reaction.user),
        "content": reaction.content, "created_at": moment(reaction.created),
    }  # fmt: skip


def label_json(repository: Repository, label: Label) -> Json:
    """A label of a repository."""
    return {
        "id": label.id, "node_id": f"LA_{label.id}", "url": f"{repository_url(repository)}/labels/{quote(label.name)}",
        "name": label.name, "color": label.color, "default": False, "description": label.description,
    }  # fmt: skip


def issue_json(repository: Repository, issue: Issue) -> Json:
    """An issue; a pull request has the key `pull_request` here."""
    world = repository.world
    url = f"{repository_url(repository)}/issues/{issue.number}"
    page = f"{page_url(repository)}/{'pull' if issue.pull else 'issues'}/{issue.number}"
    assignees = [user_json(world, user) for user in issue.assignees]
    shown: Json = {
        "url": url, "repository_url": repository_url(repository), "labels_url": f"{url}/labels{{/name}}",
        "comments_url": f"{url}/comments", "events_url": f"{url}/events", "html_url": page, "id": issue.id,
        "node_id": f"{'PR' if issue.pull else 'I'}_{issue.pull.id if issue.pull else issue.id}",
        "number": issue.number, "title": issue.title, "user": user_json(world, issue.author), "body": issue.body,
        "labels": [label_json(repository, repository.label(name)) for name in issue.labels], "state": issue.state,
        "state_reason": issue.state_reason, "locked": issue.locked, "milestone": None, "assignees": assignees,
        "assignee": assignees[0] if assignees else None, "comments": len(repository.comments_on(issue.number)),
        "created_at": moment(issue.created), "updated_at": moment(issue.updated), "closed_at": moment(issue.closed),
        "closed_by": user_json(world, issue.closed_by) if issue.closed_by else None, "active_lock_reason": None,
        "author_association": association(repository, issue.author), "reactions": reactions_json(url, issue),
        "timeline_url": f"{url}/timeline", "performed_via_github_app": None,
    }  # fmt: skip
    if issue.pull:
        api = f"{repository_url(repository)}/pulls/{issue.number}"
        links = {"html_url": page, "diff_url": f"{page}.diff", "patch_url": f"{page}.patch"}
        shown |= {"draft": issue.pull.draft}
        shown |= {"pull_request": {"url": api, **links, "merged_at": moment(issue.pull.merged)}}
    return shown


def comment_json(repository: Repository, comment: Comment) -> Json:
    """A comment of a conversation."""
    url = f"{repository_url(repository)}/issues/comments/{comment.id}"
    kind = "pull" if repository.issues[comment.number].pull else "issues"
    return {
        "url": url, "html_url": f"{page_url(repository)}/{kind}/{comment.number}#issuecomment-{comment.id}",
        "issue_url": f"{repository_url(repository)}/issues/{comment.number}", "id": comment.id,
        "node_id": f"IC_{comment.id}", "user": user_json(repository.world, comment.author), "body": comment.body,
        "created_at": moment(comment.created), "updated_at": moment(comment.updated),
        "author_association": association(repository, comment.author), "reactions": reactions_json(url, comment),
        "performed_via_github_app": None,
    }  # fmt: skip


def environment_json(repository: Repository, environment: Environment) -> Json:
    """A deployment environment with its protection rules."""
    people = [{"type": "User", "reviewer": user_json(repository.world, user)} for user in environment.reviewers]
    rule = {
        "id": environment.id + 1, "node_id": f"GA_{environment.id}", "type": "required_reviewers",
        "prevent_self_review": environment.prevent_self_review, "reviewers": people,
    }  # fmt: skip
    return {
        "id": environment.id, "node_id": f"EN_{environment.id}", "name": environment.name,
        "url": f"{repository_url(repository)}/environments/{environment.name}",
        "html_url": f"{page_url(repository)}/deployments/activity_log?environments_filter={environment.name}",
        "created_at": moment(environment.created), "updated_at": moment(environment.created),
        "protection_rules": [rule] if people else [], "deployment_branch_policy": None,
    }  # fmt: skip


def subject_url(repository: Repository, post: Post) -> str:
    """The API address of something that can carry reactions."""
    url = repository_url(repository)
    if isinstance(post, Issue):
        return f"{url}/issues/{post.number}"
    return f"{url}/{'pulls' if isinstance(post, ReviewComment) else 'issues'}/comments/{post.id}"
