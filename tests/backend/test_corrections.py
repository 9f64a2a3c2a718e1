"""Documents are withdrawn and restored, and moved: what was delivered stays, what was queued is cancelled."""

from datetime import date, timedelta
from pathlib import Path

import pytest
from sqlalchemy import select, update

from banqup_tui.backend.db import tables
from banqup_tui.backend.intake.corrections import DAYS_WITHDRAWN
from banqup_tui.backend.runtime.pruning import prune
from banqup_tui.domain.client import Client
from banqup_tui.domain.document import DocumentValues, values_of
from banqup_tui.domain.duplicates import DuplicateChoice
from banqup_tui.domain.folder import Folder
from banqup_tui.domain.status import AccountingStatus
from banqup_tui.protocol.commands import (
    CorrectDocument,
    ImportFile,
    MoveDocument,
    Restore,
    Send,
    SetProcessed,
    Withdraw,
)
from tests.support.intake_harness import SPACE
from tests.support.one_client import BOOKS, OneClient
from tests.support.papers import MILL, invoice, letter

LEDGER = "88888888-8888-4888-8888-888888888888"
PURCHASES, SALES, OTHER = Folder.PURCHASE_INVOICES, Folder.SALES_INVOICES, Folder.OTHER_DOCUMENTS


@pytest.fixture
def setup(tmp_path: Path) -> OneClient:
    return OneClient(tmp_path)


@pytest.fixture
def garage(setup: OneClient) -> Client:
    """Another client, with an integration of its own."""
    client = setup.client("Garage", "GARAGE")
    setup.integration(LEDGER, client.id)
    return client


def moved(setup: OneClient, document_id: str, client: Client, folder: Folder = PURCHASES) -> MoveDocument:
    document = setup.document(document_id)
    return MoveDocument(
        document_id=document_id,
        client_id=client.id,
        folder=folder,
        from_client_id=document.client_id,
        from_folder=document.folder,
    )


def at(setup: OneClient, integration: str, state: str = "QUEUED") -> set[str]:
    table = tables.delivery
    rows = setup.rows(select(table).where(table.c.integration_id == integration, table.c.state == state))
    return {row.document_id for row in rows}


# withdrawing


def test_a_withdrawn_document_is_not_sent_by_itself_nor_by_hand_and_its_history_says_so(setup: OneClient) -> None:
    document = setup.imported(invoice())["documentId"]
    setup.queued()
    assert setup.do(Withdraw(document_ids=(document,))) == {
        "withdrawn": 1,
        "unchanged": 0,
        "cancelled": 1,
        "delivered": 0,
    }
    assert setup.queued() == set()
    assert setup.refusal(Send(document_ids=(document,))).code == "document.withdrawn"
    found = setup.document(document)
    assert found.is_withdrawn
    assert [entry.what.code for entry in found.history] == ["history.withdrawn"]
    assert setup.do(Withdraw(document_ids=(document,)))["unchanged"] == 1


def test_what_is_restored_is_as_it_was_and_what_was_queued_is_queued_again(setup: OneClient) -> None:
    document = setup.imported(invoice())["documentId"]
    setup.queued()
    setup.do(Withdraw(document_ids=(document,)))
    setup.do(Restore(document_ids=(document,)))
    assert setup.queued() == {document}
    assert not setup.document(document).is_withdrawn
    assert setup.document(document).accounting_status is AccountingStatus.QUEUED


def test_what_was_delivered_stays_and_is_not_sent_again_after_it_was_restored(setup: OneClient) -> None:
    document = setup.imported(invoice())["documentId"]
    setup.delivered(document)
    assert setup.do(Withdraw(document_ids=(document,)))["delivered"] == 1
    setup.do(Restore(document_ids=(document,)))
    assert setup.queued() == set()
    assert setup.deliveries("DELIVERED") == {document}


def test_the_same_bytes_imported_again_stay_withdrawn(setup: OneClient) -> None:
    document = setup.imported(invoice())["documentId"]
    setup.do(Withdraw(document_ids=(document,)))
    again = setup.imported(invoice())
    assert (again["outcome"], again["withdrawn"], again["documentId"]) == ("KNOWN", True, document)
    assert setup.document(document).is_withdrawn


