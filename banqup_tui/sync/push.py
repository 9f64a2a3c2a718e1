"""Sends the commands of the outbox to the server, in their order (docs/protocol.md, "Commands, up").

No answer is no answer: after a lost connection, 401, 408, 429 or 5xx a command stays SENDING and is sent again with the
same key, because it may have run.
"""

import asyncio
from collections.abc import Sequence

import msgspec

from banqup_tui.kill_points import kill_point
from banqup_tui.protocol.messages import Command, CommandResult, CommandStatus
from banqup_tui.protocol.problems import Problem, ProblemType
from banqup_tui.store.files import Spool
from banqup_tui.store.outbox import Outbox
from banqup_tui.store.outbox_entry import CommandState, OutboxEntry, OutboxQueue
from banqup_tui.sync.errors import RequestRefused, ServerFault
from banqup_tui.sync.server import ServerLike

FILES_AT_ONCE = 4
IMPORTS_AT_ONCE = 25


async def push(server: ServerLike, outbox: Outbox) -> int:
    """Sends the next batch of commands. Returns the number of answers; 0 if there was nothing to send.

    Raises an error of sync.errors if the server gave no answer; the commands stay open.
    """
    head = outbox.claim(OutboxQueue.COMMANDS)
    return await _send(server, outbox, head)


async def push_imports(server: ServerLike, outbox: Outbox, spool: Spool) -> int:
    """Uploads the files of the next imports, then sends the imports. Returns the number of answers."""
    head = outbox.claim(OutboxQueue.IMPORTS, IMPORTS_AT_ONCE)
    head = await _put_files(server, outbox, spool, head)
    answered = await _send(server, outbox, head)
    for entry in head:
        settled = outbox.entry(entry.key)
        if entry.file and settled is not None and not settled.is_open:
            spool.drop_unless(outbox.needs_file, entry.file)
    return answered


async def _put_files(server: ServerLike, outbox: Outbox, spool: Spool, head: list[OutboxEntry]) -> list[OutboxEntry]:
    """Uploads files. Returns the imports before the first whose file was refused.

    A refused file at the head of the line has its import refused here; imports after it wait for the next round, so
    that imports keep their order.
    """
    if not head or head[0].withdraw:
        return head
    limit = asyncio.Semaphore(FILES_AT_ONCE)

    async def put(entry: OutboxEntry) -> Problem | None:
        async with limit:
            return await _put_file(server, spool, entry)

    problems = await asyncio.gather(*(put(entry) for entry in head))
    for at, problem in enumerate(problems):
        if problem is not None and at == 0:
            outbox.answered(head[0].key, CommandState.REFUSED, problem=msgspec.json.encode(problem))
            return []
        if problem is not None:
            return head[:at]
    return head


async def _put_file(server: ServerLike, spool: Spool, entry: OutboxEntry) -> Problem | None:
    if entry.file is None:
        return None
    path = spool.path(entry.file)
    try:
        await server.put_file(entry.file, path)
    except FileNotFoundError:
        # Another program may have sent the import and deleted the bytes. Then the import has an answer already, and
        # this problem is not stored.
        return Problem(type=ProblemType.NOT_FOUND, title="", code="import.file-gone")
    except RequestRefused as refused:
        return refused.problem
    return None


async def _send(server: ServerLike, outbox: Outbox, head: Sequence[OutboxEntry]) -> int:
    if not head:
        return 0
    if head[0].withdraw:
        return await _withdraw(server, outbox, head[0])
    try:
        answer = await server.commands([_command(entry) for entry in head])
    except ServerFault:
        outbox.failed([entry.key for entry in head])
        raise
    except RequestRefused:
        return await _one_by_one(server, outbox, head)
    # Killed here, the commands have run and stay SENDING: the same keys get the stored answers.
    kill_point("outbox.sent")
    return _write_down(outbox, head, answer.results)


async def _one_by_one(server: ServerLike, outbox: Outbox, head: Sequence[OutboxEntry]) -> int:
    """Sends the first command of a refused batch alone; if it is refused too, it is withdrawn.

    So one malformed command does not block those behind it.
    """
    try:
        answer = await server.commands([_command(head[0])])
    except RequestRefused as refused:
        return await _withdraw(server, outbox, head[0], refused.problem)
    return _write_down(outbox, head, answer.results)


async def _withdraw(server: ServerLike, outbox: Outbox, entry: OutboxEntry, because: Problem | None = None) -> int:
    """Has the server refuse a command for ever, and stores its answer: the command may have run before.

    `because` is the problem with which the server has refused it, which is stored as the reason.
    """
    try:
        result = await server.withdraw(entry.key, entry.seen)
    except RequestRefused as refused:
        if because is None and refused.status != 404:
            because = refused.problem
        result = CommandResult(key=entry.key, status=CommandStatus.REFUSED, problem=because or refused.problem)
    # Killed here, the refusal is recorded on the server; the same withdrawal gets it again.
    kill_point("outbox.withdrawn")
    was_asked = entry.withdraw and entry.failures == 0
    if result.status is CommandStatus.REFUSED and was_asked:
        outbox.answered(entry.key, CommandState.CANCELLED, result.seq)
        return 1
    if because is not None and result.status is CommandStatus.REFUSED:
        result = msgspec.structs.replace(result, problem=because)
    return _write_down(outbox, [entry], [result])


def _write_down(outbox: Outbox, head: Sequence[OutboxEntry], results: Sequence[CommandResult]) -> int:
    """Stores the answers. The server answers a prefix of the batch, in its order; other answers are ignored."""
    answered = 0
    for entry, result in zip(head, results, strict=False):
        if entry.key != result.key:
            break
        outbox.answered(
            entry.key,
            CommandState(result.status),
            result.seq,
            result=None if result.result is None else msgspec.json.encode(result.result),
            problem=None if result.problem is None else msgspec.json.encode(result.problem),
        )
        answered += 1
    return answered


def _command(entry: OutboxEntry) -> Command:
    return Command(key=entry.key, kind=entry.kind, seen=entry.seen, body=msgspec.Raw(entry.body))
