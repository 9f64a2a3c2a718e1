"""Rows by position equal a plain sorted list, whatever is in the copy and wherever one looks."""

import random
from collections.abc import Iterator
from datetime import date
from pathlib import Path

import msgspec
import pytest

from banqup_tui.domain.delivery import Delivery, DeliveryState
from banqup_tui.domain.document import Document, Party
from banqup_tui.domain.folder import ALL_FOLDERS, Folder
from banqup_tui.domain.integration import Integration
from banqup_tui.domain.listing import Totals
from banqup_tui.domain.space import Role, Space
from banqup_tui.domain.status import AccountingStatus, accounting_status_with
from banqup_tui.protocol.messages import Snapshot
from banqup_tui.store import copy_updates
from banqup_tui.store.copy import LocalCopy
from banqup_tui.store.outbox import Outbox
from banqup_tui.store.outbox_entry import CommandState, OutboxQueue
from banqup_tui.store.overlay import VisibleEffect
from banqup_tui.store.query import DocumentQuery, Filter, FilterProblem, SortColumn, parse
from banqup_tui.store.readers import Readers
from tests.support.copies import changes_of
from tests.sync.fake_server import a_client, a_document

STATUSES = list(AccountingStatus)


class CopySetup:
    """A filled copy with an outbox."""

    def __init__(self, directory: Path) -> None:
        self.copy = LocalCopy.open(directory / "copy.sqlite")
        self.outbox = Outbox.open(directory / "outbox.sqlite")
        self.readers = Readers(self.copy, self.outbox)
        self.seq = 1
        snapshot = Snapshot(
            epoch="e", cursor="1", seq=1, role=Role.ACCOUNTANT, space=Space(id="s", name="S"),
            clients=(a_client("c1"), a_client("c2")),
            integrations=(
                Integration(id="i", client_id="c1", installation_id="x", extension_id="sftp", label="SFTP"),
                Integration(id="j", client_id="c1", installation_id="y", extension_id="local", label="Exact"),
            ),
        )  # fmt: skip
        copy_updates.begin(self.copy, 0, snapshot)
        copy_updates.page(self.copy, 1, "", [], [], None)

    def put(self, *values: Document | Delivery) -> None:
        self.seq += len(values)
        copy_updates.changes(self.copy, self.copy.state().step, changes_of(values, self.seq))

    def close(self) -> None:
        self.copy.close()
        self.outbox.close()


@pytest.fixture
def copy_setup(tmp_path: Path) -> Iterator[CopySetup]:
    copy_setup = CopySetup(tmp_path)
    yield copy_setup
    copy_setup.close()


