"""Commands: each answered once and for all under its key."""

import asyncio
import errno
import uuid
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from sqlalchemy import func, select, update

from banqup_tui.backend.api import commands
from banqup_tui.backend.api.commands import run, run_batch, withdraw
from banqup_tui.backend.api.cursors import Seen
from banqup_tui.backend.db import tables
from banqup_tui.backend.db.tables.spaces import LOCAL_USER
from banqup_tui.backend.db.transaction import Transaction, space_seq
from banqup_tui.backend.intake.client_commands import HANDLERS
from banqup_tui.backend.problems import RequestFailure
from banqup_tui.backend.services import CommandContext, CommandRefused, Handler, Outdated, Services, prepared_by
from banqup_tui.domain.values import Value
from banqup_tui.protocol.commands import CreateClient, Dismiss, SetProcessed, encode
from banqup_tui.protocol.messages import Command, CommandStatus
from banqup_tui.protocol.problems import ProblemType
from tests.support.services import EPOCH, SPACE, add_document
from tests.support.serving import BASE, serving, space_in, written
from tests.support.waiting import until


def new_client(reference: str = "DUVAL", client_id: str | None = None) -> CreateClient:
    return CreateClient(client_id=client_id or str(uuid.uuid4()), reference=reference, name="Garage Duval")


def asked(body: Any, key: str | None = None, seen: str = f"{EPOCH}.0") -> Command:
    return Command(key=key or str(uuid.uuid4()), kind=body.KIND, seen=seen, body=encode(body))


@prepared_by(lambda _services, body: body.reference, grouped=True)
def _create(transaction: Transaction, body: Any, context: CommandContext) -> object:
    assert context.prepared == body.reference
    if body.reference == "REFUSED":
        HANDLERS[CreateClient](transaction, new_client("HALF"), context)
        raise CommandRefused(ProblemType.REFUSED, "No.")
    if body.reference == "FAILS":
        raise RuntimeError("not foreseen")
    return HANDLERS[CreateClient](transaction, body, context)


GROUPED: dict[type[Value], Handler] = {CreateClient: _create}
"""A handler whose commands are run in one transaction where they follow one another."""


def grouped(reference: str) -> Command:
    return asked(new_client(reference))


def references(services: Services) -> list[str]:
    with services.database.read() as connection:
        return sorted(connection.execute(select(tables.client.c.reference)).scalars())


def seq_of(services: Services) -> int:
    with services.database.read() as connection:
        return space_seq(connection, SPACE)


@pytest.fixture
def services(tmp_path: Path) -> Services:
    return space_in(tmp_path)


async def test_a_command_sent_twice_is_done_once_and_answered_the_same(services: Services) -> None:
    key, body = str(uuid.uuid4()), new_client()
    async with serving(services) as served:
        first = await served.command(body, key=key)
        again = await served.command(body, key=key)
    assert first == again
    assert first["status"] == "DONE"
    assert references(services).count("DUVAL") == 1


async def test_two_terminals_that_send_one_command_at_once_do_it_once(services: Services) -> None:
    key, body = str(uuid.uuid4()), new_client()
    async with serving(services) as served:
        answers = await asyncio.gather(*(served.command(body, key=key) for _ in range(8)))
    assert all(answer == answers[0] for answer in answers)
    assert references(services).count("DUVAL") == 1


async def test_a_key_used_for_something_else_is_refused_and_does_nothing(services: Services) -> None:
    key = str(uuid.uuid4())
    async with serving(services) as served:
        await served.command(new_client("DUVAL"), key=key)
        answer = await served.batch([written(new_client("OTHER"), key=key)])
    assert answer.status_code == 422
    assert answer.json()["type"] == "key-reused"
    assert "OTHER" not in references(services)


def test_the_same_command_written_with_other_spaces_is_the_same_command(services: Services) -> None:
    body, key = new_client(), str(uuid.uuid4())
    first = run(services, HANDLERS, LOCAL_USER, asked(body, key))
    spaced = bytes(encode(body)).replace(b",", b" ,\n ")
    import msgspec

    command = Command(key=key, kind="CREATE_CLIENT", seen=f"{EPOCH}.1", body=msgspec.Raw(spaced))
    assert run(services, HANDLERS, LOCAL_USER, command) == first


