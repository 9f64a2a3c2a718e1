"""Implements what actions need of a session, and reads their context. Only here do actions meet store and sync."""

from __future__ import annotations

import os
import sys
from collections.abc import Sequence
from datetime import UTC, date, datetime, timedelta
from pathlib import Path

from banqup_tui.actions.context import Context, ImportCounts, Subject, Undoable, V
from banqup_tui.actions.inverse_commands import inverse, inverse_key, is_reversible
from banqup_tui.actions.places import Place
from banqup_tui.actions.prompts import Ask
from banqup_tui.domain.client import Client
from banqup_tui.domain.delivery import Delivery
from banqup_tui.domain.document import Document
from banqup_tui.domain.folder import Folder
from banqup_tui.domain.listing import UnderWay
from banqup_tui.protocol.commands import CommandBody, Resend, Send, decode
from banqup_tui.protocol.imports import Outcome, import_result_of
from banqup_tui.protocol.messages import BackfillCount
from banqup_tui.store.outbox_entry import CommandState, OutboxEntry, Rescue
from banqup_tui.store.readers import Readers
from banqup_tui.sync.errors import ServerDown
from banqup_tui.sync.server import Question
from banqup_tui.sync.session import FileToImport, Session
from banqup_tui.sync.threads import in_thread

UNDO_SHOWN = 20
"""The most commands that the list of undo shows."""
_WITH_UNFILED = frozenset({Place.CLIENT_DOCUMENTS, Place.UNFILED})
UNDO_REACH = timedelta(hours=1)
"""The age up to which commands that the server has carried out can be undone."""
_STANDING = (CommandState.QUEUED, CommandState.SENDING, CommandState.DONE)
_QUEUES = (Send.KIND, Resend.KIND)


class SessionAdapter:
    """A session as actions see it. What asks the server blocks, so it runs in a thread."""

    def __init__(self, session: Session) -> None:
        self._session = session

    def act(self, body: CommandBody, label: str = "", *, key: str | None = None) -> str:
        return self._session.act(body, label=label, key=key)

    def act_all(self, bodies: Sequence[CommandBody], label: str = "", *, labels: Sequence[str] = ()) -> Sequence[str]:
        """Writes the commands. A single command keeps its own label and key, as `act` gives them."""
        if len(bodies) == 1:
            return [self.act(bodies[0], labels[0] if labels else label)]
        return self._session.act_all(bodies, label=label, labels=labels)

    def clients(self) -> Sequence[Client]:
        return [row.client for row in self._session.readers.clients()]

    def documents(self, ids: Sequence[str]) -> Sequence[Document]:
        return list(self._session.readers.whole(ids))

    def deliveries(self, document_ids: Sequence[str]) -> Sequence[Delivery]:
        found = self._session.readers.deliveries_of(document_ids).values()
        return [delivery for of_document in found for delivery in of_document]

    def rescues(self) -> Sequence[Rescue]:
        return self._session.outbox.rescues()

    def dismiss_rescues(self) -> None:
        self._session.outbox.dismiss_rescues()

    def take_back(self, key: str) -> bool:
        return self._session.outbox.undo(key)

    def inverse_of(self, key: str) -> CommandBody | None:
        entry = self._session.outbox.entry(key)
        if entry is None:
            return None
        deliveries = self._session.readers.deliveries_of(entry.documents).values()
        return inverse(
            decode(entry.kind, entry.body), [delivery for of_document in deliveries for delivery in of_document]
        )

    def is_still_true(self, keys: Sequence[str], *, waits: bool) -> bool:
        entries = [self._session.outbox.entry(key) for key in keys]
        standing = [entry for entry in entries if entry is not None and entry.state in _STANDING]
        if len(standing) < len(keys):
            return False
        if waits or any(entry.is_open for entry in standing):
            return any(entry.is_open for entry in standing)
        queued = [entry for entry in standing if entry.kind in _QUEUES]
        if not queued or self._session.readers.state().seq < max(entry.seq for entry in queued):
            # The service has answered, but the deliveries that it queued are not in the copy yet.
            return True
        documents = list(dict.fromkeys(document for entry in queued for document in entry.documents))
        deliveries = self._session.readers.deliveries_of(documents).values()
        return any(delivery.is_open for of_document in deliveries for delivery in of_document)

    def clients_of(self, key: str) -> Sequence[str]:
        return self._session.refused_changes.clients_of(key)

    def retry_changes(self, keys: Sequence[str]) -> Sequence[str]:
        return self._session.retry_changes(keys)

    def clear_changes(self, keys: Sequence[str]) -> None:
        self._session.clear_changes(keys)

    async def sync_now(self) -> None:
        await in_thread(lambda: self._session.engine.sync_once())

    def try_again(self) -> None:
        self._session.engine.wake()

    async def download(self, sha256: str) -> Path:
        return await in_thread(lambda: self._session.engine.download(sha256))

    async def ask(self, question: Question[V], *, seconds: float = 30.0, wait: bool = True) -> V:
        engine = self._session.engine
        if not wait and engine.is_running and not engine.state.is_connected:
            raise ServerDown
        return await in_thread(lambda: engine.ask(question, seconds))

    async def backfill_count(
        self, client_id: str, folders: Sequence[Folder], since: date | None = None
    ) -> BackfillCount | None:
        """Counts in the copy; while the copy is still being made, asks the server."""
        readers, engine = self._session.readers, self._session.engine
        counted = await in_thread(lambda: readers.older(client_id, folders, since))
        if counted is not None or (engine.is_running and not engine.state.is_connected):
            return counted
        return await in_thread(lambda: engine.ask(lambda server: server.backfill(client_id, folders, since)))

    async def under_way(self, integration_ids: Sequence[str]) -> UnderWay:
        return await in_thread(lambda: self._session.readers.under_way(integration_ids))

    def import_files(
        self, files: Sequence[FileToImport], *, client_id: str | None = None, create_clients: bool = False
    ) -> list[str | OSError]:
        return self._session.import_files(files, client_id=client_id, create_clients=create_clients)

    def import_counts(self, keys: Sequence[str]) -> ImportCounts:
        entries = self._session.outbox.entries(keys).values()
        results = [import_result_of(entry.result) for entry in entries if entry.state is CommandState.DONE]
        documents = [document for result in results for document in result.documents]
        known = sum(document.outcome is Outcome.KNOWN for document in documents)
        return ImportCounts(
            taken=len(documents) - known,
            undecided=sum(document.is_undecided for document in documents),
            known=known,
            unfiled=sum(len(result.waiting) for result in results),
            pictures=sum(len(result.pictures) + len(result.joined) for result in results),
            refused=sum(entry.state in (CommandState.REFUSED, CommandState.EXPIRED) for entry in entries),
            waiting=sum(entry.is_open for entry in entries),
        )


