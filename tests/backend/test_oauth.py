"""Signing in at a provider from a form: what comes of each way back, and what settings may name."""

import asyncio
import socket
from collections.abc import AsyncIterator, Iterator
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

import httpx
import pytest
from sqlalchemy import select, update

from banqup_tui.backend.db import tables
from banqup_tui.backend.db.tables import utc_now
from banqup_tui.backend.db.vault import of_sign_in
from banqup_tui.backend.integrations.oauth import callback_server, repository
from banqup_tui.backend.integrations.oauth.access_tokens import StoredTokens, provide
from banqup_tui.backend.integrations.registry import Extensions
from banqup_tui.backend.runtime.pruning import prune
from banqup_tui.connectors.interface import Authorization
from banqup_tui.connectors.mail.sign_in import authorization_of
from banqup_tui.domain.secret import revealed
from banqup_tui.protocol.commands import AddIntegration, Configure, Install, RemoveIntegration
from tests.support.connectors import entry_of
from tests.support.provider import LASTS, SECRET, SECRET_APPLICATION, USER, Provider, provider
from tests.support.services import PARVIS
from tests.support.serving import ServedApp, serving, space_in
from tests.support.signing_in import asked, settings_of
from tests.support.waiting import until

INSTALLATION, INTEGRATION = "55555555-5555-4555-8555-555555555555", "66666666-6666-4666-8666-666666666666"


@pytest.fixture(scope="module")
def firm() -> Iterator[Provider]:
    with provider() as running:
        yield running


@pytest.fixture
async def served(tmp_path: Path) -> AsyncIterator[ServedApp]:
    async with serving(space_in(tmp_path)) as made:
        yield made


async def begin(served: ServedApp, settings: dict[str, Any]) -> dict[str, Any]:
    answer = await served.http.post(served.base + "/sign-ins", json=asked(settings))
    assert answer.status_code == 200, answer.text
    return dict(answer.json())


async def look(served: ServedApp, sign_in_id: str) -> dict[str, Any]:
    return dict((await served.get(f"/sign-ins/{sign_in_id}")).json())


async def bring(served: ServedApp, sign_in_id: str, address: str) -> httpx.Response:
    return await served.http.put(f"{served.base}/sign-ins/{sign_in_id}", json={"address": address})


async def browser(address: str) -> httpx.Response:
    """Without any token: it is not the terminal."""
    async with httpx.AsyncClient(trust_env=False, verify=False) as client:
        return await client.get(address)


async def test_the_browser_comes_back_by_itself_and_the_form_sees_it(served: ServedApp, firm: Provider) -> None:
    begun = await begin(served, settings_of(firm))
    assert begun["state"] == "WAITING"
    assert begun["url"].startswith(f"{firm.url}/o/authorize/?")
    came = await browser(firm.sign_in(begun["url"]))
    assert "You are signed in" in came.text
    assert (await look(served, begun["id"]))["state"] == "SIGNED_IN"


async def test_over_ssh_the_address_is_copied_from_the_browser(served: ServedApp, firm: Provider) -> None:
    begun = await begin(served, settings_of(firm))
    brought = await bring(served, begun["id"], f"  {firm.sign_in(begun['url'])}\n")
    assert brought.json()["state"] == "SIGNED_IN"


async def test_an_application_with_a_secret_shows_it(served: ServedApp, firm: Provider) -> None:
    settings = settings_of(firm, client_id=SECRET_APPLICATION, client_secret=SECRET)
    begun = await begin(served, settings)
    assert (await bring(served, begun["id"], firm.sign_in(begun["url"]))).json()["state"] == "SIGNED_IN"
    wrong = await begin(served, settings | {"client_secret": "verkeerd"})
    refused = (await bring(served, wrong["id"], firm.sign_in(wrong["url"]))).json()
    assert refused["state"] == "REFUSED"
    assert refused["reason"]["code"] == "sign-in.application-refused"
    assert refused["reason"]["quote"]


async def test_what_the_user_refuses_there_is_told(served: ServedApp, firm: Provider) -> None:
    begun = await begin(served, settings_of(firm))
    await browser(firm.sign_in(begun["url"] + "&deny=1"))
    refused = await look(served, begun["id"])
    assert refused["state"] == "REFUSED"
    assert refused["reason"]["code"] == "sign-in.refused"
    assert set(refused["reason"]["params"]) == {"provider"}


