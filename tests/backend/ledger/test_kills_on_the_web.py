"""A service killed while it sends to a web server, and started again: each document arrives exactly once."""

import asyncio
import signal
from collections import Counter
from collections.abc import Collection
from pathlib import Path
from typing import Any

import msgspec
import pytest

from banqup_tui.backend.db import tables
from banqup_tui.domain.secret import revealed
from tests.backend.ledger.one_service import code_at_end, ledger_setup, started
from tests.support.dav import dav_server
from tests.support.hooks import SECRET, hooks


def also(*points: str) -> list[Any]:
    return [pytest.param(point, marks=pytest.mark.campaign) for point in points]


async def start(root: Path, kill_at: str = "") -> int:
    return await asyncio.to_thread(code_at_end, started(root, kill_at))


def prepared(root: Path, extension_id: str, settings: Any) -> None:
    """Three documents, sent by themselves."""
    harness = ledger_setup(root)
    client = harness.client()
    entered = {name: value for name, value in msgspec.to_builtins(settings, enc_hook=revealed).items() if value}
    harness.integration(client, harness.shelf.receivers[extension_id], settings=entered, concurrency=2)
    harness.documents(client, 3)
    harness.database.engine.dispose()


def check(root: Path, arrived: Collection[bytes]) -> None:
    harness = ledger_setup(root)
    assert Counter(arrived) == Counter(row.id.encode() for row in harness.rows(tables.document))
    assert harness.states() == {"DELIVERED": 3}


@pytest.mark.parametrize(
    "point",
    ["send.answered", *also("send.halfway:2", "send.firstbyte", "send.lastbyte", "mark.committed", "send.answered:3")],
)
async def test_a_webhook_takes_each_document_once(tmp_path: Path, point: str) -> None:
    async with hooks() as server:
        prepared(tmp_path / "practice", "webhook", {"url": server.url, "secret": SECRET})
        assert await start(tmp_path / "practice", point) == -signal.SIGKILL
        assert await start(tmp_path / "practice") == 0
        check(tmp_path / "practice", [stored.content for stored in server.stored.values()])
        assert server.replays or "answered" not in point


@pytest.mark.parametrize(
    "point",
    ["rename.after", *also("send.firstbyte", "send.halfway", "send.lastbyte", "prepare.uploaded", "rename.before")],
)
async def test_a_webdav_server_gets_each_document_once(tmp_path: Path, point: str) -> None:
    with dav_server(tmp_path / "server") as server:
        prepared(tmp_path / "practice", "webdav", server.settings())
        assert await start(tmp_path / "practice", point) == -signal.SIGKILL
        assert await start(tmp_path / "practice") == 0
        check(tmp_path / "practice", [(server.root / name).read_bytes() for name in server.files()])
