"""Keeps the copy and the server in step, in one thread of its own with its own event loop.

Started with `start` it runs until `stop`. Without it, the one-shot calls (`sync_once`, `push_and_wait`, `download`,
`test_connection`, `begin_sign_in` and what follows it, `backfill_count`, `attempts`, `to_place`) connect for
themselves; with it, they use its connection. They block, so a screen calls them from a worker.
"""

import asyncio
import random
import sqlite3
import threading
import time
import uuid
from collections.abc import Callable, Coroutine, Sequence
from contextlib import suppress
from datetime import UTC, date, datetime
from pathlib import Path
from typing import Any, TypeVar

from banqup_tui.domain.delivery import Attempt
from banqup_tui.domain.errors import BanqupError
from banqup_tui.domain.folder import Folder
from banqup_tui.domain.source import ToPlace
from banqup_tui.protocol.local import Endpoint
from banqup_tui.protocol.messages import BackfillCount, SignIn, SignInRequest, TestRequest, TestResult
from banqup_tui.store import lease
from banqup_tui.store.copy import Copy
from banqup_tui.store.files import FileCache, Spool
from banqup_tui.store.outbox import Outbox
from banqup_tui.store.outbox_entry import Entry
from banqup_tui.store.touched import Touched
from banqup_tui.sync import live
from banqup_tui.sync.errors import (
    Busy,
    CopyTooOld,
    NoNetwork,
    NotAnswered,
    ServerDown,
    ServerFault,
    SignedOut,
    SyncError,
)
from banqup_tui.sync.push import push, push_imports
from banqup_tui.sync.server import ServerLike
from banqup_tui.sync.state import SyncState, SyncWord
from banqup_tui.sync.threads import in_thread

PULL_SECONDS = 60.0
PULL_SECONDS_WITHOUT_STREAM = 5.0
GLANCE_SECONDS = 1.0
LEASE_RENEWED_SECONDS = 5.0
LONGEST_BACK_OFF = 60.0
_STOP_SECONDS = 2.0

_V = TypeVar("_V")
Listener = Callable[[Touched], None]


def http_server(endpoint: Endpoint) -> ServerLike:
    from banqup_tui.sync.http import Server

    return Server(endpoint)