def test_a_refusal_is_numbered_and_kept_and_changes_nothing_else(services: Services) -> None:
    key = str(uuid.uuid4())
    before = seq_of(services)
    twice = new_client("PARVIS")
    first = run(services, HANDLERS, LOCAL_USER, asked(twice, key))
    assert first.status is CommandStatus.REFUSED
    assert first.problem is not None
    assert first.problem.recorded
    assert first.seq == before + 1 == seq_of(services)
    assert run(services, HANDLERS, LOCAL_USER, asked(twice, key)) == first


def test_a_refusal_halfway_leaves_nothing_of_what_was_written(services: Services) -> None:
    def half(transaction: Transaction, body: Any, context: CommandContext) -> None:
        HANDLERS[CreateClient](transaction, new_client("HALF"), context)
        raise CommandRefused(ProblemType.REFUSED, "No.")

    result = run(services, {Dismiss: half}, LOCAL_USER, asked(Dismiss(delivery_ids=())))
    assert result.status is CommandStatus.REFUSED
    assert "HALF" not in references(services)
    with services.database.read() as connection:
        numbered = connection.execute(select(func.max(tables.change.c.seq))).scalar_one()
    assert numbered < result.seq


def test_what_this_service_does_not_know_is_refused_for_good(services: Services) -> None:
    import msgspec

    command = Command(key=str(uuid.uuid4()), kind="MAKE_TEA", seen=f"{EPOCH}.0", body=msgspec.Raw(b"{}"))
    result = run(services, HANDLERS, LOCAL_USER, command)
    assert result.problem is not None
    assert (result.status, result.problem.type) == (CommandStatus.REFUSED, "bad-request")
    unreadable = Command(key=str(uuid.uuid4()), kind="CREATE_CLIENT", seen=f"{EPOCH}.0", body=msgspec.Raw(b'{"a":1}'))
    assert run(services, HANDLERS, LOCAL_USER, unreadable).status is CommandStatus.REFUSED


def test_a_command_from_before_the_forgotten_keys_is_not_run(services: Services) -> None:
    with services.database.engine.begin() as connection:
        connection.execute(update(tables.space).values(key_floor=2))
    old = run(services, HANDLERS, LOCAL_USER, asked(new_client("OLD"), seen=f"{EPOCH}.1"))
    assert old.status is CommandStatus.EXPIRED
    fresh = run(services, HANDLERS, LOCAL_USER, asked(new_client("FRESH"), seen=f"{EPOCH}.2"))
    assert fresh.status is CommandStatus.DONE
    assert "OLD" not in references(services)


@pytest.mark.parametrize("seen", [f"{SPACE}.0", f"{EPOCH}.999999"])
def test_a_command_from_another_life_of_the_service_is_not_run(services: Services, seen: str) -> None:
    result = run(services, HANDLERS, LOCAL_USER, asked(new_client("ELSEWHERE"), seen=seen))
    assert result.status is CommandStatus.EXPIRED
    assert "ELSEWHERE" not in references(services)


def test_a_key_that_was_answered_is_answered_even_when_it_is_old(services: Services) -> None:
    command = asked(new_client())
    first = run(services, HANDLERS, LOCAL_USER, command)
    with services.database.engine.begin() as connection:
        connection.execute(update(tables.space).values(key_floor=3, epoch=str(uuid.uuid4())))
    assert run(services, HANDLERS, LOCAL_USER, command) == first


async def test_a_command_taken_back_is_never_done_however_late_it_arrives(services: Services) -> None:
    key = str(uuid.uuid4())
    async with serving(services) as served:
        back = await served.http.delete(f"{BASE}/commands/{key}", headers={"If-Seen": f"{EPOCH}.0"})
        late = await served.command(new_client("LATE"), key=key)
    assert back.status_code == 200
    assert back.json() == late
    assert late["problem"]["type"] == "withdrawn"
    assert late["seq"] == seq_of(services)
    assert "LATE" not in references(services)


def test_taking_back_what_was_done_says_that_it_was_done(services: Services) -> None:
    command = asked(new_client())
    done = run(services, HANDLERS, LOCAL_USER, command)
    assert withdraw(services, LOCAL_USER, command.key, Seen(epoch=EPOCH, seq=0)) == done


