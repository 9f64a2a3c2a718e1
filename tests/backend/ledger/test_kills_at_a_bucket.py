"""A service killed while it sends to a bucket, and started again: each document is there exactly once."""

import asyncio
import signal
from collections import Counter
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import msgspec
import pytest

from banqup_tui.backend.db import tables
from banqup_tui.domain.secret import revealed
from tests.backend.ledger.one_service import code_at_end, ledger_setup, started
from tests.support.buckets import Buckets, buckets
from tests.support.forked_process import ForkedProcess


@pytest.fixture(scope="module")
def running() -> Iterator[Buckets]:
    with buckets() as server:
        yield server


@pytest.fixture
def server(running: Buckets) -> Iterator[Buckets]:
    running.reset()
    yield running
    running.reset()


@pytest.fixture
def bucket(server: Buckets, tmp_path: Path) -> str:
    """Three documents are to be sent into it by themselves."""
    bucket = server.bucket()
    harness = ledger_setup(tmp_path)
    client = harness.client()
    entered = {
        name: value for name, value in msgspec.to_builtins(server.settings(bucket), enc_hook=revealed).items() if value
    }
    harness.integration(client, harness.shelf.receivers["s3"], settings=entered, concurrency=2)
    harness.documents(client, 3)
    harness.database.engine.dispose()
    return bucket


async def ended(process: ForkedProcess) -> int:
    return await asyncio.to_thread(code_at_end, process)


def check(root: Path, server: Buckets, bucket: str) -> None:
    harness = ledger_setup(root)
    arrived = Counter(server.objects(bucket).values())
    assert arrived == Counter(row.id.encode() for row in harness.rows(tables.document))
    assert harness.states() == {"DELIVERED": 3}


def also(*points: str) -> list[Any]:
    return [pytest.param(point, marks=pytest.mark.campaign) for point in points]


@pytest.mark.parametrize(
    "point", ["send.answered", *also("mark.committed", "send.answered:3", "prepare.uploaded", "outcome.committed")]
)
async def test_a_service_killed_at_a_point_leaves_each_document_there_once(
    server: Buckets, bucket: str, tmp_path: Path, point: str
) -> None:
    assert await ended(started(tmp_path, point)) == -signal.SIGKILL
    assert await ended(started(tmp_path)) == 0
    check(tmp_path, server, bucket)


@pytest.mark.parametrize("has_it", [True, pytest.param(False, marks=pytest.mark.campaign)])
async def test_a_service_killed_while_the_server_has_its_request_leaves_each_document_there_once(
    server: Buckets, bucket: str, tmp_path: Path, has_it: bool
) -> None:
    process = started(tmp_path)

    def kill(environ: dict[str, Any]) -> tuple[str, str] | None:
        if environ["REQUEST_METHOD"] != "PUT":
            return None
        process.kill()
        return "500 Nobody hears this", ""

    if has_it:
        server.after = kill
    else:
        server.before = kill
    assert await ended(process) == -signal.SIGKILL
    server.before = server.after = None
    assert len(server.objects(bucket)) >= has_it
    assert await ended(started(tmp_path)) == 0
    check(tmp_path, server, bucket)


@pytest.mark.campaign
@pytest.mark.parametrize("point", ["check.asked", "check.answered", "takeover.committed"])
async def test_a_service_killed_again_while_it_looks_up_leaves_each_document_there_once(
    server: Buckets, bucket: str, tmp_path: Path, point: str
) -> None:
    assert await ended(started(tmp_path, "send.answered")) == -signal.SIGKILL
    assert await ended(started(tmp_path, point)) == -signal.SIGKILL
    assert await ended(started(tmp_path)) == 0
    check(tmp_path, server, bucket)
