"""What nobody could place is kept, placed by hand, and placed by itself the next time where that was wanted."""

from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import select

from banqup_tui.backend import placing, tables
from banqup_tui.backend.reading import snapshot
from banqup_tui.backend.values import rule_of, to_place_of
from banqup_tui.backend.watching import Watching
from banqup_tui.domain.folder import Folder
from banqup_tui.domain.source import PlacingRule, RuleKind, ToPlace
from banqup_tui.protocol.commands import AddSource, DismissToPlace, ImportFile, PlaceFile, RemoveRule
from banqup_tui.protocol.problems import ProblemType
from banqup_tui.written.messages import sentence_of
from tests.support.papers import BAKERY, GARAGE, MILL, company, invoice, letter, statement
from tests.support.room import Room


@pytest.fixture
def room(tmp_path: Path) -> Room:
    (tmp_path / "data").mkdir()
    return Room(tmp_path / "data")


@pytest.fixture
def inbox(room: Room, tmp_path: Path) -> Path:
    (tmp_path / "in").mkdir()
    room.do(AddSource(source_id="s", path=str(tmp_path / "in")))
    return tmp_path / "in"


@pytest.fixture
def eyes(room: Room) -> Watching:
    return Watching(room.services, every=0.02, still_for=0, wait_for_xml=0)


def put(inbox: Path, name: str, data: bytes, eyes: Watching) -> None:
    (inbox / name).parent.mkdir(parents=True, exist_ok=True)
    (inbox / name).write_bytes(data)
    eyes.look()


def waiting(room: Room) -> list[ToPlace]:
    return [to_place_of(row) for row in room.tray()]


def rules_of(room: Room) -> list[PlacingRule]:
    return [rule_of(row) for row in room.rows(select(tables.rule))]


def place(room: Room, one: ToPlace, client_id: str, folder: Folder, **more: Any) -> Any:
    return room.do(PlaceFile(to_place_id=one.id, client_id=client_id, folder=folder, **more))


def test_a_scan_that_said_nothing_is_placed_by_hand_and_counted_no_more_as_refused(
    room: Room, inbox: Path, eyes: Watching
) -> None:
    client = room.client(BAKERY.name, "TANNERIE", BAKERY.vat_number)
    put(inbox, "scan.pdf", letter(), eyes)
    (one,) = waiting(room)
    result = place(room, one, client.id, Folder.PURCHASE_RECEIPTS)
    (document,) = room.documents()
    assert (document.id, document.folder, document.client_id) == (
        result["documentId"],
        Folder.PURCHASE_RECEIPTS,
        client.id,
    )
    assert waiting(room) == []
    assert (room.source().taken, room.source().refused) == (1, 0)
    eyes.look()
    assert len(room.documents()) == 1
    assert room.refusal(PlaceFile(to_place_id=one.id, client_id=client.id, folder=Folder.SALES_INVOICES)).type == (
        ProblemType.NOT_FOUND
    )


def test_an_invoice_placed_by_hand_shows_the_other_party_as_its_counterparty(
    room: Room, inbox: Path, eyes: Watching
) -> None:
    client = room.client("Boulangerie sans numéro", "SANS")
    put(inbox, "a.xml", invoice(), eyes)
    (one,) = waiting(room)
    place(room, one, client.id, Folder.PURCHASE_INVOICES)
    (document,) = room.documents()
    assert document.counterparty is not None
    assert document.counterparty.name == MILL.name


def test_what_cannot_be_read_can_still_be_placed(room: Room, inbox: Path, eyes: Watching) -> None:
    client = room.client(BAKERY.name, "TANNERIE", BAKERY.vat_number)
    put(inbox, "bad.xml", b"<?xml version='1.0'?><x>", eyes)
    (one,) = waiting(room)
    place(room, one, client.id, Folder.OTHER_DOCUMENTS)
    assert [document.file_name for document in room.documents()] == ["bad.xml"]


def test_what_seems_likely_is_said_with_the_reason(room: Room, inbox: Path, eyes: Watching) -> None:
    bakery = room.client(BAKERY.name, "TANNERIE", BAKERY.vat_number)
    room.client(GARAGE.name, "LEMAITRE", GARAGE.vat_number)
    put(inbox, "LEMAITRE/AP/a.xml", invoice(), eyes)
    (one,) = waiting(room)
    assert GARAGE.name in sentence_of(one.reason)
    assert BAKERY.name in sentence_of(one.reason)
    assert (one.client_id, one.folder) == (bakery.id, Folder.PURCHASE_INVOICES)


def test_a_number_that_was_placed_once_places_itself_from_then_on_until_the_rule_is_gone(
    room: Room, inbox: Path, eyes: Watching
) -> None:
    client = room.client("Groupe Tannerie", "GROUPE")
    put(inbox, "1.xml", invoice(number="1"), eyes)
    put(inbox, "2.xml", invoice(number="2"), eyes)
    one, _other = waiting(room)
    result = place(room, one, client.id, Folder.PURCHASE_INVOICES, remember=True)
    assert result["rule"]["match"] == "be:0912345673"
    eyes.look()
    assert waiting(room) == []
    put(inbox, "3.xml", invoice(number="3"), eyes)
    assert sorted(document.number or "" for document in room.documents()) == ["1", "2", "3"]
    (rule,) = rules_of(room)
    assert (rule.kind, rule.client_id) == (RuleKind.IDENTIFIER, client.id)
    room.do(RemoveRule(rule_id=rule.id))
    put(inbox, "4.xml", invoice(number="4"), eyes)
    assert [one.file_name for one in waiting(room)] == ["4.xml"]


