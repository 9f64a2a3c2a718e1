"""A connection to a mailbox by IMAP (RFC 3501), with imap-tools. It changes the flag `\\Seen`, and moves mails.

imap-tools' own `flag`, `delete` and `move` are not used: they send EXPUNGE, which would destroy what people have only
marked as deleted. Nor is its `fetch`, which parses the mail and does not give its bytes.
"""

from __future__ import annotations

import hashlib
import imaplib
import re
import socket
import ssl
import time
from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import contextmanager, suppress
from datetime import date
from pathlib import Path
from typing import Final

from imap_tools.errors import (
    ImapToolsError,
    MailboxCopyError,
    MailboxFolderSelectError,
    MailboxFolderSubscribeError,
    UnexpectedCommandStatusError,
)
from imap_tools.mailbox import BaseMailBox, MailBox, MailBoxStartTls, MailBoxUnencrypted
from imap_tools.utils import check_command_status, encode_folder

from banqup_tui.domain.errors import BanqupError
from banqup_tui.domain.mailbox_address import MailboxAddress, MailboxSecurity
from banqup_tui.domain.messages import Message, message
from banqup_tui.domain.secret import Secret
from banqup_tui.domain.text import clean

_SECONDS: Final = 30.0
"""How long an answer is waited for."""

_MOST_AT_ONCE: Final = 200
_LONGEST_QUOTE: Final = 300
_MONTHS: Final = ("Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec")
_SIZE: Final = re.compile(rb"RFC822\.SIZE (\d+)")
_UID: Final = re.compile(rb"UID (\d+)")
_PASSING: Final = ("[UNAVAILABLE]", "[LIMIT]", "[INUSE]", "[SERVERBUG]", "[CONTACTADMIN]")
"""Codes of RFC 5530 and 9051 with which a server refuses a sign-in though the password is right."""


class MailboxFault(BanqupError):
    """The mailbox cannot be read now, as the message says; a later attempt may succeed."""


class SignInRefused(MailboxFault):
    """The server refuses the user or the password."""


class MoveRefused(MailboxFault):
    """The server does not move mails to the folder; all else can go on."""


