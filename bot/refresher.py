"""Carries out what a refresh wants done: commits through the Git data API, bot-owned branches, draft pull requests.

Lent the writing half of the forge by the publisher. Touches branches below `draftgate/refresh/` alone, and none by
force; every step can be done again after a crash, since each run decides anew from what stands there.
"""

from __future__ import annotations

import hashlib
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from bot.core.diffs import render_diff
from bot.core.memory import print_marker
from bot.core.plans import PublishLevel
from bot.core.quiet import block
from bot.core.refresh_pulls import BRANCHES, RefreshPull, RetirePull, commit_message, entries
from bot.core.troubles import explain
from bot.errors import ForgeError
from bot.together import each

if TYPE_CHECKING:
    from bot.core.plans import Outcome
    from bot.ports import ForgeReader, ForgeWriter


@dataclass(frozen=True, slots=True)
class Ended:
    """How one effect ended: the outcome where it is another than planned, outputs, and a note for the summary."""

    outcome: Outcome | None = None
    outputs: dict[str, str] = field(default_factory=dict)
    note: str = ""


@dataclass(frozen=True, slots=True)
class Refresher:
    """Does the effects of a refresh; a refusal by GitHub keeps no other group from being done."""

    writer: ForgeWriter
    reader: ForgeReader

    def carry_out(self, effect: RefreshPull | RetirePull, level: PublishLevel) -> Ended:
        """Do one effect, if the level lets it push."""
        if level < PublishLevel.PUSH:
            return Ended("nothing-to-do", note=f"\n\nNot pushed, as this run may not: {described(effect)}")
        try:
            if isinstance(effect, RetirePull):
                self.retire(effect)
                return Ended()
            return Ended(outputs={"pull-request-number": str(self.bring(effect))})
        except ForgeError as error:
            if "not a fast forward" in str(error).lower():
                return Ended(note=f"\n\n`{effect.branch}` was pushed to meanwhile; the next run looks at it again.")
            trouble = explain(error.status, str(error))
            return Ended("failed", note=f"\n\n**Not done**: `{effect.branch}`: {trouble.why}. {trouble.remedy}")

    def bring(self, effect: RefreshPull) -> int:
        """Commit, move the branch, open or edit the pull request; returns its number."""
        _own(effect.branch)
        if effect.parents:
            self._push(effect)
        if effect.number:
            if effect.body:
                self.writer.edit_pull(effect.number, title=effect.title, body=effect.body)
            return effect.number
        try:
            return self.writer.create_pull(effect.branch, effect.base.name, effect.title, effect.body).number
        except ForgeError as error:
            found = self.reader.find_pull(effect.branch) if error.uncertain else None
            if found is None or not found.is_open:
                raise
            return found.number

    def retire(self, effect: RetirePull) -> None:
        """Say why, close the pull request, and take the branch away if it is still where it was."""
        _own(effect.branch)
        if effect.number:
            self._say(effect)
            self.writer.edit_pull(effect.number, body=effect.body, state="closed")
        if effect.head and self.reader.ref(f"heads/{effect.branch}") == effect.head:
            self.writer.delete_ref(f"heads/{effect.branch}")

    def _push(self, effect: RefreshPull) -> None:
        blobs = each([lambda text=change.after or "": self._blob(text.encode()) for change in effect.group.changes])  # type: ignore[misc]
        tree = self.writer.create_tree(effect.base.tree, entries(effect.group.changes, blobs))
        message = commit_message(effect.group, effect.title, tree, effect.parents)
        sha = self.writer.create_commit(message, tree, *effect.parents)
        name = f"heads/{effect.branch}"
        if effect.head and not effect.anew:
            self.writer.advance_ref(name, sha)
            return
        if effect.anew and self.reader.ref(name) == effect.head:
            self.writer.delete_ref(name)
        self.writer.create_ref(name, sha)

    def _blob(self, content: bytes) -> str:
        """Store a file and make sure that GitHub stored what we sent: a git object id is the hash of its content."""
        expected = hashlib.sha1(b"blob %d\0" % len(content) + content, usedforsecurity=False).hexdigest()
        if self.writer.create_blob(content) != expected:
            raise ForgeError("GitHub stored another content than it was sent")
        return expected

    def _say(self, effect: RetirePull) -> None:
        """One comment a closing; the same again after a crash is the same comment."""
        marker = print_marker("answer", {"key": f"refresh/{effect.group}/{effect.head[:12]}"})
        comments = self.reader.comments(effect.number)
        if not any(one.body.partition("\n")[0].rstrip("\r") == marker for one in comments):
            self.writer.create_comment(effect.number, f"{marker}\n{effect.word}")


def described(effect: RefreshPull | RetirePull) -> str:
    """An effect in words: for a dry run, and for one that could not be carried out."""
    if isinstance(effect, RetirePull):
        return f"take `{effect.branch}` away" + (f" and close #{effect.number}" if effect.number else "")
    verb = f"update #{effect.number} on" if effect.number else "open a draft pull request on"
    diff = block(render_diff(effect.group.changes), "diff") if effect.parents else "its text alone"
    return f"{verb} `{effect.branch}`:\n{diff}"


def _own(branch: str) -> None:
    """Refuse any branch that is not the bot's own, whatever asked for it."""
    if not branch.startswith(BRANCHES) or ".." in branch:
        raise ForgeError(f"{branch} is not a branch of a refresh", 422)
