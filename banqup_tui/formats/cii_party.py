"""A party of the UN/CEFACT Cross Industry Invoice (`ram:TradePartyType`)."""

from __future__ import annotations

from xml.etree.ElementTree import Element

from banqup_tui.domain.invoice import InvoiceParty
from banqup_tui.formats.parties import identifiers
from banqup_tui.formats.xml import attribute, find, find_all, text


def read_party(party: Element | None) -> InvoiceParty:
    """The party; an empty one where there is none. Only a registration of scheme VA is the VAT number."""
    organisation = find(party, "SpecifiedLegalOrganization")
    endpoint = find(party, "URIUniversalCommunication/URIID")
    address = find(party, "PostalTradeAddress")
    contact = find(party, "DefinedTradeContact")
    vat_number, tax_number = _tax_numbers(party)
    trading_name = text(organisation, "TradingBusinessName")
    lines = (text(address, name) for name in ("LineOne", "LineTwo", "LineThree", "StreetName"))
    return InvoiceParty(
        name=text(party, "Name") or trading_name,
        trade_name=trading_name,
        vat_number=vat_number,
        tax_number=tax_number,
        enterprise_number=text(organisation, "ID"),
        electronic_address=text(endpoint),
        electronic_address_scheme=attribute(endpoint, "schemeID"),
        identifiers=identifiers(_identifiers(party)),
        address_lines=tuple(line for line in lines if line),
        city=text(address, "CityName"),
        postcode=text(address, "PostcodeCode"),
        country=text(address, "CountryID").upper()[:2],
        contact=text(contact, "PersonName", "DepartmentName"),
        phone=text(contact, "TelephoneUniversalCommunication/CompleteNumber"),
        email=text(contact, "EmailURIUniversalCommunication/URIID", "EmailURIUniversalCommunication/CompleteNumber"),
    )


def _tax_numbers(party: Element | None) -> tuple[str, str]:
    vat_number = tax_number = ""
    for number in find_all(party, "SpecifiedTaxRegistration/ID"):
        if attribute(number, "schemeID").upper() in ("VA", "VAT"):
            vat_number = vat_number or text(number)
        else:
            tax_number = tax_number or text(number)
    return vat_number, tax_number


def _identifiers(party: Element | None) -> list[tuple[str, str]]:
    paths = (
        "URIUniversalCommunication/URIID",
        "GlobalID",
        "ID",
        "SpecifiedTaxRegistration/ID",
        "SpecifiedLegalOrganization/ID",
    )
    return [(attribute(element, "schemeID"), text(element)) for path in paths for element in find_all(party, path)]
