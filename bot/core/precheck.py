"""Ends the runs that nobody asked for, before anything heavy is imported.

Most runs are people talking to each other. Making one dataclass takes about a millisecond and there are dozens, so this
module has none; what it lets pass is read again, fully, by `bot.core.events` and `bot.core.intents`.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any

from bot.core.comment_lines import find_command, split_lines

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

DEFAULT_LABEL = "draftgate"
PULL_ACTIONS = ("opened", "synchronize", "reopened", "ready_for_review")
"""What can happen to a pull request that gives something new to look at."""
PULL_EVENTS = ("pull_request", "pull_request_target")
"""The same happening in two trusts; GitHub runs the second with the default branch's workflow, for forks too."""

_ASKING = frozenset({"generate", "suggest", "revise", "hint", "explain", "review"})
CLOCK_EVENTS = ("schedule", "workflow_dispatch")
"""A refresh is due, by the clock or by somebody at the button."""

_OWN_MARKER = re.compile(r"^<!-- draftgate:", re.MULTILINE)


def quick_ignore(name: str, payload: Mapping[str, Any], label: str = DEFAULT_LABEL) -> str | None:
    """Why the event needs no further look, or None when it does; never raises.

    Says so only where `parse_event` or `resolve` would end in `Ignored` too, or would find the payload malformed in a
    part that then does not matter.
    """
    return ignored_event(name, payload) or _asks_nothing(name, payload, label)


def ignored_event(name: str, payload: Mapping[str, Any]) -> str | None:
    """Why the event is not one that Draftgate reads, from its kind and its author alone; None when it is."""
    check = _CHECKS.get(name)
    return check(payload) if check else "Draftgate has no use for this event"


def asks_for_draft(name: str, payload: Mapping[str, Any]) -> bool:
    """Whether a model will be needed if all is well: the label, a new push, or a command that asks; never raises."""
    body = find(payload, "comment.body")
    found = find_command(split_lines(body)) if isinstance(body, str) else None
    return name in {"issues", *PULL_EVENTS} or (found is not None and found[1] in _ASKING)


def find(payload: Mapping[str, Any], path: str) -> Any:
    """What stands at the dotted path, whatever it is; None also where the way there ends early."""
    node: Any = payload
    for key in path.split("."):
        node = node.get(key) if isinstance(node, dict) else None
    return node


def _comment(payload: Mapping[str, Any]) -> str | None:
    if find(payload, "action") != "created":
        return "only a new comment counts, not an edited or deleted one"
    if _is_machine(payload, "comment.user"):
        return "the comment was not written by a person"
    body = find(payload, "comment.body")
    if isinstance(body, str) and _OWN_MARKER.search(body):  # under a personal token the bot looks like a person
        return "the comment is Draftgate's own"
    return None


def _label(payload: Mapping[str, Any]) -> str | None:
    if find(payload, "action") != "labeled":
        return "of the events of an issue only a new label counts"
    return "the label was not set by a person" if _is_machine(payload, "sender") else None


def _pull(payload: Mapping[str, Any]) -> str | None:
    if find(payload, "action") not in PULL_ACTIONS:
        return "the pull request has nothing new to look at"
    if find(payload, "pull_request.draft") is True:
        return "drafts are reviewed when somebody asks"
    machine = _is_machine(payload, "pull_request.user")
    return "pull requests of bots are reviewed when somebody asks" if machine else None


_CHECKS: Mapping[str, Callable[[Mapping[str, Any]], str | None]] = {
    "issue_comment": _comment,
    "pull_request_review_comment": _comment,
    "issues": _label,
    "pull_request": _pull,
    "pull_request_target": _pull,
    "schedule": lambda _payload: None,
    "workflow_dispatch": lambda _payload: None,
}


def _is_machine(payload: Mapping[str, Any], path: str) -> bool:
    """Whether the account is known not to be a person's, as `Actor.is_person` has it."""
    kind, login = find(payload, f"{path}.type"), find(payload, f"{path}.login")
    return (isinstance(kind, str) and kind != "User") or (isinstance(login, str) and login.endswith("[bot]"))


def _asks_nothing(name: str, payload: Mapping[str, Any], label: str) -> str | None:
    if name == "issues":
        found = find(payload, "label.name")
        other = isinstance(found, str) and found.casefold() != label.casefold()
        return "the label does not ask for a draft" if other else None
    if name in {*PULL_EVENTS, *CLOCK_EVENTS}:
        return None
    body = find(payload, "comment.body")
    silent = isinstance(body, str) and find_command(split_lines(body)) is None
    return "the comment gives no command" if silent else None
