"""Connector for a server of the firm: posts each document as a signed event of Standard Webhooks.

The event identifier is the idempotency key, the same for every attempt at one generation. A receiver that remembers it
accepts the document once. httpx is imported on first use.
"""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Mapping, Sequence
from contextlib import asynccontextmanager
from typing import TYPE_CHECKING, Annotated, Literal
from uuid import uuid4

import msgspec

from banqup_tui.connectors.common.hidden_file import chunks_of
from banqup_tui.connectors.common.http_answer import HttpAnswer
from banqup_tui.connectors.common.http_client import ask, opened
from banqup_tui.connectors.common.http_pieces import pieces
from banqup_tui.connectors.common.pdf_along import left_out, pdf_name, pdf_request, with_pdf
from banqup_tui.connectors.common.web_address import address_problems, server_of
from banqup_tui.connectors.interface import (
    Channel,
    DeliveryRequest,
    Fault,
    Found,
    Manifest,
    NotSent,
    Receipt,
    SettingProblem,
    Settings,
    Step,
    failed_step,
    setting,
)
from banqup_tui.connectors.webhook.event import file_name, now, ping, with_content, with_file_beside
from banqup_tui.connectors.webhook.signature import secrets_of, signed_headers
from banqup_tui.domain.errors import BanqupError
from banqup_tui.domain.extension import Category, ReceiverKind
from banqup_tui.domain.messages import message
from banqup_tui.domain.secret import Secret, revealed
from banqup_tui.domain.text import clean
from banqup_tui.kill_points import kill_point
from banqup_tui.presentation.words import N_

if TYPE_CHECKING:
    import httpx

REMEMBERED_SECONDS = 24 * 3600.0
"""Our documentation asks receivers to remember an identifier for a day; Standard Webhooks names no time."""

MAX_BYTES = 20_000_000
"""An event is built in memory to be signed, and Base64 makes it a third larger."""

_EXAMPLE_URL = "https://books.example.com/hooks/banqup"
_EXAMPLE_SECRET = "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw"
_MAX_ID = 120


class WebhookSettings(Settings, frozen=True, kw_only=True):
    url: Annotated[
        Secret,
        setting(
            N_("Address"),
            help=N_("Where events are posted. https, or http on this machine itself."),
            look="url",
            secret=True,
            example=_EXAMPLE_URL,
        ),
    ]
    secret: Annotated[
        Secret,
        setting(
            N_("Secret"),
            help=N_("whsec_…, by which signatures are checked. Two, with a space, at a change."),
            secret=True,
            example=_EXAMPLE_SECRET,
        ),
    ]
    format: Annotated[
        Literal["json", "multipart"],
        setting(
            N_("Format"),
            help=N_("json: the document in the event, in Base64. multipart: the file beside it."),
            look="choice",
        ),
    ] = "json"
    pdf_along: Annotated[
        bool,
        setting(
            N_("Send the PDF along"),
            help=N_("Of an e-invoice with one: pdf in the event, or a third part of the form."),
        ),
    ] = False


class Webhook:
    """Posts to a server that honours `webhook-id` as an idempotency key."""

    manifest = Manifest(
        id="webhook",
        title=N_("Signed webhook"),
        description=N_("Posts each document as a signed event to a server of your own (Standard Webhooks)."),
        category=Category.MAIL_AND_SIGNALS,
        kind=ReceiverKind.KEY,
        version="1.0",
        max_size=MAX_BYTES,
        key_seconds=REMEMBERED_SECONDS,
    )
    settings = WebhookSettings

    def destination(self, settings: WebhookSettings) -> str:
        return f"webhook:{settings.url.reveal()}"

    def where(self, settings: WebhookSettings, delivery_request: DeliveryRequest) -> str:
        """Returns the host only: the path of a webhook is often its only secret."""
        return server_of(settings.url.reveal())

    def check(self, entered: Mapping[str, object], *, complete: bool) -> list[SettingProblem]:
        problems = address_problems("url", revealed(entered["url"]), _EXAMPLE_URL) if entered.get("url") else []
        if entered.get("secret"):
            problems += _secret_problems(revealed(entered["secret"]))
        return problems

    @asynccontextmanager
    async def connect(self, settings: WebhookSettings) -> AsyncIterator[Channel]:
        async with opened(settings.url.reveal()) as client:
            yield _WebhookChannel(settings, client)

    async def test(self, settings: WebhookSettings, sample: DeliveryRequest | None) -> list[Step]:
        """Posts a `test.ping`, which stores nothing. It cannot show whether the server accepts documents."""
        try:
            async with opened(settings.url.reveal()) as client:
                body = ping(now())
                answer = await _post(client, settings, str(uuid4()), body, "application/json", begun=False)
                if not answer.good:
                    raise _not_taken(settings, answer, begun=False)
        except BanqupError as error:
            return [failed_step(error)]
        where = server_of(settings.url.reveal())
        return [Step(ok=True, message=message("webhook.event-taken", server=where))]


