"""`banqup demo`: a sample firm, in files of its own unless BANQUP_HOME says where."""

from __future__ import annotations

import os
import sys
from pathlib import Path

import click

from banqup_tui.app_dirs import AppDirs
from banqup_tui.cli.command_runner import pass_tools
from banqup_tui.cli.output import say
from banqup_tui.cli.runtime import Tools
from banqup_tui.cli.terminal import open_terminal
from banqup_tui.presentation.words import N_, _

DEMO_HOME = ".demo"
SAMPLE_FIRM = "Fiduciaire de la Meuse SRL"


@click.command()
@click.option("--clients", type=click.IntRange(1, 2000), default=34, show_default=True, help=N_("How many clients."))
@click.option(
    "--documents", type=click.IntRange(1, 200_000), default=1500, show_default=True, help=N_("How many in all.")
)
@click.option("--seed", type=int, default=1, show_default=True, help=N_("The same seed makes the same firm."))
@click.option("--open", "opens", is_flag=True, help=N_("Open the terminal on it."))
@pass_tools
def command(tools: Tools, clients: int, documents: int, seed: int, opens: bool) -> int:
    """Make a sample firm: clients, documents in every status, an integration that receives and one that fails.

    It is kept apart from your own data: below .demo in the current directory, or where BANQUP_HOME says.
    """
    home = _home(tools)
    home.made()
    from banqup_tui.demo.fill import fill

    fill(home, clients=clients, documents=documents, seed=seed, tell=say)
    if not opens:
        say(_("BANQUP_HOME={name} banqup opens it.").format(name=os.environ["BANQUP_HOME"]))
        return 0
    sys.stderr.flush()
    return open_terminal()


def _home(tools: Tools) -> AppDirs:
    os.environ.setdefault("BANQUP_SPACE_NAME", SAMPLE_FIRM)
    if not os.environ.get("BANQUP_HOME"):
        os.environ["BANQUP_HOME"] = str(Path.cwd() / DEMO_HOME)
    return tools.dirs()
