"""A running backend: routes, background tasks, idle end and shutdown."""

import asyncio
import contextlib
import logging
import signal
import socket
from collections.abc import Awaitable, Callable, Container, Iterator
from dataclasses import dataclass
from functools import partial
from typing import Any

import uvicorn

from banqup_tui.backend.api.application import ServiceLimits, service
from banqup_tui.backend.api.auth import Access, Application, Auth, LocalAuth, TokenAuth
from banqup_tui.backend.api.connections import LocalServerConnection, TcpConnection, TcpConnections
from banqup_tui.backend.api.event_hub import Hub
from banqup_tui.backend.api.snapshots import has_sources
from banqup_tui.backend.db.tables.spaces import LOCAL_USER
from banqup_tui.backend.intake.content_check import ContentCheck
from banqup_tui.backend.integrations.oauth.callback_server import ReturnListener
from banqup_tui.backend.integrations.oauth.flow import returned
from banqup_tui.backend.runtime import components
from banqup_tui.backend.runtime.local_listener import LocalListener
from banqup_tui.backend.runtime.pruning import prune
from banqup_tui.backend.services import Services
from banqup_tui.domain.values import Value
from banqup_tui.kill_points import kill_point

SECONDS_FOR_SENDS = 30.0
SECONDS_FOR_REQUESTS = 5
KEEP_ALIVE_SECONDS = 75
"""Seconds, longer than a terminal's pause between two pulls."""
SECONDS_BETWEEN_PRUNINGS = 6 * 3600.0
SECONDS_BETWEEN_LOOKS = 5.0
"""Between checks that the socket still exists."""
_log = logging.getLogger(__name__)


class BackendOptions(Value, frozen=True, kw_only=True):
    """Parameters of a backend.

    `idle_seconds`: it ends after this time without connections, due work and sources; `None`: never.
    """

    instance_id: str
    idle_seconds: float | None
    settings: ServiceLimits = ServiceLimits()


class _Server(uvicorn.Server):
    """uvicorn without its signal handlers, which calls `on_accepting` when it accepts connections."""

    def __init__(self, config: uvicorn.Config, on_accepting: Callable[[], None]) -> None:
        super().__init__(config)
        self._on_accepting = on_accepting

    @contextlib.contextmanager
    def capture_signals(self) -> Iterator[None]:
        yield

    async def startup(self, sockets: list[socket.socket] | None = None) -> None:
        await super().startup(sockets)
        self._on_accepting()


@dataclass(frozen=True)
class Tcp:
    """A socket that listens on TCP beside the local one."""

    socket: socket.socket
    token: str
    hosts: Container[str]


