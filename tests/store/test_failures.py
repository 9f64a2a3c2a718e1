"""Failures of the whole firm: counted by cause, as if what is on its way were done."""

import sqlite3
import time
from collections.abc import Iterator
from datetime import date
from pathlib import Path
from typing import Any

import msgspec
import pytest

from banqup_tui.domain.delivery import Delivery, DeliveryState
from banqup_tui.domain.document import Document
from banqup_tui.domain.failures import Failing as FailingValue
from banqup_tui.domain.failures import FailureGroup, retry_of
from banqup_tui.domain.integration import Integration, IntegrationState
from banqup_tui.domain.messages import Message, text_message
from banqup_tui.domain.space import Role, Space
from banqup_tui.presentation.messages import sentence_of
from banqup_tui.protocol.commands import Copy as Wanted
from banqup_tui.protocol.commands import Dismiss, Resend, Send, encode
from banqup_tui.protocol.messages import Snapshot
from banqup_tui.store import copy_updates
from banqup_tui.store.copy import LocalCopy
from banqup_tui.store.failures import FailureReader
from banqup_tui.store.outbox import Outbox
from banqup_tui.store.outbox_entry import CommandState
from tests.support.copies import changes_of
from tests.sync.fake_server import a_client, a_document

FULL = "The folder /srv/in/{client}/2026 has no room."


class Firm:
    """Two clients with an integration each of one extension, and one of another."""

    def __init__(self, directory: Path) -> None:
        self.path = directory / "copy.sqlite"
        self.copy = LocalCopy.open(self.path)
        self.outbox = Outbox.open(directory / "outbox.sqlite")
        self.failures = FailureReader(self.copy, self.outbox)
        self.seq = 1
        integrations = (
            an_integration("i1", "c1", "sftp"),
            an_integration("i2", "c2", "sftp"),
            an_integration("i3", "c1", "exact"),
        )
        snapshot = Snapshot(
            epoch="e", cursor="1", seq=1, role=Role.ACCOUNTANT, space=Space(id="s", name="S"),
            clients=(a_client("c1"), a_client("c2")), integrations=integrations,
        )  # fmt: skip
        copy_updates.begin(self.copy, 0, snapshot)
        copy_updates.page(self.copy, 1, "", [], [], None)

    def put(self, *values: Document | Delivery) -> None:
        self.seq += len(values)
        copy_updates.changes(self.copy, self.copy.state().step, changes_of(values, self.seq))

    def fail(self, document: str, integration: str, reason: str | None, remedy: str = "", **more: Any) -> None:
        self.put(
            a_document(document, "c2" if integration == "i2" else "c1"),
            a_delivery(document, integration, text_message(reason, remedy) if reason else None, **more),
        )

    def ask(self, body: Any) -> str:
        return self.outbox.give(body.KIND, bytes(encode(body)), "e.1")

    def seen(self) -> list[tuple[str, str, str, int, int]]:
        groups = self.failures.groups()
        return [(one.extension_id, one.state.value, sentence_of(one.message), one.count, one.clients) for one in groups]

    def only(self) -> FailureGroup:
        (group,) = self.failures.groups()
        return group

    def close(self) -> None:
        self.copy.close()
        self.outbox.close()


def an_integration(id_: str, client: str, extension: str, **more: Any) -> Integration:
    known = {"id": id_, "client_id": client, "installation_id": "x", "extension_id": extension, "label": extension}
    return Integration(**known | more)


def a_delivery(document: str, integration: str, reason: Message | None, **more: Any) -> Delivery:
    known: dict[str, Any] = {
        "id": f"{document}>{integration}", "document_id": document, "integration_id": integration, "sha256": "0" * 64,
        "state": DeliveryState.FAILED, "reason": reason, "attempts": 1,
    }  # fmt: skip
    return Delivery(**known | more)


@pytest.fixture
def firm(tmp_path: Path) -> Iterator[Firm]:
    made = Firm(tmp_path)
    yield made
    made.close()


def test_failures_stand_together_by_extension_and_cause_whatever_the_client(firm: Firm) -> None:
    firm.fail("d1", "i1", FULL.format(client="PARVIS"))
    firm.fail("d2", "i2", FULL.format(client="Bouwwerken Hageland"))
    firm.fail("d3", "i3", FULL.format(client="PARVIS"))
    firm.fail("d4", "i1", "It may have arrived.", state=DeliveryState.UNKNOWN)
    firm.fail("d5", "i1", "It may have arrived.", state=DeliveryState.UNKNOWN, check_at=a_document("x").created_at)
    firm.fail("d6", "i1", "It was refused.", dismissed=True)
    firm.fail("d7", "i1", None, state=DeliveryState.DELIVERED)
    firm.fail("d8", "i3", None)
    cause = "The folder … has no room."
    assert firm.seen() == [
        ("sftp", "FAILED", cause, 2, 2),
        ("exact", "FAILED", "", 1, 1),
        ("exact", "FAILED", cause, 1, 1),
        ("sftp", "UNKNOWN", "It may have arrived.", 1, 1),
    ]
    assert firm.failures.any()


def test_one_of_a_group_is_read_with_all_that_it_takes_to_try_it_again(firm: Firm) -> None:
    firm.fail("d1", "i1", FULL.format(client="PARVIS"), generation=3, remedy="Make room.")
    (one,) = firm.failures.failing(firm.only())
    assert (one.delivery_id, one.document_id, one.client_id, one.generation) == ("d1>i1", "d1", "c1", 3)
    example = firm.failures.example(firm.only())
    assert example is not None
    assert example.reason == text_message("The folder /srv/in/PARVIS/2026 has no room.", "Make room.")