class Engine:
    """`connect` blocks until the server is found (a local one is started by it) and may raise `BanqupError`.

    Listeners are called in the engine's thread: after each change of the copy with what changed, after each change
    of `state` with nothing changed. They must be quick and must not raise.
    """

    def __init__(
        self,
        copy: Copy,
        outbox: Outbox,
        connect: Callable[[], Endpoint],
        *,
        files: FileCache,
        spool: Spool,
        make_server: Callable[[Endpoint], ServerLike] = http_server,
        chance: Callable[[], float] = random.random,
        now: Callable[[], datetime] = lambda: datetime.now(UTC),
    ) -> None:
        self.copy = copy
        self.outbox = outbox
        self.files = files
        self.spool = spool
        self.state = SyncState()
        self._connect = connect
        self._make_server = make_server
        self._chance = chance
        self._now = now
        self._name = str(uuid.uuid4())
        self._listeners: list[Listener] = []
        self._thread: threading.Thread | None = None
        self._loop: asyncio.AbstractEventLoop | None = None
        self._stop: asyncio.Event | None = None
        self._woken: asyncio.Event | None = None
        self._server: ServerLike | None = None
        self._settled = threading.Condition()
        self._is_live = False
        self._trouble: BanqupError | None = None
        self._trouble_since: datetime | None = None
        self._looking_since: datetime | None = None
        self._tries = 0
        self._last_pull = 0.0
        self._last_lease = 0.0
        self._is_leader = False
        self._is_asked = False
        self._is_hinted = False
        self._send_at = 0.0
        self._send_tries = 0
        self._noticed = -1

    # running

    def start(self) -> None:
        if self._thread is not None:
            return
        ready = threading.Event()
        self._thread = threading.Thread(target=self._run, args=(ready,), name="sync", daemon=True)
        self._thread.start()
        ready.wait()

    def stop(self) -> None:
        """Prompt: a request under way is dropped, its command is sent again with the same key the next time."""
        thread, loop = self._thread, self._loop
        if thread is None or loop is None:
            return
        with suppress(RuntimeError):
            loop.call_soon_threadsafe(self._ask_to_stop)
        thread.join(_STOP_SECONDS)
        self._thread = None

    def wake(self) -> None:
        """Something was given to the outbox, or the user wants it tried now."""
        self._is_asked = True
        self._send_at = 0.0
        loop = self._loop
        if loop is not None:
            with suppress(RuntimeError):
                loop.call_soon_threadsafe(self._awaken)

    def _awaken(self) -> None:
        if self._woken is not None:
            self._woken.set()
        if self._server is None:
            self._say(SyncWord.STARTING)

    def subscribe(self, listener: Listener) -> Callable[[], None]:
        """Returns what ends the subscription."""
        self._listeners.append(listener)
        return lambda: self._listeners.remove(listener) if listener in self._listeners else None

    @property
    def is_running(self) -> bool:
        return self._thread is not None and self._thread.is_alive()

    # one question, one answer

    def sync_once(self, timeout: float = 120.0) -> SyncState:
        """Send what waits and pull until the copy is complete."""
        self._ask(self._sync_once, timeout)
        return self.state

    def push_and_wait(self, keys: Sequence[str], timeout: float = 60.0) -> list[Entry]:
        """Until each is answered and the copy shows it. Raises `NotAnswered`: they are kept and go on by themselves."""
        wanted = set(keys)

        async def until(server: ServerLike) -> None:
            await self._begin_if_needed(server)
            while self._open_among(wanted):
                if not await self._send_some(server):
                    await asyncio.sleep(0.05)
            await self._pull_all(server)

        self._ask(until, timeout)
        return [entry for key in keys if (entry := self.outbox.entry(key)) is not None]

    def download(self, sha256: str, timeout: float = 120.0) -> Path:
        """The file on this computer, from the cache, the spool or the server."""
        found = self.files.get(sha256)
        if found is not None:
            return found
        if self.spool.path(sha256).is_file():
            return self.spool.path(sha256)
        return self._ask(lambda server: server.download(sha256, self.files), timeout)

    def test_connection(self, request: TestRequest, timeout: float = 120.0) -> TestResult:
        return self._ask(lambda server: server.test(request), timeout)

    def begin_sign_in(self, request: SignInRequest, timeout: float = 60.0) -> SignIn:
        return self._ask(lambda server: server.begin_sign_in(request), timeout)

    def sign_in(self, sign_in_id: str, timeout: float = 30.0) -> SignIn:
        return self._ask(lambda server: server.sign_in(sign_in_id), timeout)

    def return_to(self, sign_in_id: str, address: str, timeout: float = 120.0) -> SignIn:
        return self._ask(lambda server: server.return_to(sign_in_id, address), timeout)

    def backfill_count(
        self,
        client_id: str,
        folders: Sequence[Folder] | None = None,
        since: date | None = None,
        timeout: float = 30.0,
    ) -> BackfillCount:
        return self._ask(lambda server: server.backfill(client_id, folders, since), timeout)

    def attempts(self, delivery_id: str, timeout: float = 30.0) -> list[Attempt]:
        return self._ask(lambda server: server.attempts(delivery_id), timeout)

    def to_place(self, timeout: float = 30.0) -> list[ToPlace]:
        return self._ask(lambda server: server.to_place(), timeout)

    def _ask(self, question: Callable[[ServerLike], Coroutine[Any, Any, _V]], timeout: float) -> _V:
        """On the engine's loop where it runs, else on one of its own."""
        loop = self._loop
        if self.is_running and loop is not None and threading.current_thread() is not self._thread:
            future = asyncio.run_coroutine_threadsafe(self._asked_while_running(question, timeout), loop)
            try:
                return future.result(timeout + 5)
            except (TimeoutError, asyncio.CancelledError):
                raise NotAnswered from None
        return asyncio.run(self._asked_alone(question, timeout))

    async def _asked_while_running(
        self, question: Callable[[ServerLike], Coroutine[Any, Any, _V]], timeout: float
    ) -> _V:
        try:
            async with asyncio.timeout(timeout):
                while self._server is None:
                    if self._trouble is not None:
                        raise self._trouble
                    await asyncio.sleep(0.02)
                return await question(self._server)
        except TimeoutError:
            raise NotAnswered from None

    async def _asked_alone(self, question: Callable[[ServerLike], Coroutine[Any, Any, _V]], timeout: float) -> _V:
        try:
            async with asyncio.timeout(timeout):
                server = self._make_server(await in_thread(self._connect))
                try:
                    return await question(server)
                finally:
                    await server.close()
        except TimeoutError:
            raise NotAnswered from None

    async def _sync_once(self, server: ServerLike) -> None:
        await self._begin_if_needed(server)
        while await self._send_some(server):
            pass
        await self._pull_all(server)
        self._trouble = None
        self._say()

    def _open_among(self, keys: set[str]) -> bool:
        return any(entry.key in keys for entry in self.outbox.waiting())

    # the thread

    def _run(self, ready: threading.Event) -> None:
        loop = asyncio.new_event_loop()
        asyncio.set_event_loop(loop)
        self._loop, self._stop, self._woken = loop, asyncio.Event(), asyncio.Event()
        ready.set()
        try:
            with suppress(OSError, sqlite3.OperationalError):
                self.spool.keep_only(self.outbox.forget_old())
            loop.run_until_complete(self._until_stopped())
        finally:
            self._loop = None
            with suppress(Exception):
                lease.step_down(self.outbox, self._name)
            loop.close()

    def _ask_to_stop(self) -> None:
        if self._stop is not None:
            self._stop.set()

    async def _until_stopped(self) -> None:
        assert self._stop is not None
        main = asyncio.create_task(self._for_ever())
        stopping = asyncio.create_task(self._stop.wait())
        await asyncio.wait({main, stopping}, return_when=asyncio.FIRST_COMPLETED)
        others = [task for task in asyncio.all_tasks() if task is not asyncio.current_task()]
        for task in others:
            task.cancel()
        await asyncio.wait(others, timeout=1.0)
        for task in others:
            if task.done() and not task.cancelled():
                task.exception()

    async def _for_ever(self) -> None:
        while True:
            try:
                await self._connected()
            except BanqupError as error:
                await self._after_trouble(error)
            except sqlite3.DatabaseError as error:
                await self._after_damage(error)

    async def _connected(self) -> None:
        """From a connection made until it is lost."""
        if self._trouble is None:
            self._say(SyncWord.STARTING)
        self._looking_since = self._now()
        server = self._make_server(await in_thread(self._connect))
        self._looking_since = None
        hints = asyncio.create_task(self._listen(server))
        try:
            from banqup_tui.sync import pull  # here and below: the first frame does without

            await self._begin_if_needed(server)
            self._server = server
            self._last_pull = 0.0
            with suppress(sqlite3.OperationalError):
                if await pull.extensions(server, self.copy):
                    self._tell(Touched(kinds={"Extension"}))
            while True:
                await self._round(server)
        finally:
            self._server = None
            self._is_live = False
            hints.cancel()
            await server.close()

    async def _round(self, server: ServerLike) -> None:
        """One round of work, or a wait for some."""
        assert self._woken is not None
        is_asked, self._is_asked = self._is_asked, False
        self._woken.clear()
        if not (is_asked or self._leads()):
            self._notice_others()
            await self._wait(GLANCE_SECONDS)
            return
        sent = await self._send_some(server)
        more = (is_asked or sent or self._is_pull_due()) and await self._pull_some(server)
        if not (sent or more):
            self._say()
            await self._wait(GLANCE_SECONDS)

    def _is_pull_due(self) -> bool:
        is_hinted, self._is_hinted = self._is_hinted, False
        every = PULL_SECONDS if self._is_live else PULL_SECONDS_WITHOUT_STREAM
        return is_hinted or time.monotonic() - self._last_pull >= every or not self.copy.state().is_complete

    def _leads(self) -> bool:
        if self._is_leader and time.monotonic() - self._last_lease < LEASE_RENEWED_SECONDS:
            return True
        self._is_leader = lease.lead(self.outbox, self._name)
        self._last_lease = time.monotonic()
        return self._is_leader

    def _notice_others(self) -> None:
        """Another terminal pulls: look whether it has changed the copy."""
        step = self.copy.state().step
        if step != self._noticed:
            self._noticed = step
            self._tell(Touched(everything=True))
        self._say()

    async def _wait(self, seconds: float) -> None:
        assert self._woken is not None
        with suppress(TimeoutError):
            async with asyncio.timeout(seconds):
                await self._woken.wait()

    async def _listen(self, server: ServerLike) -> None:
        """Hints for as long as the connection stands; without them a pull happens all the same."""
        tries = 0
        while True:
            try:
                await live.follow(server, self._stream_opened, self._hinted)
                tries = 0
            except SyncError:
                tries += 1
            self._is_live = False
            await asyncio.sleep(self._back_off(tries))

    def _stream_opened(self) -> None:
        self._is_live = True

    def _hinted(self, seq: int) -> None:
        if seq > self.copy.state().seq and self._woken is not None:
            self._is_hinted = True
            self._woken.set()

    # sending and pulling

    async def _begin_if_needed(self, server: ServerLike) -> None:
        if self.copy.state().cursor is None:
            await self._begin(server)
        state = self.copy.state()
        self.outbox.stamp_anew(state.epoch, state.seq)

    async def _begin(self, server: ServerLike) -> None:
        from banqup_tui.sync import pull

        touched = await pull.begin(server, self.copy, self.files)
        if touched is not None:
            self._tell(touched)
        state = self.copy.state()
        self.outbox.stamp_anew(state.epoch, state.seq)

    async def _send_some(self, server: ServerLike) -> bool:
        """Commands before imports. True if anything was answered."""
        if time.monotonic() < self._send_at or not self.outbox.waiting_count():
            return False
        self._say(SyncWord.SENDING)
        answered = 0
        try:
            answered += await push(server, self.outbox)
            answered += await push_imports(server, self.outbox, self.spool)
            self._send_tries = 0
        except (Busy, ServerFault) as error:
            self._send_later(error)
        if answered:
            self._tell(Touched(kinds={"Command"}))
        return answered > 0

    def _send_later(self, error: ServerDown) -> None:
        """What can not be taken now does not hold up the news."""
        self._send_tries += 1
        self._send_at = time.monotonic() + max(error.retry_after or 0.0, self._back_off(self._send_tries))

    async def _pull_some(self, server: ServerLike) -> bool:
        """The next changes, and the next page of what is still to be copied. True if there is more."""
        from banqup_tui.sync import pull

        self._last_pull = time.monotonic()
        try:
            touched, more = await pull.changes(server, self.copy, self.files)
        except CopyTooOld:
            await self._begin(server)
            return True
        self._trouble, self._trouble_since, self._tries = None, None, 0
        if touched is not None:
            self._tell(touched)
        state = self.copy.state()
        if state.backfills:
            self._say()
            page = await pull.page(server, self.copy)
            if page is not None:
                self._tell(page)
            return True
        self.outbox.shown(state.seq)
        return more or touched is None

    async def _pull_all(self, server: ServerLike) -> None:
        more = True
        while more:
            more = await self._pull_some(server)

    # trouble

    async def _after_trouble(self, error: BanqupError) -> None:
        """Wait longer each time, at most a minute; waking tries at once."""
        if self._trouble_since is None:
            self._trouble_since = self._looking_since or self._now()
        self._looking_since = None
        self._tries += 1
        self._trouble = error
        self._say()
        asked = error.retry_after if isinstance(error, ServerDown) else None
        first_local_loss = self._tries == 1 and not isinstance(error, Busy | SignedOut)
        await self._wait(0.0 if first_local_loss else max(asked or 0.0, self._back_off(self._tries - 1)))
        if self._woken is not None:
            self._woken.clear()

    async def _after_damage(self, error: sqlite3.DatabaseError) -> None:
        """A copy that can not be read is set aside and made again. A file that is only busy is tried again."""
        if not isinstance(error, sqlite3.OperationalError):
            self.copy.put_aside()
            self._tell(Touched(everything=True))
        await self._after_trouble(BanqupError(f"The local copy can not be used: {error}.", "It is tried again."))

    def _back_off(self, tries: int) -> float:
        """1 s doubled each time, up to a minute, shortened by chance so that not all come at once."""
        return min(LONGEST_BACK_OFF, 2.0 ** min(max(tries - 1, 0), 6)) * (0.5 + self._chance() / 2)

    # saying

    def _tell(self, touched: Touched) -> None:
        if not (touched.everything or touched.clients or touched.documents or touched.kinds):
            return
        self._call_listeners(touched)

    def _say(self, busy_with: SyncWord | None = None) -> None:
        state = self._current(busy_with)
        if state != self.state:
            self.state = state
            self._call_listeners(Touched())

    def _call_listeners(self, touched: Touched) -> None:
        for listener in tuple(self._listeners):
            listener(touched)

    def _current(self, busy_with: SyncWord | None) -> SyncState:
        kept = self.outbox.waiting_count()
        refused = len(self.outbox.to_look_at())
        copy = self.copy.state()
        word = self._word(busy_with, kept, refused, copy.is_complete, copy.again)
        trouble = self._trouble
        return SyncState(
            word=word,
            kept=kept,
            since=self._trouble_since if trouble else None,
            tries=self._tries if trouble else 0,
            done=0 if copy.is_complete else copy.arrived,
            total=0 if copy.is_complete else copy.expected,
            refused=refused,
            sentence=trouble.sentence if trouble else "",
            remedy=trouble.remedy if trouble else "",
        )

    def _word(self, busy_with: SyncWord | None, kept: int, refused: int, is_complete: bool, again: bool) -> SyncWord:
        if self._trouble is not None:
            return _WORDS.get(type(self._trouble), SyncWord.SERVER_DOWN)
        if busy_with is SyncWord.STARTING:
            return SyncWord.STARTING
        if not is_complete:
            return SyncWord.RECOPYING if again else SyncWord.FIRST_COPY
        if kept:
            return SyncWord.SENDING
        if busy_with is not None and busy_with is not SyncWord.SENDING:
            return busy_with
        return SyncWord.REFUSED if refused else SyncWord.IN_STEP


_WORDS: dict[type[BaseException], SyncWord] = {NoNetwork: SyncWord.OFFLINE, SignedOut: SyncWord.SIGNED_OUT}
