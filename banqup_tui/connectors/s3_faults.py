"""What the answers of an S3 server mean: who must do something, or whether to wait.

`begun`: the request carried a document; before that nothing has arrived, whatever happened, and after it only what the
server says proves that nothing has.
"""

from __future__ import annotations

from xml.etree.ElementTree import Element, ParseError

import msgspec
from defusedxml import DefusedXmlException
from defusedxml.ElementTree import fromstring

from banqup_tui.connectors.http_client import Answer
from banqup_tui.connectors.interface import Fault, NotSent, Rejected, Uncertain
from banqup_tui.domain.errors import BanqupError
from banqup_tui.domain.integration import Trouble
from banqup_tui.domain.text import clean

NOT_IMPLEMENTED = 501
MOST_WORDS = 200
MOST_BODY = 16_384

_WAIT = "It is tried again by itself."
_ATTENDRE = "Nouvel essai tout seul."

_NO_SUCH_KEY = frozenset({"InvalidAccessKeyId", "InvalidAccessKey", "InvalidClientTokenId"})
_NO_ROOM = frozenset({"QuotaExceeded", "XMinioAdminBucketQuotaExceeded", "XMinioStorageFull", "InsufficientStorage"})
_TOO_LARGE = frozenset({"EntityTooLarge", "MaxMessageLengthExceeded"})
_ANOTHER_REGION = frozenset({"PermanentRedirect", "TemporaryRedirect", "AuthorizationHeaderMalformed"})
_IN_PEACE = frozenset({"SlowDown", "TooManyRequests", "RequestLimitExceeded"})
_NOT_WHOLE = frozenset({"RequestTimeout", "IncompleteBody", "BadDigest", "XAmzContentSHA256Mismatch"})


class Asked(msgspec.Struct, frozen=True):
    """What was asked: `where` is the server as sentences name it."""

    where: str
    bucket: str
    region: str


class Said(msgspec.Struct, frozen=True):
    """The status and words of an answer."""

    status: int
    code: str = ""
    message: str = ""
    region: str = ""

    @property
    def words(self) -> str:
        return ": ".join(part for part in (self.code, self.message) if part)


def said_of(answer: Answer) -> Said:
    root = _root_of(answer)
    if root is None:
        return Said(status=answer.status)
    words = {name: _short(_text(root, name)) for name in ("Code", "Message", "Region")}
    region = words["Region"] or _short(answer.headers.get("x-amz-bucket-region", ""))
    return Said(status=answer.status, code=words["Code"], message=words["Message"].rstrip("."), region=region)


def is_listing(answer: Answer) -> bool:
    """Whether it is what S3 answers to the question what is in a bucket."""
    root = _root_of(answer)
    return root is not None and root.tag.rpartition("}")[2] == "ListBucketResult"


def fault_of(said: Said, asked: Asked, *, begun: bool) -> BanqupError:
    return (
        _signed_wrongly(said, asked)
        or _elsewhere(said, asked)
        or _of_the_document(said, asked)
        or _waits(said, asked)
        or _otherwise(said, asked, begun)
    )


def speaks_otherwise(asked: Asked) -> NotSent:
    return NotSent(
        f"{asked.where} does not answer as S3 does.",
        "Correct the address: it is that of the provider's S3, not that of its web pages.",
        fault=Fault.PERSON,
        french=(
            f"{asked.where} ne répond pas comme S3.",
            "Corrigez l'adresse : c'est celle du S3 du fournisseur, non celle de ses pages web.",
        ),
    )


def _root_of(answer: Answer) -> Element | None:
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


def _signed_wrongly(said: Said, asked: Asked) -> NotSent | None:
    """Keys and clocks: a person's to mend."""
    where = asked.where
    if said.code in _NO_SUCH_KEY:
        return NotSent(
            f"{where} does not know the access key.",
            "Correct the access key and the secret key.",
            fault=Fault.PERSON,
            trouble=Trouble.SIGN_IN,
            french=(f"{where} ne connaît pas la clé d'accès.", "Corrigez la clé d'accès et la clé secrète."),
        )
    if said.code == "SignatureDoesNotMatch":
        return NotSent(
            f"{where} does not accept the secret key.",
            "Correct the secret key; with some providers a wrong region shows itself so too.",
            fault=Fault.PERSON,
            trouble=Trouble.SIGN_IN,
            french=(
                f"{where} n'accepte pas la clé secrète.",
                "Corrigez la clé secrète ; chez certains, une région erronée se montre ainsi aussi.",
            ),
        )
    if said.code == "RequestTimeTooSkewed":
        return NotSent(
            f"The clock of this machine differs too much from that of {where}.",
            "Set the clock of the machine on which the service runs.",
            fault=Fault.PERSON,
            french=(
                f"L'horloge de cette machine s'écarte trop de celle de {where}.",
                "Réglez l'horloge de la machine du service.",
            ),
        )
    return _without_right(said, asked.bucket) if said.status in (401, 403) and said.code not in _NO_ROOM else None


