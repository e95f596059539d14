"""What an edit is, whatever format it came in: the one model that every parser fills and that is applied."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

UNMARKED: Final = "?"
"""Stands before a line of a hunk that has no mark."""
EMPTY: Final = "~"
"""Stands for a line of a hunk that is empty, without any mark: a kept one, as a rule."""


@dataclass(frozen=True, slots=True)
class ReplaceText:
    """Exchange `old` for `new` in the file at `path`; both are whole lines as the model wrote them.

    An empty `old` makes a new file, or fills an empty one. `line` (from 1) is where the model thinks that `old` begins;
    it only ever decides between places that fit equally well.
    """

    path: str
    old: str
    new: str
    line: int | None = None


@dataclass(frozen=True, slots=True)
class Hunk(ReplaceText):
    """One hunk of a diff; the hunks of a file that follow each other are meant for it as it was, in this order.

    `body` are its lines as written, so that lost marks can be made out: each begins with a space, `-` or `+`, with
    `UNMARKED` where it stood there without any, or is `EMPTY`. `counts` are the lines before and after as the header
    has them, `scopes` the headings that enclose the place, outermost first, `at_end` says that it ends where the file
    does. `final_newline` says whether the file shall end in a newline, None when the hunk says nothing about it.
    """

    body: tuple[str, ...] = ()
    counts: tuple[int, int] | None = None
    scopes: tuple[str, ...] = ()
    at_end: bool = False
    final_newline: bool | None = None

    @property
    def is_unsettled(self) -> bool:
        """Whether it is open what a line of it is."""
        return any(line.startswith(UNMARKED) for line in self.body)


@dataclass(frozen=True, slots=True)
class WriteFile:
    """The whole new content of the file at `path`, which may or may not exist.

    `label` is a first line that was read as the file's name and is not in `content`: it belongs to the text after all
    when the file starts with it already.
    """

    path: str
    content: str
    label: str = ""


@dataclass(frozen=True, slots=True)
class DeleteFile:
    """Remove the file at `path`."""

    path: str


@dataclass(frozen=True, slots=True)
class MoveFile(DeleteFile):
    """Remove the file at `path`; its text, as earlier edits left it, goes on at `target`, where no file may be."""

    target: str


FileEdit = ReplaceText | WriteFile | DeleteFile
"""`Hunk` is a `ReplaceText` that knows more of its place, `MoveFile` a `DeleteFile` that keeps the text."""


@dataclass(frozen=True, slots=True)
class EditFailure:
    """Why edit number `index` (from 0) cannot be applied, for the model and for people.

    `nearest` shows the file's numbered lines round the place most like the wanted one, or is empty.
    """

    path: str
    index: int
    reason: str
    nearest: str = ""


@dataclass(frozen=True, slots=True)
class Refusal:
    """Why an edit cannot be applied, before it is known which of the reply's edits it is; `nearest` as in a failure."""

    reason: str
    nearest: str = ""
