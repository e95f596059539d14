"""Guidance in words instead of a change: what `/hint` and `/explain` get from the model, and how it is shown."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import TYPE_CHECKING

from bot.core import quiet
from bot.core.markdown import figures_line, fit
from bot.core.refs import short

if TYPE_CHECKING:
    from collections.abc import Sequence

    from bot.core.changes import FileChange
    from bot.core.context import Ranked
    from bot.core.proposals import Figures

LONGEST_ADVICE = 4_000
"""Characters; more would not be read."""
_PLACES = 5
_MOST_POINTS = 8
_FENCE = re.compile(r"^ {0,3}(`{3,}|~{3,})")
_INDENTED = re.compile(r"^(?: {4,}|\t)(?![-*+] |\d+[.)] )\S")
_BLANKS = re.compile(r"\n{3,}")

_TOUCHES: tuple[tuple[re.Pattern[str], str], ...] = (
    (
        re.compile(r"(?i)(?<![a-z])(auth|login|token|permission|password|session|crypto|sanitiz|escape)"),
        "who may do what: does it still refuse those it refused before?",
    ),
    (
        re.compile(r"(?i)(?<![a-z])(migrat|schema|alter table|column)"),
        "data that exists already: does it survive, and the way back?",
    ),
    (
        re.compile(r"(?i)(?<![a-z])(thread|lock|async|await|mutex|goroutine)"),
        "two at once: can it be entered while it is under way?",
    ),
    (
        re.compile(r"(?i)(?<![a-z])(except|catch|rescue|recover)\b"),
        "errors: is one swallowed that somebody should see?",
    ),
    (re.compile(r"(?i)(?<![a-z])(datetime|timezone|utc|strftime|timedelta)"), "time zones and daylight saving"),
    (re.compile(r"(?i)(?<![a-z])(timeout|retry|backoff|deadline)"), "what happens when the other side is slow or gone"),
    (re.compile(r"(?i)(?<![a-z])(subprocess|exec|eval|shell|popen)\b"), "what reaches the command, and from whom"),
    (
        re.compile(r"(?i)(?<![a-z])(sql|select .* from|insert into|query)\b"),
        "values in queries: are they passed as parameters?",
    ),
)
_INFRASTRUCTURE = re.compile(r"(?i)(\.tf|\.tfvars|dockerfile[^/]*|chart\.yaml|values[^/]*\.ya?ml|compose[^/]*\.ya?ml)$")
_TESTS = re.compile(r"(?i)(^|[/_.-])(tests?|specs?|__tests__)([/_.-]|$)")


@dataclass(frozen=True, slots=True)
class Advice:
    """Words for a person: where the task was located, and what the model said (foreign text).

    `why` says why there are no words of the model, and is empty where there are.
    """

    text: str
    places: tuple[Ranked, ...]
    figures: Figures
    why: str = ""


def without_code(text: str) -> str:
    """The text without fenced and indented blocks: whoever asks for a hint wants to write the code themselves.

    An unclosed fence hides all that follows it; inline names stay.
    """
    kept: list[str] = []
    fence = ""
    for line in text.split("\n"):
        opened = _FENCE.match(line)
        if fence:
            fence = "" if opened and opened[1].startswith(fence) else fence
        elif opened:
            fence = opened[1]
        elif not _INDENTED.match(line):
            kept.append(line)
    return _BLANKS.sub("\n\n", "\n".join(kept)).strip()


def hint(advice: Advice) -> str:
    """The answer to `/hint`: where to look, found without a model, then the model's words without code."""
    rows = [
        f"- {quiet.code(one.path)}{_lines(one)}: {quiet.prose(', '.join(one.why[:3]))}"
        for one in advice.places[:_PLACES]
    ]
    look = "\n".join(["**Where to look**", *rows]) if rows else ""
    said = quiet.prose(_cut(without_code(advice.text)))
    if not said:
        said = f"No further hint: {quiet.prose(advice.why or 'the model answered with code alone')}."
    foot = "`/generate` drafts the change when you would rather have it drafted."
    parts = ["**Hint** · no code, on purpose", look, said, foot, figures_line(advice.figures)]
    return fit("\n\n".join(part for part in parts if part))


def explanation(advice: Advice, sha: str, changes: Sequence[FileChange]) -> str:
    """The answer to `/explain`: the model's reasons, then the points that the diff itself raises."""
    points = [f"- {point}" for point in checklist(changes)]
    check = "\n".join(["**Before you approve**", *points]) if points else ""
    parts = [f"**About `{short(sha)}`**", quiet.prose(_cut(advice.text)), check, figures_line(advice.figures)]
    return fit("\n\n".join(part for part in parts if part))


def checklist(changes: Sequence[FileChange]) -> tuple[str, ...]:
    """What to look at before approving, drawn from what the change touches; found without a model."""
    touched = "\n".join(_changed_lines(changes))
    points = [point for pattern, point in _TOUCHES if pattern.search(touched)]
    paths = [change.path for change in changes]
    if any(_INFRASTRUCTURE.search(path) for path in paths):
        points.insert(0, "what is replaced or destroyed when this is applied")
    code = [path for path in paths if not _TESTS.search(path)]
    if code and len(code) == len(paths):
        points.append("no test changes with it: which one would have caught this?")
    if any(change.after is None for change in changes):
        points.append("the deleted file: who else reads it?")
    return tuple(points[:_MOST_POINTS])


def _changed_lines(changes: Sequence[FileChange]) -> list[str]:
    """The lines that stand on one side alone, without regard to their order."""
    found: list[str] = []
    for change in changes:
        before, after = set((change.before or "").split("\n")), set((change.after or "").split("\n"))
        found += sorted(before ^ after)
    return found


def _lines(one: Ranked) -> str:
    shown = ", ".join(f"{first} to {last}" for first, last in one.lines[:2])
    return f" lines {shown}" if shown else ""


def _cut(text: str) -> str:
    text = text.strip()
    return text if len(text) <= LONGEST_ADVICE else f"{text[:LONGEST_ADVICE].rstrip()}…"
