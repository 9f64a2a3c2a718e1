"""Sends the commands of the outbox to the server, in their order (docs/protocol.md, "Commands, up").

No answer is no answer: after a lost connection, 401, 408, 429 or 5xx a command stays SENDING and is sent again with the
same key, because it may have run.
"""

import asyncio
from collections.abc import Sequence, Set
from pathlib import Path

import msgspec

from banqup_tui.kill_points import kill_point
from banqup_tui.protocol import file_batch
from banqup_tui.protocol.file_batch import MOST_FILES
from banqup_tui.protocol.messages import Command, CommandResult, CommandStatus
from banqup_tui.protocol.problems import Problem, ProblemType
from banqup_tui.store.files import Spool
from banqup_tui.store.outbox import Outbox
from banqup_tui.store.outbox_entry import CommandState, OutboxEntry, OutboxQueue, StoredAnswer
from banqup_tui.sync.errors import RequestRefused, ServerFault
from banqup_tui.sync.server import ServerLike

FILES_AT_ONCE = 4
LARGEST_IN_BATCH = 1 << 20
"""The most bytes of a file that goes with others in one request; the batch itself has a limit, too."""


_GONE = Problem(type=ProblemType.NOT_FOUND, title="", code="import.file-gone")
_MOST_BYTES = file_batch.MOST_BYTES - 64 * 2**10
"""The manifest is in the body, too."""


async def push(server: ServerLike, outbox: Outbox) -> int:
    """Sends the next batch of commands. Returns the number of answers; 0 if there was nothing to send.

    Raises an error of sync.errors if the server gave no answer; the commands stay open.
    """
    head = outbox.claim(OutboxQueue.COMMANDS)
    return await _send(server, outbox, head)


async def push_imports(server: ServerLike, outbox: Outbox, spool: Spool) -> int:
    """Uploads the files of the next imports, then sends the imports. Returns the number of answers."""
    head = outbox.claim(OutboxQueue.IMPORTS)
    head = await _put_files(server, outbox, spool, head)
    answered = await _send(server, outbox, head)
    if answered:
        spool.drop_unless(outbox.needed_files, {entry.file for entry in head if entry.file})
    return answered


async def _put_files(server: ServerLike, outbox: Outbox, spool: Spool, head: list[OutboxEntry]) -> list[OutboxEntry]:
    """Uploads files. Returns the imports before the first whose file was refused.

    A refused file at the head of the line has its import refused here; imports after it wait for the next round, so
    that imports keep their order.
    """
    if not head or head[0].withdraw:
        return head
    problems = await _uploaded(server, spool, {entry.file for entry in head if entry.file is not None})
    for at, entry in enumerate(head):
        problem = problems.get(entry.file or "")
        if problem is not None and at == 0:
            outbox.answered(head[0].key, CommandState.REFUSED, problem=msgspec.json.encode(problem))
            return []
        if problem is not None:
            return head[:at]
    return head


async def _uploaded(server: ServerLike, spool: Spool, files: Set[str]) -> dict[str, Problem]:
    """Uploads files, the small ones in batches. Returns the problems of those that were refused."""
    problems: dict[str, Problem] = {}
    alone: list[str] = []
    batch: list[tuple[str, bytes]] = []
    size = 0
    for sha256 in sorted(files):
        try:
            data = _content(spool.path(sha256))
        except FileNotFoundError:
            # Another program may have sent the import and deleted the bytes. Then the import has an answer already,
            # and this problem is not stored.
            problems[sha256] = _GONE
            continue
        if data is None:
            alone.append(sha256)
            continue
        if size + len(data) > _MOST_BYTES or len(batch) == MOST_FILES:
            problems |= await _put_batch(server, batch)
            batch, size = [], 0
        batch.append((sha256, data))
        size += len(data)
    if batch:
        problems |= await _put_batch(server, batch)
    limit = asyncio.Semaphore(FILES_AT_ONCE)

    async def put(sha256: str) -> Problem | None:
        async with limit:
            return await _put_file(server, spool, sha256)

    found = await asyncio.gather(*map(put, alone))
    return problems | {sha256: problem for sha256, problem in zip(alone, found, strict=True) if problem is not None}


def _content(path: Path) -> bytes | None:
    """Returns the bytes of a file, or `None` if it is so large that it goes by itself."""
    with path.open("rb") as file:
        data = file.read(LARGEST_IN_BATCH + 1)
    return data if len(data) <= LARGEST_IN_BATCH else None


async def _put_batch(server: ServerLike, batch: Sequence[tuple[str, bytes]]) -> dict[str, Problem]:
    try:
        answer = await server.put_files(batch)
    except RequestRefused as refused:
        return {sha256: refused.problem for sha256, _ in batch}
    return {one.sha256: one.problem for one in answer.files if one.problem is not None}


async def _put_file(server: ServerLike, spool: Spool, sha256: str) -> Problem | None:
    try:
        await server.put_file(sha256, spool.path(sha256))
    except FileNotFoundError:
        return _GONE
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
    answers: list[StoredAnswer] = []
    for entry, result in zip(head, results, strict=False):
        if entry.key != result.key:
            break
        answers.append(
            StoredAnswer(
                key=entry.key,
                state=CommandState(result.status),
                seq=result.seq,
                result=None if result.result is None else msgspec.json.encode(result.result),
                problem=None if result.problem is None else msgspec.json.encode(result.problem),
            )
        )
    outbox.answer_all(answers)
    return len(answers)


def _command(entry: OutboxEntry) -> Command:
    return Command(key=entry.key, kind=entry.kind, seen=entry.seen, body=msgspec.Raw(entry.body))