def _without_right(answer: Said, bucket: str) -> NotSent:
    said = answer.words or f"{answer.status}"
    return NotSent(
        f"The access key may not do this in the bucket {bucket}: “{said}”.",
        "Give it the rights s3:ListBucket, s3:GetObject and s3:PutObject there.",
        fault=Fault.PERSON,
        french=(
            f"La clé d'accès n'a pas ce droit dans le compartiment {bucket} : « {said} ».",
            "Donnez-lui les droits s3:ListBucket, s3:GetObject et s3:PutObject.",
        ),
    )


def _elsewhere(said: Said, asked: Asked) -> NotSent | None:
    """The bucket is not there, or in another place."""
    where, bucket, region = asked.where, asked.bucket, asked.region
    if said.code in _ANOTHER_REGION or 300 <= said.status < 400:
        right = said.region if said.region != region else ""
        return NotSent(
            f"The bucket {bucket} is not in the region {region}.",
            f"Set the region to {right}." if right else "Look up the bucket's region at the provider's, and set it.",
            fault=Fault.PERSON,
            french=(
                f"Le compartiment {bucket} n'est pas dans la région {region}.",
                f"Réglez la région sur {right}." if right else "Cherchez sa région chez le fournisseur, et réglez-la.",
            ),
        )
    if said.code in ("NoSuchBucket", "InvalidBucketName"):
        return NotSent(
            f"{where} has no bucket {bucket}.",
            "Correct its name, or make it there.",
            fault=Fault.PERSON,
            french=(f"{where} n'a pas de compartiment {bucket}.", "Corrigez son nom, ou créez-le."),
        )
    return speaks_otherwise(asked) if said.status in (404, 405) else None


def _of_the_document(answer: Said, asked: Asked) -> BanqupError | None:
    where, said = asked.where, answer.words
    if answer.status == 413 or answer.code in _TOO_LARGE:
        return Rejected(
            f"{where} does not take a document of this size.",
            "Ask whoever runs the server to allow larger ones, or hand it over another way.",
        )
    if answer.code == "KeyTooLongError":
        return Rejected(f"The name of the object is too long for {where}.", "Choose a shorter path or file name.")
    if answer.code in _NOT_WHOLE:
        return NotSent(f"{where} did not get the document whole: “{said}”.", _WAIT)
    return None


def _waits(said: Said, asked: Asked) -> NotSent | None:
    """Answers that are given in place of doing anything."""
    where, bucket = asked.where, asked.bucket
    if said.status == 429 or said.code in _IN_PEACE:
        return NotSent(
            f"{where} asks to be left in peace for a while.",
            _WAIT,
            fault=Fault.INTEGRATION,
            french=(f"{where} demande qu'on patiente un moment.", _ATTENDRE),
        )
    if said.status == 507 or said.code in _NO_ROOM:
        return NotSent(
            f"There is no more room in the bucket {bucket}.",
            "Make room there, or ask the provider for more. The document is then sent by itself.",
            fault=Fault.INTEGRATION,
            french=(
                f"Il n'y a plus de place dans le compartiment {bucket}.",
                "Faites-y de la place, ou demandez-en au fournisseur. Le document part alors seul.",
            ),
        )
    return None


def _otherwise(answer: Said, asked: Asked, begun: bool) -> BanqupError:
    where, status, said = asked.where, answer.status, answer.words or "…"
    if 400 <= status < 500 and status not in (408, 425):
        return Rejected(
            f"{where} refused the document ({status}): “{said}”.",
            "Correct what it names, here or at the server, and send the document again.",
            french=(
                f"{where} a refusé le document ({status}) : « {said} ».",
                "Corrigez ce qui est dit, ici ou sur le serveur, et renvoyez le document.",
            ),
        )
    why = f"{where} fails ({status}): “{said}”." if answer.words else f"{where} fails, with the status {status}."
    if begun and status != NOT_IMPLEMENTED:
        return Uncertain(why, _WAIT)
    pourquoi = f"{where} est en panne ({status}) : « {said} »."
    return NotSent(why, _WAIT, fault=Fault.INTEGRATION, french=(pourquoi, _ATTENDRE))
