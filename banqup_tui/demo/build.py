"""Builds the sample firm in a backend, through the same commands that a terminal sends.

First come the clients and their newest documents, so that there is something to see at once; then older documents, from
before any integration; then the integrations, and what they send by themselves. So there are documents of every status.
"""

import uuid
from collections.abc import Callable, Iterable, Iterator, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from datetime import date
from enum import StrEnum
from itertools import islice
from pathlib import Path
from typing import Any, Final, Protocol, TypeVar

from banqup_tui.demo.firm import Firm, SampleClient, make_firm
from banqup_tui.demo.generate import Sample, generate
from banqup_tui.domain.batches import in_batches
from banqup_tui.domain.errors import BanqupError
from banqup_tui.domain.folder import Folder
from banqup_tui.domain.messages import message
from banqup_tui.domain.values import JsonObject, Value
from banqup_tui.protocol.commands import (
    AddIntegration,
    Backfill,
    CommandBody,
    CreateClient,
    ImportFile,
    Install,
    PauseIntegration,
    Send,
    SetProcessed,
)
from banqup_tui.protocol.messages import CommandResult, CommandStatus

BATCH: Final = 100
DEFAULT_CLIENTS: Final = 34
DEFAULT_DOCUMENTS: Final = 1500
_SENT_BY_THEMSELVES: Final = 300
_FOLDER_EXTENSION: Final = "local-folder"
_ONE_OF: Final = 3
_FAILING: Final = (Folder.SALES_INVOICES, Folder.PURCHASE_RECEIPTS)
_T = TypeVar("_T")


_ARCHIVE: Final = "Archive"
_OLD_SERVER: Final = "Old server"


class _Habit(StrEnum):
    """The behaviour of a client's integrations. `FAILS` has a failing one beside two that deliver."""

    DELIVERS = "DELIVERS"
    FAILS = "FAILS"
    PAUSED = "PAUSED"
    NONE = "NONE"


_HABITS: Final = tuple(
    {"d": _Habit.DELIVERS, "f": _Habit.FAILS, "p": _Habit.PAUSED, "-": _Habit.NONE}[letter]
    for letter in "ddfddpd-dddddpdd"
)
"""The habits of clients, repeated over all of them."""


class DemoBackend(Protocol):
    """The operations needed of a backend.

    `put_files` returns the SHA-256 of each file; `commands` runs at most 100 in order; `seen` is `epoch.seq` as it is
    now.
    """

    def put_files(self, files: Sequence[bytes]) -> list[str]: ...

    def commands(self, bodies: Sequence[CommandBody]) -> Sequence[CommandResult]: ...

    def seen(self) -> str: ...


class BuildProgress(Value, frozen=True, kw_only=True):
    """How many documents of how many are stored."""

    documents: int
    of: int


class Built(Value, frozen=True, kw_only=True):
    clients: int
    documents: int
    integrations: int


def build(
    backend: DemoBackend,
    target: Path,
    *,
    clients: int = DEFAULT_CLIENTS,
    documents: int = DEFAULT_DOCUMENTS,
    seed: int = 1,
    today: date | None = None,
    tell: Callable[[BuildProgress], None] = lambda progress: None,
) -> Built:
    """Builds the sample firm. Its integrations deliver into the folder `target` on the backend's machine."""
    firm = make_firm(clients, seed)
    return _Builder(backend, firm, target, seed, documents, tell).run(generate(firm, documents, seed, today))


