"""What the core needs of the outside world, as protocols and the plain values that cross them."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Literal, Protocol

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
    from contextlib import AbstractContextManager
    from datetime import datetime
    from pathlib import Path

    from bot.core.baseline import CommandResult, CommandSpec
    from bot.core.forge import Comment, CommentKind, Commit, Comparison, Editing, LineNote, Pull, TreeEntry
    from bot.core.packages import Available, Package, Unavailable
    from bot.core.refresh_pulls import OwnPull
    from bot.core.review_intents import ReviewGrounds
    from bot.core.reviews import LineComment, ReviewRequest
    from bot.locate.history import PastChange


@dataclass(frozen=True, slots=True)
class Message:
    """One chat message to the model."""

    role: Literal["system", "user", "assistant"]
    content: str


@dataclass(frozen=True, slots=True)
class Completion:
    """One whole answer of the model.

    `tokens_in`/`tokens_out` come from the endpoint's usage, or are None where it gives none, as `tokens_cached`, the
    part of `tokens_in` that the endpoint had cached; `seconds` is the wall time from sending to the last token,
    `first_token` the part before the first, reasoning included; `model` is the name the endpoint says it ran;
    `endpoint` the host that answered, after so many `attempts` (HTTP requests), those at other endpoints included;
    `detour` says why the endpoints before it did not answer, and is empty where the first one did.
    """

    text: str
    finish_reason: str
    model: str
    tokens_in: int | None
    tokens_out: int | None
    seconds: float
    first_token: float
    tokens_cached: int | None = None
    endpoint: str = ""
    attempts: int = 1
    detour: str = ""


class Model(Protocol):
    """A chat model at some endpoint; several threads may ask it at once."""

    def warm(self) -> None:
        """Start whatever is slow to start; returns at once and never raises."""

    def complete(
        self,
        messages: Sequence[Message],
        *,
        max_tokens: int,
        temperature: float,
        seconds: float,
        listen: Callable[[str], bool] | None = None,
    ) -> Completion:
        """Ask once, within `seconds` of wall time, retries included.

        `listen` is called with the text so far, without reasoning: at the first token, whose text is empty where it
        is one of reasoning, and then at most some 20 times a second. An answer that broke off is asked for again, and
        its text begins anew. Where `listen` returns False, the request is given up. It is called in the thread that
        asked, and what it raises ends the request too.

        Raises:
            AbandonedError: when `listen` returned False.
            CutAnswerError: when the answer ran into `max_tokens`, or the limit of the endpoint.
            RefusedError: when the model refused, or a content filter stopped it.
            ModelError: when no whole answer came in time for another reason (quota, wrong key or model, broken off, …).
        """

    def slots(self, tokens: int) -> int:
        """How many more requests of about so many tokens each, prompt and answer, may be sent at once now.

        By what the endpoint last said about its rate limits, less what has been asked since; 0 means none until a limit
        is reset, and a large number that the endpoint says nothing about limits.
        """

    def close(self) -> None:
        """Let go of processes and connections; can be called twice."""


class CommandRunner(Protocol):
    """Runs the repository's own commands on a copy of a tree, without secrets."""

    def run(self, tree: Path, command: CommandSpec) -> CommandResult:
        """Run one command with `tree` (a throw-away folder) as its working directory; safe from several threads."""

    def level(self) -> str:
        """How well commands are cut off on this machine, for the evidence: `no network, own files only`."""


class BaselineStore(Protocol):
    """Keeps how commands ended on trees, from one run of Draftgate to the next."""

    def get(self, tree_id: str, command: CommandSpec) -> CommandResult | None:
        """How the command ended on the tree of that id here; None when that is not known or too old to be believed."""

    def put(self, tree_id: str, command: CommandSpec, result: CommandResult) -> None:
        """Remember it; a store that cannot write forgets."""


