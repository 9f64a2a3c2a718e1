"""`banqup restore`: puts a backup back, or begins without documents."""

from __future__ import annotations

from pathlib import Path

import click

from banqup_tui.cli.backend_process import run_backend
from banqup_tui.presentation.words import N_, _


@click.command()
@click.argument("folder", required=False, type=click.Path(path_type=Path))
@click.option("--empty", is_flag=True, help=N_("Begin without documents."))
def command(folder: Path | None, empty: bool) -> int:
    """Put the backup in FOLDER back, while no backend runs. What was there before stays beside it."""
    if (folder is None) != empty:
        raise click.UsageError(_("Say what to put back: FOLDER, or --empty."))
    return run_backend("restore", "--empty" if folder is None else str(folder.expanduser().absolute()))
