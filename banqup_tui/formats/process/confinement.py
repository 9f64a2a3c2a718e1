"""Confines the reader process before it sees the first document.

| | Linux | macOS |
|---|---|---|
| no file can be opened, no connection made (no descriptor can be had) | yes | yes |
| no file is written, no core is left | yes | yes |
| no process is started (but by root) | yes | yes |
| memory | 512 MB of address space | not limited |
| processor time of one document | yes | yes |
| a network of its own, with nothing in it | where the system allows user namespaces | no |
| no new privileges, ends with its parent | at once | when it has answered |

What a system does not have is left out; the wall clock is watched by the parent.
"""

from __future__ import annotations

import os
import resource
import signal
import sys

MOST_MEMORY = 512 * 2**20
"""Bytes of address space beyond those at the start."""

MOST_SECONDS = 10
"""Seconds of processor time, and of wall clock, for a document."""

_PR_SET_PDEATHSIG = 1
_PR_SET_NO_NEW_PRIVS = 38
_CLONE_NEWUSER = 0x10000000
_CLONE_NEWNET = 0x40000000


def end_with(parent: int) -> None:
    """Makes the kernel end this process together with the thread that started it; ends it if `parent` is gone."""
    if sys.platform.startswith("linux"):
        _prctl(_PR_SET_PDEATHSIG, signal.SIGKILL)
    if os.getppid() != parent:
        os._exit(0)


def confine() -> None:
    """Gives up for good what reading does not need. All modules must be loaded, as no file can be opened afterwards."""
    if sys.platform.startswith("linux"):
        _prctl(_PR_SET_NO_NEW_PRIVS, 1)
        _leave_the_network()
        _prefer_for_oom_kill()
        _limit(resource.RLIMIT_AS, _address_space() + MOST_MEMORY)
    _limit(resource.RLIMIT_CORE, 0)
    _limit(resource.RLIMIT_FSIZE, 0)
    _limit(resource.RLIMIT_NPROC, 0)
    # The limit is zero, not the number of open descriptors: code that runs here could close one and reuse its number.
    _limit(resource.RLIMIT_NOFILE, 0)


def allow_seconds() -> None:
    """Sets the limit of processor time for the next document; the kernel enforces it with SIGXCPU."""
    limit = int(cpu_seconds()) + MOST_SECONDS + 1
    _, hard = resource.getrlimit(resource.RLIMIT_CPU)
    if hard == resource.RLIM_INFINITY or limit < hard:
        resource.setrlimit(resource.RLIMIT_CPU, (limit, hard))


def cpu_seconds() -> float:
    usage = resource.getrusage(resource.RUSAGE_SELF)
    return usage.ru_utime + usage.ru_stime


def peak_memory() -> int:
    """Returns the peak resident memory in bytes; Linux counts kilobytes."""
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    return peak if sys.platform == "darwin" else peak * 1024


def _limit(kind: int, value: int) -> None:
    _, hard = resource.getrlimit(kind)
    if hard != resource.RLIM_INFINITY:
        value = min(value, hard)
    try:
        resource.setrlimit(kind, (value, value))
    except (ValueError, OSError):
        if sys.platform.startswith("linux"):
            raise


def _address_space() -> int:
    with open("/proc/self/statm", "rb") as file:
        return int(file.read().split()[0]) * resource.getpagesize()


def _prefer_for_oom_kill() -> None:
    """Makes this process, not the service, the one that a machine without memory ends."""
    try:
        with open("/proc/self/oom_score_adj", "w", encoding="ascii") as file:
            file.write("1000")
    except OSError:
        return


def _leave_the_network() -> None:
    """Moves to an empty network namespace. Some containers and distributions forbid it; see the table."""
    import ctypes

    unshare = getattr(ctypes.CDLL(None), "unshare", None)
    if unshare is not None and unshare(_CLONE_NEWUSER | _CLONE_NEWNET) != 0:
        unshare(_CLONE_NEWNET)


def _prctl(option: int, value: int) -> None:
    import ctypes

    ctypes.CDLL(None).prctl(option, ctypes.c_ulong(value), ctypes.c_ulong(0), ctypes.c_ulong(0), ctypes.c_ulong(0))
