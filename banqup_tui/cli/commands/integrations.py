"""`banqup integrations`: add, list, configure, pause, resume, remove."""

from __future__ import annotations

from datetime import UTC, datetime

import click

from banqup_tui.actions.add_integration import AddIntegration
from banqup_tui.actions.configure_integration import ConfigureIntegration
from banqup_tui.actions.interface import Action
from banqup_tui.actions.pause_integration import PauseIntegration
from banqup_tui.actions.places import Place
from banqup_tui.actions.remove_integration import RemoveIntegration
from banqup_tui.cli import exit_codes, listing
from banqup_tui.cli.acting import carry_out
from banqup_tui.cli.ask import CommandLineAsk
from banqup_tui.cli.commands.store import extension_named, set_option
from banqup_tui.cli.given_settings import read_given
from banqup_tui.cli.house import House, NotThere, Tools, client_named
from banqup_tui.cli.output import print_array, print_table, say
from banqup_tui.cli.running import as_json, context_for, in_house, pass_tools
from banqup_tui.domain.client import Client
from banqup_tui.domain.extension import Extension, Installation
from banqup_tui.domain.health import Health, health_of
from banqup_tui.domain.integration import Integration, IntegrationState
from banqup_tui.protocol.messages import TestRequest


@click.group()
def command() -> None:
    """Where a client's documents go."""


@command.command()
@click.argument("client")
@click.argument("extension")
@set_option
@click.option("--older", is_flag=True, help="Also send what was there before; without it only what comes from now on.")
@click.option("--no-test", is_flag=True, help="Do not try the connection first.")
@pass_tools
def add(tools: Tools, client: str, extension: str, settings: tuple[str, ...], older: bool, no_test: bool) -> int:
    """Send the documents of CLIENT to EXTENSION, which is installed."""

    async def work(house: House) -> int:
        of_client, of_store = client_named(house, client), extension_named(house, extension)
        installation = _installed(house, of_store)
        values = read_given(settings, of_store.settings_schema)
        if not no_test:
            request = TestRequest(
                extension_id=of_store.id, installation_id=installation.id, client_id=of_client.id, settings=values
            )
            if not await _passes(house, request):
                return exit_codes.FAILED
        context = context_for(
            house,
            CommandLineAsk(values=values, older=older),
            Place.CLIENT,
            client=of_client,
            extension=of_store,
            integrations=house.integrations(of_client.id),
        )
        return await carry_out(house, AddIntegration(), context)

    return in_house(tools, work)


def _installed(house: House, extension: Extension) -> Installation:
    found = next((one for one in house.installations() if one.extension_id == extension.id), None)
    if found is None:
        raise NotThere(f"{extension.id} is not installed.", f"banqup store install {extension.id} does it.")
    return found


async def _passes(house: House, request: TestRequest) -> bool:
    result = await house.doing.test_connection(request)
    for step in result.steps:
        say(f"{'ok' if step.ok else 'failed'}: {step.sentence} {step.remedy or ''}")
    if not result.ok:
        say("Not activated. --no-test activates it all the same.")
    return result.ok


@command.command("list")
@click.option("--client", "reference", help="Of one client: reference, VAT number, name or id.")
@as_json
@pass_tools
def list_integrations(tools: Tools, reference: str | None, json: bool) -> int:
    """Where documents go, client by client."""

    async def work(house: House) -> int:
        client = client_named(house, reference) if reference else None
        clients = {row.client.id: row.client for row in house.clients()}
        found = house.integrations(client.id if client else None)
        extensions, now = {one.id: one for one in house.extensions()}, datetime.now(UTC)
        health = {one.id: health_of(one, extensions.get(one.extension_id), now) for one in found}
        if json:
            print_array(listing.integration_value(one, clients.get(one.client_id), health[one.id]) for one in found)
        else:
            columns = ("Id", "Client", "Integration", "Extension", "State", "Health", "Cause")
            print_table(columns, [_line(one, clients.get(one.client_id), health[one.id]) for one in found])
        return 0

    return in_house(tools, work)


def _line(one: Integration, client: Client | None, health: Health) -> tuple[str, ...]:
    reference = client.reference if client else "–"
    why = one.cause or one.failing_reason or "–"
    return (one.id, reference, one.label, one.extension_id, one.state.value, health.value, why)


@command.command()
@click.argument("integration")
@set_option
@pass_tools
def configure(tools: Tools, integration: str, settings: tuple[str, ...]) -> int:
    """Change the client's settings of INTEGRATION (its id); those not named stay."""
    if not settings:
        raise click.UsageError("Say what to change: --set KEY=VALUE.")
    return _with(tools, ConfigureIntegration(), integration, settings=settings)


@command.command()
@click.argument("integration")
@pass_tools
def pause(tools: Tools, integration: str) -> int:
    """Hold INTEGRATION (its id) back: what is queued waits."""
    return _with(tools, PauseIntegration(), integration, unless=(IntegrationState.PAUSED, IntegrationState.BROKEN))


@command.command()
@click.argument("integration")
@pass_tools
def resume(tools: Tools, integration: str) -> int:
    """Let INTEGRATION (its id) go on, and retry what stopped it."""
    return _with(tools, PauseIntegration(), integration, unless=(IntegrationState.ACTIVE,))


@command.command()
@click.argument("integration")
@click.option("--yes", is_flag=True, help="Do not ask.")
@pass_tools
def remove(tools: Tools, integration: str, yes: bool) -> int:
    """Take INTEGRATION (its id) away from its client. What was delivered stays there."""
    return _with(tools, RemoveIntegration(), integration, sure=yes)


def _with(
    tools: Tools,
    action: Action,
    integration_id: str,
    *,
    settings: tuple[str, ...] = (),
    sure: bool = False,
    unless: tuple[IntegrationState, ...] = (),
) -> int:
    async def work(house: House) -> int:
        found = _integration_named(house, integration_id)
        if found.state in unless:
            say(f"{found.label} is {found.state.value.lower()} already.")
            return exit_codes.OK
        extensions = {one.id: one for one in house.extensions()}
        schema = extensions[found.extension_id].settings_schema if found.extension_id in extensions else {}
        ask = CommandLineAsk(values=read_given(settings, schema), sure=sure)
        client = next((row.client for row in house.clients() if row.client.id == found.client_id), None)
        context = context_for(house, ask, Place.CLIENT, client=client, integration=found, integrations=[found])
        return await carry_out(house, action, context)

    return in_house(tools, work)


def _integration_named(house: House, integration_id: str) -> Integration:
    found = next((one for one in house.integrations() if one.id == integration_id), None)
    if found is None:
        raise NotThere(f"There is no integration {integration_id}.", "banqup integrations list shows them.")
    return found
