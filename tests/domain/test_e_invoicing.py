"""Which documents came over Peppol, and of which the seller owes the e-invoice."""

from datetime import UTC, date, datetime
from typing import Any

import msgspec
import pytest

from banqup_tui.domain.document import Document, DocumentKind, Duplicate, Party
from banqup_tui.domain.e_invoicing import came_over_peppol, is_to_ask_for
from banqup_tui.domain.folder import Folder
from banqup_tui.domain.origin import MOST_ORIGINS, ContainerPlace, EnvelopeOrigin, Origin, with_origin

NOW = datetime(2026, 11, 24, tzinfo=UTC)
PROCESS = "urn:fdc:peppol.eu:2017:poacc:billing:01:1.0"
PLAIN_PDF = Document(
    id="one",
    client_id="bakery",
    folder=Folder.PURCHASE_INVOICES,
    kind=DocumentKind.OTHER,
    file_name="a.pdf",
    media_type="application/pdf",
    size=1_000,
    sha256="0" * 64,
    created_at=NOW,
    issue_date=date(2026, 1, 1),
    supplier=Party(name="Minoterie Saint-Hubert SA", vat_number="BE0998765448"),
    customer=Party(name="Boulangerie", vat_number="BE0799000183"),
)


def with_fields(**fields: Any) -> Document:
    return msgspec.structs.replace(PLAIN_PDF, **fields)


def an_origin(path: str = "a.xml", process_id: str | None = PROCESS) -> Origin:
    envelope = None if process_id is None else EnvelopeOrigin(process_id=process_id)
    place = ContainerPlace(kind="ENVELOPE", name="sbd.xml", sha256="1" * 64, position="1", envelope=envelope)
    return Origin(source="import", path=path, at=NOW, container=place)


def test_a_pdf_of_a_belgian_seller_to_a_belgian_buyer_is_to_ask_for() -> None:
    assert is_to_ask_for(PLAIN_PDF)


@pytest.mark.parametrize(
    "fields",
    [
        {"issue_date": date(2025, 12, 31)},
        {"issue_date": None},
        {"folder": Folder.PURCHASE_RECEIPTS},
        {"folder": Folder.SALES_INVOICES},
        {"kind": DocumentKind.STATEMENT},
        {"line_count": 2},
        {"supplier": Party(name="Club de pétanque", enterprise_number="0998765448")},
        {"supplier": Party(name="Zavel BV", vat_number="NL123456789B01")},
        {"supplier": Party(name="Wrong", vat_number="BE0998765447")},
        {"supplier": None},
        {"customer": Party(name="Marie")},
        {"customer": None},
        {"origins": (an_origin(),)},
        {"duplicate": Duplicate.UNDECIDED, "same_as": "other"},
        {"replaced_by": "other"},
        {"withdrawn_at": NOW},
    ],
    ids=lambda fields: " ".join(fields),
)
def test_these_are_not_to_ask_for(fields: dict[str, Any]) -> None:
    assert not is_to_ask_for(with_fields(**fields))


def test_an_envelope_with_a_process_is_one_of_peppol() -> None:
    assert came_over_peppol(with_fields(origins=(an_origin(),)))
    assert not came_over_peppol(with_fields(origins=(an_origin(process_id=""),)))
    assert not came_over_peppol(with_fields(origins=(an_origin(process_id=None),)))
    assert not came_over_peppol(PLAIN_PDF)


def test_the_envelope_stays_known_however_often_the_document_comes_again() -> None:
    origins: tuple[Origin, ...] = (an_origin("first.xml", None), an_origin("peppol.xml"))
    for number in range(2 * MOST_ORIGINS):
        origins = with_origin(origins, an_origin(f"{number}.xml", None))
    assert len(origins) == MOST_ORIGINS
    assert [one.path for one in origins[:2]] == ["first.xml", "peppol.xml"]
    assert origins[-1].path == f"{2 * MOST_ORIGINS - 1}.xml"
