"""Sends pending commands and pulls changes over one connection."""

import asyncio
import time
from collections.abc import Set

from banqup_tui.store import copy_updates
from banqup_tui.store.copy import LocalCopy
from banqup_tui.store.files import FileCache, Spool
from banqup_tui.store.outbox import Outbox
from banqup_tui.sync import pull
from banqup_tui.sync.errors import Busy, CopyTooOld, ServerFault
from banqup_tui.sync.listeners import Listeners
from banqup_tui.sync.push import push, push_imports
from banqup_tui.sync.server import ServerLike
from banqup_tui.sync.state import SyncWord
from banqup_tui.sync.trouble import SendingPause, SyncTrouble


class Exchange:
    """Sends and pulls in small pieces, and notifies the listeners after each.

    `last_pull` is the monotonic time of the connection's last pull, 0 before the first. Use it in one event loop.
    """

    def __init__(
        self,
        server: ServerLike,
        copy: LocalCopy,
        outbox: Outbox,
        *,
        files: FileCache,
        spool: Spool,
        listeners: Listeners,
        trouble: SyncTrouble,
        pause: SendingPause,
    ) -> None:
        self.server = server
        self.last_pull = 0.0
        self._copy = copy
        self._outbox = outbox
        self._files = files
        self._spool = spool
        self._listeners = listeners
        self._trouble = trouble
        self._pause = pause
        self._sending = asyncio.Lock()

    async def begin_if_needed(self) -> None:
        if self._copy.state().cursor is None:
            await self._begin()
        self._stamp_anew()

    async def send_some(self) -> bool:
        """Sends a batch of commands and then a batch of imports. Returns True if any command was answered."""
        # A round and `until_answered` would send the same commands twice.
        async with self._sending:
            return await self._send_some()

    async def _send_some(self) -> bool:
        if not self._pause.is_over or not self._outbox.waiting_count():
            return False
        self._listeners.update_state(SyncWord.SENDING)
        answered = 0
        try:
            answered += await push(self.server, self._outbox)
            answered += await push_imports(self.server, self._outbox, self._spool)
            self._pause.was_taken()
        except (Busy, ServerFault) as error:
            self._pause.begin(error)
        if answered:
            self._listeners.notify()
        return answered > 0

    async def pull_some(self) -> bool:
        """Pulls the next changes, and then the next page of a backfill. Returns True if there is more to pull.

        Changes and pages alternate, so that news arrives during a long first copy.
        """
        self.last_pull = time.monotonic()
        if self._copy.state().cursor is None:  # a new copy, or one that was begun again because it was damaged
            await self._begin()
            return True
        try:
            changed, more = await pull.changes(self.server, self._copy, self._files)
        except CopyTooOld:
            await self._begin()
            return True
        self._trouble.over()
        if changed:
            self._listeners.notify()
        state = self._copy.state()
        if state.backfills:
            self._listeners.update_state()
            if await pull.page(self.server, self._copy):
                self._listeners.notify()
            return True
        self._outbox.shown(state.seq)
        return more

    async def pull_extensions(self) -> None:
        if await pull.extensions(self.server, self._copy):
            self._listeners.notify()

    async def pull_extensions_if_some_are_not_allowed(self) -> None:
        """Pulls the extensions after a command that may have allowed a package: its manifest is in the Store then."""
        if copy_updates.knows_packages_not_allowed(self._copy):
            await self.pull_extensions()

    async def everything(self) -> None:
        """Sends all pending commands, and pulls until the copy is complete."""
        await self.begin_if_needed()
        while await self.send_some():
            pass
        await self._pull_all()
        self._listeners.update_state()

    async def until_answered(self, keys: Set[str]) -> None:
        """Sends until each of these commands is answered, and pulls until the copy has their effects."""
        await self.begin_if_needed()
        while self._outbox.is_any_open(keys):
            if not await self.send_some():
                await asyncio.sleep(0.05)
        await self._pull_all()

    async def _begin(self) -> None:
        if await pull.begin(self.server, self._copy, self._files):
            self._listeners.notify()
        self._stamp_anew()

    def _stamp_anew(self) -> None:
        state = self._copy.state()
        self._outbox.stamp_anew(state.epoch, state.seq)

    async def _pull_all(self) -> None:
        more = True
        while more:
            more = await self.pull_some()
