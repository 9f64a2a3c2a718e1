"""What the terminal is able to do, by what it says of itself: colours, and letters."""

from __future__ import annotations

import codecs
from collections.abc import Mapping

from banqup_tui.presentation.widths import width_of

MANY_COLOURS = 256
"""From here on the program's own colours can be shown; they are all of the xterm-256 palette."""
_TRUECOLOR = 1 << 24
REPLACE = "banqup-replace"
"""The name of the error handler that writes a question mark for each cell of a letter the locale does not have."""


def colours_of(environment: Mapping[str, str]) -> int:
    """How many colours there are. Terminals that terminfo does not know yet are young, and have many."""
    if environment.get("COLORTERM", "").lower() in ("truecolor", "24bit"):
        return _TRUECOLOR
    term = environment.get("TERM", "").lower()
    if "256color" in term or "direct" in term:
        return MANY_COLOURS
    return _by_terminfo(environment.get("TERM", ""))


def _by_terminfo(term: str) -> int:
    try:
        import curses
    except ImportError:  # a Python without curses
        return MANY_COLOURS
    try:
        curses.setupterm(term, 1)
    except curses.error:
        return MANY_COLOURS if term else 0
    return max(curses.tigetnum("colors"), 0)


def _question_marks(error: UnicodeError) -> tuple[str, int]:
    if not isinstance(error, UnicodeEncodeError):
        raise error
    return "?" * width_of(error.object[error.start : error.end]), error.end


codecs.register_error(REPLACE, _question_marks)
