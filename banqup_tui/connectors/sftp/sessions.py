"""SFTP sessions of one SSH connection, and operations that asyncssh's client does not have.

asyncssh speaks version 3 of the protocol here (draft-ietf-secsh-filexfer-02), that of OpenSSH, which every server
understands.
"""

from __future__ import annotations

import asyncio
import stat
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, suppress

import asyncssh

SESSIONS = 4
_SECONDS_TO_OPEN = 20.0


class SftpSessions:
    """Sessions of one connection.

    OpenSSH serves each session by its own process, which writes one file after the other, so uploads are spread.
    The first session does everything else. More are opened when uploads overlap; if the server refuses them, the
    rest is done with those that there are.
    """

    def __init__(self, connection: asyncssh.SSHClientConnection, first: asyncssh.SFTPClient) -> None:
        self.first = first
        self.is_openssh = "OpenSSH" in str(connection.get_extra_info("server_version"))
        self._connection = connection
        self._busy = {first: 0}
        self._opening: asyncio.Task[None] | None = None

    @asynccontextmanager
    async def for_an_upload(self) -> AsyncIterator[asyncssh.SFTPClient]:
        session = min(self._busy, key=self._busy.__getitem__)
        if self._busy[session] and self._opening is None:
            self._opening = asyncio.create_task(self._open_more())
        self._busy[session] += 1
        try:
            yield session
        finally:
            self._busy[session] -= 1

    async def close(self) -> None:
        if self._opening is not None:
            self._opening.cancel()
            await asyncio.gather(self._opening, return_exceptions=True)
        for session in self._busy:
            session.exit()

    async def _open_more(self) -> None:
        with suppress(asyncssh.Error, OSError):
            while len(self._busy) < SESSIONS:
                async with asyncio.timeout(_SECONDS_TO_OPEN):
                    self._busy[await opened(self._connection)] = 0


async def opened(connection: asyncssh.SSHClientConnection) -> asyncssh.SFTPClient:
    """Opens a session. Raises asyncssh's error if the server offers no SFTP."""
    # A name that came from a server with bytes that are no UTF-8 goes back to it as the same bytes.
    return await connection.start_sftp_client(path_errors="surrogateescape")


async def is_there(session: asyncssh.SFTPClient, path: str) -> bool:
    """Tells whether something has this name; false too if the server denies access."""
    try:
        await session.lstat(path)
    except (asyncssh.SFTPNoSuchFile, asyncssh.SFTPNoSuchPath, asyncssh.SFTPPermissionDenied):
        return False
    return True


async def is_directory(session: asyncssh.SFTPClient, path: str) -> bool:
    """Tells whether the name is that of a folder; true too if the server does not say what it is."""
    try:
        mode = (await session.stat(path)).permissions
    except (asyncssh.SFTPNoSuchFile, asyncssh.SFTPNoSuchPath):
        return False
    return mode is None or stat.S_ISDIR(mode)


async def make_directories(session: asyncssh.SFTPClient, path: str) -> None:
    """Creates all missing folders of the path. Other processes may create them at the same time.

    `SFTPClient.makedirs` asks to create folders that exist, which some servers refuse with another error.
    """
    parts = path.split("/")
    for upto in range(1, len(parts) + 1):
        directory = "/".join(parts[:upto])
        if not directory or await is_directory(session, directory):
            continue
        try:
            await session.mkdir(directory)
        except (asyncssh.SFTPFailure, asyncssh.SFTPFileAlreadyExists):
            if not await is_directory(session, directory):
                raise


async def free_bytes(session: asyncssh.SFTPClient, path: str) -> int | None:
    """Returns the bytes that this user may still write, or `None` if the server does not tell."""
    try:
        found = await session.statvfs(path)
    except asyncssh.SFTPOpUnsupported:
        return None
    return found.frsize * found.bavail
