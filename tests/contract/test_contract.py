"""The referees themselves: they know right from wrong."""

from __future__ import annotations

import copy
import json
import subprocess
import sys
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

from tests.contract import webhooks
from tests.contract.npm import HERE, LOCK_FILE, NpmInstallError, _npm, api_description, check_integrity, node
from tests.contract.paths import PATHS, REPOSITORY
from tests.contract.schemas import plain_schema, problems, validators

if TYPE_CHECKING:
    from collections.abc import Callable

    from tests.contract.github_api import GitHubContract

REPO = "/repos/octo/demo"


@cache
def full_description() -> dict[str, Any]:
    description: dict[str, Any] = json.loads(api_description().read_text(encoding="utf-8"))
    return description


def follow(node: Any) -> Any:
    while "$ref" in node:
        found = full_description()
        for part in node["$ref"].removeprefix("#/").split("/"):
            found = found[part.replace("~1", "/")]
        node = found
    return node


def described_answers() -> list[tuple[str, str, int, str, Any]]:
    """Every example answer in GitHub's description of the used paths: method, template, status, name, body."""
    return [
        (method.upper(), path, int(status), name, follow(follow(example)["value"]))
        for path in PATHS
        for method, operation in full_description()["paths"][path].items()
        for status, response in operation["responses"].items()
        for content in follow(response).get("content", {}).values()
        for name, example in content.get("examples", {}).items()
    ]


def described(method: str, template: str, status: int, name: str = "default") -> Any:
    """One of those example bodies, to be spoiled."""
    wanted = (method, REPOSITORY + template, status, name)
    (body,) = (answer[4] for answer in described_answers() if answer[:4] == wanted)
    return copy.deepcopy(body.get("value", body) if isinstance(body, dict) else body)


def issue_comment() -> Any:
    return described("GET", "/issues/comments/{comment_id}", 200)


def review_request(**changes: Any) -> Any:
    comment = {"path": "a.py", "line": 3, "side": "RIGHT", "body": "No."}
    return {"commit_id": "0" * 40, "event": "COMMENT", "body": "x", "comments": [comment]} | changes


def review() -> Any:
    return described("POST", "/pulls/{pull_number}/reviews", 200)


# --- the REST API -----------------------------------------------------------------------------------------------------


def test_githubs_own_examples_are_right_but_for_those_that_lag_behind(github_contract: GitHubContract) -> None:
    """They lack some keys that its schemas require; any other complaint would be a fault of the referee."""
    complaints: list[str] = []
    examples = described_answers()
    for method, template, status, _, body in examples:
        path = template
        for parameter in (
            "{issue_number}",
            "{pull_number}",
            "{comment_id}",
            "{review_id}",
            "{check_run_id}",
            "{run_id}",
        ):
            path = path.replace(parameter, "1")
        value = body.get("value", body) if isinstance(body, dict) else body
        complaints += [
            line for line in github_contract.check(method, path, {}, None, status, value) if "answer" in line
        ]
    assert len(examples) > 120
    lagging = [line for line in complaints if "is a required property" in line]
    assert [line.split(":")[0] for line in complaints if line not in lagging] == [
        "GET /meta answer 200.ssh_key_fingerprints.SHA256_RSA",
        "GET /meta answer 200.ssh_key_fingerprints.SHA256_DSA",
        "GET /meta answer 200.ssh_key_fingerprints.SHA256_ECDSA",
        "GET /meta answer 200.ssh_key_fingerprints.SHA256_ED25519",
        "GET /search/issues answer 200.items[0]",
    ]
    assert len(lagging) < 40


REFUSAL = {"message": "Unprocessable Entity", "documentation_url": "https://docs.github.com/rest"}

Exchange = tuple[str, str, dict[str, str], Any, int]
"""Method, path, query, request body, status."""

