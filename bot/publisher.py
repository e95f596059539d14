"""Carries out plans: the only holder of the writing half of the forge.

Every effect can be carried out again: it looks for what an earlier, interrupted run has done already.
"""

from __future__ import annotations

import hashlib
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, TypeVar, assert_never

from bot.core import quiet, texts
from bot.core.diffs import render_diff
from bot.core.markdown import Shown, sticky
from bot.core.memory import Memory, print_marker
from bot.core.plans import Answer, Close, Keep, Plan, Propose, PublishLevel, Push, Remember, Reply
from bot.core.proposals import OPEN_REFS, closed_ref, open_ref, parse_message
from bot.core.quiet import block
from bot.core.refresh_pulls import RefreshPull, RetirePull
from bot.core.refs import short
from bot.core.reviews import Bisection, PostReview
from bot.core.troubles import explain
from bot.errors import ForgeError
from bot.refresher import Refresher, described
from bot.together import each

if TYPE_CHECKING:
    from collections.abc import Callable

    from bot.core.forge import Comment, Pull
    from bot.core.markdown import Site
    from bot.core.plans import Effect, Outcome
    from bot.core.proposals import Proposal
    from bot.core.refs import Thread
    from bot.core.reviews import ReviewRequest
    from bot.ports import Clock, ForgeReader, ForgeWriter

T = TypeVar("T")
_BRANCHES_TRIED = 20


@dataclass(frozen=True, slots=True)
class Published:
    """How a plan ended: its outcome, which a refusal by GitHub may have changed, and the Action's outputs."""

    outcome: Outcome
    outputs: dict[str, str]
    summary: str = ""


