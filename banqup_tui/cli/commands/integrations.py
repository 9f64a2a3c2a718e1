"""`banqup integrations`: add, list, configure, pause, resume, remove."""

from __future__ import annotations

from datetime import UTC, datetime

import click

from banqup_tui.actions.add_integration import AddIntegrationAction
from banqup_tui.actions.configure_integration import ConfigureIntegrationAction
from banqup_tui.actions.context import Action
from banqup_tui.actions.pause_integration import PauseIntegrationAction
from banqup_tui.actions.places import Place
from banqup_tui.actions.remove_integration import RemoveIntegrationAction
from banqup_tui.actions.settings_service import run_test
from banqup_tui.cli import exit_codes, json_output
from banqup_tui.cli.action_runner import run_action
from banqup_tui.cli.ask import Answers, CommandLineAsk
from banqup_tui.cli.command_runner import as_json, context_for, in_runtime, pass_tools
from banqup_tui.cli.commands.store import extension_named
from banqup_tui.cli.output import print_array, print_table, say
from banqup_tui.cli.runtime import CliRuntime, NotThere, Tools, client_named
from banqup_tui.cli.settings_options import (
    Pair,
    day_option,
    folder_option,
    folders_option,
    read_settings,
    settings_options,
)
from banqup_tui.cli.sign_in import sign_in_option, with_sign_in
from banqup_tui.domain.client import Client
from banqup_tui.domain.extension import Extension, Installation
from banqup_tui.domain.health import Health, health_of
from banqup_tui.domain.integration import Integration, IntegrationState
from banqup_tui.domain.messages import message
from banqup_tui.presentation.messages import sentence_of, words_of
from banqup_tui.presentation.words import N_, _
from banqup_tui.protocol.messages import TestRequest


@click.group()
def command() -> None:
    """Where a client's documents go."""


@command.command()
@click.argument("names", nargs=-1, required=True, metavar="CLIENT... EXTENSION")
@click.option("--clients", "listed", metavar="REF,REF...", help=N_("The clients, in place of naming each."))
@settings_options
@sign_in_option
@click.option("--label", help=N_("What it is called at this client, where it has one of this extension already."))
@folder_option
@click.option(
    "--backfill",
    "--older",
    "older",
    is_flag=True,
    help=N_("Also send what was there before, in the number that is said."),
)
@click.option("--since", metavar="DATE", help=N_("With --backfill: only what is dated on that day or later."))
@click.option("--no-test", is_flag=True, help=N_("Do not try the connection first."))
@click.option("--yes", is_flag=True, help=N_("Do not ask before several clients."))
@pass_tools
def add(
    tools: Tools,
    names: tuple[str, ...],
    listed: str | None,
    settings: tuple[Pair, ...],
    sign_in: bool,
    label: str | None,
    folders: tuple[str, ...],
    older: bool,
    since: str | None,
    no_test: bool,
    yes: bool,
) -> int:
    """Send the documents of CLIENT, or of several, to EXTENSION, which is installed."""
    clients = [*names[:-1], *(name.strip() for name in (listed or "").split(",") if name.strip())]
    if not clients:
        raise click.UsageError(_("Say whose documents: CLIENT EXTENSION, or --clients REF,REF EXTENSION."))
    if since is not None and not older:
        raise click.UsageError(_("--since goes with --backfill."))

    async def work(runtime: CliRuntime) -> int:
        of_store = extension_named(runtime, names[-1])
        of_clients = list({client.id: client for client in (client_named(runtime, name) for name in clients)}.values())
        installation = _installed(runtime, of_store)
        values = read_settings(settings, of_store.settings_schema)
        if sign_in:
            chosen_id, alone = installation.id, of_clients[0].id if len(of_clients) == 1 else None
            values = await with_sign_in(
                runtime.session, of_store, values, installation.settings, installation_id=chosen_id, client_id=alone
            )
        answers = Answers(
            values=values, label=label, folders=folders_option(folders), older=older, since=day_option(since)
        )
        if not no_test:
            request = TestRequest(
                extension_id=of_store.id, installation_id=installation.id, client_id=of_clients[0].id, settings=values
            )
            if not await _test_passes(runtime, request, is_alone=len(of_clients) == 1):
                return exit_codes.FAILED
        ask = CommandLineAsk(answers=answers, sure=yes)
        context = context_for(
            runtime,
            ask,
            Place.CLIENT,
            client=of_clients[0],
            clients=of_clients,
            extension=of_store,
            integrations=[integration for client in of_clients for integration in runtime.integrations(client.id)],
        )
        code = await run_action(runtime, AddIntegrationAction(), context)
        return exit_codes.FAILED if code == exit_codes.OK and ask.left_out else code

    return in_runtime(tools, work)


def _installed(runtime: CliRuntime, extension: Extension) -> Installation:
    installation = next(
        (installation for installation in runtime.installations() if installation.extension_id == extension.id), None
    )
    if installation is None:
        raise NotThere(message("cli.not-installed", id=extension.id))
    return installation


async def _test_passes(runtime: CliRuntime, request: TestRequest, *, is_alone: bool) -> bool:
    """Tests the settings of the first client. Missing settings of several clients are reported later, for each."""
    result = await run_test(runtime.session, request)
    if not is_alone and all(step.ok or step.field for step in result.steps):
        return True
    for step in result.steps:
        say(f"{_('ok') if step.ok else _('failed')}: {words_of(step.message)}")
    if not result.ok:
        say(_("Not activated. --no-test activates it all the same."))
    return result.ok


