"""Connector for Amazon S3 and compatible servers: each document becomes one object, in one request.

The key is looked at first, then written on the condition that it is free. After a cut-off the object is looked up by
its metadata, the idempotency key and the content hash.
"""

from __future__ import annotations

import asyncio
import re
import secrets
import time
from collections.abc import AsyncIterator, Iterator, Mapping, Sequence
from contextlib import asynccontextmanager
from itertools import islice
from typing import TYPE_CHECKING, Annotated, Literal

from banqup_tui.connectors.common.hidden_file import chunks_of, names
from banqup_tui.connectors.common.path_template import FileName, FilledPath, fill, name_problems
from banqup_tui.connectors.common.pdf_along import PdfAlong, pdf_name, pdf_request, with_pdf
from banqup_tui.connectors.common.web_address import address_problems
from banqup_tui.connectors.interface import (
    Channel,
    DeliveryRequest,
    Entered,
    Fault,
    Found,
    Manifest,
    NotSent,
    Receipt,
    Rejected,
    SettingProblem,
    Settings,
    Step,
    Uncertain,
    failed_step,
    setting,
)
from banqup_tui.domain.errors import BanqupError
from banqup_tui.domain.extension import Category, ReceiverKind
from banqup_tui.domain.messages import Message, message
from banqup_tui.domain.secret import Secret, revealed
from banqup_tui.kill_points import kill_point
from banqup_tui.presentation.words import N_

if TYPE_CHECKING:
    from banqup_tui.connectors.s3.bucket import Bucket, StoredObject

MOST_NAMES = 5
"""Names tried for one document; few, as a look-up asks for all of them."""

LARGEST = 50 << 20
"""Bytes. One request carries the whole object, so it is stored whole or not at all."""

_BUCKET = re.compile(r"[A-Za-z0-9][A-Za-z0-9._-]{1,61}[A-Za-z0-9]")
_REGION = re.compile(r"[A-Za-z0-9-]{1,40}")


class S3Settings(Settings, frozen=True, kw_only=True):
    endpoint: Annotated[
        str,
        setting(
            N_("Address"),
            help=N_("Of the provider's S3, without the bucket. Empty: Amazon."),
            look="url",
            example="https://s3.fr-par.scw.cloud",
        ),
    ] = ""
    region: Annotated[
        str,
        setting(
            N_("Region"),
            help=N_("As the provider names it. Empty: us-east-1, which servers of one's own take."),
            example="eu-west-3",
        ),
    ] = ""
    bucket: Annotated[str, setting(N_("Bucket"), example="parvis-in")]
    access_key_id: Annotated[str, setting(N_("Access key"), example="AKIAIOSFODNN7EXAMPLE")]
    secret_access_key: Annotated[Secret, setting(N_("Secret key"), secret=True)]
    path: Annotated[
        str,
        setting(
            N_("Path"),
            help=N_("What the names of the objects begin with: their folder in the bucket."),
            template=True,
            example="[external_id]/[folder]",
        ),
    ]
    file_name: FileName = ""
    addressing: Annotated[
        Literal["path", "virtual"],
        setting(
            N_("Bucket in"),
            help=N_("The bucket stands in the address's path, or before the server (virtual)."),
            look="choice",
        ),
    ] = "path"
    reader: Annotated[
        Literal["leaves", "takes"],
        setting(
            N_("Reader"),
            help=N_("Its reader leaves documents there, or takes them: then none is looked up."),
            look="choice",
        ),
    ] = "leaves"
    pdf_along: PdfAlong = False


