"""Packages of other makers that the owner has allowed, each by extension and distribution name.

The permission covers later versions of the package. Another package that brings the same extension needs its own.
"""

from __future__ import annotations

from sqlalchemy import delete, insert, select

from banqup_tui.backend.db import tables
from banqup_tui.backend.db.records import IntegrationRecord, fetch_all
from banqup_tui.backend.db.transaction import Transaction
from banqup_tui.backend.integrations.recovery import repair
from banqup_tui.backend.services import CommandContext, CommandRefused, Handler, Services
from banqup_tui.domain.integration import IntegrationState
from banqup_tui.domain.messages import message
from banqup_tui.domain.values import Value
from banqup_tui.protocol.commands import AllowPackage
from banqup_tui.protocol.problems import ProblemType

_table = tables.allowed_package


def load(services: Services) -> None:
    """Loads the permissions at the start, before any extension is used."""
    with services.database.read() as connection:
        which = _table.c.space_id == services.space_id
        for row in connection.execute(select(_table.c.extension_id, _table.c.package).where(which)):
            services.extensions.allow(row.extension_id, row.package)


def allow(transaction: Transaction, body: AllowPackage, context: CommandContext) -> dict[str, object]:
    """Allows a package, and queues again what had failed because it was not allowed.

    Refused if another package brings the extension now than the one that the user saw.
    """
    extensions = context.services.extensions
    found = extensions.get(body.extension_id)
    if found is None or not found.package:
        raise CommandRefused(
            ProblemType.NOT_FOUND,
            message("extension.of-no-package", id=body.extension_id),
        )
    installed, requested = found.package, body.package
    if installed != requested:
        raise CommandRefused(
            ProblemType.REFUSED,
            message("extension.of-another-package", id=body.extension_id, package=installed, asked=requested),
        )
    which = (_table.c.space_id == transaction.space_id, _table.c.extension_id == body.extension_id)
    transaction.execute(delete(_table).where(*which))
    row = {
        "space_id": transaction.space_id,
        "extension_id": body.extension_id,
        "package": body.package,
        "at": transaction.now,
    }
    transaction.execute(insert(_table), row)
    extensions.allow(body.extension_id, body.package)
    # Loaded before the answer: a terminal asks for its manifest next, and a command line does not wait for that.
    extensions.get(body.extension_id)
    queued = sum(
        repair(transaction, integration, context) for integration in _integrations(transaction, body.extension_id)
    )
    return {"extensionId": body.extension_id, "queued": queued}


def _integrations(transaction: Transaction, extension_id: str) -> list[IntegrationRecord]:
    """Returns the integrations, locked in the order of their ids as everywhere, so that no deadlock arises."""
    table = tables.integration
    statement = select(table).where(
        table.c.space_id == transaction.space_id,
        table.c.extension_id == extension_id,
        table.c.state != str(IntegrationState.REMOVED),
    )
    return fetch_all(transaction, IntegrationRecord, statement.order_by(table.c.id).with_for_update())


HANDLERS: dict[type[Value], Handler] = {AllowPackage: allow}
