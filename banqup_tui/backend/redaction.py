"""Removes secrets and control characters from texts of receivers, and from lines of the log.

A server may repeat what it was sent, in the encoding in which it arrived. Every result of a connector passes a
`Redactor` with the secrets of that attempt, at the one place where results enter the ledger or an answer.
"""

from __future__ import annotations

import base64
import html
import json
import logging
import quopri
import re
from collections.abc import Iterable, Iterator, Mapping
from functools import lru_cache
from typing import TypeVar
from urllib.parse import parse_qsl, quote, quote_plus, unquote, urlsplit

import msgspec

from banqup_tui.backend.secrets_in_use import secrets_of_sign_in
from banqup_tui.connectors.interface import Found, NotSent, Receipt, Rejected, Uncertain
from banqup_tui.domain.errors import BanqupError
from banqup_tui.domain.messages import Message
from banqup_tui.domain.secret import MASK, Secret, secrets_alive
from banqup_tui.domain.text import without_controls
from banqup_tui.protocol.problems import Problem

SHORTEST = 4
"""Shortest secret that is removed, in characters. A shorter one stands within many words and can be guessed anyway."""

_SHORTEST_ENCODED = 6
"""Shortest base64 form that is removed, in characters."""

_SHORTEST_PART = 12
"""Shortest word of a secret that is removed by itself, in characters."""

_SHORTEST_START = 5
"""Shortest beginning of a secret that is removed before a sign of shortening, in characters."""

_CUT = "…"
_GAP = re.compile(r"=\r?\n|[\s\u00ad\u200b-\u200f\u2060\ufeff]")
"""Characters that a line fold or a web page may put into the middle of a secret."""

_ESCAPE = re.compile(r"\\(?:u([0-9a-fA-F]{4})|(.))")
_ENCODED = re.compile(r"[A-Za-z0-9+/_=%-]")
_NAMES_OF_USERS = ("user", "username", "login", "access_key_id", "client_id")

Result = Receipt | NotSent | Rejected | Uncertain | Found
E = TypeVar("E", bound=BanqupError)


class Redactor:
    """Replaces secrets with a mask.

    Args:
        users: User names that may be encoded together with a secret, as in HTTP Basic authentication (RFC 7617).
    """

    def __init__(self, secrets: Iterable[Secret], users: Iterable[str] = ()) -> None:
        names = tuple(name for name in users if name)
        self._forms: dict[str, bool] = {}
        for secret in secrets:
            self._forms.update(_forms(secret.reveal(), names))

    def text(self, text: str, *, lines: bool = False) -> str:
        """Returns the text without secrets, escape sequences and hidden characters.

        Args:
            lines: Whether line breaks are kept, as in the log.
        """
        text = without_controls(text, lines=lines)
        if not self._forms or not text:
            return text
        spans = list(_spans(text, self._forms))
        redacted = _replaced(text, spans) if spans else text
        return MASK if self._remains(redacted) else redacted

    def message(self, message: Message) -> Message:
        """Returns the message with its parameters and quote redacted."""
        params = {name: self.text(value) if isinstance(value, str) else value for name, value in message.params.items()}
        return Message(message.code, params, self.text(message.quote))

    def error(self, error: E) -> E:
        """Redacts the message of an exception in place, so that logging or raising it again shows no secret."""
        error.message = self.message(error.message)
        error.args = (error.sentence,)
        return error

    def result(self, result: Result) -> Result:
        """Returns the result of an attempt with its texts redacted."""
        match result:
            case Receipt():
                reference = result.reference
                return Receipt(
                    text=self.text(result.text),
                    reference=None if reference is None else self.text(reference),
                    about=None if result.about is None else self.message(result.about),
                )
            case NotSent() | Rejected() | Uncertain():
                return self.error(result)
        return result

    def problem(self, problem: Problem) -> Problem:
        """Returns the problem with its texts redacted."""
        return msgspec.structs.replace(
            problem,
            title=self.text(problem.title),
            detail=self.text(problem.detail),
            remedy=None if problem.remedy is None else self.text(problem.remedy),
            params=self.message(problem.message).params if problem.code else {},
            quote=self.text(problem.quote),
        )

    def _remains(self, text: str) -> bool:
        """Returns whether decoding the text (HTML, percent, backslash, quoted-printable) still shows a secret."""
        return any(
            decoded != text and next(_spans(decoded, self._forms), None) is not None for decoded in _decodings(text)
        )