RIGHT: list[tuple[Exchange, Callable[[], Any]]] = [
    (("GET", f"{REPO}/issues/comments/7", {}, None, 200), issue_comment),
    (("POST", f"{REPO}/issues/7/comments", {}, {"body": "x"}, 201), issue_comment),
    (("PATCH", f"{REPO}/issues/comments/7", {}, {"body": "x"}, 200), issue_comment),
    (("GET", f"{REPO}/issues/7/comments", {"per_page": "100", "page": "2"}, None, 200), lambda: [issue_comment()]),
    (("GET", f"{REPO}/issues/7/comments", {"since": "2026-01-01T00:00:00Z"}, None, 200), list),
    (("POST", f"{REPO}/pulls/7/reviews", {}, review_request(), 200), review),
    (("POST", f"{REPO}/issues/7/labels", {}, {"labels": ["a"]}, 200), list),
    (("POST", f"{REPO}/issues/7/labels", {}, ["a"], 200), list),
    (("DELETE", f"{REPO}/git/refs/heads/a/b", {}, None, 204), lambda: None),
    (("GET", f"{REPO}/git/ref/draftgate/proposals/7/abc", {}, None, 404), lambda: {"message": "Not Found"}),
    (("GET", f"{REPO}/git/ref/heads%2Fa", {}, None, 404), lambda: {"message": "Not Found"}),
    (("GET", f"{REPO}/contents/a/b/c.txt", {"ref": "main"}, None, 200), lambda: b"raw"),
    (("GET", f"{REPO}/contents/a", {}, None, 200), list),
    (("GET", f"{REPO}/compare/main...a/b", {}, None, 200), lambda: b"diff --git a/x b/x\n"),
    (("GET", f"{REPO}/commits/feature/x", {}, None, 404), lambda: {"message": "Not Found"}),
    (("GET", f"{REPO}/pulls/7", {}, None, 304), lambda: None),
    (("GET", REPO, {}, None, 401), lambda: {"message": "Bad credentials"}),
    (("GET", REPO, {}, None, 429), lambda: {"message": "API rate limit exceeded"}),
    (("GET", REPO, {}, None, 502), lambda: b"<html>"),
    (("POST", f"{REPO}/pulls/7/reviews", {}, {"event": "NONSENSE"}, 422), lambda: REFUSAL),
]


@pytest.mark.parametrize(("exchange", "answer"), RIGHT)
def test_right_exchanges_pass(github_contract: GitHubContract, exchange: Exchange, answer: Callable[[], Any]) -> None:
    assert github_contract.check(*exchange, answer()) == []


WRONG_REQUESTS: list[tuple[Exchange, Callable[[], Any], str]] = [
    (("GET", f"{REPO}/nonsense", {}, None, 200), dict, "no such operation"),
    (("PUT", f"{REPO}/issues/7/comments", {}, None, 200), dict, "no such operation"),
    (("GET", f"{REPO}/issues/abc/comments", {}, None, 200), list, "{issue_number}: 'abc' is not of type 'integer'"),
    (("GET", f"{REPO}/issues/7/comments", {"perpage": "9"}, None, 200), list, "?perpage: no such query parameter"),
    (("GET", f"{REPO}/issues/7/comments", {"page": "x"}, None, 200), list, "?page: 'x' is not of type 'integer'"),
    (("GET", f"{REPO}/issues/7/comments", {"since": "today"}, None, 200), list, "?since: 'today' is not a 'date-time'"),
    (("GET", f"{REPO}/issues", {"state": "shut"}, None, 200), list, "?state: 'shut' is not one of"),
    (("POST", f"{REPO}/issues/7/comments", {}, None, 201), issue_comment, "request: a body is required"),
    (("POST", f"{REPO}/issues/7/comments", {}, {}, 201), issue_comment, "'body' is a required property"),
    (("POST", f"{REPO}/issues/7/comments", {}, {"body": 3}, 201), issue_comment, "request.body: 3 is not of type"),
    (("POST", f"{REPO}/issues/7/comments", {}, {"body": "x", "boby": 1}, 201), issue_comment, "boby: no such property"),
    (("GET", f"{REPO}/issues/comments/7", {}, {"x": 1}, 200), issue_comment, "takes no body"),
    (
        ("POST", f"{REPO}/pulls/7/reviews", {}, review_request(event="OK"), 200),
        review,
        "request.event: 'OK' is not one",
    ),
    (
        ("POST", f"{REPO}/pulls/7/reviews", {}, review_request(comments=[{"path": "a"}]), 200),
        review,
        "comments[0]: 'bo",
    ),
    (("POST", f"{REPO}/issues/7/labels", {}, [], 200), list, "request: [] should be non-empty"),
    (("POST", f"{REPO}/issues/7/labels", {}, [3], 200), list, "request[0]: 3 is not of type 'string'"),
    (
        ("POST", f"{REPO}/issues/7/reactions", {}, {"content": "tada"}, 201),
        dict,
        "request.content: 'tada' is not one of",
    ),
    (("POST", f"{REPO}/git/trees", {}, {"tree": [{"mode": "100600"}]}, 201), dict, "tree[0].mode: '100600' is not one"),
    (("POST", f"{REPO}/git/refs", {}, {"ref": "refs/heads/x"}, 201), dict, "'sha' is a required property"),
    (("PATCH", f"{REPO}/git/refs/heads/a", {}, {"sha": "0", "force": "no"}, 200), dict, "force: 'no' is not of type"),
]


