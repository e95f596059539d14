"""The small process between Draftgate and a repository's command; standard library only, run by path with `-I -S`.

It is a process of its own because limits, a session and Landlock must be set between fork and exec, which a threaded
program cannot do safely, and because on Linux it can adopt every orphan below it: whatever the command leaves behind,
also what moved to a session of its own, is still found and killed.

    launcher.py PARENT FILE-BYTES PROCESSES DATA-BYTES PROGRAM ARGUMENT...

It exits with the program's code (128 + n for signal n), 126 when the program could not be started. SIGTERM ends
everything below it, and so does the death of PARENT, the process id of its parent.
"""

from __future__ import annotations

import contextlib
import ctypes
import os
import resource
import signal
import struct
import sys
import time
from pathlib import Path
from typing import NoReturn

_LINUX = sys.platform == "linux"
_LIBC = ctypes.CDLL(None, use_errno=True)

# linux/prctl.h
_PR_SET_PDEATHSIG, _PR_SET_CHILD_SUBREAPER, _PR_SET_NO_NEW_PRIVS = 1, 36, 38
_PR_CAPBSET_READ, _PR_CAPBSET_DROP = 23, 24
# linux/capability.h: SYS_MODULE, SYS_RAWIO, SYS_PTRACE, SYS_ADMIN, SYS_BOOT, PERFMON, BPF, CHECKPOINT_RESTORE. With
# some of these root may read any process's memory, whatever Landlock says (`may_access_mm` in Linux's kernel/fork.c).
_CAPABILITIES = (16, 17, 19, 21, 22, 38, 39, 40)
# linux/landlock.h; the numbers of the calls are the same on every architecture.
_CREATE_RULESET, _ADD_RULE, _RESTRICT_SELF = 444, 445, 446
_VERSION_FLAG, _PATH_BENEATH, _REFER = 1, 1, 1 << 13
_SCOPE_ABSTRACT_SOCKETS, _SCOPE_SIGNALS = 1, 2
_REFER_SINCE, _SCOPES_SINCE = 2, 6

_NOT_STARTED = 126
_STOPPED = 128 + signal.SIGTERM
_WATCH_SECONDS = 0.2
_KILLING_SECONDS = 30.0
_QUICK_ROUNDS = 100
_SIGNALS = {signal.SIGTERM, signal.SIGCHLD}


def landlock_version() -> int:
    """The kernel's Landlock ABI, 0 where it has none; below 2 it would forbid moving files between folders."""
    if not _LINUX:
        return 0
    version = int(_LIBC.syscall(_CREATE_RULESET, None, ctypes.c_size_t(0), ctypes.c_uint32(_VERSION_FLAG)))
    return version if version >= _REFER_SINCE else 0


def main(arguments: list[str]) -> int:
    """Run the program to its end, then end whatever it left; returns the exit code."""
    parent, *limits = map(int, arguments[:4])
    signal.signal(signal.SIGCHLD, lambda *_: None)  # the default is to drop the signal, which some systems do at once
    signal.pthread_sigmask(signal.SIG_BLOCK, _SIGNALS)
    if _LINUX:
        _prctl(_PR_SET_CHILD_SUBREAPER, 1)
        _prctl(_PR_SET_PDEATHSIG, signal.SIGTERM)
        if os.getppid() != parent:  # it died before that
            return _NOT_STARTED
    most = _running() + limits[1]
    child = os.fork()
    if child == 0:
        _become(arguments[4:], *limits)
    code = _wait(child, most)
    _end_all(child)
    return code


def _wait(child: int, most: int) -> int:
    """The child's exit code; that of a stopped one when we are told to end, or there are too many processes."""
    while True:
        sign = signal.sigtimedwait(_SIGNALS, _WATCH_SECONDS)
        if sign is None and _running() > most:
            os.write(2, b"draftgate: stopped, too many processes\n")
            return _STOPPED
        if sign is not None and sign.si_signo == signal.SIGTERM:
            return _STOPPED
        code = _code_of(child)
        if code is not None:
            return code