class S3:
    """Delivers into a bucket."""

    manifest = Manifest(
        id="s3",
        title=N_("Amazon S3"),
        description=N_(
            "Puts each document into a bucket of Amazon S3, MinIO, Scaleway, OVH, Wasabi, Backblaze and others."
        ),
        category=Category.FILES_AND_DRIVES,
        kind=ReceiverKind.LOOKUP,
        version="1.0",
        max_size=LARGEST,
    )
    settings = S3Settings

    def destination(self, settings: S3Settings) -> str:
        return f"s3:{settings.endpoint.rstrip('/') or settings.region}/{settings.bucket}/{settings.path}"

    def where(self, settings: S3Settings, delivery_request: DeliveryRequest) -> str:
        return _shown(settings, _place(settings, delivery_request).path)

    def check(self, entered: Entered, *, complete: bool) -> list[SettingProblem]:
        problems = name_problems(entered.get("file_name", ""))
        if entered.get("endpoint"):
            problems += address_problems("endpoint", entered["endpoint"], "https://s3.fr-par.scw.cloud")
        return [*problems, *_region_problems(entered, complete), *_bucket_problems(entered), *_key_problems(entered)]

    @asynccontextmanager
    async def connect(self, settings: S3Settings) -> AsyncIterator[Channel]:
        from banqup_tui.connectors.s3.bucket import bucket_of

        async with bucket_of(settings) as bucket:
            yield _S3Channel(settings, bucket)

    async def test(self, settings: S3Settings, sample: DeliveryRequest | None) -> list[Step]:
        from banqup_tui.connectors.s3.bucket import bucket_of

        steps: list[Step] = []
        try:
            async with bucket_of(settings) as bucket:
                started = time.monotonic()
                await bucket.see("")
                steps.append(_answered(settings, time.monotonic() - started))
                steps += await _tried(bucket, _probe_key(settings, sample))
        except BanqupError as error:
            return [*steps, failed_step(error)]
        return steps


class _S3Channel:
    def __init__(self, settings: S3Settings, bucket: Bucket) -> None:
        self._settings = settings
        self._bucket = bucket

    async def prepare(self, delivery_request: DeliveryRequest) -> str:
        """Returns the first key that is free or that this copy has already."""
        pdf = self._pdf(delivery_request)
        for key in self._keys(delivery_request):
            stored = await self._bucket.look(key)
            if stored is not None and not stored.is_of(delivery_request):
                continue
            beside = await self._bucket.look(pdf_name(key)) if pdf is not None else None
            if pdf is None or beside is None or beside.is_of(pdf):
                return key
        raise _no_name(self._keys(delivery_request)[0])

    async def commit(self, delivery_request: DeliveryRequest, resume_token: str) -> Receipt:
        content = await asyncio.to_thread(_content, delivery_request)
        pdf = self._pdf(delivery_request)
        pdf_content = b"" if pdf is None else await asyncio.to_thread(_content, pdf)
        for key in [resume_token, *(key for key in self._keys(delivery_request) if key != resume_token)]:
            stored = None if key == resume_token else await self._bucket.look(key)
            # The PDF is first: a reader that waits for the XML finds both, and the XML found by a look-up proves both.
            if pdf is not None and (stored is None or stored.is_of(delivery_request)):
                beside = await self._put(pdf_name(key), pdf_content, pdf)
                if not beside.is_of(pdf):
                    continue
            if stored is None:
                stored = await self._put(key, content, delivery_request)
                # Kill point: the server has answered and nothing is recorded; the look-up finds the object.
                kill_point("send.answered")
            if stored.is_of(delivery_request):
                return self._receipt(stored, has_pdf=pdf is not None)
        raise _no_name(resume_token)

    async def roll_forward(self, delivery_request: DeliveryRequest, resume_token: str) -> Receipt:
        _found, receipt = await self.look_up(delivery_request, [])
        if receipt is None:
            raise Uncertain(message("s3.not-there-yet", name=resume_token))
        return receipt

    async def look_up(
        self, delivery_request: DeliveryRequest, earlier_receipts: Sequence[str]
    ) -> tuple[Found, Receipt | None]:
        """Looks at all keys that the document could have.

        If the reader takes objects away, their absence proves nothing.
        """
        found = await asyncio.gather(*(self._bucket.look(key) for key in self._keys(delivery_request)))
        for stored in found:
            if stored is not None and stored.is_of(delivery_request) and stored.reference not in earlier_receipts:
                pdf = self._pdf(delivery_request)
                beside = None if pdf is None else await self._bucket.look(pdf_name(stored.key))
                has_pdf = pdf is not None and beside is not None and beside.is_of(pdf)
                return Found.FOUND, self._receipt(stored, has_pdf=has_pdf)
        if self._settings.reader == "takes":
            return Found.PENDING, None
        # Absent counts only if the folder can be listed: some servers answer 404 too for objects that this key may not
        # see.
        await self._bucket.see(_place(self._settings, delivery_request).directory)
        return Found.ABSENT, None

    async def discard(self, resume_token: str) -> None:
        """Does nothing: `prepare` leaves nothing behind."""

    async def _put(self, key: str, content: bytes, delivery_request: DeliveryRequest) -> StoredObject:
        """Returns the object that has the key after the write: this document or an earlier one."""
        put = await self._bucket.put(key, content, delivery_request)
        stored = put or await self._bucket.look(key)
        if stored is None:
            # The key was busy a moment ago and is free now: certainly not written by us.
            raise NotSent(message("s3.name-busy", name=key))
        return stored

    def _keys(self, delivery_request: DeliveryRequest) -> list[str]:
        return list(_keys(self._settings, delivery_request))

    def _pdf(self, delivery_request: DeliveryRequest) -> DeliveryRequest | None:
        return pdf_request(delivery_request, self._settings.pdf_along)

    def _receipt(self, stored: StoredObject, *, has_pdf: bool) -> Receipt:
        receipt = Receipt(text=_shown(self._settings, stored.key), reference=stored.reference)
        return with_pdf(receipt, pdf_name(stored.key.rpartition("/")[2]) if has_pdf else None)


