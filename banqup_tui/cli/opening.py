"""Opens the terminal; it is imported only now, as the command line has no need of it."""

import importlib


def open_terminal() -> int:
    """The exit code."""
    return int(importlib.import_module("banqup_tui.app").run() or 0)
