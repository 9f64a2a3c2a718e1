"""`banqup backup`: one folder with all that the local backend has."""

from __future__ import annotations

from pathlib import Path

import click

from banqup_tui.cli.backend_process import run_backend


@click.command()
@click.argument("folder", type=click.Path(path_type=Path))
def command(folder: Path) -> int:
    """Copy the documents, the database and the keys into FOLDER, which is new. The backend may run meanwhile."""
    return run_backend("backup", str(folder.expanduser().absolute()))
