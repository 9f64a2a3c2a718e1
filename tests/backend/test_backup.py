"""Backups, and what becomes of a space that was put back to an earlier day."""

import signal
import sys
import uuid
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import insert, select, update

from banqup_tui.backend.api import changes, snapshots
from banqup_tui.backend.api.commands import run
from banqup_tui.backend.db import tables
from banqup_tui.backend.db.tables.spaces import LOCAL_USER
from banqup_tui.backend.intake.client_commands import HANDLERS
from banqup_tui.backend.ledger.restore import begin_new_epoch
from banqup_tui.backend.problems import RequestFailure
from banqup_tui.backend.services import Services
from banqup_tui.protocol.commands import CreateClient
from banqup_tui.protocol.local import EXIT_ALREADY_RUNNING, Endpoint
from banqup_tui.protocol.messages import CommandStatus
from tests.backend.test_commands import asked, new_client
from tests.backend.test_reading import deliver
from tests.support.backends import Home, home_in
from tests.support.backends import http as speak
from tests.support.services import EPOCH, PARVIS, SPACE, add_document
from tests.support.serving import serving, space_in, written


@pytest.fixture
def services(tmp_path: Path) -> Services:
    return space_in(tmp_path)


@pytest.fixture
def home(tmp_path: Path) -> Iterator[Home]:
    with home_in(tmp_path / "home") as found:
        yield found


def put_back_by(services: Services, numbers: int) -> int:
    """As if an older file of the database had been put in place; the number that is gone."""
    with services.database.engine.begin() as connection:
        seq = connection.execute(select(tables.space.c.seq)).scalar_one()
        connection.execute(update(tables.space).values(seq=seq - numbers))
    return int(seq)


async def test_a_copy_that_knows_more_than_the_service_finds_out_that_it_was_put_back(services: Services) -> None:
    add_document(services, "2026-1")
    async with serving(services) as served:
        ahead = await served.snapshot()
        put_back_by(services, 1)
        answer = await served.get("/changes", cursor=ahead["cursor"])
        anew = await served.snapshot()
        again = await served.get("/changes", cursor=ahead["cursor"])
        follows = await served.get("/changes", cursor=anew["cursor"])
    assert (answer.status_code, answer.json()["type"]) == (410, "epoch-changed")
    assert (again.status_code, follows.status_code) == (410, 200)
    assert anew["epoch"] != EPOCH == ahead["epoch"]
    assert anew["seq"] >= ahead["seq"]
    assert served.hub.epoch == anew["epoch"]


def test_what_was_asked_before_the_restore_is_not_done_after_it(services: Services) -> None:
    begin_new_epoch(services)
    assert run(services, HANDLERS, LOCAL_USER, asked(new_client())).status is CommandStatus.EXPIRED


def test_two_copies_that_find_out_begin_one_new_epoch(services: Services) -> None:
    ahead = snapshots.snapshot(services, LOCAL_USER)
    known = put_back_by(services, 1)
    for _ in range(2):
        with pytest.raises(RequestFailure):
            changes.changes(services, LOCAL_USER, ahead.cursor, 500)
    found = snapshots.snapshot(services, LOCAL_USER)
    assert begin_new_epoch(services, known) == found.epoch


def test_after_a_restore_nothing_is_sent_before_somebody_has_looked(services: Services) -> None:
    document_id = add_document(services, "2026-1")
    delivery_id = deliver(services, document_id, attempts=1)
    with services.database.engine.begin() as connection:
        of = connection.execute(select(tables.delivery.c.integration_id)).scalar_one()
        row: dict[str, Any] = {"id": of, "space_id": SPACE, "client_id": PARVIS, "installation_id": str(uuid.uuid4())}
        row |= {"extension_id": "none", "label": "a", "state": "ACTIVE", "folders": "", "activated_seq": 0}
        row |= {"planned_seq": 10**6, "settings_version": 1, "destination": "there", "seq": 0}
        connection.execute(insert(tables.integration).values(row | {"activated_at": tables.utc_now()}))
    begin_new_epoch(services)
    with services.database.read() as connection:
        integration = connection.execute(select(tables.integration)).one()
        delivery = connection.execute(select(tables.delivery).where(tables.delivery.c.id == delivery_id)).one()
        status = connection.execute(select(tables.document.c.accounting_status)).scalar_one()
    assert (integration.state, delivery.state, status) == ("PAUSED", "UNKNOWN", "ERROR")