class Clock(Protocol):
    """Time, so that tests can hold it still."""

    def now(self) -> datetime:
        """The current time, with UTC as its zone."""

    def monotonic(self) -> float:
        """Seconds from some fixed point, for measuring."""


class Worktree(Protocol):
    """The local git checkout, read at fixed commits; never its working files."""

    def head(self) -> str:
        """The commit id of HEAD.

        Raises:
            WorktreeError: in an empty repository or outside one.
        """

    def ensure(self, sha: str, ref: str) -> None:
        """Make the commit's tree readable, fetching `ref` when it is not here.

        Raises:
            WorktreeError: when it cannot be had.
        """

    def tree_of(self, sha: str) -> str:
        """The id of the commit's tree."""

    def list_files(self, sha: str) -> Mapping[str, FileEntry]:
        """All files of the commit's tree by path."""

    def read(self, sha: str, paths: Sequence[str]) -> Mapping[str, bytes]:
        """The contents of those paths in the commit's tree; paths that are not there are left out."""

    def stream(self, names: Sequence[str]) -> Iterator[bytes | None]:
        """The contents of objects by id (`FileEntry.sha`), in that order, as they come; None for what is no file here.

        Raises:
            WorktreeError: when git breaks off.
        """

    def history(self, sha: str, most: int) -> AbstractContextManager[Iterator[PastChange]]:
        """The latest changes that led to the commit, newest first, as far as they are here without fetching."""

    def export(self, sha: str, changes: Mapping[str, bytes | None], target: Path) -> None:
        """Write the commit's tree into the empty folder `target`, then lay `changes` over it (None deletes)."""


@dataclass(frozen=True, slots=True)
class FileEntry:
    """A file in a git tree: `mode` is git's octal text (`100644`, `100755`, `120000`), `size` in bytes."""

    mode: str
    sha: str
    size: int


class Diffs(Protocol):
    """Diffs between commits that are here."""

    def between(self, base: str, head: str) -> str:
        """The unified diff.

        Raises:
            WorktreeError: when it cannot be made.
        """


class ForgeReader(Protocol):
    """GitHub, read only. Every method raises `ForgeError` when GitHub gives no usable answer."""

    def permission(self, login: str) -> str:
        """The person's role in the repository (`admin`, `maintain`, `write`, `triage`, `read`, `none`)."""

    def comment(self, comment_id: int, kind: CommentKind) -> Comment | None:
        """One comment as it stands now; None when it is gone."""

    def comments(self, number: int) -> list[Comment]:
        """All comments of an issue or a pull request's conversation, oldest first."""

    def line_notes(self, number: int) -> list[LineNote]:
        """All comments of a pull request's review threads, oldest first."""

    def editing(self, nodes: Sequence[str]) -> list[Editing] | None:
        """Who edited those comments; None where the server has no GraphQL."""

    def login(self) -> str:
        """The login of the token's own account; empty for an installation token, which may not ask."""

    def file(self, path: str, ref: str) -> bytes | None:
        """A file's content at a branch or commit; None when it is not there."""

    def issue_title(self, number: int) -> str:
        """The present title of an issue or pull request."""

    def pull(self, number: int) -> Pull:
        """One pull request."""

    def find_pull(self, branch: str) -> Pull | None:
        """The pull request, of any state, whose head is that branch of this repository; the newest one."""

    def ref(self, name: str) -> str | None:
        """The object id under `refs/<name>`; None when there is no such ref."""

    def refs(self, prefix: str) -> Mapping[str, str]:
        """All refs that begin with `refs/<prefix>`, by name without `refs/`."""

    def commit(self, sha: str) -> Commit | None:
        """A commit; None when there is none of that id."""

    def tree(self, sha: str) -> Mapping[str, TreeEntry]:
        """The names in one tree, not its subtrees'."""

    def blob(self, sha: str) -> bytes:
        """A file's content."""

    def compare(self, base: str, head: str) -> Comparison | None:
        """How two commits stand to each other; None when they have no common history."""

    def environment_has_reviewers(self, name: str) -> bool:
        """Whether the deployment environment exists and asks for reviewers."""

    def review_grounds(self, number: int, default_branch: str) -> ReviewGrounds:
        """The pull request, its comments and threads, and the configuration, in one query."""

    def diff(self, number: int) -> str | None:
        """The pull request's diff; None when it is too large to be had."""

    def merge_base(self, base: str, head: str) -> str | None:
        """The commit that two branches or commits share; None when there is none."""

    def reviews(self, number: int) -> list[str]:
        """The bodies of a pull request's reviews, oldest first."""

    def default_branch(self) -> str:
        """The repository's default branch."""

    def pulls_from(self, branch: str) -> list[OwnPull]:
        """The pull requests of any state from that branch of this repository, newest first, a hundred at most."""


