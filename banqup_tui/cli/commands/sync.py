"""`banqup sync`."""

from __future__ import annotations

import click

from banqup_tui.cli import exit_codes
from banqup_tui.cli.house import House, Tools
from banqup_tui.cli.output import say
from banqup_tui.cli.running import in_house, pass_tools
from banqup_tui.written.refusals import what_to_do, why_not
from banqup_tui.written.words import _


@click.command()
@pass_tools
def command(tools: Tools) -> int:
    """Send what waits here and fetch what is new."""

    async def work(house: House) -> int:
        await house.sync()
        for one in house.refused():
            say(f"{_('Refused: {what}.').format(what=one.what)} {why_not(one)} {what_to_do(one)}")
        if house.refused():
            say(_("banqup changes tries them again, or clears them."))
        waiting = house.waiting()
        say(_("{waiting} still wait here.").format(waiting=waiting) if waiting else _("Up to date."))
        return exit_codes.STILL_UNDER_WAY if waiting else exit_codes.OK

    return in_house(tools, work, sync=False)