class Publisher:
    """Executes plans up to a level, one after the other."""

    def __init__(self, writer: ForgeWriter, reader: ForgeReader, site: Site, level: PublishLevel, clock: Clock) -> None:
        self._writer = writer
        self._reader = reader
        self._site = site
        self._level = level
        self._clock = clock
        self._sticky_ids: dict[int, int] = {}
        self._outputs: dict[str, str] = {}
        self._summary = self._notes = ""

    def execute(self, plan: Plan) -> Published:
        """Carry out the effects in order.

        Raises:
            ForgeError: when GitHub refuses something that has no answer on the thread.
        """
        if self._level == PublishLevel.NOTHING:
            return Published("nothing-to-do", {}, f"Dry run, nothing was written. Planned: {describe(plan)}")
        outcome = plan.outcome
        for effect in plan.effects:
            outcome = self._carry_out(effect) or outcome
        return Published(outcome, {**plan.outputs, **self._outputs}, (self._summary or plan.summary) + self._notes)

    def _carry_out(self, effect: Effect) -> Outcome | None:
        """Do one effect; returns the outcome where it turned out to be another than planned."""
        match effect:
            case Remember():
                self._remember(effect.thread, effect.text, effect.comment_id)
            case Answer():
                self._answer(effect)
            case Reply():
                self._reply(effect)
            case Propose():
                return self._propose(effect)
            case Keep():
                self._keep(effect.thread, effect.sha)
            case Push():
                return self._push(effect)
            case Close():
                self._close(effect.thread, effect.sha)
            case PostReview():
                self._post_review(effect)
            case RefreshPull() | RetirePull():
                return self._refresh(effect)
            case _:
                assert_never(effect)
        return None

    def _refresh(self, effect: RefreshPull | RetirePull) -> Outcome | None:
        ended = Refresher(self._writer, self._reader).carry_out(effect, self._level)
        self._outputs = {**ended.outputs, **self._outputs}
        self._notes += ended.note
        return ended.outcome

    def _remember(self, thread: Thread, text: str, comment_id: int | None) -> Comment:
        known = comment_id or self._sticky_ids.get(thread.number)
        marker = text.partition("\n")[0]
        comment = self._writer.edit_comment(known, text) if known else self._create(thread, text, marker)
        self._sticky_ids[thread.number] = comment.id
        self._outputs["comment-url"] = comment.url
        return comment

    def _answer(self, effect: Answer) -> None:
        marker = print_marker("answer", {"key": effect.key})
        text = f"{marker}\n{effect.text}"
        if effect.comment_id:
            comment = self._writer.edit_comment(effect.comment_id, text)
        else:
            comment = self._create(effect.thread, text, marker)
        self._outputs["comment-url"] = comment.url

    def _reply(self, effect: Reply) -> None:
        marker, number = print_marker("answer", {"key": effect.key}), effect.thread.number
        sticky_url = self._outputs.get("comment-url", "")
        link = f"\n[{effect.pointer}]({sticky_url})" if effect.pointer and sticky_url else ""
        text = f"{marker}\n{effect.text}{link}"
        if effect.comment_id:
            reply = self._writer.edit_reply(effect.comment_id, text)
        else:
            reply = _once(
                lambda: self._writer.create_reply(number, effect.root, text),
                lambda: self._marked(effect.thread, marker, effect.root),
            )
        self._outputs["comment-url"] = sticky_url if link else reply.url

    def _create(self, thread: Thread, text: str, marker: str) -> Comment:
        """Post a comment once: where the answer was lost, look for the comment before posting it again."""
        return _once(lambda: self._writer.create_comment(thread.number, text), lambda: self._marked(thread, marker))

    def _marked(self, thread: Thread, marker: str, root: int | None = None) -> Comment | None:
        """The comment that begins with this line, in the conversation or in the review thread that `root` began."""
        if root is None:
            comments = self._reader.comments(thread.number)
        else:
            comments = [note.comment for note in self._reader.line_notes(thread.number) if note.root == root]
        return next((one for one in comments if one.body.partition("\n")[0] == marker), None)

    def _post_review(self, effect: PostReview) -> None:
        """Post the review once; comments that GitHub refuses after all are found by halves and said in its body."""
        number, request = effect.thread.number, effect.request
        if self._reviewed(effect):
            return
        try:
            self._submit(effect, request)
        except ForgeError as error:
            if error.status != 422 or not request.comments:
                raise
            search = Bisection.of(request)
            while group := search.next():
                search = search.after(group, taken=self._writer.takes_comments(number, request.commit, group))
            self._submit(effect, request.without(search.refused))

    def _submit(self, effect: PostReview, request: ReviewRequest) -> None:
        def post() -> bool:
            self._writer.create_review(effect.thread.number, request)
            return True

        _once(post, lambda: self._reviewed(effect) or None)

    def _reviewed(self, effect: PostReview) -> bool:
        bodies = self._reader.reviews(effect.thread.number)
        return any(body.partition("\n")[0].rstrip("\r") == effect.key for body in bodies)

    def _propose(self, effect: Propose) -> Outcome | None:
        proposal = effect.proposal
        if self._level < PublishLevel.PROPOSE:
            self._show_draft_only(effect)
            return "nothing-to-do"
        started = self._clock.monotonic()
        sha = self._commit(proposal, effect.base_tree)
        seconds = round(self._clock.monotonic() - started, 3)
        memory = _opened(proposal, sha, effect.before, seconds)
        message = parse_message(proposal.message())
        if message is None:
            raise ForgeError("the proposal's commit message cannot be read back")
        shown = Shown(sha, message.title, message.summary, message.provenance, proposal.changes)
        text = sticky(memory, shown, self._site)
        self._remember(proposal.thread, text, effect.comment_id)
        self._summary = texts.summary("proposed", memory.figures, text.partition("\n")[2])
        self._writer.create_ref(open_ref(proposal.thread.number, sha), sha)
        if effect.before is not None and effect.before.sha:
            self._keep(proposal.thread, sha)
        self._outputs["proposal-sha"] = sha
        return None

    def _show_draft_only(self, effect: Propose) -> None:
        proposal = effect.proposal
        note = "this run may only comment (`level: comment`), so the draft is shown and not kept"
        memory = Memory("nothing", proposal.provenance.trigger, proposal.kind, note=note, evidence=proposal.evidence)
        text = texts.nothing(memory, proposal.changes, self._site, "Run it with `level: propose` to keep proposals.")
        self._remember(proposal.thread, text, effect.comment_id)

    def _commit(self, proposal: Proposal, base_tree: str) -> str:
        tree = base_tree or self._tree_of(proposal.base)
        contents = [change for change in proposal.changes if change.after is not None]
        blobs = each([lambda text=change.after or "": self._blob(text.encode()) for change in contents])  # type: ignore[misc]
        entries: dict[str, tuple[str, str | None]] = {
            change.path: (change.mode, None) for change in proposal.changes if change.after is None
        }
        entries |= {change.path: (change.mode, blob) for change, blob in zip(contents, blobs, strict=True)}
        return self._writer.create_commit(proposal.message(), self._writer.create_tree(tree, entries), proposal.base)

    def _tree_of(self, sha: str) -> str:
        commit = self._reader.commit(sha)
        if commit is None:
            raise ForgeError(f"the commit {sha} that the proposal was drafted on is not on GitHub", 404)
        return commit.tree

    def _blob(self, content: bytes) -> str:
        """Store a file and make sure that GitHub stored what we sent: a git object id is the hash of its content."""
        expected = hashlib.sha1(b"blob %d\0" % len(content) + content, usedforsecurity=False).hexdigest()
        if self._writer.create_blob(content) != expected:
            raise ForgeError("GitHub stored another content than it was sent")
        return expected

    def _keep(self, thread: Thread, sha: str) -> None:
        refs = self._reader.refs(f"{OPEN_REFS}/{thread.number}/")
        if open_ref(thread.number, sha) not in refs:
            self._writer.create_ref(open_ref(thread.number, sha), sha)
        for other in refs.values():
            if other != sha:
                self._close(thread, other)

    def _close(self, thread: Thread, sha: str) -> None:
        self._writer.create_ref(closed_ref(thread.number, sha), sha)
        self._writer.delete_ref(open_ref(thread.number, sha))

    def _push(self, effect: Push) -> Outcome | None:
        self._outputs["proposal-sha"] = effect.grant.sha
        if self._level < PublishLevel.PUSH:
            why, remedy = "this run may not push", "Run it with `level: push`."
            return self._not_pushed(effect, why, remedy, "refused")
        try:
            memory = self._push_pull(effect) if effect.thread.is_pull else self._push_issue(effect)
        except ForgeError as error:
            trouble = explain(error.status, str(error))
            return self._not_pushed(effect, trouble.why, trouble.remedy, "failed")
        self._remember(effect.thread, sticky(memory, effect.shown, self._site), effect.comment_id)
        self._close(effect.thread, effect.grant.sha)
        return None

    def _not_pushed(self, effect: Push, why: str, remedy: str, outcome: Outcome) -> Outcome:
        text = texts.refusal(f"/approve {short(effect.grant.sha)}", why, remedy)
        key = f"push/{effect.grant.sha}"
        earlier = self._marked(effect.thread, print_marker("answer", {"key": key}))
        self._answer(Answer(effect.thread, key, text, earlier.id if earlier else None))
        return outcome

    def _push_pull(self, effect: Push) -> Memory:
        if self._reader.ref(f"heads/{effect.branch}") != effect.grant.sha:
            self._writer.advance_ref(f"heads/{effect.branch}", effect.grant.sha)
        return replace(effect.memory, state="pushed", by=effect.grant.approvers, branch=effect.branch, note="")

    def _push_issue(self, effect: Push) -> Memory:
        branch = self._free_branch(effect.branch, effect.grant.sha)
        memory = replace(effect.memory, state="pushed", by=effect.grant.approvers, branch=branch, note="")
        try:
            pull = self._open_pull(effect, branch, memory)
        except ForgeError as error:
            if error.uncertain:
                raise
            trouble = explain(error.status, str(error))
            link = f"[open it by hand]({self._site.compare(effect.base, branch)})"
            return replace(memory, note=f"No pull request: {trouble.why}; {link}. {trouble.remedy}")
        self._outputs["pull-request-number"] = str(pull.number)
        return replace(memory, pull=pull.number)

    def _free_branch(self, wanted: str, sha: str) -> str:
        """Create the branch at the commit; a name that is taken by something else gets a number."""
        for number in range(1, _BRANCHES_TRIED):
            branch = wanted if number == 1 else f"{wanted}-{number}"
            there = self._reader.ref(f"heads/{branch}")
            if there is None:
                self._writer.create_ref(f"heads/{branch}", sha)
            if there in {None, sha}:
                return branch
        raise ForgeError(f"the branches {wanted} to {wanted}-{_BRANCHES_TRIED - 1} exist already", 422)

    def _open_pull(self, effect: Push, branch: str, memory: Memory) -> Pull:
        there = self._reader.find_pull(branch)
        if there is not None:
            return there
        body = texts.pull_body(effect.shown, memory, effect.grant.approvers, effect.moved)
        title = texts.pull_title(effect.shown.title)
        return _once(
            lambda: self._writer.create_pull(branch, effect.base, title, body), lambda: self._reader.find_pull(branch)
        )


