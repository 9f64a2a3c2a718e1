"""`banqup rules`: add, list, remove."""

from __future__ import annotations

import click
import msgspec

from banqup_tui.cli.action_runner import SECONDS_TO_ANSWER, report
from banqup_tui.cli.command_runner import as_json, in_runtime, pass_tools
from banqup_tui.cli.output import print_array, print_table, say
from banqup_tui.cli.runtime import CliRuntime, NotThere, Tools, client_named
from banqup_tui.domain.folder import Folder
from banqup_tui.domain.identifiers import pretty_key
from banqup_tui.domain.messages import message
from banqup_tui.domain.source import PlacingRule, RuleKind
from banqup_tui.presentation.words import N_, _
from banqup_tui.protocol.commands import AddRule, RemoveRule

_FIELDS = {
    RuleKind.SENDER: N_("sender"),
    RuleKind.RECIPIENT: N_("recipient"),
    RuleKind.SUBJECT: N_("subject"),
}


@click.group()
def command() -> None:
    """Rules that say whose a document is: numbers and directories, learned from placing by hand, and texts in mails."""


@command.command()
@click.option("--sender", metavar="TEXT", help=N_("Mails with this text in the name or address of their sender."))
@click.option("--recipient", metavar="TEXT", help=N_("Mails with this text in an address that they were sent to."))
@click.option("--subject", metavar="TEXT", help=N_("Mails with this text in their subject."))
@click.option("--client", "reference", required=True, help=N_("Whose they are."))
@click.option(
    "--folder",
    type=click.Choice([folder.value for folder in Folder], case_sensitive=False),
    help=N_("Where they go; by their content if nothing is said."),
)
@pass_tools
def add(
    tools: Tools, sender: str | None, recipient: str | None, subject: str | None, reference: str, folder: str | None
) -> int:
    """Lead mails of the mailbox to a client. Capitals and accents make no difference; what contradicts it waits."""
    texts = {RuleKind.SENDER: sender, RuleKind.RECIPIENT: recipient, RuleKind.SUBJECT: subject}
    named = [(kind, text) for kind, text in texts.items() if text is not None]
    if len(named) != 1:
        raise click.UsageError(_("Write one of --sender, --recipient and --subject."))
    ((kind, text),) = named

    async def work(runtime: CliRuntime) -> int:
        client = client_named(runtime, reference)
        body = AddRule(kind=kind, match=text, client_id=client.id, folder=Folder(folder.upper()) if folder else None)
        code = report(runtime, await runtime.answers([runtime.session.act(body)], SECONDS_TO_ANSWER))
        if code == 0:
            say(_("Such mails are {name}'s from now on, and those that wait are tried again.").format(name=client.name))
        return code

    return in_runtime(tools, work)


@command.command("list")
@as_json
@pass_tools
def list_rules(tools: Tools, json: bool) -> int:
    """Every rule: what it goes by, and where it leads."""

    async def work(runtime: CliRuntime) -> int:
        if json:
            print_array(msgspec.to_builtins(rule) for rule in runtime.rules())
        else:
            clients = {row.client.id: row.client.reference for row in runtime.clients()}
            columns = (N_("Id"), N_("Goes by"), N_("Came by"), N_("Client"), N_("Folder"))
            print_table(columns, [_line(rule, clients) for rule in runtime.rules()])
        return 0

    return in_runtime(tools, work)


def _line(rule: PlacingRule, clients: dict[str, str]) -> tuple[str, ...]:
    if rule.kind in _FIELDS:
        goes_by = f"{_(_FIELDS[rule.kind])}: {rule.match}"
    else:
        goes_by = f"{rule.match}/" if rule.source else pretty_key(rule.match)
    return (rule.id, goes_by, rule.source or "–", clients.get(rule.client_id, rule.client_id), rule.folder or "–")


@command.command()
@click.argument("rule_id", metavar="ID")
@pass_tools
def remove(tools: Tools, rule_id: str) -> int:
    """Forget it. What was placed by it stays where it is."""

    async def work(runtime: CliRuntime) -> int:
        if not any(rule.id == rule_id for rule in runtime.rules()):
            raise NotThere(message("cli.no-rule", id=rule_id))
        key = runtime.session.act(RemoveRule(rule_id=rule_id))
        code = report(runtime, await runtime.answers([key], SECONDS_TO_ANSWER))
        if code == 0:
            say(_("It is forgotten."))
        return code

    return in_runtime(tools, work)
