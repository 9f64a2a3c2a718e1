"""`banqup clients`."""

from __future__ import annotations

import click

from banqup_tui.cli import json_output
from banqup_tui.cli.command_runner import as_json, in_runtime, pass_tools
from banqup_tui.cli.output import print_array, print_table
from banqup_tui.cli.runtime import CliRuntime, Tools
from banqup_tui.presentation.words import N_


@click.command()
@as_json
@pass_tools
def command(tools: Tools, json: bool) -> int:
    """The clients, and what is to do for each."""

    async def work(runtime: CliRuntime) -> int:
        rows = runtime.clients()
        if json:
            print_array(json_output.client_value(row) for row in rows)
        else:
            lines = [
                (
                    row.client.reference,
                    row.client.name,
                    row.client.vat_number or "–",
                    str(row.counts.error),
                    str(row.counts.ready),
                    str(row.counts.queued),
                    str(row.counts.total),
                    ", ".join(row.integrations) or "–",
                )
                for row in rows
            ]
            columns = (
                N_("Reference"),
                N_("Client"),
                N_("VAT number"),
                N_("Error"),
                N_("Ready"),
                N_("Queued"),
                N_("Total"),
                N_("Integrations"),
            )
            print_table(columns, lines, right=(3, 4, 5, 6))
        return 0

    return in_runtime(tools, work)