def _opened(proposal: Proposal, sha: str, before: Memory | None, publishing: float) -> Memory:
    figures = replace(proposal.figures, phases=(*proposal.figures.phases, ("publishing", publishing)))
    memory = Memory(
        "open", proposal.provenance.trigger, proposal.kind, sha=sha, evidence=proposal.evidence, figures=figures
    )
    return before.succeeded_by(memory) if before else memory


def _once(act: Callable[[], T], look: Callable[[], T | None]) -> T:
    """Do something that must not happen twice: where its answer was lost, look before doing it again."""
    try:
        return act()
    except ForgeError as error:
        if not error.uncertain:
            raise
    found = look()
    return act() if found is None else found


def describe(plan: Plan) -> str:
    """A plan in words: for a dry run, and so that a draft that could not be published is not lost."""
    return "\n\n".join([f"**{plan.outcome}**", *(_described(effect) for effect in plan.effects)])


def _described(effect: Effect) -> str:
    match effect:
        case Remember() | Answer() | Reply():
            kinds = {Remember: "the thread's comment", Answer: "an answer"}
            kind = kinds.get(type(effect), "an answer in a review thread")
            return f"{kind} on #{effect.thread.number}:\n{block(effect.text, 'markdown')}"
        case Propose(proposal=proposal):
            diff = block(render_diff(proposal.changes), "diff")
            return f"a proposal on #{proposal.thread.number}, {quiet.code(proposal.title)}:\n{diff}"
        case Push(grant=grant):
            return f"push `{grant.sha}` to `{effect.branch}`"
        case PostReview(request=request):
            notes = [f"`{one.path}` line {one.last}:\n{block(one.body, 'markdown')}" for one in request.comments]
            return "\n\n".join([f"a review of #{effect.thread.number}:\n{block(request.body, 'markdown')}", *notes])
        case Keep() | Close():
            verb = "keep" if isinstance(effect, Keep) else "close"
            return f"{verb} the proposal `{effect.sha}` of #{effect.thread.number}"
        case RefreshPull() | RetirePull():
            return described(effect)
        case _:
            assert_never(effect)
