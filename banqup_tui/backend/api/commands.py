"""Execution of commands, each answered once under its key (docs/protocol.md, sync up).

The effect of a command, or its refusal, is committed together with the key and takes a number, so a copy that has
reached the number has the result of the command. Each command is one transaction, but for imports that follow one
another: some of them are one.
"""

import logging
import time
import uuid
from collections.abc import Callable, Sequence
from contextlib import suppress
from functools import partial
from typing import NamedTuple

import msgspec
from sqlalchemy import Connection, bindparam, insert, select, text

from banqup_tui.backend.api.cursors import Seen, read_seen
from banqup_tui.backend.db import tables
from banqup_tui.backend.db.json_rows import ids_param, in_ids
from banqup_tui.backend.db.records import CommandRecord, fetch_all
from banqup_tui.backend.db.transaction import MOST_GROUPED, SECONDS_LOCKED, Transaction
from banqup_tui.backend.problems import RequestFailure, problem
from banqup_tui.backend.services import (
    CommandContext,
    CommandRefused,
    Handler,
    Outdated,
    Services,
    is_grouped,
    preparation_of,
)
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
_MOST_PREPARATIONS = 5

_log = logging.getLogger(__name__)
_answer = msgspec.json.Decoder(CommandResult)
_canonical = msgspec.json.Encoder(order="sorted")
_WITHDRAWN = ""
"""Fingerprint of a withdrawn key: a later body under that key gets the same answer, whatever it is."""

Handlers = dict[type[Value], Handler]
Answered = tuple[CommandStatus, object, Problem | None]
Effect = Callable[[Transaction], Answered]

_STORED = select(tables.command).where(tables.command.c.space_id == bindparam("space"), in_ids(tables.command.c.key))
_SPACE = select(tables.space.c.epoch, tables.space.c.key_floor, tables.space.c.seq).where(
    tables.space.c.id == bindparam("space")
)
_INSERT = insert(tables.command)


def run_batch(services: Services, handlers: Handlers, user_id: str, commands: Sequence[Command]) -> CommandResults:
    """Runs commands in order and returns results of a prefix.

    An exception of the first command is raised; one of a later command ends the prefix before it.
    """
    if len(commands) > MOST_COMMANDS:
        raise RequestFailure(ProblemType.TOO_LARGE, message("request.batch-too-large", limit=MOST_COMMANDS))
    results: list[CommandResult] = []
    late = time.monotonic() + SECONDS_A_BATCH
    alone_until = 0
    while len(results) < len(commands):
        if results and time.monotonic() > late:
            return CommandResults(results=tuple(results), more=True)
        at = len(results)
        group = _group(handlers, commands[at:]) if at >= alone_until else commands[at : at + 1]
        try:
            results += _run_group(services, handlers, user_id, group)
        except Exception:
            if len(group) > 1:
                # Alone, each of the commands is answered, or fails, by itself. Those that were committed have answers.
                alone_until = at + len(group)
                continue
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
    return _run_group(services, handlers, user_id, [command])[0]


def _group(handlers: Handlers, commands: Sequence[Command]) -> Sequence[Command]:
    """Returns the commands at the beginning that are run in one transaction: imports, or else the first alone."""
    keys: set[str] = set()
    for command in commands[:MOST_GROUPED]:
        handler = handlers.get(BODIES[command.kind]) if command.kind in BODIES else None
        if handler is None or not is_grouped(handler) or command.key in keys:
            break
        keys.add(command.key)
    return commands[: max(1, len(keys))]


def _run_group(
    services: Services, handlers: Handlers, user_id: str, commands: Sequence[Command]
) -> list[CommandResult]:
    """Runs commands that are prepared together, in as few transactions as may take their time.

    A refusal undoes its own command only. Any other exception undoes the transaction, and is raised: commands that were
    committed before it have their answers.
    """
    asked = [_asked(services, command) for command in commands]
    prepared = [_prepared(services, handlers, command) for command in commands]
    results: list[CommandResult] = []
    preparations = 1
    while len(results) < len(commands):
        rest = range(len(results), len(commands))

        def effect(transaction: Transaction, at: int) -> Answered:
            seen_seq = asked[at].seen.seq
            context = CommandContext(services=services, user_id=user_id, seen_seq=seen_seq, prepared=prepared[at])
            return _effect(transaction, handlers, commands[at], context)

        try:
            results += _once(services, user_id, [(asked[at], partial(effect, at=at)) for at in rest])
        except Outdated:
            if preparations == _MOST_PREPARATIONS:
                raise RequestFailure(ProblemType.BUSY, Message("request.service-busy")) from None
            preparations += 1
            for at in rest:
                prepared[at] = _prepared(services, handlers, commands[at])
    return results


def withdraw(services: Services, user_id: str, key: str, seen: Seen) -> CommandResult:
    """Refuses the command for ever, or returns its result if it has run."""

    def effect(_work: Transaction) -> Answered:
        return CommandStatus.REFUSED, None, _recorded(problem(ProblemType.WITHDRAWN, Message("command.taken-back")))

    return _once(services, user_id, [(_Asked(_uuid(key), seen, _WITHDRAWN), effect)])[0]


