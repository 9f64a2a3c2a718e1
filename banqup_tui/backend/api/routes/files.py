"""Routes for files, which are addressed by their SHA-256."""

import asyncio
import re
from collections.abc import AsyncIterator, Iterator
from pathlib import Path

from litestar import Response, get, post, put
from litestar.params import FromPath
from litestar.response import Stream
from sqlalchemy import select

from banqup_tui.backend.api.routes._common import ApiRequest, ApiResponse, in_this_space, route, services_of, user_of
from banqup_tui.backend.api.snapshots import snapshot_view
from banqup_tui.backend.db import tables
from banqup_tui.backend.db.file_store import HashDiffers
from banqup_tui.backend.problems import RequestFailure, problem
from banqup_tui.backend.services import Services
from banqup_tui.domain.messages import Message, message
from banqup_tui.protocol import file_batch, paths
from banqup_tui.protocol.file_batch import StoredFile, StoredFiles
from banqup_tui.protocol.problems import ProblemType

LARGEST = 50 * 1024 * 1024
BATCHES_AT_ONCE = 2
_PIECE = 256 * 1024
_HEX = re.compile(r"[0-9a-f]{64}")
_RANGE = re.compile(r"bytes=([0-9]*)-([0-9]*)")
_MOST_DIGITS = 18
"""Digits of a position, more than any file needs. Python refuses to convert texts of thousands of digits."""


@put(route(paths.FILE), guards=[in_this_space], status_code=201, request_max_body_size=None)
async def put_file(request: ApiRequest, sha256: FromPath[str]) -> Response[None]:
    """Stores a file: 201 if it is new, 204 if it exists."""
    largest: int = request.app.state.largest_file
    announced = request.headers.get("content-length", "")
    if announced.isdigit() and int(announced) > largest:
        raise _too_large(largest)
    loop = asyncio.get_running_loop()
    chunks = _in_thread(_at_most(request.stream(), largest), loop)
    try:
        _, is_new = await asyncio.to_thread(services_of(request).files.put, chunks, _hex(sha256))
    except HashDiffers:
        raise RequestFailure(ProblemType.HASH_DIFFERS, Message("file.hash-differs")) from None
    return Response(None, status_code=201 if is_new else 204)


@post(route(paths.FILES), guards=[in_this_space], status_code=200, request_max_body_size=file_batch.MOST_BYTES)
async def put_files(request: ApiRequest) -> StoredFiles:
    """Stores many small files (`protocol.file_batch`); one that cannot be stored leaves the others."""
    # A batch is held in memory. The bytes of the third are not read before one of the others is stored.
    async with request.app.state.file_batches:
        chunks = [chunk async for chunk in _at_most(request.stream(), file_batch.MOST_BYTES)]
        return await asyncio.to_thread(_stored, services_of(request), b"".join(chunks))


def _stored(services: Services, body: bytes) -> StoredFiles:
    try:
        files = list(file_batch.separated(body))
    except file_batch.MalformedBatch:
        raise RequestFailure(ProblemType.BAD_REQUEST, Message("file.batch-malformed")) from None
    differs = problem(ProblemType.HASH_DIFFERS, Message("file.hash-differs"))
    results = services.files.put_all(files)
    return StoredFiles(
        files=tuple(
            StoredFile(sha256=sha256, is_new=one[1]) if one else StoredFile(sha256=sha256, problem=differs)
            for (sha256, _), one in zip(files, results, strict=True)
        )
    )


async def _at_most(stream: AsyncIterator[bytes], largest: int) -> AsyncIterator[bytes]:
    size = 0
    async for chunk in stream:
        size += len(chunk)
        if size > largest:
            raise _too_large(largest)
        yield chunk


def _in_thread(stream: AsyncIterator[bytes], loop: asyncio.AbstractEventLoop) -> Iterator[bytes]:
    """Yields the chunks to a writer that runs in a thread."""
    while True:
        try:
            yield asyncio.run_coroutine_threadsafe(_next(stream), loop).result()
        except StopAsyncIteration:
            return


async def _next(stream: AsyncIterator[bytes]) -> bytes:
    return await anext(stream)


