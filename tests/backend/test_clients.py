"""Clients are created, edited and archived; documents follow their numbers."""

import uuid
from pathlib import Path
from typing import Any

import msgspec
import pytest

from banqup_tui.actions.inverse_commands import inverse
from banqup_tui.backend.intake import unfiled_commands
from banqup_tui.domain.client import Client, ClientDetails, details_of
from banqup_tui.domain.client_details import flaws_of, normalised
from banqup_tui.protocol.commands import CreateClient, EditClient, ImportFile, SetArchived
from tests.support.intake_harness import IntakeHarness
from tests.support.papers import BAKERY, GARAGE, invoice, statement

BAKERY_VAT = "BE0912345673"


@pytest.fixture
def harness(tmp_path: Path) -> IntakeHarness:
    return IntakeHarness(tmp_path)


def created(harness: IntakeHarness, **details: Any) -> Client:
    body = CreateClient(client_id=str(uuid.uuid4()), **{"reference": "", "name": "Fournil SRL", **details})
    harness.do(body)
    return next(client for client in harness.clients() if client.id == body.client_id)


def edited(harness: IntakeHarness, client: Client, **changes: Any) -> EditClient:
    before = details_of(client)
    return EditClient(client_id=client.id, details=msgspec.structs.replace(before, **changes), before=before)


def the(harness: IntakeHarness, client: Client) -> Client:
    return next(one for one in harness.clients() if one.id == client.id)


def file(harness: IntakeHarness, content: bytes, name: str = "f.xml") -> ImportFile:
    return ImportFile(sha256=harness.put(content), file_name=name)


def test_what_was_typed_is_stored_as_numbers_are_compared(harness: IntakeHarness) -> None:
    client = created(
        harness,
        vat_number="be 0912.345.673",
        enterprise_number="0912.345.673",
        accounts=("be56 3631 2345 6788", "BE56363123456788"),
        country="be",
        language="fr_be",
        email=" compta@fournil.example ",
    )
    assert (client.reference, client.vat_number, client.enterprise_number) == ("FOURNIL", BAKERY_VAT, "0912345673")
    assert (client.accounts, client.country, client.language) == (("BE56363123456788",), "BE", "fr-BE")
    assert client.email == "compta@fournil.example"


@pytest.mark.parametrize(
    ("field", "value", "code"),
    [
        ("vat_number", "BE0912345600", "client.no-vat-number"),
        ("vat_number", "12", "client.no-vat-number"),
        ("enterprise_number", "0912345600", "client.no-enterprise-number"),
        ("numbers", ("BE0912345600",), "client.no-vat-number"),
        ("accounts", ("BE56363123456789",), "client.no-iban"),
        ("email", "compta", "setting.email-no-at"),
        ("country", "BEL", "client.no-country"),
        ("language", "vlaams", "client.no-language"),
        ("name", "", "client.text-length"),
        ("city", "x" * 201, "client.too-long"),
    ],
)
def test_a_wrong_field_is_refused_with_its_name(harness: IntakeHarness, field: str, value: object, code: str) -> None:
    body = CreateClient(client_id=str(uuid.uuid4()), **{"reference": "A", "name": "A", field: value})  # type: ignore[arg-type]
    problem = harness.refusal(body)
    assert problem.field == field
    if field != "email":
        assert problem.code == code
    assert harness.clients() == []


def test_a_wrong_number_that_a_document_has_brought_does_not_hinder_another_change() -> None:
    before = normalised(ClientDetails(reference="A", name="A", vat_number="BE0912345600"))
    assert list(flaws_of(msgspec.structs.replace(before, name="B"), before)) == []


def test_documents_follow_a_number_that_is_corrected(harness: IntakeHarness) -> None:
    client = created(harness, vat_number="BE0911111102")
    harness.waits(file(harness, invoice()))
    before = unfiled_commands.knowledge(harness.services)
    harness.do(edited(harness, client, vat_number=BAKERY_VAT))
    assert unfiled_commands.knowledge(harness.services) != before
    unfiled_commands.retry(harness.services, lambda: False)
    assert [document.client_id for document in harness.documents()] == [client.id]
    former = invoice(number="9", buyer=GARAGE)
    assert harness.waits(file(harness, former, "g.xml")).code.startswith("placing.")


def test_a_bank_report_goes_to_the_client_whose_account_was_entered(harness: IntakeHarness) -> None:
    content = statement()
    reason = harness.waits(file(harness, content, "s.xml"))
    client = created(harness, name="Somebody", accounts=(BAKERY.iban,))
    unfiled_commands.retry(harness.services, lambda: False)
    assert [document.client_id for document in harness.documents()] == [client.id], reason


def test_a_change_that_someone_else_has_made_meanwhile_is_not_lost(harness: IntakeHarness) -> None:
    client = created(harness)
    harness.do(edited(harness, client, city="Liège"))
    assert harness.refusal(edited(harness, client, city="Namur")).code == "client.edited-already"
    assert the(harness, client).city == "Liège"


def test_a_change_is_undone(harness: IntakeHarness) -> None:
    client = created(harness)
    body = edited(harness, client, city="Liège", vat_number="be 0912.345.673")
    harness.do(body)
    undo = inverse(body, ())
    assert undo is not None
    harness.do(undo)
    assert the(harness, client) == client


def test_no_two_clients_have_one_reference(harness: IntakeHarness) -> None:
    created(harness, reference="PARVIS")
    other = created(harness, reference="OTHER")
    assert harness.refusal(edited(harness, other, reference="parvis")).code == "client.reference-taken"


def test_documents_of_an_archived_client_wait_until_the_client_is_back(harness: IntakeHarness) -> None:
    client = created(harness, vat_number=BAKERY_VAT)
    archive = SetArchived(client_ids=(client.id,), archived=True)
    assert harness.do(archive) == {"changed": 1, "unchanged": 0}
    assert harness.do(archive) == {"changed": 0, "unchanged": 1}
    assert harness.waits(file(harness, invoice())).code == "placing.client-archived"
    back = inverse(archive, ())
    assert back is not None
    harness.do(back)
    unfiled_commands.retry(harness.services, lambda: False)
    assert [document.client_id for document in harness.documents()] == [client.id]
