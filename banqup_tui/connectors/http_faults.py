"""What a broken exchange and a refusing status mean: who must do something, or whether to wait.

`begun` says on which side of its effect a request stood. Before it nothing has arrived, whatever happened; after it
only what the server says proves that nothing has.
"""

from __future__ import annotations

import re
import socket
import ssl
from collections.abc import Iterator, Mapping
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime
from html import unescape
from typing import Any

import httpx
import msgspec

from banqup_tui.connectors.http_client import Answer
from banqup_tui.connectors.interface import Fault, French, NotSent, Rejected, Uncertain
from banqup_tui.connectors.web_address import server_of
from banqup_tui.domain.errors import BanqupError
from banqup_tui.domain.text import clean

MAX_EXCERPT = 200
_WAIT = "It is tried again by itself."
_ATTENDRE = "Nouvel essai tout seul."
_TITLE = re.compile(rb"<title[^>]*>(.*?)</title", re.IGNORECASE | re.DOTALL)
_SAYING = ("detail", "message", "error_description", "error", "title", "reason", "description")
_anything = msgspec.json.Decoder()


def cut_off(error: Exception, where: str, *, begun: bool, fault: Fault = Fault.INTEGRATION) -> NotSent | Uncertain:
    """No answer came. `where` names the server; `fault`: see `http_client.ask`."""
    if isinstance(error, httpx.InvalidURL | httpx.UnsupportedProtocol | httpx.LocalProtocolError):
        return _unusable(where, error)
    if isinstance(error, httpx.ConnectError | httpx.ConnectTimeout | httpx.PoolTimeout | httpx.ProxyError):
        return _not_connected(where, error)
    said = _words(error)
    if begun:
        return Uncertain(
            f"{where} did not answer in time; the document had been sent."
            if isinstance(error, httpx.TimeoutException)
            else f"The connection to {where} broke before it had answered: {said}.",
            _WAIT,
        )
    if fault is Fault.DOCUMENT:
        return NotSent(
            f"The connection to {where} broke while the document was on its way: {said}.",
            "It is tried again by itself. If it stays so, the server may not take a document of this size.",
            fault=fault,
        )
    return NotSent(
        f"The connection to {where} broke: {said}.",
        _WAIT,
        fault=Fault.INTEGRATION,
        french=(f"La connexion à {where} s'est rompue : {said}.", _ATTENDRE),
    )


def refusal(answer: Answer, where: str, *, begun: bool) -> BanqupError:
    """What an answer means whose status is not 2xx. Connectors that know better ask their own table first."""
    status, said = answer.status, excerpt(answer)
    if status in (401, 403, 407):
        return _not_let_in(status, where, said)
    if 300 <= status < 400:
        return _moved(answer, where)
    if status == 429:
        return NotSent(
            f"{where} asks to be left in peace for a while.",
            _WAIT,
            fault=Fault.INTEGRATION,
            retry_after=retry_after(answer.headers),
            french=(f"{where} demande qu'on patiente un moment.", _ATTENDRE),
        )
    if status == 413:
        return Rejected(
            f"{where} does not take a document of this size.",
            "Ask whoever runs the server to allow larger ones, or hand it over another way.",
            french=(
                f"{where} n'accepte pas un document de cette taille.",
                "Demandez au responsable du serveur d'en accepter de plus grands, ou remettez-le autrement.",
            ),
        )
    if 400 <= status < 500 and status not in (408, 425):
        return _refused(status, where, said)
    return _failing(answer, where, said, begun)


def retry_after(headers: Mapping[str, str], now: datetime | None = None) -> float | None:
    """Seconds that the server asks to wait, written as a number or as a date (read by the server's own clock)."""
    text = headers.get("retry-after", "").strip()
    if text.isascii() and text.isdigit() and len(text) < 10:
        return float(text)
    until = _date(text)
    if until is None:
        return None
    at = _date(headers.get("date", "")) or now or datetime.now(UTC)
    return max(0.0, (until - at).total_seconds())


def excerpt(answer: Answer) -> str:
    """What the server says, on one line, harmless to show, at most `MAX_EXCERPT` letters; empty if it says nothing."""
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


def _sayings(value: Any, depth: int) -> Iterator[str]:
    """The first text under a name that is used for one, in objects within objects."""
    if isinstance(value, str) and value.strip():
        yield value
    elif isinstance(value, list) and depth:
        for one in value[:3]:
            yield from _sayings(one, depth - 1)
    elif isinstance(value, dict) and depth:
        for name in _SAYING:
            yield from _sayings(value.get(name), depth - 1)


def _unusable(where: str, error: Exception) -> NotSent:
    said = _words(error)
    return NotSent(
        f"The address of {where} cannot be used: {said}.",
        "Correct the address in the settings.",
        fault=Fault.PERSON,
        french=(f"L'adresse de {where} est inutilisable : {said}.", "Corrigez l'adresse dans les réglages."),
    )


