"""Whatever holds them, documents come in once each, to the right client, and nothing of an arrival disappears."""

import os
import resource
from email.message import EmailMessage
from pathlib import Path

import msgspec
import pytest
from sqlalchemy import select

from banqup_tui.backend.db import tables
from banqup_tui.backend.intake import unfiled_commands
from banqup_tui.backend.intake.parsed_files import open_stored
from banqup_tui.domain.folder import Folder
from banqup_tui.protocol.commands import ImportFile, PlaceFile
from tests.support.arriving_files import zipped
from tests.support.intake_harness import IntakeHarness
from tests.support.papers import BAKERY, GARAGE, MILL, invoice, letter, statement


@pytest.fixture
def harness(tmp_path: Path) -> IntakeHarness:
    return IntakeHarness(tmp_path)


def rules(harness: IntakeHarness) -> list[str]:
    return [row.match for row in harness.rows(select(tables.rule.c.match))]


def mailed(files: dict[str, bytes]) -> bytes:
    mail = EmailMessage()
    mail["From"] = "Minoterie <facturation@minoterie.example>"
    mail["To"] = "tannerie@cabinet.example"
    mail["Subject"] = "Facture"
    mail["Message-ID"] = "<1@minoterie.example>"
    mail["Date"] = "Fri, 20 Nov 2026 10:00:00 +0100"
    mail.set_content("Bonjour")
    for name, data in files.items():
        kind = ("application", "pdf") if name.endswith(".pdf") else ("application", "xml")
        mail.add_attachment(data, maintype=kind[0], subtype=kind[1], filename=name)
    return mail.as_bytes()


def test_the_files_of_a_zip_become_documents_each_with_its_client_and_the_others_wait(harness: IntakeHarness) -> None:
    bakery = harness.client(BAKERY.name, "TANNERIE", BAKERY.vat_number)
    garage = harness.client(GARAGE.name, "LEMAITRE", GARAGE.vat_number)
    whole = zipped(
        {
            "TANNERIE/a.xml": invoice(),
            "b.xml": invoice(buyer=GARAGE, number="2"),
            "nobody.pdf": letter(),
            "LEMAITRE/tickets/lunch.pdf": letter("lunch"),
        }
    )
    result = harness.do(ImportFile(sha256=harness.put(whole), file_name="batch.zip", path="in/batch.zip"))
    assert [(one["clientId"], one["fileName"]) for one in result["documents"]] == [
        (bakery.id, "a.xml"),
        (garage.id, "b.xml"),
        (garage.id, "lunch.pdf"),
    ]
    assert [(one["fileName"], one["position"]) for one in result["waiting"]] == [("nobody.pdf", "3")]
    (waiting,) = harness.unfiled_rows()
    assert (waiting.file_name, waiting.container) == ("in/nobody.pdf", "batch.zip")


def test_the_files_of_a_zip_are_stored_though_the_process_may_have_few_open(harness: IntakeHarness) -> None:
    parts = {f"{number}.xml": invoice(number=str(number)) for number in range(250)}
    whole = harness.put(zipped(parts | {"again.xml": parts["7.xml"]}))
    limits = resource.getrlimit(resource.RLIMIT_NOFILE)
    resource.setrlimit(resource.RLIMIT_NOFILE, (len(os.listdir("/proc/self/fd")) + 150, limits[1]))
    try:
        opened = open_stored(harness.services, whole, "batch.zip")
    finally:
        resource.setrlimit(resource.RLIMIT_NOFILE, limits)
    assert [part.content is not None and part.content.invoice is not None for part in opened] == [True] * 251
    assert [harness.services.files.path(part.sha256 or "").read_bytes() for part in opened] == [
        *parts.values(),
        parts["7.xml"],
    ]
    assert list((harness.services.files.home / "files").glob(".*.part")) == []


def test_a_zip_that_comes_again_adds_no_document(harness: IntakeHarness) -> None:
    harness.client(BAKERY.name, "TANNERIE", BAKERY.vat_number)
    first = harness.put(zipped({"a.xml": invoice()}))
    again = harness.put(zipped({"other.xml": invoice()}))
    harness.do(ImportFile(sha256=first, file_name="1.zip"))
    for name in ("1.zip", "renamed.zip"):
        result = harness.do(ImportFile(sha256=first, file_name=name))
        assert [one["outcome"] for one in result["documents"]] == ["KNOWN"]
    harness.do(ImportFile(sha256=again, file_name="2.zip"))
    (document,) = harness.documents()
    names = [one.container.name for one in document.origins if one.container]
    assert names == ["1.zip", "renamed.zip", "2.zip"]


def test_a_document_keeps_the_mail_in_which_it_came_and_the_whole_mail_is_kept(harness: IntakeHarness) -> None:
    harness.client(BAKERY.name, "TANNERIE", BAKERY.vat_number)
    sha256 = harness.put(mailed({"F1.xml": invoice()}))
    harness.do(ImportFile(sha256=sha256, file_name="mail.eml"))
    (origin,) = harness.documents()[0].origins
    assert origin.container is not None
    assert origin.container.mail is not None
    assert origin.container.mail.message_id == "<1@minoterie.example>"
    assert origin.container.sha256 == sha256
    assert harness.services.files.has(sha256)


def test_the_pdf_beside_an_e_invoice_in_a_mail_is_its_picture(harness: IntakeHarness) -> None:
    harness.client(BAKERY.name, "TANNERIE", BAKERY.vat_number)
    sha256 = harness.put(mailed({"F1.pdf": letter(), "F1.xml": invoice()}))
    result = harness.do(ImportFile(sha256=sha256, file_name="mail.eml"))
    assert result["pictures"] == ["F1.pdf"]
    (document,) = harness.documents()
    assert document.picture is not None
    assert document.picture.file_name == "F1.pdf"
    assert harness.services.files.path(document.picture.sha256).read_bytes() == letter()