@pytest.mark.parametrize(("exchange", "answer", "complaint"), WRONG_REQUESTS)
def test_wrong_requests_are_found(
    github_contract: GitHubContract, exchange: Exchange, answer: Callable[[], Any], complaint: str
) -> None:
    found = github_contract.check(*exchange, answer())
    assert complaint in "\n".join(line for line in found if " answer " not in line)


@pytest.mark.parametrize(
    ("status", "changes", "complaint"),
    [
        (200, {"id": "7"}, "answer 200.id: '7' is not of type 'integer'"),
        (200, {"id": None}, "answer 200.id: None is not of type 'integer'"),
        (200, {"created_at": "2026-01-01"}, "created_at: '2026-01-01' is not a 'date-time'"),
        (200, {"html_url": "not a url"}, "html_url: 'not a url' is not a 'uri'"),
        (200, {"author_association": "FRIEND"}, "author_association: 'FRIEND' is not one of"),
        (200, {"user": {"login": "x"}}, "answer 200.user: 'avatar_url' is a required property"),
        (201, {}, "answer 201: GitHub gives 200, 404"),
        (418, {}, "answer 418: GitHub gives"),
    ],
)
def test_wrong_answers_are_found(
    github_contract: GitHubContract, status: int, changes: dict[str, Any], complaint: str
) -> None:
    found = github_contract.check("GET", f"{REPO}/issues/comments/7", {}, None, status, issue_comment() | changes)
    assert complaint in "\n".join(found)


def test_a_missing_key_is_found_and_a_nullable_one_may_be_null(github_contract: GitHubContract) -> None:
    comment = issue_comment() | {"user": None, "performed_via_github_app": None}
    assert github_contract.check("GET", f"{REPO}/issues/comments/7", {}, None, 200, comment) == []
    del comment["user"]
    (found,) = github_contract.check("GET", f"{REPO}/issues/comments/7", {}, None, 200, comment)
    assert found.endswith("'user' is a required property")


@pytest.mark.parametrize(
    ("method", "path", "status", "body", "complaint"),
    [
        ("DELETE", f"{REPO}/git/refs/heads/a", 204, {"ok": True}, "has no body at GitHub"),
        ("GET", f"{REPO}/issues/comments/7", 200, None, "None is not of type 'object'"),
        ("GET", f"{REPO}/issues/comments/7", 200, [], "[] is not of type 'object'"),
        ("GET", f"{REPO}/pulls/7/files", 200, {}, "{} is not of type 'array'"),
        ("GET", REPO, 401, {"error": "no"}, "an error is an object with a message"),
        ("GET", REPO, 401, None, "an error is an object with a message"),
        ("GET", REPO, 404, {"message": 3}, "message: 3 is not of type 'string'"),
        ("GET", f"{REPO}/contents/a", 200, {"type": "file"}, "is a required property"),
    ],
)
def test_answers_of_the_wrong_kind_are_found(
    github_contract: GitHubContract, method: str, path: str, status: int, body: Any, complaint: str
) -> None:
    assert complaint in "\n".join(github_contract.check(method, path, {}, None, status, body))


def test_paths_are_listed_once() -> None:
    assert len(set(PATHS)) == len(PATHS)


