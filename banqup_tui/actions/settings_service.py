"""Trying settings that are not kept yet, looking at them, signing in with them: what a form asks the service."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Mapping
from typing import Any

import msgspec

from banqup_tui.actions.context import Context
from banqup_tui.protocol.messages import FormSettings, SignIn, SignInRequest, TestRequest, TestResult

Trying = Callable[[Mapping[str, Any]], Awaitable[TestResult]]


def testing(context: Context, request: TestRequest) -> Trying:
    """Asks the receiver with the values of the form in place of those that are kept."""

    async def test(values: Mapping[str, Any]) -> TestResult:
        return await context.doing.test_connection(msgspec.structs.replace(request, settings=dict(values)))

    return test


def looking(context: Context, request: TestRequest) -> Trying:
    """Checks the values, and says where a document would go; raises where nobody can be asked now."""
    return testing(context, msgspec.structs.replace(request, dry=True))


class Signing:
    """Signs in with the values of the form in place of those that are kept."""

    def __init__(self, context: Context, settings: FormSettings) -> None:
        self._doing, self._settings = context.doing, settings
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
