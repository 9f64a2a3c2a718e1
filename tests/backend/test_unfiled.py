"""What nobody could place is kept, placed by hand, and placed by itself the next time where that was wanted."""

from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import select

from banqup_tui.backend.api.snapshots import snapshot
from banqup_tui.backend.db import tables
from banqup_tui.backend.db.values import rule_of, unfiled_of
from banqup_tui.backend.intake import unfiled_commands
from banqup_tui.backend.intake.watched_folders import WatchedFolders
from banqup_tui.demo.pdf import text_pdf
from banqup_tui.domain.folder import Folder
from banqup_tui.domain.source import PlacingRule, RuleKind, Unfiled
from banqup_tui.presentation.messages import sentence_of
from banqup_tui.protocol.commands import AddRule, AddSource, DismissUnfiled, ImportFile, PlaceFile, RemoveRule
from banqup_tui.protocol.problems import ProblemType
from tests.support.intake_harness import IntakeHarness
from tests.support.papers import BAKERY, GARAGE, MILL, company, invoice, letter, statement


@pytest.fixture
def harness(tmp_path: Path) -> IntakeHarness:
    (tmp_path / "data").mkdir()
    return IntakeHarness(tmp_path / "data")


@pytest.fixture
def inbox(harness: IntakeHarness, tmp_path: Path) -> Path:
    (tmp_path / "in").mkdir()
    harness.do(AddSource(source_id="s", path=str(tmp_path / "in")))
    return tmp_path / "in"


@pytest.fixture
def eyes(harness: IntakeHarness) -> WatchedFolders:
    return WatchedFolders(harness.services, every=0.02, still_for=0, wait_for_xml=0, incomplete_for=0)


def put(inbox: Path, name: str, data: bytes, eyes: WatchedFolders) -> None:
    (inbox / name).parent.mkdir(parents=True, exist_ok=True)
    (inbox / name).write_bytes(data)
    eyes.scan()


def waiting(harness: IntakeHarness) -> list[Unfiled]:
    return [unfiled_of(row) for row in harness.unfiled_rows()]


def rules_of(harness: IntakeHarness) -> list[PlacingRule]:
    return [rule_of(row) for row in harness.rows(select(tables.rule))]


def place(harness: IntakeHarness, one: Unfiled, client_id: str, folder: Folder, **more: Any) -> Any:
    return harness.do(PlaceFile(unfiled_id=one.id, client_id=client_id, folder=folder, **more))


def test_a_scan_that_said_nothing_is_placed_by_hand_and_counted_no_more_as_refused(
    harness: IntakeHarness, inbox: Path, eyes: WatchedFolders
) -> None:
    client = harness.client(BAKERY.name, "TANNERIE", BAKERY.vat_number)
    put(inbox, "scan.pdf", letter(), eyes)
    (one,) = waiting(harness)
    result = place(harness, one, client.id, Folder.PURCHASE_RECEIPTS)
    (document,) = harness.documents()
    assert (document.id, document.folder, document.client_id) == (
        result["documentId"],
        Folder.PURCHASE_RECEIPTS,
        client.id,
    )
    assert waiting(harness) == []
    assert (harness.source().taken, harness.source().refused) == (1, 0)
    eyes.scan()
    assert len(harness.documents()) == 1
    assert harness.refusal(PlaceFile(unfiled_id=one.id, client_id=client.id, folder=Folder.SALES_INVOICES)).type == (
        ProblemType.NOT_FOUND
    )


def test_an_invoice_placed_by_hand_shows_the_other_party_as_its_counterparty(
    harness: IntakeHarness, inbox: Path, eyes: WatchedFolders
) -> None:
    client = harness.client("Boulangerie sans numéro", "SANS")
    put(inbox, "a.xml", invoice(), eyes)
    (one,) = waiting(harness)
    place(harness, one, client.id, Folder.PURCHASE_INVOICES)
    (document,) = harness.documents()
    assert document.counterparty is not None
    assert document.counterparty.name == MILL.name


