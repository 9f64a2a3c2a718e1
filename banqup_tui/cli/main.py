"""The command `banqup`. Each subcommand's file is imported only when it is called."""

from __future__ import annotations

import importlib
import io
import sys
from collections.abc import Sequence
from contextlib import AbstractAsyncContextManager
from typing import TYPE_CHECKING

import click

from banqup_tui import __version__
from banqup_tui.cli import exit_codes
from banqup_tui.cli.errors import guarded
from banqup_tui.cli.languages import translate_command, using_language
from banqup_tui.domain.errors import BanqupError
from banqup_tui.domain.text import without_controls
from banqup_tui.presentation.words import N_, _

if TYPE_CHECKING:
    from banqup_tui.app_dirs import AppDirs
    from banqup_tui.cli.runtime import CliRuntime, Tools

COMMANDS: dict[str, tuple[str, str]] = {
    "import": ("import_files", N_("Take files and folders; find client and folder from what is on the document.")),
    "clients": ("clients", N_("The clients, and what is to do for each.")),
    "documents": ("documents", N_("The documents, with where each of them went.")),
    "store": ("store", N_("The Banqup Store: list, install and configure extensions.")),
    "integrations": ("integrations", N_("Where a client's documents go: add, list, pause, resume, remove.")),
    "send": ("send", N_("Send documents to their client's integrations, or send them again.")),
    "deliveries": ("deliveries", N_("Every delivery: its state, attempts, reason and what to do.")),
    "sources": ("sources", N_("Folders that are watched, and the SFTP drop with its accounts: add, list, remove.")),
    "to-place": ("unfiled", N_("What came in and nobody could tell whose it is: list, place, dismiss.")),
    "duplicates": ("duplicates", N_("Documents that are the same as an earlier one: list, decide.")),
    "rules": ("rules", N_("Rules that say whose a document is: add, list, remove.")),
    "changes": ("changes", N_("Changes that were refused: list, try again, clear.")),
    "sync": ("sync", N_("Send what waits here and fetch what is new.")),
    "status": ("status", N_("Whether the backend runs, and what waits.")),
    "doctor": ("doctor", N_("Look for what is wrong, and say what to do about it.")),
    "demo": ("demo", N_("Make a sample firm with clients and documents.")),
    "backup": ("backup", N_("Copy all of the backend's data into one folder.")),
    "restore": ("restore", N_("Put a backup back, or begin without documents.")),
    "serve": ("serve", N_("Run the local backend in the foreground.")),
}


class LazyGroup(click.Group):
    """Knows its commands by name and a sentence, so that `banqup --help` imports none of them."""

    def list_commands(self, context: click.Context) -> list[str]:
        return list(COMMANDS)

    def get_command(self, context: click.Context, name: str) -> click.Command | None:
        if name not in COMMANDS:
            return None
        module = importlib.import_module(f"banqup_tui.cli.commands.{COMMANDS[name][0]}")
        command: click.Command = module.command
        return translate_command(command, click.Context(command, parent=context, info_name=name))

    def resolve_command(
        self, context: click.Context, args: list[str]
    ) -> tuple[str | None, click.Command | None, list[str]]:
        if args and args[0] not in COMMANDS and not args[0].startswith("-"):
            raise click.UsageError(_unknown(args[0]), context)
        return super().resolve_command(context, args)

    def format_commands(self, context: click.Context, formatter: click.HelpFormatter) -> None:
        with formatter.section(_("Commands")):
            formatter.write_dl([(name, _(sentence)) for name, (_module, sentence) in COMMANDS.items()])


def _unknown(name: str) -> str:
    import difflib

    near = difflib.get_close_matches(name, COMMANDS, n=1, cutoff=0.5)
    remedy = _("Did you mean {name}?").format(name=near[0]) if near else _("banqup --help lists them.")
    return f"{_('There is no command {name}.').format(name=name)} {remedy}"


@click.group(cls=LazyGroup, invoke_without_command=True, context_settings={"help_option_names": ["-h", "--help"]})
@click.version_option(__version__, prog_name="banqup")
@click.pass_context
def cli(context: click.Context) -> None:
    """Clients' documents, in the terminal and on the command line.

    Without a command the terminal opens. stdout is data, stderr narration; exit codes are in docs/cli.md.
    """
    if context.obj is None:
        context.obj = _tools()
    if context.invoked_subcommand is None:
        click.echo(context.get_help())
    else:
        _check_settings(context.obj)


def run(arguments: Sequence[str], tools: Tools | None = None) -> int:
    """Runs the command line and returns the exit code. Tests give `tools` of their own."""
    with using_language(*_language(tools)):
        return guarded(lambda: _invoke(list(arguments), tools))


def _invoke(arguments: list[str], tools: Tools | None) -> int:
    translate_command(cli, click.Context(cli, **cli.context_settings))
    try:
        answer = cli.main(arguments, prog_name="banqup", obj=tools, standalone_mode=False)
    except click.Abort as error:
        raise KeyboardInterrupt from error
    except click.ClickException as error:
        shown = io.StringIO()
        error.show(shown)
        sys.stderr.write(without_controls(shown.getvalue(), lines=True))
        return error.exit_code
    sys.stdout.flush()
    return answer if isinstance(answer, int) else exit_codes.OK


def _tools() -> Tools:
    from banqup_tui.app_dirs import dirs
    from banqup_tui.cli.runtime import Tools

    return Tools(dirs=dirs, open_runtime=_open_runtime)


def _open_runtime(dirs_: AppDirs) -> AbstractAsyncContextManager[CliRuntime]:
    from banqup_tui.cli.local_runtime import open_runtime

    return open_runtime(dirs_)


def _language(tools: Tools | None) -> tuple[str, str]:
    """Returns the language and the locale of the settings, else of the environment.

    Unreadable settings are reported by what reads them.
    """
    from banqup_tui.app_dirs import dirs
    from banqup_tui.settings import UserSettings, language_of, locale_of, read_settings

    try:
        settings = read_settings((tools.dirs if tools else dirs)().config)
    except (BanqupError, OSError):
        settings = UserSettings()
    return language_of(settings), locale_of(settings)


def _check_settings(tools: Tools) -> None:
    """Raises `BanqupError` if the settings cannot be read: no command may run with others than the user's."""
    from banqup_tui.settings import read_settings

    read_settings(tools.dirs().config)
