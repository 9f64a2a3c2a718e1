"""What Tryton and Fava are asked to make of a document, which needs neither of them to be seen."""

from datetime import date
from pathlib import Path

import pytest

from banqup_tui.connectors.fava.connector import Fava, account_of, name_of
from banqup_tui.connectors.tryton.document_type import wanted_type
from banqup_tui.domain.folder import Folder
from banqup_tui.presentation.messages import remedy_of
from tests.support import papers
from tests.support.delivery_requests import delivery_request

ALL = frozenset({"document_incoming", "supplier_invoice", "ubl_invoice"})
ENVELOPE = b'<StandardBusinessDocument xmlns="urn:x">%s</StandardBusinessDocument>'


def test_an_e_invoice_is_told_by_what_is_in_it_and_not_by_what_it_is_called(tmp_path: Path) -> None:
    invoice = delivery_request(tmp_path, media_type="text/plain", file_name="x.txt")
    assert wanted_type(invoice, papers.invoice(), "leave", ALL) == "ubl_invoice"
    assert wanted_type(invoice, papers.invoice(credit=True), "leave", ALL) == "ubl_invoice"


@pytest.mark.parametrize(
    "content",
    [b"<Invoice>1</Invoice>", b"<a", b"", ENVELOPE % papers.invoice().partition(b"?>")[2], papers.statement()],
    ids=["no-namespace", "broken", "empty", "in-an-envelope", "statement"],
)
def test_what_trytons_reader_would_break_on_waits_as_it_came(tmp_path: Path, content: bytes) -> None:
    assert wanted_type(delivery_request(tmp_path), content, "supplier-invoice", ALL) == ""


@pytest.mark.parametrize("media_type", ["application/pdf", "image/jpeg"])
def test_a_file_that_can_only_be_looked_at_becomes_a_draft_or_is_left(tmp_path: Path, media_type: str) -> None:
    what = delivery_request(tmp_path, media_type=media_type)
    assert wanted_type(what, b"%PDF-1.7", "supplier-invoice", ALL) == "supplier_invoice"
    assert wanted_type(what, b"%PDF-1.7", "leave", ALL) == ""


def test_a_type_that_no_module_of_tryton_brings_is_not_asked_for(tmp_path: Path) -> None:
    assert wanted_type(delivery_request(tmp_path), papers.invoice(), "leave", ALL - {"ubl_invoice"}) == ""
    other = delivery_request(tmp_path, folder=Folder.OTHER_DOCUMENTS)
    assert wanted_type(other, papers.invoice(), "supplier-invoice", ALL) == ""


def test_each_wanted_copy_has_a_name_of_its_own_in_fava_and_each_attempt_at_it_the_same(tmp_path: Path) -> None:
    first = name_of(delivery_request(tmp_path, issue_date=date(2026, 1, 2)))
    assert first == "2026-01-02 2026-11874_0c7b0a555f0c.xml"
    assert name_of(delivery_request(tmp_path, issue_date=date(2026, 1, 2), attempt=7)) == first
    assert name_of(delivery_request(tmp_path, key="7d3c1111-5f0c-5d5a-9d5c-9a1c6f1d2e3f")) != first


@pytest.mark.parametrize(
    ("name", "account"),
    [("Boulangerie du Parvis SRL", "Liabilities:Boulangerie-du-Parvis-SRL"), ("élan & co.", "Liabilities:Élan-co"),
     ("A:B' OR '1'='1", "Liabilities:A-B-OR-1-1"), ("", "Liabilities:No-client-name"), ("…", "Liabilities:X")],
)  # fmt: skip
def test_a_client_is_written_as_beancount_writes_accounts(tmp_path: Path, name: str, account: str) -> None:
    assert account_of("Liabilities:[client_name]", delivery_request(tmp_path, client_name=name)) == account


@pytest.mark.parametrize("account", ["liabilities:x", "Liabilities", "Liabilities:a b", "Liabilities:[external_id]:x"])
def test_what_beancount_would_not_take_for_an_account_is_said_at_the_setting(account: str) -> None:
    (problem,) = Fava().check({"account": account}, complete=False)
    assert (problem.field, problem.reason.code) == ("account", "setting.not-an-account")
    assert remedy_of(problem.reason) == "Write it as Liabilities:Suppliers:[external_id]."
    assert Fava().check({"account": "Liabilities:Suppliers:[external_id]-[folder]"}, complete=False) == []