def test_what_cannot_be_read_can_still_be_placed(harness: IntakeHarness, inbox: Path, eyes: WatchedFolders) -> None:
    client = harness.client(BAKERY.name, "TANNERIE", BAKERY.vat_number)
    put(inbox, "bad.xml", b"<?xml version='1.0'?><x>", eyes)
    (one,) = waiting(harness)
    place(harness, one, client.id, Folder.OTHER_DOCUMENTS)
    assert [document.file_name for document in harness.documents()] == ["bad.xml"]


def test_what_seems_likely_is_said_with_the_reason(harness: IntakeHarness, inbox: Path, eyes: WatchedFolders) -> None:
    bakery = harness.client(BAKERY.name, "TANNERIE", BAKERY.vat_number)
    harness.client(GARAGE.name, "LEMAITRE", GARAGE.vat_number)
    put(inbox, "LEMAITRE/AP/a.xml", invoice(), eyes)
    (one,) = waiting(harness)
    assert GARAGE.name in sentence_of(one.reason)
    assert BAKERY.name in sentence_of(one.reason)
    assert (one.client_id, one.folder) == (bakery.id, Folder.PURCHASE_INVOICES)


def test_a_number_that_was_placed_once_places_itself_from_then_on_until_the_rule_is_gone(
    harness: IntakeHarness, inbox: Path, eyes: WatchedFolders
) -> None:
    client = harness.client("Groupe Tannerie", "GROUPE")
    put(inbox, "1.xml", invoice(number="1"), eyes)
    put(inbox, "2.xml", invoice(number="2"), eyes)
    one, _other = waiting(harness)
    result = place(harness, one, client.id, Folder.PURCHASE_INVOICES, remember=True)
    assert result["rule"]["match"] == "be:0912345673"
    eyes.scan()
    assert waiting(harness) == []
    put(inbox, "3.xml", invoice(number="3"), eyes)
    assert sorted(document.number or "" for document in harness.documents()) == ["1", "2", "3"]
    (rule,) = rules_of(harness)
    assert (rule.kind, rule.client_id) == (RuleKind.IDENTIFIER, client.id)
    harness.do(RemoveRule(rule_id=rule.id))
    put(inbox, "4.xml", invoice(number="4"), eyes)
    assert [one.file_name for one in waiting(harness)] == ["4.xml"]


def test_a_directory_of_scans_is_learned_and_only_below_it(
    harness: IntakeHarness, inbox: Path, eyes: WatchedFolders
) -> None:
    client = harness.client(BAKERY.name, "TANNERIE", BAKERY.vat_number)
    for name in ("magasin 1/scan.pdf", "magasin 12/scan.pdf"):
        put(inbox, name, letter(name), eyes)
    first = next(one for one in waiting(harness) if one.file_name.startswith("magasin 1/"))
    place(harness, first, client.id, Folder.PURCHASE_RECEIPTS, remember=True)
    put(inbox, "magasin 1/2026/next.pdf", letter("next"), eyes)
    assert [one.file_name for one in waiting(harness)] == ["magasin 12/scan.pdf"]
    assert {document.folder for document in harness.documents()} == {Folder.PURCHASE_RECEIPTS}
    (rule,) = rules_of(harness)
    assert (rule.kind, rule.match, rule.source) == (RuleKind.PATH, "magasin 1", str(inbox))


def test_a_rule_never_overrules_what_is_on_the_document(
    harness: IntakeHarness, inbox: Path, eyes: WatchedFolders
) -> None:
    client = harness.client(BAKERY.name, "TANNERIE", BAKERY.vat_number)
    garage = harness.client(GARAGE.name, "LEMAITRE", GARAGE.vat_number)
    put(inbox, "magasin/scan.pdf", letter(), eyes)
    place(harness, waiting(harness)[0], client.id, Folder.PURCHASE_RECEIPTS, remember=True)
    put(inbox, "magasin/a.xml", invoice(buyer=GARAGE), eyes)
    assert [document.client_id for document in harness.documents()] == [client.id, garage.id]


