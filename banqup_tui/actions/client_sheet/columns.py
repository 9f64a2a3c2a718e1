"""The columns of a sheet of clients, found by their headings in English, French, Dutch or German."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Mapping, Sequence

from banqup_tui.domain.values import Value

HEADINGS: Mapping[str, str] = {
    "name": "Legal name",
    "country": "Country",
    "email": "Contact email",
    "first_name": "First name",
    "last_name": "Last name",
    "language": "Contact language",
    "enterprise_number": "Company number",
    "vat_number": "VAT",
    "reference": "External reference",
    "accounts": "IBAN",
    "street": "Street",
    "street_number": "Number",
    "box": "P.O. Box",
    "postal_code": "Postal code",
    "city": "City",
    "numbers": "Further numbers",
}
"""The headings of Banqup's sheet in the order of its columns, by the field of `domain.client.ClientDetails`."""

_OTHERS: Mapping[str, str] = {
    "name": "name|company|company name|client|client name|raison sociale|denomination|nom legal|nom de la societe|"
    "juridische naam|naam|bedrijfsnaam|klant|klantnaam|rechtlicher name|firmenname|firma|mandant",
    "country": "country code|pays|code pays|land|landcode|landescode|landeskennzeichen",
    "email": "email|e mail|contact e mail|mail|email de contact|e mail de contact|email du contact|courriel|"
    "e mailadres|e mail contactpersoon|contact e mailadres|kontakt e mail|e mail adresse|e mail des kontakts",
    "first_name": "prenom|voornaam|vorname|contact first name",
    "last_name": "surname|nom de famille|nom|achternaam|familienaam|nachname|familienname|contact last name",
    "language": "language|langue|langue du contact|langue de contact|taal|contacttaal|taal contact|sprache|"
    "kontaktsprache",
    "enterprise_number": "enterprise number|registration number|numero d entreprise|n d entreprise|numero bce|bce|"
    "ondernemingsnummer|ondernemingsnr|kbo|kbo nummer|unternehmensnummer|zus nummer|zdu",
    "vat_number": "vat number|vat no|tva|numero de tva|n de tva|n tva|no tva|btw|btw nummer|btw nr|mwst|mwst nummer|"
    "mwst nr|ust idnr|ust id|umsatzsteuer id",
    "reference": "reference|external id|ref|reference externe|code client|dossier|externe referentie|referentie|"
    "klantcode|klantnummer|dossiernummer|externe referenz|referenz|mandantennummer",
    "accounts": "bank account|account|compte|compte bancaire|numero de compte|rekening|rekeningnummer|bankrekening|"
    "konto|kontonummer|bankkonto",
    "street": "address|rue|adresse|straat|adres|strasse|anschrift",
    "street_number": "house number|numero|n|nr|no|huisnummer|nummer|hausnummer",
    "box": "box|po box|boite|boite postale|bte|bus|busnummer|postfach",
    "postal_code": "postcode|zip|zip code|code postal|cp|postnummer|plz|postleitzahl",
    "city": "town|localite|ville|commune|stad|gemeente|plaats|ort|stadt|gemeinde",
    "numbers": "autres numeros|verdere nummers|weitere nummern",
}

MOST_ROWS_ABOVE = 20
"""Most rows above the headings: a title, an explanation."""


class SheetColumns(Value, frozen=True, kw_only=True):
    """The columns of a sheet.

    Attributes:
        row: index of the row with the headings.
        fields: field of a client by the index of its column.
        left_out: headings of columns that are no detail of a client.
    """

    row: int
    fields: Mapping[int, str]
    left_out: tuple[str, ...] = ()


def find_columns(rows: Sequence[Sequence[str]]) -> SheetColumns | None:
    """Returns the columns by the row with the most known headings; `None` if no row names the clients."""
    best: SheetColumns | None = None
    for number, row in enumerate(rows[:MOST_ROWS_ABOVE]):
        fields: dict[int, str] = {}
        for column, heading in enumerate(row):
            field = _FIELD_OF.get(plain_heading(heading))
            if field is not None and field not in fields.values():
                fields[column] = field
        if "name" in fields.values() and len(fields) > (len(best.fields) if best else 1):
            left_out = tuple(text for column, text in enumerate(row) if text.strip() and column not in fields)
            best = SheetColumns(row=number, fields=fields, left_out=left_out)
    return best


def plain_heading(text: str) -> str:
    """Returns a heading as it is compared: without accents, case, punctuation and the star of a required column."""
    letters = unicodedata.normalize("NFKD", text.replace("ß", "ss").replace("°", " "))
    plain = "".join(letter for letter in letters if not unicodedata.combining(letter))
    return " ".join(re.sub(r"[^0-9a-z]+", " ", plain.casefold()).split())


_FIELD_OF: Mapping[str, str] = {
    **{name: field for field, names in _OTHERS.items() for name in names.split("|")},
    **{plain_heading(heading): field for field, heading in HEADINGS.items()},
}
