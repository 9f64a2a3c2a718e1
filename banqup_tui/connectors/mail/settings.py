"""Settings of the mail connector and their checks."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Annotated, Any, Literal

import msgspec

from banqup_tui.connectors.common.path_template import FileName, name_problems
from banqup_tui.connectors.interface import NO_SECRET, SettingProblem, Settings, setting
from banqup_tui.domain.folder import Folder
from banqup_tui.domain.messages import message
from banqup_tui.domain.secret import Secret

_DOMAIN = r"[A-Za-z0-9](?:[A-Za-z0-9-]{0,62})(?:\.[A-Za-z0-9](?:[A-Za-z0-9-]{0,62}))*"
_ADDRESS = re.compile(rf"[A-Za-z0-9!#$%&'*+/=?^_`{{|}}~.-]{{1,64}}@{_DOMAIN}")
_MOST_ADDRESS = 254
EXAMPLE = "aankoop-1234@mailbox.example"

OF_FOLDER: dict[Folder, str] = {
    Folder.SALES_INVOICES: "sales",
    Folder.PURCHASE_INVOICES: "purchases",
    Folder.PURCHASE_RECEIPTS: "receipts",
    Folder.ENRICHED_MOVEMENT_REPORTS: "movements",
    Folder.OTHER_DOCUMENTS: "other",
}
"""Name of the setting that holds the address of each folder."""


def _address(title_en: str, title_fr: str, help_en: str, help_fr: str) -> Any:
    return setting(title_en, title_fr, level="client", look="email", example=EXAMPLE, help_en=help_en, help_fr=help_fr)


_OWN_EN = "As the software shows it. Empty: Address for all; neither: they are refused."
_OWN_FR = "Comme le logiciel la montre. Vide : Adresse pour tous ; aucune : refusés."


_BY_PASSWORD = {"sign_in_by": ("password",)}
_PROVIDER = ("sign_in_by", "client_id", "token_url")
_IN_THE_BROWSER = {"sign_in_by": ("microsoft", "google", "other")}


class MailSettings(Settings, frozen=True, kw_only=True):
    host: Annotated[str, setting("Mail server", "Serveur d'envoi", look="host", example="smtp.example.be")]
    security: Annotated[
        Literal["starttls", "tls", "none", "none-anywhere"],
        setting(
            "Security",
            "Sécurité",
            look="choice",
            help_en="none: only to this machine. none-anywhere: readable on a network you trust.",
            help_fr="none : à cette machine seulement. none-anywhere : en clair, réseau sûr.",
        ),
    ] = "starttls"
    port: Annotated[
        Annotated[int, msgspec.Meta(ge=1, le=65535)] | None,
        setting(
            "Port",
            "Port",
            look="port",
            example="587",
            help_en="Empty: 587 for starttls, 465 for tls, 25 for none.",
            help_fr="Vide : 587 pour starttls, 465 pour tls, 25 pour none.",
        ),
    ] = None
    user: Annotated[
        str,
        setting(
            "User",
            "Utilisateur",
            help_en="Empty where the server wants no sign-in.",
            help_fr="Vide si le serveur ne veut pas de connexion.",
        ),
    ] = ""
    sign_in_by: Annotated[
        Literal["password", "microsoft", "google", "other"],
        setting(
            "Sign in by",
            "Connexion par",
            look="choice",
            help_en="All but password: in the browser, by an application the firm registered.",
            help_fr="Sauf password : par le navigateur, avec une application que vous inscrivez.",
        ),
    ] = "password"
    password: Annotated[
        Secret, setting("Password", "Mot de passe", secret=True, belongs_to=("host", "port", "user"), when=_BY_PASSWORD)
    ] = NO_SECRET
    client_id: Annotated[
        str,
        setting(
            "Application ID",
            "ID d'application",
            when=_IN_THE_BROWSER,
            help_en="Of the application: a desktop one, registered for http://localhost.",
            help_fr="De l'application : de bureau (desktop), inscrite pour http://localhost.",
        ),
    ] = ""
    client_secret: Annotated[
        Secret,
        setting(
            "App. secret",
            "Secret d'app.",
            secret=True,
            belongs_to=_PROVIDER,
            when=_IN_THE_BROWSER,
            help_en="Only if the provider gave one with the ID: Google does, Microsoft does not.",
            help_fr="Seulement si le fournisseur en a donné un : Google oui, Microsoft non.",
        ),
    ] = NO_SECRET
    authorize_url: Annotated[
        str,
        setting(
            "Sign-in page",
            "Page de connexion",
            look="url",
            when=_IN_THE_BROWSER,
            example="https://login.example/oauth2/authorize",
            help_en="Empty: the usual one. A directory of the firm's at Microsoft has its own.",
            help_fr="Vide : l'habituelle. Un annuaire du bureau chez Microsoft a la sienne.",
        ),
    ] = ""
    token_url: Annotated[
        str,
        setting(
            "Token address",
            "Adresse des jetons",
            look="url",
            when=_IN_THE_BROWSER,
            example="https://login.example/oauth2/token",
            help_en="Empty: the usual one of microsoft and google.",
            help_fr="Vide : l'habituelle chez microsoft et google.",
        ),
    ] = ""
    scope: Annotated[
        str,
        setting(
            "Scope",
            "Étendue",
            when=_IN_THE_BROWSER,
            help_en="Empty: sending mail, at microsoft and google.",
            help_fr="Vide : envoyer du courrier, chez microsoft et google.",
        ),
    ] = ""
    sign_in: Annotated[
        str,
        setting(
            "Sign-in",
            "Connexion",
            look="sign-in",
            belongs_to=("host", "port", "user", *_PROVIDER),
            when=_IN_THE_BROWSER,
            help_en="Enter shows where to sign in: once, and again when the sign-in has ended.",
            help_fr="Entrée montre où se connecter : une fois, et quand la connexion a fini.",
        ),
    ] = ""
    sender: Annotated[
        str,
        setting(
            "Sender",
            "Expéditeur",
            look="email",
            example="documents@example.be",
            help_en="From which documents are sent. Most software wants to know it beforehand.",
            help_fr="D'où partent les documents. La plupart des logiciels veulent la connaître.",
        ),
    ]
    subject: Annotated[str, setting("Subject", "Objet", template=True)] = "[client_name] [number]"
    file_name: FileName = ""
    attachments: Annotated[
        Literal["all", "pdf-and-images"],
        setting(
            "Attachments",
            "Pièces jointes",
            level="client",
            look="choice",
            help_en="pdf-and-images, where XML is not taken: of an e-invoice, the PDF in it.",
            help_fr="pdf-and-images, si l'XML n'est pas pris : le PDF dans l'e-facture part.",
        ),
    ] = "all"
    ca: Annotated[
        str,
        setting(
            "CA certificate",
            "Certificat d'autorité",
            help_en="Only for a server of your own: its authority as PEM text or a file's path.",
            help_fr="Pour un serveur à vous : son autorité, en texte PEM ou chemin d'un fichier.",
        ),
    ] = ""
    sales: Annotated[str, _address("Sales invoices", "Factures de vente", _OWN_EN, _OWN_FR)] = ""
    purchases: Annotated[str, _address("Purchase invoices", "Factures d'achat", _OWN_EN, _OWN_FR)] = ""
    receipts: Annotated[str, _address("Purchase receipts", "Reçus d'achat", _OWN_EN, _OWN_FR)] = ""
    movements: Annotated[
        str, _address("Enriched movement reports", "Rapports de mouvements enrichis", _OWN_EN, _OWN_FR)
    ] = ""
    other: Annotated[str, _address("Other documents", "Autres documents", _OWN_EN, _OWN_FR)] = ""
    address: Annotated[
        str,
        _address(
            "Address for all",
            "Adresse pour tous",
            "For every folder that has no address of its own.",
            "Pour chaque dossier qui n'a pas d'adresse à lui.",
        ),
    ] = ""

    def of(self, folder: Folder) -> str:
        """Returns the address for a folder; empty if documents of the folder are not accepted."""
        return str(getattr(self, OF_FOLDER[folder])) or self.address


def problems_of(entered: Mapping[str, Any], *, complete: bool) -> list[SettingProblem]:
    """Returns the problems that need no question to the server. `complete`: no more settings will be added."""
    problems = name_problems(entered.get("file_name", ""))
    for name in ("sender", "address", *OF_FOLDER.values()):
        if entered.get(name) and not is_address(entered[name]):
            problems.append(_bad_address(name))
    if re.search(r"[\s/@]", entered.get("host", "").strip()):
        problems.append(SettingProblem(field="host", message=message("setting.not-a-mail-server")))
    return problems + (_missing(entered) if complete else [])


def is_address(text: str) -> bool:
    plain = text.strip()
    local = plain.partition("@")[0]
    odd = local.startswith(".") or local.endswith(".") or ".." in local or "=?" in local
    return len(plain) <= _MOST_ADDRESS and not odd and _ADDRESS.fullmatch(plain) is not None


def _bad_address(name: str) -> SettingProblem:
    return SettingProblem(field=name, message=message("setting.not-a-mail-address", example=EXAMPLE))


def _missing(entered: Mapping[str, Any]) -> list[SettingProblem]:
    """Returns the settings that are missing once all have been entered."""
    problems = []
    if not any(entered.get(name) for name in ("address", *OF_FOLDER.values())):
        problems.append(SettingProblem(field="address", message=message("setting.no-recipient")))
    if entered.get("sign_in_by", "password") != "password":
        return problems + _missing_for_the_browser(entered)
    if entered.get("user") and not entered.get("password"):
        problems.append(SettingProblem(field="password", message=message("setting.missing")))
    if entered.get("password") and not entered.get("user"):
        problems.append(SettingProblem(field="user", message=message("setting.missing")))
    return problems


def _missing_for_the_browser(entered: Mapping[str, Any]) -> list[SettingProblem]:
    problems = []
    if not entered.get("user"):
        problems.append(SettingProblem(field="user", message=message("setting.mailbox-missing")))
    if not entered.get("sign_in"):
        problems.append(SettingProblem(field="sign_in", message=message("setting.not-signed-in")))
    return problems