@pytest.mark.parametrize(
    ("schema", "right", "wrong"),
    [
        ({"type": "string", "nullable": True}, ["a", None], [3]),
        ({"type": "string", "enum": ["a"], "nullable": True}, ["a", None], ["b"]),
        ({"allOf": [{"type": "object"}], "nullable": True}, [{}, None], ["b"]),
        ({"oneOf": [{"type": "object"}, {"required": ["x"]}]}, [{"x": 1}], []),
        ({"properties": {"description": {"type": "string"}}}, [{"description": "a"}], [{"description": 3}]),
        ({"additionalProperties": {"type": "integer"}}, [{"a": 1}], [{"a": "b"}]),
        ({"items": {"$ref": "#/components/schemas/thing"}}, [[1]], [["a"]]),
    ],
)
def test_openapi_schemas_keep_their_meaning(schema: Any, right: list[Any], wrong: list[Any]) -> None:
    validator = validators({"thing": {"type": "integer"}})(plain_schema(schema))
    assert [problems(validator, value, "") for value in right] == [[]] * len(right)
    assert all(problems(validator, value, "") for value in wrong)


# --- webhooks ---------------------------------------------------------------------------------------------------------

BEYOND_COMPLETION = {("issues", "transferred", 0), ("check_run", "rerequested", 0), ("check_run", "rerequested", 1)}
"""Old examples with an empty URL or times that are no longer written so."""


def numbered_examples(event: str) -> list[tuple[str | None, int, dict[str, Any]]]:
    seen: dict[str | None, int] = {}
    found = []
    for payload in webhooks._examples()[event]:
        action = payload.get("action")
        found.append((action, seen.get(action, 0), payload))
        seen[action] = seen.get(action, 0) + 1
    return found


def is_part(part: Any, whole: Any) -> bool:
    """Whether `whole` is `part` with keys added."""
    if isinstance(part, dict):
        return all(name in whole and is_part(value, whole[name]) for name, value in part.items())
    if isinstance(part, list):
        return len(part) == len(whole) and all(map(is_part, part, whole))
    return bool(part == whole)


@pytest.mark.parametrize("event", [event.replace("-", "_") for event in webhooks.EVENTS])
def test_githubs_examples_become_valid_by_adding_keys_alone(event: str) -> None:
    examples = numbered_examples(event)
    assert examples
    for action, number, original in examples:
        if (event, action, number) in BEYOND_COMPLETION:
            with pytest.raises(webhooks.InvalidPayloadError):
                webhooks.example(event, action, number)
        else:
            assert is_part(original, webhooks.example(event, action, number))


def test_an_example_can_be_changed_without_changing_the_next() -> None:
    webhooks.example("issues", "opened")["issue"]["title"] = "changed"
    assert webhooks.example("issues", "opened")["issue"]["title"] != "changed"


@pytest.mark.parametrize(
    ("name", "make", "facts"),
    [
        (
            "issue_comment",
            lambda: webhooks.issue_comment("/generate"),
            {"action": "created", "comment.body": "/generate", "comment.user.type": "User", "issue.pull_request": None},
        ),
        (
            "issue_comment",
            lambda: webhooks.issue_comment("/approve", action="edited"),
            {"action": "edited", "comment.body": "/approve", "comment.updated_at": "2026-01-02T03:04:05Z"},
        ),
        ("issue_comment", lambda: webhooks.issue_comment("x", action="deleted"), {"action": "deleted"}),
        (
            "issue_comment",
            lambda: webhooks.pull_request_comment("/suggest", draft=True),
            {
                "issue.pull_request.url": "https://api.github.com/repos/Codertocat/Hello-World/pulls/1",
                "issue.html_url": "https://github.com/Codertocat/Hello-World/pull/1",
                "issue.draft": True,
            },
        ),
        (
            "issue_comment",
            lambda: webhooks.bot_comment("/approve"),
            {"comment.user.type": "Bot", "sender.login": "github-actions[bot]"},
        ),
        (
            "pull_request",
            lambda: webhooks.pull_request(fork="stranger/Hello-World"),
            {
                "pull_request.head.repo.full_name": "stranger/Hello-World",
                "pull_request.head.repo.fork": True,
                "pull_request.head.repo.owner.login": "stranger",
                "pull_request.head.label": "stranger:changes",
                "pull_request.base.repo.full_name": "Codertocat/Hello-World",
            },
        ),
        ("pull_request", lambda: webhooks.pull_request(draft=True), {"pull_request.draft": True}),
        ("pull_request", lambda: webhooks.pull_request("synchronize"), {"action": "synchronize"}),
        ("issues", webhooks.issue_labeled, {"label.name": "draftgate", "issue.labels.0.name": "draftgate"}),
        (
            "workflow_dispatch",
            lambda: webhooks.workflow_dispatch({"group": "images"}),
            {"inputs.group": "images", "ref": "refs/heads/main"},
        ),
    ],
)
def test_derived_payloads_are_valid_and_what_they_say(
    name: str, make: Callable[[], dict[str, Any]], facts: dict[str, object]
) -> None:
    payload = make()
    assert webhooks.check_event(name, payload) == []
    assert {place: looked_up(payload, place) for place in facts} == facts