@command.command("list")
@click.option("--client", "reference", help=N_("Of one client: reference, VAT number, name or id."))
@as_json
@pass_tools
def list_integrations(tools: Tools, reference: str | None, json: bool) -> int:
    """Where documents go, client by client."""

    async def work(runtime: CliRuntime) -> int:
        client = client_named(runtime, reference) if reference else None
        clients = {row.client.id: row.client for row in runtime.clients()}
        integrations = runtime.integrations(client.id if client else None)
        extensions, now = {extension.id: extension for extension in runtime.extensions()}, datetime.now(UTC)
        health = {
            integration.id: health_of(integration, extensions.get(integration.extension_id), now)
            for integration in integrations
        }
        if json:
            print_array(
                json_output.integration_value(integration, clients.get(integration.client_id), health[integration.id])
                for integration in integrations
            )
        else:
            columns = (
                N_("Id"),
                N_("Client"),
                N_("Integration"),
                N_("Extension"),
                N_("State"),
                N_("Health"),
                N_("Cause"),
            )
            print_table(
                columns,
                [
                    _line(integration, clients.get(integration.client_id), health[integration.id])
                    for integration in integrations
                ],
            )
        return 0

    return in_runtime(tools, work)


def _line(integration: Integration, client: Client | None, health: Health) -> tuple[str, ...]:
    reference = client.reference if client else "–"
    why = sentence_of(integration.cause or integration.failing_reason) or "–"
    return (
        integration.id,
        reference,
        integration.label,
        integration.extension_id,
        integration.state.value,
        health.value,
        why,
    )


@command.command()
@click.argument("integration")
@settings_options
@sign_in_option
@folder_option
@pass_tools
def configure(
    tools: Tools, integration: str, settings: tuple[Pair, ...], sign_in: bool, folders: tuple[str, ...]
) -> int:
    """Change the client's settings of INTEGRATION (its id), or the folders it takes; what is not named stays."""
    if not (settings or sign_in or folders):
        raise click.UsageError(_("Say what to change: --set KEY=VALUE, --sign-in, or --folder FOLDER."))
    return _run_on_integration(
        tools, ConfigureIntegrationAction(), integration, settings=settings, sign_in=sign_in, folders=folders
    )


@command.command()
@click.argument("integration")
@pass_tools
def pause(tools: Tools, integration: str) -> int:
    """Hold INTEGRATION (its id) back: what is queued waits."""
    return _run_on_integration(
        tools, PauseIntegrationAction(), integration, unless=(IntegrationState.PAUSED, IntegrationState.BROKEN)
    )


@command.command()
@click.argument("integration")
@pass_tools
def resume(tools: Tools, integration: str) -> int:
    """Let INTEGRATION (its id) go on, and retry what stopped it."""
    return _run_on_integration(tools, PauseIntegrationAction(), integration, unless=(IntegrationState.ACTIVE,))


@command.command()
@click.argument("integration")
@click.option("--yes", is_flag=True, help=N_("Do not ask."))
@pass_tools
def remove(tools: Tools, integration: str, yes: bool) -> int:
    """Take INTEGRATION (its id) away from its client. What was delivered stays there."""
    return _run_on_integration(tools, RemoveIntegrationAction(), integration, sure=yes)


def _run_on_integration(
    tools: Tools,
    action: Action,
    integration_id: str,
    *,
    settings: tuple[Pair, ...] = (),
    sign_in: bool = False,
    folders: tuple[str, ...] = (),
    sure: bool = False,
    unless: tuple[IntegrationState, ...] = (),
) -> int:
    async def work(runtime: CliRuntime) -> int:
        integration = _integration_named(runtime, integration_id)
        if integration.state in unless:
            say(
                _("{label} is as you want it already: {state}.").format(
                    label=integration.label, state=integration_state(integration)
                )
            )
            return exit_codes.OK
        extension = next(
            (extension for extension in runtime.extensions() if extension.id == integration.extension_id), None
        )
        values = read_settings(settings, extension.settings_schema if extension else {})
        if sign_in and extension is not None:
            values = await with_sign_in(
                runtime.session, extension, values, integration.effective,
                installation_id=integration.installation_id, integration_id=integration.id,
                client_id=integration.client_id,
            )  # fmt: skip
        answers = Answers(values=values, folders=folders_option(folders) or integration.folders)
        ask = CommandLineAsk(answers=answers, sure=sure)
        client = next((row.client for row in runtime.clients() if row.client.id == integration.client_id), None)
        context = context_for(
            runtime, ask, Place.CLIENT, client=client, integration=integration, integrations=[integration]
        )
        return await run_action(runtime, action, context)

    return in_runtime(tools, work)


def _integration_named(runtime: CliRuntime, integration_id: str) -> Integration:
    integration = next(
        (integration for integration in runtime.integrations() if integration.id == integration_id), None
    )
    if integration is None:
        raise NotThere(message("cli.no-integration", id=integration_id))
    return integration


def integration_state(integration: Integration) -> str:
    return _("active") if integration.state is IntegrationState.ACTIVE else _("paused")