def _running() -> int:
    """How many processes the machine runs; 0 where that need not be watched.

    The kernel's own limit does not hold for root (setrlimit(2), RLIMIT_NPROC), which jobs in containers run as.
    """
    return len(_process_ids()) if _LINUX and os.geteuid() == 0 else 0


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


def _become(command: list[str], file_bytes: int, processes: int, data_bytes: int) -> NoReturn:
    """Turn this fork into the command, limited and cut off."""
    try:
        os.setsid()
        _limit(file_bytes, processes, data_bytes)
        if _LINUX:
            _prctl(_PR_SET_PDEATHSIG, signal.SIGKILL)
            _drop_capabilities()
            _prctl(_PR_SET_NO_NEW_PRIVS, 1)
            with contextlib.suppress(OSError):  # in memory need, the command goes before Draftgate
                Path("/proc/self/oom_score_adj").write_text("500", encoding="ascii")
            _enter_landlock(landlock_version())
        for sign in (signal.SIGPIPE, signal.SIGXFSZ):  # Python ignores these, and programs inherit that
            signal.signal(sign, signal.SIG_DFL)
        signal.pthread_sigmask(signal.SIG_SETMASK, ())
        os.execv(command[0], command)  # noqa: S606 - a configured command is what this is for
    except (OSError, ValueError) as error:
        os.write(2, f"draftgate: the command could not be started: {error}\n".encode())
        os._exit(_NOT_STARTED)


def _limit(file_bytes: int, processes: int, data_bytes: int) -> None:
    wanted = {
        resource.RLIMIT_CORE: 0,
        resource.RLIMIT_FSIZE: file_bytes,
        resource.RLIMIT_NPROC: processes,
        resource.RLIMIT_DATA: data_bytes,
    }
    for limit, value in wanted.items():
        hard = resource.getrlimit(limit)[1]
        most = value if hard == resource.RLIM_INFINITY else min(value, hard)
        resource.setrlimit(limit, (most, most))


def _drop_capabilities() -> None:
    """What root loses by the next exec; other users have none of these."""
    for capability in _CAPABILITIES if os.geteuid() == 0 else ():
        if _LIBC.prctl(_PR_CAPBSET_READ, capability, 0, 0, 0) == 1:  # -1 for one that this kernel does not know
            _prctl(_PR_CAPBSET_DROP, capability)


def _enter_landlock(version: int) -> None:
    """From here on, no process outside can be traced, looked into through /proc or, by version 6, signalled.

    Reading `/proc/<pid>/environ` of another process of the same user is enough to have its secrets; a Landlock domain
    ends that without privileges. Files and network are left as they are.
    """
    if not version:
        return
    scoped = _SCOPE_ABSTRACT_SOCKETS | _SCOPE_SIGNALS if version >= _SCOPES_SINCE else 0
    handled = 0 if scoped else _REFER
    ruleset = _call(_CREATE_RULESET, struct.pack("QQQ", handled, 0, scoped), ctypes.c_size_t(24), ctypes.c_uint32(0))
    if handled:  # a domain must handle something; this is given back everywhere at once
        root = os.open("/", os.O_PATH | os.O_CLOEXEC)
        rule = struct.pack("=Qi", _REFER, root)
        _call(_ADD_RULE, ctypes.c_int(ruleset), ctypes.c_int(_PATH_BENEATH), rule, ctypes.c_uint32(0))
        os.close(root)
    _call(_RESTRICT_SELF, ctypes.c_int(ruleset), ctypes.c_uint32(0))
    os.close(ruleset)


def _call(number: int, *arguments: object) -> int:
    return _checked(_LIBC.syscall(ctypes.c_long(number), *arguments))


def _prctl(option: int, value: int) -> None:
    zero = ctypes.c_ulong(0)
    _checked(_LIBC.prctl(ctypes.c_int(option), ctypes.c_ulong(value), zero, zero, zero))


def _checked(result: int) -> int:
    if result < 0:
        number = ctypes.get_errno()
        raise OSError(number, os.strerror(number))
    return result


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
