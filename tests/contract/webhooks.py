"""Real event payloads: GitHub's own examples brought up to date, and the kinds among which there is no example.

All that is given out here is valid by `@octokit/openapi-webhooks`; only `schedule` is no webhook and not in there.
"""

from __future__ import annotations

import copy
import json
from functools import cache
from typing import TYPE_CHECKING, Any

from tests.contract.npm import node_modules
from tests.contract.schemas import COMPONENTS, closure, kept, plain_schema, problems, validators

if TYPE_CHECKING:
    from collections.abc import Mapping

    from tests.contract.schemas import Validator

EVENTS = (
    "check-run",
    "issue-comment",
    "issues",
    "pull-request",
    "pull-request-review",
    "pull-request-review-comment",
    "push",
    "workflow-dispatch",
    "workflow-run",
)
"""The events whose descriptions are kept, as the description spells them."""

EXAMPLE_REPOSITORY = "Codertocat/Hello-World"
"""Where GitHub's examples take place."""


class InvalidPayloadError(Exception):
    """A payload that was to be real is not what GitHub describes."""


def check_event(name: str, payload: Mapping[str, Any]) -> list[str]:
    """What is wrong with the payload of event `name` (as in `GITHUB_EVENT_NAME`) by GitHub's description."""
    key = _key(name, payload.get("action"))
    validator = _validator(key)
    return [f"{key}: no such event at GitHub"] if validator is None else problems(validator, payload, key)


def example(name: str, action: str | None = None, number: int = 0) -> dict[str, Any]:
    """GitHub's example `number` of that event and action, completed with the keys that are required by now.

    Raises:
        LookupError: when there is no such example.
        InvalidPayloadError: when it cannot be made valid by adding keys alone.
    """
    fitting = [payload for payload in _examples()[name] if payload.get("action") == action]
    payload: dict[str, Any] = copy.deepcopy(fitting[number])
    _complete(payload, {"$ref": _description()["events"][_key(name, action)]})
    return valid(name, payload)


def valid(name: str, payload: dict[str, Any]) -> dict[str, Any]:
    """The same payload, now known to be valid.

    Raises:
        InvalidPayloadError: when it is not.
    """
    if found := check_event(name, payload):
        raise InvalidPayloadError("\n".join(found))
    return payload


def moved(payload: dict[str, Any], repository: str) -> dict[str, Any]:
    """The payload as if it had happened in `repository` (owner/name), which is also what its URLs say then."""
    owner, name = repository.split("/")
    there: dict[str, Any] = json.loads(json.dumps(payload).replace(EXAMPLE_REPOSITORY, repository))
    there["repository"] |= {"full_name": repository, "name": name}
    there["repository"]["owner"]["login"] = owner
    return there


def issue_comment(body: str, *, action: str = "created") -> dict[str, Any]:
    """A comment on an issue: written, `edited` or `deleted`."""
    payload = example("issue_comment", action)
    payload["comment"]["body"] = body
    if action == "edited":
        payload["comment"]["updated_at"] = "2026-01-02T03:04:05Z"
    return valid("issue_comment", payload)


def pull_request_comment(body: str, *, draft: bool = False) -> dict[str, Any]:
    """A comment in the conversation of a pull request, which reaches Actions as one on an issue."""
    payload = issue_comment(body)
    issue = payload["issue"]
    web = issue["html_url"].replace("/issues/", "/pull/")
    api = issue["url"].replace("/issues/", "/pulls/")
    issue["pull_request"] = {"url": api, "html_url": web, "diff_url": f"{web}.diff", "patch_url": f"{web}.patch"}
    issue["pull_request"]["merged_at"] = None
    issue |= {"html_url": web, "draft": draft}
    payload["comment"]["html_url"] = payload["comment"]["html_url"].replace("/issues/", "/pull/")
    return valid("issue_comment", payload)


def bot_comment(body: str, *, login: str = "github-actions[bot]") -> dict[str, Any]:
    """A comment written by an app."""
    payload = issue_comment(body)
    for person in (payload["comment"]["user"], payload["sender"]):
        person |= {"login": login, "type": "Bot", "html_url": "https://github.com/apps/github-actions"}
    return valid("issue_comment", payload)


def pull_request(action: str = "opened", *, draft: bool = False, fork: str = "") -> dict[str, Any]:
    """A pull request, of the repository's own branch or of `fork` (owner/name)."""
    payload = example("pull_request", action)
    payload["pull_request"]["draft"] = draft
    if fork:
        _move_head(payload["pull_request"]["head"], fork)
    return valid("pull_request", payload)


