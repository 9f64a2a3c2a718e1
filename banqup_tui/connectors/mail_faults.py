"""What a mail server's answers and silences mean: who must do something, or whether to wait.

All of these are certain: they are told before the last dot of a message, or by the server's own answer to it.
"""

import re
import smtplib
import socket
import ssl

import msgspec

from banqup_tui.connectors.interface import Fault, NotSent, Rejected
from banqup_tui.connectors.limits import megabytes
from banqup_tui.domain.errors import BanqupError
from banqup_tui.domain.integration import Trouble
from banqup_tui.domain.text import clean

_MAX_WORDS = 200
_ENHANCED = re.compile(r"\s*([245])\.(\d{1,3})\.\d{1,3}\b")
_OF_THE_SERVER = frozenset({421, 432, 452, 454})
_SUBJECTS_OF_THE_SERVER = frozenset({"3", "4", "7"})
_NO_TLS = frozenset(
    {
        "WRONG_VERSION_NUMBER",
        "RECORD_LAYER_FAILURE",
        "HTTP_REQUEST",
        "UNSUPPORTED_PROTOCOL",
        "NO_PROTOCOLS_AVAILABLE",
        "NO_SHARED_CIPHER",
        "SSLV3_ALERT_HANDSHAKE_FAILURE",
        "TLSV1_ALERT_PROTOCOL_VERSION",
        "DH_KEY_TOO_SMALL",
    }
)

_SMALLER = "Send a smaller copy of it, or give it to the software by hand."

LOST = (OSError, smtplib.SMTPException)
"""The line is gone, or what comes over it is no SMTP (`ssl.SSLError` and `TimeoutError` are OSErrors)."""


class Reply(msgspec.Struct, frozen=True):
    """A server's whole answer; `words` in one harmless line."""

    code: int
    words: str

    @property
    def is_good(self) -> bool:
        return 200 <= self.code < 300

    @property
    def is_refusal(self) -> bool:
        return 500 <= self.code < 600

    @property
    def is_verdict(self) -> bool:
        """Whether it says yes or no: not "go on", and nothing that is no SMTP."""
        return self.is_good or 400 <= self.code < 600

    @property
    def shown(self) -> str:
        return f"{self.code} {self.words}".rstrip()

    @property
    def wants_sign_in(self) -> bool:
        return self.code in (530, 534, 535, 538)

    @property
    def waits_for_the_server(self) -> bool:
        """Of an answer 4xx: whether it concerns all that is sent there, and not this document or its address."""
        found = _ENHANCED.match(self.words)
        return self.code in _OF_THE_SERVER or (found is not None and found.group(2) in _SUBJECTS_OF_THE_SERVER)


def reply_of(code: int, said: bytes) -> Reply:
    line = clean(said.decode("utf-8", "replace"))
    return Reply(code, line if len(line) <= _MAX_WORDS else f"{line[: _MAX_WORDS - 1]}…")


def words_of(error: BaseException) -> str:
    """What went wrong with a line, in one harmless line."""
    if isinstance(error, smtplib.SMTPResponseException):
        said = error.smtp_error
        return reply_of(error.smtp_code, said if isinstance(said, bytes) else str(said).encode()).shown
    if isinstance(error, ssl.SSLError) and error.reason:
        return clean(error.reason.replace("_", " ").lower())
    text = getattr(error, "strerror", None) or str(error) or type(error).__name__
    return reply_of(0, str(text).encode()).words


def not_connected(error: BaseException, server: str) -> NotSent:
    """No connection, or none that is safe. Sign-in has its own sentences."""
    match error:
        case ssl.SSLCertVerificationError():
            said = clean(error.verify_message or error.reason or "")
            return NotSent(
                f"The certificate of {server} is not to be trusted: {said}.",
                "Correct the server's name. If the server belongs to the firm and has a certificate of its own "
                "authority, put that authority's into CA certificate.",
                fault=Fault.PERSON,
                french=(
                    f"Le certificat de {server} n'est pas fiable : {said}.",
                    "Corrigez le nom du serveur. Si le serveur est au bureau et a un certificat de sa propre "
                    "autorité, mettez celui de l'autorité dans Certificat d'autorité.",
                ),
            )
        case ssl.SSLError() if error.reason in _NO_TLS:
            return NotSent(
                f"{server} does not encrypt in this way: {words_of(error)}.",
                "Choose the other kind under Security, or correct the port: STARTTLS is usual at 587, TLS at 465.",
                fault=Fault.PERSON,
                french=(
                    f"{server} ne chiffre pas de cette façon : {words_of(error)}.",
                    "Choisissez l'autre sorte sous Sécurité, ou corrigez le port : STARTTLS est courant sur 587, "
                    "TLS sur 465.",
                ),
            )
        case TimeoutError():
            why, pourquoi = f"{server} does not answer.", f"{server} ne répond pas."
        case ConnectionRefusedError():
            why, pourquoi = f"{server} refuses the connection.", f"{server} refuse la connexion."
        case socket.gaierror():
            why, pourquoi = f"There is no server by the name {server}.", f"Aucun serveur ne s'appelle {server}."
        case _:
            said = words_of(error)
            why = f"The connection to {server} broke: {said}."
            pourquoi = f"La connexion à {server} s'est rompue : {said}."
    return NotSent(
        why,
        "It is tried again by itself; check host and port if it stays so.",
        fault=Fault.INTEGRATION,
        french=(pourquoi, "Nouvel essai tout seul ; sinon vérifiez le serveur et le port."),
    )


