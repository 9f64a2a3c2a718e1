"""Turns the replies and failures of a mail server into `NotSent` or `Rejected`.

All of these are certain: they come before the final dot of a message, or as the server's reply to it.
"""

import re
import smtplib
import socket
import ssl

import msgspec

from banqup_tui.connectors.interface import Fault, NotSent, Rejected
from banqup_tui.domain.errors import BanqupError
from banqup_tui.domain.integration import Trouble
from banqup_tui.domain.messages import message
from banqup_tui.domain.text import clean

_MAX_WORDS = 200
_ENHANCED = re.compile(r"\s*([245])\.(\d{1,3})\.\d{1,3}\b")
_OF_THE_SERVER = frozenset({421, 432, 452, 454})
_SUBJECTS_OF_THE_SERVER = frozenset({"3", "4", "7"})
_NO_TLS = frozenset(
    {
        "WRONG_VERSION_NUMBER",
        "RECORD_LAYER_FAILURE",
        "HTTP_REQUEST",
        "UNSUPPORTED_PROTOCOL",
        "NO_PROTOCOLS_AVAILABLE",
        "NO_SHARED_CIPHER",
        "SSLV3_ALERT_HANDSHAKE_FAILURE",
        "TLSV1_ALERT_PROTOCOL_VERSION",
        "DH_KEY_TOO_SMALL",
    }
)


LOST = (OSError, smtplib.SMTPException)
"""The connection is gone or its peer does not speak SMTP (`ssl.SSLError` and `TimeoutError` are OSErrors)."""


class Reply(msgspec.Struct, frozen=True):
    """A reply of the server. `words`: its text on one line without control characters."""

    code: int
    words: str

    @property
    def is_good(self) -> bool:
        return 200 <= self.code < 300

    @property
    def is_refusal(self) -> bool:
        return 500 <= self.code < 600

    @property
    def is_verdict(self) -> bool:
        """Tells whether it is a final acceptance or refusal: not 3xx, and not a reply that is no SMTP."""
        return self.is_good or 400 <= self.code < 600

    @property
    def shown(self) -> str:
        return f"{self.code} {self.words}".rstrip()

    @property
    def wants_sign_in(self) -> bool:
        return self.code in (530, 534, 535, 538)

    @property
    def waits_for_the_server(self) -> bool:
        """Tells whether a 4xx reply concerns the whole server and not this document (RFC 3463)."""
        found = _ENHANCED.match(self.words)
        return self.code in _OF_THE_SERVER or (found is not None and found.group(2) in _SUBJECTS_OF_THE_SERVER)


def reply_of(code: int, quote: bytes) -> Reply:
    line = clean(quote.decode("utf-8", "replace"))
    return Reply(code, line if len(line) <= _MAX_WORDS else f"{line[: _MAX_WORDS - 1]}…")


def words_of(error: BaseException) -> str:
    """Returns the error's text on one line without control characters."""
    if isinstance(error, smtplib.SMTPResponseException):
        quote = error.smtp_error
        return reply_of(error.smtp_code, quote if isinstance(quote, bytes) else str(quote).encode()).shown
    if isinstance(error, ssl.SSLError) and error.reason:
        return clean(error.reason.replace("_", " ").lower())
    text = getattr(error, "strerror", None) or str(error) or type(error).__name__
    return reply_of(0, str(text).encode()).words


def not_connected(error: BaseException, server: str) -> NotSent:
    """Returns the error for a connection that failed or is not safe. Failures of sign-in have their own functions."""
    match error:
        case ssl.SSLCertVerificationError():
            quote = clean(error.verify_message or error.reason or "")
            return NotSent(message("mail.certificate-not-trusted", quote=quote, server=server), fault=Fault.PERSON)
        case ssl.SSLError() if error.reason in _NO_TLS:
            return NotSent(message("mail.wrong-encryption", quote=words_of(error), server=server), fault=Fault.PERSON)
        case TimeoutError():
            reason = message("mail.no-answer", server=server)
        case ConnectionRefusedError():
            reason = message("mail.connection-refused", server=server)
        case socket.gaierror():
            reason = message("mail.no-such-server", server=server)
        case _:
            reason = message("mail.connection-broke", quote=words_of(error), server=server)
    return NotSent(reason, fault=Fault.INTEGRATION)


