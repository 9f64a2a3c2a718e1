"""Documents for tests, written by the sample firm's own pens."""

from datetime import date
from typing import Any

import msgspec

from banqup_tui.demo.coda import BankDays, Payment, coda
from banqup_tui.demo.firm import Company
from banqup_tui.demo.pdf import text_pdf
from banqup_tui.demo.ubl import Bill, UblLine, ubl


def company(name: str, number: str, iban: str = "BE68539007547034") -> Company:
    return Company(name=name, number=number, street="Rue 1", postcode="4000", city="Liège", iban=iban)


BAKERY = company("Fournil de la Tannerie SRL", "0912345673")
MILL = company("Minoterie Saint-Hubert SA", "0998765448", "BE43068999999501")
GARAGE = company("Garage Lemaître & Fils SA", "0911111102", "BE56363123456788")

BILL = Bill(
    credit=False,
    number="2026-00417",
    issued=date(2026, 11, 20),
    due=date(2026, 12, 20),
    seller=MILL,
    buyer=BAKERY,
    lines=(UblLine("Farine", 10, "C62", 1890, 6), UblLine("Palette", 1, "C62", 1200, 21)),
    reference="+++123/4567/89002+++",
)


def invoice(**changes: Any) -> bytes:
    return ubl(msgspec.structs.replace(BILL, **changes))


def statement(**changes: Any) -> bytes:
    days = BankDays(
        holder=BAKERY,
        number=12,
        opened=date(2026, 10, 31),
        closed=date(2026, 11, 20),
        opening=100_00,
        payments=(
            Payment(-50_25, date(2026, 11, 3), "MINOTERIE", MILL.iban, reference="123456789002"),
            Payment(80_00, date(2026, 11, 9), "CLIENT", GARAGE.iban, text="FACTURE 12"),
        ),
    )
    return coda(msgspec.structs.replace(days, **changes))


def letter(text: str = "Lettre") -> bytes:
    return text_pdf([text])
