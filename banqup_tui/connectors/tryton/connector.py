"""Connector for Tryton: creates an incoming document, and a draft supplier invoice from files that Tryton reads.

The idempotency key is written into the field `source`, so that the document can be looked up after an attempt that was
cut off and before a further copy. The same API key creates and reads, so every document that it creates is visible to
it.
"""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from typing import Annotated, Literal

import msgspec

from banqup_tui.connectors.common.hidden_file import chunks_of
from banqup_tui.connectors.common.http_client import opened
from banqup_tui.connectors.common.path_template import fill
from banqup_tui.connectors.common.web_address import address_problems
from banqup_tui.connectors.interface import (
    Channel,
    DeliveryRequest,
    Entered,
    Fault,
    Found,
    Manifest,
    NotSent,
    Receipt,
    SettingProblem,
    Settings,
    Step,
    Uncertain,
    failed_step,
    setting,
)
from banqup_tui.connectors.tryton.document_type import UBL, wanted_type
from banqup_tui.connectors.tryton.rest import DOCUMENT, IncomingDocument, Rest
from banqup_tui.domain.errors import BanqupError
from banqup_tui.domain.extension import Category, ReceiverKind
from banqup_tui.domain.folder import Folder
from banqup_tui.domain.messages import Message, message
from banqup_tui.domain.secret import Secret
from banqup_tui.presentation.words import N_

MAX_BYTES = 20_000_000
"""A document is encoded in memory in Base64. Tryton's own limit is 2 MB unless configured otherwise."""

PATIENCE = (0.1, 0.2, 0.4, 0.8)
"""Seconds between reads of a document that a worker of Tryton still processes."""

_EXAMPLE_URL = "https://tryton.example.com"


class TrytonSettings(Settings, frozen=True, kw_only=True):
    url: Annotated[
        str,
        setting(
            N_("Address"),
            help=N_("Of Tryton's server, without the database. https, or http on this machine."),
            look="url",
            example=_EXAMPLE_URL,
        ),
    ]
    database: Annotated[
        str,
        setting(N_("Database"), help=N_("Its name."), example="books"),
        msgspec.Meta(min_length=1),
    ]
    key: Annotated[
        Secret,
        setting(
            N_("Key"), help=N_("Of the application REST, made in Tryton in the preferences of its user."), secret=True
        ),
    ]
    company: Annotated[
        int,
        setting(
            N_("Company"), help=N_("The number (ID) of the client's company in Tryton."), level="client", example="1"
        ),
        msgspec.Meta(ge=1),
    ]
    pictures: Annotated[
        Literal["supplier-invoice", "leave"],
        setting(
            N_("PDF and pictures"),
            help=N_("supplier-invoice: a draft with the file attached. leave: nothing more."),
            look="choice",
        ),
    ] = "supplier-invoice"


class Tryton:
    """Delivers to one company in a Tryton 8 database."""

    manifest = Manifest(
        id="tryton",
        title=N_("Tryton"),
        description=N_(
            "Puts each purchase into Tryton; an e-invoice becomes a draft supplier invoice, with lines and VAT."
        ),
        category=Category.ACCOUNTING_SOFTWARE,
        kind=ReceiverKind.LOOKUP,
        version="1.0",
        folders=(Folder.PURCHASE_INVOICES, Folder.PURCHASE_RECEIPTS, Folder.OTHER_DOCUMENTS),
        max_size=MAX_BYTES,
    )
    settings = TrytonSettings

    def destination(self, settings: TrytonSettings) -> str:
        return f"tryton:{settings.url.rstrip('/')}/{settings.database}?company={settings.company}"

    def where(self, settings: TrytonSettings, delivery_request: DeliveryRequest) -> str:
        return f"{settings.database}, company {settings.company}: {_name(delivery_request)}"

    def check(self, entered: Entered, *, complete: bool) -> list[SettingProblem]:
        return address_problems("url", entered["url"], _EXAMPLE_URL) if entered.get("url") else []

    @asynccontextmanager
    async def connect(self, settings: TrytonSettings) -> AsyncIterator[Channel]:
        async with _rest(settings) as rest:
            yield _TrytonChannel(settings, rest)

    async def test(self, settings: TrytonSettings, sample: DeliveryRequest | None) -> list[Step]:
        steps: list[Step] = []
        try:
            async with _rest(settings) as rest:
                await _may_send(rest, settings.company)
                company = await rest.company_name(settings.company)
                steps.append(_done(message("tryton.signed-in", company=company)))
                steps.append(_types(await rest.types()))
        except BanqupError as error:
            steps.append(failed_step(error))
        return steps


