"""The one request that posts a review, held against GitHub's rules before it is sent.

GitHub refuses a whole review for one line that is not in the diff, and does not say which (422). What could be refused
is therefore found here, and said in the review's body instead.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any, Final

from bot.core.markdown import LONGEST_BODY, fit
from bot.core.refs import is_sha

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from bot.core.anchors import Side
    from bot.core.diffs import DiffFile
    from bot.core.refs import Thread

MOST_COMMENTS: Final = 50
"""Line comments in one review; GitHub begins to fail at some thirty more."""


@dataclass(frozen=True, slots=True)
class LineComment:
    """A comment on the lines `first` to `last` (from 1) of one side; `aside` is its text for the review's body."""

    path: str
    side: Side
    first: int
    last: int
    body: str
    aside: str = ""

    def as_json(self) -> dict[str, Any]:
        """The comment as GitHub's API takes it: `start_line` only where it has several lines."""
        value: dict[str, Any] = {"path": self.path, "body": self.body, "line": self.last, "side": self.side}
        if self.first < self.last:
            value |= {"start_line": self.first, "start_side": self.side}
        return value


@dataclass(frozen=True, slots=True)
class ReviewRequest:
    """A review on a commit: it comments, and can neither approve nor request changes."""

    commit: str
    body: str
    comments: tuple[LineComment, ...] = ()

    def as_json(self) -> dict[str, Any]:
        """The body of `POST /repos/{owner}/{repo}/pulls/{number}/reviews`."""
        comments = [comment.as_json() for comment in self.comments]
        return {"commit_id": self.commit, "event": "COMMENT", "body": self.body, "comments": comments}

    def without(self, refused: Sequence[LineComment]) -> ReviewRequest:
        """The same review with these comments said in its body."""
        if not refused:
            return self
        asides = "\n\n".join(comment.aside or comment.body for comment in refused)
        kept = tuple(comment for comment in self.comments if comment not in refused)
        return replace(self, body=fit(f"{self.body}\n\n{asides}"), comments=kept)


@dataclass(frozen=True, slots=True)
class PostReview:
    """Post the review, unless one with this `key` (the first line of its body) stands there already."""

    thread: Thread
    request: ReviewRequest
    key: str


def objection(comment: LineComment, file: DiffFile | None) -> str | None:
    """Why GitHub would refuse this comment, as the end of a sentence; None when it would not."""
    if file is None:
        return "its path is not in the diff"
    if comment.first > comment.last:
        return "its start line does not precede its end line"
    if not comment.body.strip():
        return "its body is empty"
    if len(comment.body) > LONGEST_BODY:
        return "its body is too long"
    for hunk in file.hunks:
        lines = hunk.new if comment.side == "RIGHT" else hunk.old
        if comment.first in lines and comment.last in lines:
            return None
    return "its lines are not in one hunk of the diff"


def checked(request: ReviewRequest, files: Mapping[str, DiffFile]) -> ReviewRequest:
    """The review with nothing in it that GitHub would refuse: what it would goes into the body.

    Raises:
        ValueError: when the review as a whole could not be posted.
    """
    if not is_sha(request.commit) or not request.body.strip():
        raise ValueError("a review needs a whole commit id and a body")
    refused = [comment for comment in request.comments if objection(comment, files.get(comment.path))]
    kept = [comment for comment in request.comments if comment not in refused]
    return request.without([*refused, *kept[MOST_COMMENTS:]])


@dataclass(frozen=True, slots=True)
class Bisection:
    """The search for the comments that GitHub refuses after all (422): `waiting` are groups that hold some.

    Ask for `next()`, try to post a review (pending, so that nobody sees it) with these comments, say how it went with
    `after`, until there is no next one. A comment that was refused alone is in `refused`.
    """

    waiting: tuple[tuple[LineComment, ...], ...]
    accepted: tuple[LineComment, ...] = ()
    refused: tuple[LineComment, ...] = ()

    @classmethod
    def of(cls, request: ReviewRequest) -> Bisection:
        """The search among all comments of a review that was refused as a whole."""
        return cls(()).after(request.comments, taken=False)

    def next(self) -> tuple[LineComment, ...]:
        """The comments to try; empty when the search is over."""
        return self.waiting[0] if self.waiting else ()

    def after(self, tried: tuple[LineComment, ...], *, taken: bool) -> Bisection:
        """What is known once `tried`, the next ones, were taken or refused."""
        rest = self.waiting[1:]
        if taken:
            return Bisection(rest, (*self.accepted, *tried), self.refused)
        if len(tried) <= 1:
            return Bisection(rest, self.accepted, (*self.refused, *tried))
        middle = len(tried) // 2
        return Bisection((tried[:middle], tried[middle:], *rest), self.accepted, self.refused)