class _WebhookChannel:
    def __init__(self, settings: WebhookSettings, client: httpx.AsyncClient) -> None:
        self._settings = settings
        self._client = client

    async def prepare(self, delivery_request: DeliveryRequest) -> str:
        """Reads the whole file, so that a damaged or missing one is found before the effect. The token is the key."""
        for file in filter(None, (delivery_request, self._pdf(delivery_request))):
            await asyncio.to_thread(_read_once, file)
        return delivery_request.key

    async def commit(self, delivery_request: DeliveryRequest, resume_token: str) -> Receipt:
        body, kind = await self._body(delivery_request)
        answer = await _post(self._client, self._settings, delivery_request.key, body, kind, begun=True)
        # Kill point: the server has answered and nothing is recorded; the same key is sent again.
        kill_point("send.answered")
        # 409 is the answer to an identifier that the server has already: the document is there.
        if answer.good or answer.status == 409:
            has_pdf = self._pdf(delivery_request) is not None
            receipt = _receipt(self._settings, delivery_request, answer)
            about = left_out(delivery_request, self._settings.pdf_along, has_pdf)
            name = pdf_name(file_name(delivery_request)) if has_pdf else None
            return with_pdf(msgspec.structs.replace(receipt, about=about), name)
        raise _not_taken(self._settings, answer, begun=True)

    async def roll_forward(self, delivery_request: DeliveryRequest, resume_token: str) -> Receipt:
        """Posts again with the same identifier, which the receiver accepts once."""
        return await self.commit(delivery_request, resume_token)

    async def look_up(
        self, delivery_request: DeliveryRequest, earlier_receipts: Sequence[str]
    ) -> tuple[Found, Receipt | None]:
        """Always PENDING: there is nothing to ask, the same identifier is sent again."""
        return Found.PENDING, None

    async def discard(self, resume_token: str) -> None:
        """Does nothing: the receiver has nothing before the commit."""

    async def _body(self, delivery_request: DeliveryRequest) -> tuple[bytes, str]:
        pdf = self._pdf(delivery_request)
        if self._settings.format == "multipart":
            return await with_file_beside(delivery_request, pdf, now(), self._client, self._settings.url.reveal())
        return await asyncio.to_thread(with_content, delivery_request, pdf, now()), "application/json"

    def _pdf(self, delivery_request: DeliveryRequest) -> DeliveryRequest | None:
        return pdf_request(delivery_request, self._settings.pdf_along, MAX_BYTES)


async def _post(
    client: httpx.AsyncClient, settings: WebhookSettings, key: str, body: bytes, kind: str, *, begun: bool
) -> HttpAnswer:
    """Signs at the moment of sending, as receivers refuse signatures that are five minutes old."""
    try:
        secrets = secrets_of(settings.secret.reveal())
    except ValueError as error:
        raise NotSent(message("webhook.not-a-secret", example=_EXAMPLE_SECRET), fault=Fault.PERSON) from error
    headers = signed_headers(secrets, key, now(), body)
    headers |= {"Content-Type": kind, "Content-Length": str(len(body)), "Accept": "application/json"}
    content = pieces(body)
    where = server_of(settings.url.reveal())
    return await ask(client, "POST", settings.url.reveal(), where=where, begun=begun, content=content, headers=headers)


def _receipt(settings: WebhookSettings, delivery_request: DeliveryRequest, answer: HttpAnswer) -> Receipt:
    """Returns a receipt with the receiver's identifier if the answer has one, else with the key."""
    reference = _id_of(answer) or delivery_request.key
    return Receipt(text=f"{server_of(settings.url.reveal())}: {reference}", reference=reference)


class _Named(msgspec.Struct):
    id: str | int | None = None


_named = msgspec.json.Decoder(_Named)


def _id_of(answer: HttpAnswer) -> str:
    try:
        found = _named.decode(answer.body).id
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError):
        return ""
    return "" if found is None else clean(str(found))[:_MAX_ID]


def _not_taken(settings: WebhookSettings, answer: HttpAnswer, *, begun: bool) -> BanqupError:
    from banqup_tui.connectors.common.http_faults import refusal

    where = server_of(settings.url.reveal())
    if answer.status == 401:
        return NotSent(message("webhook.signature-refused", server=where), fault=Fault.PERSON)
    if answer.status == 410:
        return NotSent(message("webhook.address-gone", server=where), fault=Fault.PERSON)
    return refusal(answer, where, begun=begun)


def _secret_problems(text: str) -> list[SettingProblem]:
    try:
        secrets_of(text)
    except ValueError:
        return [
            SettingProblem(
                field="secret",
                message=message("setting.not-standard-webhooks"),
            )
        ]
    return []


def _read_once(delivery_request: DeliveryRequest) -> None:
    for _chunk in chunks_of(delivery_request):
        pass