class _Asked(NamedTuple):
    """The key of a command, and what is compared before it is run."""

    key: str
    seen: Seen
    fingerprint: str


def _asked(services: Services, command: Command) -> _Asked:
    asked = _Asked(_uuid(command.key), read_seen(command.seen), _fingerprint(services, command))
    # Kill point: nothing is recorded; the terminal sends the same key again.
    kill_point("command.received")
    return asked


def _once(services: Services, user_id: str, asked: Sequence[tuple[_Asked, Effect]]) -> list[CommandResult]:
    """Runs each effect once under its key, in one transaction. Returns results of a prefix, at least the first."""
    results: list[CommandResult] = []
    done: dict[int, _Asked] = {}
    with services.database.write(services.space_id) as transaction:
        late = time.monotonic() + SECONDS_LOCKED
        keys = [one.key for one, _ in asked]
        _lock_keys(transaction, keys)
        stored = _stored(transaction.connection, services.space_id, keys)
        space = _space(transaction.connection, services.space_id)
        for one, effect in asked:
            if results and time.monotonic() > late:
                break
            # The order is a guard: a stored answer wins over every other check, or a repeated command could get two
            # answers.
            if one.key in stored:
                results.append(_same(stored[one.key], user_id, one.fingerprint))
            # Before the effect: a key older than the pruned ones may have run already, so it is not run again.
            elif not _is_fresh(space, one.seen):
                results.append(_expired(one.key))
            else:
                try:
                    status, result, found = effect(transaction)
                except Outdated:
                    if not results:
                        raise
                    break
                done[len(results)] = one
                results.append(CommandResult(key=one.key, status=status, result=result, problem=found))
                # Kill point: the effect is rolled back with its transaction.
                kill_point("command.effect")

        def store_answers(connection: Connection, seq: int) -> None:
            for at in done:
                results[at] = msgspec.structs.replace(results[at], seq=seq)
            rows = [(results[at], one.fingerprint) for at, one in done.items()]
            _insert_answers(connection, services.space_id, user_id, rows, transaction)
            kill_point("command.keyed")

        if done:
            # After the numbers: effects, keys and numbers commit together, so an answer can name its number.
            transaction.after_numbers(store_answers)
    # Kill point: the terminal gets no answer and repeats the key, which returns the stored answer.
    kill_point("command.committed")
    return results


def _lock_keys(transaction: Transaction, keys: Sequence[str]) -> None:
    """Serializes transactions with the same keys. SQLite has one writer, so it needs no lock."""
    if transaction.connection.dialect.name == "postgresql":
        lock = text("SELECT pg_advisory_xact_lock(hashtextextended(:key, 0))")
        for key in sorted(keys):  # in one order, so that two batches with the same keys cannot wait for each other
            transaction.execute(lock, {"key": f"{transaction.space_id}:{key}"})


def _stored(connection: Connection, space_id: str, keys: Sequence[str]) -> dict[str, CommandRecord]:
    rows = fetch_all(connection, CommandRecord, _STORED, ids_param(keys) | {"space": space_id})
    return {row.key: row for row in rows}


def _same(stored: CommandRecord, user_id: str, fingerprint: str) -> CommandResult:
    either_withdrawn = _WITHDRAWN in (fingerprint, stored.fingerprint)
    if stored.user_id != user_id or not (either_withdrawn or stored.fingerprint == fingerprint):
        raise RequestFailure(ProblemType.KEY_REUSED, Message("request.key-reused"), field="key")
    return _answer.decode(stored.answer)


class _Space(NamedTuple):
    epoch: str
    key_floor: int
    seq: int


def _space(connection: Connection, space_id: str) -> _Space:
    return _Space(*connection.execute(_SPACE, {"space": space_id}).one())


def _is_fresh(space: _Space, seen: Seen) -> bool:
    """Tells whether the key cannot have been used and pruned since.

    If it can, only the user may decide to repeat it.
    """
    return seen.epoch == space.epoch and space.key_floor <= seen.seq <= space.seq


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


def _prepared(services: Services, handlers: Handlers, command: Command) -> object:
    """Returns what the handler's work before the transaction gives.

    An unreadable body is refused inside the transaction.
    """
    prepare = preparation_of(handlers[BODIES[command.kind]]) if BODIES.get(command.kind) in handlers else None
    if prepare is not None:
        with suppress(msgspec.DecodeError):
            return prepare(services, decode(command.kind, command.body))
    return None


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


def _insert_answers(
    connection: Connection,
    space_id: str,
    user_id: str,
    answers: Sequence[tuple[CommandResult, str]],
    transaction: Transaction,
) -> None:
    rows = [
        {
            "space_id": space_id,
            "key": answer.key,
            "user_id": user_id,
            "fingerprint": fingerprint,
            "answer": msgspec.json.encode(answer),
            "seq": answer.seq,
            "at": transaction.now,
        }
        for answer, fingerprint in answers
    ]
    connection.execute(_INSERT, rows)


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
