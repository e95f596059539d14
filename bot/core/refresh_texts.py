"""What people read of a refresh: titles and texts of its pull requests, and the report of a run."""

from __future__ import annotations

from typing import TYPE_CHECKING

from bot.core import quiet
from bot.core.markdown import LONGEST_BODY, fit, proof_table
from bot.core.proposals import one_line
from bot.core.refresh_pulls import BRANCHES
from bot.core.refreshed import KUBERNETES_APIS, MAJOR, several

if TYPE_CHECKING:
    from collections.abc import Sequence

    from bot.core.markdown import Site
    from bot.core.refresh_pulls import Decision, State
    from bot.core.refreshed import GroupRefresh, Left, Step

_MOST_ROWS = 60
_MOST_LEFT = 40
_GUIDE = "https://kubernetes.io/docs/reference/using-api/deprecation-guide/"
_NAMES = {"images": "image", "charts": "chart", "terraform": "Terraform", "actions": "action"}
_FOOT = (
    "Draftgate keeps this branch up to date as long as all commits on it are its own: push to it, and it is yours. "
    "Closing this without merging declines these findings: only new ones come back. Reopening takes that back. "
    "Once merged, GitHub's *Revert* undoes it."
)
_STATES: dict[State, str] = {
    "new": "opened as a draft",
    "updated": "brought up to date",
    "unchanged": "open, nothing new",
    "untouched": "left alone: there are commits of somebody else on its branch",
    "unknown": "left as it is: a source of versions gave no answer",
    "waiting": "waits: as many pull requests are open as may be",
    "retired": "closed: nothing is left to do",
    "declined": "declined before; closed pull requests stay closed until something new is due",
    "nothing": "nothing due",
}


def title(group: GroupRefresh) -> str:
    """The pull request's title, which is the first line of its commits."""
    count = len(group.steps)
    if group.name == KUBERNETES_APIS:
        what = group.steps[0].object if count == 1 else f"{count} objects"
        return one_line(quiet.message(f"Move {what} off removed Kubernetes APIs"), 72)
    if count == 1:
        only = group.steps[0]
        return one_line(quiet.message(f"Update {only.object} from {only.old} to {only.new}"), 72)
    kind = _NAMES.get(group.name.removesuffix(MAJOR), group.name)
    return f"Update {count} {kind} versions{' to new majors' if group.name.endswith(MAJOR) else ''}"


def body(group: GroupRefresh, left: Sequence[Left], release: str) -> str:
    """The pull request's text: what changes in meaning first, then what and why, what was checked and what was not."""
    parts = [
        _head(group, release),
        _meaning(group),
        _table(group.steps),
        f"### What was checked\n\n{proof_table(group.proofs, ())}",
        _left([one for one in left if one.group == group.name and one.due], "### Left for a person"),
        f"---\n{_FOOT}",
    ]
    return fit("\n\n".join(part for part in parts if part))


def _head(group: GroupRefresh, release: str) -> str:
    if group.name != KUBERNETES_APIS:
        return "Newer versions, as their sources name them. Made by rules, without a model."
    return (
        f"Kubernetes {release} does not serve the APIs that these objects ask for "
        f"([deprecation guide]({_GUIDE})). Made by rules, without a model."
    )


def _meaning(group: GroupRefresh) -> str:
    rows = [f"- {quiet.prose(note)} ({quiet.prose(several(objects))})" for note, objects in group.notes.items()]
    return "### Look at first: what changes in meaning\n\n" + "\n".join(rows[:_MOST_ROWS]) if rows else ""


def _table(steps: Sequence[Step]) -> str:
    rows = [
        f"| {_cell(step.object)} | {_code(f'{step.path}:{step.line}')} | {_code(step.old)} | {_code(step.new)} "
        f"| {_cell(step.why)}{f' ([changes]({step.link}))' if step.link else ''} |"
        for step in steps[:_MOST_ROWS]
    ]
    more = f"\n\n{len(steps) - _MOST_ROWS} more; the diff has them all." if len(steps) > _MOST_ROWS else ""
    return "### What and why\n\n| object | place | from | to | why |\n|---|---|---|---|---|\n" + "\n".join(rows) + more


def _left(left: Sequence[Left], heading: str) -> str:
    if not left:
        return ""
    rows = [
        f"- {quiet.code(one.place)}{f' {quiet.prose(one.object)}' if one.object else ''}: {quiet.prose(one.why)}"
        for one in left[:_MOST_LEFT]
    ]
    more = [f"- and {len(left) - _MOST_LEFT} more"] if len(left) > _MOST_LEFT else []
    return "\n".join([heading, "", *rows, *more])


def _cell(text: str) -> str:
    return quiet.cell(quiet.prose(text))


def _code(text: str) -> str:
    return quiet.cell(quiet.code(text))


def report(rows: Sequence[tuple[Decision, GroupRefresh]], left: Sequence[Left], files: int, site: Site) -> str:
    """What a run found and did, for the step summary and as the answer to a command."""
    lines = [
        f"| {quiet.code(one.group)} | {len(group.steps) or ''} | {_where(one, site)} | {_STATES[one.state]} |"
        for one, group in rows
    ]
    table = ["| group | due | pull request | |", "|---|---|---|---|", *lines] if lines else ["Nothing is due."]
    looked = f"{files} file{'' if files == 1 else 's'} looked at."
    parts = [
        "\n".join(table),
        _left([one for one in left if one.due], "**Left for a person**"),
        _left([one for one in left if not one.due and not one.group], "**Could not be read**"),
        _left([one for one in left if not one.due and one.group], "**Left alone**"),
        looked,
    ]
    return "\n\n".join(part for part in parts if part)[:LONGEST_BODY]


def _where(one: Decision, site: Site) -> str:
    if one.pull is not None:
        return f"#{one.pull.number}"
    name = f"`{BRANCHES}{one.group}`"
    if one.state != "new":
        return name if one.branch else ""
    return f"[{name}]({site.server}/{site.repository}/pulls?q=head%3A{BRANCHES}{one.group})"
