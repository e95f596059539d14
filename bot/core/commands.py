"""The commands that people write in comments: the grammar, the table behind every help text, and near misses."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import TYPE_CHECKING, ClassVar, Literal, NamedTuple

from bot.core.comment_lines import find_command, nearest, split_lines

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

Kind = Literal["fix", "tests", "iac"]
KINDS: tuple[Kind, ...] = ("fix", "tests", "iac")
Place = Literal["issue", "pull", "review"]
"""Where a command is given: an issue, a pull request's conversation, a comment on a line of its diff."""


@dataclass(frozen=True, slots=True)
class Generate:
    """Draft a change; `kind` None lets the drafter choose."""

    word: ClassVar[str] = "generate"
    kind: Kind | None
    words: str


@dataclass(frozen=True, slots=True)
class Suggest:
    """Draft a committable suggestion for a pull request."""

    word: ClassVar[str] = "suggest"
    words: str


@dataclass(frozen=True, slots=True)
class Review:
    """Review the pull request."""

    word: ClassVar[str] = "review"


@dataclass(frozen=True, slots=True)
class Revise:
    """Draft again, replacing the proposal `sha`."""

    word: ClassVar[str] = "revise"
    sha: str
    words: str


@dataclass(frozen=True, slots=True)
class Approve:
    """Push the proposal `sha`."""

    word: ClassVar[str] = "approve"
    sha: str


@dataclass(frozen=True, slots=True)
class Reject:
    """Close the proposal `sha`; `why` may be empty."""

    word: ClassVar[str] = "reject"
    sha: str
    why: str


@dataclass(frozen=True, slots=True)
class Retry:
    """Rebuild the proposal `sha` on the moved head."""

    word: ClassVar[str] = "retry"
    sha: str


@dataclass(frozen=True, slots=True)
class Explain:
    """Say why a proposal is right; `sha` None means the open one."""

    word: ClassVar[str] = "explain"
    sha: str | None


@dataclass(frozen=True, slots=True)
class Hint:
    """Give guidance instead of code."""

    word: ClassVar[str] = "hint"
    words: str


@dataclass(frozen=True, slots=True)
class Refresh:
    """Look for outdated manifests; `group` None means all."""

    word: ClassVar[str] = "refresh"
    group: str | None


@dataclass(frozen=True, slots=True)
class Help:
    """Show the command table."""

    word: ClassVar[str] = "help"


Command = Generate | Suggest | Review | Revise | Approve | Reject | Retry | Explain | Hint | Refresh | Help


@dataclass(frozen=True, slots=True)
class CommandError:
    """A line that was meant as a command and is none.

    `line` is that line, cut to 200 characters and otherwise as the person wrote it (foreign text); `problem` says in
    our own words what is wrong, in Markdown and without a final full stop; `nearest` is the usage line of the command
    that was probably meant, or empty.
    """

    line: str
    problem: str
    nearest: str


class CommandHelp(NamedTuple):
    """One row of the command table: `meaning` is one sentence in Markdown, `where` the places it works in."""

    word: str
    usage: str
    meaning: str
    where: frozenset[Place]


_TALK: frozenset[Place] = frozenset({"issue", "pull"})
_PULL: frozenset[Place] = frozenset({"pull", "review"})
_ALL: frozenset[Place] = frozenset({"issue", "pull", "review"})

COMMANDS = (
    CommandHelp("generate", "/generate [fix|tests|iac] [words]", "Draft a change as a proposal to decide on.", _ALL),
    CommandHelp("suggest", "/suggest [words]", "Draft a suggestion to commit from the diff, else a proposal.", _PULL),
    CommandHelp("review", "/review", "Review the pull request.", frozenset({"pull"})),
    CommandHelp("revise", "/revise <sha> <words>", "Draft again with these words, replacing the proposal.", _TALK),
    CommandHelp("approve", "/approve <sha>", "Push exactly this proposal; stands alone on its line.", _TALK),
    CommandHelp("reject", "/reject <sha> [why]", "Close this proposal and remember why.", _TALK),
    CommandHelp("retry", "/retry <sha>", "Rebuild this proposal on the moved head.", _TALK),
    CommandHelp("explain", "/explain [sha]", "Say why the change is right and what to check.", _TALK),
    CommandHelp("hint", "/hint [words]", "Give guidance instead of code.", _ALL),
    CommandHelp("refresh", "/refresh [group]", "Look for outdated versions in the manifests.", _TALK),
    CommandHelp("help", "/help", "Show this table.", _ALL),
)
"""Every command there is, in the order people read them; help, README and near misses come from here."""

USAGE = {row.word: row.usage for row in COMMANDS}
"""The usage line of each command word."""


