"""A repository's conversations: issues, comments, labels, reactions."""

from __future__ import annotations

from typing import TYPE_CHECKING

from bot.rehearsal.github_git_side import GitSide
from bot.rehearsal.github_problems import ApiError, invalid, not_found
from bot.rehearsal.github_state import BODY_LIMIT, REACTIONS, Comment, Issue, Label, Post, Reaction, User

if TYPE_CHECKING:
    from collections.abc import Iterable
    from pathlib import Path

    from bot.rehearsal.github_state import World

_WRITERS = {"write", "maintain", "admin"}


def check_length(resource: str, text: str, field: str = "body") -> None:
    """Hold a text to GitHub's limit.

    Raises:
        ApiError: 422, with the words GitHub has for that kind of thing.
    """
    if len(text) <= BODY_LIMIT:
        return
    if resource == "IssueComment":
        problem = f"Body is too long (maximum is {BODY_LIMIT} characters)"
        raise invalid(resource, "data", "unprocessable", problem)
    raise invalid(resource, field, "custom", f"{field} is too long (maximum is {BODY_LIMIT} characters)")


class IssueSide(GitSide):
    """The part of a repository that people talk in."""

    def __init__(self, world: World, folder: Path, full_name: str, *, private: bool, default_branch: str) -> None:
        super().__init__(world, folder, full_name, private=private, default_branch=default_branch)
        self.issues: dict[int, Issue] = {}
        self.comments: dict[int, Comment] = {}
        self.labels: dict[str, Label] = {}

    def account(self, who: str | User) -> User:
        """An account, by login or as it is."""
        return who if isinstance(who, User) else self.world.user(who)

    # ---- issues

    def open_issue(self, who: str | User, title: str, body: str = "", labels: Iterable[str] = ()) -> Issue:
        """Open an issue.

        Raises:
            ApiError: when title or body are not acceptable.
        """
        with self.lock:
            issue = self.new_issue(who, title, body, "Issue")
            self.add_labels(issue.number, labels)
            return issue

    def new_issue(self, who: str | User, title: str, body: str, resource: str) -> Issue:
        """The next issue number's record, with its texts checked; `resource` names it in refusals."""
        if not title.strip():
            raise invalid(resource, "title", "missing_field")
        if len(title) > 256:
            raise invalid(resource, "title", "custom", "title is too long (maximum is 256 characters)")
        check_length(resource, body)
        now, number = self.world.now(), len(self.issues) + 1
        post_id = self.world.next_id()
        issue = Issue(post_id, self.account(who), body, now, now, number=number, title=title)
        self.issues[number] = issue
        return issue

    def issue(self, number: int) -> Issue:
        """An issue (or the issue side of a pull request) by number.

        Raises:
            ApiError: 404.
        """
        if found := self.issues.get(number):
            return found
        raise not_found()

    def set_state(self, number: int, state: str, who: str | User, reason: str | None = None) -> None:
        """Close or reopen."""
        issue = self.issue(number)
        now = self.world.now()
        issue.state = "closed" if state == "closed" else "open"
        issue.closed = now if state == "closed" else None
        issue.closed_by = self.account(who) if state == "closed" else None
        issue.state_reason = (reason or "completed") if state == "closed" else "reopened"
        issue.updated = now

    def edit_issue(self, number: int, by: str | User, *, title: str | None = None, body: str | None = None) -> Issue:
        """Change an issue's texts; GraphQL's `editor` then names `by`."""
        with self.lock:
            issue = self.issue(number)
            issue.title = title or issue.title
            if body is not None:
                self.rewrite(issue, body, by, "Issue")
            issue.updated = self.world.now()
            return issue

    def rewrite(self, post: Post, body: str, by: str | User, resource: str) -> None:
        """Change a text and keep who did it and when."""
        check_length(resource, body)
        post.body, post.editor = body, self.account(by)
        post.edited = post.updated = self.world.now()

    # ---- comments

    def comment(self, number: int, who: str | User, body: str) -> Comment:
        """Comment on an issue or pull request.

        Raises:
            ApiError: when the body is not acceptable or the conversation is locked for that account.
        """
        with self.lock:
            issue, author = self.issue(number), self.account(who)
            if not body.strip():
                raise invalid("IssueComment", "body", "missing_field", "Body can't be blank")
            check_length("IssueComment", body)
            if issue.locked and self.role_of(author.login) not in _WRITERS:
                raise ApiError(403, "Unable to create comment because issue is locked.")
            now = self.world.now()
            comment = Comment(self.world.next_id(), author, body, now, now, number=number)
            self.comments[comment.id] = comment
            issue.updated = now
            return comment

    def comments_on(self, number: int) -> list[Comment]:
        """The comments of a conversation, oldest first."""
        return [comment for comment in self.comments.values() if comment.number == number]

    def edit_comment(self, comment_id: int, *, by: str | User, body: str) -> Comment:
        """Change a comment; GraphQL's `editor` then names `by`.

        Raises:
            ApiError: 404, or 422 for the body.
        """
        with self.lock:
            comment = self.find_comment(comment_id)
            if not body.strip():
                raise invalid("IssueComment", "body", "missing_field", "Body can't be blank")
            self.rewrite(comment, body, by, "IssueComment")
            return comment

    def delete_comment(self, comment_id: int) -> None:
        """Take a comment away.

        Raises:
            ApiError: 404.
        """
        with self.lock:
            del self.comments[self.find_comment(comment_id).id]

    def find_comment(self, comment_id: int) -> Comment:
        """A comment by id.

        Raises:
            ApiError: 404.
        """
        if found := self.comments.get(comment_id):
            return found
        raise not_found()

    # ---- labels, reactions, locks

    def label(self, name: str) -> Label:
        """A label of the repository, made where it is new, as naming one on an issue does."""
        found = self.labels.get(name.lower())
        if found is None:
            found = self.labels[name.lower()] = Label(self.world.next_id(), name)
        return found

    def add_labels(self, number: int, names: Iterable[str]) -> None:
        """Put labels on an issue."""
        with self.lock:
            issue = self.issue(number)
            for name in names:
                label = self.label(name)
                if label.name not in issue.labels:
                    issue.labels.append(label.name)
                    issue.updated = self.world.now()

    def remove_label(self, number: int, name: str) -> None:
        """Take a label off an issue.

        Raises:
            ApiError: 404 when it is not on it.
        """
        with self.lock:
            issue = self.issue(number)
            held = next((each for each in issue.labels if each.lower() == name.lower()), None)
            if held is None:
                raise ApiError(404, "Label does not exist")
            issue.labels.remove(held)
            issue.updated = self.world.now()

    def react(self, post: Post, who: str | User, content: str) -> tuple[Reaction, bool]:
        """React to something; the second value says whether that is new.

        Raises:
            ApiError: 422 for an unknown reaction.
        """
        with self.lock:
            user = self.account(who)
            if content not in REACTIONS:
                raise invalid("Reaction", "content", "invalid")
            held = (each for each in post.reactions if each.user is user and each.content == content)
            if existing := next(held, None):
                return existing, False
            reaction = Reaction(self.world.next_id(), user, content, self.world.now())
            post.reactions.append(reaction)
            return reaction, True

    def lock_conversation(self, number: int, *, locked: bool = True) -> None:
        """Let only people with write access comment."""
        self.issue(number).locked = locked
