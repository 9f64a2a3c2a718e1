"""Turns the answers of an S3 server into `NotSent`, `Rejected` or `Uncertain`.

`begun`: the request carried a document. Before, nothing has arrived, whatever happened; after, only an answer of the
server proves that nothing has.
"""

from __future__ import annotations

from xml.etree.ElementTree import Element, ParseError

import msgspec
from defusedxml import DefusedXmlException
from defusedxml.ElementTree import fromstring

from banqup_tui.connectors.common.http_answer import HttpAnswer
from banqup_tui.connectors.interface import Fault, NotSent, Rejected, Uncertain
from banqup_tui.domain.errors import BanqupError
from banqup_tui.domain.integration import Trouble
from banqup_tui.domain.messages import message
from banqup_tui.domain.text import clean

NOT_IMPLEMENTED = 501
MOST_WORDS = 200
MOST_BODY = 16_384


_NO_SUCH_KEY = frozenset({"InvalidAccessKeyId", "InvalidAccessKey", "InvalidClientTokenId"})
_DISK_FULL = frozenset({"QuotaExceeded", "XMinioAdminBucketQuotaExceeded", "XMinioStorageFull", "InsufficientStorage"})
_TOO_LARGE = frozenset({"EntityTooLarge", "MaxMessageLengthExceeded"})
_ANOTHER_REGION = frozenset({"PermanentRedirect", "TemporaryRedirect", "AuthorizationHeaderMalformed"})
_THROTTLED = frozenset({"SlowDown", "TooManyRequests", "RequestLimitExceeded"})
# `RequestTimeout` is 400: the server waited in vain for the rest of the body, so the object was not stored.
_INCOMPLETE_UPLOAD = frozenset({"RequestTimeout", "IncompleteBody", "BadDigest", "XAmzContentSHA256Mismatch"})


class Target(msgspec.Struct, frozen=True):
    """The server, bucket and region of a request. `where`: the server's name for messages."""

    where: str
    bucket: str
    region: str


class ErrorAnswer(msgspec.Struct, frozen=True):
    """Status, code and text of an error answer."""

    status: int
    code: str = ""
    message: str = ""
    region: str = ""

    @property
    def words(self) -> str:
        return ": ".join(part for part in (self.code, self.message) if part)


def error_answer_of(answer: HttpAnswer) -> ErrorAnswer:
    root = _root_of(answer)
    if root is None:
        return ErrorAnswer(status=answer.status)
    words = {name: _short(_text(root, name)) for name in ("Code", "Message", "Region")}
    region = words["Region"] or _short(answer.headers.get("x-amz-bucket-region", ""))
    return ErrorAnswer(status=answer.status, code=words["Code"], message=words["Message"].rstrip("."), region=region)


def is_listing(answer: HttpAnswer) -> bool:
    """Tells whether it is a valid answer to a list request."""
    root = _root_of(answer)
    return root is not None and root.tag.rpartition("}")[2] == "ListBucketResult"


def fault_of(error_answer: ErrorAnswer, target: Target, *, begun: bool) -> BanqupError:
    return (
        _signed_wrongly(error_answer, target)
        or _elsewhere(error_answer, target)
        or _of_the_document(error_answer, target)
        or _waits(error_answer, target)
        or _otherwise(error_answer, target, begun)
    )


def speaks_otherwise(target: Target) -> NotSent:
    return NotSent(message("s3.not-s3", server=target.where), fault=Fault.PERSON)


def _root_of(answer: HttpAnswer) -> Element | None:
    try:
        return fromstring(answer.body[:MOST_BODY].strip(), forbid_dtd=True)
    except (ParseError, DefusedXmlException, ValueError, LookupError):
        return None


def _text(root: Element, name: str) -> str:
    found = root.find(f"{{*}}{name}")
    return (found.text or "") if found is not None else ""


def _short(text: str) -> str:
    plain = clean(text)
    return plain if len(plain) <= MOST_WORDS else f"{plain[: MOST_WORDS - 1]}…"


def _signed_wrongly(error_answer: ErrorAnswer, target: Target) -> NotSent | None:
    """Returns the error for refused keys and wrong clocks, which a person must correct."""
    where = target.where
    if error_answer.code in _NO_SUCH_KEY:
        return NotSent(message("s3.access-key-unknown", server=where), fault=Fault.PERSON, trouble=Trouble.SIGN_IN)
    if error_answer.code == "SignatureDoesNotMatch":
        return NotSent(message("s3.secret-key-refused", server=where), fault=Fault.PERSON, trouble=Trouble.SIGN_IN)
    if error_answer.code == "RequestTimeTooSkewed":
        return NotSent(message("s3.clock-differs", server=where), fault=Fault.PERSON)
    return (
        _without_right(error_answer, target.bucket)
        if error_answer.status in (401, 403) and error_answer.code not in _DISK_FULL
        else None
    )


def _without_right(answer: ErrorAnswer, bucket: str) -> NotSent:
    error_answer = answer.words or f"{answer.status}"
    return NotSent(message("s3.not-allowed", quote=error_answer, bucket=bucket), fault=Fault.PERSON)


def _elsewhere(error_answer: ErrorAnswer, target: Target) -> NotSent | None:
    """Returns the error for a bucket that does not exist or is in another region."""
    where, bucket, region = target.where, target.bucket, target.region
    if error_answer.code in _ANOTHER_REGION or 300 <= error_answer.status < 400:
        right = error_answer.region if error_answer.region != region else ""
        if right:
            wrong = message("s3.another-region-known", bucket=bucket, region=region, right=right)
        else:
            wrong = message("s3.another-region", bucket=bucket, region=region)
        return NotSent(wrong, fault=Fault.PERSON)
    if error_answer.code in ("NoSuchBucket", "InvalidBucketName"):
        return NotSent(message("s3.no-bucket", server=where, bucket=bucket), fault=Fault.PERSON)
    return speaks_otherwise(target) if error_answer.status in (404, 405) else None


def _of_the_document(answer: ErrorAnswer, target: Target) -> BanqupError | None:
    where, error_answer = target.where, answer.words
    if answer.status == 413 or answer.code in _TOO_LARGE:
        return Rejected(message("s3.too-large", server=where))
    if answer.code == "KeyTooLongError":
        return Rejected(message("s3.name-too-long", server=where))
    if answer.code in _INCOMPLETE_UPLOAD:
        return NotSent(message("s3.not-whole", quote=error_answer, server=where))
    return None


def _waits(error_answer: ErrorAnswer, target: Target) -> NotSent | None:
    """Returns the error for statuses by which a server postpones a request."""
    where, bucket = target.where, target.bucket
    if error_answer.status == 429 or error_answer.code in _THROTTLED:
        return NotSent(message("s3.asked-to-wait", server=where), fault=Fault.INTEGRATION)
    if error_answer.status == 507 or error_answer.code in _DISK_FULL:
        return NotSent(message("s3.no-room", bucket=bucket), fault=Fault.INTEGRATION)
    return None


def _otherwise(answer: ErrorAnswer, target: Target, begun: bool) -> BanqupError:
    where, status, error_answer = target.where, answer.status, answer.words
    if 400 <= status < 500 and status not in (408, 425):
        return Rejected(message("s3.refused", quote=error_answer, server=where, status=status))
    failed = message("s3.server-failed", quote=answer.words, server=where, status=status)
    if begun and status != NOT_IMPLEMENTED:
        return Uncertain(failed)
    return NotSent(failed, fault=Fault.INTEGRATION)
