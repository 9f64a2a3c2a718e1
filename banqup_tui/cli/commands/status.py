"""`banqup status`."""

from __future__ import annotations

import click

from banqup_tui.cli import exit_codes
from banqup_tui.cli.command_runner import as_json, in_runtime, pass_tools, sync_or_report
from banqup_tui.cli.output import print_array, print_table
from banqup_tui.cli.runtime import CliRuntime, Tools
from banqup_tui.presentation.words import N_, _


@click.command()
@as_json
@pass_tools
def command(tools: Tools, json: bool) -> int:
    """Whether the backend runs, and what waits. Ends with 69 if it does not answer."""

    async def work(runtime: CliRuntime) -> int:
        connected = await sync_or_report(runtime)
        value = _value(runtime, connected)
        if json:
            print_array([value])
        else:
            print_table((N_("What"), N_("Value")), [(_(NAMES[name]), _words(number)) for name, number in value.items()])
        return exit_codes.OK if connected else exit_codes.NO_BACKEND

    return in_runtime(tools, work, sync=False)


NAMES = {
    "firm": N_("Firm"),
    "backend": N_("Backend"),
    "clients": N_("Clients"),
    "documents": N_("Documents"),
    "readyToProcess": N_("Ready to process"),
    "queued": N_("Queued"),
    "error": N_("Error"),
    "waitingHere": N_("Waiting here"),
    "refused": N_("Refused changes"),
}
"""The values in words; JSON has the keys."""


def _words(value: object) -> str:
    return {"answers": _("answers"), "does not answer": _("does not answer")}.get(str(value), str(value))


def _value(runtime: CliRuntime, connected: bool) -> dict[str, object]:
    counts = [row.counts for row in runtime.clients()]
    return {
        "firm": runtime.firm,
        "backend": "answers" if connected else "does not answer",
        "clients": len(counts),
        "documents": sum(count.total for count in counts),
        "readyToProcess": sum(count.ready for count in counts),
        "queued": sum(count.queued for count in counts),
        "error": sum(count.error for count in counts),
        "waitingHere": runtime.waiting(),
        "refused": len(runtime.refused()),
    }
