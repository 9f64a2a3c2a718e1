"""A connector for the carrier: does what it is told, and says where."""

import asyncio
import os
import signal
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Annotated

import msgspec

from banqup_tui.connectors.interface import (
    Channel,
    DeliveryRequest,
    Fault,
    Found,
    NotSent,
    Receipt,
    Rejected,
    Uncertain,
    setting,
)
from banqup_tui.domain.integration import Trouble
from tests.support.connectors import Mailbox

REFUSED = NotSent("No.", "Ask.", fault=Fault.PERSON, trouble=Trouble.SIGN_IN, retry_after=7.5)


class ScriptedSettings(msgspec.Struct, frozen=True, kw_only=True):
    directory: Annotated[str, setting({"en": "Directory", "fr": "Dossier"})]
    opens: Annotated[bool, setting({"en": "Opens", "fr": "Ouvre"})] = True


class Scripted(Mailbox):
    """What a document's name says is what happens to it."""

    manifest = msgspec.structs.replace(Mailbox.manifest, id="told", carried=True)
    settings = ScriptedSettings  # type: ignore[assignment]

    @asynccontextmanager
    async def connect(self, settings: ScriptedSettings) -> AsyncIterator[Channel]:  # type: ignore[override]
        if not settings.opens:
            raise REFUSED
        yield _ScriptedChannel(Path(settings.directory))


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
