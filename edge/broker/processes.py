"""Programs that outlive the broker: started in sessions of their own, found again, watched, and ended exactly.

A process is known by its number, the moment it started and the boot in which it did, so that a number that the kernel
gave to another program is never taken for it.
"""

import asyncio
import os
import shutil
import signal
import sys
from collections.abc import Mapping, Sequence
from pathlib import Path

import msgspec

from edge.errors import BrokerError

SERVER_FOLDERS = ("/usr/local/sbin", "/usr/sbin")
GRACE_S = 3.0
POLL_S = 0.05


class Process(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """A process that leads its own session; `started` is in clock ticks since boot."""

    pid: int
    started: int
    boot: str


def search_path() -> str:
    """Return where programs are looked for: PATH, and where Debian keeps servers, which is in root's PATH alone."""
    return os.pathsep.join([os.environ.get("PATH", os.defpath), *SERVER_FOLDERS])


def is_installed(program: str) -> bool:
    """Whether `spawn`, with `search_path` as its PATH, finds `program`."""
    return shutil.which(program, path=search_path()) is not None


def spawn(
    command: Sequence[str], *, environment: Mapping[str, str], directory: Path, log: Path, fd_3: int | None = None
) -> Process:
    """Start `command` in a session of its own; its output replaces the content of `log`.

    `environment` is all that it gets; `fd_3` becomes its descriptor 3. Raises `BrokerError` if it is not installed.
    """
    actions: list[tuple[int, ...] | tuple[int, int, str, int, int]] = [
        (os.POSIX_SPAWN_OPEN, 0, os.devnull, os.O_RDONLY, 0),
        (os.POSIX_SPAWN_OPEN, 1, str(log), os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600),
        (os.POSIX_SPAWN_DUP2, 1, 2),
    ]
    if fd_3 is not None:
        actions.append((os.POSIX_SPAWN_DUP2, fd_3, 3))
    # posix_spawn knows no working directory; env(1) does, and becomes the program, so that the number stays
    words = ["env", "-C", str(directory), "--", *command]
    try:
        pid = os.posix_spawnp(
            "env", words, environment, file_actions=actions, setsid=True, setsigdef=signal.valid_signals()
        )
    except OSError as error:
        raise BrokerError(f"{command[0]}: cannot be started: {error.strerror}") from error
    stat = _stat(pid)
    return Process(pid, stat[1] if stat else 0, _boot())


def alive(process: Process) -> bool:
    """Whether it still runs."""
    if process.boot != _boot():
        return False
    stat = _stat(process.pid)
    return stat is not None and stat[1] == process.started and stat[0] not in "ZX"


async def wait(process: Process) -> None:
    """Wait until it has ended, whoever its parent is."""
    if not alive(process):
        _reap(process)
        return
    try:
        descriptor = os.pidfd_open(process.pid)
    except ProcessLookupError:
        return
    loop = asyncio.get_running_loop()
    ended = asyncio.Event()
    loop.add_reader(descriptor, ended.set)
    try:
        if alive(process):
            await ended.wait()
    finally:
        loop.remove_reader(descriptor)
        os.close(descriptor)
    _reap(process)


async def end(process: Process) -> None:
    """End it and all of its session: SIGTERM, and SIGKILL for what is left after some seconds."""
    for number in (signal.SIGTERM, signal.SIGKILL):
        left = _session(process)
        for pid in left:
            try:
                os.kill(pid, number)
            except ProcessLookupError:
                continue
        deadline = asyncio.get_running_loop().time() + GRACE_S
        while _session(process) and asyncio.get_running_loop().time() < deadline:
            _reap(process)
            await asyncio.sleep(POLL_S)
    _reap(process)


def _session(process: Process) -> list[int]:
    """Find the processes of its session that are not zombies; its leader may be gone already."""
    if process.boot != _boot():
        return []
    leader = _stat(process.pid)
    if leader is not None and leader[1] != process.started:
        return []  # the number belongs to another program by now
    found = []
    for entry in Path("/proc").iterdir():
        if entry.name.isdigit() and (stat := _stat(int(entry.name))) is not None:
            state, started, session = stat
            if session == process.pid and started >= process.started and state not in "ZX":
                found.append(int(entry.name))
    return found


def _stat(pid: int) -> tuple[str, int, int] | None:
    """State, start and session of a process; None if there is no such process. Source: proc(5)."""
    try:
        line = Path(f"/proc/{pid}/stat").read_text(encoding="utf-8", errors="replace")
    except (FileNotFoundError, ProcessLookupError):
        return None
    fields = line[line.rindex(")") + 2 :].split()
    return fields[0], int(fields[19]), int(fields[3])


def _reap(process: Process) -> None:
    try:
        os.waitpid(process.pid, os.WNOHANG)
    except ChildProcessError:
        return  # the child of a broker that is gone


def _boot() -> str:
    return Path("/proc/sys/kernel/random/boot_id").read_text(encoding="ascii").strip()


if sys.platform != "linux":  # pragma: no cover
    raise ImportError("the broker's local programs need Linux: /proc and pidfd")