class _Given(NamedTuple):
    """A command line taken apart: the whole line, what follows the word on it, and the comment below it."""

    line: str
    rest: str
    below: str

    @property
    def words(self) -> str:
        return f"{self.rest}\n{self.below}".strip()

    @property
    def first(self) -> str:
        return self.rest.split(maxsplit=1)[0] if self.rest else ""

    def after(self, first: str) -> str:
        """The words that follow the first one."""
        return f"{self.rest[len(first) :]}\n{self.below}".strip()


_SHA = re.compile(r"[0-9a-f]{12,40}")
_GROUP = re.compile(r"[a-z0-9][a-z0-9-]{0,60}")
_LONGEST_LINE = 200


def parse_command(body: str) -> Command | CommandError | None:
    """Read the command of a comment; None when it gives none, which includes the commands of other bots.

    The command is on the first line that is not blank, quoted, fenced, indented as code or inside an HTML comment, and
    begins that line. Takes time in proportion to the text and never raises.
    """
    lines = split_lines(body)
    found = find_command(lines)
    if found is None:
        return None
    index, typed, more = found
    line = lines[index]
    if typed not in _PARSERS:
        return _wrong(nearest(typed) or "help", line, "there is no such command")
    if more:
        return _wrong(typed, line, "one command a comment, and this comment gives more")
    rest = line.lstrip(" ")[len(typed) + 1 :].strip()
    return _PARSERS[typed](_Given(line, rest, "\n".join(lines[index + 1 :])))


def _generate(given: _Given) -> Command:
    first = given.first
    for kind in KINDS:
        if first.lower() == kind:
            return Generate(kind, given.after(first))
    return Generate(None, given.words)


def _review(given: _Given) -> Command | CommandError:
    return _wrong("review", given.line, "it takes nothing after it") if given.rest else Review()


def _revise(given: _Given, sha: str, words: str) -> Command | CommandError:
    return Revise(sha, words) if words else _wrong("revise", given.line, "it needs words on what to change")


def _approve(given: _Given, sha: str, _words: str) -> Command | CommandError:
    if _SHA.fullmatch(given.rest.lower()):
        return Approve(sha)
    return _wrong("approve", given.line, "nothing else may stand on the line; words can go below it")


def _retry(given: _Given, sha: str, _words: str) -> Command | CommandError:
    if _SHA.fullmatch(given.rest.lower()):
        return Retry(sha)
    return _wrong("retry", given.line, "it takes nothing after the SHA; `/revise` takes words")


def _explain(given: _Given) -> Command | CommandError:
    if given.rest and not _SHA.fullmatch(given.rest.lower()):
        return _wrong("explain", given.line, _sha_problem(given.rest))
    return Explain(given.rest.lower() or None)


def _refresh(given: _Given) -> Command | CommandError:
    group = given.rest.lower()
    if group and not _GROUP.fullmatch(group):
        return _wrong("refresh", given.line, "it takes the name of one group, or nothing for all of them")
    return Refresh(group or None)


_PARSERS: Mapping[str, Callable[[_Given], Command | CommandError]] = {
    "generate": _generate,
    "suggest": lambda given: Suggest(given.words),
    "review": _review,
    "revise": lambda given: _on_proposal("revise", given, _revise),
    "approve": lambda given: _on_proposal("approve", given, _approve),
    "reject": lambda given: _on_proposal("reject", given, lambda _given, sha, words: Reject(sha, words)),
    "retry": lambda given: _on_proposal("retry", given, _retry),
    "explain": _explain,
    "hint": lambda given: Hint(given.words),
    "refresh": _refresh,
    "help": lambda _given: Help(),
}


def _on_proposal(
    word: str, given: _Given, build: Callable[[_Given, str, str], Command | CommandError]
) -> Command | CommandError:
    """Take the commit id that has to come first; `build` gets it in lower case, with the words after it."""
    first = given.first
    if not _SHA.fullmatch(first.lower()):
        return _wrong(word, given.line, _sha_problem(first))
    return build(given, first.lower(), given.after(first))


def _sha_problem(typed: str) -> str:
    if not typed:
        return "the SHA of the proposal is missing, 12 to 40 hex digits"
    if re.fullmatch(r"[0-9A-Fa-f]{1,100}", typed):
        return f"a SHA has 12 to 40 hex digits here, not {len(typed)}"
    return "what follows is not the SHA of a proposal, which is 12 to 40 hex digits and no other sign"


def _wrong(word: str, line: str, problem: str) -> CommandError:
    return CommandError(line.strip()[:_LONGEST_LINE], problem, USAGE[word])
