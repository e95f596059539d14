"""A finding with its place: where on GitHub it is said, and how its change can be had."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Final

from bot.core.anchors import Place, Unplaced, place
from bot.core.changes import FileChange
from bot.core.edits import ReplaceText
from bot.core.fingerprints import Fingerprint, Spot, fingerprint
from bot.core.lines import join_file, split_block, split_file
from bot.core.suggestions import Inexpressible, Suggestion, Window, express

if TYPE_CHECKING:
    from collections.abc import Sequence

    from bot.core.anchors import Side
    from bot.core.diffs import DiffFile, Hunk
    from bot.core.findings import Finding
    from bot.core.lines import FileLines

_PLAIN_MODE: Final = "100644"


@dataclass(frozen=True, slots=True)
class Anchor:
    """The lines `first` to `last` of one hunk on one side of the diff: what GitHub hangs a comment on."""

    path: str
    side: Side
    first: int
    last: int


@dataclass(frozen=True, slots=True)
class Remark:
    """A finding whose code was found, at lines `first` to `last` of `side`.

    `anchor` is None where these lines are outside the diff, or not surely the ones that are meant: it is then said in
    the review's body. `change` is what it comes to for the whole file, None for a mere remark. `suggestion` says the
    same as a button; where there is none although there was something to change, `why_none` says why, and a `change`
    is one for a proposal.
    """

    finding: Finding
    path: str
    side: Side
    first: int
    last: int
    anchor: Anchor | None
    fingerprint: Fingerprint
    change: FileChange | None = None
    suggestion: Suggestion | None = None
    why_none: str = ""

    @property
    def needs_proposal(self) -> bool:
        """Whether its change can be had as a proposal on the head only."""
        return self.change is not None and self.suggestion is None

    def overlaps(self, other: Remark) -> bool:
        """Whether both are about some line in common."""
        same = self.path == other.path and self.side == other.side
        return same and self.first <= other.last and other.first <= self.last


def locate(finding: Finding, file: DiffFile, text: str, shown: Sequence[Hunk]) -> Remark | Unplaced:
    """Find the finding's code in the head's text of its file; `shown` are the hunks that the model saw."""
    head = split_file(text)
    edits = [edit for edit in finding.edits if isinstance(edit, ReplaceText) and edit.old.strip()]
    if not edits:
        return Unplaced("it quotes no code")
    places: list[Place] = []
    for edit in edits:
        found = place(head, split_block(edit.old), split_block(edit.new), shown)
        if isinstance(found, Unplaced):
            return found
        places.append(found)
    doubt = next((one.doubt for one in places if one.doubt), "")
    change = _together(head, places) if len(edits) == len(finding.edits) and not doubt else None
    remark = _remark(finding, file, head, _span(places, change), change)
    return replace(remark, anchor=None, why_none=doubt) if doubt else remark


def remark_at(finding: Finding, file: DiffFile, text: str, line: int) -> Remark:
    """A remark on one line (from 1) of the head, for what is known by its line."""
    head = split_file(text)
    line = min(max(1, line), max(1, len(head.texts)))
    return _remark(finding, file, head, Place("RIGHT", line, line), None)


def as_remark_only(remark: Remark, why: str) -> Remark:
    """The same remark without its change, and why that is."""
    return replace(remark, change=None, suggestion=None, why_none=why)


def _together(head: FileLines, places: Sequence[Place]) -> Window | None:
    """All changes of a finding as one; None where one of them is missing, or they get into each other's way."""
    changes = sorted((one.change for one in places if one.change is not None), key=lambda change: change.start)
    if not changes or len(changes) != len(places):
        return None
    lines: list[str] = []
    done = changes[0].start
    for change in changes:
        if change.start < done:
            return None
        lines += [*head.texts[done : change.start], *change.lines]
        done = change.stop
    return Window(changes[0].start, done, tuple(lines)).narrowed(head.texts)


def _span(places: Sequence[Place], change: Window | None) -> Place:
    """The lines to talk about: those that change, or else the quoted ones."""
    if change is not None:
        # an insertion is about the line before it
        inserts = change.start == change.stop
        return Place("RIGHT", max(1, change.start + 1 - inserts), max(1, change.stop), change)
    sides = [one for one in places if one.side == places[0].side]
    return Place(places[0].side, min(one.first for one in sides), max(one.last for one in sides))


def _remark(finding: Finding, file: DiffFile, head: FileLines, span: Place, change: Window | None) -> Remark:
    before = join_file(head)
    after = None if change is None else join_file(change.changed(head))
    told = None if change is None else express(head, change, file.hunks)
    suggestion = told if isinstance(told, Suggestion) else None
    first, last = (suggestion.first, suggestion.last) if suggestion else (span.first, span.last)
    return Remark(
        finding=finding,
        path=file.path,
        side=span.side,
        first=first,
        last=last,
        anchor=anchor_for(file, span.side, first, last),
        fingerprint=_fingerprint(finding, file, head, span, change),
        change=None if after is None else FileChange(file.path, file.mode or _PLAIN_MODE, before, after),
        suggestion=suggestion,
        why_none=told.why if isinstance(told, Inexpressible) else "",
    )


def _fingerprint(finding: Finding, file: DiffFile, head: FileLines, span: Place, change: Window | None) -> Fingerprint:
    texts: Sequence[str] = head.texts
    start, stop = span.first - 1, span.last
    if span.side == "LEFT":
        texts = [line.text for hunk in file.hunks for line in hunk.lines if line.mark != "+"]
        numbers = [line.old for hunk in file.hunks for line in hunk.lines if line.mark != "+"]
        start, stop = numbers.index(span.first), numbers.index(span.last) + 1
    fix = None if change is None else change.lines
    return fingerprint(Spot(file.previous or file.path, texts, start, stop), finding.category, fix)


def anchor_for(file: DiffFile, side: Side, first: int, last: int) -> Anchor | None:
    """The part of these lines that GitHub lets a comment hang on: those in one hunk, the one that has most of them."""
    best: range | None = None
    for hunk in file.hunks:
        lines = hunk.new if side == "RIGHT" else hunk.old
        part = range(max(lines.start, first), min(lines.stop, last + 1))
        if len(part) > len(best or ()):
            best = part
    return Anchor(file.path, side, best.start, best.stop - 1) if best else None
