"""Runs the SFTP drop while a source of that kind exists, and records its problems.

The SFTP server is a process of its own (`drop_process`).
"""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Callable, Collection
from contextlib import suppress
from pathlib import Path
from typing import Final, Protocol, TypeVar

from sqlalchemy import select, update

from banqup_tui.backend.db import tables
from banqup_tui.backend.db.records import DropAccountRecord, fetch_one
from banqup_tui.backend.intake import sftp_drop_files
from banqup_tui.backend.intake.drop_process.client import DropProcess
from banqup_tui.backend.intake.host_key import fingerprint_of
from banqup_tui.backend.intake.source_files import SourceRemoved
from banqup_tui.backend.paths import DROP_SPOOL, HOST_KEY_FILE
from banqup_tui.backend.services import Services
from banqup_tui.domain.messages import Message, message
from banqup_tui.domain.source import SourceKind
from banqup_tui.domain.values import Value
from banqup_tui.protocol.messages import EntityKind
from banqup_tui.sources.drop_account import Account, Lookup, NotTaken, Take, TakeAgain
from banqup_tui.sources.drop_spool import DropLimits

_SECONDS_BETWEEN_LOOKS: Final = 30.0
_SECONDS_TO_TRY_AGAIN: Final = 5.0
_SECONDS_AT_LEAST: Final = 0.1
_log = logging.getLogger(__name__)
_T = TypeVar("_T")


class RunningDrop(Protocol):
    """Interface of `DropProcess`; some tests run the drop in their own process."""

    @property
    def is_lost(self) -> bool: ...
    def clean_spool(self, account_ids: Collection[str]) -> None: ...
    async def listen(self, host: str, port: int, host_key: Path) -> None: ...
    async def refresh_accounts(self) -> None: ...
    async def close(self) -> None: ...


MakeDrop = Callable[[Path, Lookup, Take, TakeAgain, DropLimits, asyncio.Event], RunningDrop]
"""The event is set when the drop has ended by itself."""


class _Wanted(Value, frozen=True, kw_only=True):
    source_id: str
    address: str
    problems: tuple[Message, ...]
    account_ids: frozenset[str]


