"""HTTP client of the connectors: one request with a limited answer.

Redirects are not followed: a document goes only to the address in the settings. httpx is imported on first use, off the
path to the first frame.
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

from banqup_tui.connectors.common.http_answer import HttpAnswer
from banqup_tui.connectors.interface import Fault

if TYPE_CHECKING:
    import httpx

CONNECT_SECONDS = 10.0
ANSWER_SECONDS = 60.0
IDLE_SECONDS = 5.0
TRUSTED_SECONDS = 600.0
_ANY_ZLIB = 32 + 15
"""`wbits` of zlib that detects a gzip or zlib header by itself."""

LARGEST_ANSWER = 1 << 20
"""Bytes of an answer that are read; the rest is dropped."""


@asynccontextmanager
async def opened(
    url: str,
    *,
    auth: httpx.Auth | None = None,
    headers: Mapping[str, str] | None = None,
    answer_seconds: float = ANSWER_SECONDS,
) -> AsyncIterator[httpx.AsyncClient]:
    """Opens a client for the server of this address. It connects at the first request.

    Proxies of the environment are used, except to this machine. Certificates are checked against those of the
    system and of certifi. Cookies are dropped: with a session cookie Nextcloud demands a CSRF token beside the
    sign-in of each request.
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
) -> HttpAnswer:
    """Sends one request and returns the answer, whatever its status (see `http_faults.refusal`).

    An answer whose status line came counts as an answer, even if its body is cut off.

    Args:
        where: name of the server in messages.
        begun: the request may have an effect.
        fault: whose fault a broken connection is. DOCUMENT for uploads: httpx does not read while it sends, so a
            server that hangs up on a large document never gets its answer through.

    Raises:
        NotSent: no answer, and `begun` is false or no connection was made.
        Uncertain: no answer, and `begun` is true.
    """
    import httpx

    from banqup_tui.connectors.common.http_faults import cut_off

    try:
        async with client.stream(method, url, content=content, headers=headers) as response:
            body, whole = await _body(response)
            return HttpAnswer(status=response.status_code, headers=dict(response.headers), body=body, whole=whole)
    except (httpx.HTTPError, httpx.InvalidURL) as error:
        raise cut_off(error, where, begun=begun, fault=fault) from error


async def _body(response: httpx.Response) -> tuple[bytes, bool]:
    """Reads at most `LARGEST_ANSWER` bytes, decompressed here because some servers compress despite `identity`."""
    import httpx

    packing = response.headers.get("content-encoding", "").strip().lower()
    if packing not in ("", "identity", "gzip", "x-gzip", "deflate"):
        return b"", False
    # httpx would decompress a whole chunk at once, so a small answer could fill the memory; zlib stops at a length.
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
    """Returns the TLS context. It is cached for ten minutes, as reading the certificates takes a while."""
    if not url.lower().startswith("https:"):
        # Never used for a plain http address, and it trusts no certificate if it were.
        return ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
    return _trusted_by_all(int(time.monotonic() // TRUSTED_SECONDS))


@lru_cache(maxsize=1)
def _trusted_by_all(_period: int) -> ssl.SSLContext:
    import httpx

    trusted = httpx.create_ssl_context()
    trusted.load_default_certs()
    return trusted