def looked_up(payload: Any, place: str) -> object:
    for part in place.split("."):
        payload = payload[int(part)] if isinstance(payload, list) else payload.get(part)
    return payload


def test_a_payload_can_be_moved_to_another_repository() -> None:
    payload = webhooks.moved(webhooks.pull_request_comment("x"), "octo/demo")
    assert webhooks.check_event("issue_comment", payload) == []
    assert webhooks.EXAMPLE_REPOSITORY not in json.dumps(payload)
    assert payload["repository"]["owner"]["login"] == "octo"
    assert payload["comment"]["issue_url"] == "https://api.github.com/repos/octo/demo/issues/1"


def test_a_scheduled_run_knows_its_cron_line_only() -> None:
    assert webhooks.schedule("5 4 * * *") == {"schedule": "5 4 * * *"}


@pytest.mark.parametrize(
    ("name", "changes", "complaint"),
    [
        ("issue_comment", {"comment": {}}, "issue-comment-created.comment: "),
        ("issue_comment", {"issue": None}, "issue-comment-created.issue: None is not of type 'object'"),
        ("issue_comment", {"action": "shouted"}, "issue-comment-shouted: no such event"),
        ("comment", {}, "comment-created: no such event"),
        ("issue_comment", {"repository": {"full_name": "a/b"}}, "repository: 'archive_url' is a required property"),
    ],
)
def test_wrong_payloads_are_found(name: str, changes: dict[str, Any], complaint: str) -> None:
    found = webhooks.check_event(name, webhooks.issue_comment("x") | changes)
    assert complaint in "\n".join(found)


def test_a_helper_that_makes_a_wrong_payload_says_so() -> None:
    with pytest.raises(webhooks.InvalidPayloadError, match="comment-created"):
        webhooks.issue_comment(3)  # type: ignore[arg-type]


# --- the packages -----------------------------------------------------------------------------------------------------


def test_the_lock_file_pins_what_the_manifest_says_and_names_no_host() -> None:
    manifest = json.loads((HERE / "package.json").read_text(encoding="utf-8"))
    text = LOCK_FILE.read_text(encoding="utf-8")
    packages = json.loads(text)["packages"]
    for name, version in (manifest["dependencies"] | manifest["devDependencies"]).items():
        assert packages[f"node_modules/{name}"]["version"] == version
    assert '"resolved"' not in text
    assert all(package["integrity"].startswith("sha512-") for name, package in packages.items() if name)


def test_a_tarball_that_is_not_the_locked_one_is_refused(tmp_path: Path) -> None:
    tarball = tmp_path / "package.tgz"
    tarball.write_bytes(b"something else")
    with pytest.raises(NpmInstallError, match=r"but package-lock\.json says sha512-AAAA"):
        check_integrity(tarball, "sha512-AAAA")


def test_a_registry_out_of_reach_is_a_failure_with_a_reason() -> None:
    with pytest.raises(NpmInstallError, match="npm view failed: the contract tests need an npm registry"):
        _npm("view", "@octokit/openapi", "--registry=http://127.0.0.1:9", "--fetch-retries=0")


def test_node_runs() -> None:
    done = subprocess.run([str(node()), "--print", "6 * 7"], capture_output=True, text=True, check=True)
    assert done.stdout == "42\n"


def test_the_packages_can_be_installed_ahead_of_the_tests() -> None:
    command = [sys.executable, "-m", "tests.contract.npm"]
    done = subprocess.run(command, cwd=HERE.parents[1], capture_output=True, text=True, check=True)
    assert [Path(line).name for line in done.stdout.split()] == ["node_modules", api_description().name]