def not_welcome(reply: Reply, server: str) -> NotSent:
    """The server answers, and does not want to talk now: to the greeting or to EHLO."""
    return NotSent(
        f"{server} takes no mail now: “{reply.shown}”.",
        "It is tried again by itself.",
        fault=Fault.INTEGRATION,
        french=(f"{server} n'accepte pas de courrier pour l'instant : « {reply.shown} ».", "Nouvel essai tout seul."),
    )


def no_starttls(server: str) -> NotSent:
    return NotSent(
        f"{server} does not offer STARTTLS.",
        "Choose TLS under Security, and its port (usually 465). Nothing was sent to it unencrypted.",
        fault=Fault.PERSON,
        french=(
            f"{server} n'offre pas STARTTLS.",
            "Choisissez TLS sous Sécurité, et son port (souvent 465). Rien ne lui a été envoyé sans chiffrement.",
        ),
    )


def would_be_readable(server: str) -> NotSent:
    return NotSent(
        f"{server} is not this machine, and without encryption anybody on the way can read the documents.",
        "Choose STARTTLS or TLS under Security.",
        fault=Fault.PERSON,
        french=(
            f"{server} n'est pas cette machine, et sans chiffrement chacun sur le chemin peut lire les documents.",
            "Choisissez STARTTLS ou TLS sous Sécurité.",
        ),
    )


def unreadable_ca() -> NotSent:
    return NotSent(
        "The CA certificate cannot be read.",
        "Give the whole text of it in PEM, or the path of such a file on the backend's machine.",
        fault=Fault.PERSON,
        french=(
            "Le certificat d'autorité ne peut pas être lu.",
            "Donnez tout son texte en PEM, ou le chemin d'un tel fichier sur la machine du service.",
        ),
    )


def no_way_to_sign_in(server: str, offered: str) -> NotSent:
    """`offered`: names of ways, as the server lists them; empty where it lists none."""
    ways = clean(offered)[:_MAX_WORDS] or "–"
    return NotSent(
        f"{server} takes no user and password here; ways it offers: {ways}.",
        "Ask whoever runs the server to allow sign-in by password, or leave user and password empty if it wants none.",
        fault=Fault.PERSON,
        trouble=Trouble.SIGN_IN,
        french=(
            f"{server} n'accepte pas ici d'utilisateur et de mot de passe ; façons offertes : {ways}.",
            "Demandez au responsable du serveur d'autoriser le mot de passe, ou laissez utilisateur et mot de passe "
            "vides s'il n'en veut pas.",
        ),
    )


def not_signed_in(reply: Reply, server: str) -> NotSent:
    if not reply.is_refusal:
        return not_welcome(reply, server)
    return NotSent(
        f"{server} did not accept the sign-in: “{reply.shown}”.",
        "Correct the user or the password. Some providers want a password made for programs.",
        fault=Fault.PERSON,
        trouble=Trouble.SIGN_IN,
        french=(
            f"{server} n'a pas accepté la connexion : « {reply.shown} ».",
            "Corrigez l'utilisateur ou le mot de passe. Certains fournisseurs veulent un mot de passe "
            "pour applications.",
        ),
    )


class TokenRefused(NotSent):
    """The server let nobody in with this access token."""


