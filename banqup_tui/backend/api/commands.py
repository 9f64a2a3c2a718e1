"""Commands: each answered once and for all under its key (docs/protocol.md, sync up).

One transaction per command. Its effect, or its refusal with nothing else changed, stands or falls together with the
key; both take a number, so a copy that has reached the number knows what came of the command.
"""

import logging
import time
import uuid
from collections.abc import Callable, Sequence
from contextlib import suppress
from typing import Any

import msgspec
from sqlalchemy import Connection, Row, insert, select, text

from banqup_tui.backend.api.cursors import Seen, read_seen
from banqup_tui.backend.db import tables
from banqup_tui.backend.db.transaction import Transaction
from banqup_tui.backend.problems import Failure, problem
from banqup_tui.backend.services import Context, Handler, Refused, Services, preparation_of
from banqup_tui.domain.messages import Message, message
from banqup_tui.domain.values import Value
from banqup_tui.kill_points import kill_point
from banqup_tui.protocol.answers import check_numbers
from banqup_tui.protocol.commands import BODIES, decode
from banqup_tui.protocol.messages import Command, CommandResult, CommandResults, CommandStatus
from banqup_tui.protocol.problems import Problem, ProblemType

MOST_COMMANDS = 100
SECONDS_A_BATCH = 10.0
"""A longer one is answered in part, well before the terminal stops waiting for it."""

_log = logging.getLogger(__name__)
_answer = msgspec.json.Decoder(CommandResult)
_canonical = msgspec.json.Encoder(order="sorted")
_WITHDRAWN = ""
"""Fingerprint of a key that was taken back: whatever body comes later gets the same answer."""

Handlers = dict[type[Value], Handler]
Answered = tuple[CommandStatus, Any, Problem | None]


def run_batch(services: Services, handlers: Handlers, user_id: str, commands: Sequence[Command]) -> CommandResults:
    """Results of a prefix, in order. Raises what the first command raises; a later one ends the prefix before it."""
    if len(commands) > MOST_COMMANDS:
        raise Failure(ProblemType.TOO_LARGE, message("request.batch-too-large", limit=MOST_COMMANDS))
    results: list[CommandResult] = []
    late = time.monotonic() + SECONDS_A_BATCH
    for command in commands:
        if results and time.monotonic() > late:
            return CommandResults(results=tuple(results), more=True)
        try:
            results.append(run(services, handlers, user_id, command))
        except Exception:
            if not results:
                raise
            _log.warning("a batch ended after %d of %d commands", len(results), len(commands), exc_info=True)
            return CommandResults(results=tuple(results), more=True)
    return CommandResults(results=tuple(results))


def run(services: Services, handlers: Handlers, user_id: str, command: Command) -> CommandResult:
    """Raises `Failure`: 400 for an unreadable key or `seen`, 422 for a key that was used for something else."""
    key = _uuid(command.key)
    seen = read_seen(command.seen)
    fingerprint = _fingerprint(services, command)
    kill_point("command.received")
    _prepare(services, handlers, command)

    def effect(transaction: Transaction) -> Answered:
        context = Context(services=services, user_id=user_id, seen_seq=seen.seq)
        return _effect(transaction, handlers, command, context)

    return _once(services, user_id, key, seen, fingerprint, effect)


def withdraw(services: Services, user_id: str, key: str, seen: Seen) -> CommandResult:
    """Refuses the command for ever; or, if it had run, answers what came of it."""

    def effect(_work: Transaction) -> Answered:
        return CommandStatus.REFUSED, None, _recorded(problem(ProblemType.WITHDRAWN, Message("command.taken-back")))

    return _once(services, user_id, _uuid(key), seen, _WITHDRAWN, effect)


def _once(
    services: Services,
    user_id: str,
    key: str,
    seen: Seen,
    fingerprint: str,
    effect: Callable[[Transaction], Answered],
) -> CommandResult:
    written: list[CommandResult] = []
    with services.database.write(services.space_id) as transaction:
        _hold_key(transaction, key)
        stored = _stored(transaction.connection, services.space_id, key)
        if stored is not None:
            return _same(stored, user_id, fingerprint)
        if not _is_fresh(transaction.connection, services.space_id, seen):
            return _expired(key)
        status, result, found = effect(transaction)
        kill_point("command.effect")

        def keep(connection: Connection, seq: int) -> None:
            answer = CommandResult(key=key, status=status, seq=seq, result=result, problem=found)
            _keep(connection, services.space_id, user_id, fingerprint, answer, transaction)
            written.append(answer)
            kill_point("command.keyed")

        transaction.after_numbers(keep)
    kill_point("command.committed")
    return written[0]


