"""Execution of commands, each answered once under its key (docs/protocol.md, sync up).

Each command is one transaction. Its effect or its refusal is committed together with the key and takes a number, so a
copy that has reached the number has the result of the command.
"""

import logging
import time
import uuid
from collections.abc import Callable, Sequence
from contextlib import suppress

import msgspec
from sqlalchemy import Connection, insert, select, text

from banqup_tui.backend.api.cursors import Seen, read_seen
from banqup_tui.backend.db import tables
from banqup_tui.backend.db.records import CommandRecord, fetch_one
from banqup_tui.backend.db.transaction import Transaction
from banqup_tui.backend.problems import RequestFailure, problem
from banqup_tui.backend.services import CommandContext, CommandRefused, Handler, Services, preparation_of
from banqup_tui.domain.messages import Message, message
from banqup_tui.domain.values import Value
from banqup_tui.kill_points import kill_point
from banqup_tui.protocol.answers import check_numbers
from banqup_tui.protocol.commands import BODIES, decode
from banqup_tui.protocol.messages import Command, CommandResult, CommandResults, CommandStatus
from banqup_tui.protocol.problems import Problem, ProblemType

MOST_COMMANDS = 100
SECONDS_A_BATCH = 10.0
"""Seconds after which a batch is answered in part, well before the terminal's time-out."""

_log = logging.getLogger(__name__)
_answer = msgspec.json.Decoder(CommandResult)
_canonical = msgspec.json.Encoder(order="sorted")
_WITHDRAWN = ""
"""Fingerprint of a withdrawn key: a later body under that key gets the same answer, whatever it is."""

Handlers = dict[type[Value], Handler]
Answered = tuple[CommandStatus, object, Problem | None]


def run_batch(services: Services, handlers: Handlers, user_id: str, commands: Sequence[Command]) -> CommandResults:
    """Runs commands in order and returns results of a prefix.

    An exception of the first command is raised; one of a later command ends the prefix before it.
    """
    if len(commands) > MOST_COMMANDS:
        raise RequestFailure(ProblemType.TOO_LARGE, message("request.batch-too-large", limit=MOST_COMMANDS))
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
    """Runs one command, or returns its stored answer.

    Raises:
        RequestFailure: 400 for an unreadable key or `seen`; 422 for a key that was used with another body.
    """
    key = _uuid(command.key)
    seen = read_seen(command.seen)
    fingerprint = _fingerprint(services, command)
    # Kill point: nothing is recorded; the terminal sends the same key again.
    kill_point("command.received")
    _prepare(services, handlers, command)

    def effect(transaction: Transaction) -> Answered:
        context = CommandContext(services=services, user_id=user_id, seen_seq=seen.seq)
        return _effect(transaction, handlers, command, context)

    return _once(services, user_id, key, seen, fingerprint, effect)


def withdraw(services: Services, user_id: str, key: str, seen: Seen) -> CommandResult:
    """Refuses the command for ever, or returns its result if it has run."""

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
        _lock_key(transaction, key)
        # The order is a guard: a stored answer wins over every other check, or a repeated command could get two
        # answers.
        stored = _stored(transaction.connection, services.space_id, key)
        if stored is not None:
            return _same(stored, user_id, fingerprint)
        # Before the effect: a key older than the pruned ones may have run already, so it is not run again.
        if not _is_fresh(transaction.connection, services.space_id, seen):
            return _expired(key)
        status, result, found = effect(transaction)
        # Kill point: the effect is rolled back with its transaction.
        kill_point("command.effect")

        def store_answer(connection: Connection, seq: int) -> None:
            answer = CommandResult(key=key, status=status, seq=seq, result=result, problem=found)
            _insert_answer(connection, services.space_id, user_id, fingerprint, answer, transaction)
            written.append(answer)
            kill_point("command.keyed")

        # After the numbers: effect, key and number commit together, so the answer can name its number.
        transaction.after_numbers(store_answer)
    # Kill point: the terminal gets no answer and repeats the key, which returns the stored answer.
    kill_point("command.committed")
    return written[0]


def _lock_key(transaction: Transaction, key: str) -> None:
    """Serializes transactions with the same key. SQLite has one writer, so it needs no lock."""
    if transaction.connection.dialect.name == "postgresql":
        lock = text("SELECT pg_advisory_xact_lock(hashtextextended(:key, 0))")
        transaction.execute(lock, {"key": f"{transaction.space_id}:{key}"})


def _stored(connection: Connection, space_id: str, key: str) -> CommandRecord | None:
    table = tables.command
    statement = select(table).where(table.c.space_id == space_id, table.c.key == key)
    return fetch_one(connection, CommandRecord, statement)


def _same(stored: CommandRecord, user_id: str, fingerprint: str) -> CommandResult:
    either_withdrawn = _WITHDRAWN in (fingerprint, stored.fingerprint)
    if stored.user_id != user_id or not (either_withdrawn or stored.fingerprint == fingerprint):
        raise RequestFailure(ProblemType.KEY_REUSED, Message("request.key-reused"), field="key")
    return _answer.decode(stored.answer)


def _is_fresh(connection: Connection, space_id: str, seen: Seen) -> bool:
    """Tells whether the key cannot have been used and pruned since.

    If it can, only the user may decide to repeat it.
    """
    space = connection.execute(
        select(tables.space.c.epoch, tables.space.c.key_floor, tables.space.c.seq).where(tables.space.c.id == space_id)
    ).one()
    return bool(seen.epoch == space.epoch and space.key_floor <= seen.seq <= space.seq)


def _expired(key: str) -> CommandResult:
    found = problem(ProblemType.KEY_EXPIRED, Message("command.expired"))
    return CommandResult(key=key, status=CommandStatus.EXPIRED, problem=found)


def _effect(transaction: Transaction, handlers: Handlers, command: Command, context: CommandContext) -> Answered:
    try:
        body = _body(command, handlers)
        # The savepoint undoes the partial effect of a command that is refused.
        with transaction.savepoint():
            return CommandStatus.DONE, handlers[type(body)](transaction, body, context), None
    except CommandRefused as refused:
        return CommandStatus.REFUSED, None, refused.problem


def _prepare(services: Services, handlers: Handlers, command: Command) -> None:
    """Runs the handler's work that must precede the transaction.

    An unreadable body is refused inside the transaction.
    """
    prepare = preparation_of(handlers[BODIES[command.kind]]) if BODIES.get(command.kind) in handlers else None
    if prepare is not None:
        with suppress(msgspec.DecodeError):
            prepare(services, decode(command.kind, command.body))


def _body(command: Command, handlers: Handlers) -> Value:
    if BODIES.get(command.kind) not in handlers:
        raise CommandRefused(ProblemType.BAD_REQUEST, Message("request.command-unknown"), field="kind")
    try:
        check_numbers(bytes(command.body))
        return decode(command.kind, command.body)
    except msgspec.DecodeError as error:
        raise CommandRefused(
            ProblemType.BAD_REQUEST, message("request.command-unreadable", quote=str(error)), field="body"
        ) from None


def _insert_answer(
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
    """Returns a fingerprint of the command's meaning: whitespace and member order do not count.

    It is keyed: a body may hold a password, which a plain hash would let a reader of the database guess.
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
        raise RequestFailure(ProblemType.BAD_REQUEST, Message("request.key-no-uuid"), field="key") from None


def _recorded(found: Problem) -> Problem:
    return msgspec.structs.replace(found, recorded=True)
