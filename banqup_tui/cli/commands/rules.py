"""`banqup rules`: list, remove."""

from __future__ import annotations

import click
import msgspec

from banqup_tui.cli.acting import SECONDS_TO_ANSWER, told
from banqup_tui.cli.house import House, NotThere, Tools
from banqup_tui.cli.output import print_array, print_table, say
from banqup_tui.cli.running import as_json, in_house, pass_tools
from banqup_tui.domain.identifiers import pretty_key
from banqup_tui.domain.messages import message
from banqup_tui.domain.source import PlacingRule
from banqup_tui.protocol.commands import RemoveRule
from banqup_tui.written.words import N_, _


@click.group()
def command() -> None:
    """What was learned from placing by hand: a number, or a directory, that is a client's."""


@command.command("list")
@as_json
@pass_tools
def list_rules(tools: Tools, json: bool) -> int:
    """Every rule: what it goes by, and where it leads."""

    async def work(house: House) -> int:
        if json:
            print_array(msgspec.to_builtins(rule) for rule in house.rules())
        else:
            clients = {row.client.id: row.client.reference for row in house.clients()}
            columns = (N_("Id"), N_("Goes by"), N_("Came by"), N_("Client"), N_("Folder"))
            print_table(columns, [_line(rule, clients) for rule in house.rules()])
        return 0

    return in_house(tools, work)


def _line(rule: PlacingRule, clients: dict[str, str]) -> tuple[str, ...]:
    goes_by = f"{rule.match}/" if rule.source else pretty_key(rule.match)
    return (rule.id, goes_by, rule.source or "–", clients.get(rule.client_id, rule.client_id), rule.folder or "–")


@command.command()
@click.argument("rule_id", metavar="ID")
@pass_tools
def remove(tools: Tools, rule_id: str) -> int:
    """Forget it. What was placed by it stays where it is."""

    async def work(house: House) -> int:
        if not any(one.id == rule_id for one in house.rules()):
            raise NotThere(message("cli.no-rule", id=rule_id))
        key = house.doing.act(RemoveRule(rule_id=rule_id))
        code = told(house, await house.answers([key], SECONDS_TO_ANSWER))
        if code == 0:
            say(_("It is forgotten."))
        return code

    return in_house(tools, work)
