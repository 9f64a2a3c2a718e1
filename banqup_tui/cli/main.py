"""The command `banqup`, and how its commands are found: each one's file is imported only when it is asked for."""

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
from banqup_tui.cli.failures import guarded
from banqup_tui.domain.text import without_controls

if TYPE_CHECKING:
    from banqup_tui.cli.house import House, Tools
    from banqup_tui.homes import Homes

COMMANDS: dict[str, tuple[str, str]] = {
    "import": ("import_files", "Take files and folders; find client and folder from what is on the document."),
    "clients": ("clients", "The clients, and what is to do for each."),
    "documents": ("documents", "The documents, with where each of them went."),
    "store": ("store", "The Banqup Store: list, install and configure extensions."),
    "integrations": ("integrations", "Where a client's documents go: add, list, pause, resume, remove."),
    "send": ("send", "Send documents to their client's integrations, or send them again."),
    "deliveries": ("deliveries", "Every delivery: its state, attempts, reason and what to do."),
    "sources": ("sources", "Folders that are watched, and the SFTP drop with its accounts: add, list, remove."),
    "to-place": ("to_place", "What came in and nobody could tell whose it is: list, place, dismiss."),
    "rules": ("rules", "What was learned from placing by hand: list, remove."),
    "changes": ("changes", "Changes that were refused: list, try again, clear."),
    "sync": ("sync", "Send what waits here and fetch what is new."),
    "status": ("status", "Whether the backend runs, and what waits."),
    "doctor": ("doctor", "Look for what is wrong, and say what to do about it."),
    "demo": ("demo", "Make a sample firm with clients and documents."),
    "backup": ("backup", "Copy all of the backend's data into one folder."),
    "restore": ("restore", "Put a backup back, or begin without documents."),
    "serve": ("serve", "Run the local backend in the foreground."),
}


class LazyGroup(click.Group):
    """Knows its commands by name and one sentence, so that `banqup --help` imports none of them."""

    def list_commands(self, context: click.Context) -> list[str]:
        return list(COMMANDS)

    def get_command(self, context: click.Context, name: str) -> click.Command | None:
        if name not in COMMANDS:
            return None
        module = importlib.import_module(f"banqup_tui.cli.commands.{COMMANDS[name][0]}")
        command: click.Command = module.command
        return command

    def resolve_command(
        self, context: click.Context, args: list[str]
    ) -> tuple[str | None, click.Command | None, list[str]]:
        if args and args[0] not in COMMANDS and not args[0].startswith("-"):
            raise click.UsageError(_unknown(args[0]), context)
        return super().resolve_command(context, args)

    def format_commands(self, context: click.Context, formatter: click.HelpFormatter) -> None:
        with formatter.section("Commands"):
            formatter.write_dl([(name, sentence) for name, (_module, sentence) in COMMANDS.items()])


def _unknown(name: str) -> str:
    import difflib

    near = difflib.get_close_matches(name, COMMANDS, n=1, cutoff=0.5)
    return f"There is no command {name}." + (f" Did you mean {near[0]}?" if near else " banqup --help lists them.")


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
        _speak(context.obj)


def run(arguments: Sequence[str], tools: Tools | None = None) -> int:
    """The exit code. `tools` are those of a test; else the program's own."""
    return guarded(lambda: _invoke(list(arguments), tools))


def _invoke(arguments: list[str], tools: Tools | None) -> int:
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
    from banqup_tui.cli.house import Tools
    from banqup_tui.homes import homes

    return Tools(homes=homes, open_house=_open_house)


def _open_house(found: Homes) -> AbstractAsyncContextManager[House]:
    from banqup_tui.cli.own_house import open_house

    return open_house(found)


def _speak(tools: Tools) -> None:
    """Sentences of the actions come in the user's language; the command line's own are English."""
    from banqup_tui.settings import language_of, read_settings
    from banqup_tui.written.words import use_language

    use_language(language_of(read_settings(tools.homes().config)))
