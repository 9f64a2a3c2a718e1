"""The mailbox of a space: a thread fetches its mails, and each is imported in a transaction of its own.

What was read is known by UIDVALIDITY and number, and by the SHA-256 of the raw mail, so that mails which a server has
numbered anew are not taken twice. A mail is marked as read, and moved if the mailbox has a folder for that, only after
what it holds is committed; numbers still to be marked are committed with it. Mails without a document are counted and
stay as they are.
"""

from __future__ import annotations

import asyncio
import logging
import threading
import time
from collections.abc import Callable, Sequence
from contextlib import suppress
from pathlib import Path
from typing import TYPE_CHECKING, Final

import msgspec
from sqlalchemy import select, update

from banqup_tui.backend.db import tables
from banqup_tui.backend.db.file_references import is_named
from banqup_tui.backend.db.records import MailboxRecord, fetch_one
from banqup_tui.backend.db.vault import SealedElsewhere
from banqup_tui.backend.intake import arrivals, mailbox_access, source_files, unfiled
from banqup_tui.backend.intake.arrivals import ArrivedPart
from banqup_tui.backend.intake.mailbox_access import AccessTokens, MailboxAccess
from banqup_tui.backend.intake.parsed_files import LETTER, Opened, open_stored
from banqup_tui.backend.intake.source_files import FileOutcome, SourceFile, SourceRemoved
from banqup_tui.backend.problems import RequestFailure
from banqup_tui.backend.redaction import Redactor
from banqup_tui.backend.services import Services
from banqup_tui.connectors.common.tokens import Tokens
from banqup_tui.domain.batches import in_batches
from banqup_tui.domain.mailbox_address import MailboxAddress, read_address
from banqup_tui.domain.messages import Message, message
from banqup_tui.domain.origin import Arrival, Incoming
from banqup_tui.domain.secret import Secret
from banqup_tui.domain.source import SourceKind
from banqup_tui.domain.text import safe_file_name
from banqup_tui.domain.values import Value
from banqup_tui.kill_points import kill_point
from banqup_tui.protocol.messages import EntityKind, TestResult, TestStep
from banqup_tui.protocol.problems import ProblemType
from banqup_tui.sources.mail_hints import directory_of, is_from

if TYPE_CHECKING:
    from banqup_tui.sources.mailbox import MailboxConnection

MAX_MAIL_BYTES: Final = 50 * 2**20
_POLL_SECONDS: Final = 60.0
"""How often a server is asked that reports nothing by itself."""

_RETRY_SECONDS: Final = (5.0, 15.0, 60.0, 300.0, 900.0)
"""Pauses after failures in a row. Servers lock accounts that try too often."""

_SECONDS_TO_RECONNECT: Final = 1.0
_MAIL_RETRY_SECONDS: Final = (0.0, 60.0, 600.0)
_MOST_UNMARKED: Final = 20
_MOST_PROBLEMS: Final = 3
_SECONDS_TO_END: Final = 2.0
_log = logging.getLogger(__name__)
_numbers = msgspec.json.Decoder(list[int])


class _Wanted(Value, frozen=True, kw_only=True):
    """The mailbox that the database has. It is connected anew when any of it changes."""

    source_id: str
    path: str
    sealed: bytes | None
    move_to: str | None


class _MailFault(Value, frozen=True, kw_only=True):
    """A mail that was not imported; it is tried again after `retry_at`."""

    count: int
    retry_at: float


