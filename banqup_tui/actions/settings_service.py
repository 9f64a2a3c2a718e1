"""What a form of settings asks the service: tests, checks and sign-ins with unsaved values."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Mapping
from typing import Any

import msgspec

from banqup_tui.actions.context import Context
from banqup_tui.protocol.messages import FormSettings, SignIn, SignInRequest, TestRequest, TestResult

SettingsTest = Callable[[Mapping[str, Any]], Awaitable[TestResult]]


def settings_test(context: Context, request: TestRequest) -> SettingsTest:
    """Returns a function that tests the form's values at the receiver."""

    async def test(values: Mapping[str, Any]) -> TestResult:
        return await context.session.test_connection(msgspec.structs.replace(request, settings=dict(values)))

    return test


def settings_check(context: Context, request: TestRequest) -> SettingsTest:
    """Returns a function that checks the form's values without the receiver. It raises if no service answers."""
    return settings_test(context, msgspec.structs.replace(request, dry=True))


class FormSignIn:
    """Signs in with the form's unsaved values."""

    def __init__(self, context: Context, settings: FormSettings) -> None:
        self._doing, self._settings = context.session, settings
        self.has_browser = context.has_browser

    async def begin(self, field: str, values: Mapping[str, Any]) -> SignIn:
        settings = self._settings
        request = SignInRequest(
            extension_id=settings.extension_id,
            installation_id=settings.installation_id,
            integration_id=settings.integration_id,
            client_id=settings.client_id,
            settings=dict(values),
            field=field,
        )
        return await self._doing.begin_sign_in(request)

    async def state(self, sign_in_id: str) -> SignIn:
        return await self._doing.sign_in(sign_in_id)

    async def returned(self, sign_in_id: str, address: str) -> SignIn:
        return await self._doing.return_to(sign_in_id, address)
