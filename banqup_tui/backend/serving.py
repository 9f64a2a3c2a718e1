"""A backend while it serves: the routes, what works beside them, when it ends by itself, and how it ends."""

import asyncio
import contextlib
import logging
import signal
import socket
from collections.abc import Awaitable, Callable, Iterator

import uvicorn

from banqup_tui.backend import rooms
from banqup_tui.backend.context import Services
from banqup_tui.backend.hub import Hub
from banqup_tui.backend.pruning import prune
from banqup_tui.backend.reading import has_sources
from banqup_tui.backend.service import Settings, service
from banqup_tui.backend.visitors import LOCAL_USER
from banqup_tui.domain.values import Value
from banqup_tui.kill_points import kill_point

SECONDS_FOR_SENDS = 30.0
SECONDS_FOR_REQUESTS = 5
SECONDS_KEPT_ALIVE = 75
"""Longer than a terminal's pause between two pulls."""
SECONDS_BETWEEN_PRUNINGS = 6 * 3600.0
_log = logging.getLogger(__name__)


class Plan(Value, frozen=True, kw_only=True):
    """`idle_seconds`: with nobody connected, nothing due and no source it ends by itself; `None`: it never does."""

    instance_id: str
    token: str
    idle_seconds: float | None
    settings: Settings = Settings()


class _Server(uvicorn.Server):
    """Signals are the backend's own, and `told` hears when connections are accepted."""

    def __init__(self, config: uvicorn.Config, told: Callable[[], None]) -> None:
        super().__init__(config)
        self._told = told

    @contextlib.contextmanager
    def capture_signals(self) -> Iterator[None]:
        yield

    async def startup(self, sockets: list[socket.socket] | None = None) -> None:
        await super().startup(sockets)
        self._told()


class Backend:
    """One running service. `run` returns once everything has come to rest."""

    def __init__(
        self, services: Services, plan: Plan, listening: socket.socket, *, retire: Callable[[int], None]
    ) -> None:
        self._services = services
        self._plan = plan
        self._socket = listening
        self._mark_retired = retire
        self._closing = asyncio.Event()
        self._stop = asyncio.Event()
        self._dispatch = rooms.dispatch(services, plan.instance_id)
        self._beside: list[asyncio.Task[None]] = []

    async def run(self, serving: Callable[[], None]) -> None:
        """`serving()` is called when it can be reached."""
        loop = asyncio.get_running_loop()
        for number in (signal.SIGTERM, signal.SIGINT, signal.SIGHUP):
            loop.add_signal_handler(number, self._closing.set)
        hub = Hub(loop)
        server = _Server(self._config(hub, loop), serving)
        await asyncio.to_thread(self._dispatch.take_over)
        requests = asyncio.create_task(server.serve([self._socket]))
        self._begin_beside(hub)
        await asyncio.wait({requests, asyncio.create_task(self._closing.wait())}, return_when="FIRST_COMPLETED")
        await self._close(hub, server, requests)

    def _config(self, hub: Hub, loop: asyncio.AbstractEventLoop) -> uvicorn.Config:
        gate = service(
            self._services,
            rooms.handlers(),
            hub,
            token=self._plan.token,
            user_id=LOCAL_USER,
            instance_id=self._plan.instance_id,
            retire=lambda protocol: self._retire(protocol, loop),
            settings=self._plan.settings,
        )
        return uvicorn.Config(
            gate,
            http="h11",
            ws="none",
            loop="asyncio",
            lifespan="off",
            log_config=None,
            access_log=False,
            server_header=False,
            timeout_keep_alive=SECONDS_KEPT_ALIVE,
            timeout_graceful_shutdown=SECONDS_FOR_REQUESTS,
        )

    def _retire(self, protocol: int, loop: asyncio.AbstractEventLoop) -> None:
        self._mark_retired(protocol)
        loop.call_soon_threadsafe(self._closing.set)

    def _begin_beside(self, hub: Hub) -> None:
        self._start("pruning", self._prune_now_and_then)
        self._start("idle", lambda: self._end_when_idle(hub))
        self._start("dispatch", lambda: self._dispatch.run(self._stop))
        watching = rooms.watching(self._services)
        self._start("watching", lambda: watching.run(self._stop))
        drop = rooms.drop(self._services)
        self._start("drop", lambda: drop.run(self._stop))

    def _start(self, name: str, work: Callable[[], Awaitable[None]]) -> None:
        self._beside.append(asyncio.create_task(self._kept_going(name, work), name=name))

    async def _kept_going(self, name: str, work: Callable[[], Awaitable[None]]) -> None:
        """What falls over is taken up again; the others do not notice."""
        while not self._stop.is_set():
            try:
                await work()
                return
            except Exception:
                _log.exception("%s fell over and is taken up again", name)
                await self._stopped_within(1.0)

    async def _stopped_within(self, seconds: float) -> bool:
        try:
            async with asyncio.timeout(seconds):
                await self._stop.wait()
        except TimeoutError:
            return False
        return True

    async def _prune_now_and_then(self) -> None:
        while not await self._stopped_within(SECONDS_BETWEEN_PRUNINGS):
            await asyncio.to_thread(prune, self._services)

    async def _end_when_idle(self, hub: Hub) -> None:
        idle = self._plan.idle_seconds
        while idle is not None and not await self._stopped_within(min(1.0, idle / 4)):
            if hub.quiet_for() < idle or await asyncio.to_thread(self._is_needed):
                continue
            _log.info("nobody is connected, nothing is due and no source is there: ending")
            self._closing.set()
            return

    def _is_needed(self) -> bool:
        """Something is due, or a source is there: what is put into it has to find somebody."""
        return has_sources(self._services) or self._dispatch.busy()

    async def _close(self, hub: Hub, server: uvicorn.Server, requests: "asyncio.Task[None]") -> None:
        """New requests hear that it stops, streams say good-bye, sends under way get their time."""
        kill_point("close.begun")
        hub.close()
        self._stop.set()
        if self._beside:
            _, late = await asyncio.wait(self._beside, timeout=SECONDS_FOR_SENDS)
            for task in late:
                task.cancel()
            await asyncio.gather(*late, return_exceptions=True)
        server.should_exit = True
        await requests