async def test_a_wrong_address_is_refused_and_the_right_one_still_taken(served: ServedApp, firm: Provider) -> None:
    begun, other = await begin(served, settings_of(firm)), await begin(served, settings_of(firm))
    for wrong in ("", "https://kantoor.example/", firm.sign_in(other["url"])):
        answer = await bring(served, begun["id"], wrong)
        assert answer.status_code == 400
        assert answer.json()["field"] == "address"
        assert begun["returnsTo"] in answer.json()["remedy"]
    assert (await bring(served, begun["id"], firm.sign_in(begun["url"]))).json()["state"] == "SIGNED_IN"


async def test_a_stranger_cannot_end_somebody_elses_sign_in(served: ServedApp, firm: Provider) -> None:
    begun = await begin(served, settings_of(firm))
    came = await browser(f"{begun['returnsTo']}/?code=stolen&state=guessed")
    assert came.status_code == 404
    assert (await look(served, begun["id"]))["state"] == "WAITING"


async def test_coming_back_twice_uses_the_code_once(served: ServedApp, firm: Provider) -> None:
    begun = await begin(served, settings_of(firm))
    address = firm.sign_in(begun["url"])
    await browser(address)
    assert "You are signed in" in (await browser(address)).text
    assert (await bring(served, begun["id"], address)).json()["state"] == "SIGNED_IN"


async def test_the_page_of_the_browser_shows_a_providers_words_as_text(served: ServedApp, firm: Provider) -> None:
    begun = await begin(served, settings_of(firm))
    state = dict(httpx.URL(begun["url"]).params)["state"]
    words = "%3Cscript%3Ealert(1)%3C/script%3E"
    came = await browser(f"{begun['returnsTo']}/?error=server_error&error_description={words}&state={state}")
    assert "<script>" not in came.text
    assert came.headers["content-security-policy"].startswith("default-src 'none';")


async def test_a_setting_that_is_missing_is_named(served: ServedApp, firm: Provider) -> None:
    settings = settings_of(firm)
    del settings["client_id"]
    answer = await served.http.post(served.base + "/sign-ins", json=asked(settings))
    assert answer.status_code == 422
    assert answer.json()["field"] == "client_id"
    assert answer.json()["remedy"] == "Fill in Application ID."


async def test_microsoft_and_google_need_the_application_only(served: ServedApp) -> None:
    entered = {"host": "smtp.example", "sender": "a@b.example", "client_id": "some-id"}
    microsoft = await begin(served, {**entered, "sign_in_by": "microsoft"})
    assert microsoft["provider"] == "login.microsoftonline.com"
    assert dict(httpx.URL(microsoft["url"]).params)["scope"] == "https://outlook.office.com/SMTP.Send offline_access"
    google = await begin(served, {**entered, "sign_in_by": "google"})
    assert google["provider"] == "accounts.google.com"
    assert dict(httpx.URL(google["url"]).params)["access_type"] == "offline"


async def test_settings_cannot_name_a_sign_in_that_was_not_made_here(served: ServedApp, firm: Provider) -> None:
    waiting = await begin(served, settings_of(firm))
    for made_up in ("66666666-6666-4666-8666-666666666666", waiting["id"]):
        settings = settings_of(firm, sign_in=made_up)
        done = await served.command(Install(installation_id=INSTALLATION, extension_id="email", settings=settings))
        assert done["status"] == "REFUSED"
        assert done["problem"]["field"] == "sign_in"


async def test_no_token_is_readable_where_the_service_keeps_it(
    served: ServedApp, firm: Provider, tmp_path: Path
) -> None:
    begun = await begin(served, settings_of(firm))
    await browser(firm.sign_in(begun["url"]))
    with served.services.database.read() as connection:
        sealed = connection.execute(select(tables.sign_in.c.sealed)).scalar_one()
    content = str(revealed(served.services.vault.open(of_sign_in(begun["id"]), sealed)["content"]))
    refresh_token = content.split('"refreshToken":"')[1].split('"')[0]
    served.services.database.engine.dispose()
    assert refresh_token.encode() not in _all_bytes(tmp_path)


def _all_bytes(directory: Path) -> bytes:
    return b"".join(path.read_bytes() for path in directory.rglob("*") if path.is_file())


