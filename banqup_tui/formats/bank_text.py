"""Helpers shared by CODA, MT940 and camt: decoding, two-digit years, structured communications."""

from __future__ import annotations

import calendar
import re
from datetime import date

from banqup_tui.domain.identifiers import check_communication, communication_in, creditor_reference
from banqup_tui.domain.warnings import ReadWarning
from banqup_tui.formats.findings import Findings
from banqup_tui.formats.text_encoding import decoded_pieces, undeclared_encoding


def decoded(data: bytes) -> tuple[str, tuple[ReadWarning, ...]]:
    """Returns the text without the characters that end or fill a file, and the warnings about its encoding."""
    encoding = undeclared_encoding(data)
    text = "".join(decoded_pieces(data, encoding))
    return text.strip("\ufeff\r\n\x00\x1a"), encoding.warnings("file")


def lines_of(text: str) -> list[str]:
    """Returns the lines, broken at line ends only: a form feed inside a line would shift its columns."""
    return text.replace("\r\n", "\n").replace("\r", "\n").split("\n")


def short_date(year: str, month: str, day: str, findings: Findings, place: str) -> date | None:
    """Returns the day of a two-digit year, `None` for zeros and blanks. Years 80 to 99 are of the last century.

    Banks that count months of thirty days write the 30th of February; the last day of the month is taken, with a
    warning.
    """
    digits = f"{year}{month}{day}"
    if digits.strip("0 ") == "":
        return None
    if not (digits.isascii() and digits.isdigit() and 1 <= int(month) <= 12 and 1 <= int(day) <= 31):
        findings.warn(place, "content.date-unreadable", text=digits)
        return None
    full_year = int(year) + (1900 if int(year) >= 80 else 2000)
    last = calendar.monthrange(full_year, int(month))[1]
    taken = date(full_year, int(month), min(int(day), last))
    if int(day) > last:
        iso_date = f"{full_year}-{month}-{day}"
        findings.warn(place, "content.date-adjusted", date=iso_date, taken=taken.isoformat())
    return taken


def separate_communications(structured: str, free: str) -> tuple[str, str]:
    """Returns the structured and the free communication of a movement.

    A Belgian structured communication is reduced to its twelve digits, a creditor reference to its letters and digits.
    One in the free text is offered as the structured one; the free text stays, unless it has nothing else.
    """
    if structured:
        belgian = check_communication(structured)
        return (belgian.digits if belgian else creditor_reference(structured) or structured), free
    marked = check_communication(free) if free[:3] in ("+++", "***") else None
    if marked is not None:
        return marked.digits, ""
    found = communication_in(free)
    return found, "" if found and re.sub("[^A-Z0-9]", "", free.upper()) == found else free
