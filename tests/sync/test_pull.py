"""I4: a complete copy equals the server, restricted to what the user may see; and it always gets there."""

import asyncio
import threading
from collections.abc import Iterator
from pathlib import Path

import msgspec
import pytest

from banqup_tui.domain.delivery import Delivery, DeliveryState
from banqup_tui.domain.document import Document
from banqup_tui.domain.integration import Integration
from banqup_tui.domain.source import PlacingRule, RuleKind
from banqup_tui.domain.status import AccountingStatus
from banqup_tui.protocol.messages import Change, Changes, EntityKind, Op
from banqup_tui.store.copy import LocalCopy
from banqup_tui.store.files import FileCache
from banqup_tui.store.outbox import Outbox
from banqup_tui.store.readers import Readers
from banqup_tui.sync import pull
from banqup_tui.sync.errors import CopyTooOld, ServerDown
from tests.sync.fake_server import FakeServer, Line, a_client, a_document


class Reader:
    """One terminal: a copy that pulls from a server."""

    def __init__(self, directory: Path, server: FakeServer) -> None:
        self.server = server
        self.line = Line(server)
        self.copy = LocalCopy.open(directory / "copy.sqlite")
        self.outbox = Outbox.open(directory / "outbox.sqlite")
        self.files = FileCache(directory / "files")
        self.readers = Readers(self.copy, self.outbox)

    def begin(self) -> bool:
        return asyncio.run(pull.begin(self.line, self.copy, self.files))

    def page(self) -> bool:
        return asyncio.run(pull.page(self.line, self.copy))

    def changes(self) -> bool:
        try:
            return asyncio.run(pull.changes(self.line, self.copy, self.files))[1]
        except CopyTooOld:
            self.begin()
            return True

    def catch_up(self) -> None:
        if self.copy.state().cursor is None:
            self.begin()
        for _ in range(500):
            more = self.changes()
            if not self.copy.state().backfills and not more:
                return
            self.page()
        raise AssertionError("the copy never gets there")

    def documents(self) -> dict[str, Document]:
        rows = self.copy.reader().execute("SELECT id FROM document")
        return {row[0]: found for row in rows if (found := self.readers.document(row[0])) is not None}

    def deliveries(self) -> dict[str, Delivery]:
        rows = self.copy.reader().execute("SELECT id FROM delivery")
        return {row[0]: found for row in rows if (found := self.readers.delivery(row[0])) is not None}

    def check(self) -> None:
        clients, documents, deliveries = self.server.seen_by_user()
        assert {row.client.id for row in self.readers.clients()} == clients
        assert self.documents() == documents
        integrations = [one for one in self.server.integrations.values() if one.client_id in clients]
        assert self.readers.integrations() == integrations
        assert self.readers.rules() == [one for one in self.server.rules.values() if one.client_id in clients]
        assert self.deliveries() == deliveries
        self.check_counts()

    def check_counts(self) -> None:
        connection = self.copy.reader()
        counted = connection.execute(
            "SELECT client, folder, day / 100, status, count(*) FROM document GROUP BY 1, 2, 3, 4 ORDER BY 1, 2, 3, 4"
        ).fetchall()
        assert connection.execute("SELECT * FROM tally ORDER BY 1, 2, 3, 4").fetchall() == counted
        of_clients = connection.execute(
            "SELECT client, status, count(*) FROM document GROUP BY 1, 2 ORDER BY 1, 2"
        ).fetchall()
        assert connection.execute("SELECT * FROM client_tally ORDER BY 1, 2").fetchall() == of_clients
        words = connection.execute("SELECT rowid FROM words WHERE words MATCH '2026*' ORDER BY rowid").fetchall()
        numbers = connection.execute("SELECT n FROM document WHERE number LIKE '2026%' ORDER BY n").fetchall()
        assert words == numbers

    def close(self) -> None:
        self.copy.close()
        self.outbox.close()


def an_integration(client_id: str) -> Integration:
    id_ = f"i-{client_id}"
    return Integration(id=id_, client_id=client_id, installation_id="n", extension_id="local-folder", label=id_)


@pytest.fixture
def server() -> FakeServer:
    server = FakeServer()
    for name in ("c1", "c2"):
        server.put_client(a_client(name))
    for minute in range(7):
        server.put(a_document(f"d{minute}", f"c{minute % 2 + 1}", minute))
    for name in ("c1", "c2"):
        server.put_integration(an_integration(name))
        server.put_rule(PlacingRule(id=f"r-{name}", kind=RuleKind.IDENTIFIER, match=f"x:{name}", client_id=name))
    return server


@pytest.fixture
def reader(tmp_path: Path, server: FakeServer) -> Iterator[Reader]:
    reader = Reader(tmp_path, server)
    yield reader
    reader.close()


def test_a_first_copy_brings_everything_newest_first(reader: Reader, server: FakeServer) -> None:
    reader.begin()
    reader.page()
    assert set(reader.documents()) == {"d6", "d5"}
    assert not reader.copy.state().is_complete
    reader.catch_up()
    assert reader.copy.state().is_complete
    reader.check()


def test_news_arrives_during_a_long_first_copy(reader: Reader, server: FakeServer) -> None:
    reader.begin()
    reader.page()
    server.put(a_document("new", minute=99))
    reader.changes()
    assert "new" in reader.documents()
    reader.catch_up()
    reader.check()


