"""The small process between Draftgate and a repository's command; standard library only, run with `-I -S`.

It is a process of its own because limits, namespaces and Landlock must be set between fork and exec, which a threaded
program cannot do safely, and because on Linux it can adopt every orphan below it: whatever the command leaves behind,
also what moved to a session of its own, is still found and killed.

Its input is one line of JSON, the plan, and then nothing: at the end of its input, which also comes when its parent
dies, it ends everything below it. It exits with the program's code (128 + n for signal n), 126 when the program could
not be started, 125 when the walls that the plan asks for could not be put up: then nothing was started.
"""

from __future__ import annotations

import contextlib
import json
import os
import resource
import select
import signal
import sys
import time
from pathlib import Path
from typing import TYPE_CHECKING, NamedTuple, NoReturn

from bot.adapters import launcher_walls as walls

if TYPE_CHECKING:
    from collections.abc import Sequence

_LINUX = sys.platform == "linux"

# linux/prctl.h
_PR_SET_PDEATHSIG, _PR_SET_CHILD_SUBREAPER = 1, 36

NO_WALLS = 125
"""The exit code when what the plan asks for cannot be had here."""
_NOT_STARTED = 126
_STOPPED = 128 + signal.SIGTERM
_WATCH_SECONDS = 0.2
_KILLING_SECONDS = 30.0
_QUICK_ROUNDS = 100
_LONGEST_PLAN = 1 << 20


class Plan(NamedTuple):
    """What to run and behind which walls; no dataclass, whose import would take longer than all the rest here.

    `level` is one of the sandbox's. `hidden`, `shown` and `writable` are absolute paths without links: what cannot be
    read, what can all the same, and what can be written; `temporary` stands for `/tmp`.
    """

    command: Sequence[str]
    environment: dict[str, str]
    folder: str
    level: str
    network: bool
    hidden: Sequence[str]
    shown: Sequence[str]
    writable: Sequence[str]
    temporary: str
    file_bytes: int
    processes: int
    data_bytes: int


def main() -> int:
    """Run the program to its end, then end whatever it left; returns the exit code."""
    plan = _read_plan()
    if plan is None:
        return _NOT_STARTED
    signal.signal(signal.SIGCHLD, lambda *_: None)  # the default is to drop the signal, which some systems do at once
    signal.pthread_sigmask(signal.SIG_BLOCK, {signal.SIGCHLD})
    if _LINUX:
        walls.prctl(_PR_SET_CHILD_SUBREAPER, 1)
    child = os.fork()
    if child == 0:
        _become(plan)
    code = _wait(child, plan.processes)
    _end_all(child)
    return code


def _read_plan() -> Plan | None:
    """The plan, read byte for byte up to the line's end; None when the parent is gone before that."""
    line = b""
    while not line.endswith(b"\n"):
        piece = os.read(0, 65536)
        line += piece
        if not piece or len(line) > _LONGEST_PLAN:
            return None
    return Plan(**json.loads(line))


def _wait(child: int, most: int) -> int:
    """The child's exit code; that of a stopped one when we are told to end, or too many processes are below us."""
    watched = time.monotonic()
    while True:
        signal.sigtimedwait({signal.SIGCHLD}, _WATCH_SECONDS)
        code = _code_of(child)
        if code is not None:
            return code
        if time.monotonic() - watched < _WATCH_SECONDS:  # a storm of ending children does not keep us from watching
            continue
        if _too_many(most):
            os.write(2, b"draftgate: stopped, too many processes\n")
            return _STOPPED
        if select.select([0], [], [], 0)[0]:
            return _STOPPED
        watched = time.monotonic()


def _too_many(most: int) -> bool:
    """Whether more processes are below us than that, which need be watched only as root on Linux.

    The kernel's own limit does not hold for root (setrlimit(2), RLIMIT_NPROC), which jobs in containers run as. The
    whole machine's number comes first: it is cheap to read, and is seldom above the bound.
    """
    return _LINUX and os.geteuid() == 0 and len(_process_ids()) > most and len(_descendants()) > most


def _code_of(child: int) -> int | None:
    """The child's exit code once it has ended.

    It is not reaped yet: as long as it is there, its number, which is also its group's, cannot become someone else's.
    """
    peek = os.WEXITED | os.WNOHANG | os.WNOWAIT
    while (ended := os.waitid(os.P_ALL, 0, peek)) is not None:
        if ended.si_pid == child:
            return ended.si_status if ended.si_code == os.CLD_EXITED else 128 + ended.si_status
        os.waitpid(ended.si_pid, 0)  # an adopted orphan
    return None


def _end_all(child: int) -> None:
    """Kill all that is below us until nothing is left.

    The group goes first, in one call that no fork can outrun. What has left it becomes our own child sooner or later:
    many quick rounds catch what runs from process to process, then a slow one stops whole trees before killing them.
    """
    _signal(-child, signal.SIGKILL)
    deadline = time.monotonic() + _KILLING_SECONDS
    while time.monotonic() < deadline:
        for _ in range(_QUICK_ROUNDS):
            for pid in _children():
                _signal(pid, signal.SIGKILL)
            if _nothing_left():
                return
        for sign in (signal.SIGSTOP, signal.SIGKILL):
            for pid in _descendants():
                _signal(pid, sign)


