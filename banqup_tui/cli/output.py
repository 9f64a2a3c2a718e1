"""Output: stdout is data, stderr narration. No control character from a stranger reaches the terminal."""

from __future__ import annotations

import re
import sys
from collections.abc import Iterable, Sequence

import click

from banqup_tui.domain.text import HIDDEN_CHARACTERS, clean
from banqup_tui.presentation.words import _

_HIDDEN = re.compile(f"[{HIDDEN_CHARACTERS}]")


def say(sentence: str) -> None:
    """Prints a line of narration to stderr."""
    click.echo(clean(sentence), err=True)


def print_array(values: Iterable[object]) -> None:
    """Prints a JSON array, a value per line, while it is read: a large list is never all in memory."""
    import msgspec

    out = sys.stdout.buffer
    sys.stdout.flush()
    out.write(b"[")
    for number, value in enumerate(values):
        out.write(b",\n " if number else b"\n ")
        out.write(escaped(msgspec.json.encode(value)))
    out.write(b"\n]\n")
    out.flush()


def escaped(json: bytes) -> bytes:
    """Returns the JSON with escapes for what a terminal or a reader would act on; the values stay exact.

    JSON escapes characters below 32 already; these are DEL, the C1 controls, and characters that cannot be seen.
    """
    text = json.decode()
    return _HIDDEN.sub(_escape, text).encode() if _HIDDEN.search(text) else json


def _escape(match: re.Match[str]) -> str:
    units = match.group().encode("utf-16-be")
    return "".join(f"\\u{int.from_bytes(units[at : at + 2], 'big'):04x}" for at in range(0, len(units), 2))


def print_table(columns: Sequence[str], rows: Iterable[Sequence[str]], *, right: Sequence[int] = ()) -> None:
    """Prints columns two cells apart. Labels go to stderr, and only if a person reads, so that stdout stays data.

    `columns` are marked for the catalogue, and translated here.
    """
    shown = [[clean(cell) for cell in row] for row in rows]
    columns = [_(label) for label in columns]
    widths = [max([len(label), *(len(row[at]) for row in shown)]) for at, label in enumerate(columns)]
    if sys.stdout.isatty():
        click.echo(_line(columns, widths, right), err=True)
    for row in shown:
        click.echo(_line(row, widths, right))


def _line(cells: Sequence[str], widths: Sequence[int], right: Sequence[int]) -> str:
    padded = (
        cell.rjust(width) if at in right else cell.ljust(width)
        for at, (cell, width) in enumerate(zip(cells, widths, strict=True))
    )
    return "  ".join(padded).rstrip()


def confirmed(question: str) -> bool:
    """Asks on stderr. Yes is accepted in the user's language and in English; anything else is no."""
    answer = click.prompt(f"{question} [{_('y')}/N]", default="", show_default=False, err=True)
    return str(answer).strip().casefold() in {"y", "yes", _("y"), _("yes")}


def confirmed_or_aborted(question: str) -> None:
    """Raises `click.Abort` if the answer is no."""
    if not confirmed(question):
        raise click.Abort
