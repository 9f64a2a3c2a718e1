"""What a copy reads: where it begins, pages, changes."""

import uuid
from collections.abc import Sequence
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st
from sqlalchemy import insert, select, update

from banqup_tui.backend.api import changes as changing
from banqup_tui.backend.api import snapshots
from banqup_tui.backend.api.cursors import Cursor, PageKey, read_cursor, read_key, written_cursor, written_key
from banqup_tui.backend.db import tables
from banqup_tui.backend.db.tables.spaces import LOCAL_USER
from banqup_tui.backend.intake import document_changes
from banqup_tui.backend.problems import RequestFailure
from banqup_tui.backend.runtime.pruning import prune
from banqup_tui.backend.services import Services
from banqup_tui.domain.client import Client
from banqup_tui.domain.messages import Message, text_message
from banqup_tui.presentation.messages import sentence_of
from banqup_tui.protocol.messages import Changes, DocumentsPage, EntityKind, Op, Snapshot
from tests.support.services import EPOCH, HAGELAND, PARVIS, SPACE, add_document
from tests.support.serving import serving, space_in

ACCOUNTANT = str(uuid.uuid4())


@pytest.fixture
def services(tmp_path: Path) -> Services:
    return space_in(tmp_path)


def assign(services: Services, clients: Sequence[str], role: str = "ACCOUNTANT") -> None:
    with services.database.engine.begin() as connection:
        connection.execute(insert(tables.member).values(space_id=SPACE, user_id=ACCOUNTANT, role=role))
        for client_id in clients:
            row = {"space_id": SPACE, "user_id": ACCOUNTANT, "client_id": client_id}
            connection.execute(insert(tables.access).values(row))


def delete_document(services: Services, document_id: str, client_id: str = PARVIS) -> None:
    with services.database.write(SPACE) as transaction:
        transaction.execute(tables.document.delete().where(tables.document.c.id == document_id))
        transaction.changed(EntityKind.DOCUMENT, document_id, client_id=client_id, op=Op.DELETE)


def deliver(services: Services, document_id: str, attempts: int) -> str:
    delivery_id = str(uuid.uuid4())
    now = datetime.now(UTC)
    with services.database.write(SPACE) as transaction:
        row = transaction.execute(select(tables.document).where(tables.document.c.id == document_id)).one()
        transaction.execute(
            insert(tables.delivery).values(
                id=delivery_id,
                space_id=SPACE,
                client_id=row.client_id,
                integration_id=str(uuid.uuid4()),
                document_id=document_id,
                sha256=row.sha256,
                generation=1,
                generation_seq=1,
                state="FAILED",
                due_at=now,
                attempts=attempts,
                reason=text_message("No room."),
                updated_at=now,
                seq=0,
            )
        )
        for fence in range(1, attempts + 1):
            transaction.execute(
                insert(tables.attempt).values(
                    delivery_id=delivery_id,
                    fence=fence,
                    generation=1,
                    settings_version=1,
                    phase="COMMITTING",
                    started_at=now + timedelta(minutes=fence),
                    outcome="FAILED",
                    reason=text_message(f"try {fence}"),
                )
            )
        transaction.changed(EntityKind.DELIVERY, delivery_id, client_id=row.client_id)
    return delivery_id


def pages(services: Services, user_id: str = LOCAL_USER, limit: int = 2) -> list[DocumentsPage]:
    found: list[DocumentsPage] = []
    before: str | None = None
    while True:
        raw = snapshots.documents_page(services, user_id, before=before, limit=limit, client_id=None, at_least=None)
        found.append(msgspec.json.decode(raw, type=DocumentsPage))
        before = found[-1].next
        if before is None:
            return found


def all_changes(services: Services, cursor: str, user_id: str = LOCAL_USER, limit: int = 500) -> list[Changes]:
    found = [changing.changes(services, user_id, cursor, limit)]
    while found[-1].has_more:
        found.append(changing.changes(services, user_id, found[-1].cursor, limit))
    return found


async def test_a_copy_begins_with_all_clients_and_follows_from_that_moment(services: Services) -> None:
    add_document(services, "2026-1")
    async with serving(services) as served:
        answer = await served.get("/snapshot")
        snapshot = msgspec.json.decode(answer.content, type=Snapshot)
        changes = (await served.get("/changes", cursor=snapshot.cursor)).json()
    assert {client.id for client in snapshot.clients} == {PARVIS, HAGELAND}
    assert (snapshot.epoch, snapshot.document_count, snapshot.space.id) == (EPOCH, 1, SPACE)
    assert changes["changes"] == []
    assert changes["hasMore"] is False