async def test_sign_ins_that_settings_name_are_kept_and_the_others_forgotten(served: ServedApp, firm: Provider) -> None:
    used, unused, of_client, waiting = [await begin(served, settings_of(firm)) for _ in range(4)]
    for one in (used, unused, of_client):
        await browser(firm.sign_in(one["url"]))
    firms = settings_of(firm, sign_in=used["id"], address="dossier@boeken.example")
    await served.command(Install(installation_id=INSTALLATION, extension_id="email", settings=firms))
    own = {"sign_in": of_client["id"]}
    added = await served.command(
        AddIntegration(integration_id=INTEGRATION, client_id=PARVIS, installation_id=INSTALLATION, settings=own)
    )
    assert added["status"] == "DONE", added
    with served.services.database.engine.begin() as connection:
        connection.execute(update(tables.sign_in).values(used_at=utc_now() - timedelta(days=31)))
    prune(served.services)
    assert {one["id"] for one in (used, of_client)} == _stored(served)
    assert waiting["id"] not in _stored(served)
    await served.command(RemoveIntegration(integration_id=INTEGRATION))
    prune(served.services)
    assert _stored(served) == {used["id"]}


def _stored(served: ServedApp) -> set[str]:
    with served.services.database.read() as connection:
        return set(connection.execute(select(tables.sign_in.c.id)).scalars())


async def test_an_integration_knows_when_its_sign_in_ends_and_learns_it_when_tokens_are_renewed(
    served: ServedApp, firm: Provider
) -> None:
    begun = await begin(served, settings_of(firm))
    await browser(firm.sign_in(begun["url"]))
    settings = settings_of(firm, sign_in=begun["id"], address="dossier@boeken.example")
    await served.command(Install(installation_id=INSTALLATION, extension_id="email", settings=settings))
    await served.command(AddIntegration(integration_id=INTEGRATION, client_id=PARVIS, installation_id=INSTALLATION))
    first = await ends(served)
    assert timedelta(days=59) < first - utc_now() <= LASTS
    tokens, authorization = StoredTokens(served.services), authorization_of(settings)
    assert isinstance(authorization, Authorization)
    old = await tokens.access_token(begun["id"], authorization)
    new = await tokens.access_token(begun["id"], authorization, refused=old)
    assert new != old
    assert await ends(served) > first


async def ends(served: ServedApp) -> datetime:
    """As a terminal is told."""
    (integration,) = (await served.snapshot())["integrations"]
    return datetime.fromisoformat(integration["signInUntil"])


async def test_ten_that_need_a_new_token_at_once_renew_it_once(served: ServedApp, firm: Provider) -> None:
    begun = await begin(served, settings_of(firm))
    await browser(firm.sign_in(begun["url"]))
    authorization = authorization_of(settings_of(firm))
    assert isinstance(authorization, Authorization)
    old = await StoredTokens(served.services).access_token(begun["id"], authorization)
    before = firm.renewals()
    asked = [StoredTokens(served.services).access_token(begun["id"], authorization, refused=old) for _ in range(10)]
    assert len(set(await asyncio.gather(*asked))) == 1
    assert firm.renewals() == before + 1


async def test_a_connector_of_another_package_is_given_tokens_too(served: ServedApp, firm: Provider) -> None:
    begun = await begin(served, settings_of(firm))
    await browser(firm.sign_in(begun["url"]))
    extensions = Extensions([entry_of("their-package", "signed-mailbox", "tests.support.connectors:SignedMailbox")])
    extensions.allow("signed-mailbox", "their-package")
    connector = await asyncio.to_thread(extensions.connector, "signed-mailbox")
    assert connector is not None
    settings = settings_of(firm, sign_in=begun["id"])
    provide(served.services)
    (step,) = await connector.test(settings, None)
    assert firm.user_of(str(step.message.params["text"])) == USER
    registration = await asyncio.to_thread(connector.definition.authorization, settings)
    assert registration == authorization_of(settings)
    await asyncio.to_thread(extensions.close)


async def test_signing_in_again_replaces_the_sign_in_of_every_client(served: ServedApp, firm: Provider) -> None:
    first, second = [await begin(served, settings_of(firm)) for _ in range(2)]
    for one in (first, second):
        await browser(firm.sign_in(one["url"]))
    settings = settings_of(firm, sign_in=first["id"], address="dossier@boeken.example")
    await served.command(Install(installation_id=INSTALLATION, extension_id="email", settings=settings))
    body = AddIntegration(integration_id=INTEGRATION, client_id=PARVIS, installation_id=INSTALLATION)
    await served.command(body)
    await served.command(Configure(installation_id=INSTALLATION, settings={"sign_in": second["id"]}))
    with served.services.database.read() as connection:
        assert connection.execute(select(tables.integration.c.sign_in_id)).scalar_one() == second["id"]