class Mailbox:
    """The mailbox of a service.

    Args:
        poll_seconds: see `_POLL_SECONDS`.
        retry_seconds: see `_RETRY_SECONDS`.
        ca_file: certificates to be trusted in place of the system's.
        make_tokens: makes the store of access tokens, on the event loop; without it there are only passwords.
    """

    def __init__(
        self,
        services: Services,
        *,
        poll_seconds: float = _POLL_SECONDS,
        retry_seconds: Sequence[float] = _RETRY_SECONDS,
        ca_file: Path | None = None,
        make_tokens: Callable[[], Tokens] | None = None,
    ) -> None:
        self._services = services
        self._make_tokens = make_tokens
        self._poll_seconds = poll_seconds
        self._retry_seconds = retry_seconds
        self._ca_file = ca_file
        self._stopping = threading.Event()
        self._wake_up = threading.Event()
        self._connection: MailboxConnection | None = None
        self._tokens: AccessTokens | None = None
        self._was_read = False
        self._faults: dict[int, _MailFault] = {}
        services.database.on_commit(lambda _seq: self._wake_up.set(), {EntityKind.SOURCE})

    async def run(self, stop: asyncio.Event) -> None:
        """Runs until `stop` is set."""
        self._stopping.clear()
        loop = asyncio.get_running_loop()
        self._tokens = mailbox_access.access_tokens(self._make_tokens()) if self._make_tokens else None
        ended: asyncio.Future[bool] = loop.create_future()
        # A thread of its own, as those of the loop are waited for at the end, and a connection may take 30 seconds.
        thread = threading.Thread(target=self._work, args=(loop, ended), name="mailbox", daemon=True)
        thread.start()
        stopping: asyncio.Future[bool] = asyncio.ensure_future(stop.wait())
        try:
            await asyncio.wait({stopping, ended}, return_when=asyncio.FIRST_COMPLETED)
            if ended.done():
                ended.result()
        finally:
            stopping.cancel()
            self._stopping.set()
            self._wake_up.set()
            if self._connection is not None:
                self._connection.break_off()
            await asyncio.to_thread(thread.join, _SECONDS_TO_END)

    def _work(self, loop: asyncio.AbstractEventLoop, ended: asyncio.Future[bool]) -> None:
        """Works until the service ends. An unexpected error ends it, which `run` raises."""

        def end(error: Exception | None) -> None:
            if not ended.done():
                ended.set_exception(error) if error is not None else ended.set_result(True)

        failure: Exception | None = None
        try:
            self._follow_all()
        except Exception as error:
            failure = None if self._stopping.is_set() else error
        with suppress(RuntimeError):  # the loop has ended
            loop.call_soon_threadsafe(end, failure)

    def _follow_all(self) -> None:
        failures = 0
        while not self._stopping.is_set():
            self._wake_up.clear()
            wanted = self._wanted()
            if wanted is None:
                self._wake_up.wait()
                continue
            problem = self._followed(wanted)
            if problem is None:
                failures = 0
                continue
            if self._was_read:  # servers end connections now and then, which is no problem until the next one fails
                self._was_read, failures = False, 0
                self._wait(wanted, _SECONDS_TO_RECONNECT)
                continue
            self._write_problems(wanted.source_id, (problem,))
            pause = self._retry_seconds[min(failures, len(self._retry_seconds) - 1)]
            failures += 1
            self._wait(wanted, pause)
            if self._wanted() != wanted:
                failures = 0

    def _followed(self, wanted: _Wanted) -> Message | None:
        """Fetches mails until the source changes or the service ends. Returns why it cannot go on."""
        from banqup_tui.sources.mailbox import MailboxFault

        access = MailboxAccess()
        try:
            access = mailbox_access.opened(self._services, wanted.source_id, wanted.path, wanted.sealed)
            self._follow(wanted, access)
        except SourceRemoved:
            return None
        except MailboxFault as error:
            return None if self._stopping.is_set() else Redactor([access.password]).message(error.message)
        except SealedElsewhere as error:
            return error.message
        return None

    def _follow(self, wanted: _Wanted, access: MailboxAccess) -> None:
        from banqup_tui.sources.mailbox import MailboxFault

        if not access:
            raise MailboxFault(message("mailbox.no-password", id=wanted.source_id))
        address = read_address(wanted.path)
        connection = mailbox_access.connected(address, access, self._tokens, self._ca_file)
        self._connection = connection
        self._faults.clear()
        try:
            while not self._is_over(wanted):
                problems = self._fetch(connection, wanted, address)
                self._write_problems(wanted.source_id, problems)
                self._was_read = True
                connection.wait(lambda: self._is_over(wanted), self._poll_seconds)
        finally:
            self._connection = None
            connection.close()

    def _is_over(self, wanted: _Wanted) -> bool:
        """Tells whether the service ends or the source is another one; looks at it only after a commit."""
        if self._stopping.is_set():
            return True
        if not self._wake_up.is_set():
            return False
        self._wake_up.clear()
        if self._wanted() == wanted:
            return False
        self._wake_up.set()  # who waits within a connection asks, and then who has the connection
        return True

    def _wait(self, wanted: _Wanted, seconds: float) -> None:
        end = time.monotonic() + seconds
        while not self._is_over(wanted) and (left := end - time.monotonic()) > 0:
            self._wake_up.wait(left)

    def _wanted(self) -> _Wanted | None:
        source, mailbox = tables.source, tables.mailbox
        mine = (source.c.space_id == self._services.space_id, source.c.kind == str(SourceKind.MAILBOX))
        statement = select(source.c.id, source.c.path, mailbox.c.sealed, mailbox.c.move_to)
        statement = statement.join(mailbox, mailbox.c.id == source.c.id)
        with self._services.database.read() as connection:
            found = connection.execute(statement.where(*mine)).first()
        if found is None:
            return None
        return _Wanted(source_id=found.id, path=found.path, sealed=found.sealed, move_to=found.move_to)

    def _write_problems(self, source_id: str, problems: tuple[Message, ...]) -> None:
        """Writes the problems down if they have changed. The log has a line for each change only.

        The server's own words do not count: some have a number that is another one each time.
        """
        source = tables.source
        mine = source.c.id == source_id
        with self._services.database.read() as connection:
            before = connection.execute(select(source.c.problems).where(mine)).scalar()
        if [_cause(one) for one in problems] == [_cause(one) for one in before or ()]:
            return
        with self._services.database.write(self._services.space_id) as transaction:
            if transaction.execute(update(source).where(mine).values(problems=problems)).rowcount:
                transaction.changed(EntityKind.SOURCE, source_id)
        _log.info("the mailbox: %s", ", ".join(one.code for one in problems) or "its problems are gone")

    # Fetching

    def _fetch(self, connection: MailboxConnection, wanted: _Wanted, address: MailboxAddress) -> tuple[Message, ...]:
        """Imports the mails that have come. Returns the problems with single mails, and with moving them."""
        source_id = wanted.source_id
        state = self._state_of(source_id, connection.validity)
        to_mark = _numbers.decode(state.to_mark) if state.to_mark else []
        fetch = _Fetch(self._services, connection, wanted, address, to_mark)
        fetch.mark()
        uids = connection.uids_after(state.last_uid, state.since)
        unread = fetch.unread(uids)
        sizes = connection.sizes(unread)
        self._faults = {uid: fault for uid, fault in self._faults.items() if uid in sizes}
        left: list[int] = []
        for uid in unread:
            if self._stopping.is_set():
                return ()
            if uid in sizes and not self._taken(fetch, uid, sizes[uid]):
                left.append(uid)
        fetch.mark()
        last = min(left) - 1 if left else max(uids, default=state.last_uid)
        if last != state.last_uid:
            self._set(source_id, last_uid=last)
        failed = tuple(message("mailbox.mail-failed", uid=uid) for uid in left[:_MOST_PROBLEMS])
        return (*failed, fetch.refusal) if fetch.refusal is not None else failed

    def _taken(self, fetch: _Fetch, uid: int, size: int) -> bool:
        """Imports a mail. Returns False if it failed, so that the others are still imported."""
        from banqup_tui.sources.mailbox import MailboxFault

        fault = self._faults.get(uid)
        if fault is not None and time.monotonic() < fault.retry_at:
            return False
        try:
            fetch.take(uid, size)
        except (MailboxFault, SourceRemoved):
            raise
        except Exception:
            if fault is None:  # once a mail, not at each attempt
                _log.exception("a mail was not taken")
            count = fault.count + 1 if fault is not None else 1
            pause = _MAIL_RETRY_SECONDS[min(count, len(_MAIL_RETRY_SECONDS)) - 1]
            self._faults[uid] = _MailFault(count=count, retry_at=time.monotonic() + pause)
            return False
        self._faults.pop(uid, None)
        return True

    def _state_of(self, source_id: str, validity: int) -> MailboxRecord:
        """Returns how far the mailbox was read, from its beginning if the server has numbered its mails anew."""
        table = tables.mailbox
        statement = select(table).where(table.c.id == source_id)
        with self._services.database.read() as connection:
            state = fetch_one(connection, MailboxRecord, statement)
        if state is not None and state.uid_validity == validity:
            return state
        return self._set(source_id, uid_validity=validity, last_uid=0, to_mark=None, letters=0)

    def _set(self, source_id: str, **values: object) -> MailboxRecord:
        table = tables.mailbox
        with self._services.database.write(self._services.space_id) as transaction:
            transaction.execute(update(table).where(table.c.id == source_id).values(values))
            state = fetch_one(transaction, MailboxRecord, select(table).where(table.c.id == source_id))
        if state is None:
            raise SourceRemoved
        return state


