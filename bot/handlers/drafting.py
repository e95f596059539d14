"""What `/generate` and `/revise` share: from a task to a result, and from a result to the plan that shows it."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

from bot.core import quiet, texts
from bot.core.memory import Memory
from bot.core.plans import Keep, Plan, Propose, Remember
from bot.core.prompts import Task, mark_for
from bot.core.proposals import OWN_CHECKS, Evidence, Proof, Proposal, Provenance
from bot.core.refs import short
from bot.core.results import Drafted, Failed, NotDrafted, Result
from bot.errors import ModelError, UserError, WorktreeError
from bot.handlers.answers import say
from bot.pipeline.draft import draft
from bot.pipeline.values import Order, Tools
from bot.rules import limits

if TYPE_CHECKING:
    from collections.abc import Callable

    from bot.core.commands import Kind
    from bot.core.context import Trust
    from bot.core.intents import Request
    from bot.core.plans import Outcome
    from bot.core.proposals import Figures
    from bot.handlers.deps import Deps
    from bot.intake import Intake
    from bot.settings.config import RepoConfig


@dataclass(frozen=True, slots=True)
class Job:
    """A draft that somebody asked for who may: on which commit, under which configuration, from which words.

    `former` is the diff of the proposal that it is to replace, or empty; `tree` the git tree of `base`, or empty.
    `told` is the task's text where that is not the thread's own. Without `runs` no command of the repository is run,
    because the code is a stranger's.
    """

    request: Request
    kind: Kind
    words: str
    base: str
    config: RepoConfig
    former: str = ""
    tree: str = ""
    told: str = ""
    runs: bool = True


def attempt(job: Job, tools: Tools, deps: Deps) -> Result:
    """Draft; what stands in the way of even trying is a result too."""
    request = job.request
    author: Trust = "requester" if request.author.id == request.requester.id else "stranger"
    title, text, words = (deps.redact(said) for said in (request.title, job.told or request.text, job.words))
    task = Task(job.kind, title, text, words, "stranger" if job.told else author, job.former)
    bounds = limits(job.config)
    order = Order(
        task, job.base, mark_for(request.trigger, job.base), bounds if job.runs else replace(bounds, checks=())
    )
    try:
        result = draft(order, tools, deps.watch)
        return result if job.runs else _unrun(result)
    except UserError as error:
        return Failed(error.what, error.remedy)
    except (ModelError, WorktreeError) as error:
        what, _, remedy = str(error).partition("\n")
        return Failed(what, remedy or "Mend that, then `/generate` again.")


def _unrun(result: Drafted | NotDrafted) -> Drafted | NotDrafted:
    """The result with the true reason why no command was run."""
    others = tuple(proof for proof in result.evidence.proofs if proof.name != OWN_CHECKS)
    proofs = (Proof(OWN_CHECKS, "not run: the change is for a fork, and nothing of a fork is executed"), *others)
    return replace(result, evidence=replace(result.evidence, proofs=proofs))


def announce(job: Job, intake: Intake, deps: Deps) -> Plan | None:
    """The plan that says at once that a draft is being made; None where an open proposal keeps its comment."""
    if _open(intake):
        return None
    memory = _after(intake, Memory("drafting", job.request.trigger, job.kind))
    remember = Remember(job.request.thread, texts.drafting(memory, deps.site), intake.sticky_id)
    return Plan("nothing-to-do", (remember,), early=True)


def settle(job: Job, result: Result, intake: Intake, deps: Deps) -> Plan:
    """The plan for a result."""
    result = without_secrets(result, deps.redact)
    match result:
        case Drafted():
            proposal = _proposal(job, result, deps)
            summary = f"**{quiet.prose(proposal.title)}**\n\n{quiet.prose(proposal.summary)}"
            outputs = figures_out(result.figures)
            return Plan("proposed", (Propose(proposal, intake.memory, intake.sticky_id, job.tree),), outputs, summary)
        case NotDrafted():
            memory = Memory("nothing", job.request.trigger, job.kind, note=result.why)
            filled = _with_evidence(memory, result)
            text = texts.nothing(_after(intake, filled), result.nearest, deps.site, result.remedy)
            beside = f"No better proposal: {quiet.prose(result.why)}. {result.remedy}"
            plan = _end(job, intake, "nothing-to-do", text, beside)
            kept = "" if result.nearest else texts.kept_reply(result.reply)
            summary = f"{plan.summary}\n\n{kept}".strip()
            return replace(plan, outputs=figures_out(result.figures), summary=summary)
        case Failed():
            memory = Memory("failed", job.request.trigger, job.kind, note=result.why)
            text = texts.failed(_after(intake, memory), result.remedy, deps.site)
            beside = f"The draft failed: {quiet.prose(result.why)}. {texts.sentence(quiet.prose(result.remedy))}"
            return _end(job, intake, "failed", text, beside)


def without_secrets(result: Result, redact: Callable[[str], str]) -> Result:
    """The result without the run's own secrets; a change that would write one into a file is not proposed at all."""
    if isinstance(result, Failed):
        return Failed(redact(result.why), redact(result.remedy))
    evidence = Evidence(
        tuple(Proof(redact(one.name), redact(one.outcome)) for one in result.evidence.proofs),
        tuple(redact(one) for one in result.evidence.look_at),
        redact(result.evidence.making),
    )
    changes = result.changes if isinstance(result, Drafted) else result.nearest
    if any(redact(text) != text for change in changes for text in (change.path, change.after or "")):
        why = "the draft holds a secret of this run"
        return NotDrafted(why, "Rotate the key if it was ever in the repository.", (), evidence, result.figures)
    if isinstance(result, NotDrafted):
        why, remedy, reply = redact(result.why), redact(result.remedy), redact(result.reply)
        return NotDrafted(why, remedy, changes, evidence, result.figures, reply)
    title, summary, model = redact(result.title), redact(result.summary), redact(result.model)
    return Drafted(title, summary, changes, model, evidence, result.figures)


