"""What an SFTP server's refusals mean: who must do something, or whether to wait."""

import re
import socket
import unicodedata

import asyncssh

from banqup_tui.connectors.interface import Fault, NotSent, Rejected
from banqup_tui.domain.errors import BanqupError

_NO_ROOM = re.compile(r"no space|quota|disk.{0,8}full|full.{0,8}disk|out of space|insufficient", re.IGNORECASE)
_MAX_WORDS = 200

LOST = (
    asyncssh.SFTPConnectionLost,
    asyncssh.SFTPNoConnection,
    asyncssh.DisconnectError,
    asyncssh.ChannelOpenError,
    OSError,
)
"""The line is gone (`TimeoutError` is an OSError): whatever was asked last may have been done."""


def words_of(error: BaseException) -> str:
    """The server's own words in one line, harmless to show."""
    text = getattr(error, "reason", None) or str(error) or type(error).__name__
    seen = "".join(" " if letter in "\r\n\t" else letter for letter in text)
    line = " ".join("".join(letter for letter in seen if unicodedata.category(letter)[0] != "C").split())
    return line if len(line) <= _MAX_WORDS else f"{line[: _MAX_WORDS - 1]}…"


def not_connected(error: BaseException, host: str, port: int) -> NotSent:
    """No connection, or no sign-in. The key of the host has its own sentence elsewhere."""
    where = host if port == 22 else f"{host}:{port}"
    match error:
        case asyncssh.PermissionDenied():
            return NotSent(
                f"{where} did not accept the sign-in.",
                "Correct the user, the password or the private key.",
                fault=Fault.PERSON,
            )
        case asyncssh.KeyExchangeFailed() | asyncssh.ProtocolNotSupported() | asyncssh.MACError():
            return NotSent(
                f"{where} offers no way of encrypting that is safe: {words_of(error)}.",
                "Ask whoever runs the server to bring it up to date.",
                fault=Fault.PERSON,
            )
        case asyncssh.ChannelOpenError() | asyncssh.SFTPError():
            return NotSent(
                f"{where} does not offer SFTP to this user: {words_of(error)}.",
                "Ask whoever runs the server to allow it.",
                fault=Fault.PERSON,
            )
        case TimeoutError():
            why = f"{where} does not answer."
        case ConnectionRefusedError():
            why = f"{where} refuses the connection."
        case socket.gaierror():
            why = f"There is no server by the name {host}."
        case _:
            why = f"The connection to {where} broke: {words_of(error)}."
    return NotSent(why, "It is tried again by itself; check host and port if it stays so.", fault=Fault.INTEGRATION)


def not_written(error: BaseException, directory: str, room: int | None, size: int) -> BanqupError:
    """`room`: bytes free at the server's, where it tells. Certainly nothing has arrived."""
    said = words_of(error)
    if _is_full(error, said, room, size):
        return NotSent(
            f"The server has no room in {directory}: “{said}”.",
            "Make room there, or ask whoever runs the server. The document is then sent by itself.",
            fault=Fault.INTEGRATION,
        )
    match error:
        case asyncssh.SFTPPermissionDenied() | asyncssh.SFTPWriteProtect():
            return NotSent(
                f"The server does not let {directory} be written to: “{said}”.",
                "Correct the path, or ask for the right to write there.",
                fault=Fault.PERSON,
            )
        case asyncssh.SFTPNoSuchFile() | asyncssh.SFTPNoSuchPath() | asyncssh.SFTPNotADirectory():
            return NotSent(
                f"The folder {directory} is not on the server and cannot be made: “{said}”.",
                "Correct the path.",
                fault=Fault.PERSON,
            )
        case asyncssh.SFTPBadMessage() | asyncssh.SFTPInvalidFilename():
            return Rejected(f"The server does not accept this name in {directory}: “{said}”.", "Choose a shorter path.")
        case asyncssh.SFTPOpUnsupported():
            return NotSent(
                f"The server cannot do what is needed: “{said}”.",
                "Ask whoever runs it for a server that can rename files.",
                fault=Fault.PERSON,
            )
        case asyncssh.SFTPConnectionLost() | asyncssh.SFTPNoConnection():
            return _line_lost(said)
        case asyncssh.SFTPError():
            return NotSent(f"The server could not write into {directory}: “{said}”.", "It is tried again by itself.")
    return _line_lost(said)


def _line_lost(said: str) -> NotSent:
    return NotSent(
        f"The connection broke while the document was on its way: {said}.",
        "It is tried again by itself.",
        fault=Fault.INTEGRATION,
    )


def _is_full(error: BaseException, said: str, room: int | None, size: int) -> bool:
    if isinstance(error, asyncssh.SFTPNoSpaceOnFilesystem | asyncssh.SFTPQuotaExceeded):
        return True
    if not isinstance(error, asyncssh.SFTPFailure):
        return False
    return bool(_NO_ROOM.search(said)) or (room is not None and room < size)
