"""Settings on two levels: the client's settings complete or override those of the firm.

An empty value counts as absent on both levels, so clearing a client's value shows the firm's value again.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING

from banqup_tui.backend.db.records import InstallationRecord
from banqup_tui.backend.db.vault import SealedElsewhere, SealedPlace, of_installation
from banqup_tui.backend.services import CommandRefused, Services
from banqup_tui.domain.messages import of_client
from banqup_tui.domain.secret import revealed
from banqup_tui.protocol.problems import Problem, ProblemType

if TYPE_CHECKING:
    from banqup_tui.backend.connector_host.definition import Level

Settings = dict[str, object]


def changed(stored: Mapping[str, object], entered: Mapping[str, object]) -> Settings:
    """Returns `stored` with the entered values; empty values delete, and settings not named stay."""
    merged = {**stored, **entered}
    return {name: value for name, value in merged.items() if not _is_empty(value)}


def in_effect(firm: Mapping[str, object], client: Mapping[str, object]) -> Settings:
    return {**firm, **client}


def read(services: Services, extension_id: str, settings: Mapping[str, object], level: Level) -> Settings:
    """Returns the settings, converted to their types. Raises `CommandRefused` for the first problem."""
    reading = services.extensions.read(extension_id, settings, level)
    if reading.problems:
        raise refused(reading.problems[0])
    return reading.values


def seal(services: Services, extension_id: str, place: SealedPlace, settings: Mapping[str, object]) -> bytes:
    return services.vault.seal(place, settings, services.extensions.secret_names(extension_id))


def opened(services: Services, place: SealedPlace, sealed: bytes) -> Settings:
    try:
        return services.vault.open(place, sealed)
    except SealedElsewhere as error:
        raise CommandRefused(ProblemType.REFUSED, error.message) from error


def of_firm(services: Services, installation: InstallationRecord) -> Settings:
    """Returns the firm's settings from the row of an installation."""
    return opened(services, of_installation(installation.id), installation.settings)


def refused(problem: Problem, client: str = "") -> CommandRefused:
    """Returns the refusal for a problem. `client`: name of the client, where the user has not chosen it."""
    reason = of_client(problem.message, client) if client else problem.message
    return CommandRefused(ProblemType.INVALID_SETTINGS, reason, field=problem.field)


def _is_empty(value: object) -> bool:
    return value is None or revealed(value) == ""
