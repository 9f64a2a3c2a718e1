"""A process that delivers what is due in a practice kept under a directory, with the real connectors, and ends.

`python -m tests.backend.ledger.one_service DIRECTORY`
"""

import asyncio
import importlib
import os
import sys
import time
from pathlib import Path

from banqup_tui import kill_points_of_tests
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


def run(root: Path, kill_at: str, errors: Path) -> None:
    """All of a process that was forked from one in which this module is imported; its stderr goes to a file."""
    with errors.open("wb") as stream:
        os.dup2(stream.fileno(), 2)
    os.environ["BANQUP_KILL_AT"] = kill_at
    importlib.reload(kill_points_of_tests)  # it reads the variable when it is imported
    asyncio.run(main(root))


if __name__ == "__main__":
    asyncio.run(main(Path(sys.argv[1])))
