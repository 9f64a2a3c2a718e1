"""Connectors as the service uses them: their definitions, and their work in a connector host."""

from __future__ import annotations

from collections.abc import Mapping
from contextlib import AbstractAsyncContextManager
from datetime import datetime
from typing import Any

import msgspec

from banqup_tui.backend.connector_host.calls import GiveToken
from banqup_tui.backend.connector_host.client import ConnectorHost
from banqup_tui.backend.connector_host.definition import Definition, Level, Reading, with_secrets
from banqup_tui.backend.connector_host.messages import (
    AuthorizationAnswer,
    AuthorizationOf,
    Describe,
    Description,
    DestinationOf,
    PlaceOf,
    ReadSettings,
    SignedInUntil,
    TokenWanted,
)
from banqup_tui.connectors.common.tokens import TOKENS
from banqup_tui.connectors.interface import (
    Authorization,
    Channel,
    DeliveryRequest,
    Manifest,
    SettingProblem,
    Step,
)
from banqup_tui.domain.extension import Extension
from banqup_tui.domain.secret import revealed
from banqup_tui.domain.setting_rules import kind_of


class DoesNotLoad(Exception):
    """A package's connector cannot be loaded. The text is the reason."""


class HostedConnector:
    """A connector whose work is done in a connector host.

    Args:
        connector: Its class, as `module:name`.
    """

    def __init__(self, connector: str, definition: Definition, host: ConnectorHost) -> None:
        self.connector = connector
        self.host = host
        self.definition = definition

    @property
    def manifest(self) -> Manifest:
        return self.definition.manifest

    def connect(self, settings: Mapping[str, object]) -> AbstractAsyncContextManager[Channel]:
        """Opens a channel in the host. Access tokens come from `TOKENS` of the caller."""
        return self.host.connect(self.connector, settings, self._give_token(settings))

    async def test(self, settings: Mapping[str, object], sample: DeliveryRequest | None) -> list[Step]:
        """Tests the connection in the host. Access tokens come from `TOKENS` of the caller."""
        return await self.host.test(self.connector, settings, sample, self._give_token(settings))

    def _give_token(self, settings: Mapping[str, object]) -> GiveToken:
        tokens = TOKENS.get(None)
        properties: dict[str, Any] = self.definition.extension.settings_schema.get("properties", {})
        own = {revealed(settings.get(name)) for name, of in properties.items() if kind_of(of) == "sign-in"}

        async def give(wanted: TokenWanted) -> str:
            # A package must not get the tokens of a sign-in that another integration has.
            if tokens is None or wanted.sign_in not in own:
                raise LookupError("these settings name no such sign-in")
            return await tokens.access_token(wanted.sign_in, wanted.authorization, wanted.refused)

        return give


class RemoteDefinition:
    """The definition of a connector of another package: every question is asked in the host of the package.

    Raises:
        DoesNotLoad: If the package refuses.
        HostEnded, OSError: If its host ended or could not be started.
    """

    def __init__(self, connector: str, extension_id: str, package: str, host: ConnectorHost) -> None:
        self._connector = connector
        self._host = host
        described = host.ask(Describe(connector, extension_id, package), Description)
        if described.extension is None or described.manifest is None:
            raise DoesNotLoad(described.problem)
        self.extension: Extension = described.extension
        self.manifest = described.manifest

    def read(self, settings: Mapping[str, object], level: Level) -> Reading:
        reading = self._host.ask(ReadSettings(self._connector, dict(settings), level), Reading)
        return msgspec.structs.replace(reading, values=with_secrets(self.extension, reading.values))

    def destination(self, settings: Mapping[str, object]) -> str:
        return self._host.ask(DestinationOf(self._connector, dict(settings)), str)

    def where(self, settings: Mapping[str, object], delivery_request: DeliveryRequest) -> str | None:
        question = PlaceOf(self._connector, dict(settings), delivery_request)
        return self._host.ask(question, str | None)  # type: ignore[arg-type]

    def signed_in_until(self, settings: Mapping[str, object]) -> datetime | None:
        question = SignedInUntil(self._connector, dict(settings))
        return self._host.ask(question, datetime | None)  # type: ignore[arg-type]

    def authorization(self, entered: Mapping[str, object]) -> Authorization | SettingProblem | None:
        answer = self._host.ask(AuthorizationOf(self._connector, dict(entered)), AuthorizationAnswer)
        if answer.field is not None:
            return SettingProblem(field=answer.field, message=answer.reason)
        return answer.authorization
