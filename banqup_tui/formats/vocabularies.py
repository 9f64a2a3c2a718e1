"""Finds the vocabulary of an XML by namespace and name of its root."""

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
    "ApplicationResponse": "status-message",
    "Catalogue": "catalogue",
    "DespatchAdvice": "despatch-advice",
    "Order": "order",
    "OrderCancellation": "order-cancellation",
    "OrderChange": "order-change",
    "OrderResponse": "order-response",
    "OrderResponseSimple": "order-response",
    "Quotation": "quotation",
    "ReceiptAdvice": "receipt-advice",
    "Reminder": "reminder",
    "SelfBilledCreditNote": "self-billed-credit-note",
    "SelfBilledInvoice": "self-billed-invoice",
    "Statement": "statement-of-account",
}
_OTHER_DOCUMENTS = {
    "SCRDMCCBDACIOMessageStructure": "order-x",
    "CrossDomainAcknowledgementAndResponse": "cdar",
    "html": "web-page",
}
_OTHER_FORMATS = {
    "FatturaElettronica": "fatturapa",
    "FatturaElettronicaSemplificata": "fatturapa",
    "Faktura": "ksef",
    "Finvoice": "finvoice",
    "Facturae": "facturae",
    "eSlog": "e-slog",
}
_OTHER_NAMESPACES = {
    "ebinterface": "ebinterface",
    "urn:sfti:documents": "svefaktura",
    "setu": "setu",
}
_ISO_20022 = re.compile(r"urn:iso:std:iso:20022:tech:xsd:(?:\w+:)?([a-z]{4}\.\d{3})")


def locate(document: XmlDocument) -> tuple[Vocabulary, Element]:
    """Returns the vocabulary, and the element for its reader: the root, or the message in a `Document`.

    Raises `UnreadableDocument` with what the document is instead.
    """
    candidates = [document.root]
    if document.root.tag == "Document":
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
    element = document.root
    namespace, name = document.namespaces.get(element, ""), element.tag
    if name in _OTHER_FORMATS:
        return refuse("file.other-format", what=_OTHER_FORMATS[name])
    for part, kind in _OTHER_NAMESPACES.items():
        if part in namespace.lower():
            return refuse("file.other-format", what=kind)
    ubl_match = _UBL_NAMESPACE.fullmatch(namespace)
    if ubl_match and ubl_match[2] == "1":
        return refuse("file.ubl-one", name=_shown(name))
    if ubl_match:
        kind = _UBL_DOCUMENTS.get(name, "document")
        return refuse("file.other-ubl-document", what=kind, name=_shown(name))
    iso_match = _ISO_20022.match(namespace)
    if iso_match:
        kind = "payment-file" if iso_match[1].startswith("pain.") else "bank-message"
        return refuse("file.other-bank-message", what=kind, name=iso_match[1])
    if name in _OTHER_DOCUMENTS:
        return refuse("file.other-document", what=_OTHER_DOCUMENTS[name])
    return refuse("file.other-xml", name=_shown(name))


def _shown(name: str) -> str:
    return clean(name)[:60]
