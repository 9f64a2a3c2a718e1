"""A service killed while it sends by mail, and started again: never a second message, and what cannot be known is said.

A mail server cannot be asked what it has, so a document whose sending had begun is the user's to look for.
"""

import asyncio
import signal
from pathlib import Path
from typing import Any

import msgspec
import pytest

from banqup_tui.domain.secret import revealed
from tests.backend.ledger.one_service import code_at_end, ledger_setup, started
from tests.support.mail import PURCHASES, mail_server


def also(*points: str) -> list[Any]:
    return [pytest.param(point, marks=pytest.mark.campaign) for point in points]


async def start(root: Path, kill_at: str = "") -> int:
    return await asyncio.to_thread(code_at_end, started(root, kill_at))


@pytest.mark.parametrize(
    "point",
    [
        "send.answered",
        *also("send.halfway:2", "prepare.uploaded", "mark.committed", "send.firstbyte", "send.lastbyte"),
    ],
)
async def test_no_document_is_mailed_twice_and_what_cannot_be_known_is_said(tmp_path: Path, point: str) -> None:
    async with mail_server() as server:
        harness = ledger_setup(tmp_path / "practice")
        client = harness.client()
        settings = {
            name: value
            for name, value in msgspec.to_builtins(server.settings(address=PURCHASES), enc_hook=revealed).items()
            if value
        }
        harness.integration(client, harness.shelf.receivers["email"], settings=settings, concurrency=2)
        harness.documents(client, 3)
        harness.database.engine.dispose()
        assert await start(tmp_path / "practice", point) == -signal.SIGKILL
        assert await start(tmp_path / "practice") == 0
        keys = [message["Message-ID"] for message in server.box.messages()]
    states = ledger_setup(tmp_path / "practice").states()
    unknown = states.get("UNKNOWN", 0)
    assert len(set(keys)) == len(keys)
    assert states.get("DELIVERED", 0) + unknown == 3
    assert states.get("DELIVERED", 0) <= len(keys) <= 3
    assert bool(unknown) is (point != "prepare.uploaded")
