"""Reads the invoice in a parsed XML, in any vocabulary."""

from __future__ import annotations

from banqup_tui.domain.invoice import Invoice
from banqup_tui.formats import cii, ubl
from banqup_tui.formats.findings import Findings
from banqup_tui.formats.refusals import refuse
from banqup_tui.formats.vocabularies import Vocabulary, locate
from banqup_tui.formats.xml import XmlDocument, decoded_payload


def invoice_of(document: XmlDocument) -> Invoice:
    """Returns the invoice. Raises `UnreadableDocument` if the XML is something else."""
    vocabulary, element = locate(document)
    findings = Findings(document.warnings)
    if vocabulary is Vocabulary.UBL:
        return ubl.read_ubl(element, findings)
    if vocabulary is Vocabulary.CII:
        return cii.read_cii(element, findings)
    raise refuse("file.other-document", what="bank-message")


def invoice_payloads(document: XmlDocument) -> list[bytes]:
    """Returns the bytes of the attachments in the order of `Invoice.attachments`; empty for a damaged one."""
    vocabulary, element = locate(document)
    if vocabulary is Vocabulary.CAMT:
        return []
    reader = ubl.attachment_payloads if vocabulary is Vocabulary.UBL else cii.attachment_payloads
    return [decoded_payload(payload) or b"" for payload in reader(element)]