class MailboxConnection:
    """A mailbox with its folder selected. Used by one thread, but for `break_off`.

    Attributes:
        validity: UIDVALIDITY: numbers of mails mean something only together with it.
    """

    def __init__(self, address: MailboxAddress, box: BaseMailBox) -> None:
        self._address = address
        self._box = box
        self.validity = self._validity()
        self.has_idle = "IDLE" in box.client.capabilities
        # imaplib has the capabilities of before the sign-in, and servers name these two only after it.
        _, lines = box.client.capability()
        signed_in = b" ".join(line for line in lines if isinstance(line, bytes)).upper().split()
        self.has_move = b"MOVE" in signed_in
        self._has_uidplus = b"UIDPLUS" in signed_in

    def break_off(self) -> None:
        """Wakes the thread that waits for an answer, which then fails. From any thread."""
        with suppress(OSError):
            # Not `SSLSocket.shutdown`, which first drops the TLS state: the rest would be sent in plain text.
            socket.socket.shutdown(self._box.client.sock, socket.SHUT_RDWR)

    def close(self) -> None:
        _shut(self._box)

    def uids_after(self, last: int, since: date | None) -> list[int]:
        """Returns the numbers above `last` of the mails that came on `since` or later, in their order."""
        criteria = f"UID {last + 1}:*"
        if since is not None:
            criteria += f" SINCE {since.day}-{_MONTHS[since.month - 1]}-{since.year}"
        with _faults(self._address):
            found = self._box.uids(criteria, charset=None)
        return sorted(uid for uid in map(int, found) if uid > last)  # `9:*` is also the last mail, whatever its number

    def sizes(self, uids: Sequence[int]) -> dict[int, int]:
        """Returns the bytes of each mail that is still there."""
        found: dict[int, int] = {}
        for line in self._uid_command("FETCH", uids, "(UID RFC822.SIZE)"):
            head = line[0] if isinstance(line, tuple) else line
            size, uid = _SIZE.search(head or b""), _UID.search(head or b"")
            if size and uid:
                found[int(uid[1])] = int(size[1])
        return found

    def raw(self, uid: int) -> bytes | None:
        """Returns the mail as it is, or `None` if it is gone; it stays unread."""
        for line in self._uid_command("FETCH", [uid], "(UID BODY.PEEK[])"):
            if isinstance(line, tuple):
                return line[1]
        return None

    def mark_seen(self, uids: Iterable[int]) -> None:
        list(self._uid_command("STORE", list(uids), "+FLAGS.SILENT", r"(\Seen)"))

    def make_folder(self, name: str) -> None:
        """Makes a folder of the server where it is missing. Raises `MoveRefused`."""
        with _faults(self._address), _refusals(name):
            if self._box.folder.exists(name):
                return
            self._box.folder.create(name)
            with suppress(MailboxFolderSubscribeError):  # without it the folder is only not shown by some programs
                self._box.folder.subscribe(name, True)

    def move(self, uids: Sequence[int], folder: str) -> None:
        """Moves mails by MOVE (RFC 6851). Raises `MoveRefused`."""
        self._put("MOVE", uids, folder)

    def copy(self, uids: Sequence[int], folder: str) -> None:
        """Copies mails, but for those that the folder has already, after a copy that was broken off before `remove`.

        Raises `MoveRefused`.
        """
        sizes = self.sizes(uids)
        there = self._hashes_in(folder, set(sizes.values()))
        self._put("COPY", [uid for uid in sizes if not there or self._hash(uid) not in there], folder)

    def remove(self, uids: Sequence[int]) -> None:
        """Removes these mails and no others.

        A server without UIDPLUS (RFC 4315) could only remove all that are marked as deleted, so they are but marked.
        """
        list(self._uid_command("STORE", uids, "+FLAGS.SILENT", r"(\Deleted)"))
        if self._has_uidplus:
            list(self._uid_command("EXPUNGE", uids))

    def wait(self, is_over: Callable[[], bool], seconds: float) -> None:
        """Waits for `seconds`, less if the server has IDLE (RFC 2177) and reports something.

        A report that comes together with the answer to IDLE is not seen, so `seconds` are few. `is_over` is asked each
        second.
        """
        end = time.monotonic() + seconds
        with _faults(self._address):
            if self.has_idle:
                self._box.idle.start()  # type: ignore[no-untyped-call]
            while not is_over() and (left := end - time.monotonic()) > 0:
                if not self.has_idle:
                    time.sleep(min(1.0, left))
                    continue
                before = time.monotonic()
                reported = self._box.idle.poll(1.0)
                if reported or time.monotonic() - before < 0.5:  # without a report: the connection has ended
                    break
            if self.has_idle:
                self._box.idle.stop()  # type: ignore[no-untyped-call]
            else:
                self._box.client.noop()

    # inside

    def _put(self, command: str, uids: Sequence[int], folder: str) -> None:
        for at in range(0, len(uids), _MOST_AT_ONCE):
            some = ",".join(map(str, uids[at : at + _MOST_AT_ONCE]))
            with _faults(self._address), _refusals(folder):
                check_command_status(
                    self._box.client.uid(command, some, encode_folder(folder).decode()), MailboxCopyError
                )

    def _hashes_in(self, folder: str, sizes: Iterable[int]) -> frozenset[bytes]:
        """Returns the SHA-256 of the mails of these sizes in another folder."""
        try:
            with _faults(self._address), _refusals(folder):
                self._box.folder.set(folder, readonly=True)
            with _faults(self._address):
                alike = [
                    int(uid)
                    for size in sizes
                    for uid in self._box.uids(f"LARGER {size - 1} SMALLER {size + 1}", charset=None)
                ]
            return frozenset(found for uid in alike if (found := self._hash(uid)) is not None)
        finally:
            with _faults(self._address):
                self._box.folder.set(self._address.folder)
            if self._validity() != self.validity:
                raise MailboxFault(message("mailbox.broke-off", host=self._address.host))

    def _hash(self, uid: int) -> bytes | None:
        raw = self.raw(uid)
        return hashlib.sha256(raw).digest() if raw is not None else None

    def _validity(self) -> int:
        _, values = self._box.client.response("UIDVALIDITY")
        value = values[0] if values else None
        if not isinstance(value, bytes) or not value.isdigit():
            raise MailboxFault(message("mailbox.no-numbers", host=self._address.host))
        return int(value)

    def _uid_command(
        self, command: str, uids: Sequence[int], *arguments: str
    ) -> Iterator[tuple[bytes, bytes] | bytes | None]:
        for at in range(0, len(uids), _MOST_AT_ONCE):
            some = ",".join(map(str, uids[at : at + _MOST_AT_ONCE]))
            with _faults(self._address):
                status, lines = self._box.client.uid(command, some, *arguments)
            if status != "OK":
                raise MailboxFault(_server_says(self._address, lines))
            yield from lines


