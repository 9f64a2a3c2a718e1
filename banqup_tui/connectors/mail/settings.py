"""Settings of the mail connector and their checks."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Annotated, Literal

import msgspec

from banqup_tui.connectors.common.path_template import FileName, name_problems
from banqup_tui.connectors.interface import NO_SECRET, Entered, SettingProblem, Settings, setting
from banqup_tui.domain.folder import Folder
from banqup_tui.domain.messages import message
from banqup_tui.domain.secret import Secret
from banqup_tui.presentation.words import N_

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


def _address(title: str, help: str) -> object:
    return setting(title, help=help, level="client", look="email", example=EXAMPLE)


_OWN = N_("As the software shows it. Empty: Address for all; neither: they are refused.")


_BY_PASSWORD = {"sign_in_by": ("password",)}
_PROVIDER = ("sign_in_by", "client_id", "token_url")
_IN_THE_BROWSER = {"sign_in_by": ("microsoft", "google", "other")}


class MailSettings(Settings, frozen=True, kw_only=True):
    host: Annotated[str, setting(N_("Mail server"), look="host", example="smtp.example.be")]
    security: Annotated[
        Literal["starttls", "tls", "none", "none-anywhere"],
        setting(
            N_("Security"),
            help=N_("none: only to this machine. none-anywhere: readable on a network you trust."),
            look="choice",
        ),
    ] = "starttls"
    port: Annotated[
        Annotated[int, msgspec.Meta(ge=1, le=65535)] | None,
        setting(N_("Port"), help=N_("Empty: 587 for starttls, 465 for tls, 25 for none."), look="port", example="587"),
    ] = None
    user: Annotated[
        str,
        setting(N_("User"), help=N_("Empty where the server wants no sign-in.")),
    ] = ""
    sign_in_by: Annotated[
        Literal["password", "microsoft", "google", "other"],
        setting(
            N_("Sign in by"),
            help=N_("All but password: in the browser, by an application the firm registered."),
            look="choice",
        ),
    ] = "password"
    password: Annotated[
        Secret, setting(N_("Password"), secret=True, belongs_to=("host", "port", "user"), when=_BY_PASSWORD)
    ] = NO_SECRET
    client_id: Annotated[
        str,
        setting(
            N_("Application ID"),
            help=N_("Of the application: a desktop one, registered for http://localhost."),
            when=_IN_THE_BROWSER,
        ),
    ] = ""
    client_secret: Annotated[
        Secret,
        setting(
            N_("App. secret"),
            help=N_("Only if the provider gave one with the ID: Google does, Microsoft does not."),
            secret=True,
            belongs_to=_PROVIDER,
            when=_IN_THE_BROWSER,
        ),
    ] = NO_SECRET
    authorize_url: Annotated[
        str,
        setting(
            N_("Sign-in page"),
            help=N_("Empty: the usual one. A directory of the firm's at Microsoft has its own."),
            look="url",
            when=_IN_THE_BROWSER,
            example="https://login.example/oauth2/authorize",
        ),
    ] = ""
    token_url: Annotated[
        str,
        setting(
            N_("Token address"),
            help=N_("Empty: the usual one of microsoft and google."),
            look="url",
            when=_IN_THE_BROWSER,
            example="https://login.example/oauth2/token",
        ),
    ] = ""
    scope: Annotated[
        str,
        setting(N_("Scope"), help=N_("Empty: sending mail, at microsoft and google."), when=_IN_THE_BROWSER),
    ] = ""
    sign_in: Annotated[
        str,
        setting(
            N_("Sign-in"),
            help=N_("Enter shows where to sign in: once, and again when the sign-in has ended."),
            look="sign-in",
            belongs_to=("host", "port", "user", *_PROVIDER),
            when=_IN_THE_BROWSER,
        ),
    ] = ""
    sender: Annotated[
        str,
        setting(
            N_("Sender"),
            help=N_("From which documents are sent. Most software wants to know it beforehand."),
            look="email",
            example="documents@example.be",
        ),
    ]
    subject: Annotated[str, setting(N_("Subject"), template=True)] = "[client_name] [number]"
    file_name: FileName = ""
    attachments: Annotated[
        Literal["all", "pdf-and-images"],
        setting(
            N_("Attachments"),
            help=N_("pdf-and-images, where XML is not taken: of an e-invoice, the PDF in it."),
            level="client",
            look="choice",
        ),
    ] = "all"
    pdf_along: Annotated[
        bool,
        setting(
            N_("Send the PDF along"),
            help=N_("Of an e-invoice that has one: both in one mail, under the same name."),
            level="client",
            when={"attachments": ("all",)},
        ),
    ] = True
    ca: Annotated[
        str,
        setting(
            N_("CA certificate"), help=N_("Only for a server of your own: its authority as PEM text or a file's path.")
        ),
    ] = ""
    sales: Annotated[str, _address(N_("Sales invoices"), _OWN)] = ""
    purchases: Annotated[str, _address(N_("Purchase invoices"), _OWN)] = ""
    receipts: Annotated[str, _address(N_("Purchase receipts"), _OWN)] = ""
    movements: Annotated[str, _address(N_("Enriched movement reports"), _OWN)] = ""
    other: Annotated[str, _address(N_("Other documents"), _OWN)] = ""
    address: Annotated[
        str,
        _address(N_("Address for all"), N_("For every folder that has no address of its own.")),
    ] = ""

    def of(self, folder: Folder) -> str:
        """Returns the address for a folder; empty if documents of the folder are not accepted."""
        return str(getattr(self, OF_FOLDER[folder])) or self.address


def problems_of(entered: Entered, *, complete: bool) -> list[SettingProblem]:
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


def _missing(entered: Mapping[str, object]) -> list[SettingProblem]:
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


def _missing_for_the_browser(entered: Mapping[str, object]) -> list[SettingProblem]:
    problems = []
    if not entered.get("user"):
        problems.append(SettingProblem(field="user", message=message("setting.mailbox-missing")))
    if not entered.get("sign_in"):
        problems.append(SettingProblem(field="sign_in", message=message("setting.not-signed-in")))
    return problems
