"""How a draft is told: its result, its evidence, and how it was made."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from bot.core.proposals import Evidence, Proof, one_line
from bot.core.results import Drafted, NotDrafted
from bot.errors import CutAnswerError, ModelError, RefusedError
from bot.pipeline.choosing import because, ranking, worth_repairing

if TYPE_CHECKING:
    from collections.abc import Sequence

    from bot.core.context import Ranked
    from bot.core.proposals import Figures
    from bot.pipeline.assess import Assessment, Desk
    from bot.pipeline.candidates import Candidate, Round
    from bot.pipeline.choosing import Cluster

_HELP = "Try `/generate` with the file or the expected behaviour named, or narrow the task."
_LONGEST = 2000


@dataclass(frozen=True, slots=True)
class Story:
    """What happened: the candidates wanted at once, the located files, the rounds, the last one's ranked results.

    `stopped` says why it ended before its time, or is empty.
    """

    wanted: int
    located: tuple[Ranked, ...]
    rounds: tuple[Round, ...]
    found: tuple[Cluster, ...]
    stopped: str


def conclude(story: Story, tried: Sequence[Candidate], figures: Figures, desk: Desk) -> Drafted | NotDrafted:
    """The result of replies that could be judged."""
    if story.found and story.found[0].leader.found.holds:
        best = story.found[0].leader
        found = best.found
        evidence = _evidence(story, tried, found)
        return Drafted(found.title, found.summary, found.changes, best.model, evidence, figures)
    nearest = worth_repairing(list(reversed(tried)), 1)[0]
    found = nearest.found
    changes = desk.nearest(found)
    return NotDrafted(found.why, _HELP, changes, _evidence(story, tried, found), figures, nearest.reply)


def unanswered(story: Story, figures: Figures) -> NotDrafted:
    """The result where no request came to a whole answer.

    Raises:
        ModelError: when that was not the model's own decision: a person may have to mend something.
    """
    errors = story.rounds[0].errors or (ModelError("no whole answer came in time"),)
    for error in errors:
        if not isinstance(error, CutAnswerError | RefusedError):
            raise error
    why = one_line(str(errors[0]), 300)
    text = next((error.text for error in errors if error.text), "")
    return NotDrafted(why, _HELP, (), Evidence((), (), _making(story, ())), figures, text)


def _evidence(story: Story, tried: Sequence[Candidate], found: Assessment) -> Evidence:
    row = (Proof("candidates", _counts(story, tried)),) if story.wanted > 1 else ()
    return Evidence((*found.risks, *found.proofs, *row), _deserves_a_look(found), _making(story, tried))


def _counts(story: Story, tried: Sequence[Candidate]) -> str:
    """How many candidates there were, and why the best is the best, in one line."""
    asked = sum(one.asked for one in story.rounds)
    rounds = f" in {len(story.rounds)} rounds" if len(story.rounds) > 1 else ""
    fitted = sum(candidate.found.fits for candidate in tried)
    kept = len(story.found)
    parts = [f"{asked} tried{rounds}", f"{fitted} fitted the files", _results(kept)]
    chosen = f"; chosen: {because(story.found)}" if kept and story.found[0].leader.found.holds else ""
    return one_line(", ".join(parts) + chosen, 300)


def _results(count: int) -> str:
    if not count:
        return "none held"
    return "1 result held" if count == 1 else f"{count} different results held"


def _making(story: Story, tried: Sequence[Candidate]) -> str:
    """The whole story in prose, for the fold of the comment."""
    said = [_alone(tried) if story.wanted == 1 else _together(story), _whereabouts(story)]
    if story.wanted > 1 and story.found:
        said.insert(1, f"Ranking: {ranking(story.found)}.")
    if story.stopped:
        said.append(f"Stopped early: {story.stopped}.")
    return one_line(" ".join(said), _LONGEST)


def _alone(tried: Sequence[Candidate]) -> str:
    if len(tried) < 2:
        return "1 draft." if tried else "No whole answer."
    ones = "one" if len(tried) == 2 else "ones"
    return f"{len(tried)} drafts, the later {ones} repaired with the real lines and checks."


def _together(story: Story) -> str:
    return " ".join(_round(one, place) for place, one in enumerate(story.rounds))


def _round(one: Round, place: int) -> str:
    parts = [
        (len(one.candidates), "answered"),
        (one.unfit, "given up when the first edit did not fit"),
        (one.stopped, "stopped when enough was known"),
        (len(one.errors), "without a whole answer"),
        (one.unasked, "not asked, for want of room in the endpoint's rate limits"),
    ]
    told = ", ".join(f"{count} {what}" for count, what in parts if count)
    return f"Repair round {place}: {told}." if place else f"Candidates: {told}."


def _whereabouts(story: Story) -> str:
    places = "; ".join(f"`{one.path}` ({', '.join(one.why[:3])})" for one in story.located[:5])
    return f"Located: {places or 'nothing in particular'}."


def _deserves_a_look(found: Assessment) -> tuple[str, ...]:
    new = [change.path for change in found.changes if change.before is None]
    gone = [change.path for change in found.changes if change.after is None]
    return tuple([f"`{path}` is new" for path in new[:3]] + [f"`{path}` is deleted" for path in gone[:3]])
