"""The pull requests of a refresh: what stands on GitHub for a group, and what has to be done to have it right.

One branch a group, `draftgate/refresh/<group>`, which belongs to the bot as long as every commit on it is its own. The
pull request's hidden marker says which findings it settles; closing it unmerged declines them.
"""

from __future__ import annotations

import hashlib
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Literal

from bot.core.memory import parse_marker, print_marker
from bot.core.quiet import message
from bot.core.refreshed import begins_in

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from bot.core.changes import FileChange
    from bot.core.forge import Commit
    from bot.core.refreshed import GroupRefresh

BRANCHES = "draftgate/refresh/"
MOST_OPEN = 5
"""Pull requests of refreshes that are open at once: more would be a pile that nobody reads."""
_MADE_ON, _CONTENT = "Draftgate-Made-On: ", "Draftgate-Content: "
_KIND = "refresh"
_LONGEST_BODY = 65_000
"""Characters of a pull request's text with its marker; GitHub refuses more than 65,536."""


@dataclass(frozen=True, slots=True)
class OwnPull:
    """A pull request from a branch of this repository; `merged` ones are closed as well."""

    number: int
    url: str
    is_open: bool
    merged: bool
    title: str
    body: str
    head_ref: str
    head_sha: str


@dataclass(frozen=True, slots=True)
class Memo:
    """What a pull request remembers of itself: the findings it settles, and which text was written about them."""

    group: str
    findings: tuple[str, ...]
    text: str

    def marker(self) -> str:
        """The hidden first line of the pull request's body."""
        return print_marker(_KIND, {"group": self.group, "findings": list(self.findings), "text": self.text})


def parse_memo(body: str) -> Memo | None:
    """Read a pull request's marker; None where there is none, or it was made unusable."""
    value = parse_marker(body, _KIND)
    if value is None:
        return None
    group, findings, text = value.get("group"), value.get("findings"), value.get("text")
    if not isinstance(group, str) or not isinstance(text, str) or not isinstance(findings, list):
        return None
    return Memo(group, tuple(one for one in findings if isinstance(one, str)), text)


def declined(pulls: Iterable[OwnPull]) -> frozenset[str]:
    """The findings that people turned down: those of pull requests that were closed and not merged."""
    memos = (parse_memo(pull.body) for pull in pulls if not (pull.is_open or pull.merged))
    return frozenset(key for memo in memos if memo for key in memo.findings)


def commit_message(group: GroupRefresh, title: str, tree: str, parents: Sequence[str]) -> str:
    """The message of a refresh's commit; it names the tree and the parents, so that an amended copy is told from it."""
    lines = [message(f"- {step.object}: {step.old} to {step.new}") for step in group.steps[:50]]
    trailers = [
        f"Draftgate-Refresh: {group.name}",
        f"{_CONTENT}{group.digest()}",
        f"{_MADE_ON}{_origin(tree, parents)}",
    ]
    return "\n\n".join((title, "\n".join(" ".join(line.split()) for line in lines), "\n".join(trailers))) + "\n"


def is_own(commit: Commit) -> bool:
    """Whether a refresh made this commit just as it is; what a person made, amended or rebased is not."""
    return _trailer(commit, _MADE_ON) == _origin(commit.tree, commit.parents)


def _origin(tree: str, parents: Sequence[str]) -> str:
    return " ".join((tree, *parents))


def _trailer(commit: Commit, name: str) -> str:
    lines = commit.message.rstrip().rpartition("\n\n")[2].splitlines()
    return next((line.removeprefix(name) for line in lines if line.startswith(name)), "")


@dataclass(frozen=True, slots=True)
class Branch:
    """A group's branch: its head, whether somebody else has a commit on it, and how it stands to the base.

    `content` is the digest of what the bot put there last; `ahead` counts the commits that the base does not have,
    `behind` those of the base that the branch does not have.
    """

    head: str
    foreign: bool
    content: str
    ahead: int
    behind: int


def read_branch(head: Commit, ahead: int, behind: int) -> Branch:
    """A branch from its head and from how many commits it is ahead of the base and behind it.

    The head speaks for all: the bot builds on nothing but its own commits and the base, and a commit names its parents.
    """
    foreign = ahead > 0 and not is_own(head)
    return Branch(head.sha, foreign, _trailer(head, _CONTENT) if ahead else "", ahead, behind)


@dataclass(frozen=True, slots=True)
class Base:
    """The default branch's name, its present commit and that commit's tree."""

    name: str
    sha: str
    tree: str


@dataclass(frozen=True, slots=True)
class RefreshPull:
    """Bring a group's branch and pull request to this state; what is right already is left alone.

    `parents` are those of the commit to be made, empty where the branch has the content; `head` is where the branch
    stands, empty where there is none; `anew` says that it is to begin again at the base, its pull request being closed.
    `number` is the open pull request's, 0 for none; `body` is empty where it says the right thing.
    """

    group: GroupRefresh
    base: Base
    branch: str
    head: str
    parents: tuple[str, ...]
    anew: bool
    number: int
    title: str
    body: str


