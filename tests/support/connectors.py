"""A connector for tests: settings of several kinds, and no way to anywhere."""

import asyncio
from base64 import b64encode
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from datetime import datetime
from importlib.metadata import EntryPoint
from typing import Annotated, Any

import msgspec

from banqup_tui.connectors.common.tokens import access_token
from banqup_tui.connectors.interface import (
    Authorization,
    Channel,
    DeliveryRequest,
    Fault,
    Manifest,
    NotSent,
    Receipt,
    Rejected,
    SettingProblem,
    Step,
    setting,
)
from banqup_tui.connectors.mail.settings import MailSettings
from banqup_tui.connectors.mail.sign_in import authorization_of
from banqup_tui.domain.extension import Category, ReceiverKind
from banqup_tui.domain.folder import ALL_FOLDERS, Folder
from banqup_tui.domain.messages import text_message


def point(name: str, value: str) -> EntryPoint:
    return EntryPoint(name=name, value=value, group="banqup_tui.connectors")


class MailboxSettings(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    host: Annotated[str, setting({"en": "Host", "fr": "Serveur"})]
    port: Annotated[int, setting({"en": "Port", "fr": "Port"}), msgspec.Meta(ge=1, le=65535)] = 25
    user: Annotated[str, setting({"en": "User", "fr": "Utilisateur"})] = ""
    password: Annotated[str, setting({"en": "Password", "fr": "Mot de passe"}, secret=True)] = ""
    address: Annotated[str, setting({"en": "Address", "fr": "Adresse"}, level="client")]


class Mailbox:
    manifest = Manifest(
        id="mailbox",
        title={"en": "Mailbox"},
        description={"en": "For tests."},
        category=Category.MAIL_AND_SIGNALS,
        kind=ReceiverKind.NEITHER,
        version="1.0",
        folders=tuple(folder for folder in ALL_FOLDERS if folder is not Folder.ENRICHED_MOVEMENT_REPORTS),
    )
    settings = MailboxSettings

    def destination(self, settings: MailboxSettings) -> str:
        return f"mail:{settings.address}"

    @asynccontextmanager
    async def connect(self, settings: MailboxSettings) -> AsyncIterator[Channel]:
        raise NotImplementedError
        yield

    async def test(self, settings: MailboxSettings, sample: DeliveryRequest | None) -> list[Step]:
        return [Step(ok=settings.password == "geheim", message=text_message({"en": "Signed in.", "fr": "Connecté."}))]


class SignedMailbox(Mailbox):
    """Its test says the token of its sign-in."""

    manifest = msgspec.structs.replace(Mailbox.manifest, id="signed-mailbox")
    settings = MailSettings  # type: ignore[assignment]

    def destination(self, settings: MailSettings) -> str:  # type: ignore[override]
        return "signed"

    def authorization(self, entered: Mapping[str, Any]) -> Authorization | SettingProblem:
        return authorization_of(entered)

    async def test(self, settings: MailSettings, sample: DeliveryRequest | None) -> list[Step]:  # type: ignore[override]
        authorization = authorization_of(msgspec.structs.asdict(settings))
        assert isinstance(authorization, Authorization)
        return [Step(ok=True, message=text_message(await access_token(settings.sign_in, authorization)))]


class BadgeSettings(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    until: Annotated[str, setting({"en": "Until", "fr": "Jusqu'au"})]


class Badge(Mailbox):
    """Its sign-in ends when its settings say."""

    manifest = msgspec.structs.replace(Mailbox.manifest, id="badge", title={"en": "Badge"})
    settings = BadgeSettings  # type: ignore[assignment]

    def destination(self, settings: BadgeSettings) -> str:  # type: ignore[override]
        return "badge"

    def signed_in_until(self, settings: BadgeSettings) -> datetime | None:
        return datetime.fromisoformat(settings.until)


class RaisingSettings(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    sleep: Annotated[float, setting({"en": "Sleep", "fr": "Sommeil"})] = 0.0


class Raising:
    manifest = msgspec.structs.replace(Mailbox.manifest, id="raising", title={"en": "Raising"})
    settings = RaisingSettings

    def destination(self, settings: RaisingSettings) -> str:
        return "raising"

    @asynccontextmanager
    async def connect(self, settings: RaisingSettings) -> AsyncIterator[Channel]:
        raise NotImplementedError
        yield

    async def test(self, settings: RaisingSettings, sample: DeliveryRequest | None) -> list[Step]:
        await asyncio.sleep(settings.sleep)
        raise RuntimeError("secret insides")


class Echo(Mailbox):
    """Repeats its password in all that it says: as what the settings say of it, `Receipt`, `NotSent` or `Rejected`."""

    manifest = msgspec.structs.replace(Mailbox.manifest, id="echo", title={"en": "Echo"}, folders=ALL_FOLDERS)

    @asynccontextmanager
    async def connect(self, settings: MailboxSettings) -> AsyncIterator[Channel]:
        yield _EchoChannel(settings)

    async def test(self, settings: MailboxSettings, sample: DeliveryRequest | None) -> list[Step]:
        printed = f"No: {settings.password}"
        return [Step(ok=False, message=text_message({"en": printed, "fr": printed}, {"en": printed, "fr": printed}))]

    def where(self, settings: MailboxSettings, delivery_request: DeliveryRequest) -> str:
        return f"{settings.host}/{settings.password}"


class _EchoChannel(Channel):
    def __init__(self, settings: MailboxSettings) -> None:
        self._settings = settings

    async def prepare(self, delivery_request: DeliveryRequest) -> str:
        return delivery_request.key

    async def commit(self, delivery_request: DeliveryRequest, resume_token: str) -> Receipt:
        printed = f"You are {b64encode(f'me:{self._settings.password}'.encode()).decode()} or {self._settings.password}"
        if self._settings.user == "NotSent":
            raise NotSent(printed, printed, fault=Fault.PERSON)
        if self._settings.user == "Rejected":
            raise Rejected(printed, printed)
        if self._settings.user == "Error":
            raise RuntimeError(printed)
        return Receipt(text=printed, reference=printed)


def entry_of(package: str, name: str, value: str = "tests.support.connectors:Mailbox") -> EntryPoint:
    """A connector, the mailbox, as a package of that name brings it."""

    class Package:
        version = "1.0"

        def __init__(self) -> None:
            self.name = package

    made = point(name, value)
    vars(made).update(dist=Package())
    return made
