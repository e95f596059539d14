"""Every text that people read of a drafted suggestion: the answer in its thread, the review, why there is none."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from bot.core import quiet
from bot.core.diffs import render_diff
from bot.core.markdown import explanation, figures_line, fit, folded, proof_table
from bot.core.memory import parse_marker, print_marker
from bot.core.paths import shown
from bot.core.refs import short
from bot.core.review_threads import is_ours
from bot.core.reviews import LineComment, ReviewRequest

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from bot.core.changes import FileChange
    from bot.core.offers import Offer, Offers
    from bot.core.refs import Actor
    from bot.core.results import Drafted
    from bot.core.review_threads import ReviewThread
    from bot.core.suggestions import Suggestion

_LONGEST_DIFF: Final = 20_000
_COMMITS: Final = "Committing it is the decision; nothing else was pushed or kept."


def in_thread(suggestion: Suggestion, drafted: Drafted) -> str:
    """The answer in the thread: what and why, the block with the button, the evidence."""
    return fit("\n\n".join([_headline(drafted), suggestion.block(), _grounds(drafted), _COMMITS]))


def beside(review: bool) -> str:  # noqa: FBT001 - one of two sentences
    """The line in the thread where the suggestion hangs on other lines, or is a proposal."""
    if review:
        return "The change reaches beyond these lines: each place has its own suggestion in a review of its own."
    return "No suggestion can say this change, so it is a proposal on this pull request's head."


def review_of(
    offers: Offers, drafted: Drafted, head: str, trigger: str, changes: Sequence[FileChange]
) -> ReviewRequest:
    """The review with one comment for each suggestion; what has no place in the diff is shown in its body."""
    said = f"{review_key(head, trigger)}\n{_headline(drafted)}"
    parts = [said, _grounds(drafted), _rest(offers, changes), _COMMITS]
    comments = tuple(_comment(one, trigger) for one in offers.made)
    return ReviewRequest(head, fit("\n\n".join(part for part in parts if part)), comments)


def review_key(head: str, trigger: str) -> str:
    """The first line of the review's body, by which an interrupted run finds the review that it has posted."""
    return print_marker("suggested", {"commit": head, "key": trigger})


def was_suggested(threads: Iterable[ReviewThread], us: Actor | None, trigger: str) -> bool:
    """Whether a comment of ours in these threads holds a suggestion that was made for this trigger."""
    firsts = (thread.comments[0] for thread in threads if thread.comments)
    ours = (one for one in firsts if is_ours(one.author, us))
    return any((parse_marker(one.body, "suggestion") or {}).get("key") == trigger for one in ours)


def unsuggested(drafted: Drafted, why: str, remedy: str) -> str:
    """The answer where a change was drafted that cannot be offered; it was paid for, so it is shown."""
    parts = [f"{_headline(drafted)}\n{quiet.prose(why)} {remedy}".rstrip(), _diff(drafted.changes), _grounds(drafted)]
    return fit("\n\n".join(parts))


def undrafted(why: str, remedy: str, nearest: Sequence[FileChange]) -> str:
    """The answer where drafting was tried and nothing was good enough."""
    told = f"**No suggestion** · {quiet.prose(why)}\n{remedy}".rstrip()
    return fit("\n\n".join([told, folded("The nearest draft (not offered)", _diff(nearest))] if nearest else [told]))


def _headline(drafted: Drafted) -> str:
    title = f"**{quiet.prose(drafted.title)}**" if drafted.title else ""
    return "\n\n".join(part for part in (title, explanation(drafted.summary)) if part) or "**Drafted**"


def _grounds(drafted: Drafted) -> str:
    table = proof_table(drafted.evidence.proofs, drafted.evidence.look_at)
    return "\n\n".join([folded("Evidence", table), figures_line(drafted.figures)]).strip()


def _comment(offer: Offer, trigger: str) -> LineComment:
    made = offer.suggestion
    body = f"{print_marker('suggestion', {'key': trigger})}\n{made.block()}"
    lines = quiet.block("\n".join(made.lines), "text")
    aside = f"{quiet.code(shown(offer.path))}, line {made.first}:\n{lines}"
    return LineComment(offer.path, "RIGHT", made.first, made.last, body, aside)


def _rest(offers: Offers, changes: Sequence[FileChange]) -> str:
    """What of the change is no suggestion, with the reason for each file."""
    if not offers.rest:
        return ""
    rows = [f"- {quiet.code(shown(path))}: {why}" for path, why in offers.rest.items()]
    diff = _diff([one for one in changes if one.path in offers.rest])
    return "\n".join(["**Not to be committed from here**", *rows, "", diff])


def _diff(changes: Sequence[FileChange]) -> str:
    text = render_diff(changes)
    cut = text if len(text) <= _LONGEST_DIFF else text[:_LONGEST_DIFF].rpartition("\n")[0] + "\n…\n"
    return quiet.block(cut, "diff")


def moved(base: str, head: str) -> str:
    """Why suggestions for one commit are none for another."""
    return f"The head moved from `{short(base)}` to `{short(head)}` while this was drafted."
