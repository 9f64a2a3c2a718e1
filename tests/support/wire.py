"""A wire between a connector and its receiver that can be slow, hold everything back, or be cut at a chosen place."""

import asyncio
import contextlib
import socket
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager


class Wire:
    """Relays TCP from a port of its own to the receiver's. All limits concern what passes after they are set."""

    def __init__(self, target: int, host: str = "127.0.0.1") -> None:
        self._target, self._host = target, host
        self._server: asyncio.Server | None = None
        self._tasks: set[asyncio.Task[None]] = set()
        self._pairs: list[asyncio.StreamWriter] = []
        self._open = asyncio.Event()
        self._open.set()
        self._delay = 0.0
        self._upstream_left: int | None = None
        self._answers_left: int | None = None
        self._is_cut = False
        self.port = 0

    async def start(self) -> None:
        self._server = await asyncio.start_server(self._connected, "127.0.0.1", 0)
        self.port = self._server.sockets[0].getsockname()[1]

    async def stop(self) -> None:
        assert self._server is not None
        self._server.close()
        self._cut()
        for task in list(self._tasks):
            task.cancel()
        await asyncio.gather(*self._tasks, return_exceptions=True)
        await self._server.wait_closed()

    def slow(self, seconds: float) -> None:
        """Each answer of the receiver is kept back so long."""
        self._delay = seconds

    def hold(self) -> None:
        """Nothing passes any more, and nothing is closed."""
        self._open.clear()

    def cut_after(self, upstream: int) -> None:
        """The receiver dies when it has been sent so many bytes more; nobody answers until `mend`."""
        self._upstream_left = upstream

    def cut_answer(self, after: int = 0) -> None:
        """All reaches the receiver; of its answers so many still come back, and then the wire is cut."""
        self._answers_left = after

    def cut(self) -> None:
        """Nobody is there until `mend`: connections are refused."""
        assert self._server is not None
        self._is_cut = True
        self._server.close()
        self._cut()

    def mend(self) -> None:
        if self._server is not None and not self._server.is_serving():
            self._listen_again()
        self._open.set()
        self._delay, self._upstream_left, self._answers_left, self._is_cut = 0.0, None, None, False

    def _listen_again(self) -> None:
        """On the same port; from here on connections wait to be taken on, if only for a moment."""
        listening = socket.create_server(("127.0.0.1", self.port))
        listening.setblocking(False)

        async def serve() -> None:
            self._server = await asyncio.start_server(self._connected, sock=listening)

        task = asyncio.create_task(serve())
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)

    async def _connected(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        if self._is_cut:
            writer.transport.abort()
            return
        try:
            far_reader, far_writer = await asyncio.open_connection(self._host, self._target)
        except OSError:
            writer.transport.abort()
            return
        self._pairs += [writer, far_writer]
        for task in (
            asyncio.create_task(self._relay(reader, far_writer, up=True)),
            asyncio.create_task(self._relay(far_reader, writer, up=False)),
        ):
            self._tasks.add(task)
            task.add_done_callback(self._tasks.discard)

    async def _relay(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter, *, up: bool) -> None:
        with contextlib.suppress(OSError):
            while chunk := await reader.read(65536):
                await self._open.wait()
                passed = self._counted(chunk) if up else await self._answered(chunk)
                writer.write(passed)
                await writer.drain()
                if self._is_cut:
                    self._cut()
                    return
        writer.close()

    def _counted(self, chunk: bytes) -> bytes:
        if self._upstream_left is None:
            return chunk
        passed = chunk[: self._upstream_left]
        self._upstream_left -= len(passed)
        self._is_cut = self._upstream_left == 0
        return passed

    async def _answered(self, chunk: bytes) -> bytes:
        if self._delay:
            await asyncio.sleep(self._delay)
        if self._answers_left is None:
            return chunk
        if self._answers_left == 0:
            self._is_cut = True
            return b""
        self._answers_left -= 1
        return chunk

    def _cut(self) -> None:
        for writer in self._pairs:
            writer.transport.abort()
        self._pairs.clear()


@asynccontextmanager
async def wire_to(port: int) -> AsyncIterator[Wire]:
    wire = Wire(port)
    await wire.start()
    try:
        yield wire
    finally:
        await wire.stop()
