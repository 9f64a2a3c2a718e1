"""Generates the documents of the sample firm: planned oldest first, written newest first.

The same firm, number, seed and day give the same bytes.
"""

import random
from collections.abc import Iterator
from datetime import date, timedelta
from typing import Final

import msgspec

from banqup_tui.demo.coda import BankDays, Payment, coda
from banqup_tui.demo.firm import Company, Firm, SampleClient
from banqup_tui.demo.pdf import A4, RECEIPT, text_pdf
from banqup_tui.demo.ubl import Bill, UblLine, euros, ubl
from banqup_tui.domain.document import DocumentKind
from banqup_tui.domain.folder import Folder

_DAYS: Final = 1000
_SHARES: Final = {
    Folder.PURCHASE_INVOICES: 0.60,
    Folder.SALES_INVOICES: 0.22,
    Folder.PURCHASE_RECEIPTS: 0.07,
    Folder.ENRICHED_MOVEMENT_REPORTS: 0.07,
    Folder.OTHER_DOCUMENTS: 0.04,
}
_RECEIPTS: Final = ("Restaurant", "Parking", "Carburant", "Péage", "Fournitures", "Lunch", "Taxi", "Poste")
_OTHERS: Final = (
    ("Contrat de bail commercial", "Le bailleur donne en location au preneur les locaux décrits ci-après."),
    ("Attestation d'assurance", "La compagnie atteste que le contrat est en cours et les primes payées."),
    ("Avertissement-extrait de rôle", "Impôt des sociétés, exercice d'imposition, montant à payer ci-dessous."),
    ("Loonstaten", "Overzicht van de lonen en de sociale bijdragen van de maand."),
    ("Arbeidsovereenkomst", "Tussen de ondergetekenden wordt overeengekomen wat volgt."),
    ("Procès-verbal d'assemblée générale", "L'assemblée approuve les comptes annuels à l'unanimité."),
)


class Facts(msgspec.Struct, frozen=True, kw_only=True):
    """The facts that a document states, to be compared with what is read from it. Amounts are in cents."""

    kind: DocumentKind
    number: str | None = None
    issue_date: date | None = None
    due_date: date | None = None
    supplier: str | None = None
    supplier_vat: str | None = None
    customer: str | None = None
    customer_vat: str | None = None
    currency: str | None = None
    net: int | None = None
    vat: int | None = None
    gross: int | None = None
    payable: int | None = None
    line_count: int | None = None
    attachment_count: int | None = None
    iban: str | None = None
    payment_reference: str | None = None
    opening: int | None = None
    closing: int | None = None
    movement_count: int | None = None


class Sample(msgspec.Struct, frozen=True, kw_only=True):
    """A file. `path` is as in a watched folder."""

    path: str
    data: bytes
    client: str
    folder: Folder
    dated: date
    facts: Facts
    approved: bool = True
    processed: bool = False

    @property
    def file_name(self) -> str:
        return self.path.rpartition("/")[2]


class _Plan(msgspec.Struct, frozen=True):
    client: SampleClient
    folder: Folder
    day: date
    content: Bill | BankDays | tuple[str, ...]
    approved: bool
    processed: bool
    number: int


def generate(firm: Firm, documents: int = 1500, seed: int = 1, today: date | None = None) -> Iterator[Sample]:
    """Yields so many documents of the last years up to today, newest first."""
    plans = _Planner(firm, random.Random(f"papers {seed}"), today or date.today())  # noqa: DTZ011, S311
    return (_write_sample(plan) for plan in reversed(plans.planned(documents)))


