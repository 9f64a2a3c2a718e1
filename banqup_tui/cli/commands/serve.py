"""`banqup serve`: the local backend in the foreground."""

from __future__ import annotations

import os
import sys

import click

from banqup_tui.cli.output import say
from banqup_tui.presentation.words import N_, _
from banqup_tui.python_process import clean_environment, python_command


@click.command()
@click.option("--listen", metavar="HOST:PORT", help=N_("Serve HTTP there as well; callers need the token."))
@click.option("--host", "hosts", metavar="NAME", multiple=True, help=N_("A name by which it is called there."))
def command(listen: str | None, hosts: tuple[str, ...]) -> None:
    """Run the local backend in the foreground, until Ctrl+C. It stays when nobody is connected."""
    import banqup_tui.protocol as protocol
    from banqup_tui.app_dirs import dirs
    from banqup_tui.protocol.local import ENDPOINT_FILE

    say(_("The backend runs here until Ctrl+C."))
    arguments = ["--protocol", str(protocol.PROTOCOL)]
    if listen:
        say(
            _("It listens on {listen} as well; the token for it is in {text}.").format(
                listen=listen, text=dirs().runtime / ENDPOINT_FILE
            )
        )
        arguments += ["--listen", listen]
    for name in hosts:
        arguments += ["--host", name]
    backend = python_command("banqup_tui.backend", *arguments)
    sys.stderr.flush()
    os.execve(backend[0], backend, {**clean_environment(), "BANQUP_STAY": "1"})  # noqa: S606
