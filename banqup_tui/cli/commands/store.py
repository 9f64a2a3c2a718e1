"""`banqup store`: list, allow, install, configure, uninstall, deactivate."""

from __future__ import annotations

import difflib
from collections.abc import Iterator, Sequence
from datetime import UTC, datetime

import click
import msgspec

from banqup_tui.actions.allow_package import AllowPackageAction
from banqup_tui.actions.configure_extension import ConfigureExtensionAction
from banqup_tui.actions.context import Action
from banqup_tui.actions.deactivate import DeactivateForAllAction
from banqup_tui.actions.install_extension import InstallExtensionAction
from banqup_tui.actions.places import Place
from banqup_tui.actions.uninstall import UninstallAction
from banqup_tui.cli import json_output
from banqup_tui.cli.action_runner import run_action
from banqup_tui.cli.ask import Answers, CommandLineAsk
from banqup_tui.cli.command_runner import as_json, context_for, in_runtime, pass_tools
from banqup_tui.cli.output import print_array, print_table
from banqup_tui.cli.runtime import CliRuntime, NotThere, Tools
from banqup_tui.cli.settings_options import Pair, read_settings, settings_options
from banqup_tui.cli.sign_in import sign_in_option, with_sign_in
from banqup_tui.domain.errors import BanqupError
from banqup_tui.domain.extension import Extension
from banqup_tui.domain.health import summary
from banqup_tui.domain.integration import Integration
from banqup_tui.domain.messages import message
from banqup_tui.presentation.words import N_, _, own_text


class NotAllowed(BanqupError):
    """The extension is of a package that the owner has not allowed, so nothing is known of its settings."""

    def __init__(self, extension: Extension) -> None:
        super().__init__(message("cli.not-allowed", id=extension.id, package=extension.package))


@click.group()
def command() -> None:
    """The Banqup Store: list, install and configure extensions."""


@command.command("list")
@as_json
@pass_tools
def list_extensions(tools: Tools, json: bool) -> int:
    """What can take documents, and what is installed of it."""

    async def work(runtime: CliRuntime) -> int:
        installed = {installation.extension_id: installation for installation in runtime.installations()}
        if json:
            used, now = runtime.integrations(), datetime.now(UTC)
            print_array(
                json_output.extension_value(
                    extension, installed.get(extension.id), summary(_integrations_of(extension, used), extension, now)
                )
                for extension in runtime.extensions()
            )
        else:
            lines = [
                (
                    extension.id,
                    own_text(extension.title),
                    _state(extension, extension.id in installed),
                    own_text(extension.description),
                )
                for extension in runtime.extensions()
            ]
            print_table((N_("Extension"), N_("Name"), N_("State"), N_("What it does")), lines)
        return 0

    return in_runtime(tools, work)


def _integrations_of(extension: Extension, integrations: Sequence[Integration]) -> Iterator[Integration]:
    return (integration for integration in integrations if integration.extension_id == extension.id)


def _state(extension: Extension, installed: bool) -> str:
    if not extension.allowed:
        return _("not allowed")
    if extension.problem:
        return _("does not load")
    return _("installed") if installed else "–"


@command.command()
@click.argument("extension")
@settings_options
@sign_in_option
@pass_tools
def install(tools: Tools, extension: str, settings: tuple[Pair, ...], sign_in: bool) -> int:
    """Install EXTENSION for the firm: its settings are the template for every client."""
    return _with_settings(tools, InstallExtensionAction(), extension, settings, sign_in=sign_in)


@command.command()
@click.argument("extension")
@settings_options
@sign_in_option
@pass_tools
def configure(tools: Tools, extension: str, settings: tuple[Pair, ...], sign_in: bool) -> int:
    """Change the firm's settings of EXTENSION; those not named stay."""
    if not settings and not sign_in:
        raise click.UsageError(_("Say what to change: --set KEY=VALUE, or --sign-in."))
    return _with_settings(tools, ConfigureExtensionAction(), extension, settings, sign_in=sign_in)


@command.command()
@click.argument("extension")
@click.option("--yes", is_flag=True, help=N_("Do not ask."))
@pass_tools
def allow(tools: Tools, extension: str, yes: bool) -> int:
    """Let the package in that brings EXTENSION: from then on its code has all rights of the service."""
    return _run_with_question(tools, AllowPackageAction(), extension, sure=yes)


@command.command()
@click.argument("extension")
@click.option("--yes", is_flag=True, help="Do not ask.")
@pass_tools
def uninstall(tools: Tools, extension: str, yes: bool) -> int:
    """Take EXTENSION away from the firm, once no client uses it."""
    return _run_with_question(tools, UninstallAction(), extension, sure=yes)


@command.command()
@click.argument("extension")
@click.option("--yes", is_flag=True, help=N_("Do not ask."))
@pass_tools
def deactivate(tools: Tools, extension: str, yes: bool) -> int:
    """Take EXTENSION away from all clients. The firm's settings stay, and what was delivered."""
    return _run_with_question(tools, DeactivateForAllAction(), extension, sure=yes)


def _run_with_question(tools: Tools, action: Action, name: str, *, sure: bool) -> int:
    async def work(runtime: CliRuntime) -> int:
        ask, extension = CommandLineAsk(sure=sure), extension_named(runtime, name)
        context = context_for(runtime, ask, Place.STORE, extension=extension, integrations=runtime.integrations())
        return await run_action(runtime, action, context)

    return in_runtime(tools, work)


def _with_settings(tools: Tools, action: Action, name: str, settings: tuple[Pair, ...], *, sign_in: bool) -> int:
    async def work(runtime: CliRuntime) -> int:
        extension = extension_named(runtime, name)
        if not extension.allowed:
            raise NotAllowed(extension)
        values = read_settings(settings, extension.settings_schema)
        context = context_for(runtime, CommandLineAsk(), Place.STORE, extension=extension)
        if sign_in and action.availability(context) is None:
            stored = context.installation.settings if context.installation else {}
            chosen_id = context.installation.id if context.installation else None
            values = await with_sign_in(runtime.session, extension, values, stored, installation_id=chosen_id)
        ask = CommandLineAsk(answers=Answers(values=values))
        return await run_action(runtime, action, msgspec.structs.replace(context, ask=ask))

    return in_runtime(tools, work)


def extension_named(runtime: CliRuntime, name: str) -> Extension:
    """Returns the extension with this id. Raises `NotThere`."""
    known = {extension.id: extension for extension in runtime.extensions()}
    if name in known:
        return known[name]
    near = difflib.get_close_matches(name, known, n=1, cutoff=0.4)
    if near:
        raise NotThere(message("cli.no-extension-near", name=name, near=near[0]))
    raise NotThere(message("cli.no-extension", name=name))