def _hold_key(transaction: Transaction, key: str) -> None:
    """Two processes given one key take turns. On SQLite there is one writer at a time anyway."""
    if transaction.connection.dialect.name == "postgresql":
        lock = text("SELECT pg_advisory_xact_lock(hashtextextended(:key, 0))")
        transaction.execute(lock, {"key": f"{transaction.space_id}:{key}"})


def _stored(connection: Connection, space_id: str, key: str) -> Row[Any] | None:
    table = tables.command
    statement = select(table).where(table.c.space_id == space_id, table.c.key == key)
    return connection.execute(statement).one_or_none()


def _same(stored: Row[Any], user_id: str, fingerprint: str) -> CommandResult:
    either_withdrawn = _WITHDRAWN in (fingerprint, stored.fingerprint)
    if stored.user_id != user_id or not (either_withdrawn or stored.fingerprint == fingerprint):
        raise Failure(ProblemType.KEY_REUSED, Message("request.key-reused"), field="key")
    return _answer.decode(stored.answer)


def _is_fresh(connection: Connection, space_id: str, seen: Seen) -> bool:
    """Could this key have been used and forgotten since? Then only the user can say whether to repeat it."""
    space = connection.execute(
        select(tables.space.c.epoch, tables.space.c.key_floor, tables.space.c.seq).where(tables.space.c.id == space_id)
    ).one()
    return bool(seen.epoch == space.epoch and space.key_floor <= seen.seq <= space.seq)


def _expired(key: str) -> CommandResult:
    found = problem(ProblemType.KEY_EXPIRED, Message("command.expired"))
    return CommandResult(key=key, status=CommandStatus.EXPIRED, problem=found)


def _effect(transaction: Transaction, handlers: Handlers, command: Command, context: Context) -> Answered:
    try:
        body = _body(command, handlers)
        with transaction.savepoint():
            return CommandStatus.DONE, handlers[type(body)](transaction, body, context), None
    except Refused as refused:
        if refused.beside is not None:
            refused.beside(transaction)
        return CommandStatus.REFUSED, None, refused.problem


def _prepare(services: Services, handlers: Handlers, command: Command) -> None:
    """What a handler wants done before the transaction. A body that cannot be read is told inside of it."""
    prepare = preparation_of(handlers[BODIES[command.kind]]) if BODIES.get(command.kind) in handlers else None
    if prepare is not None:
        with suppress(msgspec.DecodeError):
            prepare(services, decode(command.kind, command.body))


def _body(command: Command, handlers: Handlers) -> Value:
    if BODIES.get(command.kind) not in handlers:
        raise Refused(ProblemType.BAD_REQUEST, Message("request.command-unknown"), field="kind")
    try:
        check_numbers(bytes(command.body))
        return decode(command.kind, command.body)
    except msgspec.DecodeError as error:
        raise Refused(
            ProblemType.BAD_REQUEST, message("request.command-unreadable", quote=str(error)), field="body"
        ) from None


def _keep(
    connection: Connection,
    space_id: str,
    user_id: str,
    fingerprint: str,
    answer: CommandResult,
    transaction: Transaction,
) -> None:
    row = {
        "space_id": space_id,
        "key": answer.key,
        "user_id": user_id,
        "fingerprint": fingerprint,
        "answer": msgspec.json.encode(answer),
        "seq": answer.seq,
        "at": transaction.now,
    }
    connection.execute(insert(tables.command), row)


def _fingerprint(services: Services, command: Command) -> str:
    """Of what is asked, not of how it is written: spaces and the order of members do not count.

    With a key: a body may hold a password, which a plain hash would let anybody guess at who has the database.
    """
    try:
        body = _canonical.encode(msgspec.json.decode(command.body))
    except msgspec.DecodeError:
        body = bytes(command.body)
    return services.vault.tag("command", b"\0".join((command.kind.encode(), body)))


def _uuid(key: str) -> str:
    try:
        return str(uuid.UUID(key))
    except ValueError:
        raise Failure(ProblemType.BAD_REQUEST, Message("request.key-no-uuid"), field="key") from None


def _recorded(found: Problem) -> Problem:
    return msgspec.structs.replace(found, recorded=True)
