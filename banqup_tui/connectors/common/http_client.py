"""How connectors speak HTTP: a client with sane limits, and one request with its answer, whole or cut.

No redirect is followed: what a document is sent to is what stands in the settings. The library is loaded when first
used.
"""

from __future__ import annotations

import ssl
import time
import zlib
from collections.abc import AsyncIterable, AsyncIterator, Mapping
from contextlib import asynccontextmanager
from functools import lru_cache
from http.cookiejar import CookieJar, DefaultCookiePolicy
from typing import TYPE_CHECKING

import msgspec

from banqup_tui.connectors.interface import Fault

if TYPE_CHECKING:
    import httpx

CONNECT_SECONDS = 10.0
ANSWER_SECONDS = 60.0
IDLE_SECONDS = 5.0
TRUSTED_SECONDS = 600.0
_ANY_ZLIB = 32 + 15
"""`zlib`: the header says whether it is gzip or zlib."""

LARGEST_ANSWER = 1 << 20
"""Bytes of an answer that are kept; what comes after them is not read."""


class Answer(msgspec.Struct, frozen=True, kw_only=True):
    """`headers` by their names in small letters. `whole`: the body ended where it should, and not before."""

    status: int
    headers: Mapping[str, str] = {}
    body: bytes = b""
    whole: bool = True

    @property
    def good(self) -> bool:
        return 200 <= self.status < 300


@asynccontextmanager
async def opened(
    url: str,
    *,
    auth: httpx.Auth | None = None,
    headers: Mapping[str, str] | None = None,
    answer_seconds: float = ANSWER_SECONDS,
) -> AsyncIterator[httpx.AsyncClient]:
    """A client for the server of this address. No connection is made before the first request.

    Proxies of the environment are used, but never for this machine itself. Certificates are checked against those
    that this machine trusts and those that every browser does. No cookie is kept: a session that a server makes by
    itself (Nextcloud does) asks for more than the sign-in of each request.
    """
    import httpx

    from banqup_tui.connectors.common.web_address import is_this_machine

    async with httpx.AsyncClient(
        auth=auth,
        headers={"User-Agent": "banqup-tui", "Accept-Encoding": "identity", **(headers or {})},
        timeout=httpx.Timeout(answer_seconds, connect=CONNECT_SECONDS),
        limits=httpx.Limits(max_connections=16, max_keepalive_connections=16, keepalive_expiry=IDLE_SECONDS),
        follow_redirects=False,
        cookies=CookieJar(DefaultCookiePolicy(allowed_domains=[])),
        trust_env=not is_this_machine(url),
        verify=_trusted(url),
    ) as client:
        yield client


async def ask(
    client: httpx.AsyncClient,
    method: str,
    url: str,
    *,
    where: str,
    begun: bool,
    fault: Fault = Fault.INTEGRATION,
    content: bytes | AsyncIterable[bytes] | None = None,
    headers: Mapping[str, str] | None = None,
) -> Answer:
    """The answer, whatever its status is: see `http_faults.refusal`.

    `where` names the server in sentences. `begun`: this request may have an effect, so what is cut off is `Uncertain`
    and not `NotSent`. `fault`: whose it is if a connection breaks that had been made; DOCUMENT for an upload, as a
    server that hangs up on a large one is never heard (the library does not listen while it sends). An answer whose
    status came is an answer, even if the rest of it did not come.
    """
    import httpx

    from banqup_tui.connectors.common.http_faults import cut_off

    try:
        async with client.stream(method, url, content=content, headers=headers) as response:
            body, whole = await _body(response)
            return Answer(status=response.status_code, headers=dict(response.headers), body=body, whole=whole)
    except (httpx.HTTPError, httpx.InvalidURL) as error:
        raise cut_off(error, where, begun=begun, fault=fault) from error


async def _body(response: httpx.Response) -> tuple[bytes, bool]:
    """At most `LARGEST_ANSWER` bytes, also of an answer that was packed though nobody asked for that."""
    import httpx

    packing = response.headers.get("content-encoding", "").strip().lower()
    if packing not in ("", "identity", "gzip", "x-gzip", "deflate"):
        return b"", False
    unpack = zlib.decompressobj(_ANY_ZLIB).decompress if packing not in ("", "identity") else None
    body = bytearray()
    try:
        async for chunk in response.aiter_raw():
            left = LARGEST_ANSWER + 1 - len(body)
            body += chunk[:left] if unpack is None else unpack(chunk, left)
            if len(body) > LARGEST_ANSWER:
                return bytes(body[:LARGEST_ANSWER]), False
    except (httpx.HTTPError, zlib.error):
        return bytes(body), False
    return bytes(body), True


def _trusted(url: str) -> ssl.SSLContext:
    """Made anew every ten minutes, as it takes a while to read. Where nothing is encrypted nobody is trusted."""
    if not url.lower().startswith("https:"):
        return ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
    return _trusted_by_all(int(time.monotonic() // TRUSTED_SECONDS))


@lru_cache(maxsize=1)
def _trusted_by_all(_period: int) -> ssl.SSLContext:
    import httpx

    trusted = httpx.create_ssl_context()
    trusted.load_default_certs()
    return trusted