@dataclass(frozen=True, slots=True)
class RetirePull:
    """Nothing is left in a group: close its pull request (0 for none) with a word, and take its branch away."""

    group: str
    branch: str
    head: str
    number: int
    body: str
    word: str


State = Literal["new", "updated", "unchanged", "untouched", "unknown", "waiting", "retired", "declined", "nothing"]


@dataclass(frozen=True, slots=True)
class Standing:
    """What there is on GitHub for a group.

    `turned_down` counts the findings that are due but were declined; `unsure` are the subjects, by their keys, of which
    a source of versions gave no answer, so that what is not found now may be due all the same.
    """

    branch: Branch | None
    pulls: tuple[OwnPull, ...]
    turned_down: int = 0
    unsure: frozenset[str] = frozenset()

    @property
    def open(self) -> OwnPull | None:
        """Its open pull request."""
        return next((one for one in self.pulls if one.is_open), None)


@dataclass(frozen=True, slots=True)
class Decision:
    """What is done for a group, and in which state it then is; `effect` is None where nothing is to be done."""

    group: str
    state: State
    effect: RefreshPull | RetirePull | None = None
    pull: OwnPull | None = None
    branch: Branch | None = None


def decide(group: GroupRefresh, standing: Standing, base: Base, words: tuple[str, str], *, room: bool) -> Decision:
    """What to do for a group.

    Args:
        group: what is due and was not declined.
        standing: what is on GitHub.
        base: what it is laid on.
        words: title and text of the pull request.
        room: whether another pull request may be opened.
    """
    pull, branch = standing.open, standing.branch
    if branch is not None and branch.foreign:
        return Decision(group.name, "untouched", None, pull, branch)
    if pull is not None and any(begins_in(key, standing.unsure) for key in _settled_by(pull) - set(group.keys)):
        return Decision(group.name, "unknown", None, pull, branch)
    if not group.steps:
        return _retired(group, standing)
    if pull is None and not room:
        return Decision(group.name, "waiting", None, None, branch)
    effect = _wanted(group, standing, base, words)
    if not (effect.parents or effect.body):
        return Decision(group.name, "unchanged", None, pull, branch)
    return Decision(group.name, "updated" if pull else "new", effect, pull, branch)


def _settled_by(pull: OwnPull) -> set[str]:
    memo = parse_memo(pull.body)
    return set(memo.findings) if memo else set()


def _wanted(group: GroupRefresh, standing: Standing, base: Base, words: tuple[str, str]) -> RefreshPull:
    pull, branch = standing.open, standing.branch
    used = {one.head_sha for one in standing.pulls if not one.is_open}
    anew = branch is not None and pull is None and (branch.ahead == 0 or branch.head in used)
    right = branch is not None and not anew and branch.ahead > 0 and branch.content == group.digest()
    memo = Memo(group.name, group.keys, hashlib.sha256(words[1].encode()).hexdigest()[:16])
    said = parse_memo(pull.body) if pull else None
    return RefreshPull(
        group=group,
        base=base,
        branch=BRANCHES + group.name,
        head=branch.head if branch else "",
        parents=() if right else _parents(None if anew else branch, base),
        anew=anew,
        number=pull.number if pull else 0,
        title=words[0],
        body="" if said == memo else _whole(memo, words[1]),
    )


def _whole(memo: Memo, text: str) -> str:
    """Marker and text, the text cut at a line where both together are more than GitHub takes."""
    marker = memo.marker()
    room = _LONGEST_BODY - len(marker)
    cut = text if len(text) <= room else text[:room].rpartition("\n")[0] + "\n\n…cut here: the diff has the rest."
    return f"{marker}\n{cut}"


def _parents(branch: Branch | None, base: Base) -> tuple[str, ...]:
    """On top of what stands there, and of the base where that has moved: never a rewritten branch."""
    if branch is None:
        return (base.sha,)
    return (branch.head, base.sha) if branch.behind else (branch.head,)


def _retired(group: GroupRefresh, standing: Standing) -> Decision:
    pull, branch = standing.open, standing.branch
    if pull is None and standing.turned_down:
        return Decision(group.name, "declined", None, None, branch)
    if pull is None and branch is None:
        return Decision(group.name, "nothing")
    body = ""
    if pull is not None:
        memo = replace(parse_memo(pull.body) or Memo(group.name, (), ""), findings=())
        rest = pull.body.partition("\n")[2] if parse_memo(pull.body) else pull.body
        body = f"{memo.marker()}\n{rest}"
    word = "Nothing is left to do here: the default branch has it all by now, so this is closed."
    effect = RetirePull(
        group.name, BRANCHES + group.name, branch.head if branch else "", pull.number if pull else 0, body, word
    )
    return Decision(group.name, "retired" if pull else "nothing", effect, pull, branch)


def entries(changes: Iterable[FileChange], blobs: Iterable[str]) -> dict[str, tuple[str, str | None]]:
    """What to lay over the base's tree; a refresh only ever changes files that are there."""
    return {change.path: (change.mode, blob) for change, blob in zip(changes, blobs, strict=True)}
