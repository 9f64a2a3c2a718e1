"""`banqup sources accounts`: who may put files into the SFTP drop."""

from __future__ import annotations

import uuid
from pathlib import Path

import click
import msgspec

from banqup_tui.cli.action_runner import SECONDS_TO_ANSWER, report
from banqup_tui.cli.command_runner import as_json, in_runtime, pass_tools
from banqup_tui.cli.output import print_array, print_table, say
from banqup_tui.cli.runtime import CliRuntime, NotThere, Tools, client_named
from banqup_tui.domain.folder import Folder
from banqup_tui.domain.messages import message
from banqup_tui.domain.passwords import new_password, password_hash
from banqup_tui.domain.source import DropAccount, Source, SourceKind
from banqup_tui.presentation.words import N_, _
from banqup_tui.protocol.commands import AddAccount, RemoveAccount

_LONGEST_KEY = 16_384


@click.group()
def accounts() -> None:
    """Who may put files into the SFTP drop: each account writes, and reads nothing."""


@accounts.command()
@click.argument("name")
@click.option("--client", "reference", help=N_("Whatever it sends is this client's."))
@click.option(
    "--folder",
    type=click.Choice([folder.value for folder in Folder], case_sensitive=False),
    help=N_("Whatever it sends goes into this folder."),
)
@click.option(
    "--key", type=click.Path(path_type=Path, dir_okay=False), help=N_("Its public key (a file such as id_ed25519.pub).")
)
@pass_tools
def add(tools: Tools, name: str, reference: str | None, folder: str | None, key: Path | None) -> int:
    """Let NAME put files in. Without --key a password is drawn, and shown once on stdout."""
    public_key = _read_key(key) if key else None
    password = None if public_key else new_password()

    async def work(runtime: CliRuntime) -> int:
        body = AddAccount(
            account_id=str(uuid.uuid4()),
            source_id=_drop_of(runtime).id,
            name=name,
            client_id=client_named(runtime, reference).id if reference else None,
            folder=Folder(folder.upper()) if folder else None,
            secret=password_hash(password) if password else None,
            public_key=public_key,
        )
        code = report(runtime, await runtime.answers([runtime.session.act(body)], SECONDS_TO_ANSWER))
        if code == 0:
            _say_account(runtime, name, password)
        return code

    return in_runtime(tools, work)


def _say_account(runtime: CliRuntime, name: str, password: str | None) -> None:
    drop = _drop_of(runtime)
    say(
        _("{name} may put files in at {path}. Host key: {text}.").format(
            name=name, path=drop.path, text=drop.fingerprint or _("not known yet")
        )
    )
    if password is not None:
        say(_("The password is shown this once:"))
        click.echo(password)


def _read_key(path: Path) -> str:
    """Returns the first line that is a key. The backend judges whether it is a good one."""
    try:
        text = path.read_bytes()[:_LONGEST_KEY].decode("utf-8", "replace")
    except FileNotFoundError:
        raise NotThere(message("cli.no-key-file", path=path)) from None
    if "PRIVATE KEY" in text:
        raise click.UsageError(_("That is a private key: keep it to yourself, and give the file that ends in .pub."))
    lines = [line.strip() for line in text.splitlines() if line.strip() and not line.startswith("#")]
    if not lines:
        raise click.UsageError(_("There is no key in {path}.").format(path=path))
    return lines[0]


@accounts.command("list")
@as_json
@pass_tools
def list_accounts(tools: Tools, json: bool) -> int:
    """Who may put files in, how they sign in, and what is bound to them."""

    async def work(runtime: CliRuntime) -> int:
        accounts = [account for source in runtime.sources() for account in source.accounts]
        if json:
            print_array(msgspec.to_builtins(account) for account in accounts)
        else:
            clients = {row.client.id: row.client.reference for row in runtime.clients()}
            columns = (N_("Name"), N_("Signs in with"), N_("Client"), N_("Folder"))
            print_table(columns, [_line(account, clients) for account in accounts])
        return 0

    return in_runtime(tools, work)


def _line(account: DropAccount, clients: dict[str, str]) -> tuple[str, ...]:
    client = clients.get(account.client_id, account.client_id) if account.client_id else "–"
    return (account.name, "key" if account.by_key else "password", client, account.folder or "–")


@accounts.command()
@click.argument("name")
@pass_tools
def remove(tools: Tools, name: str) -> int:
    """NAME may come in no longer. What it brought stays."""

    async def work(runtime: CliRuntime) -> int:
        account = next((account for account in _drop_of(runtime).accounts if name in (account.name, account.id)), None)
        if account is None:
            raise NotThere(message("cli.no-account", name=name))
        key = runtime.session.act(RemoveAccount(account_id=account.id))
        code = report(runtime, await runtime.answers([key], SECONDS_TO_ANSWER))
        if code == 0:
            say(_("{name} may come in no longer.").format(name=name))
        return code

    return in_runtime(tools, work)


def _drop_of(runtime: CliRuntime) -> Source:
    """Returns the SFTP drop. Raises `NotThere` if it is not turned on."""
    sftp_drop = next((source for source in runtime.sources() if source.kind is SourceKind.SFTP_DROP), None)
    if sftp_drop is None:
        raise NotThere(message("cli.no-drop"))
    return sftp_drop
