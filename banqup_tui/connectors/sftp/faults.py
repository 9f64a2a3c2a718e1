"""Turns the errors of an SFTP server into `NotSent` or `Rejected`."""

import re
import socket
import unicodedata

import asyncssh

from banqup_tui.connectors.interface import Fault, NotSent, Rejected
from banqup_tui.domain.errors import BanqupError
from banqup_tui.domain.integration import Trouble
from banqup_tui.domain.messages import message

_DISK_FULL = re.compile(r"no space|quota|disk.{0,8}full|full.{0,8}disk|out of space|insufficient", re.IGNORECASE)
_MAX_WORDS = 200

LOST = (
    asyncssh.SFTPConnectionLost,
    asyncssh.SFTPNoConnection,
    asyncssh.DisconnectError,
    asyncssh.ChannelOpenError,
    OSError,
)
"""The connection is lost (`TimeoutError` is an OSError); the last request may have been carried out."""


def words_of(error: BaseException) -> str:
    """Returns the server's own text on one line without control characters."""
    text = getattr(error, "reason", None) or str(error) or type(error).__name__
    seen = "".join(" " if letter in "\r\n\t" else letter for letter in text)
    line = " ".join("".join(letter for letter in seen if unicodedata.category(letter)[0] != "C").split())
    return line if len(line) <= _MAX_WORDS else f"{line[: _MAX_WORDS - 1]}…"


def not_connected(error: BaseException, host: str, port: int) -> NotSent:
    """Returns the error for a failed connection or sign-in. A host key that differs has its own error."""
    where = host if port == 22 else f"{host}:{port}"
    match error:
        case asyncssh.PermissionDenied():
            return NotSent(message("sftp.sign-in-refused", server=where), fault=Fault.PERSON, trouble=Trouble.SIGN_IN)
        case asyncssh.KeyExchangeFailed() | asyncssh.ProtocolNotSupported() | asyncssh.MACError():
            return NotSent(message("sftp.no-safe-encryption", quote=words_of(error), server=where), fault=Fault.PERSON)
        case asyncssh.ChannelOpenError() | asyncssh.SFTPError():
            return NotSent(message("sftp.not-offered", quote=words_of(error), server=where), fault=Fault.PERSON)
        case TimeoutError():
            reason = message("sftp.no-answer", server=where)
        case ConnectionRefusedError():
            reason = message("sftp.connection-refused", server=where)
        case socket.gaierror():
            reason = message("sftp.no-such-server", server=host)
        case _:
            reason = message("sftp.connection-broke", quote=words_of(error), server=where)
    return NotSent(reason, fault=Fault.INTEGRATION)


def not_written(error: BaseException, directory: str, free_bytes: int | None, size: int) -> BanqupError:
    """Returns the error for a failed upload: certainly nothing has arrived.

    `free_bytes`: free on the server, if known.
    """
    quote = words_of(error)
    if _is_full(error, quote, free_bytes, size):
        return NotSent(message("sftp.no-room", quote=quote, directory=directory), fault=Fault.INTEGRATION)
    match error:
        case asyncssh.SFTPPermissionDenied() | asyncssh.SFTPWriteProtect():
            return NotSent(message("sftp.not-writable", quote=quote, directory=directory), fault=Fault.PERSON)
        case asyncssh.SFTPNoSuchFile() | asyncssh.SFTPNoSuchPath() | asyncssh.SFTPNotADirectory():
            return NotSent(message("sftp.no-folder", quote=quote, directory=directory), fault=Fault.PERSON)
        case asyncssh.SFTPBadMessage() | asyncssh.SFTPInvalidFilename():
            return Rejected(message("sftp.name-refused", quote=quote, directory=directory))
        case asyncssh.SFTPOpUnsupported():
            return NotSent(message("sftp.not-supported", quote=quote), fault=Fault.PERSON)
        case asyncssh.SFTPConnectionLost() | asyncssh.SFTPNoConnection():
            return _connection_lost(quote)
        case asyncssh.SFTPError():
            return NotSent(message("sftp.not-written", quote=quote, directory=directory))
    return _connection_lost(quote)


def not_renamed(error: BaseException, directory: str, free_bytes: int | None, size: int) -> BanqupError:
    """Returns the error for a file that was uploaded and could not be renamed."""
    if not isinstance(error, asyncssh.SFTPPermissionDenied | asyncssh.SFTPWriteProtect | asyncssh.SFTPOpUnsupported):
        return not_written(error, directory, free_bytes, size)
    quote = words_of(error)
    return NotSent(message("sftp.not-renamable", quote=quote, directory=directory), fault=Fault.PERSON)


def _connection_lost(quote: str) -> NotSent:
    return NotSent(message("sftp.connection-broke-uploading", quote=quote), fault=Fault.INTEGRATION)


# SFTP version 3 has no error code for a full disk; servers send a plain failure and a text.
def _is_full(error: BaseException, quote: str, free_bytes: int | None, size: int) -> bool:
    if isinstance(error, asyncssh.SFTPNoSpaceOnFilesystem | asyncssh.SFTPQuotaExceeded):
        return True
    if not isinstance(error, asyncssh.SFTPFailure):
        return False
    return bool(_DISK_FULL.search(quote)) or (free_bytes is not None and free_bytes < size)
