"""Clone, fetch and push: git's smart HTTP through `git http-backend`, with GitHub's rules for pushes."""

from __future__ import annotations

import re
import subprocess
from typing import TYPE_CHECKING

from bot.rehearsal.github_access import can_push, can_see
from bot.rehearsal.github_git_routes import lacks_workflows
from bot.rehearsal.github_objects import clean_environment
from bot.rehearsal.http_server import Response

if TYPE_CHECKING:
    from pathlib import Path

    from bot.rehearsal.github_repository import Repository
    from bot.rehearsal.github_state import Token
    from bot.rehearsal.http_server import Request

PATH = re.compile(r"/(?P<name>[^/]+/[^/]+?)(\.git)?/(?P<service>info/refs|git-upload-pack|git-receive-pack)")

# Runs once a pushed ref, inside git's quarantine, so that what it refuses leaves nothing behind.
_UPDATE_HOOK = r"""#!/bin/sh
ref=$1 old=$2 new=$3
zero=0000000000000000000000000000000000000000
case " $STAGE_PROTECTED " in *" $ref "*)
  if [ "$old" != $zero ]; then
    echo "error: GH013: Repository rule violations found for $ref." >&2
    echo "- Changes must be made through a pull request." >&2
    exit 1
  fi ;;
esac
[ "$new" = $zero ] || [ -z "$STAGE_NO_WORKFLOWS" ] && exit 0
workflows() { git rev-parse --quiet --verify "$1:.github/workflows" || echo none; }
wanted=$(workflows "$new")
[ "$old" = $zero ] && old=""
base=$(git merge-base "$STAGE_DEFAULT" "$new" 2>/dev/null)
for known in $old $base $(git rev-parse --quiet --verify "$STAGE_DEFAULT"); do
  [ "$(workflows "$known")" = "$wanted" ] && exit 0
done
[ "$wanted" = none ] && [ -z "$old$base" ] && exit 0
from=$(git hash-object -t tree /dev/null)
[ -n "$old$base" ] && from=${old:-$base}
file=$(git diff --name-only "$from" "$new" -- .github/workflows | head -n 1)
echo "refusing to allow a GitHub App to create or update workflow \`$file\` without \`workflows\` permission" >&2
exit 1
"""


def install_hook(git_dir: Path) -> None:
    """Put the push rules into a bare repository."""
    hook = git_dir / "hooks" / "update"
    hook.parent.mkdir(exist_ok=True)
    hook.write_text(_UPDATE_HOOK)
    hook.chmod(0o755)


def serve_git(root: Path, repository: Repository | None, token: Token | None, request: Request) -> Response:
    """Answer one request of a git client; `token` is already known to be good."""
    pushes = "git-receive-pack" in {request.query.get("service"), request.path.rpartition("/")[2]}
    if repository is None or not can_see(repository, token):
        return _challenge() if token is None else _text(404, "Repository not found.")
    if pushes and token is None:
        return _challenge()
    if pushes and token is not None and (repository.archived or not can_push(repository, token)):
        return _text(403, f"Permission to {repository.full_name}.git denied to {token.user.login}.")
    if not pushes:
        repository.refresh_merge_refs()
        return _run(root, repository, token, request)
    with repository.lock:
        before = repository.refs()
        response = _run(root, repository, token, request)
        after = repository.refs()
        for name in before.keys() | after.keys():
            if before.get(name) != after.get(name):
                repository.pushed = repository.world.now()
                repository.ref_moved(name, after.get(name))
    return response


def _challenge() -> Response:
    return Response(401, {"WWW-Authenticate": 'Basic realm="GitHub"'}, b"Authentication required\n")


def _text(status: int, text: str) -> Response:
    return Response(status, {"Content-Type": "text/plain; charset=utf-8"}, f"{text}\n".encode())


def _run(root: Path, repository: Repository, token: Token | None, request: Request) -> Response:
    found = PATH.fullmatch(request.path)
    service = found["service"] if found else ""
    environment = clean_environment() | {
        "GIT_PROJECT_ROOT": str(root),
        "GIT_HTTP_EXPORT_ALL": "1",
        "PATH_INFO": f"/{repository.folder.relative_to(root)}/{service}",
        "REQUEST_METHOD": request.method,
        "QUERY_STRING": request.query_text,
        "CONTENT_TYPE": request.headers.get("content-type", ""),
        "CONTENT_LENGTH": str(len(request.body)),
        "HTTP_CONTENT_ENCODING": request.headers.get("content-encoding", ""),
        "GIT_PROTOCOL": request.headers.get("git-protocol", ""),
        "STAGE_PROTECTED": " ".join(f"refs/heads/{name}" for name in sorted(repository.protected)),
        "STAGE_NO_WORKFLOWS": "1" if lacks_workflows(token) else "",
        "STAGE_DEFAULT": f"refs/heads/{repository.default_branch}",
    }
    if token is not None:
        environment["REMOTE_USER"] = token.user.login
    command = ["git", "http-backend"]
    done = subprocess.run(command, input=request.body, capture_output=True, env=environment, check=False)  # noqa: S603 - a fixed command
    return _from_cgi(done.stdout)


def _from_cgi(output: bytes) -> Response:
    head, _, body = output.partition(b"\r\n\r\n")
    headers = dict(line.split(": ", 1) for line in head.decode("latin-1").split("\r\n") if ": " in line)
    status = headers.pop("Status", "200 OK" if head else "500 Internal Server Error")
    return Response(int(status.split()[0]), headers, body)
