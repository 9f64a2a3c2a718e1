"""`banqup rules`: list, remove."""

from __future__ import annotations

import click
import msgspec

from banqup_tui.cli.action_runner import SECONDS_TO_ANSWER, report
from banqup_tui.cli.command_runner import as_json, in_runtime, pass_tools
from banqup_tui.cli.output import print_array, print_table, say
from banqup_tui.cli.runtime import CliRuntime, NotThere, Tools
from banqup_tui.domain.identifiers import pretty_key
from banqup_tui.domain.messages import message
from banqup_tui.domain.source import PlacingRule
from banqup_tui.presentation.words import N_, _
from banqup_tui.protocol.commands import RemoveRule


@click.group()
def command() -> None:
    """What was learned from placing by hand: a number, or a directory, that is a client's."""


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