def random_documents(chance: random.Random, count: int) -> list[Document]:
    names = ("Zavel SA", "Énergie Meuse", "Levures et Ferments", None)
    return [
        a_document(
            f"d{at}",
            chance.choice(("c1", "c1", "c2")),
            chance.randrange(count // 3),
            folder=chance.choice(ALL_FOLDERS[:2]),
            issue_date=date(2026 - chance.randrange(3), chance.randrange(1, 13), chance.choice((1, 15, 28))),
            accounting_status=chance.choice(STATUSES),
            gross_amount=chance.choice((None, 12100, -500, 99)),
            counterparty=Party(name=chance.choice(names)),
        )
        for at in range(count)
    ]


def newest_first(copy_setup: CopySetup, documents: list[Document]) -> list[str]:
    """By day, then time; those of one millisecond stand as they came."""
    n = dict(copy_setup.copy.reader().execute("SELECT id, n FROM document"))
    return [one.id for one in sorted(documents, key=lambda one: (one.sort_date, n[one.id]), reverse=True)]


@pytest.mark.parametrize("seed", range(4))
def test_rows_equal_a_sorted_list_wherever_one_looks(copy_setup: CopySetup, seed: int) -> None:
    chance = random.Random(seed)
    documents = random_documents(chance, 400)
    copy_setup.put(*documents)
    for query, wanted in _queries(documents):
        expected = newest_first(copy_setup, wanted)
        for descending in (True, False):
            in_order = expected if descending else expected[::-1]
            rows = copy_setup.readers.documents(msgspec.structs.replace(query, descending=descending))
            assert rows.count() == len(in_order)
            for _ in range(12):
                start, length = chance.randrange(len(in_order) + 2), chance.randrange(1, 50)
                assert [row.id for row in rows.window(start, length)] == in_order[start : start + length]
            for position in chance.sample(range(len(in_order)), min(5, len(in_order))):
                assert rows.position_of(in_order[position]) == position
            assert rows.ids() == in_order


def _queries(documents: list[Document]) -> list[tuple[DocumentQuery, list[Document]]]:
    purchase, error, processed = Folder.PURCHASE_INVOICES, AccountingStatus.ERROR, AccountingStatus.PROCESSED
    mine = [one for one in documents if one.client_id == "c1"]
    filtered = parse("zavel status:error,ready")
    assert isinstance(filtered, Filter)
    return [
        (DocumentQuery(), documents),
        (DocumentQuery(client_id="c1"), mine),
        (DocumentQuery(client_id="c1", folder=purchase), [one for one in mine if one.folder is purchase]),
        (DocumentQuery(client_id="c1", year=2025), [one for one in mine if one.sort_date.year == 2025]),
        (
            DocumentQuery(client_id="c1", folder=purchase, year=2026, month=4),
            [one for one in mine if one.folder is purchase and (one.sort_date.year, one.sort_date.month) == (2026, 4)],
        ),
        (
            DocumentQuery(client_id="c1", statuses=(error,)),
            [one for one in mine if one.accounting_status is error],
        ),
        (
            DocumentQuery(client_id="c1", statuses=(processed,), year=2026),
            [one for one in mine if one.accounting_status is processed and one.sort_date.year == 2026],
        ),
        (
            DocumentQuery(statuses=(error, processed)),
            [one for one in documents if one.accounting_status in (error, processed)],
        ),
        (
            DocumentQuery(client_id="c1", filter=filtered),
            [
                one
                for one in mine
                if one.accounting_status in (error, AccountingStatus.READY_TO_PROCESS)
                and one.counterparty is not None
                and one.counterparty.name == "Zavel SA"
            ],
        ),
    ]


@pytest.mark.parametrize(
    ("line", "found"),
    [
        ("zav", {"a"}),
        ("ENERGIE", {"b"}),
        ("2026/11", {"a"}),
        ("number:11", {"a"}),
        ("from:meuse", {"b"}),
        ("121,00", {"a"}),
        ("gross:>100", {"a"}),
        ("currency:usd", {"b"}),
        ("file:scan", {"b"}),
        ("date:2026-11-24", {"a"}),
        ("-zavel", {"b"}),
        ("zavel meuse", set()),
        ("nothing", set()),
    ],
)
def test_a_filter_finds(copy_setup: CopySetup, line: str, found: set[str]) -> None:
    copy_setup.put(
        a_document("a", number="2026/1187", counterparty=Party(name="Le Zavel SRL"), gross_amount=12100),
        a_document(
            "b", counterparty=Party(name="Énergie Meuse SA"), currency="USD", gross_amount=5, file_name="scan 7.pdf",
            number="F26", issue_date=date(2026, 10, 1),
        ),
    )  # fmt: skip
    parsed = parse(line)
    assert isinstance(parsed, Filter)
    for client_id in ("c1", None):
        assert set(copy_setup.readers.documents(DocumentQuery(client_id=client_id, filter=parsed)).ids()) == found


@pytest.mark.parametrize(
    ("line", "found"),
    [
        ("gross:>1000", {"yen", "dinars", "euros"}),
        ("gross:>1000,50", {"yen", "dinars", "euros"}),
        ("gross:>=1001", {"yen"}),
        ("gross:1001", {"yen"}),
        ("gross:<1000", {"few yen", "francs"}),
        ("gross:990..999", {"few yen", "francs"}),
        ("-gross:>1", set()),
        ("1001", {"yen"}),
        ("1000,75", {"euros"}),
        ("995", {"francs"}),
    ],
)
def test_amounts_are_found_as_they_are_shown_in_every_currency(
    copy_setup: CopySetup, line: str, found: set[str]
) -> None:
    copy_setup.put(
        a_document("yen", currency="JPY", gross_amount=1001),
        a_document("few yen", currency="JPY", gross_amount=999),
        a_document("dinars", currency="KWD", gross_amount=1_000_600),
        a_document("euros", gross_amount=100_075),
        a_document("francs", currency="BEF", gross_amount=995),
    )
    parsed = parse(line)
    assert isinstance(parsed, Filter)
    assert set(copy_setup.readers.documents(DocumentQuery(client_id="c1", filter=parsed)).ids()) == found


def test_amounts_of_several_currencies_stand_in_the_order_of_what_is_shown(copy_setup: CopySetup) -> None:
    copy_setup.put(
        a_document("12 euros", gross_amount=1200),
        a_document("1000 yen", currency="JPY", gross_amount=1000),
        a_document("2 dinars", currency="KWD", gross_amount=2000),
    )
    query = DocumentQuery(client_id="c1", sort=SortColumn.GROSS)
    assert copy_setup.readers.documents(query).ids() == ["1000 yen", "12 euros", "2 dinars"]


@pytest.mark.parametrize("digits", ["99999999999999", "-99999999999999", "99999999999999,99"])
def test_the_largest_amount_of_a_filter_has_room_in_the_database(copy_setup: CopySetup, digits: str) -> None:
    parsed = parse(f"gross:{digits} {digits}")
    assert isinstance(parsed, Filter)
    assert copy_setup.readers.documents(DocumentQuery(client_id="c1", filter=parsed)).count() == 0
    assert isinstance(parse("gross:999999999999999"), FilterProblem)


def test_a_changed_document_is_found_by_its_new_words_only(copy_setup: CopySetup) -> None:
    copy_setup.put(a_document("a", counterparty=Party(name="Zavel")))
    copy_setup.put(a_document("a", counterparty=Party(name="Meuse")))
    before, after = parse("zavel"), parse("meuse")
    assert isinstance(before, Filter)
    assert isinstance(after, Filter)
    assert copy_setup.readers.documents(DocumentQuery(filter=before)).count() == 0
    assert copy_setup.readers.documents(DocumentQuery(filter=after)).count() == 1


def test_thousands_of_documents_of_one_moment_each_have_their_place(copy_setup: CopySetup) -> None:
    copy_setup.put(*(a_document(f"d{at}") for at in range(700)))
    rows = copy_setup.readers.documents(DocumentQuery(client_id="c1"))
    assert len(set(rows.ids())) == rows.count() == 700


def test_sorting_by_amount_puts_what_has_none_last(copy_setup: CopySetup) -> None:
    copy_setup.put(a_document("a", gross_amount=5), a_document("b"), a_document("c", gross_amount=-7))
    query = DocumentQuery(client_id="c1", sort=SortColumn.GROSS)
    assert copy_setup.readers.documents(query).ids() == ["a", "c", "b"]
    ascending = msgspec.structs.replace(query, descending=False)
    assert copy_setup.readers.documents(ascending).ids() == ["c", "a", "b"]


@pytest.mark.parametrize("sort", SortColumn)
@pytest.mark.parametrize("descending", [True, False])
def test_documents_can_be_read_in_each_order(copy_setup: CopySetup, sort: SortColumn, descending: bool) -> None:
    copy_setup.put(a_document("a"), a_document("b", gross_amount=5, number="2"))
    query = DocumentQuery(client_id="c1", sort=sort, descending=descending)
    assert sorted(copy_setup.readers.documents(query).ids()) == ["a", "b"]


def test_a_document_reads_back_whole(copy_setup: CopySetup) -> None:
    document = a_document(
        "a", issue_date=date(2026, 11, 1), counterparty=Party(name="Zavel", vat_number="BE0"), net_amount=1,
        iban="BE68", line_count=3, approved=False, accounting_status=AccountingStatus.CLIENT_ACTION_NEEDED,
    )  # fmt: skip
    copy_setup.put(document)
    assert copy_setup.readers.document("a") == document


def test_what_waits_is_drawn_over_rows_folders_and_counts(copy_setup: CopySetup) -> None:
    copy_setup.put(a_document("a"), a_document("b"))
    key = copy_setup.outbox.give("SEND", b"{}", "e.1", documents=["a"], effect=VisibleEffect.SENT)
    row = copy_setup.readers.row("a")
    assert row is not None
    assert (row.status, row.pending, row.attempted) == (AccountingStatus.QUEUED, True, True)
    assert (copy_setup.readers.counts("c1").queued, copy_setup.readers.counts("c1").ready) == (1, 1)
    assert copy_setup.readers.clients()[0].counts.queued == 1
    assert sum(node.counts.queued for node in copy_setup.readers.folders("c1")) == 1
    copy_setup.outbox.claim(OutboxQueue.COMMANDS)
    copy_setup.outbox.answered(key, CommandState.DONE, copy_setup.seq + 1)
    assert copy_setup.readers.counts("c1").queued == 1, "an answer alone does not take it away"
    copy_setup.put(a_document("a", accounting_status=AccountingStatus.QUEUED))
    row = copy_setup.readers.row("a")
    assert row is not None
    assert (row.status, row.pending) == (AccountingStatus.QUEUED, False)


def test_marking_as_not_processed_shows_what_its_deliveries_say(copy_setup: CopySetup) -> None:
    copy_setup.put(a_document("a", processed=True, accounting_status=AccountingStatus.PROCESSED))
    copy_setup.put(Delivery(id="v", integration_id="i", document_id="a", sha256="0" * 64, state=DeliveryState.FAILED))
    copy_setup.outbox.give("SET_PROCESSED", b"{}", "e.1", documents=["a"], effect=VisibleEffect.NOT_PROCESSED)
    row = copy_setup.readers.row("a")
    assert row is not None
    assert row.status is AccountingStatus.ERROR


def test_a_document_waiting_for_its_client_is_not_drawn_as_queued(copy_setup: CopySetup) -> None:
    copy_setup.put(a_document("a", approved=False, accounting_status=AccountingStatus.CLIENT_ACTION_NEEDED))
    copy_setup.outbox.give("SEND", b"{}", "e.1", documents=["a"], effect=VisibleEffect.SENT)
    row = copy_setup.readers.row("a")
    assert row is not None
    assert row.status is AccountingStatus.CLIENT_ACTION_NEEDED


@pytest.mark.parametrize("approved", [True, False])
@pytest.mark.parametrize("processed", [True, False])
@pytest.mark.parametrize("state", [None, DeliveryState.DELIVERED, DeliveryState.FAILED, DeliveryState.QUEUED])
@pytest.mark.parametrize("kind", ["SEND", "RESEND", "SET_PROCESSED", "UNSET_PROCESSED"])
def test_a_status_is_drawn_as_the_service_will_state_it(
    copy_setup: CopySetup, approved: bool, processed: bool, state: DeliveryState | None, kind: str
) -> None:
    """A change that waits shows the status that follows from it, by the rule that the service goes by."""
    deliveries = [
        Delivery(id="v", integration_id="i", document_id="a", sha256="0" * 64, state=one) for one in (state,) if one
    ]
    before = accounting_status_with(deliveries, approved=approved, processed=processed)
    copy_setup.put(a_document("a", approved=approved, processed=processed, accounting_status=before), *deliveries)
    row = copy_setup.readers.row("a")
    assert row is not None
    assert (row.status, row.pending) == (before, False)

    effects = {"SET_PROCESSED": VisibleEffect.PROCESSED, "UNSET_PROCESSED": VisibleEffect.NOT_PROCESSED}
    effect = effects.get(kind, VisibleEffect.SENT)
    copy_setup.outbox.give(kind, b"{}", "e.1", documents=["a"], effect=effect)
    if effect is VisibleEffect.SENT:
        queued = Delivery(id="w", integration_id="j", document_id="a", sha256="0" * 64, state=DeliveryState.QUEUED)
        after = accounting_status_with([*deliveries, queued], approved=approved, processed=processed)
    else:
        after = accounting_status_with(deliveries, approved=approved, processed=effect is VisibleEffect.PROCESSED)
    row = copy_setup.readers.row("a")
    assert row is not None
    assert (row.status, row.pending) == (after, True)


def test_sent_to_has_the_integrations_by_name_without_the_cancelled(copy_setup: CopySetup) -> None:
    copy_setup.put(a_document("a"))
    for number, (integration, state) in enumerate(
        (("i", DeliveryState.FAILED), ("j", DeliveryState.DELIVERED), ("k", DeliveryState.CANCELLED))
    ):
        copy_setup.put(
            Delivery(id=f"v{number}", integration_id=integration, document_id="a", sha256="0" * 64, state=state)
        )
    row = copy_setup.readers.row("a")
    assert row is not None
    assert [(one.label, one.needs_a_look) for one in row.sent] == [("Exact", False), ("SFTP", True)]
    assert (row.delivered, row.wanted, row.needs_a_look) == (1, 2, True)


def test_totals_of_a_selection_are_by_currency(copy_setup: CopySetup) -> None:
    copy_setup.put(
        a_document("a", net_amount=100, vat_amount=21, gross_amount=121),
        a_document("b", net_amount=-50, gross_amount=-50),
        a_document("c", currency="USD", gross_amount=7),
    )
    assert copy_setup.readers.totals(["a", "b", "c"]) == [
        Totals(currency="EUR", count=2, net=50, vat=21, gross=71),
        Totals(currency="USD", count=1, gross=7),
    ]


def test_clients_are_found_by_number_and_by_name(copy_setup: CopySetup) -> None:
    assert [one.id for one in copy_setup.readers.find_clients("c1")] == ["c1"]
    assert [one.id for one in copy_setup.readers.find_clients("client")] == ["c1", "c2"]
