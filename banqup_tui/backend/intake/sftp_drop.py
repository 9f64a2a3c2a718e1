"""The SFTP drop beside the routes: listens where it was told to, lets in whom it was told to, says what is wrong.

It runs in a process of its own (`drop_process`), which is there only while a drop is turned on.
"""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Callable, Collection
from contextlib import suppress
from pathlib import Path
from typing import Any, Final, Protocol, TypeVar

from sqlalchemy import Row, select, update

from banqup_tui.backend.db import tables
from banqup_tui.backend.intake import sftp_drop_files
from banqup_tui.backend.intake.drop_process.client import DropProcess
from banqup_tui.backend.intake.host_key import fingerprint_of
from banqup_tui.backend.intake.source_files import SourceAway
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
    """`DropProcess`; tests that look at something else have it in their own process."""

    @property
    def is_lost(self) -> bool: ...
    def tidy_up(self, account_ids: Collection[str]) -> None: ...
    async def listen(self, host: str, port: int, host_key: Path) -> None: ...
    async def look_round(self) -> None: ...
    async def close(self) -> None: ...


MakeDrop = Callable[[Path, Lookup, Take, TakeAgain, DropLimits, asyncio.Event], RunningDrop]
"""The last is set when it has ended by itself."""


class _Wanted(Value, frozen=True, kw_only=True):
    source_id: str
    address: str
    problems: tuple[Message, ...]
    account_ids: frozenset[str]


class SftpDrop:
    """`picture_wait_seconds`: how long a PDF waits for the XML of which it may be the picture."""

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
        self._news = asyncio.Event()

    async def run(self, stop: asyncio.Event) -> None:
        """Until `stop` is set. Wakes when something was committed, to see whether it is about the drop."""
        loop = asyncio.get_running_loop()

        def tell(_seq: int) -> None:
            with suppress(RuntimeError):  # the loop has ended
                loop.call_soon_threadsafe(self._news.set)

        self._services.database.on_commit(tell)
        stopping = asyncio.ensure_future(stop.wait())
        stopping.add_done_callback(lambda _: self._news.set())
        try:
            while not stop.is_set():
                self._news.clear()
                pause = await self._round()
                with suppress(TimeoutError):
                    async with asyncio.timeout(pause):
                        await self._news.wait()
                await asyncio.wait({stopping}, timeout=_SECONDS_AT_LEAST)
        finally:
            stopping.cancel()
            await self._end()

    async def _round(self) -> float:
        """Seconds until the next look, if nothing happens before."""
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
        """Why it cannot; empty while it listens."""
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
        await self._drop.look_round()
        return ()

    async def _opened(self, wanted: _Wanted) -> RunningDrop:
        home = self._services.files.home
        await asyncio.to_thread(fingerprint_of, home)
        drop = self._make(home / DROP_SPOOL, self._lookup, self._take, self._take_again, self._limits, self._news)
        await asyncio.to_thread(drop.tidy_up, wanted.account_ids)
        host, _, port = wanted.address.rpartition(":")
        await drop.listen(host.strip("[]"), int(port), home / HOST_KEY_FILE)
        return drop

    async def _lookup(self, name: str) -> Account | None:
        row = await asyncio.to_thread(self._row_of, name)
        return _account(row) if row is not None else None

    def _row_of(self, name: str) -> Row[Any] | None:
        table = tables.drop_account
        mine = (table.c.space_id == self._services.space_id, table.c.name == name)
        with self._services.database.read() as connection:
            return connection.execute(select(table).where(*mine)).first()

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
            self._news.set()

    async def _take_again(self, account_id: str, path: str, sha256: str) -> None:
        await _finished(lambda: sftp_drop_files.take_accepted(self._services, account_id, path, sha256))


def _account(row: Row[Any]) -> Account:
    return Account(id=row.id, name=row.name, secret=row.secret, public_key=row.public_key)


async def _finished(taking: Callable[[], _T]) -> _T:
    """In a thread of its own, which goes on to its end also where the sender has gone meanwhile."""
    try:
        return await asyncio.to_thread(taking)
    except (sftp_drop_files.AccountAway, SourceAway):
        raise NotTaken("This account is closed.") from None
    except OSError:
        raise
    except Exception:
        _log.exception("a file of the drop was not taken")
        raise NotTaken("It could not be kept: send it again.") from None