async def test_a_batch_is_answered_in_its_order_up_to_the_first_that_fails(services: Services) -> None:
    def fails(transaction: Transaction, body: Any, context: CommandContext) -> None:
        raise RuntimeError("not foreseen")

    batch = [written(new_client("ONE")), written(Dismiss(delivery_ids=())), written(new_client("TWO"))]
    async with serving(services, handlers={**HANDLERS, Dismiss: fails}) as served:
        answer = (await served.batch(batch)).json()
        failing = await served.batch(batch[1:])
    assert [result["key"] for result in answer["results"]] == [batch[0]["key"]]
    assert answer["more"] is True
    assert failing.status_code == 500
    assert failing.json()["type"] == "internal"
    assert "not foreseen" not in failing.text
    assert "TWO" not in references(services)


async def test_a_batch_too_long_or_unreadable_is_sent_back_whole(services: Services) -> None:
    async with serving(services) as served:
        long = await served.batch([written(new_client(f"C{n}")) for n in range(101)])
        garbled = await served.http.post(f"{BASE}/commands", content=b"{", headers={"Content-Type": "application/json"})
        keyless = await served.batch([written(new_client(), key="not-a-uuid")])
        huge = await served.http.post(f"{BASE}/commands", content=b" " * (1024 * 1024 + 1))
    assert [answer.status_code for answer in (long, garbled, keyless, huge)] == [413, 400, 400, 413]
    assert all(answer.headers["content-type"] == "application/problem+json" for answer in (long, garbled, huge))


