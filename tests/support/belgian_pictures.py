"""Invoices of invented Belgian suppliers, each as an e-invoice and as the PDF that the supplier mails."""

import random
from collections.abc import Callable, Sequence
from datetime import date, timedelta

import msgspec

from banqup_tui.demo.pdf import text_pdf
from banqup_tui.demo.ubl import Bill, UblLine, ubl
from banqup_tui.domain.identifiers import pretty_account
from tests.support.papers import BAKERY, BILL, GARAGE, MILL, company

SELLERS = (
    MILL,
    GARAGE,
    company("Elektro Van Damme BV", "0933333304", "BE56363123456788"),
    company("Nettoyage des Quatre Bras SRL", "0944444405"),
    company("Drukkerij 't Pand NV", "0955555506", "BE43068999999501"),
)
_NUMBERS: tuple[Callable[[int], str], ...] = (
    lambda at: f"2026-{at:05}",
    lambda at: f"F2026/{at:04}",
    lambda at: f"{260000 + at}",
    lambda at: f"VF-26-{at}",
    lambda at: str(100 + at),
)
_AMOUNTS: tuple[Callable[[int], str], ...] = (
    lambda cents: f"{cents // 100:,}.{cents % 100:02}".replace(",", "\0").replace(".", ",").replace("\0", "."),
    lambda cents: f"{cents // 100:,}".replace(",", " ") + f",{cents % 100:02}",
    lambda cents: f"{cents // 100:,}".replace(",", "\u00a0") + f",{cents % 100:02}",
    lambda cents: f"{cents // 100},{cents % 100:02}",
    lambda cents: f"{cents // 100:,}.{cents % 100:02}",
    lambda cents: f"{cents // 100}.{cents % 100:02}",
)
_WORDS = {
    "fr": ("Facture", "Facture n°", "Date", "Échéance", "Total HTVA", "TVA", "Total à payer", "TVA", "Compte"),
    "nl": (
        "Factuur",
        "Factuurnummer",
        "Datum",
        "Vervaldag",
        "Totaal excl. btw",
        "Btw",
        "Te betalen",
        "Btw",
        "Rekening",
    ),
}
_SMALL_PRINT = {
    "fr": "Tout retard entraîne sans mise en demeure un intérêt de 10 % et une indemnité de 50,00 EUR.",
    "nl": "Bij laattijdige betaling is zonder aanmaning een intrest van 10 % en 50,00 EUR verschuldigd.",
}


class Pair(msgspec.Struct, frozen=True):
    """An invoice as it comes over Peppol and as it comes by mail, and the reminder of it."""

    number: str
    xml: bytes
    pdf: bytes
    reminder: bytes


def pairs(count: int, seed: int = 7) -> list[Pair]:
    """Returns the invoices of a year. Some suppliers have the same amount each month; numbers may be short."""
    chance = random.Random(seed)
    found = []
    for at in range(count):
        seller = at % len(SELLERS)
        fixed = chance.random() < 0.3
        price = 12_100 if fixed else chance.randrange(100, 900_000)
        rates = (21,) if fixed or chance.random() < 0.5 else (6, 21)
        bill = msgspec.structs.replace(
            BILL,
            number=_NUMBERS[seller](at),
            issued=date(2026, 1, 1) + timedelta(days=at % 300),
            due=date(2026, 2, 1) + timedelta(days=at % 300),
            seller=SELLERS[seller],
            lines=tuple(UblLine(f"Article {rate}", 1, "C62", price, rate) for rate in rates),
        )
        found.append(Pair(bill.number, ubl(bill), text_pdf(_page(bill, chance)), _reminder(bill)))
    return found


def _reminder(bill: Bill) -> bytes:
    """A page with number, total and seller of the invoice, titled in no words that the program knows."""
    seller, total = bill.seller, _AMOUNTS[0](bill.gross)
    return text_pdf(
        [seller.name, f"TVA {seller.vat_number}", "Votre compte", f"Facture n° {bill.number}", f"Solde {total} EUR"]
    )


def _page(bill: Bill, chance: random.Random) -> list[str]:
    language = chance.choice(("fr", "nl"))
    title, number, day, due, net, vat, total, vat_number, account = _WORDS[language]
    amount = chance.choice(_AMOUNTS)
    sign = chance.choice(("€ {}", "{} €", "{} EUR", "{}"))
    seller = bill.seller
    as_numbers = chance.choice((True, True, False))
    head = [seller.name, seller.street, f"{seller.postcode} {seller.city}"]
    identity = [f"{vat_number} {seller.vat_number[:2]} {seller.number[:4]}.{seller.number[4:7]}.{seller.number[7:]}"]
    labels = [f"{number} {bill.number}", f"{day} : {bill.issued:%d/%m/%Y}", f"{due} : {bill.due:%d/%m/%Y}"]
    columns = [f"{number}   {day}   {due}", f"{bill.number}   {bill.issued:%d/%m/%Y}   {bill.due:%d/%m/%Y}"]
    lines = [f"{line.text}   1   {amount(line.net)}   {line.rate} %   {amount(line.net)}" for line in bill.lines]
    sums = _sums(bill, (net, vat, total), lambda cents: sign.format(amount(cents)))
    foot = [f"{account} {pretty_account(seller.iban)}", _SMALL_PRINT[language]]
    return [
        *head, *(identity if as_numbers else ()), title, *chance.choice((labels, columns)), BAKERY.name, *lines, *sums,
        *foot,
    ]  # fmt: skip


def _sums(bill: Bill, words: tuple[str, str, str], money: Callable[[int], str]) -> Sequence[str]:
    net, vat, total = words
    by_rate = [f"{vat} {rate} %   {money(taxable)}   {money(tax)}" for rate, (taxable, tax) in bill.by_rate.items()]
    return [f"{net} {money(bill.net)}", *by_rate, f"{total} : {money(bill.gross)}"]
