"""What the S3 library's errors mean: who must do something, or whether to wait.

The library tells the status and the words of the server only as text. `begun`: the request carried a document; before
that nothing has arrived, whatever happened, and after it only what the server says proves that nothing has.
"""

from __future__ import annotations

import re
from xml.etree.ElementTree import Element, ParseError

import msgspec
from defusedxml import DefusedXmlException
from defusedxml.ElementTree import fromstring

from banqup_tui.connectors.interface import Fault, NotSent, Rejected, Uncertain
from banqup_tui.domain.errors import BanqupError
from banqup_tui.domain.integration import Trouble
from banqup_tui.domain.text import clean

NOT_IMPLEMENTED = 501
MOST_WORDS = 200
MOST_BODY = 16_384

_WAIT = "It is tried again by itself."
_ATTENDRE = "Nouvel essai tout seul."
_STATUS = re.compile(r"Server returned non-2xx status code: (\d{3})[^:]*:?(.*)", re.DOTALL)
_KIND = re.compile(r"HttpError \{\s*kind: (\w+)")
_CERTIFICATE = re.compile(r"InvalidCertificate\(\s*(\w+)")

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
    """What the library knows: the status and words of an answer, or the kind of the failure where none came."""

    status: int | None = None
    code: str = ""
    message: str = ""
    region: str = ""
    kind: str = ""
    debug: str = ""

    @property
    def is_wordless(self) -> bool:
        """Answers without a body (to HEAD) never say why."""
        return self.status is not None and not self.code

    @property
    def words(self) -> str:
        return ": ".join(part for part in (self.code, self.message) if part)


def said_of(error: BaseException) -> Said:
    told, _, debug = str(error).partition("\n\nDebug source:")
    answered = _STATUS.search(told)
    if answered is not None:
        return _answer(int(answered.group(1)), answered.group(2))
    if "redirect without LOCATION" in told:
        return Said(status=301, code="PermanentRedirect")
    kind = _KIND.search(debug)
    return Said(kind=kind.group(1) if kind else "", message=_short(told), debug=debug)


def fault_of(error: BaseException, asked: Asked, *, begun: bool) -> BanqupError:
    said = said_of(error)
    if said.status is None:
        return _without_answer(said, asked, begun)
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


def _answer(status: int, body: str) -> Said:
    try:
        root = fromstring(body.strip()[:MOST_BODY], forbid_dtd=True)
    except (ParseError, DefusedXmlException, ValueError):
        return Said(status=status)
    words = {name: _short(_text(root, name)) for name in ("Code", "Message", "Region")}
    return Said(status=status, code=words["Code"], message=words["Message"].rstrip("."), region=words["Region"])


def _text(root: Element, name: str) -> str:
    found = root.find(f"{{*}}{name}")
    return (found.text or "") if found is not None else ""


def _short(text: str) -> str:
    plain = clean(text)
    return plain if len(plain) <= MOST_WORDS else f"{plain[: MOST_WORDS - 1]}…"


def _without_answer(said: Said, asked: Asked, begun: bool) -> BanqupError:
    where, slow = asked.where, said.kind == "Timeout"
    if said.kind == "Connect":
        return _not_connected(said, where)
    if begun and slow:
        return Uncertain(f"{where} did not answer in time; the document had been sent.", _WAIT)
    if begun and said.kind:
        return Uncertain(f"The connection to {where} broke before it had answered.", _WAIT)
    if begun:
        return Uncertain(f"{where} took the document, and did not answer as S3 does.", _WAIT)
    if not said.kind:
        return speaks_otherwise(asked)
    return NotSent(
        f"{where} does not answer." if slow else f"The connection to {where} broke.",
        _WAIT,
        fault=Fault.INTEGRATION,
        french=(f"{where} ne répond pas." if slow else f"La connexion à {where} s'est rompue.", _ATTENDRE),
    )


def _not_connected(answer: Said, where: str) -> NotSent:
    """Nothing was sent: there never was a connection."""
    certificate = _CERTIFICATE.search(answer.debug)
    if certificate is not None:
        said = certificate.group(1)
        return NotSent(
            f"The certificate of {where} is not to be trusted: {said}.",
            "Ask whoever runs the server for a valid one, or add its issuer to those that this machine trusts.",
            fault=Fault.PERSON,
            french=(
                f"Le certificat de {where} n'est pas digne de confiance : {said}.",
                "Demandez un certificat valable au responsable, ou ajoutez son émetteur à ceux de cette machine.",
            ),
        )
    if "dns error" in answer.debug:
        sentence, phrase = f"There is no server by the name {where}.", f"Aucun serveur ne s'appelle {where}."
    elif "ConnectionRefused" in answer.debug:
        sentence, phrase = f"{where} refuses the connection.", f"{where} refuse la connexion."
    else:
        sentence, phrase = f"No connection to {where} came about.", f"Aucune connexion à {where} n'a pu se faire."
    return NotSent(
        sentence,
        "It is tried again by itself; check address and region if it stays so.",
        fault=Fault.INTEGRATION,
        french=(phrase, "Nouvel essai tout seul ; sinon vérifiez l'adresse et la région."),
    )


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
    if said.code in _ANOTHER_REGION or 300 <= (said.status or 0) < 400:
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
    where, status, said = asked.where, answer.status or 0, answer.words or "…"
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
