"""What the launcher puts between a command and the rest of the machine; Linux only, standard library only.

Three ways, the best first: namespaces of its own (files, processes, network), which need a kernel that lets users have
them; Landlock and seccomp, which need nothing; a bare seccomp filter. Sources: namespaces(7), mount_setattr(2),
landlock(7), seccomp(2), capabilities(7); the order of the mounts is bubblewrap's.
"""

from __future__ import annotations

import contextlib
import ctypes
import errno
import fcntl
import os
import platform
import socket
import struct
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Sequence

_LIBC = ctypes.CDLL(None, use_errno=True)

# linux/sched.h
_NEW_FILES, _NEW_IPC, _NEW_USER, _NEW_PROCESSES, _NEW_NETWORK = (
    0x0002_0000, 0x0800_0000, 0x1000_0000, 0x2000_0000, 0x4000_0000,
)  # fmt: skip
# linux/mount.h and the numbers of the calls, which are the same on every architecture
_MS_NOSUID, _MS_NODEV, _MS_NOEXEC, _MS_REC, _MS_PRIVATE = 2, 4, 8, 1 << 14, 1 << 18
_OPEN_TREE, _MOVE_MOUNT, _MOUNT_SETATTR = 428, 429, 442
_CLONE, _CLOEXEC, _RECURSIVE, _EMPTY_PATH, _FROM_EMPTY_PATH = 1, os.O_CLOEXEC, 0x8000, 0x1000, 4
_READ_ONLY, _NO_SETUID = 1, 2
_AT_FDCWD = -100
# linux/prctl.h
_SET_NO_NEW_PRIVS, _CAPBSET_READ, _CAPBSET_DROP, _SET_DUMPABLE, _SET_SECCOMP, _FILTER = 38, 23, 24, 4, 22, 2
# linux/landlock.h
_CREATE_RULESET, _ADD_RULE, _RESTRICT_SELF = 444, 445, 446
_VERSION_FLAG, _PATH_BENEATH = 1, 1
_SCOPES = 3  # abstract sockets, signals
_EXECUTE, _WRITE_FILE, _READ_FILE, _READ_DIR, _REFER, _TRUNCATE = 1, 2, 4, 8, 1 << 13, 1 << 14
_REFER_SINCE, _TRUNCATE_SINCE, _SCOPES_SINCE = 2, 3, 6
# linux/audit.h, asm/unistd.h: the architecture, and its numbers of socket() and io_uring_setup()
_SYSTEM_CALLS = {"x86_64": (0xC000_003E, 41, 425), "aarch64": (0xC000_00B7, 198, 425)}
_X32 = 0x4000_0000
_TEMPORARY = ("/tmp", "/var/tmp")  # noqa: S108 - these are what is replaced
_DOORS = ("docker.sock", "podman/podman.sock", "containerd/containerd.sock", "crio/crio.sock")
"""Sockets below /run through which whoever may write to them commands the machine."""


def landlock_version() -> int:
    """The kernel's Landlock ABI, 0 where it has none; below 2 it would forbid moving files between folders."""
    version = int(_LIBC.syscall(_CREATE_RULESET, None, ctypes.c_size_t(0), ctypes.c_uint32(_VERSION_FLAG)))
    return version if version >= _REFER_SINCE else 0


def prctl(option: int, value: int) -> None:
    """One of the kernel's settings for this process; raises OSError."""
    zero = ctypes.c_ulong(0)
    _checked(_LIBC.prctl(ctypes.c_int(option), ctypes.c_ulong(value), zero, zero, zero))


# Namespaces


def leave(*, network: bool) -> None:
    """Move into namespaces of our own; processes that are forked from now on are in a process table of their own."""
    user, group = os.geteuid(), os.getegid()
    flags = _NEW_USER | _NEW_FILES | _NEW_IPC | _NEW_PROCESSES | (0 if network else _NEW_NETWORK)
    _checked(_LIBC.unshare(ctypes.c_int(flags)))
    for name, line in (("setgroups", "deny"), ("uid_map", f"{user} {user} 1"), ("gid_map", f"{group} {group} 1")):
        Path("/proc/self", name).write_text(line, encoding="ascii")
    if not network:
        _raise_loopback()


def _raise_loopback() -> None:
    """A new network has its loopback down (netdevice(7)); test servers need it."""
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as any_socket:
        fcntl.ioctl(any_socket, 0x8914, struct.pack("16sh22x", b"lo", 0x1 | 0x40))  # SIOCSIFFLAGS: up, running