def snapshot(endpoint: Endpoint) -> dict[str, Any]:
    with speak(endpoint) as client:
        found: dict[str, Any] = client.get(f"/v1/spaces/{endpoint.space_id}/snapshot").json()
        return found


def create(endpoint: Endpoint, reference: str) -> None:
    body = CreateClient(client_id=str(uuid.uuid4()), reference=reference, name=reference)
    command = written(body, seen=f"{snapshot(endpoint)['epoch']}.0")
    with speak(endpoint) as client:
        answer = client.post(f"/v1/spaces/{endpoint.space_id}/commands", json={"commands": [command]}).json()
    assert answer["results"][0]["status"] == "DONE"


def ask(home: Home, *words: str, **environment: str) -> tuple[int, str]:
    child = home.start(sys.executable, "-m", "banqup_tui.backend", *words, **environment)
    _, printed = child.communicate(timeout=30)
    return child.wait(), printed


def test_a_backup_brings_back_the_day_it_was_made_and_never_gives_a_number_twice(home: Home, tmp_path: Path) -> None:
    child, endpoint = home.serving()
    create(endpoint, "BEFORE")
    backup = str(tmp_path / "backup")
    assert ask(home, "backup", backup)[0] == 0
    create(endpoint, "AFTER")
    was = snapshot(endpoint)
    code, printed = ask(home, "restore", backup)
    assert code == EXIT_ALREADY_RUNNING
    assert "runs already" in printed
    child.terminate()
    child.wait(20)
    assert ask(home, "restore", backup)[0] == 0
    found = snapshot(home.connect())
    assert [client["reference"] for client in found["clients"]] == ["BEFORE"]
    assert found["epoch"] != was["epoch"]
    assert found["seq"] >= was["seq"]
    assert len(list(home.dirs.data.glob("backend-before-*"))) == 1


def test_a_backup_cut_off_is_no_backup_and_the_next_is_whole(home: Home, tmp_path: Path) -> None:
    _, endpoint = home.serving()
    create(endpoint, "BEFORE")
    target = tmp_path / "backup"
    assert ask(home, "backup", str(target), BANQUP_KILL_AT="backup.copy")[0] == -signal.SIGKILL
    assert not target.exists()
    assert ask(home, "backup", str(target))[0] == 0
    assert ask(home, "backup", str(target)) == (
        1,
        f"{target} is there already. Name a folder that does not exist yet.\n",
    )


def test_a_restore_cut_off_leaves_what_was_there(home: Home, tmp_path: Path) -> None:
    child, endpoint = home.serving()
    create(endpoint, "BEFORE")
    backup = str(tmp_path / "backup")
    ask(home, "backup", backup)
    create(endpoint, "AFTER")
    child.terminate()
    child.wait(20)
    assert ask(home, "restore", backup, BANQUP_KILL_AT="restore.epoch")[0] == -signal.SIGKILL
    child, endpoint = home.serving()
    assert len(snapshot(endpoint)["clients"]) == 2
    child.terminate()
    child.wait(20)
    assert ask(home, "restore", backup)[0] == 0
    assert len(snapshot(home.connect())["clients"]) == 1


def test_a_folder_that_is_no_backup_is_not_put_back(home: Home, tmp_path: Path) -> None:
    code, printed = ask(home, "restore", str(tmp_path / "nothing"))
    assert code == 1
    assert "is no backup" in printed
    assert ask(home, "make", "tea")[0] == 2
