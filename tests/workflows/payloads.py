"""The `github` context of the events that the workflow listens to, made from GitHub's own example payloads."""

from __future__ import annotations

import copy
import json
from functools import cache
from typing import Any

from tests.contract.npm import node_modules

Payload = dict[str, Any]


@cache
def _examples() -> dict[str, list[Payload]]:
    text = (node_modules() / "@octokit/webhooks-examples/api.github.com/index.json").read_text(encoding="utf-8")
    return {event["name"]: event["examples"] for event in json.loads(text)}


def _example(event: str, action: str) -> Payload:
    return copy.deepcopy(next(example for example in _examples()[event] if example["action"] == action))


def _context(event_name: str, event: Payload) -> Payload:
    return {
        "event_name": event_name,
        "event": event,
        "repository": event["repository"]["full_name"],
        "api_url": "https://api.github.com",
    }


def issue_comment(body: str | None, *, kind: str = "User", on_pull: bool = False) -> Payload:
    """A new comment on an issue, or in a pull request's conversation."""
    event = _example("issue_comment", "created")
    event["comment"] |= {"body": body}
    event["comment"]["user"]["type"] = event["sender"]["type"] = kind
    event["issue"].pop("pull_request", None)
    if on_pull:
        url = event["issue"]["url"].replace("/issues/", "/pulls/")
        event["issue"]["pull_request"] = {"url": url, "merged_at": None}
    return _context("issue_comment", event)


def label(name: str, *, kind: str = "User") -> Payload:
    """A label put on an issue."""
    event = _example("issues", "labeled")
    event["label"]["name"] = name
    event["sender"]["type"] = kind
    return _context("issues", event)


def review_comment(body: str, *, kind: str = "User", head: str | None = "same") -> Payload:
    """A new comment on a line of a diff; `head` is the branch's repository: `same`, a fork's name, None if deleted."""
    event = _example("pull_request_review_comment", "created")
    event["comment"] |= {"body": body}
    event["comment"]["user"]["type"] = event["sender"]["type"] = kind
    repository = event["pull_request"]["head"]["repo"]
    repository["full_name"] = event["repository"]["full_name"] if head == "same" else head
    if head is None:
        event["pull_request"]["head"]["repo"] = None
    return _context("pull_request_review_comment", event)


def pull_request(action: str, *, draft: bool = False, kind: str = "User", head: str = "same") -> Payload:
    """A pull request was opened, pushed to, ...; `head` is the branch's repository: `same`, or a fork's name."""
    event = _example("pull_request", "opened")
    event["action"] = action
    event["pull_request"] |= {"draft": draft}
    event["pull_request"]["user"]["type"] = kind
    repository = event["pull_request"]["head"]["repo"]
    repository["full_name"] = event["repository"]["full_name"] if head == "same" else head
    return _context("pull_request_target", event)
