"""The runtime on this computer: the local copy, its outbox, and the backend, which is found or started."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Collection, Iterator, Sequence
from contextlib import asynccontextmanager, suppress

from banqup_tui.actions.sentences import rescue_lines
from banqup_tui.actions.session_context import SessionAdapter
from banqup_tui.app_dirs import AppDirs
from banqup_tui.cli.output import say
from banqup_tui.cli.runtime import CliRuntime, CommandAnswer, Fate, NoBackend
from banqup_tui.domain.batches import in_batches
from banqup_tui.domain.changes import RefusedChange
from banqup_tui.domain.delivery import Attempt, Delivery
from banqup_tui.domain.document import Document
from banqup_tui.domain.errors import BanqupError
from banqup_tui.domain.extension import Extension, Installation
from banqup_tui.domain.failures import Failing, FailureGroup
from banqup_tui.domain.folder import Folder
from banqup_tui.domain.integration import Integration
from banqup_tui.domain.listing import ClientRow
from banqup_tui.domain.messages import message
from banqup_tui.domain.source import PlacingRule, Source, Unfiled
from banqup_tui.launcher import connect
from banqup_tui.presentation.messages import words_of
from banqup_tui.presentation.words import _, ngettext
from banqup_tui.store.outbox_entry import OutboxEntry
from banqup_tui.store.query import ONLY_WITHDRAWN, DocumentQuery, Filter
from banqup_tui.sync.session import Session
from banqup_tui.sync.state import SyncWord

SECONDS_TO_SYNC = 600.0


class CopyDamaged(BanqupError):
    """The copy was found damaged while a command was reading it, so what was printed is not complete."""

    exit_code = 75

    def __init__(self) -> None:
        super().__init__(message("cli.copy-damaged"))


@asynccontextmanager
async def open_runtime(dirs: AppDirs) -> AsyncIterator[CliRuntime]:
    """Opens the runtime. The engine runs while it is open, so that several questions share a connection."""
    dirs.made()
    session = Session.open(dirs, lambda: connect(dirs))
    try:
        was_damaged = session.copy.was_damaged
        _say_what_was_damaged(session)
        session.engine.start()
        yield LocalRuntime(session)
        if session.copy.was_damaged and not was_damaged:
            raise CopyDamaged
    finally:
        await asyncio.to_thread(session.close)


def _say_what_was_damaged(session: Session) -> None:
    for rescue in session.outbox.rescues_to_print():
        say(" ".join(rescue_lines(rescue)))
    if session.imported_again:
        words = ngettext(
            "{count} file whose import was lost is imported again under another name.",
            "{count} files whose imports were lost are imported again under other names.",
            session.imported_again,
        )
        say(words.format(count=session.imported_again))
    if session.copy.was_damaged:
        say(_("The copy on this computer was damaged and is made again. Nothing that you did is lost."))


class LocalRuntime:
    def __init__(self, session: Session) -> None:
        self._session = session
        self._woken = asyncio.Event()
        self._clock_announced = False
        self._loop = asyncio.get_running_loop()
        self.session = SessionAdapter(session)
        session.engine.subscribe(self._wake)

    @property
    def firm(self) -> str:
        return self._session.readers.state().space_name

    async def sync(self) -> None:
        try:
            await asyncio.to_thread(self._session.engine.sync_once, SECONDS_TO_SYNC)
        except BanqupError as error:
            raise NoBackend(error.message) from error
        state = self._session.engine.state
        if state.word is SyncWord.CLOCK_BACK and not self._clock_announced:
            self._clock_announced = True
            say(words_of(state.message))

    async def answers(self, keys: Sequence[str], seconds: float) -> list[CommandAnswer]:
        """Returns an answer for each key, also if time is up or the backend is gone: these are WAITING."""
        with suppress(BanqupError):
            await asyncio.to_thread(self._session.engine.push_and_wait, keys, seconds)
        found = self._session.outbox.entries(keys)
        return [_answer_of(key, found.get(key)) for key in keys]

    async def changed(self, seconds: float) -> None:
        """Returns at the next sign of a change, or one since the last call; after `seconds` it asks by itself."""
        try:
            async with asyncio.timeout(seconds):
                await self._woken.wait()
        except TimeoutError:
            await self._poll()
        self._woken.clear()

    def _wake(self) -> None:
        """Wakes `changed`. It is called in the engine's thread, perhaps after the loop has ended."""
        with suppress(RuntimeError):
            self._loop.call_soon_threadsafe(self._woken.set)

    async def _poll(self) -> None:
        try:
            await self.sync()
        except NoBackend:
            await asyncio.sleep(0.2)

    def waiting(self) -> int:
        return self._session.outbox.waiting_count()

    def refused(self) -> Sequence[RefusedChange]:
        return self._session.refused_changes.all()

    def mark_reported(self, keys: Sequence[str]) -> None:
        self._session.outbox.dismiss(keys)

    def clients(self) -> Sequence[ClientRow]:
        return self._session.readers.clients()

    def documents(
        self,
        *,
        ids: Collection[str] | None = None,
        client_id: str | None = None,
        folder: Folder | None = None,
        withdrawn: bool = False,
    ) -> Iterator[Document]:
        if ids is not None:
            yield from self._session.readers.whole(list(ids))
            return
        chosen = ONLY_WITHDRAWN if withdrawn else Filter()
        query = DocumentQuery(client_id=client_id, folder=folder, filter=chosen)
        for batch in in_batches(row.id for row in self._session.readers.listing(query)):
            yield from self._session.readers.whole(batch)

    def undecided(self) -> Iterator[Document]:
        yield from self._session.readers.whole(self._session.readers.undecided())

    def deliveries(self, document_ids: Collection[str] | None = None) -> Iterator[Delivery]:
        ids = (
            (row.id for row in self._session.readers.listing(DocumentQuery()))
            if document_ids is None
            else iter(document_ids)
        )
        for batch in in_batches(ids):
            for of_document in self._session.readers.deliveries_of(batch).values():
                yield from of_document

    def failures(self) -> Sequence[FailureGroup]:
        return self._session.failures.groups()

    def failing(self, group: FailureGroup) -> Sequence[Failing]:
        return self._session.failures.failing(group)

    async def attempts(self, delivery_id: str) -> Sequence[Attempt]:
        try:
            return await self.session.ask(lambda server: server.attempts(delivery_id))
        except BanqupError as error:
            raise NoBackend(error.message) from error

    def integrations(self, client_id: str | None = None, *, removed: bool = False) -> Sequence[Integration]:
        return self._session.readers.integrations(client_id, removed=removed)

    def installations(self) -> Sequence[Installation]:
        return self._session.readers.installations()

    def extensions(self) -> Sequence[Extension]:
        return self._session.readers.extensions()

    def sources(self) -> Sequence[Source]:
        return self._session.readers.sources()

    def unfiled(self) -> Sequence[Unfiled]:
        return self._session.readers.unfiled()

    def rules(self) -> Sequence[PlacingRule]:
        return self._session.readers.rules()


def _answer_of(key: str, entry: OutboxEntry | None) -> CommandAnswer:
    if entry is None:
        return CommandAnswer(key=key, fate=Fate.CANCELLED)
    fate = Fate.WAITING if entry.is_open else Fate(entry.state.value)
    return CommandAnswer(key=key, fate=fate, result=entry.result, problem=entry.problem)