def test_another_file_of_a_withdrawn_document_is_a_new_one_and_restoring_the_first_holds_it(setup: OneClient) -> None:
    first = setup.imported(invoice())["documentId"]
    setup.do(Withdraw(document_ids=(first,)))
    second = setup.imported(invoice(due=None))
    assert second["duplicate"] is None
    assert setup.do(Restore(document_ids=(first,)))["undecided"] == 1
    assert setup.document(first).same_as == second["documentId"]
    assert setup.queued() == {second["documentId"]}


def test_the_copy_of_a_document_is_held_again_when_it_is_restored(setup: OneClient) -> None:
    _, copy = setup.pair()
    setup.decide(copy, DuplicateChoice.ONE_DOCUMENT)
    setup.do(Restore(document_ids=(copy,)))
    assert setup.document(copy).is_undecided


def test_what_was_withdrawn_long_ago_is_forgotten_with_its_file_but_not_its_deliveries(setup: OneClient) -> None:
    document = setup.imported(invoice())["documentId"]
    recent = setup.imported(invoice(number="2"), "b.xml")["documentId"]
    setup.delivered(document)
    setup.do(Withdraw(document_ids=(document, recent)))
    sha256 = setup.document(document).sha256
    long_ago = setup.document(document).created_at - timedelta(days=DAYS_WITHDRAWN + 1)
    with setup.services.database.write(SPACE) as transaction:
        mine = tables.document.c.id == document
        transaction.execute(update(tables.document).where(mine).values(withdrawn_at=long_ago))
    prune(setup.services)
    assert [one.id for one in setup.documents()] == [recent]
    assert not setup.services.files.has(sha256)
    assert setup.services.files.has(setup.document(recent).sha256)
    assert setup.deliveries("DELIVERED") == {document}
    again = setup.imported(invoice())["documentId"]
    setup.queued()
    assert again in setup.deliveries("DELIVERED")


def test_a_file_that_another_document_has_is_kept(setup: OneClient, garage: Client) -> None:
    document = setup.imported(invoice())["documentId"]
    setup.client(MILL.name, "MILL", MILL.vat_number)
    setup.do(ImportFile(sha256=setup.put(invoice()), file_name="a.xml"))
    setup.do(Withdraw(document_ids=(document,)))
    sha256 = setup.document(document).sha256
    with setup.services.database.write(SPACE) as transaction:
        mine = tables.document.c.id == document
        long_ago = transaction.now - timedelta(days=DAYS_WITHDRAWN + 1)
        transaction.execute(update(tables.document).where(mine).values(withdrawn_at=long_ago))
    prune(setup.services)
    assert [one.id for one in setup.documents() if one.id == document] == []
    assert setup.services.files.has(sha256)


# moving


def test_a_document_of_the_wrong_client_goes_to_the_right_one_and_to_its_integrations(
    setup: OneClient, garage: Client
) -> None:
    document = setup.imported(invoice())["documentId"]
    setup.queued()
    answer = setup.do(moved(setup, document, garage))
    assert (answer["moved"], answer["cancelled"], answer["queued"]) == (1, 1, 1)
    assert (setup.document(document).client_id, setup.document(document).folder) == (garage.id, PURCHASES)
    setup.queued()
    assert (at(setup, BOOKS), at(setup, LEDGER)) == (set(), {document})
    assert setup.document(document).history[-1].what.code == "history.moved-client"


def test_what_was_delivered_for_the_wrong_client_stays_there_with_its_proof(setup: OneClient, garage: Client) -> None:
    document = setup.imported(invoice())["documentId"]
    setup.delivered(document)
    setup.do(moved(setup, document, garage))
    assert at(setup, BOOKS, "DELIVERED") == {document}
    assert at(setup, LEDGER) == {document}