def _place(settings: S3Settings, delivery_request: DeliveryRequest) -> FilledPath:
    """Returns the place without a leading slash, which S3 would make part of the key."""
    place = fill(settings.path, delivery_request, settings.file_name)
    return FilledPath(place.directory.strip("/"), place.name)


def _keys(settings: S3Settings, delivery_request: DeliveryRequest) -> Iterator[str]:
    return (place.path for place in islice(names(_place(settings, delivery_request), delivery_request), MOST_NAMES))


def _shown(settings: S3Settings, key: str) -> str:
    return f"s3://{settings.bucket}/{key}"


def _content(delivery_request: DeliveryRequest) -> bytes:
    return b"".join(chunks_of(delivery_request))


def _no_name(key: str) -> Rejected:
    return Rejected(message("s3.names-taken", name=key))


def _region_problems(entered: Entered, complete: bool) -> Iterator[SettingProblem]:
    region = entered.get("region")
    if not region and not entered.get("endpoint") and complete:
        yield SettingProblem(field="region", message=message("setting.region-missing"))
    elif region and not _REGION.fullmatch(region):
        yield SettingProblem(field="region", message=message("setting.not-a-region"))


def _bucket_problems(entered: Entered) -> Iterator[SettingProblem]:
    if entered.get("bucket") and not _BUCKET.fullmatch(entered["bucket"]):
        yield SettingProblem(field="bucket", message=message("setting.not-a-bucket"))


def _key_problems(entered: Mapping[str, object]) -> Iterator[SettingProblem]:
    """Yields problems of the access keys. They become a header, where other characters cannot be sent."""
    for field in ("access_key_id", "secret_access_key"):
        key = revealed(entered.get(field, ""))
        if not key.isascii() or not key.isprintable() or " " in key:
            yield SettingProblem(field=field, message=message("setting.not-a-key"))


def _probe_key(settings: S3Settings, sample: DeliveryRequest | None) -> str:
    """Returns a key in the folder of the sample, or in the part of the path that is the same for all."""
    if sample is not None:
        directory = _place(settings, sample).directory
    else:
        directory = settings.path.partition("[")[0].rpartition("/")[0].strip("/")
    return FilledPath(directory, f".banqup-test-{secrets.token_hex(4)}").path


def _answered(settings: S3Settings, took: float) -> Step:
    found = message("s3.bucket-found", bucket=settings.bucket, took=round(took * 1000))
    return Step(ok=True, message=found)


async def _tried(bucket: Bucket, key: str) -> list[Step]:
    """Writes an object, checks whether a second write would replace it, and deletes it."""
    await bucket.probe(key)
    guarded = not await bucket.probe(key) and bucket.has_conditions
    steps = [Step(ok=True, message=Message("s3.object-written"))]
    try:
        await bucket.delete(key)
    except NotSent as error:
        if error.fault is not Fault.PERSON:
            raise
        steps.append(Step(ok=True, message=message("s3.object-stays", name=key)))
    if not guarded:
        steps.append(Step(ok=True, message=Message("s3.would-overwrite")))
    return steps
