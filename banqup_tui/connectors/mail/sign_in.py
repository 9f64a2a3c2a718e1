"""OAuth registration for sending mail at providers that no longer accept passwords."""

from __future__ import annotations

from collections.abc import Mapping

import msgspec

from banqup_tui.connectors.interface import Authorization, SettingProblem
from banqup_tui.domain.messages import message
from banqup_tui.domain.secret import Secret, revealed

_KNOWN = {
    "microsoft": Authorization(
        authorize_url="https://login.microsoftonline.com/common/oauth2/v2.0/authorize",
        token_url="https://login.microsoftonline.com/common/oauth2/v2.0/token",
        client_id="",
        scope="https://outlook.office.com/SMTP.Send offline_access",
    ),
    "google": Authorization(
        authorize_url="https://accounts.google.com/o/oauth2/v2/auth",
        token_url="https://oauth2.googleapis.com/token",
        client_id="",
        scope="https://mail.google.com/",
        parameters=(("access_type", "offline"), ("prompt", "consent")),
    ),
    "other": Authorization(authorize_url="", token_url="", client_id=""),
}
"""Values from the providers' documentation for desktop applications.

Google issues a refresh token only with these parameters.
"""

_NEEDED = ("client_id", "authorize_url", "token_url")


def authorization_of(entered: Mapping[str, object]) -> Authorization | SettingProblem:
    """Returns the registration. Values in the settings replace the provider's usual ones."""
    usual = _KNOWN.get(str(entered.get("sign_in_by")), _KNOWN["other"])
    own = {name: str(entered.get(name) or "").strip() for name in ("client_id", "authorize_url", "token_url", "scope")}
    found = msgspec.structs.replace(
        usual,
        client_secret=Secret(str(revealed(entered.get("client_secret")) or "").strip()),
        parameters=(*usual.parameters, *((("login_hint", str(entered["user"])),) if entered.get("user") else ())),
        **{name: text for name, text in own.items() if text},
    )
    for name in _NEEDED:
        if not getattr(found, name):
            return SettingProblem(field=name, message=message("setting.missing"))
    return found
