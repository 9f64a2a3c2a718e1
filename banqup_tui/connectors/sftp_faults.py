"""What an SFTP server's refusals mean: who must do something, or whether to wait."""

import re
import socket
import unicodedata

import asyncssh

from banqup_tui.connectors.interface import Fault, NotSent, Rejected
from banqup_tui.domain.errors import BanqupError
from banqup_tui.domain.integration import Trouble

_NO_ROOM = re.compile(r"no space|quota|disk.{0,8}full|full.{0,8}disk|out of space|insufficient", re.IGNORECASE)
_MAX_WORDS = 200

LOST = (
    asyncssh.SFTPConnectionLost,
    asyncssh.SFTPNoConnection,
    asyncssh.DisconnectError,
    asyncssh.ChannelOpenError,
    OSError,
)
"""The line is gone (`TimeoutError` is an OSError): whatever was asked last may have been done."""


def words_of(error: BaseException) -> str:
    """The server's own words in one line, harmless to show."""
    text = getattr(error, "reason", None) or str(error) or type(error).__name__
    seen = "".join(" " if letter in "\r\n\t" else letter for letter in text)
    line = " ".join("".join(letter for letter in seen if unicodedata.category(letter)[0] != "C").split())
    return line if len(line) <= _MAX_WORDS else f"{line[: _MAX_WORDS - 1]}…"


def not_connected(error: BaseException, host: str, port: int) -> NotSent:
    """No connection, or no sign-in. The key of the host has its own sentence elsewhere."""
    where = host if port == 22 else f"{host}:{port}"
    match error:
        case asyncssh.PermissionDenied():
            return NotSent(
                f"{where} did not accept the sign-in.",
                "Correct the user, the password or the private key.",
                french=(
                    f"{where} n'a pas accepté la connexion.",
                    "Corrigez l'utilisateur, le mot de passe ou la clé privée.",
                ),
                fault=Fault.PERSON,
                trouble=Trouble.SIGN_IN,
            )
        case asyncssh.KeyExchangeFailed() | asyncssh.ProtocolNotSupported() | asyncssh.MACError():
            return NotSent(
                f"{where} offers no way of encrypting that is safe: {words_of(error)}.",
                "Ask whoever runs the server to bring it up to date.",
                french=(
                    f"{where} n'offre aucun chiffrement sûr : {words_of(error)}.",
                    "Demandez au responsable du serveur de le mettre à jour.",
                ),
                fault=Fault.PERSON,
            )
        case asyncssh.ChannelOpenError() | asyncssh.SFTPError():
            return NotSent(
                f"{where} does not offer SFTP to this user: {words_of(error)}.",
                "Ask whoever runs the server to allow it.",
                french=(
                    f"{where} n'offre pas SFTP à cet utilisateur : {words_of(error)}.",
                    "Demandez au responsable du serveur de l'autoriser.",
                ),
                fault=Fault.PERSON,
            )
        case TimeoutError():
            why, pourquoi = f"{where} does not answer.", f"{where} ne répond pas."
        case ConnectionRefusedError():
            why, pourquoi = f"{where} refuses the connection.", f"{where} refuse la connexion."
        case socket.gaierror():
            why, pourquoi = f"There is no server by the name {host}.", f"Aucun serveur ne s'appelle {host}."
        case _:
            said = words_of(error)
            why = f"The connection to {where} broke: {said}."
            pourquoi = f"La connexion à {where} s'est rompue : {said}."
    return NotSent(
        why,
        "It is tried again by itself; check host and port if it stays so.",
        fault=Fault.INTEGRATION,
        french=(pourquoi, "Nouvel essai tout seul ; sinon vérifiez le serveur et le port."),
    )


