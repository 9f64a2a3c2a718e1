"""A service killed while it sends over SFTP, in a process of its own: on the server each document is exactly once."""

import signal
from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from tests.backend.ledger.test_kills_on_the_web import also, check, prepared, start
from tests.support.sftp import SSHD, Server, asyncssh_server, openssh


@pytest.fixture
async def server(tmp_path: Path) -> AsyncIterator[Server]:
    """OpenSSH's, where the machine has it."""
    if SSHD is None:
        async with asyncssh_server(tmp_path / "server") as made:
            yield made
    else:
        with openssh(tmp_path / "server") as made:
            yield made


@pytest.mark.parametrize(
    "point",
    [
        "send.halfway:2",
        "rename.after",
        *also(
            "send.firstbyte", "send.lastbyte", "prepare.uploaded", "mark.committed", "rename.before", "rename.after:3"
        ),
    ],
)
async def test_a_server_gets_each_document_once_and_nothing_hidden_stays(
    tmp_path: Path, server: Server, point: str
) -> None:
    prepared(tmp_path / "practice", "sftp", server.settings())
    assert await start(tmp_path / "practice", point) == -signal.SIGKILL
    assert await start(tmp_path / "practice") == 0
    check(tmp_path / "practice", [(server.root / name).read_bytes() for name in server.files()])
