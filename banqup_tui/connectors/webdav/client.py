"""Client of a WebDAV server (RFC 4918). Paths are relative to the root in the settings, unescaped."""

from __future__ import annotations

import asyncio
import hashlib
from collections.abc import AsyncIterator
from typing import TYPE_CHECKING
from urllib.parse import quote, urlsplit

import msgspec

from banqup_tui.connectors.common.hidden_file import chunks_of
from banqup_tui.connectors.common.http_answer import HttpAnswer
from banqup_tui.connectors.common.http_client import ask
from banqup_tui.connectors.common.http_faults import cut_off
from banqup_tui.connectors.common.web_address import server_of
from banqup_tui.connectors.interface import DeliveryRequest, Fault
from banqup_tui.connectors.webdav.faults import not_signed_in, not_written, stored_less
from banqup_tui.kill_points import kill_point

if TYPE_CHECKING:
    import httpx

_GONE = (404, 410)
_KIND = b'<?xml version="1.0"?><propfind xmlns="DAV:"><prop><resourcetype/></prop></propfind>'
_OTHER_SERVER = (400, 502)
"""Statuses by which servers refuse a `Destination` whose scheme or host differs from their own idea of it."""


class FileStatus(msgspec.Struct, frozen=True):
    """Result of a look. `there`: `None` if the server denies access; `size`: `None` if it does not tell."""

    there: bool | None
    size: int | None = None


class DavServer:
    """Requests to one server. All raise `NotSent` or `Rejected`; `move`, the effect, may also raise `Uncertain`."""

    def __init__(self, client: httpx.AsyncClient, root: str) -> None:
        self._client = client
        self._root = root.rstrip("/")
        self._by_path = False
        self.where = server_of(root)

    def address(self, path: str) -> str:
        """Returns the URL. Every reserved character is escaped, as names come from strangers."""
        parts = [quote(part, safe="") for part in path.split("/") if part]
        return "/".join([self._root, *parts])

    async def sign_in(self) -> None:
        answer = await self._kind_of("")
        if answer.status != 207:
            raise not_signed_in(answer, self.where)

    async def can_be_seen(self, directory: str) -> bool:
        return (await self._kind_of(directory)).status == 207

    async def make(self, directory: str) -> None:
        """Creates the folder and its parents. A denial is ignored, as the write tells whether the folder exists."""
        answer = await self._ask("MKCOL", f"{self.address(directory)}/")
        if answer.status == 409 and "/" in directory.strip("/"):
            await self.make(directory.rstrip("/").rpartition("/")[0])
            answer = await self._ask("MKCOL", f"{self.address(directory)}/")
        if not answer.good and answer.status not in (403, 405):
            raise not_written(answer, self.where, directory, begun=False)

    async def put(self, path: str, content: bytes) -> None:
        answer = await self._ask("PUT", self.address(path), content)
        if not answer.good:
            raise not_written(answer, self.where, _directory(path), begun=False)

    async def upload(self, path: str, delivery_request: DeliveryRequest) -> None:
        """Uploads the whole file and compares the stored length, if the server tells it."""
        headers = {"Content-Length": str(delivery_request.size), "Content-Type": "application/octet-stream"}
        answer = await ask(
            self._client,
            "PUT",
            self.address(path),
            where=self.where,
            begun=False,
            fault=Fault.DOCUMENT,
            content=_Document(delivery_request),
            headers=headers,
        )
        if not answer.good:
            raise not_written(answer, self.where, _directory(path), begun=False)
        # The status alone does not prove that the whole file was stored.
        size_there = (await self.look(path)).size
        if size_there is not None and size_there != delivery_request.size:
            raise stored_less(self.where, size_there, delivery_request.size)

    async def look(self, path: str) -> FileStatus:
        answer = await self._ask("HEAD", self.address(path))
        if answer.status in _GONE:
            return FileStatus(False)
        if answer.good:
            length = answer.headers.get("content-length", "")
            return FileStatus(True, int(length) if length.isdecimal() else None)
        if answer.status in (403, 405, 501):
            return FileStatus(None)
        raise not_written(answer, self.where, _directory(path), begun=False)

    async def move(self, source: str, target: str) -> HttpAnswer:
        """Renames with `Overwrite: F`; 412 means that the name is taken.

        The destination is a full URL. Servers that know themselves by another name (behind a proxy) get only
        its path. If a 502 had another cause and the move was done, the second try finds no source and no harm
        is done.
        """
        if not self._by_path:
            answer = await self._move(source, self.address(target))
            if answer.status not in _OTHER_SERVER:
                return answer
        answer = await self._move(source, urlsplit(self.address(target)).path)
        self._by_path = self._by_path or answer.good
        return answer

    async def remove(self, path: str) -> None:
        await self._ask("DELETE", self.address(path))

    async def sha256(self, path: str, most: int) -> str | None:
        """Returns the SHA-256 of the file; `None` if it cannot be read or is longer than `most` bytes."""
        import httpx

        digest, read = hashlib.sha256(), 0
        try:
            async with self._client.stream("GET", self.address(path)) as response:
                async for chunk in response.aiter_bytes():
                    digest.update(chunk)
                    read += len(chunk)
                    if read > most:
                        return None
        except httpx.HTTPError as error:
            raise cut_off(error, self.where, begun=False) from error
        return digest.hexdigest() if response.status_code == 200 else None

    async def _move(self, source: str, destination: str) -> HttpAnswer:
        headers = {"Destination": destination, "Overwrite": "F"}
        return await ask(self._client, "MOVE", self.address(source), where=self.where, begun=True, headers=headers)

    async def _kind_of(self, directory: str) -> HttpAnswer:
        headers = {"Depth": "0", "Content-Type": "application/xml"}
        address = f"{self.address(directory)}/"
        return await ask(
            self._client, "PROPFIND", address, where=self.where, begun=False, content=_KIND, headers=headers
        )

    async def _ask(self, method: str, address: str, content: bytes | None = None) -> HttpAnswer:
        return await ask(self._client, method, address, where=self.where, begun=False, content=content)


class _Document:
    """Request body that starts again from the first byte when the sign-in repeats the request."""

    def __init__(self, delivery_request: DeliveryRequest) -> None:
        self._delivery_request = delivery_request

    async def __aiter__(self) -> AsyncIterator[bytes]:
        chunks = chunks_of(self._delivery_request)
        kill_point("send.firstbyte")
        sent = 0
        while (chunk := await asyncio.to_thread(next, chunks, None)) is not None:
            if 2 * (sent + len(chunk)) >= self._delivery_request.size:
                kill_point("send.halfway")
            yield chunk
            sent += len(chunk)
        kill_point("send.lastbyte")


def _directory(path: str) -> str:
    return path.rpartition("/")[0]
