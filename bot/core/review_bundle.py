"""A review on its way from the draft job to the publish job, which reads it as hostile input.

It carries words, lines and suggestions. Whether GitHub would take the lines is asked of the diff again by whoever
publishes, so a forged bundle can say something foolish, which people then read, and nothing more.
"""

from __future__ import annotations

import json
from dataclasses import asdict, dataclass
from typing import TYPE_CHECKING, Any, Final, get_args

from bot.core.agreement import Kept
from bot.core.anchors import Side
from bot.core.findings import CATEGORIES, SEVERITIES, Finding
from bot.core.fingerprints import parse_fingerprint
from bot.core.memory import read_figures
from bot.core.portions import LeftOut
from bot.core.refs import is_sha
from bot.core.remarks import Anchor, Remark
from bot.core.results import Failed
from bot.core.review_results import Coverage, Reviewed
from bot.core.suggestions import MOST_CHARACTERS, MOST_LINES, Suggestion
from bot.errors import UserError

if TYPE_CHECKING:
    from collections.abc import Mapping

_VERSION: Final = 1
_MOST_REMARKS: Final = 50
_MOST_FILES: Final = 10_000
_MOST_PROOFS: Final = 20
_LONGEST: Final = 20_000
_LAST_LINE: Final = 10_000_000


@dataclass(frozen=True, slots=True)
class ReviewMade:
    """What the draft job made: the review of commit `head` for this trigger, or why there is none."""

    trigger: str
    head: str
    result: Reviewed | Failed


def pack_review(made: ReviewMade) -> str:
    """The bundle as JSON text."""
    value: dict[str, Any] = {"version": _VERSION, "trigger": made.trigger, "head": made.head}
    if isinstance(made.result, Failed):
        told = {"result": "failed", "why": made.result.why, "remedy": made.result.remedy}
        return json.dumps(value | told, indent=1)
    reviewed = made.result
    value |= {"result": "reviewed", "kept": [_packed(one) for one in reviewed.kept]}
    value |= {"known": reviewed.known, "beyond": reviewed.beyond, "unbacked": reviewed.unbacked}
    return json.dumps(value | {"coverage": asdict(reviewed.coverage), "figures": asdict(reviewed.figures)}, indent=1)


def _packed(kept: Kept) -> dict[str, Any]:
    remark = kept.remark
    finding = remark.finding
    words = {"title": finding.title, "reason": finding.reason, "why_none": remark.why_none, "diff": kept.diff}
    place = {"path": remark.path, "side": remark.side, "first": remark.first, "last": remark.last}
    return {
        **words,
        **place,
        "severity": finding.severity,
        "category": finding.category,
        "anchor": None if remark.anchor is None else [remark.anchor.first, remark.anchor.last],
        "suggestion": None if remark.suggestion is None else list(remark.suggestion.lines),
        "fingerprint": str(remark.fingerprint),
        "votes": kept.votes,
        "passes": kept.passes,
        "proofs": list(kept.proofs),
    }


def unpack_review(text: str) -> ReviewMade:
    """Read a bundle, trusting nothing in it.

    Raises:
        UserError: when it is not a review's bundle; nothing of a malformed one is used.
    """
    try:
        value = json.loads(text)
        json.dumps(value, ensure_ascii=False).encode()  # lone surrogates are no text, and nothing could be posted
        return _unpack(value)
    except (ValueError, KeyError, TypeError, AttributeError, RecursionError) as error:
        raise UserError("the draft job's review cannot be read", "Run the workflow again.") from error


def _unpack(value: Mapping[str, Any]) -> ReviewMade:
    if value["version"] != _VERSION:
        raise ValueError(value["version"])
    trigger, head = _text(value["trigger"]), _text(value["head"])
    if value["result"] == "failed":
        return ReviewMade(trigger, head, Failed(_text(value["why"]), _text(value["remedy"])))
    if value["result"] != "reviewed" or not is_sha(head) or len(value["kept"]) > _MOST_REMARKS:
        raise ValueError(value["result"])
    reviewed = Reviewed(
        kept=tuple(_kept(one) for one in value["kept"]),
        known=_number(value["known"]),
        beyond=_number(value["beyond"]),
        unbacked=_number(value["unbacked"]),
        coverage=_coverage(value["coverage"]),
        figures=read_figures(value["figures"]),
    )
    return ReviewMade(trigger, head, reviewed)


def _kept(value: Mapping[str, Any]) -> Kept:
    remark = _remark(value)
    proofs = tuple(_text(one) for one in value["proofs"][:_MOST_PROOFS])
    return Kept(remark, _number(value["votes"]), _number(value["passes"]), proofs, _text(value["diff"]))


def _remark(value: Mapping[str, Any]) -> Remark:
    path, side = _text(value["path"]), _one_of(value["side"], get_args(Side))
    first, last = _number(value["first"], 1), _number(value["last"], 1)
    mark = parse_fingerprint(_text(value["fingerprint"]))
    lines, place = value["suggestion"], value["anchor"]
    if mark is None or first > last or (lines is not None and (place != [first, last] or side != "RIGHT")):
        raise ValueError(path)
    title, reason = _text(value["title"]), _text(value["reason"])
    severity, category = _one_of(value["severity"], SEVERITIES), _one_of(value["category"], CATEGORIES)
    return Remark(
        finding=Finding(path, title, reason, severity, category, ()),
        path=path,
        side=side,
        first=first,
        last=last,
        anchor=None if place is None else Anchor(path, side, *(_number(line, 1) for line in place)),
        fingerprint=mark,
        suggestion=None if lines is None else Suggestion(first, last, _lines(lines)),
        why_none=_text(value["why_none"]),
    )


def _lines(value: Any) -> tuple[str, ...]:
    lines = tuple(_text(line) for line in value)
    if len(lines) > MOST_LINES + 1 or sum(map(len, lines)) > 2 * MOST_CHARACTERS:
        raise ValueError(len(lines))
    if any("\n" in line or "\r" in line for line in lines):
        raise ValueError(lines)
    return lines


def _coverage(value: Mapping[str, Any]) -> Coverage:
    reviewed = tuple(_text(path) for path in value["reviewed"][:_MOST_FILES])
    return Coverage(reviewed, _left(value["skipped"]), _left(value["left"]), _number(value["lines"]))


def _left(value: Any) -> tuple[LeftOut, ...]:
    return tuple(LeftOut(_text(one["path"]), _text(one["why"])) for one in value[:_MOST_FILES])


def _one_of(value: Any, choices: tuple[Any, ...]) -> Any:
    if value not in choices:
        raise ValueError(value)
    return value


def _number(value: Any, least: int = 0) -> int:
    if type(value) is not int or not least <= value <= _LAST_LINE:
        raise ValueError(value)
    return value


def _text(value: Any) -> str:
    if not isinstance(value, str) or len(value) > _LONGEST:
        raise TypeError(type(value))
    return value