def no_sign_in_by_token(server: str, offered: str) -> NotSent:
    ways = offered or "none"
    return NotSent(
        f"{server} does not let anybody sign in by the browser here; ways offered: {ways}.",
        "Sign in by password, or correct the mail server.",
        fault=Fault.PERSON,
        french=(
            f"{server} ne permet pas ici la connexion par le navigateur ; façons offertes : {ways}.",
            "Connectez-vous par mot de passe, ou corrigez le serveur d'envoi.",
        ),
    )


def token_refused(reply: Reply, server: str) -> NotSent:
    if not reply.is_refusal:
        return not_welcome(reply, server)
    return TokenRefused(
        f"{server} did not accept the sign-in: “{reply.shown}”.",
        "Sign in again in the settings, as the user that stands there. It has to be allowed to send by program (SMTP).",
        fault=Fault.PERSON,
        trouble=Trouble.SIGN_IN,
        french=(
            f"{server} n'a pas accepté la connexion : « {reply.shown} ».",
            "Reconnectez-vous dans les réglages, comme l'utilisateur qui y figure. Il doit pouvoir envoyer par "
            "programme (SMTP).",
        ),
    )


def sender_refused(reply: Reply, server: str, sender: str, size: int) -> BanqupError:
    """To MAIL FROM, which also announces the size."""
    if reply.code == 552:
        return _too_large(reply, server, size)
    if reply.wants_sign_in:
        return _sign_in_wanted(reply, server)
    if not reply.is_refusal:
        return not_welcome(reply, server)
    return NotSent(
        f"{server} does not let this user send as {sender}: “{reply.shown}”.",
        "Correct the sender's address, or ask whoever runs the server for the right to use it.",
        fault=Fault.PERSON,
        french=(
            f"{server} ne laisse pas cet utilisateur envoyer comme {sender} : « {reply.shown} ».",
            "Corrigez l'adresse de l'expéditeur, ou demandez au responsable du serveur le droit de l'utiliser.",
        ),
    )


def recipient_refused(reply: Reply, server: str, address: str) -> BanqupError:
    if reply.wants_sign_in:
        return _sign_in_wanted(reply, server)
    if reply.is_refusal:
        return Rejected(
            f"{server} takes no mail for {address}: “{reply.shown}”.",
            "Compare the address with the one that the software shows, and correct it.",
            french=(
                f"{server} n'accepte pas de courrier pour {address} : « {reply.shown} ».",
                "Comparez l'adresse avec celle que le logiciel montre, et corrigez-la.",
            ),
        )
    if reply.waits_for_the_server:
        return not_welcome(reply, server)
    return NotSent(
        f"{server} takes no mail for {address} now: “{reply.shown}”.",
        "It is tried again by itself.",
        french=(
            f"{server} n'accepte pas de courrier pour {address} pour l'instant : « {reply.shown} ».",
            "Nouvel essai tout seul.",
        ),
    )


def message_refused(reply: Reply, server: str, size: int) -> BanqupError:
    """To DATA, or to the last dot: a whole answer that is no yes, so nothing has arrived."""
    if reply.code == 552:
        return _too_large(reply, server, size)
    if reply.is_refusal:
        return Rejected(
            f"{server} refused the message: “{reply.shown}”.",
            "Ask whoever runs the mailbox what it does not take, or give the document to the software by hand.",
        )
    if reply.waits_for_the_server:
        return not_welcome(reply, server)
    return NotSent(f"{server} did not take the message now: “{reply.shown}”.", "It is tried again by itself.")


def larger_than_announced(size: int, limit: int, server: str) -> Rejected:
    """Both in bytes of a whole message, in which a document is a third larger than by itself."""
    return Rejected(
        f"{server} takes messages of at most {megabytes(limit)}; with this document it has {megabytes(size)}.",
        _SMALLER,
    )


def _too_large(reply: Reply, server: str, size: int) -> Rejected:
    return Rejected(f"For {server} a message of {megabytes(size)} is too large: “{reply.shown}”.", _SMALLER)


def broke_off(error: BaseException, server: str) -> NotSent:
    """Before the last dot. The document waits alone: if it is its content that ends the talk, the others go on."""
    return NotSent(
        f"The connection to {server} broke before the message was whole: {words_of(error)}.",
        "Nothing of it counts. It is tried again by itself.",
    )


def _sign_in_wanted(reply: Reply, server: str) -> NotSent:
    return NotSent(
        f"{server} wants a sign-in first: “{reply.shown}”.",
        "Fill in user and password.",
        fault=Fault.PERSON,
        trouble=Trouble.SIGN_IN,
        french=(f"{server} veut d'abord une connexion : « {reply.shown} ».", "Remplissez utilisateur et mot de passe."),
    )