def _not_connected(where: str, error: Exception) -> NotSent:
    """Nothing was sent: there never was a connection."""
    causes = list(_causes(error))
    if any(isinstance(cause, ssl.SSLCertVerificationError) for cause in causes):
        return _not_trusted(where, causes)
    if isinstance(error, httpx.ProxyError):
        said = _words(error)
        why, pourquoi = f"The proxy did not let {where} be reached: {said}.", f"Le proxy bloque {where} : {said}."
    elif isinstance(error, httpx.TimeoutException):
        why, pourquoi = f"{where} does not answer.", f"{where} ne répond pas."
    elif any(isinstance(cause, socket.gaierror) for cause in causes):
        why, pourquoi = f"There is no server by the name {where}.", f"Aucun serveur ne s'appelle {where}."
    elif any(isinstance(cause, ConnectionRefusedError) for cause in causes):
        why, pourquoi = f"{where} refuses the connection.", f"{where} refuse la connexion."
    else:
        said = _words(error)
        why = f"No connection to {where} came about: {said}."
        pourquoi = f"Aucune connexion à {where} : {said}."
    return NotSent(
        why,
        "It is tried again by itself; check the address if it stays so.",
        fault=Fault.INTEGRATION,
        french=(pourquoi, "Nouvel essai tout seul ; sinon vérifiez l'adresse."),
    )


def _not_trusted(where: str, causes: list[BaseException]) -> NotSent:
    found = next(cause for cause in causes if isinstance(cause, ssl.SSLCertVerificationError))
    said = _cut(clean(found.verify_message or str(found)))
    return NotSent(
        f"The certificate of {where} is not to be trusted: {said}.",
        "Ask whoever runs the server for a valid one, or add its issuer to those that this machine trusts.",
        fault=Fault.PERSON,
        french=(
            f"Le certificat de {where} n'est pas digne de confiance : {said}.",
            "Demandez un certificat valable au responsable, ou ajoutez son émetteur à ceux que cette machine accepte.",
        ),
    )


def _not_let_in(status: int, where: str, said: str) -> NotSent:
    french: French
    if status == 407:
        return NotSent(
            f"The proxy on the way to {where} wants a sign-in.",
            "Put it into the environment of the service.",
            fault=Fault.PERSON,
            french=(
                f"Le proxy sur le chemin de {where} demande une connexion.",
                "Mettez-la dans l'environnement du service.",
            ),
        )
    if status == 401:
        why, pourquoi = f"{where} did not accept the sign-in.", f"{where} n'a pas accepté la connexion."
        if said:
            why = f"{where} did not accept the sign-in: “{said}”."
            pourquoi = f"{where} n'a pas accepté la connexion : « {said} »."
        french = (pourquoi, "Corrigez les identifiants dans les réglages.")
        return NotSent(why, "Correct the sign-in in the settings.", fault=Fault.PERSON, french=french)
    why, pourquoi = f"{where} does not allow it.", f"{where} ne l'autorise pas."
    if said:
        why, pourquoi = f"{where} does not allow it: “{said}”.", f"{where} ne l'autorise pas : « {said} »."
    french = (pourquoi, "Demandez ce droit au responsable du serveur.")
    return NotSent(why, "Ask whoever runs the server for the right to do it.", fault=Fault.PERSON, french=french)


def _moved(answer: Answer, where: str) -> NotSent:
    """Whether it is the same server that moved or somebody who leads elsewhere, only a person can tell."""
    to = _address(answer.headers.get("location", ""))
    return NotSent(
        f"{where} sends elsewhere, to {to}." if to else f"{where} sends elsewhere.",
        "If that is where documents belong, put that address into the settings.",
        fault=Fault.PERSON,
        french=(
            f"{where} renvoie ailleurs, vers {to}." if to else f"{where} renvoie ailleurs.",
            "Si les documents doivent y aller, mettez cette adresse dans les réglages.",
        ),
    )


def _refused(status: int, where: str, said: str) -> Rejected:
    why = f"{where} refused the document, with the status {status} and no reason."
    pourquoi = f"{where} a refusé le document, avec le code {status} et sans raison."
    if said:
        why = f"{where} refused the document ({status}): “{said}”."
        pourquoi = f"{where} a refusé le document ({status}) : « {said} »."
    return Rejected(
        why,
        "Correct what it names, here or at the server, and send the document again.",
        french=(pourquoi, "Corrigez ce qui est dit, ici ou sur le serveur, et renvoyez le document."),
    )


def _failing(answer: Answer, where: str, said: str, begun: bool) -> NotSent | Uncertain:
    status, wait = answer.status, retry_after(answer.headers)
    why = f"{where} fails, with the status {status}."
    pourquoi = f"{where} est en panne, avec le code {status}."
    if said:
        why = f"{where} fails, with the status {status}: “{said}”."
        pourquoi = f"{where} est en panne, avec le code {status} : « {said} »."
    if begun:
        return Uncertain(why, _WAIT, retry_after=wait)
    return NotSent(why, _WAIT, fault=Fault.INTEGRATION, retry_after=wait, french=(pourquoi, _ATTENDRE))


def _causes(error: BaseException | None) -> Iterator[BaseException]:
    """The error and all that led to it; several tries to connect lie side by side in a group."""
    while error is not None:
        yield error
        if isinstance(error, BaseExceptionGroup):
            for one in error.exceptions:
                yield from _causes(one)
        error = error.__cause__ or error.__context__


def _words(error: Exception) -> str:
    return _cut(clean(str(error))).rstrip(".") or type(error).__name__


def _address(location: str) -> str:
    """Without what a query may hold, nor a name and password."""
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
