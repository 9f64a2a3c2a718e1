"""A party of UBL 2 (`cac:Party`), Peppol BIS 3 and the older e-fff alike."""

from __future__ import annotations

from xml.etree.ElementTree import Element

from banqup_tui.domain.invoice import InvoiceParty
from banqup_tui.formats.parties import identifiers
from banqup_tui.formats.xml import attribute, find, find_all, text


def read_party(party: Element | None) -> InvoiceParty:
    """The party; an empty one where there is none. Only a `PartyTaxScheme` of VAT gives the VAT number."""
    legal_name = text(party, "PartyLegalEntity/RegistrationName")
    trade_name = text(party, "PartyName/Name")
    vat_number, tax_number = _tax_numbers(party)
    endpoint = find(party, "EndpointID")
    address = find(party, "PostalAddress", "PartyLegalEntity/RegistrationAddress")
    return InvoiceParty(
        name=legal_name or trade_name or _person(party),
        trade_name=trade_name,
        vat_number=vat_number,
        tax_number=tax_number,
        enterprise_number=text(party, "PartyLegalEntity/CompanyID"),
        electronic_address=text(endpoint),
        electronic_address_scheme=attribute(endpoint, "schemeID"),
        identifiers=identifiers(_identifiers(party)),
        address_lines=_address_lines(address),
        city=text(address, "CityName"),
        postcode=text(address, "PostalZone"),
        country=text(address, "Country/IdentificationCode").upper()[:2],
        contact=text(party, "Contact/Name"),
        phone=text(party, "Contact/Telephone"),
        email=text(party, "Contact/ElectronicMail"),
    )


def _person(party: Element | None) -> str:
    names = (text(party, f"Person/{part}") for part in ("FirstName", "FamilyName"))
    return " ".join(name for name in names if name)


def _is_vat(tax_scheme: Element) -> bool:
    scheme = text(tax_scheme, "TaxScheme/ID", "TaxScheme/Name", "TaxScheme/TaxTypeCode").upper()
    return scheme in ("VAT", "")


def _tax_numbers(party: Element | None) -> tuple[str, str]:
    vat_number = tax_number = ""
    for tax_scheme in find_all(party, "PartyTaxScheme"):
        number = text(tax_scheme, "CompanyID")
        if _is_vat(tax_scheme):
            vat_number = vat_number or number
        else:
            tax_number = tax_number or number
    return vat_number, tax_number


def _identifiers(party: Element | None) -> list[tuple[str, str]]:
    pairs = []
    for path in ("EndpointID", "PartyIdentification/ID"):
        pairs += [(attribute(element, "schemeID"), text(element)) for element in find_all(party, path)]
    for tax_scheme in find_all(party, "PartyTaxScheme"):
        own = attribute(find(tax_scheme, "CompanyID"), "schemeID")
        meant = text(tax_scheme, "TaxScheme/ID").upper() or "VAT"
        pairs.append((own or meant, text(tax_scheme, "CompanyID")))
    for identifier in find_all(party, "PartyLegalEntity/CompanyID"):
        pairs.append((attribute(identifier, "schemeID"), text(identifier)))
    return pairs


def _address_lines(address: Element | None) -> tuple[str, ...]:
    street = " ".join(filter(None, (text(address, "StreetName"), text(address, "BuildingNumber"))))
    further = [text(line) for line in find_all(address, "AddressLine/Line")]
    lines = (street, text(address, "AdditionalStreetName"), text(address, "Postbox"), *further)
    return tuple(line for line in lines if line)
