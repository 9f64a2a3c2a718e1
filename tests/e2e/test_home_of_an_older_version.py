"""A home of 0.4.0 is gone on with: its service's database, its copy, its outbox, its sealed settings.

`tests/fixtures/0.4.0/README.md` says how the home was made and what is in it.
"""

import sqlite3
import tarfile
from collections import Counter
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path

import pytest

from banqup_tui.domain.delivery import Delivery, DeliveryState
from banqup_tui.domain.folder import Folder
from banqup_tui.domain.integration import IntegrationState
from banqup_tui.protocol.commands import (
    BODIES,
    AddRule,
    AllowPackage,
    CorrectDocument,
    DecideDuplicate,
    EditClient,
    MoveDocument,
    ReopenDuplicate,
    Restore,
    SetArchived,
    Withdraw,
)
from banqup_tui.store.outbox_entry import CommandState
from banqup_tui.sync.session import Session
from tests.support.local_setup import LocalSetup, setup_in, until

FIXTURE = Path(__file__).parents[1] / "fixtures" / "0.4.0" / "home.tar.xz"
GARAGE, BAKERY = "00000000-0000-4000-8000-000000000001", "00000000-0000-4000-8000-000000000002"
MADE_LATER = "00000000-0000-4000-8000-000000000004"
SFTP, ARCHIVE = "00000000-0000-4000-8000-000000000005", "00000000-0000-4000-8000-000000000006"
WATCHED_LATER = "00000000-0000-4000-8000-000000000007"
SECRETS = (b"geheim-4711", b"whsec_")


@pytest.fixture
def setup(tmp_path: Path) -> Iterator[LocalSetup]:
    with tarfile.open(FIXTURE) as packed:
        packed.extractall(tmp_path, filter="data")
    as_if_used_today(tmp_path / "home" / "data" / "backend" / "banqup.sqlite")
    (tmp_path / "watched two").mkdir(exist_ok=True)
    as_if_queued_here(tmp_path / "home" / "data" / "copies" / "local" / "outbox.sqlite", tmp_path)
    with setup_in(tmp_path) as setup:
        yield setup


@pytest.fixture
def session(setup: LocalSetup) -> Iterator[Session]:
    opened = Session.open(setup.dirs, lambda: setup.start_backend(HOME=str(setup.root)))
    yield opened
    opened.close()


def as_if_used_today(database: Path) -> None:
    """The service forgets keys and deletions after 90 days, and believes no older command: that is another test."""
    connection = sqlite3.connect(database)
    for table in ("command", "change"):
        connection.execute(f"UPDATE {table} SET at = ?", (datetime.now(UTC).replace(tzinfo=None).isoformat(" "),))
    connection.commit()
    connection.close()


def as_if_queued_here(outbox: Path, root: Path) -> None:
    """One command names a folder of the machine where the home was made."""
    connection = sqlite3.connect(outbox)
    moved = "CAST(replace(CAST(body AS TEXT), '/tmp/banqup-0.4.0', ?) AS BLOB)"
    connection.execute(f"UPDATE command SET body = {moved} WHERE kind = 'ADD_SOURCE'", (str(root),))
    connection.commit()
    connection.close()


NEWER_KINDS = {
    one.KIND
    for one in (
        AddRule,
        AllowPackage,
        CorrectDocument,
        DecideDuplicate,
        EditClient,
        MoveDocument,
        ReopenDuplicate,
        Restore,
        SetArchived,
        Withdraw,
    )
}
"""Commands that 0.4.0 did not have."""


def outbox_bytes(setup: LocalSetup) -> bytes:
    return b"".join(path.read_bytes() for path in setup.dirs.copies.glob("local/outbox.sqlite*"))


def test_what_was_there_is_shown_before_the_service_is_asked(setup: LocalSetup, session: Session) -> None:
    clients = {row.client.id: row for row in session.readers.clients()}
    assert {one.client.reference for one in clients.values()} == {"LEMAITRE", "TANNERIE"}
    documents = list(session.readers.whole(_documents(session)))
    assert {one.folder for one in documents if one.client_id == GARAGE} == set(Folder)
    states = Counter(one.state for one in _deliveries(session))
    assert states[DeliveryState.DELIVERED] == 12
    assert states[DeliveryState.FAILED] == 4
    assert states[DeliveryState.QUEUED] == 4
    assert {one.what for one in session.refused_changes.all()} == {"Create Twice", "Send a document that is not there"}
    assert {one.extension_id for one in session.readers.installations()} == {"local-folder", "webhook", "s3"}
    assert {entry.kind for entry in session.outbox.waiting()} == set(BODIES) - NEWER_KINDS
    assert any(secret in outbox_bytes(setup) for secret in SECRETS)


def test_commands_that_0_4_0_has_queued_are_done_as_they_were_meant(setup: LocalSetup, session: Session) -> None:
    waiting = {entry.key for entry in session.outbox.waiting()}
    session.engine.sync_once()
    until(lambda: session.outbox.waiting_count() == 0, what="an answer to every command")
    session.engine.sync_once()
    entered = [entry for entry in session.outbox.history() if entry.key in waiting]
    assert [(entry.kind, entry.problem) for entry in entered if entry.state is not CommandState.DONE] == []
    assert not any(secret in outbox_bytes(setup) for secret in SECRETS)

    readers = session.readers
    assert readers.client(MADE_LATER) is not None
    assert {one.extension_id for one in readers.installations()} == {"local-folder", "webhook", "sftp"}
    sftp = readers.installation(SFTP)
    assert sftp is not None
    assert sftp.secrets == ("password",)
    integrations = {(one.client_id, one.label): one for one in readers.integrations()}
    assert integrations[GARAGE, "Archive"].folders == (Folder.OTHER_DOCUMENTS,)
    assert integrations[GARAGE, "Old server"].effective["path"] == "~/new-server/[external_id]"
    assert integrations[BAKERY, "Local folder"].state is IntegrationState.PAUSED
    assert (BAKERY, "Signed webhook") not in integrations
    assert [one.id for one in readers.sources()] == [WATCHED_LATER]
    assert not readers.unfiled()
    assert not readers.rules()
    assert sum(one.processed for one in readers.whole(_documents(session))) == 2
    assert session.refused_changes.count() == 2
    until(lambda: len(list(setup.root.glob("archive/*/*"))) == 3, what="what was there before, in the archive")


def _documents(session: Session) -> list[str]:
    rows = session.copy.reader().execute("SELECT id FROM document ORDER BY id")
    return [row[0] for row in rows]


def _deliveries(session: Session) -> list[Delivery]:
    return [one for some in session.readers.deliveries_of(_documents(session)).values() for one in some]
