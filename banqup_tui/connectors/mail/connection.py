"""SMTP connection: connects, signs in, sends an envelope and a message. Blocking, for use in a thread.

A refusal before the final dot of the message is certain, and so is the server's reply to the dot (RFC 5321 section
4.2.5). Only the lack of that reply leaves the delivery uncertain.
"""

from __future__ import annotations

import base64
import re
import smtplib
import socket
import ssl
import threading
import time
from collections.abc import Sequence
from contextlib import suppress
from ipaddress import ip_address
from typing import Literal, NoReturn

import msgspec

from banqup_tui.connectors.common.hidden_file import CHUNK
from banqup_tui.connectors.interface import Authorization, Uncertain
from banqup_tui.connectors.mail import faults as faults
from banqup_tui.connectors.mail.faults import LOST, Reply, reply_of
from banqup_tui.domain.messages import message
from banqup_tui.domain.secret import Secret
from banqup_tui.kill_points import kill_point

Security = Literal["starttls", "tls", "none", "none-anywhere"]
USUAL_PORT: dict[str, int] = {"starttls": 587, "tls": 465, "none": 25, "none-anywhere": 25}

CONNECT_SECONDS = 20.0
ANSWER_SECONDS = 60.0
LAST_ANSWER_SECONDS = 300.0
"""Seconds for the reply to the dot. Servers scan a message first, and giving up early makes it uncertain."""

CLOSING_SECONDS = 2.0
LONGEST_LINE = 8192
MOST_LINES = 100
LARGEST_REPLY = 64 << 10
"""Bytes. RFC 5321 section 4.5.3.1.5 allows 512 for a line, and some servers reply to EHLO with 20 lines."""

_A = "\x01"
"""Separator in the SASL messages XOAUTH2 and OAUTHBEARER."""

_LEADING_DOT = re.compile(rb"(?m)^\.")
_PEM = re.compile(r"(-----BEGIN CERTIFICATE-----)(.*?)(-----END CERTIFICATE-----)", re.DOTALL)


class MailAccount(msgspec.Struct, frozen=True, kw_only=True):
    """An account at one mail server.

    Attributes:
        ca: PEM text or the path of a PEM file; empty for the authorities of the system.
        sign_in: for OAuth, the name of the sign-in that the service stores, and the registration that renews it.
    """

    host: str
    port: int
    security: Security
    user: str
    password: Secret
    ca: str
    sign_in: tuple[str, Authorization] | None = None

    def __repr__(self) -> str:
        return f"Account({self.user}@{self.server})"

    @property
    def server(self) -> str:
        """Returns the server's name for messages."""
        return self.host if self.port == USUAL_PORT[self.security] else f"{self.host}:{self.port}"

    @property
    def plain(self) -> str:
        return _base64(f"\0{self.user}\0{self.password.reveal()}")


