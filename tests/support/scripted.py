"""A connector for a connector host: does what it is told, and says where."""

import asyncio
import os
import signal
import time
from collections.abc import AsyncIterator, Mapping, Sequence
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Annotated, Any

import msgspec

from banqup_tui.backend.connector_host.messages import TokenWanted
from banqup_tui.connectors.common.tokens import access_token
from banqup_tui.connectors.interface import (
    Authorization,
    Channel,
    DeliveryRequest,
    Fault,
    Found,
    NotSent,
    Receipt,
    Rejected,
    SettingProblem,
    Step,
    Uncertain,
    setting,
)
from banqup_tui.domain.extension import ReceiverKind
from banqup_tui.domain.integration import Trouble
from banqup_tui.domain.messages import text_message
from tests.support.connectors import Mailbox

REFUSED = NotSent("No.", "Ask.", fault=Fault.PERSON, trouble=Trouble.SIGN_IN, retry_after=7.5)


AUTHORIZATION = Authorization(authorize_url="https://in.example/a", token_url="https://in.example/t", client_id="us")


async def no_token(wanted: TokenWanted) -> str:
    raise AssertionError(wanted)


class ScriptedSettings(msgspec.Struct, frozen=True, kw_only=True):
    directory: Annotated[str, setting({"en": "Directory", "fr": "Dossier"})]
    opens: Annotated[bool, setting({"en": "Opens", "fr": "Ouvre"})] = True
    sign_in: Annotated[str, setting({"en": "Sign-in", "fr": "Connexion"}, look="sign-in")] = ""
    steals: Annotated[str, setting({"en": "Steals", "fr": "Vole"})] = ""


class Scripted(Mailbox):
    """What a document's name says is what happens to it."""

    manifest = msgspec.structs.replace(Mailbox.manifest, id="told")
    settings = ScriptedSettings  # type: ignore[assignment]

    @asynccontextmanager
    async def connect(self, settings: ScriptedSettings) -> AsyncIterator[Channel]:  # type: ignore[override]
        if not settings.opens:
            raise REFUSED
        yield _ScriptedChannel(Path(settings.directory))

    def destination(self, settings: ScriptedSettings) -> str:  # type: ignore[override]
        return "told"

    def where(self, settings: ScriptedSettings, delivery_request: DeliveryRequest) -> str:
        return f"process {os.getpid()}"

    def check(self, entered: Mapping[str, Any], *, complete: bool) -> list[SettingProblem]:
        if entered.get("directory") == "ends":
            os.kill(os.getpid(), signal.SIGKILL)
        return [] if entered.get("opens", True) else [SettingProblem(field="opens", sentence="It must.")]

    async def test(self, settings: ScriptedSettings, sample: DeliveryRequest | None) -> list[Step]:  # type: ignore[override]
        if not settings.opens:
            raise REFUSED
        wanted = settings.steals or settings.sign_in
        token = await access_token(wanted, AUTHORIZATION) if wanted else f"process {os.getpid()}"
        return [Step(ok=True, message=text_message(token))]


class _ScriptedChannel(Channel):
    def __init__(self, directory: Path) -> None:
        self._directory = directory

    async def prepare(self, delivery_request: DeliveryRequest) -> str:
        match delivery_request.file_name:
            case "refused":
                raise REFUSED
            case "rejected":
                raise Rejected("Never.", "Correct it.")
            case "dies early":
                os.kill(os.getpid(), signal.SIGKILL)
            case "breaks":
                raise ZeroDivisionError("a defect of the connector")
            case "blocks":
                (self._directory / "began").touch()
                time.sleep(3600)  # noqa: ASYNC251
            case "stays":
                (self._directory / "began").touch()
                try:
                    await asyncio.Event().wait()
                except asyncio.CancelledError:
                    (self._directory / "given up").touch()
                    raise
        return f"{delivery_request.file}"

    async def commit(self, delivery_request: DeliveryRequest, resume_token: str) -> Receipt:
        if delivery_request.file_name == "dies late":
            os.kill(os.getpid(), signal.SIGKILL)
        if delivery_request.file_name == "uncertain":
            raise Uncertain("Perhaps.", "Look.", retry_after=3.0)
        return Receipt(text=f"{os.getpid()}", reference=resume_token)

    async def roll_forward(self, delivery_request: DeliveryRequest, resume_token: str) -> Receipt:
        return Receipt(text=f"forward {delivery_request.issue_date} {delivery_request.folder}", reference=resume_token)

    async def look_up(
        self, delivery_request: DeliveryRequest, earlier_receipts: Sequence[str]
    ) -> tuple[Found, Receipt | None]:
        return Found.FOUND, Receipt(text=" ".join(earlier_receipts))

    async def discard(self, resume_token: str) -> None:
        (self._directory / resume_token).touch()


class Deadly(Scripted):
    """A document that holds the name of a step ends the process in that step; the same key is taken once."""

    manifest = msgspec.structs.replace(Mailbox.manifest, id="deadly", kind=ReceiverKind.KEY)

    @asynccontextmanager
    async def connect(self, settings: ScriptedSettings) -> AsyncIterator[Channel]:  # type: ignore[override]
        yield _DeadlyChannel()


class _DeadlyChannel(Channel):
    async def prepare(self, delivery_request: DeliveryRequest) -> str:
        _die_of("prepare", delivery_request)
        return delivery_request.key

    async def commit(self, delivery_request: DeliveryRequest, resume_token: str) -> Receipt:
        _die_of("commit", delivery_request)
        return Receipt(text=resume_token)


def _die_of(step: str, delivery_request: DeliveryRequest) -> None:
    if delivery_request.file.read_text() == f"deadly in {step}":
        os.kill(os.getpid(), signal.SIGKILL)
