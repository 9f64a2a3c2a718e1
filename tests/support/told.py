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
    Fault,
    Found,
    NotSent,
    Parcel,
    Receipt,
    Rejected,
    Uncertain,
    setting,
)
from banqup_tui.domain.integration import Trouble
from tests.support.connectors import Mailbox

REFUSED = NotSent("No.", "Ask.", fault=Fault.PERSON, trouble=Trouble.SIGN_IN, retry_after=7.5)


class ToldSettings(msgspec.Struct, frozen=True, kw_only=True):
    directory: Annotated[str, setting("Directory", "Dossier")]
    opens: Annotated[bool, setting("Opens", "Ouvre")] = True


class Told(Mailbox):
    """What a document's name says is what happens to it."""

    manifest = msgspec.structs.replace(Mailbox.manifest, id="told", carried=True)
    settings = ToldSettings  # type: ignore[assignment]

    @asynccontextmanager
    async def connect(self, settings: ToldSettings) -> AsyncIterator[Channel]:  # type: ignore[override]
        if not settings.opens:
            raise REFUSED
        yield _ToldChannel(Path(settings.directory))


class _ToldChannel(Channel):
    def __init__(self, directory: Path) -> None:
        self._directory = directory

    async def prepare(self, parcel: Parcel) -> str:
        match parcel.file_name:
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
        return f"{parcel.file}"

    async def commit(self, parcel: Parcel, remnant: str) -> Receipt:
        if parcel.file_name == "dies late":
            os.kill(os.getpid(), signal.SIGKILL)
        if parcel.file_name == "uncertain":
            raise Uncertain("Perhaps.", "Look.", retry_after=3.0)
        return Receipt(text=f"{os.getpid()}", reference=remnant)

    async def roll_forward(self, parcel: Parcel, remnant: str) -> Receipt:
        return Receipt(text=f"forward {parcel.issue_date} {parcel.folder}", reference=remnant)

    async def look_up(self, parcel: Parcel, earlier_receipts: Sequence[str]) -> tuple[Found, Receipt | None]:
        return Found.FOUND, Receipt(text=" ".join(earlier_receipts))

    async def discard(self, remnant: str) -> None:
        (self._directory / remnant).touch()
