"""Every text that people read of a review: comments, the review's body, the summary comment, the terminal."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, Final

from bot.core import quiet
from bot.core.diffs import render_diff
from bot.core.lines import printable
from bot.core.markdown import figures_line, fit, folded
from bot.core.memory import print_marker
from bot.core.paths import shown
from bot.core.refs import short
from bot.core.reviews import LineComment, ReviewRequest

if TYPE_CHECKING:
    from collections.abc import Sequence

    from bot.core.agreement import Kept
    from bot.core.markdown import Site
    from bot.core.portions import LeftOut
    from bot.core.remarks import Remark
    from bot.core.review_memory import ReviewMemory
    from bot.core.review_results import Coverage, Reviewed

_MOST_LISTED: Final = 30
_LONGEST_CHANGE: Final = 8000
_QUIETLY: Final = "👎, an answer that begins with “no”, or resolving its thread keeps a finding quiet for good."


def line_comment(kept: Kept, head: str, site: Site) -> LineComment | None:
    """The comment for a remark that has its place in the diff; None for one outside of it."""
    anchor = kept.remark.anchor
    if anchor is None:
        return None
    parts = [_headline(kept.remark), quiet.prose(kept.remark.finding.reason), _remedy(kept), _backing(kept)]
    body = kept.remark.fingerprint.marker() + "\n" + "\n\n".join(part for part in parts if part)
    return LineComment(anchor.path, anchor.side, anchor.first, anchor.last, body, aside(kept, head, site))


def aside(kept: Kept, head: str, site: Site) -> str:
    """The section of the review's body for a remark that has no place in the diff, or was refused there."""
    remark = kept.remark
    lines = str(remark.first) if remark.first == remark.last else f"{remark.first}–{remark.last}"  # noqa: RUF001 - a range
    where = f"{quiet.code(shown(remark.path))}, line{'' if remark.first == remark.last else 's'} {lines}"
    if remark.side == "RIGHT":
        where = f"[{where}]({_permalink(remark, head, site)})"
    change = quiet.block(kept.diff, "diff") if kept.diff else remark.why_none and f"({quiet.prose(remark.why_none)})"
    parts = [f"{_headline(remark)}\n{where}", quiet.prose(remark.finding.reason), change, _backing(kept)]
    return "\n\n".join(part for part in parts if part)


def _permalink(remark: Remark, head: str, site: Site) -> str:
    from urllib.parse import quote  # noqa: PLC0415 - only a few remarks need it

    last = "" if remark.first == remark.last else f"-L{remark.last}"
    return f"{site.server}/{site.repository}/blob/{head}/{quote(remark.path)}#L{remark.first}{last}"


def _headline(remark: Remark) -> str:
    finding = remark.finding
    return f"**{finding.severity} · {finding.category}** · {quiet.prose(finding.title)}".removesuffix(" · ")


def _remedy(kept: Kept) -> str:
    remark = kept.remark
    if remark.suggestion is not None:
        return remark.suggestion.block()
    if not kept.diff:
        return ""
    why = f"No button for this one: {quiet.prose(remark.why_none)}. Answer `/generate` to get it as a proposal."
    return f"{quiet.block(kept.diff, 'diff')}\n\n{why}"


def with_diff(kept: Kept) -> Kept:
    """The same with its change as a diff, cut at a line where it is very long."""
    diff = render_diff([kept.remark.change]) if kept.remark.change else ""
    cut = diff if len(diff) <= _LONGEST_CHANGE else diff[:_LONGEST_CHANGE].rpartition("\n")[0] + "\n…\n"
    return replace(kept, diff=cut)


def _backing(kept: Kept) -> str:
    votes = f"{kept.votes} of {kept.passes} passes" if kept.votes else ""
    return f"<sub>{quiet.prose(' · '.join(part for part in (votes, *kept.proofs) if part))}</sub>"


def review_key(head: str, trigger: str) -> str:
    """The first line of a review's body, by which an interrupted run finds the review that it has posted."""
    return print_marker("reviewed", {"commit": head, "trigger": trigger})


def review_request(kept: Sequence[Kept], head: str, trigger: str, site: Site) -> ReviewRequest:
    """The review with all that is to be said."""
    comments = [(one, line_comment(one, head, site)) for one in kept]
    outside = [aside(one, head, site) for one, comment in comments if comment is None]
    buttons = sum(one.remark.suggestion is not None for one in kept)
    count = _counted(len(kept), "finding")
    told = f", {buttons} to be committed with a click" if buttons else ""
    text = [f"{review_key(head, trigger)}\n**{count}** on `{short(head)}`{told}. {_QUIETLY}"]
    text += ["### Outside the diff", *outside] if outside else []
    return ReviewRequest(head, fit("\n\n".join(text)), tuple(one for _, one in comments if one is not None))


def summary(memory: ReviewMemory, reviewed: Reviewed) -> str:
    """The one summary comment, whose first line remembers."""
    return fit(f"{memory.marker()}\n{report(memory.reviewed, reviewed)}")


def report(head: str, reviewed: Reviewed) -> str:
    """What was reviewed, how far, and how it came out; for the summary comment and the step summary."""
    count = _counted(len(reviewed.kept), "new finding") if reviewed.kept else "no new finding"
    also = [
        f"{reviewed.known} known before" if reviewed.known else "",
        f"{reviewed.beyond} more beyond `review.max-comments`" if reviewed.beyond else "",
        f"{reviewed.unbacked} not backed, so not said" if reviewed.unbacked else "",
    ]
    top = f"**Review** of `{short(head)}` · " + " · ".join([count, *(part for part in also if part)])
    parts = [top, _covered(reviewed.coverage), _not_covered(reviewed.coverage), figures_line(reviewed.figures)]
    return "\n\n".join(part for part in parts if part)


def _covered(coverage: Coverage) -> str:
    if not (coverage.reviewed or coverage.left or coverage.skipped):
        return "There is nothing in the diff to be reviewed."
    total = len(coverage.reviewed) + len(coverage.left)
    text = f"{len(coverage.reviewed)} of {_counted(total, 'file')} reviewed, {_counted(coverage.lines, 'changed line')}"
    return f"{text}; {_counted(len(coverage.left), 'file')} left." if coverage.left else f"{text}."


def _not_covered(coverage: Coverage) -> str:
    parts = [
        folded(f"Left out: {len(coverage.left)}", _list(coverage.left)),
        folded(f"Not for review: {len(coverage.skipped)}", _list(coverage.skipped)),
    ]
    return "\n".join(part for part in parts if part)


def _list(files: Sequence[LeftOut]) -> str:
    rows = [f"- {quiet.code(shown(one.path))} {one.why}" for one in files[:_MOST_LISTED]]
    more = [f"- and {len(files) - _MOST_LISTED:,} more"] if len(files) > _MOST_LISTED else []
    return "\n".join([*rows, *more])


def _counted(number: int, noun: str) -> str:
    return f"{number:,} {noun}{'' if number == 1 else 's'}"


def plain(kept: Kept) -> str:
    """One remark for a terminal, its change as a diff; nothing in it is a command to the terminal."""
    remark = kept.remark
    finding = remark.finding
    side = "" if remark.side == "RIGHT" else " (before the change)"
    head = f"{remark.path}:{remark.first}{side}: {finding.severity} {finding.category}: {finding.title}"
    reason = "\n".join(f"    {line}" for line in finding.reason.splitlines())
    diff = kept.diff.partition("\n")[2].rstrip("\n")
    text = "\n".join(part for part in (head, reason, diff) if part)
    return printable(quiet.visible(text), 2 * _LONGEST_CHANGE)
