from __future__ import annotations

import copy
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.core.events import (
    GHOST,
    Anchor,
    Comment,
    CommentCreated,
    Ignored,
    IssueLabeled,
    ManualRun,
    Origin,
    PullRequestChanged,
    PullTips,
    ReviewCommentCreated,
    ScheduleFired,
    Subject,
    Tip,
    parse_event,
)
from bot.core.precheck import PULL_ACTIONS
from bot.core.refs import Actor, RepoName, Thread
from bot.errors import UserError
from tests.core import event_samples as sample

RUN = "7001"
OCTOCAT = Actor("octocat", 583231, "User")
REPORTER = Actor("reporter", 77, "User")
JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(), inner, max_size=3),
    max_leaves=12,
)


def set_path(payload: dict[str, Any], path: str, value: object) -> dict[str, Any]:
    changed = copy.deepcopy(payload)
    *way, last = path.split(".")
    node = changed
    for key in way:
        node = node[key]
    node[last] = value
    return changed


def without_path(payload: dict[str, Any], path: str) -> dict[str, Any]:
    changed = copy.deepcopy(payload)
    *way, last = path.split(".")
    node = changed
    for key in way:
        node = node[key]
    del node[last]
    return changed


def paths(node: object, at: str = "") -> list[str]:
    if not isinstance(node, dict):
        return [at]
    return [at] * bool(at) + [path for key, inner in node.items() for path in paths(inner, f"{at}.{key}".lstrip("."))]


def test_a_comment_on_an_issue_is_read_whole() -> None:
    assert parse_event("issue_comment", sample.comment_event("/help"), RUN) == CommentCreated(
        Origin(RepoName("octo-org/widget"), "main", "issue_comment/1801", OCTOCAT),
        Subject(
            thread=Thread(118, is_pull=False),
            title="Session.mount refuses paths",
            text="It raises AttributeError.",
            author=REPORTER,
            is_open=True,
            locked=False,
            labels=("bug", "good first issue"),
        ),
        Comment(1801, "/help", OCTOCAT, "2026-11-23T14:02:05Z", "2026-11-23T14:02:05Z"),
    )


def test_a_comment_in_a_pull_requests_conversation_belongs_to_a_pull_thread() -> None:
    event = parse_event("issue_comment", sample.comment_event(pull=True), RUN)
    assert isinstance(event, CommentCreated)
    assert event.subject.thread == Thread(118, is_pull=True)


def test_a_review_comment_has_its_place_and_both_tips() -> None:
    event = parse_event("pull_request_review_comment", sample.review_comment_event(), RUN)
    assert isinstance(event, ReviewCommentCreated)
    assert event.origin.trigger == "pull_request_review_comment/1801"
    assert event.subject.thread == Thread(124, is_pull=True)
    assert event.anchor == Anchor(
        "src/session.py", 31, 29, "RIGHT", sample.HEAD, "@@ -28,3 +28,4 @@ class Session:\n+    pass"
    )
    assert event.tips == PullTips(Tip("mount-paths", sample.HEAD), Tip("main", sample.BASE), is_fork=False)


def test_an_outdated_review_comment_has_no_line() -> None:
    payload = set_path(sample.review_comment_event(), "comment.line", None)
    event = parse_event("pull_request_review_comment", set_path(payload, "comment.start_line", None), RUN)
    assert isinstance(event, ReviewCommentCreated)
    assert (event.anchor.line, event.anchor.start_line) == (None, None)


def test_a_label_is_the_senders_doing_and_known_by_the_run() -> None:
    event = parse_event("issues", sample.label_event("needs-fix"), RUN)
    assert isinstance(event, IssueLabeled)
    assert (event.label, event.origin.trigger) == ("needs-fix", "issues/7001")
    assert (event.origin.sender, event.subject.author) == (OCTOCAT, REPORTER)


@pytest.mark.parametrize("action", PULL_ACTIONS)
def test_a_changed_pull_request_is_read(action: str) -> None:
    event = parse_event("pull_request", sample.pull_event(action), RUN)
    assert isinstance(event, PullRequestChanged)
    assert (event.action, event.draft, event.origin.trigger) == (action, False, "pull_request/7001")


@pytest.mark.parametrize(
    ("away", "is_fork"),
    [
        ({"id": 1296269, "full_name": "octo-org/widget"}, False),
        ({"id": 1296269, "full_name": "octo-org/renamed-since"}, False),
        ({"id": 999, "full_name": "octo-org/widget"}, True),
        (None, True),
    ],
    ids=["same", "same by id", "other by id", "repository gone"],
)
def test_a_fork_is_told_by_the_repositorys_id(away: object, is_fork: bool) -> None:
    event = parse_event("pull_request", set_path(sample.pull_event(), "pull_request.head.repo", away), RUN)
    assert isinstance(event, PullRequestChanged)
    assert event.tips.is_fork is is_fork


