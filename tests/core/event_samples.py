"""Small webhook payloads of the shape that GitHub sends; each call gives a fresh one to change."""

from __future__ import annotations

from typing import Any

HEAD = "1" * 40
BASE = "2" * 40


def person(login: str = "octocat", number: int = 583231, kind: str = "User") -> dict[str, Any]:
    return {"login": login, "id": number, "type": kind, "site_admin": False}


def repository() -> dict[str, Any]:
    return {"id": 1296269, "full_name": "octo-org/widget", "default_branch": "main", "private": False}


def issue(*, pull: bool = False) -> dict[str, Any]:
    found = {
        "number": 118,
        "title": "Session.mount refuses paths",
        "body": "It raises AttributeError.",
        "user": person("reporter", 77),
        "state": "open",
        "locked": False,
        "labels": [{"id": 1, "name": "bug"}, {"id": 2, "name": "good first issue"}],
    }
    if pull:
        found["pull_request"] = {"url": "https://api.github.com/repos/octo-org/widget/pulls/118", "merged_at": None}
    return found


def comment(body: str = "/generate fix", by: dict[str, Any] | None = None) -> dict[str, Any]:
    return {
        "id": 1801,
        "body": body,
        "user": by or person(),
        "created_at": "2026-11-23T14:02:05Z",
        "updated_at": "2026-11-23T14:02:05Z",
        "author_association": "MEMBER",
    }


def pull_request(*, fork: bool = False) -> dict[str, Any]:
    away = {"id": 999, "full_name": "stranger/widget"} if fork else {"id": 1296269, "full_name": "octo-org/widget"}
    return {
        **issue(),
        "number": 124,
        "draft": False,
        "head": {"ref": "mount-paths", "sha": HEAD, "repo": away},
        "base": {"ref": "main", "sha": BASE, "repo": {"id": 1296269, "full_name": "octo-org/widget"}},
    }


def comment_event(body: str = "/generate fix", *, pull: bool = False, action: str = "created") -> dict[str, Any]:
    return {
        "action": action,
        "issue": issue(pull=pull),
        "comment": comment(body),
        "repository": repository(),
        "sender": person(),
    }


def review_comment_event(body: str = "/generate fix", *, fork: bool = False) -> dict[str, Any]:
    place = {
        "path": "src/session.py",
        "line": 31,
        "start_line": 29,
        "side": "RIGHT",
        "commit_id": HEAD,
        "diff_hunk": "@@ -28,3 +28,4 @@ class Session:\n+    pass",
    }
    return {
        "action": "created",
        "comment": comment(body) | place,
        "pull_request": pull_request(fork=fork),
        "repository": repository(),
        "sender": person(),
    }


def label_event(label: str = "draftgate") -> dict[str, Any]:
    return {
        "action": "labeled",
        "issue": issue(),
        "label": {"id": 3, "name": label},
        "repository": repository(),
        "sender": person(),
    }


def pull_event(action: str = "opened", *, fork: bool = False) -> dict[str, Any]:
    return {
        "action": action,
        "number": 124,
        "pull_request": pull_request(fork=fork),
        "repository": repository(),
        "sender": person(),
    }


def dispatch_event(inputs: object = None) -> dict[str, Any]:
    return {"inputs": inputs, "ref": "refs/heads/main", "repository": repository(), "sender": person()}


EVERY_EVENT: dict[str, dict[str, Any]] = {
    "issue_comment": comment_event(),
    "pull_request_review_comment": review_comment_event(),
    "issues": label_event(),
    "pull_request": pull_event(),
    "schedule": {"schedule": "0 3 * * 1"},
    "workflow_dispatch": dispatch_event({"group": "images"}),
}
