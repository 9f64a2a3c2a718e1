"""A stored secret goes to the server, account and token address that it was given for, and nowhere else."""

from collections.abc import Iterator
from pathlib import Path
from typing import Any
from uuid import uuid4

import pytest

from banqup_tui.backend.dispatch import connection_test
from banqup_tui.backend.integrations.activation import add_integration, configure_integration
from banqup_tui.backend.integrations.installations import configure, install
from banqup_tui.backend.integrations.registry import Extensions
from banqup_tui.backend.integrations.secret_binding import bound_to
from banqup_tui.backend.services import CommandRefused, Services
from banqup_tui.presentation.messages import remedy_of
from banqup_tui.protocol.commands import AddIntegration, Configure, ConfigureIntegration, Install
from banqup_tui.protocol.messages import TestRequest
from tests.support.services import HAGELAND, PARVIS, ask, services_in

WEBDAV = {"url": "https://cloud.example/dav", "user": "u", "password": "geheim", "path": "in"}


@pytest.fixture
def services(tmp_path: Path) -> Iterator[Services]:
    made = services_in(tmp_path)
    yield made
    made.database.engine.dispose()


def installed(services: Services, extension: str = "webdav", **settings: Any) -> str:
    wanted = Install(installation_id=str(uuid4()), extension_id=extension, settings=settings or WEBDAV)
    return str(ask(services, install, wanted)["installationId"])


def added(services: Services, installation: str, client: str = PARVIS, **settings: Any) -> str:
    wanted = AddIntegration(
        integration_id=str(uuid4()), client_id=client, installation_id=installation, settings=settings
    )
    return str(ask(services, add_integration, wanted)["integrationId"])


MOVES = {
    "another server": {"url": "https://evil.example/dav"},
    "another port": {"url": "https://cloud.example:8443/"},
    "another account": {"user": "v"},
}


@pytest.mark.parametrize("moved", MOVES.values(), ids=MOVES)
async def test_where_it_moves_the_password_has_to_be_given_again(services: Services, moved: dict[str, str]) -> None:
    installation = installed(services)
    with pytest.raises(CommandRefused) as refused:
        ask(services, configure, Configure(installation_id=installation, settings=moved))
    assert refused.value.problem.field == "password"
    assert remedy_of(refused.value.message) == "Give Password again."
    asked = TestRequest(extension_id="webdav", installation_id=installation, settings=moved, dry=True)
    (step,) = (await connection_test.test(services, asked)).steps
    assert (step.ok, step.field) == (False, "password")
    ask(services, configure, Configure(installation_id=installation, settings={**moved, "password": "neu"}))


def test_another_path_of_the_same_server_keeps_the_password(services: Services) -> None:
    installation = installed(services)
    more = {"url": "https://CLOUD.example/remote.php/dav", "path": "other"}
    ask(services, configure, Configure(installation_id=installation, settings=more))


def test_it_does_not_help_to_take_the_address_away_first(services: Services) -> None:
    installation = installed(services)
    with pytest.raises(CommandRefused):
        ask(services, configure, Configure(installation_id=installation, settings={"url": None}))


def test_a_client_with_an_address_of_its_own_needs_a_password_of_its_own(services: Services) -> None:
    installation = installed(services)
    with pytest.raises(CommandRefused) as refused:
        added(services, installation, url="https://evil.example/")
    assert refused.value.problem.field == "password"
    integration = added(services, installation)
    change = ConfigureIntegration(integration_id=integration, settings={"url": "https://evil.example/"})
    with pytest.raises(CommandRefused):
        ask(services, configure_integration, change)
    with_its_own = {"url": "https://other.example/", "password": "andere"}
    ask(services, configure_integration, ConfigureIntegration(integration_id=integration, settings=with_its_own))
    with pytest.raises(CommandRefused):  # its own does not go to the firm's server either
        ask(services, configure_integration, ConfigureIntegration(integration_id=integration, settings={"url": None}))


def test_a_change_for_the_firm_takes_no_client_along_that_has_a_password_of_its_own(services: Services) -> None:
    installation = installed(services)
    added(services, installation, HAGELAND)
    added(services, installation, password="eigen")
    with pytest.raises(CommandRefused, match=r"secret-of-another-value .*Boulangerie du Parvis SRL") as refused:
        ask(
            services,
            configure,
            Configure(installation_id=installation, settings={**WEBDAV, "url": "https://b.example"}),
        )
    assert refused.value.problem.field == "password"


def test_a_password_that_is_not_in_use_is_forgotten_when_its_server_changes(services: Services) -> None:
    entered = {"host": "smtp.example", "user": "u", "password": "geheim", "sender": "a@example.be"}
    installation = installed(services, "email", **entered, address="b@example.be")
    away = {"sign_in_by": "other", "host": "evil.example"}
    ask(services, configure, Configure(installation_id=installation, settings=away))
    with pytest.raises(CommandRefused, match="missing"):
        added(services, installation, sign_in_by="password")


def test_every_secret_of_every_connector_belongs_to_something_that_says_where_it_goes() -> None:
    extensions = Extensions()
    for extension in extensions.all():
        properties = extensions.properties(extension.id)
        for name, of in properties.items():
            if of.get("writeOnly") and of.get("x-look") != "url":
                assert bound_to(properties, name), (extension.id, name)
