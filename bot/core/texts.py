"""The other texts people read: short replies, the sticky comment without a proposal, pull request, step summary."""

from __future__ import annotations

from typing import TYPE_CHECKING

from bot.core import quiet
from bot.core.markdown import LONGEST_BODY, Site, diff_details, explanation, figures_line, fit, folded, proof_table
from bot.core.refs import short

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from bot.core.changes import FileChange
    from bot.core.markdown import Shown
    from bot.core.memory import Memory
    from bot.core.proposals import Figures

_LONGEST_REPLY = 20_000


def drafting(memory: Memory, site: Site) -> str:
    """The sticky comment while the model works."""
    run = f" ([run]({site.run}))" if site.run else ""
    return (
        f"{memory.marker()}\n**Drafting** · {memory.kind or 'change'}{run}\nThe proposal will appear in this comment."
    )


def nothing(memory: Memory, nearest: Sequence[FileChange], site: Site, remedy: str) -> str:
    """The sticky comment when drafting was tried and nothing was good enough; the nearest draft is kept, folded."""
    head = f"{memory.marker()}\n**No proposal** · {quiet.prose(memory.note)}\n{remedy}"
    title = "The nearest draft (not proposed)"
    parts = [
        head,
        proof_table(memory.evidence.proofs, memory.evidence.look_at),
        diff_details(nearest, site.run, title, unfold=False) if nearest else "",
        folded("How it was made", quiet.prose(memory.evidence.making)),
        figures_line(memory.figures),
    ]
    return fit("\n\n".join(part for part in parts if part))


def failed(memory: Memory, remedy: str, site: Site) -> str:
    """The sticky comment when drafting could not be tried or not be finished."""
    run = f"The [run's log]({site.run}) has the details." if site.run else ""
    then = " ".join(part for part in (sentence(quiet.prose(remedy)), run) if part)
    return fit(f"{memory.marker()}\n**Failed** · {quiet.prose(memory.note)}\n{then}".rstrip())


def refusal(command: str, why: str, remedy: str) -> str:
    """One sentence what was refused and why, one what to do."""
    return f"{quiet.code(command)} was not accepted: {why}. {sentence(remedy)}".rstrip()


def sentence(text: str) -> str:
    """The text with a capital letter at its start and a full stop at its end; nothing stays nothing."""
    whole = f"{text[:1].upper()}{text[1:]}".rstrip()
    return whole if not whole or whole[-1] in ".!?…" else f"{whole}."


def no_permission(needed: str) -> str:
    """The one line, once a thread, for people who may not ask."""
    return f"Draftgate commands need the {needed} permission in this repository."


def mistake(line: str, problem: str, nearest: str) -> str:
    """Help for a mistyped command: what is wrong with it and the nearest right one."""
    hint = f" Did you mean {quiet.code(nearest)}?" if nearest else ""
    return f"{quiet.code(line)}: {problem}.{hint} `/help` lists the commands."


def help_table(rows: Iterable[tuple[str, str]]) -> str:
    """The command table; `rows` are usage and meaning."""
    lines = [f"| {quiet.cell(quiet.code(usage))} | {meaning} |" for usage, meaning in rows]
    head = "Commands go on the first line of a comment, one a comment. A proposal is pushed only after `/approve`."
    return "\n".join([head, "", "| command | does |", "|---|---|", *lines])


def pending(sha: str, approvers: Sequence[str], why: str) -> str:
    """An approval that counts but is not enough."""
    names = " and ".join(f"@{login}" for login in approvers)
    return f"`{short(sha)}` is approved by {names}. One more approval is needed: {why}."


def pull_title(title: str) -> str:
    """The draft pull request's title: the commit's."""
    return title


def pull_body(shown: Shown, memory: Memory, approvers: Sequence[str], moved: int) -> str:
    """The draft pull request's text: what, who asked, who approved, what was checked; it closes the issue on merge."""
    names = " and ".join(f"@{login}" for login in approvers)
    commits = "commit" if moved == 1 else "commits"
    asked, drafter = shown.provenance.requested_by, quiet.code(shown.provenance.model)
    behind = f"The base has moved by {moved} {commits} since it was drafted; it merges cleanly." if moved else ""
    parts = [
        explanation(shown.summary),
        proof_table(memory.evidence.proofs, memory.evidence.look_at),
        behind,
        f"Asked for by @{asked}, drafted by {drafter}, approved by {names} as {short(shown.sha)}.",
        f"Closes #{shown.provenance.thread}",
    ]
    return fit("\n\n".join(part for part in parts if part))


def kept_reply(reply: str) -> str:
    """A reply of the model that came to no change, for the step summary: it was paid for."""
    return folded("The model's reply (not proposed)", quiet.block(reply[:_LONGEST_REPLY], "text")) if reply else ""


def summary(heading: str, figures: Figures, details: str) -> str:
    """The step summary: the same evidence and figures as the comment, with the phases as a chart."""
    told = "" if figures_line(figures) in details else figures_line(figures)
    parts = [f"### Draftgate: {heading}", details, told, gantt(figures)]
    return "\n\n".join(part for part in parts if part)[: 10 * LONGEST_BODY] + "\n"


def gantt(figures: Figures) -> str:
    """A mermaid chart of the phases, in milliseconds from the start."""
    if not figures.phases:
        return ""
    lines, at = [], 0
    for name, seconds in figures.phases:
        end = at + max(1, round(seconds * 1000))
        lines.append(f"    {name} {seconds:.2f} s : {at}, {end}")
        at = end
    chart = ["gantt", "    dateFormat x", "    axisFormat %S.%L", "    section phases", *lines]
    return quiet.block("\n".join(chart), "mermaid")
