"""The sandbox on real processes: what a command sees, what it cannot reach, and that nothing of it stays."""

from __future__ import annotations

import os
import re
import subprocess
import sys
import threading
import time
from pathlib import Path
from typing import TYPE_CHECKING

import psutil
import pytest

from bot.adapters import launcher_walls
from bot.adapters.launcher_walls import landlock_version
from bot.adapters.sandbox import LEVELS, Level, Limits, Sandbox, discard
from bot.adapters.sandbox_view import scrubbed
from bot.core.baseline import CommandResult, CommandSpec

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Sequence

SECRET = "s3cret-that-must-not-leak"
SECRETS = dict.fromkeys(
    (
        "DRAFTGATE_API_KEY",
        "OPENAI_API_KEY",
        "GITHUB_TOKEN",
        "ACTIONS_RUNTIME_TOKEN",
        "RUNNER_TEMP",
        "AWS_SECRET",
        "PYTHONPATH",
    ),
    SECRET,
)

linux = pytest.mark.skipif(sys.platform != "linux", reason="processes are found through /proc")
landlock = pytest.mark.skipif(not landlock_version(), reason="this kernel has no Landlock")
HERE = Sandbox(os.environ).reached()
"""The best level that this machine allows; the worse ones are tried as well."""


@pytest.fixture
def tree(tmp_path: Path) -> Path:
    folder = tmp_path / "tree"
    folder.mkdir()
    return folder


@pytest.fixture
def marked() -> Iterator[str]:
    """A number of seconds for `sleep` by which this test's processes are known; none may be left."""
    name = f"{os.getpid() + 100_000}.{time.monotonic_ns() % 10**6}"
    yield name
    assert sleeping(name) == []


@pytest.fixture(params=[HERE, *({"descendants"} - {HERE})], scope="module")
def level(request: pytest.FixtureRequest) -> Level:
    name: Level = request.param
    if Sandbox(os.environ, best=name).reached() != name:
        pytest.skip(f"this machine has no {name}")
    return name


def run(tree: Path, line: str, seconds: float = 20, limits: Limits | None = None, best: Level = HERE) -> CommandResult:
    return Sandbox({**os.environ, **SECRETS}, limits, best).run(tree, CommandSpec("check", line, seconds))


def sleeping(name: str) -> Sequence[int]:
    running = psutil.process_iter(["cmdline"])
    return [process.pid for process in running if (process.info["cmdline"] or [])[-2:] == ["sleep", name]]


@pytest.mark.parametrize(
    ("line", "code", "output"),
    [
        pytest.param("true", 0, "", id="well"),
        pytest.param("exit 3", 3, "", id="not well"),
        pytest.param("false | cat", 1, "", id="a failure in a pipe counts"),
        pytest.param("false; echo on", 1, "", id="the first failure ends it"),
        pytest.param("echo out; echo err >&2", 0, "out\nerr\n", id="both streams in order"),
        pytest.param("kill -9 $$", 137, "", id="by a signal"),
        pytest.param("cat; echo end", 0, "end\n", id="no input"),
        pytest.param("printf 'caf\\xe9 \\xff\\n'", 0, "caf\ufffd \ufffd\n", id="not UTF-8"),
        pytest.param("[ -t 0 ] || [ -t 1 ] || echo none; cat </dev/tty || echo no tty", 0, None, id="no terminal"),
        pytest.param("exec >&- 2>&-; sleep 0.1; exit 4", 4, "", id="closes its output early"),
        pytest.param("yes | head -1", 141, "y\n", id="a broken pipe kills as it does elsewhere"),
    ],
)
def test_a_command_ends_with_its_code_and_output(tree: Path, line: str, code: int, output: str | None) -> None:
    result = run(tree, line)
    assert (result.name, result.code) == ("check", code)
    assert output is None or result.output == output
    assert 0 < result.seconds < 20


def test_a_command_that_is_not_there_has_the_code_for_it(tree: Path) -> None:
    result = run(tree, "no-such-command --at-all")
    assert result.code == 127
    assert "no-such-command" in result.output


def test_it_works_in_the_tree(tree: Path) -> None:
    (tree / "here.txt").write_text("content", encoding="utf-8")
    result = run(tree, "pwd; cat here.txt; mkdir a b; echo x > a/f; mv a/f b/f; ln b/f a/g")
    assert result.output == f"{tree}\ncontent"
    assert (tree / "a/g").read_text(encoding="utf-8") == "x\n"


