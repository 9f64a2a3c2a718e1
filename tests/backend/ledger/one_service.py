"""A process that delivers what is due in a practice kept under a directory, with the real connectors, and ends.

`python -m tests.backend.ledger.one_service DIRECTORY`
"""

import asyncio
import os
import signal
import sys
import time
from pathlib import Path

from banqup_tui.backend.dispatch.loop import Dispatch
from banqup_tui.backend.ledger.timing import Timing
from banqup_tui.connectors.fava.connector import Fava
from banqup_tui.connectors.local_folder import LocalFolder
from banqup_tui.connectors.mail.connector import Mail
from banqup_tui.connectors.s3.connector import S3
from banqup_tui.connectors.sftp.connector import Sftp
from banqup_tui.connectors.webdav.connector import WebDav
from banqup_tui.connectors.webhook.connector import Webhook
from tests.backend.ledger.harness import LedgerHarness
from tests.support.forked_process import ForkedProcess
from tests.support.waiting import until

SWIFT = Timing(first_wait=0.02, roll_forward_after=0.02, poll=0.02)


def ledger_setup(root: Path) -> LedgerHarness:
    harness = LedgerHarness(root)
    harness.shelf.put(Fava(), LocalFolder(), Mail(), S3(), Sftp(), WebDav(), Webhook())
    harness.services.grace_period.seconds = 0.0  # the clock of a practice stands still
    return harness


async def main(root: Path) -> None:
    harness = ledger_setup(root)
    dispatch = Dispatch(harness.services, f"instance-{time.time_ns()}", timing=SWIFT)
    dispatch.take_over()
    stop = asyncio.Event()
    running = asyncio.create_task(dispatch.run(stop))
    await until(lambda: not dispatch.busy(), seconds=40)
    stop.set()
    await running
    await asyncio.to_thread(harness.shelf.close)


def started(root: Path, kill_at: str = "") -> ForkedProcess:
    """The process of this module."""
    arguments = ["-m", "tests.backend.ledger.one_service", str(root)]
    return ForkedProcess(arguments, {**os.environ, "BANQUP_KILL_AT": kill_at})


def code_at_end(process: ForkedProcess) -> int:
    """Its exit code: that of a kill, or none."""
    _, err = process.communicate(timeout=60)
    code = process.wait()
    assert code in (0, -signal.SIGKILL), err
    return code


if __name__ == "__main__":
    asyncio.run(main(Path(sys.argv[1])))
