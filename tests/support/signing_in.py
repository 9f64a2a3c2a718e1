"""A user who signs in at the provider of the tests, through the routes of a service, as a form and a browser do."""

from __future__ import annotations

from typing import Any

import httpx

from banqup_tui.connectors.mail.settings import MailSettings
from banqup_tui.domain.secret import revealed
from banqup_tui.protocol import paths
from tests.support.mail import MailServer
from tests.support.provider import USER, Provider


def settings_of(provider: Provider, server: MailServer | None = None, **changed: Any) -> dict[str, Any]:
    """Of the e-mail extension, with everything but the sign-in."""
    by_password: MailSettings = server.settings() if server else MailSettings(host="localhost", sender=USER)
    values = {name: revealed(getattr(by_password, name)) for name in by_password.__struct_fields__}
    values |= {"user": USER, "password": "", "sign_in_by": "other", **provider.settings, **changed}
    return {name: value for name, value in values.items() if value not in ("", None)}


def asked(settings: dict[str, Any]) -> dict[str, Any]:
    return {"extensionId": "email", "settings": settings, "field": "sign_in"}


class Form:
    """What a terminal asks while a form is open."""

    def __init__(self, http: httpx.Client, space_id: str, provider: Provider) -> None:
        self._http, self._space_id, self._provider = http, space_id, provider

    def begin(self, settings: dict[str, Any]) -> dict[str, Any]:
        return self._json(self._http.post(paths.filled(paths.SIGN_INS, self._space_id), json=asked(settings)))

    def look(self, sign_in_id: str) -> dict[str, Any]:
        return self._json(self._http.get(self._path(sign_in_id)))

    def sign_in(self, settings: dict[str, Any]) -> str:
        """All the way, the browser coming back by itself; what stands in the setting then."""
        begun = self.begin(settings)
        came_back = httpx.get(self._provider.sign_in(begun["url"]), trust_env=False, verify=False, timeout=20)
        assert came_back.status_code == 200, came_back.text
        assert self.look(begun["id"])["state"] == "SIGNED_IN", self.look(begun["id"])
        return str(begun["id"])

    def _path(self, sign_in_id: str) -> str:
        return paths.filled(paths.SIGN_IN, self._space_id, sign_in_id=sign_in_id)

    def _json(self, answer: httpx.Response) -> dict[str, Any]:
        assert answer.status_code == 200, answer.text
        found: dict[str, Any] = answer.json()
        return found
