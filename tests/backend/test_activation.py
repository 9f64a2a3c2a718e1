"""Older documents since a day, an extension away from everybody, and settings of the firm that reach all."""

from collections.abc import Iterator
from datetime import date
from pathlib import Path
from typing import Any
from uuid import uuid4

import pytest
from sqlalchemy import func, insert, select

from banqup_tui.backend.api.snapshots import backfill_count
from banqup_tui.backend.db import tables
from banqup_tui.backend.db.tables.spaces import LOCAL_USER
from banqup_tui.backend.integrations import settings_rollout
from banqup_tui.backend.integrations.activation import add_integration
from banqup_tui.backend.integrations.installations import configure, deactivate, install
from banqup_tui.backend.ledger.bulk_jobs import step
from banqup_tui.backend.ledger.planner import plan
from banqup_tui.backend.services import CommandRefused, Services
from banqup_tui.domain.folder import Folder
from banqup_tui.domain.space import Role
from banqup_tui.protocol.commands import AddIntegration, Backfill, Configure, Deactivate, Install
from banqup_tui.protocol.problems import ProblemType
from tests.support.dispatching import until
from tests.support.services import HAGELAND, PARVIS, SPACE, add_client, add_document, ask, services_in


@pytest.fixture
def services(tmp_path: Path) -> Iterator[Services]:
    made = services_in(tmp_path)
    with made.database.engine.begin() as connection:
        member = {"space_id": SPACE, "user_id": LOCAL_USER, "role": str(Role.ADMINISTRATOR)}
        connection.execute(insert(tables.member), member)
    yield made
    made.database.engine.dispose()


def installed(services: Services, path: str) -> str:
    body = Install(installation_id=str(uuid4()), extension_id="local-folder", settings={"path": path})
    return str(ask(services, install, body)["installationId"])


def activated(services: Services, installation: str, client: str = PARVIS, **more: Any) -> dict[str, Any]:
    body = AddIntegration(integration_id=str(uuid4()), client_id=client, installation_id=installation, **more)
    found: dict[str, Any] = ask(services, add_integration, body)
    return found


def run_jobs(services: Services) -> int:
    portions = 0
    while True:
        with services.database.write(SPACE) as transaction:
            if not step(transaction, services):
                return portions
        portions += 1


def rows_of(services: Services, table: Any) -> list[Any]:
    with services.database.read() as connection:
        return list(connection.execute(select(table).order_by(table.c.id)))


def number_of(services: Services, table: Any, *which: Any) -> int:
    with services.database.read() as connection:
        return int(connection.execute(select(func.count()).select_from(table).where(*which)).scalar_one())


def test_older_documents_go_since_a_day_in_the_number_that_was_counted_and_none_twice(
    services: Services, tmp_path: Path
) -> None:
    for number, day in enumerate((date(2025, 12, 31), date(2026, 9, 30), date(2026, 10, 14), date(2026, 10, 15))):
        add_document(services, f"old-{number}", day=day)
    add_document(services, "new", day=date(2026, 11, 2))
    add_document(services, "other", day=date(2026, 11, 2), folder=Folder.OTHER_DOCUMENTS)
    wanted, since = (Folder.PURCHASE_INVOICES,), date(2026, 10, 15)
    counted = backfill_count(services, LOCAL_USER, PARVIS, wanted, since)
    assert counted.count == 2
    made = installed(services, f"{tmp_path}/in")
    backfill = Backfill(up_to=counted.up_to, expected=counted.count, since=since)
    assert activated(services, made, folders=wanted, backfill=backfill)["queued"] == 2
    run_jobs(services)
    assert number_of(services, tables.delivery) == 2


def test_more_since_that_day_than_was_confirmed_activates_nothing(services: Services, tmp_path: Path) -> None:
    add_document(services, "1", day=date(2026, 10, 15))
    add_document(services, "2", day=date(2026, 10, 16))
    counted = backfill_count(services, LOCAL_USER, PARVIS, None, date(2026, 10, 16))
    backfill = Backfill(up_to=counted.up_to, expected=counted.count, since=date(2026, 10, 15))
    with pytest.raises(CommandRefused, match=r"documents-changed \(count: 2, expected: 1\)"):
        activated(services, installed(services, f"{tmp_path}/in"), backfill=backfill)
    assert number_of(services, tables.integration) == 0


async def test_deactivating_takes_it_from_every_client_and_added_again_it_knows_what_it_has(
    services: Services, tmp_path: Path
) -> None:
    made = installed(services, f"{tmp_path}/in/[number]/")
    for client in (PARVIS, HAGELAND):
        activated(services, made, client)
        add_document(services, f"of-{client[:4]}", client_id=client)
    await until(services, "DELIVERED", "DELIVERED")
    with pytest.raises(CommandRefused, match=r"extension.count-changed \(count: 2, expected: 1\)") as caught:
        ask(services, deactivate, Deactivate(installation_id=made, expected=1))
    assert caught.value.problem.type == ProblemType.COUNT_CHANGED
    answer = ask(services, deactivate, Deactivate(installation_id=made, expected=2))
    assert (answer["removed"], answer["cancelled"]) == (2, 0)
    assert {row.state for row in rows_of(services, tables.integration)} == {"REMOVED"}
    assert number_of(services, tables.installation) == 1
    counted = backfill_count(services, LOCAL_USER, PARVIS, None)
    again = activated(services, made, backfill=Backfill(up_to=counted.up_to, expected=counted.count))
    assert (again["new"], again["queued"]) == (False, 0)


async def test_what_is_queued_goes_with_the_new_settings_of_the_firm(services: Services, tmp_path: Path) -> None:
    made = installed(services, f"{tmp_path}/old/[number]/")
    integration = activated(services, made)["integrationId"]
    add_document(services, "2026-1")
    with services.database.write(SPACE) as transaction:
        plan(transaction)
    assert number_of(services, tables.delivery, tables.delivery.c.state == "QUEUED") == 1
    ask(services, configure, Configure(installation_id=made, settings={"path": f"{tmp_path}/new/[number]/"}))
    (delivery,) = await until(services, "DELIVERED")
    assert delivery.receipt == f"{tmp_path}/new/2026-1/2026-1.xml"
    (attempt,) = [row for row in _attempts(services) if row.delivery_id == delivery.id]
    used = next(row for row in rows_of(services, tables.integration) if row.id == integration)
    assert attempt.settings_version == used.settings_version == 2


def _attempts(services: Services) -> list[Any]:
    with services.database.read() as connection:
        return list(connection.execute(select(tables.attempt)))


def test_new_settings_of_the_firm_reach_many_clients_in_portions(
    services: Services, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(settings_rollout, "AT_ONCE", 3)
    made = installed(services, f"{tmp_path}/old")
    with services.database.write(SPACE) as transaction:
        for number in range(8):
            add_client(transaction, f"c-{number}", f"C{number}", f"Client {number}")
    for number in range(8):
        own = {"path": f"{tmp_path}/own"} if number == 5 else {}
        activated(services, made, f"c-{number}", settings=own)
    ask(services, configure, Configure(installation_id=made, settings={"path": f"{tmp_path}/new"}))
    assert len([row for row in rows_of(services, tables.integration) if row.settings_version == 2]) <= 3
    ask(services, configure, Configure(installation_id=made, settings={"path": f"{tmp_path}/newest"}))
    assert run_jobs(services) >= 2
    by_client = {row.client_id: row for row in rows_of(services, tables.integration)}
    assert by_client["c-5"].settings_version == 1
    assert {row.destination for client, row in by_client.items() if client != "c-5"} == {f"file:{tmp_path}/newest"}