def test_pages_bring_every_document_once_newest_first(services: Services) -> None:
    added = [add_document(services, f"2026-{n}") for n in range(7)]
    same_time = datetime(2026, 11, 24, tzinfo=UTC)
    with services.database.engine.begin() as connection:
        connection.execute(
            update(tables.document).where(tables.document.c.id.in_(added[:4])).values(created_at=same_time)
        )
    brought = [document.value for page in pages(services) for document in page.documents]
    assert sorted(document.id for document in brought) == sorted(added)
    with services.database.read() as connection:
        table = tables.document
        newest = select(table.c.id).order_by(table.c.created_at.desc(), table.c.id.desc())
        assert [document.id for document in brought] == list(connection.execute(newest).scalars())


def test_a_document_that_comes_in_between_two_pages_loses_none(services: Services) -> None:
    added = [add_document(services, f"2026-{n}") for n in range(4)]
    first = msgspec.json.decode(
        snapshots.documents_page(services, LOCAL_USER, before=None, limit=2, client_id=None, at_least=None),
        type=DocumentsPage,
    )
    add_document(services, "2026-late")
    rest = msgspec.json.decode(
        snapshots.documents_page(services, LOCAL_USER, before=first.next, limit=9, client_id=None, at_least=None),
        type=DocumentsPage,
    )
    assert {document.value.id for page in (first, rest) for document in page.documents} == set(added)


def test_a_page_brings_the_deliveries_with_their_newest_ten_attempts(services: Services) -> None:
    document_id = add_document(services, "2026-1")
    delivery_id = deliver(services, document_id, attempts=13)
    (page,) = pages(services)
    (delivery,) = page.deliveries
    assert (delivery.value.id, delivery.value.attempts) == (delivery_id, 13)
    assert [sentence_of(attempt.reason) for attempt in delivery.value.log] == [f"try {n}" for n in range(13, 3, -1)]


async def test_every_attempt_at_a_delivery_can_be_asked_for_with_its_settings_and_destination(
    services: Services,
) -> None:
    delivery_id = deliver(services, add_document(services, "2026-1"), attempts=13)
    with services.database.engine.begin() as connection:
        last = (tables.attempt.c.delivery_id == delivery_id) & (tables.attempt.c.fence == 13)
        connection.execute(update(tables.attempt).where(last).values(settings_version=2, destination="file:/in"))
    async with serving(services) as served:
        found = (await served.get(f"/deliveries/{delivery_id}/attempts")).json()
        nothing = await served.get("/deliveries/nothing/attempts")
    assert [attempt["reason"]["params"]["text"] for attempt in found] == [f"try {n}" for n in range(13, 0, -1)]
    assert (found[0]["settingsVersion"], found[0]["destination"], found[0]["lookUp"]) == (2, "file:/in", False)
    assert nothing.status_code == 404


def test_a_page_is_no_larger_than_two_mebibytes(services: Services, monkeypatch: pytest.MonkeyPatch) -> None:
    for number in range(5):
        add_document(services, f"2026-{number}")
    monkeypatch.setattr(snapshots, "MOST_BYTES", 2_500)
    found = pages(services, limit=1000)
    assert sum(len(page.documents) for page in found) == 5
    assert all(1 <= len(page.documents) < 5 for page in found)


async def test_only_one_clients_documents_are_brought_when_only_those_are_asked(services: Services) -> None:
    add_document(services, "2026-1")
    theirs = add_document(services, "2026-2", client_id=HAGELAND)
    async with serving(services) as served:
        page = (await served.get("/documents", clientId=HAGELAND, limit=10)).json()
    assert [document["value"]["id"] for document in page["documents"]] == [theirs]


async def test_a_reader_behind_the_cursor_says_so(services: Services) -> None:
    async with serving(services) as served:
        snapshot = await served.snapshot()
        caught_up = await served.get("/documents", atLeast=snapshot["cursor"])
        add_document(services, "2026-1")
        ahead = (await served.snapshot())["cursor"]
        with services.database.engine.begin() as connection:
            connection.execute(update(tables.space).values(seq=snapshot["seq"]))
        behind = await served.get("/documents", atLeast=ahead)
    assert caught_up.status_code == 200
    assert (behind.status_code, behind.json()["type"]) == (503, "behind-cursor")
    assert behind.headers["retry-after"] == "1"


