"""Packages of others that the owner has let in: each by its extension and the name of its distribution.

A package that was let in keeps its leave over its versions. One of another name that brings the same extension has to
be let in anew.
"""

from __future__ import annotations

from typing import Any

from sqlalchemy import delete, insert, select

from banqup_tui.backend.db import tables
from banqup_tui.backend.db.transaction import Transaction
from banqup_tui.backend.integrations.recovery import mend
from banqup_tui.backend.services import Context, Handler, Refused, Services
from banqup_tui.domain.integration import IntegrationState
from banqup_tui.domain.messages import message
from banqup_tui.domain.values import Value
from banqup_tui.protocol.commands import AllowPackage
from banqup_tui.protocol.problems import ProblemType

_table = tables.allowed_package


def load(services: Services) -> None:
    """At the start, before any extension is asked for."""
    with services.database.read() as connection:
        which = _table.c.space_id == services.space_id
        for row in connection.execute(select(_table.c.extension_id, _table.c.package).where(which)):
            services.extensions.let_in(row.extension_id, row.package)


def allow(transaction: Transaction, body: AllowPackage, context: Context) -> dict[str, Any]:
    """What had failed because the package was not allowed leaves again. Refused where another package is there now."""
    extensions = context.services.extensions
    found = extensions.get(body.extension_id)
    if found is None or not found.package:
        raise Refused(
            ProblemType.NOT_FOUND,
            message("extension.of-no-package", id=body.extension_id),
        )
    there, asked = found.package, body.package
    if there != asked:
        raise Refused(
            ProblemType.REFUSED,
            message("extension.of-another-package", id=body.extension_id, package=there, asked=asked),
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
    extensions.let_in(body.extension_id, body.package)
    queued = sum(
        mend(transaction, integration, context) for integration in _integrations(transaction, body.extension_id)
    )
    return {"extensionId": body.extension_id, "queued": queued}


def _integrations(transaction: Transaction, extension_id: str) -> list[Any]:
    """Locked in the order of their ids, as everywhere."""
    table = tables.integration
    statement = select(table).where(
        table.c.space_id == transaction.space_id,
        table.c.extension_id == extension_id,
        table.c.state != str(IntegrationState.REMOVED),
    )
    return list(transaction.execute(statement.order_by(table.c.id).with_for_update()))


HANDLERS: dict[type[Value], Handler] = {AllowPackage: allow}