def again(request: Request, memory: Memory) -> Plan:
    """The same trigger once more: nothing new, but what a crash left undone is done."""
    if memory.state == "open" and memory.trigger == request.trigger:
        return Plan("proposed", (Keep(request.thread, memory.sha),), {"proposal-sha": memory.sha})
    return Plan("nothing-to-do")


def figures_out(figures: Figures) -> dict[str, str]:
    """The figures among the Action's outputs; a cost that is not known is not there."""
    cost = {} if figures.cost is None else {"cost-usd": f"{figures.cost:.6f}"}
    return {"model-seconds": f"{figures.model_seconds:.3f}", **cost}


def _end(job: Job, intake: Intake, outcome: Outcome, text: str, beside: str) -> Plan:
    """Show the end in the sticky comment, or beside it while an open proposal stands there."""
    request = job.request
    if _open(intake) and intake.memory:
        return say(request, intake, f"{beside} `{short(intake.memory.sha)}` stays open.", outcome)
    summary = text.partition("\n")[2]
    return Plan(outcome, (Remember(request.thread, text, intake.sticky_id),), summary=summary)


def _open(intake: Intake) -> bool:
    return intake.memory is not None and intake.memory.state == "open"


def _after(intake: Intake, memory: Memory) -> Memory:
    return intake.memory.succeeded_by(memory) if intake.memory else memory


def _with_evidence(memory: Memory, result: NotDrafted) -> Memory:
    return Memory(
        memory.state, memory.trigger, memory.kind, note=memory.note, evidence=result.evidence, figures=result.figures
    )


def _proposal(job: Job, result: Drafted, deps: Deps) -> Proposal:
    request = job.request
    provenance = Provenance(
        thread=request.thread.number,
        trigger=request.trigger,
        requested_by=request.requester.login,
        model=result.model,
        policy=job.config.digest,
        expires=deps.clock.now().replace(microsecond=0) + job.config.gates.expires,
        evidence=result.evidence.digest(),
    )
    return Proposal(
        thread=request.thread,
        base=job.base,
        kind=job.kind,
        title=quiet.message(result.title or request.title) or f"Change for {request.thread.number}",
        summary=quiet.message(result.summary),
        changes=result.changes,
        provenance=provenance,
        evidence=result.evidence,
        figures=result.figures,
    )
