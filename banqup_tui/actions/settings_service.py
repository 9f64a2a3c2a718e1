"""Questions of a form of settings to the service: tests, checks and sign-ins with unsaved values."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Mapping

import msgspec

from banqup_tui.actions.context import ActionSession, Context
from banqup_tui.protocol.messages import FormSettings, SignIn, SignInRequest, TestRequest, TestResult

SettingsTest = Callable[[Mapping[str, object]], Awaitable[TestResult]]


async def run_test(session: ActionSession, request: TestRequest) -> TestResult:
    """Tests settings. A check made while the user types does not wait for an absent service."""
    return await session.ask(lambda server: server.test(request), seconds=120, wait=not request.dry)


def settings_test(context: Context, request: TestRequest) -> SettingsTest:
    """Returns a function that tests the form's values at the receiver."""

    async def test(values: Mapping[str, object]) -> TestResult:
        return await run_test(context.session, msgspec.structs.replace(request, settings=dict(values)))

    return test


def settings_check(context: Context, request: TestRequest) -> SettingsTest:
    """Returns a function that checks the form's values without the receiver. It raises if no service answers."""
    return settings_test(context, msgspec.structs.replace(request, dry=True))


class FormSignIn:
    """Signs in with the form's unsaved values."""

    def __init__(self, context: Context, settings: FormSettings) -> None:
        self._session, self._settings = context.session, settings
        self.has_browser = context.has_browser

    async def begin(self, field: str, values: Mapping[str, object]) -> SignIn:
        settings = self._settings
        request = SignInRequest(
            extension_id=settings.extension_id,
            installation_id=settings.installation_id,
            integration_id=settings.integration_id,
            client_id=settings.client_id,
            settings=dict(values),
            field=field,
        )
        return await self._session.ask(lambda server: server.begin_sign_in(request), seconds=60)

    async def state(self, sign_in_id: str) -> SignIn:
        return await self._session.ask(lambda server: server.sign_in(sign_in_id))

    async def returned(self, sign_in_id: str, address: str) -> SignIn:
        return await self._session.ask(lambda server: server.return_to(sign_in_id, address), seconds=120)