def furnish(hidden: Sequence[str], shown: Sequence[str], writable: Sequence[str], temporary: str) -> None:
    """Make all files read-only but the `writable` folders, and the `hidden` places empty but for those `shown`.

    `temporary` stands for `/tmp` and `/var/tmp`, which must be hidden. To be called as the first process of a process
    table of its own.
    """
    _mount("none", "/", "", _MS_REC | _MS_PRIVATE, "")
    kept = {path: _copy_of(path) for path in (*shown, *writable)}
    replaced = {place: _copy_of(temporary) for place in _TEMPORARY if Path(place).is_dir()}
    for place in hidden:
        if place in replaced:
            _put(replaced[place], place)
        elif Path(place).is_dir():
            _mount("tmpfs", place, "tmpfs", _MS_NOSUID | _MS_NODEV, "mode=755,size=4m")
        else:
            _put(_copy_of("/dev/null"), place)
    _prepare([path for path in kept if not Path(path).exists()], kept)
    _set_attributes("/", _READ_ONLY | _NO_SETUID)
    for path, copy in kept.items():
        _put(copy, path)
        _set_attributes(path, _NO_SETUID | (0 if path in writable else _READ_ONLY))
    for place in replaced:
        _set_attributes(place, 0, clear=_READ_ONLY)
    if Path("/dev/shm").is_dir():  # noqa: S108 - semaphores live there
        _mount("tmpfs", "/dev/shm", "tmpfs", _MS_NOSUID | _MS_NODEV, "mode=1777,size=1g")  # noqa: S108 - as above
    _mount("proc", "/proc", "proc", _MS_NOSUID | _MS_NODEV | _MS_NOEXEC, "")


def _prepare(missing: Iterable[str], kept: dict[str, int]) -> None:
    """Places to mount on, where the folder above is now an empty one."""
    for path in missing:
        if os.path.isdir(f"/proc/self/fd/{kept[path]}"):  # noqa: PTH112 - a Path would be resolved
            Path(path).mkdir(parents=True, exist_ok=True)
        else:
            Path(path).parent.mkdir(parents=True, exist_ok=True)
            Path(path).touch()


def _mount(source: str, target: str, kind: str, flags: int, options: str) -> None:
    _checked(
        _LIBC.mount(source.encode(), os.fsencode(target), kind.encode(), ctypes.c_ulong(flags), options.encode()),
        target,
    )


def _copy_of(path: str) -> int:
    """A mount of the same files that hangs nowhere yet."""
    flags = _CLONE | _CLOEXEC | _RECURSIVE
    return _checked(_LIBC.syscall(_OPEN_TREE, _AT_FDCWD, os.fsencode(path), ctypes.c_uint(flags)), path)


def _put(copy: int, path: str) -> None:
    done = _LIBC.syscall(_MOVE_MOUNT, copy, b"", _AT_FDCWD, os.fsencode(path), ctypes.c_uint(_FROM_EMPTY_PATH))
    _checked(done, path)
    os.close(copy)


def _set_attributes(path: str, flags: int, *, clear: int = 0) -> None:
    attributes = struct.pack("QQQQ", flags, clear, 0, 0)
    size = ctypes.c_size_t(len(attributes))
    depth = ctypes.c_uint(0 if clear else _RECURSIVE)
    _checked(_LIBC.syscall(_MOUNT_SETATTR, _AT_FDCWD, os.fsencode(path), depth, attributes, size), path)


def drop_privileges() -> None:
    """Give up every capability for good, and the way to new ones; nobody may look into this process any more."""
    for capability in range(64):
        if _LIBC.prctl(_CAPBSET_READ, capability, 0, 0, 0) == 1:
            with contextlib.suppress(PermissionError):  # a user without any has none to lose
                prctl(_CAPBSET_DROP, capability)
    header = struct.pack("Ii", 0x2008_0522, 0)  # linux/capability.h: version 3, this process
    _checked(_LIBC.capset(header, bytes(24)))
    prctl(_SET_NO_NEW_PRIVS, 1)
    prctl(_SET_DUMPABLE, 0)


# Landlock


def readable(hidden: Sequence[str]) -> Iterator[str]:
    """What is left of the machine's files without those places: as few folders as cover it."""
    yield from _beside("/", [os.path.normpath(path) for path in hidden])


def _beside(folder: str, hidden: Sequence[str]) -> Iterator[str]:
    try:
        entries = [one.path for one in os.scandir(folder) if not one.is_symlink()]
    except OSError:
        return
    for path in sorted(entries):
        if any(place.startswith(f"{path}/") for place in hidden):
            yield from _beside(path, hidden)
        elif path not in hidden:
            yield path


