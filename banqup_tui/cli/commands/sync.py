"""`banqup sync`."""

from __future__ import annotations

import click

from banqup_tui.cli import exit_codes
from banqup_tui.cli.command_runner import in_runtime, pass_tools
from banqup_tui.cli.output import say
from banqup_tui.cli.runtime import CliRuntime, Tools
from banqup_tui.presentation.refusals import what_to_do, why_not
from banqup_tui.presentation.words import _


@click.command()
@pass_tools
def command(tools: Tools) -> int:
    """Send what waits here and fetch what is new."""

    async def work(runtime: CliRuntime) -> int:
        await runtime.sync()
        for change in runtime.refused():
            say(f"{_('Refused: {what}.').format(what=change.what)} {why_not(change)} {what_to_do(change)}")
        if runtime.refused():
            say(_("banqup changes tries them again, or clears them."))
        waiting = runtime.waiting()
        say(_("{waiting} still wait here.").format(waiting=waiting) if waiting else _("Up to date."))
        return exit_codes.STILL_UNDER_WAY if waiting else exit_codes.OK

    return in_runtime(tools, work, sync=False)