@get(route(paths.FILE), guards=[in_this_space])
async def get_file(request: ApiRequest, sha256: FromPath[str]) -> ApiResponse | Stream:
    """Returns the bytes as an attachment. Supports `Range` and `If-None-Match`."""
    services = services_of(request)
    etag = f'"{_hex(sha256)}"'
    path = await asyncio.to_thread(_readable, services, user_of(request), sha256)
    headers = {
        "ETag": etag,
        "Accept-Ranges": "bytes",
        "Cache-Control": "private, max-age=31536000, immutable",
        "X-Content-Type-Options": "nosniff",
        "Content-Disposition": "attachment",
    }
    if etag in _listed(request.headers.get("if-none-match", "")):
        return Response(None, status_code=304, headers=headers)
    size = path.stat().st_size
    first, last, is_part = _wanted(request.headers.get("range"), request.headers.get("if-range"), etag, size)
    headers["Content-Length"] = str(last - first + 1)
    if is_part:
        headers["Content-Range"] = f"bytes {first}-{last}/{size}"
    pieces = _pieces(path, first, last - first + 1)
    status = 206 if is_part else 200
    return Stream(pieces, media_type="application/octet-stream", headers=headers, status_code=status)


def _readable(services: Services, user_id: str, sha256: str) -> Path:
    """Returns the path of the file. Raises `RequestFailure` (404) if it does not exist or the user may not see it."""
    document, waiting, more = tables.document, tables.unfiled, tables.related_file
    with services.database.read() as connection:
        view = snapshot_view(connection, services, user_id)
        of_document = select(document.c.id).where(
            document.c.space_id == services.space_id,
            document.c.sha256 == sha256,
            view.visitor.only_visible(document.c.client_id),
        )
        unfiled = select(waiting.c.id).where(waiting.c.space_id == services.space_id, waiting.c.sha256 == sha256)
        related = select(document.c.id).where(
            document.c.space_id == services.space_id,
            document.c.sha256.in_(
                select(more.c.of_sha256).where(more.c.space_id == services.space_id, more.c.sha256 == sha256)
            ),
            view.visitor.only_visible(document.c.client_id),
        )
        found = view.visitor.sees_documents and any(
            connection.execute(statement.limit(1)).first() for statement in (of_document, unfiled, related)
        )
    path = services.files.path(sha256)
    if not found or not path.is_file():
        raise RequestFailure(ProblemType.NOT_FOUND, Message("file.unknown"))
    return path


def _listed(header: str) -> set[str]:
    return {part.strip().removeprefix("W/") for part in header.split(",")}


def _wanted(range_header: str | None, if_range: str | None, etag: str, size: int) -> tuple[int, int, bool]:
    """Returns first byte, last byte, and whether this is a part. Invalid ranges are ignored (RFC 9110 section 14.2)."""
    match = _RANGE.fullmatch(range_header.strip()) if range_header else None
    if match is None or not any(match.groups()) or (if_range is not None and if_range != etag):
        return 0, size - 1, False
    start, end = match.groups()
    first = _position(start) if start else max(0, size - _position(end))
    last = min(_position(end), size - 1) if start and end else size - 1
    if first >= size or last < first:
        raise RequestFailure(ProblemType.RANGE_NOT_SATISFIABLE, message("file.no-such-range", size=size))
    return first, last, True


def _position(digits: str) -> int:
    return int(digits) if len(digits) <= _MOST_DIGITS else 10**_MOST_DIGITS


async def _pieces(path: Path, offset: int, length: int) -> AsyncIterator[bytes]:
    stream = await asyncio.to_thread(path.open, "rb")
    try:
        await asyncio.to_thread(stream.seek, offset)
        while length > 0:
            piece = await asyncio.to_thread(stream.read, min(_PIECE, length))
            if not piece:
                return
            length -= len(piece)
            yield piece
    finally:
        stream.close()


def _hex(sha256: str) -> str:
    if not _HEX.fullmatch(sha256):
        raise RequestFailure(ProblemType.NOT_FOUND, Message("file.no-hash"))
    return sha256


def _too_large(largest: int) -> RequestFailure:
    return RequestFailure(ProblemType.TOO_LARGE, message("file.larger-than-taken", limit=largest // (1024 * 1024)))


ROUTES = [put_file, put_files, get_file]
