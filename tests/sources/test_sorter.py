"""Whose is it? By content, by role, and never by a guess."""

from collections.abc import Sequence
from datetime import date
from typing import Any

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from banqup_tui.demo.firm import Company
from banqup_tui.domain.client import Client
from banqup_tui.domain.folder import Folder
from banqup_tui.domain.messages import message
from banqup_tui.formats import Content, read
from banqup_tui.presentation.messages import remedy_of, sentence_of
from banqup_tui.sources.keys import account_key, keys_of_client, name_key
from banqup_tui.sources.layouts import read_path
from banqup_tui.sources.sorter import (
    Hints,
    NewClient,
    PartyRole,
    Placed,
    Unplaced,
    sort,
)
from tests.support.papers import BAKERY, BILL, GARAGE, MILL, invoice, letter, statement


class Firm:
    def __init__(self, *clients: Client) -> None:
        self.clients = clients

    def clients_for(self, key: str) -> Sequence[Client]:
        return [client for client in self.clients if key in self.keys(client)]

    def keys(self, client: Client) -> set[str]:
        return {*keys_of_client(client), name_key(client.name), f"reference:{client.reference.casefold()}"}


def client(company: Company, reference: str = "", **more: Any) -> Client:
    short = reference or company.name.split()[0].upper()
    return Client(id=short, reference=short, name=company.name, vat_number=company.vat_number, **more)


def placed(content: Content, firm: Firm, **hints: Any) -> list[tuple[str, Folder]]:
    placing = sort(content, Hints(**hints), firm)
    assert not isinstance(placing, Unplaced), placing.reason
    return [(one.client.name, one.folder) for one in placing]


def unplaced(content: Content, firm: Firm, **hints: Any) -> Unplaced:
    placing = sort(content, Hints(**hints), firm)
    assert isinstance(placing, Unplaced), placing
    assert sentence_of(placing.reason).endswith(".")
    assert remedy_of(placing.reason).endswith(".")
    return placing


INVOICE = read(invoice())
CREDIT = read(invoice(credit=True))
SELF_BILLED = read(invoice().replace(b">380<", b">389<"))
STATEMENT = read(statement())
LETTER = read(letter())
BUYER, SELLER, OTHER = client(BAKERY), client(MILL), client(GARAGE)


@pytest.mark.parametrize("content", [INVOICE, CREDIT, SELF_BILLED])
def test_who_buys_finds_it_among_the_purchases_and_who_sells_among_the_sales(content: Content) -> None:
    assert placed(content, Firm(BUYER, OTHER)) == [(BAKERY.name, Folder.PURCHASE_INVOICES)]
    assert placed(content, Firm(SELLER, OTHER)) == [(MILL.name, Folder.SALES_INVOICES)]


def test_both_find_it_where_both_are_clients() -> None:
    assert set(placed(INVOICE, Firm(BUYER, SELLER))) == {
        (BAKERY.name, Folder.PURCHASE_INVOICES),
        (MILL.name, Folder.SALES_INVOICES),
    }


def test_a_channel_of_one_client_takes_it_for_that_client_only() -> None:
    assert placed(INVOICE, Firm(BUYER, SELLER), client=SELLER) == [(MILL.name, Folder.SALES_INVOICES)]
    assert placed(INVOICE, Firm(BUYER, SELLER), path=read_path(f"{BAKERY.number}/x/a.xml")) == [
        (BAKERY.name, Folder.PURCHASE_INVOICES)
    ]


def test_a_direction_in_the_path_chooses_between_two_clients() -> None:
    assert placed(INVOICE, Firm(BUYER, SELLER), path=read_path("AR/a.xml")) == [(MILL.name, Folder.SALES_INVOICES)]


def test_a_path_that_says_otherwise_is_not_believed_and_not_overruled() -> None:
    wrong_side = unplaced(INVOICE, Firm(BUYER), path=read_path(f"{BAKERY.number}/AR/a.xml"))
    assert wrong_side.reason == message("placing.buyer-in-wrong-folder", folder="SALES_INVOICES", name=BAKERY.name)
    wrong_client = unplaced(INVOICE, Firm(BUYER, OTHER), path=read_path(f"{GARAGE.number}/AP/a.xml"))
    assert GARAGE.name in wrong_client.reason.params.values()
    assert BAKERY.name in sentence_of(wrong_client.reason)