def not_written(error: BaseException, directory: str, room: int | None, size: int) -> BanqupError:
    """`room`: bytes free at the server's, where it tells. Certainly nothing has arrived."""
    said = words_of(error)
    if _is_full(error, said, room, size):
        return NotSent(
            f"The server has no room in {directory}: “{said}”.",
            "Make room there, or ask whoever runs the server. The document is then sent by itself.",
            french=(
                f"Le serveur n'a plus de place dans {directory} : « {said} ».",
                "Faites-y de la place, ou demandez au responsable. Le document part alors seul.",
            ),
            fault=Fault.INTEGRATION,
        )
    match error:
        case asyncssh.SFTPPermissionDenied() | asyncssh.SFTPWriteProtect():
            return NotSent(
                f"The server does not let {directory} be written to: “{said}”.",
                "Correct the path, or ask for the right to write there.",
                french=(
                    f"Le serveur ne laisse pas écrire dans {directory} : « {said} ».",
                    "Corrigez le chemin, ou demandez le droit d'y écrire.",
                ),
                fault=Fault.PERSON,
            )
        case asyncssh.SFTPNoSuchFile() | asyncssh.SFTPNoSuchPath() | asyncssh.SFTPNotADirectory():
            return NotSent(
                f"The folder {directory} is not on the server and cannot be made: “{said}”.",
                "Correct the path.",
                french=(
                    f"Le dossier {directory} n'est pas sur le serveur et ne peut être créé : « {said} ».",
                    "Corrigez le chemin.",
                ),
                fault=Fault.PERSON,
            )
        case asyncssh.SFTPBadMessage() | asyncssh.SFTPInvalidFilename():
            return Rejected(
                f"The server does not accept this name in {directory}: “{said}”.",
                "Choose a shorter path.",
                french=(
                    f"Le serveur n'accepte pas ce nom dans {directory} : « {said} ».",
                    "Choisissez un chemin plus court.",
                ),
            )
        case asyncssh.SFTPOpUnsupported():
            return NotSent(
                f"The server cannot do what is needed: “{said}”.",
                "Ask whoever runs it for a server that can rename files.",
                french=(
                    f"Le serveur ne peut pas faire ce qu'il faut : « {said} ».",
                    "Demandez au responsable un serveur qui sait renommer des fichiers.",
                ),
                fault=Fault.PERSON,
            )
        case asyncssh.SFTPConnectionLost() | asyncssh.SFTPNoConnection():
            return _line_lost(said)
        case asyncssh.SFTPError():
            return NotSent(
                f"The server could not write into {directory}: “{said}”.",
                "It is tried again by itself.",
                french=(f"Le serveur n'a pas pu écrire dans {directory} : « {said} ».", "Nouvel essai tout seul."),
            )
    return _line_lost(said)


def not_renamed(error: BaseException, directory: str, room: int | None, size: int) -> BanqupError:
    """As `not_written`, where the file was written and could not get its name."""
    if not isinstance(error, asyncssh.SFTPPermissionDenied | asyncssh.SFTPWriteProtect | asyncssh.SFTPOpUnsupported):
        return not_written(error, directory, room, size)
    said = words_of(error)
    return NotSent(
        f"The server does not let files be renamed in {directory}: “{said}”.",
        "Ask whoever runs it for the right to rename files there, or for a server that can rename them.",
        french=(
            f"Le serveur ne laisse pas renommer des fichiers dans {directory} : « {said} ».",
            "Demandez au responsable le droit de renommer, ou un serveur qui sait le faire.",
        ),
        fault=Fault.PERSON,
    )


def _line_lost(said: str) -> NotSent:
    return NotSent(
        f"The connection broke while the document was on its way: {said}.",
        "It is tried again by itself.",
        fault=Fault.INTEGRATION,
        french=(f"La connexion s'est rompue pendant l'envoi : {said}.", "Nouvel essai tout seul."),
    )


def _is_full(error: BaseException, said: str, room: int | None, size: int) -> bool:
    if isinstance(error, asyncssh.SFTPNoSpaceOnFilesystem | asyncssh.SFTPQuotaExceeded):
        return True
    if not isinstance(error, asyncssh.SFTPFailure):
        return False
    return bool(_NO_ROOM.search(said)) or (room is not None and room < size)
