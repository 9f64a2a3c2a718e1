"""Parcels for tests of connectors."""

import hashlib
from datetime import date
from pathlib import Path
from typing import Any

from banqup_tui.connectors.interface import DeliveryRequest, PdfFile
from banqup_tui.domain.folder import Folder

BYTES = b"<Invoice>2026-11874</Invoice>\n"


def delivery_request(directory: Path, content: bytes = BYTES, **changed: Any) -> DeliveryRequest:
    sha256 = hashlib.sha256(content).hexdigest()
    file = directory / sha256
    if directory.is_dir():
        file.write_bytes(content)
    of: dict[str, Any] = {
        "key": "0c7b0a55-5f0c-5d5a-9d5c-9a1c6f1d2e3f",
        "delivery_id": "4f1c9a27-1111-4222-8333-944455556666",
        "generation": 1,
        "attempt": 1,
        "file": file,
        "file_name": "Facture 11874.xml",
        "media_type": "application/xml",
        "size": len(content),
        "sha256": sha256,
        "client_reference": "PARVIS",
        "client_name": "Boulangerie du Parvis SRL",
        "vat_number": "BE0465123710",
        "enterprise_number": "0465123710",
        "folder": Folder.PURCHASE_INVOICES,
        "number": "2026-11874",
        "issue_date": date(2026, 11, 20),
    }
    return DeliveryRequest(**{**of, **changed})


PDF_BYTES = b"%PDF-1.7\n(an invoice)\n%%EOF\n"


def pdf_file(directory: Path, content: bytes = PDF_BYTES) -> PdfFile:
    sha256 = hashlib.sha256(content).hexdigest()
    file = directory / sha256
    if directory.is_dir():
        file.write_bytes(content)
    return PdfFile(file=file, file_name="Facture 11874.pdf", size=len(content), sha256=sha256)
