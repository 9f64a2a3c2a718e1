"""Opens the terminal, and prepares stdin, stdout and stderr. It imports the app late: commands do not need it."""

from __future__ import annotations

import importlib
import os
import sys
from contextlib import suppress

from banqup_tui.cli import exit_codes
from banqup_tui.domain.errors import BanqupError
from banqup_tui.domain.messages import message
from banqup_tui.presentation.terminal import MANY_COLOURS, colours_of
from banqup_tui.presentation.words import use_language

_NO_SCREEN = ("", "dumb", "unknown")


class NoTerminal(BanqupError):
    """There is no terminal that can show the screen."""

    exit_code = exit_codes.NO_TERMINAL


def open_terminal() -> int:
    """Runs the app and returns the exit code. Raises `NoTerminal`."""
    if not (_is_terminal(sys.__stdin__) and _is_terminal(sys.__stdout__)):
        raise _no_terminal()
    if os.environ.get("TERM", "") in _NO_SCREEN:
        raise _no_screen(os.environ.get("TERM", ""))
    _set_textual_colours()
    return int(importlib.import_module("banqup_tui.app").run() or 0)


def _is_terminal(stream: object) -> bool:
    try:
        return bool(stream.isatty())  # type: ignore[attr-defined]
    except (AttributeError, ValueError):
        return False


def _set_textual_colours() -> None:
    """Sets 256 colours for Textual. Rich judges by the terminal's name and gives unknown ones 16 colours."""
    if colours_of(os.environ) >= MANY_COLOURS and not os.environ.get("COLORTERM"):
        os.environ.setdefault("TEXTUAL_COLOR_SYSTEM", "256")


def _no_terminal() -> NoTerminal:
    _set_language()
    return NoTerminal(message("cli.no-terminal"))


def _no_screen(term: str) -> NoTerminal:
    _set_language()
    return NoTerminal(message("cli.no-screen", term=term) if term else message("cli.no-term"))


def _set_language() -> None:
    """Sets the user's language, also if the settings cannot be read."""
    from banqup_tui.app_dirs import dirs
    from banqup_tui.settings import UserSettings, language_of, read_settings

    try:
        settings = read_settings(dirs().config)
    except BanqupError:
        settings = UserSettings()
    use_language(language_of(settings))


def prepare_streams() -> None:
    """Opens closed standard streams on the null device, and lets the others write every text.

    Otherwise a database could get the number of a closed stream, and output would be written into it.
    """
    for number in (0, 1, 2):
        try:
            os.fstat(number)
        except OSError:
            os.open(os.devnull, os.O_RDWR)  # gets the lowest free number, which is this one
    if sys.stdin is None:
        sys.stdin = open(0, closefd=False)  # noqa: SIM115
    if sys.stdout is None:
        sys.stdout = open(1, "w", closefd=False)  # noqa: SIM115
    if sys.stderr is None:
        sys.stderr = open(2, "w", closefd=False)  # noqa: SIM115
    for stream in (sys.stdout, sys.stderr):
        if _is_narrow(stream.encoding):
            from banqup_tui.presentation.terminal import REPLACE

            _with_errors(stream, REPLACE)
        else:
            _with_errors(stream, "replace")  # names of files that are no UTF-8 have half surrogates


def _is_narrow(encoding: str | None) -> bool:
    return not (encoding or "").lower().replace("-", "").replace("_", "").startswith("utf")


def _with_errors(stream: object, errors: str) -> None:
    with suppress(AttributeError, ValueError):
        stream.reconfigure(errors=errors)  # type: ignore[attr-defined]
