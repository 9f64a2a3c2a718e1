"""Tests a connection from the form, with settings that need not be stored yet. No document is sent."""

from __future__ import annotations

import asyncio
import logging
from asyncio import timeout
from collections.abc import Mapping, Sequence

import msgspec
from sqlalchemy import Connection, select

from banqup_tui.backend.connector_host.definition import Level
from banqup_tui.backend.connector_host.hosted import HostedConnector
from banqup_tui.backend.db import tables
from banqup_tui.backend.dispatch.requests import build_request
from banqup_tui.backend.integrations.oauth.access_tokens import provide
from banqup_tui.backend.integrations.settings_input import read_settings_input
from banqup_tui.backend.integrations.settings_levels import Settings
from banqup_tui.backend.redaction import AttemptSecrets
from banqup_tui.backend.services import CommandRefused, Services
from banqup_tui.connectors.common.path_template import values_of
from banqup_tui.connectors.interface import DeliveryRequest, Step, failed_step
from banqup_tui.domain.client import Client
from banqup_tui.domain.document import Document
from banqup_tui.domain.errors import BanqupError
from banqup_tui.domain.messages import Message
from banqup_tui.protocol.messages import TestRequest, TestResult, TestStep
from banqup_tui.protocol.problems import Problem

SECONDS = 60.0
"""Longest time of a test."""

_log = logging.getLogger(__name__)


class _Inputs(msgspec.Struct, frozen=True):
    """The effective settings, and the newest document that would be sent with them."""

    settings: Settings
    sample: DeliveryRequest | None
    of_client: bool


async def test(services: Services, request: TestRequest) -> TestResult:
    """Tests the settings of a request at the receiver.

    Returns:
        The steps in order, ending with the first that fails; if the settings are not valid, one step for each problem.
        Texts of the receiver come without the secrets of the settings.
    """
    provide(services)
    try:
        inputs = await asyncio.to_thread(_read_inputs, services, request)
    except CommandRefused as refused:
        return TestResult(steps=(_wrong(refused.problem),))
    except BanqupError as error:
        return TestResult(steps=(TestStep(ok=False, message=error.message),))
    problems, values = await asyncio.to_thread(_read, services, request, inputs)
    variables = dict(values_of(inputs.sample)) if inputs.sample else {}
    connector = services.extensions.connector(request.extension_id)
    if problems or connector is None:
        return TestResult(steps=tuple(_wrong(problem) for problem in problems), variables=variables)
    if values is None:
        steps = () if request.dry else (TestStep(ok=False, message=Message("connection.given-by-client")),)
        return TestResult(steps=steps, variables=variables)
    secrets = AttemptSecrets(values)
    done = [] if request.dry else await _run_steps(connector, values, inputs.sample)
    preview = await asyncio.to_thread(_preview, connector, values, inputs.sample)
    redactor = secrets.redactor()
    return TestResult(
        steps=tuple(TestStep(ok=step.ok, message=redactor.message(step.message)) for step in done),
        preview=None if preview is None else redactor.text(preview),
        variables=variables,
    )


def _read(
    services: Services, request: TestRequest, inputs: _Inputs
) -> tuple[Sequence[Problem], Mapping[str, object] | None]:
    """Returns the problems of the settings, and the effective settings.

    The settings are `None` if an installation leaves the missing ones to each client, so that nothing can be tested.
    """
    extensions = services.extensions
    whole = extensions.read(request.extension_id, inputs.settings, Level.EFFECTIVE)
    if not whole.problems or inputs.of_client:
        return whole.problems, whole.values
    properties = extensions.properties(request.extension_id)
    firm = extensions.read(request.extension_id, inputs.settings, Level.FIRM)
    known = {problem.field for problem in firm.problems}
    missing = [problem for problem in whole.problems if problem.field not in known]
    if all(properties.get(problem.field or "", {}).get("x-level") == "client" for problem in missing):
        return firm.problems, None
    return whole.problems, None


test.__test__ = False  # type: ignore[attr-defined]


async def _run_steps(
    connector: HostedConnector, settings: Mapping[str, object], sample: DeliveryRequest | None
) -> list[Step]:
    try:
        async with timeout(SECONDS):
            return await connector.test(settings, sample)
    except TimeoutError:
        return [Step(ok=False, message=Message("connection.too-slow"))]
    except BanqupError as error:
        return [failed_step(error)]
    except Exception:
        _log.exception("the test of %s failed", connector.manifest.id)
        return [Step(ok=False, message=Message("connection.test-failed"))]


def _preview(connector: HostedConnector, settings: Mapping[str, object], sample: DeliveryRequest | None) -> str | None:
    if sample is None:
        return None
    try:
        return connector.definition.where(settings, sample)
    except Exception:
        _log.exception("%s could not say where a document would go", connector.manifest.id)
        return None


def _read_inputs(services: Services, request: TestRequest) -> _Inputs:
    with services.database.read() as connection:
        entered = read_settings_input(connection, services, request)
        sample = newest(connection, services, entered.client_id)
        return _Inputs(entered.settings, sample, entered.client_id is not None)


def newest(connection: Connection, services: Services, client_id: str | None) -> DeliveryRequest | None:
    """Returns a delivery request for the newest document of the client, or of the space, or `None`."""
    document, client = tables.document, tables.client
    conditions = [document.c.space_id == services.space_id]
    if client_id is not None:
        conditions.append(document.c.client_id == client_id)
    statement = (
        select(document.c.value, client.c.value.label("client"))
        .join(client, client.c.id == document.c.client_id)
        .where(*conditions)
        .order_by(document.c.created_at.desc(), document.c.id.desc())
        .limit(1)
    )
    row = connection.execute(statement).one_or_none()
    if row is None:
        return None
    found, owner = msgspec.json.decode(row.value, type=Document), msgspec.json.decode(row.client, type=Client)
    return build_request(services, found, owner, key=found.id, delivery_id=found.id)


def _wrong(problem: Problem) -> TestStep:
    return TestStep(ok=False, message=problem.message, field=problem.field)
