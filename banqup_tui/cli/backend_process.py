"""Runs a command of the backend to its end, as a process: the command line imports nothing of the backend."""

from __future__ import annotations

import subprocess

from banqup_tui.cli.output import say
from banqup_tui.domain.messages import message_in
from banqup_tui.presentation.messages import words_of
from banqup_tui.protocol.local import AS_MESSAGES
from banqup_tui.python_process import clean_environment, python_command


def run_backend(*arguments: str) -> int:
    """Runs the backend with these arguments and returns the exit code. Its messages are printed to stderr.

    The backend sends them as JSON, so they are printed in the user's language.
    """
    with subprocess.Popen(
        python_command("banqup_tui.backend", *arguments),
        env=clean_environment() | {AS_MESSAGES: "1"},
        stderr=subprocess.PIPE,
        encoding="utf-8",
        errors="replace",
    ) as process:
        for line in process.stderr or ():
            message = message_in(line)
            say(words_of(message) if message is not None else line.rstrip("\n"))
    return process.returncode
