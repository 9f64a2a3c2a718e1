"""Writes docs/messages.md, every code with its sentence and remedy.

Run it with `python -m banqup_tui.presentation.messages.reference`.
"""

from __future__ import annotations

import sys
from collections.abc import Iterator
from itertools import groupby
from pathlib import Path

from banqup_tui.presentation.messages import texts_by_code

PAGE = Path(__file__).parents[3] / "docs" / "messages.md"


def page() -> str:
    """Returns the whole page, in English."""
    return "\n".join(_lines()) + "\n"


def _lines() -> Iterator[str]:
    yield "# Messages"
    yield ""
    yield "Written by `python -m banqup_tui.presentation.messages.reference`; a test holds it to the program."
    yield ""
    yield "Every message of the program has a code that does not change. `--json` gives it as `code`, with its"
    yield "parameters as `params`, the receiver's own words as `quote` where there are any, and both texts in the"
    yield "language in use as `message` and `remedy`. A name in braces stands for a parameter. The code `text` is a"
    yield "sentence that came as text: of an earlier version, or of a package of others."
    for family, codes in groupby(sorted(texts_by_code()), key=lambda code: code.partition(".")[0]):
        yield from ("", f"## {family}", "", "| code | what it says | what to do |", "|---|---|---|")
        for code in codes:
            texts = texts_by_code()[code]
            yield f"| `{code}` | {_cell(texts.sentence)} | {_cell(texts.remedy)} |"


def _cell(text: str) -> str:
    return text.replace("|", "\\|").replace("\n", " ")


if __name__ == "__main__":
    PAGE.write_text(page(), encoding="utf-8")
    sys.stderr.write(f"{PAGE}\n")
