"""Turns a broken exchange or a refusing status into `NotSent`, `Rejected` or `Uncertain`.

`begun` says whether the request may have had its effect. Before, nothing has arrived, whatever happened; after, only an
answer of the server proves that nothing has.
"""

from __future__ import annotations

import re
import socket
import ssl
from collections.abc import Iterator, Mapping
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime
from html import unescape

import httpx
import msgspec

from banqup_tui.connectors.common.http_answer import HttpAnswer
from banqup_tui.connectors.common.web_address import server_of
from banqup_tui.connectors.interface import Fault, NotSent, Rejected, Uncertain
from banqup_tui.domain.errors import BanqupError
from banqup_tui.domain.messages import message
from banqup_tui.domain.text import clean

MAX_EXCERPT = 200
_TITLE = re.compile(rb"<title[^>]*>(.*?)</title", re.IGNORECASE | re.DOTALL)
_SAYING = ("detail", "message", "error_description", "error", "title", "reason", "description")
_anything = msgspec.json.Decoder()


def cut_off(error: Exception, where: str, *, begun: bool, fault: Fault = Fault.INTEGRATION) -> NotSent | Uncertain:
    """Returns the error for a request without an answer. `where` names the server; `fault`: see `http_client.ask`."""
    if isinstance(error, httpx.InvalidURL | httpx.UnsupportedProtocol | httpx.LocalProtocolError):
        return _unusable(where, error)
    if isinstance(error, httpx.ConnectError | httpx.ConnectTimeout | httpx.PoolTimeout | httpx.ProxyError):
        return _not_connected(where, error)
    quote = _words(error)
    if begun:
        if isinstance(error, httpx.TimeoutException):
            return Uncertain(message("http.no-answer-after-sending", server=where))
        return Uncertain(message("http.connection-broke-unanswered", quote=quote, server=where))
    if fault is Fault.DOCUMENT:
        return NotSent(message("http.connection-broke-uploading", quote=quote, server=where), fault=fault)
    return NotSent(message("http.connection-broke", quote=quote, server=where), fault=Fault.INTEGRATION)


def refusal(answer: HttpAnswer, where: str, *, begun: bool) -> BanqupError:
    """Returns the error for an answer whose status is not 2xx. Connectors consult their own tables before."""
    status, quote = answer.status, excerpt(answer)
    if status in (401, 403, 407):
        return _not_let_in(status, where, quote)
    if 300 <= status < 400:
        return _moved(answer, where)
    if status == 429:
        return NotSent(
            message("http.asked-to-wait", server=where),
            fault=Fault.INTEGRATION,
            retry_after=retry_after(answer.headers),
        )
    if status == 413:
        return Rejected(message("http.too-large", server=where))
    if 400 <= status < 500 and status not in (408, 425):
        return _refused(status, where, quote)
    return _failing(answer, where, quote, begun)


def retry_after(headers: Mapping[str, str], now: datetime | None = None) -> float | None:
    """Returns the seconds of `Retry-After` (RFC 9110 section 10.2.3).

    A date is compared with the server's own `Date`, so that a wrong clock on this machine does not matter.
    """
    text = headers.get("retry-after", "").strip()
    if text.isascii() and text.isdigit() and len(text) < 10:
        return float(text)
    until = _date(text)
    if until is None:
        return None
    at = _date(headers.get("date", "")) or now or datetime.now(UTC)
    return max(0.0, (until - at).total_seconds())


def excerpt(answer: HttpAnswer) -> str:
    """Returns the server's explanation on one line, free of control characters, of at most `MAX_EXCERPT` characters."""
    kind = answer.headers.get("content-type", "").partition(";")[0].strip().lower()
    if kind.endswith(("/html", "/xhtml+xml")):
        found = _TITLE.search(answer.body)
        text = unescape(_decoded(found.group(1))) if found else ""
    elif kind.endswith(("/json", "+json")):
        text = _json_text(answer.body)
    elif kind.startswith("text/"):
        text = _decoded(answer.body)
    else:
        text = ""
    return _cut(clean(text))


def _json_text(body: bytes) -> str:
    try:
        value = _anything.decode(body)
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError):
        return ""
    return next(_sayings(value, 4), "")