def test_a_late_page_does_not_bring_back_a_deleted_document(reader: Reader, server: FakeServer) -> None:
    reader.begin()

    def deleted_and_pulled_meanwhile(call: str) -> None:
        if call == "documents":
            server.before_answer = lambda _call: None
            server.delete("d6")
            step = reader.copy.state().step
            other = threading.Thread(target=reader.changes)
            other.start()
            other.join()
            assert reader.copy.state().step > step

    server.before_answer = deleted_and_pulled_meanwhile
    assert not reader.page()
    assert "d6" not in reader.documents()
    reader.catch_up()
    reader.check()


def test_rows_stay_on_the_screen_while_the_copy_is_made_again(reader: Reader, server: FakeServer) -> None:
    reader.catch_up()
    server.delete("d0")
    server.forget_tombstones()
    reader.changes()
    assert len(reader.documents()) == 7
    assert reader.copy.state().again
    reader.catch_up()
    assert len(reader.documents()) == 6
    reader.check()


def test_documents_of_a_client_taken_away_are_gone(reader: Reader, server: FakeServer) -> None:
    reader.catch_up()
    server.revoke("c1")
    reader.catch_up()
    assert {one.client_id for one in reader.documents().values()} == {"c2"}
    reader.check()


def test_documents_of_a_client_taken_away_while_the_copy_was_too_old_are_gone_at_once(
    reader: Reader, server: FakeServer
) -> None:
    reader.catch_up()
    server.revoke("c1")
    server.restore()
    reader.begin()
    assert {one.client_id for one in reader.documents().values()} == {"c2"}


def test_documents_of_a_client_newly_assigned_come(reader: Reader, server: FakeServer) -> None:
    server.revoke("c1")
    reader.catch_up()
    server.put(a_document("later", "c2", minute=50))
    server.grant("c1")
    reader.catch_up()
    reader.check()


def test_integrations_and_rules_of_a_client_newly_assigned_come_though_they_are_older(
    reader: Reader, server: FakeServer
) -> None:
    server.revoke("c1")
    reader.catch_up()
    assert [one.client_id for one in reader.readers.integrations()] == ["c2"]
    server.grant("c1")
    server.put_client(a_client("c1", name="Renamed"))
    reader.catch_up()
    assert [one.client_id for one in reader.readers.integrations()] == ["c1", "c2"]
    reader.check()


def test_a_document_that_comes_before_its_client_is_kept_and_shown_with_it(reader: Reader, server: FakeServer) -> None:
    reader.catch_up()
    server.put_client(a_client("c3"))
    server.put(a_document("d9", "c3", 9))
    server.put_client(a_client("c3", name="Renamed"))
    server.change_size = 1
    reader.changes()
    assert reader.readers.client("c3") is None
    reader.catch_up()
    reader.check()


def test_a_changed_delivery_changes_the_document_and_its_count(reader: Reader, server: FakeServer) -> None:
    reader.catch_up()
    failed = Delivery(id="v", integration_id="i", document_id="d3", sha256="0" * 64, state=DeliveryState.FAILED)
    server.put_delivery(failed)
    reader.catch_up()
    assert reader.readers.counts("c2").error == 1
    row = reader.readers.row("d3")
    assert row is not None
    assert row.status is AccountingStatus.ERROR
    assert row.needs_a_look
    server.put_delivery(msgspec.structs.replace(failed, state=DeliveryState.DELIVERED))
    reader.catch_up()
    assert reader.readers.counts("c2").error == 0
    reader.check()


def test_a_restored_server_makes_a_new_copy(reader: Reader, server: FakeServer) -> None:
    reader.catch_up()
    server.restore()
    server.put(a_document("after", minute=70))
    reader.catch_up()
    assert reader.copy.state().epoch == "2"
    reader.check()


def test_a_corrupt_copy_is_set_aside_and_made_again(tmp_path: Path, server: FakeServer) -> None:
    (tmp_path / "copy.sqlite").write_bytes(b"not a database" * 500)
    reader = Reader(tmp_path, server)
    reader.catch_up()
    reader.check()
    reader.close()
    assert (tmp_path / "copy.sqlite.aside-1").exists()


def test_a_copy_of_a_newer_program_is_set_aside(tmp_path: Path, server: FakeServer) -> None:
    reader = Reader(tmp_path, server)
    reader.copy.writer().execute("UPDATE meta SET schema = 99")
    reader.close()
    reader = Reader(tmp_path, server)
    reader.catch_up()
    reader.check()
    reader.close()


@pytest.mark.parametrize("kind", [EntityKind.DOCUMENT, EntityKind.DELIVERY, EntityKind.RULE, EntityKind.ACCESS])
def test_an_answer_with_a_value_that_cannot_be_read_changes_nothing(
    reader: Reader, server: FakeServer, kind: EntityKind
) -> None:
    reader.catch_up()
    before = reader.copy.state()
    server.put(a_document("d-new", "c1"))
    op = Op.GRANTED if kind is EntityKind.ACCESS else Op.PUT
    odd = Change(seq=server.seq, kind=kind, op=op, id="user:c1", value=msgspec.Raw(b'{"id": 7}'))
    answer = asyncio.run(reader.line.changes(before.cursor or ""))
    unreadable = msgspec.structs.replace(answer, changes=(*answer.changes, odd))

    class Odd(Line):
        async def changes(self, cursor: str, limit: int = 500) -> Changes:
            found: Changes = unreadable
            return found

    with pytest.raises(ServerDown):
        asyncio.run(pull.changes(Odd(server), reader.copy, reader.files))
    assert reader.copy.state() == before
    assert "d-new" not in reader.documents()