def test_a_pdf_that_is_a_document_already_stays_one_when_it_comes_beside_an_e_invoice(harness: IntakeHarness) -> None:
    client = harness.client(BAKERY.name, "TANNERIE", BAKERY.vat_number)
    harness.do(ImportFile(sha256=harness.put(letter()), file_name="scan.pdf", client_id=client.id))
    sha256 = harness.put(mailed({"F1.pdf": letter(), "F1.xml": invoice()}))
    result = harness.do(ImportFile(sha256=sha256, file_name="mail.eml"))
    assert result["pictures"] == []
    assert [(one["fileName"], one["outcome"]) for one in result["documents"]] == [
        ("F1.xml", "NEW"),
        ("F1.pdf", "KNOWN"),
    ]
    scan, e_invoice = harness.documents()
    assert e_invoice.picture is None
    assert len(scan.origins) == 2


def test_the_pdf_beside_an_xml_that_is_no_invoice_is_a_document_of_its_own(harness: IntakeHarness) -> None:
    client = harness.client(BAKERY.name, "TANNERIE", BAKERY.vat_number)
    job = b'<?xml version="1.0"?><ScanJob><Device>MFP-3</Device></ScanJob>'
    whole = harness.put(zipped({"scan.pdf": letter(), "scan.xml": job}))
    result = harness.do(ImportFile(sha256=whole, file_name="scan.zip", client_id=client.id))
    assert [one["fileName"] for one in result["documents"]] == ["scan.pdf"]
    assert [one["fileName"] for one in result["waiting"]] == ["scan.xml"]


def test_a_picture_imported_behind_its_e_invoice_is_kept_with_it_also_where_the_e_invoice_waits(
    harness: IntakeHarness,
) -> None:
    xml = harness.put(invoice())
    harness.waits(ImportFile(sha256=xml, file_name="a.xml"))
    result = harness.do(ImportFile(sha256=harness.put(letter()), file_name="a.pdf", beside=xml))
    assert result["pictures"] == ["a.pdf"]
    client = harness.client("Groupe", "GROUPE")
    (waiting,) = harness.unfiled_rows()
    harness.do(PlaceFile(unfiled_id=waiting.id, client_id=client.id, folder=Folder.PURCHASE_INVOICES))
    (document,) = harness.documents()
    assert document.picture is not None


def test_a_part_that_waited_is_placed_with_the_evidence_of_its_container(harness: IntakeHarness) -> None:
    harness.waits(ImportFile(sha256=harness.put(mailed({"a.xml": invoice()})), file_name="mail.eml"))
    harness.client(BAKERY.name, "TANNERIE", BAKERY.vat_number)
    unfiled_commands.retry(harness.services, lambda: False)
    (document,) = harness.documents()
    assert document.origins[0].container is not None
    assert document.origins[0].container.mail is not None
    assert harness.unfiled_rows() == []


def test_a_mail_without_a_document_waits_itself(harness: IntakeHarness) -> None:
    reason = harness.waits(ImportFile(sha256=harness.put(mailed({})), file_name="mail.eml"))
    assert reason.code == "placing.letter-alone"


def two_companies() -> bytes:
    other = statement(holder=GARAGE, number=3)
    return statement() + other


def test_a_bank_file_of_two_clients_becomes_a_document_of_each_and_what_is_nobodys_waits(
    harness: IntakeHarness,
) -> None:
    bakery = harness.client(BAKERY.name, "TANNERIE", BAKERY.vat_number)
    whole = harness.put(two_companies())
    result = harness.do(ImportFile(sha256=whole, file_name="both.cod"))
    assert [one["clientId"] for one in result["documents"]] == [bakery.id]
    (waiting,) = harness.unfiled_rows()
    assert waiting.reason.code == "placing.account-of-nobody"
    garage = harness.client(GARAGE.name, "LEMAITRE", GARAGE.vat_number)
    unfiled_commands.retry(harness.services, lambda: False)
    assert [(one.client_id, one.account) for one in harness.documents()] == [
        (bakery.id, BAKERY.iban),
        (garage.id, GARAGE.iban),
    ]
    assert sorted(rules(harness)) == sorted([f"iban:{BAKERY.iban}", f"iban:{GARAGE.iban}"])
    assert harness.unfiled_rows() == []


def test_the_accounts_of_one_client_stay_in_one_document(harness: IntakeHarness) -> None:
    keys = (f"iban:{BAKERY.iban}", f"iban:{GARAGE.iban}")
    client = harness.client("Holding", "HOLDING", identifiers=keys)
    harness.do(ImportFile(sha256=harness.put(two_companies()), file_name="both.cod"))
    (document,) = harness.documents()
    assert (document.client_id, document.file_name) == (client.id, "both.cod")


def test_an_account_is_learned_from_a_choice_or_the_header_and_never_from_the_folder(harness: IntakeHarness) -> None:
    client = harness.client(MILL.name, "MOULIN", MILL.vat_number)
    without_number = statement(holder=msgspec.structs.replace(BAKERY, number="0000000000"))
    harness.do(ImportFile(sha256=harness.put(without_number), file_name="1.cod", path="MOULIN/coda/1.cod"))
    assert rules(harness) == []
    harness.do(ImportFile(sha256=harness.put(without_number + b" "), file_name="2.cod", client_id=client.id))
    assert rules(harness) == [f"iban:{BAKERY.iban}"]
