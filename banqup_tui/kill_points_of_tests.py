"""Places at which a test may make the process kill itself: `BANQUP_KILL_AT=name[:n]`, at the n-th pass."""

import os
import signal


def _wanted() -> tuple[str, int]:
    name, _, count = os.environ.get("BANQUP_KILL_AT", "").partition(":")
    return name, int(count or 1)


_name, _left = _wanted()
_also: int | None = None


def read_environment() -> None:
    """Reads the variable again, in a fork of a process that was started without it."""
    global _name, _left
    _name, _left = _wanted()


def kill_also(process: int) -> None:
    """Names a process that is killed together with this one."""
    global _also
    _also = process


def kill_point(name: str) -> None:
    global _left
    if name != _name:
        return
    _left -= 1
    if _left == 0:
        if _also is not None:
            os.kill(_also, signal.SIGKILL)
        os.kill(os.getpid(), signal.SIGKILL)
