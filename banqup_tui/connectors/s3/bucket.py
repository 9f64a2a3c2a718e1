"""Client of one S3 bucket. Each call is a single request, which nothing repeats."""

from __future__ import annotations

import hashlib
import re
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from datetime import UTC, datetime
from typing import TYPE_CHECKING
from urllib.parse import urlsplit, urlunsplit

import msgspec

from banqup_tui.connectors.common.http_answer import HttpAnswer
from banqup_tui.connectors.common.http_client import ask, opened
from banqup_tui.connectors.common.web_address import server_of
from banqup_tui.connectors.interface import DeliveryRequest
from banqup_tui.connectors.s3.faults import (
    NOT_IMPLEMENTED,
    Target,
    error_answer_of,
    fault_of,
    is_listing,
    speaks_otherwise,
)
from banqup_tui.connectors.s3.signature import Keys, encoded, signed
from banqup_tui.domain.errors import BanqupError

if TYPE_CHECKING:
    import httpx

    from banqup_tui.connectors.s3.connector import S3Settings

ANSWER_SECONDS = 100.0
"""Seconds for a request with the document in it; less than the time of an attempt."""

SHA256, DELIVERY = "sha256", "delivery"
"""Metadata of each object (`x-amz-meta-…`): the hash of its content and the idempotency key."""

_MEDIA_TYPE = re.compile(r"[a-z0-9.+-]{1,60}/[a-z0-9.+-]{1,100}")


class StoredObject(msgspec.Struct, frozen=True):
    """An object in the bucket. `mark`: its version or, without versions, its ETag."""

    key: str
    mark: str
    sha256: str | None
    delivery: str | None

    @property
    def reference(self) -> str:
        return f"{self.key} {self.mark}"

    def is_of(self, delivery_request: DeliveryRequest) -> bool:
        return self.delivery == delivery_request.key and self.sha256 == delivery_request.sha256


