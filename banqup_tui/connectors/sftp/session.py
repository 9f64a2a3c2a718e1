"""Sign-in to an SFTP server, with a check of its host key."""

from __future__ import annotations

import asyncio
import re
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, suppress
from typing import TYPE_CHECKING

import asyncssh

from banqup_tui.connectors.interface import Fault, NotSent
from banqup_tui.connectors.sftp.faults import LOST, not_connected
from banqup_tui.connectors.sftp.host_key import fingerprints_of
from banqup_tui.connectors.sftp.sessions import SftpSessions, opened
from banqup_tui.domain.messages import message

if TYPE_CHECKING:
    from banqup_tui.connectors.sftp.connector import SftpSettings

CONNECT_SECONDS = 20.0

_FAMILIES = (
    ("ssh-ed25519",),
    ("ecdsa-sha2-nistp256", "ecdsa-sha2-nistp384", "ecdsa-sha2-nistp521"),
    ("rsa-sha2-512", "rsa-sha2-256"),
)
"""Kinds of host keys. A server has one of each, and the fingerprint in the settings may be of any."""

_CIPHERS = (
    "aes128-gcm@openssh.com",
    "aes256-gcm@openssh.com",
    "chacha20-poly1305@openssh.com",
    "aes256-ctr",
    "aes192-ctr",
    "aes128-ctr",
)


@asynccontextmanager
async def opened_for(settings: SftpSettings) -> AsyncIterator[SftpSessions]:
    """Opens a connection that is signed in, with a known host key. Raises `NotSent`."""
    try:
        connection = await _signed_in(settings)
    except LOST as error:
        raise not_connected(error, settings.host, settings.port) from error
    try:
        try:
            async with asyncio.timeout(CONNECT_SECONDS):
                session = await opened(connection)
        except (asyncssh.SFTPError, *LOST) as error:
            raise not_connected(error, settings.host, settings.port) from error
        sessions = SftpSessions(connection, session)
        try:
            yield sessions
        finally:
            await sessions.close()
    finally:
        connection.close()
        with suppress(*LOST):
            async with asyncio.timeout(5):
                await connection.wait_closed()


async def _signed_in(settings: SftpSettings) -> asyncssh.SSHClientConnection:
    """Connects. If the host key is not the one in the settings, tries each other kind of key."""
    known = fingerprints_of(settings.host_key)
    seen: list[str] = []
    asked: list[str] = [name for family in _FAMILIES for name in family]
    for kinds in ([*asked], *_FAMILIES) if known else ([*asked],):
        try:
            return await _connection(settings, known, seen, list(kinds))
        except asyncssh.PermissionDenied:
            raise
        except asyncssh.HostKeyNotVerifiable:
            continue
        # The key exchange fails if the server has no key of this kind; the next kind may be the known one.
        except (asyncssh.DisconnectError, OSError):
            if not seen:
                raise
    raise _unknown_key(settings, seen)


async def _connection(
    settings: SftpSettings, known: frozenset[str], seen: list[str], kinds: list[str]
) -> asyncssh.SSHClientConnection:
    class Client(asyncssh.SSHClient):
        def validate_host_public_key(self, host: str, addr: str, port: int, key: asyncssh.SSHKey) -> bool:
            seen.append(key.get_fingerprint())
            return key.get_fingerprint() in known

    asyncssh.set_log_level("WARNING")
    return await asyncssh.connect(
        settings.host,
        settings.port,
        username=settings.user,
        password=settings.password.reveal() or None,
        client_keys=private_key_of(settings),
        client_factory=Client,
        # asyncssh calls `validate_host_public_key` only if `known_hosts` lists no key; `None` would accept every key.
        known_hosts=lambda *_: ([], [], [], [], [], [], []),
        server_host_key_algs=kinds,
        encryption_algs=list(_CIPHERS),
        compression_algs=None,
        config=None,
        agent_path=None,
        gss_host=None,
        connect_timeout=CONNECT_SECONDS,
        login_timeout=CONNECT_SECONDS,
        keepalive_interval=15,
        keepalive_count_max=3,
    )


def private_key_of(settings: SftpSettings) -> list[asyncssh.SSHKey] | None:
    if not settings.private_key:
        return None
    try:
        return [
            asyncssh.import_private_key(
                _with_lines(settings.private_key.reveal()), settings.passphrase.reveal() or None
            )
        ]
    except (asyncssh.KeyImportError, asyncssh.KeyEncryptionError) as error:
        raise NotSent(message("sftp.unreadable-private-key"), fault=Fault.PERSON) from error


def _with_lines(key: str) -> str:
    """Returns the key; a key pasted as one line gets its line breaks back."""
    text = key.strip().replace("\\n", "\n").replace("\r\n", "\n")
    if "\n" in text:
        return text + "\n"
    found = re.fullmatch(r"(-----BEGIN [A-Z ]+-----)(.*)(-----END [A-Z ]+-----)", text)
    if found is None:
        return text
    head, body, tail = found.groups()
    return "\n".join([head, *body.split(), tail]) + "\n"


def _unknown_key(settings: SftpSettings, seen: list[str]) -> NotSent:
    shown = seen[0] if seen else "none"
    if not settings.host_key:
        return NotSent(message("sftp.host-key-unknown", server=settings.host, key=shown), fault=Fault.PERSON)
    return NotSent(message("sftp.host-key-changed", server=settings.host, key=shown), fault=Fault.PERSON)
