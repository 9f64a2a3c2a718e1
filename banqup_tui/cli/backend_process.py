"""What of the backend the command line runs to its end: it imports nothing of it, and leaves the words to it."""

from __future__ import annotations

import subprocess

from banqup_tui.python_process import clean_environment, python_command


def run_backend(*arguments: str) -> int:
    """The exit code; what the backend says goes to stderr as it says it."""
    return subprocess.run(
        python_command("banqup_tui.backend", *arguments), env=clean_environment(), check=False
    ).returncode
