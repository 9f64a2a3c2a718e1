"""Fills a local backend with the sample firm. Run again, it goes on where it stopped."""

from collections.abc import Callable
from datetime import date
from pathlib import Path
from typing import Final

import msgspec

from banqup_tui import launcher
from banqup_tui.app_dirs import AppDirs
from banqup_tui.demo.build import DEFAULT_CLIENTS, DEFAULT_DOCUMENTS, BuildProgress, Built, build
from banqup_tui.demo.by_http import HttpDemoBackend
from banqup_tui.domain.values import Value
from banqup_tui.presentation.formats import count
from banqup_tui.presentation.words import _

RECEIVED: Final = "received"
"""The folder below the data into which the sample integrations deliver."""

_NOTE: Final = "sample-firm.json"


class _Note(Value, frozen=True, kw_only=True):
    """The size and day of the firm asked for, so that the same is built when it is asked for again."""

    clients: int
    documents: int
    seed: int
    today: date


def fill(
    dirs: AppDirs,
    *,
    clients: int = DEFAULT_CLIENTS,
    documents: int = DEFAULT_DOCUMENTS,
    seed: int = 1,
    tell: Callable[[str], object] = lambda sentence: None,
) -> Built:
    """Builds the sample firm and starts the backend if none runs. `tell` gets a sentence now and then."""
    note = _note_for(dirs.data / _NOTE, clients, documents, seed)
    with HttpDemoBackend(launcher.connect(dirs)) as backend:
        snapshot = backend.snapshot()
        if snapshot.document_count >= note.documents:
            tell(_size(len(snapshot.clients), snapshot.document_count))
            return Built(
                clients=len(snapshot.clients),
                documents=snapshot.document_count,
                integrations=len(snapshot.integrations),
            )
        built = build(
            backend,
            dirs.data / RECEIVED,
            clients=note.clients,
            documents=note.documents,
            seed=note.seed,
            today=note.today,
            tell=lambda progress: _tell_progress(progress, tell),
        )
    tell(_size(built.clients, built.documents))
    return built


def _tell_progress(progress: BuildProgress, tell: Callable[[str], object]) -> None:
    if progress.documents % 500 == 0 and progress.documents < progress.of:
        tell(_("{part} of {whole}").format(part=count(progress.documents), whole=count(progress.of)))


def _size(clients: int, documents: int) -> str:
    return _("Clients: {clients}; documents: {documents}.").format(clients=count(clients), documents=count(documents))


def _note_for(path: Path, clients: int, documents: int, seed: int) -> _Note:
    try:
        note = msgspec.json.decode(path.read_bytes(), type=_Note)
    except (OSError, msgspec.DecodeError):
        note = None
    if note is not None and (note.clients, note.documents, note.seed) == (clients, documents, seed):
        return note
    note = _Note(clients=clients, documents=documents, seed=seed, today=date.today())  # noqa: DTZ011
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(msgspec.json.encode(note))
    return note