def test_a_move_that_is_taken_back_leaves_everything_as_it_was(setup: OneClient, garage: Client) -> None:
    document = setup.imported(invoice())["documentId"]
    setup.queued()
    there = moved(setup, document, garage)
    setup.do(there)
    back = MoveDocument(
        document_id=document,
        client_id=there.from_client_id,
        folder=there.from_folder,
        from_client_id=garage.id,
        from_folder=PURCHASES,
        back=True,
    )
    setup.do(back)
    setup.queued()
    assert (at(setup, BOOKS), at(setup, LEDGER)) == ({document}, set())
    assert setup.document(document).client_id == setup.baker.id


def test_who_moves_what_another_has_moved_is_told_so(setup: OneClient, garage: Client) -> None:
    document = setup.imported(invoice())["documentId"]
    late = moved(setup, document, setup.baker, OTHER)
    setup.do(moved(setup, document, garage))
    assert setup.refusal(late).code == "document.moved-already"


def test_the_other_client_has_each_file_once(setup: OneClient, garage: Client) -> None:
    first = setup.do_import(letter("one"), setup.baker.id)
    setup.do_import(letter("one"), garage.id)
    assert setup.refusal(moved(setup, first, garage, OTHER)).code == "document.there-already"


def test_a_document_is_held_where_the_other_client_has_the_same_one(setup: OneClient, garage: Client) -> None:
    there = setup.imported(invoice())["documentId"]
    setup.do(moved(setup, there, garage))
    here = setup.imported(invoice(due=None))["documentId"]
    assert setup.do(moved(setup, here, garage))["undecided"]
    assert setup.document(here).same_as == there
    assert here not in at(setup, LEDGER)


def test_another_folder_of_the_client_decides_which_integrations_take_it(setup: OneClient) -> None:
    setup.integration(LEDGER, setup.baker.id, (SALES,))
    document = setup.imported(invoice())["documentId"]
    setup.queued()
    setup.do(moved(setup, document, setup.baker, SALES))
    assert at(setup, BOOKS) == at(setup, LEDGER) == {document}
    found = setup.document(document)
    assert found.counterparty == found.customer
    setup.do(moved(setup, document, setup.baker, PURCHASES))
    assert (at(setup, BOOKS), at(setup, LEDGER)) == ({document}, set())


def test_a_withdrawn_document_is_not_moved_and_a_processed_one_stays_processed(
    setup: OneClient, garage: Client
) -> None:
    document = setup.imported(invoice())["documentId"]
    setup.do(SetProcessed(document_ids=(document,), processed=True))
    setup.do(moved(setup, document, garage))
    assert setup.document(document).processed
    setup.do(Withdraw(document_ids=(document,)))
    assert setup.refusal(moved(setup, document, setup.baker)).code == "document.withdrawn"


# correcting


def test_the_values_of_a_scan_are_corrected_and_it_is_filed_under_its_month(setup: OneClient) -> None:
    scan = setup.do_import(letter(), setup.baker.id)
    before = values_of(setup.document(scan))
    wanted = DocumentValues(number="17", counterparty="Notaire", issue_date=date(2025, 3, 4), gross_amount=12100)
    assert setup.do(CorrectDocument(document_id=scan, values=wanted, before=before))["corrected"] == 1
    found = setup.document(scan)
    assert values_of(found) == wanted
    assert found.history[-1].what.code == "history.corrected"
    (row,) = setup.rows(select(tables.document))
    assert (row.filed_year, row.filed_month) == (2025, 3)
    late = CorrectDocument(document_id=scan, values=DocumentValues(number="18"), before=before)
    assert setup.refusal(late).code == "document.corrected-already"
    setup.do(CorrectDocument(document_id=scan, values=before, before=wanted))
    assert values_of(setup.document(scan)) == before


def test_the_values_of_an_e_invoice_are_those_of_its_file(setup: OneClient) -> None:
    document = setup.imported(invoice())["documentId"]
    before = values_of(setup.document(document))
    body = CorrectDocument(document_id=document, values=DocumentValues(number="1"), before=before)
    assert setup.refusal(body).code == "document.values-of-file"
