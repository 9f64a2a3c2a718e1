"""From the Store to the file at the receiver's, with the real ledger and the real connectors."""

import asyncio
import os
import signal
from collections.abc import AsyncIterator, Iterator
from pathlib import Path
from typing import Any
from uuid import uuid4

import pytest
from sqlalchemy import select

from banqup_tui.backend.db import tables
from banqup_tui.backend.integrations.activation import add_integration
from banqup_tui.backend.integrations.installations import configure, install
from banqup_tui.backend.services import Services
from banqup_tui.presentation.messages import sentence_of
from banqup_tui.protocol.commands import AddIntegration, Backfill, Configure, Install
from tests.support.dispatching import deliveries, until
from tests.support.forked_process import ForkedProcess
from tests.support.services import EPOCH, HAGELAND, PARVIS, add_document, ask, services_in
from tests.support.sftp import Server, asyncssh_server

pytestmark = pytest.mark.usefixtures("forked_hosts")


@pytest.fixture
def services(tmp_path: Path) -> Iterator[Services]:
    made = services_in(tmp_path)
    yield made
    made.database.engine.dispose()


def activated(services: Services, extension: str, client: str = PARVIS, **settings: Any) -> tuple[str, str]:
    """Installation and integration."""
    wanted = Install(installation_id=str(uuid4()), extension_id=extension, settings=settings)
    installation = ask(services, install, wanted)["installationId"]
    body = AddIntegration(integration_id=str(uuid4()), client_id=client, installation_id=installation)
    return installation, ask(services, add_integration, body)["integrationId"]


async def test_a_document_that_comes_after_the_activation_is_in_the_folder(services: Services, tmp_path: Path) -> None:
    add_document(services, "before")
    activated(services, "local-folder", path=f"{tmp_path}/in/[external_id]/[folder]")
    add_document(services, "2026-11874")
    add_document(services, "other", client_id=HAGELAND)
    (delivery,) = await until(services, "DELIVERED")
    assert delivery.receipt == f"{tmp_path}/in/PARVIS/purchases/2026-11874.xml"
    assert [seen.name for seen in (tmp_path / "in").rglob("*.xml")] == ["2026-11874.xml"]


async def test_older_documents_go_when_their_number_was_confirmed(services: Services, tmp_path: Path) -> None:
    for number in ("1", "2", "3"):
        add_document(services, number)
    with services.database.read() as connection:
        seq = connection.execute(select(tables.space.c.seq)).scalar_one()
    wanted = Install(
        installation_id=str(uuid4()), extension_id="local-folder", settings={"path": f"{tmp_path}/in/[number]/"}
    )
    installation = ask(services, install, wanted)["installationId"]
    body = AddIntegration(
        integration_id=str(uuid4()),
        client_id=PARVIS,
        installation_id=installation,
        backfill=Backfill(up_to=f"{EPOCH}.{seq}", expected=3),
    )
    assert ask(services, add_integration, body)["queued"] == 3
    await until(services, "DELIVERED", "DELIVERED", "DELIVERED")
    assert len(list((tmp_path / "in").rglob("*.xml"))) == 3


async def test_a_path_that_is_in_the_way_breaks_the_integration_and_a_better_one_mends_it(
    services: Services, tmp_path: Path
) -> None:
    (tmp_path / "taken").write_text("in the way")
    installation, integration = activated(services, "local-folder", path=f"{tmp_path}/taken/in")
    add_document(services, "2026-1")
    await until(services, "FAILED")
    with services.database.read() as connection:
        table = tables.integration
        broken = connection.execute(select(table).where(table.c.id == integration)).one()
    assert broken.state == "BROKEN"
    assert "not a folder" in sentence_of(broken.cause)
    ask(services, configure, Configure(installation_id=installation, settings={"path": f"{tmp_path}/in"}))
    await until(services, "DELIVERED")
    assert (tmp_path / "in/2026-1.xml").is_file()


@pytest.fixture
async def server(tmp_path: Path) -> AsyncIterator[Server]:
    async with asyncssh_server(tmp_path / "server") as made:
        yield made


async def test_documents_arrive_on_an_sftp_server(services: Services, server: Server) -> None:
    values: dict[str, Any] = {"host": "127.0.0.1", "port": server.port, "user": "parvis", "password": "geheim"}
    activated(services, "sftp", path="/[folder]", host_key=server.fingerprint, **values)
    for number in ("1", "2", "3"):
        add_document(services, number)
    await until(services, "DELIVERED", "DELIVERED", "DELIVERED")
    assert server.files() == ["purchases/1.xml", "purchases/2.xml", "purchases/3.xml"]


async def test_a_server_with_another_key_gets_nothing_until_a_person_has_looked(
    services: Services, server: Server
) -> None:
    values: dict[str, Any] = {
        "host": "127.0.0.1",
        "port": server.port,
        "user": "parvis",
        "password": "geheim",
        "path": "/",
    }
    installation, _ = activated(services, "sftp", host_key="SHA256:" + "A" * 43, **values)
    add_document(services, "2026-1")
    (failed,) = await until(services, "FAILED")
    assert server.fingerprint in sentence_of(failed.reason)
    assert server.files() == []
    ask(services, configure, Configure(installation_id=installation, settings={"host_key": server.fingerprint}))
    await until(services, "DELIVERED")
    assert server.files() == ["2026-1.xml"]


SERVICE = """
import asyncio, sys
from pathlib import Path
from tests.support.dispatching import until
from tests.support.services import opened_again

asyncio.run(until(opened_again(Path(sys.argv[1])), "DELIVERED", running="killed"))
"""


@pytest.mark.parametrize(
    "where",
    [
        "claim.committed",
        "send.firstbyte",
        "send.lastbyte",
        "prepare.uploaded",
        "mark.committed",
        "rename.before",
        "rename.after",
        "outcome.committed",
    ],
)
async def test_a_service_killed_anywhere_on_the_way_delivers_exactly_once(
    services: Services, tmp_path: Path, where: str
) -> None:
    activated(services, "local-folder", path=f"{tmp_path}/in")
    add_document(services, "2026-11874")
    process = ForkedProcess(["-c", SERVICE, str(tmp_path)], {**os.environ, "BANQUP_KILL_AT": where})
    assert await asyncio.to_thread(process.wait, 60) == -signal.SIGKILL, process.communicate()
    await until(services, "DELIVERED")
    await asyncio.sleep(0.1)
    assert [seen.name for seen in (tmp_path / "in").iterdir()] == ["2026-11874.xml"]
    assert [row.state for row in deliveries(services)] == ["DELIVERED"]
