"""`banqup sources`: add, list, remove; the mailbox and the accounts of the SFTP drop have modules of their own."""

from __future__ import annotations

import uuid
from pathlib import Path

import click

from banqup_tui.cli.action_runner import SECONDS_TO_ANSWER, report
from banqup_tui.cli.command_runner import as_json, in_runtime, pass_tools
from banqup_tui.cli.commands.source_accounts import accounts
from banqup_tui.cli.commands.source_mailbox import MailboxOptions, letters_of, mailbox_options, move_to_of, open_mailbox
from banqup_tui.cli.json_output import source_value
from banqup_tui.cli.output import print_array, print_table, say
from banqup_tui.cli.runtime import CliRuntime, NotThere, Tools
from banqup_tui.domain.messages import message
from banqup_tui.domain.source import Source, SourceKind
from banqup_tui.presentation.messages import words_of
from banqup_tui.presentation.words import N_, _
from banqup_tui.protocol.commands import AddSource, RemoveSource

LISTEN = "127.0.0.1:2022"
_REMOVED = {
    SourceKind.FOLDER: N_("It is watched no longer."),
    SourceKind.SFTP_DROP: N_("It is closed, and its accounts are gone."),
    SourceKind.MAILBOX: N_("Its mails are fetched no longer, and its password is gone."),
}
_LOCAL = ("127.", "localhost:", "[::1]:")


@click.group()
def command() -> None:
    """Ways by which documents come in: folders that are watched, the SFTP drop, and the mailbox."""


command.add_command(accounts)


@command.command()
@click.argument("kind", type=click.Choice(["folder", "sftp", "mailbox"]))
@click.argument("path", type=click.Path(path_type=Path), required=False)
@click.option(
    "--listen", metavar="HOST:PORT", help=N_("Where the SFTP drop listens; 127.0.0.1:2022 if nothing is said.")
)
@mailbox_options
@pass_tools
def add(tools: Tools, kind: str, path: Path | None, listen: str | None, mailbox: MailboxOptions) -> int:
    """Watch the folder PATH: whatever appears below it is taken, as by import. Banqup's own exports are known.

    `add sftp` opens an SFTP server instead, into which other programs put documents; there is one. `add mailbox`
    takes what is in the mails of a mailbox; there is one. Without options it asks for its password again.
    """
    is_right = {
        "folder": path is not None and not listen and not mailbox.has_any,
        "sftp": path is None and not mailbox.has_any,
        "mailbox": path is None and not listen,
    }
    if not is_right[kind]:
        raise click.UsageError(
            _(
                "Write: sources add folder PATH, sources add sftp [--listen HOST:PORT],"
                " or sources add mailbox --host HOST --user USER."
            )
        )
    if kind == "mailbox":
        return open_mailbox(tools, mailbox)
    return _watch(tools, path) if path is not None else _open_drop(tools, listen)


def _watch(tools: Tools, path: Path) -> int:
    watched = path.expanduser().absolute()
    if not watched.is_dir():
        raise NotThere(message("cli.no-folder", path=watched))

    async def work(runtime: CliRuntime) -> int:
        if any(
            source.kind is SourceKind.FOLDER and Path(source.path) == watched.resolve() for source in runtime.sources()
        ):
            say(_("{watched} is watched already.").format(watched=watched))
            return 0
        source_id = str(uuid.uuid4())
        key = runtime.session.act(AddSource(source_id=source_id, path=str(watched)))
        code = report(runtime, await runtime.answers([key], SECONDS_TO_ANSWER))
        if code == 0:
            say(_("{watched} is watched. banqup sources list shows how many it brought.").format(watched=watched))
        return code

    return in_runtime(tools, work)


def _open_drop(tools: Tools, listen: str | None) -> int:
    async def work(runtime: CliRuntime) -> int:
        known = next((source for source in runtime.sources() if source.kind is SourceKind.SFTP_DROP), None)
        address = listen or (known.path if known else LISTEN)
        source_id = known.id if known else str(uuid.uuid4())
        key = runtime.session.act(AddSource(source_id=source_id, path=address, kind=SourceKind.SFTP_DROP))
        code = report(runtime, await runtime.answers([key], SECONDS_TO_ANSWER))
        if code == 0:
            await runtime.sync()
            _say_drop(runtime, address)
        return code

    return in_runtime(tools, work)


def _say_drop(runtime: CliRuntime, address: str) -> None:
    drop = next((source for source in runtime.sources() if source.kind is SourceKind.SFTP_DROP), None)
    say(
        _("The SFTP drop listens at {address}. Its host key is {text}.").format(
            address=address, text=drop.fingerprint if drop else _("not known yet")
        )
    )
    if address.startswith(_LOCAL):
        say(_("Only programs of this computer reach it; --listen 0.0.0.0:2022 opens it to the network."))
    if drop is not None and not drop.accounts:
        say(_("Nobody may come in yet: banqup sources accounts add NAME."))


@command.command("list")
@as_json
@pass_tools
def list_sources(tools: Tools, json: bool) -> int:
    """The sources, how many documents each brought, and what is wrong. Of the SFTP drop also its host key."""

    async def work(runtime: CliRuntime) -> int:
        if json:
            print_array(source_value(source) for source in runtime.sources())
        else:
            columns = (N_("Id"), N_("Path"), N_("Taken"), N_("Refused"), N_("Problem"))
            print_table(columns, [_line(source) for source in runtime.sources()], right=(2, 3))
            for source in runtime.sources():
                if source.fingerprint:
                    say(
                        _("Host key of the SFTP drop: {fingerprint}. Accounts: {count}.").format(
                            fingerprint=source.fingerprint, count=len(source.accounts)
                        )
                    )
                if source.move_to:
                    say(move_to_of(source))
                if source.letters:
                    say(letters_of(source))
        return 0

    return in_runtime(tools, work)


def _line(source: Source) -> tuple[str, ...]:
    path = f"sftp://{source.path}" if source.kind is SourceKind.SFTP_DROP else source.path
    return (source.id, path, str(source.taken), str(source.refused), " ".join(map(words_of, source.problems)) or "–")


@command.command()
@click.argument("source_id", metavar="ID")
@pass_tools
def remove(tools: Tools, source_id: str) -> int:
    """Watch it no longer, close the SFTP drop with its accounts, or forget the mailbox. What it brought stays."""

    async def work(runtime: CliRuntime) -> int:
        source = next((source for source in runtime.sources() if source.id == source_id), None)
        if source is None:
            raise NotThere(message("cli.no-source", id=source_id))
        key = runtime.session.act(RemoveSource(source_id=source_id))
        code = report(runtime, await runtime.answers([key], SECONDS_TO_ANSWER))
        if code == 0:
            say(_(_REMOVED[source.kind]))
        return code

    return in_runtime(tools, work)
