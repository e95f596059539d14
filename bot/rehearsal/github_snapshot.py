"""A repository's whole state as plain data that is the same after two runs that did the same.

Ids, times, addresses of the server and commit ids differ between runs: they are left out, or replaced in texts by what
they stand for.
"""

from __future__ import annotations

import hashlib
import re
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from bot.rehearsal.github_history import Commit
    from bot.rehearsal.github_repository import Repository
    from bot.rehearsal.github_state import Issue, Post, Pull, Review

_HEX = re.compile(r"(?<![0-9A-Za-z])[0-9a-f]{7,40}(?![0-9A-Za-z])")
_NUMBER = re.compile(r"(?<!\d)\d{10}(?!\d)")


def snapshot_of(repository: Repository) -> dict[str, Any]:
    """What there is in a repository: refs with what they point at, issues and pull requests with all that hangs on."""
    with repository.lock:
        return _Snapshot(repository).take()


class _Snapshot:
    def __init__(self, repository: Repository) -> None:
        self._repository = repository
        self._names: dict[str, str] = {sha: sha for sha in repository.imported}
        self._ids: dict[str, str] = {}
        for issue in repository.issues.values():
            for at, comment in enumerate(repository.comments_on(issue.number), 1):
                self._ids[str(comment.id)] = f"<comment {issue.number}.{at}>"
        for at, note in enumerate(repository.review_comments.values(), 1):
            self._ids[str(note.id)] = f"<line comment {at}>"

    def take(self) -> dict[str, Any]:
        repository = self._repository
        shown = {name: sha for name, sha in repository.refs().items() if not name.startswith("refs/pull/")}
        return {
            "default_branch": repository.default_branch,
            "refs": {self._text(name): self._target(sha) for name, sha in shown.items()},
            "labels": sorted(label.name for label in repository.labels.values()),
            "issues": [self._issue(issue) for issue in repository.issues.values()],
            "dispatches": [dict(each) for each in repository.dispatches],
        }

    def _target(self, sha: str) -> dict[str, Any]:
        commit = self._repository.commit_at(sha)
        if commit is None:  # a tag or a blob
            return {"object": sha}
        people = {"author": commit.author.name, "committer": commit.committer.name}
        signed = sha in self._repository.signed
        return {
            "commit": self._name(sha), "tree": commit.tree, "message": self._text(commit.message), **people,
            "verified": signed, "parents": [self._name(parent) for parent in commit.parents],
        }  # fmt: skip

    def _name(self, sha: str) -> str:
        """A commit's name that does not depend on when it was made: from its tree, its message and its parents."""
        ahead = [sha]
        while ahead:
            commit = None if self._is_imported(ahead[-1]) else self._repository.commit_at(ahead[-1])
            unnamed = [parent for parent in (commit.parents if commit else ()) if parent not in self._names]
            if unnamed:
                ahead += unnamed
                continue
            at = ahead.pop()
            if at not in self._names:
                self._names[at] = at if commit is None else self._digest(commit)
        return self._names[sha]

    def _is_imported(self, sha: str) -> bool:
        return any(self._repository.history.is_ancestor(sha, start) for start in self._repository.imported)

    def _digest(self, commit: Commit) -> str:
        parents = [self._names[parent] for parent in commit.parents]
        what = repr((commit.tree, self._text(commit.message), parents))
        return hashlib.sha256(what.encode("utf-8", "surrogatepass")).hexdigest()[:16]

    def _text(self, text: str) -> str:
        text = text.replace(self._repository.world.server_url, "https://github.test")
        text = _NUMBER.sub(lambda found: self._ids.get(found[0], found[0]), text)
        return _HEX.sub(lambda found: self._known(found[0]), text)

    def _known(self, word: str) -> str:
        sha = word if len(word) == 40 else self._repository.store.expand(word)
        known = sha is not None and self._repository.commit_at(sha) is not None
        return f"<commit {self._name(sha)}>" if sha and known else word

    def _issue(self, issue: Issue) -> dict[str, Any]:
        number, repository = issue.number, self._repository
        shown = {
            **self._post(issue), "number": number, "title": self._text(issue.title), "state": issue.state,
            "state_reason": issue.state_reason, "locked": issue.locked, "labels": sorted(issue.labels),
            "comments": [self._post(comment) for comment in repository.comments_on(number)],
        }  # fmt: skip
        if issue.pull is None:
            return shown
        reviews = [self._review(each) for each in repository.reviews.values() if each.number == number]
        return {**shown, "pull": self._pull(issue.pull), "reviews": reviews}

    def _pull(self, pull: Pull) -> dict[str, Any]:
        return {
            "head": self._text(pull.head_label), "head_commit": self._name(pull.head_sha), "base": pull.base_ref,
            "draft": pull.draft, "merged": pull.merged is not None,
            "reviewers": [user.login for user in pull.reviewers],
        }  # fmt: skip

    def _review(self, review: Review) -> dict[str, Any]:
        inline = [each for each in self._repository.review_comments.values() if each.review == review.id]
        lines = [{**self._post(each), "path": each.path, "line": each.line, "side": each.side} for each in inline]
        return {**self._post(review), "state": review.state, "commit": self._name(review.commit), "lines": lines}

    def _post(self, post: Post) -> dict[str, Any]:
        reactions = sorted(f"{reaction.user.login} {reaction.content}" for reaction in post.reactions)
        editor = post.editor and post.editor.login
        return {"author": post.author.login, "editor": editor, "body": self._text(post.body), "reactions": reactions}
