"""What a mail server's answers and silences mean: who must do something, or whether to wait.

All of these are certain: they are told before the last dot of a message, or by the server's own answer to it.
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

_SMALLER = "Send a smaller copy of it, or give it to the software by hand."

LOST = (OSError, smtplib.SMTPException)
"""The line is gone, or what comes over it is no SMTP (`ssl.SSLError` and `TimeoutError` are OSErrors)."""


class Reply(msgspec.Struct, frozen=True):
    """A server's whole answer; `words` in one harmless line."""

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
        """Whether it says yes or no: not "go on", and nothing that is no SMTP."""
        return self.is_good or 400 <= self.code < 600

    @property
    def shown(self) -> str:
        return f"{self.code} {self.words}".rstrip()

    @property
    def wants_sign_in(self) -> bool:
        return self.code in (530, 534, 535, 538)

    @property
    def waits_for_the_server(self) -> bool:
        """Of an answer 4xx: whether it concerns all that is sent there, and not this document or its address."""
        found = _ENHANCED.match(self.words)
        return self.code in _OF_THE_SERVER or (found is not None and found.group(2) in _SUBJECTS_OF_THE_SERVER)


def reply_of(code: int, quote: bytes) -> Reply:
    line = clean(quote.decode("utf-8", "replace"))
    return Reply(code, line if len(line) <= _MAX_WORDS else f"{line[: _MAX_WORDS - 1]}…")


def words_of(error: BaseException) -> str:
    """What went wrong with a line, in one harmless line."""
    if isinstance(error, smtplib.SMTPResponseException):
        quote = error.smtp_error
        return reply_of(error.smtp_code, quote if isinstance(quote, bytes) else str(quote).encode()).shown
    if isinstance(error, ssl.SSLError) and error.reason:
        return clean(error.reason.replace("_", " ").lower())
    text = getattr(error, "strerror", None) or str(error) or type(error).__name__
    return reply_of(0, str(text).encode()).words


def not_connected(error: BaseException, server: str) -> NotSent:
    """No connection, or none that is safe. Sign-in has its own sentences."""
    match error:
        case ssl.SSLCertVerificationError():
            quote = clean(error.verify_message or error.reason or "")
            return NotSent(message("mail.certificate-not-trusted", quote=quote, server=server), fault=Fault.PERSON)
        case ssl.SSLError() if error.reason in _NO_TLS:
            return NotSent(message("mail.wrong-encryption", quote=words_of(error), server=server), fault=Fault.PERSON)
        case TimeoutError():
            what = message("mail.no-answer", server=server)
        case ConnectionRefusedError():
            what = message("mail.connection-refused", server=server)
        case socket.gaierror():
            what = message("mail.no-such-server", server=server)
        case _:
            what = message("mail.connection-broke", quote=words_of(error), server=server)
    return NotSent(what, fault=Fault.INTEGRATION)


def not_welcome(reply: Reply, server: str) -> NotSent:
    """The server answers, and does not want to talk now: to the greeting or to EHLO."""
    return NotSent(message("mail.not-welcome", quote=reply.shown, server=server), fault=Fault.INTEGRATION)


def no_starttls(server: str) -> NotSent:
    return NotSent(message("mail.no-starttls", server=server), fault=Fault.PERSON)


def would_be_readable(server: str) -> NotSent:
    return NotSent(message("mail.not-encrypted", server=server), fault=Fault.PERSON)


def unreadable_ca() -> NotSent:
    return NotSent(message("mail.unreadable-authority"), fault=Fault.PERSON)


def no_way_to_sign_in(server: str, offered: str) -> NotSent:
    """`offered`: names of ways, as the server lists them; empty where it lists none."""
    ways = clean(offered)[:_MAX_WORDS] or "–"
    return NotSent(
        message("mail.no-password-sign-in", server=server, ways=ways), fault=Fault.PERSON, trouble=Trouble.SIGN_IN
    )


def not_signed_in(reply: Reply, server: str) -> NotSent:
    if not reply.is_refusal:
        return not_welcome(reply, server)
    return NotSent(
        message("mail.sign-in-refused", quote=reply.shown, server=server), fault=Fault.PERSON, trouble=Trouble.SIGN_IN
    )


class TokenRefused(NotSent):
    """The server let nobody in with this access token."""


def no_sign_in_by_token(server: str, offered: str) -> NotSent:
    ways = offered or "none"
    return NotSent(message("mail.no-browser-sign-in", server=server, ways=ways), fault=Fault.PERSON)


def token_refused(reply: Reply, server: str) -> NotSent:
    if not reply.is_refusal:
        return not_welcome(reply, server)
    return TokenRefused(
        message("mail.token-refused", quote=reply.shown, server=server), fault=Fault.PERSON, trouble=Trouble.SIGN_IN
    )


def sender_refused(reply: Reply, server: str, sender: str, size: int) -> BanqupError:
    """To MAIL FROM, which also announces the size."""
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
    """To DATA, or to the last dot: a whole answer that is no yes, so nothing has arrived."""
    if reply.code == 552:
        return _too_large(reply, server, size)
    if reply.is_refusal:
        return Rejected(message("mail.message-refused", quote=reply.shown, server=server))
    if reply.waits_for_the_server:
        return not_welcome(reply, server)
    return NotSent(message("mail.message-postponed", quote=reply.shown, server=server))


def larger_than_announced(size: int, limit: int, server: str) -> Rejected:
    """Both in bytes of a whole message, in which a document is a third larger than by itself."""
    return Rejected(message("mail.larger-than-limit", server=server, limit=limit, size=size))


def _too_large(reply: Reply, server: str, size: int) -> Rejected:
    return Rejected(message("mail.too-large", quote=reply.shown, server=server, size=size))


def broke_off(error: BaseException, server: str) -> NotSent:
    """Before the last dot. The document waits alone: if it is its content that ends the talk, the others go on."""
    return NotSent(message("mail.connection-broke-sending", quote=words_of(error), server=server))


def _sign_in_wanted(reply: Reply, server: str) -> NotSent:
    return NotSent(
        message("mail.sign-in-wanted", quote=reply.shown, server=server), fault=Fault.PERSON, trouble=Trouble.SIGN_IN
    )
