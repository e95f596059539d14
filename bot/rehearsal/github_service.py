"""The fake GitHub itself: accounts, tokens and repositories, and the server that gives them out over HTTP."""

from __future__ import annotations

import json
import shutil
import threading
import time
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any, Literal, Self, TypeAlias

from bot.rehearsal import (
    github_content_routes,
    github_git_routes,
    github_issue_routes,
    github_pull_routes,
    github_reaction_routes,
    github_repository_routes,
    github_review_routes,
)
from bot.rehearsal.github_access import check, count_content, count_request, identify, limit_headers
from bot.rehearsal.github_git_side import lay_out
from bot.rehearsal.github_graphql import answer_graphql
from bot.rehearsal.github_problems import ApiError, not_found
from bot.rehearsal.github_repository import Repository
from bot.rehearsal.github_routing import Call, Router, json_response
from bot.rehearsal.github_smart_http import PATH, install_hook, serve_git
from bot.rehearsal.github_snapshot import snapshot_of
from bot.rehearsal.github_state import Token, User, World
from bot.rehearsal.http_server import HttpServer, Response

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping
    from pathlib import Path
    from types import TracebackType

    from bot.rehearsal.github_access import ContentLimits
    from bot.rehearsal.github_faults import Fault
    from bot.rehearsal.http_server import Request

API = "/api/v3"
GRAPHQL = "/api/graphql"
Moment: TypeAlias = Literal["before", "after"]
ROUTES = (
    *github_repository_routes.ROUTES,
    *github_content_routes.ROUTES,
    *github_git_routes.ROUTES,
    *github_issue_routes.ROUTES,
    *github_reaction_routes.ROUTES,
    *github_pull_routes.ROUTES,
    *github_review_routes.ROUTES,
)


@dataclass(frozen=True, slots=True)
class Exchange:
    """One API request and how it ended.

    `number` counts from 1, `path` is as requested but without the API's prefix, `body` is the request's JSON (None for
    none), `login` is empty for strangers, `status` is 0 where the connection was dropped.
    """

    number: int
    method: str
    path: str
    query: Mapping[str, str]
    body: Any
    login: str
    status: int


class GitHubServer:
    """A running fake GitHub; a context manager that stops it, after which it can be served again.

    Attributes:
        server_url: For `GITHUB_SERVER_URL`; clones are at `<server_url>/OWNER/NAME.git`.
        api_url: For `GITHUB_API_URL`.
        graphql_url: For `GITHUB_GRAPHQL_URL`.
    """

    def __init__(self, github: FakeGitHub, port: int) -> None:
        self._github = github
        self._http = HttpServer(github.handle, port)
        self.server_url = github.world.server_url = self._http.url
        self.api_url = self.server_url + API
        self.graphql_url = self.server_url + GRAPHQL

    def close(self) -> None:
        """Stop serving and end the repositories' helper processes."""
        self._http.close()
        self._github.close()

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()


