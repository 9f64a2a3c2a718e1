"""Tryton's REST interface, as far as incoming documents need it: one key, one database, models and their buttons."""

from __future__ import annotations

import base64
from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any, TypeVar
from urllib.parse import quote, urlencode

import msgspec

from banqup_tui.connectors.common.http_client import Answer, ask
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


class Incoming(msgspec.Struct, frozen=True):
    """A row of `document.incoming`. `write_date` is none as long as nobody has touched what was created."""

    id: int
    state: str = ""
    type: str | None = None
    result: str | None = None
    write_date: Any = None


class Preferences(msgspec.Struct, frozen=True):
    """Of the user whose key it is."""

    companies: tuple[int, ...] = ()


class Access(msgspec.Struct, frozen=True):
    """1 where the user may."""

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


_incoming = msgspec.json.Decoder(Incoming)
_several: msgspec.json.Decoder[tuple[Incoming, ...]] = msgspec.json.Decoder(tuple[Incoming, ...])
_preferences = msgspec.json.Decoder(Preferences)
_access = msgspec.json.Decoder(dict[str, Access])
_fields = msgspec.json.Decoder(dict[str, _Field])
_named = msgspec.json.Decoder(_Named)
_error_body = msgspec.json.Decoder(_ErrorBody)
_encoder = msgspec.json.Encoder()

_FIELDS = (("f", "state"), ("f", "type"), ("f", "result"), ("f", "write_date"))


class Rest:
    """Raises `NotSent` for what was asked before anything had an effect, `Uncertain` with `begun`."""

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

    async def access(self) -> Access:
        """What the user may do with incoming documents. Raises `NotSent` where Tryton knows none."""
        answer = await self._do(f"{self._root}/ir.model.access/get_access", {"models": [DOCUMENT]})
        if answer.status == 500:
            raise NotSent(message("tryton.no-incoming-documents", server=self.where), fault=Fault.PERSON)
        return self._read(_access, self._good(answer)).get(DOCUMENT, Access())

    async def types(self) -> frozenset[str]:
        """The types that an incoming document may have: each module brings its own."""
        answer = await self._do(f"{self._root}/{DOCUMENT}/fields_get", {"fields_names": ["type"]})
        selection = self._read(_fields, self._good(answer))["type"].selection
        return frozenset(name for name, _title in selection if name)

    async def create(self, values: Mapping[str, Any], content: bytes) -> int | None:
        """The effect. The id of what was created, `None` where Tryton does not tell it."""
        data = {"__class__": "bytes", "base64": base64.b64encode(content).decode("ascii")}
        body = _encoder.encode({**values, "data": data})
        headers = {**_JSON, "Content-Length": str(len(body))}
        url = f"{self._root}/{DOCUMENT}"
        answer = await ask(
            self._client, "POST", url, where=self.where, begun=True, content=pieces(body), headers=headers
        )
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

    async def press(self, document: int, button: str) -> Answer:
        """`process` or `proceed`, as the button of that name does. Any answer is one."""
        return await self._do(f"{self._root}/{DOCUMENT}/{document}/{button}", {}, begun=True)

    async def document(self, document: int) -> Incoming:
        answer = await self._get(f"{self._root}/{DOCUMENT}/{document}?{urlencode(_FIELDS)}", begun=True)
        return self._read(_incoming, self._good(answer, begun=True))

    async def with_source(self, source: str) -> Sequence[Incoming]:
        """Oldest first, those that were put away too."""
        domain = _encoder.encode([["source", "=", source], ["active", "in", [True, False]]])
        query = [("d", base64.urlsafe_b64encode(domain).decode("ascii")), *_FIELDS]
        answer = await self._get(f"{self._root}/{DOCUMENT}?{urlencode(query)}", begun=False)
        found: tuple[Incoming, ...] = self._read(_several, self._good(answer))
        return sorted(found, key=lambda row: row.id)

    def reason(self, answer: Answer) -> str:
        """The first line of what Tryton says; what follows it are whole pieces of the document."""
        try:
            text = _error_body.decode(answer.body).message
        except (msgspec.DecodeError, UnicodeDecodeError):
            return ""
        line = clean(text.strip().partition("\n")[0]).rstrip(" :.")
        return line if len(line) <= _MAX_REASON else f"{line[: _MAX_REASON - 1]}…"

    async def _do(self, url: str, body: Mapping[str, Any], *, begun: bool = False) -> Answer:
        content = _encoder.encode(body)
        return await ask(self._client, "POST", url, where=self.where, begun=begun, content=content, headers=_JSON)

    async def _get(self, url: str, *, begun: bool) -> Answer:
        return await ask(self._client, "GET", url, where=self.where, begun=begun)

    def _good(self, answer: Answer, *, begun: bool = False) -> Answer:
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

    def _read(self, decoder: msgspec.json.Decoder[T], answer: Answer) -> T:
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
