"""What a sandboxed command can read, write and reach, at each level that this machine allows."""

from __future__ import annotations

import os
import shutil
import socket
import subprocess
import sys
import threading
from typing import TYPE_CHECKING

import pytest

from bot.adapters.sandbox import LEVELS, Level, Limits, Sandbox
from bot.adapters.sandbox_view import hidden_places, shown_places
from bot.core.baseline import CommandResult, CommandSpec

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

CANARY = "canary-6b1f"
pytestmark = pytest.mark.skipif(sys.platform != "linux", reason="the walls are Linux's")
ALLOWED = [name for name in LEVELS if Sandbox(os.environ, best=name).reached() == name]
WALLED = [name for name in ALLOWED if name in {"namespaces", "landlock"}]


@pytest.fixture
def tree(tmp_path: Path) -> Path:
    folder = tmp_path / "copies" / "tree"
    folder.mkdir(parents=True)
    return folder


@pytest.fixture
def environ(tmp_path: Path) -> dict[str, str]:
    """A runner's places, each with something that must stay there."""
    for place in ("home/.netrc", "home/.docker/config.json", "temp/_runner_file_commands/env", "work/.git/config"):
        (tmp_path / place).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / place).write_text(CANARY, encoding="utf-8")
    places = {"HOME": "home", "RUNNER_TEMP": "temp", "GITHUB_WORKSPACE": "work"}
    return {**os.environ, **{name: str(tmp_path / place) for name, place in places.items()}}


@pytest.fixture
def server() -> Iterator[int]:
    """The port of something on this machine's loopback that greets whoever comes."""
    with socket.create_server(("127.0.0.1", 0)) as listening:
        listening.settimeout(0.1)
        over = threading.Event()

        def greet() -> None:
            while not over.is_set():
                try:
                    peer, _ = listening.accept()
                except TimeoutError:
                    continue
                peer.sendall(b"hello\n")
                peer.close()

        thread = threading.Thread(target=greet)
        thread.start()
        yield listening.getsockname()[1]
        over.set()
        thread.join()


def run(tree: Path, environ: dict[str, str], best: Level, line: str, *, network: bool = False) -> CommandResult:
    limits = Limits(file_bytes=1 << 24)
    return Sandbox(environ, limits, best).run(tree, CommandSpec("check", line, 20, network=network))


@pytest.mark.parametrize("best", WALLED)
@pytest.mark.parametrize(
    "file", ["home/.netrc", "home/.docker/config.json", "temp/_runner_file_commands/env", "work/.git/config"]
)
def test_homes_and_work_folders_are_out_of_reach(
    tmp_path: Path, tree: Path, environ: dict[str, str], best: Level, file: str
) -> None:
    path = tmp_path / file
    lines = [f"cat {path}", f"echo x >> {path}", f"rm {path}", f"ln {path} link && cat link", f"mv {path} here"]
    result = run(tree, environ, best, "".join(f"({line}) && echo REACHED; " for line in lines) + "true")
    assert CANARY not in result.output
    assert "REACHED" not in result.output
    assert path.read_text(encoding="utf-8") == CANARY


@pytest.mark.parametrize("best", WALLED)
@pytest.mark.parametrize("line", ["touch {0}/new", "mkdir {0}/new", "ln -s / {0}/new", "cp -r . {0}/new"])
def test_nothing_outside_the_copy_can_be_written(
    tmp_path: Path, tree: Path, environ: dict[str, str], best: Level, line: str
) -> None:
    run(tree, environ, best, line.format(tmp_path))
    assert list(tmp_path.glob("new")) == []


@pytest.mark.parametrize("best", WALLED)
@pytest.mark.parametrize("folder", ["/usr", "/etc", "/var", "/opt", "/dev"])
def test_the_system_cannot_be_written(tree: Path, environ: dict[str, str], best: Level, folder: str) -> None:
    result = run(tree, environ, best, f"mkdir {folder}/draftgate-was-here && rmdir {folder}/draftgate-was-here")
    assert result.code == 1