class _Fetch:
    """One fetching of mails over a connection.

    Args:
        to_mark: numbers of mails that are committed and not yet marked as read, as the database has them.

    Attributes:
        refusal: why the server does not move mails; they are tried again with the next fetch.
    """

    def __init__(
        self,
        services: Services,
        connection: MailboxConnection,
        wanted: _Wanted,
        address: MailboxAddress,
        to_mark: Sequence[int],
    ) -> None:
        self.refusal: Message | None = None
        self._services = services
        self._connection = connection
        self._source_id = wanted.source_id
        self._move_to = wanted.move_to
        self._address = address
        self._to_mark = list(to_mark)

    def unread(self, uids: Sequence[int]) -> list[int]:
        """Returns the numbers of the mails that are not recorded."""
        table = tables.source_file
        paths = {self._path(uid): uid for uid in uids}
        with self._services.database.read() as connection:
            for batch in in_batches(list(paths)):
                known = select(table.c.path).where(table.c.source_id == self._source_id, table.c.path.in_(batch))
                for path in connection.execute(known).scalars().all():
                    paths.pop(path)
        return list(paths.values())

    def take(self, uid: int, size: int) -> None:
        """Imports a mail and has it marked, at once or with those after it."""
        if size > MAX_MAIL_BYTES:
            self._record_oversized(uid, size)
            return
        raw = self._connection.raw(uid)
        if raw is None:
            return
        sha256, _ = self._services.files.put([raw])
        # Kill point: the bytes are stored and no row exists; the mail is unread and is fetched again.
        kill_point("mailbox.stored")
        file = SourceFile(
            source_id=self._source_id, path=self._path(uid), mark=(len(raw), time.time_ns()), sha256=sha256
        )
        outcome = self._outcome_of(sha256)
        opened = open_stored(self._services, sha256, "mail.eml") if outcome is None else ()
        if outcome is FileOutcome.LETTER or _is_letter(opened):
            self._forget_letter(sha256)
            self._record(uid, file, FileOutcome.LETTER)
        elif outcome is not None:
            self._record(uid, file, outcome)
        else:
            self._record(uid, file, FileOutcome.KNOWN, self._parts(opened, sha256, uid))

    def _forget_letter(self, sha256: str) -> None:
        """Deletes the bytes of a letter, which is not this program's business, unless they came in elsewhere.

        They may have been stored before this fetch, by a service that was killed.
        """
        with self._services.database.read() as connection:
            if not is_named(connection, sha256):
                self._services.files.remove(sha256)

    def mark(self) -> None:
        """Marks as read what was committed, and moves it if the mailbox has a folder for that."""
        from banqup_tui.sources.mailbox import MoveRefused

        if not self._to_mark or self.refusal is not None:
            return
        self._connection.mark_seen(self._to_mark)
        if self._move_to is not None:
            try:
                self._move(self._move_to)
            except MoveRefused as error:  # what comes is taken nevertheless
                self.refusal = error.message
                return
        # Kill point: mails are marked and still to be marked in the database; to mark them again changes nothing. Those
        # that were moved have no number any more.
        kill_point("mailbox.marked")
        self._to_mark.clear()
        table = tables.mailbox
        with self._services.database.write(self._services.space_id) as transaction:
            transaction.execute(update(table).where(table.c.id == self._source_id).values(to_mark=None))

    def _move(self, folder: str) -> None:
        there = list(self._connection.sizes(self._to_mark))  # others were moved before a kill, or by people
        if not there:
            return
        self._connection.make_folder(folder)
        if self._connection.has_move:
            self._connection.move(there, folder)
            return
        self._connection.copy(there, folder)
        # Kill point: the mails are in both folders; the next attempt finds the copies, and makes no second ones.
        kill_point("mailbox.copied")
        self._connection.remove(there)

    def _record(self, uid: int, file: SourceFile, outcome: FileOutcome, parts: tuple[ArrivedPart, ...] = ()) -> None:
        """Imports the parts and records the mail with what came of it; `outcome` is that of a mail without parts."""
        is_letter = outcome is FileOutcome.LETTER
        to_mark = self._to_mark if is_letter else [*self._to_mark, uid]
        table = tables.mailbox
        changed = {"to_mark": msgspec.json.encode(to_mark).decode(), "letters": table.c.letters + is_letter * 1}
        with self._services.database.write(self._services.space_id) as transaction:
            if parts:
                outcome = source_files.take_or_record(transaction, self._services, parts, None)
            transaction.execute(update(table).where(table.c.id == self._source_id).values(changed))
            source_files.record(transaction, file, outcome, None)
        self._to_mark = to_mark
        # Kill point: the import is committed and the mail is not marked; the next start marks it.
        kill_point("intake.committed")
        if len(to_mark) >= _MOST_UNMARKED:
            self.mark()

    def _record_oversized(self, uid: int, size: int) -> None:
        """Records a mail that is too large as unfiled, without its bytes. It stays unread."""
        path = self._path(uid)
        arrival = Arrival(file_name=path, path=path, source=self._source, source_id=self._source_id)
        reason = message("mailbox.mail-too-large", size=-(-size // 2**20), limit=MAX_MAIL_BYTES // 2**20)
        file = SourceFile(source_id=self._source_id, path=path, mark=(size, time.time_ns()), sha256=None)
        with self._services.database.write(self._services.space_id) as transaction:
            unfiled.add(transaction, arrival, reason, None)
            source_files.record(transaction, file, FileOutcome.UNREADABLE, None)

    def _parts(self, opened: Opened, sha256: str, uid: int) -> tuple[ArrivedPart, ...]:
        mail = opened[0].outer_mail
        own_address = self._address.user
        is_own = mail is not None and is_from(mail, own_address)
        name = safe_file_name(f"{mail.subject[:100] if mail else ''}.eml", self._path(uid))
        directory = directory_of(mail, own_address) if mail is not None else ""
        incoming = Incoming(
            sha256=sha256,
            file_name=name,
            path=f"{directory}/{name}" if directory else name,
            source=self._source,
            source_id=self._source_id,
            mail=mail,
            waits_for=message("placing.own-mail", address=own_address) if is_own else None,
        )
        parts = arrivals.opened(self._services, incoming)
        return self._unknown(parts) if is_own else parts

    def _unknown(self, parts: tuple[ArrivedPart, ...]) -> tuple[ArrivedPart, ...]:
        """Returns the parts that are no documents yet: what the firm sends is often one, of which it gets a copy."""
        table = tables.document
        found = []
        with self._services.database.read() as connection:
            for part in parts:
                sha256 = part.arrival.sha256 if isinstance(part.arrival, Incoming) else None
                same = select(table.c.id).where(table.c.space_id == self._services.space_id, table.c.sha256 == sha256)
                if sha256 is None or connection.execute(same.limit(1)).first() is None:
                    found.append(part)
        return tuple(found)

    def _outcome_of(self, sha256: str) -> FileOutcome | None:
        """Returns what came of the same mail under an earlier number: KNOWN, or LETTER."""
        table = tables.source_file
        same = (table.c.source_id == self._source_id, table.c.sha256 == sha256)
        with self._services.database.read() as connection:
            found = connection.execute(select(table.c.outcome).where(*same).limit(1)).scalar()
        if found is None:
            return None
        return FileOutcome.LETTER if found == FileOutcome.LETTER else FileOutcome.KNOWN

    @property
    def _source(self) -> str:
        return source_name(self._address)

    def _path(self, uid: int) -> str:
        return f"mail-{self._connection.validity}-{uid}.eml"


def _cause(problem: Message) -> Message:
    return msgspec.structs.replace(problem, quote="")


def source_name(address: MailboxAddress) -> str:
    """Returns the source name of a mailbox, as shown with its unfiled documents."""
    return f"mailbox {address.user}"


def _is_letter(opened: Opened) -> bool:
    return len(opened) == 1 and opened[0].refusal is not None and opened[0].refusal.code == LETTER


# The sign-in


def try_sign_in(
    services: Services, source_id: str, tokens: AccessTokens | None = None, ca_file: Path | None = None
) -> TestResult:
    """Signs in with what is stored and selects the folder. Takes up to a minute.

    Raises:
        RequestFailure: there is no such mailbox.
    """
    from banqup_tui.sources.mailbox import MailboxFault

    path, sealed = _stored(services, source_id)
    access = mailbox_access.opened(services, source_id, path, sealed)
    problem: Message | None = None
    if not access:
        problem = message("mailbox.no-password", id=source_id)
    else:
        try:
            mailbox_access.connected(read_address(path), access, tokens, ca_file).close()
        except MailboxFault as error:
            problem = Redactor([access.password]).message(error.message)
    return TestResult(steps=(_opened_step(path, problem),))


def _stored(services: Services, source_id: str) -> tuple[str, bytes | None]:
    """Returns the address and the sealed password of a mailbox. Raises `RequestFailure` if there is none."""
    source, mailbox = tables.source, tables.mailbox
    mine = (source.c.id == source_id, source.c.space_id == services.space_id)
    statement = select(source.c.path, mailbox.c.sealed).join(mailbox, mailbox.c.id == source.c.id)
    with services.database.read() as connection:
        found = connection.execute(statement.where(*mine, source.c.kind == str(SourceKind.MAILBOX))).first()
    if found is None:
        raise RequestFailure(ProblemType.NOT_FOUND, Message("source.gone"))
    return found.path, found.sealed


def _opened_step(path: str, problem: Message | None) -> TestStep:
    return TestStep(ok=problem is None, message=problem or message("mailbox.opened", address=path))


def set_password(services: Services, source_id: str, password: Secret, ca_file: Path | None = None) -> TestResult:
    """Tries a password and stores it, unless the server refuses it; as `set_access`."""
    return set_access(services, source_id, MailboxAccess(password=password), None, ca_file)


def set_access(
    services: Services,
    source_id: str,
    access: MailboxAccess,
    tokens: AccessTokens | None,
    ca_file: Path | None = None,
) -> TestResult:
    """Tries a password or a sign-in and stores it, unless the server refuses it. Takes up to a minute.

    Raises:
        RequestFailure: there is no such mailbox.
    """
    from banqup_tui.sources.mailbox import MailboxFault, SignInRefused

    path, _before = _stored(services, source_id)
    problem: Message | None = None
    try:
        mailbox_access.connected(read_address(path), access, tokens, ca_file).close()
    except SignInRefused as error:
        return TestResult(steps=(TestStep(ok=False, message=Redactor([access.password]).message(error.message)),))
    except MailboxFault as error:
        problem = Redactor([access.password]).message(error.message)
    sealed = mailbox_access.sealed(services, source_id, path, access)
    table = tables.mailbox
    with services.database.write(services.space_id) as transaction:
        transaction.execute(update(table).where(table.c.id == source_id).values(sealed=sealed))
        transaction.changed(EntityKind.SOURCE, source_id)
    return TestResult(steps=(_opened_step(path, problem),))