def _move_head(head: dict[str, Any], fork: str) -> None:
    owner, name = fork.split("/")
    moved_repository = json.loads(json.dumps(head["repo"]).replace(head["repo"]["full_name"], fork))
    head["user"] |= {"login": owner, "id": 4_000_001}
    head["repo"] = moved_repository | {"id": 4_000_002, "name": name, "full_name": fork, "fork": True}
    head["repo"]["owner"] = dict(head["user"])
    head["label"] = f"{owner}:{head['ref']}"


def issue_labeled(label: str = "draftgate") -> dict[str, Any]:
    """A label put on an issue."""
    payload = example("issues", "labeled")
    payload["label"]["name"] = label
    payload["issue"]["labels"] = [dict(payload["label"])]
    return valid("issues", payload)


def workflow_dispatch(inputs: Mapping[str, str]) -> dict[str, Any]:
    """A workflow started by hand on the default branch."""
    payload = example("workflow_dispatch")
    payload |= {"inputs": dict(inputs), "ref": f"refs/heads/{payload['repository']['default_branch']}"}
    return valid("workflow_dispatch", payload)


def schedule(cron: str = "17 4 * * 1") -> dict[str, Any]:
    """What a scheduled run finds in its event file: the cron line that is due, and nothing else."""
    return {"schedule": cron}


def _key(name: str, action: Any) -> str:
    return "-".join(part.replace("_", "-") for part in (name, action) if part)


@cache
def _validator(key: str) -> Validator | None:
    description = _description()
    reference = description["events"].get(key)
    return validators(description["schemas"])({"$ref": reference}) if reference else None


@cache
def _description() -> dict[str, Any]:
    source = node_modules() / "@octokit" / "openapi-webhooks" / "generated" / "api.github.com.json"
    return kept("webhooks", source, EVENTS, _reduced)


def _reduced(full: Mapping[str, Any]) -> dict[str, Any]:
    roots = {
        key: plain_schema(event["post"]["requestBody"]["content"]["application/json"]["schema"])
        for key, event in full["webhooks"].items()
        if key.startswith(EVENTS)
    }
    events = {key: root["$ref"] for key, root in roots.items()}
    return {"events": events, "schemas": closure(roots, full["components"]["schemas"])}


@cache
def _examples() -> dict[str, list[dict[str, Any]]]:
    index = node_modules() / "@octokit" / "webhooks-examples" / "api.github.com" / "index.json"
    return {event["name"]: event["examples"] for event in json.loads(index.read_text(encoding="utf-8"))}


def _resolved(schema: Mapping[str, Any]) -> Mapping[str, Any]:
    while "$ref" in schema:
        schema = _description()["schemas"][schema["$ref"].removeprefix(f"{COMPONENTS}#/")]
    return schema


def _complete(value: Any, schema: Mapping[str, Any]) -> None:
    """Add what the schema requires and the value lacks, at any depth; nothing that is there is changed."""
    schema = _resolved(schema)
    for branch in [*schema.get("allOf", []), *_nearest_branch(value, schema)]:
        _complete(value, branch)
    if isinstance(value, dict):
        known = schema.get("properties", {})
        for name in set(schema.get("required", ())) - value.keys():
            value[name] = sample(known.get(name, {}))
        for name in value.keys() & known.keys():
            _complete(value[name], known[name])
    elif isinstance(value, list):
        for item in value:
            _complete(item, schema.get("items", {}))


def _nearest_branch(value: Any, schema: Mapping[str, Any]) -> list[Mapping[str, Any]]:
    branches = schema.get("anyOf", [])
    if not branches or not isinstance(value, (dict, list)):
        return []
    make = validators(_description()["schemas"])
    return [min(branches, key=lambda branch: (_is_null(branch), len(problems(make(branch), value, "", most=50))))]


def _is_null(schema: Mapping[str, Any]) -> bool:
    return schema.get("type") == "null"


def sample(schema: Mapping[str, Any]) -> Any:
    """The plainest value that fits a schema: null where it may be, empty or zero elsewhere."""
    schema = _resolved(schema)
    branches = schema.get("anyOf", [])
    if branches:
        return None if any(map(_is_null, branches)) else sample(branches[0])
    kinds = schema.get("type", "null")
    kind = kinds if isinstance(kinds, str) else ("null" if "null" in kinds else kinds[0])
    if kind != "null" and "enum" in schema:
        return schema["enum"][0]
    if kind == "object":
        return {name: sample(schema["properties"][name]) for name in schema.get("required", [])}
    if kind == "string":
        return {"date-time": "2026-01-01T00:00:00Z", "uri": "https://api.github.com/"}.get(schema.get("format", ""), "")
    return {"null": None, "integer": 0, "number": 0, "boolean": False, "array": []}[kind]
