"""Right after the start, many threads read their first document and their first command at once."""

import subprocess
import sys

SCRIPT = """
import enum, threading, time
from banqup_tui.backend.dispatch import requests
from banqup_tui.backend.ledger import bulk_jobs
from banqup_tui.protocol import commands

def slowly(cls, name):
    time.sleep(0.001)
    raise AttributeError(name)

enum.EnumType.__getattr__ = slowly
DOCUMENT = b'{"id":"a","clientId":"b","folder":"SALES_INVOICES","kind":"INVOICE","fileName":"a","mediaType":"b",' \\
    b'"size":1,"sha256":"' + 64 * b"c" + b'",' \\
    b'"createdAt":"2026-01-01T00:00:00Z","supplier":{"name":"x"},"accountingStatus":"QUEUED"}'
BULK = b'{"query":{"folder":"SALES_INVOICES"},"upTo":"e.1","expected":1}'
TASK = b'{"query":{"folder":"SALES_INVOICES"},"integrationIds":["a"],"folders":["SALES_INVOICES"]}'
together = threading.Barrier(8)

def read():
    together.wait()
    requests._document.decode(DOCUMENT)
    commands.decode("BULK_SEND", BULK)
    bulk_jobs._task.decode(TASK)

threads = [threading.Thread(target=read) for _ in range(8)]
for thread in threads:
    thread.start()
for thread in threads:
    thread.join()
"""


def test_documents_and_commands_read_side_by_side_right_after_the_start_do_not_bring_the_service_down() -> None:
    done = subprocess.run([sys.executable, "-c", SCRIPT], timeout=60, capture_output=True, check=False)
    assert (done.returncode, done.stderr) == (0, b"")
