"""`banqup serve`: the local backend in the foreground."""

from __future__ import annotations

import os
import sys

import click

from banqup_tui.cli.output import say
from banqup_tui.python_process import clean_environment, python_command


@click.command()
def command() -> None:
    """Run the local backend in the foreground, until Ctrl+C. It stays when nobody is connected."""
    say("The backend runs here until Ctrl+C.")
    backend = python_command("banqup_tui.backend")
    sys.stderr.flush()
    os.execve(backend[0], backend, {**clean_environment(), "BANQUP_STAY": "1"})  # noqa: S606