def test_the_environment_has_a_few_known_names_and_no_secret(tree: Path) -> None:
    result = run(tree, "env; tr '\\0' '\\n' </proc/self/environ; tr '\\0' '\\n' </proc/$$/environ")
    names = {line.partition("=")[0] for line in result.output.splitlines()}
    bash = {"PWD", "OLDPWD", "SHLVL", "_"}
    assert names - bash - {"LANG", "LC_ALL", "LC_CTYPE", "TZ", "RUSTUP_HOME"} == {
        "PATH",
        "HOME",
        "TMPDIR",
        "CI",
        "GIT_CONFIG_NOSYSTEM",
        "GIT_TERMINAL_PROMPT",
        "GIT_CEILING_DIRECTORIES",
    }
    assert SECRET not in result.output


@landlock
@pytest.mark.parametrize("best", ["namespaces", "landlock"])
def test_no_process_above_can_be_looked_into(tree: Path, best: Level) -> None:
    """The key is in the environment of this process as it is in Draftgate's, and the user is the same."""
    holder = subprocess.Popen(["sleep", "60"], env=SECRETS)
    files = "environ mem maps root/etc/passwd cwd/ fd/0"
    look = "(head -c 100000 /proc/$p/$f && echo) || true; ls /proc/$p/$f || true"
    try:
        pids = f"{holder.pid} {os.getpid()} $PPID"
        result = run(tree, f"for p in {pids}; do for f in {files}; do {look}; done; done; echo end", best=best)
    finally:
        holder.kill()
        holder.wait()
    assert SECRET not in result.output
    assert len(re.findall("Permission denied|No such file", result.output)) >= 18
    assert result.output.endswith("end\n")


@landlock
@pytest.mark.skipif(landlock_version() < 6, reason="Landlock keeps signals in from its version 6 on")
@pytest.mark.parametrize("best", ["namespaces", "landlock"])
def test_no_process_above_can_be_signalled(tree: Path, best: Level) -> None:
    result = run(tree, f"kill -0 {os.getpid()} || echo kept; kill -9 $PPID || echo kept", best=best)
    assert result.code == 0
    assert result.output.count("kept") == 2


@landlock
@pytest.mark.parametrize("version", [2, 5, 6])
def test_every_landlock_version_cuts_off_and_lets_files_move(tree: Path, version: int) -> None:
    program = f"""
import os, sys
sys.path.insert(0, {str(Path(launcher_walls.__file__).parent)!r})
import launcher_walls as walls
walls.drop_privileges(); walls.enter_landlock({version})
os.execv("/bin/sh", ["sh", "-c", "mkdir a b; echo x > a/f; ln a/f b/f; cat b/f; cat /proc/$PPID/environ; exit 0"])
"""
    done = subprocess.run(
        [sys.executable, "-I", "-S", "-c", program], cwd=tree, env=SECRETS, capture_output=True, text=True, check=True
    )
    assert done.stdout == "x\n"
    assert "Permission denied" in done.stderr


@linux
def test_no_privileges_can_be_gained_and_no_core_is_written(tree: Path) -> None:
    result = run(tree, "grep NoNewPrivs /proc/self/status; ulimit -c; cat /proc/self/oom_score_adj")
    assert result.output.split() == ["NoNewPrivs:", "1", "0", "500"]


def test_home_and_temporary_folder_are_private_and_gone_afterwards(tree: Path) -> None:
    result = run(tree, 'ls -A "$HOME" "$TMPDIR"; echo x > "$HOME/.config"; mktemp; echo "$HOME"')
    made, home = result.output.splitlines()[-2:]
    assert Path(home).parent.parent == tree.parent
    assert Path(made).parent == Path(home).parent / "tmp"
    assert home != os.environ["HOME"]
    assert list(tree.parent.iterdir()) == [tree]


def test_what_a_command_made_unwritable_is_removed_and_links_are_not_followed(tmp_path: Path) -> None:
    outside, folder = tmp_path / "outside", tmp_path / "folder"
    (folder / "mod/cache").mkdir(parents=True)
    (folder / "mod/cache/file").touch()
    outside.mkdir(mode=0o500)
    (folder / "link").symlink_to(outside)
    (folder / "loop").symlink_to(folder / "loop")
    for path in (folder / "mod/cache", folder / "mod"):
        path.chmod(0o500)
    discard(folder)
    assert not folder.exists()
    assert outside.stat().st_mode & 0o777 == 0o500


