"""`/hint` and `/explain`: words instead of a change, as one answer beside the thread's state."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from bot.core import texts
from bot.core.advice import Advice, explanation, hint
from bot.core.bundle import Made
from bot.core.diffs import render_diff
from bot.core.intents import ExplainProposal, GiveHint
from bot.core.plans import Plan
from bot.core.prompts import Task, mark_for
from bot.core.results import Failed
from bot.core.thread_prompts import thread_task
from bot.errors import ModelError, UserError, WorktreeError
from bot.handlers.answers import first_line, look, refuse, say
from bot.handlers.grounds import find_ground
from bot.kept import read_kept
from bot.pipeline.advise import advise
from bot.pipeline.values import Order
from bot.rules import limits

if TYPE_CHECKING:
    from collections.abc import Iterator

    from bot.core.bundle import Bundle
    from bot.core.memory import Memory
    from bot.handlers.deps import Deps
    from bot.intake import Intake
    from bot.kept import Kept
    from bot.settings.config import RepoConfig

_LOST = Failed("the draft job ended without an answer", "Its log says why; give the command again.")


@dataclass(frozen=True, slots=True)
class _Question:
    """A question that may be asked; `kept` is the proposal that it is about, None for a hint."""

    intent: GiveHint | ExplainProposal
    intake: Intake
    config: RepoConfig
    kept: Kept | None


def handle(intent: GiveHint | ExplainProposal, deps: Deps) -> Iterator[Plan]:
    """Ask and answer in one process."""
    with deps.watch.phase("set-up"):
        question = _open(intent, deps)
    yield question if isinstance(question, Plan) else _settle(question, _ask(question, deps).result, deps)


def draft_only(intent: GiveHint | ExplainProposal, deps: Deps) -> Made | Plan:
    """The draft job's half."""
    with deps.watch.phase("set-up"):
        question = _open(intent, deps)
    return question if isinstance(question, Plan) else _ask(question, deps)


def publish(intent: GiveHint | ExplainProposal, bundle: Bundle | UserError | None, deps: Deps) -> Iterator[Plan]:
    """The publish job's half: ask everything again, then show the words, which are foreign text."""
    question = _open(intent, deps)
    if isinstance(question, Plan):
        yield question
    elif bundle is None:
        yield _settle(question, _LOST, deps)
    elif isinstance(bundle, UserError):
        yield _settle(question, Failed(bundle.what, bundle.remedy), deps)
    elif bundle.trigger != intent.request.trigger or not isinstance(bundle.result, Advice | Failed):
        again = "Give the command again."
        yield _settle(question, Failed("the draft job's bundle belongs to another request", again), deps)
    else:
        yield _settle(question, bundle.result, deps)


def _open(intent: GiveHint | ExplainProposal, deps: Deps) -> _Question | Plan:
    request = intent.request
    looked = look(request, deps)
    if looked.plan is not None:
        return looked.plan
    intake = looked.intake
    if intake.answer_id(request.trigger) is not None:
        return Plan("nothing-to-do")
    if isinstance(intent, GiveHint):
        return _Question(intent, intake, looked.config, None)
    memory = intake.memory
    kept = read_kept(deps.reader, memory.sha) if memory is not None and _is_meant(memory, intent) else None
    if kept is None or kept.message is None:
        remedy = "`/hint` says where to look, `/generate` drafts a change."
        return refuse(request, intake, "there is no such proposal on this thread", remedy)
    return _Question(intent, intake, looked.config, kept)


def _is_meant(memory: Memory, intent: ExplainProposal) -> bool:
    return bool(memory.sha) and memory.sha.startswith(intent.sha or memory.sha)


def _ask(question: _Question, deps: Deps) -> Made:
    request, kept = question.intent.request, question.kept
    kind = "explain" if kept else "hint"
    if deps.tools is None or deps.worktree is None:
        return Made(request.trigger, "", kind, Failed("this job has no model to ask", "Use `entry: run` or `draft`."))
    ground = find_ground(request, deps.reader)
    base = kept.base if kept else ground.base
    if ground.trouble and not kept:
        return Made(request.trigger, base, kind, Failed(*ground.trouble))
    try:
        deps.worktree.ensure(base, ground.base_ref)
        order = Order(_task(question, kind, deps), base, mark_for(request.trigger, base), limits(question.config))
        advice = advise(order, deps.tools(question.config), deps.watch)
    except UserError as error:
        return Made(request.trigger, base, kind, Failed(error.what, error.remedy))
    except (ModelError, WorktreeError) as error:
        return Made(request.trigger, base, kind, Failed(str(error), "Mend that, then give the command again."))
    return Made(request.trigger, base, kind, advice)


def _task(question: _Question, kind: str, deps: Deps) -> Task:
    intent = question.intent
    request = intent.request
    words = intent.words if isinstance(intent, GiveHint) else ""
    title, text, said = (deps.redact(one) for one in (request.title, request.text, words))
    author = "requester" if request.author.id == request.requester.id else "stranger"
    thread = [note for note in question.intake.notes if note.root == request.root]
    if thread:
        text = deps.redact(thread_task(thread, (), request.requester, request.comment_id))
        author = "stranger"
    return Task(kind, title, text, said, author, _change(question))  # type: ignore[arg-type]


def _change(question: _Question) -> str:
    if question.kept is None or question.intake.memory is None:
        return ""
    proofs = [f"- {proof.name}: {proof.outcome}" for proof in question.intake.memory.evidence.proofs]
    return "\n".join([render_diff(question.kept.changes), "Evidence:", *proofs])


def _settle(question: _Question, result: object, deps: Deps) -> Plan:
    request, intake = question.intent.request, question.intake
    if isinstance(result, Failed):
        return say(request, intake, texts.refusal(first_line(request), result.why, result.remedy), "failed")
    if not isinstance(result, Advice):
        raise TypeError(result)
    advice = Advice(deps.redact(result.text), result.places, result.figures, deps.redact(result.why))
    if question.kept is None:
        return say(request, intake, hint(advice), "failed" if advice.why else "answered")
    if advice.why:
        return say(request, intake, texts.refusal(first_line(request), advice.why, "Give the command again."), "failed")
    return say(request, intake, explanation(advice, question.kept.commit.sha, question.kept.changes), "answered")