async def test_the_way_back_is_there_only_while_a_sign_in_is_open(
    served: ServedApp, firm: Provider, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(callback_server, "SECONDS_AFTER_IT", 0.1)
    begun = await begin(served, settings_of(firm))
    port = httpx.URL(begun["returnsTo"]).port
    assert port != served.http.base_url.port
    assert (await browser(firm.sign_in(begun["url"]))).status_code == 200
    await until(lambda: not _listens(port))
    again = await begin(served, settings_of(firm))
    assert "You are signed in" in (await browser(firm.sign_in(again["url"]))).text


def _listens(port: int | None) -> bool:
    assert port is not None
    with socket.socket() as made:
        return made.connect_ex(("127.0.0.1", port)) == 0


@pytest.mark.parametrize(
    ("head", "status"),
    [
        ("GET /?state=x HTTP/1.1\r\nHost: evil.example\r\n", 404),
        ("GET /?state={state} HTTP/1.1\r\nHost: evil.example:{port}\r\n", 404),
        ("GET /?state={state} HTTP/1.1\r\nHost: evil.example:{port}\r\nHost: localhost:{port}\r\n", 404),
        ("GET /?state={state} HTTP/1.1\r\nHost: localhost\r\n", 404),
        ("GET /?state={state} HTTP/1.1\r\n", 404),
        ("GET /v1/spaces HTTP/1.1\r\nHost: localhost:{port}\r\n", 404),
        ("POST / HTTP/1.1\r\nHost: localhost:{port}\r\n", 404),
        ("nonsense\r\n", 404),
    ],
)
async def test_only_one_page_is_on_the_way_back(served: ServedApp, firm: Provider, head: str, status: int) -> None:
    begun = await begin(served, settings_of(firm))
    port = httpx.URL(begun["returnsTo"]).port
    reader, writer = await asyncio.open_connection("127.0.0.1", port)
    state = httpx.URL(begun["url"]).params["state"]
    writer.write((head.format(port=port, state=state) + "\r\n").encode())
    answer = httpx_answer(await reader.read())
    assert answer.status_code == status
    assert_tells_nobody(answer)
    writer.close()
    assert (await look(served, begun["id"]))["state"] == "WAITING"


def httpx_answer(content: bytes) -> httpx.Response:
    head, _, body = content.partition(b"\r\n\r\n")
    first, *lines = head.decode("latin-1").split("\r\n")
    headers = [(name, value.strip()) for name, _, value in (line.partition(":") for line in lines)]
    return httpx.Response(int(first.split()[1]), headers=headers, content=body)


def assert_tells_nobody(answer: httpx.Response) -> None:
    """The page's address has the code in it, and its text may be the provider's."""
    assert answer.headers["Cache-Control"] == "no-store"
    assert answer.headers["Referrer-Policy"] == "no-referrer"
    assert answer.headers["X-Content-Type-Options"] == "nosniff"
    assert answer.headers["Content-Type"] == "text/html; charset=utf-8"
    policy = {part.strip() for part in answer.headers["Content-Security-Policy"].split(";")}
    assert policy == {"default-src 'none'", "base-uri 'none'", "form-action 'none'", "frame-ancestors 'none'"}
    assert answer.headers["Connection"] == "close"
    assert not {"set-cookie", "server", "access-control-allow-origin", "location"} & set(answer.headers)


@pytest.mark.parametrize("way", ["signed in", "refused", "unknown", "mistake"])
async def test_no_page_on_the_way_back_is_kept_framed_or_told_to_another(
    served: ServedApp, firm: Provider, monkeypatch: pytest.MonkeyPatch, way: str
) -> None:
    begun = await begin(served, settings_of(firm))
    status = {"unknown": 404, "mistake": 500}.get(way, 200)
    address = begun["returnsTo"] + "/?state=unknown&code=x"
    if way == "signed in":
        address = firm.sign_in(begun["url"])
    elif way == "refused":
        state = httpx.URL(begun["url"]).params["state"]
        address = f"{begun['returnsTo']}/?error=access_denied&error_description=%3Cscript%3E&state={state}"
    elif way == "mistake":

        def broken(*_: object) -> None:
            raise RuntimeError("no such table")

        monkeypatch.setattr(repository, "by_state", broken)
    answer = await browser(address)
    assert answer.status_code == status
    assert "<script" not in answer.text
    assert_tells_nobody(answer)


async def test_silent_connections_do_not_keep_the_browser_out(served: ServedApp, firm: Provider) -> None:
    begun = await begin(served, settings_of(firm))
    port = httpx.URL(begun["returnsTo"]).port
    open_ones = [await asyncio.open_connection("127.0.0.1", port) for _ in range(40)]
    assert "You are signed in" in (await browser(firm.sign_in(begun["url"]))).text
    for _, writer in open_ones:
        writer.close()
