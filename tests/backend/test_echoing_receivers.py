"""A receiver that repeats what it was sent has no secret written into the ledger, the log, or an answer."""

import asyncio
import io
import logging
from collections.abc import AsyncIterator, Iterator
from pathlib import Path
from uuid import uuid4

import pytest

from banqup_tui.backend.dispatch import connection_test
from banqup_tui.backend.integrations.activation import add_integration
from banqup_tui.backend.integrations.installations import install
from banqup_tui.backend.integrations.registry import Extensions
from banqup_tui.backend.redaction import RedactingFormatter
from banqup_tui.backend.services import Services
from banqup_tui.domain.secret import MASK
from banqup_tui.presentation.messages import sentence_of
from banqup_tui.protocol.commands import AddIntegration, Install
from banqup_tui.protocol.messages import TestRequest
from tests.support.connectors import point
from tests.support.dispatching import until
from tests.support.services import PARVIS, add_document, ask, services_in

pytestmark = pytest.mark.usefixtures("forked_hosts")

PASSWORD = "Sekret-8c14d2a7f0b3"


@pytest.fixture
async def services(tmp_path: Path) -> AsyncIterator[Services]:
    made = services_in(tmp_path, Extensions([point("echo", "tests.support.connectors:Echo")]))
    yield made
    await asyncio.to_thread(made.extensions.close)
    made.database.engine.dispose()


def activated(services: Services, outcome: str) -> str:
    values = {"host": "mail.example", "password": PASSWORD, "user": outcome, "address": "in@mail.example"}
    wanted = Install(installation_id=str(uuid4()), extension_id="echo", settings=values)
    installation = str(ask(services, install, wanted)["installationId"])
    ask(
        services,
        add_integration,
        AddIntegration(integration_id=str(uuid4()), client_id=PARVIS, installation_id=installation),
    )
    return installation


def written_in(directory: Path) -> bool:
    return any(PASSWORD.encode() in path.read_bytes() for path in directory.glob("backend.db*"))


@pytest.mark.parametrize(
    ("outcome", "state"), [("Receipt", "DELIVERED"), ("NotSent", "FAILED"), ("Rejected", "FAILED")]
)
async def test_no_outcome_of_an_attempt_is_written_with_a_secret(
    services: Services, tmp_path: Path, outcome: str, state: str
) -> None:
    activated(services, outcome)
    add_document(services, "2026-1")
    (delivery,) = await until(services, state)
    assert MASK in (delivery.receipt or sentence_of(delivery.reason))
    services.database.engine.dispose()
    assert not written_in(tmp_path)


@pytest.fixture
def written() -> Iterator[io.StringIO]:
    """The log as it is written."""
    stream = io.StringIO()
    handler = logging.StreamHandler(stream)
    handler.setFormatter(RedactingFormatter())
    logging.getLogger().addHandler(handler)
    yield stream
    logging.getLogger().removeHandler(handler)


async def test_what_a_connector_raises_is_logged_without_the_secret(services: Services, written: io.StringIO) -> None:
    activated(services, "Error")
    add_document(services, "2026-1")
    await until(services, "UNKNOWN")
    assert "the connector echo failed" in written.getvalue()
    assert "RuntimeError: You are •••" in written.getvalue()
    assert PASSWORD not in written.getvalue()


async def test_a_test_of_the_connection_shows_no_secret(services: Services) -> None:
    installation = activated(services, "Receipt")
    add_document(services, "2026-1")
    asked = TestRequest(extension_id="echo", installation_id=installation, client_id=PARVIS)
    answer = await connection_test.test(services, asked)
    assert PASSWORD not in repr(answer)
    assert MASK in repr(answer)
    assert answer.preview == f"mail.example/{MASK}"