def test_a_schedule_needs_nothing_but_its_line() -> None:
    assert parse_event("schedule", {"schedule": "0 3 * * 1"}, RUN) == ScheduleFired("schedule/7001", "0 3 * * 1")


@pytest.mark.parametrize(
    ("inputs", "texts"),
    [
        (None, {}),
        ({}, {}),
        (
            {"group": "images", "dry-run": True, "all": False, "note": None},
            {"group": "images", "dry-run": "true", "all": "false", "note": ""},
        ),
    ],
)
def test_a_manual_run_has_its_inputs_as_texts(inputs: object, texts: dict[str, str]) -> None:
    event = parse_event("workflow_dispatch", sample.dispatch_event(inputs), RUN)
    assert isinstance(event, ManualRun)
    assert event.inputs == texts


@pytest.mark.parametrize("name", ["push", "check_run", "pull_request_target", "pull_request_review", ""])
def test_other_events_are_ignored_whatever_they_hold(name: str) -> None:
    assert isinstance(parse_event(name, {"anything": []}, ""), Ignored)


@pytest.mark.parametrize("action", ["edited", "deleted", "pinned"])
@pytest.mark.parametrize("name", ["issue_comment", "pull_request_review_comment"])
def test_only_a_new_comment_counts(name: str, action: str) -> None:
    assert parse_event(name, sample.comment_event(action=action), RUN) == Ignored(
        "only a new comment counts, not an edited or deleted one"
    )


@pytest.mark.parametrize(
    "author",
    [
        sample.person("github-actions[bot]", 41898282, "Bot"),
        sample.person("draftgate[bot]", 5, "User"),
        sample.person("Copilot", 198982749, "Bot"),
        sample.person("octo-org", 9, "Organization"),
        sample.person("imported", 9, "Mannequin"),
    ],
    ids=lambda author: f"{author['login']}, {author['type']}",
)
def test_what_machines_write_is_ignored(author: dict[str, Any]) -> None:
    payload = set_path(sample.comment_event(), "comment.user", author)
    assert parse_event("issue_comment", payload, RUN) == Ignored("the comment was not written by a person")


def test_a_machines_label_is_ignored() -> None:
    payload = set_path(sample.label_event(), "sender", sample.person("triage[bot]", 5, "Bot"))
    assert parse_event("issues", payload, RUN) == Ignored("the label was not set by a person")


def test_our_own_comment_under_a_personal_token_is_ignored() -> None:
    body = '<!-- draftgate:thread {"state": "open"} -->\n**Proposal**\n/approve 3f9c2a1b7d04'
    assert parse_event("issue_comment", sample.comment_event(body), RUN) == Ignored("the comment is Draftgate's own")


@pytest.mark.parametrize("action", ["opened", "closed", "unlabeled", "edited", "assigned"])
def test_of_an_issues_events_only_a_new_label_counts(action: str) -> None:
    assert isinstance(parse_event("issues", sample.label_event() | {"action": action}, RUN), Ignored)


@pytest.mark.parametrize("action", ["closed", "labeled", "edited", "converted_to_draft"])
def test_a_pull_request_with_nothing_new_to_look_at_is_ignored(action: str) -> None:
    assert isinstance(parse_event("pull_request", sample.pull_event(action), RUN), Ignored)


def test_an_empty_body_is_an_empty_text() -> None:
    event = parse_event("issue_comment", set_path(sample.comment_event(), "issue.body", None), RUN)
    assert isinstance(event, CommentCreated)
    assert not event.subject.text


def test_a_thread_whose_author_is_gone_is_the_ghosts() -> None:
    event = parse_event("issue_comment", set_path(sample.comment_event(), "issue.user", None), RUN)
    assert isinstance(event, CommentCreated)
    assert event.subject.author == GHOST


def test_a_closed_locked_thread_without_labels_says_so() -> None:
    payload = set_path(sample.comment_event(), "issue.state", "closed")
    payload["issue"] |= {"locked": True, "labels": []}
    event = parse_event("issue_comment", payload, RUN)
    assert isinstance(event, CommentCreated)
    assert (event.subject.is_open, event.subject.locked, event.subject.labels) == (False, True, ())