@settings(max_examples=25, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(data=st.data())
def test_however_a_line_of_commands_is_repeated_each_takes_effect_once(
    tmp_path_factory: pytest.TempPathFactory, data: st.DataObject
) -> None:
    services = space_in(tmp_path_factory.mktemp("repeats"))
    line = [asked(new_client(f"R{n % 3}")) for n in range(5)]
    answers: dict[str, Any] = {}
    for _ in range(data.draw(st.integers(1, 6))):
        start = data.draw(st.integers(0, len(line)))
        end = data.draw(st.integers(start, len(line)))
        for result in run_batch(services, HANDLERS, LOCAL_USER, line[start:end]).results:
            assert answers.setdefault(result.key, result) == result
    done = [answer for answer in answers.values() if answer.status is CommandStatus.DONE]
    assert len(references(services)) == 2 + len(done)
    numbers = [answer.seq for answer in answers.values()]
    assert len(set(numbers)) == len(numbers)


async def test_a_document_marked_processed_says_so_everywhere(services: Services) -> None:
    document_id = add_document(services, "2026-1")
    async with serving(services) as served:
        before = await served.snapshot()
        result = await served.command(SetProcessed(document_ids=(document_id,), processed=True))
        changes = (await served.get("/changes", cursor=before["cursor"])).json()
    assert result["result"] == {"changed": 1, "unchanged": 0}
    (change,) = changes["changes"]
    assert change["value"]["processed"] is True
    assert change["value"]["accountingStatus"] == "PROCESSED"
    assert change["seq"] == changes["seq"] == result["seq"]


def test_a_document_that_waits_for_its_client_cannot_be_marked(services: Services) -> None:
    waiting = add_document(services, "2026-2", ready=False)
    result = run(services, HANDLERS, LOCAL_USER, asked(SetProcessed(document_ids=(waiting,), processed=True)))
    assert result.status is CommandStatus.REFUSED


async def test_a_script_marks_one_document_by_its_address(services: Services) -> None:
    document_id = add_document(services, "2026-3")
    path = f"{BASE}/documents/{document_id}/processed"
    headers = {"Idempotency-Key": str(uuid.uuid4()), "If-Seen": f"{EPOCH}.0"}
    async with serving(services) as served:
        done = await served.http.put(path, json={"processed": True}, headers=headers)
        again = await served.http.put(path, json={"processed": True}, headers=headers)
        other = await served.http.put(path, json={"processed": False}, headers=headers)
        keyless = await served.http.put(path, json={"processed": True}, headers={"If-Seen": f"{EPOCH}.0"})
        old = {"Idempotency-Key": str(uuid.uuid4()), "If-Seen": f"{uuid.uuid4()}.0"}
        expired = await served.http.put(path, json={"processed": True}, headers=old)
    assert done.json() == again.json()
    assert done.json()["status"] == "DONE"
    assert [answer.status_code for answer in (done, again, other, keyless, expired)] == [200, 200, 422, 400, 409]
    assert other.json()["type"] == "key-reused"
    assert keyless.json()["field"] == "Idempotency-Key"
    assert expired.json()["type"] == "key-expired"


def test_a_key_of_somebody_else_gives_nothing_away(services: Services) -> None:
    command = asked(new_client())
    run(services, HANDLERS, LOCAL_USER, command)
    with pytest.raises(RequestFailure) as caught:
        run(services, HANDLERS, str(uuid.uuid4()), command)
    assert caught.value.problem.type == "key-reused"


async def test_whoever_listens_hears_of_a_command_done(services: Services) -> None:
    async with serving(services) as served:
        result = await served.command(new_client())
        await until(lambda: served.hub.seq == result["seq"])


def test_a_batch_that_takes_long_is_answered_in_part(services: Services, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(commands, "SECONDS_A_BATCH", -1.0)
    line = [asked(new_client(f"L{n}")) for n in range(3)]
    first = run_batch(services, HANDLERS, LOCAL_USER, line)
    assert ([result.key for result in first.results], first.more) == ([line[0].key], True)
    assert len(run_batch(services, HANDLERS, LOCAL_USER, line[:1]).results) == 1


def test_of_commands_in_one_transaction_a_refused_one_leaves_the_others(
    services: Services, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(commands, "SECONDS_LOCKED", 60.0)
    line = [grouped("ONE"), grouped("REFUSED"), grouped("TWO")]
    before = seq_of(services)
    answers = run_batch(services, GROUPED, LOCAL_USER, line).results
    assert [answer.status for answer in answers] == [CommandStatus.DONE, CommandStatus.REFUSED, CommandStatus.DONE]
    assert {"ONE", "TWO"} <= set(references(services))
    assert "HALF" not in references(services)
    assert {answer.seq for answer in answers} == {before + 2}
    assert run_batch(services, GROUPED, LOCAL_USER, line).results == answers
    assert seq_of(services) == before + 2


def test_of_commands_in_one_transaction_one_that_fails_ends_the_answers_before_it(services: Services) -> None:
    line = [grouped("ONE"), grouped("TWO"), grouped("FAILS"), grouped("THREE")]
    answer = run_batch(services, GROUPED, LOCAL_USER, line)
    assert ([result.key for result in answer.results], answer.more) == ([line[0].key, line[1].key], True)
    assert {"ONE", "TWO"} <= set(references(services))
    with pytest.raises(RuntimeError):
        run_batch(services, GROUPED, LOCAL_USER, line[2:])
    assert "THREE" not in references(services)


def test_what_was_prepared_is_prepared_again_once_it_is_outdated(services: Services) -> None:
    prepared: list[str] = []

    def prepare(_services: Services, body: Any) -> int:
        prepared.append(body.reference)
        return len(references(services))

    @prepared_by(prepare, grouped=True)
    def handle(transaction: Transaction, body: Any, context: CommandContext) -> object:
        count = transaction.execute(select(func.count()).select_from(tables.client)).scalar()
        if context.prepared != count:
            raise Outdated
        return HANDLERS[CreateClient](transaction, body, context)

    answer = run_batch(services, {CreateClient: handle}, LOCAL_USER, [grouped("ONE"), grouped("TWO")])
    assert [result.status for result in answer.results] == [CommandStatus.DONE] * 2
    assert prepared == ["ONE", "TWO", "TWO"]


def test_the_same_key_twice_in_a_batch_is_done_once(services: Services) -> None:
    command = grouped("ONE")
    first, again = run_batch(services, GROUPED, LOCAL_USER, [command, command]).results
    assert first == again
    assert references(services).count("ONE") == 1


async def test_a_full_disk_is_told_as_such(services: Services) -> None:
    def fails(*_: Any) -> None:
        raise OSError(errno.ENOSPC, "No space left on device")

    async with serving(services, handlers={**HANDLERS, Dismiss: fails}) as served:
        answer = await served.batch([written(Dismiss(delivery_ids=()))])
    assert (answer.status_code, answer.json()["type"]) == (507, "no-room")
