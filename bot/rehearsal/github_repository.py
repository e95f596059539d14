"""A repository with its pull requests: how they open, follow their branches, merge and close."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

from bot.rehearsal import github_diffs as diffs
from bot.rehearsal.github_history import Person
from bot.rehearsal.github_issue_side import IssueSide, check_length
from bot.rehearsal.github_problems import ApiError, invalid
from bot.rehearsal.github_reviews import LineDraft, ReviewDraft, add_line_comment, add_review, bare_review
from bot.rehearsal.github_state import Pull, ReviewComment

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path

    from bot.rehearsal.github_diffs import FileDiff
    from bot.rehearsal.github_state import Issue, Review, User, World


class Repository(IssueSide):
    """One repository of the stage; `family` is its fork network, itself included, the root first."""

    def __init__(self, world: World, folder: Path, full_name: str, *, private: bool, default_branch: str) -> None:
        super().__init__(world, folder, full_name, private=private, default_branch=default_branch)
        self.parent: Repository | None = None
        self.family: list[Repository] = [self]
        self.reviews: dict[int, Review] = {}
        self.review_comments: dict[int, ReviewComment] = {}
        self.unknown_mergeable_answers = 0  # of each new head, as GitHub computes mergeability in the background
        self._merges: dict[tuple[str, str], str | None] = {}

    # ---- opening

    def open_pull(
        self, who: str | User, title: str, body: str = "", *, head: str, base: str | None = None, draft: bool = False
    ) -> Issue:
        """Open a pull request from `branch`, or from a fork's `owner:branch`; the answer's `pull` is its git side.

        Raises:
            ApiError: 422 as GitHub has it: no such branch, nothing to merge, or one is open already.
        """
        with self.lock:
            source, branch = self._locate_head(head)
            base = base or self.default_branch
            head_sha, base_sha = source.ref(f"heads/{branch}"), self.ref(f"heads/{base}")
            if head_sha is None:
                raise invalid("PullRequest", "head", "invalid")
            if base_sha is None:
                raise invalid("PullRequest", "base", "invalid")
            label = f"{source.owner.login}:{branch}"
            if any(self._same_branches(issue, label, base) for issue in self.issues.values()):
                raise invalid("PullRequest", None, "custom", f"A pull request already exists for {label}.")
            if self.history.is_ancestor(head_sha, base_sha):
                raise invalid("PullRequest", None, "custom", f"No commits between {base} and {branch}")
            issue = self.new_issue(who, title, body, "PullRequest")
            issue.pull = Pull(self.world.next_id(), source, label, branch, head_sha, base, base_sha, draft)
            issue.pull.unknown_answers = self.unknown_mergeable_answers
            self.ref_store.set(f"refs/pull/{issue.number}/head", head_sha)
            return issue

    def _locate_head(self, head: str) -> tuple[Repository, str]:
        owner, colon, branch = head.partition(":")
        if not colon:
            return self, head
        for each in self.family:
            if each.owner.login.lower() == owner.lower():
                return each, branch
        raise invalid("PullRequest", "head", "invalid")

    def pulls(self) -> list[Issue]:
        """All pull requests, oldest first."""
        return [issue for issue in self.issues.values() if issue.pull]

    def pull(self, number: int) -> tuple[Issue, Pull]:
        """A pull request's two sides.

        Raises:
            ApiError: 404, also for a plain issue.
        """
        issue = self.issue(number)
        if issue.pull is None:
            raise ApiError(404, "Not Found")
        return issue, issue.pull

    @staticmethod
    def _same_branches(issue: Issue, label: str, base: str) -> bool:
        pull = issue.pull
        return pull is not None and issue.state == "open" and pull.head_label == label and pull.base_ref == base

    # ---- following the branches

    def ref_moved(self, name: str, sha: str | None) -> None:
        """Let the pull requests of the whole fork network follow a branch."""
        if not name.startswith("refs/heads/"):
            return
        branch = name.removeprefix("refs/heads/")
        for repository in self.family:
            for issue in repository.pulls():
                if issue.state == "open":
                    repository._follow(issue, self, branch, sha)  # noqa: SLF001 - a relative of the same class

    def _follow(self, issue: Issue, moved: Repository, branch: str, sha: str | None) -> None:
        _, pull = self.pull(issue.number)
        if pull.head_repository is moved and pull.head_ref == branch:
            if sha is None:
                self.set_state(issue.number, "closed", self.owner)
                return
            pull.head_sha, pull.base_sha = sha, self.ref(f"heads/{pull.base_ref}") or pull.base_sha
            pull.unknown_answers = self.unknown_mergeable_answers
            issue.updated = self.world.now()
            self.ref_store.set(f"refs/pull/{issue.number}/head", sha)
        elif moved is self and pull.base_ref == branch and sha and self.history.is_ancestor(pull.head_sha, sha):
            self._mark_merged(issue, pull, self.owner, sha)

    # ---- the change

    def base_of(self, pull: Pull, head: str | None = None) -> str:
        """The commit that the pull request's diff starts at: the merge base with the base branch."""
        tip = self.ref(f"heads/{pull.base_ref}") or pull.base_sha
        if pull.merged:
            tip = pull.base_sha
        return self.history.merge_base(tip, head or pull.head_sha) or tip

    def files(self, number: int, head: str | None = None) -> list[FileDiff]:
        """The files that a pull request changes, up to its head or the named commit of it."""
        _, pull = self.pull(number)
        return diffs.compare_trees(self.store, self.base_of(pull, head), head or pull.head_sha)

    def pull_commits(self, number: int) -> list[str]:
        """The commits of a pull request, oldest first."""
        _, pull = self.pull(number)
        return self.history.between(self.base_of(pull), pull.head_sha)

    def current_line(self, comment: ReviewComment, line: int | None) -> int | None:
        """Where a commented line is in the head now, or None when the comment is outdated."""
        _, pull = self.pull(comment.number)
        if line is None or comment.commit == pull.head_sha or comment.side == "LEFT":
            return line
        changed = diffs.compare_trees(self.store, comment.commit, pull.head_sha)
        file = next((each for each in changed if comment.path in {each.path, each.previous}), None)
        if file is None:
            return line
        return None if file.status == "removed" else diffs.follow_line(file.patch, line)

    # ---- merging

    def test_merge(self, issue: Issue) -> str | None:
        """The commit that merging would make, kept at `refs/pull/N/merge`; None where it conflicts."""
        _, pull = self.pull(issue.number)
        base = self.ref(f"heads/{pull.base_ref}") or pull.base_sha
        if (base, pull.head_sha) not in self._merges:
            tree = self.history.merge(base, pull.head_sha)
            commit = None if tree is None else self._merge_commit(tree, base, pull.head_sha)
            self._merges[base, pull.head_sha] = commit
        merged = self._merges[base, pull.head_sha]
        name = f"refs/pull/{issue.number}/merge"
        if merged is not None and self.ref_store.get(name) != merged:
            self.ref_store.set(name, merged)
        return merged

    def _merge_commit(self, tree: str, base: str, head: str) -> str:
        """Dated by its parents, so that asking twice makes one commit."""
        when = max(self.history.commit(parent).committer.when for parent in (base, head))
        web = Person("GitHub", "noreply@github.com", when)
        return self.history.write_commit(tree, [base, head], (web, web), f"Merge {head} into {base}")

    def merge_pull(self, number: int, who: str | User, method: str = "merge", message: str | None = None) -> str:
        """Merge a pull request into its base by `merge`, `squash` or `rebase` (which here equals squash).

        Raises:
            ApiError: 405 when it cannot be merged.
        """
        with self.lock:
            issue, pull = self.pull(number)
            test = self.test_merge(issue) if issue.state == "open" and not pull.draft else None
            if test is None:
                raise ApiError(405, "Pull Request is not mergeable")
            merged = self.history.commit(test)
            text = (
                message or f"Merge pull request #{number} from {pull.head_label.replace(':', '/', 1)}\n\n{issue.title}"
            )
            parents = list(merged.parents[:1] if method != "merge" else merged.parents)
            person = self.person(self.account(who))
            sha = self.history.write_commit(merged.tree, parents, (person, person), text)
            pull.base_sha = parents[0]
            self._mark_merged(issue, pull, self.account(who), sha)
            self.move_ref(f"refs/heads/{pull.base_ref}", sha)
            return sha

    def _mark_merged(self, issue: Issue, pull: Pull, who: User, sha: str) -> None:
        self.set_state(issue.number, "closed", who)
        issue.state_reason = None
        pull.merged, pull.merged_by, pull.merge_sha = issue.closed, who, sha

    def refresh_merge_refs(self) -> None:
        """Bring `refs/pull/N/merge` of open pull requests up to date, as whoever fetches expects."""
        with self.lock:
            for issue in self.pulls():
                if issue.state == "open":
                    self.test_merge(issue)

    # ---- threads

    def thread(self, root: ReviewComment) -> list[ReviewComment]:
        """A review thread: its first comment and the replies."""
        return [each for each in self.review_comments.values() if root.id in {each.id, each.reply_to}]

    def resolve_thread(self, comment_id: int, *, resolved: bool = True) -> None:
        """Let somebody resolve the review thread that this comment began, or open it again."""
        with self.lock:
            self.review_comments[comment_id].resolved = resolved

    def reply(self, comment_id: int, who: str | User, body: str) -> ReviewComment:
        """Answer in a review thread.

        Raises:
            ApiError: 404 when there is no such comment.
        """
        with self.lock:
            root = self.review_comments.get(comment_id)
            if root is None:
                raise ApiError(404, "Not Found")
            root = self.review_comments[root.reply_to or root.id]
            check_length("PullRequestReviewComment", body)
            user, now = self.account(who), self.world.now()
            review = bare_review(self, root.number, user, root.commit)
            fresh = replace(
                root, id=self.world.next_id(), review=review.id, author=user, body=body, created=now, updated=now,
                reply_to=root.id, reactions=[], editor=None, edited=None,
            )  # fmt: skip
            self.review_comments[fresh.id] = fresh
            return fresh

    def review(
        self, number: int, who: str | User, body: str = "", event: str = "COMMENT", comments: Sequence[LineDraft] = ()
    ) -> Review:
        """Review a pull request's head as a person.

        Raises:
            ApiError: 422 where GitHub refuses.
        """
        with self.lock:
            draft = ReviewDraft(event, body, self.pull(number)[1].head_sha, comments)
            return add_review(self, number, self.account(who), draft)

    def comment_on_lines(self, number: int, who: str | User, draft: LineDraft) -> ReviewComment:
        """Comment on lines of a pull request's head as a person.

        Raises:
            ApiError: 422 where the lines are not in the diff.
        """
        with self.lock:
            return add_line_comment(self, number, self.account(who), draft, self.pull(number)[1].head_sha)
