"""Background check of the stored files; marks a document whose file is damaged, or whole again."""

import asyncio
import logging
import time
import uuid
from collections.abc import Sequence

import msgspec
from sqlalchemy import select, update

from banqup_tui.backend.db.records import BaseRecord, fetch_all
from banqup_tui.backend.db.tables import document
from banqup_tui.backend.services import Services
from banqup_tui.domain.document import Document
from banqup_tui.protocol.messages import EntityKind

SECONDS_BEFORE_THE_FIRST = 60.0
SECONDS_BETWEEN_ROUNDS = 24 * 3600.0
SECONDS_BETWEEN_FILES = 0.05
SHARE_OF_TIME = 0.05
"""Share of time for reading, so that intake and dispatch are not slowed down."""

_AT_ONCE = 50
_document = msgspec.json.Decoder(Document)
_log = logging.getLogger(__name__)


class CheckedDocument(BaseRecord, frozen=True):
    """The columns of a document that its file is checked by."""

    id: str
    sha256: str
    value: bytes


_COLUMNS = [document.c[name] for name in CheckedDocument.__struct_fields__]


class ContentCheck:
    """The check. A round starts at a random document, so that a service with short runs reaches all files in time."""

    def __init__(self, services: Services, before_the_first: float = SECONDS_BEFORE_THE_FIRST) -> None:
        self._services = services
        self._before_the_first = before_the_first

    async def run(self, stop: asyncio.Event) -> None:
        if await self._stopped_within(stop, self._before_the_first):
            return
        while True:
            await self._round(stop)
            if await self._stopped_within(stop, SECONDS_BETWEEN_ROUNDS):
                return

    async def _round(self, stop: asyncio.Event) -> None:
        start = str(uuid.uuid4())
        for first, last in ((start, ""), ("", start)):
            after = first
            while rows := await asyncio.to_thread(self._portion, after, last):
                for row in rows:
                    began = time.monotonic()
                    await asyncio.to_thread(check_one, self._services, row)
                    took = time.monotonic() - began
                    if await self._stopped_within(stop, max(SECONDS_BETWEEN_FILES, took / SHARE_OF_TIME)):
                        return
                after = rows[-1].id

    def _portion(self, after: str, last: str) -> Sequence[CheckedDocument]:
        which = [document.c.space_id == self._services.space_id, document.c.id > after]
        if last:
            which.append(document.c.id <= last)
        statement = select(*_COLUMNS).where(*which)
        with self._services.database.read() as connection:
            return fetch_all(connection, CheckedDocument, statement.order_by(document.c.id).limit(_AT_ONCE))

    async def _stopped_within(self, stop: asyncio.Event, seconds: float) -> bool:
        """Waits, and meanwhile clears the mark of files that an import has repaired. Returns whether `stop` was set."""
        deadline = time.monotonic() + seconds
        while (left := deadline - time.monotonic()) > 0:
            try:
                async with asyncio.timeout(min(left, 1.0)):
                    await stop.wait()
                return True
            except TimeoutError:
                await self._check_repaired()
        return stop.is_set()

    async def _check_repaired(self) -> None:
        repaired = self._services.files.take_repaired()
        if repaired:
            await asyncio.to_thread(check_all_of, self._services, repaired)


def check_all_of(services: Services, hashes: Sequence[str]) -> None:
    """Checks every document with one of these hashes."""
    with services.database.read() as connection:
        rows = fetch_all(connection, CheckedDocument, select(*_COLUMNS).where(document.c.sha256.in_(hashes)))
    for row in rows:
        check_one(services, row)


def check_one(services: Services, row: CheckedDocument) -> None:
    """Checks one file, and writes only if its state has changed."""
    damaged = not services.files.is_whole(row.sha256)
    if damaged == _document.decode(row.value).damaged:
        return
    with services.database.write(services.space_id) as transaction:
        statement = select(document.c.client_id, document.c.value).where(document.c.id == row.id)
        found = transaction.execute(statement.with_for_update()).one_or_none()
        if found is None:
            return
        changed = msgspec.structs.replace(_document.decode(found.value), damaged=damaged)
        transaction.execute(update(document).where(document.c.id == row.id).values(value=msgspec.json.encode(changed)))
        transaction.changed(EntityKind.DOCUMENT, row.id, client_id=found.client_id)
    _log.warning("the stored file %s of document %s is %s", row.sha256, row.id, "damaged" if damaged else "whole again")