def context_at(session: Session, ask: Ask, place: Place, subject: Subject | None = None) -> Context:
    """Reads what is selected or under the cursor from the local copy, within a few milliseconds."""
    subject = subject or Subject()
    failures = subject.failures
    readers = session.readers
    documents = list(readers.whole(subject.document_ids))
    deliveries = readers.deliveries_of([document.id for document in documents])
    clients = (
        {document.client_id for document in documents}
        | ({subject.client_id} if subject.client_id else set())
        | {*subject.client_ids}
    )
    extensions = {extension.id: extension for extension in readers.extensions()}
    if failures is not None:
        integrations = list(session.failures.integrations_of(failures).values())
    else:
        integrations = [
            integration
            for integration in readers.integrations()
            if place is Place.STORE or integration.client_id in clients
        ]
    sources = readers.sources() if place is Place.SOURCES else []
    return Context(
        session=SessionAdapter(session),
        ask=ask,
        place=place,
        documents=documents,
        deliveries=[delivery for of_document in deliveries.values() for delivery in of_document],
        integrations=integrations,
        client=readers.client(subject.client_id) if subject.client_id else None,
        delivery=readers.delivery(subject.delivery_id) if subject.delivery_id else None,
        integration=readers.integration(subject.integration_id) if subject.integration_id else None,
        extension=extensions.get(subject.extension_id) if subject.extension_id else None,
        extensions=extensions,
        installations=readers.installations(),
        unfiled=[file for id_ in subject.unfiled_ids if (file := readers.waiting_unfiled(id_)) is not None],
        waiting_unfiled=readers.unfiled_count() if place in _WITH_UNFILED else 0,
        sources=sources,
        source=next((source for source in sources if source.id == subject.source_id), None),
        undecided=readers.undecided_count() if place is Place.CLIENT_DOCUMENTS else 0,
        clients=readers.find_clients("") if subject.unfiled_ids else _clients(readers, subject.client_ids),
        changes=subject.changes,
        refused_changes=session.refused_changes.count(),
        undoable=undoable(session),
        any_failed=session.failures.any(),
        failures=failures,
        failing=(lambda: session.failures.failing(failures)) if failures is not None else tuple,
        over_ssh=is_over_ssh(),
        has_browser=has_browser(),
        offline=session.engine.is_running and not session.engine.state.is_connected,
        connection=session.engine.state if session.engine.is_running else None,
        download_to=download_directory(),
        now=datetime.now(UTC),
    )


def _clients(readers: Readers, client_ids: Sequence[str]) -> list[Client]:
    return [client for client_id in client_ids if (client := readers.client(client_id)) is not None]


def undoable(session: Session) -> list[Undoable]:
    """Returns the commands that can be undone, newest first: those never sent, and those done that have an opposite."""
    newest = session.outbox.history(UNDO_SHOWN)
    inverses = {inverse_key(entry.key): entry.key for entry in newest}
    taken_back = {inverses[entry.key] for entry in newest if entry.key in inverses}
    entries = (_undoable(entry) for entry in newest if entry.key not in inverses and entry.key not in taken_back)
    return [entry for entry in entries if entry is not None]


def _undoable(entry: OutboxEntry) -> Undoable | None:
    title = entry.label or entry.kind
    if entry.can_be_undone:
        return Undoable(key=entry.key, title=title, at=entry.at)
    if entry.state is not CommandState.DONE or datetime.now(UTC) - entry.at > UNDO_REACH:
        return None
    if not is_reversible(decode(entry.kind, entry.body)):
        return None
    return Undoable(key=entry.key, title=title, at=entry.at, is_done=True)


def is_over_ssh() -> bool:
    return any(os.environ.get(name) for name in ("SSH_CONNECTION", "SSH_CLIENT", "SSH_TTY"))


def has_browser() -> bool:
    """Returns whether a browser window can be opened in front of the user."""
    has_display = sys.platform == "darwin" or any(os.environ.get(name) for name in ("DISPLAY", "WAYLAND_DISPLAY"))
    return has_display and not is_over_ssh()


def download_directory() -> Path:
    """Returns the user's directory for downloads, else their home."""
    import platformdirs

    directory = Path(platformdirs.user_downloads_dir())
    return directory if directory.is_dir() else Path.home()