def _nothing_left() -> bool:
    """Whether no process below us is left, after those that ended have been reaped."""
    try:
        while os.waitpid(-1, os.WNOHANG) != (0, 0):
            pass
    except ChildProcessError:
        return True
    return False


def _children() -> list[int]:
    """The ids of our own children, in some microseconds; none where the kernel keeps no such list."""
    try:
        return [int(pid) for pid in Path(f"/proc/self/task/{os.getpid()}/children").read_bytes().split()]
    except OSError:
        return []


def _signal(target: int, sign: signal.Signals) -> None:
    with contextlib.suppress(ProcessLookupError, PermissionError):
        os.kill(target, sign)


def _descendants() -> list[int]:
    """The ids of all processes below this one, read from /proc; none where there is no such folder."""
    children: dict[int, list[int]] = {}
    for pid in _process_ids():
        children.setdefault(_parent_of(pid), []).append(pid)
    found: list[int] = []
    waiting = [os.getpid()]
    while waiting:
        below = children.get(waiting.pop(), [])
        found += below
        waiting += below
    return found


def _process_ids() -> list[int]:
    if not _LINUX:
        return []
    return [int(name) for name in os.listdir("/proc") if name.isdigit()]  # noqa: PTH208 - twice as fast as iterdir


def _parent_of(pid: int) -> int:
    """0 for a process that has just ended."""
    try:
        stat = Path(f"/proc/{pid}/stat").read_bytes()
    except OSError:
        return 0
    return int(stat.rpartition(b") ")[2].split()[1])  # the name before it may hold anything, also brackets


def _become(plan: Plan) -> NoReturn:
    """Turn this fork into the command, limited and cut off."""
    try:
        os.setsid()
        nothing = os.open("/dev/null", os.O_RDONLY)
        os.dup2(nothing, 0)
        if _LINUX:
            walls.prctl(_PR_SET_PDEATHSIG, signal.SIGKILL)
            with contextlib.suppress(OSError):  # in memory need, the command goes before Draftgate
                Path("/proc/self/oom_score_adj").write_text("500", encoding="ascii")
        _limit(plan)
        if plan.level == "namespaces":
            _move_away(plan)
        _put_up_walls(plan)
    except (OSError, ValueError) as error:
        _give_up(NO_WALLS, error)
    _execute(plan)


def _move_away(plan: Plan) -> None:
    """Go on as the command, below the first process of a process table of its own, whose end is everything's end."""
    walls.leave(network=plan.network)
    first = os.fork()
    if first:
        _relay(first)
    walls.prctl(_PR_SET_PDEATHSIG, signal.SIGKILL)
    walls.furnish(plan.hidden, plan.shown, plan.writable, plan.temporary)
    os.chdir(plan.folder)
    walls.drop_privileges()
    command = os.fork()
    if command:
        _relay(command)
    os.setsid()


def _relay(child: int) -> NoReturn:
    """Wait for one child, reap all others, and end as it ended; its signals are told as shells tell them."""
    for stream in (1, 2):  # so that the end of the output is the end of the command's
        os.close(stream)
    while True:
        pid, status = os.wait()
        if pid == child:
            code = os.waitstatus_to_exitcode(status)
            os._exit(code if code >= 0 else 128 - code)


def _put_up_walls(plan: Plan) -> None:
    if not _LINUX:
        return
    version = walls.landlock_version()
    if plan.level == "landlock":
        if not version:
            raise OSError(_NO_LANDLOCK)
        walls.drop_privileges()
        walls.enter_landlock(version, ([*walls.readable(plan.hidden), *plan.shown], plan.writable))
    elif plan.level == "namespaces" and version:
        walls.enter_landlock(version)
    elif plan.level != "namespaces":
        walls.drop_privileges()
    if plan.level in {"landlock", "seccomp"} and not plan.network:
        walls.deny_network()


_NO_LANDLOCK = "this kernel has no Landlock"


def _limit(plan: Plan) -> None:
    wanted = {
        resource.RLIMIT_CORE: 0,
        resource.RLIMIT_FSIZE: plan.file_bytes,
        resource.RLIMIT_NPROC: plan.processes,
        resource.RLIMIT_DATA: plan.data_bytes,
    }
    for limit, value in wanted.items():
        hard = resource.getrlimit(limit)[1]
        most = value if hard == resource.RLIM_INFINITY else min(value, hard)
        resource.setrlimit(limit, (most, most))


def _execute(plan: Plan) -> NoReturn:
    try:
        for sign in (signal.SIGPIPE, signal.SIGXFSZ):  # Python ignores these, and programs inherit that
            signal.signal(sign, signal.SIG_DFL)
        signal.pthread_sigmask(signal.SIG_SETMASK, ())
        os.execve(plan.command[0], list(plan.command), plan.environment)  # noqa: S606 - what this is for
    except (OSError, ValueError) as error:
        _give_up(_NOT_STARTED, error)


def _give_up(code: int, error: Exception) -> NoReturn:
    os.write(2, f"draftgate: the command could not be started: {error}\n".encode())
    os._exit(code)