@linux
@pytest.mark.parametrize(
    "line",
    [
        pytest.param("sleep {0} & echo end", id="in the background"),
        pytest.param("setsid sleep {0} & echo end", id="in a session of its own"),
        pytest.param("(setsid sh -c 'setsid sleep {0} & sleep {0}' &) ; echo end", id="twice removed, the parent gone"),
        pytest.param("nohup sleep {0} >/dev/null 2>&1 & echo end", id="deaf to hangups, its output elsewhere"),
        pytest.param("for i in $(seq 30); do setsid sleep {0} & done; echo end", id="many"),
    ],
)
def test_what_a_command_leaves_behind_is_killed(tree: Path, marked: str, line: str, level: Level) -> None:
    result = run(tree, line.format(marked), best=level)
    assert (result.code, result.output) == (0, "end\n")
    assert result.seconds < 10
    assert sleeping(marked) == []


@linux
def test_a_chain_of_processes_that_run_from_their_killer_is_caught(tree: Path, marked: str) -> None:
    """One process at a time, each the child of the last and in a session of its own; after 15 s it ends by itself."""
    hop = (
        "import os, time\nend = time.time() + 15\nwhile time.time() < end:\n  os.fork() and os._exit(0)\n  os.setsid()"
    )
    result = run(tree, f"{sys.executable} -I -S -c '{hop}' sleep {marked}; sleep 0.1; echo end")
    assert (result.code, result.output) == (0, "end\n")
    assert result.seconds < 12
    assert sleeping(marked) == []


@linux
@pytest.mark.parametrize(
    "line",
    [
        pytest.param("echo begun; sleep {0}", id="a child"),
        pytest.param(
            "echo begun; trap '' TERM INT HUP; setsid sh -c 'sleep {0} & sleep {0}'; sleep {0}", id="grandchildren"
        ),
        pytest.param("echo begun; exec >&- 2>&-; sleep {0}", id="one that closed its output"),
        pytest.param("echo begun; kill -STOP $$; sleep {0}", id="one that is stopped"),
        pytest.param("echo begun; sleep {0} & while :; do :; done", id="one that is busy"),
    ],
)
def test_the_time_limit_ends_a_command_and_all_below_it(tree: Path, marked: str, line: str, level: Level) -> None:
    result = run(tree, line.format(marked), seconds=1.5, best=level)
    assert (result.code, result.output) == (None, "begun\n")
    assert 1.5 <= result.seconds < 10
    assert sleeping(marked) == []


@linux
def test_an_endless_output_is_bounded_in_time_and_memory(tree: Path) -> None:
    result = run(tree, "yes", seconds=0.5)
    assert result.code is None
    assert len(result.output) < 70_000


def test_a_hundred_megabytes_are_read_to_the_end_and_only_head_and_tail_are_kept(tree: Path) -> None:
    before = psutil.Process().memory_info().rss
    result = run(tree, "echo first line; seq 1 12900000; echo last line; exit 5")
    lines = result.output.splitlines()
    (gap,) = (place for place, line in enumerate(lines) if line.startswith("[… "))
    assert (result.code, lines[:3], lines[-2:]) == (5, ["first line", "1", "2"], ["12900000", "last line"])
    assert "bytes left out" in lines[gap]
    assert lines[1:gap] == [str(number) for number in range(1, gap)]
    assert int(lines[gap + 1]) + len(lines[gap + 1 : -1]) - 1 == 12_900_000  # no half line beside the gap
    assert int(lines[gap].split()[1].replace(",", "")) > 100_000_000
    assert len(result.output) <= 64 * 1024 + 100
    assert psutil.Process().memory_info().rss - before < 30_000_000


@pytest.mark.parametrize("size", [0, 1, 99, 100, 101, 1000])
def test_nothing_is_left_out_of_an_output_that_fits(tree: Path, size: int) -> None:
    result = run(tree, f"head -c {size} /dev/zero | tr '\\0' x", limits=Limits(output=100))
    assert (result.output == "x" * size) is (size <= 100)
    assert ("bytes left out" in result.output) is (size > 100)


@linux
def test_files_memory_and_processes_are_limited(tree: Path) -> None:
    limits = Limits(file_bytes=1 << 20, data_bytes=64 << 20, processes=40)
    file = run(tree, "head -c 3000000 /dev/zero > big", limits=limits)
    memory = run(tree, f"{sys.executable} -I -S -c 'bytearray(200 << 20)'", limits=limits)
    assert file.code != 0
    assert (tree / "big").stat().st_size <= 1 << 20
    assert "MemoryError" in memory.output


