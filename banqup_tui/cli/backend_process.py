"""What of the backend the command line runs to its end: it imports nothing of it, and leaves the words to it."""

from __future__ import annotations

import subprocess

from banqup_tui.cli.output import say
from banqup_tui.python_process import clean_environment, python_command
from banqup_tui.written.told import told as in_language


def run_backend(*arguments: str) -> int:
    """The exit code; what the backend says goes to stderr as it says it, in the language in use."""
    with subprocess.Popen(
        python_command("banqup_tui.backend", *arguments),
        env=clean_environment(),
        stderr=subprocess.PIPE,
        encoding="utf-8",
        errors="replace",
    ) as process:
        for line in process.stderr or ():
            say(in_language(line.rstrip("\n")))
    return process.returncode
