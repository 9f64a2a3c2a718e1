"""Connector for Fava: files each document in a Beancount ledger, under a name that serves as idempotency key.

Fava answers 409 if a file of that name exists. The name contains part of the key, so a document sent again after a cut-
off is stored once. Fava's list of documents proves nothing, as it is updated later.
"""

from __future__ import annotations

import asyncio
import re
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from typing import Annotated

import msgspec

from banqup_tui.connectors.common.hidden_file import chunks_of
from banqup_tui.connectors.common.http_client import opened
from banqup_tui.connectors.common.path_template import fill, values_of, with_suffix
from banqup_tui.connectors.common.web_address import address_problems
from banqup_tui.connectors.fava.api import Api
from banqup_tui.connectors.interface import (
    Channel,
    DeliveryRequest,
    Entered,
    Fault,
    Found,
    Manifest,
    NotSent,
    Receipt,
    Rejected,
    SettingProblem,
    Settings,
    Step,
    failed_step,
    setting,
)
from banqup_tui.domain.errors import BanqupError
from banqup_tui.domain.extension import Category, ReceiverKind
from banqup_tui.domain.messages import Message, message
from banqup_tui.presentation.words import N_

MAX_BYTES = 20_000_000
"""The whole request is built in memory."""

_EXAMPLE_URL = "http://localhost:5000"
_EXAMPLE_ACCOUNT = "Liabilities:Suppliers:[external_id]"
_PLACEHOLDER = re.compile(r"\[(\w+)\]")
_ACCOUNT = re.compile(r"[^\W\d_a-z](?:[^\W_]|-)*(?::[^\W_a-z](?:[^\W_]|-)*)+")
_NOT_IN_ACCOUNTS = re.compile(r"[\W_]+")


class FavaSettings(Settings, frozen=True, kw_only=True):
    url: Annotated[
        str,
        setting(
            N_("Address"),
            help=N_("Of Fava, without the ledger. https, or http on this machine itself."),
            look="url",
            example=_EXAMPLE_URL,
        ),
    ]
    ledger: Annotated[
        str,
        setting(
            N_("Ledger"),
            help=N_("As in Fava's address: the ledger's title in small letters with dashes."),
            level="client",
            example="fournil-de-la-tannerie",
        ),
        msgspec.Meta(min_length=1),
    ]
    account: Annotated[
        str,
        setting(
            N_("Account"),
            help=N_("The account that documents are filed under. It must be open in the ledger."),
            level="client",
            template=True,
            example=_EXAMPLE_ACCOUNT,
        ),
    ]
    folder: Annotated[
        str,
        setting(N_("Documents folder"), help=N_('As the ledger names it: option "documents" "documents".')),
        msgspec.Meta(min_length=1),
    ] = "documents"


class Fava:
    """Files documents in a Beancount ledger that Fava shows."""

    manifest = Manifest(
        id="fava",
        title=N_("Fava (Beancount)"),
        description=N_("Files each document under an account of a Beancount ledger, by way of Fava."),
        category=Category.ACCOUNTING_SOFTWARE,
        kind=ReceiverKind.KEY,
        version="1.0",
        max_size=MAX_BYTES,
    )
    settings = FavaSettings

    def destination(self, settings: FavaSettings) -> str:
        return f"fava:{settings.url.rstrip('/')}/{settings.ledger}/{settings.folder}/{settings.account}"

    def where(self, settings: FavaSettings, delivery_request: DeliveryRequest) -> str:
        return f"{settings.ledger}, {account_of(settings.account, delivery_request)}: {name_of(delivery_request)}"

    def check(self, entered: Entered, *, complete: bool) -> list[SettingProblem]:
        problems = address_problems("url", entered["url"], _EXAMPLE_URL) if entered.get("url") else []
        account = entered.get("account")
        if account and not _ACCOUNT.fullmatch(_PLACEHOLDER.sub("X", account)):
            problems.append(
                SettingProblem(field="account", message=message("setting.not-an-account", example=_EXAMPLE_ACCOUNT))
            )
        return problems

    @asynccontextmanager
    async def connect(self, settings: FavaSettings) -> AsyncIterator[Channel]:
        async with opened(settings.url) as client:
            yield _FavaChannel(settings, Api(client, settings.url, settings.ledger))

    async def test(self, settings: FavaSettings, sample: DeliveryRequest | None) -> list[Step]:
        steps: list[Step] = []
        try:
            async with opened(settings.url) as client:
                api = Api(client, settings.url, settings.ledger)
                await api.has_folder(settings.folder)
                steps.append(_done(message("fava.ledger-there", ledger=settings.ledger)))
                if sample is not None or "[" not in settings.account:
                    account = settings.account if sample is None else account_of(settings.account, sample)
                    await _is_open(api, account)
                    steps.append(_done(message("fava.account-open", account=account)))
        except BanqupError as error:
            steps.append(failed_step(error))
        return steps