@pytest.mark.parametrize(("updated", "edited"), [("2026-11-23T14:02:05Z", False), ("2026-11-23T14:09:00Z", True)])
def test_two_times_mean_an_edit(updated: str, edited: bool) -> None:
    event = parse_event("issue_comment", set_path(sample.comment_event(), "comment.updated_at", updated), RUN)
    assert isinstance(event, CommentCreated)
    assert event.comment.edited is edited


@pytest.mark.parametrize(
    ("name", "path"),
    [
        ("issue_comment", "comment.id"),
        ("issue_comment", "comment.body"),
        ("issue_comment", "comment.user"),
        ("issue_comment", "comment.user.id"),
        ("issue_comment", "comment.created_at"),
        ("issue_comment", "issue"),
        ("issue_comment", "issue.number"),
        ("issue_comment", "issue.title"),
        ("issue_comment", "repository"),
        ("issue_comment", "repository.full_name"),
        ("issue_comment", "repository.default_branch"),
        ("issue_comment", "sender"),
        ("pull_request_review_comment", "comment.path"),
        ("pull_request_review_comment", "comment.commit_id"),
        ("pull_request_review_comment", "pull_request.head"),
        ("pull_request_review_comment", "pull_request.base.repo"),
        ("issues", "label.name"),
        ("pull_request", "pull_request.draft"),
        ("schedule", "schedule"),
        ("workflow_dispatch", "sender"),
    ],
)
def test_a_missing_part_is_named(name: str, path: str) -> None:
    with pytest.raises(UserError, match=path.replace(".", r"\.")):
        parse_event(name, without_path(sample.EVERY_EVENT[name], path), RUN)


@pytest.mark.parametrize(
    ("name", "path", "value"),
    [
        ("issue_comment", "comment.id", "1801"),
        ("issue_comment", "comment.id", True),
        ("issue_comment", "comment.id", 0),
        ("issue_comment", "comment.id", 1801.0),
        ("issue_comment", "comment.body", None),
        ("issue_comment", "comment.user.login", "octo\nDraftgate-Thread: 9"),
        ("issue_comment", "comment.user.login", "../../orgs"),
        ("issue_comment", "sender.login", ""),
        ("issue_comment", "issue.number", -1),
        ("issue_comment", "issue.labels", {"name": "bug"}),
        ("issue_comment", "issue.labels", ["bug"]),
        ("issue_comment", "issue.locked", "no"),
        ("issue_comment", "issue.body", 5),
        ("issue_comment", "repository.default_branch", ""),
        ("pull_request", "pull_request.head.sha", "HEAD"),
        ("pull_request", "pull_request.head.sha", "A" * 40),
        ("pull_request_review_comment", "comment.line", "31"),
        ("workflow_dispatch", "inputs", ["group"]),
        ("workflow_dispatch", "inputs", {"group": ["images"]}),
    ],
)
def test_a_part_of_another_kind_is_refused(name: str, path: str, value: object) -> None:
    with pytest.raises(UserError, match="payload has no usable"):
        parse_event(name, set_path(sample.EVERY_EVENT[name], path, value), RUN)


def test_a_repository_that_is_none_is_refused() -> None:
    with pytest.raises(UserError, match="not a repository name"):
        parse_event("issue_comment", set_path(sample.comment_event(), "repository.full_name", "../etc"), RUN)


@pytest.mark.parametrize("name", ["issues", "pull_request", "schedule", "workflow_dispatch"])
@pytest.mark.parametrize("run_id", ["", "12\nDraftgate-Thread: 9", "seven", "1" * 21])
def test_a_run_that_is_no_number_is_refused_where_it_becomes_the_key(name: str, run_id: str) -> None:
    with pytest.raises(UserError, match="GITHUB_RUN_ID"):
        parse_event(name, sample.EVERY_EVENT[name], run_id)


def reads_or_refuses(name: str, payload: dict[str, Any], run_id: str) -> bool:
    try:
        return parse_event(name, payload, run_id) is not None
    except UserError:
        return True


@given(name=st.sampled_from(list(sample.EVERY_EVENT)), payload=st.dictionaries(st.text(), JSON), run_id=st.text())
def test_no_object_breaks_the_reader(name: str, payload: dict[str, Any], run_id: str) -> None:
    assert reads_or_refuses(name, payload, run_id)


@given(data=st.data(), value=JSON)
def test_no_value_anywhere_in_a_payload_breaks_the_reader(data: st.DataObject, value: object) -> None:
    name = data.draw(st.sampled_from(list(sample.EVERY_EVENT)))
    path = data.draw(st.sampled_from(paths(sample.EVERY_EVENT[name])))
    assert reads_or_refuses(name, set_path(sample.EVERY_EVENT[name], path, value), RUN)
