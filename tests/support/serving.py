"""A service on a real loopback port within the test's own loop, and a client that speaks to it."""

import asyncio
import socket
import uuid
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from functools import partial
from pathlib import Path
from typing import Any

import httpx
import msgspec
import uvicorn
from sqlalchemy import insert

from banqup_tui.backend.api.application import ServiceLimits, service
from banqup_tui.backend.api.auth import Access, TokenAuth
from banqup_tui.backend.api.connections import TcpConnection, TcpConnections
from banqup_tui.backend.api.event_hub import Hub
from banqup_tui.backend.db import tables
from banqup_tui.backend.db.tables.spaces import LOCAL_USER
from banqup_tui.backend.integrations.oauth.callback_server import ReturnListener
from banqup_tui.backend.integrations.oauth.flow import returned
from banqup_tui.backend.runtime import components
from banqup_tui.backend.runtime.tcp_listener import Hosts
from banqup_tui.backend.services import Services
from banqup_tui.protocol.commands import CommandBody
from tests.support.prepared_routes import prepared_routes
from tests.support.services import EPOCH, SPACE, services_in
from tests.support.waiting import LONG

TOKEN = "token-of-this-instance"
BASE = f"/v1/spaces/{SPACE}"


def space_in(directory: Path) -> Services:
    """`services_in`, with the one user of a local backend as its administrator."""
    services = services_in(directory)
    with services.database.engine.begin() as connection:
        member = {"space_id": SPACE, "user_id": LOCAL_USER, "role": "ADMINISTRATOR"}
        connection.execute(insert(tables.member).values(member))
    return services


class ServedApp:
    """What a terminal can ask, in the fewest words."""

    base = BASE

    def __init__(self, http: httpx.AsyncClient, services: Services, hub: Hub) -> None:
        self.http = http
        self.services = services
        self.hub = hub
        self.retired: list[int] = []

    async def get(self, path: str, **params: Any) -> httpx.Response:
        return await self.http.get(BASE + path, params=params)

    async def snapshot(self) -> dict[str, Any]:
        found: dict[str, Any] = (await self.get("/snapshot")).json()
        return found

    async def command(self, body: CommandBody, *, key: str | None = None, seen: str = f"{EPOCH}.0") -> dict[str, Any]:
        answer = await self.batch([written(body, key=key, seen=seen)])
        assert answer.status_code == 200, answer.text
        result: dict[str, Any] = answer.json()["results"][0]
        return result

    async def batch(self, commands: list[dict[str, Any]]) -> httpx.Response:
        return await self.http.post(BASE + "/commands", json={"commands": commands})


def written(body: CommandBody, *, key: str | None = None, seen: str = f"{EPOCH}.0") -> dict[str, Any]:
    content = msgspec.to_builtins(body)
    return {"key": key or str(uuid.uuid4()), "kind": body.KIND, "seen": seen, "body": content}


@asynccontextmanager
async def serving(
    services: Services, *, handlers: dict[Any, Any] | None = None, settings: ServiceLimits | None = None
) -> AsyncIterator[ServedApp]:
    hub = Hub(asyncio.get_running_loop())
    retired: list[int] = []
    returns = ReturnListener(lambda query: returned(services, query))
    with prepared_routes():
        routes = service(
            services,
            components.handlers() if handlers is None else handlers,
            hub,
            returns=returns,
            instance_id="instance",
            retire=retired.append,
            settings=settings,
        )
    access = Access(
        routes,
        TokenAuth(TOKEN, LOCAL_USER, Hosts("127.0.0.1")),
        hub,
        requests_a_minute=(settings or ServiceLimits()).requests_a_minute,
        deadlines=True,
    )
    connection: Any = partial(TcpConnection, TcpConnections())
    with socket.create_server(("127.0.0.1", 0)) as listening:
        config = uvicorn.Config(
            access, http=connection, ws="none", lifespan="off", log_config=None, timeout_graceful_shutdown=2
        )
        server = _Quiet(config)
        running = asyncio.create_task(server.serve([listening]))
        address = f"http://127.0.0.1:{listening.getsockname()[1]}"
        headers = {"Authorization": f"Bearer {TOKEN}"}
        # `verify`: no certificate is needed, and to read those of all authorities takes 20 ms of CPU.
        async with httpx.AsyncClient(
            base_url=address, headers=headers, trust_env=False, timeout=LONG, verify=False
        ) as http:
            served = ServedApp(http, services, hub)
            served.retired = retired
            try:
                yield served
            finally:
                hub.close()
                returns.close()
                server.should_exit = True
                await running


class _Quiet(uvicorn.Server):
    def install_signal_handlers(self) -> None:
        """The test's process keeps its own."""
