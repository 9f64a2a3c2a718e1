"""A document, drawn: an invoice or credit note as on paper, at most 100 columns wide.

The view takes plain texts and minor units, so it can be shown from the local copy before the file is read; who has
an invoice at hand maps it onto `InvoicePicture`.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date
from typing import NamedTuple

import msgspec

from banqup_tui.domain.words import _
from banqup_tui.widgets.blocks import (
    STACKED_BELOW,
    Block,
    BlockView,
    Cell,
    Fact,
    Facts,
    Grid,
    GridColumn,
    Heading,
    Line,
    Pair,
    Paragraph,
    Parties,
    Party,
    Totals,
)
from banqup_tui.widgets.formats import amount, amount_with_currency, decimal, full_date, percent, size
from banqup_tui.widgets.one_line import Word


class PicturedLine(NamedTuple):
    """`quantity` and `unit_price` are plain decimals as in the file; `vat_rate` is in per cent."""

    description: str
    net: int | None
    quantity: str = ""
    unit: str = ""
    unit_price: str = ""
    vat_rate: float | None = None


class PicturedVat(NamedTuple):
    """VAT of one rate; `note` says what kind, `Reduced`."""

    rate: float | None
    base: int | None
    vat: int | None
    note: str = ""


class PicturedAttachment(NamedTuple):
    name: str
    size: int


class InvoicePicture(msgspec.Struct, frozen=True, kw_only=True):
    """What is drawn of an invoice or credit note; amounts are minor units of `currency`.

    `seller` and `buyer`: name first, then address lines and numbers. `warnings`: under `communication`, `iban`,
    `totals`, what is wrong there, in words.
    """

    title: str
    issue_date: date | None = None
    due_date: date | None = None
    currency: str = "EUR"
    seller: tuple[str, ...] = ()
    seller_note: str = ""
    buyer: tuple[str, ...] = ()
    buyer_note: str = ""
    lines: tuple[PicturedLine, ...] = ()
    vat: tuple[PicturedVat, ...] = ()
    net: int | None = None
    vat_total: int | None = None
    gross: int | None = None
    payable: int | None = None
    payment: str = ""
    iban: str = ""
    communication: str = ""
    attachments: tuple[PicturedAttachment, ...] = ()
    notes: tuple[str, ...] = ()
    warnings: dict[str, str] = {}


class DocumentView(BlockView):
    """Shows blocks; `set_invoice` draws an invoice."""

    def set_invoice(self, picture: InvoicePicture, *, pane_label: tuple[str, str] | None = None) -> None:
        """`pane_label`: the first row of the pane beside the table, left and right."""
        label: Sequence[Cell] = ()
        if pane_label is not None:
            end = min(self.size.width, 104) - 2
            label = [
                Cell(2, [Word(pane_label[0], "muted")]),
                Cell(end, [Word(pane_label[1], "muted")], True),
            ]
        self.set_blocks(invoice_blocks(picture), label=label)


def invoice_blocks(picture: InvoicePicture) -> list[Block]:
    """The blocks of an invoice, from its heading to its notes; what it does not say is left out."""
    blocks: list[Block] = [_heading(picture)]
    if picture.seller or picture.buyer:
        seller = Party(_("From"), picture.seller, picture.seller_note)
        blocks.append(Parties(seller, Party(_("To"), picture.buyer, picture.buyer_note)))
    if picture.lines:
        blocks.append(line_grid(picture))
    blocks.append(Pair(_vat_grid(picture), _totals(picture)))
    facts = _facts(picture)
    if facts:
        blocks.append(Facts(facts))
    blocks += [Paragraph(note) for note in picture.notes]
    return blocks


def line_grid(picture: InvoicePicture) -> Grid:
    columns = [
        GridColumn(_("Description")),
        GridColumn(_("Quantity"), end=32, only_wide=True),
        GridColumn(_("Qty"), end=19, only_narrow=True),
        GridColumn(_("Unit price"), end=19, only_wide=True),
        GridColumn(_("VAT"), end=12),
        GridColumn(_("Net"), end=0),
    ]
    return Grid(columns, [_line_row(line, picture.currency) for line in picture.lines])


def _line_row(line: PicturedLine, currency: str) -> list[Word]:
    quantity = f"{decimal(line.quantity)} {line.unit}".strip() if line.quantity else ""
    return [
        Word(line.description),
        Word(quantity),
        Word(decimal(line.quantity)),
        Word(decimal(line.unit_price)),
        Word(percent(line.vat_rate) if line.vat_rate is not None else "", "muted"),
        Word(_figure(line.net, currency)),
    ]


def _heading(picture: InvoicePicture) -> Heading:
    dates = full_date(picture.issue_date) if picture.issue_date else ""
    if picture.due_date:
        dates += (", " if dates else "") + _("due {date}").format(date=full_date(picture.due_date))
    due = picture.payable if picture.payable is not None else picture.gross
    total = amount_with_currency(due, picture.currency) if due is not None else ""
    return Heading(picture.title, total, dates, _("to pay") if total else "")


class _VatTable(NamedTuple):
    """The VAT by rate, in columns that begin at the left edge."""

    rows: Sequence[tuple[str, str, str, str]]

    def lines(self, width: int) -> list[Line]:
        if not self.rows:
            return []
        is_wide = width >= STACKED_BELOW
        base, vat = (25, 36) if is_wide else (22, 32)
        muted = [Cell(2, [Word(_("VAT"), "muted")])]
        muted += [Cell(base, [Word(_("Base"), "muted")], True), Cell(vat, [Word(_("VAT"), "muted")], True)]
        lines: list[Line] = [muted]
        for rate, base_text, vat_text, note in self.rows:
            cells = [
                Cell(6, [Word(rate)], True),
                Cell(base, [Word(base_text)], True),
                Cell(vat, [Word(vat_text)], True),
            ]
            lines.append([*cells, Cell(vat + 3, [Word(note, "muted")])] if note and is_wide else cells)
        return lines


def _vat_grid(picture: InvoicePicture) -> Block:
    return _VatTable(
        [
            (
                percent(one.rate) if one.rate is not None else "",
                _figure(one.base, picture.currency),
                _figure(one.vat, picture.currency),
                one.note,
            )
            for one in picture.vat
        ]
    )


def _totals(picture: InvoicePicture) -> Totals:
    rows = [
        (_("Net"), picture.net),
        (_("VAT"), picture.vat_total),
        (_("Gross"), picture.gross),
        (_("To pay"), picture.payable),
    ]
    return Totals([(label, _figure(figure, picture.currency)) for label, figure in rows if figure is not None])


def _facts(picture: InvoicePicture) -> list[Fact]:
    warnings = picture.warnings
    facts = [
        Fact(_("Payment"), [Word(picture.payment)], warnings.get("payment", "")),
        Fact(_("IBAN"), [Word(picture.iban)], warnings.get("iban", "")),
        Fact(_("Communication"), [Word(picture.communication)], warnings.get("communication", "")),
    ]
    kept = [fact for fact in facts if fact.value[0].text]
    for one in picture.attachments:
        kept.append(Fact(_("Attachment"), [Word(one.name), Word(f"  {size(one.size)}", "muted")]))
    return kept


def _figure(minor: int | None, currency: str) -> str:
    return amount(minor, currency).removeprefix(currency).strip() if minor is not None else ""
