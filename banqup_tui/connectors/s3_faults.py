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

_WITHOUT = {
    "Timeout": "{server} did not answer in time; the document had been sent.",
    "Request": "The connection to {server} broke before it had answered.",
    "": "{server} took the document, and answered as S3 does not.",
}


class Asked(msgspec.Struct, frozen=True):
    """What was asked: `server` as sentences name it."""

    server: str
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
        f"{asked.server} does not answer as S3 does.",
        "Correct the address: it is that of the provider's S3, not that of its web pages.",
        fault=Fault.PERSON,
        french=(
            f"{asked.server} ne répond pas comme S3.",
            "Corrigez l'adresse : c'est celle du S3 du fournisseur, non celle de ses pages web.",
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
    if said.kind == "Connect":
        return _not_connected(said, asked)
    if begun:
        return Uncertain(_WITHOUT.get(said.kind, _WITHOUT["Request"]).format(server=asked.server), _WAIT)
    if not said.kind:
        return speaks_otherwise(asked)
    slow = said.kind == "Timeout"
    return NotSent(
        f"{asked.server} does not answer." if slow else f"The connection to {asked.server} broke.",
        _WAIT,
        fault=Fault.INTEGRATION,
        french=(
            f"{asked.server} ne répond pas." if slow else f"La connexion à {asked.server} s'est rompue.",
            _ATTENDRE,
        ),
    )


def _not_connected(said: Said, asked: Asked) -> NotSent:
    """Nothing was sent: there never was a connection."""
    certificate = _CERTIFICATE.search(said.debug)
    if certificate is not None:
        why = certificate.group(1)
        return NotSent(
            f"The certificate of {asked.server} is not to be trusted: {why}.",
            "Ask whoever runs the server for a valid one, or add its issuer to those that this machine trusts.",
            fault=Fault.PERSON,
            french=(
                f"Le certificat de {asked.server} n'est pas digne de confiance : {why}.",
                "Demandez un certificat valable au responsable, ou ajoutez son émetteur à ceux de cette machine.",
            ),
        )
    if "dns error" in said.debug:
        why = f"There is no server by the name {asked.server}."
        pourquoi = f"Aucun serveur ne s'appelle {asked.server}."
    elif "ConnectionRefused" in said.debug:
        why, pourquoi = f"{asked.server} refuses the connection.", f"{asked.server} refuse la connexion."
    else:
        why = f"No connection to {asked.server} came about."
        pourquoi = f"Aucune connexion à {asked.server} n'a pu se faire."
    return NotSent(
        why,
        "It is tried again by itself; check address and region if it stays so.",
        fault=Fault.INTEGRATION,
        french=(pourquoi, "Nouvel essai tout seul ; sinon vérifiez l'adresse et la région."),
    )


def _signed_wrongly(said: Said, asked: Asked) -> NotSent | None:
    """Keys, rights, clocks: a person's to mend."""
    if said.code in _NO_SUCH_KEY:
        return _person(
            f"{asked.server} does not know the access key.",
            "Correct the access key and the secret key.",
            f"{asked.server} ne connaît pas la clé d'accès.",
            "Corrigez la clé d'accès et la clé secrète.",
        )
    if said.code == "SignatureDoesNotMatch":
        return _person(
            f"{asked.server} does not accept the secret key.",
            "Correct the secret key; with some providers a wrong region shows itself so too.",
            f"{asked.server} n'accepte pas la clé secrète.",
            "Corrigez la clé secrète ; chez certains, une région erronée se montre ainsi aussi.",
        )
    if said.code == "RequestTimeTooSkewed":
        return _person(
            f"The clock of this machine differs too much from that of {asked.server}.",
            "Set the clock of the machine on which the service runs.",
            f"L'horloge de cette machine s'écarte trop de celle de {asked.server}.",
            "Réglez l'horloge de la machine du service.",
        )
    if said.status in (401, 403) and said.code not in _NO_ROOM:
        what = f": “{said.words}”" if said.words else ""
        quoi = f" : « {said.words} »" if said.words else ""
        return _person(
            f"The access key may not do this in the bucket {asked.bucket}{what}.",
            "Give it the rights s3:ListBucket, s3:GetObject and s3:PutObject there.",
            f"La clé d'accès n'a pas ce droit dans le compartiment {asked.bucket}{quoi}.",
            "Donnez-lui les droits s3:ListBucket, s3:GetObject et s3:PutObject.",
        )
    return None


def _elsewhere(said: Said, asked: Asked) -> NotSent | None:
    """The bucket is not there, or in another place."""
    if said.code in _ANOTHER_REGION or 300 <= (said.status or 0) < 400:
        right = said.region if said.region != asked.region else ""
        return _person(
            f"The bucket {asked.bucket} is not in the region {asked.region}.",
            f"Set the region to {right}." if right else "Look at the provider's for the bucket's region, and set it.",
            f"Le compartiment {asked.bucket} n'est pas dans la région {asked.region}.",
            f"Réglez la région sur {right}." if right else "Cherchez sa région chez le fournisseur, et réglez-la.",
        )
    if said.code in ("NoSuchBucket", "InvalidBucketName"):
        return _person(
            f"{asked.server} has no bucket {asked.bucket}.",
            "Correct its name, or make it there.",
            f"{asked.server} n'a pas de compartiment {asked.bucket}.",
            "Corrigez son nom, ou créez-le.",
        )
    return speaks_otherwise(asked) if said.status in (404, 405) else None


def _of_the_document(said: Said, asked: Asked) -> BanqupError | None:
    if said.status == 413 or said.code in _TOO_LARGE:
        return Rejected(
            f"{asked.server} does not take a document of this size.",
            "Ask whoever runs the server to allow larger ones, or hand it over another way.",
        )
    if said.code == "KeyTooLongError":
        return Rejected(
            f"The name of the object is too long for {asked.server}.", "Choose a shorter path or file name."
        )
    if said.code in _NOT_WHOLE:
        return NotSent(f"{asked.server} did not get the document whole: “{said.words}”.", _WAIT)
    return None


def _waits(said: Said, asked: Asked) -> NotSent | None:
    """Answers that are given in place of doing anything."""
    if said.status == 429 or said.code in _IN_PEACE:
        return NotSent(
            f"{asked.server} asks to be left in peace for a while.",
            _WAIT,
            fault=Fault.INTEGRATION,
            french=(f"{asked.server} demande qu'on patiente un moment.", _ATTENDRE),
        )
    if said.status == 507 or said.code in _NO_ROOM:
        return NotSent(
            f"There is no more room in the bucket {asked.bucket}.",
            "Make room there, or ask the provider for more. The document is then sent by itself.",
            fault=Fault.INTEGRATION,
            french=(
                f"Il n'y a plus de place dans le compartiment {asked.bucket}.",
                "Faites-y de la place, ou demandez-en au fournisseur. Le document part alors seul.",
            ),
        )
    return None


def _otherwise(said: Said, asked: Asked, begun: bool) -> BanqupError:
    what = f": “{said.words}”" if said.words else ""
    quoi = f" : « {said.words} »" if said.words else ""
    if 400 <= (said.status or 0) < 500 and said.status not in (408, 425):
        return Rejected(
            f"{asked.server} refused the document ({said.status}){what}.",
            "Correct what it names, here or at the provider's, and send the document again.",
            french=(
                f"{asked.server} a refusé le document ({said.status}){quoi}.",
                "Corrigez ce qui est dit, ici ou chez le fournisseur, et renvoyez le document.",
            ),
        )
    why = f"{asked.server} fails ({said.status}){what}."
    if begun and said.status != NOT_IMPLEMENTED:
        return Uncertain(why, _WAIT)
    return NotSent(
        why,
        _WAIT,
        fault=Fault.INTEGRATION,
        french=(f"{asked.server} est en panne ({said.status}){quoi}.", _ATTENDRE),
    )


def _person(sentence: str, remedy: str, french: str, french_remedy: str) -> NotSent:
    return NotSent(sentence, remedy, fault=Fault.PERSON, french=(french, french_remedy))
