"""Writes failures as a CSV file for a spreadsheet. Cells that a spreadsheet would run as a formula are defused."""

from __future__ import annotations

import csv
import io
import re
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from datetime import datetime
from pathlib import Path

from banqup_tui.actions.context import Context
from banqup_tui.actions.file_export import save_bytes
from banqup_tui.domain.batches import in_batches
from banqup_tui.domain.client import Client
from banqup_tui.domain.document import Document
from banqup_tui.domain.failures import Failing
from banqup_tui.domain.integration import Integration
from banqup_tui.domain.text import clean
from banqup_tui.presentation.formats import decimal
from banqup_tui.presentation.messages import remedy_of_delivery, sentence_of
from banqup_tui.presentation.words import _

Documents = Callable[[Sequence[str]], Iterable[Document]]
"""Reads documents by their ids."""

_FORMULA = re.compile('(^|[;,])([ "]*)([=+\\-@＝＋－＠|%])')
"""A character that begins a formula, at the beginning of a cell or after a separator.

French and Belgian spreadsheets split at each semicolon whatever separator the file has, others at each comma; so a cell
may begin at any of them. The full-width forms are read as the ASCII ones by Excel.
"""

_NUMBER = re.compile(r"-?[0-9]+([.,][0-9]+)?")


def save_failures(context: Context, failing: Sequence[Failing], directory: Path) -> Path:
    """Writes one row for each delivery to a new file and returns its path. Raises `CannotWrite`."""
    day = context.now.astimezone().date().isoformat()
    content = table_of(
        failing,
        documents=context.session.documents,
        clients={client.id: client for client in context.session.clients()},
        integrations={integration.id: integration for integration in context.integrations},
        separator=";" if "," in decimal("0.1") else ",",
    )
    return save_bytes(content, directory, f"{_('failures')} {day}.csv")


def table_of(
    failing: Sequence[Failing],
    *,
    documents: Documents,
    clients: Mapping[str, Client],
    integrations: Mapping[str, Integration],
    separator: str = ",",
) -> bytes:
    """Returns the failures as CSV in UTF-8 with a byte order mark, by which Excel recognizes UTF-8."""
    out = io.StringIO(newline="")
    writer = csv.writer(out, delimiter=separator, lineterminator="\r\n")
    writer.writerow(_labels())
    for batch in in_batches(failing):
        known = {document.id: document for document in documents([failure.document_id for failure in batch])}
        for failure in batch:
            cells = _row(failure, known.get(failure.document_id), clients.get(failure.client_id), integrations)
            writer.writerow([as_text(cell) for cell in cells])
    return out.getvalue().encode("utf-8-sig")


def as_text(cell: str) -> str:
    """Returns the cell with an apostrophe before each sign that would begin a formula. A number stays a number."""
    plain = clean(cell)
    return plain if _NUMBER.fullmatch(plain) else _FORMULA.sub(r"\1\2'\3", plain)


def _labels() -> tuple[str, ...]:
    return (
        _("Reference"), _("Client"), _("Number"), _("Date"), _("File"), _("Integration"), _("State"), _("Attempts"),
        _("What happened"), _("What to do"), _("Last change"),
    )  # fmt: skip


def _row(
    failure: Failing, document: Document | None, client: Client | None, integrations: Mapping[str, Integration]
) -> Iterator[str]:
    integration = integrations.get(failure.integration_id)
    yield client.reference if client else ""
    yield client.name if client else ""
    yield (document.number or "") if document else ""
    yield document.issue_date.isoformat() if document and document.issue_date else ""
    yield document.file_name if document else ""
    yield integration.label if integration else ""
    yield failure.state.value
    yield str(failure.attempts)
    yield sentence_of(failure.reason)
    yield remedy_of_delivery(failure)
    yield _stamp(failure.updated_at)


def _stamp(at: datetime | None) -> str:
    return at.isoformat(timespec="seconds") if at else ""