def test_an_everyday_word_in_a_path_that_names_nobody_gives_way_to_the_content() -> None:
    assert placed(INVOICE, Firm(BUYER), path=read_path("out/a.xml")) == [(BAKERY.name, Folder.PURCHASE_INVOICES)]
    assert placed(STATEMENT, Firm(BUYER), path=read_path("divers/in/a.cod")) == [
        (BAKERY.name, Folder.ENRICHED_MOVEMENT_REPORTS)
    ]
    unplaced(INVOICE, Firm(BUYER), path=read_path("fournil de la tannerie srl/out/a.xml"))
    unplaced(INVOICE, Firm(BUYER), path=read_path("AR/a.xml"))


def test_a_number_in_the_path_that_is_no_clients_does_not_matter() -> None:
    path = read_path(f"suppliers/Minoterie_{MILL.vat_number}/in/a.xml")
    assert placed(INVOICE, Firm(BUYER), path=path) == [(BAKERY.name, Folder.PURCHASE_INVOICES)]


def test_a_client_named_by_hand_whose_document_it_is_not_is_told_so() -> None:
    wrong = unplaced(INVOICE, Firm(BUYER, OTHER), client=OTHER)
    assert GARAGE.name in sentence_of(wrong.reason)
    assert MILL.name in sentence_of(wrong.reason)


def test_a_client_named_by_hand_gets_what_says_nothing_of_anybody_known() -> None:
    assert placed(INVOICE, Firm(OTHER), client=OTHER, folder=Folder.PURCHASE_INVOICES) == [
        (GARAGE.name, Folder.PURCHASE_INVOICES)
    ]
    assert unplaced(INVOICE, Firm(OTHER), client=OTHER).reason.code == "placing.role-unknown"


def test_a_client_without_numbers_is_known_by_its_name_once_it_is_named() -> None:
    nameless = Client(id="x", reference="X", name=BAKERY.name.upper())
    assert placed(INVOICE, Firm(nameless), client=nameless) == [(nameless.name, Folder.PURCHASE_INVOICES)]
    assert unplaced(INVOICE, Firm(nameless)).reason.code == "placing.no-client"


def test_an_invoice_may_be_put_among_the_receipts_but_not_among_the_bank_reports() -> None:
    assert placed(INVOICE, Firm(BUYER), client=BUYER, folder=Folder.PURCHASE_RECEIPTS) == [
        (BAKERY.name, Folder.PURCHASE_RECEIPTS)
    ]
    unplaced(INVOICE, Firm(BUYER), client=BUYER, folder=Folder.ENRICHED_MOVEMENT_REPORTS)


def test_two_clients_of_one_number_are_told_apart_by_the_path_or_not_at_all() -> None:
    twins = Firm(client(BAKERY, "NORTH"), client(BAKERY, "SOUTH"))
    assert unplaced(INVOICE, twins).reason.code == "placing.party-of-several"
    placing = sort(INVOICE, Hints(path=read_path("SOUTH/AP/a.xml")), twins)
    assert isinstance(placing, tuple)
    assert [one.client for one in placing] == [twins.clients[1]]


def test_an_invoice_to_oneself_lies_once() -> None:
    own = read(invoice(seller=BAKERY))
    assert placed(own, Firm(BUYER)) == [(BAKERY.name, Folder.SALES_INVOICES)]
    assert placed(own, Firm(BUYER), client=BUYER, folder=Folder.PURCHASE_INVOICES) == [
        (BAKERY.name, Folder.PURCHASE_INVOICES)
    ]


def test_a_stranger_becomes_a_client_only_when_asked_for() -> None:
    assert unplaced(INVOICE, Firm()).reason.code == "placing.no-client"
    (one,) = made(INVOICE)
    assert isinstance(one.client, NewClient)
    assert (one.client.name, one.client.vat_number, one.role) == (BAKERY.name, BAKERY.vat_number, PartyRole.BUYER)
    assert f"be:{BAKERY.number}" in one.client.keys


def test_the_seller_becomes_the_client_where_only_the_seller_has_a_number() -> None:
    without = invoice().replace(BAKERY.vat_number.encode(), b"").replace(BAKERY.number.encode(), b"")
    (one,) = made(read(without))
    assert (one.client.name, one.folder) == (MILL.name, Folder.SALES_INVOICES)


def test_a_name_is_enough_to_become_a_client_where_nobody_has_a_number() -> None:
    data = invoice()
    for company in (BAKERY, MILL):
        data = data.replace(company.vat_number.encode(), b"").replace(company.number.encode(), b"")
    (one,) = made(read(data))
    assert (one.client.name, one.folder) == (BAKERY.name, Folder.PURCHASE_INVOICES)
    again = sort(read(data), Hints(create_clients=True), Firm(Client(id="x", reference="X", name=BAKERY.name)))
    assert isinstance(again, tuple)
    assert isinstance(again[0].client, Client)


def made(content: Content) -> tuple[Placed, ...]:
    placing = sort(content, Hints(create_clients=True), Firm())
    assert isinstance(placing, tuple)
    return placing