def enter_landlock(version: int, files: tuple[Iterable[str], Iterable[str]] | None = None) -> None:
    """From here on, no process outside can be traced, looked into through /proc or, by version 6, signalled.

    With `files`, only the first of the two lists can be read and only the second written; names of files can still be
    listed. Reading `/proc/<pid>/environ` of another process of the same user is enough to have its secrets; a Landlock
    domain ends that without privileges.
    """
    scoped = _SCOPES if version >= _SCOPES_SINCE else 0
    writing = sum(1 << bit for bit in (1, *range(4, 13))) | _REFER | (_TRUNCATE if version >= _TRUNCATE_SINCE else 0)
    handled = writing | _READ_FILE | _READ_DIR | _EXECUTE if files else (0 if scoped else _REFER)
    ruleset = _call(_CREATE_RULESET, struct.pack("QQQ", handled, 0, scoped), ctypes.c_size_t(24), ctypes.c_uint32(0))
    if files:
        _allow(ruleset, ["/"], _READ_DIR)
        _allow(ruleset, files[0], _READ_FILE | _READ_DIR | _EXECUTE)
        _allow(ruleset, files[1], handled)
        _allow(ruleset, ["/dev"], (writing & (_WRITE_FILE | _TRUNCATE)) | _READ_FILE)
    elif handled:  # a domain must handle something; this is given back everywhere at once
        _allow(ruleset, ["/"], handled)
    _call(_RESTRICT_SELF, ctypes.c_int(ruleset), ctypes.c_uint32(0))
    os.close(ruleset)


def _allow(ruleset: int, paths: Iterable[str], access: int) -> None:
    """What is not there, or has just gone, needs no rule; a file cannot be listed."""
    for path in paths:
        with contextlib.suppress(FileNotFoundError, PermissionError):
            place = os.open(path, os.O_PATH | os.O_CLOEXEC)
            only = access if Path(path).is_dir() else access & (_READ_FILE | _WRITE_FILE | _EXECUTE | _TRUNCATE)
            rule = struct.pack("=Qi", only, place)
            _call(_ADD_RULE, ctypes.c_int(ruleset), ctypes.c_int(_PATH_BENEATH), rule, ctypes.c_uint32(0))
            os.close(place)


# seccomp


def deny_network() -> None:
    """No sockets but local ones and those that ask the kernel for its tables; not even those where one is a door.

    Loopback is gone as well: a filter cannot see addresses. `io_uring` could make sockets unseen and is refused.

    Raises:
        OSError: on an architecture whose numbers are not known here.
    """
    if platform.machine() not in _SYSTEM_CALLS:
        raise OSError(errno.ENOSYS, "no filter for this machine")
    architecture, make_socket, ring = _SYSTEM_CALLS[platform.machine()]
    doors = any(os.access(f"/run/{door}", os.W_OK) for door in _DOORS)
    families = [socket.AF_NETLINK] if doors else [socket.AF_NETLINK, socket.AF_UNIX]
    allow, refuse, unknown = 0x7FFF_0000, 0x0005_0000 | errno.EACCES, 0x0005_0000 | errno.ENOSYS
    load, equal, at_least, end = 0x20, 0x15, 0x35, 0x06
    steps = [
        (load, 0, 0, 4), (equal, 1, 0, architecture), (end, 0, 0, unknown),
        (load, 0, 0, 0), (at_least, 0, 1, _X32), (end, 0, 0, unknown),
        (equal, 0, 1, ring), (end, 0, 0, unknown),
        (equal, 1, 0, make_socket), (end, 0, 0, allow),
        (load, 0, 0, 16),
        *[step for family in families for step in ((equal, 0, 1, family), (end, 0, 0, allow))],
        (end, 0, 0, refuse),
    ]  # fmt: skip
    code = b"".join(struct.pack("HBBI", *step) for step in steps)
    held = ctypes.create_string_buffer(code, len(code))
    program = struct.pack("HxxxxxxP", len(steps), ctypes.addressof(held))
    prctl(_SET_NO_NEW_PRIVS, 1)
    _checked(_LIBC.prctl(_SET_SECCOMP, ctypes.c_ulong(_FILTER), program, ctypes.c_ulong(0), ctypes.c_ulong(0)))


def _call(number: int, *arguments: object) -> int:
    return _checked(_LIBC.syscall(ctypes.c_long(number), *arguments))


def _checked(result: int, path: str = "") -> int:
    if result < 0:
        number = ctypes.get_errno()
        raise OSError(number, os.strerror(number), *([path] if path else []))
    return result
