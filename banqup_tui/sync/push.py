"""Outbox to server: commands in order, each answered once and for all (docs/protocol.md, sync up)."""

import asyncio
from collections.abc import Sequence

import msgspec

from banqup_tui.kill_points import kill_point
from banqup_tui.protocol.messages import Command, CommandResult, CommandStatus
from banqup_tui.protocol.problems import Problem, ProblemType
from banqup_tui.store.files import Spool
from banqup_tui.store.outbox import Outbox
from banqup_tui.store.outbox_entry import CommandState, Entry, Line
from banqup_tui.sync.errors import Refused, ServerFault
from banqup_tui.sync.server import ServerLike

FILES_AT_ONCE = 4
IMPORTS_AT_ONCE = 25


async def push(server: ServerLike, outbox: Outbox) -> int:
    """Send the head of the line of commands. Returns how many were answered; 0 with nothing to send."""
    head = outbox.claim(Line.COMMANDS)
    return await _send(server, outbox, head)


async def push_imports(server: ServerLike, outbox: Outbox, spool: Spool) -> int:
    """The bytes first, then the commands that speak of them."""
    head = outbox.claim(Line.IMPORTS, IMPORTS_AT_ONCE)
    head = await _put_files(server, outbox, spool, head)
    answered = await _send(server, outbox, head)
    for entry in head:
        settled = outbox.entry(entry.key)
        if entry.file and settled is not None and not settled.is_open:
            spool.drop_unless(outbox.needs_file, entry.file)
    return answered


async def _put_files(server: ServerLike, outbox: Outbox, spool: Spool, head: list[Entry]) -> list[Entry]:
    """Up to the first whose bytes can not be sent: it is settled here, those after it wait for the next turn."""
    if not head or head[0].withdraw:
        return head
    limit = asyncio.Semaphore(FILES_AT_ONCE)

    async def put(entry: Entry) -> Problem | None:
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


async def _put_file(server: ServerLike, spool: Spool, entry: Entry) -> Problem | None:
    if entry.file is None:
        return None
    path = spool.path(entry.file)
    try:
        await server.put_file(entry.file, path)
    except FileNotFoundError:
        # Another sender of the same line may have had it answered, and dropped the bytes: then this changes nothing.
        return Problem(type=ProblemType.NOT_FOUND, title="", code="import.file-gone")
    except Refused as refused:
        return refused.problem
    return None


async def _send(server: ServerLike, outbox: Outbox, head: Sequence[Entry]) -> int:
    if not head:
        return 0
    if head[0].withdraw:
        return await _withdraw(server, outbox, head[0])
    try:
        answer = await server.commands([_command(entry) for entry in head])
    except ServerFault:
        outbox.failed([entry.key for entry in head])
        raise
    except Refused:
        return await _one_by_one(server, outbox, head)
    kill_point("outbox.sent")
    return _write_down(outbox, head, answer.results)


async def _one_by_one(server: ServerLike, outbox: Outbox, head: Sequence[Entry]) -> int:
    """The batch was not taken as a whole: the one at its head is sent alone, and taken back if it still is not."""
    try:
        answer = await server.commands([_command(head[0])])
    except Refused as refused:
        return await _withdraw(server, outbox, head[0], refused.problem)
    return _write_down(outbox, head, answer.results)


async def _withdraw(server: ServerLike, outbox: Outbox, entry: Entry, because: Problem | None = None) -> int:
    """Refused for ever, or done if it had run: whichever the server says."""
    try:
        result = await server.withdraw(entry.key, entry.seen)
    except Refused as refused:
        if because is None and refused.status != 404:
            because = refused.problem
        result = CommandResult(key=entry.key, status=CommandStatus.REFUSED, problem=because or refused.problem)
    kill_point("outbox.withdrawn")
    was_asked = entry.withdraw and entry.failures == 0
    if result.status is CommandStatus.REFUSED and was_asked:
        outbox.answered(entry.key, CommandState.CANCELLED, result.seq)
        return 1
    if because is not None and result.status is CommandStatus.REFUSED:
        result = msgspec.structs.replace(result, problem=because)
    return _write_down(outbox, [entry], [result])


def _write_down(outbox: Outbox, head: Sequence[Entry], results: Sequence[CommandResult]) -> int:
    """Only answers to what was asked, in its order."""
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


def _command(entry: Entry) -> Command:
    return Command(key=entry.key, kind=entry.kind, seen=entry.seen, body=msgspec.Raw(entry.body))