def test_nothing_is_learned_from_names_or_against_a_number_that_is_known(
    harness: IntakeHarness, inbox: Path, eyes: WatchedFolders
) -> None:
    client = harness.client(BAKERY.name, "TANNERIE", BAKERY.vat_number)
    garage = harness.client(GARAGE.name, "LEMAITRE", GARAGE.vat_number)
    put(inbox, "scan.pdf", letter(), eyes)
    assert place(harness, waiting(harness)[0], client.id, Folder.PURCHASE_RECEIPTS, remember=True)["rule"] is None
    put(inbox, "LEMAITRE/AP/a.xml", invoice(), eyes)
    assert place(harness, waiting(harness)[0], garage.id, Folder.PURCHASE_INVOICES, remember=True)["rule"] is None
    assert rules_of(harness) == []


def test_a_number_of_two_clients_is_told_apart_by_a_rule(
    harness: IntakeHarness, inbox: Path, eyes: WatchedFolders
) -> None:
    for reference in ("NORD", "SUD"):
        harness.client(BAKERY.name, reference, BAKERY.vat_number)
    south = next(client for client in harness.clients() if client.reference == "SUD")
    put(inbox, "1.xml", invoice(number="1"), eyes)
    (one,) = waiting(harness)
    assert one.reason.code == "placing.party-of-several"
    place(harness, one, south.id, Folder.PURCHASE_INVOICES, remember=True)
    put(inbox, "2.xml", invoice(number="2"), eyes)
    assert [document.client_id for document in harness.documents()] == [south.id, south.id]


def test_an_account_of_a_bank_report_is_remembered_only_where_that_was_wanted(
    harness: IntakeHarness, inbox: Path, eyes: WatchedFolders
) -> None:
    client = harness.client("Autre", "AUTRE")
    holder = company("Inconnue", "0911111102")
    put(inbox, "1.cod", statement(number=1, holder=holder), eyes)
    place(harness, waiting(harness)[0], client.id, Folder.ENRICHED_MOVEMENT_REPORTS)
    put(inbox, "2.cod", statement(number=2, holder=holder), eyes)
    (one,) = waiting(harness)
    place(harness, one, client.id, Folder.ENRICHED_MOVEMENT_REPORTS, remember=True)
    put(inbox, "3.cod", statement(number=3, holder=holder), eyes)
    assert waiting(harness) == []
    assert len(harness.documents()) == 3


def test_what_is_dismissed_is_gone_and_does_not_come_back_by_itself(
    harness: IntakeHarness, inbox: Path, eyes: WatchedFolders
) -> None:
    put(inbox, "advert.pdf", letter(), eyes)
    harness.do(DismissUnfiled(unfiled_ids=(waiting(harness)[0].id,)))
    harness.client(BAKERY.name, "TANNERIE", BAKERY.vat_number)
    eyes.scan()
    assert (waiting(harness), harness.documents(), harness.source().refused) == ([], [], 0)


def test_an_import_that_waits_is_filed_once_its_client_is_there(harness: IntakeHarness, eyes: WatchedFolders) -> None:
    eyes.scan()
    sha256 = harness.put(invoice())
    harness.waits(ImportFile(sha256=sha256, file_name="a.xml"))
    assert waiting(harness)[0].source == "import"
    harness.client(BAKERY.name, "TANNERIE", BAKERY.vat_number)
    eyes.scan()
    assert len(harness.documents()) == 1
    assert waiting(harness) == []


def test_two_different_scans_of_one_name_imported_by_hand_both_wait(harness: IntakeHarness) -> None:
    for text in ("first", "second"):
        harness.waits(ImportFile(sha256=harness.put(letter(text)), file_name="scan.pdf", path="scan.pdf"))
    assert [one.file_name for one in waiting(harness)] == ["scan.pdf", "scan.pdf"]