def _sayings(value: object, depth: int) -> Iterator[str]:
    """Yields texts under the usual keys of error bodies, within at most `depth` nested values."""
    if isinstance(value, str) and value.strip():
        yield value
    elif isinstance(value, list) and depth:
        for one in value[:3]:
            yield from _sayings(one, depth - 1)
    elif isinstance(value, dict) and depth:
        for name in _SAYING:
            yield from _sayings(value.get(name), depth - 1)


def _unusable(where: str, error: Exception) -> NotSent:
    quote = _words(error)
    return NotSent(message("http.unusable-address", quote=quote, server=where), fault=Fault.PERSON)


def _not_connected(where: str, error: Exception) -> NotSent:
    """Returns the error for a connection that was never made: nothing was sent."""
    causes = list(_causes(error))
    if any(isinstance(cause, ssl.SSLCertVerificationError) for cause in causes):
        return _not_trusted(where, causes)
    if isinstance(error, httpx.ProxyError):
        reason = message("http.blocked-by-proxy", quote=_words(error), server=where)
    elif isinstance(error, httpx.TimeoutException):
        reason = message("http.no-answer", server=where)
    elif any(isinstance(cause, socket.gaierror) for cause in causes):
        reason = message("http.no-such-server", server=where)
    elif any(isinstance(cause, ConnectionRefusedError) for cause in causes):
        reason = message("http.connection-refused", server=where)
    else:
        reason = message("http.no-connection", quote=_words(error), server=where)
    return NotSent(reason, fault=Fault.INTEGRATION)


def _not_trusted(where: str, causes: list[BaseException]) -> NotSent:
    found = next(cause for cause in causes if isinstance(cause, ssl.SSLCertVerificationError))
    quote = _cut(clean(found.verify_message or str(found)))
    return NotSent(message("http.certificate-not-trusted", quote=quote, server=where), fault=Fault.PERSON)


def _not_let_in(status: int, where: str, quote: str) -> NotSent:
    if status == 407:
        return NotSent(message("http.proxy-wants-sign-in", server=where), fault=Fault.PERSON)
    code = "http.sign-in-refused" if status == 401 else "http.not-allowed"
    return NotSent(message(code, quote=quote, server=where), fault=Fault.PERSON)


def _moved(answer: HttpAnswer, where: str) -> NotSent:
    """A redirect needs a person: it may come from the same server at a new address, or from an attacker."""
    to = _address(answer.headers.get("location", ""))
    moved = message("http.moved-to", server=where, address=to) if to else message("http.moved", server=where)
    return NotSent(moved, fault=Fault.PERSON)


def _refused(status: int, where: str, quote: str) -> Rejected:
    return Rejected(message("http.refused", quote=quote, server=where, status=status))


def _failing(answer: HttpAnswer, where: str, quote: str, begun: bool) -> NotSent | Uncertain:
    status, wait = answer.status, retry_after(answer.headers)
    failed = message("http.server-failed", quote=quote, server=where, status=status)
    if begun:
        return Uncertain(failed, retry_after=wait)
    return NotSent(failed, fault=Fault.INTEGRATION, retry_after=wait)


def _causes(error: BaseException | None) -> Iterator[BaseException]:
    """Yields the error, its causes, and the members of groups (anyio raises a group when several addresses fail)."""
    while error is not None:
        yield error
        if isinstance(error, BaseExceptionGroup):
            for one in error.exceptions:
                yield from _causes(one)
        error = error.__cause__ or error.__context__


def _words(error: Exception) -> str:
    return _cut(clean(str(error))).rstrip(".") or type(error).__name__


def _address(location: str) -> str:
    """Removes user name, password, query and fragment, which may be secret."""
    plain = location.partition("?")[0].partition("#")[0]
    scheme, found, rest = plain.partition("://")
    if found:
        _, slash, path = rest.partition("/")
        plain = f"{scheme}://{server_of(location)}{slash}{path}"
    return _cut(clean(plain))


def _decoded(body: bytes) -> str:
    return body[: 8 * MAX_EXCERPT].decode("utf-8", "replace")


def _cut(text: str) -> str:
    return text if len(text) <= MAX_EXCERPT else f"{text[: MAX_EXCERPT - 1]}…"


def _date(text: str) -> datetime | None:
    try:
        found = parsedate_to_datetime(text)
    except (TypeError, ValueError, IndexError, OverflowError):
        return None
    return found if found.tzinfo else found.replace(tzinfo=UTC)
