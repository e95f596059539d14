"""The short plans that every handler needs: a refusal, an answer, silence."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from bot.core import quiet, texts
from bot.core.gates import Permission
from bot.core.plans import Answer, Plan, Reply
from bot.core.refs import short
from bot.errors import UserError
from bot.intake import objection, take_in
from bot.rules import fetch_config, gate_policy
from bot.settings.config import RepoConfig
from bot.together import together

if TYPE_CHECKING:
    from bot.core.intents import Request
    from bot.core.plans import Outcome
    from bot.handlers.deps import Deps
    from bot.intake import Intake

PERMISSION_KEY = "permission"
"""One such answer a thread: people without the permission are told once."""


@dataclass(frozen=True, slots=True)
class Looked:
    """A thread and the configuration in force; `plan` is what is done where the request goes no further."""

    intake: Intake
    config: RepoConfig
    plan: Plan | None


def look(request: Request, deps: Deps) -> Looked:
    """Ask what every command needs: who asks, what the thread remembers, which configuration is in force."""
    intake, config = together(lambda: take_in(request, deps.reader), lambda: _config(request, deps))
    if isinstance(config, RepoConfig):
        return Looked(intake, config, turn_away(request, intake, gate_policy(config).request))
    plan = turn_away(request, intake, Permission.WRITE) or _broken(request, intake, config)
    return Looked(intake, RepoConfig(), plan)


def _config(request: Request, deps: Deps) -> RepoConfig | UserError:
    try:
        return fetch_config(deps.reader, request.default_branch)
    except UserError as error:
        return error


def _broken(request: Request, intake: Intake, error: UserError) -> Plan:
    return say(request, intake, texts.refusal(first_line(request), quiet.prose(error.what), error.remedy), "failed")


def turn_away(request: Request, intake: Intake, least: Permission) -> Plan | None:
    """The plan for somebody who is not served; None when they are."""
    found = objection(request, intake, least)
    if found is None:
        return None
    if found.kind == "gone":
        return Plan("ignored")
    if found.kind == "permission":
        told = intake.answer_id(PERMISSION_KEY)
        text = texts.no_permission(least.name.lower())
        return Plan("refused", () if told else (Answer(request.thread, PERMISSION_KEY, text, None),))
    return refuse(request, intake, found.why, found.remedy)


def refuse(request: Request, intake: Intake, why: str, remedy: str) -> Plan:
    """Refuse the command with the reason and the next step."""
    return say(request, intake, texts.refusal(first_line(request), why, remedy), "refused")


def say(request: Request, intake: Intake, text: str, outcome: Outcome) -> Plan:
    """Answer the command with a short reply of its own."""
    return Plan(outcome, (answer(request, intake, text, final=outcome != "failed"),), summary=text)


def answer(request: Request, intake: Intake, text: str, *, final: bool = True) -> Answer | Reply:
    """The answer to the command, where it was given: in the conversation or in the review thread.

    One that is not `final` does not stand for an answer when the same event comes again, and is replaced then.
    """
    done, failed = request.trigger, f"{request.trigger}?"
    key, known = done if final else failed, intake.answer_id(done) or intake.answer_id(failed)
    if request.root is not None:
        return Reply(request.thread, request.root, key, text, known)
    return Answer(request.thread, key, text, known)


def first_line(request: Request) -> str:
    """The command as it was typed, for the reply; a label has no line of its own."""
    if request.comment is None:
        return "The label"
    lines = (line.strip() for line in request.comment.body.splitlines())
    return next((line for line in lines if line.startswith("/")), "")[:80]


def not_this_one(request: Request, intake: Intake, sha: str) -> Plan | None:
    """The refusal of a command whose id is not the thread's open proposal's; None when it is."""
    memory = intake.memory
    if memory is None or not memory.sha:
        return refuse(request, intake, "there is no proposal on this thread", "`/generate` drafts one.")
    if not memory.sha.startswith(sha):
        return refuse(request, intake, "it is not the open proposal", f"The latest one is `{short(memory.sha)}`.")
    if memory.state != "open":
        return refuse(request, intake, f"it is {memory.state}", "`/generate` drafts a new one.")
    return None
