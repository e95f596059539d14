"""The sticky comment of a thread: all that people read of a proposal, rendered from its commit and its memory alone."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from bot.core import quiet
from bot.core.diffs import DiffStat, measure, render_diff
from bot.core.refs import short

if TYPE_CHECKING:
    from collections.abc import Sequence
    from datetime import datetime

    from bot.core.changes import FileChange
    from bot.core.memory import Memory
    from bot.core.proposals import Figures, Proof, Provenance

LONGEST_BODY = 60_000
"""Characters in a comment; GitHub refuses more than 65,536."""
_LONGEST_BYTES = 240_000
_LONGEST_DIFF = 30_000
_LONGEST_SUMMARY = 4000
_OPEN_DIFF_LINES = 60
_LONGEST_LAST_LINE = 1000
_CUT = "\n\n…cut here: the text was longer than a comment may be."


@dataclass(frozen=True, slots=True)
class Site:
    """Where things are on the web: the server's address, the repository's full name, the address of this run."""

    server: str
    repository: str
    run: str = ""

    def commit(self, sha: str) -> str:
        """The page of a commit."""
        return f"{self.server}/{self.repository}/commit/{sha}"

    def pull(self, number: int) -> str:
        """The page of a pull request."""
        return f"{self.server}/{self.repository}/pull/{number}"

    def compare(self, base: str, head: str) -> str:
        """The page that compares two branches and offers to open a pull request."""
        return f"{self.server}/{self.repository}/compare/{base}...{head}?expand=1"


@dataclass(frozen=True, slots=True)
class Shown:
    """What a comment shows of a proposal's commit; every field can be read back from the commit itself."""

    sha: str
    title: str
    summary: str
    provenance: Provenance
    changes: tuple[FileChange, ...]


def sticky(memory: Memory, shown: Shown, site: Site) -> str:
    """The comment of a proposal in whatever state it is; the same input always gives the same text."""
    stat = measure(shown.changes)
    top = [_headline(memory, shown, stat), _next_step(memory, shown, site)]
    parts = [
        memory.marker() + "\n" + "\n".join(line for line in top if line),
        f"**{quiet.prose(shown.title)}**",
        explanation(shown.summary),
        proof_table(memory.evidence.proofs, memory.evidence.look_at),
        diff_details(shown.changes, site.commit(shown.sha)),
        folded("How it was made", quiet.prose(memory.evidence.making)),
        _foot(memory, shown.provenance.expires),
    ]
    return fit("\n\n".join(part for part in parts if part))


def _headline(memory: Memory, shown: Shown, stat: DiffStat) -> str:
    name = f"`{short(shown.sha)}`"
    tail = f"{memory.kind} · {stat}"
    by = " and ".join(f"@{login}" for login in memory.by)
    match memory.state:
        case "pushed":
            where = f"to `{memory.branch}`" if memory.branch else ""
            pull = f", draft PR #{memory.pull}" if memory.pull else ""
            return f"**Pushed** {name} {where}{pull}, approved by {by} · {tail}"
        case "rejected":
            return f"**Rejected** {name} by {by} · {tail}"
        case "expired":
            return f"**Expired** {name} · {tail}"
        case _:
            return f"**Proposal {name}** · {tail} · {memory.note or 'waiting for a decision'}"


def _next_step(memory: Memory, shown: Shown, site: Site) -> str:
    sha = short(shown.sha)
    link = f"[this commit]({site.commit(shown.sha)})"
    match memory.state:
        case "open":
            return f"Reply `/approve {sha}` to push exactly {link} · `/revise {sha} <words>` · `/reject {sha}`"
        case "pushed":
            return f"It is exactly {link}." + (f" {memory.note}" if memory.note else "")
        case "rejected":
            why = f"{quiet.prose(memory.note)}\n" if memory.note else ""
            return f"{why}Nothing was pushed; {link} is kept. `/generate` drafts anew."
        case "expired":
            return f"Nothing was pushed. `/retry {sha}` makes it anew on the current branch, `/generate` drafts anew."
        case _:
            return "Nothing was pushed. `/generate` drafts anew."