def test_a_directory_of_scans_is_learned_and_only_below_it(room: Room, inbox: Path, eyes: Watching) -> None:
    client = room.client(BAKERY.name, "TANNERIE", BAKERY.vat_number)
    for name in ("magasin 1/scan.pdf", "magasin 12/scan.pdf"):
        put(inbox, name, letter(name), eyes)
    first = next(one for one in waiting(room) if one.file_name.startswith("magasin 1/"))
    place(room, first, client.id, Folder.PURCHASE_RECEIPTS, remember=True)
    put(inbox, "magasin 1/2026/next.pdf", letter("next"), eyes)
    assert [one.file_name for one in waiting(room)] == ["magasin 12/scan.pdf"]
    assert {document.folder for document in room.documents()} == {Folder.PURCHASE_RECEIPTS}
    (rule,) = rules_of(room)
    assert (rule.kind, rule.match, rule.source) == (RuleKind.PATH, "magasin 1", str(inbox))


def test_a_rule_never_overrules_what_is_on_the_document(room: Room, inbox: Path, eyes: Watching) -> None:
    client = room.client(BAKERY.name, "TANNERIE", BAKERY.vat_number)
    garage = room.client(GARAGE.name, "LEMAITRE", GARAGE.vat_number)
    put(inbox, "magasin/scan.pdf", letter(), eyes)
    place(room, waiting(room)[0], client.id, Folder.PURCHASE_RECEIPTS, remember=True)
    put(inbox, "magasin/a.xml", invoice(buyer=GARAGE), eyes)
    assert [document.client_id for document in room.documents()] == [client.id, garage.id]


def test_nothing_is_learned_from_names_or_against_a_number_that_is_known(
    room: Room, inbox: Path, eyes: Watching
) -> None:
    client = room.client(BAKERY.name, "TANNERIE", BAKERY.vat_number)
    garage = room.client(GARAGE.name, "LEMAITRE", GARAGE.vat_number)
    put(inbox, "scan.pdf", letter(), eyes)
    assert place(room, waiting(room)[0], client.id, Folder.PURCHASE_RECEIPTS, remember=True)["rule"] is None
    put(inbox, "LEMAITRE/AP/a.xml", invoice(), eyes)
    assert place(room, waiting(room)[0], garage.id, Folder.PURCHASE_INVOICES, remember=True)["rule"] is None
    assert rules_of(room) == []


def test_a_number_of_two_clients_is_told_apart_by_a_rule(room: Room, inbox: Path, eyes: Watching) -> None:
    for reference in ("NORD", "SUD"):
        room.client(BAKERY.name, reference, BAKERY.vat_number)
    south = next(client for client in room.clients() if client.reference == "SUD")
    put(inbox, "1.xml", invoice(number="1"), eyes)
    (one,) = waiting(room)
    assert one.reason.code == "placing.party-of-several"
    place(room, one, south.id, Folder.PURCHASE_INVOICES, remember=True)
    put(inbox, "2.xml", invoice(number="2"), eyes)
    assert [document.client_id for document in room.documents()] == [south.id, south.id]


def test_an_account_of_a_bank_report_is_remembered_only_where_that_was_wanted(
    room: Room, inbox: Path, eyes: Watching
) -> None:
    client = room.client("Autre", "AUTRE")
    holder = company("Inconnue", "0911111102")
    put(inbox, "1.cod", statement(number=1, holder=holder), eyes)
    place(room, waiting(room)[0], client.id, Folder.ENRICHED_MOVEMENT_REPORTS)
    put(inbox, "2.cod", statement(number=2, holder=holder), eyes)
    (one,) = waiting(room)
    place(room, one, client.id, Folder.ENRICHED_MOVEMENT_REPORTS, remember=True)
    put(inbox, "3.cod", statement(number=3, holder=holder), eyes)
    assert waiting(room) == []
    assert len(room.documents()) == 3


def test_what_is_dismissed_is_gone_and_does_not_come_back_by_itself(room: Room, inbox: Path, eyes: Watching) -> None:
    put(inbox, "advert.pdf", letter(), eyes)
    room.do(DismissToPlace(to_place_ids=(waiting(room)[0].id,)))
    room.client(BAKERY.name, "TANNERIE", BAKERY.vat_number)
    eyes.look()
    assert (waiting(room), room.documents(), room.source().refused) == ([], [], 0)


def test_an_import_that_was_refused_waits_too_and_is_not_taken_behind_ones_back(room: Room, eyes: Watching) -> None:
    eyes.look()
    sha256 = room.put(invoice())
    room.refusal(ImportFile(sha256=sha256, file_name="a.xml"))
    client = room.client(BAKERY.name, "TANNERIE", BAKERY.vat_number)
    eyes.look()
    (one,) = waiting(room)
    assert one.source == "import"
    place(room, one, client.id, Folder.PURCHASE_INVOICES)
    assert len(room.documents()) == 1


def test_the_tray_and_the_rules_reach_a_copy(room: Room, inbox: Path, eyes: Watching) -> None:
    from banqup_tui.backend.tables.spaces import LOCAL_USER
    from banqup_tui.domain.space import Role

    member = {"space_id": room.services.space_id, "user_id": LOCAL_USER, "role": str(Role.ADMINISTRATOR)}
    with room.services.database.write(room.services.space_id) as work:
        work.execute(tables.member.insert(), member)
    client = room.client("Groupe Tannerie", "GROUPE")
    put(inbox, "1.xml", invoice(number="1"), eyes)
    place(room, waiting(room)[0], client.id, Folder.PURCHASE_INVOICES, remember=True)
    put(inbox, "scan.pdf", letter(), eyes)
    seen = snapshot(room.services, LOCAL_USER)
    assert [one.file_name for one in seen.to_place] == ["scan.pdf"]
    assert [rule.match for rule in seen.rules] == ["be:0912345673"]
    assert placing.knowledge(room.services)[2] == 1