def test_a_bank_file_goes_by_account_then_by_the_number_in_its_header() -> None:
    holder = Client(id="h", reference="H", name="Holder", identifiers=(account_key(BAKERY.iban),))
    report = Folder.ENRICHED_MOVEMENT_REPORTS
    assert placed(STATEMENT, Firm(holder)) == [("Holder", report)]
    assert placed(STATEMENT, Firm(BUYER)) == [(BAKERY.name, report)]
    assert placed(STATEMENT, Firm(OTHER), client=OTHER) == [(GARAGE.name, report)]
    assert unplaced(STATEMENT, Firm(OTHER)).reason.params == {"accounts": "BE68 5390 0754 7034"}


def test_a_bank_file_whose_account_and_header_name_two_clients_waits_with_both_said() -> None:
    holder = Client(id="h", reference="H", name="Holder", identifiers=(account_key(BAKERY.iban),))
    sentence = sentence_of(unplaced(STATEMENT, Firm(holder, BUYER)).reason)
    assert "Holder" in sentence
    assert BAKERY.name in sentence


def test_an_invoice_between_two_others_with_numbers_is_not_filed_for_the_client_of_its_folder() -> None:
    path = read_path(f"{GARAGE.number}/aankoop/a.xml")
    reason = unplaced(INVOICE, Firm(OTHER), path=path).reason
    assert reason.code == "placing.client-and-document-differ"
    assert unplaced(INVOICE, Firm(OTHER), client=OTHER, bound=True).reason.code == reason.code


def test_a_bank_file_for_somebody_else_is_not_given_to_the_client_that_was_named() -> None:
    assert unplaced(STATEMENT, Firm(BUYER, OTHER), client=OTHER).reason.params["known"] == BAKERY.name
    assert BAKERY.name in sentence_of(
        unplaced(STATEMENT, Firm(BUYER, OTHER), path=read_path(f"{GARAGE.number}/cod/a")).reason
    )


def test_the_holder_of_an_account_becomes_a_client_when_asked_for() -> None:
    (one,) = made(STATEMENT)
    assert isinstance(one.client, NewClient)
    assert account_key(BAKERY.iban) in one.client.keys
    assert one.folder is Folder.ENRICHED_MOVEMENT_REPORTS


def test_a_scan_goes_where_its_channel_says_and_nowhere_else() -> None:
    firm = Firm(BUYER)
    assert placed(LETTER, firm, client=BUYER) == [(BAKERY.name, Folder.OTHER_DOCUMENTS)]
    assert placed(LETTER, firm, path=read_path("fournil/tickets/a.pdf")) == [(BAKERY.name, Folder.PURCHASE_RECEIPTS)]
    assert placed(LETTER, firm, path=read_path(f"a/{BAKERY.number}/AP/a.pdf")) == [
        (BAKERY.name, Folder.PURCHASE_INVOICES)
    ]
    assert unplaced(LETTER, firm).reason.code == "placing.nobody-named"
    assert unplaced(LETTER, firm, create_clients=True).reason.code == "placing.nobody-named"


def test_every_way_to_write_a_clients_number_is_the_same_client() -> None:
    ways: list[dict[str, Any]] = [
        {"vat_number": BAKERY.vat_number},
        {"vat_number": "BE 0912.345.673"},
        {"enterprise_number": BAKERY.number},
        {"enterprise_number": "0912.345.673"},
        {"identifiers": (BAKERY.number,)},
    ]
    for way in ways:
        known = Client(id="x", reference="X", name="X", **way)
        assert f"be:{BAKERY.number}" in keys_of_client(known), way


COMPANIES = st.sampled_from([BAKERY, MILL, GARAGE])


@given(seller=COMPANIES, buyer=COMPANIES, credit=st.booleans(), known=st.sets(COMPANIES, max_size=3))
def test_each_client_in_a_document_gets_it_once_on_its_own_side(
    seller: Company, buyer: Company, credit: bool, known: set[Company]
) -> None:
    bill = msgspec.structs.replace(BILL, seller=seller, buyer=buyer, credit=credit, issued=date(2026, 1, 2))
    content = read(invoice(seller=bill.seller, buyer=bill.buyer, credit=credit))
    placing = sort(content, Hints(), Firm(*map(client, known)))
    if not known & {seller, buyer}:
        assert isinstance(placing, Unplaced)
        return
    assert isinstance(placing, tuple)
    assert {one.client.name for one in placing} == {company.name for company in known & {seller, buyer}}
    for one in placing:
        side = seller if one.folder is Folder.SALES_INVOICES else buyer
        assert one.client.name == side.name