def explanation(summary: str) -> str:
    """The model's own words; those that go on for ever must not push the diff out of the comment."""
    if len(summary) <= _LONGEST_SUMMARY:
        return quiet.prose(summary)
    return f"{quiet.prose(summary[:_LONGEST_SUMMARY])}… (the commit's message has the rest)"


def proof_table(proofs: Sequence[Proof], look_at: Sequence[str]) -> str:
    """The evidence as a table, with what a person should look at last."""
    rows = [f"| {_cell(proof.name)} | {_cell(proof.outcome)} |" for proof in proofs]
    rows += [f"| look at before approving | {_cell(item)} |" for item in look_at]
    return "\n".join(["| proof | |", "|---|---|", *rows]) if rows else ""


def _cell(text: str) -> str:
    return quiet.cell(quiet.prose(" ".join(text.split())))


def diff_details(changes: Sequence[FileChange], link: str, title: str = "Diff", *, unfold: bool = True) -> str:
    """The diff in a fold, open when it is short, cut at a line with a link to the rest when it is very long."""
    diff = render_diff(changes)
    cut = diff if len(diff) <= _LONGEST_DIFF else diff[:_LONGEST_DIFF].rpartition("\n")[0] + "\n"
    rest = "" if cut == diff else f"\n\n{len(diff) - len(cut):,} characters more: [the whole commit]({link})"
    unfolded = " open" if unfold and cut.count("\n") <= _OPEN_DIFF_LINES else ""
    return f"<details{unfolded}><summary>{title}</summary>\n\n{quiet.block(cut, 'diff')}{rest}\n\n</details>"


def folded(title: str, text: str) -> str:
    """Text behind a fold, or nothing where there is no text."""
    return f"<details><summary>{title}</summary>\n\n{text}\n\n</details>" if text else ""


def _foot(memory: Memory, expires: datetime) -> str:
    ends = [f"expires {moment(expires)}"] if memory.state == "open" else []
    earlier = [f"supersedes {', '.join(f'`{short(sha)}`' for sha in memory.earlier[-3:])}"] if memory.earlier else []
    return " · ".join([figures_line(memory.figures), *ends, *earlier])


def figures_line(figures: Figures) -> str:
    """Seconds by phase, tokens, speed and cost in one line."""
    phases = ", ".join(f"{name} {seconds:.1f}{_speed(name, figures)}" for name, seconds in figures.phases)
    parts = [f"{figures.seconds:.1f} s: {phases}"] if phases else []
    if figures.tokens_in or figures.tokens_out:
        parts.append(f"{figures.tokens_in:,} tokens in, {figures.tokens_out:,} out")
    if figures.cost is not None:
        parts.append(f"${figures.cost:.4f}")
    return " · ".join(parts)


def _speed(phase: str, figures: Figures) -> str:
    if phase != "model" or not figures.tokens_out or figures.writing_seconds <= 0:
        return ""
    return f" ({figures.tokens_out / figures.writing_seconds:,.0f} tokens/s)"


def moment(when: datetime) -> str:
    """A point in time as people write it, in UTC."""
    return f"{when.day} {when:%b %Y, %H:%M} UTC"


def fit(body: str) -> str:
    """The body cut to what GitHub takes, with a last line that says so."""
    if len(body) <= LONGEST_BODY and len(body.encode()) <= _LONGEST_BYTES:
        return body
    room = _LONGEST_BYTES - len(_CUT.encode())
    cut = body[: LONGEST_BODY - len(_CUT)].encode()[:room].decode(errors="ignore")
    lines, _, last = cut.rpartition("\n")
    return (lines if len(last) <= _LONGEST_LAST_LINE else cut) + _CUT
