"""Sign-ins in settings: checks before the settings are stored, and columns of the integrations."""

from __future__ import annotations

from collections.abc import Iterator, Mapping

from sqlalchemy import select

from banqup_tui.backend.db import tables
from banqup_tui.backend.db.records import InstallationRecord, fetch_all
from banqup_tui.backend.db.transaction import Transaction
from banqup_tui.backend.integrations import settings_levels
from banqup_tui.backend.services import CommandRefused, Services
from banqup_tui.domain.messages import Message
from banqup_tui.domain.secret import revealed
from banqup_tui.domain.setting_rules import is_asked, kind_of, with_defaults
from banqup_tui.protocol.messages import SignInState
from banqup_tui.protocol.problems import ProblemType


def refuse_unknown(
    transaction: Transaction, services: Services, extension_id: str, entered: Mapping[str, object]
) -> None:
    """Raises `CommandRefused` if an entered sign-in was not completed here for this extension."""
    table = tables.sign_in
    for name, sign_in_id in _named(services, extension_id, entered):
        which = (
            table.c.id == sign_in_id,
            table.c.space_id == transaction.space_id,
            table.c.extension_id == extension_id,
        )
        state = transaction.execute(select(table.c.state).where(*which)).scalar_one_or_none()
        if state != SignInState.SIGNED_IN:
            raise CommandRefused(ProblemType.INVALID_SETTINGS, Message("sign-in.not-made-here"), field=name)


def columns(
    transaction: Transaction, services: Services, extension_id: str, effective: Mapping[str, object]
) -> dict[str, object]:
    """Returns the columns of an integration for the sign-in in these settings, and its end if known."""
    table = tables.sign_in
    for _name, sign_in_id in _named(services, extension_id, effective):
        until = transaction.execute(select(table.c.until).where(table.c.id == sign_in_id)).scalar_one_or_none()
        return {"sign_in_id": sign_in_id, **({"sign_in_until": until} if until else {})}
    return {"sign_in_id": None}


def named_by_the_firm(transaction: Transaction, services: Services) -> frozenset[str] | None:
    """Returns the sign-ins in the firm's settings of all its installations, or `None` if some cannot be read."""
    table = tables.installation
    found: set[str] = set()
    mine = select(table).where(table.c.space_id == transaction.space_id)
    for row in fetch_all(transaction, InstallationRecord, mine):
        try:
            firm = settings_levels.of_firm(services, row)
        except CommandRefused:
            return None
        found |= {sign_in_id for _name, sign_in_id in _named(services, row.extension_id, firm)}
    return frozenset(found)


def _named(services: Services, extension_id: str, settings: Mapping[str, object]) -> Iterator[tuple[str, str]]:
    properties = services.extensions.properties(extension_id)
    merged = with_defaults(properties, settings)
    for name, of in properties.items():
        if kind_of(of) == "sign-in" and settings.get(name) and is_asked(of, merged):
            yield name, str(revealed(settings[name]))