@linux
@pytest.mark.skipif(os.geteuid() != 0, reason="the kernel counts for all others")
@pytest.mark.parametrize("meanwhile", ["wait", "while :; do (true &); done"], ids=["quiet", "others end all the time"])
def test_too_many_processes_end_a_command_even_for_root(tree: Path, marked: str, meanwhile: str) -> None:
    line = f"for i in $(seq 80); do setsid sleep {marked} & done; {meanwhile}"
    result = run(tree, line, limits=Limits(processes=40))
    assert result.code == 143
    assert "too many processes" in result.output


@linux
@pytest.mark.skipif(os.geteuid() != 0, reason="the kernel counts all of the user's")
def test_the_processes_of_others_do_not_end_a_command(tree: Path) -> None:
    others: list[subprocess.Popen[bytes]] = []
    starting = threading.Timer(0.2, lambda: others.extend(subprocess.Popen(["sleep", "5"]) for _ in range(60)))
    starting.start()
    result = run(tree, "sleep 1.5; echo end", limits=Limits(processes=40))
    starting.join()
    for other in others:
        other.kill()
        other.wait()
    assert (result.code, result.output, len(others)) == (0, "end\n", 60)


@linux
def test_all_ends_when_draftgate_is_killed(tree: Path, marked: str) -> None:
    program = (
        "import os; from pathlib import Path; from bot.adapters.sandbox import Sandbox\n"
        "from bot.core.baseline import CommandSpec\n"
        f"Sandbox(os.environ).run(Path({str(tree)!r}), CommandSpec('a', 'setsid sleep {marked} & sleep {marked}', 60))"
    )
    with subprocess.Popen([sys.executable, "-c", program]) as draftgate:
        wait_until(lambda: len(sleeping(marked)) == 2)
        draftgate.kill()
    wait_until(lambda: not sleeping(marked))


def wait_until(holds: Callable[[], bool]) -> None:
    deadline = time.monotonic() + 15
    while not holds():
        assert time.monotonic() < deadline
        time.sleep(0.05)


def test_several_commands_run_at_once(tree: Path) -> None:
    sandbox, results = Sandbox(os.environ), list[str]()
    threads = [
        threading.Thread(
            target=lambda n=n: results.append(sandbox.run(tree, CommandSpec("c", f"sleep 0.2; echo {n}", 20)).output)
        )
        for n in range(4)
    ]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert sorted(results) == ["0\n", "1\n", "2\n", "3\n"]


def test_our_own_virtual_environment_is_not_on_the_path(tmp_path: Path) -> None:
    ours = Path(sys.prefix, "bin")
    (tmp_path / "link").symlink_to(ours)
    path = f"{ours}:/opt/tools/bin:{ours}/:{tmp_path}/link:.::relative/bin:/usr/bin"
    kept = scrubbed({"PATH": path}, tmp_path)["PATH"]
    expected = "/opt/tools/bin:/usr/bin"
    assert kept == (
        expected if sys.prefix != sys.base_prefix else f"{ours}:/opt/tools/bin:{ours}/:{tmp_path}/link:/usr/bin"
    )


def test_without_a_path_the_usual_folders_are_searched(tmp_path: Path) -> None:
    assert scrubbed({}, tmp_path)["PATH"] == "/usr/local/bin:/usr/bin:/bin"


def test_a_language_is_passed_on_and_the_rustup_folder_found(tmp_path: Path) -> None:
    (tmp_path / ".rustup").mkdir()
    environ = {"LANG": "de_DE.UTF-8", "LC_TIME": "C", "TZ": "UTC", "LCSECRET": "x", "HOME": str(tmp_path)}
    kept = scrubbed(environ, tmp_path)
    assert (kept["LANG"], kept["LC_TIME"], kept["TZ"]) == ("de_DE.UTF-8", "C", "UTC")
    assert kept["RUSTUP_HOME"] == str(tmp_path / ".rustup")
    assert "LCSECRET" not in kept


@linux
@pytest.mark.parametrize("best", LEVELS)
def test_the_level_says_what_was_reached_and_is_no_better_than_asked(best: Level) -> None:
    sandbox, names = Sandbox(os.environ, best=best), list(LEVELS)
    assert sandbox.level() == LEVELS[sandbox.reached()]
    assert names.index(sandbox.reached()) >= min(names.index(best), names.index("descendants"))