def not_welcome(reply: Reply, server: str) -> NotSent:
    """Returns the error for a refusal at the greeting or at EHLO."""
    return NotSent(message("mail.not-welcome", quote=reply.shown, server=server), fault=Fault.INTEGRATION)


def no_starttls(server: str) -> NotSent:
    return NotSent(message("mail.no-starttls", server=server), fault=Fault.PERSON)


def would_be_readable(server: str) -> NotSent:
    return NotSent(message("mail.not-encrypted", server=server), fault=Fault.PERSON)


def unreadable_ca() -> NotSent:
    return NotSent(message("mail.unreadable-authority"), fault=Fault.PERSON)


def no_password_mechanism(server: str, offered: str) -> NotSent:
    """Returns the error for a server without AUTH PLAIN or LOGIN. `offered`: its AUTH mechanisms, or empty."""
    mechanisms = clean(offered)[:_MAX_WORDS] or "–"
    return NotSent(
        message("mail.no-password-sign-in", server=server, ways=mechanisms),
        fault=Fault.PERSON,
        trouble=Trouble.SIGN_IN,
    )


def not_signed_in(reply: Reply, server: str) -> NotSent:
    if not reply.is_refusal:
        return not_welcome(reply, server)
    return NotSent(
        message("mail.sign-in-refused", quote=reply.shown, server=server), fault=Fault.PERSON, trouble=Trouble.SIGN_IN
    )


class TokenRefused(NotSent):
    """The server refused this access token; the pool then tries a new token once."""


def no_sign_in_by_token(server: str, offered: str) -> NotSent:
    mechanisms = offered or "none"
    return NotSent(message("mail.no-browser-sign-in", server=server, ways=mechanisms), fault=Fault.PERSON)


def token_refused(reply: Reply, server: str) -> NotSent:
    if not reply.is_refusal:
        return not_welcome(reply, server)
    return TokenRefused(
        message("mail.token-refused", quote=reply.shown, server=server), fault=Fault.PERSON, trouble=Trouble.SIGN_IN
    )


def sender_refused(reply: Reply, server: str, sender: str, size: int) -> BanqupError:
    """Returns the error for a refused MAIL FROM, which also announces the size (RFC 1870)."""
    if reply.code == 552:
        return _too_large(reply, server, size)
    if reply.wants_sign_in:
        return _sign_in_wanted(reply, server)
    if not reply.is_refusal:
        return not_welcome(reply, server)
    return NotSent(message("mail.sender-refused", quote=reply.shown, server=server, sender=sender), fault=Fault.PERSON)


def recipient_refused(reply: Reply, server: str, address: str) -> BanqupError:
    if reply.wants_sign_in:
        return _sign_in_wanted(reply, server)
    if reply.is_refusal:
        return Rejected(message("mail.recipient-refused", quote=reply.shown, server=server, address=address))
    if reply.waits_for_the_server:
        return not_welcome(reply, server)
    return NotSent(message("mail.recipient-postponed", quote=reply.shown, server=server, address=address))


def message_refused(reply: Reply, server: str, size: int) -> BanqupError:
    """Returns the error for a refused DATA or final dot: a complete reply, so nothing has arrived."""
    if reply.code == 552:
        return _too_large(reply, server, size)
    if reply.is_refusal:
        return Rejected(message("mail.message-refused", quote=reply.shown, server=server))
    if reply.waits_for_the_server:
        return not_welcome(reply, server)
    return NotSent(message("mail.message-postponed", quote=reply.shown, server=server))


def larger_than_announced(size: int, limit: int, server: str) -> Rejected:
    """Returns the error for a message above the announced limit. Both sizes include the Base64 encoding."""
    return Rejected(message("mail.larger-than-limit", server=server, limit=limit, size=size))


def _too_large(reply: Reply, server: str, size: int) -> Rejected:
    return Rejected(message("mail.too-large", quote=reply.shown, server=server, size=size))


def broke_off(error: BaseException, server: str) -> NotSent:
    """Returns the error for a break before the final dot. Only this document waits, as its content may be the cause."""
    return NotSent(message("mail.connection-broke-sending", quote=words_of(error), server=server))


def _sign_in_wanted(reply: Reply, server: str) -> NotSent:
    return NotSent(
        message("mail.sign-in-wanted", quote=reply.shown, server=server), fault=Fault.PERSON, trouble=Trouble.SIGN_IN
    )