@pytest.mark.parametrize("best", WALLED)
def test_the_copy_home_and_temporary_folder_can_be_written_and_devices_used(
    tree: Path, environ: dict[str, str], best: Level
) -> None:
    lines = ["mkdir a b", "echo x > a/f", "mv a/f b/g", "ln b/g h", 'echo y > "$HOME/y"', "echo z > /dev/null"]
    result = run(
        tree, environ, best, " && ".join([*lines, 'cp h "$(mktemp)"', "head -c 4 /dev/urandom | wc -c", "cat h"])
    )
    assert (result.code, result.output.split()) == (0, ["4", "x"])
    assert (tree / "h").read_text(encoding="utf-8") == "x\n"


@pytest.mark.skipif("namespaces" not in ALLOWED, reason="this machine has no namespaces for users")
def test_in_namespaces_the_usual_temporary_folder_is_its_own_and_gone_afterwards(
    tree: Path, environ: dict[str, str]
) -> None:
    line = 'name=$(mktemp -p /tmp) && echo x > "$name" && cat "$name" && echo "$name"'
    content, name = run(tree, environ, "namespaces", line).output.split()
    assert content == "x"
    assert not os.path.exists(name)  # noqa: PTH110 - a name that the command printed


@pytest.mark.parametrize("best", [name for name in ALLOWED if name not in {"descendants", "process-group"}])
def test_no_network_can_be_reached(tree: Path, environ: dict[str, str], server: int, best: Level) -> None:
    look = f"import socket; print(socket.create_connection(('127.0.0.1', {server}), 3).recv(9))"
    tries = [f'{sys.executable} -I -S -c "{look}"', f'{sys.executable} -I -S -c "{SEND}"']
    result = run(tree, environ, best, "; ".join(f"{{ {one} 2>&1 || true; }} | tail -1" for one in tries), network=False)
    refused, unsent = result.output.splitlines()
    assert refused.startswith(("ConnectionRefusedError", "PermissionError"))
    assert unsent.startswith(("OSError: [Errno 101] Network is unreachable", "PermissionError"))


SEND = "import socket; socket.socket(socket.AF_INET, socket.SOCK_DGRAM).sendto(b'x', ('192.0.2.1', 53))"


@pytest.mark.parametrize("best", ALLOWED)
def test_a_check_that_may_use_the_network_reaches_it(
    tree: Path, environ: dict[str, str], server: int, best: Level
) -> None:
    look = f"import socket; print(socket.create_connection(('127.0.0.1', {server}), 3).recv(9))"
    result = run(tree, environ, best, f'{sys.executable} -I -S -c "{look}"', network=True)
    assert result.output == "b'hello\\n'\n"


@pytest.mark.skipif("namespaces" not in ALLOWED, reason="this machine has no namespaces for users")
def test_in_namespaces_loopback_and_shared_memory_work_and_there_are_no_other_processes(
    tree: Path, environ: dict[str, str]
) -> None:
    program = """
import multiprocessing, os, socket
listening = socket.create_server(("127.0.0.1", 0))
peer = socket.create_connection(listening.getsockname(), 3)
others = [name for name in os.listdir("/proc") if name.isdigit()]
print(multiprocessing.get_context("fork").Pool(1).map(abs, [-1]), len(others) < 9)
"""
    (tree / "program.py").write_text(program, encoding="utf-8")
    result = run(tree, environ, "namespaces", f"{sys.executable} -I -S program.py")
    assert result.output == "[1] True\n"


@pytest.mark.parametrize("best", ALLOWED)
def test_no_capability_is_left_and_none_can_be_had(tree: Path, environ: dict[str, str], best: Level) -> None:
    look = (
        "grep -E 'Cap(Prm|Eff|Bnd)|NoNewPrivs' /proc/self/status | cut -f 2 | sort -u; mknod disk b 254 0 || echo none"
    )
    result = run(tree, environ, best, look)
    bounding = () if os.geteuid() == 0 else {line for line in result.output.splitlines() if len(line) == 16}
    seen = [line for line in result.output.splitlines() if line not in bounding or line == "0" * 16]
    assert seen[:2] == ["0" * 16, "1"]
    assert "none" in seen
    assert not (tree / "disk").exists()


