"""The abilities of the terminal by its environment: the number of colours, and the encoding of letters."""

from __future__ import annotations

import codecs
from collections.abc import Mapping

from banqup_tui.presentation.widths import width_of

MANY_COLOURS = 256
"""The least number of colours for the program's own theme, whose colours are all in the xterm-256 palette."""
_TRUECOLOR = 1 << 24
REPLACE = "banqup-replace"
"""The name of the error handler of codecs that writes a question mark for each cell of a letter that the locale lacks.

Python's own `replace` writes one for each character, which would shift the columns after a wide letter.
"""


def colours_of(environment: Mapping[str, str]) -> int:
    """Returns the number of colours. Terminals that terminfo does not know are new, and have many."""
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
