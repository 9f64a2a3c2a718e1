"""Connector for mailboxes of accounting packages: sends each document to the address of its folder.

The envelope is sent before the ledger's mark, so that refused addresses are certain; the message is sent after it. A
mail server cannot be asked later for a message, so a missing last reply is left to the user. smtplib is imported on
first use.
"""

from __future__ import annotations

import asyncio
import time
from collections.abc import AsyncIterator, Mapping, Sequence
from contextlib import asynccontextmanager
from typing import TYPE_CHECKING, NoReturn

import msgspec

from banqup_tui.connectors.common.pdf_along import left_out, pdf_request, with_pdf
from banqup_tui.connectors.interface import (
    Authorization,
    Channel,
    DeliveryRequest,
    Fault,
    Found,
    Manifest,
    NotSent,
    Receipt,
    Rejected,
    SettingProblem,
    Step,
    Uncertain,
    failed_step,
    schema,
)
from banqup_tui.connectors.mail.settings import EXAMPLE, OF_FOLDER, MailSettings, is_address, problems_of
from banqup_tui.connectors.mail.sign_in import authorization_of
from banqup_tui.domain.errors import BanqupError
from banqup_tui.domain.extension import Category, ReceiverKind
from banqup_tui.domain.messages import message, of_setting
from banqup_tui.presentation.words import N_

if TYPE_CHECKING:
    from banqup_tui.connectors.mail.connection import MailAccount, SmtpConnection
    from banqup_tui.connectors.mail.message import OutgoingMail
    from banqup_tui.connectors.mail.pool import SmtpPool

_TOO_LARGE = ("mail.too-large", "mail.larger-than-limit")

MAX_BYTES = 25_000_000
"""Few mailboxes accept more. A smaller limit that the server announces applies too."""


class Mail:
    """Delivers to mailboxes."""

    manifest = Manifest(
        id="email",
        title=N_("E-mail"),
        description=N_("Mails each document to the mailbox of a software: Octopus, Yuki, WinBooks, ClearFacts, Dext…"),
        category=Category.MAIL_AND_SIGNALS,
        kind=ReceiverKind.NEITHER,
        version="1.0",
        max_size=MAX_BYTES,
        concurrency=2,
    )
    settings = MailSettings

    def destination(self, settings: MailSettings) -> str:
        to = {name: settings.of(folder).lower() for folder, name in OF_FOLDER.items()}
        return "mail: " + ", ".join(f"{name} {address}" for name, address in to.items() if address)

    def where(self, settings: MailSettings, delivery_request: DeliveryRequest) -> str:
        return settings.of(delivery_request.folder)

    def check(self, entered: Mapping[str, object], *, complete: bool) -> list[SettingProblem]:
        return problems_of(entered, complete=complete)

    def authorization(self, entered: Mapping[str, object]) -> Authorization | SettingProblem:
        return authorization_of(entered)

    @asynccontextmanager
    async def connect(self, settings: MailSettings) -> AsyncIterator[Channel]:
        from banqup_tui.connectors.mail.pool import shared_pool

        async with shared_pool(_account(settings)) as pool:
            channel = _MailChannel(settings, pool)
            try:
                yield channel
            finally:
                channel.give_back_all()

    async def test(self, settings: MailSettings, sample: DeliveryRequest | None) -> list[Step]:
        """Sends the envelope for each address, and no message."""
        from banqup_tui.connectors.mail.pool import own_pool

        started = time.monotonic()
        steps: list[Step] = []
        try:
            async with own_pool(_account(settings)) as pool:
                connection = await pool.take()
                try:
                    steps.append(_signed_in(settings, connection, time.monotonic() - started))
                    addresses = _all_addresses(settings)
                    for address in addresses:
                        await pool.run(connection, lambda to=address: _check_address(connection, _sender(settings), to))  # type: ignore[misc]
                finally:
                    pool.give_back(connection)
        except BanqupError as error:
            return [*steps, failed_step(error)]
        shown = ", ".join(addresses)
        return [
            *steps,
            Step(ok=True, message=message("mail.addresses-accepted", sender=settings.sender, addresses=shown)),
        ]


