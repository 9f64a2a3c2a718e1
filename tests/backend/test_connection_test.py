import asyncio
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any
from uuid import uuid4

import pytest

from banqup_tui.backend.dispatch import connection_test
from banqup_tui.backend.dispatch.connection_test import test as try_connection
from banqup_tui.backend.integrations.activation import add_integration
from banqup_tui.backend.integrations.installations import install
from banqup_tui.backend.integrations.registry import Extensions
from banqup_tui.backend.services import Services
from banqup_tui.protocol.commands import AddIntegration, Install
from banqup_tui.protocol.messages import TestRequest, TestResult
from tests.support.connectors import point
from tests.support.deadlines import Deadlines
from tests.support.messages import sentence
from tests.support.services import HAGELAND, PARVIS, add_document, ask, services_in
from tests.support.waiting import until


@pytest.fixture
async def services(tmp_path: Path) -> AsyncIterator[Services]:
    points = [
        point("local-folder", "banqup_tui.connectors.local_folder:LocalFolder"),
        point("mailbox", "tests.support.connectors:Mailbox"),
        point("raising", "tests.support.connectors:Raising"),
    ]
    made = services_in(tmp_path, Extensions(points))
    yield made
    await asyncio.to_thread(made.extensions.close)
    made.database.engine.dispose()


async def tried(services: Services, extension: str, **request: Any) -> TestResult:
    return await try_connection(services, TestRequest(extension_id=extension, **request))


def installed(services: Services, extension: str, **settings: Any) -> str:
    body = Install(installation_id=str(uuid4()), extension_id=extension, settings=settings)
    return str(ask(services, install, body)["installationId"])


async def test_the_form_shows_where_the_newest_document_of_the_client_would_go(
    services: Services, tmp_path: Path
) -> None:
    add_document(services, "2026-1")
    add_document(services, "2026-11874")
    add_document(services, "other", client_id=HAGELAND)
    path = f"{tmp_path}/in/[external_id]/[folder]/[year]"
    result = await tried(services, "local-folder", client_id=PARVIS, settings={"path": path})
    assert result.ok
    assert result.preview == f"{tmp_path}/in/PARVIS/purchases/2026/2026-11874.xml"
    assert (tmp_path / "in/PARVIS/purchases/2026").is_dir()


async def test_without_documents_there_is_nothing_to_show_but_it_is_tried(services: Services, tmp_path: Path) -> None:
    result = await tried(services, "local-folder", settings={"path": f"{tmp_path}/in/[folder]"})
    assert result.ok
    assert result.preview is None


async def test_every_problem_of_the_settings_is_said(services: Services) -> None:
    result = await tried(services, "mailbox", settings={"port": "many", "hots": "x"})
    assert [(step.ok, sentence(step)) for step in result.steps] == [
        (False, "Port: a number from 1 to 65535 is needed."),
        (False, "There is no setting hots; did you mean host?"),
        (False, "Host is missing."),
        (False, "Address is missing."),
    ]


async def test_secrets_that_are_kept_need_not_be_typed_again(services: Services) -> None:
    installation = installed(services, "mailbox", host="mail.example", password="geheim")
    at_firm = await tried(services, "mailbox", settings={"address": "a@b.example"})
    assert at_firm.ok
    at_client = await tried(
        services, "mailbox", installation_id=installation, client_id=PARVIS, settings={"address": "a@b.example"}
    )
    assert at_client.ok
    body = AddIntegration(
        integration_id=str(uuid4()),
        client_id=PARVIS,
        installation_id=installation,
        settings={"address": "a@b.example", "password": "own"},
    )
    integration = ask(services, add_integration, body)["integrationId"]
    assert not (await tried(services, "mailbox", integration_id=integration)).ok
    cleared = await tried(services, "mailbox", integration_id=integration, settings={"password": None})
    assert cleared.ok


async def test_what_was_tried_is_a_message_in_every_language_that_the_extension_has(services: Services) -> None:
    settings = {"host": "h", "address": "a", "password": "geheim"}
    (step,) = (await tried(services, "mailbox", settings=settings)).steps
    assert [sentence(step, language) for language in ("en", "fr", "nl")] == ["Signed in.", "Connecté.", "Signed in."]


async def test_an_extension_that_fails_says_so_without_its_insides(services: Services) -> None:
    result = await tried(services, "raising")
    assert not result.ok
    assert result.steps[0].message.code == "connection.test-failed"
    assert "secret" not in str(result)


async def test_an_extension_that_is_not_there_says_so(services: Services) -> None:
    result = await tried(services, "none")
    assert sentence(result.steps[0]) == "There is no extension none in the Store."


async def test_a_receiver_that_never_answers_is_given_up(services: Services, monkeypatch: pytest.MonkeyPatch) -> None:
    deadlines = Deadlines(monkeypatch, connection_test)
    running = asyncio.create_task(tried(services, "raising", settings={"sleep": 3600}))
    await until(lambda: deadlines.is_set(connection_test.SECONDS))
    deadlines.pass_(connection_test.SECONDS)
    result = await running
    assert result.steps[0].message.code == "connection.too-slow"
