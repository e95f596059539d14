"""What a thread's sticky comment remembers between runs.

With no database, the hidden marker on the comment's first line *is* the state; one type prints and parses it.
"""

from __future__ import annotations

import json
import re
from dataclasses import asdict, dataclass, field, replace
from typing import TYPE_CHECKING, Any, Literal

from bot.core.proposals import Evidence, Figures, Proof
from bot.core.refs import is_sha

if TYPE_CHECKING:
    from collections.abc import Sequence

State = Literal["drafting", "open", "nothing", "failed", "pushed", "rejected", "expired"]
STATES: tuple[State, ...] = ("drafting", "open", "nothing", "failed", "pushed", "rejected", "expired")
_MARKER = re.compile(r"<!-- draftgate:([a-z]+) (\{.*\}) -->")
_LONGEST_MARKER = 40_000
_LONGEST_HISTORY = 20


@dataclass(frozen=True, slots=True)
class Memory:
    """What a thread's sticky comment remembers between runs, printed into its marker.

    `sha` is the proposal's commit (empty while there is none), `note` the reason or decision in words, `by` the
    logins of those who decided, `pull` the draft pull request's number, `branch` what was pushed to, `earlier` the
    proposals that this one superseded and `past` the triggers that were answered before this one, newest last.
    """

    state: State
    trigger: str
    kind: str = ""
    sha: str = ""
    note: str = ""
    by: tuple[str, ...] = ()
    pull: int = 0
    branch: str = ""
    earlier: tuple[str, ...] = ()
    past: tuple[str, ...] = ()
    evidence: Evidence = field(default_factory=Evidence)
    figures: Figures = field(default_factory=Figures)

    def marker(self) -> str:
        """The hidden line of the sticky comment."""
        return print_marker("sticky", asdict(self))

    def succeeded_by(self, after: Memory) -> Memory:
        """The next memory of the same thread, with this one's proposal and trigger among the earlier ones."""
        earlier = [sha for sha in (*self.earlier, self.sha) if sha and sha != after.sha]
        past = [trigger for trigger in (*self.past, self.trigger) if trigger != after.trigger]
        return replace(after, earlier=_last(earlier), past=_last(past))

    def knows(self, trigger: str) -> bool:
        """Whether this trigger was answered to the end: the same one again changes nothing."""
        return trigger in self.past or (trigger == self.trigger and self.state not in {"drafting", "failed"})


def _last(items: list[str]) -> tuple[str, ...]:
    return tuple(dict.fromkeys(items))[-_LONGEST_HISTORY:]


def print_marker(kind: str, value: dict[str, Any]) -> str:
    """One HTML comment with JSON in it; `<` and `>` are escaped, so nothing inside can end it."""
    text = json.dumps(value, separators=(",", ":"), sort_keys=True)
    for sign in "<>":
        text = text.replace(sign, f"\\u{ord(sign):04x}")
    return f"<!-- draftgate:{kind} {text} -->"


def parse_marker(body: str, kind: str) -> dict[str, Any] | None:
    """The JSON of the body's first line, when that is a marker of this kind."""
    line = body.partition("\n")[0].rstrip("\r")
    match = _MARKER.fullmatch(line) if len(line) <= _LONGEST_MARKER else None
    if match is None or match.group(1) != kind:
        return None
    try:
        value = json.loads(match.group(2))
    except (ValueError, RecursionError):
        return None
    return value if isinstance(value, dict) else None


def parse_memory(body: str) -> Memory | None:
    """Read a sticky comment's marker; None when the comment has none or it does not have a memory's shape."""
    value = parse_marker(body, "sticky")
    try:
        return None if value is None else _memory(value)
    except (KeyError, TypeError, ValueError, AttributeError):
        return None


def _memory(value: dict[str, Any]) -> Memory:
    state = value["state"]
    sha = _text(value["sha"])
    if state not in STATES or (sha and not is_sha(sha)):
        raise ValueError(state)
    return Memory(
        state=state,
        trigger=_text(value["trigger"]),
        kind=_text(value["kind"]),
        sha=sha,
        note=_text(value["note"]),
        by=_texts(value["by"]),
        pull=_whole(value["pull"]),
        branch=_text(value["branch"]),
        earlier=tuple(sha for sha in _texts(value["earlier"]) if is_sha(sha)),
        past=_texts(value["past"]),
        evidence=read_evidence(value["evidence"]),
        figures=read_figures(value["figures"]),
    )


def read_evidence(value: dict[str, Any]) -> Evidence:
    """Evidence from its JSON form.

    Raises:
        KeyError, TypeError, ValueError: when the shape is another.
    """
    proofs = tuple(Proof(_text(row["name"]), _text(row["outcome"])) for row in value["proofs"])
    return Evidence(proofs, _texts(value["look_at"]), _text(value["making"]))


def read_figures(value: dict[str, Any]) -> Figures:
    """Figures from their JSON form; raises as `read_evidence` does."""
    phases = tuple((_text(name), _seconds(seconds)) for name, seconds in value["phases"])
    cost = None if value["cost"] is None else _seconds(value["cost"])
    seconds = (_seconds(value["model_seconds"]), _seconds(value["writing_seconds"]))
    return Figures(phases, *seconds, _whole(value["tokens_in"]), _whole(value["tokens_out"]), cost)


def _text(value: Any) -> str:
    if not isinstance(value, str):
        raise TypeError(value)
    return value


def _texts(value: Sequence[Any]) -> tuple[str, ...]:
    if not isinstance(value, list):
        raise TypeError(value)
    return tuple(_text(item) for item in value)


def _whole(value: Any) -> int:
    if not isinstance(value, int) or isinstance(value, bool) or not 0 <= value < 1 << 53:
        raise ValueError(value)
    return value


def _seconds(value: Any) -> float:
    if not isinstance(value, int | float) or isinstance(value, bool) or not 0 <= value < float("inf"):
        raise ValueError(value)
    return float(value)
