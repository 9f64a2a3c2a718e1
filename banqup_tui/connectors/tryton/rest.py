"""Client of Tryton's REST interface for incoming documents: one API key, one database."""

from __future__ import annotations

import base64
from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any, TypeVar
from urllib.parse import quote, urlencode

import msgspec

from banqup_tui.connectors.common.http_answer import HttpAnswer
from banqup_tui.connectors.common.http_client import ask
from banqup_tui.connectors.common.http_pieces import pieces
from banqup_tui.connectors.common.web_address import server_of
from banqup_tui.connectors.interface import Fault, NotSent, Rejected
from banqup_tui.domain.messages import message
from banqup_tui.domain.text import clean
from banqup_tui.kill_points import kill_point

if TYPE_CHECKING:
    import httpx

T = TypeVar("T")

DOCUMENT = "document.incoming"
_MAX_REASON = 300
_JSON = {"Content-Type": "application/json"}


class IncomingDocument(msgspec.Struct, frozen=True):
    """A row of `document.incoming`. `write_date` is `None` until somebody changes the row."""

    id: int
    state: str = ""
    type: str | None = None
    result: str | None = None
    write_date: Any = None


class Preferences(msgspec.Struct, frozen=True):
    """Preferences of the user of the API key."""

    companies: tuple[int, ...] = ()


class ModelRights(msgspec.Struct, frozen=True):
    """Access rights of the user; 1 is granted."""

    read: int = 0
    write: int = 0
    create: int = 0


class _Field(msgspec.Struct):
    selection: tuple[tuple[str | None, str], ...] = ()


class _ErrorBody(msgspec.Struct):
    message: str = ""


class _Named(msgspec.Struct):
    id: int
    rec_name: str = ""


_incoming = msgspec.json.Decoder(IncomingDocument)
_several: msgspec.json.Decoder[tuple[IncomingDocument, ...]] = msgspec.json.Decoder(tuple[IncomingDocument, ...])
_preferences = msgspec.json.Decoder(Preferences)
_access = msgspec.json.Decoder(dict[str, ModelRights])
_fields = msgspec.json.Decoder(dict[str, _Field])
_named = msgspec.json.Decoder(_Named)
_error_body = msgspec.json.Decoder(_ErrorBody)
_encoder = msgspec.json.Encoder()

_FIELDS = (("f", "state"), ("f", "type"), ("f", "result"), ("f", "write_date"))


