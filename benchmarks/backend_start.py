"""How long a terminal waits for a backend that does not run yet: `python -m benchmarks.backend_start [times]`.

To be taken in an environment of the runtime dependencies only, with the bytecode written.
"""

import os
import signal
import statistics
import subprocess
import sys
import tempfile
import time
from pathlib import Path

GOAL_SECONDS = 0.5
_CONNECT = (
    "import time; began = time.perf_counter();"
    "from banqup_tui.app_dirs import dirs; from banqup_tui.launcher import connect;"
    "found = connect(homes()); print(time.perf_counter() - began, found.pid)"
)


def seconds_to_connect(home: Path) -> float:
    """From the first import of a terminal to an answer that is proved; the backend is ended again."""
    environment = {key: value for key, value in os.environ.items() if key != "PYTHONDONTWRITEBYTECODE"}
    done = subprocess.run(
        [sys.executable, "-c", _CONNECT],
        env=environment | {"BANQUP_HOME": str(home)},
        capture_output=True,
        text=True,
        timeout=60,
        check=True,
    )
    seconds, pid = done.stdout.split()
    _end(int(pid))
    return float(seconds)


def _end(pid: int) -> None:
    os.kill(pid, signal.SIGTERM)
    while _is_there(pid):
        time.sleep(0.02)


def _is_there(pid: int) -> bool:
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return False
    return True


def main(times: int = 7) -> None:
    with tempfile.TemporaryDirectory() as directory:
        home = Path(directory)
        first = seconds_to_connect(home)
        again = [seconds_to_connect(home) for _ in range(times)]
    print(f"backend, first start (makes its database)  {first:.3f} s")
    print(f"backend, next starts, median of {times}          {statistics.median(again):.3f} s (goal {GOAL_SECONDS} s)")


if __name__ == "__main__":
    main(*(int(text) for text in sys.argv[1:2]))
