"""Which document an XML is, by the namespace and name of its root."""

from __future__ import annotations

import re
from enum import StrEnum
from xml.etree.ElementTree import Element

from banqup_tui.domain.text import clean
from banqup_tui.formats import camt, ubl
from banqup_tui.formats.refusals import refuse
from banqup_tui.formats.xml import XmlDocument


class Vocabulary(StrEnum):
    UBL = "UBL"
    CII = "CII"
    CAMT = "CAMT"


_CII_ROOTS = {
    "CrossIndustryInvoice": "urn:un:unece:uncefact:data:standard:CrossIndustryInvoice:",
    "CrossIndustryDocument": "urn:ferd:CrossIndustryDocument:",
}
_UBL_NAMESPACE = re.compile(r"urn:oasis:names:specification:ubl:schema:xsd:(\w+)-([12])(?:\.\d+)?")
_UBL_DOCUMENTS = {
    "ApplicationResponse": "a status message",
    "Catalogue": "a catalogue",
    "DespatchAdvice": "a despatch advice",
    "Order": "an order",
    "OrderCancellation": "the cancellation of an order",
    "OrderChange": "a change to an order",
    "OrderResponse": "the answer to an order",
    "OrderResponseSimple": "the answer to an order",
    "Quotation": "a quotation",
    "ReceiptAdvice": "a receipt advice",
    "Reminder": "a reminder",
    "SelfBilledCreditNote": "a self-billed credit note",
    "SelfBilledInvoice": "a self-billed invoice",
    "Statement": "a statement of account",
}
_OTHER_DOCUMENTS = {
    "SCRDMCCBDACIOMessageStructure": "an order (Order-X)",
    "CrossDomainAcknowledgementAndResponse": "a status message (CDAR)",
    "html": "a web page",
}
_OTHER_FORMATS = {
    "FatturaElettronica": "an Italian FatturaPA invoice",
    "FatturaElettronicaSemplificata": "an Italian FatturaPA invoice",
    "Faktura": "a Polish KSeF invoice",
    "Finvoice": "a Finnish Finvoice",
    "Facturae": "a Spanish Facturae invoice",
    "eSlog": "a Slovenian e-SLOG invoice",
}
_OTHER_NAMESPACES = {
    "ebinterface": "an Austrian ebInterface invoice",
    "urn:sfti:documents": "a Swedish Svefaktura",
    "setu": "a Dutch SETU invoice",
}
_ISO_20022 = re.compile(r"urn:iso:std:iso:20022:tech:xsd:(?:\w+:)?([a-z]{4}\.\d{3})")


def locate(document: XmlDocument) -> tuple[Vocabulary, Element]:
    """The vocabulary, and the element that its reader takes: the root, what a Peppol envelope holds, or a
    bank message.

    Raises UnreadableDocument that says what the document is instead.
    """
    candidates = [document.root]
    if document.root.tag in ("StandardBusinessDocument", "Document"):
        candidates += list(document.root)
    for element in candidates:
        namespace = document.namespaces.get(element, "")
        if ubl.NAMESPACES.get(namespace) == element.tag:
            return Vocabulary.UBL, element
        if element.tag in _CII_ROOTS and namespace.startswith(_CII_ROOTS[element.tag]):
            return Vocabulary.CII, element
        if element.tag in camt.MESSAGES and "camt.05" in namespace:
            return Vocabulary.CAMT, element
    raise _refusal(document)


def _refusal(document: XmlDocument) -> Exception:
    candidates = [document.root]
    if document.root.tag == "StandardBusinessDocument":
        candidates += [child for child in document.root if child.tag != "StandardBusinessDocumentHeader"]
    element = candidates[-1]
    namespace, name = document.namespaces.get(element, ""), element.tag
    if name in _OTHER_FORMATS:
        return refuse("other-format", what=_OTHER_FORMATS[name])
    for part, what in _OTHER_NAMESPACES.items():
        if part in namespace.lower():
            return refuse("other-format", what=what)
    ubl_match = _UBL_NAMESPACE.fullmatch(namespace)
    if ubl_match and ubl_match[2] == "1":
        return refuse("other-format", what=f"a UBL 1.0 document ({name})")
    return refuse("other-document", what=_what(namespace, name, ubl_match))


def _what(namespace: str, name: str, ubl_match: re.Match[str] | None) -> str:
    if ubl_match:
        what, root = _UBL_DOCUMENTS.get(name, "a document"), clean(name)[:60]
        return f"{what} (UBL {root})"
    iso_match = _ISO_20022.match(namespace)
    if iso_match:
        kind = "a payment file" if iso_match[1].startswith("pain.") else "a bank message"
        message = iso_match[1]
        return f"{kind} (ISO 20022 {message})"
    root = clean(name)[:60]
    return _OTHER_DOCUMENTS.get(name, f"XML of another kind (root {root})")