class Backend:
    """A running service. `run` returns when everything has ended."""

    def __init__(
        self,
        services: Services,
        plan: BackendOptions,
        local: LocalListener,
        tcp: Tcp | None = None,
        *,
        retire: Callable[[int], None],
    ) -> None:
        self._services = services
        self._plan = plan
        self._local = local
        self._tcp = tcp
        self._mark_retired = retire
        self._closing = asyncio.Event()
        self._stop = asyncio.Event()
        self._dispatch = components.dispatch(services, plan.instance_id)
        self._background: list[asyncio.Task[None]] = []
        self._servers: dict[_Server, asyncio.Task[None]] = {}

    async def run(self, publish: Callable[[socket.socket], None]) -> None:
        """Runs the service. `publish` makes the local socket listen, so no request is answered before it returns."""
        loop = asyncio.get_running_loop()
        for number in (signal.SIGTERM, signal.SIGINT, signal.SIGHUP):
            loop.add_signal_handler(number, self._closing.set)
        hub = Hub(loop)
        returns = ReturnListener(lambda query: returned(self._services, query))
        routes = service(
            self._services,
            components.handlers(),
            hub,
            returns=returns,
            instance_id=self._plan.instance_id,
            retire=lambda protocol: self._retire(protocol, loop),
            settings=self._plan.settings,
        )
        # Before the listeners open: deliveries of a dead process must be settled before a command can act on them.
        await asyncio.to_thread(self._dispatch.take_over)
        await self._listen(routes, hub, publish)
        _log.info("listening")
        self._start_background(hub, routes)
        ends = [asyncio.create_task(self._closing.wait()), *self._servers.values()]
        await asyncio.wait(ends, return_when="FIRST_COMPLETED")
        returns.close()
        await self._close(hub)

    async def _listen(self, routes: Application, hub: Hub, publish: Callable[[socket.socket], None]) -> None:
        if self._tcp is not None:
            auth = TokenAuth(self._tcp.token, LOCAL_USER, self._tcp.hosts)
            access = self._access(routes, auth, hub, deadlines=True)
            await self._serve_on(self._tcp.socket, access, partial(TcpConnection, TcpConnections()))
        bound = self._local.bind()
        publish(bound)
        await self._listen_locally(bound, routes, hub)

    async def _listen_locally(self, bound: socket.socket, routes: Application, hub: Hub) -> None:
        access = self._access(routes, LocalAuth(LOCAL_USER), hub)
        await self._serve_on(bound, access, LocalServerConnection)

    def _access(self, routes: Application, auth: Auth, hub: Hub, *, deadlines: bool = False) -> Access:
        return Access(routes, auth, hub, requests_a_minute=self._plan.settings.requests_a_minute, deadlines=deadlines)

    async def _serve_on(self, listening: socket.socket, access: Access, connection: object) -> None:
        """Serves a socket. Returns when connections are accepted."""
        started = asyncio.Event()
        server = _Server(_config(access, connection), started.set)
        task = asyncio.create_task(server.serve([listening]))
        self._servers[server] = task
        await asyncio.wait({task, asyncio.create_task(started.wait())}, return_when="FIRST_COMPLETED")
        if task.done():
            task.result()

    async def _keep_listening(self, routes: Application, hub: Hub) -> None:
        """Creates the socket again if it was removed. A failure ends the task, which is restarted."""
        while not await self._stopped_within(SECONDS_BETWEEN_LOOKS):
            if not self._local.is_there():
                _log.warning("the socket is gone and is made anew")
                await self._listen_locally(self._local.bind(), routes, hub)

    def _retire(self, protocol: int, loop: asyncio.AbstractEventLoop) -> None:
        self._mark_retired(protocol)
        loop.call_soon_threadsafe(self._closing.set)

    def _start_background(self, hub: Hub, routes: Application) -> None:
        self._start("listening", lambda: self._keep_listening(routes, hub))
        self._start("pruning", self._prune_now_and_then)
        self._start("idle", lambda: self._end_when_idle(hub))
        self._start("dispatch", lambda: self._dispatch.run(self._stop))
        watched_folders = components.watched_folders(self._services)
        self._start("watching", lambda: watched_folders.run(self._stop))
        content = ContentCheck(self._services)
        self._start("content check", lambda: content.run(self._stop))
        drop = components.drop(self._services)
        self._start("drop", lambda: drop.run(self._stop))
        mailbox = components.mailbox(self._services)
        self._start("mailbox", lambda: mailbox.run(self._stop))

    def _start(self, name: str, task: Callable[[], Awaitable[None]]) -> None:
        self._background.append(asyncio.create_task(self._restarted_on_error(name, task), name=name))

    async def _restarted_on_error(self, name: str, task: Callable[[], Awaitable[None]]) -> None:
        """Runs a background task again after an error, without effect on the others."""
        while not self._stop.is_set():
            try:
                await task()
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
        """Tells whether deliveries are due or a source exists, whose files must find a running service."""
        return has_sources(self._services) or self._dispatch.busy()

    async def _close(self, hub: Hub) -> None:
        """Shuts down: refuses new requests, ends streams, and gives deliveries in progress their time."""
        # Kill point: deliveries in progress are settled by the next start, as after a crash.
        kill_point("close.begun")
        hub.close()
        self._stop.set()
        if self._background:
            _, late = await asyncio.wait(self._background, timeout=SECONDS_FOR_SENDS)
            for task in late:
                task.cancel()
            await asyncio.gather(*late, return_exceptions=True)
        for server in self._servers:
            server.should_exit = True
        await asyncio.gather(*self._servers.values())
        # Before the event loop ends: uvloop waits for open connections when it is closed.
        await asyncio.to_thread(self._services.extensions.close)


def _config(access: Access, connection: Any) -> uvicorn.Config:
    return uvicorn.Config(
        access,
        http=connection,
        ws="none",
        loop="asyncio",
        lifespan="off",
        log_config=None,
        access_log=False,
        server_header=False,
        timeout_keep_alive=KEEP_ALIVE_SECONDS,
        timeout_graceful_shutdown=SECONDS_FOR_REQUESTS,
    )
