"""What a sandboxed command may see of the machine's files and of our environment; tools yes, people's things no."""

from __future__ import annotations

import ctypes
import os
import pwd
import sys
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping

_DEFAULT_PATH = "/usr/local/bin:/usr/bin:/bin"
_KEPT_NAMES = ("LANG", "TZ")
_TEMPORARY = ("/tmp", "/var/tmp")  # noqa: S108 - left-overs of other programs, which are what is hidden
# Homes, the work folders of GitHub's runners and job containers, and sockets, tickets and keys of running services.
_HIDDEN = (
    "/root",
    "/home",
    "/github",
    "/__w",
    "/run",
    "/var/lib/docker",
    "/var/lib/kubelet",
    "/var/spool",
    "/mnt",
    "/media",
)
_HIDDEN_NAMES = ("HOME", "RUNNER_TEMP", "RUNNER_WORKSPACE", "GITHUB_WORKSPACE")
_SHOWN_NAMES = ("RUNNER_TOOL_CACHE", "AGENT_TOOLSDIRECTORY", "RUSTUP_HOME")
_NEVER_HIDDEN = (
    "/",
    "/usr",
    "/etc",
    "/bin",
    "/sbin",
    "/lib",
    "/lib64",
    "/opt",
    "/dev",
    "/proc",
    "/sys",
    "/var",
    "/nix",
)
_NETWORK_FILES = ("/run/systemd/resolve", "/run/resolvconf", "/run/NetworkManager/resolv.conf")
_TOOLS = tuple(
    """
    .cargo/bin .cargo/registry .cargo/git .rustup .pyenv .rbenv .nodenv .goenv .jenv .nvm .fnm .asdf .sdkman .volta .bun
    .deno .dotnet .ghcup .juliaup .local/bin .local/lib .local/pipx .local/share/uv .local/share/mise .local/share/pnpm
    .local/share/pypoetry .m2/repository .gradle/wrapper .gem/ruby .nuget/packages go/bin go/pkg miniconda3 anaconda3
    """.split()  # noqa: SIM905 - thirty quoted names would hide the shape
)
"""Where tools and packages lie in a home; no tool keeps credentials there."""
_NO_PREFIX = frozenset({".cargo", ".local"})
"""Folders above a `bin` that hold more than tools."""
_PR_SET_DUMPABLE = 4


def hidden_places(environ: Mapping[str, str]) -> list[str]:
    """What a command must not read, as real paths, none below another."""
    named = [environ[name] for name in _HIDDEN_NAMES if environ.get(name)]
    event = [str(Path(environ["GITHUB_EVENT_PATH"]).parent)] if environ.get("GITHUB_EVENT_PATH") else []
    wanted = {os.path.realpath(path) for path in (*_HIDDEN, *_TEMPORARY, *named, *event, *_homes(environ))}
    found = sorted(path for path in wanted - set(_NEVER_HIDDEN) if _is_there(path) and not _holds_system(path))
    return [path for path in found if not any(_is_below(path, other) for other in found)]


def shown_places(environ: Mapping[str, str], hidden: Iterable[str], *, network: bool) -> list[str]:
    """What of the hidden can be read all the same: the tools on the PATH and in homes, as real paths."""
    wanted = [str(Path(home, tool)) for home in _homes(environ) for tool in _TOOLS]
    wanted += [environ[name] for name in _SHOWN_NAMES if environ.get(name)]
    wanted += _prefixes(environ) + (list(_NETWORK_FILES) if network else [])
    covers = tuple(hidden)
    real = {os.path.realpath(path) for path in wanted}
    found = sorted(path for path in real if _is_there(path) and any(_is_below(path, cover) for cover in covers))
    return [path for path in found if not any(_is_below(path, other) for other in found)]


def _homes(environ: Mapping[str, str]) -> Iterator[str]:
    if environ.get("HOME"):
        yield environ["HOME"]
    try:
        yield pwd.getpwuid(os.getuid()).pw_dir
    except KeyError:  # a user that has no name, as in some containers
        return


def _prefixes(environ: Mapping[str, str]) -> list[str]:
    """Each folder of programs, with what is installed beside it."""
    roots = {os.path.realpath(environ[name]) for name in _HIDDEN_NAMES if environ.get(name)} | {*_homes(environ)}
    found = []
    for entry in path_without_us(environ.get("PATH", "")).split(os.pathsep):
        above = Path(os.path.realpath(entry)).parent
        whole = Path(entry).name == "bin" and above.name not in _NO_PREFIX and str(above) not in roots | {"/"}
        found.append(str(above) if whole else entry)
    return found


def _is_there(path: str) -> bool:
    try:
        return Path(path).exists()
    except PermissionError:
        return False


def _is_below(path: str, other: str) -> bool:
    return path.startswith(f"{other.rstrip('/')}/")


def _holds_system(path: str) -> bool:
    return any(_is_below(system, path) for system in _NEVER_HIDDEN)


def scrubbed(environ: Mapping[str, str], private: Path) -> dict[str, str]:
    """The whole environment of a command: a few settings by name, the rest of ours is not passed on.

    `private` is an empty folder, in which HOME and TMPDIR are made. rustup's folder is the one tool location that is
    kept, as its `cargo` and `rustc` refuse to start under another HOME; it holds toolchains, no credentials.
    """
    home, temporary = private / "home", private / "tmp"
    home.mkdir()
    temporary.mkdir()
    kept = {name: value for name, value in environ.items() if name in _KEPT_NAMES or name.startswith("LC_")}
    rustup = environ.get("RUSTUP_HOME") or str(Path(environ.get("HOME", "/"), ".rustup"))
    if os.access(rustup, os.R_OK | os.X_OK):
        kept["RUSTUP_HOME"] = rustup
    return kept | {
        "PATH": path_without_us(environ.get("PATH", "")),
        "HOME": str(home),
        "TMPDIR": str(temporary),
        "CI": "true",
        "GIT_CONFIG_NOSYSTEM": "1",
        "GIT_TERMINAL_PROMPT": "0",
    }


def path_without_us(path: str) -> str:
    """PATH without our own virtual environment, whose Python and libraries are not the repository's."""
    ours = os.path.realpath(Path(sys.prefix, "bin")) if sys.prefix != sys.base_prefix else None
    kept = [entry for entry in path.split(os.pathsep) if entry.startswith("/") and os.path.realpath(entry) != ours]
    return os.pathsep.join(kept) or _DEFAULT_PATH


def guard_memory() -> None:
    """Keep other processes of the same user from reading this one's memory and environment (prctl(2), PR_SET_DUMPABLE).

    To be called first thing by every process that holds a key or a token; programs that it starts are not covered and
    have to do it themselves. Does nothing on other systems than Linux.
    """
    if sys.platform == "linux":
        zero = ctypes.c_ulong(0)
        ctypes.CDLL(None).prctl(ctypes.c_int(_PR_SET_DUMPABLE), zero, zero, zero, zero)