def test_an_import_for_a_named_client_that_contradicts_the_document_never_goes_to_another_by_itself(
    harness: IntakeHarness, eyes: WatchedFolders
) -> None:
    eyes.scan()
    bakery = harness.client(BAKERY.name, "TANNERIE", BAKERY.vat_number)
    garage = harness.client(GARAGE.name, "LEMAITRE", GARAGE.vat_number)
    harness.waits(ImportFile(sha256=harness.put(invoice()), file_name="a.xml", client_id=garage.id))
    harness.client("Another", "ANOTHER", MILL.vat_number)
    eyes.scan()
    (one,) = waiting(harness)
    place(harness, one, bakery.id, Folder.PURCHASE_INVOICES)
    assert [document.client_id for document in harness.documents()] == [bakery.id]


def test_the_tray_and_the_rules_reach_a_copy(harness: IntakeHarness, inbox: Path, eyes: WatchedFolders) -> None:
    from banqup_tui.backend.db.tables.spaces import LOCAL_USER
    from banqup_tui.domain.space import Role

    member = {"space_id": harness.services.space_id, "user_id": LOCAL_USER, "role": str(Role.ADMINISTRATOR)}
    with harness.services.database.write(harness.services.space_id) as transaction:
        transaction.execute(tables.member.insert(), member)
    client = harness.client("Groupe Tannerie", "GROUPE")
    put(inbox, "1.xml", invoice(number="1"), eyes)
    place(harness, waiting(harness)[0], client.id, Folder.PURCHASE_INVOICES, remember=True)
    put(inbox, "scan.pdf", letter(), eyes)
    seen = snapshot(harness.services, LOCAL_USER)
    assert [one.file_name for one in seen.unfiled] == ["scan.pdf"]
    assert [rule.match for rule in seen.rules] == ["be:0912345673"]
    assert unfiled_commands.knowledge(harness.services)[3] == 1


def test_the_client_whose_number_stands_in_a_pdf_is_only_suggested(
    harness: IntakeHarness, inbox: Path, eyes: WatchedFolders
) -> None:
    bakery = harness.client(BAKERY.name, "TANNERIE", BAKERY.vat_number, identifiers=(BAKERY.iban,))
    page = [MILL.name, f"TVA {MILL.vat_number}", "Facture n° 17", f"{BAKERY.name} TVA {BAKERY.vat_number}"]
    put(inbox, "a.pdf", text_pdf(page), eyes)
    (one,) = waiting(harness)
    assert (one.client_id, one.folder) == (bakery.id, Folder.PURCHASE_INVOICES)
    put(inbox, "b.pdf", text_pdf([*page, f"IBAN {BAKERY.iban}"]), eyes)
    (other,) = [file for file in waiting(harness) if file.id != one.id]
    assert (other.client_id, other.folder) == (bakery.id, Folder.SALES_INVOICES)
    assert harness.documents() == []


def test_a_rule_for_mails_needs_some_characters_and_a_client(harness: IntakeHarness) -> None:
    client = harness.client("Fournil", "TANNERIE")
    for kind, text in ((RuleKind.SUBJECT, " é "), (RuleKind.PATH, "achats")):
        assert harness.refusal(AddRule(kind=kind, match=text, client_id=client.id)).code == "rule.unusable"
    assert harness.refusal(AddRule(kind=RuleKind.SUBJECT, match="dossier", client_id="x")).code == "client.gone"
    first = harness.do(AddRule(kind=RuleKind.SUBJECT, match="Dossier", client_id=client.id))
    second = harness.do(AddRule(kind=RuleKind.SUBJECT, match="DOSSIER", client_id=client.id))
    (rule,) = harness.rows(select(tables.rule))
    assert (rule.id, rule.match) == (second["id"], "dossier")
    assert first["id"] != second["id"]
