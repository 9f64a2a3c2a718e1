"""The people of the sample firm: clients, suppliers and customers. The same seed gives the same firm."""

import random
from importlib import resources
from typing import Final

import msgspec

from banqup_tui.domain.identifiers import iban_check_digits

FIRM_NAME: Final = "Fiduciaire des Trois Ponts SRL"


class Product(msgspec.Struct, frozen=True):
    """A product. Prices are in cents per unit, `rate` in per cent; `unit` is of UN/ECE Recommendation 20."""

    text: str
    lowest: int
    highest: int
    rate: int
    unit: str = "C62"
    most: int = 6


class Company(msgspec.Struct, frozen=True, kw_only=True):
    """A company. `number` has ten digits, or is a foreign VAT number; `style` is the format of its document numbers."""

    name: str
    number: str
    street: str
    postcode: str
    city: str
    iban: str
    country: str = "BE"
    style: str = "{year}-{n:05}"
    items: tuple[Product, ...] = ()
    currency: str = "EUR"
    with_pdf: bool = False
    days: int = 30

    @property
    def vat_number(self) -> str:
        return f"BE{self.number}" if self.country == "BE" else self.number


class SampleClient(msgspec.Struct, frozen=True, kw_only=True):
    """A client of the firm. `weight` is its share of all documents."""

    reference: str
    company: Company
    suppliers: tuple[Company, ...]
    customers: tuple[Company, ...]
    weight: float


class Firm(msgspec.Struct, frozen=True):
    name: str
    clients: tuple[SampleClient, ...]


_TOWNS: Final = (
    ("4500", "Huy", "Rue Sous-le-Château"),
    ("5000", "Namur", "Rue de l'Ange"),
    ("4000", "Liège", "Quai de Maestricht"),
    ("1348", "Louvain-la-Neuve", "Place des Wallons"),
    ("6000", "Charleroi", "Rue du Grand Central"),
    ("7000", "Mons", "Rue de la Clef"),
    ("9000", "Gent", "Oudburg"),
    ("3000", "Leuven", "Vaartstraat"),
    ("8500", "Kortrijk", "Budastraat"),
    ("2800", "Mechelen", "Adegemstraat"),
    ("1050", "Ixelles", "Rue du Bailli"),
    ("2000", "Antwerpen", "Kloosterstraat"),
    ("4800", "Verviers", "Rue Jules Cerexhe"),
    ("5500", "Dinant", "Rue Grande"),
    ("9300", "Aalst", "Molendries"),
    ("8000", "Brugge", "Langestraat"),
)


def company_number(randomness: random.Random) -> str:
    """Returns ten digits beginning with 09, with check digits (97 minus the remainder of the first eight)."""
    first = f"09{randomness.randrange(10**6):06}"
    return f"{first}{97 - int(first) % 97:02}"


def belgian_iban(randomness: random.Random) -> str:
    """Returns a Belgian IBAN; the account has check digits of its own (remainder by 97, or 97)."""
    ten = f"{randomness.choice(('001', '068', '363', '539', '733'))}{randomness.randrange(10**7):07}"
    account = f"{ten}{int(ten) % 97 or 97:02}"
    return f"BE{iban_check_digits('BE', account)}{account}"


def make_firm(clients: int = 34, seed: int = 1) -> Firm:
    """Makes a firm with so many clients. After the named ones come branches of them in other towns."""
    randomness = random.Random(f"firm {seed}")  # noqa: S311
    suppliers = [_supplier(line, randomness) for line in _lines("suppliers")]
    buyers = [_company(name, randomness) for name in _lines("buyers")]
    sales = dict(line.split("|") for line in _lines("sales"))
    named = [line.split("|") for line in _lines("clients")]
    made = []
    for place in range(clients):
        name, trade, reference = named[place % len(named)]
        branch = place // len(named)
        town = _TOWNS[(place + branch) % len(_TOWNS)][1]
        made.append(
            SampleClient(
                reference=f"{reference}-{branch + 1}" if branch else reference,
                company=_company(
                    f"{name.rpartition(' ')[0]} {town} {name.rpartition(' ')[2]}" if branch else name,
                    randomness,
                    style=randomness.choice(("{year}/{n:03}", "F{year}-{n:04}", "{y}{n:04}", "VF{year}.{n:03}")),
                    items=_items(sales[trade]),
                    with_pdf=randomness.random() < 0.3,
                ),
                suppliers=tuple(supplier for supplier, trades in suppliers if "*" in trades or trade in trades),
                customers=tuple(randomness.sample(buyers, 5)),
                weight=0.25 + 6 / (place + 2),
            )
        )
    return Firm(FIRM_NAME, tuple(made))


def _lines(name: str) -> list[str]:
    """Returns the lines of a table beside this file, whose columns are parted by `|`; its first line names them."""
    return resources.files(__package__).joinpath(f"{name}.txt").read_text("utf-8").splitlines()[1:]


def _items(text: str) -> tuple[Product, ...]:
    """Returns products from a text; fields are split from the right, so that a name may have commas."""
    items = []
    for part in text.split(";"):
        words, lowest, highest, rate, unit, most = part.rsplit(",", 5)
        items.append(Product(words, int(lowest), int(highest), int(rate), unit, int(most)))
    return tuple(items)


def _supplier(line: str, randomness: random.Random) -> tuple[Company, list[str]]:
    name, style, abroad, currency, with_pdf, trades, items = line.split("|")
    country, _, number = abroad.partition(":")
    company = _company(
        name,
        randomness,
        country=country if number else "BE",
        number=number or None,
        style=style,
        currency=currency,
        with_pdf=with_pdf == "1",
        items=_items(items),
    )
    return company, trades.split()


def _company(
    name: str,
    randomness: random.Random,
    *,
    country: str = "BE",
    number: str | None = None,
    style: str = "{year}-{n:05}",
    currency: str = "EUR",
    with_pdf: bool = False,
    items: tuple[Product, ...] = (),
) -> Company:
    postcode, city, street = randomness.choice(_TOWNS)
    return Company(
        name=name,
        number=number or company_number(randomness),
        street=f"{street} {randomness.randrange(1, 190)}",
        postcode=postcode,
        city=city,
        iban=belgian_iban(randomness),
        country=country,
        style=style,
        currency=currency,
        with_pdf=with_pdf,
        items=items,
        days=randomness.choice((15, 30, 30, 30, 60)),
    )