def test_what_was_sent_again_or_dismissed_is_gone_at_once_and_back_where_it_is_refused(firm: Firm) -> None:
    for number in range(4):
        firm.fail(f"d{number}", "i1", "It is full.")
    firm.ask(Send(document_ids=("d0",), integration_ids=("i1",)))
    firm.ask(Send(document_ids=("d1",), integration_ids=("i3",)))
    key = firm.ask(Dismiss(delivery_ids=("d2>i1",)))
    assert [one.document_id for one in firm.failures.failing(firm.only())] == ["d3", "d1"]
    assert firm.only().count == 2
    firm.outbox.claim(firm.outbox.waiting()[0].line)
    firm.outbox.answered(key, CommandState.REFUSED)
    assert firm.only().count == 3


def test_what_was_done_stays_away_until_the_copy_shows_it(firm: Firm) -> None:
    firm.fail("d1", "i1", "It is full.")
    key = firm.ask(Send(document_ids=("d1",), integration_ids=("i1",)))
    firm.outbox.claim(firm.outbox.waiting()[0].line)
    firm.outbox.answered(key, CommandState.DONE, firm.seq + 1)
    assert firm.failures.groups() == []
    firm.fail("d1", "i1", "It is full again.")
    assert sentence_of(firm.only().message) == "It is full again."


def test_a_further_copy_that_is_asked_for_takes_its_unknown_one_away(firm: Firm) -> None:
    firm.fail("d1", "i1", "Cut off.", state=DeliveryState.UNKNOWN)
    firm.ask(Send(document_ids=("d1",), integration_ids=("i1",)))
    assert firm.only().count == 1
    firm.ask(Resend(copies=(Wanted(delivery_id="d1>i1", generation=1),)))
    assert firm.failures.groups() == []


def test_a_copy_of_an_older_program_keeps_its_rows_and_knows_their_causes(tmp_path: Path, firm: Firm) -> None:
    firm.fail("d1", "i1", FULL.format(client="PARVIS"))
    firm.fail("d2", "i2", FULL.format(client="HAGELAND"))
    seen = firm.seen()
    firm.close()
    with sqlite3.connect(firm.path) as old:
        old.execute("DROP INDEX delivery_look")
        old.execute("ALTER TABLE delivery DROP COLUMN cause")
        old.execute("DROP TABLE rule")
        old.execute("DROP TABLE to_place")
        old.execute("DELETE FROM _sqlite_migrations WHERE name > '0001'")
        old.execute("UPDATE meta SET schema = 1")
    old.close()
    firm.copy = LocalCopy.open(firm.path)
    firm.outbox = Outbox.open(tmp_path / "outbox.sqlite")
    firm.failures = FailureReader(firm.copy, firm.outbox)
    assert firm.seen() == seen
    assert firm.copy.state().cursor is None, "it begins again, with its rows still there"
    assert list(tmp_path.glob("*aside*")) == []


def test_thousands_are_counted_without_keeping_anyone_waiting(firm: Firm) -> None:
    many = [a_delivery(f"d{at}", "i1", text_message(FULL.format(client=f"C{at}"))) for at in range(5_000)]
    firm.put(*[a_document(f"d{at}", "c1", at) for at in range(5_000)], *many)
    plan = firm.copy.reader().execute(
        "EXPLAIN QUERY PLAN SELECT integration_id, state, coalesce(cause, ''), count(*) FROM delivery"
        " INDEXED BY delivery_look WHERE look = 1 GROUP BY integration_id, state, cause"
    )
    assert ["COVERING INDEX delivery_look" in row[3] for row in plan] == [True]
    begun = time.perf_counter()
    group = firm.only()
    assert time.perf_counter() - begun < 0.5
    assert len(firm.failures.failing(group)) == group.count == 5_000


def test_a_document_goes_only_where_it_failed_and_stopped_integrations_are_mended_or_left_out() -> None:
    failing = [
        msgspec.convert({"deliveryId": f"{doc}>{to}", "documentId": doc, "integrationId": to, "clientId": client,
                         "generation": 1, "state": state}, FailingValue)
        for doc, to, client, state in (
            ("d1", "a", "c1", "FAILED"), ("d2", "a", "c1", "FAILED"), ("d2", "b", "c1", "FAILED"),
            ("d3", "c", "c2", "FAILED"), ("d4", "p", "c2", "FAILED"), ("d5", "gone", "c2", "FAILED"),
            ("d6", "c", "c2", "UNKNOWN"),
        )
    ]  # fmt: skip
    integrations = {
        "a": an_integration("a", "c1", "sftp"),
        "b": an_integration("b", "c1", "sftp", state=IntegrationState.BROKEN),
        "c": an_integration("c", "c2", "sftp"),
        "p": an_integration("p", "c2", "sftp", state=IntegrationState.PAUSED),
    }
    plan = retry_of(failing, integrations)
    rounds = [[one.delivery_id for one in some] for some in plan.rounds]
    assert rounds == [["d1>a", "d2>a", "d3>c"], ["d2>b"]]
    assert plan.resumed == ("b",)
    assert [one.delivery_id for one in plan.copies] == ["d6>c"]
    assert (plan.count, plan.left_out) == (5, 2)


def test_what_failed_of_a_cause_is_in_the_order_of_the_date_that_its_table_shows(firm: Firm) -> None:
    days = {"came-first": date(2026, 11, 24), "came-second": date(2026, 11, 2), "came-third": date(2026, 11, 10)}
    for minute, (name, day) in enumerate(days.items()):
        for integration in ("i1", "i2"):
            firm.put(
                a_document(name, "c1", minute, issue_date=day),
                a_delivery(name, integration, text_message("It is full.")),
            )
    found = [one.document_id for one in firm.failures.failing(firm.only())]
    assert list(dict.fromkeys(found)) == ["came-first", "came-third", "came-second"]
    assert len(found) == 6
