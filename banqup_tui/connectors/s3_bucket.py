"""One bucket, asked in single requests that nothing repeats; what goes wrong is told by `s3_faults`."""

from __future__ import annotations

import hashlib
import re
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import timedelta
from typing import TYPE_CHECKING, Literal
from urllib.parse import urlsplit, urlunsplit

import msgspec
import obstore
from obstore.exceptions import AlreadyExistsError
from obstore.store import S3Store

from banqup_tui.connectors.interface import Parcel
from banqup_tui.connectors.s3_faults import NOT_IMPLEMENTED, Asked, fault_of, said_of, speaks_otherwise
from banqup_tui.connectors.web_address import is_this_machine, server_of
from banqup_tui.domain.errors import BanqupError

if TYPE_CHECKING:
    from obstore.store import S3Credential

    from banqup_tui.connectors.s3 import S3Settings

CONNECT_SECONDS = 20
ANSWER_SECONDS = 110
"""For a whole request with the document in it: less than an attempt has."""

SHA256, DELIVERY = "sha256", "delivery"
"""What each object carries, as `x-amz-meta-…`: the hash of its content, and the key of the wanted copy."""

_MEDIA_TYPE = re.compile(r"[a-z0-9.+-]{1,60}/[a-z0-9.+-]{1,100}")


class Kept(msgspec.Struct, frozen=True):
    """An object that is there. `mark`: its version, or else its ETag."""

    key: str
    mark: str
    sha256: str | None
    delivery: str | None

    @property
    def reference(self) -> str:
        return f"{self.key} {self.mark}"

    def is_of(self, parcel: Parcel) -> bool:
        return self.delivery == parcel.key and self.sha256 == parcel.sha256


class Bucket:
    """Raises `NotSent`, `Rejected`, and of `put` also `Uncertain`."""

    def __init__(self, settings: S3Settings) -> None:
        region = settings.region or "us-east-1"
        self._asked = Asked(server_of(_endpoint(settings, region)), settings.bucket, region)
        self._store = _store(settings, region)
        self.has_conditions = True

    async def look(self, key: str) -> Kept | None:
        """What has this name."""
        with self._told(begun=False):
            try:
                found = await obstore.get_async(self._store, key, options={"head": True})
            except FileNotFoundError:
                return None
            except obstore.exceptions.BaseError as error:
                if said_of(error).is_wordless:
                    await self.see("")
                raise
            meta, carried = found.meta, found.attributes
        if not meta["e_tag"]:
            raise speaks_otherwise(self._asked)
        return Kept(key, meta["version"] or meta["e_tag"], carried.get(SHA256), carried.get(DELIVERY))

    async def put(self, key: str, content: bytes, parcel: Parcel) -> Kept | None:
        """The object that is now there; `None` where the name was taken, and still is what it was."""
        carried = {"Content-Type": _media_type(parcel.media_type), SHA256: parcel.sha256, DELIVERY: parcel.key}
        mark = await self._put(key, content, carried)
        return None if mark is None else Kept(key, mark, parcel.sha256, parcel.key)

    async def probe(self, key: str) -> bool:
        """Whether a few bytes could be written where nothing is; false where the server kept what was there."""
        content = b"banqup\n"
        carried = {"Content-Type": "text/plain", SHA256: hashlib.sha256(content).hexdigest()}
        return await self._put(key, content, carried) is not None

    async def see(self, directory: str) -> None:
        """Raises unless the server shows what is in this folder of the bucket."""
        with self._told(begun=False):
            await anext(aiter(obstore.list(self._store, prefix=directory or None, chunk_size=1)), None)

    async def delete(self, key: str) -> None:
        with self._told(begun=False):
            await obstore.delete_async(self._store, key)

    async def _put(self, key: str, content: bytes, carried: dict[str, str]) -> str | None:
        """The mark of the new object. A server without conditions is asked once more whether the name is free."""
        if self.has_conditions:
            try:
                return await self._put_if("create", key, content, carried)
            except _NoConditions:
                self.has_conditions = False
        if await self.look(key) is not None:
            return None
        return await self._put_if("overwrite", key, content, carried)

    async def _put_if(
        self, mode: Literal["create", "overwrite"], key: str, content: bytes, carried: dict[str, str]
    ) -> str | None:
        with self._told(begun=True):
            try:
                done = await obstore.put_async(
                    self._store, key, content, attributes=carried, mode=mode, use_multipart=False
                )
            except AlreadyExistsError:
                return None
            except obstore.exceptions.BaseError as error:
                if mode == "create" and said_of(error).status == NOT_IMPLEMENTED:
                    raise _NoConditions from None
                raise
        return done["version"] or done["e_tag"] or ""

    @contextmanager
    def _told(self, *, begun: bool) -> Iterator[None]:
        """The library panics over what it cannot put into a request, which is no `Exception`."""
        try:
            yield
        except (_NoConditions, BanqupError):
            raise
        except Exception as error:
            raise fault_of(error, self._asked, begun=begun) from None
        except BaseException as error:
            if type(error).__module__ != "pyo3_runtime":
                raise
            raise fault_of(RuntimeError("the request could not be made"), self._asked, begun=begun) from None


class _NoConditions(Exception):
    """The server does not know `If-None-Match`, and has done nothing."""


def _endpoint(settings: S3Settings, region: str) -> str:
    """Where requests go, without the bucket."""
    ending = "amazonaws.com.cn" if region.startswith("cn-") else "amazonaws.com"
    return settings.endpoint.rstrip("/") or f"https://s3.{region}.{ending}"


def _store(settings: S3Settings, region: str) -> S3Store:
    """All that the environment of this process could say otherwise is said here, so that it does not."""
    endpoint = _endpoint(settings, region)
    virtual = settings.addressing == "virtual"
    if virtual:
        endpoint = _with_bucket(endpoint, settings.bucket)
    credential: S3Credential = {
        "access_key_id": settings.access_key_id,
        "secret_access_key": settings.secret_access_key.reveal(),
        "token": None,
        "expires_at": None,
    }
    return S3Store(
        settings.bucket,
        config={
            "endpoint": endpoint,
            "aws_endpoint_url_s3": endpoint,
            "region": region,
            "virtual_hosted_style_request": virtual,
            "conditional_put": "etag",
            "skip_signature": False,
            "unsigned_payload": False,
            "s3_express": False,
            "disable_tagging": True,
            "disable_bulk_delete": True,
        },
        credential_provider=lambda: credential,
        retry_config={"max_retries": 0},
        client_options={
            "allow_http": is_this_machine(_endpoint(settings, region)),
            "connect_timeout": timedelta(seconds=CONNECT_SECONDS),
            "timeout": timedelta(seconds=ANSWER_SECONDS),
        },
    )


def _with_bucket(endpoint: str, bucket: str) -> str:
    parts = urlsplit(endpoint)
    if parts.netloc.startswith(f"{bucket}."):
        return endpoint
    return urlunsplit(parts._replace(netloc=f"{bucket}.{parts.netloc}"))


def _media_type(text: str) -> str:
    """A stranger's word: it becomes a header only where it looks like one."""
    plain = text.partition(";")[0].strip().lower()
    return plain if _MEDIA_TYPE.fullmatch(plain) else "application/octet-stream"