class _MailChannel:
    """A channel in which each prepared document occupies a connection until its commit or discard."""

    def __init__(self, settings: MailSettings, pool: SmtpPool) -> None:
        self._settings = settings
        self._pool = pool
        self._prepared: dict[str, tuple[SmtpConnection, OutgoingMail]] = {}

    async def prepare(self, delivery_request: DeliveryRequest) -> str:
        pdf = pdf_request(delivery_request, _sends_pdf_along(self._settings), MAX_BYTES)
        mail = await asyncio.to_thread(_mail_for, self._settings, delivery_request, pdf)
        await self.discard(mail.message_id)
        try:
            connection = await self._connection_for(mail)
        except Rejected as error:
            # The mailbox may take the document alone: many take less than `MAX_BYTES`.
            if mail.pdf is None or error.message.code not in _TOO_LARGE:
                raise
            mail = await asyncio.to_thread(_mail_for, self._settings, delivery_request, None)
            connection = await self._connection_for(mail)
        self._prepared[mail.message_id] = connection, mail
        return mail.message_id

    async def commit(self, delivery_request: DeliveryRequest, resume_token: str) -> Receipt:
        # A retried commit may come to a new channel, which has no envelope for it.
        if resume_token not in self._prepared:
            await self.prepare(delivery_request)
        connection, mail = self._prepared.pop(resume_token)
        try:
            reply = await self._pool.run(connection, lambda: connection.message(mail.content))
        finally:
            self._pool.give_back(connection)
        about = left_out(delivery_request, _sends_pdf_along(self._settings), sent=mail.pdf is not None)
        receipt = Receipt(text=f"{mail.address}: {reply.shown}", reference=mail.message_id, about=about)
        return with_pdf(receipt, mail.pdf)

    async def roll_forward(self, delivery_request: DeliveryRequest, resume_token: str) -> Receipt:
        """Raises `Uncertain`: a mail server has no hidden file to finish."""
        raise Uncertain(message("mail.cannot-be-asked"))

    async def look_up(
        self, delivery_request: DeliveryRequest, earlier_receipts: Sequence[str]
    ) -> tuple[Found, Receipt | None]:
        """Always PENDING: a mail server does not tell which messages it has accepted."""
        return Found.PENDING, None

    async def discard(self, resume_token: str) -> None:
        """Gives the connection back. An envelope without a message has no effect."""
        if resume_token in self._prepared:
            connection, _ = self._prepared.pop(resume_token)
            self._pool.give_back(connection)

    def give_back_all(self) -> None:
        for connection, _ in self._prepared.values():
            self._pool.give_back(connection)
        self._prepared.clear()

    async def _connection_for(self, mail: OutgoingMail) -> SmtpConnection:
        connection = await self._pool.take()
        try:
            await self._pool.run(connection, lambda: connection.envelope(mail.sender, mail.address, len(mail.content)))
        except BaseException:
            self._pool.give_back(connection)
            raise
        return connection


def _account(settings: MailSettings) -> MailAccount:
    from banqup_tui.connectors.mail.connection import USUAL_PORT, MailAccount

    sign_in = None
    if settings.sign_in_by != "password":
        authorization = authorization_of(msgspec.structs.asdict(settings))
        if isinstance(authorization, SettingProblem):
            titles: dict[str, str] = schema(MailSettings)["properties"][authorization.field]["x-titles"]
            raise NotSent(of_setting(authorization.reason, titles), fault=Fault.PERSON)
        sign_in = settings.sign_in, authorization
    return MailAccount(
        host=settings.host.strip().strip("[]").lower(),
        port=settings.port or USUAL_PORT[settings.security],
        security=settings.security,
        user=settings.user,
        password=settings.password,
        ca=settings.ca,
        sign_in=sign_in,
    )


def _sends_pdf_along(settings: MailSettings) -> bool:
    return settings.pdf_along and settings.attachments == "all"


def _mail_for(settings: MailSettings, delivery_request: DeliveryRequest, pdf: DeliveryRequest | None) -> OutgoingMail:
    from banqup_tui.connectors.mail.message import outgoing_mail

    address = _checked(settings.of(delivery_request.folder) or _raise_no_address())
    sender = _sender(settings)
    return outgoing_mail(
        delivery_request, sender, address, settings.subject, settings.file_name, settings.attachments, pdf
    )


def _raise_no_address() -> NoReturn:
    raise Rejected(message("mail.no-address-for-folder"))


def _sender(settings: MailSettings) -> str:
    return _checked(settings.sender)


def _checked(address: str) -> str:
    """Returns the address. Refuses text that could be several addresses or an SMTP command (header injection)."""
    plain = address.strip()
    if not is_address(plain):
        raise NotSent(message("mail.not-an-address", example=EXAMPLE), fault=Fault.PERSON)
    return plain


def _all_addresses(settings: MailSettings) -> list[str]:
    found = [settings.of(folder) for folder in OF_FOLDER]
    return list(dict.fromkeys(_checked(address) for address in found if address))


def _check_address(connection: SmtpConnection, sender: str, address: str) -> None:
    connection.is_fresh_again()
    connection.envelope(sender, address, 0)


def _signed_in(settings: MailSettings, connection: SmtpConnection, seconds: float) -> Step:
    took = round(seconds * 1000)
    done = "signed-in" if settings.user else "connected"
    if not connection.encryption:
        return Step(ok=True, message=message(f"mail.{done}-unencrypted", took=took))
    return Step(ok=True, message=message(f"mail.{done}", took=took, encryption=connection.encryption))