@pytest.mark.parametrize("best", WALLED)
def test_mounts_cannot_be_undone(tree: Path, environ: dict[str, str], best: Level) -> None:
    home = environ["HOME"]
    lines = [f"umount {home}", f"mount -o remount,rw {home}", "mount -o remount,rw /"]
    lines += [f"unshare --user --map-root-user --mount sh -c '{line}'" for line in list(lines)]
    result = run(
        tree, environ, best, "; ".join(f"({line}) && echo UNDONE" for line in lines) + f"; cat {home}/.netrc || true"
    )
    assert "UNDONE" not in result.output
    assert CANARY not in result.output


@pytest.mark.parametrize("best", ALLOWED)
def test_a_burst_of_processes_is_ended_and_nothing_of_it_stays(
    tree: Path, environ: dict[str, str], best: Level
) -> None:
    """Fifty at most, each asleep for a while, as a fork bomb in small."""
    sandbox = Sandbox(environ, Limits(processes=25), best)
    sleep = f"20.{os.getpid()}"  # other workers run the same test
    burst = f"import subprocess as s; made = [s.Popen(['sleep', '{sleep}']) for _ in range(50)]; made[0].wait()"
    result = sandbox.run(tree, CommandSpec("bomb", f'python3 -c "{burst}"', 15))
    assert result.code not in {0, None}
    assert subprocess.run(["pgrep", "-f", f"^sleep {sleep}$"], capture_output=True, check=False).stdout == b""


def test_pipes_and_links_in_the_tree_hold_nothing_up(tree: Path, environ: dict[str, str]) -> None:
    result = run(tree, environ, ALLOWED[0], 'mkfifo pipe "$HOME/pipe"; ln -s /dev/zero zero; ln -s . loop; echo end')
    assert (result.code, result.output) == (0, "end\n")
    assert list(tree.parent.iterdir()) == [tree]


GUARDED = (
    "from bot.adapters.sandbox_view import guard_memory; import time; {0}; print('ready', flush=True); time.sleep(60)"
)


PLAIN = ["setpriv", "--bounding-set=-all", "--inh-caps=-all"] if os.geteuid() == 0 else []
"""As root, a process with capabilities is out of reach for one without them anyway."""


@pytest.mark.skipif(bool(PLAIN) and not shutil.which("setpriv"), reason="root cannot give up its capabilities here")
@pytest.mark.parametrize(("call", "seen"), [("guard_memory()", False), ("None", True)])
def test_a_guarded_process_cannot_be_looked_into_even_without_walls(
    tree: Path, environ: dict[str, str], call: str, seen: bool
) -> None:
    command = [*PLAIN, sys.executable, "-c", GUARDED.format(call)]
    with subprocess.Popen(command, env={**os.environ, "KEY": CANARY}, stdout=subprocess.PIPE) as holder:
        assert holder.stdout is not None
        holder.stdout.readline()
        result = run(tree, environ, "descendants", f"cat /proc/{holder.pid}/environ || true")
        holder.kill()
    assert (CANARY in result.output) is seen


def test_places_to_hide_are_real_and_never_the_system(tmp_path: Path) -> None:
    (tmp_path / "home").mkdir()
    (tmp_path / "link").symlink_to(tmp_path / "home")
    hidden = hidden_places({"HOME": str(tmp_path / "link"), "RUNNER_TEMP": "/", "GITHUB_WORKSPACE": "/usr"})
    covered = [place for place in hidden if f"{tmp_path}/home".startswith(place)]
    assert covered
    assert not {"/", "/usr", "/etc", "/proc"} & set(hidden)
    assert all(not one.startswith(f"{other}/") for one in hidden for other in hidden)


def test_tools_in_a_home_are_shown_and_what_lies_beside_them_is_not(tmp_path: Path) -> None:
    for folder in (".cargo/bin", ".cargo/registry", ".local/bin", ".ssh", "venv/bin", "venv/lib", ".pyenv/shims"):
        (tmp_path / folder).mkdir(parents=True)
    path = f"{tmp_path}/.cargo/bin:{tmp_path}/.local/bin:{tmp_path}/venv/bin:/usr/bin"
    environ = {"HOME": str(tmp_path), "PATH": path}
    shown = [
        place for place in shown_places(environ, [str(tmp_path)], network=False) if place.startswith(str(tmp_path))
    ]
    names = [place.removeprefix(f"{tmp_path}/") for place in shown]
    assert names == [".cargo/bin", ".cargo/registry", ".local/bin", ".pyenv", "venv"]