class Rest:
    """Calls on Tryton's models.

    Raises:
        NotSent: a call before the effect failed.
        Uncertain: a call with or after the effect (`begun`) got no clear answer.
    """

    def __init__(self, client: httpx.AsyncClient, url: str, database: str) -> None:
        self._client = client
        self._root = f"{url.rstrip('/')}/{quote(database, safe='')}/rest/model"
        self.where = server_of(url)

    async def preferences(self) -> Preferences:
        answer = await self._do(f"{self._root}/res.user/get_preferences", {"context_only": True})
        return self._read(_preferences, self._good(answer))

    async def company_name(self, company: int) -> str:
        answer = await self._get(f"{self._root}/company.company/{company}?f=rec_name", begun=False)
        return clean(self._read(_named, self._good(answer)).rec_name)

    async def access(self) -> ModelRights:
        """Returns the rights on incoming documents. Raises `NotSent` if the module is not installed."""
        answer = await self._do(f"{self._root}/ir.model.access/get_access", {"models": [DOCUMENT]})
        # Tryton answers 500 to a question about a model that it does not have.
        if answer.status == 500:
            raise NotSent(message("tryton.no-incoming-documents", server=self.where), fault=Fault.PERSON)
        return self._read(_access, self._good(answer)).get(DOCUMENT, ModelRights())

    async def types(self) -> frozenset[str]:
        """Returns the possible types of an incoming document; each module of Tryton adds its own."""
        answer = await self._do(f"{self._root}/{DOCUMENT}/fields_get", {"fields_names": ["type"]})
        selection = self._read(_fields, self._good(answer))["type"].selection
        return frozenset(name for name, _title in selection if name)

    async def create(self, values: Mapping[str, object], content: bytes) -> int | None:
        """Creates the document: the effect. Returns its id, or `None` if the answer does not show it."""
        data = {"__class__": "bytes", "base64": base64.b64encode(content).decode("ascii")}
        body = _encoder.encode({**values, "data": data})
        headers = {**_JSON, "Content-Length": str(len(body))}
        url = f"{self._root}/{DOCUMENT}"
        answer = await ask(
            self._client, "POST", url, where=self.where, begun=True, content=pieces(body), headers=headers
        )
        # Kill point: Tryton has answered and nothing is recorded; the look-up finds the document.
        kill_point("send.answered")
        if answer.status == 413:
            raise self._too_large()
        if answer.status == 400 and (reason := self.reason(answer)):
            raise Rejected(message("tryton.refused", quote=reason, server=self.where))
        self._good(answer, begun=True)
        try:
            return _incoming.decode(answer.body).id
        except (msgspec.DecodeError, UnicodeDecodeError):
            return None

    async def press(self, document: int, button: str) -> HttpAnswer:
        """Presses the button `process` or `proceed`. Returns the answer whatever its status."""
        return await self._do(f"{self._root}/{DOCUMENT}/{document}/{button}", {}, begun=True)

    async def document(self, document: int) -> IncomingDocument:
        answer = await self._get(f"{self._root}/{DOCUMENT}/{document}?{urlencode(_FIELDS)}", begun=True)
        return self._read(_incoming, self._good(answer, begun=True))

    async def with_source(self, source: str) -> Sequence[IncomingDocument]:
        """Returns the documents with this source, oldest first, including archived ones."""
        domain = _encoder.encode([["source", "=", source], ["active", "in", [True, False]]])
        query = [("d", base64.urlsafe_b64encode(domain).decode("ascii")), *_FIELDS]
        answer = await self._get(f"{self._root}/{DOCUMENT}?{urlencode(query)}", begun=False)
        found: tuple[IncomingDocument, ...] = self._read(_several, self._good(answer))
        return sorted(found, key=lambda row: row.id)

    def reason(self, answer: HttpAnswer) -> str:
        """Returns the first line of Tryton's error; the lines after it repeat parts of the document."""
        try:
            text = _error_body.decode(answer.body).message
        except (msgspec.DecodeError, UnicodeDecodeError):
            return ""
        line = clean(text.strip().partition("\n")[0]).rstrip(" :.")
        return line if len(line) <= _MAX_REASON else f"{line[: _MAX_REASON - 1]}…"

    async def _do(self, url: str, body: Mapping[str, object], *, begun: bool = False) -> HttpAnswer:
        content = _encoder.encode(body)
        return await ask(self._client, "POST", url, where=self.where, begun=begun, content=content, headers=_JSON)

    async def _get(self, url: str, *, begun: bool) -> HttpAnswer:
        return await ask(self._client, "GET", url, where=self.where, begun=begun)

    def _good(self, answer: HttpAnswer, *, begun: bool = False) -> HttpAnswer:
        from banqup_tui.connectors.common.http_faults import refusal

        if answer.good:
            return answer
        if answer.status == 401:
            raise self._wrong_key()
        if answer.status == 404:
            raise self._no_database()
        if answer.status in (400, 403) and not begun:
            raise self._not_allowed(self.reason(answer))
        raise refusal(answer, self.where, begun=begun)

    def _read(self, decoder: msgspec.json.Decoder[T], answer: HttpAnswer) -> T:
        try:
            return decoder.decode(answer.body)
        except (msgspec.DecodeError, UnicodeDecodeError) as error:
            raise NotSent(message("tryton.not-tryton", server=self.where), fault=Fault.PERSON) from error

    def _wrong_key(self) -> NotSent:
        return NotSent(message("tryton.key-refused", server=self.where), fault=Fault.PERSON)

    def _no_database(self) -> NotSent:
        return NotSent(message("tryton.no-database", server=self.where), fault=Fault.PERSON)

    def _not_allowed(self, reason: str) -> NotSent:
        return NotSent(message("tryton.not-allowed", quote=reason, server=self.where), fault=Fault.PERSON)

    def _too_large(self) -> Rejected:
        return Rejected(message("tryton.too-large", server=self.where))