class SftpDrop:
    """The drop of a service.

    `picture_wait_seconds`: how long a PDF waits for the XML of which it may be the picture.
    """

    def __init__(
        self,
        services: Services,
        limits: DropLimits | None = None,
        *,
        picture_wait_seconds: float = sftp_drop_files.PICTURE_WAIT_SECONDS,
        make: MakeDrop = DropProcess,
    ) -> None:
        self._make = make
        self._services = services
        self._picture_wait_seconds = picture_wait_seconds
        self._limits = limits or DropLimits()
        self._drop: RunningDrop | None = None
        self._listens_at = ""
        self._wake_up = asyncio.Event()

    async def run(self, stop: asyncio.Event) -> None:
        """Runs until `stop` is set. A commit that may concern the drop wakes it."""
        loop = asyncio.get_running_loop()

        def wake_up(_seq: int) -> None:
            with suppress(RuntimeError):  # the loop has ended
                loop.call_soon_threadsafe(self._wake_up.set)

        self._services.database.on_commit(wake_up, {EntityKind.SOURCE, EntityKind.CLIENT})
        stopping = asyncio.ensure_future(stop.wait())
        stopping.add_done_callback(lambda _: self._wake_up.set())
        try:
            while not stop.is_set():
                self._wake_up.clear()
                pause = await self._round()
                with suppress(TimeoutError):
                    async with asyncio.timeout(pause):
                        await self._wake_up.wait()
                # A pause, so that a burst of commits causes few rounds.
                await asyncio.wait({stopping}, timeout=_SECONDS_AT_LEAST)
        finally:
            stopping.cancel()
            await self._end()

    async def _round(self) -> float:
        """Updates the drop. Returns the seconds until the next round, if no commit comes before."""
        wanted = await asyncio.to_thread(self._wanted)
        if wanted is None:
            await self._end()
            return _SECONDS_BETWEEN_LOOKS
        problems = await self._listen(wanted)
        if problems != wanted.problems:
            await asyncio.to_thread(self._write_problems, wanted.source_id, problems)
        waiting = await asyncio.to_thread(
            sftp_drop_files.file_waiting_pictures, self._services, older_than=self._picture_wait_seconds
        )
        if problems:
            return _SECONDS_TO_TRY_AGAIN
        return min(1.0, self._picture_wait_seconds / 4) if waiting else _SECONDS_BETWEEN_LOOKS

    def _wanted(self) -> _Wanted | None:
        source, account = tables.source, tables.drop_account
        mine = (source.c.space_id == self._services.space_id, source.c.kind == str(SourceKind.SFTP_DROP))
        with self._services.database.read() as connection:
            found = connection.execute(select(source).where(*mine)).first()
            if found is None:
                return None
            ids = connection.execute(select(account.c.id).where(account.c.source_id == found.id)).scalars().all()
        return _Wanted(source_id=found.id, address=found.path, problems=found.problems, account_ids=frozenset(ids))

    async def _listen(self, wanted: _Wanted) -> tuple[Message, ...]:
        """Starts the drop if necessary. Returns the reasons why it cannot listen; empty while it listens."""
        if self._drop is not None and (self._listens_at != wanted.address or self._drop.is_lost):
            await self._end()
        if self._drop is None:
            try:
                self._drop = await self._opened(wanted)
            except (OSError, ValueError) as error:
                reason = getattr(error, "strerror", None) or str(error)
                return (message("source.drop-not-open", quote=reason, address=wanted.address),)
            self._listens_at = wanted.address
            _log.info("the SFTP drop listens")
        await self._drop.refresh_accounts()
        return ()

    async def _opened(self, wanted: _Wanted) -> RunningDrop:
        home = self._services.files.home
        await asyncio.to_thread(fingerprint_of, home)
        drop = self._make(home / DROP_SPOOL, self._lookup, self._take, self._take_again, self._limits, self._wake_up)
        await asyncio.to_thread(drop.clean_spool, wanted.account_ids)
        host, _, port = wanted.address.rpartition(":")
        await drop.listen(host.strip("[]"), int(port), home / HOST_KEY_FILE)
        return drop

    async def _lookup(self, name: str) -> Account | None:
        row = await asyncio.to_thread(self._row_of, name)
        return _account(row) if row is not None else None

    def _row_of(self, name: str) -> DropAccountRecord | None:
        table = tables.drop_account
        mine = (table.c.space_id == self._services.space_id, table.c.name == name)
        with self._services.database.read() as connection:
            return fetch_one(connection, DropAccountRecord, select(table).where(*mine).limit(1))

    async def _end(self) -> None:
        drop, self._drop = self._drop, None
        if drop is not None:
            await drop.close()

    def _write_problems(self, source_id: str, problems: tuple[Message, ...]) -> None:
        source = tables.source
        with self._services.database.write(self._services.space_id) as transaction:
            if transaction.execute(update(source).where(source.c.id == source_id).values(problems=problems)).rowcount:
                transaction.changed(EntityKind.SOURCE, source_id)

    async def _take(self, account_id: str, path: str, file: Path) -> str:
        try:
            return await _finished(lambda: sftp_drop_files.take(self._services, account_id, path, file))
        finally:
            self._wake_up.set()

    async def _take_again(self, account_id: str, path: str, sha256: str) -> None:
        await _finished(lambda: sftp_drop_files.take_accepted(self._services, account_id, path, sha256))


def _account(row: DropAccountRecord) -> Account:
    return Account(id=row.id, name=row.name, secret=row.secret, public_key=row.public_key)


async def _finished(import_file: Callable[[], _T]) -> _T:
    """Runs in a thread, which finishes even if the sender disconnects meanwhile."""
    try:
        return await asyncio.to_thread(import_file)
    except (sftp_drop_files.AccountRemoved, SourceRemoved):
        raise NotTaken("This account is closed.") from None
    except OSError:
        raise
    except Exception:
        _log.exception("a file of the drop was not taken")
        raise NotTaken("It could not be kept: send it again.") from None