class _Planner:
    def __init__(self, firm: Firm, randomness: random.Random, today: date) -> None:
        self._firm = firm
        self._random = randomness
        self._today = today
        self._counts: dict[str, int] = {}
        self._last_bill: dict[tuple[str, str], Bill] = {}
        self._banks: dict[str, tuple[int, int, date]] = {}

    def planned(self, documents: int) -> list[_Plan]:
        """Returns the plans, oldest first, so that numbers and balances grow as they would have."""
        clients = self._firm.clients
        weights = [client.weight for client in clients]
        slots = []
        for at in range(documents):
            client = clients[at] if at < len(clients) else self._random.choices(clients, weights)[0]
            slots.append((self._day(), at, client, self._folder()))
        slots.sort(key=lambda slot: (slot[0], slot[1]))
        return [self._plan(day, client, folder, at) for at, (day, _, client, folder) in enumerate(slots)]

    def _day(self) -> date:
        """Returns a working day; later days are more likely."""
        day = self._today - timedelta(days=int(_DAYS * self._random.random() ** 2.2))
        return day - timedelta(days=max(0, day.weekday() - 4))

    def _folder(self) -> Folder:
        return self._random.choices(list(_SHARES), list(_SHARES.values()))[0]

    def _plan(self, day: date, client: SampleClient, folder: Folder, at: int) -> _Plan:
        age = (self._today - day).days
        waits = age < 45 and folder is not Folder.ENRICHED_MOVEMENT_REPORTS and self._random.random() < 0.12
        done = not waits and self._random.random() < (0.96 if age > 90 else 0.55 if age > 20 else 0.12)
        return _Plan(client, folder, day, self._content(day, client, folder), not waits, done, at)

    def _content(self, day: date, client: SampleClient, folder: Folder) -> Bill | BankDays | tuple[str, ...]:
        match folder:
            case Folder.PURCHASE_INVOICES:
                return self._bill(day, self._random.choice(client.suppliers), client.company)
            case Folder.SALES_INVOICES:
                return self._bill(day, client.company, self._random.choice(client.customers))
            case Folder.ENRICHED_MOVEMENT_REPORTS:
                return self._bank_days(day, client)
            case Folder.PURCHASE_RECEIPTS:
                return self._receipt(day, client)
            case _:
                return self._letter(day, client)

    def _bill(self, day: date, seller: Company, buyer: Company) -> Bill:
        before = self._last_bill.get((seller.number, buyer.number))
        credit = before is not None and self._random.random() < 0.06
        lines = self._lines(seller)
        if credit and before is not None:
            lines = (msgspec.structs.replace(before.lines[0], quantity=max(1, before.lines[0].quantity // 3)),)
        bill = Bill(
            credit=credit,
            number=self._next_number(seller, day),
            issued=day,
            due=None if seller.days == 15 and credit else day + timedelta(days=seller.days),
            seller=seller,
            buyer=buyer,
            lines=lines,
            reference=self._reference(),
            prepaid=5000 if not credit and self._random.random() < 0.02 else 0,
            credits=before.number if credit and before else "",
        )
        if seller.with_pdf:
            bill = msgspec.structs.replace(bill, pdf=_picture(bill))
        if not credit:
            self._last_bill[seller.number, buyer.number] = bill
        return bill

    def _lines(self, seller: Company) -> tuple[UblLine, ...]:
        chosen = self._random.sample(seller.items, self._random.randrange(1, len(seller.items) + 1))
        return tuple(
            UblLine(
                item.text,
                1 if item.most == 1 else self._random.randrange(max(1, item.most // 8), item.most + 1),
                item.unit,
                self._random.randrange(item.lowest, item.highest + 1),
                item.rate,
            )
            for item in chosen
        )

    def _next_number(self, seller: Company, day: date) -> str:
        """Returns the next number of a seller; some sellers count anew each year."""
        key = f"{seller.number}/{day.year}" if "{year}" in seller.style or "{y}" in seller.style else seller.number
        if key not in self._counts:
            self._counts[key] = self._random.randrange(100, 900)
        self._counts[key] += self._random.randrange(1, 9)
        return seller.style.format(year=day.year, y=f"{day:%y}", n=self._counts[key])

    def _reference(self) -> str:
        """Returns a structured communication; in one of sixty the check digits are wrong, as in real life."""
        ten = self._random.randrange(10**10)
        check = ten % 97 or 97
        if self._random.random() < 1 / 60:
            check = check % 97 + 1
        digits = f"{ten:010}{check:02}"
        return f"+++{digits[:3]}/{digits[3:7]}/{digits[7:]}+++"

    def _bank_days(self, day: date, client: SampleClient) -> BankDays:
        number, balance, since = self._banks.get(
            client.reference, (self._random.randrange(1, 40), self._random.randrange(2_000_00, 90_000_00), day)
        )
        days = max(1, (day - since).days)
        payments = tuple(
            sorted(
                (
                    self._payment(since + timedelta(days=self._random.randrange(days + 1)), client)
                    for _ in range(days % 9 + 2)
                ),
                key=lambda payment: payment.day,
            )
        )
        statement = BankDays(
            holder=client.company, number=number, opened=since, closed=day, opening=balance, payments=payments
        )
        self._banks[client.reference] = (number % 365 + 1, statement.closing, day)
        return statement

    def _payment(self, day: date, client: SampleClient) -> Payment:
        incoming = self._random.random() < 0.5
        other = self._random.choice(client.customers if incoming else client.suppliers)
        amount = self._random.randrange(15_00, 2_400_00)
        reference = "".join(letter for letter in self._reference() if letter.isdigit())
        if self._random.random() < 0.4:
            return Payment(amount if incoming else -amount, day, other.name, other.iban, reference=reference)
        return Payment(amount if incoming else -amount, day, other.name, other.iban, text=f"Facture {day:%y}-{day:%j}")

    def _receipt(self, day: date, client: SampleClient) -> tuple[str, ...]:
        template = self._random.choice(_RECEIPTS)
        gross = self._random.randrange(4_50, 186_00)
        vat = gross * 21 // 121
        ticket = self._random.randrange(10**6)
        return (
            f"{template.upper()} {self._random.choice(client.suppliers).city.upper()}",
            f"Ticket {ticket:06}",
            f"{day:%d/%m/%Y}",
            "",
            f"{template:24} {euros(gross)}",
            f"TVA 21 %                 {euros(vat)}",
            f"TOTAL EUR                {euros(gross)}",
            "",
            "Carte bancaire",
            client.company.name,
        )

    def _letter(self, day: date, client: SampleClient) -> tuple[str, ...]:
        title, sentence = self._random.choice(_OTHERS)
        number = self._random.randrange(10**7)
        return (
            title,
            "",
            f"{client.company.name}, {client.company.city}",
            f"{day:%d/%m/%Y}   ref. {number:07}",
            "",
            sentence,
        )


def _picture(bill: Bill) -> bytes:
    """Returns the invoice as it would look on paper."""
    kind = "NOTE DE CRÉDIT" if bill.credit else "FACTURE"
    lines = [
        f"{kind} {bill.number}",
        f"{bill.seller.name} - {bill.seller.vat_number}",
        f"{bill.seller.street}, {bill.seller.postcode} {bill.seller.city}",
        "",
        f"Client : {bill.buyer.name} - {bill.buyer.vat_number}",
        f"Date : {bill.issued:%d/%m/%Y}",
        "",
        *(f"{line.quantity} x {line.text} à {euros(line.price)} = {euros(line.net)}" for line in bill.lines),
        "",
        f"Net {euros(bill.net)}   TVA {euros(bill.vat)}   Total {euros(bill.gross)} {bill.seller.currency}",
        f"{bill.reference}   {bill.seller.iban}",
    ]
    return text_pdf(lines, A4, f"{kind} {bill.number}")


def _write_sample(plan: _Plan) -> Sample:
    content = plan.content
    if isinstance(content, Bill):
        name, data, facts = f"{_safe(content.number)}.xml", ubl(content), _facts_of_bill(content)
    elif isinstance(content, BankDays):
        name, data, facts = f"{plan.day:%Y%m%d}-{content.number:03}.cod", coda(content), _facts_of_bank(content)
    else:
        receipt = plan.folder is Folder.PURCHASE_RECEIPTS
        name = f"{_safe(content[0].lower())}-{plan.day:%Y%m%d}-{plan.number:05}.pdf"
        data = text_pdf(content, RECEIPT if receipt else A4, content[0])
        facts = Facts(kind=DocumentKind.OTHER)
    return Sample(
        path=f"{plan.client.reference}/{plan.folder.value.lower()}/{name}",
        data=data,
        client=plan.client.reference,
        folder=plan.folder,
        dated=plan.day,
        facts=facts,
        approved=plan.approved,
        processed=plan.processed,
    )


def _facts_of_bill(bill: Bill) -> Facts:
    sign = -1 if bill.credit else 1
    return Facts(
        kind=DocumentKind.CREDIT_NOTE if bill.credit else DocumentKind.INVOICE,
        number=bill.number,
        issue_date=bill.issued,
        due_date=bill.due,
        supplier=bill.seller.name,
        supplier_vat=bill.seller.vat_number,
        customer=bill.buyer.name,
        customer_vat=bill.buyer.vat_number,
        currency=bill.seller.currency,
        net=sign * bill.net,
        vat=sign * bill.vat,
        gross=sign * bill.gross,
        payable=sign * (bill.gross - bill.prepaid),
        line_count=len(bill.lines),
        attachment_count=1 if bill.pdf else 0,
        iban=bill.seller.iban,
        payment_reference=bill.reference,
    )


def _facts_of_bank(days: BankDays) -> Facts:
    return Facts(
        kind=DocumentKind.STATEMENT,
        number=f"{days.number:03}",
        issue_date=days.closed,
        currency="EUR",
        iban=days.holder.iban,
        opening=days.opening,
        closing=days.closing,
        movement_count=len(days.payments),
    )


def _safe(text: str) -> str:
    return "".join(letter if letter.isalnum() else "-" for letter in text)
