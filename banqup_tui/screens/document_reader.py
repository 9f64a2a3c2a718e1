"""Reads the file of a document in a thread, and lays it out."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Iterator
from typing import TYPE_CHECKING

import msgspec

from banqup_tui.domain.document import Document, DocumentKind, Party
from banqup_tui.domain.e_invoicing import is_to_ask_for
from banqup_tui.domain.errors import BanqupError, UnreadableDocument
from banqup_tui.domain.identifiers import pretty_account, pretty_communication, pretty_vat
from banqup_tui.domain.suggestion import TextField
from banqup_tui.presentation.formats import amount_with_currency, full_date, size
from banqup_tui.presentation.messages import words_of
from banqup_tui.presentation.signs import sign
from banqup_tui.presentation.text_values import candidates_of, marked, title_of
from banqup_tui.presentation.words import _
from banqup_tui.sync.threads import in_thread
from banqup_tui.widgets.page import Page
from banqup_tui.widgets.text_lines import BLANK, Line, fitted, labelled, left, paragraph, right

if TYPE_CHECKING:
    from banqup_tui.formats import Content
    from banqup_tui.screens.app_protocol import AppProtocol

_MOST_CACHED = 24
_RAW_SHOWN = 200_000


class LoadedDocument(msgspec.Struct, frozen=True):
    """A document with the content and the first bytes of its file, or the problem why it cannot be shown.

    `is_final`: the problem is in the file, so reading it again would end in the same way.
    """

    document: Document
    content: Content | None = None
    raw: bytes = b""
    problem: str = ""
    is_final: bool = True


class Library:
    """Remembers the files that were read lately. Calls come from the loop of the app; reading runs in a thread."""

    def __init__(self, download: Callable[[str], object]) -> None:
        self._download = download
        self._cached: dict[str, LoadedDocument] = {}
        self._under_way: dict[str, asyncio.Future[LoadedDocument]] = {}

    def known(self, document: Document) -> LoadedDocument | None:
        content = self._cached.get(document.sha256)
        return msgspec.structs.replace(content, document=document) if content is not None else None

    async def read(self, document: Document) -> LoadedDocument:
        content = self.known(document)
        if content is not None and content.is_final:
            return content
        under_way = self._under_way.get(document.sha256)
        if under_way is None:
            under_way = asyncio.ensure_future(self._read_in_thread(document))
            self._under_way[document.sha256] = under_way
            under_way.add_done_callback(lambda _: self._under_way.pop(document.sha256))
        # A user who moves on stops waiting, but the reading goes on and is remembered, so that coming back starts no
        # second one.
        return await asyncio.shield(under_way)

    async def _read_in_thread(self, document: Document) -> LoadedDocument:
        content = await in_thread(lambda: self._read(document))
        self._cached[document.sha256] = content
        while len(self._cached) > _MOST_CACHED:
            self._cached.pop(next(iter(self._cached)))
        return content

    def _read(self, document: Document) -> LoadedDocument:
        from pathlib import Path

        from banqup_tui import formats

        raw = b""
        try:
            data = Path(str(self._download(document.sha256))).read_bytes()
            raw = data[: _RAW_SHOWN + 1]
            return LoadedDocument(document, formats.read(data, document.file_name), raw)
        except BanqupError as error:
            is_final = isinstance(error, UnreadableDocument) and error.message.code != formats.PASSING
            return LoadedDocument(document, raw=raw, problem=words_of(error.message), is_final=is_final)
        except OSError as error:
            return LoadedDocument(document, problem=error.strerror or str(error), is_final=False)


class DocumentReader:
    """Shows documents on the page beside the table. An answer for a document that was left is dropped."""

    def __init__(self, banqup: AppProtocol, page: Page) -> None:
        self._runtime, self._page = banqup, page
        self._wanted: str | None = None

    def show(self, document_id: str | None) -> None:
        if document_id == self._wanted:
            return
        self._wanted = document_id
        document = self._runtime.session.readers.document(document_id) if document_id else None
        if document is None:
            self._page.show(None)
            return
        content = self._runtime.library.known(document)
        if content is not None:
            self._page.show(lambda width: [*_label(content, width), *document_lines(content, width)])
            return
        self._page.show(lambda width: [*_label(LoadedDocument(document), width), *plain_lines(document, width, "")])
        self._page.run_worker(self._read(document), group="reading", exclusive=True, exit_on_error=False)

    async def _read(self, document: Document) -> None:
        content = await self._runtime.library.read(document)
        if self._wanted == document.id:
            self._page.show(lambda width: [*_label(content, width), *document_lines(content, width)])


def _label(read: LoadedDocument, width: int) -> list[Line]:
    """Returns the pane's label, level with the labels of the table, and the syntax of the file."""
    return [(left(0, _("Document"), "muted"), right(width, _syntax(read), "muted")), BLANK]


