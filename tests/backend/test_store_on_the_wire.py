"""The Store as a terminal sees it: what is offered, what is installed, what a client has, and never a secret."""

import asyncio
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any
from uuid import uuid4

import pytest

from banqup_tui.backend.services import Services
from banqup_tui.protocol.commands import AddIntegration, Configure, ConfigureIntegration, Install, RemoveIntegration
from tests.support.services import PARVIS, add_document
from tests.support.serving import BASE, ServedApp, serving, space_in

pytestmark = pytest.mark.usefixtures("forked_hosts")

SECRET = "geheim-4711"
FIRM = {"host": "sftp.example", "user": "cabinet", "password": SECRET, "path": "/in/[external_id]"}


@pytest.fixture
async def services(tmp_path: Path) -> AsyncIterator[Services]:
    made = space_in(tmp_path)
    yield made
    # The loop waits for the connection to the host to be closed: a minute, until the host is idle.
    await asyncio.to_thread(made.extensions.close)


async def activated(served: ServedApp, **settings: Any) -> tuple[str, str]:
    installation, integration = str(uuid4()), str(uuid4())
    install = Install(installation_id=installation, extension_id="sftp", settings=FIRM)
    assert (await served.command(install))["status"] == "DONE"
    add = AddIntegration(integration_id=integration, client_id=PARVIS, installation_id=installation, settings=settings)
    answer = await served.command(add)
    assert answer["status"] == "DONE", answer
    return installation, integration


async def test_the_store_is_in_the_beginning_of_every_copy(services: Services) -> None:
    async with serving(services) as served:
        offered = {extension["id"]: extension for extension in (await served.snapshot())["extensions"]}
    assert {"local-folder", "sftp"} <= set(offered)
    assert offered["sftp"]["settingsSchema"]["properties"]["password"]["writeOnly"]


async def test_a_terminal_sees_both_levels_of_settings_and_which_secrets_are_kept(services: Services) -> None:
    async with serving(services) as served:
        await activated(served, path="/in/[folder]", passphrase="own-" + SECRET)
        snapshot = await served.snapshot()
    (installed,), (integration,) = snapshot["installations"], snapshot["integrations"]
    assert installed["settings"] == {"host": "sftp.example", "user": "cabinet", "path": "/in/[external_id]"}
    assert installed["secrets"] == ["password"]
    assert integration["settings"] == {"path": "/in/[folder]"}
    assert integration["secrets"] == ["passphrase"]
    assert integration["effective"] == {"host": "sftp.example", "user": "cabinet", "path": "/in/[folder]"}
    assert integration["label"] == "SFTP"


async def test_a_secret_never_comes_back_whatever_is_asked(services: Services) -> None:
    async with serving(services) as served:
        cursor = (await served.snapshot())["cursor"]
        installation, integration = await activated(served, private_key="own-" + SECRET)
        bodies = [
            Configure(installation_id=installation, settings={"password": SECRET + "2", "port": SECRET}),
            ConfigureIntegration(integration_id=integration, settings={"private_key": [SECRET]}),
        ]
        printed = [str(await served.command(body)) for body in bodies]
        printed += [(await served.get(path)).text for path in ("/snapshot", "/extensions")]
        printed.append((await served.get("/changes", cursor=cursor)).text)
        request = {"extensionId": "sftp", "clientId": PARVIS, "settings": {"host": "127.0.0.1", "port": 1}}
        printed.append((await served.http.post(BASE + "/tests", json=request)).text)
    assert SECRET not in "".join(printed)
    assert "a number from 1 to 65535 is needed" in printed[0]


async def test_a_refused_setting_is_named_for_the_form(services: Services) -> None:
    async with serving(services) as served:
        install = Install(installation_id=str(uuid4()), extension_id="sftp", settings={**FIRM, "path": "/[foldr]"})
        answer = await served.command(install)
    assert answer["status"] == "REFUSED"
    assert answer["problem"]["field"] == "path"
    assert answer["problem"]["title"] == "Path: [foldr] is unknown; did you mean [folder]?"
    assert answer["problem"]["remedy"] == "Write [folder]."


async def test_a_form_can_try_a_connection(services: Services, tmp_path: Path) -> None:
    add_document(services, "2026-11874")
    request = {
        "extensionId": "local-folder",
        "clientId": PARVIS,
        "settings": {"path": f"{tmp_path}/in/[external_id]"},
    }
    async with serving(services) as served:
        answer = (await served.http.post(BASE + "/tests", json=request)).json()
    assert [step["ok"] for step in answer["steps"]] == [True, True]
    assert answer["steps"][1]["message"] == {"code": "connection.file-written"}
    assert answer["preview"] == f"{tmp_path}/in/PARVIS/2026-11874.xml"


async def test_an_integration_that_is_added_again_is_the_same_one_to_a_terminal(services: Services) -> None:
    async with serving(services) as served:
        installation, integration = await activated(served)
        await served.command(RemoveIntegration(integration_id=integration))
        add = AddIntegration(integration_id=str(uuid4()), client_id=PARVIS, installation_id=installation)
        answer = await served.command(add)
        (seen,) = (await served.snapshot())["integrations"]
    assert answer["result"] == {"integrationId": integration, "new": False}
    assert (seen["id"], seen["state"]) == (integration, "ACTIVE")
