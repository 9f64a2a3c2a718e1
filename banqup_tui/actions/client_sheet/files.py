"""Reads and writes the cells of a sheet: a spreadsheet or CSV."""

from __future__ import annotations

import csv
import io
from collections.abc import Iterable, Sequence
from pathlib import Path

from banqup_tui.actions.client_sheet.columns import find_columns
from banqup_tui.actions.csv_export import as_text
from banqup_tui.domain.errors import BanqupError
from banqup_tui.domain.messages import message

SPREADSHEETS = frozenset({".xlsx", ".xlsm", ".xls", ".xlsb", ".ods"})
MOST_BYTES = 20_000_000
MOST_ROWS, MOST_COLUMNS = 20_000, 200
_DELIMITERS = (";", ",", "\t", "|")
_ENCODINGS = ("utf-8-sig", "cp1252")
"""Tried in this order: text in Windows' encoding is hardly ever valid UTF-8, and the other way round it always is."""


class NoSheet(BanqupError):
    """The file is no sheet that can be read, or has no columns of clients."""


def read_rows(path: Path) -> list[list[str]]:
    """Returns the cells of the first sheet that has columns of clients, as texts without blanks around them.

    Raises:
        NoSheet: it cannot be read, is too large, or has no such columns.
    """
    try:
        if path.stat().st_size > MOST_BYTES:
            raise NoSheet(message("sheet.too-large", limit=MOST_BYTES))
        content = path.read_bytes()
    except OSError as error:
        raise NoSheet(message("sheet.cannot-be-read", quote=error.strerror or "", path=str(path))) from error
    candidates = _of_spreadsheet(path, content) if path.suffix.lower() in SPREADSHEETS else _of_text(content)
    found = [(columns, rows) for rows in candidates if (columns := find_columns(rows)) is not None]
    if not found:
        raise NoSheet(message("sheet.no-headings", path=path.name))
    _columns, rows = max(found, key=lambda one: len(one[0].fields))
    if len(rows) > MOST_ROWS:
        raise NoSheet(message("sheet.too-many-rows", limit=MOST_ROWS))
    return rows


def write_rows(path: Path, rows: Iterable[Sequence[str]]) -> bytes:
    """Returns the bytes of a sheet: .xlsx for that suffix, else CSV with semicolons in UTF-8 with a byte order mark."""
    return _as_spreadsheet(rows) if path.suffix.lower() == ".xlsx" else _as_csv(rows)


def _of_spreadsheet(path: Path, content: bytes) -> list[list[list[str]]]:
    from python_calamine import CalamineError, CalamineWorkbook

    try:
        workbook = CalamineWorkbook.from_filelike(io.BytesIO(content))
        sheets = [workbook.get_sheet_by_name(name).to_python(nrows=MOST_ROWS + 1) for name in workbook.sheet_names]
    except (CalamineError, OSError, ValueError) as error:
        raise NoSheet(message("sheet.no-spreadsheet", quote=str(error), path=path.name)) from error
    return [[[_cell(value) for value in row[:MOST_COLUMNS]] for row in sheet] for sheet in sheets]


def _cell(value: object) -> str:
    """Returns a cell as text. A spreadsheet keeps a number without its leading zeros, and as a fraction."""
    if isinstance(value, float) and value.is_integer():
        value = int(value)
    return "" if value is None else str(value).strip()


def _of_text(content: bytes) -> list[list[list[str]]]:
    """Returns the rows by each delimiter; the right one finds the most headings."""
    text = _decoded(content)
    found = []
    for delimiter in _DELIMITERS:
        try:
            rows = csv.reader(io.StringIO(text, newline=""), delimiter=delimiter)
            found.append([[cell.strip() for cell in row[:MOST_COLUMNS]] for row in rows])
        except csv.Error:
            continue
    return found


def _decoded(content: bytes) -> str:
    if content[:2] in (b"\xff\xfe", b"\xfe\xff"):
        return content.decode("utf-16", errors="replace")
    for encoding in _ENCODINGS:
        try:
            return content.decode(encoding)
        except UnicodeDecodeError:
            continue
    return content.decode("cp1252", errors="replace")


def _as_csv(rows: Iterable[Sequence[str]]) -> bytes:
    out = io.StringIO(newline="")
    writer = csv.writer(out, delimiter=";", lineterminator="\r\n")
    writer.writerows([as_text(cell) for cell in row] for row in rows)
    return out.getvalue().encode("utf-8-sig")


def _as_spreadsheet(rows: Iterable[Sequence[str]]) -> bytes:
    import xlsxwriter

    out = io.BytesIO()
    # A text from a stranger must never become a formula or a link.
    options = {"in_memory": True, "strings_to_formulas": False, "strings_to_urls": False, "strings_to_numbers": False}
    with xlsxwriter.Workbook(out, options) as workbook:
        sheet = workbook.add_worksheet("Clients")
        bold = workbook.add_format({"bold": True})
        for number, row in enumerate(rows):
            for column, cell in enumerate(row):
                sheet.write_string(number, column, cell, bold if number == 0 else None)
        sheet.freeze_panes(1, 0)
        sheet.autofit()
    return out.getvalue()