def _syntax(read: LoadedDocument) -> str:
    content = read.content
    if content is None:
        return ""
    if content.invoice is not None:
        return content.invoice.syntax
    return content.statements[0].syntax if content.statements else content.media_type


def document_lines(read: LoadedDocument, width: int) -> list[Line]:
    """Returns the lines of an e-invoice or a statement; of other files name, kind and size."""
    return [*_damage_lines(read.document, width), *_hint_lines(read.document, width), *_content_lines(read, width)]


def _hint_lines(document: Document, width: int) -> list[Line]:
    """Returns the hint about a purchase of which the seller owes the e-invoice."""
    if not is_to_ask_for(document):
        return []
    words = _("To ask for: since 1 January 2026 a Belgian seller sends it over Peppol. It can be booked as it is.")
    first, *rest = paragraph(2, width, words, "warn")
    return [(left(0, sign("ask"), "warn", bold=True), *first), *rest, BLANK]


def _damage_lines(document: Document, width: int) -> list[Line]:
    """Returns the warning if the service has found that its stored file is damaged."""
    if not document.damaged:
        return []
    words = _("The stored file of this document is damaged. Import the same file again: it takes its place.")
    return [*paragraph(0, width, words, "error"), BLANK]


def _content_lines(read: LoadedDocument, width: int) -> list[Line]:
    content = read.content
    if content is not None and content.invoice is not None:
        from banqup_tui.widgets.layouts.invoice import invoice_lines

        return invoice_lines(content.invoice, width)
    if content is not None and content.statements:
        from banqup_tui.widgets.layouts.statement import statement_lines

        return statement_lines(content.statements, width)
    return plain_lines(read.document, width, read.problem)


def plain_lines(document: Document, width: int, problem: str) -> list[Line]:
    heading = document.number or document.file_name
    if document.kind is DocumentKind.CREDIT_NOTE:
        heading = f"{_('Credit note')} {heading}"
    lines: list[Line] = [(fitted(0, width, heading, "strong", bold=True),)]
    day = full_date(document.issue_date)
    if document.issue_date is None:
        day = _("Came in on {day}").format(day=full_date(document.created_at.date()))
    lines += [(left(0, day, "muted"),), BLANK]
    facts = [(_("File"), document.file_name), (_("Kind"), document.media_type), (_("Size"), size(document.size))]
    facts = [*_values(document), *facts]
    for label, text in facts:
        lines += labelled(label, 14, width, text)
    lines.append(BLANK)
    if document.suggestions:
        lines += [(fitted(0, width, _("Its text suggests, but does not prove:"), "muted"),)]
        for one in document.suggestions:
            lines += labelled(title_of(one.field), 14, width, candidates_of(document, one))
        lines += [(left(0, "E", "accent"), left(2, _("Correct values…"))), BLANK]
    if problem:
        lines += paragraph(0, width, problem, "error")
    else:
        lines += [(left(0, "d", "accent"), left(2, _("Download")))]
    return lines


def _values(document: Document) -> Iterator[tuple[str, str]]:
    """Yields the values that were entered by hand or read from the text of the file, with their labels."""
    party = document.counterparty or Party()
    amounts = {
        TextField.NET_AMOUNT: document.net_amount,
        TextField.VAT_AMOUNT: document.vat_amount,
        TextField.GROSS_AMOUNT: document.gross_amount,
    }
    values = {
        TextField.COUNTERPARTY: party.name,
        TextField.VAT_NUMBER: pretty_vat(party.vat_number) if party.vat_number else None,
        TextField.NUMBER: document.number,
        TextField.ISSUE_DATE: full_date(document.issue_date) if document.issue_date else None,
        TextField.DUE_DATE: full_date(document.due_date) if document.due_date else None,
        **{
            field: amount_with_currency(amount, document.currency) if amount is not None else None
            for field, amount in amounts.items()
        },
        TextField.IBAN: pretty_account(document.iban) if document.iban else None,
        TextField.PAYMENT_REFERENCE: (
            pretty_communication(document.payment_reference) if document.payment_reference else None
        ),
    }
    for field, text in values.items():
        if text:
            yield title_of(field), marked(document, field, text)


def raw_lines(read: LoadedDocument, width: int) -> list[Line]:
    """Returns the file as text, wrapped, or a note that it is no text."""
    if not read.raw:
        return paragraph(0, width, read.problem or _("Reading"))
    text = read.raw[:_RAW_SHOWN]
    if b"\0" in text[:1000] or text[:5] == b"%PDF-":
        return paragraph(0, width, _("This file is not text. d downloads it."))
    lines: list[Line] = []
    for line in text.decode("utf-8", "replace").splitlines():
        for at in range(0, max(len(line), 1), max(width, 1)):
            lines.append((left(0, line[at : at + width].replace("\t", "  ")),))
    if len(read.raw) > _RAW_SHOWN:
        lines += [BLANK, (left(0, _("The rest is left out; d downloads the whole file."), "muted"),)]
    return lines
