"""What the draft job hands to the publish job: `proposal.json`, which the second reads as hostile input.

It carries the new contents alone. The old ones, the configuration and the right to ask are looked up again by whoever
publishes, so a forged bundle can propose a change, which a person then reads, and nothing more.
"""

from __future__ import annotations

import json
from dataclasses import asdict, dataclass
from typing import TYPE_CHECKING, Any, assert_never

from bot.core.advice import Advice
from bot.core.context import Ranked
from bot.core.memory import read_evidence, read_figures
from bot.core.refs import is_sha
from bot.core.results import Drafted, Failed, NotDrafted, Result
from bot.errors import UserError

if TYPE_CHECKING:
    from collections.abc import Sequence

    from bot.core.changes import FileChange
    from bot.core.proposals import Evidence, Figures

PROPOSAL_FILE = "proposal.json"
PATCH_FILE = "proposal.patch"
LARGEST_BUNDLE = 8_000_000
"""Bytes; the limits on files and lines keep every honest bundle far below."""
_VERSION = 1
_MOST_FILES = 1000
_MOST_PLACES = 10
_LONGEST_TEXT = 20_000
_LONGEST_EVIDENCE = 30_000
"""Characters as JSON; the thread's memory could not hold more beside everything else."""


@dataclass(frozen=True, slots=True)
class NewFile:
    """A changed file: its new content (None deletes it) and git's mode for it."""

    path: str
    mode: str
    content: str | None


@dataclass(frozen=True, slots=True)
class Made:
    """What the draft job made: a result or advice, with the trigger and the base it belongs to."""

    trigger: str
    base: str
    kind: str
    result: Result | Advice


@dataclass(frozen=True, slots=True)
class Bundle:
    """The same, read back; `files` are a Drafted's or NotDrafted's changes."""

    trigger: str
    base: str
    kind: str
    result: Result | Advice
    files: tuple[NewFile, ...]


def pack(made: Made) -> str:
    """The bundle as JSON text."""
    value: dict[str, Any] = {"version": _VERSION, "trigger": made.trigger, "base": made.base, "kind": made.kind}
    return json.dumps(value | _packed(made.result), indent=1)


def _packed(result: Result | Advice) -> dict[str, Any]:
    match result:
        case Drafted():
            told = {"result": "drafted", "title": result.title, "summary": result.summary, "model": result.model}
            return told | _grounds(result.evidence, result.figures) | _files(result.changes)
        case NotDrafted():
            reply = "" if result.nearest else result.reply[:_LONGEST_TEXT]
            told = {"result": "nothing", "why": result.why, "remedy": result.remedy, "reply": reply}
            return told | _grounds(result.evidence, result.figures) | _files(result.nearest)
        case Failed():
            return {"result": "failed", "why": result.why, "remedy": result.remedy}
        case Advice():
            return {"result": "advice", **asdict(result)}
        case _:
            assert_never(result)


def _grounds(evidence: Evidence, figures: Figures) -> dict[str, Any]:
    return {"evidence": asdict(evidence), "figures": asdict(figures)}


def _files(changes: Sequence[FileChange]) -> dict[str, Any]:
    return {"files": [{"path": one.path, "mode": one.mode, "content": one.after} for one in changes]}


def unpack(text: str) -> Bundle:
    """Read a bundle, trusting nothing in it.

    Raises:
        UserError: when it is not a bundle; nothing of a malformed one is used.
    """
    try:
        value = json.loads(text)
        json.dumps(value, ensure_ascii=False).encode()  # lone surrogates are no text, and nothing could be posted
        return _unpack(value)
    except (ValueError, KeyError, TypeError, AttributeError, RecursionError) as error:
        raise UserError("the draft job's bundle cannot be read", "Run the workflow again.") from error


def _unpack(value: dict[str, Any]) -> Bundle:
    if value["version"] != _VERSION or (value["result"] != "failed" and not is_sha(_text(value["base"]))):
        raise ValueError(value["version"])
    files = tuple(_file(one) for one in value.get("files", []))
    if len(files) > _MOST_FILES or len({file.path for file in files}) < len(files):
        raise ValueError(len(files))
    return Bundle(_text(value["trigger"]), _text(value["base"]), _text(value["kind"]), _result(value), files)


def _result(value: dict[str, Any]) -> Result | Advice:
    if len(json.dumps(value.get("evidence"))) > _LONGEST_EVIDENCE:
        raise ValueError("evidence")
    match value["result"]:
        case "failed":
            return Failed(_text(value["why"]), _text(value["remedy"]))
        case "nothing":
            evidence, figures = read_evidence(value["evidence"]), read_figures(value["figures"])
            why, remedy, reply = (_text(value[name]) for name in ("why", "remedy", "reply"))
            return NotDrafted(why, remedy, (), evidence, figures, reply)
        case "drafted":
            evidence, figures = read_evidence(value["evidence"]), read_figures(value["figures"])
            title, summary, model = (_text(value[name]) for name in ("title", "summary", "model"))
            return Drafted(title, summary, (), model, evidence, figures)
        case "advice":
            places = tuple(_place(one) for one in value["places"][:_MOST_PLACES])
            return Advice(_text(value["text"]), places, read_figures(value["figures"]), _text(value["why"]))
        case other:
            raise ValueError(other)


def _place(value: dict[str, Any]) -> Ranked:
    lines = tuple((int(first), int(last)) for first, last in value["lines"][:_MOST_PLACES])
    return Ranked(_text(value["path"]), lines, tuple(_text(why) for why in value["why"][:_MOST_PLACES]))


def _file(value: dict[str, Any]) -> NewFile:
    content = value["content"]
    if content is not None and not isinstance(content, str):
        raise TypeError(content)
    return NewFile(_text(value["path"]), _text(value["mode"]), content)


def _text(value: Any) -> str:
    if not isinstance(value, str) or len(value) > _LONGEST_TEXT:
        raise ValueError(type(value))
    value.encode()  # a lone surrogate is no text, and its error is a ValueError
    return value