class _TrytonChannel:
    def __init__(self, settings: TrytonSettings, rest: Rest) -> None:
        self._settings = settings
        self._rest = rest
        self._asking = asyncio.Lock()
        self._known: frozenset[str] | None = None

    async def prepare(self, delivery_request: DeliveryRequest) -> str:
        """Checks file and access. The resume token is the type that the document gets in Tryton, possibly empty."""
        content = await asyncio.to_thread(_content, delivery_request)
        types = await self._types()
        return await asyncio.to_thread(wanted_type, delivery_request, content, self._settings.pictures, types)

    async def commit(self, delivery_request: DeliveryRequest, resume_token: str) -> Receipt:
        values = {
            "name": _name(delivery_request),
            "company": self._settings.company,
            "type": resume_token or None,
            "source": _source(delivery_request),
        }
        created = await self._rest.create(values, await asyncio.to_thread(_content, delivery_request))
        try:
            # The document exists from here on, so every later failure is uncertain and never "not sent".
            if created is None:
                return await self._receipt_by_source(delivery_request)
            return await self._booked(IncomingDocument(created, "draft", resume_token or None))
        except BanqupError as error:
            raise Uncertain(error.message) from error

    async def roll_forward(self, delivery_request: DeliveryRequest, resume_token: str) -> Receipt:
        return await self._receipt_by_source(delivery_request)

    async def look_up(
        self, delivery_request: DeliveryRequest, earlier_receipts: Sequence[str]
    ) -> tuple[Found, Receipt | None]:
        """Looks for the source of this generation, which leaves out earlier generations.

        Access is checked first: without it Tryton returns no rows, which must not count as absent. A document
        found unprocessed, because the attempt was cut off, is processed now.
        """
        await _may_send(self._rest, self._settings.company)
        found = await self._rest.with_source(_source(delivery_request))
        if not found:
            return Found.ABSENT, None
        return Found.FOUND, await self._booked(found[0])

    async def discard(self, resume_token: str) -> None:
        """Does nothing: the receiver has nothing before the commit."""

    async def _types(self) -> frozenset[str]:
        """Returns Tryton's document types. The lock makes concurrent deliveries of a channel share one request."""
        async with self._asking:
            if self._known is None:
                await _may_send(self._rest, self._settings.company)
                self._known = await self._rest.types()
            return self._known

    async def _receipt_by_source(self, delivery_request: DeliveryRequest) -> Receipt:
        found = await self._rest.with_source(_source(delivery_request))
        if not found:
            raise Uncertain(message("tryton.not-shown"))
        return await self._booked(found[0])

    async def _booked(self, document: IncomingDocument) -> Receipt:
        """Has Tryton process a document that no user has changed. Whatever the result, the document has arrived."""
        reason = ""
        if document.type and document.state == "draft" and document.write_date is None:
            pressed = await self._rest.press(document.id, "process")
            reason = "" if pressed.good else self._rest.reason(pressed)
            document = await self._settled(document.id)
        if document.state == "processing" and not document.result:
            pressed = await self._rest.press(document.id, "proceed")
            reason = "" if pressed.good else self._rest.reason(pressed)
            document = await self._rest.document(document.id)
        return _receipt(document, reason)

    async def _settled(self, number: int) -> IncomingDocument:
        for seconds in (*PATIENCE, None):
            document = await self._rest.document(number)
            if document.state != "processing" or seconds is None:
                break
            await asyncio.sleep(seconds)
        return document


@asynccontextmanager
async def _rest(settings: TrytonSettings) -> AsyncIterator[Rest]:
    async with opened(settings.url, headers={"Authorization": f"Bearer {settings.key.reveal()}"}) as client:
        yield Rest(client, settings.url, settings.database)


async def _may_send(rest: Rest, company: int) -> None:
    """Raises `NotSent` unless the user of the key may create, read and write documents of the company."""
    if company not in (await rest.preferences()).companies:
        raise NotSent(message("tryton.no-company", company=company), fault=Fault.PERSON)
    access = await rest.access()
    if not (access.read and access.create and access.write):
        raise NotSent(message("tryton.no-right-to-add"), fault=Fault.PERSON)


def _content(delivery_request: DeliveryRequest) -> bytes:
    return b"".join(chunks_of(delivery_request))


def _name(delivery_request: DeliveryRequest) -> str:
    return fill("", delivery_request).name


def _source(delivery_request: DeliveryRequest) -> str:
    return f"banqup:{delivery_request.key}"


def _receipt(document: IncomingDocument, reason: str) -> Receipt:
    model, _, row = (document.result or "").partition(",")
    if model == "account.invoice":
        about = message("tryton.became-draft-invoice", number=document.id, invoice=row)
    elif document.result:
        about = message("tryton.became-another", number=document.id, model=model, row=row)
    elif document.state == "cancelled":
        about = message("tryton.cancelled-there", number=document.id)
    elif document.type:
        about = message("tryton.not-yet-an-invoice", quote=reason, number=document.id)
    else:
        about = message("tryton.to-be-worked-on", number=document.id)
    reference = f"{DOCUMENT},{document.id}"
    return Receipt(text=document.result or reference, reference=reference, about=about)


def _types(known: frozenset[str]) -> Step:
    """Returns the step of the test that tells how Tryton will treat e-invoices. It never fails."""
    if UBL in known:
        return _done(Message("tryton.e-invoices-become-drafts"))
    return _done(Message("tryton.e-invoices-wait"))


def _done(text: Message) -> Step:
    return Step(ok=True, message=text)