class ForgeWriter(Protocol):
    """GitHub, the writing half; only the publisher holds it. Every method raises `ForgeError` when it did not work."""

    def create_comment(self, number: int, body: str) -> Comment:
        """Post a comment; not to be repeated blindly."""

    def edit_comment(self, comment_id: int, body: str) -> Comment:
        """Replace a comment's body."""

    def create_reply(self, number: int, root: int, body: str) -> Comment:
        """Answer in the review thread that the comment `root` began; not to be repeated blindly."""

    def edit_reply(self, comment_id: int, body: str) -> Comment:
        """Replace the body of a comment in a review thread."""

    def create_blob(self, content: bytes) -> str:
        """Store a file's content and return its object id."""

    def create_tree(self, base_tree: str, entries: Mapping[str, tuple[str, str | None]]) -> str:
        """Lay `path -> (mode, blob id or None to delete)` over a tree and return the new tree's id."""

    def create_commit(self, message: str, tree: str, *parents: str) -> str:
        """Make a commit in the token's own name, so that GitHub signs it, and return its id."""

    def create_ref(self, name: str, sha: str) -> None:
        """Create `refs/<name>`; a ref that stands there with the same id already is fine."""

    def advance_ref(self, name: str, sha: str) -> None:
        """Move `refs/<name>` forward, never by force.

        Raises:
            ForgeError: with status 422 when that is not a fast-forward.
        """

    def delete_ref(self, name: str) -> None:
        """Remove `refs/<name>`; one that is not there is fine."""

    def create_review(self, number: int, review: ReviewRequest) -> None:
        """Post a review; not to be repeated blindly.

        Raises:
            ForgeError: with status 422 when GitHub refuses one of its comments, and with it the whole.
        """

    def takes_comments(self, number: int, commit: str, comments: Sequence[LineComment]) -> bool:
        """Whether GitHub would take these comments on lines: tried with a pending review, which nobody sees."""

    def create_pull(self, head: str, base: str, title: str, body: str) -> Pull:
        """Open a draft pull request; not to be repeated blindly."""

    def edit_pull(self, number: int, *, body: str, title: str = "", state: Literal["", "closed"] = "") -> None:
        """Replace a pull request's body, and where they are given its title and state."""


class VersionSource(Protocol):
    """Registries and repositories that know the versions of packages, asked many at once.

    What one of them cannot answer is a value and harms no other; nothing here raises for it.
    """

    def available(self, packages: Iterable[Package]) -> Mapping[Package, Available | Unavailable]:
        """The versions of each package; asked for once a run."""

    def digests(self, tags: Iterable[tuple[Package, str]]) -> Mapping[tuple[Package, str], str | Unavailable]:
        """What each image tag, or tag of a chart in a registry, stands for right now, as `sha256:…`."""

    def hashes(
        self, versions: Iterable[tuple[Package, str]]
    ) -> Mapping[tuple[Package, str], tuple[str, ...] | Unavailable]:
        """What a Terraform lock file says of each provider version: the hashes of its packages for all platforms."""