def test_changes_bring_each_thing_once_at_its_newest_and_what_is_gone_as_gone(services: Services) -> None:
    start = snapshots.snapshot(services, LOCAL_USER).cursor
    stored, gone = add_document(services, "2026-1"), add_document(services, "2026-2")
    delete_document(services, gone)
    found = [change for answer in all_changes(services, start, limit=1) for change in answer.changes]
    assert [(change.id, change.op) for change in found] == [(stored, Op.PUT), (gone, Op.DELETE)]
    assert not found[1].has_value


def test_changes_of_clients_that_are_not_mine_are_passed_over(services: Services) -> None:
    assign(services, [HAGELAND])
    start = snapshots.snapshot(services, ACCOUNTANT).cursor
    for number in range(4):
        add_document(services, f"2026-{number}")
    mine = add_document(services, "2026-9", client_id=HAGELAND)
    (answer,) = all_changes(services, start, ACCOUNTANT)
    assert [change.id for change in answer.changes] == [mine]
    with services.database.read() as connection:
        assert answer.seq == connection.execute(select(tables.space.c.seq)).scalar_one()


def test_the_cursor_goes_on_where_nothing_is_visible_for_thousands(
    services: Services, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(changing, "MOST_LOOKED_AT", 3)
    assign(services, [HAGELAND])
    start = snapshots.snapshot(services, ACCOUNTANT).cursor
    for number in range(7):
        add_document(services, f"2026-{number}")
    answers = all_changes(services, start, ACCOUNTANT)
    assert [len(answer.changes) for answer in answers] == [0, 0, 0]
    assert len({answer.seq for answer in answers}) == 3


def test_an_accountant_sees_only_the_clients_assigned(services: Services) -> None:
    assign(services, [HAGELAND])
    add_document(services, "2026-1")
    mine = add_document(services, "2026-2", client_id=HAGELAND)
    snapshot = snapshots.snapshot(services, ACCOUNTANT)
    assert [client.id for client in snapshot.clients] == [HAGELAND]
    assert snapshot.document_count == 1
    assert [document.value.id for page in pages(services, ACCOUNTANT) for document in page.documents] == [mine]


def test_a_client_manager_sees_clients_and_no_documents(services: Services) -> None:
    assign(services, [], role="CLIENT_MANAGER")
    start = snapshots.snapshot(services, ACCOUNTANT)
    add_document(services, "2026-1")
    assert len(start.clients) == 2
    assert pages(services, ACCOUNTANT)[0].documents == ()
    assert all_changes(services, start.cursor, ACCOUNTANT)[0].changes == ()


def test_being_given_a_client_is_told_to_nobody_else(services: Services) -> None:
    assign(services, [])
    mine, theirs = (snapshots.snapshot(services, user).cursor for user in (ACCOUNTANT, LOCAL_USER))
    with services.database.write(SPACE) as transaction:
        transaction.changed(
            EntityKind.ACCESS, f"{ACCOUNTANT}:{PARVIS}", client_id=PARVIS, user_id=ACCOUNTANT, op=Op.GRANTED
        )
    (granted,) = all_changes(services, mine, ACCOUNTANT)[0].changes
    assert (granted.op, granted.id) == (Op.GRANTED, f"{ACCOUNTANT}:{PARVIS}")
    assert granted.has_value
    assert msgspec.json.decode(granted.value, type=Client).id == PARVIS
    assert all_changes(services, theirs)[0].changes == ()


async def test_a_copy_from_before_a_restore_or_another_role_begins_anew(services: Services) -> None:
    async with serving(services) as served:
        cursor = (await served.snapshot())["cursor"]
        with services.database.engine.begin() as connection:
            connection.execute(update(tables.member).values(role_version=2))
        other_role = await served.get("/changes", cursor=cursor)
        with services.database.engine.begin() as connection:
            connection.execute(update(tables.space).values(epoch=str(uuid.uuid4())))
        restored = await served.get("/changes", cursor=cursor)
    assert (other_role.status_code, other_role.json()["type"]) == (410, "access-changed")
    assert (restored.status_code, restored.json()["type"]) == (410, "epoch-changed")


def test_a_copy_older_than_the_forgotten_tombstones_begins_anew(services: Services) -> None:
    gone = add_document(services, "2026-1")
    old = snapshots.snapshot(services, LOCAL_USER).cursor
    delete_document(services, gone)
    fresh = snapshots.snapshot(services, LOCAL_USER).cursor
    long_ago = datetime.now(UTC) - timedelta(days=91)
    with services.database.engine.begin() as connection:
        connection.execute(update(tables.change).values(at=long_ago))
    prune(services)
    with pytest.raises(RequestFailure) as caught:
        changing.changes(services, LOCAL_USER, old, 500)
    assert caught.value.problem.type == "cursor-too-old"
    assert changing.changes(services, LOCAL_USER, fresh, 500).changes == ()


def test_forgetting_keys_leaves_a_floor_and_keeps_the_younger(services: Services) -> None:
    long_ago = datetime.now(UTC) - timedelta(days=91)
    with services.database.engine.begin() as connection:
        for seq, at in ((3, long_ago), (4, long_ago), (9, datetime.now(UTC))):
            key = {"space_id": SPACE, "key": str(uuid.uuid4()), "user_id": LOCAL_USER, "fingerprint": "f"}
            connection.execute(insert(tables.command).values(**key, answer=b"{}", seq=seq, at=at))
    prune(services)
    with services.database.read() as connection:
        assert list(connection.execute(select(tables.command.c.seq)).scalars()) == [9]
        assert connection.execute(select(tables.space.c.key_floor)).scalar_one() == 4


async def test_a_changed_cursor_or_key_is_sent_back(services: Services) -> None:
    async with serving(services) as served:
        cursor = (await served.snapshot())["cursor"]
        answers = [
            await served.get("/changes", cursor=cursor[:-2] + ("A" if cursor[-2] != "A" else "B") + cursor[-1]),
            await served.get("/changes", cursor="§"),
            await served.get("/documents", before="bm9uc2Vuc2U"),
            await served.get("/documents", atLeast="x"),
            await served.get("/changes"),
        ]
    assert [answer.status_code for answer in answers] == [400] * 5
    assert [answer.json()["field"] for answer in answers] == ["cursor", "cursor", "before", "cursor", "cursor"]


@given(seq=st.integers(0, 2**62), role_version=st.integers(1, 2**31), secret=st.binary(min_size=1, max_size=64))
def test_a_cursor_comes_back_as_it_was_given(seq: int, role_version: int, secret: bytes) -> None:
    cursor = Cursor(epoch=EPOCH, role_version=role_version, seq=seq)
    text = written_cursor(cursor, secret)
    assert read_cursor(text, secret) == cursor
    assert set(text) <= set("ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_")


@given(at=st.integers(0, 200), by=st.characters(codec="ascii"))
def test_a_cursor_with_one_sign_changed_is_never_believed(at: int, by: str) -> None:
    text = written_cursor(Cursor(epoch=EPOCH, role_version=1, seq=77), b"secret")
    at %= len(text)
    changed = text[:at] + by + text[at + 1 :]
    if changed != text:
        with pytest.raises(RequestFailure):
            read_cursor(changed, b"secret")


@given(created_at=st.datetimes(timezones=st.just(UTC)), identifier=st.uuids())
def test_a_pages_key_comes_back_as_it_was_given(created_at: datetime, identifier: Any) -> None:
    key = PageKey(created_at=created_at, id=str(identifier))
    assert read_key(written_key(key)) == key


def test_a_document_moved_to_a_client_that_is_not_mine_is_deleted_from_my_copy(services: Services) -> None:
    assign(services, [PARVIS])
    document = add_document(services, "2026-1")
    delivery = deliver(services, document, 1)
    start = snapshots.snapshot(services, ACCOUNTANT).cursor
    everything = snapshots.snapshot(services, LOCAL_USER).cursor
    move(services, document, HAGELAND)
    assert seen_since(services, start, ACCOUNTANT) == [(document, Op.DELETE)]
    assert seen_since(services, everything, LOCAL_USER) == [(document, Op.PUT)], "who sees both keeps it"
    move(services, document, PARVIS)
    assert seen_since(services, start, ACCOUNTANT) == [(delivery, Op.PUT), (document, Op.PUT)]


def move(services: Services, document_id: str, client_id: str) -> None:
    with services.database.write(SPACE) as transaction:
        row = document_changes.existing(transaction, document_id)
        document_changes.change(transaction, row, "user", Message("history.restored"), client_id=client_id)


def seen_since(services: Services, cursor: str, user_id: str) -> list[tuple[str, Op]]:
    answers = all_changes(services, cursor, user_id)
    return [(one.id, one.op) for answer in answers for one in answer.changes]
