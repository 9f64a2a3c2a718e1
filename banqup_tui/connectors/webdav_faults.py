"""What a WebDAV server's refusals mean: who must do something, or whether to wait."""

from banqup_tui.connectors.http_client import Answer
from banqup_tui.connectors.http_faults import excerpt, refusal
from banqup_tui.connectors.interface import Fault, NotSent, Rejected
from banqup_tui.domain.errors import BanqupError


def not_signed_in(answer: Answer, where: str) -> BanqupError:
    """The first thing that is asked, of the address in the settings itself, was not answered as WebDAV does."""
    if answer.status == 401:
        return _wrong_password(where)
    if answer.status in (404, 405, 410, 501) or answer.good:
        return NotSent(
            f"{where} does not speak WebDAV at this address.",
            "Correct the address. Nextcloud shows it below the list of files, under its settings.",
            fault=Fault.PERSON,
            french=(
                f"{where} ne parle pas WebDAV à cette adresse.",
                "Corrigez l'adresse. Nextcloud la montre sous la liste des fichiers, dans ses paramètres.",
            ),
        )
    return refusal(answer, where, begun=False)


def not_written(answer: Answer, where: str, directory: str, *, begun: bool) -> BanqupError:
    """`begun`: it was the rename that was refused; certain is then only what the server says of it."""
    folder = directory or "/"
    match answer.status:
        case 401:
            return _wrong_password(where)
        case 403:
            return NotSent(
                f"{where} does not let {folder} be written to{_saying(answer)}.",
                "Correct the path, or ask for the right to write there.",
                fault=Fault.PERSON,
                french=(
                    f"{where} ne laisse pas écrire dans {folder}{_saying(answer, french=True)}.",
                    "Corrigez le chemin, ou demandez le droit d'y écrire.",
                ),
            )
        case 404 | 405 | 409:
            return NotSent(
                f"The folder {folder} is not on {where} and cannot be made{_saying(answer)}.",
                "Correct the path.",
                fault=Fault.PERSON,
                french=(
                    f"Le dossier {folder} n'est pas sur {where} et ne peut être créé{_saying(answer, french=True)}.",
                    "Corrigez le chemin.",
                ),
            )
        case 400 | 414 | 422:
            return Rejected(
                f"{where} does not accept this name in {folder}{_saying(answer)}.",
                "Choose another path or another file name.",
                french=(
                    f"{where} n'accepte pas ce nom dans {folder}{_saying(answer, french=True)}.",
                    "Choisissez un autre chemin ou un autre nom de fichier.",
                ),
            )
        case 423:
            return NotSent(
                f"Somebody has locked {folder} on {where}.",
                "It is tried again by itself; close what is open there if it stays so.",
                fault=Fault.INTEGRATION,
                french=(
                    f"Quelqu'un a verrouillé {folder} sur {where}.",
                    "Nouvel essai tout seul ; sinon fermez ce qui y est ouvert.",
                ),
            )
        case 507:
            return NotSent(
                f"{where} has no room for the document, or this user's share of it is used up.",
                "Make room there, or ask whoever runs the server. The document is then sent by itself.",
                fault=Fault.INTEGRATION,
                french=(
                    f"{where} n'a plus de place pour le document, ou la part de cet utilisateur est épuisée.",
                    "Faites-y de la place, ou demandez au responsable. Le document part alors seul.",
                ),
            )
    return refusal(answer, where, begun=begun)


def kept_less(where: str, kept: int, size: int) -> NotSent:
    return NotSent(
        f"{where} kept only {kept} of {size} bytes.",
        "It is tried again by itself; see whether there is room if it stays so.",
        fault=Fault.INTEGRATION,
        french=(
            f"{where} n'a gardé que {kept} octets sur {size}.",
            "Nouvel essai tout seul ; sinon voyez s'il y a de la place.",
        ),
    )


def _wrong_password(where: str) -> NotSent:
    return NotSent(
        f"{where} did not accept the user or the password.",
        "Correct them. With two-step sign-in Nextcloud wants an app password, made in its security settings.",
        fault=Fault.PERSON,
        french=(
            f"{where} n'a pas accepté l'utilisateur ou le mot de passe.",
            "Corrigez-les. Avec la double authentification, Nextcloud veut un mot de passe d'application, à créer "
            "dans ses paramètres de sécurité.",
        ),
    )


def _saying(answer: Answer, *, french: bool = False) -> str:
    said = excerpt(answer)
    if not said:
        return ""
    return f" : « {said} »" if french else f": “{said}”"