class AttemptSecrets:
    """The secrets of one attempt or test. While this object exists, the log shows none of them (`secrets_alive`)."""

    def __init__(self, settings: Mapping[str, object]) -> None:
        """Takes the secrets from a connector's settings, where each is a `Secret`."""
        self._secrets = [value for value in settings.values() if isinstance(value, Secret) and value]
        self._users = [user for name in _NAMES_OF_USERS if isinstance(user := settings.get(name), str)]

    def redactor(self) -> Redactor:
        """Returns a redactor. Call it after the attempt: only then all tokens of its sign-in are known."""
        of_sign_ins = (one for secret in self._secrets for one in secrets_of_sign_in(secret.reveal()))
        return Redactor([*self._secrets, *of_sign_ins], self._users)


class RedactingFormatter(logging.Formatter):
    """Formats lines of the log without any secret that exists in this process."""

    def format(self, record: logging.LogRecord) -> str:
        return Redactor(secrets_alive()).text(super().format(record), lines=True)


def _spans(text: str, forms: Mapping[str, bool]) -> Iterator[tuple[int, int]]:
    """Yields the start and end of each form in the text, also across line folds, in other letter case, or shortened.

    A form that is the middle of a base64 text is widened over the characters around it, which encode the first and last
    characters of the secret.
    """
    compact = _GAP.sub("", text)
    lowered = _lower(compact)
    found = [form for form in forms if form in lowered]
    starts = list(_cut_starts(lowered, forms)) if _CUT in lowered else []
    if not found and not starts:
        return
    origin = _origin(text)
    for form in found:
        at = lowered.find(form)
        while at >= 0:
            start, end = origin[at], origin[at + len(form) - 1] + 1
            yield _widened(text, start, end) if forms[form] else (start, end)
            at = lowered.find(form, at + 1)
    for start, end in starts:
        yield origin[start], origin[end - 1] + 1


def _widened(text: str, start: int, end: int) -> tuple[int, int]:
    while start > 0 and _ENCODED.match(text[start - 1]):
        start -= 1
    while end < len(text) and _ENCODED.match(text[end]):
        end += 1
    return start, end


def _cut_starts(lowered: str, forms: Iterable[str]) -> Iterator[tuple[int, int]]:
    """Yields the start and end of beginnings of secrets that stand before a sign of shortening ("…")."""
    cut = lowered.find(_CUT)
    while cut >= 0:
        for form in forms:
            if len(form) <= _SHORTEST_START:
                continue
            at = lowered.rfind(form[:_SHORTEST_START], max(0, cut - len(form)), cut)
            if at >= 0 and form.startswith(lowered[at:cut]):
                yield at, cut
        cut = lowered.find(_CUT, cut + 1)


def _lower(text: str) -> str:
    """Returns the text in lower case at the same length: the lower case of some characters is longer (İ)."""
    lowered = text.lower()
    return lowered if len(lowered) == len(text) else "".join(one.lower()[:1] for one in text)


def _origin(text: str) -> list[int]:
    """Returns the index in `text` of each character of the text without gaps."""
    bounds: list[int] = []
    at = 0
    for gap in _GAP.finditer(text):
        bounds.extend(range(at, gap.start()))
        at = gap.end()
    bounds.extend(range(at, len(text)))
    return bounds


