"""Builds the sample firm in a backend, through the same commands that a user's terminal sends.

Clients and their integrations come first, then the documents, newest first: so there is something to see at once, and
documents of every accounting status once the backend has sent what it can.
"""

import uuid
from collections.abc import Callable, Iterable, Iterator, Sequence
from datetime import date
from itertools import islice
from pathlib import Path
from typing import Any, Final, Protocol, TypeVar

from banqup_tui.demo.firm import Firm, SampleClient, make_firm
from banqup_tui.demo.generate import Sample, generate
from banqup_tui.domain.errors import BanqupError
from banqup_tui.domain.values import Value
from banqup_tui.protocol.commands import (
    AddIntegration,
    CreateClient,
    ImportFile,
    Install,
    PauseIntegration,
    SetProcessed,
)
from banqup_tui.protocol.messages import CommandResult, CommandStatus

BATCH: Final = 100
DEFAULT_CLIENTS: Final = 34
DEFAULT_DOCUMENTS: Final = 1500
_FOLDER_EXTENSION: Final = "local-folder"
_T = TypeVar("_T")


class Hand(Protocol):
    """What is needed of a backend: `put_file` gives the SHA-256, `commands` runs at most 100, in order."""

    def put_file(self, data: bytes) -> str: ...

    def commands(self, bodies: Sequence[Value]) -> Sequence[CommandResult]: ...


class Progress(Value, frozen=True, kw_only=True):
    """How many documents of how many are in."""

    documents: int
    of: int


class Filled(Value, frozen=True, kw_only=True):
    clients: int
    documents: int
    integrations: int


def fill(
    hand: Hand,
    target: Path,
    *,
    clients: int = DEFAULT_CLIENTS,
    documents: int = DEFAULT_DOCUMENTS,
    seed: int = 1,
    today: date | None = None,
    tell: Callable[[Progress], None] = lambda progress: None,
) -> Filled:
    """`target` is the folder on the backend's machine into which the sample integrations deliver."""
    firm = make_firm(clients, seed)
    ids = {client.reference: _id(seed, "client", client.reference) for client in firm.clients}
    _do(hand, [_create(client, ids[client.reference]) for client in firm.clients])
    integrations = _activate(hand, firm, ids, target, seed)
    done = 0
    for samples in _batches(generate(firm, documents, seed, today)):
        _bring_in(hand, samples, ids)
        done += len(samples)
        tell(Progress(documents=done, of=documents))
    return Filled(clients=len(firm.clients), documents=done, integrations=integrations)


def _create(client: SampleClient, client_id: str) -> CreateClient:
    company = client.company
    return CreateClient(
        client_id=client_id,
        reference=client.reference,
        name=company.name,
        vat_number=company.vat_number,
        enterprise_number=company.number,
    )


def _activate(hand: Hand, firm: Firm, ids: dict[str, str], target: Path, seed: int) -> int:
    """Most clients deliver into a folder, some are paused, one is given a path that cannot be."""
    target.mkdir(parents=True, exist_ok=True)
    note = target / "not-a-folder.txt"
    note.write_text("One integration of the sample firm is told to deliver below this file, which cannot be.\n")
    installation = _id(seed, "installation", _FOLDER_EXTENSION)
    settings = {"path": f"{target}/[external_id]/[folder]/[year]"}
    _do(hand, [Install(installation_id=installation, extension_id=_FOLDER_EXTENSION, settings=settings)])
    adding: list[Value] = []
    pausing: list[Value] = []
    for place, client in enumerate(firm.clients):
        if place % 9 == 7:
            continue
        own: dict[str, Any] = {"path": f"{note}/[external_id]"} if place % 11 == 2 else {}
        integration = _id(seed, "integration", client.reference)
        adding.append(
            AddIntegration(
                integration_id=integration,
                client_id=ids[client.reference],
                installation_id=installation,
                settings=own,
            )
        )
        if place % 8 == 5:
            pausing.append(PauseIntegration(integration_id=integration))
    for bodies in _batches([*adding, *pausing]):
        _do(hand, bodies)
    return len(adding)


def _bring_in(hand: Hand, samples: Sequence[Sample], ids: dict[str, str]) -> None:
    results = _do(hand, [_import(hand, sample, ids[sample.client]) for sample in samples])
    processed = [
        result["documents"][0]["documentId"]
        for sample, result in zip(samples, results, strict=True)
        if sample.processed
    ]
    if processed:
        _do(hand, [SetProcessed(document_ids=tuple(processed), processed=True)])


def _import(hand: Hand, sample: Sample, client_id: str) -> ImportFile:
    return ImportFile(
        sha256=hand.put_file(sample.data),
        file_name=sample.file_name,
        client_id=client_id,
        folder=sample.folder,
        approved=sample.approved,
        dated=sample.dated,
    )


def _do(hand: Hand, bodies: Sequence[Value]) -> list[Any]:
    """The results. Raises BanqupError at the first that was not done."""
    results = list(hand.commands(bodies))
    for result in results:
        if result.status is not CommandStatus.DONE:
            found = result.problem
            raise BanqupError(
                f"The sample firm could not be built: {found.detail if found else result.status}",
                (found.remedy if found else None) or "",
            )
    return [result.result for result in results]


def _batches(items: Iterable[_T]) -> Iterator[list[_T]]:
    left = iter(items)
    while batch := list(islice(left, BATCH)):
        yield batch


def _id(seed: int, kind: str, name: str) -> str:
    return str(uuid.uuid5(uuid.NAMESPACE_URL, f"banqup-demo:{seed}:{kind}:{name}"))