class FakeGitHub:
    """GitHub as far as Draftgate meets it, over real bare repositories in `folder`.

    `latency` (seconds) is added to every API request. Everything can be used with or without a server around it.

    Attributes:
        faults: What goes wrong with API requests; the first that strikes has the word.
        git_faults: The same for git's own requests, none of which has a number.
        observers: Called with each API request and its true answer, as it was before any fault; in the server's
            threads, so they collect and do not raise.
        on_request: Called with the number of the API request, the request, and whether it is before or after acting. It
            may raise `HangUp`: before, nothing is done then, as if the request had never arrived whole; after, the
            client never hears of it.
        requests: The API requests that ended, in the order in which they did.
        graphql_enabled: Off, GraphQL is 404, as on servers without it.
        content_limits: GitHub's secondary limit on new content; None is no limit.
    """

    def __init__(self, folder: Path, clock: Callable[[], datetime] | None = None, latency: float = 0.0) -> None:
        self.folder = folder
        self.latency = latency
        self.world = World(clock or (lambda: datetime.now(UTC)))
        self.repositories: dict[str, Repository] = {}
        self.tokens: dict[str, Token] = {}
        self.faults: list[Fault] = []
        self.git_faults: list[Fault] = []
        self.observers: list[Callable[[Request, Response], None]] = []
        self.on_request: Callable[[int, Request, Moment], None] | None = None
        self.requests: list[Exchange] = []
        self.graphql_enabled = True
        self.content_limits: ContentLimits | None = None
        self._router = Router(ROUTES)
        self._guard = threading.Lock()
        self._count = 0

    # ---- setting the stage

    def add_user(self, login: str, kind: str = "User") -> User:
        """Add an account: a User, a Bot (its login ends in `[bot]`) or an Organization."""
        user = self.world.user(login)
        user.kind = kind
        return user

    def add_token(self, secret: str, *, login: str, permissions: Mapping[str, str] | None = None) -> Token:
        """Add a credential: an app installation's with those permissions (`contents` → `write`), else a person's."""
        token = self.tokens[secret] = Token(secret, self.world.user(login), permissions)
        return token

    def add_repository(
        self,
        full_name: str,
        files: Mapping[str, str | bytes] | None = None,
        *,
        default_branch: str = "main",
        private: bool = False,
        import_git: Path | None = None,
        commit: str | None = None,
    ) -> Repository:
        """Add a repository whose default branch has one commit with `files`, or starts at a commit of a real one.

        `import_git` is a git directory or a checkout; its objects are borrowed and it is never written to. Without
        either the repository is empty.

        Raises:
            ValueError: when there is a repository of that name, or only one of `import_git` and `commit`.
            LookupError: when `commit` is not in `import_git`.
        """
        if (import_git is None) != (commit is None):
            raise ValueError("import_git and commit go together")
        repository = self._lay_out(
            full_name, default_branch, private=private, borrow=import_git and _git_dir(import_git)
        )
        if commit is not None:
            repository.imported.add(repository.branch(default_branch, commit))
        elif files:
            repository.commit(default_branch, files, "Initial commit")
        return repository

    def fork(self, parent: Repository, full_name: str) -> Repository:
        """Add a fork of a repository with the default branch as it is now; forks share their objects."""
        fork = self._lay_out(
            full_name, parent.default_branch, private=parent.private, objects=parent.folder / "objects"
        )
        fork.parent, fork.family, fork.lock = parent, parent.family, parent.lock
        fork.family.append(fork)
        fork.branch(parent.default_branch, parent.head())
        return fork

    def delete_repository(self, full_name: str) -> None:
        """Delete a repository; pull requests from it stay, with nobody's head."""
        gone = self.repositories.pop(full_name.lower())
        gone.close()
        gone.family.remove(gone)
        for relative in gone.family:
            for issue in relative.pulls():
                if issue.pull and issue.pull.head_repository is gone:
                    issue.pull.head_repository = None
        shutil.rmtree(gone.folder)

    def repository(self, full_name: str) -> Repository:
        """A repository by name.

        Raises:
            KeyError: when there is none.
        """
        return self.repositories[full_name.lower()]

    def _lay_out(
        self,
        full_name: str,
        default_branch: str,
        *,
        private: bool,
        objects: Path | None = None,
        borrow: Path | None = None,
    ) -> Repository:
        if full_name.lower() in self.repositories:
            raise ValueError(f"{full_name} exists")
        folder = self.folder / f"{full_name}.git"
        lay_out(folder, default_branch, objects=objects, borrow=borrow)
        install_hook(folder)
        repository = Repository(self.world, folder, full_name, private=private, default_branch=default_branch)
        self.repositories[full_name.lower()] = repository
        return repository

    def snapshot(self) -> dict[str, Any]:
        """The whole state as plain data without ids, times and commit ids, to compare how two runs ended."""
        return {name: snapshot_of(each) for name, each in sorted(self.repositories.items())}

    def close(self) -> None:
        """End the repositories' helper processes, which start again when they are needed."""
        for repository in self.repositories.values():
            repository.close()

    # ---- serving

    def serve(self, port: int = 0) -> GitHubServer:
        """Serve on 127.0.0.1 from now on; port 0 takes a free one."""
        return GitHubServer(self, port)

    def handle(self, request: Request) -> Response:
        """Answer any request, that of a git client too."""
        if request.path.startswith("/api/"):
            return self._handle_api(request)
        if found := PATH.fullmatch(request.path):
            return _with_faults(self.git_faults, 0, request, lambda: self._git(found["name"], request))
        return Response(404, {"Content-Type": "text/plain; charset=utf-8"}, b"Not Found\n")

    def _git(self, name: str, request: Request) -> Response:
        try:
            token = identify(self.tokens, request.headers)
        except ApiError as problem:
            return Response(problem.status, {"WWW-Authenticate": 'Basic realm="GitHub"'}, problem.message.encode())
        return serve_git(self.folder, self.repositories.get(name.lower()), token, request)

    def _handle_api(self, request: Request) -> Response:
        with self._guard:
            self._count += 1
            number = self._count
        time.sleep(self.latency)
        status = 0
        try:
            self._tell(number, request, "before")
            response = _with_faults(self.faults, number, request, lambda: self._act(request))
            self._tell(number, request, "after")
            status = response.status
        finally:
            self._record(number, request, status)
        return response

    def _tell(self, number: int, request: Request, moment: Moment) -> None:
        if self.on_request is not None:
            self.on_request(number, request, moment)

    def _record(self, number: int, request: Request, status: int) -> None:
        try:
            body = json.loads(request.body) if request.body else None
        except ValueError:
            body = None
        path = request.path.removeprefix(API).removeprefix("/api")
        login = self._login(request)
        self.requests.append(Exchange(number, request.method, path, request.query, body, login, status))

    def _login(self, request: Request) -> str:
        try:
            token = identify(self.tokens, request.headers)
        except ApiError:
            return ""
        return token.user.login if token else ""

    def _act(self, request: Request) -> Response:
        token = None
        try:
            token = identify(self.tokens, request.headers)
            if token is not None:
                count_request(token, self.world.now().timestamp())
            response = self._dispatch(request, token)
        except ApiError as problem:
            response = json_response(problem.status, problem.body(), problem.headers)
        response.headers |= limit_headers(token)
        for observe in self.observers:
            observe(request, response)
        return response

    def _dispatch(self, request: Request, token: Token | None) -> Response:
        if request.path == GRAPHQL and self.graphql_enabled:
            return answer_graphql(self, token, request)
        if not request.path.startswith(f"{API}/"):
            raise not_found()
        route, params = self._router.find(request.method, request.path.removeprefix(API))
        repository = self._find(params)
        call = Call(self, request, route, params, token, repository)
        with repository.lock if repository else self._guard:
            check(call)
            if route.creates and token is not None and self.content_limits is not None:
                count_content(token, self.content_limits, self.world.now().timestamp())
            answer = route.handler(call)
        return answer if isinstance(answer, Response) else json_response(*answer)

    def _find(self, params: Mapping[str, str]) -> Repository | None:
        if "repo" not in params:
            return None
        found = self.repositories.get(f"{params['owner']}/{params['repo']}".lower())
        if found is None:
            raise not_found()
        return found


def _git_dir(folder: Path) -> Path:
    return folder / ".git" if (folder / ".git").is_dir() else folder


def _with_faults(faults: list[Fault], number: int, request: Request, act: Callable[[], Response]) -> Response:
    for fault in faults:
        if fault.strikes(number, request):
            return fault.effect(act)
    return act()