class Bucket:
    """Requests to one bucket. All raise `NotSent` or `Rejected`; `put`, the effect, may also raise `Uncertain`."""

    def __init__(self, settings: S3Settings, client: httpx.AsyncClient) -> None:
        region = settings.region or "us-east-1"
        self._target = Target(server_of(_endpoint(settings)), settings.bucket, region)
        self._keys = Keys(settings.access_key_id, settings.secret_access_key, region)
        self._root = _root(settings)
        self._client = client
        self.has_conditions = True

    async def look(self, key: str) -> StoredObject | None:
        """Returns the object with this key, or `None`."""
        answer = await self._ask("HEAD", self._address(key))
        if answer.status == 404:
            return None
        if not answer.good:
            await self.see("")  # The answer to HEAD has no body with the reason; this request raises the error.
            raise self._fault(answer, begun=False)
        mark = _mark(answer)
        if not mark:
            raise speaks_otherwise(self._target)
        carried = answer.headers
        return StoredObject(key, mark, carried.get(f"x-amz-meta-{SHA256}"), carried.get(f"x-amz-meta-{DELIVERY}"))

    async def put(self, key: str, content: bytes, delivery_request: DeliveryRequest) -> StoredObject | None:
        """Stores the document. Returns the new object, or `None` if the key was taken and is unchanged."""
        carried = {SHA256: delivery_request.sha256, DELIVERY: delivery_request.key}
        mark = await self._put(key, content, _media_type(delivery_request.media_type), carried)
        return None if mark is None else StoredObject(key, mark, delivery_request.sha256, delivery_request.key)

    async def probe(self, key: str) -> bool:
        """Writes a few bytes if the key is free. Returns false if the server kept an existing object."""
        content = b"banqup\n"
        carried = {SHA256: hashlib.sha256(content).hexdigest()}
        return await self._put(key, content, "text/plain", carried) is not None

    async def see(self, directory: str) -> None:
        """Raises unless the server lists this folder of the bucket."""
        prefix = f"{directory.strip('/')}/" if directory.strip("/") else ""
        query = [("list-type", "2"), ("max-keys", "1"), *([("prefix", prefix)] if prefix else [])]
        written = "&".join(f"{name}={encoded(value, safe='')}" for name, value in query)
        answer = await self._ask("GET", f"{self._root}?{written}")
        if not answer.good:
            raise self._fault(answer, begun=False)
        if not is_listing(answer):
            raise speaks_otherwise(self._target)

    async def delete(self, key: str) -> None:
        answer = await self._ask("DELETE", self._address(key))
        if not answer.good and answer.status != 404:
            raise self._fault(answer, begun=False)

    async def _put(self, key: str, content: bytes, kind: str, carried: Mapping[str, str]) -> str | None:
        """Returns the mark of the new object. Without conditional writes the key is looked at before the write."""
        headers = {"content-type": kind, **{f"x-amz-meta-{name}": value for name, value in carried.items()}}
        if self.has_conditions:
            try:
                return await self._put_once(key, content, {**headers, "if-none-match": "*"})
            # The server has done nothing, so repeating the write without the condition is safe.
            except _NoConditions:
                self.has_conditions = False
        if await self.look(key) is not None:
            return None
        return await self._put_once(key, content, headers)

    async def _put_once(self, key: str, content: bytes, headers: Mapping[str, str]) -> str | None:
        answer = await self._ask("PUT", self._address(key), content, headers, begun=True)
        if answer.good:
            return _mark(answer)
        if "if-none-match" in headers:
            if answer.status in _TAKEN:
                return None
            if answer.status == NOT_IMPLEMENTED:
                raise _NoConditions
        raise self._fault(answer, begun=True)

    async def _ask(
        self,
        method: str,
        url: str,
        content: bytes = b"",
        headers: Mapping[str, str] | None = None,
        *,
        begun: bool = False,
    ) -> HttpAnswer:
        named = signed(method, url, headers or {}, content, self._keys, datetime.now(UTC))
        if method == "PUT":
            named["content-length"] = str(len(content))
        return await ask(
            self._client, method, url, where=self._target.where, begun=begun, content=content or None, headers=named
        )

    def _fault(self, answer: HttpAnswer, *, begun: bool) -> BanqupError:
        error_answer = error_answer_of(answer)
        if 300 <= answer.status < 400 and not error_answer.code:
            from banqup_tui.connectors.common.http_faults import refusal

            return refusal(answer, self._target.where, begun=begun)
        return fault_of(error_answer, self._target, begun=begun)

    def _address(self, key: str) -> str:
        return f"{self._root}/{encoded(key)}"


_TAKEN = (304, 409, 412)
"""Returns the version of an object, or its ETag."""


def _mark(answer: HttpAnswer) -> str:
    """The server does not support `If-None-Match` and has done nothing."""
    return answer.headers.get("x-amz-version-id") or answer.headers.get("etag") or ""


class _NoConditions(Exception):
    """The server does not know `If-None-Match`, and has done nothing."""


def _endpoint(settings: S3Settings) -> str:
    """Returns the server's URL without the bucket."""
    region = settings.region or "us-east-1"
    ending = "amazonaws.com.cn" if region.startswith("cn-") else "amazonaws.com"
    return settings.endpoint.rstrip("/") or f"https://s3.{region}.{ending}"


def _root(settings: S3Settings) -> str:
    """Returns the bucket's URL."""
    endpoint = _endpoint(settings)
    if settings.addressing != "virtual":
        return f"{endpoint}/{encoded(settings.bucket)}"
    parts = urlsplit(endpoint)
    netloc = parts.netloc
    if not netloc.startswith(f"{settings.bucket}."):
        netloc = f"{settings.bucket}.{netloc}"
    return urlunsplit(parts._replace(netloc=netloc))


@asynccontextmanager
async def bucket_of(settings: S3Settings) -> AsyncIterator[Bucket]:
    async with opened(_root(settings), answer_seconds=ANSWER_SECONDS) as client:
        yield Bucket(settings, client)


def _media_type(text: str) -> str:
    """Returns the media type if it is well formed: it comes from a stranger and becomes a header."""
    plain = text.partition(";")[0].strip().lower()
    return plain if _MEDIA_TYPE.fullmatch(plain) else "application/octet-stream"
