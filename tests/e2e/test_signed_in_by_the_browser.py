"""A firm whose mail provider lets no password in: signed in by the browser, and documents are mailed with tokens.

The provider gives each refresh token once, and takes everything back if one is shown twice.
"""

import asyncio
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from banqup_tui.protocol.commands import AddIntegration, Configure, Install
from tests.support.backends import http
from tests.support.local_setup import LocalSetup, id_of, invoices, is_alive, setup_in, until
from tests.support.mail import MailboxWithTokens, MailServer, mail_server
from tests.support.provider import Provider, provider
from tests.support.signing_in import Form, settings_of


@pytest.fixture(scope="module")
def firm() -> Iterator[Provider]:
    """Its access tokens are renewed each time they are needed."""
    with provider(expires_in=0) as running:
        yield running


def sign_in(setup: LocalSetup, firm: Provider, settings: dict[str, Any]) -> str:
    endpoint = setup.backend()
    with http(endpoint) as client:
        return Form(client, endpoint.space_id, firm).sign_in(settings)


def activate(setup: LocalSetup, firm: Provider, server: MailServer) -> str:
    settings = settings_of(firm, server, address="dossier@boeken.example")
    settings["sign_in"] = sign_in(setup, firm, settings)
    client = setup.add_client()
    setup.do(
        Install(installation_id=id_of("installation", "email"), extension_id="email", settings=settings),
        AddIntegration(
            integration_id=id_of("integration", client),
            client_id=client,
            installation_id=id_of("installation", "email"),
        ),
    )
    return client


def subjects(server: MailServer) -> list[str]:
    return sorted(str(message["Subject"]) for message in server.box.messages())


async def wait(setup: LocalSetup, states: dict[str, int]) -> None:
    await asyncio.to_thread(until, lambda: setup.delivery_states() == states, what=str(states))


@pytest.mark.parametrize("point", ["token.stored", "token.used"])
async def test_killed_when_its_token_was_renewed_a_document_is_mailed_once_and_nobody_signs_in_again(
    tmp_path: Path, firm: Provider, point: str
) -> None:
    with setup_in(tmp_path / "office") as setup:
        async with mail_server(box=MailboxWithTokens(firm.user_of)) as server:
            client = await asyncio.to_thread(activate, setup, firm, server)
            setup.kill_backend()
            before = firm.renewals()
            first = await asyncio.to_thread(lambda: setup.start_backend(BANQUP_KILL_AT=point).pid)
            await asyncio.to_thread(setup.add_documents, client, invoices(1))
            await asyncio.to_thread(until, lambda: setup.backend_pid() is None or not running(setup, first))
            assert firm.renewals() == before + 1
            await asyncio.to_thread(setup.start_backend)
            await wait(setup, {"DELIVERED": 1})
            assert len(server.box.messages()) == 1
            assert firm.renewals() == before + 2
            assert "Bearer" not in setup.all_lines()


async def test_taken_back_at_the_provider_the_documents_wait_with_a_reason_and_leave_once_signed_in_again(
    tmp_path: Path, firm: Provider
) -> None:
    with setup_in(tmp_path / "office") as setup:
        async with mail_server(box=MailboxWithTokens(firm.user_of)) as server:
            client = await asyncio.to_thread(activate, setup, firm, server)
            firm.forget()
            await asyncio.to_thread(setup.add_documents, client, invoices(2))
            await wait(setup, {"FAILED": 2})
            (integration,) = await asyncio.to_thread(setup.integrations)
            assert integration["state"] == "BROKEN"
            assert integration["trouble"] == "SIGN_IN"
            assert "did not accept the sign-in" in integration["cause"]["message"]
            assert "Sign in again" in integration["cause"]["remedy"]
            again = await asyncio.to_thread(sign_in, setup, firm, settings_of(firm, server))
            body = Configure(installation_id=id_of("installation", "email"), settings={"sign_in": again})
            await asyncio.to_thread(setup.do, body)
            await wait(setup, {"DELIVERED": 2})
            assert len(server.box.messages()) == 2


def running(setup: LocalSetup, pid: int) -> bool:
    return setup.backend_pid() == pid and is_alive(pid)