class _Builder:
    def __init__(
        self,
        backend: DemoBackend,
        firm: Firm,
        target: Path,
        seed: int,
        documents: int,
        tell: Callable[[BuildProgress], None],
    ) -> None:
        self._backend = backend
        self._firm = firm
        self._target = target
        self._seed = seed
        self._documents = documents
        self._tell = tell
        self._ids = {client.reference: self._id("client", client.reference) for client in firm.clients}
        self._installation = self._id("installation", _FOLDER_EXTENSION)
        self._done = 0

    def run(self, samples: Iterator[Sample]) -> Built:
        self._do([self._create(client) for client in self._firm.clients])
        recent = self._documents // 3
        sendable = self._import_documents(islice(samples, min(BATCH, recent // 3)))
        of_late = list(islice(samples, min(_SENT_BY_THEMSELVES, recent)))
        self._import_documents(samples)
        integrations = self._activate()
        self._import_documents(of_late)
        integrations += self._activate_failing()
        if sendable:
            self._do([Send(document_ids=tuple(sendable))])
        return Built(clients=len(self._firm.clients), documents=self._done, integrations=integrations)

    def _create(self, client: SampleClient) -> CreateClient:
        company = client.company
        return CreateClient(
            client_id=self._ids[client.reference],
            reference=client.reference,
            name=company.name,
            vat_number=company.vat_number,
            enterprise_number=company.number,
        )

    # documents

    def _import_documents(self, samples: Iterable[Sample]) -> list[str]:
        """Imports documents, and returns those of clients that deliver, which can be sent by hand."""
        sendable: list[str] = []
        for batch, hashes in self._uploaded(samples):
            sendable += self._file(batch, hashes)
            self._done += len(batch)
            self._tell(BuildProgress(documents=self._done, of=self._documents))
        return sendable

    def _uploaded(self, samples: Iterable[Sample]) -> Iterator[tuple[list[Sample], list[str]]]:
        """Yields batches that are uploaded; the next is uploaded while one is handled."""
        with ThreadPoolExecutor(1) as ahead:
            before: tuple[list[Sample], Future[list[str]]] | None = None
            for batch in in_batches(samples, BATCH):
                uploading = ahead.submit(self._backend.put_files, [sample.data for sample in batch])
                if before is not None:
                    yield before[0], before[1].result()
                before = batch, uploading
            if before is not None:
                yield before[0], before[1].result()

    def _file(self, samples: Sequence[Sample], hashes: Sequence[str]) -> list[str]:
        results = self._do([self._import(*pair) for pair in zip(samples, hashes, strict=True)])
        ids = [result["documents"][0]["documentId"] for result in results]
        processed = [id_ for id_, sample in zip(ids, samples, strict=True) if sample.processed]
        if processed:
            self._do([SetProcessed(document_ids=tuple(processed), processed=True)])
        delivering = {client.reference for habit in (_Habit.DELIVERS, _Habit.FAILS) for client in self._of_kind(habit)}
        return [
            id_
            for id_, sample in zip(ids, samples, strict=True)
            if sample.approved and not sample.processed and sample.client in delivering
        ]

    def _import(self, sample: Sample, sha256: str) -> ImportFile:
        return ImportFile(
            sha256=sha256,
            file_name=sample.file_name,
            client_id=self._ids[sample.client],
            folder=sample.folder,
            approved=sample.approved,
            dated=sample.dated,
        )

    # integrations

    def _of_kind(self, habit: "_Habit") -> list[SampleClient]:
        return [client for at, client in enumerate(self._firm.clients) if _HABITS[at % len(_HABITS)] is habit]

    def _activate(self) -> int:
        """Activates integrations: most clients deliver into a folder, some into an archive too, some are paused."""
        self._target.mkdir(parents=True, exist_ok=True)
        settings = {"path": f"{self._target}/[external_id]/[folder]/[year]"}
        install = Install(installation_id=self._installation, extension_id=_FOLDER_EXTENSION, settings=settings)
        paused = self._of_kind(_Habit.PAUSED)
        delivering, failing = self._of_kind(_Habit.DELIVERS), self._of_kind(_Habit.FAILS)
        archive = {"path": f"{self._target}/archive/[year]/[external_id]/[folder]"}
        adding = [self._add(client) for client in (*delivering, *failing, *paused)]
        adding += [self._add(client, _ARCHIVE, archive) for client in (*delivering[::_ONE_OF], *failing)]
        pausing = [PauseIntegration(integration_id=self._id("integration", client.reference)) for client in paused]
        for bodies in in_batches([install, *adding, *pausing], BATCH):
            self._do(bodies)
        return len(adding)

    def _activate_failing(self) -> int:
        """Activates integrations to an impossible path, older documents included: all fail for one reason."""
        note = self._target / "not-a-folder.txt"
        note.write_text("An integration of the sample firm is told to deliver below this file, which cannot be.\n")
        backfill = Backfill(up_to=self._backend.seen(), expected=self._documents)
        adding = [
            self._add(client, _OLD_SERVER, {"path": f"{note}/[external_id]"}, folders=_FAILING, backfill=backfill)
            for client in self._of_kind(_Habit.FAILS)
        ]
        if adding:
            self._do(adding)
        return len(adding)

    def _add(
        self,
        client: SampleClient,
        label: str | None = None,
        settings: JsonObject | None = None,
        folders: tuple[Folder, ...] | None = None,
        backfill: Backfill | None = None,
    ) -> AddIntegration:
        return AddIntegration(
            integration_id=self._id("integration", f"{client.reference}{label or ''}"),
            client_id=self._ids[client.reference],
            installation_id=self._installation,
            label=label,
            settings=settings or {},
            folders=folders,
            backfill=backfill,
        )

    def _id(self, kind: str, name: str) -> str:
        return str(uuid.uuid5(uuid.NAMESPACE_URL, f"banqup-demo:{self._seed}:{kind}:{name}"))

    def _do(self, bodies: Sequence[CommandBody]) -> list[Any]:
        """Runs commands and returns their results. Raises `BanqupError` at the first that is not done."""
        results = list(self._backend.commands(bodies))
        for result in results:
            if result.status is not CommandStatus.DONE:
                problem = result.problem
                raise BanqupError(problem.message if problem else message("demo.not-built", status=result.status))
        return [result.result for result in results]
