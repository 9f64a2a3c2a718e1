"""`banqup serve`: the local backend in the foreground."""

from __future__ import annotations

import os
import sys

import click

from banqup_tui.cli.output import say


@click.command()
def command() -> None:
    """Run the local backend in the foreground, until Ctrl+C. It stays when nobody is connected."""
    say("The backend runs here until Ctrl+C.")
    os.environ["BANQUP_STAY"] = "1"
    sys.stderr.flush()
    os.execv(sys.executable, [sys.executable, "-m", "banqup_tui.backend"])  # noqa: S606