def _replaced(text: str, spans: Iterable[tuple[int, int]]) -> str:
    """Returns the text with the mask in the place of each span; spans that touch get one mask."""
    together: list[list[int]] = []
    for start, end in sorted(spans):
        if together and start <= together[-1][1]:
            together[-1][1] = max(together[-1][1], end)
        else:
            together.append([start, end])
    parts, at = [], 0
    for start, end in together:
        parts += [text[at:start], MASK]
        at = end
    return "".join([*parts, text[at:]])


def _decodings(text: str) -> Iterator[str]:
    if "&" in text:
        yield html.unescape(text)
    if "%" in text:
        yield unquote(text)
        yield unquote(unquote(text))
    if "\\" in text:
        yield _ESCAPE.sub(lambda found: chr(int(found[1], 16)) if found[1] else found[2], text)
    if "=" in text:
        yield quopri.decodestring(text.encode()).decode("utf-8", "replace")


@lru_cache(maxsize=4096)
def _forms(secret: str, users: tuple[str, ...]) -> dict[str, bool]:
    """Returns the forms that a secret may have in a text, in lower case and without gaps.

    The value says whether the form may be the middle of a longer encoded text.
    """
    found: set[str] = set()
    inner: set[str] = set()
    for part in _parts(secret):
        if len(part) >= SHORTEST:
            found.update(_escaped_forms(part))
        if len(part.encode(errors="replace")) >= _SHORTEST_ENCODED:
            inner.update(_encoded(part.encode(errors="replace")))
            inner.update(_encoded(part.encode("latin-1", "replace")))
    for user in users:
        for pair in (f"{user}:{secret}", f"\0{user}\0{secret}"):
            for encode in (base64.b64encode, base64.urlsafe_b64encode):
                inner.add(encode(pair.encode(errors="replace")).decode().rstrip("="))
    both = [(form, False) for form in found] + [(form, True) for form in inner]
    return {small: wide for form, wide in both if (small := _lower(_GAP.sub("", form)))}


def _parts(secret: str) -> Iterator[str]:
    """Yields the secret and its parts that are secrets too: lines of a key, password, path and query of a URL."""
    yield secret
    for word in secret.split():
        if word != secret and len(word) >= _SHORTEST_PART:
            yield word
        prefix, mark, rest = word.partition("_")
        if mark and len(prefix) <= 6 and len(rest) >= 2 * _SHORTEST_PART:
            yield rest
    if "://" not in secret:
        return
    try:
        address = urlsplit(secret)
        password = address.password
    except ValueError:
        return
    if password:
        yield unquote(password)
    yield f"{address.path}?{address.query}".strip("/?")
    for piece in (*address.path.split("/"), *(value for _name, value in parse_qsl(address.query))):
        if len(piece) >= 8:
            yield unquote(piece)


def _escaped_forms(text: str) -> Iterator[str]:
    """Yields the text as written in URLs, HTML, JSON, quoted-printable and Python."""
    yield text
    yield quote(text, safe="")
    yield quote(text)
    yield quote_plus(text)
    yield html.escape(text, quote=True)
    yield html.escape(text, quote=True).replace("&#x27;", "&#39;")
    yield html.escape(text, quote=True).replace("&#x27;", "&apos;")
    yield html.escape(text, quote=False)
    for written in (json.dumps(text), json.dumps(text, ensure_ascii=False)):
        yield written[1:-1]
        yield written[1:-1].replace("/", "\\/")
    yield quopri.encodestring(text.encode(errors="replace"), quotetabs=True).decode()
    yield repr(text)[1:-1]


def _encoded(content: bytes) -> Iterator[str]:
    """Yields the content in hexadecimal, and in base64 for each of the three alignments within a longer content."""
    yield content.hex()
    yield ":".join(f"{byte:02x}" for byte in content)
    for before in range(3):
        plain = base64.b64encode(b"\0" * before + content).decode()
        inner = plain[-(-8 * before // 6) : 8 * (before + len(content)) // 6]
        if len(inner) >= _SHORTEST_ENCODED:
            yield inner
            yield inner.replace("+", "-").replace("/", "_")
            yield quote(inner, safe="")