class SmtpConnection:
    """A connection, used by one thread at a time; `break_off` may be called from any thread.

    Args:
        token: access token, used in place of a password.
    """

    def __init__(self, account: MailAccount, token: str = "") -> None:
        self._account = account
        self._token = token
        self.guard = threading.RLock()
        self._is_abandoned = False
        self._smtp = _Smtp(self)
        self.encryption = ""

    @property
    def is_usable(self) -> bool:
        return self._smtp.sock is not None and not self._is_abandoned

    def open(self) -> None:
        """Connects, encrypts and signs in. On `NotSent` the connection is closed."""
        account = self._account
        try:
            context = _context(account)
            self._smtp.encrypted = context if account.security == "tls" else None
            self._greeted()
            self._hello()
            if account.security == "starttls":
                assert context is not None
                self._start_tls(context)
            self._sign_in()
            self._smtp.wait(ANSWER_SECONDS)
        except LOST as error:
            self.close(politely=False)
            raise faults.not_connected(error, account.server) from error
        except BaseException:
            self.close(politely=False)
            raise

    def is_fresh_again(self) -> bool:
        """Resets the session. Tells whether the connection is alive and has dropped the previous envelope."""
        try:
            return self.is_usable and self._ask("RSET").is_good
        except LOST:
            return False

    def envelope(self, sender: str, address: str, size: int) -> None:
        """Sends sender and recipient, which has no effect yet. Raises `NotSent` or `Rejected`."""
        server = self._account.server
        try:
            limit = self._limit()
            if limit is not None and size > limit:
                raise faults.larger_than_announced(size, limit, server)
            announced = f" SIZE={size}" if limit is not None else ""
            reply = self._ask(f"MAIL FROM:<{sender}>{announced}")
            if not reply.is_good:
                raise self._left_if_closing(reply, faults.sender_refused(reply, server, sender, size))
            reply = self._ask(f"RCPT TO:<{address}>")
            if not reply.is_good:
                raise self._left_if_closing(reply, faults.recipient_refused(reply, server, address))
        except LOST as error:
            self.close(politely=False)
            raise faults.not_connected(error, server) from error

    def message(self, content: bytes) -> Reply:
        """Sends the message and returns the server's acceptance.

        Raises:
            NotSent, Rejected: before the final dot, or by the server's reply to it.
            Uncertain: no reply after the final dot.
        """
        server = self._account.server
        try:
            reply = self._ask("DATA")
            if reply.code == 354:
                self._body(content)
        except LOST as error:
            self.close(politely=False)
            raise faults.broke_off(error, server) from error
        if reply.code != 354:
            raise self._left_if_closing(reply, faults.message_refused(reply, server, len(content)))
        reply = self._end()
        # Kill point: the server has accepted and nothing is recorded; the delivery is left to the user.
        kill_point("send.answered")
        if not reply.is_good:
            raise self._left_if_closing(reply, faults.message_refused(reply, server, len(content)))
        return reply

    def close(self, *, politely: bool = True) -> None:
        if politely and self.is_usable:
            with suppress(*LOST):
                self._smtp.wait(CLOSING_SECONDS)
                self._smtp.docmd("QUIT")
        self._smtp.close()

    def break_off(self) -> None:
        """Shuts the connection down and wakes the thread that waits on it. No byte is sent after it.

        Calls `socket.socket.shutdown` directly: `SSLSocket.shutdown` first drops the TLS state, so the other
        thread would send the rest in plain text.
        """
        with self.guard:
            self._is_abandoned = True
            if self._smtp.at is not None:
                with suppress(OSError):
                    socket.socket.shutdown(self._smtp.at, socket.SHUT_RDWR)

    def use(self, sock: socket.socket) -> None:
        """Registers the socket for `break_off`. Raises `ConnectionAbortedError` if that was called before."""
        with self.guard:
            self._smtp.at = sock
            if self._is_abandoned:
                sock.close()
                raise ConnectionAbortedError("given up")

    def _greeted(self) -> None:
        account = self._account
        reply = self._reply(*self._smtp.connect(account.host, account.port))
        if reply.code != 220:
            raise faults.not_welcome(reply, account.server)
        sock = self._smtp.sock
        assert sock is not None
        own_address, peer_address = sock.getsockname()[0], sock.getpeername()[0]
        if account.security == "none" and not ip_address(peer_address.partition("%")[0]).is_loopback:
            raise faults.would_be_readable(account.server)
        self._smtp.local_hostname = f"[IPv6:{own_address}]" if ":" in own_address else f"[{own_address}]"

    def _hello(self) -> None:
        reply = self._reply(*self._smtp.ehlo())
        if not reply.is_good:
            raise faults.not_welcome(reply, self._account.server)

    def _start_tls(self, context: ssl.SSLContext) -> None:
        """Starts TLS. The EHLO reply before it is dropped, as an attacker could have sent it (RFC 3207 section 4.2)."""
        if not self._smtp.has_extn("starttls"):
            raise faults.no_starttls(self._account.server)
        reply = self._ask("STARTTLS")
        if reply.code != 220:
            raise faults.not_welcome(reply, self._account.server)
        self._smtp.encrypt(context)
        self._hello()

    def _sign_in(self) -> None:
        """Signs in with AUTH PLAIN or LOGIN, in UTF-8; smtplib's `login` fails on passwords outside ASCII."""
        account = self._account
        if isinstance(self._smtp.sock, ssl.SSLSocket):
            self.encryption = self._smtp.sock.version() or "TLS"
        if not account.user:
            return
        mechanisms = self._smtp.esmtp_features.get("auth", "").upper().split()
        if account.sign_in is not None:
            self._sign_in_by_token(mechanisms)
            return
        if "PLAIN" in mechanisms:
            reply = self._ask(f"AUTH PLAIN {account.plain}")
        elif "LOGIN" in mechanisms:
            reply = self._ask(f"AUTH LOGIN {_base64(account.user)}")
            if reply.code == 334:
                reply = self._ask(_base64(account.password.reveal()))
        else:
            raise faults.no_password_mechanism(account.server, " ".join(mechanisms))
        if reply.code != 235:
            raise faults.not_signed_in(reply, account.server)

    def _sign_in_by_token(self, mechanisms: Sequence[str]) -> None:
        """Signs in with XOAUTH2 (Microsoft, Google) or OAUTHBEARER (RFC 7628).

        A refusal has two steps: 334 with details, then the final reply to an empty or dummy response.
        """
        account = self._account
        if "XOAUTH2" in mechanisms:
            mechanism, sasl_user, end = "XOAUTH2", f"user={account.user}{_A}", ""
        elif "OAUTHBEARER" in mechanisms:
            name = account.user.replace("=", "=3D").replace(",", "=2C")
            mechanism, sasl_user, end = "OAUTHBEARER", f"n,a={name},{_A}", _base64(_A)
        else:
            raise faults.no_sign_in_by_token(account.server, " ".join(mechanisms))
        begin = _base64(f"{sasl_user}auth=Bearer {self._token}{_A}{_A}")
        reply = self._ask(f"AUTH {mechanism} {begin}")
        if reply.code == 334:
            reply = self._ask(end)
        if reply.code != 235:
            raise faults.token_refused(reply, account.server)
        # Kill point: a token was used and nothing was sent.
        kill_point("token.used")

    def _limit(self) -> int | None:
        """Returns the largest message in bytes that the server announces (RFC 1870), or `None`."""
        announced = self._smtp.esmtp_features.get("size", "").strip()
        return int(announced) or None if announced.isascii() and announced.isdigit() else None

    def _body(self, content: bytes) -> None:
        """Sends the message without the final dot, which gives it effect. The time-out applies to each piece."""
        stuffed = _LEADING_DOT.sub(b"..", content)
        size = max(1, min(CHUNK // 16, (len(stuffed) + 1) // 2))
        # Kill points: the message is incomplete, so the server drops it.
        kill_point("send.firstbyte")
        for at in range(0, len(stuffed), size):
            if 2 * at >= len(stuffed):
                kill_point("send.halfway")
            self._smtp.give(stuffed[at : at + size])

    def _end(self) -> Reply:
        try:
            self._smtp.wait(LAST_ANSWER_SECONDS)
            self._smtp.give(b".\r\n")
            # Kill point: the server has the whole message and has not replied.
            kill_point("send.lastbyte")
            reply = self._reply(*self._smtp.getreply())
            if not reply.is_verdict:
                raise smtplib.SMTPServerDisconnected(f"{reply.shown} is no answer")
            self._smtp.wait(ANSWER_SECONDS)
        except LOST as error:
            self.close(politely=False)
            raise Uncertain(
                message("mail.no-answer-to-message", quote=faults.words_of(error), server=self._account.server)
            ) from error
        return reply

    def _ask(self, command: str) -> Reply:
        return self._reply(*self._smtp.docmd(command))

    def _reply(self, code: int, quote: bytes) -> Reply:
        return reply_of(code, quote)

    def _left_if_closing(self, reply: Reply, error: Exception) -> Exception:
        """Closes after 421, by which the server hangs up, or after a reply that is not SMTP. Returns the error."""
        if reply.code == 421 or not reply.is_verdict:
            self.close(politely=False)
        return error


class _Smtp(smtplib.SMTP):
    """smtplib's client with a socket that another thread can shut down. `at`: the socket, also during a handshake."""

    def __init__(self, line: SmtpConnection) -> None:
        self._connection = line
        self.at: socket.socket | None = None
        self.encrypted: ssl.SSLContext | None = None
        self._patience = CONNECT_SECONDS
        self._received = bytearray()
        super().__init__(local_hostname="localhost", timeout=CONNECT_SECONDS)

    def connect(self, host: str = "localhost", port: int = 0, source_address: object = None) -> tuple[int, bytes]:
        self.host = host
        self.sock = socket.create_connection((host, port), CONNECT_SECONDS)
        self._connection.use(self.sock)
        self._received.clear()
        if self.encrypted is not None:
            self.encrypt(self.encrypted)
        return self.getreply()

    def getreply(self) -> tuple[int, bytes]:
        """Reads one reply within one deadline and a maximum size.

        `smtplib.SMTP.getreply` accepts any number of lines and restarts its time-out with each byte, so a
        hostile server could hold the thread and fill the memory.
        """
        until = time.monotonic() + self._patience
        lines: list[bytes] = []
        size = 0
        while True:
            line = self._line_until(until)
            size += len(line)
            if len(lines) == MOST_LINES or size > LARGEST_REPLY:
                self._too_much()
            lines.append(line[4:].strip(b" \t"))
            if not line[:3].isdigit():
                self.close()
                return -1, b"\n".join(lines)
            if line[3:4] != b"-":
                return int(line[:3]), b"\n".join(lines)

    def _line_until(self, until: float) -> bytes:
        while (end := self._received.find(b"\n")) < 0:
            if len(self._received) > LONGEST_LINE:
                self._too_much()
            if self.sock is None:
                raise smtplib.SMTPServerDisconnected("it is closed")
            left = until - time.monotonic()
            if left <= 0:
                self.close()
                raise TimeoutError("timed out")
            self.sock.settimeout(left)
            part = self.sock.recv(4096)
            if not part:
                self.close()
                raise smtplib.SMTPServerDisconnected("the connection was closed")
            self._received += part
        if end > LONGEST_LINE:
            self._too_much()
        line = bytes(self._received[:end]).rstrip(b"\r")
        del self._received[: end + 1]
        return line

    def _too_much(self) -> NoReturn:
        self.close()
        raise smtplib.SMTPServerDisconnected("it says more than any mail server has to say")

    def encrypt(self, context: ssl.SSLContext) -> None:
        """Wraps the socket in TLS and checks the certificate against the host."""
        assert self.sock is not None
        sock = context.wrap_socket(self.sock, server_hostname=self.host, do_handshake_on_connect=False)
        self.sock = sock
        self._connection.use(sock)
        sock.do_handshake()
        self._received.clear()  # replies before TLS may be injected by an attacker
        self.helo_resp = self.ehlo_resp = None
        self.esmtp_features = {}
        self.does_esmtp = False

    def close(self) -> None:
        """Closes under the lock: otherwise `break_off` could shut down a new socket with the same descriptor."""
        with self._connection.guard, suppress(OSError):
            super().close()

    def wait(self, seconds: float) -> None:
        self._patience = seconds
        if self.sock is not None:
            self.sock.settimeout(seconds)

    def give(self, content: bytes) -> None:
        if self.sock is None:
            raise smtplib.SMTPServerDisconnected("it is closed")
        self.sock.sendall(content)


def authorities(ca: str) -> tuple[str | None, str | None]:
    """Returns path and PEM text, one of which is set. PEM text pasted as one line gets its line breaks back."""
    text = ca.strip().replace("\\n", "\n")
    found = _PEM.findall(text)
    if not found:
        return text, None
    return None, "\n".join(f"{begin}\n{chr(10).join(body.split())}\n{end}" for begin, body, end in found) + "\n"


def _context(account: MailAccount) -> ssl.SSLContext | None:
    """Returns the TLS context, which always checks certificates. Raises `NotSent` if the firm's CA is unreadable."""
    if account.security in ("none", "none-anywhere"):
        return None
    if not account.ca.strip():
        return ssl.create_default_context()
    path, text = authorities(account.ca)
    try:
        return ssl.create_default_context(cafile=path, cadata=text)
    except (OSError, ValueError) as error:
        raise faults.unreadable_ca() from error


def _base64(text: str) -> str:
    return base64.b64encode(text.encode()).decode("ascii")
