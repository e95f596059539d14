"""Changes as GitHub's suggestions: which can be written as one, and what comes out when somebody commits it."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

from bot.core import quiet
from bot.core.lines import join_file

if TYPE_CHECKING:
    from collections.abc import Sequence

    from bot.core.diffs import Hunk
    from bot.core.lines import FileLines

MOST_LINES: Final = 200
"""Lines of a suggestion: beyond them nobody would commit one from a comment."""
MOST_CHARACTERS: Final = 20_000
"""Characters of a suggestion, so that the comment round it stays within GitHub's 65,536."""
_DELETION: Final = "```suggestion\n```"


@dataclass(frozen=True, slots=True)
class Suggestion:
    """Put `lines` in the place of the head file's lines `first` to `last` (from 1); no lines delete them."""

    first: int
    last: int
    lines: tuple[str, ...]

    def block(self) -> str:
        """The fenced block that GitHub turns into a button, its fence longer than any inside."""
        # nothing at all between the fences deletes; a blank line there would put a blank line in
        return quiet.block("".join(line + "\n" for line in self.lines), "suggestion") if self.lines else _DELETION

    def applied_to(self, text: str) -> str:
        """The file after somebody committed it.

        GitHub does not document what it does; observed is that lines are cut at line feeds, that the new ones get the
        line end of the file, and that the last line keeps what it ends with. `express` makes no suggestion where
        another reading would give another file.
        """
        newline = "\r\n" if "\r\n" in text else "\n"
        pieces = text.split("\n")
        ended = [line + newline.removesuffix("\n") for line in self.lines]
        if self.last == len(pieces) and ended:
            ended[-1] = self.lines[-1]
        after = [*pieces[: self.first - 1], *ended, *pieces[self.last :]]
        if self.last == len(pieces) and not ended and after:
            after[-1] = after[-1].removesuffix("\r")
        return "\n".join(after)


@dataclass(frozen=True, slots=True)
class Window:
    """A change of one file: its lines `start` to `stop` (from 0, `stop` left out) become `lines`."""

    start: int
    stop: int
    lines: tuple[str, ...]

    def narrowed(self, texts: Sequence[str]) -> Window:
        """The same change without the lines at both ends that it leaves as they are."""
        old, new = texts[self.start : self.stop], self.lines
        most = min(len(old), len(new))
        head = next((at for at in range(most) if old[at] != new[at]), most)
        tail = next((at for at in range(most - head) if old[-1 - at] != new[-1 - at]), most - head)
        return Window(self.start + head, self.stop - tail, tuple(new[head : len(new) - tail]))

    def changed(self, lines: FileLines) -> FileLines:
        """The file with this change made."""
        return lines.with_window(self.start, self.stop, self.lines)


@dataclass(frozen=True, slots=True)
class Inexpressible:
    """The change is good, but no suggestion can say it; `why` ends a sentence."""

    why: str


def express(head: FileLines, change: Window, hunks: Sequence[Hunk]) -> Suggestion | Inexpressible:
    """The smallest suggestion that makes the change in the head file, if GitHub has one for it.

    GitHub takes suggestions for lines of one hunk only, and cannot insert without replacing a line.
    """
    change = change.narrowed(head.texts)
    if why := _unwritable(head, change):
        return Inexpressible(why)
    grown = _grown(head, change, hunks)
    if isinstance(grown, Inexpressible):
        return grown
    suggestion = Suggestion(grown.start + 1, grown.stop, grown.lines)
    if suggestion.applied_to(join_file(head)) != join_file(change.changed(head)):
        return Inexpressible("committing it from the comment would change more than is meant")
    return suggestion


def on_lines(head: FileLines, change: Window, first: int, last: int) -> Suggestion | Inexpressible:
    """The suggestion that makes the change by replacing exactly the head file's lines `first` to `last` (from 1)."""
    change = change.narrowed(head.texts)
    if change.start < first - 1 or change.stop > last:
        return Inexpressible("it reaches beyond the commented lines")
    texts = head.texts
    whole = Window(first - 1, last, (*texts[first - 1 : change.start], *change.lines, *texts[change.stop : last]))
    if why := _unwritable(head, whole):
        return Inexpressible(why)
    if whole.lines and not any(map(str.strip, whole.lines)):
        return Inexpressible("it would leave blank lines alone")
    suggestion = Suggestion(first, last, whole.lines)
    if suggestion.applied_to(join_file(head)) != join_file(change.changed(head)):
        return Inexpressible("committing it from the comment would change more than is meant")
    return suggestion


def _unwritable(head: FileLines, change: Window) -> str | None:
    text = "\n".join(change.lines)
    if len(change.lines) > MOST_LINES or len(text) > MOST_CHARACTERS or change.stop - change.start > MOST_LINES:
        return "it is too long for a comment"
    if len(set(filter(None, head.ends))) > 1:
        return "the file mixes two kinds of line ends"
    if head.has_bom and change.start == 0:
        return "the file begins with a byte order mark"
    old = "\n".join(head.texts[change.start : change.stop])
    if any(not (sign.isprintable() or sign == "\t") and sign not in old for sign in text.replace("\n", "")):
        return "it would bring in characters that nobody can see"
    # a lone carriage return would be a line end in Markdown
    return "it holds control characters" if any(sign in text for sign in "\r\0\x0b\x0c\x1b") else None


def _grown(head: FileLines, change: Window, hunks: Sequence[Hunk]) -> Window | Inexpressible:
    """The change with one of its neighbours where it replaces nothing, or replaces lines by blank ones alone."""
    holding = [hunk.new for hunk in hunks if _holds(hunk.new, change)]
    if not holding:
        return Inexpressible(_why_not_held(change, hunks))
    needs = change.start == change.stop or bool(change.lines and not any(map(str.strip, change.lines)))
    if not needs:
        return change
    for lines in holding:
        for grown in (_with_before(head, change), _with_after(head, change)):
            if grown is not None and _holds(lines, grown) and (not grown.lines or any(map(str.strip, grown.lines))):
                return grown
    return Inexpressible("there is no line in the diff to hang it on")


def _holds(lines: range, change: Window) -> bool:
    """Whether the hunk's lines (from 1) hold all that the change replaces, or one neighbour of an insertion."""
    if change.start == change.stop:
        return lines.start - 1 <= change.start <= lines.stop - 1 and len(lines) > 0
    return lines.start - 1 <= change.start and change.stop <= lines.stop - 1


def _with_before(head: FileLines, change: Window) -> Window | None:
    if change.start == 0 or (head.has_bom and change.start == 1):
        return None
    return Window(change.start - 1, change.stop, (head.texts[change.start - 1], *change.lines))


def _with_after(head: FileLines, change: Window) -> Window | None:
    if change.stop >= len(head.texts):
        return None
    return Window(change.start, change.stop + 1, (*change.lines, head.texts[change.stop]))


def _why_not_held(change: Window, hunks: Sequence[Hunk]) -> str:
    touched = [hunk for hunk in hunks if hunk.new.start - 1 < change.stop and change.start < hunk.new.stop - 1]
    if len(touched) > 1:
        return "it reaches over more than one hunk of the diff"
    return "it reaches beyond the lines of the diff" if touched else "its lines are not in the diff"