class _FavaChannel:
    def __init__(self, settings: FavaSettings, api: Api) -> None:
        self._settings = settings
        self._api = api
        self._asking = asyncio.Lock()
        self._open: set[str] = set()

    async def prepare(self, delivery_request: DeliveryRequest) -> str:
        await asyncio.to_thread(_content, delivery_request)
        account = account_of(self._settings.account, delivery_request)
        # Concurrent deliveries of a channel share one question about each account.
        async with self._asking:
            if account not in self._open:
                await _is_open(self._api, account)
                self._open.add(account)
        return name_of(delivery_request)

    async def commit(self, delivery_request: DeliveryRequest, resume_token: str) -> Receipt:
        account, name = account_of(self._settings.account, delivery_request), name_of(delivery_request)
        content = await asyncio.to_thread(_content, delivery_request)
        existing_path = await self._api.add(content, delivery_request.media_type, name, account, self._settings.folder)
        # A 409 proves the delivery only if the file has our bytes. A file that Fava does not show yet (`None`) counts
        # as ours, because its name holds part of the key.
        if existing_path is not None and await self._api.hash_of(existing_path, delivery_request.size) not in (
            None,
            delivery_request.sha256,
        ):
            raise Rejected(message("fava.other-file", name=name))
        return Receipt(text=f"{account}: {name}", reference=name)

    async def roll_forward(self, delivery_request: DeliveryRequest, resume_token: str) -> Receipt:
        """Sends the same name again, which Fava stores once."""
        return await self.commit(delivery_request, resume_token)

    async def look_up(
        self, delivery_request: DeliveryRequest, earlier_receipts: Sequence[str]
    ) -> tuple[Found, Receipt | None]:
        """Always PENDING: Fava's list lags behind, so the same name is sent again."""
        return Found.PENDING, None

    async def discard(self, resume_token: str) -> None:
        """Does nothing: the receiver has nothing before the commit."""


def name_of(delivery_request: DeliveryRequest) -> str:
    """Returns `2026-11-20 2026-11874_0c7b0a555f0c.xml`: the date that Beancount reads, and part of the key."""
    mark = delivery_request.key.replace("-", "")[:12]
    return f"{delivery_request.issue_date.isoformat()} {with_suffix(fill('', delivery_request).name, mark)}"


def account_of(template: str, delivery_request: DeliveryRequest) -> str:
    """Fills the account template, in letters that Beancount accepts: `Boulangerie-du-Parvis-SRL`."""
    values = values_of(delivery_request)
    return _PLACEHOLDER.sub(lambda found: _component(values.get(found[1], ""), found[1]), template)


def _component(value: str, name: str) -> str:
    """Returns an account component; it begins with a capital letter or a digit."""
    text = _NOT_IN_ACCOUNTS.sub("-", value or f"No-{name}").strip("-") or "X"
    return text[0].upper() + text[1:]


def _content(delivery_request: DeliveryRequest) -> bytes:
    return b"".join(chunks_of(delivery_request))


async def _is_open(api: Api, account: str) -> None:
    if not await api.has_account(account):
        raise NotSent(message("fava.account-not-open", account=account), fault=Fault.PERSON)


def _done(text: Message) -> Step:
    return Step(ok=True, message=text)