def connect(
    address: MailboxAddress, password: Secret, ca_file: Path | None = None, *, by_token: bool = False
) -> MailboxConnection:
    """Connects, signs in and selects the folder.

    Args:
        by_token: `password` is an access token, for the mechanism XOAUTH2.
        ca_file: certificates to be trusted in place of the system's.

    Raises:
        MailboxFault
    """
    with _faults(address):
        box = _box(address, ca_file)
    try:
        with _faults(address):
            _sign_in(box, address, password, by_token=by_token)
            box.folder.set(address.folder)
            return MailboxConnection(address, box)
    except BaseException:
        _shut(box)
        raise


def _box(address: MailboxAddress, ca_file: Path | None) -> BaseMailBox:
    if address.security is MailboxSecurity.NONE:
        return MailBoxUnencrypted(address.host, address.port, timeout=_SECONDS)
    context = ssl.create_default_context(cafile=ca_file)
    kind = MailBox if address.security is MailboxSecurity.TLS else MailBoxStartTls
    return kind(address.host, address.port, timeout=_SECONDS, ssl_context=context)


def _sign_in(box: BaseMailBox, address: MailboxAddress, password: Secret, *, by_token: bool) -> None:
    text = password.reveal()
    try:
        # LOGIN is plain ASCII (RFC 3501, 6.2.3), and every server has it.
        with_password = box.login if (address.user + text).isascii() else box.login_utf8
        sign_in = box.xoauth2 if by_token else with_password
        sign_in(address.user, text, initial_folder=None)
    except imaplib.IMAP4.abort:
        raise
    except (UnexpectedCommandStatusError, imaplib.IMAP4.error) as error:
        quote = _quote(error)
        if any(code in quote.upper() for code in _PASSING):
            raise MailboxFault(message("mailbox.server-says", quote=quote, host=address.host)) from error
        raise SignInRefused(
            message("mailbox.sign-in-refused", quote=quote, host=address.host, user=address.user)
        ) from error


def _shut(box: BaseMailBox) -> None:
    with suppress(OSError, imaplib.IMAP4.error):
        box.client.shutdown()


@contextmanager
def _faults(address: MailboxAddress) -> Iterator[None]:
    """Turns every error of the connection into a `MailboxFault`."""
    host = address.host
    try:
        yield
    except ssl.SSLCertVerificationError as error:
        raise MailboxFault(message("mailbox.certificate-refused", quote=error.verify_message, host=host)) from error
    except OSError as error:
        quote = error.strerror or str(error) or type(error).__name__
        raise MailboxFault(message("mailbox.unreachable", quote=quote, host=host, port=address.port)) from error
    except MailboxFolderSelectError as error:
        raise MailboxFault(message("mailbox.folder-missing", quote=_quote(error), folder=address.folder)) from error
    except imaplib.IMAP4.abort as error:
        raise MailboxFault(message("mailbox.broke-off", quote=_quote(error), host=host)) from error
    except (ImapToolsError, imaplib.IMAP4.error) as error:
        raise MailboxFault(message("mailbox.server-says", quote=_quote(error), host=host)) from error


@contextmanager
def _refusals(folder: str) -> Iterator[None]:
    """Turns what the server refuses into a `MoveRefused`."""
    try:
        yield
    except imaplib.IMAP4.abort:
        raise
    except (ImapToolsError, imaplib.IMAP4.error) as error:
        raise MoveRefused(message("mailbox.move-refused", quote=_quote(error), folder=folder)) from error


def _server_says(address: MailboxAddress, lines: Sequence[object]) -> Message:
    return message("mailbox.server-says", quote=_text(lines), host=address.host)


def _quote(error: Exception) -> str:
    """Returns the server's own words in an error."""
    if isinstance(error, UnexpectedCommandStatusError):
        return _text(error.command_result[1])
    words = error.args[0] if error.args else ""
    return _text([words])


def _text(lines: Sequence[object]) -> str:
    words = [line.decode(errors="replace") if isinstance(line, bytes) else str(line) for line in lines if line]
    return clean(" ".join(words))[:_LONGEST_QUOTE]
