"""An SFTP drop over a room, in the test's own loop, and senders that put files into it."""

import asyncio
import contextlib
import shutil
import socket
import uuid
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from functools import cache
from pathlib import Path
from typing import Any
from unittest import mock

import asyncssh

from banqup_tui.backend.intake.sftp_drop import MakeDrop, RunningDrop, SftpDrop
from banqup_tui.backend.paths import HOST_KEY_FILE
from banqup_tui.domain import passwords
from banqup_tui.domain.source import SourceKind
from banqup_tui.protocol.commands import AddAccount, AddSource
from banqup_tui.sources import drop_auth
from banqup_tui.sources.drop_account import Lookup, Take, TakeAgain
from banqup_tui.sources.drop_server import Drop
from banqup_tui.sources.drop_spool import DropLimits
from tests.support.intake_harness import IntakeHarness
from tests.support.sftp import free_port
from tests.support.waiting import until

SFTP = shutil.which("sftp")
PASSWORD = "kXw7dPq2mZr9sVb4"
SECRET = passwords.password_hash(PASSWORD)


class DropHarness:
    """A drop that listens. `spool` is where unfinished files are."""

    def __init__(self, harness: IntakeHarness, port: int) -> None:
        self.harness = harness
        self.port = port

    @property
    def spool(self) -> Path:
        return self.harness.services.files.home / "drop"

    def left_over(self) -> list[Path]:
        return [path for path in self.spool.rglob("*") if path.is_file()]

    @asynccontextmanager
    async def connected(self, user: str = "banqup", password: str | None = PASSWORD, **more: Any) -> Any:
        options: dict[str, Any] = {"known_hosts": None, "client_keys": None, "config": None, **more}
        async with asyncssh.connect("127.0.0.1", self.port, username=user, password=password, **options) as connection:
            yield connection

    @asynccontextmanager
    async def sender(self, user: str = "banqup", **more: Any) -> AsyncIterator[asyncssh.SFTPClient]:
        async with self.connected(user, **more) as connection, connection.start_sftp_client() as sftp:
            yield sftp

    async def put(self, path: str, content: bytes, **more: Any) -> None:
        async with self.sender(**more) as sftp:
            await put(sftp, path, content)


async def put(sftp: asyncssh.SFTPClient, path: str, content: bytes) -> None:
    async with sftp.open(path, "wb") as file:
        await file.write(content)


def account(harness: IntakeHarness, name: str = "banqup", **more: Any) -> str:
    wanted = {"secret": None if "public_key" in more else SECRET, **more}
    account_id = str(uuid.uuid4())
    harness.do(AddAccount(account_id=account_id, source_id="drop", name=name, **wanted))
    return account_id


@asynccontextmanager
async def drop_of(
    harness: IntakeHarness,
    limits: DropLimits | None = None,
    picture_wait_seconds: float = 60,
    make: MakeDrop | None = None,
    *,
    new_host_key: bool = False,
) -> AsyncIterator[DropHarness]:
    """Turned on where it is not yet; let in is whoever has an account. In the test's own process, unless `make` is.

    Its host key is one of a drop of before, unless `new_host_key`: to make an RSA key takes half a second of CPU, and
    each reading of it 0.15 s.
    """
    port = free_port()
    if not new_host_key:
        key = harness.services.files.home / HOST_KEY_FILE
        key.touch(0o600)
        key.write_bytes(_host_key())
    harness.do(AddSource(source_id="drop", path=f"127.0.0.1:{port}", kind=SourceKind.SFTP_DROP))
    stop = asyncio.Event()
    running = asyncio.create_task(
        SftpDrop(harness.services, limits, picture_wait_seconds=picture_wait_seconds, make=make or _here).run(stop)
    )
    with mock.patch.object(drop_auth, "is_password", _is_password):
        try:
            await until(lambda: running.done() or listens(port))
            yield DropHarness(harness, port)
        finally:
            stop.set()
            await asyncio.wait_for(running, 10)


@cache
def _is_password(password: str, stored: str | None) -> bool:
    """Each answer is found once: a password is made slow to check, and nearly every test signs in with the same."""
    return passwords.is_password(password, stored)


@cache
def _host_key() -> bytes:
    return asyncssh.generate_private_key("ecdsa-sha2-nistp256").export_private_key()


def _here(
    spool: Path, lookup: Lookup, take: Take, take_again: TakeAgain, limits: DropLimits, _lost: asyncio.Event
) -> RunningDrop:
    return Drop(spool, lookup, take, take_again, limits)


def listens(port: int) -> bool:
    with contextlib.suppress(OSError), socket.create_connection(("127.0.0.1", port), 1):
        return True
    return False
