"""Client of the part of Fava's JSON interface that files documents."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import TYPE_CHECKING, Any, TypeVar
from urllib.parse import quote, urlencode

import msgspec

from banqup_tui.connectors.common.http_answer import HttpAnswer
from banqup_tui.connectors.common.http_client import ask
from banqup_tui.connectors.common.http_pieces import pieces
from banqup_tui.connectors.common.web_address import server_of
from banqup_tui.connectors.interface import Fault, NotSent
from banqup_tui.domain.errors import BanqupError
from banqup_tui.domain.messages import message
from banqup_tui.kill_points import kill_point

if TYPE_CHECKING:
    import httpx

T = TypeVar("T")

# Fava's errors have no codes, so its English sentences are the only way to tell them apart.
_THERE = re.compile(r"(.+) already exists\.", re.DOTALL)
_MEDIA_TYPE = re.compile(r"[\w!#$&^.+-]+/[\w!#$&^.+-]+", re.ASCII)


class _Rows(msgspec.Struct):
    rows: tuple[tuple[Any, ...], ...] = ()


class _Queried(msgspec.Struct):
    data: _Rows


class _Options(msgspec.Struct):
    beancount_options: dict[str, str]


class _Optioned(msgspec.Struct):
    data: _Options


class _ErrorBody(msgspec.Struct):
    error: str = ""


_queried = msgspec.json.Decoder(_Queried)
_optioned = msgspec.json.Decoder(_Optioned)
_error_body = msgspec.json.Decoder(_ErrorBody)


class Api:
    """Calls on one ledger. Calls before the effect raise `NotSent`; `add` judges each answer by itself."""

    def __init__(self, client: httpx.AsyncClient, url: str, ledger: str) -> None:
        self._client = client
        self._root = f"{url.rstrip('/')}/{quote(ledger, safe='')}"
        self._ledger = ledger
        self.where = server_of(url)

    async def has_account(self, account: str) -> bool:
        """Tells whether the account is open. `account` must match the account pattern, as it stands in a query."""
        # Makes Fava reload the ledger, so that an account opened just now counts.
        await self._get("/api/changed", {})
        question = f"SELECT account FROM #accounts WHERE account = '{account}'"  # noqa: S608
        answer = await self._get("/api/query", {"query_string": question})
        return bool(self._read(_queried, answer).data.rows)

    async def has_folder(self, folder: str) -> None:
        """Raises `NotSent` if the ledger has no such documents folder."""
        await self._get("/api/changed", {})
        options = self._read(_optioned, await self._get("/api/options", {})).data.beancount_options
        if repr(folder) not in options.get("documents", ""):
            raise self._no_folder(folder)

    async def add(self, content: bytes, media_type: str, name: str, account: str, folder: str) -> str | None:
        """Uploads the document: the effect.

        Returns:
            `None` if it was filed, else the path of the existing file of that name, which Fava leaves untouched.
        """
        body, kind = await self._form(content, media_type, name, account, folder)
        headers = {"Content-Type": kind, "Content-Length": str(len(body))}
        url = f"{self._root}/api/add_document"
        answer = await ask(
            self._client, "PUT", url, where=self.where, begun=True, content=pieces(body), headers=headers
        )
        # Kill point: Fava has answered and nothing is recorded; the same name is sent again.
        kill_point("send.answered")
        if answer.good:
            return None
        error_text = _error(answer)
        if answer.status == 409:
            found = _THERE.fullmatch(error_text)
            return found[1] if found else ""
        raise self._not_filed(answer, error_text, account, folder)

    async def hash_of(self, path: str, most: int) -> str | None:
        """Returns the SHA-256 of a document in Fava; `None` if Fava does not show it or it exceeds `most` bytes."""
        import hashlib

        import httpx

        digest, read = hashlib.sha256(), 0
        try:
            url = f"{self._root}/document/?{urlencode({'filename': path})}"
            async with self._client.stream("GET", url) as response:
                if not response.is_success:
                    return None
                async for chunk in response.aiter_bytes():
                    digest.update(chunk)
                    read += len(chunk)
                    if read > most:
                        return None
        except httpx.HTTPError:
            return None
        return digest.hexdigest()

    async def _form(self, content: bytes, media_type: str, name: str, account: str, folder: str) -> tuple[bytes, str]:
        kind = media_type if _MEDIA_TYPE.fullmatch(media_type) else "application/octet-stream"
        parts = {"file": (name, content, kind)}
        request = self._client.build_request(
            "PUT", self._root, data={"account": account, "folder": folder}, files=parts
        )
        return await request.aread(), request.headers["Content-Type"]

    async def _get(self, path: str, query: Mapping[str, str]) -> HttpAnswer:
        from banqup_tui.connectors.common.http_faults import refusal

        url = f"{self._root}{path}" + (f"?{urlencode(query)}" if query else "")
        answer = await ask(self._client, "GET", url, where=self.where, begun=False)
        if answer.status == 404:
            raise self._no_ledger()
        if not answer.good:
            raise refusal(answer, self.where, begun=False)
        return answer

    def _read(self, decoder: msgspec.json.Decoder[T], answer: HttpAnswer) -> T:
        try:
            return decoder.decode(answer.body)
        except (msgspec.DecodeError, UnicodeDecodeError) as error:
            raise NotSent(message("fava.not-fava", server=self.where), fault=Fault.PERSON) from error

    def _not_filed(self, answer: HttpAnswer, error_text: str, account: str, folder: str) -> BanqupError:
        """Judges a refusal. The sentences matched here are raised before Fava writes; any other 5xx is uncertain."""
        from banqup_tui.connectors.common.http_faults import refusal

        if answer.status == 404:
            return self._no_ledger()
        if answer.status == 401:
            return NotSent(message("fava.read-only", server=self.where), fault=Fault.PERSON)
        if answer.status == 422 or error_text.startswith("Not a documents folder"):
            return self._no_folder(folder)
        if error_text.startswith("Not a valid account"):
            return NotSent(message("fava.account-not-open", account=account), fault=Fault.PERSON)
        return refusal(answer, self.where, begun=True)

    def _no_ledger(self) -> NotSent:
        ledger = self._ledger
        return NotSent(message("fava.no-ledger", server=self.where, ledger=ledger), fault=Fault.PERSON)

    def _no_folder(self, folder: str) -> NotSent:
        return NotSent(message("fava.no-documents-folder", folder=folder), fault=Fault.PERSON)


def _error(answer: HttpAnswer) -> str:
    try:
        return _error_body.decode(answer.body).error
    except (msgspec.DecodeError, UnicodeDecodeError):
        return ""
